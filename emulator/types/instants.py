"""Every date and time type seen as one integer: 100 ns units since 0001-01-01 00:00:00, the form of datetime2.

The types differ in what they count and from when (see ``sqltype``). ``to_units`` and ``from_units`` lead from each type
to the common form and back, rounding to the type's precision; a time of day counts as one of 1900-01-01, a
datetimeoffset as its local time. Documentation: the pages of the date and time types, sections on rounding and
conversion.
"""

from collections.abc import Callable
from datetime import date
from typing import Any, Final

from emulator.errors import SqlError, sql_error
from emulator.types.exact import POWERS
from emulator.types.sqltype import SqlType

UNITS_PER_SECOND: Final = 10**7
UNITS_PER_MINUTE: Final = 60 * UNITS_PER_SECOND
UNITS_PER_DAY: Final = 86_400 * UNITS_PER_SECOND
TICKS_PER_SECOND: Final = 300
TICKS_PER_DAY: Final = 86_400 * TICKS_PER_SECOND
MINUTES_PER_DAY: Final = 1_440

DAYS_TO_1900: Final = 693_595
DAYS_TO_1970: Final = 719_162
DAYS_TO_10000: Final = 3_652_059
UNITS_TO_1900: Final = DAYS_TO_1900 * UNITS_PER_DAY
UNITS_LIMIT: Final = DAYS_TO_10000 * UNITS_PER_DAY
"""The first moment after 9999-12-31."""

_DAYS_TO_1753: Final = 639_905

DATETIME_RANGE: Final = (
    (_DAYS_TO_1753 - DAYS_TO_1900) * TICKS_PER_DAY,
    (DAYS_TO_10000 - DAYS_TO_1900) * TICKS_PER_DAY - 1,
)
"""Least and greatest datetime: 1753-01-01 and 9999-12-31 23:59:59.997."""

SMALLDATETIME_RANGE: Final = (0, 65_536 * MINUTES_PER_DAY - 1)
"""Least and greatest smalldatetime: 1900-01-01 and 2079-06-06 23:59."""

_SMALLDATETIME_ROUNDS_UP_FROM: Final = 29_999 * UNITS_PER_SECOND // 1000
_MAX_OFFSET: Final = 14 * 60


def days_of(year: int, month: int, day: int) -> int:
    """A calendar date as days since 0001-01-01. ValueError: there is no such day."""
    return date(year, month, day).toordinal() - 1


def civil(days: int) -> tuple[int, int, int]:
    """Year, month and day of a number of days since 0001-01-01."""
    d = date.fromordinal(days + 1)
    return d.year, d.month, d.day


def datetime_to_units(ticks: int) -> int:
    return UNITS_TO_1900 + (ticks * 100_000 + 1) // 3


def units_to_datetime(units: int) -> int:
    """The nearest 1/300 s, not checked against the range of datetime."""
    return ((units - UNITS_TO_1900) * 3 + 50_000) // 100_000


def to_units(t: SqlType) -> Callable[[Any], int]:
    """The function from values of a date or time type to units."""
    return _TO_UNITS[t.name]


def from_units(t: SqlType, error: Callable[[], SqlError]) -> Callable[[int], Any]:
    """The function from units to values of a date or time type, which raises ``error()`` for a moment out of its range.

    A datetimeoffset gets the offset 0: the units are then UTC.
    """
    scale = t.scale
    step = POWERS[7 - scale]
    half = step // 2
    if t.name == "date":
        return _within(lambda u: u // UNITS_PER_DAY, 0, DAYS_TO_10000 - 1, error)
    if t.name == "time":
        return lambda u: (u % UNITS_PER_DAY + half) // step * step % UNITS_PER_DAY
    if t.name == "datetime":
        return _within(units_to_datetime, *DATETIME_RANGE, error)
    if t.name == "smalldatetime":
        return _within(_units_to_smalldatetime, *SMALLDATETIME_RANGE, error)
    rounded = _within(lambda u: (u + half) // step * step, 0, UNITS_LIMIT - 1, error)
    return rounded if t.name == "datetime2" else lambda u: (rounded(u), 0)


def checked_offset(utc: int, offset: int) -> tuple[int, int]:
    """A datetimeoffset of UTC units and an offset in minutes. Raises 517: it leaves the calendar."""
    if -_MAX_OFFSET <= offset <= _MAX_OFFSET and 0 <= utc + offset * UNITS_PER_MINUTE < UNITS_LIMIT:
        return utc, offset
    raise sql_error(517, "datetimeoffset")


def _units_to_smalldatetime(units: int) -> int:
    minutes, rest = divmod(units - UNITS_TO_1900, UNITS_PER_MINUTE)
    return minutes + (rest >= _SMALLDATETIME_ROUNDS_UP_FROM)


def _within(f: Callable[[int], int], low: int, high: int, error: Callable[[], SqlError]) -> Callable[[int], int]:
    def checked(units: int) -> int:
        r = f(units)
        if low <= r <= high:
            return r
        raise error()

    return checked


_TO_UNITS: dict[str, Callable[[Any], int]] = {
    "date": lambda v: v * UNITS_PER_DAY,
    "time": lambda v: UNITS_TO_1900 + v,
    "smalldatetime": lambda v: UNITS_TO_1900 + v * UNITS_PER_MINUTE,
    "datetime": datetime_to_units,
    "datetime2": lambda v: v,
    "datetimeoffset": lambda v: v[0] + v[1] * UNITS_PER_MINUTE,
}
