"""Statements that create, alter and drop objects. What belongs to principals and permissions is in `security`.

Expressions that the catalog shows (defaults, checks, computed columns, index filters) come with `..._text`, the text
as written.
Modules (procedures, functions, triggers, views) keep their parsed body; the definition is the statement's own text.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from emulator.sql.nodes.base import Expression, Node, ObjectName, Predicate, Statement, TypeName
from emulator.sql.nodes.changes import Select


@dataclass(frozen=True, slots=True)
class Option(Node):
    """One `name [= value]` of a WITH list or of ALTER DATABASE SET: name and value upper case, as one string each.

    `ON`/`OFF` values stay so; `ONLINE = ON (WAIT_AT_LOW_PRIORITY (...))` keeps its bracket in the value; a string
    keeps its case.
    """

    name: str
    value: str | int | None = None


# --- Tables -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class IndexColumn(Node):
    """`column [ASC|DESC]` of a key."""

    name: str
    descending: bool = False


@dataclass(frozen=True, slots=True)
class KeyConstraint(Node):
    """PRIMARY KEY or UNIQUE; one written with a column has that column as its key."""

    columns: tuple[IndexColumn, ...]
    primary: bool
    clustered: bool | None = None  # None: not written (primary keys are clustered when nothing else is)
    name: str | None = None
    options: tuple[Option, ...] = ()


@dataclass(frozen=True, slots=True)
class ForeignKey(Node):
    """FOREIGN KEY (columns) REFERENCES table (columns); without the second list the primary key is meant."""

    columns: tuple[str, ...]
    referenced: ObjectName
    referenced_columns: tuple[str, ...] = ()
    on_delete: str = "NO ACTION"  # NO ACTION, CASCADE, SET NULL, SET DEFAULT
    on_update: str = "NO ACTION"
    name: str | None = None
    not_for_replication: bool = False


@dataclass(frozen=True, slots=True)
class CheckConstraint(Node):
    """CHECK (condition)."""

    condition: Predicate
    condition_text: str
    name: str | None = None
    column: str | None = None  # the column with which it was written, if so
    not_for_replication: bool = False


@dataclass(frozen=True, slots=True)
class DefaultConstraint(Node):
    """DEFAULT expression [FOR column]; `column` is set in ALTER TABLE ... ADD and on a column alike."""

    expression: Expression
    expression_text: str
    column: str
    name: str | None = None
    with_values: bool = False


@dataclass(frozen=True, slots=True)
class IndexDefinition(Node):
    """An index: written in a table, or the body of CREATE INDEX."""

    name: str
    columns: tuple[IndexColumn, ...]
    unique: bool = False
    clustered: bool = False
    columnstore: bool = False
    include: tuple[str, ...] = ()
    where: Predicate | None = None
    where_text: str | None = None
    options: tuple[Option, ...] = ()
    filegroup: str | None = None


TableConstraint: TypeAlias = KeyConstraint | ForeignKey | CheckConstraint | DefaultConstraint


@dataclass(frozen=True, slots=True)
class Identity(Node):
    """IDENTITY [(seed, increment)]."""

    seed: int = 1
    increment: int = 1
    not_for_replication: bool = False


@dataclass(frozen=True, slots=True)
class ColumnDefinition(Node):
    """A column of a table. A computed one has `computed` and no type."""

    name: str
    type: TypeName | None
    computed: Expression | None = None
    computed_text: str | None = None
    persisted: bool = False
    nullable: bool | None = None  # None: not written
    collation: str | None = None
    identity: Identity | None = None
    rowguidcol: bool = False
    sparse: bool = False
    constraints: tuple[TableConstraint, ...] = ()  # those written with the column
    indexes: tuple[IndexDefinition, ...] = ()  # INDEX written with the column


@dataclass(frozen=True, slots=True)
class TableDefinition(Node):
    """What stands between the brackets of CREATE TABLE, of a table variable or of a table type."""

    columns: tuple[ColumnDefinition, ...]
    constraints: tuple[TableConstraint, ...] = ()
    indexes: tuple[IndexDefinition, ...] = ()


@dataclass(frozen=True, slots=True)
class CreateTable(Statement):
    """CREATE TABLE name (...) [ON filegroup] [WITH (...)]."""

    name: ObjectName
    definition: TableDefinition
    options: tuple[Option, ...] = ()
    filegroup: str | None = None


@dataclass(frozen=True, slots=True)
class AddElements(Node):
    """ALTER TABLE [WITH CHECK|NOCHECK] ADD columns, constraints, indexes."""

    columns: tuple[ColumnDefinition, ...] = ()
    constraints: tuple[TableConstraint, ...] = ()
    indexes: tuple[IndexDefinition, ...] = ()
    check: bool | None = None  # WITH CHECK / NOCHECK; None: not written


@dataclass(frozen=True, slots=True)
class AlterColumn(Node):
    """ALTER COLUMN name type [COLLATE] [NULL|NOT NULL]."""

    name: str
    type: TypeName
    nullable: bool | None = None
    collation: str | None = None
    options: tuple[Option, ...] = ()


@dataclass(frozen=True, slots=True)
class AlterColumnProperty(Node):
    """ALTER COLUMN name ADD|DROP property: ROWGUIDCOL, PERSISTED, SPARSE, NOT FOR REPLICATION."""

    name: str
    action: str  # 'ADD' or 'DROP'
    property: str


@dataclass(frozen=True, slots=True)
class DropElement(Node):
    """One item of ALTER TABLE ... DROP."""

    kind: str  # 'COLUMN', 'CONSTRAINT' or 'INDEX'; a bare name is a constraint
    name: str
    if_exists: bool = False


@dataclass(frozen=True, slots=True)
class DropElements(Node):
    """ALTER TABLE ... DROP items."""

    elements: tuple[DropElement, ...]


@dataclass(frozen=True, slots=True)
class CheckConstraints(Node):
    """ALTER TABLE [WITH CHECK|NOCHECK] CHECK|NOCHECK CONSTRAINT ALL|names: enables or disables."""

    enable: bool
    names: tuple[str, ...] | None  # None: ALL
    check: bool | None = None  # WITH CHECK: examine the rows that are there


@dataclass(frozen=True, slots=True)
class ToggleTriggers(Node):
    """ALTER TABLE ... ENABLE|DISABLE TRIGGER ALL|names."""

    enable: bool
    names: tuple[str, ...] | None  # None: ALL


@dataclass(frozen=True, slots=True)
class SetTableOptions(Node):
    """ALTER TABLE ... SET (LOCK_ESCALATION = ...), or REBUILD with options."""

    action: str  # 'SET' or 'REBUILD'
    options: tuple[Option, ...]


AlterTableAction: TypeAlias = (
    AddElements | AlterColumn | AlterColumnProperty | DropElements | CheckConstraints | ToggleTriggers | SetTableOptions
)


@dataclass(frozen=True, slots=True)
class AlterTable(Statement):
    """ALTER TABLE name action."""

    name: ObjectName
    action: AlterTableAction


@dataclass(frozen=True, slots=True)
class CreateIndex(Statement):
    """CREATE [UNIQUE] [CLUSTERED|NONCLUSTERED] INDEX ... ON table."""

    table: ObjectName
    index: IndexDefinition


@dataclass(frozen=True, slots=True)
class AlterIndex(Statement):
    """ALTER INDEX name|ALL ON table REBUILD|REORGANIZE|DISABLE|SET|RESUME|PAUSE|ABORT."""

    name: str | None  # None: ALL
    table: ObjectName
    action: str
    options: tuple[Option, ...] = ()


@dataclass(frozen=True, slots=True)
class DropIndex(Statement):
    """DROP INDEX [IF EXISTS] index ON table, ...; the old form table.index is read the same."""

    indexes: tuple[tuple[str, ObjectName], ...]  # index, table
    if_exists: bool = False


@dataclass(frozen=True, slots=True)
class UpdateStatistics(Statement):
    """UPDATE STATISTICS table [names] [WITH options]."""

    table: ObjectName
    names: tuple[str, ...] = ()
    options: tuple[Option, ...] = ()


@dataclass(frozen=True, slots=True)
class CreateStatistics(Statement):
    """CREATE STATISTICS name ON table (columns) [WITH options]."""

    name: str
    table: ObjectName
    columns: tuple[str, ...]
    options: tuple[Option, ...] = ()


# --- Modules ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Parameter(Node):
    """A parameter of a procedure or function."""

    name: str  # with its `@`
    type: TypeName
    default: Expression | None = None  # a constant or NULL
    output: bool = False
    readonly: bool = False
    nullable: bool | None = None
    varying: bool = False  # CURSOR VARYING


@dataclass(frozen=True, slots=True)
class CreateProcedure(Statement):
    """CREATE | ALTER | CREATE OR ALTER PROCEDURE. The rest of the batch is the body."""

    action: str  # 'CREATE', 'ALTER', 'CREATE OR ALTER'
    name: ObjectName
    parameters: tuple[Parameter, ...]
    body: tuple[Statement, ...]
    options: tuple[str, ...] = ()  # 'RECOMPILE', 'ENCRYPTION', 'SCHEMABINDING', 'NATIVE_COMPILATION'
    execute_as: str | None = None  # 'CALLER', 'SELF', 'OWNER', or a user's name
    number: int | None = None
    body_start: int = 0  # offset of the body in the batch


@dataclass(frozen=True, slots=True)
class CreateFunction(Statement):
    """CREATE | ALTER | CREATE OR ALTER FUNCTION.

    Scalar: `returns` is a type and `body` statements. Inline: `query`. Multi-statement: `table_variable` with
    `table_definition`, and `body`.
    """

    action: str
    name: ObjectName
    parameters: tuple[Parameter, ...]
    returns: TypeName | None = None
    query: Select | None = None
    table_variable: str | None = None
    table_definition: TableDefinition | None = None
    body: tuple[Statement, ...] = ()
    options: tuple[str, ...] = ()  # 'SCHEMABINDING', 'RETURNS NULL ON NULL INPUT', 'INLINE = ON', ...
    execute_as: str | None = None
    body_start: int = 0


@dataclass(frozen=True, slots=True)
class CreateView(Statement):
    """CREATE | ALTER | CREATE OR ALTER VIEW."""

    action: str
    name: ObjectName
    select: Select
    columns: tuple[str, ...] = ()
    options: tuple[str, ...] = ()  # 'SCHEMABINDING', 'VIEW_METADATA', 'ENCRYPTION'
    check_option: bool = False


@dataclass(frozen=True, slots=True)
class CreateTrigger(Statement):
    """CREATE | ALTER | CREATE OR ALTER TRIGGER; `table` (or view) is None for ALL SERVER and DATABASE triggers."""

    action: str
    name: ObjectName
    table: ObjectName | None
    timing: str  # 'AFTER' (also FOR) or 'INSTEAD OF'
    events: tuple[str, ...]  # 'INSERT', 'UPDATE', 'DELETE', or event types of DDL triggers
    body: tuple[Statement, ...]
    options: tuple[str, ...] = ()
    execute_as: str | None = None
    not_for_replication: bool = False
    scope: str = "TABLE"  # 'TABLE', 'DATABASE', 'ALL SERVER'
    body_start: int = 0


@dataclass(frozen=True, slots=True)
class ToggleTrigger(Statement):
    """ENABLE|DISABLE TRIGGER names|ALL ON table."""

    enable: bool
    names: tuple[ObjectName, ...] | None  # None: ALL
    table: ObjectName | None  # None: ON DATABASE or ALL SERVER


# --- Other objects ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CreateSchema(Statement):
    """CREATE SCHEMA name [AUTHORIZATION owner] [elements]."""

    name: str
    owner: str | None = None
    elements: tuple[Statement, ...] = ()  # tables, views, grants created with it


@dataclass(frozen=True, slots=True)
class AlterSchema(Statement):
    """ALTER SCHEMA name TRANSFER [OBJECT::|TYPE::] object."""

    name: str
    object: ObjectName
    kind: str = "OBJECT"


@dataclass(frozen=True, slots=True)
class CreateSequence(Statement):
    """CREATE or ALTER SEQUENCE. None is "not written"; NO MINVALUE and so on are in `removed`."""

    action: str  # 'CREATE' or 'ALTER'
    name: ObjectName
    type: TypeName | None = None
    start_with: int | None = None  # START WITH, or RESTART WITH in ALTER
    restart: bool = False  # RESTART
    increment: int | None = None
    minimum: int | None = None
    maximum: int | None = None
    cycle: bool | None = None
    cache: int | None = None
    removed: tuple[str, ...] = ()  # 'MINVALUE', 'MAXVALUE', 'CACHE'


@dataclass(frozen=True, slots=True)
class CreateSynonym(Statement):
    """CREATE SYNONYM name FOR target."""

    name: ObjectName
    target: ObjectName


@dataclass(frozen=True, slots=True)
class CreateType(Statement):
    """CREATE TYPE name FROM base [NULL|NOT NULL] (alias type) or AS TABLE (...) (table type)."""

    name: ObjectName
    base: TypeName | None = None
    nullable: bool | None = None
    table: TableDefinition | None = None
    options: tuple[Option, ...] = ()


@dataclass(frozen=True, slots=True)
class CreateDatabase(Statement):
    """CREATE DATABASE name [options]. File specifications are read over."""

    name: str
    collation: str | None = None
    options: tuple[Option, ...] = ()
    snapshot_of: str | None = None


@dataclass(frozen=True, slots=True)
class AlterDatabase(Statement):
    """ALTER DATABASE name|CURRENT SET options [WITH termination], MODIFY NAME = new, COLLATE collation."""

    name: str | None  # None: CURRENT
    options: tuple[Option, ...] = ()
    termination: str | None = None  # 'ROLLBACK IMMEDIATE', 'ROLLBACK AFTER n', 'NO_WAIT'
    new_name: str | None = None
    collation: str | None = None


@dataclass(frozen=True, slots=True)
class AlterDatabaseConfiguration(Statement):
    """ALTER DATABASE SCOPED CONFIGURATION [SET name = value | CLEAR name]."""

    action: str  # 'SET' or 'CLEAR'
    option: Option


@dataclass(frozen=True, slots=True)
class Drop(Statement):
    """DROP kind [IF EXISTS] name, ...

    `kind` is one of TABLE, VIEW, PROCEDURE, FUNCTION, TRIGGER, SCHEMA, SEQUENCE, SYNONYM, TYPE, DATABASE, STATISTICS,
    ROLE, SERVER ROLE, USER, LOGIN, DEFAULT, RULE; indexes have `DropIndex`.
    """

    kind: str
    names: tuple[ObjectName, ...]
    if_exists: bool = False
