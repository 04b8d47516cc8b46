"""What an error does to the statement, the batch and the transaction.

SQL Server knows three outcomes. Most run-time errors end the statement alone: it is undone and the next one runs. Some
end the batch and roll the transaction back. Inside TRY, control goes to CATCH; an error that would have rolled the
transaction back leaves it open but uncommittable ("doomed", XACT_STATE() = -1) until the CATCH block rolls it back. SET
XACT_ABORT ON turns the first kind into the second for all errors but those of RAISERROR.

``NotSupported`` is no error of SQL Server's: it always ends batch and transaction, and no CATCH may hide it.

Documentation: "SET XACT_ABORT", "TRY...CATCH", "THROW", "RAISERROR (Transact-SQL)"; "XACT_STATE".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.errors import NotSupported, SqlError
from emulator.execution.frames import RETURN

if TYPE_CHECKING:
    from emulator.execution.frames import Frame, Signal

SNAPSHOT_FAILURES = frozenset({3951, 3952, 3954, 3956, 3957, 3960, 3961, 3964})
BATCH_ENDING = SNAPSHOT_FAILURES | {217, 241, 242, 245, 295, 529, 1205, 3609, 3616, 8114, 8169}
"""Errors that end the batch and the transaction whatever XACT_ABORT says: conversions, deadlock, update conflict."""


class BatchAborted(Exception):
    """The batch ends here; its error is sent already. No TRY sees this."""


class RaisedError(SqlError):
    """Raised by RAISERROR: it never ends the batch or the transaction by itself."""


class ThrownError(SqlError):
    """Raised by THROW: it always ends the batch; XACT_ABORT decides on the transaction."""


def statement_failed(frame: Frame, error: SqlError, line: int) -> Signal | None:
    """Decide on an error of the statement at ``line``, whose changes are undone already.

    Goes on with the next statement by returning, to a CATCH by raising ``error``, to the end of the batch by
    ``BatchAborted``. A statement that could not be bound ends its module.
    """
    session = frame.session
    error.locate(line, frame.name)
    session.error_number = error.number
    session.row_count = 0
    frame.status = 10 - error.severity if frame.status is None else frame.status
    dooms = ends_transaction(error, session.settings.xact_abort)
    if session.try_depth and not isinstance(error, NotSupported):
        if dooms and session.trancount:
            session.doomed = True
        raise error
    session.sink.message(error)
    if dooms or isinstance(error, ThrownError):
        if dooms and session.trancount:
            session.rollback()
        raise BatchAborted
    session.sink.done(None)
    return RETURN if error.unbound_in is frame else None


def ends_transaction(error: SqlError, xact_abort: bool) -> bool:
    """Whether the transaction cannot go on after ``error``."""
    if isinstance(error, RaisedError):
        return False
    return (
        xact_abort
        or isinstance(error, NotSupported)
        or (error.number in BATCH_ENDING and not isinstance(error, ThrownError))
    )
