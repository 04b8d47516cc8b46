"""Conversions between numbers, and between numbers and text.

Documentation: "CAST and CONVERT (Transact-SQL)", sections on truncating and rounding results, float and real styles,
money styles; the pages of the numeric types.
"""

import re
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Context, Decimal
from struct import pack, unpack
from typing import Any, Final

from emulator.errors import SqlError, sql_error
from emulator.types import exact
from emulator.types.conversion.strings import padded
from emulator.types.sqltype import (
    INTEGER_RANGES,
    MAX,
    MAX_PRECISION,
    MONEY_RANGES,
    MONEY_SCALE,
    SqlType,
    is_unicode,
    message_name,
)

Function = Callable[[Any], Any]

_WIDE: Final = Context(prec=400, rounding=ROUND_HALF_UP)
_INTEGER_WIDTHS: Final = {"bit": 1, "tinyint": 3, "smallint": 6, "int": 11, "bigint": 20}
_INTEGER_TEXT: Final = re.compile(r"\s*([+-]?)\s*([0-9]*)\s*", re.ASCII)
_DECIMAL_TEXT: Final = re.compile(r"\s*([+-]?)\s*([0-9]*)(?:\.([0-9]*))?\s*", re.ASCII)
_FLOAT_TEXT: Final = re.compile(r"\s*[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eEdD][+-]?[0-9]*)?\s*", re.ASCII)
_MONEY_TEXT: Final = re.compile(r"\s*([+-]?)\s*[$€£¥¤]?\s*([+-]?)([0-9,]*)(?:\.([0-9]*))?\s*")


def to_real(v: float) -> float:
    """``v`` rounded to single precision. Raises 8115 when it is too large."""
    try:
        return float(unpack("<f", pack("<f", v))[0])
    except OverflowError:
        raise sql_error(8115, "expression", "real", state=2) from None


def _overflow(source: str, target: SqlType, state: int = 2) -> SqlError:
    name = "numeric" if target.name == "decimal" else message_name(target)
    return sql_error(8115, source, name, state=state)


def _source_name(t: SqlType) -> str:
    return "numeric" if t.name == "decimal" else message_name(t)


# To integers


def integer_to_integer(source: SqlType, target: SqlType, _style: int | None) -> Function | None:
    if target.name == "bit":
        return None if source.name == "bit" else lambda v: 1 if v else 0
    low, high = INTEGER_RANGES[target.name]
    source_low, source_high = INTEGER_RANGES[source.name]
    if low <= source_low and source_high <= high:
        return None
    return exact.bounded(None, low, high, _integer_overflow(source, target))


def _integer_overflow(source: SqlType, target: SqlType) -> Callable[[int], SqlError]:
    """Small targets name the value (220), int and bigint do not (8115)."""
    if target.name in ("tinyint", "smallint") and source.name != "bigint":
        state = 2 if target.name == "tinyint" else 1
        return lambda v: sql_error(220, target.name, v, state=state)
    return lambda _v: _overflow("expression", target)


def decimal_to_integer(source: SqlType, target: SqlType, _style: int | None) -> Function:
    """Fractions are cut off."""
    if target.name == "bit":
        return lambda v: 1 if v else 0
    cut = exact.rescaler(source.scale, 0, truncate=True)
    return exact.bounded(cut, *INTEGER_RANGES[target.name], lambda _v: _overflow("expression", target))


def money_to_integer(_source: SqlType, target: SqlType, _style: int | None) -> Function:
    """Fractions are rounded."""
    if target.name == "bit":
        return lambda v: 1 if v else 0
    rounded = exact.rescaler(MONEY_SCALE, 0)
    return exact.bounded(rounded, *INTEGER_RANGES[target.name], lambda _v: _overflow("expression", target))


def float_to_integer(_source: SqlType, target: SqlType, _style: int | None) -> Function:
    """Fractions are cut off."""
    if target.name == "bit":
        return lambda v: 1 if v else 0
    low, high = INTEGER_RANGES[target.name]

    def convert(v: float) -> int:
        r = int(v)
        if low <= r <= high:
            return r
        if target.name == "bigint":
            raise _overflow("expression", target)
        raise sql_error(232, target.name, f"{v:.6f}", state=3)

    return convert


# To decimal and money


def integer_to_decimal(source: SqlType, target: SqlType, _style: int | None) -> Function | None:
    return _to_precision(0, max(len(str(abs(n))) for n in INTEGER_RANGES[source.name]), source, target)


def decimal_to_decimal(source: SqlType, target: SqlType, _style: int | None) -> Function | None:
    return _to_precision(source.scale, source.precision - source.scale, source, target)


def money_to_decimal(source: SqlType, target: SqlType, _style: int | None) -> Function | None:
    integral = len(str(MONEY_RANGES[source.name][1])) - MONEY_SCALE
    return _to_precision(MONEY_SCALE, integral, source, target)


def _to_precision(scale: int, integral: int, source: SqlType, target: SqlType) -> Function | None:
    """From a scale and a number of integral digits to a decimal; checked only if there may be too few digits."""
    rescale = exact.rescaler(scale, target.scale)
    room = target.precision - target.scale
    if integral < room or (integral == room and target.scale >= scale):
        return rescale
    limit = exact.POWERS[target.precision] - 1
    name = _source_name(source)
    return exact.bounded(rescale, -limit, limit, lambda _v: _overflow(name, target, state=8))


def float_to_decimal(source: SqlType, target: SqlType, _style: int | None) -> Function:
    """The binary value is taken exactly, then rounded to the scale."""
    limit = exact.POWERS[target.precision]

    def convert(v: float) -> int:
        r = int(_WIDE.scaleb(Decimal(v), target.scale).to_integral_value(ROUND_HALF_UP))
        if -limit < r < limit:
            return r
        raise _overflow(source.name, target, state=6)

    return convert


def integer_to_money(_source: SqlType, target: SqlType, _style: int | None) -> Function:
    return _to_money(0, target)


def decimal_to_money(source: SqlType, target: SqlType, _style: int | None) -> Function:
    return _to_money(source.scale, target)


def money_to_money(source: SqlType, target: SqlType, _style: int | None) -> Function | None:
    return None if target.name == "money" or source.name == "smallmoney" else _to_money(MONEY_SCALE, target)


def float_to_money(_source: SqlType, target: SqlType, _style: int | None) -> Function:
    limit = SqlType("decimal", precision=MAX_PRECISION, scale=MONEY_SCALE)
    scaled = float_to_decimal(SqlType("float"), limit, None)
    return exact.bounded(scaled, *MONEY_RANGES[target.name], lambda _v: _overflow("expression", target))


def _to_money(scale: int, target: SqlType) -> Function:
    rescale = exact.rescaler(scale, MONEY_SCALE)
    return exact.bounded(rescale, *MONEY_RANGES[target.name], lambda _v: _overflow("expression", target))


# To float and real


def integer_to_float(_source: SqlType, target: SqlType, _style: int | None) -> Function:
    return float if target.name == "float" else lambda v: to_real(float(v))


def decimal_to_float(source: SqlType, target: SqlType, _style: int | None) -> Function:
    return _scaled_to_float(source.scale, target)


def money_to_float(_source: SqlType, target: SqlType, _style: int | None) -> Function:
    return _scaled_to_float(MONEY_SCALE, target)


def _scaled_to_float(scale: int, target: SqlType) -> Function:
    divisor = exact.POWERS[scale]
    return (lambda v: v / divisor) if target.name == "float" else lambda v: to_real(v / divisor)


def float_to_float(source: SqlType, target: SqlType, _style: int | None) -> Function | None:
    return to_real if target.name == "real" and source.name == "float" else None


# From text


def text_to_integer(source: SqlType, target: SqlType, _style: int | None) -> Function:
    """An empty string and a lone sign are 0."""
    low, high = INTEGER_RANGES[target.name]

    def convert(v: str) -> int:
        match = _INTEGER_TEXT.fullmatch(v)
        if match is None:
            raise _not_an_integer(v, source, target)
        r = int(match[2] or 0)
        if match[1] == "-":
            r = -r
        if low <= r <= high:
            return r
        raise _integer_text_overflow(v, source, target)

    return convert


def _not_an_integer(v: str, source: SqlType, target: SqlType) -> SqlError:
    if target.name == "bigint":
        return sql_error(8114, message_name(source), target.name, state=5)
    return sql_error(245, message_name(source), v, target.name)


def _integer_text_overflow(v: str, source: SqlType, target: SqlType) -> SqlError:
    if target.name == "bigint":
        return _overflow("expression", target)
    if target.name == "int":
        return sql_error(248, message_name(source), v)
    return sql_error(244, message_name(source), v, "INT1" if target.name == "tinyint" else "INT2")


def text_to_bit(source: SqlType, target: SqlType, _style: int | None) -> Function:
    """``true`` and ``false``, or an integer: 0 is 0, all others are 1."""

    def convert(v: str) -> int:
        word = v.strip().lower()
        if word in ("true", "false"):
            return int(word == "true")
        match = _INTEGER_TEXT.fullmatch(v)
        if match is None:
            raise sql_error(245, message_name(source), v, target.name)
        return 1 if int(match[2] or 0) else 0

    return convert


def text_to_decimal(source: SqlType, target: SqlType, _style: int | None) -> Function:
    """Digits beyond the scale are rounded; exponents are not numbers here."""
    name = message_name(source)
    limit = exact.POWERS[target.precision]

    def convert(v: str) -> int:
        match = _DECIMAL_TEXT.fullmatch(v)
        if match is None or not (match[2] or match[3]):
            raise sql_error(8114, name, "numeric", state=5)
        r = _scaled(match[2], match[3] or "", target.scale)
        if r >= limit:
            raise _overflow(name, target, state=8)
        return -r if match[1] == "-" else r

    return convert


def _scaled(integral: str, fraction: str, scale: int) -> int:
    """An unsigned number in decimal notation as an integer scaled by 10**scale, rounded."""
    kept = int((integral + fraction[:scale].ljust(scale, "0")) or 0)
    return kept + 1 if len(fraction) > scale and fraction[scale] >= "5" else kept


def text_to_money(_source: SqlType, target: SqlType, _style: int | None) -> Function:
    """A currency sign and commas are allowed; an empty string is 0."""
    low, high = MONEY_RANGES[target.name]

    def convert(v: str) -> int:
        match = _MONEY_TEXT.fullmatch(v)
        if match is None or (match[1] and match[2]):
            raise sql_error(235 if target.name == "money" else 293)
        r = _scaled(match[3].replace(",", ""), match[4] or "", MONEY_SCALE)
        if "-" in (match[1], match[2]):
            r = -r
        if low <= r <= high:
            return r
        raise _overflow("expression", target)

    return convert


def text_to_float(source: SqlType, target: SqlType, _style: int | None) -> Function:
    """Scientific notation is allowed; an empty string is 0."""

    def convert(v: str) -> float:
        if not v.strip():
            return 0.0
        if not _FLOAT_TEXT.fullmatch(v):
            raise sql_error(8114, message_name(source), target.name, state=5)
        text = v.strip().lower().replace("d", "e")
        r = float(text + "0" if text[-1] in "e+-" else text)
        if r - r != 0.0:
            raise _overflow("expression", target)
        return to_real(r) if target.name == "real" else r

    return convert


# To text


def integer_to_text(source: SqlType, target: SqlType, _style: int | None) -> Function:
    """A number too long for char or varchar becomes ``*``, except a bigint."""
    finish = padded(target)
    if target.length == MAX or target.length >= _INTEGER_WIDTHS[source.name]:
        return str if finish is None else lambda v: finish(str(v))
    length = target.length
    starred = source.name != "bigint" and not is_unicode(target)

    def convert(v: int) -> str:
        text = str(v)
        if len(text) > length:
            if not starred:
                raise _overflow("expression", target)
            text = "*"
        return text if finish is None else finish(text)

    return convert


def decimal_to_text(source: SqlType, target: SqlType, _style: int | None) -> Function:
    """All digits of the scale are kept."""
    scale = source.scale
    return _checked_text(
        lambda v: exact.format_scaled(v, scale), target, lambda _v: _overflow("numeric", target, state=5)
    )


def money_to_text(_source: SqlType, target: SqlType, style: int | None) -> Function:
    """Style 0: two decimals; 1: two decimals and commas; 2 and 126: four decimals."""

    def error(_v: int) -> SqlError:
        return sql_error(234, target.name)

    if style in (2, 126):
        return _checked_text(lambda v: exact.format_scaled(v, MONEY_SCALE), target, error)
    to_cents = exact.rescaler(MONEY_SCALE, 2)
    assert to_cents is not None
    if style == 1:
        return _checked_text(lambda v: _with_commas(exact.format_scaled(to_cents(v), 2)), target, error)
    return _checked_text(lambda v: exact.format_scaled(to_cents(v), 2), target, error)


def _with_commas(text: str) -> str:
    integral, point, fraction = text.partition(".")
    sign = "-" if integral.startswith("-") else ""
    return f"{sign}{int(integral.lstrip('-')):,}{point}{fraction}"


def float_to_text(_source: SqlType, target: SqlType, style: int | None) -> Function:
    """Style 0: at most 6 digits, scientific only when needed; 1: 8, 2: 16 and 3: 17 digits, always scientific."""
    specification = {1: ".7e", 2: ".15e", 3: ".16e"}.get(style or 0, ".6g")
    return _checked_text(
        lambda v: _three_digit_exponent(format(v, specification)),
        target,
        lambda v: sql_error(232, target.name, f"{v:.6f}", state=2),
    )


def _three_digit_exponent(text: str) -> str:
    mantissa, e, exponent = text.partition("e")
    if not e:
        return "0" if text == "-0" else text
    return f"{mantissa}e{exponent[0]}{exponent[1:].rjust(3, '0')}"


def _checked_text(
    form: Callable[[Any], str], target: SqlType, error: Callable[[Any], SqlError]
) -> Callable[[Any], str]:
    """``form`` as a string of ``target``; ``error`` when it does not fit."""
    finish = padded(target)
    if target.length == MAX:
        return form
    length = target.length

    def convert(v: Any) -> str:
        text = form(v)
        if len(text) > length:
            raise error(v)
        return text if finish is None else finish(text)

    return convert
