"""Functions about the running session: counters, errors, transaction, identity, logins, settings.

Documentation: "System Functions (Transact-SQL)", "Configuration Functions", "Security Functions" and the page of each.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from emulator.catalog.objects import fold
from emulator.errors import SqlError
from emulator.execution.functions.registry import UNICODE, function, session_value
from emulator.types.sqltype import (
    BIGINT,
    INT,
    SMALLINT,
    SQL_VARIANT,
    SYSNAME,
    TINYINT,
    SqlType,
    binary,
    numeric,
    nvarchar,
    varbinary,
)

if TYPE_CHECKING:
    from emulator.session import Session

IDENTITY_TYPE = numeric(38, 0)
VERSION_TEXT = "Microsoft SQL Server 2022 (emulated by Lockstep, for tests only) - 16.0.1000.6 (X64)"
PRODUCT_VERSION = "16.0.1000.6"
MAX_CONNECTIONS = 32767

Reader = Callable[[Any], Any]
"""From the session (a Session) to the value."""


def _value(name: str, result: SqlType, read: Reader, *, nullable: bool = False) -> None:
    session_value(name, result, nullable=nullable)(read)


# --- Counters of the last statement and of the transaction ------------------------------------------------------------

_value("@@ROWCOUNT", INT, lambda session: session.row_count)
_value("ROWCOUNT_BIG", BIGINT, lambda session: session.row_count)
_value("@@ERROR", INT, lambda session: session.error_number)
_value("@@TRANCOUNT", INT, lambda session: session.trancount)
_value("XACT_STATE", SMALLINT, lambda session: session.xact_state())
_value(
    "CURRENT_TRANSACTION_ID",
    BIGINT,
    lambda session: session.transaction.owner_id if session.transaction else 0,
)
_value("@@NESTLEVEL", INT, lambda session: session.nest_level)
_value("@@FETCH_STATUS", INT, lambda session: session.fetch_status)
_value("@@CURSOR_ROWS", INT, lambda session: session.cursor_rows)
_value("TRIGGER_NESTLEVEL", INT, lambda session: len(session.firing))
_value("@@PROCID", INT, lambda session: session.frame.module.object_id if session.frame.module else 0)
_value("@@IDENTITY", IDENTITY_TYPE, lambda session: session.last_identity, nullable=True)
_value("SCOPE_IDENTITY", IDENTITY_TYPE, lambda session: session.frame.scope_identity, nullable=True)

# --- The error that a CATCH block handles -----------------------------------------------------------------------------


def _error_value(name: str, result: SqlType, read: Callable[[SqlError], Any]) -> None:
    """NULL outside of CATCH blocks."""

    def current(session: Session) -> Any:
        errors = session.frame.errors
        return read(errors[-1]) if errors else None

    _value(name, result, current, nullable=True)


_error_value("ERROR_NUMBER", INT, lambda error: error.number)
_error_value("ERROR_MESSAGE", nvarchar(4000), lambda error: error.message)
_error_value("ERROR_SEVERITY", INT, lambda error: error.severity)
_error_value("ERROR_STATE", INT, lambda error: error.state)
_error_value("ERROR_LINE", INT, lambda error: error.line)
_error_value("ERROR_PROCEDURE", SYSNAME, lambda error: error.procedure or None)

# --- Server and settings ----------------------------------------------------------------------------------------------

OPTION_BITS = {
    "IMPLICIT_TRANSACTIONS": 2,
    "CURSOR_CLOSE_ON_COMMIT": 4,
    "ANSI_WARNINGS": 8,
    "ANSI_PADDING": 16,
    "ANSI_NULLS": 32,
    "ARITHABORT": 64,
    "ARITHIGNORE": 128,
    "QUOTED_IDENTIFIER": 256,
    "NOCOUNT": 512,
    "ANSI_NULL_DFLT_ON": 1024,
    "ANSI_NULL_DFLT_OFF": 2048,
    "CONCAT_NULL_YIELDS_NULL": 4096,
    "NUMERIC_ROUNDABORT": 8192,
    "XACT_ABORT": 16384,
}


def _options(session: Session) -> int:
    settings = session.settings
    bits = sum(bit for option, bit in OPTION_BITS.items() if option in settings.on)
    bits |= OPTION_BITS["NOCOUNT"] * settings.nocount | OPTION_BITS["XACT_ABORT"] * settings.xact_abort
    return bits | OPTION_BITS["IMPLICIT_TRANSACTIONS"] * settings.implicit_transactions


_value("@@DBTS", varbinary(8), lambda session: session.database.last_rowversion.to_bytes(8, "big"))
_value("@@SPID", SMALLINT, lambda session: session.spid)
_value("@@VERSION", nvarchar(300), lambda session: VERSION_TEXT)
_value("@@SERVERNAME", SYSNAME, lambda session: session.instance.server_name)
_value("@@SERVICENAME", SYSNAME, lambda session: "MSSQLSERVER")
_value("@@DATEFIRST", TINYINT, lambda session: session.settings.datefirst)
_value("@@LOCK_TIMEOUT", INT, lambda session: session.settings.lock_timeout)
_value("@@LANGUAGE", SYSNAME, lambda session: session.settings.language)
_value("@@LANGID", SMALLINT, lambda session: session.settings.conventions.language.langid)
_value("@@TEXTSIZE", INT, lambda session: session.settings.textsize)
_value("@@OPTIONS", INT, _options)
_value("@@MAX_PRECISION", TINYINT, lambda session: 38)
_value("@@MAX_CONNECTIONS", INT, lambda session: MAX_CONNECTIONS)
_value("@@REMSERVER", SYSNAME, lambda session: None, nullable=True)
_value("@@TIMETICKS", INT, lambda session: 31250)
_value("CURRENT_REQUEST_ID", SMALLINT, lambda session: 0)
_value("ORIGINAL_DB_NAME", SYSNAME, lambda session: session.login_database.name)
_value("MIN_ACTIVE_ROWVERSION", binary(8), lambda session: (session.database.last_rowversion + 1).to_bytes(8, "big"))
_value("@@MICROSOFTVERSION", INT, lambda session: 0x100003E8)

# --- Where the client is ----------------------------------------------------------------------------------------------

_value("HOST_NAME", SYSNAME, lambda session: session.host_name, nullable=True)
_value("APP_NAME", SYSNAME, lambda session: session.app_name, nullable=True)
_value("HOST_ID", nvarchar(10), lambda session: str(session.spid))


# --- Context ----------------------------------------------------------------------------------------------------------


@function("SESSION_CONTEXT", UNICODE, session=True, result=SQL_VARIANT)
def session_context(session: Session, key: str) -> Any:
    """The sql_variant that sp_set_session_context kept under the key."""
    return session.context.get(fold(key))


@session_value("CONTEXT_INFO", varbinary(128))
def context_info(session: Session) -> bytes | None:
    return session.settings.context_info or None


SESSION_PROPERTIES = frozenset(
    ("ANSI_NULLS", "ANSI_PADDING", "ANSI_WARNINGS", "ARITHABORT", "CONCAT_NULL_YIELDS_NULL", "NUMERIC_ROUNDABORT")
) | {"QUOTED_IDENTIFIER"}


@function("SESSIONPROPERTY", UNICODE, session=True, result=SQL_VARIANT)
def session_property(session: Session, option: str) -> tuple[SqlType, int] | None:
    if option.upper() not in SESSION_PROPERTIES:
        return None
    return INT, int(option.upper() in session.settings.on)


@function("CONNECTIONPROPERTY", UNICODE, session=True, result=SQL_VARIANT)
def connection_property(session: Session, name: str) -> tuple[SqlType, Any] | None:
    values = {
        "net_transport": "TCP",
        "protocol_type": "TSQL",
        "auth_scheme": "SQL",
        "local_net_address": "127.0.0.1",
        "client_net_address": "127.0.0.1",
        "physical_net_transport": "TCP",
    }
    value = values.get(name.lower())
    return None if value is None else (nvarchar(40), value)


@function("SERVERPROPERTY", UNICODE, session=True, result=SQL_VARIANT)
def server_property(session: Session, name: str) -> tuple[SqlType, Any] | None:
    values: dict[str, tuple[SqlType, Any]] = {
        "productversion": (SYSNAME, PRODUCT_VERSION),
        "productlevel": (SYSNAME, "RTM"),
        "productmajorversion": (SYSNAME, "16"),
        "productminorversion": (SYSNAME, "0"),
        "productbuild": (SYSNAME, "1000"),
        "edition": (SYSNAME, "Developer Edition (64-bit)"),
        "engineedition": (INT, 3),
        "servername": (SYSNAME, session.instance.server_name),
        "machinename": (SYSNAME, session.instance.server_name),
        "instancename": (SYSNAME, None),
        "collation": (SYSNAME, session.database.collation),
        "isclustered": (INT, 0),
        "ishadrenabled": (INT, 0),
        "isintegratedsecurityonly": (INT, 0),
        "isfulltextinstalled": (INT, 0),
        "issingleuser": (INT, 0),
        "processid": (INT, 1),
        "lcid": (INT, 1033),
    }
    found = values.get(name.lower())
    return None if found is None or found[1] is None else found


@function("CURSOR_STATUS", UNICODE, UNICODE, session=True, result=SMALLINT)
def cursor_status(session: Session, kind: str, name: str) -> int:
    """By name; a cursor variable is not known here (-3)."""
    cursors = session.frame.cursors if kind.lower() == "local" else session.cursors
    found = cursors.get(fold(name))
    return -3 if found is None else found.status
