"""Compilation of search conditions, with three-valued logic.

Where only true counts (WHERE, ON, IF), unknown is as good as false, so AND and OR are Python's own there. The full
logic is compiled where unknown can become something else: under NOT, and for CHECK constraints, which unknown passes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from emulator.errors import NotSupported, SqlError
from emulator.planning.binding import Condition, Env, PlanContext, Scope
from emulator.planning.expressions.application import NO_ENV
from emulator.planning.expressions.scalars import compile_scalar
from emulator.sql import nodes

NodeT = TypeVar("NodeT", bound=nodes.Predicate)


@dataclass(slots=True)
class ConditionExpr:
    """A compiled search condition: ``fn(env)`` is True, False or None (unknown).

    ``slots`` are the row slots it reads; ``constant``: the same at every evaluation everywhere.
    """

    fn: Condition
    slots: frozenset[int] = frozenset()
    constant: bool = False


Compiler = Callable[[Any, "Scope | None", PlanContext], ConditionExpr]

COMPILERS: dict[type, Compiler] = {}
"""The compiler of each class of predicates."""


def tests(
    node_class: type[NodeT],
) -> Callable[
    [Callable[[NodeT, Scope | None, PlanContext], ConditionExpr]],
    Callable[[NodeT, Scope | None, PlanContext], ConditionExpr],
]:
    """Enter the decorated function as the compiler of ``node_class``."""

    def enter(
        compiler: Callable[[NodeT, Scope | None, PlanContext], ConditionExpr],
    ) -> Callable[[NodeT, Scope | None, PlanContext], ConditionExpr]:
        COMPILERS[node_class] = compiler
        return compiler

    return enter


def compile_condition(node: nodes.Predicate, scope: Scope | None, ctx: PlanContext) -> ConditionExpr:
    """Compile ``node`` with its full three-valued result (CHECK constraints, NOT, results that are inspected)."""
    node = with_null_rules(node, ctx)
    compiler = COMPILERS.get(type(node))
    if compiler is None:
        raise NotSupported(type(node).__name__, node.line)
    return _folded(compiler(node, scope, ctx))


def with_null_rules(node: nodes.Predicate, ctx: PlanContext) -> nodes.Predicate:
    """``node`` as it is meant with ANSI_NULLS OFF: = and <> with the word NULL or a variable compare NULL like a value.

    Documentation: "SET ANSI_NULLS (Transact-SQL)".
    """
    if ctx.ansi_nulls or not isinstance(node, nodes.Comparison) or node.operator not in ("=", "<>"):
        return node
    if not any(isinstance(side, nodes.NullLiteral | nodes.Variable) for side in (node.left, node.right)):
        return node
    return nodes.IsDistinctFrom(node.left, node.right, node.operator == "=", line=node.line)


def compile_filter(node: nodes.Predicate, scope: Scope | None, ctx: PlanContext) -> Condition:
    """Compile ``node`` where only true counts (WHERE, ON, IF, WHILE): the function's result is truthy or falsy."""
    return _filter(node, scope, ctx).fn


def _filter(node: nodes.Predicate, scope: Scope | None, ctx: PlanContext) -> ConditionExpr:
    """A filter; ``slots`` are not filled in."""
    if not isinstance(node, nodes.And | nodes.Or):
        return compile_condition(node, scope, ctx)
    absorbing = isinstance(node, nodes.Or)
    parts = [_filter(operand, scope, ctx) for operand in node.operands]
    deciding = _deciding(parts, absorbing)
    functions = [part.fn for part in parts]
    return deciding or ConditionExpr(_some(functions) if absorbing else _every(functions))


def _deciding(conditions: Sequence[ConditionExpr], absorbing: bool) -> ConditionExpr | None:
    """The constant that decides a whole AND (False) or OR (True): nothing beside it is evaluated, before or after."""
    return next((item for item in conditions if item.constant and _constant_result(item) is absorbing), None)


def _constant_result(condition: ConditionExpr) -> bool | None:
    """What a constant is; None, too, for one that fails."""
    try:
        return condition.fn(NO_ENV)
    except SqlError:
        return None


def condition_slots(node: nodes.Predicate, scope: Scope | None, ctx: PlanContext) -> frozenset[int]:
    """The row slots that ``node`` reads: says where in a join it can be tested."""
    return compile_condition(node, scope, ctx).slots


def split_conjuncts(predicate: nodes.Predicate | None) -> list[nodes.Predicate]:
    """The conditions that must all be true for ``predicate`` to be true: nested ANDs flattened, [] for None."""
    if predicate is None:
        return []
    if isinstance(predicate, nodes.And):
        return [conjunct for operand in predicate.operands for conjunct in split_conjuncts(operand)]
    return [predicate]


def _folded(condition: ConditionExpr) -> ConditionExpr:
    if not condition.constant:
        return condition
    try:
        value = condition.fn(NO_ENV)
    except SqlError:
        return ConditionExpr(condition.fn, condition.slots)
    return ConditionExpr(lambda env: value, constant=True)


# --- AND, OR, NOT -----------------------------------------------------------------------------------------------------


def _every(filters: Sequence[Condition]) -> Condition:
    if len(filters) == 2:
        first, second = filters
        return lambda env: first(env) and second(env)
    first, second, third = filters[0], filters[1], filters[2] if len(filters) == 3 else _every(filters[2:])
    return lambda env: first(env) and second(env) and third(env)


def _some(filters: Sequence[Condition]) -> Condition:
    if len(filters) == 2:
        first, second = filters
        return lambda env: first(env) or second(env)
    first, second, third = filters[0], filters[1], filters[2] if len(filters) == 3 else _some(filters[2:])
    return lambda env: first(env) or second(env) or third(env)


def all_of(conditions: Sequence[ConditionExpr]) -> ConditionExpr:
    """AND: false if any is false, else unknown if any is unknown."""
    deciding = conditions[0] if len(conditions) == 1 else _deciding(conditions, False)
    if deciding is not None:
        return deciding
    functions = [condition.fn for condition in conditions]

    def conjunction(env: Env) -> bool | None:
        result: bool | None = True
        for function in functions:
            value = function(env)
            if value is False:
                return False
            if value is None:
                result = None
        return result

    return _combined(conjunction, conditions)


def any_of(conditions: Sequence[ConditionExpr]) -> ConditionExpr:
    """OR: true if any is true, else unknown if any is unknown."""
    deciding = conditions[0] if len(conditions) == 1 else _deciding(conditions, True)
    if deciding is not None:
        return deciding
    functions = [condition.fn for condition in conditions]

    def disjunction(env: Env) -> bool | None:
        result: bool | None = False
        for function in functions:
            value = function(env)
            if value is True:
                return True
            if value is None:
                result = None
        return result

    return _combined(disjunction, conditions)


def negation(condition: ConditionExpr) -> ConditionExpr:
    """NOT: unknown stays unknown."""
    function = condition.fn

    def negated(env: Env) -> bool | None:
        value = function(env)
        return None if value is None else not value

    return ConditionExpr(negated, condition.slots, condition.constant)


def _combined(function: Condition, conditions: Sequence[ConditionExpr]) -> ConditionExpr:
    slots: frozenset[int] = frozenset().union(*(condition.slots for condition in conditions))
    return ConditionExpr(function, slots, all(condition.constant for condition in conditions))


@tests(nodes.And)
def _and(node: nodes.And, scope: Scope | None, ctx: PlanContext) -> ConditionExpr:
    return all_of([compile_condition(operand, scope, ctx) for operand in node.operands])


@tests(nodes.Or)
def _or(node: nodes.Or, scope: Scope | None, ctx: PlanContext) -> ConditionExpr:
    return any_of([compile_condition(operand, scope, ctx) for operand in node.operands])


@tests(nodes.Not)
def _not(node: nodes.Not, scope: Scope | None, ctx: PlanContext) -> ConditionExpr:
    return negation(compile_condition(node.operand, scope, ctx))


@tests(nodes.UpdatedColumn)
def _updated_column(node: nodes.UpdatedColumn, scope: Scope | None, ctx: PlanContext) -> ConditionExpr:
    raise NotSupported("UPDATE(column)", node.line)


@tests(nodes.CurrentOf)
def _current_of(node: nodes.CurrentOf, scope: Scope | None, ctx: PlanContext) -> ConditionExpr:
    raise NotSupported("WHERE CURRENT OF", node.line)


# --- IS NULL ----------------------------------------------------------------------------------------------------------


@tests(nodes.IsNull)
def _is_null(node: nodes.IsNull, scope: Scope | None, ctx: PlanContext) -> ConditionExpr:
    operand = compile_scalar(node.operand, scope, ctx)
    get = operand.fn
    function: Condition
    if operand.variable is not None:
        index = operand.variable
        function = (lambda env: env[0][index] is not None) if node.negated else (lambda env: env[0][index] is None)
    elif operand.column is not None:
        slot, ordinal = operand.column
        if node.negated:
            function = lambda env: env[slot][ordinal] is not None  # noqa: E731
        else:
            function = lambda env: env[slot][ordinal] is None  # noqa: E731
    else:
        function = (lambda env: get(env) is not None) if node.negated else (lambda env: get(env) is None)
    return ConditionExpr(function, operand.slots, operand.constant)
