"""How FOR XML and FOR JSON write a value as text, before it is escaped.

Dates and times are written as ISO 8601, floats in scientific notation with all their digits, binary data in base64.

Documentation: "How FOR JSON converts SQL Server data types to JSON data types", "FOR XML (SQL Server)".
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any, Final

from emulator.types.conversion import converter
from emulator.types.sqltype import NVARCHAR_MAX, SqlType, is_binary, is_date_time

_ISO, _ISO_UTC = 126, 127
_STYLES: Final = {"float": 2, "real": 1, "money": 2, "smallmoney": 2}


def text_writer(t: SqlType) -> Callable[[Any], str]:
    """The function that writes a value of ``t`` (other than NULL)."""
    if is_binary(t):
        return lambda value: base64.b64encode(value).decode("ascii")
    if t.name == "sql_variant":
        return lambda value: text_writer(value[0])(value[1])
    if t.name == "datetimeoffset":
        return _offset_writer(t)
    if is_date_time(t):
        write = _converter(t, _ISO)
        return lambda value: _without_zero_fraction(write(value))
    return _converter(t, _STYLES.get(t.name))


def _converter(t: SqlType, style: int | None) -> Callable[[Any], str]:
    return converter(t, NVARCHAR_MAX, style=style, explicit=True) or (lambda value: value)


def _offset_writer(t: SqlType) -> Callable[[Any], str]:
    """``Z`` stands for no offset."""
    at_utc, local = _converter(t, _ISO_UTC), _converter(t, _ISO)

    def write(value: tuple[int, int]) -> str:
        if not value[1]:
            return _without_zero_fraction(at_utc(value).removesuffix("Z")) + "Z"
        text = local(value).replace(" ", "")
        return _without_zero_fraction(text[:-6]) + text[-6:]

    return write


def _without_zero_fraction(text: str) -> str:
    whole, point, fraction = text.partition(".")
    return whole if point and not fraction.strip("0") else text
