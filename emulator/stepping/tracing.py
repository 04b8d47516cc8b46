"""The history of a run: every switch, request, lock, wait, deadlock, change of a row and end of a transaction."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from enum import Enum
from typing import NamedTuple

from emulator.locking.manager import Acquired, LockManager, LockOwner, LockSpace, LockWait, WaitOutcome
from emulator.locking.modes import LockMode
from emulator.storage.index import GHOST, IndexStore
from emulator.storage.transaction import Transaction


class EventKind(Enum):
    """What happened. The comment says what ``Event.what`` is."""

    SWITCH = "switch"  # nothing: the session runs from here on
    REQUEST = "request"  # the text of a batch, or the name of a procedure
    LOCK = "lock"  # mode, resource, and what came of it
    WAIT_ENDED = "wait ended"  # mode, resource, and how
    ROW = "row"  # index, key, value before and after
    COMMIT = "commit"  # nothing
    ROLLBACK = "rollback"  # nothing
    ANSWER = "answer"  # the numbers of the errors


class Event(NamedTuple):
    """One step of a history. ``session`` is a session's id."""

    session: int
    kind: EventKind
    what: tuple[object, ...] = ()

    def __str__(self) -> str:
        return " ".join(str(part) for part in (self.session, self.kind.value, *self.what))


Note = Callable[[Event], None]


class ObservedLocks(LockManager):
    """A lock manager that tells ``note`` of each request and of the end of each wait."""

    def __init__(self, note: Note) -> None:
        super().__init__()
        self._note = note

    def acquire(self, owner: LockOwner, space: LockSpace, key: Hashable, mode: LockMode) -> Acquired:
        """As ``LockManager.acquire``."""
        position = owner.session.session_id
        acquired = super().acquire(owner, space, key, mode)
        self._note(Event(position, EventKind.LOCK, (mode.name, space.name, key, acquired.name)))
        return acquired

    def _finish(self, wait: LockWait, outcome: WaitOutcome) -> None:
        what = (wait.mode.name, wait.entry.space.name, wait.entry.key, outcome.value)
        self._note(Event(wait.owner.session.session_id, EventKind.WAIT_ENDED, what))
        super()._finish(wait, outcome)


class ChangeTracer:
    """Tells ``note`` of the changes of rows and of the ends of transactions, as far as ``look`` finds them."""

    def __init__(self, note: Note) -> None:
        self._note = note
        self._seen: dict[Transaction, int] = {}

    def look(self, transaction: Transaction | None) -> None:
        """Tell what ``transaction`` has changed since the last look."""
        if transaction is None:
            return
        session = transaction.session.session_id
        if transaction not in self._seen:
            transaction.on_end(lambda committed: self._end(transaction, committed=committed))
        first = min(self._seen.get(transaction, 0), len(transaction.records))
        self._seen[transaction] = len(transaction.records)
        for record in transaction.records[first:]:
            owner = getattr(record[0], "__self__", None)
            entry = owner.entry_of(record) if isinstance(owner, IndexStore) else None
            if entry is not None and isinstance(owner, IndexStore):
                key, before = entry
                after = owner.values.get(key, GHOST)
                self._note(Event(session, EventKind.ROW, (owner.locks.name, key, before, after)))

    def _end(self, transaction: Transaction, *, committed: bool) -> None:
        self._seen.pop(transaction, None)
        kind = EventKind.COMMIT if committed else EventKind.ROLLBACK
        self._note(Event(transaction.session.session_id, kind))
