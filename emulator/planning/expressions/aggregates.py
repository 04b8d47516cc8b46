"""Compilation of aggregate calls to accumulators.

Documentation: "Aggregate Functions (Transact-SQL)", "STRING_AGG (Transact-SQL)".
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cmp_to_key
from math import ceil, floor
from typing import Any, Final

from emulator.errors import NotSupported, sql_error
from emulator.execution.functions.aggregates import AGGREGATES, Aggregate, check_string_agg, distinct, string_agg_type
from emulator.planning.binding import Env, Expr, PlanContext, Scalar, Scope
from emulator.planning.expressions.application import constant_value
from emulator.planning.expressions.conversions import convert_to
from emulator.planning.expressions.scalars import compile_scalar
from emulator.planning.expressions.walk import contains_aggregate, contains_query
from emulator.sql import nodes
from emulator.types.comparison import sort_key
from emulator.types.sqltype import FLOAT, SqlType, is_exact_numeric, is_numeric, message_name, precision_and_scale


@dataclass(frozen=True, slots=True)
class CompiledAggregate:
    """An aggregate over the rows of a group::

        state = aggregate.new()
        for each row put in env:
            value = aggregate.argument(env)
            if value is not None:
                state = aggregate.add(state, value)
        result = aggregate.result(state)

    DISTINCT and WITHIN GROUP are inside. ``counts_rows``: COUNT(*), or a COUNT that cannot meet NULL: ``result`` is the
    number of rows and needs no argument. ``slots`` are the row slots that ``argument`` reads. ``nullable``: may be
    NULL. ``result`` may be asked for at any time (running windows) and does not change the state. ``extreme``: it is
    the MIN (False) or MAX (True) of this column, which is never NULL.
    """

    type: SqlType
    argument: Scalar
    new: Callable[[], Any]
    add: Callable[[Any, Any], Any]
    result: Callable[[Any], Any]
    counts_rows: bool = False
    nullable: bool = True
    slots: frozenset[int] = frozenset()
    extreme: tuple[tuple[int, int], bool] | None = None


def compile_aggregate(node: nodes.FunctionCall, scope: Scope, ctx: PlanContext) -> CompiledAggregate:
    """Compile the aggregate call ``node`` (COUNT, SUM, ... with or without DISTINCT; its OVER clause is not looked at).

    ``scope`` is that of the rows being aggregated: groups, whose own aggregates may stand inside then, for an aggregate
    with OVER. Errors: 130 an aggregate or subquery in it, 8117 operand type, 174.
    """
    name = node.name.name.upper()
    if name == "STRING_AGG":
        return _string_agg(node, scope, ctx)
    if name in _PERCENTILES:
        return _percentile(node, scope, ctx, continuous=name == "APPROX_PERCENTILE_CONT")
    bind = AGGREGATES[name]
    assert bind is not None, "GROUPING is computed by the query"
    if node.star:
        if name not in ("COUNT", "COUNT_BIG"):
            raise sql_error(102, "*", line=node.line)
        return _compiled(bind(SqlType("int")), lambda env: 1, counts_rows=True)
    if len(node.arguments) != 1:
        raise sql_error(174, node.name.name, 1, line=node.line)
    argument = _argument(node.arguments[0], scope, ctx)
    if argument.is_null_literal:
        raise sql_error(8117, "NULL", name.lower(), line=node.line)
    aggregate = bind(argument.type)
    counts_rows = name in ("COUNT", "COUNT_BIG") and not argument.nullable and not node.distinct
    if node.distinct:
        aggregate = distinct(aggregate, argument.type)
    compiled = _compiled(aggregate, argument.fn, counts_rows=counts_rows, slots=argument.slots)
    if name in ("MIN", "MAX") and argument.column is not None and not argument.nullable:
        return replace(compiled, extreme=(argument.column, name == "MAX"))
    return compiled


def _argument(node: nodes.Expression, scope: Scope, ctx: PlanContext) -> Expr:
    if contains_query(node) or (contains_aggregate(node) and not scope.grouped):
        raise sql_error(130, line=node.line)
    return compile_scalar(node, scope, ctx)


def _compiled(
    aggregate: Aggregate, argument: Scalar, *, counts_rows: bool = False, slots: frozenset[int] = frozenset()
) -> CompiledAggregate:
    return CompiledAggregate(
        aggregate.type,
        argument,
        aggregate.new,
        aggregate.add,
        aggregate.result,
        counts_rows=counts_rows,
        nullable=aggregate.nullable,
        slots=slots,
    )


# --- Percentiles ------------------------------------------------------------------------------------------------------

_PERCENTILES: Final = ("APPROX_PERCENTILE_CONT", "APPROX_PERCENTILE_DISC")


def percentile_fraction(node: nodes.FunctionCall, scope: Scope, ctx: PlanContext) -> Fraction:
    """The argument of the percentile ``node``: a literal from 0 to 1. Errors: 174."""
    name = node.name.name.upper()
    if len(node.arguments) != 1:
        raise sql_error(174, name, 1, line=node.line)
    fraction = compile_scalar(node.arguments[0], scope, ctx)
    if not fraction.constant or not is_exact_numeric(fraction.type):
        raise NotSupported(f"{name} of anything but a literal", node.line)
    part = Fraction(constant_value(fraction), 10 ** precision_and_scale(fraction.type)[1])
    if not 0 <= part <= 1:
        raise NotSupported(f"{name} of a value that is not from 0 to 1", node.line)
    return part


def _percentile(node: nodes.FunctionCall, scope: Scope, ctx: PlanContext, *, continuous: bool) -> CompiledAggregate:
    """Not approximate: exact, which is within the error that the documentation allows. Errors: 8117, 10754."""
    name = node.name.name
    part = percentile_fraction(node, scope, ctx)
    if len(node.within_group) != 1:
        raise sql_error(10754, name, line=node.line)
    (item,) = node.within_group
    value = _argument(item.expression, scope, ctx)
    if not is_numeric(value.type):
        raise sql_error(8117, message_name(value.type), name.lower(), line=node.line)
    value = convert_to(value, FLOAT) if continuous else value

    def result(values: list[Any]) -> Any:
        if not values:
            return None
        values = sorted(values, reverse=item.descending)
        if not continuous:
            return values[max(ceil(part * len(values)), 1) - 1]
        place = part * (len(values) - 1)
        below, above = values[floor(place)], values[ceil(place)]
        return below + (above - below) * float(place - floor(place))

    return CompiledAggregate(value.type, value.fn, list, _appended, result, slots=value.slots)


def _appended(values: list[Any], value: Any) -> list[Any]:
    values.append(value)
    return values


# --- STRING_AGG -------------------------------------------------------------------------------------------------------


def _string_agg(node: nodes.FunctionCall, scope: Scope, ctx: PlanContext) -> CompiledAggregate:
    """The state is a list of (text, separator, order keys); NULL texts are left out by the caller."""
    if len(node.arguments) != 2:
        raise sql_error(174, node.name.name, 2, line=node.line)
    if node.distinct:
        raise sql_error(102, ",", line=node.line)
    text = _argument(node.arguments[0], scope, ctx)
    type = string_agg_type(text.type)
    text = convert_to(text, type)
    separator = convert_to(_argument(node.arguments[1], scope, ctx), type)
    order = [(_argument(item.expression, scope, ctx), item.descending) for item in node.within_group]
    get_text, get_separator = text.fn, separator.fn
    between = (constant_value(separator) or "") if separator.constant else None
    keys = [_order_key(expr) for expr, _ in order]

    def argument(env: Env) -> Any:
        value = get_text(env)
        if value is None:
            return None
        joined = (get_separator(env) or "") if between is None else between
        return value, joined, tuple(key(env) for key in keys)

    directions = [descending for _, descending in order]

    def compare(a: Any, b: Any) -> int:
        return _compare(a[2], b[2], directions)

    in_order = cmp_to_key(compare)

    def result(state: list[Any]) -> str | None:
        if not state:
            return None
        items = sorted(state, key=in_order) if keys else state
        parts = [items[0][0]]
        for value, joined, _ in items[1:]:
            parts += (joined, value)
        return check_string_agg("".join(parts), type)

    slots = text.slots.union(separator.slots, *(expr.slots for expr, _ in order))
    return CompiledAggregate(type, argument, list, _appended, result, slots=slots)


def _order_key(expr: Expr) -> Scalar:
    key, get = sort_key(expr.type), expr.fn
    if key is None:
        return get

    def keyed(env: Env) -> Any:
        value = get(env)
        return None if value is None else key(value)

    return keyed


def _compare(a: tuple[Any, ...], b: tuple[Any, ...], directions: list[bool]) -> int:
    """Negative if ``a`` comes before ``b``. NULL is the least value."""
    for x, y, descending in zip(a, b, directions, strict=True):
        if x == y:
            continue
        less = x is None or (y is not None and x < y)
        return 1 if less is descending else -1
    return 0
