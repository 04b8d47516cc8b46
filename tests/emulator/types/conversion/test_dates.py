"""Documentation: "CAST and CONVERT (Transact-SQL)" and the pages of the date and time types."""

import datetime as python
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.errors import SqlError
from emulator.types.conversion import converter
from emulator.types.external import from_python_as, to_python
from emulator.types.sqltype import (
    BIT,
    DATE,
    DATETIME,
    FLOAT,
    INT,
    SMALLDATETIME,
    SqlType,
    datetime2,
    datetimeoffset,
    decimal,
    nvarchar,
    time,
    varchar,
)

TEXT = varchar(40)
MOMENT = python.datetime(2024, 2, 9, 13, 5, 7, 127_000)


def cast(value: Any, source: SqlType, target: SqlType, style: int | None = None) -> Any:
    f = converter(source, target, style=style, explicit=True)
    return value if f is None else f(value)


def read(text: str, target: SqlType, style: int | None = None) -> Any:
    return to_python(target, cast(text, TEXT, target, style))


def error_of(text: str, target: SqlType, style: int | None = None) -> int:
    with pytest.raises(SqlError) as caught:
        read(text, target, style)
    return caught.value.number


def write(t: SqlType, value: object, style: int | None = None, target: SqlType = TEXT) -> str:
    text: str = cast(from_python_as(t, value), t, target, style)
    return text


@pytest.mark.parametrize(
    "text",
    [
        "2024-02-09 13:05:07.127",
        "2024-02-09T13:05:07.127",
        "20240209 13:05:07.127",
        "02/09/2024 1:05:07.127 PM",
        "2-9-24 13:05:07:127",
        "Feb 9, 2024 13:05:07.127",
        "9 february 2024 01:05:07.127pm",
        "2024 Feb 9 13:05:07.127",
        "13:05:07.127 2024/02/09",
        "240209 13:05:07.127",
        "{ts '2024-02-09 13:05:07.127'}",
        "  2024-02-09   13:05:07.127  ",
    ],
)
def test_literals_of_one_moment(text: str) -> None:
    assert read(text, DATETIME) == MOMENT
    assert read(text, datetime2(3)) == MOMENT


@pytest.mark.parametrize(
    ("text", "style", "expected"),
    [
        ("03/04/2024", None, (2024, 3, 4)),
        ("03/04/2024", 101, (2024, 3, 4)),
        ("03/04/2024", 103, (2024, 4, 3)),
        ("03.04.24", 4, (2024, 4, 3)),
        ("24.03.04", 2, (2024, 3, 4)),
        ("20240304", 112, (2024, 3, 4)),
        ("2024-03-04T00:00:00", 126, (2024, 3, 4)),
        ("April 2024", None, (2024, 4, 1)),
        ("2024", None, (2024, 1, 1)),
        ("1/1/49", None, (2049, 1, 1)),
        ("1/1/50", None, (1950, 1, 1)),
        ("", None, (1900, 1, 1)),
    ],
)
def test_dates_are_read_in_the_order_of_the_style(text: str, style: int | None, expected: tuple[int, int, int]) -> None:
    assert read(text, DATE, style) == python.date(*expected)


def test_a_time_alone_is_one_of_1900_and_a_half_day_is_named() -> None:
    assert read("12:30", DATETIME) == python.datetime(1900, 1, 1, 12, 30)
    assert read("12AM", time(0)) == python.time(0, 0)
    assert read("12 pm", time(0)) == python.time(12, 0)


def test_an_offset_is_kept_by_datetimeoffset_only() -> None:
    zone = python.timezone(python.timedelta(hours=-5, minutes=-30))
    assert read("2024-02-09 13:05:07 -05:30", datetimeoffset(0)) == python.datetime(2024, 2, 9, 13, 5, 7, tzinfo=zone)
    assert read("2024-02-09T13:05:07Z", DATETIME) == python.datetime(2024, 2, 9, 13, 5, 7)
    assert error_of("2024-02-09T13:05:07+01:00", DATETIME) == 241


@pytest.mark.parametrize(
    ("text", "target", "number"),
    [
        ("tomorrow", DATETIME, 241),
        ("2024-02-30", DATETIME, 242),
        ("13/13/2024", DATETIME, 242),
        ("1752-12-31", DATETIME, 242),
        ("2024-02-09 25:00", DATETIME, 242),
        ("2024-02-09 12:00:00.1234", DATETIME, 241),
        ("2024-02-30", DATE, 241),
        ("2024-02-09 12:00:00.12345678", datetime2(7), 241),
        ("tomorrow", SMALLDATETIME, 295),
        ("2079-06-07", SMALLDATETIME, 242),
        ("13:00 AM", time(0), 241),
    ],
)
def test_what_is_no_date(text: str, target: SqlType, number: int) -> None:
    assert error_of(text, target) == number


def test_the_out_of_range_message_names_both_types() -> None:
    with pytest.raises(SqlError) as caught:
        cast("2024-13-01", nvarchar(10), DATETIME)
    assert caught.value.message == (
        "The conversion of a nvarchar data type to a datetime data type resulted in an out-of-range value."
    )


@pytest.mark.parametrize(
    ("style", "expected"),
    [
        (None, "Feb  9 2024  1:05PM"),
        (0, "Feb  9 2024  1:05PM"),
        (100, "Feb  9 2024  1:05PM"),
        (1, "02/09/24"),
        (101, "02/09/2024"),
        (2, "24.02.09"),
        (102, "2024.02.09"),
        (3, "09/02/24"),
        (103, "09/02/2024"),
        (104, "09.02.2024"),
        (105, "09-02-2024"),
        (6, "09 Feb 24"),
        (106, "09 Feb 2024"),
        (107, "Feb 09, 2024"),
        (8, "13:05:07"),
        (108, "13:05:07"),
        (109, "Feb  9 2024  1:05:07:127PM"),
        (110, "02-09-2024"),
        (111, "2024/02/09"),
        (12, "240209"),
        (112, "20240209"),
        (113, "09 Feb 2024 13:05:07:127"),
        (114, "13:05:07:127"),
        (20, "2024-02-09 13:05:07"),
        (120, "2024-02-09 13:05:07"),
        (121, "2024-02-09 13:05:07.127"),
        (22, "02/09/24  1:05:07 PM"),
        (23, "2024-02-09"),
        (126, "2024-02-09T13:05:07.127"),
    ],
)
def test_styles_of_datetime(style: int | None, expected: str) -> None:
    assert write(DATETIME, MOMENT, style) == expected


def test_styles_of_the_newer_types() -> None:
    zoned = MOMENT.replace(tzinfo=python.timezone(python.timedelta(hours=2)))
    assert write(datetime2(7), MOMENT) == "2024-02-09 13:05:07.1270000"
    assert write(datetime2(0), MOMENT) == "2024-02-09 13:05:07"
    assert write(datetime2(3), MOMENT, 0) == "Feb  9 2024  1:05PM"
    assert write(DATE, MOMENT.date()) == "2024-02-09"
    assert write(DATE, MOMENT.date(), 101) == "02/09/2024"
    assert write(time(2), MOMENT.time()) == "13:05:07.13"
    assert write(datetimeoffset(0), zoned) == "2024-02-09 13:05:07 +02:00"
    assert write(datetimeoffset(0), zoned, 127) == "2024-02-09T11:05:07Z"
    assert write(DATETIME, MOMENT.replace(microsecond=0), 126) == "2024-02-09T13:05:07"


def test_text_too_short_for_a_date_is_cut() -> None:
    assert write(DATETIME, MOMENT, 120, varchar(10)) == "2024-02-09"


def test_styles_that_do_not_exist_are_refused() -> None:
    with pytest.raises(SqlError) as caught:
        converter(DATETIME, TEXT, style=99, explicit=True)
    assert caught.value.number == 281


@given(st.datetimes(python.datetime(1753, 1, 1)), st.sampled_from([121, 126]))
def test_datetime2_survives_a_round_trip_through_text(moment: python.datetime, style: int) -> None:
    assert read(write(datetime2(7), moment, style), datetime2(7), style) == moment


def test_datetime_rounds_to_three_hundredths_of_a_second() -> None:
    """The table of rounded values in "datetime (Transact-SQL)"."""
    for given_, expected in {"998": "997", "999": "000", "992": "993", "995": "997", "991": "990"}.items():
        written = cast(cast(f"2024-01-01 00:00:00.{given_}", TEXT, DATETIME), DATETIME, TEXT, 121)
        assert written.endswith(f".{expected}")


@pytest.mark.parametrize(
    ("text", "source", "target", "expected"),
    [
        ("2024-02-09 12:35:29.998", DATETIME, SMALLDATETIME, "2024-02-09 12:35:00.000"),
        ("2024-02-09 12:35:29.999", DATETIME, SMALLDATETIME, "2024-02-09 12:36:00.000"),
        ("2024-02-09 23:59:59.9999999", datetime2(7), DATE, "2024-02-09"),
        ("2024-02-09 23:59:59.9999999", datetime2(7), DATETIME, "2024-02-10 00:00:00.000"),
        ("2024-02-09 12:00:00.1235", datetime2(4), datetime2(3), "2024-02-09 12:00:00.124"),
        ("12:34:56", time(0), DATETIME, "1900-01-01 12:34:56.000"),
        ("2024-02-09", DATE, datetimeoffset(0), "2024-02-09 00:00:00 +00:00"),
        ("2024-02-09 01:00:00 +02:00", datetimeoffset(0), DATE, "2024-02-09"),
        ("2024-02-09 12:00:00.003", DATETIME, datetime2(7), "2024-02-09 12:00:00.0033333"),
        ("2024-02-09 12:34:56.789", DATETIME, time(1), "12:34:56.8"),
        ("2024-02-09 12:34:56.789", DATETIME, DATE, "2024-02-09"),
    ],
)
def test_conversions_between_date_types(text: str, source: SqlType, target: SqlType, expected: str) -> None:
    assert cast(cast(cast(text, TEXT, source), source, target), target, TEXT, 121) == expected


def test_numbers_are_days_since_1900() -> None:
    assert cast(1, INT, DATETIME) == cast("1900-01-02", TEXT, DATETIME)
    assert cast(15, decimal(3, 1), DATETIME) == cast("1900-01-02 12:00", TEXT, DATETIME)
    assert cast(-0.5, FLOAT, DATETIME) == cast("1899-12-31 12:00", TEXT, DATETIME)
    noon = cast("1900-01-02 12:00", TEXT, DATETIME)
    assert cast(noon, DATETIME, INT) == 2
    assert cast(noon, DATETIME, FLOAT) == 1.5
    assert cast(noon, DATETIME, decimal(5, 2)) == 150
    assert cast(noon, DATETIME, BIT) == 1


@pytest.mark.parametrize(
    ("source", "target", "explicit", "number"),
    [
        (DATETIME, INT, False, 257),
        (INT, DATE, True, 529),
        (INT, DATE, False, 206),
        (DATE, time(0), True, 529),
        (DATE, INT, True, 529),
    ],
)
def test_conversions_that_do_not_exist(source: SqlType, target: SqlType, explicit: bool, number: int) -> None:
    with pytest.raises(SqlError) as caught:
        converter(source, target, explicit=explicit)
    assert caught.value.number == number
