"""Date and time functions (documentation: "Date and time data types and functions (Transact-SQL)")."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any

import pytest

from emulator.errors import SqlError
from emulator.execution.settings import Settings
from emulator.types.sqltype import DATE, DATETIME, INT, datetime2, datetimeoffset, nvarchar


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("SYSUTCDATETIME()", datetime(2023, 11, 14, 22, 13, 20)),
        ("GETDATE()", datetime(2023, 11, 14, 22, 13, 20)),
        ("CURRENT_TIMESTAMP", datetime(2023, 11, 14, 22, 13, 20)),
        ("DATEADD(day, 1, '2024-02-28')", datetime(2024, 2, 29)),
        ("DATEADD(month, 1, CAST('2024-01-31' AS date))", date(2024, 2, 29)),
        ("DATEADD(minute, -90, CAST('2024-01-01' AS datetime2(0)))", datetime(2023, 12, 31, 22, 30)),
        ("DATEADD(day, 1.9, CAST('2024-01-01' AS date))", date(2024, 1, 2)),
        ("DATEDIFF(day, '2024-01-01 23:59', '2024-01-02 00:00')", 1),
        ("DATEDIFF(year, '2023-12-31', '2024-01-01')", 1),
        ("DATEDIFF_BIG(millisecond, '2000-01-01', '2024-01-01')", 757382400000),
        ("DATEPART(year, '2024-05-06')", 2024),
        ("DATEPART(iso_week, '2021-01-01')", 53),
        ("DATENAME(month, '2024-05-06')", "May"),
        ("DATENAME(weekday, '2024-05-06')", "Monday"),
        ("YEAR('2024-05-06') * 10000 + MONTH('2024-05-06') * 100 + DAY('2024-05-06')", 20240506),
        ("YEAR(0)", 1900),
        ("EOMONTH('2024-02-03')", date(2024, 2, 29)),
        ("EOMONTH('2024-02-03', -1)", date(2024, 1, 31)),
        ("DATETRUNC(month, CAST('2024-05-06 07:08' AS datetime2(0)))", datetime(2024, 5, 1)),
        ("DATETRUNC(week, CAST('2024-05-08' AS date))", date(2024, 5, 5)),
        ("DATETRUNC(hour, CAST('07:08' AS time(0)))", time(7, 0)),
        ("DATEFROMPARTS(2024, 2, 29)", date(2024, 2, 29)),
        ("TIMEFROMPARTS(1, 2, 3, 45, 2)", time(1, 2, 3, 450000)),
        ("DATETIMEFROMPARTS(2024, 2, 29, 1, 2, 3, 997)", datetime(2024, 2, 29, 1, 2, 3, 997000)),
        ("SMALLDATETIMEFROMPARTS(2024, 2, 29, 1, 2)", datetime(2024, 2, 29, 1, 2)),
        ("DATETIME2FROMPARTS(2024, 2, 29, 1, 2, 3, 5, 1)", datetime(2024, 2, 29, 1, 2, 3, 500000)),
        ("ISDATE('2024-02-29')", 1),
        ("ISDATE('2023-02-29')", 0),
        ("ISDATE(NULL)", 0),
    ],
)
def test_a_date_function_gives(bench: Any, text: str, value: Any) -> None:
    assert bench.value(text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("SWITCHOFFSET(CAST('2024-01-01 00:00 +00:00' AS datetimeoffset(0)), '-05:30')", "2023-12-31T18:30:00-05:30"),
        ("SWITCHOFFSET(CAST('2024-01-01 00:00 +00:00' AS datetimeoffset(0)), 60)", "2024-01-01T01:00:00+01:00"),
        ("TODATETIMEOFFSET(CAST('2024-01-01 12:00' AS datetime2(0)), '+02:00')", "2024-01-01T12:00:00+02:00"),
        ("DATETIMEOFFSETFROMPARTS(2024, 1, 1, 12, 0, 0, 0, 5, 30, 0)", "2024-01-01T12:00:00+05:30"),
    ],
)
def test_a_function_of_offsets_gives(bench: Any, text: str, value: str) -> None:
    assert bench.value(text).isoformat() == value


@pytest.mark.parametrize(
    ("text", "type"),
    [
        ("GETDATE()", DATETIME),
        ("SYSDATETIME()", datetime2(7)),
        ("SYSDATETIMEOFFSET()", datetimeoffset(7)),
        ("DATEADD(day, 1, '2024-01-01')", DATETIME),
        ("DATEADD(day, 1, CAST('2024-01-01' AS date))", DATE),
        ("DATEADD(day, 1, CAST('2024-01-01' AS datetime2(3)))", datetime2(3)),
        ("DATEDIFF(day, '2024-01-01', '2024-01-02')", INT),
        ("DATENAME(day, '2024-01-01')", nvarchar(30)),
        ("DATETIME2FROMPARTS(2024, 2, 29, 1, 2, 3, 5, 1)", datetime2(1)),
    ],
)
def test_the_type_of_the_result(bench: Any, text: str, type: Any) -> None:
    assert bench.type(text) == type


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("DATEFROMPARTS(2023, 2, 29)", 289),
        ("TIMEFROMPARTS(24, 0, 0, 0, 0)", 289),
        ("DATEADD(year, 9000, GETDATE())", 517),
        ("DATEDIFF(millisecond, '1900-01-01', '2024-01-01')", 535),
        ("DATEADD(hour, 1, CAST('2024-01-01' AS date))", 9810),
        ("SWITCHOFFSET(SYSDATETIMEOFFSET(), '+15:00')", 9812),
        ("DATETIME2FROMPARTS(2024, 1, 1, 0, 0, 0, 0, 8)", 10760),
        ("DATEPART(year, 'spring')", 241),
    ],
)
def test_dates_that_do_not_exist_are_errors(bench: Any, text: str, number: int) -> None:
    with pytest.raises(SqlError) as caught:
        bench.value(text)
    assert caught.value.number == number


def test_weekdays_count_from_datefirst(bench: Any) -> None:
    monday = bench.expr("DATEPART(weekday, '2024-05-06')")
    assert monday.fn(bench.env) == 2
    bench.session.settings = Settings(datefirst=1)
    assert monday.fn(bench.env) == 1


@pytest.mark.parametrize(
    ("arguments", "start"),
    [
        ("WEEK, 1, CAST('2020-04-15 21:22:11' AS datetime2)", "2020-04-13 00:00:00.0000000"),
        ("WEEK, 5, CAST('2020-04-15 21:22:11' AS datetime2)", "2020-04-06 00:00:00.0000000"),
        (
            "WEEK, 5, CAST('2020-06-15 21:22:11' AS datetime2), CAST('2019-01-01' AS datetime2)",
            "2020-06-09 00:00:00.0000000",
        ),
        ("DAY, 365, CAST('2000-01-01 01:01:01.111' AS datetime2)", "1999-12-08 00:00:00.0000000"),
        ("MONTH, 2, CAST('2020-06-30' AS date)", "2020-05-01"),
        ("MONTH, 1, CAST('2020-03-30' AS date), CAST('2020-01-31' AS date)", "2020-02-29"),
        ("QUARTER, 1, CAST('1899-12-31' AS date)", "1899-10-01"),
        ("YEAR, 5, CAST('2024-12-31' AS date)", "2020-01-01"),
        ("HOUR, 5, CAST('13:10' AS time(0))", "10:00:00"),
        ("MINUTE, 10, CAST('2020-01-01 10:19 +05:30' AS datetimeoffset(0))", "2020-01-01 10:10:00 +05:30"),
    ],
)
def test_date_bucket_gives_the_start_of_the_bucket(bench, arguments, start):
    assert bench.value(f"CONVERT(varchar(40), DATE_BUCKET({arguments}))") == start


@pytest.mark.parametrize(
    ("arguments", "number"),
    [
        ("DAY, 1, '2020-01-01'", 8116),
        ("DAY, 0, CAST('2020-01-01' AS date)", 9834),
        ("HOUR, 1, CAST('2020-01-01' AS date)", 9810),
        ("DAY, 1, CAST('10:00' AS time)", 9810),
        ("NANOSECOND, 1, SYSDATETIME()", 9810),
        ("DAY, 1, SYSDATETIME(), CAST('2020-01-01' AS date)", 8116),
    ],
)
def test_date_bucket_refuses(bench, arguments, number):
    with pytest.raises(SqlError) as caught:
        bench.value(f"DATE_BUCKET({arguments})")
    assert caught.value.number == number


def test_dateadd_takes_no_text_for_its_number(bench: Any) -> None:
    with pytest.raises(SqlError, match="Argument data type varchar is invalid for argument 2 of dateadd") as caught:
        bench.value("DATEADD(day, '1', '2024-01-01')")
    assert caught.value.number == 8116
    assert bench.value("DATEADD(day, 1.9, CAST('2024-01-01' AS date))") == date(2024, 1, 2)
