"""Whole queries: a SELECT block, or blocks combined by UNION, EXCEPT and INTERSECT.

Documentation: "SELECT (Transact-SQL)", "Set operators - UNION", "Set operators - EXCEPT and INTERSECT".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from emulator.errors import sql_error
from emulator.execution.projection import (
    converted,
    distinct,
    intersect,
    into_slot,
    project,
    row_key,
    subtract,
    union_all,
)
from emulator.execution.sorting import TupleRows, cut, order_rows
from emulator.planning.binding import PlanContext, QueryPlan, Scope
from emulator.planning.expressions.scalars import column_of
from emulator.planning.queries.blocks import Block, compile_block
from emulator.planning.queries.ctes import bind_ctes
from emulator.planning.queries.for_clause import compile_for
from emulator.planning.queries.ordering import compile_limit, output_order
from emulator.planning.queries.select_list import Output
from emulator.planning.queries.sources import common_type_of
from emulator.sql import nodes
from emulator.types.comparison import sort_key
from emulator.types.conversion import converter
from emulator.types.sqltype import SqlType


def compile_query(
    query: nodes.Query,
    scope: Scope | None,
    ctx: PlanContext,
    *,
    ctes: Sequence[nodes.CommonTableExpression] = (),
    nested: bool = False,
) -> QueryPlan:
    """Compile a query inside something else: a subquery, derived table, view, INSERT ... SELECT.

    ``scope`` is that of the enclosing query. ``nested``: it stands in FROM, where ORDER BY needs TOP or OFFSET (1033).
    Errors: 207, 208, 209, 4104, 205 and those of its parts; NotSupported.
    """
    outside = ctx.ctes
    bind_ctes(ctes, ctx)
    try:
        return _compile(query, scope, ctx, nested=nested)
    finally:
        ctx.ctes = outside


def _compile(query: nodes.Query, scope: Scope | None, ctx: PlanContext, *, nested: bool) -> QueryPlan:
    if query.for_clause is not None:
        return compile_for(query, scope, ctx)
    body = query.body
    limited = query.offset is not None or (isinstance(body, nodes.QuerySpecification) and body.top is not None)
    if nested and query.order_by and not limited:
        raise sql_error(1033, line=query.line)
    if isinstance(body, nodes.SetOperation):
        return _compile_set_query(body, query, scope, ctx)
    return plan_of(compile_block(body, query, scope, ctx))


def plan_of(block: Block) -> QueryPlan:
    """A block as a plan."""
    return QueryPlan(tuple(output.column for output in block.outputs), block.rows, block.slots)


# --- Set operations ---------------------------------------------------------------------------------------------------


def _compile_set_query(
    body: nodes.SetOperation, query: nodes.Query, scope: Scope | None, ctx: PlanContext
) -> QueryPlan:
    outputs, rows, slots = _compile_operation(body, scope, ctx)
    slot = ctx.new_slot()
    columns = [
        replace(output, expr=column_of(slot, position, output.expr.type, output.expr.nullable))
        for position, output in enumerate(outputs)
    ]
    keys = output_order(query.order_by, columns)
    limit, limit_slots = compile_limit(None, query, keys, ctx, scope)
    if keys:
        ordered = order_rows(into_slot(rows, slot), [slot], [key.sort_key for key in keys])
        rows = project(ordered, lambda env: env[slot])
    if limit is not None:
        rows = cut(rows, limit)
    return QueryPlan(tuple(output.column for output in outputs), rows, slots | limit_slots)


def _compile_operation(
    body: nodes.QueryBody, scope: Scope | None, ctx: PlanContext
) -> tuple[list[Output], TupleRows, frozenset[int]]:
    """Columns, rows and slots read. Errors: 205 different numbers of columns."""
    if isinstance(body, nodes.QuerySpecification):
        if body.order_by and body.top is None and body.offset is None:
            raise sql_error(1033, line=body.line)
        block = compile_block(body, nodes.Query(body, body.order_by, body.offset, body.fetch), scope, ctx)
        return block.outputs, block.rows, block.slots
    left, left_rows, left_slots = _compile_operation(body.left, scope, ctx)
    right, right_rows, right_slots = _compile_operation(body.right, scope, ctx)
    if len(left) != len(right):
        raise sql_error(205)
    pairs = list(zip(left, right, strict=True))
    types = [common_type_of([a.expr, b.expr]) for a, b in pairs]
    outputs = [
        Output(
            a.name,
            replace(
                a.expr,
                type=type,
                nullable=a.expr.nullable or b.expr.nullable,
                is_null_literal=a.expr.is_null_literal and b.expr.is_null_literal,
            ),
            node=a.node,
        )
        for (a, b), type in zip(pairs, types, strict=True)
    ]
    left_rows = _as_types(left_rows, left, types)
    right_rows = _as_types(right_rows, right, types)
    rows = _combined(body.operator, left_rows, right_rows, types)
    return outputs, rows, left_slots | right_slots


def _as_types(rows: TupleRows, outputs: Sequence[Output], types: Sequence[SqlType]) -> TupleRows:
    return converted(
        rows,
        [
            None if output.expr.is_null_literal or output.expr.type == type else converter(output.expr.type, type)
            for output, type in zip(outputs, types, strict=True)
        ],
    )


def _combined(operator: str, left: TupleRows, right: TupleRows, types: Sequence[SqlType]) -> TupleRows:
    key = row_key([sort_key(type) for type in types])
    match operator:
        case "UNION ALL":
            return union_all(left, right)
        case "UNION":
            return distinct(union_all(left, right), key)
        case "EXCEPT":
            return subtract(left, right, key)
        case _:
            return intersect(left, right, key)
