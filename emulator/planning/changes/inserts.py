"""INSERT.

Documentation: "INSERT (Transact-SQL)".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import ceil
from typing import Any

from emulator.catalog.objects import Column, Table, Trigger, View, fold
from emulator.errors import SqlError, sql_error
from emulator.planning.accesses import note_access
from emulator.planning.binding import SESSION, Env, Expr, PlanContext, Scalar, Source
from emulator.planning.changes.check_option import option_checks
from emulator.planning.changes.constraints import row_source
from emulator.planning.changes.finding import may_read, statement_limit
from emulator.planning.changes.following import after_change
from emulator.planning.changes.insteads import find_trigger, instead_of_insert, unless_inside
from emulator.planning.changes.nested import nested_change, refuse_target
from emulator.planning.changes.output import Outputs, columns_named, refuse_rowversion
from emulator.planning.changes.required import refuse_wrong_options
from emulator.planning.changes.rows import (
    RowBuilder,
    assigned,
    default_of,
    insert_rows,
    insertable,
    truncation_error,
)
from emulator.planning.changes.shapes import shape_of
from emulator.planning.changes.targets import Target, bind_target, is_private, note_changes, store_of
from emulator.planning.changes.triggers import refuse_output
from emulator.planning.expressions import compile_scalar
from emulator.planning.expressions.application import null
from emulator.planning.expressions.scalars import column_of
from emulator.planning.expressions.sequences import one_value_a_row
from emulator.planning.queries import bind_ctes, compile_query
from emulator.planning.queries.targets import resolve_through
from emulator.planning.queries.updatable import find_through
from emulator.results import ResultSet, ResultSink
from emulator.sql import nodes
from emulator.types.conversion import assigner

Executable = Callable[[Env, "ResultSink | None"], int]
Capture = Callable[[Env, int], Sequence[ResultSet]]
"""Runs the procedure or string of INSERT ... EXEC: its result sets, all of the given number of columns."""


def compile_insert(node: nodes.Insert, ctx: PlanContext, capture: Capture | None = None) -> Executable:
    """An INSERT. ``capture`` makes the rows of INSERT ... EXEC.

    Errors: 109, 110, 120, 121, 213, 207, 208, 264, 271, 273; at run time 515, 544, 545, 547, 2601, 2627.
    """
    bind_ctes(node.ctes, ctx)
    taken_over = find_trigger(node.target, (), "INSERT", ctx)
    if taken_over is None:
        return _compile(node, _place(node, ctx), ctx, capture)
    item, trigger = taken_over
    note_access(ctx, item, "INSERT")
    shape = shape_of(item, ctx)
    place = _Place(Target(shape, lambda env: None, private=True), _columns(shape, node), None, trigger)  # type: ignore[arg-type, return-value]
    refuse_output(shape, node.outputs, ("INSERT",), node.line)
    instead = _compile(node, place, ctx, capture)
    return unless_inside(trigger, instead, lambda: _compile(node, _place(node, ctx), ctx, capture))


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the rows go: ``columns`` of ``target``. ``view`` is what the statement names if that is a view, with the
    ordinals of the table that its columns are, and ``named`` that view; ``trigger`` takes the rows over."""

    target: Target
    columns: list[Column]
    view: tuple[Source, list[int | None]] | None = None
    trigger: Trigger | None = None
    named: View | None = None

    def inserted(self, slot: int) -> Source:
        """The new row as OUTPUT sees it."""
        if self.view is None:
            return row_source(self.target.table, "inserted", slot)
        source, ordinals = self.view
        pairs = [(c, ordinal) for c, ordinal in zip(source.columns, ordinals, strict=True) if ordinal is not None]
        expressions = [column_of(slot, ordinal, column.type, column.nullable) for column, ordinal in pairs]
        return Source("inserted", slot, [column for column, _ in pairs], expressions=expressions)


def _place(node: nodes.Insert, ctx: PlanContext) -> _Place:
    names = frozenset(fold(name) for name in node.columns or ())
    through = find_through(node.target, (), names, ctx)
    if through is None:
        target = bind_target(node.target, ctx)
        return _Place(target, _columns(target.table, node))
    assert isinstance(node.target, nodes.NamedTable)
    table, exposed, ordinals = resolve_through(through, node.columns is None, ctx)
    note_access(ctx, through.view or table, "INSERT")
    note_changes(table, ctx)
    target = Target(table, store_of(table), is_private(table))
    given = [column.name for column in exposed.columns] if node.columns is None else node.columns
    columns = [_view_column(name, table, exposed, ordinals, node) for name in given]
    columns_named(table, [column.name for column in columns], node.line)
    return _Place(target, columns, (exposed, ordinals), named=through.view)


def _view_column(name: str, table: Table, exposed: Source, ordinals: list[int | None], node: nodes.Insert) -> Column:
    for column, ordinal in zip(exposed.columns, ordinals, strict=True):
        if fold(column.name) == fold(name):
            if ordinal is None:
                raise sql_error(4406, exposed.alias, line=node.line)
            return table.columns[ordinal]
    raise sql_error(207, name, line=node.line)


def _compile(node: nodes.Insert, place: _Place, ctx: PlanContext, capture: Capture | None) -> Executable:
    match node.source:
        case nodes.InsertValues(rows=rows):
            if len({len(row) for row in rows}) > 1:
                raise sql_error(10709, line=node.line)
            _check_width(rows, place, node)
            if len(rows) == 1 and node.top is None:
                return _insert_one(node, place, place.columns, rows[0], ctx)
            return _insert_values(node, place, rows, ctx)
        case nodes.InsertDefaults():
            return _insert_one(node, place, [], (), ctx)
        case nodes.Query() as query:
            return _insert_query(node, place, query, ctx)
        case _:
            assert capture is not None
            return _insert_captured(node, place, capture, ctx)


def _columns(table: Table, node: nodes.Insert) -> list[Column]:
    return insertable(table) if node.columns is None else columns_named(table, node.columns, node.line)


def _check_width(rows: Sequence[Sequence[nodes.Expression]], place: _Place, node: nodes.Insert) -> None:
    columns = place.columns
    for row in rows:
        if len(row) != len(columns):
            if node.columns is None:
                raise _wrong_number(len(row), columns, place.target.table, node)
            raise sql_error(109 if len(row) < len(columns) else 110, line=node.line)


def _wrong_number(given: int, columns: Sequence[Column], table: Table, node: nodes.Insert) -> SqlError:
    """Error 213, or 8101 when there may be a value for the identity column among those given."""
    if given > len(columns) and table.identity_column is not None:
        return sql_error(8101, table.name, line=node.line)
    return sql_error(213, line=node.line)


def _value(expression: nodes.Expression, table: Table, column: Column, ctx: PlanContext) -> Scalar:
    if isinstance(expression, nodes.DefaultValue):
        if column.identity is not None:
            raise sql_error(339, line=expression.line)
        return default_of(column, ctx)
    refuse_rowversion((column,), expression.line)
    return assigned(compile_scalar(expression, None, ctx), table, column, ctx).fn


def _insert_one(
    node: nodes.Insert, place: _Place, columns: list[Column], values: Sequence[nodes.Expression], ctx: PlanContext
) -> Executable:
    table = place.target.table
    with one_value_a_row(ctx):
        pairs = zip(columns, values, strict=True)
        given = {column.ordinal: _value(value, table, column, ctx) for column, value in pairs}
        return _inserter(node, place, given, ctx, lambda env: (None,), None)


def _insert_values(
    node: nodes.Insert, place: _Place, rows: Sequence[Sequence[nodes.Expression]], ctx: PlanContext
) -> Executable:
    table, columns = place.target.table, place.columns
    compiled = []
    for row in rows:
        with one_value_a_row(ctx):
            compiled.append([_value(value, table, column, ctx) for column, value in zip(columns, row, strict=True)])

    def evaluate(env: Env) -> list[tuple[Any, ...]]:
        return [tuple([value(env) for value in row]) for row in compiled]

    return _insert_tuples(node, place, [column_of(0, 0, column.type) for column in columns], ctx, evaluate)


def _insert_query(node: nodes.Insert, place: _Place, query: nodes.Query, ctx: PlanContext) -> Executable:
    columns = place.columns
    ctx.option_hints = node.options
    nested = ctx.nested = nested_change(query)
    if nested is not None:
        refuse_target(place.target.table, node.line)
    plan = compile_query(query, None, ctx)
    if len(plan.columns) != len(columns):
        if node.columns is None:
            raise _wrong_number(len(plan.columns), columns, place.target.table, node)
        raise sql_error(120 if len(plan.columns) < len(columns) else 121, line=node.line)
    refuse_rowversion(columns, node.line)
    items = [
        null(column.type, literal=True) if column.is_null_literal else column_of(0, i, column.type, column.nullable)
        for i, column in enumerate(plan.columns)
    ]
    if nested is not None:

        def change_and_read(env: Env) -> list[tuple[Any, ...]]:
            nested.make(env)
            return list(plan.rows(env))

        return _insert_tuples(node, place, items, ctx, change_and_read)
    if not may_read((query, node.ctes), place.target.table, ctx):
        return _insert_tuples(node, place, items, ctx, lambda env: list(plan.rows(env)))

    def read_and_let_others_run(env: Env) -> list[tuple[Any, ...]]:
        """What was looked for in the target and not found may be there when the rows are inserted (2627)."""
        rows = list(plan.rows(env))
        env[SESSION].switch_point()
        return rows

    return _insert_tuples(node, place, items, ctx, read_and_let_others_run)


def _insert_captured(node: nodes.Insert, place: _Place, capture: Capture, ctx: PlanContext) -> Executable:
    """INSERT ... EXEC: the types of the rows are known when they come."""
    if node.outputs:
        raise sql_error(483, line=node.line)
    table, columns = place.target.table, place.columns
    refuse_rowversion(columns, node.line)
    truncations = [truncation_error(table, column, ctx) for column in columns]

    def evaluate(env: Env) -> list[tuple[Any, ...]]:
        rows: list[tuple[Any, ...]] = []
        for result in capture(env, len(columns)):
            converts = [
                assigner(info.type, column.type, truncated)
                for info, column, truncated in zip(result.columns, columns, truncations, strict=True)
            ]
            rows += [_converted(row, converts) for row in result.rows]
        return rows

    return _insert_tuples(node, place, [column_of(0, 0, column.type) for column in columns], ctx, evaluate)


def _converted(row: tuple[Any, ...], converts: Sequence[Callable[[Any], Any] | None]) -> tuple[Any, ...]:
    return tuple(
        [
            value if value is None or convert is None else convert(value)
            for value, convert in zip(row, converts, strict=True)
        ]
    )


def _insert_tuples(
    node: nodes.Insert,
    place: _Place,
    items: Sequence[Expr],
    ctx: PlanContext,
    evaluate: Callable[[Env], Sequence[tuple[Any, ...]]],
) -> Executable:
    """Insert tuples whose items have the types of ``items`` and go into the columns of ``place``.

    All of them are there before the first is inserted: a statement never reads what it writes (Halloween protection).
    """
    slot = ctx.new_slot()
    sources = [
        item if item.is_null_literal else column_of(slot, i, item.type, item.nullable) for i, item in enumerate(items)
    ]
    given = {
        column.ordinal: assigned(source, place.target.table, column, ctx).fn
        for column, source in zip(place.columns, sources, strict=True)
    }

    def load(env: Env, row: tuple[Any, ...]) -> None:
        env[slot] = row

    return _inserter(node, place, given, ctx, _cut(node, evaluate, ctx), load)


def _cut(
    node: nodes.Insert, evaluate: Callable[[Env], Sequence[tuple[Any, ...]]], ctx: PlanContext
) -> Callable[[Env], Sequence[tuple[Any, ...]]]:
    """``evaluate`` as far as TOP and SET ROWCOUNT go."""
    limit = statement_limit(node.top, ctx)

    def evaluate_first(env: Env) -> Sequence[tuple[Any, ...]]:
        rows = evaluate(env)
        if limit is not None:
            count = limit.limit(env)
            rows = rows[: ceil(len(rows) * count / 100) if limit.percent else count]
        row_count = env[SESSION].settings.rowcount
        return rows[:row_count] if row_count else rows

    return evaluate_first


def _inserter(
    node: nodes.Insert,
    place: _Place,
    given: dict[int, Scalar],
    ctx: PlanContext,
    evaluate: Callable[[Env], Sequence[Any]],
    load: Callable[[Env, Any], None] | None,
) -> Executable:
    table = place.target.table
    builder = RowBuilder(place.target, given, ctx)
    if place.trigger is not None:
        return instead_of_insert(table, place.trigger, builder, evaluate, load)
    refuse_wrong_options("INSERT", table, ctx)
    builder.checks += option_checks(place.named, table, ctx)
    target = replace(place.target, after=after_change(table, ("INSERT",), checks={"INSERT": builder.deferred}))
    refuse_output(table, node.outputs, ("INSERT",), node.line)
    inserted = place.inserted(builder.slot)
    if node.outputs:
        note_access(ctx, place.named or table, "SELECT", sources=[inserted])
    outputs = Outputs(node.outputs, ctx, rows=[inserted])
    if outputs.is_empty:

        def run(env: Env, sink: ResultSink | None) -> int:
            rows = evaluate(env)
            return target.write(env, lambda writer: insert_rows(writer, builder, env, rows, load, None))

        return run

    def run_with_output(env: Env, sink: ResultSink | None) -> int:
        rows = evaluate(env)
        emit, finish = outputs.start(env, sink)
        return target.write(env, lambda writer: insert_rows(writer, builder, env, rows, load, emit), finish)

    return run_with_output
