"""Examines a target before a deployment: connection, server, database, permissions, ERP tables, migration state.

Every finding is ok, a warning (it works, but somebody should know) or an error (a deployment or a call would fail),
with what to do. Nothing is written. A question that the login may not ask is a warning and ends nothing.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pyodbc

from harness.connection import Session, SqlServerError, Target
from harness.deploy import migrations
from harness.deploy.erp_tables import check_erp_tables
from harness.errors import HarnessError

Status = Literal["ok", "warning", "error"]

OLDEST_VERSION = (13, 0, 4001)
"""SQL Server 2016 SP1: the first with CREATE OR ALTER."""
OLDEST_LEVEL = 100
CLOUD_EDITIONS = (5, 8)
"""SERVERPROPERTY('EngineEdition') of Azure SQL Database and Managed Instance, whose version number means nothing."""

_SERVER = """\
SELECT
    CAST(SERVERPROPERTY('ProductVersion') AS nvarchar(128)) AS ProductVersion,
    CAST(SERVERPROPERTY('Edition') AS nvarchar(128)) AS Edition,
    CAST(SERVERPROPERTY('EngineEdition') AS int) AS EngineEdition;
"""
_DATABASE = """\
SELECT
    d.compatibility_level, d.is_read_committed_snapshot_on, d.snapshot_isolation_state_desc, d.collation_name,
    d.is_read_only
FROM sys.databases AS d
WHERE d.database_id = DB_ID();
"""
_ENCRYPTION = "SELECT c.encrypt_option, c.auth_scheme FROM sys.dm_exec_connections AS c WHERE c.session_id = @@SPID;"
_LOGIN = "SELECT ORIGINAL_LOGIN() AS LoginName, USER_NAME() AS UserName;"
_PERMISSION = "SELECT HAS_PERMS_BY_NAME({securable}, {kind}, N'{permission}') AS IsThere;"
_IS_FIRST = "SELECT SCHEMA_ID(N'lockstep') AS SchemaId;"
_ALWAYS = ("CREATE TABLE", "CREATE PROCEDURE", "CREATE FUNCTION", "CREATE VIEW")
_FIRST_TIME = ("CREATE SCHEMA", "CREATE ROLE")
"""Permissions in the database. The schemas and roles are made once, by a member of db_owner."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: what it is, what was found, and what to do about it (empty when it is ok)."""

    status: Status
    subject: str
    found: str
    advice: str = ""


def examine(session: Session, target: Target, database: Path) -> Iterator[Finding]:
    """Look at everything, one finding after the other."""
    examinations: tuple[tuple[str, Callable[[], Iterator[Finding]]], ...] = (
        ("driver", lambda: _driver(session)),
        ("encryption", lambda: _encryption(session, target)),
        ("server", lambda: _server(session)),
        ("database", lambda: _database(session)),
        ("permissions", lambda: _permissions(session)),
        ("ERP tables", lambda: _erp_tables(session, database)),
        ("migrations", lambda: _migrations(session, database)),
    )
    for subject, examination in examinations:
        try:
            yield from examination()
        except SqlServerError as error:
            yield Finding("warning", subject, f"could not be examined: {error}", "ask with a login that may see it")
        except HarnessError as error:
            yield Finding("error", subject, str(error))


def _driver(session: Session) -> Iterator[Finding]:
    name = session.connection.getinfo(pyodbc.SQL_DRIVER_NAME)
    version = session.connection.getinfo(pyodbc.SQL_DRIVER_VER)
    found = f"{name} {version}, pyodbc {pyodbc.version}"
    if "msodbcsql" in name.lower() and int(version.partition(".")[0]) >= 17:
        yield Finding("ok", "driver", found)
    else:
        yield Finding("warning", "driver", found, "use Microsoft's ODBC Driver 18 for SQL Server: no other is tested")


def _encryption(session: Session, target: Target) -> Iterator[Finding]:
    trusts_any = (target.connection_string.get("TrustServerCertificate") or "no").lower() in ("yes", "true", "1")
    ((encrypted, scheme),) = session.execute(_ENCRYPTION).rows
    if encrypted != "TRUE":
        yield Finding(
            "warning", "encryption", f"off, {scheme} authentication", "set Encrypt=yes unless this is your own machine"
        )
    elif trusts_any:
        yield Finding(
            "warning",
            "encryption",
            f"on, {scheme} authentication, but any certificate is trusted",
            "install a certificate that clients know and set TrustServerCertificate=no",
        )
    else:
        yield Finding("ok", "encryption", f"on, {scheme} authentication")


def _server(session: Session) -> Iterator[Finding]:
    ((version, edition, engine),) = session.execute(_SERVER).rows
    numbers = tuple(int(part) for part in version.split(".")[:3])
    if engine in CLOUD_EDITIONS or numbers >= OLDEST_VERSION:
        yield Finding("ok", "server", f"{version}, {edition}")
    else:
        yield Finding("error", "server", f"{version}, {edition}", "SQL Server 2016 SP1 (13.0.4001) or later is needed")


def _database(session: Session) -> Iterator[Finding]:
    ((level, is_versioned, snapshot, collation, is_read_only),) = session.execute(_DATABASE).rows
    if is_read_only:
        yield Finding("error", "database", "read-only", "connect to the primary, or set the database READ_WRITE")
    if level >= OLDEST_LEVEL:
        yield Finding("ok", "compatibility level", str(level))
    else:
        yield Finding("error", "compatibility level", str(level), f"set it to {OLDEST_LEVEL} or higher")
    isolation = (
        f"READ_COMMITTED_SNAPSHOT {'on' if is_versioned else 'off'}, ALLOW_SNAPSHOT_ISOLATION {snapshot.lower()}"
    )
    yield Finding("ok", "isolation", isolation)
    yield Finding("ok", "collation", collation)


def _permissions(session: Session) -> Iterator[Finding]:
    ((login, user),) = session.execute(_LOGIN).rows
    is_first = session.execute(_IS_FIRST).rows[0][0] is None
    in_database = [*_ALWAYS, *(_FIRST_TIME if is_first else ())]
    lacking = [name for name in in_database if not _has_permission(session, "NULL", "N'DATABASE'", name)]
    if not _has_permission(session, "N'dbo'", "N'SCHEMA'", "ALTER"):
        lacking.append("ALTER ON SCHEMA::dbo (for the indexes)")
    if not is_first and not _has_permission(session, "N'lockstep'", "N'SCHEMA'", "CONTROL"):
        lacking.append("CONTROL ON SCHEMA::lockstep")
    if lacking:
        joining = f"ALTER ROLE lockstep_deployer ADD MEMBER [{user}]"
        advice = "the first deployment needs a member of db_owner" if is_first else joining
        yield Finding("error", "permissions", f"{login} as {user} lacks {', '.join(lacking)}", advice)
    else:
        yield Finding("ok", "permissions", f"{login} as {user} may do all that a deployment needs")
    if not _has_permission(session, "NULL", "NULL", "VIEW SERVER STATE"):
        advice = f"needed to see locks and sessions: GRANT VIEW SERVER STATE TO [{login}]"
        yield Finding("warning", "permissions", f"{login} lacks VIEW SERVER STATE", advice)


def _has_permission(session: Session, securable: str, kind: str, permission: str) -> bool:
    text = _PERMISSION.format(securable=securable, kind=kind, permission=permission)
    return bool(session.execute(text).rows[0][0])


def _erp_tables(session: Session, database: Path) -> Iterator[Finding]:
    faults = check_erp_tables(session, database)
    for fault in faults:
        yield Finding("error", "ERP tables", fault, "the migration would stop: change them, or ask the ERP's supplier")
    if not faults:
        yield Finding("ok", "ERP tables", "they have what the procedures need; those that are missing will be made")


def _migrations(session: Session, database: Path) -> Iterator[Finding]:
    current = migrations.current_revision(session)
    missing = migrations.pending(migrations.read_revisions(database / "migrations"), current)
    found = f"at {current or 'none'}"
    if missing:
        numbers = ", ".join(revision.number for revision in missing)
        yield Finding(
            "warning", "migrations", f"{found}; pending: {numbers}", "lockstep plan shows what a deployment does"
        )
    else:
        yield Finding("ok", "migrations", f"{found}, the newest")
