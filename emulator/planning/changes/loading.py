"""Rows that come ready made: a bulk load, a table-valued argument.

Documentation: "BULK INSERT (Transact-SQL)": checks, triggers and defaults; "Use table-valued parameters".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from emulator.catalog.objects import Column, Table, fold
from emulator.errors import sql_error
from emulator.execution.writing import shown_value
from emulator.locking.modes import LockMode
from emulator.planning.accesses import note_access
from emulator.planning.binding import VARIABLES, Env, PlanContext, Scalar
from emulator.planning.changes.constraints import RowCheck
from emulator.planning.changes.following import after_change
from emulator.planning.changes.rows import RowBuilder, assigned, default_of, insert_rows
from emulator.planning.changes.targets import Target, find_table, is_private, store_of
from emulator.planning.expressions.scalars import column_of
from emulator.results import ResultSink
from emulator.sql import nodes
from emulator.storage.keys import Row
from emulator.types.sqltype import SqlType

Rows = Sequence[tuple[Any, ...]]
Executable = Callable[[Env, "ResultSink | None"], int]
KEPT_OPTIONS = frozenset({"CHECK_CONSTRAINTS", "FIRE_TRIGGERS", "KEEP_NULLS", "KEEP_IDENTITY", "TABLOCK"})
WITHOUT_EFFECT = frozenset({"ROWS_PER_BATCH", "KILOBYTES_PER_BATCH"})


def compile_bulk_load(node: nodes.InsertBulk, types: Sequence[SqlType], rows: Rows, ctx: PlanContext) -> Executable:
    """Load ``rows``, whose items have ``types``, into the columns that ``node`` names.

    CHECK and FOREIGN KEY are not checked and triggers do not fire unless the options say so. With TABLOCK the table is
    locked BU, so that several may load it, or X if it has an index ("BULK INSERT", argument TABLOCK).

    Errors: 207, 208, 515, 2601, 2627, 4804 another number of columns, 4819 rows that are not in the order that is told,
    those of conversions.
    """
    options = {name for name, _ in node.options}
    table = find_table(node.table, ctx)
    note_access(ctx, table, "INSERT")
    columns = [_column(table, column.name, node.line) for column in node.columns]
    if not rows and not types:
        return lambda env, sink: 0
    if len(columns) != len(types):
        raise sql_error(4804, line=node.line)
    mode = LockMode.IX
    if "TABLOCK" in options:
        mode = LockMode.X if table.indexes else LockMode.BU
    target = Target(table, store_of(table), is_private(table), table_lock=mode)
    if "FIRE_TRIGGERS" in options:
        target = replace(target, after=after_change(table, ("INSERT",)))
    checks = "CHECK_CONSTRAINTS" in options
    order = order_check(target, node.order)
    load = _loader(
        target, columns, types, ctx, checks=checks, keep_nulls="KEEP_NULLS" in options, bulk=True, order=order
    )
    return lambda env, sink: load(env, rows)


def compile_table_argument(
    shape: Table, columns: Sequence[tuple[SqlType, bool]], ctx: PlanContext
) -> Callable[[Env, Rows], int]:
    """A function that puts rows into the table variable that is the environment's first one.

    ``columns`` are the types of the rows' items, with whether the column is left to its default. Errors: 500.
    """
    if len(columns) != len(shape.columns):
        raise sql_error(500, len(columns), len(shape.columns))
    given = [column for column, (_, is_default) in zip(shape.columns, columns, strict=True) if not is_default]
    kept = [place for place, (_, is_default) in enumerate(columns) if not is_default]
    types = [columns[place][0] for place in kept]
    target = Target(shape, lambda env: env[VARIABLES][0], private=True, is_variable=True)
    load = _loader(target, given, types, ctx, checks=True, keep_nulls=True, bulk=False)
    if len(kept) == len(columns):
        return load
    return lambda env, rows: load(env, [tuple([row[place] for place in kept]) for row in rows])


def order_check(target: Target, order: Sequence[nodes.IndexColumn]) -> RowCheck | None:
    """A check, to be used for one load, that rows come in the order of the clustered index. Errors: 4819.

    None when ``order`` is any other: it is without effect then ("BULK INSERT", argument ORDER).
    """
    table, index = target.table, target.table.clustered
    if index is None:
        return None
    key = [(fold(table.columns[part.ordinal].name), part.descending) for part in index.columns]
    if [(fold(column.name), column.descending) for column in order] != key:
        return None
    repeats = not index.unique or index.ignore_dup_key
    before: list[Row] = []

    def shown(row: Row) -> str:
        return ", ".join(shown_value(table, part.ordinal, row) for part in index.columns)

    def check(env: Env, row: Row) -> None:
        encode = target.store_of(env).base.encode
        for last in before:
            if encode(row) < encode(last) or (encode(row) == encode(last) and not repeats):
                raise sql_error(4819, shown(last), shown(row))
        before[:] = [row]

    return check


def _column(table: Table, name: str, line: int) -> Column:
    column = table.column(name)
    if column is None:
        raise sql_error(207, name, line=line)
    if column.computed is not None:
        raise sql_error(271, column.name, line=line)
    return column


def _loader(
    target: Target,
    columns: Sequence[Column],
    types: Sequence[SqlType],
    ctx: PlanContext,
    *,
    checks: bool,
    keep_nulls: bool,
    bulk: bool,
    order: RowCheck | None = None,
) -> Callable[[Env, Rows], int]:
    slot = ctx.new_slot()
    given: dict[int, Scalar] = {}
    for place, (column, type) in enumerate(zip(columns, types, strict=True)):
        value = assigned(column_of(slot, place, type), target.table, column, ctx).fn
        if column.default is not None and not keep_nulls:
            value = _or_default(value, default_of(column, ctx))
        given[column.ordinal] = value
    builder = RowBuilder(target, given, ctx, checks=checks, keeps_identity=bulk)
    if order is not None:
        builder.checks.append(order)

    def load_row(env: Env, row: tuple[Any, ...]) -> None:
        env[slot] = row

    def load(env: Env, rows: Rows) -> int:
        return target.write(env, lambda writer: insert_rows(writer, builder, env, rows, load_row, None))

    return load


def _or_default(value: Scalar, default: Scalar) -> Scalar:
    def value_or_default(env: Env) -> Any:
        found = value(env)
        return default(env) if found is None else found

    return value_or_default
