"""``sp_who``, ``sp_who2`` and ``sp_lock``: who is there, who waits for whom, who holds what.

Documentation: "sp_who", "sp_lock (Transact-SQL)"; ``sys.dm_exec_sessions``, ``sys.dm_tran_locks``.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from emulator.catalog.objects import fold
from emulator.catalog.system_views.definition import Row, column_list
from emulator.catalog.system_views.locks import (
    all_locks,
    database_id_of,
    database_users,
    object_and_index,
)
from emulator.catalog.system_views.sessions import all_sessions, command_of, is_running
from emulator.catalog.system_views.waits import wait_of
from emulator.errors import sql_error
from emulator.execution.system_procedures.contract import Body
from emulator.execution.system_procedures.signatures import procedure, send
from emulator.locking.manager import LockRow, ResourceType
from emulator.types.external import to_python
from emulator.types.sqltype import DATETIME
from emulator.types.temporal import from_timestamp

if TYPE_CHECKING:
    from emulator.session import Session

PROCEDURES: dict[str, Body] = {}

WHO = column_list("""
    spid smallint, ecid smallint = 0, status nchar(30), loginame nvarchar(128)?, hostname nchar(128), blk char(5)?,
    dbname nvarchar(128)?, cmd nchar(26), request_id int = 0
""")
WHO2 = column_list("""
    SPID char(5), Status nvarchar(30), Login nvarchar(128), HostName nvarchar(128)?, BlkBy char(5),
    DBName nvarchar(128)?, Command nvarchar(32), CPUTime varchar(30) = '0', DiskIO varchar(30) = '0',
    LastBatch varchar(48), ProgramName nvarchar(128)?, SPID char(5), REQUESTID char(5) = '0    '
""")


def _chosen(session: Session, login: str | None) -> list[Session]:
    """The sessions of a login, the one of a number, the active ones, or all. Errors: 15007 no such login."""
    found = all_sessions(session)
    if login is None:
        return found
    if fold(login) == "active":
        return [item for item in found if is_running(item, session)]
    if login.isdigit():
        return [item for item in found if item.spid == int(login)]
    if session.instance.security.find(login) is None:
        raise sql_error(15007, login)
    return [item for item in found if fold(item.login_name) == fold(login)]


def _status(session: Session, item: Session) -> tuple[str, int, str]:
    """Status, blocking session and command."""
    if not is_running(item, session):
        return "sleeping", 0, "AWAITING COMMAND"
    wait = wait_of(item)
    if wait is not None:
        return "suspended", wait.blocker, command_of(item)
    return "runnable", 0, command_of(item)


@procedure(PROCEDURES, "sp_who", "@loginame sysname = NULL")
def sp_who(session: Session, login: str | None) -> None:
    send(session, WHO, (_who_row(session, item) for item in _chosen(session, login)))


def _who_row(session: Session, item: Session) -> Row:
    status, blocker, command = _status(session, item)
    return (
        *(item.spid, status.ljust(30), item.login_name, item.host_name.ljust(128), str(blocker).ljust(5)),
        *(item.database.name, command[:26].ljust(26)),
    )


@procedure(PROCEDURES, "sp_who2", "@loginame sysname = NULL")
def sp_who2(session: Session, login: str | None) -> None:
    send(session, WHO2, (_who2_row(session, item) for item in _chosen(session, login)))


def _who2_row(session: Session, item: Session) -> Row:
    status, blocker, command = _status(session, item)
    spid = str(item.spid).ljust(5)
    return (
        *(spid, status.upper() if status != "sleeping" else status, item.login_name, item.host_name or "  ."),
        *(str(blocker).ljust(5) if blocker else "  .  ", item.database.name, command, _moment(item)),
        *(item.app_name, spid),
    )


def _moment(item: Session) -> str:
    """When the last batch began: ``07/29 14:03:11``."""
    began: datetime = to_python(DATETIME, from_timestamp(DATETIME, item.request_began))
    return f"{began:%m/%d %H:%M:%S}"


LOCKS = column_list("""
    spid smallint, dbid smallint, ObjId int, IndId smallint, Type nchar(4)?, Resource nchar(32)?, Mode nvarchar(8)?,
    Status nvarchar(5)?
""")
SHORT_TYPES = {
    ResourceType.DATABASE: "DB",
    ResourceType.OBJECT: "TAB",
    ResourceType.KEY: "KEY",
    ResourceType.RID: "RID",
    ResourceType.APPLICATION: "APP",
}
SHORT_STATUSES = {"GRANT": "GRANT", "WAIT": "WAIT", "CONVERT": "CNVT"}


@procedure(PROCEDURES, "sp_lock", "@spid1 int = NULL, @spid2 int = NULL")
def sp_lock(session: Session, first: int | None, second: int | None) -> None:
    """The locks of all sessions, or of one or two."""
    wanted = {number for number in (first, second) if number is not None}
    rows = [_lock_row(session, row) for row in all_locks(session)]
    rows += [
        (spid, number, 0, 0, SHORT_TYPES[ResourceType.DATABASE].ljust(4), " " * 32, "S", "GRANT")
        for spid, number in database_users(session)
    ]
    send(session, LOCKS, sorted(row for row in rows if not wanted or row[0] in wanted))


def _lock_row(session: Session, row: LockRow) -> Row:
    space = row.space
    object_id, index_id = object_and_index(space)
    return (
        *(row.owner.session.session_id, database_id_of(session, space), object_id, index_id),
        *(SHORT_TYPES[space.resource_type].ljust(4), space.describe(row.key)[:32].ljust(32)),
        *(str(row.mode), SHORT_STATUSES[row.status]),
    )
