"""``sp_addextendedproperty``, ``sp_updateextendedproperty``, ``sp_dropextendedproperty``.

They are statements of definition: a rollback takes them back.

Documentation: the pages of the three procedures in "System stored procedures (Transact-SQL)".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from emulator.catalog.extended_properties import Property, Target
from emulator.catalog.system_views.extended_properties import InvalidLevels, targets
from emulator.errors import sql_error
from emulator.execution.authorization import has_permission, may, may_in_schema
from emulator.execution.definitions.access import undo
from emulator.execution.functions.strings import data_length
from emulator.execution.plans import as_unit
from emulator.execution.system_procedures.contract import Body
from emulator.execution.system_procedures.signatures import procedure

if TYPE_CHECKING:
    from emulator.session import Session

PROCEDURES: dict[str, Body] = {}

MAX_VALUE_BYTES = 7500
LEVELS = """
    @level0type varchar(128) = NULL, @level0name sysname = NULL, @level1type varchar(128) = NULL,
    @level1name sysname = NULL, @level2type varchar(128) = NULL, @level2name sysname = NULL
"""


@procedure(PROCEDURES, "sp_addextendedproperty", f"@name sysname, @value sql_variant = NULL, {LEVELS}")
def sp_addextendedproperty(session: Session, name: str | None, value: Any, *levels: str | None) -> None:
    """Errors: 15233 there is such a property, 15097 the value is too long, 15135, 15600."""
    target = _target(session, "sp_addextendedproperty", name, levels)
    assert name is not None
    _check_size(value)
    if session.database.properties.find(target, name) is not None:
        raise sql_error(15233, name, _shown(levels))
    as_unit(session.frame, _change, session, None, Property(target, name, value))


@procedure(PROCEDURES, "sp_updateextendedproperty", f"@name sysname, @value sql_variant = NULL, {LEVELS}")
def sp_updateextendedproperty(session: Session, name: str | None, value: Any, *levels: str | None) -> None:
    """Errors: 15217 there is no such property, 15097 the value is too long, 15135, 15600."""
    target = _target(session, "sp_updateextendedproperty", name, levels)
    assert name is not None
    _check_size(value)
    old = _existing(session, target, name, levels)
    as_unit(session.frame, _change, session, old, Property(target, old.name, value))


@procedure(PROCEDURES, "sp_dropextendedproperty", f"@name sysname, {LEVELS}")
def sp_dropextendedproperty(session: Session, name: str | None, *levels: str | None) -> None:
    """Errors: 15217 there is no such property, 15135, 15600."""
    target = _target(session, "sp_dropextendedproperty", name, levels)
    assert name is not None
    as_unit(session.frame, _change, session, _existing(session, target, name, levels), None)


def _target(session: Session, procedure_name: str, name: str | None, levels: Sequence[str | None]) -> Target:
    """The one thing that the levels name. Errors: 3930, 15600 unknown types, 15135 no such thing or no permission."""
    if session.doomed:
        raise sql_error(3930)
    pairs = list(zip(levels[::2], levels[1::2], strict=True))
    if name is None or any(kind is not None and level is None for kind, level in pairs):
        raise sql_error(15600, procedure_name)
    try:
        found = next(targets(session, session.database, pairs), None)
    except InvalidLevels:
        raise sql_error(15600, procedure_name) from None
    if found is None or not _may_change(session, found):
        raise sql_error(15135, _shown(levels))
    return found


def _may_change(session: Session, target: Target) -> bool:
    database = session.database
    if session.unchecked:
        return True
    if target.item is not None:
        return may(session, "ALTER", target.item, database)
    if target.kind == "SCHEMA":
        assert target.name is not None
        return may_in_schema(session, "ALTER", target.name, database)
    return has_permission(session, "ALTER", database=database)


def _existing(session: Session, target: Target, name: str, levels: Sequence[str | None]) -> Property:
    found = session.database.properties.find(target, name)
    if found is None:
        raise sql_error(15217, name, _shown(levels))
    return found


def _shown(levels: Sequence[str | None]) -> str:
    """What the levels mean, as messages write it."""
    return ".".join(name for name in levels[1::2] if name is not None) or "object specified"


def _check_size(value: Any) -> None:
    if value is not None and data_length(value[0])(value[1]) > MAX_VALUE_BYTES:
        raise sql_error(15097)


def _change(session: Session, old: Property | None, new: Property | None) -> None:
    properties = session.database.properties
    if old is not None:
        properties.take(old)
        undo(session, properties.put, old)
    if new is not None:
        properties.put(new)
        undo(session, properties.take, new)
