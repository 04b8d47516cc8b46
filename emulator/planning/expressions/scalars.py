"""Compilation of scalar expressions."""

from __future__ import annotations

from emulator.planning.binding import Expr, PlanContext, Scope
from emulator.sql import nodes


def compile_scalar(node: nodes.Expression, scope: Scope | None, ctx: PlanContext) -> Expr:
    """Compile ``node``. Nodes found in ``replacements`` of a scope are that expression.

    Errors at compile time: names (207, 209, 4104, 137), 8120, operand types (402, 206, 8117), functions (195, 174, 189).
    """
    raise NotImplementedError
