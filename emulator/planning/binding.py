"""What compiled code looks like, and how names are bound while it is compiled.

**Run time.** Everything compiled is a plain function of an ``Env``, one list per execution of a statement::

    env[VARIABLES]   list of the module's variable values (a table variable's value is its TableStore)
    env[SESSION]     the Session that runs it
    env[2], env[3]…  row slots: the current row (a tuple) of each row source of the statement, of outer queries too

A row source (table, derived table, group, window result) owns one slot of its statement; its operator puts each row
there and the expressions read it: a column is ``env[slot][ordinal]``. A correlated subquery therefore needs nothing
special: it reads the outer query's slots. Slots are numbered per statement by ``PlanContext.new_slot``.

**Compile time.** An expression compiles to an ``Expr``: the static type, the function, and what it depends on.
Functions for scalars return an engine value or None (NULL). Conditions compile to functions returning True, False or
None (unknown).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from emulator.catalog.objects import Table, fold
from emulator.errors import SqlError, sql_error
from emulator.execution.settings import DEFAULTS, CompileOptions
from emulator.storage.usage import UseCount
from emulator.types.sqltype import SqlType

if TYPE_CHECKING:
    from emulator.catalog.database import Database
    from emulator.catalog.objects import Module
    from emulator.locking.manager import LockOwner, LockSpace
    from emulator.planning.accesses import Need
    from emulator.planning.changes.nested import NestedChange
    from emulator.planning.queries.updatable import Through
    from emulator.results import ColumnInfo
    from emulator.session import Session
    from emulator.sql import nodes

Env = list[Any]
Scalar = Callable[[Env], Any]
Condition = Callable[[Env], "bool | None"]

VARIABLES = 0
SESSION = 1
FIRST_SLOT = 2


@dataclass(slots=True)
class Expr:
    """A compiled scalar expression.

    ``slots`` are the row slots it reads (this query's and outer ones). ``constant``: the same value at every evaluation
    everywhere (literals and what folds from them): ``fn`` may be called at compile time with any list.
    ``column`` is (slot, ordinal) when it is nothing but a column, ``variable`` the index when it is nothing but one.
    ``literal`` is the syntax node's value for integer literals (their decimal precision counts digits) and None else.
    ``deterministic`` is False for NEWID(), RAND() and the like, which may not be evaluated fewer times than written.
    """

    type: SqlType
    fn: Scalar
    nullable: bool = True
    slots: frozenset[int] = frozenset()
    constant: bool = False
    column: tuple[int, int] | None = None
    literal: int | None = None
    deterministic: bool = True
    is_null_literal: bool = False
    variable: int | None = None


@dataclass(frozen=True, slots=True)
class SourceColumn:
    """A column that a row source offers."""

    name: str
    type: SqlType
    nullable: bool = True
    identity: bool = False


@dataclass(slots=True)
class Source:
    """A row source in scope: what FROM made, under the name by which columns are qualified.

    ``table`` is set when it is a stored table (then ``schema`` qualifies too, and ordinals are those of its rows).
    ``nullable_side`` is set for the inner side of an outer join: all its columns may be NULL.
    ``expressions`` is set for a view or derived table that was merged into the query around it: its columns are these
    expressions of the tables inside, and its slot is never filled. ``used`` collects the ordinals that names were bound
    to: what an index must have to cover the query. ``named`` collects them too, whether or not the query needs their
    values in the end: what the statement takes permission for.
    """

    alias: str
    slot: int
    columns: list[SourceColumn]
    table: Table | None = None
    schema: str | None = None
    database: str | None = None
    nullable_side: bool = False
    expressions: list[Expr] | None = None
    used: set[int] = field(default_factory=set)
    named: set[int] = field(default_factory=set)


@dataclass(slots=True)
class Scope:
    """The row sources that names may refer to at one place, then those of the enclosing query.

    ``replacements`` map syntax nodes to what was computed for them already (grouping expressions, aggregates, window
    functions): the expression compiler looks there first. ``grouped`` says that a plain column of this scope's sources
    that is not replaced is error 8120. ``lent`` are the aggregates of this scope that stand in subqueries, by the id of
    the call.
    """

    sources: list[Source] = field(default_factory=list)
    parent: Scope | None = None
    replacements: dict[Any, Expr] = field(default_factory=dict)
    grouped: bool = False
    lent: dict[int, Expr] = field(default_factory=dict)

    def find(self, reference: nodes.ColumnRef) -> tuple[Source, int] | None:
        """The source and ordinal that ``reference`` names in this scope alone. Errors: 209 if more than one does."""
        found: tuple[Source, int] | None = None
        wanted = fold(reference.name)
        for source in self.sources:
            if reference.table is not None and not _qualifies(source, reference.table):
                continue
            for ordinal, column in enumerate(source.columns):
                if fold(column.name) == wanted:
                    if found is not None:
                        raise sql_error(209, reference.name, line=reference.line)
                    found = source, ordinal
        if found is not None:
            found[0].used.add(found[1])
            found[0].named.add(found[1])
        return found

    def resolve(self, reference: nodes.ColumnRef) -> tuple[Source, int]:
        """The same through the enclosing scopes. Errors: 207, 209, 4104."""
        scope: Scope | None = self
        while scope is not None:
            found = scope.find(reference)
            if found is not None:
                return found
            scope = scope.parent
        raise self.unbound(reference)

    def unbound(self, reference: nodes.ColumnRef) -> SqlError:
        """The error for a name that nothing has: 4104 for a qualifier that no source has either, else 207."""
        scope: Scope | None = self
        while scope is not None and reference.table is not None:
            if any(_qualifies(source, reference.table) for source in scope.sources):
                break
            scope = scope.parent
        if reference.table is not None and scope is None:
            return sql_error(4104, f"{reference.table}.{reference.name}", line=reference.line)
        return sql_error(207, reference.name, line=reference.line)


def _qualifies(source: Source, qualifier: nodes.ObjectName) -> bool:
    if fold(source.alias) != fold(qualifier.name):
        return False
    if qualifier.schema is not None and fold(source.schema or "") != fold(qualifier.schema):
        return False
    return qualifier.database is None or fold(source.database or "") == fold(qualifier.database)


@dataclass(frozen=True, slots=True)
class VariableInfo:
    """A declared variable: its place in ``env[VARIABLES]`` and its type, or the shape of a table variable."""

    name: str
    index: int
    type: SqlType
    table: Table | None = None


@dataclass(slots=True)
class VariableTable:
    """The variables of one module or batch, by folded name. Indexes are dense from 0."""

    variables: dict[str, VariableInfo] = field(default_factory=dict)

    def declare(self, name: str, type: SqlType, table: Table | None = None, line: int = 0) -> VariableInfo:
        """Add a variable. Errors: 134 when it is there already."""
        folded = fold(name)
        if folded in self.variables:
            raise sql_error(134, name, line=line)
        info = VariableInfo(name, len(self.variables), type, table)
        self.variables[folded] = info
        return info

    def find(self, name: str) -> VariableInfo | None:
        return self.variables.get(fold(name))

    def scalar(self, name: str, line: int = 0) -> VariableInfo:
        """The scalar variable. Errors: 137, 16949."""
        info = self.find(name)
        if info is None or info.table is not None:
            raise sql_error(137, name, line=line)
        if info.type.name == "cursor":
            raise sql_error(16949, name, line=line)
        return info

    def cursor(self, name: str, line: int = 0) -> int:
        """The index of a cursor variable. Errors: 137, 16948."""
        info = self.find(name)
        if info is None:
            raise sql_error(137, name, line=line)
        if info.type.name != "cursor":
            raise sql_error(16948, name, line=line)
        return info.index

    def table(self, name: str, line: int = 0) -> VariableInfo:
        """The table variable. Errors: 1087."""
        info = self.find(name)
        if info is None or info.table is None:
            raise sql_error(1087, name, line=line)
        return info


@dataclass(slots=True)
class NoVariables(VariableTable):
    """For definitions that are kept, which must not depend on a variable. ``statement`` is for the error."""

    statement: str = "CREATE TABLE"

    def scalar(self, name: str, line: int = 0) -> VariableInfo:
        """Never a variable. Errors: 112."""
        raise sql_error(112, self.statement, line=line)


@dataclass(slots=True)
class PlanContext:
    """What the compilation of one statement needs to know, and collects.

    ``session`` is asked at compile time for names, options and temporary tables; compiled code must not keep it: it
    gets its own in ``env[SESSION]``. ``temporary`` collects the temporary tables that the plan was bound to by name:
    the plan is void when the name means another table. ``parameters`` are those of the inline function whose body is
    being compiled, by folded name: the expressions of its arguments. ``sequences`` are the slots of the values that
    sequences have given to the row being compiled, by the sequence's id; None: every NEXT VALUE FOR takes another.
    ``module_schema`` is the schema in which one-part names of a module are looked up before ``dbo``. ``batch_text`` is
    the text the nodes' offsets count in. ``accesses`` collects what the statement needs permission for; ``module`` is
    the one whose text is being compiled, whose owner's objects it may use, and ``trusts`` says that nothing needs
    permission (module ``accesses``). ``trigger_tables`` are ``inserted`` and ``deleted`` in a trigger: their slots are
    numbers of variables. ``through`` is the view, derived table or CTE by which UPDATE or DELETE names the table to
    change. ``nested`` is the change in FROM that is allowed where the compiler is, ``output`` the columns of the OUTPUT
    clause compiled last. ``view_hints`` are the hints on the views and CTEs whose queries are being compiled: they hold
    for the tables in them. ``related`` collects the locks of what else it relies on: tables that its foreign keys lead
    to, views and functions; ``stable`` are those that are held while it is compiled. ``uses`` collects what the plan
    does with the indexes of permanent tables. ``moments`` are the slots of the present time, by the function that asks
    for it. ``elsewhere`` collects the other databases that names were looked up in, with their versions then.
    ``made_for`` is the transaction that alone may use the plan, None: all.
    """

    session: Session
    database: Database
    variables: VariableTable
    module_schema: str | None = None
    batch_text: str = ""
    quoted_identifier: bool = True
    ansi_nulls: bool = True
    options: CompileOptions = DEFAULTS.compiled
    slots: int = FIRST_SLOT
    ctes: dict[str, Any] = field(default_factory=dict)
    temporary: dict[str, Table] = field(default_factory=dict)
    tables: list[Table] = field(default_factory=list)
    related: list[LockSpace] = field(default_factory=list)
    stable: list[LockSpace] | None = None
    trigger_tables: dict[str, Source] = field(default_factory=dict)
    option_hints: tuple[nodes.QueryHint, ...] = ()
    view_hints: tuple[nodes.TableHint, ...] = ()
    through: Through | None = None
    parameters: dict[str, Expr] = field(default_factory=dict)
    module: Module | None = None
    accesses: list[Need] = field(default_factory=list)
    trusts: bool = False
    sequences: dict[int, int] | None = None
    nested: NestedChange | None = None
    output: Sequence[ColumnInfo] = ()
    uses: list[UseCount] = field(default_factory=list)
    moments: dict[str, int] = field(default_factory=dict)
    made_for: LockOwner | None = None
    elsewhere: dict[Database, int] = field(default_factory=dict)

    def find_database(self, name: str | None) -> Database | None:
        """The database called ``name``, the current one without a name; the plan depends on its version from now on."""
        if name is None:
            return self.database
        found = self.session.instance.databases.get(fold(name))
        if found is not None and found is not self.database:
            self.elsewhere.setdefault(found, found.version)
        return found

    def new_slot(self) -> int:
        """A row slot of this statement that nobody else has."""
        slot = self.slots
        self.slots += 1
        return slot


@dataclass(frozen=True, slots=True)
class OutputColumn:
    """A column of a query's result. ``name`` is "" when it has none; ``is_null_literal``: it is the word NULL, which
    fits a column of any type."""

    name: str
    type: SqlType
    nullable: bool = True
    identity: bool = False
    is_null_literal: bool = False


@dataclass(frozen=True, slots=True)
class QueryPlan:
    """A compiled query: ``rows(env)`` runs it once and yields result tuples as they are found, taking locks as it goes.

    ``slots`` are the row slots of enclosing queries that it reads (empty = not correlated).
    """

    columns: tuple[OutputColumn, ...]
    rows: Callable[[Env], Iterator[tuple[Any, ...]]]
    slots: frozenset[int] = frozenset()
