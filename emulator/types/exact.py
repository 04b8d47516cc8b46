"""Exact decimal arithmetic on integers scaled by a power of ten.

Rounding is half away from zero wherever SQL Server rounds, and towards zero wherever it truncates. Python's integers
have no limit, so nothing is lost on the way to a result; only the result is checked against its type.
"""

from collections.abc import Callable
from typing import Final

from emulator.errors import SqlError
from emulator.types.sqltype import MAX_PRECISION

POWERS: Final[tuple[int, ...]] = tuple(10**n for n in range(2 * MAX_PRECISION + 4))
"""10**n by n."""


def divide_rounding(n: int, d: int) -> int:
    """``n / d`` (d > 0) rounded half away from zero."""
    return (2 * n + d) // (2 * d) if n >= 0 else -((d - 2 * n) // (2 * d))


def divide_truncating(n: int, d: int) -> int:
    """``n / d`` cut towards zero. ZeroDivisionError: d is 0."""
    return n // d if (n >= 0) == (d > 0) else -(-n // d)


def remainder(n: int, d: int) -> int:
    """What truncating division leaves: it has the sign of ``n``. ZeroDivisionError: d is 0."""
    return n % abs(d) if n >= 0 else -(-n % abs(d))


def rescaler(from_scale: int, to_scale: int, *, truncate: bool = False) -> Callable[[int], int] | None:
    """Brings a scaled integer to another scale, rounding unless told to ``truncate``; None: the scale is the same."""
    if to_scale == from_scale:
        return None
    if to_scale > from_scale:
        factor = POWERS[to_scale - from_scale]
        return lambda v: v * factor
    divisor = POWERS[from_scale - to_scale]
    if truncate:
        return lambda v: v // divisor if v >= 0 else -(-v // divisor)
    half = divisor // 2
    return lambda v: (v + half) // divisor if v >= 0 else -((half - v) // divisor)


def bounded(
    f: Callable[[int], int] | None, low: int, high: int, error: Callable[[int], SqlError]
) -> Callable[[int], int]:
    """``f`` (None: the value itself) with a check that its result lies within ``low`` and ``high``; ``error`` takes
    the value that went in."""
    if f is None:

        def check(v: int) -> int:
            if low <= v <= high:
                return v
            raise error(v)

        return check

    def apply(v: int) -> int:
        r = f(v)
        if low <= r <= high:
            return r
        raise error(v)

    return apply


def format_scaled(v: int, scale: int) -> str:
    """The decimal notation of a scaled integer, with all ``scale`` digits: 12345, 2 is ``123.45``."""
    if scale == 0:
        return str(v)
    digits = str(abs(v)).rjust(scale + 1, "0")
    return f"{'-' if v < 0 else ''}{digits[:-scale]}.{digits[-scale:]}"
