"""The Hijri calendar of styles 130 and 131: months of 30 and 29 days in turn, 11 leap years in a cycle of 30.

Documentation: "CAST and CONVERT (Transact-SQL)", section "Date and time styles" ("Kuwaiti algorithm").
"""

from __future__ import annotations

from typing import Final

MONTHS: Final = (
    *("محرم", "صفر", "ربيع الاول", "ربيع الثاني", "جمادى الاولى", "جمادى الثانية"),
    *("رجب", "شعبان", "رمضان", "شوال", "ذو القعدة", "ذو الحجة"),
)

_DAYS_TO_YEAR_1: Final = 227_013
"""Days from 0001-01-01 to the first of the calendar, 0622-07-18."""
_DAYS_OF_CYCLE: Final = 10_631
_YEARS_OF_CYCLE: Final = 30
_LEAP_YEARS: Final = frozenset((2, 5, 7, 10, 13, 16, 18, 21, 24, 26, 29))
_DAYS_OF_YEAR: Final = 354


def _days_of_year(year: int) -> int:
    """Days of a year of the cycle, 1 to 30."""
    return _DAYS_OF_YEAR + (year in _LEAP_YEARS)


def _days_of_month(year: int, month: int) -> int:
    return 30 if month % 2 or (month == 12 and year % _YEARS_OF_CYCLE in _LEAP_YEARS) else 29


def to_hijri(days: int) -> tuple[int, int, int]:
    """Year, month and day of a number of days since 0001-01-01. ValueError: before the first year."""
    if days < _DAYS_TO_YEAR_1:
        raise ValueError(days)
    cycles, days = divmod(days - _DAYS_TO_YEAR_1, _DAYS_OF_CYCLE)
    year = 1
    while days >= _days_of_year(year):
        days -= _days_of_year(year)
        year += 1
    month = 1
    while days >= _days_of_month(year, month):
        days -= _days_of_month(year, month)
        month += 1
    return cycles * _YEARS_OF_CYCLE + year, month, days + 1


def from_hijri(year: int, month: int, day: int) -> int:
    """The same backwards. ValueError: there is no such day."""
    cycles, of_cycle = divmod(year - 1, _YEARS_OF_CYCLE)
    if year < 1 or not 1 <= month <= 12 or not 1 <= day <= _days_of_month(of_cycle + 1, month):
        raise ValueError((year, month, day))
    days = sum(_days_of_year(number) for number in range(1, of_cycle + 1))
    days += sum(_days_of_month(of_cycle + 1, number) for number in range(1, month))
    return _DAYS_TO_YEAR_1 + cycles * _DAYS_OF_CYCLE + days + day - 1
