"""DBCC commands that look at sessions: their transactions, what they were sent, their options.

Documentation: "DBCC OPENTRAN", "DBCC INPUTBUFFER", "DBCC USEROPTIONS (Transact-SQL)".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from emulator.catalog.database import Database
from emulator.catalog.objects import fold
from emulator.catalog.system_views.locks import transaction_name
from emulator.errors import SqlError, sql_error
from emulator.execution import consistency
from emulator.execution.frames import Frame
from emulator.execution.settings import Isolation
from emulator.locking.modes import LockMode
from emulator.results import ColumnInfo
from emulator.sql import nodes
from emulator.types.conversion.date_text import formatter
from emulator.types.sqltype import DATETIME, SMALLINT, nvarchar
from emulator.types.temporal import from_timestamp

if TYPE_CHECKING:
    from emulator.session import Session

Arguments = Sequence[Any]
INPUT_COLUMNS = (
    ColumnInfo("EventType", nvarchar(30), False),
    ColumnInfo("Parameters", SMALLINT, False),
    ColumnInfo("EventInfo", nvarchar(4000)),
)
OPEN_LINES = (
    (7971, "SPID (server process ID)", "SPID"),
    (7972, "UID (user ID) ", "UID"),
    (7974, "Name          ", "NAME"),
    (7975, "LSN           ", "LSN"),
    (7977, "Start time    ", "STARTTIME"),
    (7978, "SID           ", "SID"),
)
"""The lines of DBCC OPENTRAN: their numbers and titles."""
WITH_MILLISECONDS = 109
"""The style in which DBCC OPENTRAN shows a time."""
WRITING = frozenset({LockMode.X, LockMode.IX, LockMode.SIX, LockMode.UIX, LockMode.RANGE_X_X, LockMode.SCH_M})
OPTION_COLUMNS = (ColumnInfo("Set Option", nvarchar(128)), ColumnInfo("Value", nvarchar(128)))
SHOWN_OPTIONS = (
    "QUOTED_IDENTIFIER",
    "ARITHABORT",
    "NUMERIC_ROUNDABORT",
    "ANSI_NULL_DFLT_ON",
    "ANSI_NULL_DFLT_OFF",
    "ANSI_WARNINGS",
    "ANSI_PADDING",
    "ANSI_NULLS",
    "CONCAT_NULL_YIELDS_NULL",
    "CURSOR_CLOSE_ON_COMMIT",
)
"""In the order in which DBCC USEROPTIONS lists them."""


def open_transactions(frame: Frame, node: nodes.Dbcc, arguments: Arguments, say: consistency.Say) -> None:
    """The session whose transaction has been open longest of those that have written into the database, or hold a lock
    to write: as messages, or as rows (TABLERESULTS). Errors: 2520, 2521."""
    target = _database(frame, arguments, node.line)
    found = [other for other in frame.session.instance.sessions.values() if other.trancount and _writes(other, target)]
    as_rows = "TABLERESULTS" in node.options
    if not found:
        if not as_rows:
            say(frame, node, SqlError(7969, 0, 2, "No active open transactions."))
        return
    oldest = min(found, key=lambda other: other.transaction_began)
    assert oldest.transaction is not None
    login = frame.session.instance.security.find(oldest.original_login)
    began = from_timestamp(DATETIME, oldest.transaction_began)
    described = {
        "SPID": str(oldest.spid),
        "UID": "-1",
        "NAME": transaction_name(oldest),
        "RECOVERYUNITID": "0",
        "LSN": f"(1:{oldest.transaction.owner_id}:1)",
        "STARTTIME": formatter(DATETIME, WITH_MILLISECONDS)(began),
        "SID": f"0x{getattr(login, 'sid', b'').hex()}",
    }
    if as_rows:
        columns = ColumnInfo(target.name, nvarchar(25)), ColumnInfo("OPENTRAN", nvarchar(256))
        consistency.send(frame, columns, [(f"OLDACT_{what}", detail) for what, detail in described.items()])
        return
    say(frame, node, SqlError(7968, 0, 1, f"Transaction information for database '{target.name}'."))
    say(frame, node, SqlError(7970, 0, 1, "\nOldest active transaction:"))
    for number, title, what in OPEN_LINES:
        say(frame, node, SqlError(number, 0, 1, f"    {title}: {described[what]}"))


def _database(frame: Frame, arguments: Arguments, line: int) -> Database:
    """The database that DBCC is told: a name, a number, or the current one. Errors: 2520, 2521."""
    session = frame.session
    if not arguments or arguments[0] in (None, 0):
        return session.database
    wanted = arguments[0]
    if isinstance(wanted, int):
        for database in session.instance.databases.values():
            if database.database_id == wanted:
                return database
        raise sql_error(2521, wanted, line=line)
    try:
        name = session.parse_name(str(wanted)).name
    except SqlError:
        name = str(wanted)
    found = session.instance.databases.get(fold(name))
    if found is None:
        raise sql_error(2520, name, state=5, line=line)
    return found


def _writes(session: Session, database: Database) -> bool:
    """Whether the open transaction of a session has written into a database, or taken a lock to write."""
    transaction = session.transaction
    if transaction is None:
        return False
    tempdb = session.instance.databases["tempdb"].database_id
    held = [
        (entry, mode)
        for entry in transaction.locks
        if (mode := entry.granted.get(transaction)) is not None
        and (entry.space.database_id or tempdb) == database.database_id
    ]
    return any(mode in WRITING for _, mode in held) or (transaction.has_written and bool(held))


def input_buffer(frame: Frame, arguments: Arguments) -> None:
    """What a session sent last. Errors: 7955 no such session."""
    session = frame.session
    spid = arguments[0] if arguments else None
    other = session.instance.sessions.get(spid) if isinstance(spid, int) else None
    if other is None:
        raise sql_error(7955, spid)
    event = "RPC Event" if other.input_is_call else "Language Event"
    consistency.send(frame, INPUT_COLUMNS, [(event, 0, other.input_buffer[:4000] or None)])


def user_options(frame: Frame) -> None:
    """The SET options of the session: those with a value, those that are on, the isolation level."""
    session = frame.session
    settings = session.settings
    rows = [
        ("textsize", str(settings.textsize)),
        ("language", settings.language),
        ("dateformat", settings.dateformat),
        ("datefirst", str(settings.datefirst)),
        ("lock_timeout", str(settings.lock_timeout)),
    ]
    rows += [(option.lower(), "SET") for option in SHOWN_OPTIONS if option in settings.on]
    rows += [
        (name, "SET") for name, is_on in (("nocount", settings.nocount), ("xact_abort", settings.xact_abort)) if is_on
    ]
    level = settings.isolation.name.lower().replace("_", " ")
    if settings.isolation is Isolation.READ_COMMITTED and session.database.read_committed_snapshot:
        level = "read committed snapshot"
    rows.append(("isolation level", level))
    consistency.send(frame, OPTION_COLUMNS, rows)
