"""Documentation: "DATEADD", "DATEDIFF", "DATEPART", "DATENAME", "EOMONTH (Transact-SQL)"."""

import datetime as python

import pytest
from hypothesis import given, reject
from hypothesis import strategies as st

from emulator.errors import SqlError
from emulator.types.external import from_python_as, to_python
from emulator.types.sqltype import (
    DATE,
    DATETIME,
    SMALLDATETIME,
    SqlType,
    datetime2,
    datetimeoffset,
    time,
)
from emulator.types.temporal import (
    date_add,
    date_diff,
    date_name,
    date_part,
    date_part_name,
    end_of_month,
    from_timestamp,
)

DATETIME2 = datetime2()
DATETIMES = st.datetimes(python.datetime(1800, 1, 1), python.datetime(2300, 1, 1))
_FIXED = {
    "week": python.timedelta(weeks=1),
    "day": python.timedelta(days=1),
    "hour": python.timedelta(hours=1),
    "minute": python.timedelta(minutes=1),
    "second": python.timedelta(seconds=1),
    "millisecond": python.timedelta(milliseconds=1),
    "microsecond": python.timedelta(microseconds=1),
}


def sunday_first() -> int:
    return 7


def add(part: str, number: int, t: SqlType, value: object) -> object:
    return to_python(t, date_add(part, t)(number, from_python_as(t, value)))


def diff(part: str, a: object, b: object, t: SqlType = DATETIME2) -> int:
    return date_diff(part, t, t, big=True)(from_python_as(t, a), from_python_as(t, b))


@given(st.sampled_from(sorted(_FIXED)), st.integers(-100_000, 100_000), DATETIMES)
def test_parts_of_fixed_length_are_added_as_timedeltas(part: str, number: int, moment: python.datetime) -> None:
    try:
        expected = moment + number * _FIXED[part]
    except OverflowError:
        reject()
    assert add(part, number, datetime2(), moment) == expected


@given(st.integers(-2000, 2000), DATETIMES)
def test_months_keep_the_day_or_take_the_last_one(number: int, moment: python.datetime) -> None:
    moved = add("month", number, datetime2(), moment)
    assert isinstance(moved, python.datetime)
    assert (moved.year - moment.year) * 12 + moved.month - moment.month == number
    assert moved.time() == moment.time()
    last = (moved + python.timedelta(days=1)).month != moved.month
    assert moved.day == moment.day or (moved.day < moment.day and last)


def test_date_add_examples() -> None:
    assert add("month", 1, DATETIME, python.datetime(2024, 8, 31)) == python.datetime(2024, 9, 30)
    assert add("quarter", -1, DATE, python.date(2024, 5, 31)) == python.date(2024, 2, 29)
    assert add("minute", 1, SMALLDATETIME, python.datetime(2024, 1, 1)) == python.datetime(2024, 1, 1, 0, 1)
    assert add("hour", 2, time(0), python.time(23)) == python.time(1)
    assert add("millisecond", 2, DATETIME, python.datetime(2024, 1, 1)) == python.datetime(2024, 1, 1, 0, 0, 0, 3000)
    zone = python.timezone(python.timedelta(hours=3))
    assert add("day", 1, datetimeoffset(0), python.datetime(2024, 1, 31, 1, tzinfo=zone)) == python.datetime(
        2024, 2, 1, 1, tzinfo=zone
    )


def test_date_add_beyond_the_calendar_overflows() -> None:
    with pytest.raises(SqlError) as caught:
        add("year", 8000, DATETIME, python.datetime(2024, 1, 1))
    assert (caught.value.number, caught.value.message) == (
        517,
        "Adding a value to a 'datetime' column caused an overflow.",
    )


@given(st.sampled_from(["day", "hour", "minute", "second", "millisecond", "microsecond"]), DATETIMES, DATETIMES)
def test_differences_count_boundaries(part: str, a: python.datetime, b: python.datetime) -> None:
    start = python.datetime(1, 1, 1)
    assert diff(part, a, b) == (b - start) // _FIXED[part] - (a - start) // _FIXED[part]


def test_every_boundary_of_new_year_counts_once() -> None:
    """The example in "DATEDIFF (Transact-SQL)"."""
    a, b = python.datetime(2005, 12, 31, 23, 59, 59, 999_999), python.datetime(2006, 1, 1)
    for part in ("year", "quarter", "month", "dayofyear", "day", "week", "hour", "minute", "second", "millisecond"):
        expected = 1
        assert diff(part, a, b) == expected, part


def test_weeks_begin_on_sunday_in_differences() -> None:
    saturday, sunday, monday = (python.date(2024, 2, n) for n in (10, 11, 12))
    assert diff("week", saturday, sunday, DATE) == 1
    assert diff("week", sunday, monday, DATE) == 0


def test_a_difference_too_large_for_an_int_overflows() -> None:
    f = date_diff("second", datetime2(), datetime2())
    with pytest.raises(SqlError, match="datediff function resulted in an overflow") as caught:
        f(0, 10**18)
    assert caught.value.number == 535


def test_offsets_do_not_count_in_differences() -> None:
    east = python.datetime(2024, 1, 1, 2, tzinfo=python.timezone(python.timedelta(hours=2)))
    assert diff("hour", east, east.astimezone(python.UTC), datetimeoffset()) == 0


@given(DATETIMES)
def test_parts_of_a_moment(moment: python.datetime) -> None:
    value = from_python_as(datetime2(), moment)

    def part(name: str) -> int:
        return date_part(name, datetime2(), sunday_first)(value)

    assert (part("year"), part("month"), part("day")) == (moment.year, moment.month, moment.day)
    assert (part("hour"), part("minute"), part("second")) == (moment.hour, moment.minute, moment.second)
    assert (part("microsecond"), part("nanosecond")) == (moment.microsecond, moment.microsecond * 1000)
    assert part("dayofyear") == moment.timetuple().tm_yday
    assert part("iso_week") == moment.isocalendar().week
    assert part("weekday") == moment.isoweekday() % 7 + 1
    assert part("quarter") == (moment.month + 2) // 3
    assert part("week") == (int(moment.strftime("%U")) + (python.date(moment.year, 1, 1).isoweekday() != 7))


def test_the_first_day_of_the_week_can_be_set() -> None:
    sunday = from_python_as(DATE, python.date(2024, 2, 11))
    assert date_part("weekday", DATE, lambda: 7)(sunday) == 1
    assert date_part("weekday", DATE, lambda: 1)(sunday) == 7


def test_names_of_parts() -> None:
    value = from_python_as(datetimeoffset(0), python.datetime(2024, 2, 11, tzinfo=python.UTC))
    names = [date_name(p, datetimeoffset(0), sunday_first)(value) for p in ("month", "weekday", "year", "tzoffset")]
    assert names == ["February", "Sunday", "2024", "+00:00"]


def test_abbreviations_of_parts() -> None:
    words = ["yy", "QQ", "mm", "m", "dy", "dd", "wk", "dw", "hh", "mi", "n", "ss", "ms"]
    assert " ".join(map(date_part_name, words)) == (
        "year quarter month month dayofyear day week weekday hour minute minute second millisecond"
    )
    with pytest.raises(SqlError, match="'fortnight' is not a recognized dateadd option"):
        date_part_name("fortnight", "dateadd")


@pytest.mark.parametrize(
    ("part", "t"), [("hour", DATE), ("day", time()), ("nanosecond", DATETIME), ("tzoffset", datetime2())]
)
def test_parts_that_a_type_does_not_have(part: str, t: SqlType) -> None:
    with pytest.raises(SqlError) as caught:
        date_add(part, t)
    assert caught.value.number == 9810


def test_the_end_of_a_month() -> None:
    day = from_python_as(DATE, python.date(2024, 1, 31))
    assert to_python(DATE, end_of_month(day, 1)) == python.date(2024, 2, 29)
    assert to_python(DATE, end_of_month(day, -2)) == python.date(2023, 11, 30)


def test_the_current_time_in_every_type() -> None:
    moment = python.datetime(2024, 2, 9, 13, 5, 7, 127_000, tzinfo=python.UTC)
    stamp = moment.timestamp()
    naive = moment.replace(tzinfo=None)
    assert to_python(DATETIME, from_timestamp(DATETIME, stamp)) == naive
    assert to_python(datetime2(), from_timestamp(datetime2(), stamp, 60)) == naive + python.timedelta(hours=1)
    assert to_python(datetimeoffset(), from_timestamp(datetimeoffset(), stamp, 60)) == moment
