"""SELECT as a statement, and the statements that change rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from emulator.sql.nodes.base import Expression, Node, ObjectName, Predicate, Statement, TableSource, TypeName
from emulator.sql.nodes.expressions import ColumnRef, Variable
from emulator.sql.nodes.queries import (
    CommonTableExpression,
    NamedTable,
    Query,
    QueryHint,
    SelectItem,
    Top,
    VariableTable,
)

if TYPE_CHECKING:
    from emulator.sql.nodes.ddl import IndexColumn
    from emulator.sql.nodes.procedural import ExecuteProcedure, ExecuteString


@dataclass(frozen=True, slots=True)
class Select(Statement):
    """A query as a statement (with INTO or assignments in its block where written)."""

    query: Query
    ctes: tuple[CommonTableExpression, ...] = ()
    options: tuple[QueryHint, ...] = ()


ChangeTarget: TypeAlias = NamedTable | VariableTable


@dataclass(frozen=True, slots=True)
class OutputClause(Node):
    """OUTPUT items [INTO target [(columns)]]. A statement may have one with INTO and, after it, one without."""

    items: tuple[SelectItem, ...]
    into: ChangeTarget | None = None
    into_columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class InsertValues(Node):
    """VALUES (...), (...); a value may be `DefaultValue`."""

    rows: tuple[tuple[Expression, ...], ...]


@dataclass(frozen=True, slots=True)
class InsertDefaults(Node):
    """DEFAULT VALUES."""


@dataclass(frozen=True, slots=True)
class Insert(Statement):
    """INSERT [TOP] [INTO] target [(columns)] [OUTPUT] source."""

    target: ChangeTarget
    source: InsertValues | InsertDefaults | Query | ExecuteProcedure | ExecuteString
    columns: tuple[str, ...] | None = None  # None: not written
    outputs: tuple[OutputClause, ...] = ()
    top: Top | None = None
    ctes: tuple[CommonTableExpression, ...] = ()
    options: tuple[QueryHint, ...] = ()


@dataclass(frozen=True, slots=True)
class ColumnAssignment(Node):
    """`column operator value` in SET of UPDATE and MERGE; `operator` is `=` or a compound one (`+=`)."""

    column: ColumnRef
    operator: str
    value: Expression


@dataclass(frozen=True, slots=True)
class VariableAssignment(Node):
    """`@variable operator value`, or `@variable = column operator value` (the variable gets the column's new value)."""

    variable: Variable
    operator: str  # with a column: the operator between the column and the value
    value: Expression
    column: ColumnRef | None = None


@dataclass(frozen=True, slots=True)
class WriteAssignment(Node):
    """`column.WRITE(value, offset, length)` in SET of UPDATE."""

    column: ColumnRef
    value: Expression
    offset: Expression
    length: Expression


Assignment: TypeAlias = ColumnAssignment | VariableAssignment | WriteAssignment


@dataclass(frozen=True, slots=True)
class Update(Statement):
    """UPDATE [TOP] target SET ... [OUTPUT] [FROM] [WHERE]; `where` may be a `CurrentOf`."""

    target: ChangeTarget
    assignments: tuple[Assignment, ...]
    sources: tuple[TableSource, ...] = ()
    where: Predicate | None = None
    outputs: tuple[OutputClause, ...] = ()
    top: Top | None = None
    ctes: tuple[CommonTableExpression, ...] = ()
    options: tuple[QueryHint, ...] = ()


@dataclass(frozen=True, slots=True)
class Delete(Statement):
    """DELETE [TOP] [FROM] target [OUTPUT] [FROM] [WHERE]; `where` may be a `CurrentOf`."""

    target: ChangeTarget
    sources: tuple[TableSource, ...] = ()
    where: Predicate | None = None
    outputs: tuple[OutputClause, ...] = ()
    top: Top | None = None
    ctes: tuple[CommonTableExpression, ...] = ()
    options: tuple[QueryHint, ...] = ()


@dataclass(frozen=True, slots=True)
class MergeUpdate(Node):
    """THEN UPDATE SET ..."""

    assignments: tuple[Assignment, ...]


@dataclass(frozen=True, slots=True)
class MergeDelete(Node):
    """THEN DELETE."""


@dataclass(frozen=True, slots=True)
class MergeInsert(Node):
    """THEN INSERT [(columns)] VALUES (...) or DEFAULT VALUES (`values` is None)."""

    columns: tuple[str, ...] | None
    values: tuple[Expression, ...] | None


@dataclass(frozen=True, slots=True)
class MergeClause(Node):
    """WHEN kind [AND condition] THEN action."""

    kind: str  # 'MATCHED', 'NOT MATCHED BY TARGET', 'NOT MATCHED BY SOURCE'
    condition: Predicate | None
    action: MergeUpdate | MergeDelete | MergeInsert


@dataclass(frozen=True, slots=True)
class Merge(Statement):
    """MERGE [TOP] [INTO] target USING source ON condition WHEN ... [OUTPUT]."""

    target: ChangeTarget
    source: TableSource
    condition: Predicate
    clauses: tuple[MergeClause, ...]
    outputs: tuple[OutputClause, ...] = ()
    top: Top | None = None
    ctes: tuple[CommonTableExpression, ...] = ()
    options: tuple[QueryHint, ...] = ()


@dataclass(frozen=True, slots=True)
class TruncateTable(Statement):
    """TRUNCATE TABLE table."""

    table: ObjectName


@dataclass(frozen=True, slots=True)
class BulkColumn(Node):
    """One column of INSERT BULK."""

    name: str
    type: TypeName
    collation: str | None = None


@dataclass(frozen=True, slots=True)
class InsertBulk(Statement):
    """INSERT BULK table (columns) [WITH (hints)]: announces a bulk load over TDS; rows follow in their own message."""

    table: ObjectName
    columns: tuple[BulkColumn, ...]
    options: tuple[tuple[str, str], ...] = ()  # name and value: ('CHECK_CONSTRAINTS', ''), ('ROWS_PER_BATCH', '5')
    order: tuple[IndexColumn, ...] = ()  # ORDER (a ASC): how the rows are said to be sorted
