"""An explicit COLLATE rules the texts that it meets: in comparisons, in functions and where they are joined by ``+``.

Two explicit collations that differ are a conflict (468), as two implicit ones are.

Documentation: "Collation precedence (Transact-SQL)".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from emulator.planning.binding import Expr
from emulator.sql import nodes
from emulator.types.sqltype import is_character


def is_explicit(node: nodes.Expression) -> bool:
    """Whether COLLATE says the collation of ``node``, or of something that its text is made of."""
    match node:
        case nodes.Collate():
            return True
        case nodes.FunctionCall(arguments=arguments):
            return any(is_explicit(argument) for argument in arguments)
        case nodes.Binary(operator="+", left=left, right=right):
            return is_explicit(left) or is_explicit(right)
        case _:
            return False


def under_explicit(operands: Sequence[nodes.Expression], exprs: Sequence[Expr]) -> list[Expr]:
    """``exprs``, which ``operands`` were compiled to; an explicit collation among them is that of the others, too."""
    explicit = [is_explicit(node) and is_character(expr.type) for node, expr in zip(operands, exprs, strict=True)]
    if True not in explicit:
        return list(exprs)
    collation = exprs[explicit.index(True)].type.collation
    return [expr if own else _in_collation(expr, collation) for expr, own in zip(exprs, explicit, strict=True)]


def _in_collation(expr: Expr, collation: str | None) -> Expr:
    if not is_character(expr.type) or expr.type.collation in (None, collation):
        return expr
    return replace(expr, type=replace(expr.type, collation=collation), column=None)
