"""The definitions of database objects: plain records that DDL creates and the planner reads.

Expressions of constraints and the bodies of modules are kept as text and as syntax tree; they are compiled where they
are used. A definition never changes once a plan may have read it: DDL replaces it and raises ``Database.version``, on
which every kept plan depends.

Documentation: "CREATE TABLE (Transact-SQL)", ``sys.objects`` and its kin for the type codes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from emulator.types.sqltype import SqlType

if TYPE_CHECKING:
    from emulator.locking.manager import LockOwner, LockSpace
    from emulator.sql import nodes
    from emulator.storage.table import TableStore

TRANSIENT: Final = {"transient": True}
"""Metadata of a field that is not part of the definition: compiled, derived from other fields, or of one process. All
other fields are kept where data is durable (``emulator.durability``), so they must be plain values or definitions."""


@dataclass(slots=True, eq=False)
class DatabaseObject:
    """What every object in a schema has. ``created`` and ``modified`` are datetime ticks (see ``SqlType``).

    ``owner_id`` is None for an object that belongs to the owner of its schema.
    """

    schema: str
    name: str
    object_id: int = 0
    created: int = 0
    modified: int = 0
    owner_id: int | None = None

    type_code = ""
    """As in ``sys.objects.type``."""

    @property
    def full_name(self) -> str:
        """``schema.name``, as error messages write it."""
        return f"{self.schema}.{self.name}"


@dataclass(slots=True)
class DefaultConstraint:
    """``text`` is the expression as ``sys.default_constraints.definition`` shows it, in parentheses."""

    name: str
    expression: nodes.Expression
    text: str
    system_named: bool = False
    object_id: int = 0


@dataclass(frozen=True, slots=True)
class Identity:
    """The identity property; the counter itself is ``TableStore.identity``."""

    seed: int
    increment: int


@dataclass(slots=True)
class Column:
    """A column of a table. ``ordinal`` is its place in row tuples (0-based), ``column_id`` as in ``sys.columns``.

    ``user_type`` is the alias type that it was declared with, as ``schema.name``, or ``sysname``.
    """

    name: str
    type: SqlType
    nullable: bool
    ordinal: int
    column_id: int
    default: DefaultConstraint | None = None
    identity: Identity | None = None
    computed: nodes.Expression | None = None
    computed_text: str = ""
    persisted: bool = False
    rowguidcol: bool = False
    user_type: str = ""


@dataclass(frozen=True, slots=True)
class IndexColumn:
    ordinal: int
    descending: bool = False


@dataclass(slots=True)
class Index:
    """An index. ``number`` is its key in ``TableStore`` and ``sys.indexes`` (1 clustered, 2 ... others).

    ``primary_key`` and ``unique_constraint`` tell 2627 from 2601. ``predicate`` is the compiled filter: whether a row
    is in the index; ``predicate_columns`` are the ordinals it reads. ``made_by`` is the transaction that has made it
    while others could read the table: until that is committed only its own statements use it.
    """

    name: str
    number: int
    columns: tuple[IndexColumn, ...]
    unique: bool = False
    clustered: bool = False
    primary_key: bool = False
    unique_constraint: bool = False
    included: tuple[int, ...] = ()
    filter: nodes.Predicate | None = None
    filter_text: str = ""
    predicate: Callable[[tuple[Any, ...]], bool] | None = field(default=None, metadata=TRANSIENT)
    predicate_columns: tuple[int, ...] = field(default=(), metadata=TRANSIENT)
    ignore_dup_key: bool = False
    disabled: bool = False
    system_named: bool = False
    object_id: int = 0
    made_by: LockOwner | None = field(default=None, metadata=TRANSIENT)


@dataclass(slots=True)
class Columnstore:
    """A columnstore index. It is there to read faster, and nothing is kept in it here: the table has the rows.

    ``column_ids`` are the columns of a nonclustered one, in order; a clustered one has all of them.
    """

    name: str
    number: int
    clustered: bool
    column_ids: tuple[int, ...] = ()
    filter_text: str = ""


@dataclass(slots=True)
class CheckConstraint:
    name: str
    expression: nodes.Predicate
    text: str
    column: int | None = None
    enabled: bool = True
    trusted: bool = True
    system_named: bool = False
    object_id: int = 0


@dataclass(slots=True)
class ForeignKey:
    """``columns`` are ordinals in the referencing table, ``referenced_columns`` in ``referenced``.

    ``trusted``: it has been checked for all rows since it was last disabled.
    """

    name: str
    columns: tuple[int, ...]
    referenced: Table
    referenced_columns: tuple[int, ...]
    on_delete: str = "NO_ACTION"
    on_update: str = "NO_ACTION"
    enabled: bool = True
    trusted: bool = True
    system_named: bool = False
    object_id: int = 0


@dataclass(slots=True, eq=False)
class Table(DatabaseObject):
    """A table, a temporary table, or the shape of a table variable or table type.

    ``store`` holds the rows; for table variables and table types it is None here: each variable has its own store.
    ``referenced_by`` are the foreign keys of other tables (and of this one) that point here, with their tables.
    """

    columns: list[Column] = field(default_factory=list)
    indexes: list[Index] = field(default_factory=list)
    columnstores: list[Columnstore] = field(default_factory=list)
    checks: list[CheckConstraint] = field(default_factory=list)
    foreign_keys: list[ForeignKey] = field(default_factory=list)
    referenced_by: list[tuple[Table, ForeignKey]] = field(default_factory=list, metadata=TRANSIENT)
    triggers: list[Trigger] = field(default_factory=list)
    store: TableStore | None = field(default=None, metadata=TRANSIENT)
    database: str = ""
    lock_escalation: str = "TABLE"

    type_code = "U "

    @property
    def clustered(self) -> Index | None:
        """The clustered index, None for a heap."""
        return next((index for index in self.indexes if index.clustered), None)

    @property
    def identity_column(self) -> Column | None:
        return next((column for column in self.columns if column.identity is not None), None)

    def column(self, name: str) -> Column | None:
        """The column of that name, in any case."""
        folded = fold(name)
        return next((column for column in self.columns if fold(column.name) == folded), None)


@dataclass(slots=True, eq=False)
class Constraint(DatabaseObject):
    """A constraint as an object with a name of its own; ``kind`` is its ``sys.objects.type``: PK, UQ, C, D or F."""

    kind: str = "C "
    table: Table | None = None


def constraint_objects(table: Table) -> list[Constraint]:
    """The constraints of a table as objects, with the ids they have (0: none yet)."""
    found = [
        Constraint(table.schema, index.name, index.object_id, kind="PK" if index.primary_key else "UQ", table=table)
        for index in table.indexes
        if index.primary_key or index.unique_constraint
    ]
    found += [Constraint(table.schema, item.name, item.object_id, kind="C ", table=table) for item in table.checks]
    found += [Constraint(table.schema, i.name, i.object_id, kind="F ", table=table) for i in table.foreign_keys]
    found += [
        Constraint(table.schema, c.default.name, c.default.object_id, kind="D ", table=table)
        for c in table.columns
        if c.default is not None
    ]
    return found


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a module. ``name`` has its ``@``; ``default`` is None where there is none."""

    name: str
    type: SqlType
    default: nodes.Expression | None = None
    output: bool = False
    table_type: TableType | None = None


OWNER = -2
"""``Module.execute_as``, and ``execute_as_principal_id`` in the catalog, of a module that runs as its owner."""


@dataclass(slots=True, eq=False)
class Module(DatabaseObject):
    """A procedure, function, view or trigger: ``definition`` is the text of its CREATE statement.

    ``locks`` is where statements that use a view or function, and who changes it, meet: the OBJECT space.
    ``plan`` is whatever execution compiled it to, with the catalog version it was compiled for. ``execute_as`` is the
    user it runs as: None for the caller, ``OWNER``, or a principal's id.
    """

    definition: str = ""
    body: Any = None
    parameters: tuple[Parameter, ...] = ()
    ansi_nulls: bool = True
    quoted_identifier: bool = True
    execute_as: int | None = None
    schema_bound: bool = False
    database: str = ""
    plan: Any = field(default=None, metadata=TRANSIENT)
    plan_version: int = field(default=-1, metadata=TRANSIENT)
    locks: LockSpace | None = field(default=None, metadata=TRANSIENT)


@dataclass(slots=True, eq=False)
class Procedure(Module):
    """``body`` is the tuple of statements; ``bindings`` are the ways in which it has been called remotely."""

    bindings: dict[Any, Any] = field(default_factory=dict, metadata=TRANSIENT)

    type_code = "P "


@dataclass(slots=True, eq=False)
class View(Module):
    """``body`` is the query; ``column_names`` those of the CREATE VIEW list."""

    column_names: tuple[str, ...] = ()
    check_option: bool = False
    triggers: list[Trigger] = field(default_factory=list)

    type_code = "V "


@dataclass(slots=True, eq=False)
class ScalarFunction(Module):
    returns: SqlType | None = None

    type_code = "FN"


@dataclass(slots=True, eq=False)
class InlineFunction(Module):
    """``body`` is the query that RETURN names."""

    type_code = "IF"


@dataclass(slots=True, eq=False)
class TableFunction(Module):
    """A multi-statement function: ``returns`` is the shape of its table variable ``variable``."""

    returns: Table | None = None
    variable: str = ""

    type_code = "TF"


@dataclass(slots=True, eq=False)
class Trigger(Module):
    """``events`` are of INSERT, UPDATE, DELETE; ``instead_of`` tells it from AFTER. ``order`` is the place, "first" or
    "last", that sp_settriggerorder has given it for an event."""

    table: Table | View | None = None
    order: dict[str, str] = field(default_factory=dict)
    events: frozenset[str] = frozenset()
    instead_of: bool = False
    enabled: bool = True

    type_code = "TR"


@dataclass(slots=True, eq=False)
class Sequence(DatabaseObject):
    """``current`` is the last value given out, None before the first. Not transactional.

    ``on_draw``, if set, is called with the sequence whenever a value has been given out.
    """

    type: SqlType = field(default_factory=lambda: SqlType("bigint"))
    start: int = 1
    increment: int = 1
    minimum: int = -(2**63)
    maximum: int = 2**63 - 1
    cycle: bool = False
    cache: int | None = None
    current: int | None = None
    on_draw: Callable[[Sequence], None] | None = field(default=None, metadata=TRANSIENT)

    type_code = "SO"


@dataclass(slots=True, eq=False)
class Synonym(DatabaseObject):
    target: nodes.ObjectName | None = None

    type_code = "SN"


@dataclass(slots=True, eq=False)
class AliasType(DatabaseObject):
    """CREATE TYPE ... FROM."""

    type: SqlType = field(default_factory=lambda: SqlType("int"))
    nullable: bool = True


@dataclass(slots=True, eq=False)
class TableType(DatabaseObject):
    """CREATE TYPE ... AS TABLE: ``shape`` has columns and indexes and no store. ``loaders`` are the ways in which rows
    of it have come over the wire."""

    shape: Table = field(default_factory=lambda: Table("", ""))
    loaders: dict[Any, Any] = field(default_factory=dict, metadata=TRANSIENT)

    type_code = "TT"


@dataclass(slots=True)
class Schema:
    name: str
    schema_id: int
    owner_id: int = 1


def fold(name: str) -> str:
    """A name as the catalog compares it: names are case-insensitive (the catalog's collation)."""
    return name.lower()
