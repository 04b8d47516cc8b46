"""Mathematical functions.

Documentation: "Mathematical Functions (Transact-SQL)" and the page of each function.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from emulator.errors import SqlError, sql_error
from emulator.execution.functions.registry import (
    ANY,
    FLOAT,
    INTEGER,
    NUMBER,
    Call,
    Implementation,
    bound,
    function,
)
from emulator.types.conversion import converter
from emulator.types.exact import POWERS, divide_rounding, divide_truncating
from emulator.types.sqltype import FLOAT as FLOAT_TYPE
from emulator.types.sqltype import (
    INT,
    INTEGER_RANGES,
    MAX_PRECISION,
    MONEY,
    MONEY_RANGES,
    SqlType,
    is_character,
    is_decimal,
    is_float,
    is_integer,
    is_money,
    is_numeric,
    message_name,
    precision_and_scale,
)


def widened(t: SqlType) -> SqlType:
    """The type that ABS, ROUND and their kin give for a number of type ``t``: small ones grow to int, money, float."""
    if t.name in ("tinyint", "smallint"):
        return INT
    if t.name == "smallmoney":
        return MONEY
    return FLOAT_TYPE if t.name == "real" else t


def _checked(t: SqlType) -> Callable[[int], int]:
    """The function that gives its argument back if it lies in the range of ``t``, an exact type. Raises 8115."""
    if is_decimal(t):
        high = POWERS[t.precision] - 1
        low = -high
    else:
        low, high = MONEY_RANGES[t.name] if is_money(t) else INTEGER_RANGES[t.name]

    def check(value: int) -> int:
        if low <= value <= high:
            return value
        raise sql_error(8115, "expression", message_name(t))

    return check


@bound("ABS", NUMBER)
def _abs(call: Call) -> tuple[SqlType, Implementation]:
    type = widened(call.types[0])
    if is_float(type):
        return type, abs
    check = _checked(type)
    return type, lambda value: check(abs(value))


@bound("SIGN", NUMBER)
def _sign(call: Call) -> tuple[SqlType, Implementation]:
    type = widened(call.types[0])
    one: Any = 1.0 if is_float(type) else POWERS[precision_and_scale(type)[1]]
    return type, lambda value: one if value > 0 else -one if value < 0 else one - one


def _to_integral(up: bool) -> Callable[[Call], tuple[SqlType, Implementation]]:
    def bind(call: Call) -> tuple[SqlType, Implementation]:
        type = widened(call.types[0])
        if is_float(type):
            return type, (lambda value: float(math.ceil(value))) if up else (lambda value: float(math.floor(value)))
        if is_integer(type):
            return type, lambda value: value
        scale = precision_and_scale(type)[1]
        one = POWERS[scale]
        if is_money(type):
            return type, (lambda value: -(-value // one) * one) if up else (lambda value: value // one * one)
        whole = SqlType(type.name, precision=type.precision, scale=0)
        return whole, (lambda value: -(-value // one)) if up else (lambda value: value // one)

    return bind


bound("CEILING", NUMBER)(_to_integral(up=True))
bound("FLOOR", NUMBER)(_to_integral(up=False))


@bound("ROUND", NUMBER, INTEGER, INTEGER, optional=1)
def _round(call: Call) -> tuple[SqlType, Implementation]:
    """A length below zero rounds before the point; a third argument other than 0 truncates."""
    type = widened(call.types[0])
    if is_float(type):
        return type, _round_float
    scale = precision_and_scale(type)[1]
    check = _checked(type)

    def round_exact(value: int, length: int, truncate: int = 0) -> int:
        dropped = scale - length
        if dropped <= 0:
            return value
        if dropped >= len(POWERS):
            return 0
        unit = POWERS[dropped]
        return check((divide_truncating(value, unit) if truncate else divide_rounding(value, unit)) * unit)

    return type, round_exact


def _round_float(value: float, length: int, truncate: int = 0) -> float:
    if not math.isfinite(value) or length > 300:
        return value
    if truncate:
        factor = 10.0**length
        return math.trunc(value * factor) / factor
    return float(Decimal(repr(value)).quantize(Decimal(1).scaleb(-length), ROUND_HALF_UP)) if length < 17 else value


@bound("POWER", NUMBER, FLOAT)
def _power(call: Call) -> tuple[SqlType, Implementation]:
    """The result has the type of the base, so decimals are rounded to its scale; only float keeps fractions of int."""
    source = widened(call.types[0])
    if is_decimal(source):
        type = SqlType(source.name, precision=MAX_PRECISION, scale=source.scale)
    else:
        type = source
    if is_float(type):
        return type, _float_power
    one = POWERS[precision_and_scale(type)[1]]
    check = _int_power if type.name == "int" else _checked(type)
    exact_base = is_integer(type) or is_decimal(type) or is_money(type)

    def power(value: int, exponent: float) -> int:
        if exact_base and exponent == int(exponent) and 0 <= exponent <= 256:
            whole = int(exponent)
            return check(divide_rounding(value**whole, one ** (whole - 1)) if whole else one)
        result = _float_power(value / one, exponent) * one
        return check(int(result) if is_integer(type) else math.floor(result + 0.5))

    return type, power


def _int_power(value: int) -> int:
    """``value`` if it is an int; it would have been converted from float. Errors: 232."""
    low, high = INTEGER_RANGES["int"]
    if low <= value <= high:
        return value
    raise sql_error(232, "int", f"{value:.6f}")


def _float_power(value: float, exponent: float) -> float:
    try:
        result = math.pow(value, exponent)
    except ZeroDivisionError:
        raise sql_error(8134) from None
    except ValueError:
        raise sql_error(8134 if value == 0 else 3623) from None
    except OverflowError:
        raise sql_error(8115, "expression", "float") from None
    return result


def _float_function(name: str, compute: Callable[..., float], arguments: int = 1, optional: int = 0) -> None:
    def checked(*values: float) -> float:
        try:
            return compute(*values)
        except (ValueError, ZeroDivisionError):
            raise sql_error(3623) from None
        except OverflowError:
            raise sql_error(8115, "expression", "float") from None

    function(name, *[FLOAT] * arguments, result=FLOAT_TYPE, optional=optional)(checked)


def _angle_of(y: float, x: float) -> float:
    """ValueError: both are 0."""
    if x == y == 0:
        raise ValueError("no angle")
    return math.atan2(y, x)


_float_function("SQRT", math.sqrt)
_float_function("SQUARE", lambda value: value * value)
_float_function("EXP", math.exp)
_float_function("LOG", math.log, arguments=2, optional=1)
_float_function("LOG10", math.log10)
_float_function("SIN", math.sin)
_float_function("COS", math.cos)
_float_function("TAN", math.tan)
_float_function("COT", lambda value: 1 / math.tan(value))
_float_function("ASIN", math.asin)
_float_function("ACOS", math.acos)
_float_function("ATAN", math.atan)
_float_function("ATN2", _angle_of, arguments=2)


def _angle(name: str, compute: Callable[[float], float]) -> None:
    """DEGREES and RADIANS keep the type of their argument."""

    @bound(name, NUMBER)
    def bind(call: Call) -> tuple[SqlType, Implementation]:
        source = widened(call.types[0])
        if is_float(source):
            return source, compute
        type = SqlType(source.name, precision=38, scale=18) if is_decimal(source) else source
        one, source_one = POWERS[precision_and_scale(type)[1]], POWERS[precision_and_scale(source)[1]]
        cut = is_integer(type)
        return type, lambda value: _scaled(compute(value / source_one), one, cut)


def _scaled(value: float, one: int, cut: bool) -> int:
    return int(value) if cut else int((Decimal(value) * one).quantize(Decimal(1), ROUND_HALF_UP))


_angle("DEGREES", math.degrees)
_angle("RADIANS", math.radians)


@function("PI", result=FLOAT_TYPE, nullable=False)
def pi() -> float:
    return math.pi


# --- Is it a number? --------------------------------------------------------------------------------------------------


@bound("ISNUMERIC", ANY, nulls=True, nullable=False)
def _is_numeric(call: Call) -> tuple[SqlType, Implementation]:
    """Whether text converts to any numeric type: float, money or int."""
    source = call.types[0]
    if is_numeric(source):
        return INT, lambda value: 0 if value is None else 1
    if not is_character(source):
        return INT, lambda value: 0
    attempts = [converter(source, target) for target in (FLOAT_TYPE, MONEY)]

    def is_number(value: str | None) -> int:
        if value is None or not value.strip():
            return 0
        for attempt in attempts:
            assert attempt is not None
            try:
                attempt(value)
            except SqlError:
                continue
            return 1
        return 0

    return INT, is_number
