"""Functions about files and filegroups, statistics, and what the server has done since its start.

Documentation: "Metadata Functions (Transact-SQL)", "System Statistical Functions (Transact-SQL)".
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from emulator.catalog.objects import Table, fold
from emulator.catalog.system_views.files import PAGES
from emulator.execution.functions.metadata import index_of, object_by_id
from emulator.execution.functions.registry import INTEGER, UNICODE, function, session_value
from emulator.types.names import resolve
from emulator.types.sqltype import DATETIME, INT, SMALLINT, SYSNAME, SqlType, precision_and_scale

if TYPE_CHECKING:
    from emulator.session import Session

PRIMARY = "PRIMARY"
DATA, LOG = 1, 2
"""The numbers of the two files of a database."""
TICKS_PER_SECOND = 32
"""``@@TIMETICKS`` are 31,250 microseconds long."""


def _files(session: Session) -> dict[str, int]:
    name = session.database.name
    return {name: DATA, f"{name}_log": LOG}


def _file(session: Session, name: str) -> int | None:
    return next((number for file, number in _files(session).items() if fold(file) == fold(name)), None)


@function("FILE_ID", UNICODE, session=True, result=SMALLINT)
def file_id(session: Session, name: str) -> int | None:
    return _file(session, name)


@function("FILE_IDEX", UNICODE, session=True, result=INT)
def file_id_ex(session: Session, name: str) -> int | None:
    return _file(session, name)


@function("FILE_NAME", INTEGER, session=True, result=SYSNAME)
def file_name(session: Session, number: int) -> str | None:
    return next((name for name, found in _files(session).items() if found == number), None)


@function("FILEPROPERTY", UNICODE, UNICODE, session=True, result=INT)
def file_property(session: Session, name: str, property_name: str) -> int | None:
    number = _file(session, name)
    values = {
        "isreadonly": 0,
        "isprimaryfile": int(number == DATA),
        "islogfile": int(number == LOG),
        "spaceused": PAGES,
    }
    return None if number is None else values.get(property_name.lower())


@function("FILEGROUP_ID", UNICODE, result=INT)
def filegroup_id(name: str) -> int | None:
    return 1 if name.upper() == PRIMARY else None


@function("FILEGROUP_NAME", INTEGER, result=SYSNAME)
def filegroup_name(number: int) -> str | None:
    return PRIMARY if number == 1 else None


@function("FILEGROUPPROPERTY", UNICODE, UNICODE, result=INT)
def filegroup_property(name: str, property_name: str) -> int | None:
    values = {"isreadonly": 0, "isuserdefinedfg": 0, "isdefault": 1}
    return values.get(property_name.lower()) if name.upper() == PRIMARY else None


@function("FULLTEXTSERVICEPROPERTY", UNICODE, result=INT)
def full_text_service_property(property_name: str) -> int | None:
    """Full-text search is not installed."""
    return 0 if property_name.lower() == "isfulltextinstalled" else None


@function("FULLTEXTCATALOGPROPERTY", UNICODE, UNICODE, result=INT)
def full_text_catalog_property(name: str, property_name: str) -> int | None:
    """There are no catalogs."""
    return None


@function("TYPEPROPERTY", UNICODE, UNICODE, session=True, result=INT)
def type_property(session: Session, name: str, property_name: str) -> int | None:
    """Of a system type or an alias type."""
    parsed = session.parse_name(name)
    alias = session.database.types.get((fold(parsed.schema or "dbo"), fold(parsed.name)))
    type: SqlType | None = getattr(alias, "type", None)
    if type is None and alias is None:
        from emulator.sql.nodes import TypeName  # noqa: PLC0415 (only for names of system types)

        type = resolve(TypeName(parsed.name))
    if type is None:
        return None
    match property_name.lower():
        case "precision":
            return precision_and_scale(type)[0] or type.length
        case "scale":
            return type.scale
        case "allowsnull":
            return int(getattr(alias, "nullable", True))
        case "ownerid":
            return 1 if alias is not None else 4
        case _:
            return None


@function("INDEXKEY_PROPERTY", INTEGER, INTEGER, INTEGER, UNICODE, session=True, result=INT)
def index_key_property(session: Session, number: int, index_id: int, key_id: int, property_name: str) -> int | None:
    table = object_by_id(session, number)
    index = index_of(table, index_id) if isinstance(table, Table) else None
    if index is None or not 1 <= key_id <= len(index.columns):
        return None
    assert isinstance(table, Table)
    part = index.columns[key_id - 1]
    values = {"columnid": table.columns[part.ordinal].column_id, "isdescending": int(part.descending)}
    return values.get(property_name.lower())


@function("STATS_DATE", INTEGER, INTEGER, result=DATETIME)
def stats_date(number: int, stats_id: int) -> int | None:
    """No statistics have been made."""
    return None


@function("GETANSINULL", UNICODE, optional=1, session=True, result=INT)
def get_ansi_null(session: Session, database: str | None = None) -> int | None:
    """Whether new columns are nullable unless they say otherwise: by the session's options."""
    if database is not None and fold(database) not in session.instance.databases:
        return None
    return int("ANSI_NULL_DFLT_ON" in session.settings.on)


# --- Since the start --------------------------------------------------------------------------------------------------


def _value(name: str, read: Any) -> None:
    session_value(name, INT, nullable=False)(read)


_value("@@CONNECTIONS", lambda session: session.instance.connections)
_value("@@CPU_BUSY", lambda session: int(_busy() * TICKS_PER_SECOND))
_value("@@IDLE", lambda session: int(max(0.0, _running(session) - _busy()) * TICKS_PER_SECOND))
for _name in ("@@IO_BUSY", "@@PACKET_ERRORS", "@@TOTAL_ERRORS", "@@TOTAL_READ", "@@TOTAL_WRITE"):
    _value(_name, lambda session: 0)  # nothing is read from disk or written to it


def _busy() -> float:
    used = os.times()
    return used.user + used.system


def _running(session: Session) -> float:
    seconds: float = session.instance.clock.now() - session.instance.started
    return seconds
