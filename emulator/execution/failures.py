"""What an error does to the statement, the batch and the transaction.

SQL Server knows three outcomes. Most run-time errors end the statement alone: it is undone and the next one runs. Some
end the batch and roll the transaction back. Inside TRY, control goes to CATCH; an error that would have rolled the
transaction back leaves it open but uncommittable ("doomed", XACT_STATE() = -1) until the CATCH block rolls it back; it
keeps its locks until then, but for a deadlock's victim, which is undone and without locks by the time CATCH runs. SET
XACT_ABORT ON turns the first kind into the second for all errors but those of RAISERROR and those of severity 11;
caught, even these doom the transaction then.

A function has no outcomes of its own: its errors are those of the statement that calls it.

``NotSupported`` is no error of SQL Server's: it always ends batch and transaction, and no CATCH may hide it.

Documentation: "SET XACT_ABORT", "TRY...CATCH", "THROW", "RAISERROR (Transact-SQL)"; "XACT_STATE".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.catalog.objects import ScalarFunction, TableFunction
from emulator.errors import NotSupported, SqlError, sql_error
from emulator.execution.frames import RETURN

if TYPE_CHECKING:
    from emulator.execution.frames import Frame, Signal
    from emulator.session import Session

SNAPSHOT_FAILURES = frozenset({3951, 3952, 3954, 3956, 3957, 3960, 3961, 3964})
CONVERSIONS = frozenset({235, 241, 245, 289, 295, 8114, 8169, 8170})
DOCUMENTS = frozenset({6359, *range(9400, 9466), 13607, 13608, 13609, 13621, 13623, 13624})
"""Malformed XML and JSON, and JSON paths."""
TAKEN_NAMES = frozenset({219, 1505, 2714})
BATCH_ENDING = SNAPSHOT_FAILURES | CONVERSIONS | DOCUMENTS | TAKEN_NAMES | {217, 1205, 3609, 3616, 3930, 3931}
"""Errors that end the batch and the transaction whatever XACT_ABORT says."""
TERMINATING = frozenset({220, 232, 242, 248, 512, 515, 547, 550, 1222, 1505, 2601, 2627, 2628, 8115, 8134, 8152, 8672})
"""Errors of execution after which a statement that writes is reported as terminated (3621)."""
WHOLE_TABLE_TIMED_OUT = (1222, 56)
"""Number and state of the one among them that is not: the statement had not come to a row yet."""
REBUILDING = TERMINATING - {547, 1222}
"""Those of them that are reported so when rows are rewritten for a new structure."""
ARITHMETIC = frozenset({220, 232, 8115, 8134})
"""What ends batch and transaction with ARITHABORT ON while ANSI_WARNINGS is off."""
BEFORE_BINDING = frozenset({2705, 4902})
"""What ends the batch but not the transaction when a statement changes the structure of a table."""
LEAST_SEVERE = 11
"""The severity of errors that XACT_ABORT leaves alone."""


class BatchAborted(Exception):
    """The batch ends here; its error is sent already. No TRY sees this."""


class RaisedError(SqlError):
    """Raised by RAISERROR: it never ends the batch or the transaction by itself."""


class ThrownError(SqlError):
    """Raised by THROW: it always ends the batch; XACT_ABORT decides on the transaction."""


class ArgumentError(SqlError):
    """An argument that does not convert to its parameter's type (8114): it ends the call alone."""


def statement_failed(
    frame: Frame, error: SqlError, line: int, *, writes: bool = False, structural: bool = False
) -> Signal | None:
    """Decide on an error of the statement at ``line``, whose changes are undone already.

    Goes on with the next statement by returning, to a CATCH by raising ``error``, to the end of the batch by
    ``BatchAborted``. A statement that could not be bound ends its module. ``writes``: it is one that changes rows.
    ``structural``: it changes the structure of a table or index, so that its errors end the batch.
    """
    if isinstance(frame.module, ScalarFunction | TableFunction):
        raise error
    session = frame.session
    error.locate(line, frame.name)
    session.error_number = error.number
    session.row_count = 0
    frame.status = 10 - error.severity if frame.status is None else frame.status
    settings = session.settings
    xact_abort = settings.xact_abort or (
        error.number in ARITHMETIC and not settings.compiled.ansi_warnings and "ARITHABORT" in settings.on
    )
    ends_batch = structural and error.severity > LEAST_SEVERE
    dooms = ends_transaction(error, xact_abort) or (ends_batch and error.number not in BEFORE_BINDING)
    if session.try_depth and not isinstance(error, NotSupported):
        if session.trancount and error.number == 1205 and not session.doomed:
            session.give_way()
        elif session.trancount and (dooms or xact_abort or error.number == 266):
            session.doomed = True
        raise error
    send_error(session, error)
    if structural and any(item.number in REBUILDING for item in (error, *error.preceding)):
        report_termination(frame, 1)
    if dooms or ends_batch or isinstance(error, ThrownError):
        if dooms and session.trancount:
            session.rollback()
        raise BatchAborted
    if writes and error.number in TERMINATING and (error.number, error.state) != WHOLE_TABLE_TIMED_OUT:
        report_termination(frame, line)
    session.sink.done(None)
    return RETURN if error.unbound_in is frame else None


def send_error(session: Session, error: SqlError) -> None:
    """Send an error to the client, behind those that precede it."""
    for item in error.preceding:
        session.sink.message(item)
    session.sink.message(error)


def report_termination(frame: Frame, line: int) -> None:
    """Tell the client that the statement at ``line``, which writes, has been terminated."""
    notice = sql_error(3621, state=0)
    notice.locate(line, frame.name)
    frame.session.sink.message(notice)


def ends_transaction(error: SqlError, xact_abort: bool) -> bool:
    """Whether the transaction cannot go on after ``error``."""
    if isinstance(error, RaisedError | ArgumentError):
        return isinstance(error, ArgumentError) and xact_abort
    if isinstance(error, NotSupported):
        return True
    if isinstance(error, ThrownError):
        return xact_abort
    return (xact_abort and error.severity > LEAST_SEVERE) or error.number in BATCH_ENDING
