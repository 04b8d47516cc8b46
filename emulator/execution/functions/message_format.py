"""Messages with printf-like places: RAISERROR and FORMATMESSAGE.

A place is ``%[flag][width][.precision][h|l|I64]type``; types are d, i (signed), u, o, x, X (unsigned) and s; ``%%``
is a percent sign. A width or precision of ``*`` takes an int argument. NULL and missing arguments print as ``(null)``.

Documentation: "RAISERROR (Transact-SQL)", "FORMATMESSAGE (Transact-SQL)".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from emulator.errors import sql_error

MAX_MESSAGE = 2047
"""Characters of a message; a longer one loses its end to an ellipsis."""

MAX_ARGUMENTS = 20

_PLACE = re.compile(
    r"%(?:(?P<percent>%)"
    r"|(?P<flags>[-+0# ]*)(?P<width>\*|\d+)?(?:\.(?P<precision>\*|\d+))?(?P<size>h|l|I64)?(?P<type>[diuoxXs]))"
)


def format_message(template: str, arguments: Sequence[Any]) -> str:
    """``template`` with its places filled from ``arguments`` (int, str, bytes or None).

    Errors: 2786 an argument of the wrong type, 2787 a percent sign that begins no place.
    """
    remaining = iter(enumerate(arguments, 1))

    def fill(match: re.Match[str]) -> str:
        if match["percent"]:
            return "%"
        width, precision = _size(match["width"], remaining), _size(match["precision"], remaining)
        place, value = next(remaining, (0, None))
        if value is None:
            text = "(null)"
        elif match["type"] == "s":
            text = _string(value, place)[:precision]
        else:
            text = _number(value, place, match, precision)
        return _padded(text, match, width)

    parts: list[str] = []
    position = 0
    for match in _PLACE.finditer(template):
        parts += (_literal(template, position, match.start()), fill(match))
        position = match.end()
    message = "".join(parts) + _literal(template, position, len(template))
    return message if len(message) <= MAX_MESSAGE else message[: MAX_MESSAGE - 3] + "..."


def _literal(template: str, start: int, end: int) -> str:
    text = template[start:end]
    percent = text.find("%")
    if percent >= 0:
        raise sql_error(2787, text[percent:][:30])
    return text


def _size(written: str | None, remaining: Any) -> int | None:
    if written is None:
        return None
    if written != "*":
        return int(written)
    place, value = next(remaining, (0, None))
    if not isinstance(value, int):
        raise sql_error(2786, place)
    return value


def _string(value: Any, place: int) -> str:
    if isinstance(value, bytes):
        return "0x" + value.hex().upper()
    if not isinstance(value, str):
        raise sql_error(2786, place)
    return value


def _number(value: Any, place: int, match: re.Match[str], precision: int | None) -> str:
    if not isinstance(value, int):
        raise sql_error(2786, place)
    kind, flags = match["type"], match["flags"]
    bits = 64 if match["size"] == "I64" else 32
    if kind in "di":
        digits = str(abs(value)).rjust(precision or 0, "0")
        return ("-" if value < 0 else "+" if "+" in flags else " " if " " in flags else "") + digits
    unsigned = value % (1 << bits)
    digits = {"u": str(unsigned), "o": f"{unsigned:o}", "x": f"{unsigned:x}", "X": f"{unsigned:X}"}[kind]
    prefix = {"o": "0", "x": "0x", "X": "0X"}.get(kind, "") if "#" in flags and unsigned else ""
    return prefix + digits.rjust(precision or 0, "0")


def _padded(text: str, match: re.Match[str], width: int | None) -> str:
    if width is None or len(text) >= abs(width):
        return text
    if "-" in match["flags"] or width < 0:
        return text.ljust(abs(width))
    if "0" in match["flags"] and match["type"] != "s" and match["precision"] is None and text != "(null)":
        sign = text[0] if text[0] in "+- " else ""
        return sign + text[len(sign) :].rjust(width - len(sign), "0")
    return text.rjust(width)
