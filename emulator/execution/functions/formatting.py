"""FORMAT: numbers and dates by .NET format strings, in the culture en-US.

Supported: the standard formats C D F G N P X of numbers and d D f F g G m o s t T u y of dates, and custom formats made
of ``0 # , . %`` and of date tokens. Other cultures and formats are NotSupported.

Documentation: "FORMAT (Transact-SQL)"; .NET: "Standard numeric format strings", "Custom numeric format strings",
"Standard date and time format strings", "Custom date and time format strings".
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

from emulator.errors import NotSupported, sql_error
from emulator.execution.functions.registry import ANY, UNICODE, Call, Implementation, bound
from emulator.types.instants import UNITS_PER_DAY, UNITS_PER_MINUTE, UNITS_PER_SECOND, civil, to_units
from emulator.types.sqltype import (
    SqlType,
    is_date_time,
    is_float,
    is_integer,
    is_numeric,
    message_name,
    nvarchar,
    precision_and_scale,
)
from emulator.types.temporal import DAY_NAMES, MONTH_NAMES, format_offset

CULTURES: Final = frozenset(("en-us", "en", ""))
DEFAULT_DIGITS: Final = 2

STANDARD_DATES: Final = {
    "d": "M/d/yyyy",
    "D": "dddd, MMMM d, yyyy",
    "f": "dddd, MMMM d, yyyy h:mm tt",
    "F": "dddd, MMMM d, yyyy h:mm:ss tt",
    "g": "M/d/yyyy h:mm tt",
    "G": "M/d/yyyy h:mm:ss tt",
    "m": "MMMM d",
    "M": "MMMM d",
    "o": "yyyy-MM-ddTHH:mm:ss.fffffff",
    "O": "yyyy-MM-ddTHH:mm:ss.fffffff",
    "s": "yyyy-MM-ddTHH:mm:ss",
    "t": "h:mm tt",
    "T": "h:mm:ss tt",
    "u": "yyyy-MM-dd HH:mm:ssZ",
    "y": "MMMM yyyy",
    "Y": "MMMM yyyy",
}


@bound("FORMAT", ANY, UNICODE, UNICODE, optional=1)
def _format(call: Call) -> tuple[SqlType, Implementation]:
    source = call.types[0]
    render: Callable[[Any, str], str]
    if is_numeric(source) and source.name != "bit":
        render = _number_renderer(source)
    elif is_date_time(source):
        render = _date_renderer(source)
    else:
        raise sql_error(8116, message_name(source), 1, "format", line=call.line)

    def format_value(value: Any, pattern: str, culture: str = "en-US") -> str:
        if culture.lower() not in CULTURES:
            raise NotSupported(f"FORMAT with culture {culture}")
        return render(value, pattern)

    return nvarchar(4000), format_value


# --- Numbers ----------------------------------------------------------------------------------------------------------


def _number_renderer(source: SqlType) -> Callable[[Any, str], str]:
    if is_float(source):
        return lambda value, pattern: format_number(Decimal(repr(value)), pattern, whole=False)
    scale = precision_and_scale(source)[1]
    whole = is_integer(source)
    return lambda value, pattern: format_number(Decimal(value).scaleb(-scale), pattern, whole=whole)


def format_number(value: Decimal, pattern: str, *, whole: bool) -> str:
    """``value`` by a numeric format; ``whole``: it is of an integer type."""
    standard = re.fullmatch(r"([A-Za-z])(\d{0,2})", pattern)
    if standard is None:
        return _custom_number(value, pattern)
    digits = int(standard[2]) if standard[2] else None
    match standard[1].upper():
        case "N":
            return _fixed(value, DEFAULT_DIGITS if digits is None else digits, grouped=True)
        case "F":
            return _fixed(value, DEFAULT_DIGITS if digits is None else digits)
        case "C":
            text = "$" + _fixed(abs(value), DEFAULT_DIGITS if digits is None else digits, grouped=True)
            return f"({text})" if value < 0 else text
        case "P":
            return _fixed(value * 100, DEFAULT_DIGITS if digits is None else digits, grouped=True) + "%"
        case "D" if whole:
            return ("-" if value < 0 else "") + str(abs(int(value))).rjust(digits or 0, "0")
        case "X" if whole and value >= 0:
            text = f"{int(value):x}".rjust(digits or 0, "0")
            return text.upper() if standard[1] == "X" else text
        case "G" if digits is None:
            return f"{value:f}"
        case _:
            raise NotSupported(f"FORMAT of a number with '{pattern}'")


def _fixed(value: Decimal, digits: int, *, grouped: bool = False) -> str:
    rounded = value.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)
    text = f"{rounded:,f}" if grouped else f"{rounded:f}"
    return text.removeprefix("-") if not rounded else text


_CUSTOM = re.compile(r"((?:[^0#.,%\\'\"]|\\.|'[^']*'|\"[^\"]*\")*)([0#,]*)(?:\.([0#]+))?(.*)", re.DOTALL)


def _custom_number(value: Decimal, pattern: str) -> str:
    sections = pattern.split(";")
    if len(sections) > 3 or "E0" in pattern.upper() or "‰" in pattern:
        raise NotSupported(f"FORMAT of a number with '{pattern}'")
    section = sections[0]
    if len(sections) == 3 and not value and sections[2]:
        section = sections[2]
    elif len(sections) > 1 and value < 0 and sections[1]:
        section, value = sections[1], -value
    match = _CUSTOM.fullmatch(section)
    assert match is not None
    before, integral, fraction, after = match[1], match[2], match[3] or "", match[4]
    if re.search(r"[0#]", _unquoted(after)):
        raise NotSupported(f"FORMAT of a number with '{pattern}'")
    if "%" in before + after:
        value *= 100
    if not integral and not fraction:
        return _literal_text(section)
    text = _picture(abs(value), integral, fraction)
    sign = "-" if value < 0 and re.search(r"[1-9]", text) else ""
    return sign + _literal_text(before) + text + _literal_text(after)


def _picture(value: Decimal, integral: str, fraction: str) -> str:
    """Digits by the places of a custom format: 0 always, # where the number has one."""
    trailing = len(integral) - len(integral.rstrip(","))
    grouped = "," in integral.rstrip(",")
    rounded = value.scaleb(-3 * trailing).quantize(Decimal(1).scaleb(-len(fraction)), ROUND_HALF_UP)
    whole, _, decimals = f"{rounded:f}".partition(".")
    first_zero = integral.find("0")
    required = 0 if first_zero < 0 else len(integral[first_zero:].replace(",", ""))
    whole = ("" if whole == "0" else whole).rjust(required, "0")
    if grouped and whole:
        whole = re.sub(r"(?<=\d)(?=(?:\d{3})+$)", ",", whole)
    kept = len(fraction.rstrip("#"))
    decimals = decimals[:kept] + decimals[kept:].rstrip("0")
    return f"{whole}.{decimals}" if decimals else whole


def _unquoted(text: str) -> str:
    return re.sub(r"'[^']*'|\"[^\"]*\"|\\.", "", text)


def _literal_text(text: str) -> str:
    return re.sub(
        r"'([^']*)'|\"([^\"]*)\"|\\(.)", lambda match: match[1] or match[2] or match[3] or "", text, flags=re.DOTALL
    )


# --- Dates ------------------------------------------------------------------------------------------------------------

_TOKEN = re.compile(
    r"d{1,4}|M{1,4}|y{1,5}|H{1,2}|h{1,2}|m{1,2}|s{1,2}|f{1,7}|F{1,7}|t{1,2}|z{1,3}|'[^']*'|\"[^\"]*\"|\\.|%|.",
    re.DOTALL,
)


def _date_renderer(source: SqlType) -> Callable[[Any, str], str]:
    if source.name == "time":
        raise NotSupported("FORMAT of a time")
    units = to_units(source)
    has_offset = source.name == "datetimeoffset"

    def render(value: Any, pattern: str) -> str:
        return format_date(units(value), pattern, value[1] if has_offset else None)

    return render


def format_date(units: int, pattern: str, offset: int | None = None) -> str:
    """A moment (100 ns units since year 1, local) by a date format; ``offset`` in minutes for %z."""
    if len(pattern) == 1:
        if pattern not in STANDARD_DATES:
            raise NotSupported(f"FORMAT of a date with '{pattern}'")
        pattern = STANDARD_DATES[pattern] + ("zzz" if pattern in "oO" and offset is not None else "")
    days, rest = divmod(units, UNITS_PER_DAY)
    year, month, day = civil(days)
    hour, minute = rest // (60 * UNITS_PER_MINUTE), rest // UNITS_PER_MINUTE % 60
    second, fraction = rest // UNITS_PER_SECOND % 60, rest % UNITS_PER_SECOND
    numbers = {"M": month, "d": day, "H": hour, "h": hour % 12 or 12, "m": minute, "s": second}

    def render(token: str) -> str:
        letter, width = token[0], len(token)
        match letter:
            case "d" if width > 2:
                name = DAY_NAMES[days % 7]
                return name if width == 4 else name[:3]
            case "M" if width > 2:
                return MONTH_NAMES[month - 1] if width == 4 else MONTH_NAMES[month - 1][:3]
            case "M" | "d" | "H" | "h" | "m" | "s":
                return str(numbers[letter]).rjust(width, "0")
            case "y":
                return str(year % 100).rjust(width, "0") if width < 3 else str(year).rjust(width, "0")
            case "f":
                return f"{fraction:07}"[:width]
            case "F":
                return f"{fraction:07}"[:width].rstrip("0")
            case "t":
                return ("AM" if hour < 12 else "PM")[:width]
            case "z":
                return _offset(offset or 0, width)
            case "'" | '"':
                return token[1:-1] if width > 1 else token
            case "\\":
                return token[1:]
            case "%":
                return ""
            case _:
                return token

    return "".join(render(token) for token in _TOKEN.findall(pattern))


def _offset(minutes: int, width: int) -> str:
    text = format_offset(minutes)
    return text if width == 3 else text[:3] if width == 2 else text[0] + text[1:3].lstrip("0").rjust(1, "0")
