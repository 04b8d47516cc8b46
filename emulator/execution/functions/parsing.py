"""PARSE and TRY_PARSE: numbers and dates as people of a culture write them.

Numbers may have thousands separators, a sign at either end, an exponent (float and real) and, for money, a currency
sign or brackets for a negative amount. Dates may have the name of the day of the week before them.

Documentation: "PARSE (Transact-SQL)".
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from emulator.errors import SqlError, sql_error
from emulator.types.conversion import converter
from emulator.types.cultures import EN_US, NO_BREAK_SPACE, Culture
from emulator.types.languages import CURRENT, STANDARD
from emulator.types.sqltype import (
    SqlType,
    format_type,
    is_date_time,
    is_float,
    is_integer,
    is_money,
    is_numeric,
    nvarchar,
)

_TEXT: Final = nvarchar(4000)
_NUMBER = re.compile(
    r"""\s*(?P<bracket>\()?\s*(?P<before>[+-])?\s*(?P<currency>\$)?\s*(?P<sign>[+-])?
        (?P<whole>\d[\d,]*)?(?:\.(?P<fraction>\d*))?(?P<exponent>[eE][+-]?\d+)?\s*(?P<unit>\$)?\s*(?P<after>[+-])?\s*
        (?P<end>\))?\s*""",
    re.VERBOSE,
)
_NUMERIC_DATE = re.compile(r"\s*(\d{1,4})[-/. ]+(\d{1,2})[-/. ]+(\d{1,4})\.?(\s.*)?", re.DOTALL)


def is_parsable(t: SqlType) -> bool:
    """Whether PARSE gives values of ``t``: numbers but bit, dates and times."""
    return is_date_time(t) or (is_numeric(t) and t.name != "bit")


def parser_of(t: SqlType, culture: Culture = EN_US) -> Callable[[str], Any]:
    """The function that reads a value of ``t``. It raises 9819."""
    convert = converter(_TEXT, t, explicit=True)
    assert convert is not None
    prepare = _date_text(culture) if is_date_time(t) else _number_text(t, culture)

    def parse(text: str) -> Any:
        prepared = prepare(text)
        session = CURRENT.set(STANDARD)
        try:
            if prepared is not None:
                return convert(prepared)
        except SqlError:
            pass
        finally:
            CURRENT.reset(session)
        raise sql_error(9819, text, format_type(t), culture.name)

    return parse


def _alternatives(names: tuple[str, ...], replacements: tuple[str, ...]) -> list[tuple[str, str]]:
    return [(name.rstrip(".").lower(), other) for name, other in zip(names, replacements, strict=True)]


def _date_text(culture: Culture) -> Callable[[str], str | None]:
    """A function that writes a date with English names, and year, month and day in this order if it has numbers."""
    names, english = culture.names, EN_US.names
    months = dict(_alternatives(names.short_months, english.months) + _alternatives(names.months, english.months))
    days = {name.rstrip(".").lower() for name in (*names.days, *names.short_days)}
    if culture.decimal == ".":
        days |= {"tues", "wednes", "thurs", "satur"}
    words = re.compile(r"[^\W\d]+(?:-[^\W\d]+)?\.?")

    def replaced(match: re.Match[str]) -> str:
        word = match[0].rstrip(".").lower()
        if word in days:
            return ""
        return months.get(word, "" if word in ("de", "den") else match[0])

    def prepare(text: str) -> str | None:
        text = words.sub(replaced, text).strip().lstrip(",.").strip()
        numeric = _NUMERIC_DATE.fullmatch(text)
        if numeric is None or len(numeric[1]) > 2:
            return re.sub(r"(?<=\d)\.(?=\s)", "", text) or None
        parts = dict(zip(culture.order, numeric.groups(), strict=False))
        year = parts["y"] if len(parts["y"]) > 2 else f"{2000 + int(parts['y']) - 100 * (int(parts['y']) > 49)}"
        return f"{year:0>4}-{parts['m']:0>2}-{parts['d']:0>2}{numeric[4] or ''}"

    return prepare


def _number_text(t: SqlType, culture: Culture) -> Callable[[str], str | None]:
    """A function that writes the number as T-SQL does; None if it is none."""
    signs_of_group = (NO_BREAK_SPACE, " ", "\u202f") if culture.group == NO_BREAK_SPACE else (culture.group,)

    def prepare(text: str) -> str | None:
        return _number(_in_english(text), t)

    def _in_english(text: str) -> str:
        text = text.strip().replace(culture.currency, "$")
        text = text.replace(culture.decimal, "\0")
        for sign in signs_of_group:
            text = re.sub(rf"(?<=\d){re.escape(sign)}(?=\d)", ",", text)
        return text.replace("\0", ".")

    return prepare


def _number(text: str, t: SqlType) -> str | None:
    match = _NUMBER.fullmatch(text)
    if match is None or not (match["whole"] or match["fraction"]):
        return None
    signs = [sign for sign in (match["before"], match["sign"], match["after"]) if sign]
    brackets = bool(match["bracket"]), bool(match["end"])
    if len(signs) > 1 or brackets[0] != brackets[1] or (signs and brackets[0]):
        return None
    if (match["currency"] or match["unit"] or brackets[0]) and not is_money(t):
        return None
    if match["exponent"] and not is_float(t):
        return None
    fraction = match["fraction"] or ""
    if is_integer(t):
        if fraction.strip("0"):
            return None
        fraction = ""
    sign = "-" if brackets[0] or signs == ["-"] else ""
    whole = (match["whole"] or "0").replace(",", "")
    return f"{sign}{whole}{'.' + fraction if fraction else ''}{match['exponent'] or ''}"
