"""Compilation of search conditions, with three-valued logic."""

from __future__ import annotations

from dataclasses import dataclass

from emulator.planning.binding import Condition, PlanContext, Scope
from emulator.sql import nodes


@dataclass(slots=True)
class ConditionExpr:
    """A compiled search condition: ``fn(env)`` is True, False or None (unknown).

    ``slots`` are the row slots it reads; ``constant``: the same at every evaluation everywhere.
    """

    fn: Condition
    slots: frozenset[int] = frozenset()
    constant: bool = False


def compile_condition(node: nodes.Predicate, scope: Scope | None, ctx: PlanContext) -> ConditionExpr:
    """Compile ``node`` with its full three-valued result (CHECK constraints, NOT, results that are inspected)."""
    raise NotImplementedError


def compile_filter(node: nodes.Predicate, scope: Scope | None, ctx: PlanContext) -> Condition:
    """Compile ``node`` where only true counts (WHERE, ON, IF, WHILE): the function's result is truthy or falsy."""
    raise NotImplementedError


def condition_slots(node: nodes.Predicate, scope: Scope | None, ctx: PlanContext) -> frozenset[int]:
    """The row slots that ``node`` reads: says where in a join it can be tested."""
    return compile_condition(node, scope, ctx).slots


def split_conjuncts(predicate: nodes.Predicate | None) -> list[nodes.Predicate]:
    """The conditions that must all be true for ``predicate`` to be true: nested ANDs flattened, [] for None."""
    raise NotImplementedError
