"""Date and time functions. The server's time zone is UTC.

Documentation: "Date and time data types and functions (Transact-SQL)" and the page of each function.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from emulator.errors import SqlError, sql_error
from emulator.execution.functions.registry import (
    ANY,
    COUNT,
    DATE,
    DATE_PART,
    DATETIME,
    DATETIMEOFFSET,
    INTEGER,
    MOMENT,
    Call,
    Implementation,
    bound,
    function,
    session_value,
)
from emulator.types import temporal
from emulator.types.conversion import converter
from emulator.types.exact import POWERS
from emulator.types.instants import (
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
from emulator.types.sqltype import BIGINT as BIGINT_TYPE
from emulator.types.sqltype import DATE as DATE_TYPE
from emulator.types.sqltype import DATETIME as DATETIME_TYPE
from emulator.types.sqltype import (
    INT,
    SMALLDATETIME,
    SqlType,
    datetime2,
    datetimeoffset,
    is_character,
    is_date_time,
    message_name,
    nvarchar,
    time,
)

if TYPE_CHECKING:
    from emulator.session import Session

MOST_DATEFIRST = 7
"""DATEFIRST is 1 (Monday) to 7 (Sunday)."""


# --- Now --------------------------------------------------------------------------------------------------------------


def _now(name: str, type: SqlType) -> None:
    @session_value(name, type, once=True, nullable=False)
    def now(session: Session) -> Any:
        return temporal.from_timestamp(type, session.instance.clock.now())


_now("GETDATE", DATETIME_TYPE)
_now("GETUTCDATE", DATETIME_TYPE)
_now("CURRENT_TIMESTAMP", DATETIME_TYPE)
_now("SYSDATETIME", datetime2())
_now("SYSUTCDATETIME", datetime2())
_now("SYSDATETIMEOFFSET", datetimeoffset())
_now("CURRENT_DATE", DATE_TYPE)


@session_value("CURRENT_TIMEZONE", nvarchar(128), nullable=False)
def current_timezone(session: Session) -> str:
    return "(UTC) Coordinated Universal Time"


@session_value("CURRENT_TIMEZONE_ID", nvarchar(128), nullable=False)
def current_timezone_id(session: Session) -> str:
    return "UTC"


# --- Arithmetic -------------------------------------------------------------------------------------------------------


@bound("DATEADD", DATE_PART, COUNT, DATETIME)
def _date_add(call: Call) -> tuple[SqlType, Implementation]:
    part = temporal.date_part_name(call.word, "dateadd")
    return call.types[1], temporal.date_add(part, call.types[1])


@bound("DATEDIFF", DATE_PART, MOMENT, MOMENT)
def _date_diff(call: Call) -> tuple[SqlType, Implementation]:
    part = temporal.date_part_name(call.word, "datediff")
    return INT, temporal.date_diff(part, call.types[0], call.types[1])


@bound("DATEDIFF_BIG", DATE_PART, MOMENT, MOMENT)
def _date_diff_big(call: Call) -> tuple[SqlType, Implementation]:
    part = temporal.date_part_name(call.word, "datediff_big")
    return BIGINT_TYPE, temporal.date_diff(part, call.types[0], call.types[1], big=True)


@function("EOMONTH", DATE, INTEGER, optional=1, result=DATE_TYPE)
def end_of_month(days: int, months: int = 0) -> int:
    return temporal.end_of_month(days, months)


# --- Parts ------------------------------------------------------------------------------------------------------------


def _by_date_first(make: Any, part: str, type: SqlType) -> Implementation:
    """An implementation that takes the session: weeks and weekdays count from its DATEFIRST."""
    by_first = [make(part, type, lambda first=first: first) for first in range(1, MOST_DATEFIRST + 1)]
    if part not in ("week", "weekday"):
        same = by_first[-1]
        return lambda session, value: same(value)
    return lambda session, value: by_first[session.settings.datefirst - 1](value)


@bound("DATEPART", DATE_PART, MOMENT, session=True)
def _date_part(call: Call) -> tuple[SqlType, Implementation]:
    part = temporal.date_part_name(call.word, "datepart")
    return INT, _by_date_first(temporal.date_part, part, call.types[0])


@bound("DATENAME", DATE_PART, MOMENT, session=True)
def _date_name(call: Call) -> tuple[SqlType, Implementation]:
    part = temporal.date_part_name(call.word, "datename")
    return nvarchar(30), _by_date_first(temporal.date_name, part, call.types[0])


def _part_function(name: str, part: str) -> None:
    @bound(name, MOMENT)
    def bind(call: Call) -> tuple[SqlType, Implementation]:
        return INT, temporal.date_part(part, call.types[0], lambda: MOST_DATEFIRST)


_part_function("YEAR", "year")
_part_function("MONTH", "month")
_part_function("DAY", "day")


_UNITS_BY_PART = {
    "day": UNITS_PER_DAY,
    "dayofyear": UNITS_PER_DAY,
    "hour": 60 * UNITS_PER_MINUTE,
    "minute": UNITS_PER_MINUTE,
    "second": UNITS_PER_SECOND,
    "millisecond": UNITS_PER_SECOND // 1000,
    "microsecond": UNITS_PER_SECOND // 1_000_000,
}
_MONTHS_BY_PART = {"year": 12, "quarter": 3, "month": 1}


@bound("DATETRUNC", DATE_PART, MOMENT, session=True)
def _date_trunc(call: Call) -> tuple[SqlType, Implementation]:
    part = temporal.date_part_name(call.word, "datetrunc")
    type = call.types[0]
    known = part in _UNITS_BY_PART or part in _MONTHS_BY_PART or part in ("week", "iso_week")
    if not known or (type.name == "date" and _UNITS_BY_PART.get(part, UNITS_PER_DAY) < UNITS_PER_DAY):
        raise sql_error(9810, part, "datetrunc", type.name)
    if type.name == "time" and _UNITS_BY_PART.get(part, UNITS_PER_DAY) >= UNITS_PER_DAY:
        raise sql_error(9810, part, "datetrunc", type.name)
    units = to_units(type)
    back = from_units(
        datetime2(type.scale) if type.name == "datetimeoffset" else type, lambda: sql_error(517, type.name)
    )

    def truncate(session: Session, value: Any) -> Any:
        start = _start_of(part, units(value), session.settings.datefirst)
        if type.name == "datetimeoffset":
            return checked_offset(start - value[1] * UNITS_PER_MINUTE, value[1])
        return back(start)

    return type, truncate


def _start_of(part: str, units: int, date_first: int) -> int:
    days = units // UNITS_PER_DAY
    if part in _MONTHS_BY_PART:
        year, month, _ = civil(days)
        size = _MONTHS_BY_PART[part]
        return days_of(year, (month - 1) // size * size + 1, 1) * UNITS_PER_DAY
    if part in ("week", "iso_week"):
        first = 1 if part == "iso_week" else date_first
        return (days - (days - first + 1) % 7) * UNITS_PER_DAY
    size = _UNITS_BY_PART[part]
    return units // size * size


_BUCKET_PARTS = ("year", "quarter", "month", "week", "day", "hour", "minute", "second", "millisecond")


@bound("DATE_BUCKET", DATE_PART, INTEGER, ANY, ANY, optional=1)
def _date_bucket(call: Call) -> tuple[SqlType, Implementation]:
    """The start of the bucket of ``number`` parts that the date is in, counted from the origin, 1900-01-01.

    Errors: 8116 for a date that is text or an origin of another type; 9810; 9834 for a width that is not positive.
    """
    part = temporal.date_part_name(call.word, "date_bucket")
    part = "day" if part in ("dayofyear", "weekday") else part
    type = call.types[1]
    if not is_date_time(type):
        raise sql_error(8116, message_name(type), 3, "date_bucket", line=call.line)
    if len(call.types) > 2 and call.types[2].name != type.name:
        raise sql_error(8116, message_name(call.types[2]), 4, "date_bucket", line=call.line)
    size = _UNITS_BY_PART["day"] * 7 if part == "week" else _UNITS_BY_PART.get(part, 0)
    wrong_for_date = type.name == "date" and 0 < size < UNITS_PER_DAY
    wrong_for_time = type.name == "time" and not 0 < size < UNITS_PER_DAY
    if part not in _BUCKET_PARTS or wrong_for_date or wrong_for_time:
        raise sql_error(9810, part, "date_bucket", type.name)
    units = to_units(type)
    back = from_units(
        datetime2(type.scale) if type.name == "datetimeoffset" else type, lambda: sql_error(517, type.name)
    )

    def bucket(number: int, value: Any, origin: Any = None) -> Any:
        if number <= 0:
            raise sql_error(9834, "date_bucket")
        at, since = units(value), UNITS_TO_1900 if origin is None else units(origin)
        if size:
            start = since + (at - since) // (number * size) * (number * size)
        else:
            start = _month_bucket(at, since, number * _MONTHS_BY_PART[part])
        if type.name == "datetimeoffset":
            return checked_offset(start - value[1] * UNITS_PER_MINUTE, value[1])
        return back(start)

    return type, bucket


def _month_bucket(at: int, since: int, months: int) -> int:
    """The last moment not after ``at`` that is a multiple of ``months`` after ``since``."""
    year, month, _ = civil(at // UNITS_PER_DAY)
    first_year, first_month, _ = civil(since // UNITS_PER_DAY)
    elapsed = (year - first_year) * 12 + month - first_month
    start = _months_after(since, elapsed // months * months)
    return start if start <= at else _months_after(since, (elapsed // months - 1) * months)


def _months_after(units: int, months: int) -> int:
    days, rest = divmod(units, UNITS_PER_DAY)
    year, month, day = civil(days)
    year, month = divmod(year * 12 + month - 1 + months, 12)
    last = days_of(year + (month == 11), (month + 1) % 12 + 1, 1) - days_of(year, month + 1, 1)
    return days_of(year, month + 1, min(day, last)) * UNITS_PER_DAY + rest


# --- From parts -------------------------------------------------------------------------------------------------------


def _fraction(fractions: int, precision: int, type_name: str) -> int:
    """``fractions`` in units of 10**-precision seconds, as 100 ns units. Raises 289."""
    if not 0 <= precision <= 7 or not 0 <= fractions < 10**precision:
        raise sql_error(289, type_name)
    return fractions * POWERS[7 - precision]


def _time_units(hour: int, minute: int, second: int, type_name: str) -> int:
    if not (0 <= hour < 24 and 0 <= minute < 60 and 0 <= second < 60):
        raise sql_error(289, type_name)
    return (hour * 60 + minute) * UNITS_PER_MINUTE + second * UNITS_PER_SECOND


def _day(year: int, month: int, day: int, type_name: str) -> int:
    try:
        return days_of(year, month, day)
    except (ValueError, OverflowError):
        raise sql_error(289, type_name) from None


def _with_scale(place: int, make: Any, name: str) -> Any:
    """Result type of the functions whose last argument, a constant, is the precision."""

    def result(call: Call) -> SqlType:
        precision = call.constant(place)
        if not isinstance(precision, int) or not 0 <= precision <= 7:
            raise sql_error(10760, name, line=call.line)
        return make(precision)  # type: ignore[no-any-return]

    return result


@function("DATEFROMPARTS", INTEGER, INTEGER, INTEGER, result=DATE_TYPE)
def date_from_parts(year: int, month: int, day: int) -> int:
    return _day(year, month, day, "date")


@function("TIMEFROMPARTS", *[INTEGER] * 5, result=_with_scale(4, time, "time"))
def time_from_parts(hour: int, minute: int, second: int, fractions: int, precision: int) -> int:
    return _time_units(hour, minute, second, "time") + _fraction(fractions, precision, "time")


@function("DATETIME2FROMPARTS", *[INTEGER] * 8, result=_with_scale(7, datetime2, "datetime2"))
def datetime2_from_parts(
    year: int, month: int, day: int, hour: int, minute: int, second: int, fractions: int, precision: int
) -> int:
    days = _day(year, month, day, "datetime2")
    return (
        days * UNITS_PER_DAY
        + _time_units(hour, minute, second, "datetime2")
        + _fraction(fractions, precision, "datetime2")
    )


@function("DATETIMEFROMPARTS", *[INTEGER] * 7, result=DATETIME_TYPE)
def datetime_from_parts(year: int, month: int, day: int, hour: int, minute: int, second: int, milliseconds: int) -> int:
    days = _day(year, month, day, "datetime")
    units = _time_units(hour, minute, second, "datetime") + _fraction(milliseconds, 3, "datetime")
    return int(from_units(DATETIME_TYPE, lambda: sql_error(289, "datetime"))(days * UNITS_PER_DAY + units))


@function("SMALLDATETIMEFROMPARTS", *[INTEGER] * 5, result=SMALLDATETIME)
def smalldatetime_from_parts(year: int, month: int, day: int, hour: int, minute: int) -> int:
    days = _day(year, month, day, "smalldatetime")
    units = days * UNITS_PER_DAY + _time_units(hour, minute, 0, "smalldatetime")
    return int(from_units(SMALLDATETIME, lambda: sql_error(289, "smalldatetime"))(units))


@function("DATETIMEOFFSETFROMPARTS", *[INTEGER] * 10, result=_with_scale(9, datetimeoffset, "datetimeoffset"))
def datetimeoffset_from_parts(
    year: int,
    month: int,
    day: int,
    hour: int,
    minute: int,
    second: int,
    fractions: int,
    hour_offset: int,
    minute_offset: int,
    precision: int,
) -> tuple[int, int]:
    local = (
        _day(year, month, day, "datetimeoffset") * UNITS_PER_DAY
        + _time_units(hour, minute, second, "datetimeoffset")
        + _fraction(fractions, precision, "datetimeoffset")
    )
    offset = hour_offset * 60 + minute_offset
    if abs(minute_offset) > 59 or abs(offset) > 14 * 60 or hour_offset * minute_offset < 0:
        raise sql_error(289, "datetimeoffset")
    return local - offset * UNITS_PER_MINUTE, offset


# --- Offsets ----------------------------------------------------------------------------------------------------------


@bound("SWITCHOFFSET", DATETIMEOFFSET, ANY)
def _switch_offset(call: Call) -> tuple[SqlType, Implementation]:
    """The same instant with another offset."""
    type = call.types[0]
    return type, lambda value, offset: checked_offset(value[0], _offset_minutes(offset, "switchoffset"))


@bound("TODATETIMEOFFSET", MOMENT, ANY)
def _to_datetimeoffset(call: Call) -> tuple[SqlType, Implementation]:
    """The local time of the value with an offset."""
    source = call.types[0]
    scale = {"datetime": 3, "smalldatetime": 0, "date": 0}.get(source.name, source.scale)
    units = to_units(source)

    def place(value: Any, offset: Any) -> tuple[int, int]:
        minutes = _offset_minutes(offset, "todatetimeoffset")
        return checked_offset(units(value) - minutes * UNITS_PER_MINUTE, minutes)

    return datetimeoffset(scale), place


def _offset_minutes(offset: Any, function_name: str) -> int:
    """Minutes from an int or from text like ``+05:30``. Raises 9812."""
    if isinstance(offset, int):
        if abs(offset) <= 14 * 60:
            return offset
    elif isinstance(offset, str) and len(offset) == 6 and offset[0] in "+-" and offset[3] == ":":
        hours, minutes = offset[1:3], offset[4:]
        if hours.isdigit() and minutes.isdigit() and int(minutes) < 60 and int(hours) <= 14:
            total = int(hours) * 60 + int(minutes)
            return -total if offset[0] == "-" else total
    raise sql_error(9812, function_name)


# --- Is it a date? ----------------------------------------------------------------------------------------------------


@bound("ISDATE", ANY, nulls=True, nullable=False)
def _is_date(call: Call) -> tuple[SqlType, Implementation]:
    """Whether text converts to datetime."""
    source = call.types[0]
    if is_date_time(source):
        if source.name in ("datetime", "smalldatetime"):
            return INT, lambda value: 0 if value is None else 1
        raise sql_error(8116, source.name, 1, "isdate", line=call.line)
    if not is_character(source):
        return INT, lambda value: 0
    convert = converter(source, DATETIME_TYPE)
    assert convert is not None

    def is_date(value: str | None) -> int:
        if not value:
            return 0
        try:
            convert(value)
        except SqlError:
            return 0
        return 1

    return INT, is_date
