"""GROUP BY and aggregates: what is grouped by, what is computed for each group, and how expressions read it.

Behind grouping, an expression may use grouping expressions, aggregates and constants only: they are entered as
replacements in a scope of their own, where any other column is error 8120.

Documentation: "SELECT - GROUP BY", "GROUPING", "GROUPING_ID", "Aggregate functions".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, product
from typing import Any

from emulator.errors import sql_error
from emulator.execution.grouping import GroupingSet, GroupKey, group_rows
from emulator.execution.scans import Rows
from emulator.planning.binding import Env, Expr, PlanContext, Scope
from emulator.planning.expressions import CompiledAggregate, compile_aggregate, compile_scalar, find_aggregates
from emulator.planning.expressions.scalars import canonical, column_of
from emulator.planning.expressions.walk import contains_query
from emulator.planning.queries.access import Ordering
from emulator.planning.queries.outer_aggregates import is_lent
from emulator.sql import nodes
from emulator.types.comparison import sort_key
from emulator.types.sqltype import INT, TINYINT

_GROUPING_FUNCTIONS = frozenset({"GROUPING", "GROUPING_ID"})


@dataclass(slots=True)
class Grouping:
    """A compiled GROUP BY: ``scope`` is for everything computed from the groups, whose rows are in ``slot``."""

    slot: int
    scope: Scope
    keys: list[Expr]
    aggregates: list[CompiledAggregate]
    sets: list[GroupingSet] | None

    def apply(self, rows: Rows) -> Rows:
        """The operator that groups ``rows``."""
        keys = [GroupKey(key.fn, sort_key(key.type)) for key in self.keys]
        return group_rows(rows, self.slot, keys, self.aggregates, self.sets)

    @property
    def extreme(self) -> Ordering:
        """The order in which the first row alone decides: all rows are one group, of which MIN or MAX is asked."""
        if self.keys or self.sets is not None or len(self.aggregates) != 1 or self.aggregates[0].extreme is None:
            return ()
        return (self.aggregates[0].extreme,)

    @property
    def slots(self) -> frozenset[int]:
        """The slots that grouping reads."""
        return frozenset().union(*(key.slots for key in self.keys), *(aggregate.slots for aggregate in self.aggregates))


def is_grouped(
    body: nodes.QuerySpecification,
    order_by: Sequence[nodes.OrderItem],
    scope: Scope | None = None,
    lent: Sequence[nodes.FunctionCall] = (),
) -> bool:
    """Whether a query has groups: GROUP BY, HAVING, or aggregates of its own (then all rows are one group).

    ``lent`` are those in its subqueries.
    """
    if body.group_by or body.having is not None or lent:
        return True
    return any(not is_lent(call, scope) for item in (*body.items, *order_by) for call in find_aggregates(item))


def compile_grouping(
    body: nodes.QuerySpecification,
    order_by: Sequence[nodes.OrderItem],
    scope: Scope,
    ctx: PlanContext,
    lent: Sequence[nodes.FunctionCall] = (),
) -> Grouping:
    """Compile GROUP BY and the aggregates of the select list, HAVING and ORDER BY, and those ``lent`` to subqueries.

    Errors: 144, 164.
    """
    slot = ctx.new_slot()
    sets = _grouping_sets(body.group_by)
    nodes_by_form: dict[Any, nodes.Expression] = {}
    for grouping_set in sets:
        for node in grouping_set:
            nodes_by_form.setdefault(canonical(node, scope), node)
    keys = [_compile_key(node, scope, ctx) for node in nodes_by_form.values()]
    places = {form: position for position, form in enumerate(nodes_by_form)}
    grouping_sets = [
        GroupingSet(tuple(dict.fromkeys(places[canonical(node, scope)] for node in grouping_set)))
        for grouping_set in sets
    ]
    is_plain = len(grouping_sets) == 1 and len(grouping_sets[0].keys) == len(keys)
    grouped = Scope(scope.sources, scope.parent, grouped=True)
    grouping = Grouping(slot, grouped, keys, [], None if is_plain else grouping_sets)
    for position, (node, key) in enumerate(zip(nodes_by_form.values(), keys, strict=True)):
        grouped.replacements[node] = column_of(slot, position, key.type, key.nullable or not is_plain)
    calls: list[nodes.FunctionCall] = []
    for part in (*body.items, body.having, *order_by):
        if part is not None:
            calls += [call for call in find_aggregates(part) if call not in calls and not is_lent(call, scope)]
    calls += [call for number, call in enumerate(lent) if call not in calls and call not in lent[:number]]
    for call in calls:
        if call.name.name.upper() not in _GROUPING_FUNCTIONS:
            aggregate = compile_aggregate(call, scope, ctx)
            grouping.aggregates.append(aggregate)
            ordinal = len(keys) + len(grouping.aggregates) - 1
            grouped.replacements[call] = column_of(slot, ordinal, aggregate.type, aggregate.nullable)
    for call in calls:
        if call.name.name.upper() in _GROUPING_FUNCTIONS:
            grouped.replacements[call] = _grouping_function(call, grouping, grouping_sets, places, scope)
    grouped.lent.update({id(call): grouped.replacements[call] for call in lent})
    return grouping


def _compile_key(node: nodes.Expression, scope: Scope, ctx: PlanContext) -> Expr:
    if find_aggregates(node) or contains_query(node):
        raise sql_error(144, line=node.line)
    key = compile_scalar(node, scope, ctx)
    if not key.slots & _visible_slots(scope):
        raise sql_error(164, line=node.line)
    return key


def _visible_slots(scope: Scope) -> frozenset[int]:
    found: set[int] = set()
    for source in scope.sources:
        if source.expressions is None:
            found.add(source.slot)
        else:
            found = found.union(*(expr.slots for expr in source.expressions))
    return frozenset(found)


def _grouping_function(
    call: nodes.FunctionCall,
    grouping: Grouping,
    sets: Sequence[GroupingSet],
    places: dict[Any, int],
    scope: Scope,
) -> Expr:
    """GROUPING(x): 1 when x is not grouped by in this row's set; GROUPING_ID(x, y): these as bits. Errors: 8161."""
    values = [0] * len(sets)
    for argument in call.arguments:
        place = places.get(canonical(argument, scope))
        if place is None:
            raise sql_error(8161, call.arguments.index(argument) + 1, call.name.name.upper(), line=call.line)
        values = [value * 2 + (place not in keys.keys) for value, keys in zip(values, sets, strict=True)]
    type = TINYINT if call.name.name.upper() == "GROUPING" else INT
    if grouping.sets is None:
        (value,) = values
        return Expr(type, lambda env: value, nullable=False, slots=frozenset({grouping.slot}))
    slot = grouping.slot

    def of_set(env: Env) -> int:
        number: int = env[slot][-1]
        return values[number]

    return Expr(type, of_set, nullable=False, slots=frozenset({slot}))


# --- Grouping sets ----------------------------------------------------------------------------------------------------

Sets = list[tuple[nodes.Expression, ...]]


def _grouping_sets(elements: Sequence[nodes.GroupingElement]) -> Sets:
    """All combinations of the sets that the elements of GROUP BY stand for."""
    choices = [_sets_of(element) for element in elements]
    return [tuple(node for part in combination for node in part) for combination in product(*choices)]


def _sets_of(element: nodes.GroupingElement) -> Sets:
    match element:
        case nodes.Rollup(items=items):
            return [_joined(items[:count]) for count in range(len(items), -1, -1)]
        case nodes.Cube(items=items):
            sizes = range(len(items), -1, -1)
            return [_joined(chosen) for size in sizes for chosen in combinations(items, size)]
        case nodes.GroupingSets(sets=sets):
            return [combined for grouping_set in sets for combined in _grouping_sets(grouping_set)]
        case _:
            return [(element,)]


def _joined(items: Sequence[tuple[nodes.Expression, ...]]) -> tuple[nodes.Expression, ...]:
    return tuple(node for item in items for node in item)
