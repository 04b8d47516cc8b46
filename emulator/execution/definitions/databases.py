"""ALTER DATABASE: the options of a database, above all those that turn row versions on and off.

READ_COMMITTED_SNAPSHOT and SINGLE_USER change when no other session is in the database; ALLOW_SNAPSHOT_ISOLATION when
the transactions have ended that were under way, for their changes have no versions, or they read some.
The statement waits for a lock on the database, which those in the way are made to hold from then on.

Documentation: "ALTER DATABASE SET options (Transact-SQL)".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from emulator.catalog.database import SYSTEM_DATABASES, Database, SnapshotState
from emulator.catalog.database_options import plain, takes
from emulator.catalog.objects import Table, fold
from emulator.errors import NotSupported, SqlError, sql_error
from emulator.execution.authorization import has_permission
from emulator.execution.definitions.access import changed, definition_step
from emulator.execution.frames import Frame, Step
from emulator.execution.units import StepCompiler, UnitCompiler
from emulator.locking.manager import WHOLE, LockOwner
from emulator.locking.modes import LockMode
from emulator.sql import nodes
from emulator.storage.table import TableStore

if TYPE_CHECKING:
    from emulator.instance import Instance
    from emulator.session import Session

Setter = Callable[["Session", Database, str, "str | None"], None]
"""Sets an option of a database to a value, with a termination clause."""

WITHOUT_READ_COMMITTED_SNAPSHOT = frozenset({"master", "tempdb", "msdb"})


def compile_alter_database(node: nodes.AlterDatabase, compiler: UnitCompiler) -> Step:
    """Errors: 226 in a transaction; 5058; 5011, 5061 and 5070 followed by 5069."""
    database = compiler.database
    if node.new_name is not None or node.collation is not None:
        raise NotSupported("ALTER DATABASE MODIFY NAME or COLLATE", node.line)
    for option in node.options:
        setter = SETTERS.get(option.name)
        if setter is None and takes(option.name, _written(option)):
            continue
        if setter is None or (setter in SWITCHES and option.value not in ("ON", "OFF")):
            value = "" if option.value is None else f" {option.value}"
            raise NotSupported(f"ALTER DATABASE SET {option.name}{value}", node.line)

    def alter_database(frame: Frame) -> None:
        session = frame.session
        if session.trancount:
            raise sql_error(226, "ALTER DATABASE", line=node.line)
        target = database if node.name is None else session.instance.databases.get(fold(node.name))
        if target is None or not (session.unchecked or has_permission(session, "ALTER", database=target)):
            name = node.name if target is None else target.name
            raise sql_error(5069, line=node.line).after(sql_error(5011, name, state=5, line=node.line))
        for option in node.options:
            SETTERS.get(option.name, _keep(option.name))(session, target, _written(option), node.termination)

    return definition_step(node, alter_database)


def _written(option: nodes.Option) -> str:
    return option.name if option.value is None else str(option.value)


def _keep(name: str) -> Setter:
    """Sets one of the options that are only kept."""

    def keep(session: Session, database: Database, value: str, termination: str | None) -> None:
        database.options = {**database.options, name: plain(value)}
        changed(database)

    return keep


SCOPED = frozenset(
    {
        *("MAXDOP", "LEGACY_CARDINALITY_ESTIMATION", "PARAMETER_SNIFFING", "QUERY_OPTIMIZER_HOTFIXES"),
        *("OPTIMIZE_FOR_AD_HOC_WORKLOADS", "LIGHTWEIGHT_QUERY_PROFILING", "BATCH_MODE_ON_ROWSTORE"),
        *("TSQL_SCALAR_UDF_INLINING", "INTERLEAVED_EXECUTION_TVF", "ACCELERATED_PLAN_FORCING", "LAST_QUERY_PLAN_STATS"),
    }
)
"""Scoped options that steer plans alone."""


def compile_configuration(node: nodes.AlterDatabaseConfiguration, compiler: UnitCompiler) -> Step:
    """ALTER DATABASE SCOPED CONFIGURATION: options for the optimizer are taken, and the plan cache is cleared.

    Errors: 226 in a transaction; NotSupported: other options.
    """
    name = node.option.name
    if node.action == "SET" and name not in SCOPED:
        raise NotSupported(f"ALTER DATABASE SCOPED CONFIGURATION SET {name}", node.line)
    database = compiler.database

    def configure(frame: Frame) -> None:
        if frame.session.trancount:
            raise sql_error(226, "ALTER DATABASE SCOPED CONFIGURATION", line=node.line)
        if node.action == "CLEAR":
            frame.session.instance.units.clear()
        changed(database)

    return definition_step(node, configure)


def _set_compatibility_level(session: Session, database: Database, value: str, termination: str | None) -> None:
    database.compatibility_level = int(value)
    changed(database)


def _set_read_committed_snapshot(session: Session, database: Database, value: str, termination: str | None) -> None:
    on = value == "ON"
    if fold(database.name) in WITHOUT_READ_COMMITTED_SNAPSHOT:
        raise sql_error(5058, "READ_COMMITTED_SNAPSHOT", database.name)
    if database.read_committed_snapshot is on:
        return
    _wait_to_be_alone(session, database, termination)
    database.read_committed_snapshot = on
    _settle(session.instance, database)


def _set_snapshot_isolation(session: Session, database: Database, value: str, termination: str | None) -> None:
    target, passing = {
        "ON": (SnapshotState.ON, SnapshotState.TO_ON),
        "OFF": (SnapshotState.OFF, SnapshotState.TO_OFF),
    }[value]
    before = database.snapshots
    if before is target:
        return
    database.snapshots = passing
    _settle(session.instance, database)
    try:
        _wait_for(session, database, lambda: _transactions_under_way(session, database))
    except BaseException:
        database.snapshots = before
        _settle(session.instance, database)
        raise
    database.snapshots = target
    database.snapshots_since = session.instance.versions.sequence
    _settle(session.instance, database)


def _set_user_access(session: Session, database: Database, value: str, termination: str | None) -> None:
    """SINGLE_USER, MULTI_USER."""
    if fold(database.name) in SYSTEM_DATABASES:
        raise sql_error(5058, value, database.name)
    if value == "SINGLE_USER":
        _wait_to_be_alone(session, database, termination)
    database.user_access = value


SETTERS: Mapping[str, Setter] = {
    "COMPATIBILITY_LEVEL": _set_compatibility_level,
    "READ_COMMITTED_SNAPSHOT": _set_read_committed_snapshot,
    "ALLOW_SNAPSHOT_ISOLATION": _set_snapshot_isolation,
    "SINGLE_USER": _set_user_access,
    "MULTI_USER": _set_user_access,
}
SWITCHES = (_set_read_committed_snapshot, _set_snapshot_isolation)
"""Those of options that are ON or OFF."""


def _settle(instance: Instance, database: Database) -> None:
    """Let storage keep the versions that the options ask for, and void all plans: they know the options."""
    versions = instance.versions if database.keeps_versions else None
    for store in _stores(instance, database):
        if store.versions is not versions:
            store.keep_versions(versions)
    instance.versions.statement_level = sum(item.read_committed_snapshot for item in instance.databases.values())
    for item in instance.databases.values():
        changed(item)


def _stores(instance: Instance, database: Database) -> Iterable[TableStore]:
    tables = list(database.of_kind(Table))
    if database is instance.databases["tempdb"]:
        tables += instance.global_temporary.values()
    return [table.store for table in tables if table.store is not None]


# --- Waiting for those who are in the way -----------------------------------------------------------------------------


def _wait_to_be_alone(session: Session, database: Database, termination: str | None) -> None:
    """Wait until no other session is in the database; with a termination clause refuse to, or throw the others out."""

    def others() -> list[Session]:
        return [
            item for item in session.instance.sessions.values() if item is not session and item.database is database
        ]

    if termination == "NO_WAIT" and others():
        raise _failed(session, sql_error(5070, database.name, state=2))
    if termination is not None and termination.startswith("ROLLBACK"):
        if termination.startswith("ROLLBACK AFTER") and others():
            session.sleep(int(termination.split()[-1]))
        for other in others():
            other.kill()
    _wait_for(session, database, lambda: [other.owned_locks for other in others()])


def _transactions_under_way(session: Session, database: Database) -> list[LockOwner]:
    """The transactions of others that have changed the database or read it from a snapshot."""
    number = database.database_id
    return [
        transaction
        for item in session.instance.sessions.values()
        if item is not session and (transaction := item.transaction) is not None
        if transaction.snapshot is not None
        or (transaction.has_written and any(entry.space.database_id == number for entry in transaction.locks))
    ]


def _wait_for(session: Session, database: Database, in_the_way: Callable[[], Iterable[LockOwner]]) -> None:
    """Wait until those who are in the way have ended. Errors: 5061 when somebody else waits so; 1222."""
    locks, space = session.instance.locks, database.locks
    while owners := list(in_the_way()):
        for owner in owners:
            if locks.would_wait(owner, space, WHOLE, LockMode.S):
                raise _failed(session, sql_error(5061, database.name))
            if locks.held_mode(owner, space, WHOLE) is LockMode.NL:
                locks.acquire(owner, space, WHOLE, LockMode.S)
        session.lock(space, WHOLE, LockMode.X)
        session.unlock(space, WHOLE)


def _failed(session: Session, reason: SqlError) -> SqlError:
    """Error 5069, having told the client the reason; a CATCH block sees the last error alone."""
    if not session.try_depth:
        reason.locate(session.frame.node.line if session.frame.node else 1, session.frame.name)
        session.sink.message(reason)
    return sql_error(5069)


STEPS: Mapping[type[nodes.Statement], StepCompiler] = {
    nodes.AlterDatabase: compile_alter_database,
    nodes.AlterDatabaseConfiguration: compile_configuration,
}
