"""Running triggers.

A trigger runs inside the statement that fires it. XACT_ABORT is on in it, so that an error ends the batch and rolls the
transaction back, or dooms it where a CATCH block gets the error. If the trigger ends the transaction itself, the batch
ends with 3609; if it ends with a doomed one, with 3616.

A trigger does not fire by statements of its own unless RECURSIVE_TRIGGERS is on.

Documentation: "CREATE TRIGGER (Transact-SQL)", "SET XACT_ABORT", "Rollbacks and commits in stored procedures and
triggers".
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from emulator.catalog.configuration import NESTED_TRIGGERS
from emulator.catalog.database_options import option_value
from emulator.catalog.objects import Trigger, fold
from emulator.errors import sql_error
from emulator.execution.calls import activate
from emulator.execution.failures import BatchAborted, report_termination
from emulator.execution.nesting import inside_statement
from emulator.execution.settings import Change
from emulator.execution.units import CodeUnit, UnitCompiler
from emulator.planning.changes.constraints import row_source
from emulator.planning.changes.shapes import shape_of
from emulator.planning.expressions.triggers import DELETED, INSERTED
from emulator.types.sqltype import SqlType

if TYPE_CHECKING:
    from emulator.catalog.database import Database
    from emulator.session import Session

INSIDE = Change(xact_abort=True)
Rows = Sequence[tuple[Any, ...]]
FIRING_LINE = 1


def trigger_compiler(session: Session, database: Database, trigger: Trigger) -> UnitCompiler:
    """A compiler for the body of ``trigger``, in which ``inserted`` and ``deleted`` are known."""
    assert trigger.table is not None
    compiler = session.compiler(database, trigger.definition, module=trigger)
    for name in ("inserted", "deleted", "updated columns"):
        compiler.declare(name, SqlType("table"))
    shape = shape_of(trigger.table, compiler.context())
    compiler.trigger_tables = {
        "inserted": row_source(shape, "inserted", INSERTED),
        "deleted": row_source(shape, "deleted", DELETED),
    }
    return compiler


def _unit(session: Session, trigger: Trigger) -> CodeUnit:
    """The compiled trigger, for the columns that its table has now."""
    database = session.instance.databases[fold(trigger.database)]
    if trigger.plan is None or trigger.plan_version != database.version:
        trigger.plan_version = database.version
        trigger.plan = trigger_compiler(session, database, trigger).compile(trigger.body)
    unit: CodeUnit = trigger.plan
    return unit


def _may_nest(session: Session, trigger: Trigger) -> bool:
    """Whether it fires while others are running: by itself if the database allows recursion (an INSTEAD OF trigger
    never), an AFTER trigger within another one if "nested triggers" is on."""
    if session.firing[-1] is trigger:
        database = session.instance.databases[fold(trigger.database)]
        if trigger.instead_of or option_value(database.options, "RECURSIVE_TRIGGERS") != "ON":
            return False
    if trigger.instead_of or session.instance.configuration.options[NESTED_TRIGGERS].in_use:
        return True
    return all(running.instead_of for running in session.firing)


def _activate(session: Session, unit: CodeUnit, values: list[Any], trigger: Trigger) -> None:
    """Run the body. Where an error of its ends the batch, the statement that fired it is reported as terminated."""
    caller = session.frame
    try:
        activate(session, unit, values, trigger, check_count=False)
    except BatchAborted:
        if len(session.firing) == 1:
            report_termination(caller, FIRING_LINE)
        raise


def fire(
    session: Session, trigger: Trigger, inserted: Rows, deleted: Rows, updated: frozenset[int], row_count: int
) -> None:
    """Run ``trigger`` for the rows of one statement. ``row_count`` is @@ROWCOUNT at its beginning.

    Errors: 217, 3609, 3616, and those of its statements.
    """
    if session.firing and not _may_nest(session, trigger):
        return
    unit = _unit(session, trigger)
    transaction, settings = session.transaction, session.settings
    session.settings = INSIDE.apply(settings)
    session.firing.append(trigger)
    try:
        with inside_statement(session):
            session.row_count = row_count
            _activate(session, unit, [inserted, deleted, updated], trigger)
            if session.transaction is not transaction:
                raise sql_error(3609)
            if session.doomed:
                raise sql_error(3616)
    finally:
        session.firing.pop()
        session.settings = settings
