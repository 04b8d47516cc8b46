"""``column.WRITE(value, offset, length)``: a part of a (max) column replaced.

Documentation: "UPDATE (Transact-SQL)", argument .WRITE.
"""

from __future__ import annotations

from typing import Any

from emulator.catalog.objects import Column
from emulator.errors import sql_error
from emulator.planning.binding import Env, PlanContext, Scalar, Scope
from emulator.planning.expressions import assign_to, compile_scalar, convert_to
from emulator.sql import nodes
from emulator.types.sqltype import BIGINT, MAX, message_name


def compile_write(assignment: nodes.WriteAssignment, column: Column, scope: Scope, ctx: PlanContext) -> Scalar:
    """The new value of the column. ``scope`` has the old row.

    Errors: 258 for a column that is not of a (max) type; at run time 7116 and 7135 for a part that is not there, 7133
    for a column that is NULL.
    """
    if column.type.length != MAX:
        raise sql_error(258, message_name(column.type), line=assignment.line)
    old = compile_scalar(assignment.column, scope, ctx).fn
    value = assign_to(compile_scalar(assignment.value, scope, ctx), column.type).fn
    offset = convert_to(compile_scalar(assignment.offset, scope, ctx), BIGINT).fn
    length = convert_to(compile_scalar(assignment.length, scope, ctx), BIGINT).fn

    def write(env: Env) -> Any:
        return _written(old(env), value(env), offset(env), length(env))

    return write


def _written(old: Any, value: Any, offset: int | None, length: int | None) -> Any:
    """NULL for the value cuts at the offset, for the offset it appends, for the length it replaces all that follows."""
    if old is None:
        raise sql_error(7133, "WRITE")
    if offset is None:
        return old if value is None else old + value
    if not 0 <= offset <= len(old):
        raise sql_error(7116, offset)
    if value is None:
        return old[:offset]
    if length is None:
        return old[:offset] + value
    if length < 0:
        raise sql_error(7135, length)
    return old[:offset] + value + old[offset + length :]
