"""Walking expression trees, without going into subqueries."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields

from emulator.execution.functions.aggregates import AGGREGATES
from emulator.sql import nodes


def children(node: object) -> Iterator[nodes.Node]:
    """The nodes directly inside ``node``, in the order written; those inside a subquery are not its children."""
    if isinstance(node, nodes.Query):
        return
    for item in fields(node):  # type: ignore[arg-type]
        yield from _nodes_in(getattr(node, item.name))


def _nodes_in(value: object) -> Iterator[nodes.Node]:
    if isinstance(value, nodes.Query):
        return
    if isinstance(value, nodes.Node):
        yield value
    elif isinstance(value, tuple):
        for element in value:
            yield from _nodes_in(element)


def is_aggregate_call(node: object) -> bool:
    """Whether ``node`` calls an aggregate over a group (so not with OVER)."""
    return (
        isinstance(node, nodes.FunctionCall)
        and node.over is None
        and node.name.schema is None
        and node.name.name.upper() in AGGREGATES
    )


def find_aggregates(node: object) -> list[nodes.FunctionCall]:
    """The aggregate calls in ``node``, in the order written, each once; those inside other aggregates are left out.

    The arguments of window functions are searched too: SUM(SUM(x)) OVER () has the aggregate SUM(x).
    """
    found: list[nodes.FunctionCall] = []
    pending = [node]
    while pending:
        current = pending.pop()
        if is_aggregate_call(current):
            assert isinstance(current, nodes.FunctionCall)
            if current not in found:
                found.append(current)
        else:
            pending.extend(reversed(list(children(current))))
    return found


def contains_aggregate(node: object) -> bool:
    """Whether an aggregate is called anywhere in ``node``."""
    return bool(find_aggregates(node))


def find_windows(node: object) -> list[nodes.FunctionCall]:
    """The calls with an OVER clause in ``node``, in the order written, each once."""
    found: list[nodes.FunctionCall] = []
    pending = [node]
    while pending:
        current = pending.pop()
        if isinstance(current, nodes.FunctionCall) and current.over is not None:
            if current not in found:
                found.append(current)
        else:
            pending.extend(reversed(list(children(current))))
    return found


def find_ordered_values(node: object) -> list[nodes.NextValueFor]:
    """The NEXT VALUE FOR with an OVER clause in ``node``, each once."""
    found: list[nodes.NextValueFor] = []
    pending = [node]
    while pending:
        current = pending.pop()
        if isinstance(current, nodes.NextValueFor):
            if current.order_by and current not in found:
                found.append(current)
        else:
            pending.extend(reversed(list(children(current))))
    return found


def contains_query(node: object) -> bool:
    """Whether ``node`` is or has in it a subquery."""
    return isinstance(node, nodes.Query) or any(_has_query(value) for value in _values(node))


def _has_query(value: object) -> bool:
    if isinstance(value, tuple):
        return any(_has_query(element) for element in value)
    return isinstance(value, nodes.Node) and contains_query(value)


def _values(node: object) -> list[object]:
    return [getattr(node, item.name) for item in fields(node)] if isinstance(node, nodes.Node) else []


def contains_variable(node: object) -> bool:
    """Whether a variable stands in ``node``, outside of subqueries."""
    return isinstance(node, nodes.Variable) or any(contains_variable(child) for child in children(node))
