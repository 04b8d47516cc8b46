"""INSERT ... EXEC: the result sets of a procedure or string go into a table instead of to the client.

The procedure runs inside the statement and sees its transaction as an open one. Messages go to the client, row counts
do not.

Documentation: "INSERT (Transact-SQL)", execute_statement; errors 213, 3915, 3916, 8164.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from emulator.errors import sql_error
from emulator.execution.frames import Step
from emulator.execution.nesting import inside_statement
from emulator.execution.plans import plan_step
from emulator.execution.units import UnitCompiler
from emulator.planning.binding import SESSION, Env
from emulator.planning.changes import compile_insert
from emulator.results import ColumnInfo, ForwardingSink, ResultSet, ResultSink
from emulator.sql import nodes


class CapturingSink(ForwardingSink):
    """Keeps result sets of ``width`` columns and sends the rest on. ``mismatched``: there was another one."""

    def __init__(self, client: ResultSink, width: int) -> None:
        super().__init__(client)
        self._width = width
        self.results: list[ResultSet] = []
        self.mismatched = False

    def columns(self, columns: Sequence[ColumnInfo]) -> None:
        self.mismatched = self.mismatched or len(columns) != self._width
        self.results.append(ResultSet(columns))

    def row(self, row: Sequence[Any]) -> None:
        self.results[-1].rows.append(tuple(row))

    def done(self, count: int | None, *, is_select: bool = False) -> None:
        """Row counts of the statements inside are nobody's."""

    def procedure_began(self) -> None:
        """The client hears of the INSERT alone."""

    def procedure_ended(self, status: int | None) -> None:
        """The same."""


def compile_insert_exec(node: nodes.Insert, compiler: UnitCompiler) -> Step:
    """INSERT ... EXEC. Errors: 213, 8164 one inside another, and those of INSERT and of the procedure."""
    assert isinstance(node.source, nodes.ExecuteProcedure | nodes.ExecuteString)
    run_source = compiler.step(node.source)

    def capture(env: Env, width: int) -> Sequence[ResultSet]:
        session = env[SESSION]
        if session.insert_exec is not None:
            raise sql_error(8164)
        client, frame = session.sink, session.frame
        sink = session.sink = CapturingSink(client, width)
        try:
            with inside_statement(session):
                session.insert_exec = session.trancount
                run_source(frame)
                if session.doomed:
                    raise sql_error(3930)
        finally:
            session.insert_exec = None
            session.sink = client
            frame.node = node
        if sink.mismatched:
            raise sql_error(213, state=7)
        return sink.results

    return plan_step(compiler, node, lambda ctx: compile_insert(node, ctx, capture), writes=True)
