"""Arithmetic, bitwise and concatenation operators on compiled operands."""

from __future__ import annotations

from dataclasses import replace

from emulator.planning.binding import Expr, PlanContext, Scope
from emulator.planning.expressions.application import applied, null
from emulator.planning.expressions.scalars import compile_scalar, compiles
from emulator.sql import nodes
from emulator.types import arithmetic


@compiles(nodes.Binary)
def _binary(node: nodes.Binary, scope: Scope | None, ctx: PlanContext) -> Expr:
    return binary(node.operator, compile_scalar(node.left, scope, ctx), compile_scalar(node.right, scope, ctx))


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
    operand = compile_scalar(node.operand, scope, ctx)
    if operand.is_null_literal:
        return null(operand.type)
    type, function = arithmetic.unary(node.operator, operand.type)
    if function is None:
        return replace(operand, type=type, column=None)
    result = applied(type, function, operand)
    if operand.literal is not None and node.operator == "-":
        result.literal = -operand.literal
    return result
