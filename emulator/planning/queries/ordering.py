"""ORDER BY, TOP, OFFSET and FETCH: what their expressions mean.

Documentation: "SELECT - ORDER BY clause", "TOP (Transact-SQL)". A name in ORDER BY is a column alias of the select list
first; a whole number is the position of an output column.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from emulator.catalog.objects import fold
from emulator.errors import SqlError, sql_error
from emulator.execution.sorting import RowLimit, SortKey
from emulator.planning.binding import Expr, PlanContext, Scope
from emulator.planning.expressions import compile_scalar, convert_to
from emulator.planning.expressions.application import constant_value
from emulator.planning.expressions.scalars import canonical
from emulator.planning.expressions.walk import contains_query, contains_variable
from emulator.planning.queries.select_list import Output
from emulator.sql import nodes
from emulator.types.comparison import sort_key
from emulator.types.sqltype import BIGINT, FLOAT, INTEGERS


@dataclass(slots=True, eq=False)
class OrderKey:
    """One key of an ORDER BY. ``position`` is that of the output column that it is, if any."""

    expr: Expr
    descending: bool
    position: int | None = None

    @property
    def sort_key(self) -> SortKey:
        return SortKey(self.expr.fn, sort_key(self.expr.type), self.descending)

    @property
    def volatile(self) -> bool:
        """Whether another evaluation may give another value."""
        return not self.expr.deterministic


def resolve_order(
    items: Sequence[nodes.OrderItem], outputs: Sequence[Output], scope: Scope, ctx: PlanContext, *, distinct: bool
) -> list[OrderKey]:
    """The keys of an ORDER BY.

    Errors: 108 position, 145 not in the list of SELECT DISTINCT, 169 a column twice, 209, 408 a constant, 1008 a
    variable, 8127.
    """
    keys: list[OrderKey] = []
    for number, item in enumerate(items, start=1):
        position = _output_position(item.expression, outputs)
        if position is None and distinct:
            position = _same_expression(item.expression, outputs, scope)
            if position is None:
                raise sql_error(145, line=item.line)
        if position is not None:
            keys.append(OrderKey(outputs[position].expr, item.descending, position))
            continue
        try:
            expr = compile_scalar(item.expression, scope, ctx)
        except SqlError as error:
            if error.number != 8120:
                raise
            raise sql_error(8127, error.message.split("'")[1], line=error.line) from None
        _refuse_constant(item, number, expr)
        keys.append(OrderKey(expr, item.descending))
    _refuse_repetition(keys, items)
    return keys


def _refuse_constant(item: nodes.OrderItem, number: int, expr: Expr) -> None:
    """Errors: 408 a constant, 1008 a variable; a subquery may be either."""
    if expr.slots or contains_query(item.expression):
        return
    if expr.constant:
        raise sql_error(408, number, line=item.line)
    if contains_variable(item.expression):
        raise sql_error(1008, number, line=item.line)


def _refuse_repetition(keys: Sequence[OrderKey], items: Sequence[nodes.OrderItem]) -> None:
    """Errors: 169 a column for the second time. Two output columns are two, even of the same column of a table."""
    for number, (key, item) in enumerate(zip(keys, items, strict=True)):
        if any(_is_same(key, earlier) for earlier in keys[:number]):
            raise sql_error(169, line=item.line)


def _is_same(one: OrderKey, other: OrderKey) -> bool:
    if one.position is not None and other.position is not None:
        return one.position == other.position
    return one.expr.column is not None and one.expr.column == other.expr.column


def _output_position(node: nodes.Expression, outputs: Sequence[Output]) -> int | None:
    if isinstance(node, nodes.IntegerLiteral):
        if not 1 <= node.value <= len(outputs):
            raise sql_error(108, node.value, line=node.line)
        return node.value - 1
    if not isinstance(node, nodes.ColumnRef) or node.table is not None:
        return None
    named = [position for position, output in enumerate(outputs) if fold(output.name) == fold(node.name)]
    aliased = [position for position in named if outputs[position].alias is not None]
    found = aliased or named
    if len({id(outputs[position].expr) for position in found}) > 1 and len(aliased) > 1:
        raise sql_error(209, node.name, line=node.line)
    return found[0] if found else None


def _same_expression(node: nodes.Expression, outputs: Sequence[Output], scope: Scope) -> int | None:
    """The output column that is the same expression, perhaps spelled differently."""
    wanted = canonical(node, scope)
    for position, output in enumerate(outputs):
        if output.node is not None and canonical(output.node, scope) == wanted:
            return position
        if output.node is None and isinstance(wanted, tuple) and output.expr.column == wanted[1:]:
            return position
    return None


def _written_alike(node: nodes.Expression, outputs: Sequence[Output]) -> int | None:
    """The output column that is the column ``node``, perhaps under another name: written so, or without qualifier."""
    if not isinstance(node, nodes.ColumnRef):
        return None
    for position, output in enumerate(outputs):
        found = output.node
        if not isinstance(found, nodes.ColumnRef) or fold(found.name) != fold(node.name):
            continue
        if node.table is None or fold(str(found.table)) == fold(str(node.table)):
            return position
    return None


def output_order(items: Sequence[nodes.OrderItem], outputs: Sequence[Output]) -> list[OrderKey]:
    """The ORDER BY of a set operation: by its output columns only, also as its first query writes them.

    Errors: 104, 108, 169.
    """
    keys = []
    for item in items:
        position = _output_position(item.expression, outputs)
        if position is None:
            position = _written_alike(item.expression, outputs)
        if position is None:
            if isinstance(item.expression, nodes.ColumnRef) and item.expression.table is None:
                raise sql_error(207, item.expression.name, line=item.line)
            raise sql_error(104, line=item.line)
        keys.append(OrderKey(outputs[position].expr, item.descending, position))
    _refuse_repetition(keys, items)
    return keys


def compile_limit(
    top: nodes.Top | None,
    query: nodes.Query,
    order: Sequence[OrderKey],
    ctx: PlanContext,
    parent: Scope | None,
) -> tuple[RowLimit | None, frozenset[int]]:
    """TOP, or OFFSET and FETCH, with the slots that they read. Errors: 1060 no integer, 1062, 10741 both."""
    if top is not None:
        if query.offset is not None:
            raise sql_error(10741, line=top.line)
        if top.with_ties and not query.order_by:
            raise sql_error(1062, line=top.line)
        count = _count(top.count, ctx, parent, percent=top.percent)
        ties = tuple(key.sort_key.comparable() for key in order) if top.with_ties else None
        limit = RowLimit(count=count.fn, percent=top.percent, ties=ties, constant=_constant_count(count))
        return limit, count.slots
    if query.offset is None:
        return None, frozenset()
    offset = _count(query.offset, ctx, parent)
    if query.fetch is None:
        return RowLimit(offset=offset.fn, is_fetch=True), offset.slots
    fetch = _count(query.fetch, ctx, parent)
    return RowLimit(count=fetch.fn, offset=offset.fn, is_fetch=True), offset.slots | fetch.slots


def _count(node: nodes.Expression, ctx: PlanContext, parent: Scope | None, *, percent: bool = False) -> Expr:
    expr = compile_scalar(node, parent, ctx)
    if percent:
        return convert_to(expr, FLOAT)
    if expr.type.name not in INTEGERS and not expr.is_null_literal and expr.constant:
        raise sql_error(1060, line=node.line)
    return convert_to(expr, BIGINT)


def _constant_count(count: Expr) -> int | None:
    value = constant_value(count) if count.constant else None
    return value if isinstance(value, int) else None
