"""The Hijri calendar (documentation: "CAST and CONVERT (Transact-SQL)", styles 130 and 131)."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.errors import SqlError
from emulator.types.hijri import from_hijri, to_hijri


def days(year: int, month: int, day: int) -> int:
    return date(year, month, day).toordinal() - 1


@pytest.mark.parametrize(
    ("gregorian", "hijri"),
    [((622, 7, 18), (1, 1, 1)), ((2000, 8, 7), (1421, 5, 7)), ((2019, 8, 23), (1440, 12, 22))],
)
def test_days_of_both_calendars(gregorian: tuple[int, int, int], hijri: tuple[int, int, int]) -> None:
    assert to_hijri(days(*gregorian)) == hijri
    assert from_hijri(*hijri) == days(*gregorian)


@given(st.dates(date(622, 7, 18)))
def test_every_day_has_one_date(day: date) -> None:
    number = day.toordinal() - 1
    assert from_hijri(*to_hijri(number)) == number


@pytest.mark.parametrize("hijri", [(1440, 1, 31), (1440, 2, 30), (1440, 13, 1), (0, 1, 1)])
def test_days_that_there_are_not(hijri: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match=str(hijri[0])):
        from_hijri(*hijri)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (
            "CONVERT(nvarchar(40), CAST('2019-08-23 13:39:17.090' AS datetime2(3)), 130)",
            "22 ذو الحجة 1440  1:39:17.090PM",
        ),
        ("CONVERT(varchar(40), CAST('2000-08-07 12:14:35.727' AS datetime), 131)", " 7/05/1421 12:14:35:727PM"),
        ("CONVERT(varchar(40), CAST('2000-08-07' AS date), 131)", " 7/05/1421"),
        ("CONVERT(varchar(40), CONVERT(datetime, '7/05/1421 12:14:35:727PM', 131), 121)", "2000-08-07 12:14:35.727"),
        ("CONVERT(varchar(10), CONVERT(date, N'22 ذو الحجة 1440', 130))", "2019-08-23"),
        ("TRY_CONVERT(date, '31/01/1440', 131)", None),
    ],
)
def test_styles_write_and_read_it(bench: Any, text: str, value: Any) -> None:
    assert bench.value(text) == value


def test_a_date_before_the_calendar_cannot_be_written(bench: Any) -> None:
    with pytest.raises(SqlError) as caught:
        bench.value("CONVERT(varchar(40), CAST('0600-01-01' AS date), 131)")
    assert caught.value.number == 8115
