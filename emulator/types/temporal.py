"""DATEADD, DATEDIFF, DATEPART, DATENAME, EOMONTH and the current time, on the integer representations.

Documentation: "DATEADD", "DATEDIFF", "DATEPART", "DATENAME", "EOMONTH" and "SET DATEFIRST (Transact-SQL)".
"""

from calendar import monthrange
from collections.abc import Callable
from datetime import date
from typing import Any, Final

from emulator.errors import sql_error
from emulator.types.exact import divide_truncating
from emulator.types.instants import (
    DAYS_TO_1970,
    DAYS_TO_10000,
    UNITS_PER_DAY,
    UNITS_PER_MINUTE,
    UNITS_PER_SECOND,
    UNITS_TO_1900,
    checked_offset,
    civil,
    days_of,
    from_units,
    to_units,
)
from emulator.types.languages import CURRENT, US_ENGLISH
from emulator.types.sqltype import INTEGER_RANGES, SqlType, datetime2

_ABBREVIATIONS: Final = {
    "year": "yy yyyy",
    "quarter": "qq q",
    "month": "mm m",
    "dayofyear": "dy y",
    "day": "dd d",
    "week": "wk ww",
    "weekday": "dw w",
    "hour": "hh",
    "minute": "mi n",
    "second": "ss s",
    "millisecond": "ms",
    "microsecond": "mcs",
    "nanosecond": "ns",
    "tzoffset": "tz",
    "iso_week": "isowk isoww",
}
_CANONICAL: Final = {word: part for part, words in _ABBREVIATIONS.items() for word in (part, *words.split())}

_DATE_PARTS: Final = frozenset(("year", "quarter", "month", "dayofyear", "day", "week", "weekday", "iso_week"))
_TIME_PARTS: Final = frozenset(("hour", "minute", "second", "millisecond", "microsecond", "nanosecond"))
_FINE_PARTS: Final = ("microsecond", "nanosecond")

_MONTHS: Final = {"year": 12, "quarter": 3, "month": 1}
_DAYS: Final = {"day": 1, "dayofyear": 1, "weekday": 1, "week": 7}
_UNITS: Final = {
    "hour": 60 * UNITS_PER_MINUTE,
    "minute": UNITS_PER_MINUTE,
    "second": UNITS_PER_SECOND,
    "millisecond": 10_000,
    "microsecond": 10,
}
_NANOSECONDS_PER_UNIT: Final = 100

MONTH_NAMES: Final = US_ENGLISH.months
DAY_NAMES: Final = US_ENGLISH.days


def date_part_name(word: str, function: str = "datepart") -> str:
    """The canonical date part of a keyword or abbreviation (``yy`` is ``year``), used in ``function``. Raises 155."""
    try:
        return _CANONICAL[word.lower()]
    except KeyError:
        raise sql_error(155, word, function.lower()) from None


def date_add(part: str, t: SqlType) -> Callable[[int, Any], Any]:
    """DATEADD(part, number, value) for values of ``t``. Raises now 9810; the function raises 517.

    A date keeps its type and takes only date parts, a time only time parts; string arguments are the caller's to
    convert to datetime2 or datetime first. A day that the month reached does not have becomes its last day.
    """
    if part in ("tzoffset", "iso_week"):
        raise sql_error(9810, part, "dateadd", t.name)
    _check_part(part, t, "dateadd")
    if t.name == "datetimeoffset":
        local = date_add(part, datetime2(t.scale))

        def add_to_local(n: int, v: tuple[int, int]) -> tuple[int, int]:
            shift = v[1] * UNITS_PER_MINUTE
            return checked_offset(local(n, v[0] + shift) - shift, v[1])

        return add_to_local
    if part in _MONTHS:
        return _month_adder(_MONTHS[part], t)
    if t.name == "date":
        return _plain_adder(_DAYS[part], t)
    if t.name == "time":
        wrap = _unit_adder(part, UNITS_PER_DAY)
        return lambda n, v: wrap(n, v) % UNITS_PER_DAY
    return _instant_adder(part, t)


def date_diff(part: str, a: SqlType, b: SqlType, big: bool = False) -> Callable[[Any, Any], int]:
    """DATEDIFF(part, a, b), ``big``: DATEDIFF_BIG: how many boundaries of ``part`` lie between two moments.

    Two datetimeoffsets are compared in UTC. Weeks begin on Sunday whatever DATEFIRST says. Raises now 9806; the
    function raises 535.
    """
    function = "datediff_big" if big else "datediff"
    if part in ("tzoffset", "iso_week"):
        raise sql_error(9806, part, function)
    f, g = _utc(a), _utc(b)
    if part == "millisecond":
        f, g = _to_milliseconds(a, f), _to_milliseconds(b, g)
    count = _boundary_counter(part)
    low, high = INTEGER_RANGES["bigint" if big else "int"]

    def difference(x: Any, y: Any) -> int:
        r = count(g(y)) - count(f(x))
        if low <= r <= high:
            return r
        raise sql_error(535, function)

    if part == "nanosecond":
        return lambda x, y: _checked_nanoseconds(g(y) - f(x), low, high, function)
    return difference


def date_part(part: str, t: SqlType, date_first: Callable[[], int]) -> Callable[[Any], int]:
    """DATEPART(part, value); ``date_first`` gives @@DATEFIRST (7 in us_english). Raises 9810."""
    _check_part(part, t, "datepart")
    if part == "tzoffset":
        if t.name == "datetimeoffset":
            return lambda v: int(v[1])
        if t.name == "datetime2":
            return lambda _v: 0
        raise sql_error(9810, part, "datepart", t.name)
    if part == "millisecond" and t.name == "datetime":
        return lambda v: (v % 300 * 10 + 1) // 3
    units = to_units(t)
    if part in _DATE_PARTS:
        of_day = _day_part(part, date_first)
        return lambda v: of_day(units(v) // UNITS_PER_DAY)
    of_time = _time_part(part)
    return lambda v: of_time(units(v) % UNITS_PER_DAY)


def date_name(part: str, t: SqlType, date_first: Callable[[], int]) -> Callable[[Any], str]:
    """DATENAME(part, value): names of months and days in English, other parts as numbers. Raises 9810."""
    number = date_part(part, t, date_first)
    if part == "month":
        return lambda v: CURRENT.get().language.months[number(v) - 1]
    if part == "weekday":
        units = to_units(t)
        return lambda v: CURRENT.get().language.days[units(v) // UNITS_PER_DAY % 7]
    if part == "tzoffset":
        return lambda v: format_offset(number(v))
    return lambda v: str(number(v))


def format_offset(minutes: int) -> str:
    """A time zone offset as ``+hh:mm``."""
    return f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"


def end_of_month(days: int, months: int = 0) -> int:
    """EOMONTH of a date (days since 0001-01-01): the last day of the month so many months later. Raises 517."""
    year, month, _day = civil(days)
    return _on_day(year * 12 + month - 1 + months, 31, "date")


def from_timestamp(t: SqlType, timestamp: float, offset: int = 0) -> Any:
    """The moment ``timestamp`` (seconds since 1970-01-01 UTC) as a value of ``t``, ``offset`` minutes east of UTC."""
    utc = DAYS_TO_1970 * UNITS_PER_DAY + round(timestamp * 1_000_000) * 10
    if t.name == "datetimeoffset":
        return from_units(datetime2(t.scale), lambda: sql_error(517, t.name))(utc), offset
    return from_units(t, lambda: sql_error(517, t.name))(utc + offset * UNITS_PER_MINUTE)


def _check_part(part: str, t: SqlType, function: str) -> None:
    wrong = (
        (t.name == "date" and part in _TIME_PARTS)
        or (t.name == "time" and part in _DATE_PARTS)
        or (function == "dateadd" and t.name in ("datetime", "smalldatetime") and part in _FINE_PARTS)
    )
    if wrong:
        raise sql_error(9810, part, function, t.name)


# Adding


def _on_day(months: int, day: int, type_name: str) -> int:
    """Days to the ``day`` (or the last one) of a month counted from January of year 0."""
    year, month = months // 12, months % 12 + 1
    if not 1 <= year <= 9999:
        raise sql_error(517, type_name)
    return days_of(year, month, min(day, monthrange(year, month)[1]))


def _month_adder(months_per_part: int, t: SqlType) -> Callable[[int, Any], Any]:
    units = to_units(t)
    back = from_units(t, lambda: sql_error(517, t.name))

    def add(n: int, v: Any) -> Any:
        days, rest = divmod(units(v), UNITS_PER_DAY)
        year, month, day = civil(days)
        moved = _on_day(year * 12 + month - 1 + n * months_per_part, day, t.name)
        return back(moved * UNITS_PER_DAY + rest)

    return add


def _plain_adder(days_per_part: int, t: SqlType) -> Callable[[int, int], int]:
    def add(n: int, v: int) -> int:
        r = v + n * days_per_part
        if 0 <= r < DAYS_TO_10000:
            return r
        raise sql_error(517, t.name)

    return add


def _unit_adder(part: str, units_per_day: int) -> Callable[[int, int], int]:
    """Adds parts of fixed length to units."""
    if part == "nanosecond":
        return lambda n, v: v + divide_truncating(n + (50 if n >= 0 else -50), _NANOSECONDS_PER_UNIT)
    size = _DAYS[part] * units_per_day if part in _DAYS else _UNITS[part]
    return lambda n, v: v + n * size


def _instant_adder(part: str, t: SqlType) -> Callable[[int, Any], Any]:
    add = _unit_adder(part, UNITS_PER_DAY)
    units = to_units(t)
    back = from_units(t, lambda: sql_error(517, t.name))
    return lambda n, v: back(add(n, units(v)))


# Counting boundaries


def _utc(t: SqlType) -> Callable[[Any], int]:
    if t.name == "datetimeoffset":
        return lambda v: int(v[0])
    return to_units(t)


def _to_milliseconds(t: SqlType, units: Callable[[Any], int]) -> Callable[[Any], int]:
    """A datetime is seen as its text shows it: 1/300 s is 3 ms and 2/300 s are 7 ms."""
    if t.name != "datetime":
        return units
    return lambda v: UNITS_TO_1900 + (v * 10 + 1) // 3 * _UNITS["millisecond"]


def _boundary_counter(part: str) -> Callable[[int], int]:
    """How many boundaries of ``part`` lie before a moment: DATEDIFF is the difference of two such counts."""
    if part in _MONTHS:
        size = _MONTHS[part]

        def months(u: int) -> int:
            d = date.fromordinal(u // UNITS_PER_DAY + 1)
            return (d.year * 12 + d.month - 1) // size

        return months
    if part == "week":
        return lambda u: (u // UNITS_PER_DAY + 1) // 7
    size = UNITS_PER_DAY if part in _DAYS else _UNITS.get(part, 1)
    return lambda u: u // size


def _checked_nanoseconds(units: int, low: int, high: int, function: str) -> int:
    r = units * _NANOSECONDS_PER_UNIT
    if low <= r <= high:
        return r
    raise sql_error(535, function)


# Taking apart


def _day_part(part: str, date_first: Callable[[], int]) -> Callable[[int], int]:
    """The part of a number of days since 0001-01-01, which was a Monday."""
    if part == "weekday":
        return lambda days: (days + 1 - date_first()) % 7 + 1
    if part == "week":
        return lambda days: _week(days, date_first())
    return _CALENDAR_PARTS[part]


def _week(days: int, first: int) -> int:
    """The week of the year: the first one holds January 1st, a new one begins on every first day of the week."""
    new_year = days_of(civil(days)[0], 1, 1)
    return (days - new_year + (new_year + 1 - first) % 7) // 7 + 1


_CALENDAR_PARTS: dict[str, Callable[[int], int]] = {
    "year": lambda days: civil(days)[0],
    "quarter": lambda days: (civil(days)[1] + 2) // 3,
    "month": lambda days: civil(days)[1],
    "day": lambda days: civil(days)[2],
    "dayofyear": lambda days: days - days_of(civil(days)[0], 1, 1) + 1,
    "iso_week": lambda days: date.fromordinal(days + 1).isocalendar()[1],
}


def _time_part(part: str) -> Callable[[int], int]:
    """The part of a number of units since midnight."""
    if part == "hour":
        return lambda u: u // _UNITS["hour"]
    if part in ("minute", "second"):
        size = _UNITS[part]
        return lambda u: u // size % 60
    if part == "nanosecond":
        return lambda u: u % UNITS_PER_SECOND * _NANOSECONDS_PER_UNIT
    size = _UNITS[part]
    return lambda u: u % UNITS_PER_SECOND // size
