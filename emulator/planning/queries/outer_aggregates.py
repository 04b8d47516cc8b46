"""Aggregates in a subquery that belong to a query around it: all columns in them are that query's.

``SELECT (SELECT MAX(o.x) FROM i) FROM o`` groups ``o``, not ``i``. The outer query computes such an aggregate with its
own and lends it to the subquery (``Scope.lent``), where it is a value like any other.

Documentation: "Aggregate Functions (Transact-SQL)", "Subqueries (SQL Server)"; errors 144 and 147 name the rule.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields

from emulator.errors import SqlError
from emulator.planning.binding import PlanContext, Scope
from emulator.planning.expressions import is_aggregate_call
from emulator.planning.queries.sources import bind_sources
from emulator.sql import nodes


def outer_aggregates(parts: Sequence[object], scope: Scope, ctx: PlanContext) -> list[nodes.FunctionCall]:
    """The aggregate calls in the subqueries of ``parts`` that belong to the query of ``scope``: each as it stands
    there, equal ones too."""
    found: list[nodes.FunctionCall] = []
    for part in parts:
        for query in _queries_in(part):
            _search(query, [], scope, ctx, found)
    return found


def is_lent(call: nodes.FunctionCall, scope: Scope | None) -> bool:
    """Whether a query around lends the value of ``call``."""
    while scope is not None:
        if id(call) in scope.lent:
            return True
        scope = scope.parent
    return False


def _search(
    query: nodes.Query, inner: list[Scope], scope: Scope, ctx: PlanContext, found: list[nodes.FunctionCall]
) -> None:
    for block in _blocks(query.body):
        found += [call for call in _calls_in(block.sources) if _refers_to(call, scope)]
        for subquery in _queries_in(block.sources):
            _search(subquery, inner, scope, ctx, found)
        parts = (block.items, block.where, block.having, query.order_by)
        calls = [call for call in _calls_in(parts) if _refers_to(call, scope)]
        nested = list(_queries_in(parts))
        if not calls and not nested:
            continue
        scopes = [*inner, Scope(bind_sources(block.sources, scope, ctx).sources)] if block.sources else inner
        found += [call for call in calls if not any(_mentions(call, at) for at in scopes)]
        for subquery in nested:
            _search(subquery, scopes, scope, ctx, found)


def _blocks(body: nodes.QueryBody) -> Iterator[nodes.QuerySpecification]:
    if isinstance(body, nodes.SetOperation):
        yield from _blocks(body.left)
        yield from _blocks(body.right)
    else:
        yield body


def _walk(node: object) -> Iterator[nodes.Node]:
    """Every node in ``node``, subqueries as they are."""
    if isinstance(node, tuple):
        for element in node:
            yield from _walk(element)
    elif isinstance(node, nodes.Node):
        yield node
        if not isinstance(node, nodes.Query):
            for item in fields(node):
                yield from _walk(getattr(node, item.name))


def _queries_in(node: object) -> Iterator[nodes.Query]:
    return (found for found in _walk(node) if isinstance(found, nodes.Query))


def _calls_in(node: object) -> Iterator[nodes.FunctionCall]:
    return (found for found in _walk(node) if isinstance(found, nodes.FunctionCall) and is_aggregate_call(found))


def _columns(call: nodes.FunctionCall) -> list[nodes.ColumnRef]:
    return [found for found in _walk(call.arguments) if isinstance(found, nodes.ColumnRef)]


def _refers_to(call: nodes.FunctionCall, scope: Scope) -> bool:
    """Whether all columns of an aggregate, of which there are some, could be those of ``scope``."""
    columns = _columns(call)
    try:
        return bool(columns) and all(scope.find(column) is not None for column in columns)
    except SqlError:
        return False


def _mentions(call: nodes.FunctionCall, scope: Scope) -> bool:
    return any(scope.find(column) is not None for column in _columns(call))
