"""How closures apply a function of values to operands: NULL in, NULL out.

The shapes that stored procedures are made of (a variable, a column, a constant) read their operand in place instead of
calling its closure, which is most of the time a comparison takes. ``env[0]`` is ``env[VARIABLES]``, written as a
number because a global name costs as much as the access itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from emulator.errors import SqlError
from emulator.execution.warnings import DIVISION_BY_ZERO, OVERFLOW
from emulator.planning.binding import SESSION, Env, Expr, PlanContext, Scalar
from emulator.types.sqltype import SqlType

Function = Callable[..., Any]

FAULTS = {220: OVERFLOW, 232: OVERFLOW, 8115: OVERFLOW, 8134: DIVISION_BY_ZERO}
"""Arithmetic faults, with the warning that they become."""
NO_ENV: Env = []
"""What a constant is evaluated with."""


def constant(type: SqlType, value: Any, literal: int | None = None) -> Expr:
    """The expression that always is ``value``."""

    def always(env: Env) -> Any:
        return value

    return Expr(type, always, nullable=value is None, constant=True, literal=literal)


def null(type: SqlType, *, literal: bool = False) -> Expr:
    """NULL of a type; ``literal``: the word NULL, which takes the type of what it meets."""
    expr = constant(type, None)
    expr.is_null_literal = literal
    return expr


def constant_value(expr: Expr) -> Any:
    """The value of a constant expression."""
    return expr.fn(NO_ENV)


def constant_fold(expr: Expr) -> Expr:
    """``expr`` evaluated now if it is constant and succeeds; an error stays for run time, where it may never be met."""
    if not expr.constant:
        return expr
    try:
        value = expr.fn(NO_ENV)
    except SqlError:
        return replace(expr, constant=False)
    folded = constant(expr.type, value, expr.literal)
    folded.is_null_literal = expr.is_null_literal
    return folded


def applied(type: SqlType, function: Function, *operands: Expr, nullable: bool = False) -> Expr:
    """``function`` of the operands' values as an expression; NULL when any of them is, folded when all are constant.

    ``nullable``: the function itself may give NULL.
    """
    expr = Expr(
        type,
        apply(function, *operands),
        nullable=nullable or any(operand.nullable for operand in operands),
        slots=slots_of(*operands),
        constant=all(operand.constant for operand in operands),
        deterministic=all(operand.deterministic for operand in operands),
    )
    return constant_fold(expr)


def absorbing(expr: Expr, ctx: PlanContext) -> Expr:
    """``expr``, with NULL for arithmetic faults where the SET options ask for that ("SET ARITHABORT")."""
    if not ctx.options.absorbs or expr.constant:
        return expr
    get, warns = expr.fn, ctx.options.warns

    def absorb(env: Env) -> Any:
        try:
            return get(env)
        except SqlError as error:
            warning = FAULTS.get(error.number)
            if warning is None:
                raise
            if warns:
                env[SESSION].warnings |= warning
            return None

    return replace(expr, fn=absorb, nullable=True, column=None, variable=None, literal=None)


def slots_of(*operands: Expr) -> frozenset[int]:
    """The row slots that any of ``operands`` reads."""
    return frozenset().union(*(operand.slots for operand in operands))


def apply(function: Function, *operands: Expr) -> Scalar:
    """The closure of ``function`` over the operands' values, None when any of them is None."""
    if any(operand.constant and constant_value(operand) is None for operand in operands):
        return lambda env: None
    if len(operands) == 1:
        return _apply_to_one(function, operands[0])
    if len(operands) == 2:
        return _apply_to_two(function, *operands)
    return _apply_to_many(function, operands)


def _apply_to_one(function: Function, operand: Expr) -> Scalar:
    if operand.variable is not None:
        index = operand.variable

        def of_variable(env: Env) -> Any:
            value = env[0][index]
            return None if value is None else function(value)

        return of_variable
    if operand.column is not None:
        slot, ordinal = operand.column

        def of_column(env: Env) -> Any:
            value = env[slot][ordinal]
            return None if value is None else function(value)

        return of_column
    get = operand.fn
    if not operand.nullable:
        return lambda env: function(get(env))

    def of_value(env: Env) -> Any:
        value = get(env)
        return None if value is None else function(value)

    return of_value


def _apply_to_two(function: Function, left: Expr, right: Expr) -> Scalar:
    if right.constant:
        return _apply_with_constant(function, left, constant_value(right))
    if left.variable is not None and right.variable is not None:
        return _apply_to_variables(function, left.variable, right.variable)
    if left.column is not None and right.variable is not None:
        return _apply_to_column_and_variable(function, *left.column, right.variable)
    if left.variable is not None and right.column is not None:
        return _apply_to_variable_and_column(function, left.variable, *right.column)
    if left.column is not None and right.column is not None:
        return _apply_to_columns(function, *left.column, *right.column)
    get_left, get_right = left.fn, right.fn
    if left.constant:
        value = constant_value(left)

        def after_constant(env: Env) -> Any:
            right_value = get_right(env)
            return None if right_value is None else function(value, right_value)

        return after_constant
    if not left.nullable and not right.nullable:
        return lambda env: function(get_left(env), get_right(env))

    def of_values(env: Env) -> Any:
        left_value = get_left(env)
        if left_value is None:
            return None
        right_value = get_right(env)
        return None if right_value is None else function(left_value, right_value)

    return of_values


def _apply_with_constant(function: Function, left: Expr, value: Any) -> Scalar:
    if left.variable is not None:
        index = left.variable

        def variable_and_constant(env: Env) -> Any:
            left_value = env[0][index]
            return None if left_value is None else function(left_value, value)

        return variable_and_constant
    if left.column is not None:
        slot, ordinal = left.column

        def column_and_constant(env: Env) -> Any:
            left_value = env[slot][ordinal]
            return None if left_value is None else function(left_value, value)

        return column_and_constant
    get = left.fn

    def value_and_constant(env: Env) -> Any:
        left_value = get(env)
        return None if left_value is None else function(left_value, value)

    return value_and_constant


def _apply_to_variables(function: Function, left: int, right: int) -> Scalar:
    def variables(env: Env) -> Any:
        values = env[0]
        left_value = values[left]
        if left_value is None:
            return None
        right_value = values[right]
        return None if right_value is None else function(left_value, right_value)

    return variables


def _apply_to_column_and_variable(function: Function, slot: int, ordinal: int, variable: int) -> Scalar:
    def column_and_variable(env: Env) -> Any:
        left_value = env[slot][ordinal]
        if left_value is None:
            return None
        right_value = env[0][variable]
        return None if right_value is None else function(left_value, right_value)

    return column_and_variable


def _apply_to_variable_and_column(function: Function, variable: int, slot: int, ordinal: int) -> Scalar:
    def variable_and_column(env: Env) -> Any:
        left_value = env[0][variable]
        if left_value is None:
            return None
        right_value = env[slot][ordinal]
        return None if right_value is None else function(left_value, right_value)

    return variable_and_column


def _apply_to_columns(function: Function, slot: int, ordinal: int, right_slot: int, right_ordinal: int) -> Scalar:
    def columns(env: Env) -> Any:
        left_value = env[slot][ordinal]
        if left_value is None:
            return None
        right_value = env[right_slot][right_ordinal]
        return None if right_value is None else function(left_value, right_value)

    return columns


def _apply_to_many(function: Function, operands: tuple[Expr, ...]) -> Scalar:
    if not operands:
        return lambda env: function()
    getters = [operand.fn for operand in operands]
    if len(getters) == 3:
        first, second, third = getters

        def of_three(env: Env) -> Any:
            a, b, c = first(env), second(env), third(env)
            return None if a is None or b is None or c is None else function(a, b, c)

        return of_three

    def of_many(env: Env) -> Any:
        values = [get(env) for get in getters]
        return None if None in values else function(*values)

    return of_many
