"""The arithmetic, bitwise and concatenation operators."""

from collections.abc import Callable
from typing import Any

from emulator.types.sqltype import SqlType


def binary(
    op: str,
    a: SqlType,
    b: SqlType,
    a_literal_digits: int | None = None,
    b_literal_digits: int | None = None,
) -> tuple[SqlType, Callable[[Any, Any], Any]]:
    """Result type and function of ``a op b`` for + - * / % & | ^, of two non-NULL values of the types ``a`` and ``b``.

    ``*_literal_digits``: the operand is an integer literal of so many digits, which beside a decimal counts as
    decimal(digits, 0). Raises now 206, 257, 402, 8117; the function raises 8115 and 8134.
    """
    raise NotImplementedError


def unary(op: str, t: SqlType) -> tuple[SqlType, Callable[[Any], Any] | None]:
    """Result type and function of ``op`` + - ~ on one value; a function of None leaves the value as it is. Raises 8117."""
    raise NotImplementedError
