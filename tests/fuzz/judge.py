"""The judge of the fuzzers: whatever text a session is given, it answers with results or with SQL Server's errors.

A batch is run in process under a virtual clock, so that WAITFOR takes no time. One that does not end by itself is
interrupted as by an attention, as a client would do. Afterwards the session must be able to go on, unless the error was
fatal, and once it is closed no lock, no transaction and no session may be left.
"""

from __future__ import annotations

from collections.abc import Iterator

from emulator.catalog.database import Database
from emulator.catalog.objects import Table
from emulator.errors import SqlError
from emulator.instance import Instance
from emulator.locking.manager import LockSpace
from emulator.results import Collector
from emulator.scheduler import Interrupted, Task, TaskState, VirtualClock
from emulator.session import Session

MOST_SWITCHES = 300
"""Statements that a batch may run before it is interrupted."""
FATAL = 20
"""The severity from which on SQL Server closes the connection."""


class InternalError(AssertionError):
    """The emulator's own defect: a batch raised what is not an error of SQL Server, or left something behind."""


class Judge:
    """An instance whose databases ``setup`` has filled, and a verdict on any batch.

    What a batch commits stays for the next one: a new judge costs some milliseconds.
    """

    def __init__(self, *setup: str) -> None:
        self.clock = VirtualClock()
        self.instance = Instance(clock=self.clock)
        session = self.instance.open_session()
        for batch in setup:
            errors = self._run(session, batch).errors
            if errors:
                raise errors[0]
        self._close(session)

    def judge(self, text: str, *, keep: bool = True) -> list[SqlError]:
        """Run ``text`` as one batch of a new session and return its errors; without ``keep`` in a transaction that is
        rolled back. Raises InternalError."""
        session = self.instance.open_session()
        if not keep:
            self._run(session, "BEGIN TRANSACTION;")
        errors = self._run(session, text).errors
        if all(error.severity < FATAL for error in errors):
            self._expect_usable(session, text)
        self._close(session)
        self._expect_nothing_left(text)
        return errors

    def _run(self, session: Session, text: str) -> Collector:
        sink = Collector()
        task = self.instance.scheduler.spawn("fuzz", lambda: session.run_batch(text, sink))
        self._drive(task, text)
        if task.error is not None and not isinstance(task.error, Interrupted):
            raise InternalError(f"{task.error!r} from: {text}") from task.error
        return sink

    def _drive(self, task: Task, text: str) -> None:
        scheduler = self.instance.scheduler
        scheduler.run(MOST_SWITCHES)
        if not task.done:
            scheduler.interrupt(task)
            scheduler.run(MOST_SWITCHES)
        if not task.done:
            raise InternalError(f"{TaskState(task.state).name} after an attention: {text}")

    def _expect_usable(self, session: Session, text: str) -> None:
        """A session may have been left with options that keep queries from running; those are not part of this."""
        reset = "SET PARSEONLY OFF;", "SET NOEXEC OFF; SET FMTONLY OFF; SET ROWCOUNT 0; IF @@TRANCOUNT > 0 ROLLBACK;"
        for batch in (*reset, "SELECT 1 AS Usable;"):
            sink = self._run(session, batch)
        if sink.errors or sink.result_sets[-1].rows != [(1,)]:
            raise InternalError(f"the session cannot go on ({sink.errors}) after: {text}")

    def _close(self, session: Session) -> None:
        task = self.instance.scheduler.spawn("close", session.close)
        self._drive(task, "closing the session")
        if task.error is not None:
            raise InternalError("closing the session failed") from task.error

    def _expect_nothing_left(self, text: str) -> None:
        if self.instance.sessions:
            raise InternalError(f"a session is left after: {text}")
        held = [space for database in self.instance.databases.values() for space in _spaces(database) if space.entries]
        if held:
            raise InternalError(f"locks are left on {held} after: {text}")


def _spaces(database: Database) -> Iterator[LockSpace]:
    """All that can be locked in the database and outlives a session."""
    yield database.locks
    yield database.application_locks
    for table in database.of_kind(Table):
        if table.store is not None:
            yield table.store.locks
            yield table.store.base.locks
            yield from (index.locks for index in table.store.indexes.values())
