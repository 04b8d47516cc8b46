"""AT TIME ZONE.

A local time that the clocks skip is taken by the offset before the change, one that they pass twice
by standard time.

Documentation: "AT TIME ZONE (Transact-SQL)".
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from emulator.errors import sql_error
from emulator.planning.binding import Expr, PlanContext, Scope
from emulator.planning.expressions.application import applied, null
from emulator.planning.expressions.conversions import convert_to
from emulator.planning.expressions.scalars import compile_scalar, compiles
from emulator.sql import nodes
from emulator.types.sqltype import datetime2, datetimeoffset, nvarchar
from emulator.types.time_zones import time_zone

_UNITS_PER_MINUTE = 600_000_000
_EPOCH = datetime(1, 1, 1)


@compiles(nodes.AtTimeZone)
def _at_timetime_zone(node: nodes.AtTimeZone, scope: Scope | None, ctx: PlanContext) -> Expr:
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
    return value[0], _minutes(instant.astimezone(time_zone(zone_name)))


def _placed(local: int, zone_name: str) -> tuple[int, int]:
    """The instant that a clock of the zone shows as ``local``."""
    wall = (_EPOCH + timedelta(microseconds=local // 10)).replace(tzinfo=time_zone(zone_name))
    before, after = _minutes(wall), _minutes(wall.replace(fold=1))
    skipped = before < after
    offset = before if skipped else after
    instant = local - offset * _UNITS_PER_MINUTE
    return (instant, after) if skipped else (instant, offset)


def _minutes(moment: datetime) -> int:
    offset = moment.utcoffset()
    assert offset is not None
    return int(offset.total_seconds()) // 60
