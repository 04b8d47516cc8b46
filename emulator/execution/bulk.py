"""Bulk loads over the wire.

A bulk load is two requests: the batch ``INSERT BULK table (columns)``, which only announces it, and a message with the
rows.

Documentation: MS-TDS 2.2.6.1 "Bulk Load BCP"; the options are those of "BULK INSERT (Transact-SQL)".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from emulator.errors import NotSupported, SqlError, sql_error
from emulator.execution.failures import statement_failed
from emulator.execution.frames import Frame, Signal, Step
from emulator.execution.plans import plan_step
from emulator.execution.units import StepCompiler, UnitCompiler
from emulator.planning.changes.loading import KEPT_OPTIONS, WITHOUT_EFFECT, compile_bulk_load
from emulator.planning.changes.targets import find_table
from emulator.sql import nodes
from emulator.types.sqltype import SqlType

if TYPE_CHECKING:
    from emulator.session import Session

Rows = Sequence[tuple[Any, ...]]


def compile_insert_bulk(node: nodes.InsertBulk, compiler: UnitCompiler) -> Step:
    """INSERT BULK: the next message of the client has the rows.

    For columns that the table has not, the statement fails without a message. Errors: 208.
    """
    database = compiler.database
    for name, _ in node.options:
        if name not in KEPT_OPTIONS | WITHOUT_EFFECT:
            raise NotSupported(f"INSERT BULK WITH {name}", node.line)

    def announce(frame: Frame) -> Signal | None:
        session = frame.session
        context = compiler.context(database, session)
        try:
            table = find_table(node.table, context)
        except SqlError as error:
            return statement_failed(frame, error, node.line)
        if all(table.column(column.name) is not None for column in node.columns):
            session.bulk = node
        else:
            session.sink.fail()
        session.sink.done(None)
        return None

    return announce


def run_bulk_load(session: Session, types: Sequence[SqlType], rows: Rows) -> None:
    """Load the rows that INSERT BULK announced, as one statement. Errors: 4804 and those of the load."""
    node, session.bulk = session.bulk, None
    if node is None:
        raise sql_error(4804)
    announced = node
    compiler = session.compiler(session.database, "")
    step = plan_step(compiler, node, lambda ctx: compile_bulk_load(announced, types, rows, ctx), writes=True)
    session.frame = Frame(session, [])
    step(session.frame)


STEPS: Mapping[type[nodes.Statement], StepCompiler] = {nodes.InsertBulk: compile_insert_bulk}
