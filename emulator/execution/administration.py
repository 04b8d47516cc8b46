"""Statements addressed to the server: KILL, DBCC, CHECKPOINT, SHUTDOWN, RECONFIGURE.

Documentation: "KILL (Transact-SQL)", "DBCC CHECKIDENT", "CHECKPOINT", "SHUTDOWN".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from emulator.errors import NotSupported, SqlError, sql_error
from emulator.execution import consistency, observation
from emulator.execution.authorization import may, require_on_server
from emulator.execution.frames import Frame, Step
from emulator.execution.plans import as_unit, evaluator
from emulator.execution.steps import server_step
from emulator.execution.units import StepCompiler, UnitCompiler
from emulator.planning.changes.targets import find_table
from emulator.planning.expressions import compile_scalar
from emulator.sql import nodes

FIRST_USER_SPID = 51
"""Sessions with lower numbers are the system's; none of them exists here."""
COMPLETED = "DBCC execution completed. If DBCC printed error messages, contact your system administrator."
CHECKING = "Checking identity information: current identity value "
Arguments = Sequence[Any]


# --- KILL -------------------------------------------------------------------------------------------------------------


def compile_kill(node: nodes.Kill, compiler: UnitCompiler) -> Step:
    """KILL of a session. A rollback takes no time here, so that there is hardly ever a report WITH STATUSONLY.

    Errors: 6101 no number, 6102, 6104 oneself, 6106 no such session, 6107 one of the system, 6108, 6110 a distributed
    transaction, of which there are none, 6115 in a transaction, 6120 nothing is being rolled back.
    """
    number = evaluator(compiler, node, lambda ctx: compile_scalar(node.session, None, ctx).fn)

    def kill(frame: Frame) -> None:
        session = frame.session
        if not session.may_on_server("ALTER ANY CONNECTION"):
            raise sql_error(6102)
        spid = number(frame)
        if isinstance(spid, str):
            raise sql_error(6110, spid)
        if not isinstance(spid, int) or not 0 < spid <= 32767:
            raise sql_error(6101)
        if node.option in ("COMMIT", "ROLLBACK"):
            raise sql_error(6108)
        if spid == session.spid:
            raise sql_error(6104)
        if session.trancount:
            raise sql_error(6115, "KILL")
        if spid < FIRST_USER_SPID:
            raise sql_error(6107)
        victim = session.instance.sessions.get(spid)
        if victim is None:
            raise sql_error(6106, spid)
        if victim.killed:
            session.sink.message(sql_error(6109, spid, 0, 0))
        elif node.option == "STATUSONLY":
            raise sql_error(6120, spid)
        else:
            victim.kill()

    return server_step(node, kill)


# --- DBCC -------------------------------------------------------------------------------------------------------------


def compile_dbcc(node: nodes.Dbcc, compiler: UnitCompiler) -> Step:
    """DBCC. NotSupported: any other command than those of ``COMMANDS`` and the harmless ones."""
    if node.command in WITHOUT_EFFECT:
        return server_step(node, lambda frame: _say(frame, node, SqlError(2528, 0, 1, COMPLETED)))
    command = COMMANDS.get(node.command)
    if command is None:
        raise NotSupported(f"DBCC {node.command}", node.line)
    arguments = [_evaluator(compiler, node, argument) for argument in node.arguments]

    def change(frame: Frame, values: Arguments) -> None:
        assert frame.session.transaction is not None
        frame.session.transaction.defines = True
        command(frame, node, compiler, values)

    def dbcc(frame: Frame) -> None:
        values = [argument(frame) for argument in arguments]
        if node.command == "CHECKIDENT":
            as_unit(frame, change, frame, values)
        else:
            command(frame, node, compiler, values)
        _say(frame, node, SqlError(2528, 0, 1, COMPLETED))

    return server_step(node, dbcc)


def _evaluator(compiler: UnitCompiler, node: nodes.Dbcc, argument: nodes.Expression) -> Callable[[Frame], Any]:
    return evaluator(compiler, node, lambda ctx: compile_scalar(argument, None, ctx).fn)


def _say(frame: Frame, node: nodes.Dbcc, message: SqlError) -> None:
    if "NO_INFOMSGS" not in node.options:
        message.locate(node.line, frame.name)
        frame.session.sink.message(message)


def _check_ident(frame: Frame, node: nodes.Dbcc, compiler: UnitCompiler, arguments: Arguments) -> None:
    """The identity counter: shown (NORESEED), moved to the largest value if that is ahead, or set (RESEED, value).

    Errors: 2501 no such table, 7997 no identity column.
    """
    session = frame.session
    context = compiler.context(session=session)
    name = str(arguments[0]) if arguments else ""
    try:
        table = find_table(session.parse_name(name), context)
    except SqlError:
        raise sql_error(2501, name, line=node.line) from None
    if not (session.unchecked or may(session, "ALTER", table, context.database)):
        raise sql_error(2501, name, line=node.line)
    column, store = table.identity_column, table.store
    if column is None or store is None or store.identity is None:
        raise sql_error(7997, table.name, line=node.line)
    counter, shown = store.identity, store.identity.last
    action = str(arguments[1]).upper() if len(arguments) > 1 else "RESEED"
    if action == "RESEED" and len(arguments) > 2:
        value = int(arguments[2])
        _say(frame, node, SqlError(7998, 0, 1, f"{CHECKING}'{_shown(shown)}'."))
        # A table that never had a row gives out the value itself next, another one the value after it.
        counter.last = value - counter.increment if shown is None else value
        return
    largest = max((row[column.ordinal] for row in store.rows()), default=None)
    text = f"{CHECKING}'{_shown(shown)}', current column value '{_shown(largest)}'."
    _say(frame, node, SqlError(7998, 0, 1, text))
    if action == "RESEED" and largest is not None and (shown is None or (largest - shown) * counter.increment > 0):
        counter.last = largest


def _shown(value: int | None) -> str:
    return "NULL" if value is None else str(value)


COMMANDS: Mapping[str, Callable[[Frame, nodes.Dbcc, UnitCompiler, Arguments], None]] = {
    "CHECKIDENT": _check_ident,
    "OPENTRAN": lambda frame, node, compiler, values: observation.open_transactions(frame, node, values, _say),
    "INPUTBUFFER": lambda frame, node, compiler, values: observation.input_buffer(frame, values),
    "USEROPTIONS": lambda frame, node, compiler, values: observation.user_options(frame),
    "CHECKCONSTRAINTS": consistency.check_constraints,
    "CHECKDB": lambda frame, node, compiler, values: consistency.check_database(frame, node, values, _say),
    "CHECKTABLE": lambda frame, node, compiler, values: consistency.check_table(frame, node, values, _say),
    "FREEPROCCACHE": lambda frame, node, compiler, values: consistency.free_plans(frame.session),
    "SHRINKDATABASE": lambda frame, node, compiler, values: consistency.shrink(frame, node, values),
    "SHRINKFILE": lambda frame, node, compiler, values: consistency.shrink(frame, node, values),
    "SQLPERF": lambda frame, node, compiler, values: consistency.server_performance(frame, node, values),
    "TRACEOFF": lambda frame, node, compiler, values: consistency.trace_on(frame, node, values),
    "TRACEON": lambda frame, node, compiler, values: consistency.trace_on(frame, node, values),
    "TRACESTATUS": lambda frame, node, compiler, values: consistency.trace_status(frame, node, values),
}
WITHOUT_EFFECT = frozenset(
    {
        *("DROPCLEANBUFFERS", "FREESYSTEMCACHE", "FREESESSIONCACHE", "CHECKALLOC", "CHECKCATALOG", "CLEANTABLE"),
        *("DBREINDEX", "INDEXDEFRAG", "UPDATEUSAGE", "FLUSHPROCINDB"),
    }
)
"""Caches whose content nobody can see, and the storage of pages."""


# --- Others -----------------------------------------------------------------------------------------------------------


def compile_checkpoint(node: nodes.Checkpoint, compiler: UnitCompiler) -> Step:
    """CHECKPOINT. Without a log there are no dirty pages, and nothing to do."""

    def checkpoint(frame: Frame) -> None:
        log = frame.session.instance.log
        if log is not None:
            log.checkpoint()

    return server_step(node, checkpoint)


def compile_shutdown(node: nodes.Shutdown, compiler: UnitCompiler) -> Step:
    """SHUTDOWN [WITH NOWAIT]: the server stops, having let running requests end, and written a checkpoint; or not.

    NotSupported: the instance is not run by a server.
    """

    def shutdown(frame: Frame) -> None:
        session = frame.session
        require_on_server(session, "SHUTDOWN", node.line)
        stop = session.instance.on_shutdown
        if stop is None:
            raise NotSupported("SHUTDOWN of an instance in process", node.line)
        session.sink.message(SqlError(6006, 10, 1, f"Server shut down by request from login {session.login_name}."))
        stop(node.no_wait)

    return server_step(node, shutdown)


def compile_reconfigure(node: nodes.Statement, compiler: UnitCompiler) -> Step:
    """RECONFIGURE puts what sp_configure has set in force. Errors: 5812 without ALTER SETTINGS."""

    def reconfigure(frame: Frame) -> None:
        if not frame.session.may_on_server("ALTER SETTINGS"):
            raise sql_error(5812)
        frame.session.instance.configuration.reconfigure()
        frame.session.instance.blocked_processes.watch()
        frame.session.keep_settings()

    return server_step(node, reconfigure)


STEPS: Mapping[type[nodes.Statement], StepCompiler] = {
    nodes.Kill: compile_kill,
    nodes.Dbcc: compile_dbcc,
    nodes.Checkpoint: compile_checkpoint,
    nodes.Shutdown: compile_shutdown,
    nodes.Reconfigure: compile_reconfigure,
}
