"""Dates and times in text: what is accepted, and how they are written.

Documentation: "CAST and CONVERT (Transact-SQL)" (date and time styles), "datetime (Transact-SQL)" and "date
(Transact-SQL)" (string literal formats), "SET DATEFORMAT", "SET LANGUAGE".
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from emulator.errors import sql_error
from emulator.types import hijri
from emulator.types.instants import (
    UNITS_PER_DAY,
    UNITS_PER_MINUTE,
    UNITS_PER_SECOND,
    civil,
    days_of,
    to_units,
)
from emulator.types.languages import CURRENT, US_ENGLISH, Language
from emulator.types.sqltype import SqlType
from emulator.types.temporal import format_offset

_TWO_DIGIT_YEAR_CUTOFF: Final = 2049
_DAY_1900: Final = days_of(1900, 1, 1)
_MAX_OFFSET: Final = 14 * 60

_ISO: Final = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)(?:([ T])(\d\d):(\d\d)(?::(\d\d)(?:\.(\d+))?)?)?\s*(Z|[+-]\d\d:\d\d)?", re.ASCII
)
_OFFSET: Final = re.compile(r"(?:(?<=\d)|\s)(Z|[+-]\d{1,2}:\d\d)$", re.ASCII | re.IGNORECASE)
_TIME: Final = re.compile(
    r"(?<![\d:.])(\d{1,2})(?::(\d{1,2})(?::(\d{1,2})(?:([.:])(\d+))?)?)?\s*(AM|PM)?(?![\d:.A-Z])",
    re.ASCII | re.IGNORECASE,
)
_NUMERIC_DATE: Final = re.compile(r"(\d{1,4})\s*([-/.])\s*(\d{1,4})\s*\2\s*(\d{1,4})", re.ASCII)
_ODBC: Final = re.compile(r"\{\s*(?:ts|d|t)\s*'([^']*)'\s*\}", re.IGNORECASE)
_WORDS: Final = re.compile(r"\d+|[^\W\d_]+")
_PUNCTUATION: Final = re.compile(r"[\s,./-]*")

_ORDERS: Final[dict[int | None, str]] = {
    **dict.fromkeys((1, 7, 10, 22, 101, 107, 110), "mdy"),
    **dict.fromkeys((3, 4, 5, 6, 13, 103, 104, 105, 106, 113), "dmy"),
    **dict.fromkeys((2, 11, 12, 20, 21, 23, 25, 102, 111, 112, 120, 121, 126, 127), "ymd"),
}
"""The styles that say in which order the numbers of a date come."""
_DAY_BEFORE_MONTH: Final = ("dmy", "ydm", "dym")
_HIJRI_STYLES: Final = frozenset((130, 131))


@cache
def _month_numbers(language: Language) -> dict[str, int]:
    """The months by their names, long and short; the English ones are known in every language."""
    return {
        name.lower(): number
        for spoken in (US_ENGLISH, language)
        for names in (spoken.short_months, spoken.months)
        for number, name in enumerate(names, 1)
    }


class OutOfRange(ValueError):
    """Well-formed, but there is no such date or time."""


@dataclass(frozen=True, slots=True)
class Moment:
    """What a text says: days since 0001-01-01, units since midnight, offset in minutes if given, digits of a second."""

    days: int
    units: int
    offset: int | None
    fraction_digits: int


def parse(text: str, style: int | None, *, classic: bool = False) -> Moment:
    """What ``text`` says under a style, for ``classic``: datetime or smalldatetime.

    Where the style does not say it, the order of a date in numbers is that of SET DATEFORMAT; ``yyyy-mm-dd`` follows it
    for the classic types alone. ValueError: it is not a date or time; ``OutOfRange``: none that exists.
    """
    text = text.strip()
    odbc = _ODBC.fullmatch(text)
    if odbc is not None:
        text = odbc[1].strip()
    if style in _HIJRI_STYLES:
        return _parse_loose(text, _hijri_date)
    order = _ORDERS.get(style) or CURRENT.get().order
    iso = _ISO.fullmatch(text)
    follows_order = order in _DAY_BEFORE_MONTH and (classic or style in _ORDERS)
    if iso is not None and (iso[4] == "T" or not follows_order):
        hour, minute, second = (int(iso[n] or 0) for n in (5, 6, 7))
        days = _days(int(iso[1]), int(iso[2]), int(iso[3]))
        return Moment(days, _clock(hour, minute, second, ".", iso[8] or ""), _offset(iso[9]), len(iso[8] or ""))
    return _parse_loose(text, lambda date: _parse_date(date, order))


def _parse_loose(text: str, parse_date: Callable[[str], int]) -> Moment:
    offset = None
    found = _OFFSET.search(text)
    if found is not None and ":" in text[: found.start()]:
        offset = _offset(found[1])
        text = text[: found.start()].rstrip()
    units, digits = 0, 0
    for time in _TIME.finditer(text):
        if time[2] is None and time[6] is None:
            continue
        hour = _twelve_hours(int(time[1]), time[6])
        units = _clock(hour, int(time[2] or 0), int(time[3] or 0), time[4] or ".", time[5] or "")
        digits = len(time[5] or "")
        text = f"{text[: time.start()].rstrip()} {text[time.end() :].lstrip()}".strip()
        break
    return Moment(parse_date(text), units, offset, digits)


def _twelve_hours(hour: int, half: str | None) -> int:
    if half is None:
        return hour
    if hour > 12:
        if half.upper() == "AM":
            raise ValueError("an afternoon hour before noon")
        return hour
    return hour % 12 + (12 if half.upper() == "PM" else 0)


def _clock(hour: int, minute: int, second: int, separator: str, fraction: str) -> int:
    """Units since midnight. Behind a colon the fraction counts milliseconds, behind a point it is decimal."""
    if hour > 23 or minute > 59 or second > 59:
        raise OutOfRange
    if len(fraction) > (3 if separator == ":" else 7):
        raise ValueError("too many digits")
    part = int(fraction or 0) * 10_000 if separator == ":" else int(fraction.ljust(7, "0") or 0)
    return (hour * 60 + minute) * UNITS_PER_MINUTE + second * UNITS_PER_SECOND + part


def _offset(text: str | None) -> int | None:
    if text is None:
        return None
    if text in "Zz":
        return 0
    hours, minutes = text[1:].split(":")
    total = int(hours) * 60 + int(minutes)
    if total > _MAX_OFFSET or int(minutes) > 59:
        raise OutOfRange
    return -total if text[0] == "-" else total


def _days(year: int, month: int, day: int) -> int:
    try:
        return days_of(year, month, day)
    except ValueError:
        raise OutOfRange from None


def _year(digits: str) -> int:
    """Two digits are taken to be within the century that ends in 2049."""
    if len(digits) == 4:
        return int(digits)
    if len(digits) > 2:
        raise ValueError("a year has two digits or four")
    century = _TWO_DIGIT_YEAR_CUTOFF // 100 * 100
    return int(digits) + (century if int(digits) <= _TWO_DIGIT_YEAR_CUTOFF % 100 else century - 100)


def _hijri_date(text: str) -> int:
    """Day, month (its number or name) and year of the Hijri calendar."""
    for number, name in enumerate(hijri.MONTHS, start=1):
        text = text.replace(name, str(number))
    numbers = re.fullmatch(r"(\d{1,2})[\s/-]+(\d{1,2})[\s/-]+(\d{4})", text)
    if numbers is None:
        raise ValueError(text)
    day, month, year = (int(part) for part in numbers.groups())
    try:
        return hijri.from_hijri(year, month, day)
    except ValueError:
        raise OutOfRange from None


def _parse_date(text: str, order: str) -> int:
    if not text:
        return _DAY_1900
    if text.isascii() and text.isdigit():
        return _parse_digits(text)
    numeric = _NUMERIC_DATE.fullmatch(text)
    if numeric is not None:
        return _parse_numbers((numeric[1], numeric[3], numeric[4]), order)
    return _parse_words(text)


def _parse_digits(text: str) -> int:
    """``yyyymmdd``, ``yymmdd`` or ``yyyy``."""
    if len(text) == 8:
        return _days(int(text[:4]), int(text[4:6]), int(text[6:]))
    if len(text) == 6:
        return _days(_year(text[:2]), int(text[2:4]), int(text[4:]))
    if len(text) == 4:
        return _days(int(text), 1, 1)
    raise ValueError(text)


def _parse_numbers(numbers: tuple[str, str, str], order: str) -> int:
    """Three numbers in the order of the style; a year of four digits may also come first, before month and day."""
    if len(numbers[0]) == 4 and order == "mdy":
        order = "ymd"
    elif len(numbers[0]) == 4 and order == "dmy":
        order = "ydm"
    elif len(numbers[2]) == 4 and order == "ymd":
        order = "mdy"
    elif len(numbers[2]) == 4 and order == "ydm":
        order = "dmy"
    parts = dict(zip(order, numbers, strict=True))
    if len(parts["m"]) > 2 or len(parts["d"]) > 2:
        raise ValueError("a month or day of more than two digits")
    return _days(_year(parts["y"]), int(parts["m"]), int(parts["d"]))


def _parse_words(text: str) -> int:
    """A month by name, with a year, and a day before or behind the month; without a day the first is meant."""
    words: list[str] = _WORDS.findall(text)
    if not _PUNCTUATION.fullmatch(_WORDS.sub("", text)):
        raise ValueError(text)
    known = _month_numbers(CURRENT.get().language)
    months = [w for w in words if not w.isdigit() and w.lower() in known]
    numbers = [w for w in words if w.isdigit()]
    if len(months) != 1 or len(numbers) != len(words) - 1 or not 1 <= len(numbers) <= 2:
        raise ValueError(text)
    month = known[months[0].lower()]
    if len(numbers) == 1:
        return _days(_year(numbers[0]), month, 1)
    day, year = numbers if len(numbers[0]) <= 2 else numbers[::-1]
    if len(day) > 2:
        raise ValueError(text)
    return _days(_year(year), month, int(day))


# Writing

_MINUTES: Final = "{h12:2}:{mi:02}{half}"
_FORMATS: Final[dict[int, tuple[str, str, str]]] = {
    1: ("{mo:02}/{dd:02}/{yy}", "", ""),
    2: ("{yy}.{mo:02}.{dd:02}", "", ""),
    3: ("{dd:02}/{mo:02}/{yy}", "", ""),
    4: ("{dd:02}.{mo:02}.{yy}", "", ""),
    5: ("{dd:02}-{mo:02}-{yy}", "", ""),
    6: ("{dd:02} {mon} {yy}", "", ""),
    7: ("{mon} {dd:02}, {yy}", "", ""),
    10: ("{mo:02}-{dd:02}-{yy}", "", ""),
    11: ("{yy}/{mo:02}/{dd:02}", "", ""),
    12: ("{yy}{mo:02}{dd:02}", "", ""),
    100: ("{mon} {dd:2} {yyyy}", " ", _MINUTES),
    108: ("", "", "{hh:02}:{mi:02}:{ss:02}"),
    109: ("{mon} {dd:2} {yyyy}", " ", "{h12:2}:{mi:02}:{ss:02}{colon}{half}"),
    113: ("{dd:02} {mon} {yyyy}", " ", "{hh:02}:{mi:02}:{ss:02}{colon}"),
    114: ("", "", "{hh:02}:{mi:02}:{ss:02}{colon}"),
    120: ("{yyyy}-{mo:02}-{dd:02}", " ", "{hh:02}:{mi:02}:{ss:02}"),
    121: ("{yyyy}-{mo:02}-{dd:02}", " ", "{hh:02}:{mi:02}:{ss:02}{point}"),
    22: ("{mo:02}/{dd:02}/{yy}", " ", "{h12:2}:{mi:02}:{ss:02} {half}"),
    23: ("{yyyy}-{mo:02}-{dd:02}", "", ""),
    126: ("{yyyy}-{mo:02}-{dd:02}", "T", "{hh:02}:{mi:02}:{ss:02}{shown}"),
    130: ("{dd:2} {mon} {yyyy}", " ", "{h12:2}:{mi:02}:{ss:02}{colon}{half}"),
    131: ("{dd:2}/{mo:02}/{yyyy}", " ", "{h12:2}:{mi:02}:{ss:02}{colon}{half}"),
}
"""Date, separator and time of each style."""

_CENTURY_STYLES: Final = (1, 2, 3, 4, 5, 6, 7, 10, 11, 12)
_FORMATS.update({n + 100: (_FORMATS[n][0].replace("{yy}", "{yyyy}"), "", "") for n in _CENTURY_STYLES})
_FORMATS.update({n: _FORMATS[m] for n, m in {0: 100, 8: 108, 24: 108, 9: 109, 13: 113, 14: 114}.items()})
_FORMATS.update({20: _FORMATS[120], 21: _FORMATS[121], 25: _FORMATS[121], 127: _FORMATS[126]})

_CLASSIC_DEFAULT: Final = 0
_DEFAULT: Final = 121
_UTC_STYLE: Final = 127


def formatter(t: SqlType, style: int | None) -> Callable[[Any], str]:
    """The function that writes a value of a date or time type in a style; None: the default of the type.

    Raises 281 (no such style) and 8114 (a style of dates for a time, or of times for a date).
    """
    classic = t.name in ("datetime", "smalldatetime")
    if style is None:
        style = _CLASSIC_DEFAULT if classic else _DEFAULT
    if style not in _FORMATS:
        raise sql_error(281, style, t.name)
    template = _template(t, style)
    if template == "{yyyy}-{mo:02}-{dd:02}" and t.name == "date":
        return _iso_date
    fields = _field_reader(t, in_hijri=style in _HIJRI_STYLES)
    if t.name != "datetimeoffset":
        return lambda v: template.format_map(fields(v))
    if style == _UTC_STYLE:
        return lambda v: template.format_map(fields((v[0], 0))) + "Z"
    space = "" if style == 126 else " "
    return lambda v: f"{template.format_map(fields(v))}{space}{format_offset(v[1])}"


def _template(t: SqlType, style: int) -> str:
    date, separator, time = _FORMATS[style]
    if (t.name == "date" and not date) or (t.name == "time" and not time):
        raise sql_error(8114, t.name, "varchar", state=5)
    if t.name == "date":
        return date
    if t.name == "time":
        return time if style in (22, *_HIJRI_STYLES) else time.replace("{h12:2}", "{h12}")
    return date + separator + time


def _iso_date(days: int) -> str:
    return "{:04}-{:02}-{:02}".format(*civil(days))


def _hijri_fields(days: int) -> dict[str, Any]:
    """Those of the date. Raises 8115 for a date before the calendar."""
    try:
        year, month, day = hijri.to_hijri(days)
    except ValueError:
        raise sql_error(8115, "expression", "data type varchar") from None
    return {"yyyy": f"{year:04}", "mo": month, "mon": hijri.MONTHS[month - 1], "dd": day}


def _field_reader(t: SqlType, *, in_hijri: bool = False) -> Callable[[Any], dict[str, Any]]:
    """Everything that a template may name, for values of ``t``."""
    units_of = to_units(t)
    scale = {"datetime": 3, "smalldatetime": 3}.get(t.name, t.scale)
    mark = ":" if t.name in ("datetime", "smalldatetime") else "."

    def fields(v: Any) -> dict[str, Any]:
        days, units = divmod(units_of(v), UNITS_PER_DAY)
        year, month, day = civil(days)
        seconds, fraction = divmod(units, UNITS_PER_SECOND)
        if t.name == "datetime":
            digits = f"{(v % 300 * 10 + 1) // 3:03}"
        else:
            digits = f"{fraction:07}"[:scale]
        hour, minute = seconds // 3600, seconds // 60 % 60
        found = {
            "yyyy": f"{year:04}",
            "yy": f"{year % 100:02}",
            "mo": month,
            "mon": CURRENT.get().language.short_months[month - 1],
            "dd": day,
            "hh": hour,
            "h12": (hour + 11) % 12 + 1,
            "half": "AM" if hour < 12 else "PM",
            "mi": minute,
            "ss": seconds % 60,
            "colon": f"{mark}{digits}" if digits else "",
            "point": f".{digits}" if digits else "",
            "shown": f".{digits}" if digits.strip("0") else "",
        }
        return found | _hijri_fields(days) if in_hijri else found

    return fields
