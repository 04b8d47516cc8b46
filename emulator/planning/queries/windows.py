"""Window functions: their calls compiled, those over the same partitioning and order put together.

Documentation: "SELECT - OVER clause", "SELECT - WINDOW clause", "Ranking functions", "Analytic functions".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from emulator.catalog.objects import fold
from emulator.errors import sql_error
from emulator.execution import windowing
from emulator.execution.functions.aggregates import AGGREGATES
from emulator.execution.scans import Rows
from emulator.execution.sorting import SortKey
from emulator.execution.windowing import Frame, FrameEnd, WindowFunction, WindowGroup, window_rows
from emulator.planning.binding import Expr, PlanContext, Scalar, Scope
from emulator.planning.expressions import compile_aggregate, compile_scalar, convert_to, find_windows
from emulator.planning.expressions.aggregates import percentile_fraction
from emulator.planning.expressions.application import constant_value, null
from emulator.planning.expressions.scalars import column_of
from emulator.planning.expressions.sequences import advance, use_sequence
from emulator.planning.expressions.walk import contains_query, find_ordered_values
from emulator.sql import nodes
from emulator.types.comparison import sort_key
from emulator.types.sqltype import (
    BIGINT,
    FLOAT,
    INT,
    SqlType,
    is_numeric,
    message_name,
)

_RANKING = {
    "ROW_NUMBER": (BIGINT, windowing.row_number),
    "RANK": (BIGINT, windowing.rank),
    "DENSE_RANK": (BIGINT, windowing.dense_rank),
    "PERCENT_RANK": (FLOAT, windowing.percent_rank),
    "CUME_DIST": (FLOAT, windowing.cume_dist),
}
_PERCENTILES = ("PERCENTILE_CONT", "PERCENTILE_DISC")
_ORDERED = _RANKING.keys() | {"NTILE", "LAG", "LEAD", "FIRST_VALUE", "LAST_VALUE"}


@dataclass(slots=True)
class Windows:
    """The compiled window functions of a query: their results are a tuple in ``slot``."""

    slot: int
    groups: list[WindowGroup]
    width: int
    slots: frozenset[int]

    def apply(self, rows: Rows, kept: Sequence[int]) -> Rows:
        """The operator that adds the results to ``rows``; ``kept`` are the slots that are read after it."""
        return window_rows(rows, kept, self.slot, self.groups, self.width)


@dataclass(slots=True)
class _Collector:
    """Windows by what they look like, while functions are added to them."""

    windows: dict[Any, list[tuple[WindowFunction, int]]]
    specifications: dict[Any, tuple[tuple[Scalar, ...], tuple[SortKey, ...]]]
    slots: set[int]


def compile_windows(
    items: Sequence[nodes.Node], named: Sequence[tuple[str, nodes.Window]], scope: Scope, ctx: PlanContext
) -> Windows | None:
    """Compile the window functions in ``items`` and enter them as replacements in ``scope``; None if there are none.

    Errors: 4109 a window function in another, 4112 and 10753 a missing part of OVER, 10752 a frame for a ranking
    function, 5308 an integer as ORDER BY.
    """
    calls: list[nodes.FunctionCall] = []
    numbers: list[nodes.NextValueFor] = []
    for item in items:
        calls += [call for call in find_windows(item) if call not in calls]
        numbers += [node for node in find_ordered_values(item) if node not in numbers]
    if not calls and not numbers:
        return None
    slot = ctx.new_slot()
    definitions = {fold(name): window for name, window in named}
    collector = _Collector({}, {}, set())
    results = [_compile_call(call, position, definitions, collector, scope, ctx) for position, call in enumerate(calls)]
    for position, (call, type) in enumerate(zip(calls, results, strict=True)):
        scope.replacements[call] = column_of(slot, position, type)
    for position, node in enumerate(numbers, start=len(calls)):
        type = _compile_values(node, position, collector, scope, ctx)
        scope.replacements[node] = column_of(slot, position, type, nullable=False)
    groups = [
        WindowGroup(*collector.specifications[key], *zip(*functions, strict=True))
        for key, functions in collector.windows.items()
    ]
    return Windows(slot, groups, len(calls) + len(numbers), frozenset(collector.slots))


def _compile_values(
    node: nodes.NextValueFor, position: int, collector: _Collector, scope: Scope, ctx: PlanContext
) -> SqlType:
    """NEXT VALUE FOR ... OVER (ORDER BY ...): values are given to the rows in that order."""
    sequence = use_sequence(node, ctx)
    key: Any = ((), node.order_by)
    if key not in collector.specifications:
        collector.specifications[key] = ((), tuple(_order_key(collector, item, scope, ctx) for item in node.order_by))
    function = WindowFunction((), lambda arguments, peers: [advance(sequence) for _ in peers], False)
    collector.windows.setdefault(key, []).append((function, position))
    return sequence.type


def _compile_call(
    call: nodes.FunctionCall,
    position: int,
    definitions: dict[str, nodes.Window],
    collector: _Collector,
    scope: Scope,
    ctx: PlanContext,
) -> SqlType:
    assert call.over is not None
    window = _resolved(call.over, definitions)
    name = call.name.name.upper()
    if name in _PERCENTILES:
        window = _percentile_window(call, name, window)
    if any(find_windows(part) for part in (*call.arguments, *window.partition_by, *window.order_by)):
        raise sql_error(4109, line=call.line)
    if name in _ORDERED and not window.order_by:
        raise sql_error(4112, name.lower() if name == "NTILE" else name, line=call.line)
    key = (window.partition_by, window.order_by)
    if key not in collector.specifications:
        partition = [_value(collector, compile_scalar(node, scope, ctx)) for node in window.partition_by]
        order = [_order_key(collector, item, scope, ctx) for item in window.order_by]
        collector.specifications[key] = (tuple(partition), tuple(order))
    type, arguments, compute = _compile_function(call, name, window, scope, ctx)
    collector.slots.update(*(argument.slots for argument in arguments))
    aggregates = name in AGGREGATES and not call.star
    function = WindowFunction(tuple(argument.fn for argument in arguments), compute, aggregates)
    collector.windows.setdefault(key, []).append((function, position))
    return type


def _resolved(window: nodes.Window, definitions: dict[str, nodes.Window]) -> nodes.Window:
    """A window with what it takes over from the named one. Errors: 5365 for a name that is not defined."""
    if window.base is None:
        return window
    base = definitions.get(fold(window.base))
    if base is None:
        raise sql_error(5365, window.base, line=window.line)
    base = _resolved(base, definitions)
    return replace(
        window,
        partition_by=window.partition_by or base.partition_by,
        order_by=window.order_by or base.order_by,
        frame=window.frame or base.frame,
        base=None,
    )


def _value(collector: _Collector, expr: Expr) -> Scalar:
    collector.slots.update(expr.slots)
    return SortKey(expr.fn, sort_key(expr.type)).comparable()


def _order_key(collector: _Collector, item: nodes.OrderItem, scope: Scope, ctx: PlanContext) -> SortKey:
    if isinstance(item.expression, nodes.IntegerLiteral):
        raise sql_error(5308, line=item.line)
    expr = compile_scalar(item.expression, scope, ctx)
    if expr.constant and not contains_query(item.expression):
        raise sql_error(5309, line=item.line)
    collector.slots.update(expr.slots)
    return SortKey(expr.fn, sort_key(expr.type), item.descending)


def _compile_function(
    call: nodes.FunctionCall, name: str, window: nodes.Window, scope: Scope, ctx: PlanContext
) -> tuple[SqlType, list[Expr], windowing.Compute]:
    """Type, arguments and computation of a function."""
    if name in _PERCENTILES:
        return _compile_percentile(call, name, window, scope, ctx)
    frame = _frame(window, ctx)
    ignore_nulls = call.nulls == "IGNORE NULLS"
    if window.frame is not None and (name in _RANKING or name in ("NTILE", "LAG", "LEAD")):
        raise sql_error(10752, name, line=call.line)
    if name in _RANKING:
        type, compute = _RANKING[name]
        return type, [], compute
    arguments = [compile_scalar(argument, scope, ctx) for argument in call.arguments]
    if name == "NTILE":
        return BIGINT, [convert_to(arguments[0], BIGINT)], windowing.ntile
    if name in ("LAG", "LEAD"):
        offset = arguments[1] if len(arguments) > 1 else Expr(INT, lambda env: 1, constant=True)
        default = arguments[2] if len(arguments) > 2 else null(arguments[0].type)
        shifted = [arguments[0], convert_to(offset, BIGINT), convert_to(default, arguments[0].type)]
        direction = -1 if name == "LAG" else 1
        return arguments[0].type, shifted, windowing.shifted(direction, ignore_nulls=ignore_nulls)
    if name == "FIRST_VALUE":
        return arguments[0].type, arguments[:1], windowing.first_value(frame, ignore_nulls=ignore_nulls)
    if name == "LAST_VALUE":
        return arguments[0].type, arguments[:1], windowing.last_value(frame, ignore_nulls=ignore_nulls)
    aggregate = compile_aggregate(call, scope, ctx)
    argument = Expr(aggregate.type, aggregate.argument, slots=aggregate.slots)
    return aggregate.type, [argument], windowing.aggregate(aggregate, frame)


# --- Percentiles ------------------------------------------------------------------------------------------------------


def _percentile_window(call: nodes.FunctionCall, name: str, window: nodes.Window) -> nodes.Window:
    """The order of WITHIN GROUP is that of the window. Errors: 10752, 10754, 10758."""
    if window.frame is not None:
        raise sql_error(10752, name, line=call.line)
    if window.order_by:
        raise sql_error(10758, name, line=call.line)
    if len(call.within_group) != 1:
        raise sql_error(10754, name, line=call.line)
    return replace(window, order_by=call.within_group)


def _compile_percentile(
    call: nodes.FunctionCall, name: str, window: nodes.Window, scope: Scope, ctx: PlanContext
) -> tuple[SqlType, list[Expr], windowing.Compute]:
    """PERCENTILE_CONT gives float, PERCENTILE_DISC one of the values. Errors: 174, 8117."""
    part = percentile_fraction(call, scope, ctx)
    value = compile_scalar(window.order_by[0].expression, scope, ctx)
    if name == "PERCENTILE_DISC":
        return value.type, [value], windowing.percentile_discrete(part)
    if not is_numeric(value.type):
        raise sql_error(8117, message_name(value.type), name.lower(), line=call.line)
    return FLOAT, [convert_to(value, FLOAT)], windowing.percentile_continuous(part)


# --- Frames -----------------------------------------------------------------------------------------------------------


def _frame(window: nodes.Window, ctx: PlanContext) -> Frame:
    frame = window.frame
    if frame is None:
        return windowing.UP_TO_PEERS if window.order_by else windowing.WHOLE_PARTITION
    by_rows = frame.unit == "ROWS"
    grows = frame.first.kind == "UNBOUNDED PRECEDING"
    return Frame(_first(frame.first, by_rows, ctx), _last(frame.last, by_rows, ctx), grows)


def _first(bound: nodes.FrameBound, by_rows: bool, ctx: PlanContext) -> FrameEnd:
    match bound.kind:
        case "UNBOUNDED PRECEDING":
            return lambda position, length, peers: 0
        case "CURRENT ROW":
            return (
                (lambda position, length, peers: position)
                if by_rows
                else lambda position, length, peers: peers[position][0]
            )
        case _:
            offset = _offset(bound, by_rows, ctx)
            return lambda position, length, peers: position + offset


def _last(bound: nodes.FrameBound, by_rows: bool, ctx: PlanContext) -> FrameEnd:
    match bound.kind:
        case "UNBOUNDED FOLLOWING":
            return lambda position, length, peers: length
        case "CURRENT ROW":
            return (
                (lambda position, length, peers: position + 1)
                if by_rows
                else lambda position, length, peers: peers[position][1]
            )
        case _:
            offset = _offset(bound, by_rows, ctx) + 1
            return lambda position, length, peers: position + offset


def _offset(bound: nodes.FrameBound, by_rows: bool, ctx: PlanContext) -> int:
    """Rows after the current one, negative before. Errors: 4194 for RANGE with a number."""
    assert bound.offset is not None
    if not by_rows:
        raise sql_error(4194, line=bound.line)
    count = int(constant_value(compile_scalar(bound.offset, None, ctx)))
    return -count if bound.kind == "PRECEDING" else count
