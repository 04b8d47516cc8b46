"""Arithmetic, bitwise and concatenation operators on compiled operands."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from emulator.planning.binding import Env, Expr, PlanContext, Scope
from emulator.planning.expressions.application import absorbing, applied, constant, null
from emulator.planning.expressions.collations import under_explicit
from emulator.planning.expressions.scalars import compile_scalar, compiles
from emulator.sql import nodes
from emulator.types import arithmetic
from emulator.types.sqltype import INT, INTEGER_RANGES, is_character

_SHIFTS = {"<<": "LEFT_SHIFT", ">>": "RIGHT_SHIFT"}
"""The functions that operators are another form of ("LEFT_SHIFT (Transact SQL)")."""


@compiles(nodes.Binary)
def _binary(node: nodes.Binary, scope: Scope | None, ctx: PlanContext) -> Expr:
    if node.operator in _SHIFTS:
        name = nodes.ObjectName(_SHIFTS[node.operator], line=node.line)
        return compile_scalar(nodes.FunctionCall(name, (node.left, node.right), line=node.line), scope, ctx)
    left, right = compile_scalar(node.left, scope, ctx), compile_scalar(node.right, scope, ctx)
    if node.operator == "+":
        left, right = under_explicit((node.left, node.right), (left, right))
    if node.operator == "+" and not ctx.options.concat_null_yields_null:
        left, right = _empty_for_null(left, right), _empty_for_null(right, left)
    return absorbing(binary(node.operator, left, right), ctx)


def _empty_for_null(text: Expr, other: Expr) -> Expr:
    """``text`` with '' for NULL, if the two are character data ("SET CONCAT_NULL_YIELDS_NULL")."""
    if text.is_null_literal and is_character(other.type):
        return constant(other.type, "")
    if not text.nullable or not is_character(text.type) or not (other.is_null_literal or is_character(other.type)):
        return text
    get = text.fn

    def value_or_empty(env: Env) -> Any:
        value = get(env)
        return "" if value is None else value

    return replace(text, fn=value_or_empty, nullable=False, column=None, variable=None, literal=None)


def binary(operator: str, left: Expr, right: Expr) -> Expr:
    """``left operator right``. The word NULL takes the type of the other side. Errors: 206, 257, 402, 8117."""
    if left.is_null_literal and not right.is_null_literal:
        left = null(right.type)
    elif right.is_null_literal and not left.is_null_literal:
        right = null(left.type)
    type, function = arithmetic.binary(operator, left.type, right.type, _digits(left), _digits(right))
    return applied(type, function, left, right)


def _digits(expr: Expr) -> int | None:
    """Digits of an integer literal, None for anything else."""
    return None if expr.literal is None else len(str(abs(expr.literal)))


@compiles(nodes.Unary)
def _unary(node: nodes.Unary, scope: Scope | None, ctx: PlanContext) -> Expr:
    if node.operator == "-" and _is_least_int(node.operand):
        return constant(INT, INTEGER_RANGES["int"][0], literal=INTEGER_RANGES["int"][0])
    operand = compile_scalar(node.operand, scope, ctx)
    if operand.is_null_literal:
        return null(operand.type)
    type, function = arithmetic.unary(node.operator, operand.type)
    if function is None:
        return replace(operand, type=type, column=None)
    result = absorbing(applied(type, function, operand), ctx)
    if operand.literal is not None and node.operator == "-":
        result.literal = -operand.literal
    return result


def _is_least_int(operand: nodes.Expression) -> bool:
    """Whether it is 2147483648: with the minus before it, it is an int."""
    return (
        isinstance(operand, nodes.NumericLiteral) and not operand.scale and -operand.value == INTEGER_RANGES["int"][0]
    )
