"""INSERT, and SELECT ... INTO.

Documentation: "INSERT (Transact-SQL)", "SELECT - INTO clause".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from emulator.catalog.objects import Column, Table
from emulator.errors import NotSupported, sql_error
from emulator.planning.accesses import note_access
from emulator.planning.binding import Env, Expr, PlanContext, Scalar
from emulator.planning.changes.output import Outputs, columns_named
from emulator.planning.changes.rows import RowBuilder, assigned, default_of, insert_rows, insertable
from emulator.planning.changes.targets import Target, bind_target
from emulator.planning.expressions import compile_scalar
from emulator.planning.expressions.scalars import column_of
from emulator.planning.queries import compile_query
from emulator.results import ResultSink
from emulator.sql import nodes

Executable = Callable[[Env, "ResultSink | None"], int]


def compile_insert(node: nodes.Insert, ctx: PlanContext) -> Executable:
    """An INSERT.

    Errors: 109, 110, 120, 121, 213, 207, 208, 264, 271, 273; at run time 515, 544, 545, 547, 2601, 2627.
    """
    if node.top is not None:
        raise NotSupported("INSERT TOP", node.line)
    target = bind_target(node.target, ctx)
    if node.outputs:
        note_access(ctx, target.table, "SELECT")
    columns = _columns(target.table, node)
    match node.source:
        case nodes.InsertValues(rows=rows):
            _check_width(rows, columns, node)
            if len(rows) == 1:
                return _insert_one(node, target, columns, rows[0], ctx)
            return _insert_values(node, target, columns, rows, ctx)
        case nodes.InsertDefaults():
            return _insert_one(node, target, [], (), ctx)
        case nodes.Query() as query:
            return _insert_query(node, target, columns, query, ctx)
        case _:
            raise NotSupported("INSERT ... EXEC", node.line)


def _columns(table: Table, node: nodes.Insert) -> list[Column]:
    return insertable(table) if node.columns is None else columns_named(table, node.columns, node.line)


def _check_width(rows: Sequence[Sequence[nodes.Expression]], columns: Sequence[Column], node: nodes.Insert) -> None:
    for row in rows:
        if len(row) != len(columns):
            if node.columns is None:
                raise sql_error(213, line=node.line)
            raise sql_error(109 if len(row) < len(columns) else 110, line=node.line)


def _value(expression: nodes.Expression, table: Table, column: Column, ctx: PlanContext) -> Scalar:
    if isinstance(expression, nodes.DefaultValue):
        if column.identity is not None:
            raise sql_error(339, line=expression.line)
        return default_of(column, ctx)
    return assigned(compile_scalar(expression, None, ctx), table, column, ctx).fn


def _insert_one(
    node: nodes.Insert, target: Target, columns: list[Column], values: Sequence[nodes.Expression], ctx: PlanContext
) -> Executable:
    table = target.table
    given = {column.ordinal: _value(value, table, column, ctx) for column, value in zip(columns, values, strict=True)}
    return _inserter(node, target, given, ctx, lambda env: (None,), None)


def _insert_values(
    node: nodes.Insert,
    target: Target,
    columns: list[Column],
    rows: Sequence[Sequence[nodes.Expression]],
    ctx: PlanContext,
) -> Executable:
    table = target.table
    compiled = [[_value(value, table, column, ctx) for column, value in zip(columns, row, strict=True)] for row in rows]

    def evaluate(env: Env) -> list[tuple[Any, ...]]:
        return [tuple([value(env) for value in row]) for row in compiled]

    return _insert_tuples(node, target, [column_of(0, 0, column.type) for column in columns], columns, ctx, evaluate)


def _insert_query(
    node: nodes.Insert, target: Target, columns: list[Column], query: nodes.Query, ctx: PlanContext
) -> Executable:
    plan = compile_query(query, None, ctx, ctes=node.ctes)
    if len(plan.columns) != len(columns):
        if node.columns is None:
            raise sql_error(213, line=node.line)
        raise sql_error(120 if len(plan.columns) < len(columns) else 121, line=node.line)
    items = [column_of(0, i, column.type, column.nullable) for i, column in enumerate(plan.columns)]
    return _insert_tuples(node, target, items, columns, ctx, lambda env: list(plan.rows(env)))


def _insert_tuples(
    node: nodes.Insert,
    target: Target,
    items: Sequence[Expr],
    columns: Sequence[Column],
    ctx: PlanContext,
    evaluate: Callable[[Env], Sequence[tuple[Any, ...]]],
) -> Executable:
    """Insert tuples whose items have the types of ``items`` and go into ``columns``.

    All of them are there before the first is inserted: a statement never reads what it writes (Halloween protection).
    """
    slot = ctx.new_slot()
    given = {
        column.ordinal: assigned(column_of(slot, i, item.type, item.nullable), target.table, column, ctx).fn
        for i, (column, item) in enumerate(zip(columns, items, strict=True))
    }

    def load(env: Env, row: tuple[Any, ...]) -> None:
        env[slot] = row

    return _inserter(node, target, given, ctx, evaluate, load)


def _inserter(
    node: nodes.Insert,
    target: Target,
    given: dict[int, Scalar],
    ctx: PlanContext,
    evaluate: Callable[[Env], Sequence[Any]],
    load: Callable[[Env, Any], None] | None,
) -> Executable:
    builder = RowBuilder(target, given, ctx)
    outputs = Outputs(node.outputs, target.table, ctx, inserted=builder.slot)
    if outputs.is_empty:

        def run(env: Env, sink: ResultSink | None) -> int:
            rows = evaluate(env)
            return target.write(env, lambda writer: insert_rows(writer, builder, env, rows, load, None))

        return run

    def run_with_output(env: Env, sink: ResultSink | None) -> int:
        rows = evaluate(env)
        emit, finish = outputs.start(env, sink)
        count = target.write(env, lambda writer: insert_rows(writer, builder, env, rows, load, emit))
        finish()
        return count

    return run_with_output
