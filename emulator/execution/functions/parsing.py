"""PARSE and TRY_PARSE for the culture en-US: numbers and dates as people write them.

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

CULTURE: Final = "en-US"

_TEXT: Final = nvarchar(4000)
_NUMBER = re.compile(
    r"""\s*(?P<bracket>\()?\s*(?P<before>[+-])?\s*(?P<currency>\$)?\s*(?P<sign>[+-])?
        (?P<whole>\d[\d,]*)?(?:\.(?P<fraction>\d*))?(?P<exponent>[eE][+-]?\d+)?\s*(?P<after>[+-])?\s*(?P<end>\))?\s*""",
    re.VERBOSE,
)
_DAY_OF_WEEK = re.compile(
    r"\s*(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?\.?\s*,?\s+", re.IGNORECASE
)


def is_parsable(t: SqlType) -> bool:
    """Whether PARSE gives values of ``t``: numbers but bit, dates and times."""
    return is_date_time(t) or (is_numeric(t) and t.name != "bit")


def parser_of(t: SqlType) -> Callable[[str], Any]:
    """The function that reads a value of ``t``. It raises 9819."""
    convert = converter(_TEXT, t, explicit=True)
    assert convert is not None
    prepare = _date_text if is_date_time(t) else _number_text(t)

    def parse(text: str) -> Any:
        prepared = prepare(text)
        try:
            if prepared is not None:
                return convert(prepared)
        except SqlError:
            pass
        raise sql_error(9819, text, format_type(t), CULTURE)

    return parse


def _date_text(text: str) -> str | None:
    return _DAY_OF_WEEK.sub("", text, count=1).strip() or None


def _number_text(t: SqlType) -> Callable[[str], str | None]:
    """The number as T-SQL writes it; None if it is none."""

    def prepare(text: str) -> str | None:
        match = _NUMBER.fullmatch(text)
        if match is None or not (match["whole"] or match["fraction"]):
            return None
        signs = [sign for sign in (match["before"], match["sign"], match["after"]) if sign]
        brackets = bool(match["bracket"]), bool(match["end"])
        if len(signs) > 1 or brackets[0] != brackets[1] or (signs and brackets[0]):
            return None
        if (match["currency"] or brackets[0]) and not is_money(t):
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

    return prepare
