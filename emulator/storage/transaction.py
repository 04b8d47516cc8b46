"""Undo and transactions: what has been changed, how to take it back, and what to clean up at the end.

``UndoLog`` alone serves what is atomic but not transactional (one statement on a table variable). ``Transaction`` adds
locks, savepoints and hooks. Numbers drawn from identities and sequences are not transactional and never undone
("IDENTITY (Property)", "Sequence numbers").
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from emulator.locking.manager import WHOLE, LockEntry, LockManager, LockOwner, LockSession, LockSpace
from emulator.storage.versions import UNCOMMITTED

if TYPE_CHECKING:
    from emulator.storage.index import IndexStore
    from emulator.storage.keys import Key
    from emulator.storage.table import TableStore
    from emulator.storage.versions import History, Snapshot, VersionStore

LOG_RECORD_BYTES = 120
"""Estimated log per changed row or index entry: it only has to rank transactions by what they cost to roll back."""


class UndoLog:
    """Changes in order, each as a function with its arguments that takes it back.

    ``ghosts`` are the index entries that were deleted and stay as ghosts until the end (whoever adds one notes how to
    take it off again). ``defines``: definitions were changed, or may have been. Where rows are versioned, ``versions``
    are the entries whose versions were noted in ``version_store``, and ``commit_sequence`` orders the commits;
    ``sequence_number`` is the transaction's own number there, 0 without one.
    """

    commit_sequence: int = UNCOMMITTED
    sequence_number = 0
    defines = False
    version_store: VersionStore | None = None
    versions: list[tuple[History, Key]] | None = None

    def __init__(self) -> None:
        self.records: list[tuple[Any, ...]] = []
        self.ghosts: list[tuple[IndexStore, Key]] = []
        self.log_used = 0

    def on_rollback(self, undo: Callable[..., object], *args: Any) -> None:
        """Note a change that ``undo(*args)`` takes back (also DDL)."""
        self.records.append((undo, *args))
        self.log_used += LOG_RECORD_BYTES
        self.defines = True

    def mark(self) -> int:
        """A point to which ``rollback_to`` can return: the start of a statement, a savepoint."""
        return len(self.records)

    def rollback_to(self, mark: int) -> None:
        """Take back everything since ``mark``, newest first. Locks stay."""
        records = self.records
        while len(records) > mark:
            undo, *args = records.pop()
            undo(*args)

    def discard(self) -> None:
        """Make the changes final: forget how to undo them and remove the ghosts that are left."""
        self.records.clear()
        for index, key in self.ghosts:
            index.purge(key)
        self.ghosts.clear()


class CommitLog(Protocol):
    """Whoever has to know what transactions change before that becomes final."""

    def commit(self, transaction: Transaction) -> None:
        """``transaction`` is about to commit: its ``records`` are complete and its locks are held.

        May wait. What it raises has the transaction rolled back.
        """

    def flush(self) -> None:
        """sp_flush_log: return when everything that was committed is durable."""

    def checkpoint(self) -> None:
        """CHECKPOINT: return when recovery needs nothing of the log up to now."""


class Transaction(LockOwner, UndoLog):
    """One transaction of a session, from its first BEGIN (or from an autocommit statement) to its end.

    Ends with ``commit`` or ``rollback``; both run the end hooks and then release every lock. The nesting count
    (@@TRANCOUNT), the doomed state and the isolation level belong to the session.
    """

    owner_type = "TRANSACTION"
    delayed = False
    """COMMIT asks for delayed durability."""
    began = 0
    """When it began, by the ``ChangeClock``."""
    snapshot: Snapshot | None = None
    """What the transaction reads at level SNAPSHOT, from its first access to data on; ``version_store`` is set then."""
    concurrent: tuple[int, ...] = ()
    """The numbers of the transactions that were under way when that began."""

    def __init__(
        self, session: LockSession, locks: LockManager, transaction_id: int, log: CommitLog | None = None
    ) -> None:
        UndoLog.__init__(self)
        LockOwner.__init__(self, session, transaction_id)
        self.lock_manager = locks
        self.savepoints: list[tuple[str, int, frozenset[LockEntry]]] = []
        self.log = log
        self.changing: dict[TableStore, None] = {}
        self.ended = False
        self.relied_on: list[list[LockSpace]] = []
        """The tables of each running statement, outermost first: their locks outlast a rollback to a savepoint."""
        self._end_hooks: list[Callable[[bool], None]] = []

    @property
    def has_written(self) -> bool:
        """Whether there is anything to undo."""
        return bool(self.records)

    def on_end(self, hook: Callable[[bool], None]) -> None:
        """Call ``hook(committed)`` when the transaction ends, before its locks are released."""
        self._end_hooks.append(hook)

    def save(self, name: str) -> None:
        """SAVE TRANSACTION. Names are case-sensitive and may repeat: the latest counts."""
        self.savepoints.append((name, len(self.records), frozenset(self.locks)))

    def rollback_to_savepoint(self, name: str) -> bool:
        """Return to the latest savepoint ``name``, which stays usable, and give back the locks taken since. False:
        there is none (error 6401 or 3908).

        So "ROLLBACK TRANSACTION (Transact-SQL)", and so a published deadlock graph shows it
        (readuncommitted.com/2012/06/29/deadlock-due-to-savepoint-rollback-behavior). "SAVE TRANSACTION (Transact-SQL)"
        says in general terms that resources stay held.
        """
        for position in range(len(self.savepoints) - 1, -1, -1):
            saved, mark, locks = self.savepoints[position]
            if saved == name:
                self.rollback_to(mark)
                spaces = {space for statement in self.relied_on for space in statement}
                kept = {entry for entry in self.locks if entry.key == WHOLE and entry.space in spaces}
                self.lock_manager.release_since(self, locks | kept)
                del self.savepoints[position + 1 :]
                return True
        return False

    def commit(self) -> None:
        """Make everything final and release all locks; roll back instead if the log cannot take it, with its error."""
        if self.log is not None:
            try:
                self.log.commit(self)
            except BaseException:
                self.rollback()
                raise
        self._end(committed=True)

    def rollback(self) -> None:
        """Take everything back and release all locks."""
        self.rollback_to(0)
        self._end(committed=False)

    def _end(self, *, committed: bool) -> None:
        if self.version_store is not None:
            self._end_versions(self.version_store, committed=committed)
        self.discard()
        self.ended = True
        for hook in self._end_hooks:
            hook(committed)
        self._end_hooks.clear()
        self.savepoints.clear()
        self.lock_manager.release_all(self)

    def _end_versions(self, store: VersionStore, *, committed: bool) -> None:
        store.leave(self)
        if self.snapshot is not None:
            store.end(self.snapshot)
            self.snapshot = None
        if committed and self.versions:
            store.commit(self)
