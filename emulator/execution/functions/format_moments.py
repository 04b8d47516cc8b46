"""Dates and times by .NET format strings. A format that .NET does not take gives NULL, as FORMAT does.

.NET: "Standard date and time format strings", "Custom date and time format strings", "Standard TimeSpan format
strings", "Custom TimeSpan format strings".
"""

from __future__ import annotations

import re
from typing import Final

from emulator.types.cultures import Culture
from emulator.types.instants import UNITS_PER_DAY, UNITS_PER_MINUTE, UNITS_PER_SECOND, civil
from emulator.types.temporal import format_offset

_ROUND_TRIP: Final = "yyyy'-'MM'-'dd'T'HH':'mm':'ss'.'fffffff"
_FIXED: Final = {
    "o": _ROUND_TRIP,
    "O": _ROUND_TRIP,
    "r": "ddd', 'dd' 'MMM' 'yyyy' 'HH':'mm':'ss' GMT'",
    "R": "ddd', 'dd' 'MMM' 'yyyy' 'HH':'mm':'ss' GMT'",
    "s": "yyyy'-'MM'-'dd'T'HH':'mm':'ss",
    "u": "yyyy'-'MM'-'dd HH':'mm':'ss'Z'",
}
"""Standard formats that are the same in all cultures."""
_TOKEN = re.compile(r"d+|M+|y+|H+|h+|m+|s+|f+|F+|t+|z+|K|g+|'[^']*'|\"[^\"]*\"|\\.|%(?=.)|.", re.DOTALL)
_TIME_TOKEN = re.compile(r"d{1,8}|h{1,2}|m{1,2}|s{1,2}|f{1,7}|F{1,7}|'[^']*'|\\.|%(?=[dhmsfF])", re.DOTALL)


def _standard(letter: str, culture: Culture) -> str | None:
    if letter in _FIXED:
        return _FIXED[letter]
    date, long_date, time, long_time = culture.short_date, culture.long_date, culture.short_time, culture.long_time
    return {
        "d": date,
        "D": long_date,
        "f": f"{long_date} {time}",
        "F": f"{long_date} {long_time}",
        "g": f"{date} {time}",
        "G": f"{date} {long_time}",
        "m": culture.month_day,
        "M": culture.month_day,
        "t": time,
        "T": long_time,
        "U": f"{long_date} {long_time}",
        "y": culture.year_month,
        "Y": culture.year_month,
    }.get(letter)


def format_date(units: int, pattern: str, culture: Culture, offset: int | None = None) -> str | None:
    """A moment (100 ns units since year 1, local) by a format; ``offset`` in minutes; None: there is no such format."""
    pattern = pattern or "G"
    if len(pattern) == 1:
        standard = _standard(pattern, culture)
        if standard is None or (pattern == "U" and offset is not None):
            return None
        if offset is not None and pattern in "rRu":
            units -= offset * UNITS_PER_MINUTE
        pattern = standard + ("zzz" if pattern in "oO" and offset is not None else "")
    return "".join(_written(token, units, culture, offset) for token in _TOKEN.findall(pattern))


def _written(token: str, units: int, culture: Culture, offset: int | None) -> str:
    days, rest = divmod(units, UNITS_PER_DAY)
    year, month, day = civil(days)
    hour, minute = rest // (60 * UNITS_PER_MINUTE), rest // UNITS_PER_MINUTE % 60
    second, fraction = rest // UNITS_PER_SECOND % 60, f"{rest % UNITS_PER_SECOND:07}"
    letter, width = token[0], len(token)
    match letter:
        case "d" if width > 2:
            return (culture.names.days if width > 3 else culture.names.short_days)[days % 7]
        case "M" if width > 2:
            return (culture.names.months if width > 3 else culture.names.short_months)[month - 1]
        case "M" | "d" | "H" | "h" | "m" | "s":
            numbers = {"M": month, "d": day, "H": hour, "h": hour % 12 or 12, "m": minute, "s": second}
            return str(numbers[letter]).rjust(min(width, 2), "0")
        case "y":
            return str(year % 100).rjust(width, "0") if width < 3 else str(year).rjust(width, "0")
        case "f":
            return fraction[:width]
        case "F":
            return fraction[:width].rstrip("0")
        case "t":
            return culture.halves[hour >= 12][: 1 if width == 1 else None]
        case "z":
            return _offset(offset or 0, width)
        case "K":
            return "" if offset is None else format_offset(offset)
        case "g":
            return "A.D."
        case "'" | '"':
            return token[1:-1] if width > 1 else token
        case "\\":
            return token[1:]
        case "%":
            return ""
        case _:
            return {"/": culture.date_separator, ":": culture.time_separator}.get(token, token)


def _offset(minutes: int, width: int) -> str:
    text = format_offset(minutes)
    return text if width > 2 else text[:3] if width == 2 else text[0] + text[1:3].lstrip("0").rjust(1, "0")


def format_time(units: int, pattern: str, culture: Culture) -> str | None:
    """A time of day (100 ns units) by a format for a span of time: what is no specifier must be quoted or escaped."""
    hour, minute = units // (60 * UNITS_PER_MINUTE), units // UNITS_PER_MINUTE % 60
    second, fraction = units // UNITS_PER_SECOND % 60, f"{units % UNITS_PER_SECOND:07}"
    point = culture.decimal
    match pattern:
        case "" | "c" | "t" | "T":
            rest = f".{fraction}" if int(fraction) else ""
            return f"{hour:02}:{minute:02}:{second:02}{rest}"
        case "g":
            rest = point + fraction.rstrip("0") if int(fraction) else ""
            return f"{hour}:{minute:02}:{second:02}{rest}"
        case "G":
            return f"0:{hour:02}:{minute:02}:{second:02}{point}{fraction}"
    tokens = _TIME_TOKEN.findall(pattern)
    if len(pattern) == 1 or "".join(tokens) != pattern:
        return None
    numbers = {"d": 0, "h": hour, "m": minute, "s": second}

    def written(token: str) -> str:
        letter, width = token[0], len(token)
        if letter in numbers:
            return str(numbers[letter]).rjust(width, "0")
        if letter in "fF":
            return fraction[:width] if letter == "f" else fraction[:width].rstrip("0")
        return {"'": token[1:-1], "\\": token[1:], "%": ""}[letter]

    return "".join(written(token) for token in tokens)
