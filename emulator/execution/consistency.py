"""DBCC commands that look at tables, caches and the server: CHECKDB and its kin, CHECKCONSTRAINTS, TRACEON, SQLPERF.

Documentation: "DBCC CHECKDB", "DBCC CHECKTABLE", "DBCC CHECKCONSTRAINTS", "DBCC TRACEON", "DBCC TRACESTATUS",
"DBCC SQLPERF", "DBCC SHRINKDATABASE", "DBCC FREEPROCCACHE (Transact-SQL)".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from emulator.catalog.database import Database
from emulator.catalog.objects import CheckConstraint, ForeignKey, Module, Table, fold
from emulator.catalog.system_views.activity import pages
from emulator.catalog.system_views.files import PAGES
from emulator.errors import NotSupported, SqlError, sql_error
from emulator.execution.definitions.shapes import table_scope
from emulator.execution.frames import Frame
from emulator.execution.units import UnitCompiler
from emulator.locking.escalation import NO_ESCALATION
from emulator.planning.binding import FIRST_SLOT
from emulator.planning.expressions import compile_condition
from emulator.results import ColumnInfo
from emulator.sql import nodes
from emulator.types.conversion import converter
from emulator.types.sqltype import INT, SMALLINT, SYSNAME, SqlType, nvarchar

if TYPE_CHECKING:
    from emulator.session import Session

Arguments = Sequence[Any]
Say = Callable[[Frame, nodes.Dbcc, SqlError], None]
REAL = SqlType("real")
VIOLATIONS = (
    ColumnInfo("Table", nvarchar(776), False),
    ColumnInfo("Constraint", SYSNAME, False),
    ColumnInfo("Where", nvarchar(4000)),
)
TRACE_FLAGS = (
    ColumnInfo("TraceFlag", SMALLINT, False),
    ColumnInfo("Status", SMALLINT, False),
    ColumnInfo("Global", SMALLINT, False),
    ColumnInfo("Session", SMALLINT, False),
)
LOG_SPACE = (
    ColumnInfo("Database Name", SYSNAME, False),
    ColumnInfo("Log Size (MB)", REAL),
    ColumnInfo("Log Space Used (%)", REAL),
    ColumnInfo("Status", INT, False),
)
SHRUNK = tuple(
    ColumnInfo(name, SMALLINT if name == "DbId" else INT)
    for name in ("DbId", "FileId", "CurrentSize", "MinimumSize", "UsedPages", "EstimatedPages")
)
KNOWN_FLAGS = frozenset(
    {
        *(460, 610, 1117, 1118, 1204, 1222, 1806, 2312, 2330, 2371, 2389, 2390, 2453, 3023, 3042, 3205, 3226, 3427),
        *NO_ESCALATION,
        *(3604, 3605, 3625, 4136, 4137, 4138, 4139, 4199, 7412, 7745, 7752, 8015, 8032, 8048, 8079, 9481, 9567),
    }
)
"""Trace flags that steer plans, storage and logs: nothing that can be seen here; and those that forbid lock escalation.
Others are refused."""


def _constraints(table: Table) -> list[CheckConstraint | ForeignKey]:
    return [*table.checks, *table.foreign_keys]


def _table(frame: Frame, name: object, line: int) -> Table:
    """Errors: 2501."""
    session = frame.session
    found = None
    if isinstance(name, int):
        found = session.database.by_id.get(name)
    elif name is not None:
        parsed = session.parse_name(str(name))
        found = session.database.find(parsed.schema or session.user.default_schema or "dbo", parsed.name)
    if not isinstance(found, Table) or found.store is None:
        raise sql_error(2501, name, line=line)
    return found


def _check_storage(table: Table) -> None:
    """Every index has an entry for each row that belongs into it. AssertionError: the storage is broken."""
    store = table.store
    assert store is not None
    rows = list(store.rows())
    for index in table.indexes:
        if index.name in store.indexes and not index.disabled:
            expected = sum(1 for row in rows if index.predicate is None or index.predicate(row))
            assert len(store.indexes[index.name]) == expected, f"{table.full_name}.{index.name}"


def _report(frame: Frame, node: nodes.Dbcc, table: Table, say: Say) -> None:
    store = table.store
    assert store is not None
    _check_storage(table)
    say(frame, node, SqlError(2536, 0, 1, f"DBCC results for '{table.name}'."))
    counted = f'There are {store.row_count} rows in {pages(table, store.base)[0]} pages for object "{table.name}".'
    say(frame, node, SqlError(2593, 0, 1, counted))


def check_table(frame: Frame, node: nodes.Dbcc, arguments: Arguments, say: Say) -> None:
    """CHECKTABLE. Errors: 2501."""
    _report(frame, node, _table(frame, arguments[0] if arguments else None, node.line), say)


def check_database(frame: Frame, node: nodes.Dbcc, arguments: Arguments, say: Say) -> None:
    """CHECKDB, of the current database or another one. Errors: 911."""
    session = frame.session
    named = arguments[0] if arguments and arguments[0] not in (None, 0) else session.database.name
    database = next((item for item in session.instance.databases.values() if item.database_id == named), None)
    database = database or session.instance.database(str(named), node.line)
    say(frame, node, SqlError(2536, 0, 1, f"DBCC results for '{database.name}'."))
    for table in database.of_kind(Table):
        _report(frame, node, table, say)
    found = f"CHECKDB found 0 allocation errors and 0 consistency errors in database '{database.name}'."
    say(frame, node, SqlError(8989, 10, 1, found))


# --- Constraints ------------------------------------------------------------------------------------------------------


def check_constraints(frame: Frame, node: nodes.Dbcc, compiler: UnitCompiler, arguments: Arguments) -> None:
    """CHECKCONSTRAINTS: the rows that violate the constraints that are enabled (WITH ALL_CONSTRAINTS: all), of the
    database, a table, or one constraint. Errors: 2501."""
    database = frame.session.database
    tables: list[Table] = list(database.of_kind(Table))
    wanted = None
    if arguments and arguments[0] is not None:
        name = frame.session.parse_name(str(arguments[0])).name
        wanted = fold(name)
        if any(fold(item.name) == wanted for table in tables for item in _constraints(table)):
            pass
        else:
            tables, wanted = [_table(frame, arguments[0], node.line)], None
    rows = []
    for table in tables:
        for item in _constraints(table):
            chosen = fold(item.name) == wanted if wanted is not None else True
            if chosen and (item.enabled or "ALL_CONSTRAINTS" in node.options):
                rows += [
                    (f"[{table.schema}].[{table.name}]", f"[{item.name}]", where)
                    for where in dict.fromkeys(_violations(frame, compiler, database, table, item))
                ]
    if rows:
        send(frame, VIOLATIONS, rows)


def _violations(
    frame: Frame, compiler: UnitCompiler, database: Database, table: Table, item: CheckConstraint | ForeignKey
) -> Iterator[str]:
    """The conditions that find the rows which violate a constraint."""
    store = table.store
    assert store is not None
    if isinstance(item, ForeignKey):
        assert item.referenced.store is not None
        there = {tuple(row[ordinal] for ordinal in item.referenced_columns) for row in item.referenced.store.rows()}
        for row in store.rows():
            values = tuple(row[ordinal] for ordinal in item.columns)
            if None not in values and values not in there:
                yield _where(table, row, item.columns)
        return
    context = compiler.context(database, frame.session)
    scope = table_scope(table, context)
    slot = scope.sources[0].slot
    condition = compile_condition(item.expression, scope, context)
    ordinals = sorted(scope.sources[0].used)
    env: list[Any] = [[], frame.session, *[None] * (context.slots - FIRST_SLOT)]
    for row in store.rows():
        env[slot] = row
        if condition.fn(env) is False:
            yield _where(table, row, ordinals)


def _where(table: Table, row: Sequence[Any], ordinals: Sequence[int]) -> str:
    parts = []
    for ordinal in ordinals:
        column, value = table.columns[ordinal], row[ordinal]
        convert = converter(column.type, nvarchar(4000), explicit=True)
        shown = "NULL" if value is None else f"'{value if convert is None else convert(value)}'"
        parts.append(f"[{column.name}] {'IS' if value is None else '='} {shown}")
    return " AND ".join(parts)


# --- Trace flags, caches, space ---------------------------------------------------------------------------------------


def trace_on(frame: Frame, node: nodes.Dbcc, arguments: Arguments) -> None:
    """TRACEON and TRACEOFF (flags [, -1]). NotSupported: a flag that would change what can be seen."""
    flags = [flag for flag in arguments if flag != -1]
    for flag in flags:
        if flag not in KNOWN_FLAGS:
            raise NotSupported(f"trace flag {flag}", node.line)
    session = frame.session
    for owner in (session.instance,) if -1 in arguments else (session,):
        owner.trace_flags = (
            owner.trace_flags | set(flags) if node.command == "TRACEON" else owner.trace_flags - set(flags)
        )


def trace_status(frame: Frame, node: nodes.Dbcc, arguments: Arguments) -> None:
    """TRACESTATUS: the flags named, or all that are on."""
    session = frame.session
    own, everywhere = session.trace_flags, session.instance.trace_flags
    flags = [flag for flag in arguments if flag != -1] or sorted(own | everywhere)
    if flags:
        rows = [(flag, int(flag in own | everywhere), int(flag in everywhere), int(flag in own)) for flag in flags]
        send(frame, TRACE_FLAGS, rows)


def free_plans(session: Session) -> None:
    """FREEPROCCACHE: everything is compiled anew."""
    session.instance.units.clear()
    for database in session.instance.databases.values():
        for module in database.of_kind(Module):
            module.plan = None


def server_performance(frame: Frame, node: nodes.Dbcc, arguments: Arguments) -> None:
    """SQLPERF (LOGSPACE), and SQLPERF ('sys.dm_os_wait_stats', CLEAR)."""
    session = frame.session
    what = str(arguments[0] if arguments else "").lower()
    if what == "logspace":
        size = PAGES * 8 / 1024
        rows = [(item.name, size, 0.0, 0) for item in session.instance.databases.values()]
        send(frame, LOG_SPACE, rows)
    elif what == "sys.dm_os_wait_stats" and len(arguments) > 1 and str(arguments[1]).upper() == "CLEAR":
        session.instance.waits.clear()
    else:
        raise NotSupported(f"DBCC SQLPERF ({what})", node.line)


def shrink(frame: Frame, node: nodes.Dbcc, arguments: Arguments) -> None:
    """SHRINKDATABASE and SHRINKFILE: files have the size that they have, and nothing to give back. Errors: 911."""
    session = frame.session
    database = session.database
    files: tuple[int, ...] = (1,)
    if node.command == "SHRINKDATABASE":
        files = (1, 2)
        if arguments and arguments[0] != 0:
            database = session.instance.database(str(arguments[0]), node.line)
    number = database.database_id
    send(frame, SHRUNK, [(number, file, PAGES, PAGES, PAGES, PAGES) for file in files])


def send(frame: Frame, columns: tuple[ColumnInfo, ...], rows: Sequence[tuple[Any, ...]]) -> None:
    """Send a result set."""
    sink = frame.session.sink
    sink.columns(columns)
    for row in rows:
        sink.row(row)
    sink.done(None if frame.session.settings.nocount else len(rows), is_select=True)
