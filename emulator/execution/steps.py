"""The step of a statement that touches no rows and reports no count: it is for the server, not for the transaction."""

from __future__ import annotations

from collections.abc import Callable

from emulator.errors import SqlError
from emulator.execution.failures import statement_failed
from emulator.execution.frames import Frame, Signal, Step
from emulator.sql import nodes


def server_step(node: nodes.Statement, act: Callable[[Frame], None]) -> Step:
    """A step that runs ``act``, whose SqlError is that of the statement."""

    def run(frame: Frame) -> Signal | None:
        session = frame.session
        frame.node = node
        try:
            act(frame)
        except SqlError as error:
            return statement_failed(frame, error, node.line)
        session.row_count = session.error_number = 0
        session.sink.done(None)
        session.switch_point()
        return None

    return run
