"""Conversions between date and time types, and between them and numbers and text.

Documentation: the pages of the date and time types (conversion sections), "CAST and CONVERT (Transact-SQL)".
"""

import math
from collections.abc import Callable
from typing import Any, Final

from emulator.errors import NotSupported, SqlError, sql_error
from emulator.types import exact
from emulator.types.conversion.date_text import Moment, OutOfRange, formatter, parse
from emulator.types.conversion.strings import fit
from emulator.types.instants import (
    DATETIME_RANGE,
    MINUTES_PER_DAY,
    SMALLDATETIME_RANGE,
    TICKS_PER_DAY,
    UNITS_PER_DAY,
    UNITS_PER_MINUTE,
    checked_offset,
    from_units,
    to_units,
)
from emulator.types.sqltype import (
    INTEGER_RANGES,
    MONEY_RANGES,
    MONEY_SCALE,
    SqlType,
    datetime2,
    is_money,
    message_name,
)

Function = Callable[[Any], Any]

_CLASSIC: Final = ("datetime", "smalldatetime")
_CLASSIC_FRACTION_DIGITS: Final = 3
_UTC_STYLE: Final = 1


def date_to_date(source: SqlType, target: SqlType, style: int | None) -> Function | None:
    """Through units, rounding to the target's precision. A datetimeoffset gives its local time, in style 1 its UTC."""
    if source == target:
        return None
    if "datetimeoffset" in (source.name, target.name) and style not in (None, 0, _UTC_STYLE):
        raise sql_error(9809, style, source.name, target.name)
    units = to_units(source)
    if target.name == "datetimeoffset":
        back = _back(source, datetime2(target.scale))
        if source.name == "datetimeoffset":
            return lambda v: (back(v[0]), v[1])
        return lambda v: (back(units(v)), 0)
    back = _back(source, target)
    if source.name == "datetimeoffset" and style == _UTC_STYLE:
        return lambda v: back(v[0])
    if (source.name, target.name) == ("datetime", "date"):
        return lambda v: v // TICKS_PER_DAY + _DAYS_TO_1900
    return lambda v: back(units(v))


_DAYS_TO_1900: Final = to_units(SqlType("smalldatetime"))(0) // UNITS_PER_DAY


def _back(source: SqlType, target: SqlType) -> Callable[[int], Any]:
    return from_units(target, lambda: sql_error(242, source.name, target.name, state=3))


# Text


def date_to_text(source: SqlType, target: SqlType, style: int | None) -> Function:
    """What does not fit is cut off."""
    write = formatter(source, style)
    adjust = fit(target)
    return write if adjust is None else lambda v: adjust(write(v))


def text_to_date(source: SqlType, target: SqlType, style: int | None) -> Function:
    """Raises 241 (295 for smalldatetime), and for datetime and smalldatetime 242 when there is no such date."""
    classic = target.name in _CLASSIC
    out_of_range = (242, message_name(source), target.name) if classic else (241,)
    malformed = (295,) if target.name == "smalldatetime" else (241,)
    build = _builder(target, lambda: sql_error(*out_of_range))

    def convert(v: str) -> Any:
        try:
            moment = parse(v, style, classic=classic)
        except OutOfRange:
            raise sql_error(*out_of_range) from None
        except ValueError:
            raise sql_error(*malformed) from None
        if classic and (moment.fraction_digits > _CLASSIC_FRACTION_DIGITS or moment.offset):
            raise sql_error(*malformed)
        return build(moment)

    return convert


def _builder(target: SqlType, error: Callable[[], SqlError]) -> Callable[[Moment], Any]:
    if target.name == "datetimeoffset":
        local = from_units(datetime2(target.scale), error)

        def build(m: Moment) -> tuple[int, int]:
            offset = m.offset or 0
            return checked_offset(local(m.days * UNITS_PER_DAY + m.units) - offset * UNITS_PER_MINUTE, offset)

        return build
    back = from_units(target, error)
    return lambda m: back(m.days * UNITS_PER_DAY + m.units)


# Numbers: days since 1900-01-01


_MOST_DAYS = 1e9
"""More than any date has: beyond it a float is out of range whatever it is."""


def number_to_date(source: SqlType, target: SqlType, _style: int | None) -> Function:
    """Only to datetime and smalldatetime. Raises 8115."""
    per_day, bounds = _day_size(target)

    def error(_v: Any) -> SqlError:
        return sql_error(8115, "expression", target.name, state=2)

    if source.name in ("float", "real"):
        return exact.bounded(lambda v: math.floor(min(max(v, -_MOST_DAYS), _MOST_DAYS) * per_day + 0.5), *bounds, error)
    scale = MONEY_SCALE if is_money(source) else source.scale
    divisor = exact.POWERS[scale]
    return exact.bounded(lambda v: exact.divide_rounding(v * per_day, divisor), *bounds, error)


def date_to_number(source: SqlType, target: SqlType, _style: int | None) -> Function:
    """To integers the time of day rounds; bit is whether there is anything."""
    per_day, _bounds = _day_size(source)
    if target.name == "bit":
        return lambda v: 1 if v else 0
    if target.name in ("float", "real"):
        return lambda v: v / per_day
    if target.name in INTEGER_RANGES:
        low, high = INTEGER_RANGES[target.name]
        factor = 1
    elif is_money(target):
        low, high = MONEY_RANGES[target.name]
        factor = exact.POWERS[MONEY_SCALE]
    else:
        high = exact.POWERS[target.precision] - 1
        low, factor = -high, exact.POWERS[target.scale]
    name = "numeric" if target.name == "decimal" else target.name
    return exact.bounded(
        lambda v: exact.divide_rounding(v * factor, per_day),
        low,
        high,
        lambda _v: sql_error(8115, "expression", name, state=2),
    )


def _day_size(t: SqlType) -> tuple[int, tuple[int, int]]:
    if t.name == "datetime":
        return TICKS_PER_DAY, DATETIME_RANGE
    if t.name == "smalldatetime":
        return MINUTES_PER_DAY, SMALLDATETIME_RANGE
    raise NotSupported(f"conversion between numbers and {t.name}")
