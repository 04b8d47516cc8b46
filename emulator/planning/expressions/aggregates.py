"""Compilation of aggregate calls to accumulators."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from emulator.planning.binding import PlanContext, Scalar, Scope
from emulator.sql import nodes
from emulator.types.sqltype import SqlType


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
    number of rows and needs no argument. ``slots`` are the row slots that ``argument`` reads. ``nullable``: may be NULL.
    """

    type: SqlType
    argument: Scalar
    new: Callable[[], Any]
    add: Callable[[Any, Any], Any]
    result: Callable[[Any], Any]
    counts_rows: bool = False
    nullable: bool = True
    slots: frozenset[int] = frozenset()


def compile_aggregate(node: nodes.FunctionCall, scope: Scope, ctx: PlanContext) -> CompiledAggregate:
    """Compile the aggregate call ``node`` (COUNT, SUM, ... with or without DISTINCT; its OVER clause is not looked at).

    ``scope`` is that of the rows being aggregated. Errors: 130 aggregate in an aggregate, 8117 operand type, 174.
    """
    raise NotImplementedError
