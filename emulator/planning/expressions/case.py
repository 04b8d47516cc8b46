"""CASE and the functions that choose among values: COALESCE, ISNULL, NULLIF, CHOOSE, GREATEST, LEAST (IIF is CASE too).

Only the branch that is chosen is evaluated.

Documentation: "CASE (Transact-SQL)", "COALESCE", "ISNULL", "NULLIF", "CHOOSE".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import reduce
from typing import Any

from emulator.errors import sql_error
from emulator.planning.binding import Condition, Env, Expr, PlanContext, Scalar, Scope
from emulator.planning.expressions.application import constant_fold, null, slots_of
from emulator.planning.expressions.comparisons import compare
from emulator.planning.expressions.conditions import ConditionExpr, compile_condition
from emulator.planning.expressions.conversions import convert_to
from emulator.planning.expressions.scalars import compile_scalar, compiles
from emulator.sql import nodes
from emulator.types.comparison import comparer
from emulator.types.precedence import common_type
from emulator.types.sqltype import INT, SqlType


def common_type_of(operands: Sequence[Expr]) -> SqlType | None:
    """The type that all ``operands`` meet in, not counting the word NULL; None if there is nothing else."""
    types = [operand.type for operand in operands if not operand.is_null_literal]
    return reduce(common_type, types) if types else None


@compiles(nodes.SearchedCase)
def _searched_case(node: nodes.SearchedCase, scope: Scope | None, ctx: PlanContext) -> Expr:
    conditions = [compile_condition(condition, scope, ctx) for condition, _ in node.branches]
    return _case(conditions, [result for _, result in node.branches], node.otherwise, scope, ctx, node.line)


@compiles(nodes.SimpleCase)
def _simple_case(node: nodes.SimpleCase, scope: Scope | None, ctx: PlanContext) -> Expr:
    operand = compile_scalar(node.operand, scope, ctx)
    conditions = [compare("=", operand, compile_scalar(value, scope, ctx)) for value, _ in node.branches]
    return _case(conditions, [result for _, result in node.branches], node.otherwise, scope, ctx, node.line)


def _case(
    conditions: list[ConditionExpr],
    result_nodes: list[nodes.Expression],
    otherwise_node: nodes.Expression | None,
    scope: Scope | None,
    ctx: PlanContext,
    line: int,
) -> Expr:
    results = [compile_scalar(result, scope, ctx) for result in result_nodes]
    otherwise = null(INT, literal=True) if otherwise_node is None else compile_scalar(otherwise_node, scope, ctx)
    type = common_type_of([*results, otherwise])
    if type is None:
        raise sql_error(8133, line=line)
    results = [convert_to(result, type) for result in results]
    otherwise = convert_to(otherwise, type)
    parts = [*results, otherwise]
    return constant_fold(
        Expr(
            type,
            _choice([condition.fn for condition in conditions], [result.fn for result in results], otherwise.fn),
            nullable=any(part.nullable for part in parts),
            slots=slots_of(*parts).union(*(condition.slots for condition in conditions)),
            constant=all(part.constant for part in parts) and all(condition.constant for condition in conditions),
            deterministic=all(part.deterministic for part in parts),
        )
    )


def _choice(conditions: list[Condition], results: list[Scalar], otherwise: Scalar) -> Scalar:
    if len(conditions) == 1:
        condition, result = conditions[0], results[0]
        return lambda env: result(env) if condition(env) else otherwise(env)
    if len(conditions) == 2:
        first, second = conditions
        first_result, second_result = results
        return lambda env: first_result(env) if first(env) else second_result(env) if second(env) else otherwise(env)
    branches = list(zip(conditions, results, strict=True))

    def choose(env: Env) -> Any:
        for condition, result in branches:
            if condition(env):
                return result(env)
        return otherwise(env)

    return choose


# --- Functions that choose --------------------------------------------------------------------------------------------


def compile_isnull(node: nodes.FunctionCall, scope: Scope | None, ctx: PlanContext) -> Expr:
    """ISNULL(a, b) has the type of ``a``; ``b`` is converted to it, cut if need be."""
    first, second = (compile_scalar(argument, scope, ctx) for argument in _exactly(node, 2))
    if first.is_null_literal:
        return replace(second, column=None, variable=None)
    return _first_not_null([first, convert_to(second, first.type)], first.type)


def compile_coalesce(node: nodes.FunctionCall, scope: Scope | None, ctx: PlanContext) -> Expr:
    """COALESCE(a, b, ...) has the type in which all of them meet."""
    if len(node.arguments) < 2:
        raise sql_error(189, "COALESCE", 2, 255, line=node.line)
    operands = [compile_scalar(argument, scope, ctx) for argument in node.arguments]
    type = common_type_of(operands)
    if type is None:
        raise sql_error(4127, line=node.line)
    return _first_not_null([convert_to(operand, type) for operand in operands], type)


def _first_not_null(operands: list[Expr], type: SqlType) -> Expr:
    return constant_fold(
        Expr(
            type,
            _first(operands),
            nullable=all(operand.nullable for operand in operands),
            slots=slots_of(*operands),
            constant=all(operand.constant for operand in operands),
            deterministic=all(operand.deterministic for operand in operands),
        )
    )


def _first(operands: list[Expr]) -> Scalar:
    if len(operands) > 2:
        getters = [operand.fn for operand in operands]

        def first_of_many(env: Env) -> Any:
            for get in getters:
                value = get(env)
                if value is not None:
                    return value
            return None

        return first_of_many
    first, second = operands
    otherwise = second.fn
    if first.variable is not None:
        index = first.variable

        def variable_or(env: Env) -> Any:
            value = env[0][index]
            return otherwise(env) if value is None else value

        return variable_or
    get = first.fn

    def value_or(env: Env) -> Any:
        value = get(env)
        return otherwise(env) if value is None else value

    return value_or


def compile_nullif(node: nodes.FunctionCall, scope: Scope | None, ctx: PlanContext) -> Expr:
    """NULLIF(a, b): NULL if they are equal, else ``a``; its type is that of ``a``."""
    first, second = (compile_scalar(argument, scope, ctx) for argument in _exactly(node, 2))
    if first.is_null_literal:
        raise sql_error(4151, line=node.line)
    equal = compare("=", first, second)
    get, is_equal = first.fn, equal.fn
    return constant_fold(
        Expr(
            first.type,
            lambda env: None if is_equal(env) else get(env),
            slots=first.slots | equal.slots,
            constant=first.constant and equal.constant,
            deterministic=first.deterministic and second.deterministic,
        )
    )


def compile_choose(node: nodes.FunctionCall, scope: Scope | None, ctx: PlanContext) -> Expr:
    """CHOOSE(index, a, b, ...): the value at the 1-based index, NULL beyond the list."""
    if len(node.arguments) < 2:
        raise sql_error(189, "choose", 2, 255, line=node.line)
    index, *values = (compile_scalar(argument, scope, ctx) for argument in node.arguments)
    index = convert_to(index, INT)
    type = common_type_of(values)
    if type is None:
        raise sql_error(8133, line=node.line)
    values = [convert_to(value, type) for value in values]
    get_index, getters = index.fn, [value.fn for value in values]

    def choose(env: Env) -> Any:
        place = get_index(env)
        return getters[place - 1](env) if place is not None and 0 < place <= len(getters) else None

    operands = [index, *values]
    return constant_fold(
        Expr(type, choose, slots=slots_of(*operands), constant=all(operand.constant for operand in operands))
    )


def _extreme(node: nodes.FunctionCall, scope: Scope | None, ctx: PlanContext, operator: str) -> Expr:
    if not 1 <= len(node.arguments) <= 254:
        raise sql_error(189, node.name.name.lower(), 1, 254, line=node.line)
    operands = [compile_scalar(argument, scope, ctx) for argument in node.arguments]
    type = common_type_of(operands)
    if type is None:
        raise sql_error(8133, line=node.line)
    getters = [convert_to(operand, type).fn for operand in operands]
    better = comparer(operator, type)

    def choose(env: Env) -> Any:
        best = None
        for get in getters:
            value = get(env)
            if value is not None and (best is None or better(value, best)):
                best = value
        return best

    return constant_fold(
        Expr(
            type,
            choose,
            nullable=all(operand.nullable for operand in operands),
            slots=slots_of(*operands),
            constant=all(operand.constant for operand in operands),
            deterministic=all(operand.deterministic for operand in operands),
        )
    )


def compile_greatest(node: nodes.FunctionCall, scope: Scope | None, ctx: PlanContext) -> Expr:
    """GREATEST(a, b, ...): NULLs do not count."""
    return _extreme(node, scope, ctx, ">")


def compile_least(node: nodes.FunctionCall, scope: Scope | None, ctx: PlanContext) -> Expr:
    """LEAST(a, b, ...): NULLs do not count."""
    return _extreme(node, scope, ctx, "<")


def _exactly(node: nodes.FunctionCall, count: int) -> tuple[nodes.Expression, ...]:
    if len(node.arguments) != count:
        raise sql_error(174, node.name.name.lower(), count, line=node.line)
    return node.arguments
