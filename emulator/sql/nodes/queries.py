"""Queries, what stands in FROM, and the clauses around them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from emulator.sql.nodes.base import Expression, Node, ObjectName, Predicate, TableSource, TypeName
from emulator.sql.nodes.expressions import FunctionCall, MethodCall, OrderItem, Variable, Window

if TYPE_CHECKING:
    from emulator.sql.nodes.changes import Delete, Insert, Merge, Update


# --- Select list ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SelectExpression(Node):
    """`expression [AS alias]`, in any of the spellings of an alias."""

    expression: Expression
    alias: str | None = None


@dataclass(frozen=True, slots=True)
class SelectStar(Node):
    """`*` or `qualifier.*`."""

    qualifier: ObjectName | None = None


@dataclass(frozen=True, slots=True)
class SelectAssignment(Node):
    """`@variable = expression`; `operator` is `=`, `+=`, `-=`, `*=`, `/=`, `%=`, `&=`, `^=` or `|=`."""

    variable: Variable
    operator: str
    expression: Expression


SelectItem: TypeAlias = SelectExpression | SelectStar | SelectAssignment


@dataclass(frozen=True, slots=True)
class Top(Node):
    """TOP (count) [PERCENT] [WITH TIES]."""

    count: Expression
    percent: bool = False
    with_ties: bool = False


# --- Grouping ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Rollup(Node):
    """ROLLUP (...): each item is one expression, or several in brackets. `GROUP BY a, b WITH ROLLUP` is one too."""

    items: tuple[tuple[Expression, ...], ...]


@dataclass(frozen=True, slots=True)
class Cube(Node):
    """CUBE (...), also from `WITH CUBE`; items as in `Rollup`."""

    items: tuple[tuple[Expression, ...], ...]


@dataclass(frozen=True, slots=True)
class GroupingSets(Node):
    """GROUPING SETS (...): each set is a tuple of elements; the empty tuple is the grand total, `()`."""

    sets: tuple[tuple[GroupingElement, ...], ...]


GroupingElement: TypeAlias = Expression | Rollup | Cube | GroupingSets


# --- Queries ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class QuerySpecification(Node):
    """One SELECT block, without what belongs to the whole query (ORDER BY, FOR).

    ``order_by``, ``offset`` and ``fetch`` are set for an operand of a set operator in a subquery that has its own.
    """

    items: tuple[SelectItem, ...]
    distinct: bool = False
    top: Top | None = None
    into: ObjectName | None = None
    sources: tuple[TableSource, ...] = ()  # the comma-separated items of FROM
    where: Predicate | None = None
    group_by: tuple[GroupingElement, ...] = ()
    having: Predicate | None = None
    windows: tuple[tuple[str, Window], ...] = ()  # the WINDOW clause
    order_by: tuple[OrderItem, ...] = ()
    offset: Expression | None = None
    fetch: Expression | None = None


@dataclass(frozen=True, slots=True)
class SetOperation(Node):
    """`left operator right`: UNION, UNION ALL, EXCEPT, INTERSECT. The last binds tighter, the others left to right."""

    operator: str
    left: QueryBody
    right: QueryBody


QueryBody: TypeAlias = QuerySpecification | SetOperation


@dataclass(frozen=True, slots=True)
class ForJson(Node):
    """FOR JSON AUTO|PATH; ROOT without a name is `root`."""

    mode: str  # 'AUTO' or 'PATH'
    root: str | None = None
    include_null_values: bool = False
    without_array_wrapper: bool = False


@dataclass(frozen=True, slots=True)
class ForXml(Node):
    """FOR XML RAW|AUTO|PATH|EXPLICIT; `element` is the argument of RAW or PATH ('' is a given, empty one)."""

    mode: str
    element: str | None = None
    root: str | None = None
    typed: bool = False  # TYPE: the result is xml
    elements: str | None = None  # 'ELEMENTS', 'ELEMENTS XSINIL', 'ELEMENTS ABSENT'
    binary_base64: bool = False


@dataclass(frozen=True, slots=True)
class ForBrowse(Node):
    """FOR BROWSE."""


ForClause: TypeAlias = ForJson | ForXml | ForBrowse


@dataclass(frozen=True, slots=True)
class Query(Node):
    """A whole query: body, then what applies to its result."""

    body: QueryBody
    order_by: tuple[OrderItem, ...] = ()
    offset: Expression | None = None
    fetch: Expression | None = None
    for_clause: ForClause | None = None


@dataclass(frozen=True, slots=True)
class CommonTableExpression(Node):
    """`name [(columns)] AS (query)` of a WITH clause."""

    name: str
    query: Query
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class QueryHint(Node):
    """One item of OPTION (...), as data.

    `name` is upper case: 'RECOMPILE', 'MAXDOP', 'MAXRECURSION', 'OPTIMIZE FOR', 'OPTIMIZE FOR UNKNOWN', 'HASH JOIN',
    'FORCE ORDER', 'USE HINT', ... `arguments`: the number after the name, the names in USE HINT, for OPTIMIZE FOR the
    variables, each with its `= value` or ` UNKNOWN`.
    """

    name: str
    arguments: tuple[str | int, ...] = ()


# --- FROM -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class TableHint(Node):
    """A table hint; `name` is upper case. INDEX has `indexes`; FORCESEEK may have one index and `columns`."""

    name: str
    indexes: tuple[str | int, ...] = ()
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NamedTable(TableSource):
    """A table, view, synonym or common table expression by name (in UPDATE, DELETE and MERGE also an alias of FROM)."""

    name: ObjectName
    alias: str | None = None
    hints: tuple[TableHint, ...] = ()


@dataclass(frozen=True, slots=True)
class VariableTable(TableSource):
    """A table variable; `name` starts with `@`."""

    name: str
    alias: str | None = None
    hints: tuple[TableHint, ...] = ()


@dataclass(frozen=True, slots=True)
class DerivedTable(TableSource):
    """`(query) AS alias [(columns)]`."""

    query: Query
    alias: str
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ValuesTable(TableSource):
    """`(VALUES (...), (...)) AS alias (columns)`."""

    rows: tuple[tuple[Expression, ...], ...]
    alias: str
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OutputTable(TableSource):
    """`(INSERT|UPDATE|DELETE|MERGE ... OUTPUT ...) AS alias [(columns)]` as the source of an INSERT."""

    statement: Insert | Update | Delete | Merge
    alias: str
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FunctionTable(TableSource):
    """A table-valued function, built in (STRING_SPLIT, GENERATE_SERIES, sys.fn_...) or user-defined."""

    call: FunctionCall
    alias: str | None = None
    columns: tuple[str, ...] = ()
    hints: tuple[TableHint, ...] = ()


@dataclass(frozen=True, slots=True)
class MethodTable(TableSource):
    """`@x.nodes('...') AS alias(column)`, also on a column."""

    call: MethodCall
    alias: str
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class JsonColumn(Node):
    """One column of OPENJSON's WITH: `name type ['path'] [AS JSON]`."""

    name: str
    type: TypeName
    path: str | None = None
    as_json: bool = False


@dataclass(frozen=True, slots=True)
class OpenJson(TableSource):
    """OPENJSON(document [, path]) [WITH (...)]."""

    document: Expression
    path: Expression | None = None
    columns: tuple[JsonColumn, ...] | None = None  # None: the default columns key, value, type
    alias: str | None = None


@dataclass(frozen=True, slots=True)
class Join(TableSource):
    """`left kind JOIN right [ON condition]`; for APPLY the right side may refer to the left."""

    kind: str  # 'INNER', 'LEFT', 'RIGHT', 'FULL', 'CROSS', 'CROSS APPLY', 'OUTER APPLY'
    left: TableSource
    right: TableSource
    condition: Predicate | None = None
    hint: str | None = None  # 'LOOP', 'HASH', 'MERGE', 'REMOTE'


@dataclass(frozen=True, slots=True)
class Pivot(TableSource):
    """`source PIVOT (aggregate FOR column IN (values)) AS alias`; each value is also the name of a result column."""

    source: TableSource
    aggregate: FunctionCall
    column: str
    values: tuple[str, ...]
    alias: str
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Unpivot(TableSource):
    """`source UNPIVOT (value_column FOR name_column IN (columns)) AS alias`."""

    source: TableSource
    value_column: str
    name_column: str
    inputs: tuple[str, ...]
    alias: str
    columns: tuple[str, ...] = ()
