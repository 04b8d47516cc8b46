"""FORMAT: numbers, dates and times by .NET format strings, in a culture.

Documentation: "FORMAT (Transact-SQL)".
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any, TypeAlias

from emulator.errors import sql_error
from emulator.execution.functions.bits import BITS
from emulator.execution.functions.format_moments import format_date, format_time
from emulator.execution.functions.format_numbers import FLOAT_DIGITS, Kind, format_number
from emulator.execution.functions.registry import ANY, UNICODE, Call, Implementation, bound
from emulator.types.cultures import Culture, culture_of_language, find_culture
from emulator.types.instants import to_units
from emulator.types.languages import CURRENT
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

Renderer: TypeAlias = Callable[[Any, str, Culture], "str | None"]


@bound("FORMAT", ANY, UNICODE, UNICODE, optional=1, deterministic=False)
def _format(call: Call) -> tuple[SqlType, Implementation]:
    """The culture is that of the session's language unless it is given. Errors: 8116, 9818."""
    source = call.types[0]
    render: Renderer
    if is_numeric(source) and source.name != "bit":
        render = _number_renderer(source)
    elif is_date_time(source):
        render = _moment_renderer(source)
    else:
        raise sql_error(8116, message_name(source), 1, "format", line=call.line)

    def format_value(value: Any, pattern: str, culture: str | None = None) -> str | None:
        return render(value, pattern, session_culture() if culture is None else find_culture(culture))

    return nvarchar(4000), format_value


def session_culture() -> Culture:
    """The culture of the session's language."""
    language = CURRENT.get().language
    return culture_of_language(language.lcid, language.name)


def _number_renderer(source: SqlType) -> Renderer:
    if is_float(source):
        kind = Kind(digits=FLOAT_DIGITS[source.name])
        return lambda value, pattern, culture: format_number(Decimal(repr(value)), pattern, kind, culture)
    scale = precision_and_scale(source)[1]
    kind = Kind(bits=BITS[source.name] if is_integer(source) else None)
    return lambda value, pattern, culture: format_number(Decimal(value).scaleb(-scale), pattern, kind, culture)


def _moment_renderer(source: SqlType) -> Renderer:
    if source.name == "time":
        return format_time
    units = to_units(source)
    if source.name == "datetimeoffset":
        return lambda value, pattern, culture: format_date(units(value), pattern, culture, value[1])
    return lambda value, pattern, culture: format_date(units(value), pattern, culture)
