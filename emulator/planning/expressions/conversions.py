"""Conversions inside expressions: implicit, explicit and those of assignments."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from emulator.errors import SqlError
from emulator.planning.binding import Expr
from emulator.types.sqltype import SqlType


def convert_to(expr: Expr, target: SqlType, *, explicit: bool = False) -> Expr:
    """``expr`` converted to ``target`` (character data is cut to length); ``expr`` itself if it is of that type.

    Constants are folded. The result of a real conversion has no ``column``. Errors: 206 operand type clash, 529 for an
    explicit conversion that is not allowed, 257 for one that must be explicit; run time: 241, 245, 8114, 8115, ...
    """
    raise NotImplementedError


def assign_to(expr: Expr, target: SqlType, on_truncation: Callable[[Any], SqlError] | None = None) -> Expr:
    """``expr`` as it is stored into a column or variable of type ``target``.

    ``on_truncation`` makes the error for a character or binary value that is too long (2628, 8152), given the value;
    None cuts silently (variables and parameters).
    """
    raise NotImplementedError


def constant_fold(expr: Expr) -> Expr:
    """``expr`` evaluated now if it is constant and succeeds; errors stay for run time."""
    raise NotImplementedError
