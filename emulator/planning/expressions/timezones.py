"""AT TIME ZONE.

Zones have Windows' names; the rules are those of the IANA zone that stands for each (source: Unicode CLDR,
``windowsZones``). A local time that the clocks skip is taken by the offset before the change, one that they pass twice
by standard time.

Documentation: "AT TIME ZONE (Transact-SQL)".
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from emulator.errors import sql_error
from emulator.planning.binding import Expr, PlanContext, Scope
from emulator.planning.expressions.application import applied, null
from emulator.planning.expressions.conversions import convert_to
from emulator.planning.expressions.scalars import compile_scalar, compiles
from emulator.sql import nodes
from emulator.types.sqltype import datetime2, datetimeoffset, nvarchar

ZONES = {
    "AUS Eastern Standard Time": "Australia/Sydney",
    "Arabian Standard Time": "Asia/Dubai",
    "Argentina Standard Time": "America/Buenos_Aires",
    "Atlantic Standard Time": "America/Halifax",
    "Canada Central Standard Time": "America/Regina",
    "Central America Standard Time": "America/Guatemala",
    "Central Europe Standard Time": "Europe/Budapest",
    "Central European Standard Time": "Europe/Warsaw",
    "Central Standard Time": "America/Chicago",
    "Central Standard Time (Mexico)": "America/Mexico_City",
    "China Standard Time": "Asia/Shanghai",
    "E. South America Standard Time": "America/Sao_Paulo",
    "Eastern Standard Time": "America/New_York",
    "FLE Standard Time": "Europe/Kyiv",
    "GMT Standard Time": "Europe/London",
    "GTB Standard Time": "Europe/Bucharest",
    "Greenwich Standard Time": "Atlantic/Reykjavik",
    "Hawaiian Standard Time": "Pacific/Honolulu",
    "India Standard Time": "Asia/Kolkata",
    "Israel Standard Time": "Asia/Jerusalem",
    "Korea Standard Time": "Asia/Seoul",
    "Mountain Standard Time": "America/Denver",
    "New Zealand Standard Time": "Pacific/Auckland",
    "Newfoundland Standard Time": "America/St_Johns",
    "Pacific Standard Time": "America/Los_Angeles",
    "Romance Standard Time": "Europe/Paris",
    "Russian Standard Time": "Europe/Moscow",
    "SA Pacific Standard Time": "America/Bogota",
    "SE Asia Standard Time": "Asia/Bangkok",
    "Singapore Standard Time": "Asia/Singapore",
    "South Africa Standard Time": "Africa/Johannesburg",
    "Tokyo Standard Time": "Asia/Tokyo",
    "Turkey Standard Time": "Europe/Istanbul",
    "US Mountain Standard Time": "America/Phoenix",
    "W. Australia Standard Time": "Australia/Perth",
    "W. Europe Standard Time": "Europe/Berlin",
}
_BY_FOLDED_NAME = {name.lower(): iana for name, iana in ZONES.items()}
_UNITS_PER_MINUTE = 600_000_000
_EPOCH = datetime(1, 1, 1)


@lru_cache
def _zone(name: str) -> tzinfo:
    if name.strip().lower() == "utc":
        return UTC
    iana = _BY_FOLDED_NAME.get(name.strip().lower())
    if iana is None:
        raise sql_error(9820, name)
    try:
        return ZoneInfo(iana)
    except ZoneInfoNotFoundError:
        raise sql_error(9820, name) from None


@compiles(nodes.AtTimeZone)
def _at_time_zone(node: nodes.AtTimeZone, scope: Scope | None, ctx: PlanContext) -> Expr:
    operand = compile_scalar(node.operand, scope, ctx)
    zone = convert_to(compile_scalar(node.zone, scope, ctx), nvarchar(128))
    if operand.is_null_literal:
        return null(datetimeoffset())
    function: Callable[[Any, str], tuple[int, int]]
    if operand.type.name == "datetimeoffset":
        type, function = operand.type, _moved
    elif operand.type.name in ("datetime", "smalldatetime", "datetime2"):
        scale = {"datetime": 3, "smalldatetime": 0}.get(operand.type.name, operand.type.scale)
        type, function = datetimeoffset(scale), _placed
        operand = convert_to(operand, datetime2(scale))
    else:
        raise sql_error(8116, operand.type.name, 1, "AT TIME ZONE", line=node.line)
    return applied(type, function, operand, zone)


def _moved(value: tuple[int, int], zone_name: str) -> tuple[int, int]:
    """The same instant with the zone's offset."""
    instant = (_EPOCH + timedelta(microseconds=value[0] // 10)).replace(tzinfo=UTC)
    return value[0], _minutes(instant.astimezone(_zone(zone_name)))


def _placed(local: int, zone_name: str) -> tuple[int, int]:
    """The instant that a clock of the zone shows as ``local``."""
    wall = (_EPOCH + timedelta(microseconds=local // 10)).replace(tzinfo=_zone(zone_name))
    before, after = _minutes(wall), _minutes(wall.replace(fold=1))
    skipped = before < after
    offset = before if skipped else after
    instant = local - offset * _UNITS_PER_MINUTE
    return (instant, after) if skipped else (instant, offset)


def _minutes(moment: datetime) -> int:
    offset = moment.utcoffset()
    assert offset is not None
    return int(offset.total_seconds()) // 60
