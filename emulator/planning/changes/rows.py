"""Building the rows of an INSERT: given values, defaults, identity, row versions, computed columns, and their checks.

Documentation: "INSERT (Transact-SQL)", "IDENTITY (Property)", "Specify default values for columns".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from emulator.catalog.objects import Column, Table
from emulator.errors import SqlError, sql_error
from emulator.execution.settings import Isolation
from emulator.execution.snapshots import transaction_snapshot
from emulator.execution.warnings import DUPLICATE_IGNORED
from emulator.execution.writing import Writer
from emulator.planning.accesses import trusted
from emulator.planning.binding import SESSION, Env, Expr, PlanContext, Scalar, Scope
from emulator.planning.changes.constraints import (
    RowCheck,
    check_constraints,
    foreign_key_checks,
    null_check,
    row_source,
)
from emulator.planning.changes.targets import Target, error_name
from emulator.planning.expressions import assign_to, compile_scalar
from emulator.planning.expressions.application import absorbing
from emulator.planning.expressions.defaults import compile_default
from emulator.storage.keys import Row
from emulator.storage.table import TableStore

FIRST_LEVEL_WITH_2628 = 150
"""From this compatibility level on, error 2628 names the column; before it, 8152 does not."""


def truncation_error(table: Table, column: Column, ctx: PlanContext) -> Callable[[Any], SqlError] | None:
    """Makes the error for a value that does not fit into ``column``, given the part that would fit.

    None: it is cut without a word, as with ANSI_WARNINGS OFF.
    """
    if not ctx.options.ansi_warnings:
        return None
    if ctx.database.compatibility_level < FIRST_LEVEL_WITH_2628:
        return lambda part: sql_error(8152, state=30)
    return lambda part: sql_error(2628, error_name(table), column.name, part)


def assigned(expr: Expr, table: Table, column: Column, ctx: PlanContext) -> Expr:
    """``expr`` as it is stored in ``column``. Errors at run time: 2628 or 8152, and those of conversions."""
    return absorbing(assign_to(expr, column.type, truncation_error(table, column, ctx)), ctx)


def default_of(column: Column, ctx: PlanContext) -> Scalar:
    """What a column gets when nothing is given: its default, else NULL."""
    if column.default is None:
        return lambda env: None
    with trusted(ctx):
        return compile_default(column.default.expression, column.type, ctx).fn


def insertable(table: Table) -> list[Column]:
    """The columns that an INSERT without a column list gives values to. (A rowversion gets the word DEFAULT.)"""
    return [c for c in table.columns if c.identity is None and c.computed is None]


class DerivedColumns:
    """Row versions and computed columns, which follow from the others. They are read in ``slot``."""

    def __init__(self, table: Table, ctx: PlanContext, slot: int | None = None) -> None:
        self.slot = ctx.new_slot() if slot is None else slot
        self._database = ctx.database
        scope = Scope([row_source(table, table.name, self.slot)])
        self._versions = [column.ordinal for column in table.columns if column.type.name == "rowversion"]
        self._computed: list[tuple[int, Scalar]] = []
        for column in table.columns:
            if column.computed is not None:
                with trusted(ctx):
                    self._computed.append((column.ordinal, compile_scalar(column.computed, scope, ctx).fn))
        self.ordinals = {*self._versions, *(ordinal for ordinal, _ in self._computed)}

    def complete(self, env: Env, values: list[Any]) -> Row:
        """The row of ``values``, with the columns that follow from them filled in."""
        for ordinal in self._versions:
            values[ordinal] = self._database.next_rowversion()
        if self._computed:
            env[self.slot] = values
            for ordinal, compute in self._computed:
                values[ordinal] = compute(env)
        return tuple(values)


def update_checks(table: Table, changed: set[int], ctx: PlanContext) -> list[RowCheck]:
    """What the new row of an update must satisfy before it is written. Errors at run time: 515, 547."""
    checks: list[RowCheck] = []
    check_nulls = null_check(table, "UPDATE")
    if check_nulls is not None and any(not table.columns[ordinal].nullable for ordinal in changed):
        checks.append(check_nulls)
    checks += check_constraints(table, "UPDATE", ctx, changed)
    return checks


def reference_checks(table: Table, changed: set[int], ctx: PlanContext) -> list[RowCheck]:
    """What the new row of an update must refer to, looked up when it is written and locked. Errors: 547."""
    return foreign_key_checks(table, "UPDATE", ctx, changed)


def deferred_checks(table: Table, changed: set[int], ctx: PlanContext) -> list[RowCheck]:
    """What the new rows must satisfy when all are there: references of the table to itself. Errors: 547."""
    return foreign_key_checks(table, "UPDATE", ctx, changed, to_itself=True)


class RowBuilder:
    """Makes complete rows for one table from the values of some of its columns.

    ``given`` maps ordinals to functions of the environment. The other columns are filled in. ``slot`` is where the row
    is while checks and computed columns read it. ``references`` are the checks of the row that is written and locked
    already: what it refers to is read only then. ``deferred`` are those that hold when all rows are there.
    ``checks``: CHECK and FOREIGN KEY are checked. ``keeps_identity``: given values of the identity column are taken
    whatever IDENTITY_INSERT is.
    """

    def __init__(
        self,
        target: Target,
        given: Mapping[int, Scalar],
        ctx: PlanContext,
        *,
        checks: bool = True,
        keeps_identity: bool = False,
    ) -> None:
        table = target.table
        self.table = table
        self.slot = ctx.new_slot()
        self._private = target.private
        self._parts = [given.get(column.ordinal) or self._filler(column, ctx) for column in table.columns]
        identity = table.identity_column
        self._identity = identity.ordinal if identity is not None else -1
        self._identity_given = self._identity in given
        self._derived = DerivedColumns(table, ctx, self.slot)
        self._check_nulls = null_check(table, "INSERT")
        self._keeps_identity = keeps_identity
        self.checks: list[RowCheck] = []
        self.references: list[RowCheck] = []
        self.deferred: list[RowCheck] = []
        if checks:
            self.checks = check_constraints(table, "INSERT", ctx)
            self.references = foreign_key_checks(table, "INSERT", ctx)
            self.deferred = foreign_key_checks(table, "INSERT", ctx, to_itself=True)

    def _filler(self, column: Column, ctx: PlanContext) -> Scalar:
        if column.identity is not None or column.computed is not None or column.type.name == "rowversion":
            return lambda env: None
        return default_of(column, ctx)

    def begin(self, env: Env) -> None:
        """Once per statement. Errors: 544, 545 against IDENTITY_INSERT; 3951, 3952 and so on at level SNAPSHOT."""
        session = env[SESSION]
        if session.settings.isolation is Isolation.SNAPSHOT and not self._private:
            transaction_snapshot(session, session.instance.database(self.table.database))
        if self._identity < 0 or self._keeps_identity:
            return
        allowed = session.identity_insert is self.table
        if self._identity_given and not allowed:
            raise sql_error(544, self.table.name)
        if allowed and not self._identity_given:
            raise sql_error(545, self.table.name)

    def build(self, env: Env, store: TableStore) -> Row:
        """One row, complete, in ``env[slot]`` too. Errors: 515, 547 and those of expressions."""
        row = tuple([part(env) for part in self._parts])
        if self._identity >= 0:
            row = self._with_identity(env, store, row)
        if self._derived.ordinals:
            row = self._derived.complete(env, list(row))
        if self._check_nulls is not None:
            self._check_nulls(env, row)
        for check in self.checks:
            check(env, row)
        env[self.slot] = row
        return row

    def propose(self, env: Env) -> Row:
        """One row as an INSTEAD OF trigger sees it: nothing drawn, nothing checked; an identity is 0."""
        row = tuple([part(env) for part in self._parts])
        if self._identity >= 0 and not self._identity_given:
            row = (*row[: self._identity], 0, *row[self._identity + 1 :])
        return self._derived.complete(env, list(row)) if self._derived.ordinals else row

    def _with_identity(self, env: Env, store: TableStore, row: Row) -> Row:
        counter, ordinal = store.identity, self._identity
        assert counter is not None
        session = env[SESSION]
        if self._identity_given:
            value = row[ordinal]
            if value is not None:
                counter.note(value)
        else:
            value = counter.draw()
            row = (*row[:ordinal], value, *row[ordinal + 1 :])
        session.last_identity = session.frame.scope_identity = value
        return row


def insert_rows(
    writer: Writer,
    builder: RowBuilder,
    env: Env,
    rows: Sequence[Any],
    load: Callable[[Env, Any], None] | None,
    emit: Callable[[Env], None] | None,
) -> int:
    """Insert one row per item of ``rows``: ``load`` puts the item where the builder's expressions read it."""
    builder.begin(env)
    store, references = writer.store, builder.references
    if any(index.ignore_dup_key for index in writer.table.indexes):
        return _insert_unless_duplicate(writer, builder, env, rows, load, emit)
    for item in rows:
        if load is not None:
            load(env, item)
        row = builder.build(env, store)
        writer.insert(row)
        for check in references:
            check(env, row)
        if emit is not None:
            emit(env)
    return len(rows)


def _insert_unless_duplicate(
    writer: Writer,
    builder: RowBuilder,
    env: Env,
    rows: Sequence[Any],
    load: Callable[[Env, Any], None] | None,
    emit: Callable[[Env], None] | None,
) -> int:
    """The same for a table with an index that ignores duplicate keys: rows that have one are left out, with a warning.

    Documentation: "CREATE INDEX (Transact-SQL)", option IGNORE_DUP_KEY.
    """
    count = 0
    for item in rows:
        if load is not None:
            load(env, item)
        row = builder.build(env, writer.store)
        if not writer.insert_unless_duplicate(row):
            writer.session.warnings |= DUPLICATE_IGNORED
            continue
        for check in builder.references:
            check(env, row)
        count += 1
        if emit is not None:
            emit(env)
    return count
