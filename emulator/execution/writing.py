"""Writing rows under locks: the order of locks and the checks of keys that every change shares.

A writer holds IX on the table, then takes X on the base key and X on each nonclustered entry that it changes; only
then it changes them, all in one go. A new key is tested first against range locks on the gap that it falls into
(RangeI-N on the next key). Uniqueness is decided when the locks are held, so that a key somebody else is inserting is
waited for. Before a writer waits for one of its locks, the new keys that it has locked so far come into their indexes
as ghosts: whoever reads their gaps meanwhile meets them and waits.

Documentation: "Transaction locking and row versioning guide": "Key-range locking", "Lock granularity and hierarchies".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from emulator.catalog.objects import Index, Table
from emulator.errors import SqlError, sql_error
from emulator.execution.key_ranges import lock_unique_key
from emulator.execution.row_locks import LockPolicy, ScanLocks, escalate
from emulator.execution.settings import Isolation
from emulator.execution.snapshots import begin_snapshot, refuse_conflict
from emulator.locking.escalation import EscalationWatch
from emulator.locking.manager import WAITING, WHOLE
from emulator.locking.modes import LockMode, covers_rows
from emulator.storage.index import IndexStore
from emulator.storage.keys import Key, Row
from emulator.storage.table import DuplicateKey, TableStore
from emulator.storage.transaction import UndoLog
from emulator.types.conversion import converter
from emulator.types.sqltype import MAX, SqlType

if TYPE_CHECKING:
    from emulator.session import Session

X = LockMode.X
ASKING = LockPolicy(LockMode.IX, table_held=True, row=LockMode.U, key_range=LockMode.RANGE_S_U, held=True)
"""How an index is asked whether it has a key that is to be ignored then: as at level SERIALIZABLE, with UPDLOCK."""
RANGE_TEST = LockMode.RANGE_I_N
RANGE_MODES = frozenset(
    {
        LockMode.RANGE_S_S,
        LockMode.RANGE_S_U,
        LockMode.RANGE_I_S,
        LockMode.RANGE_I_U,
        LockMode.RANGE_I_X,
        LockMode.RANGE_X_S,
        LockMode.RANGE_X_U,
        LockMode.RANGE_X_X,
    }
)
SWITCH_EVERY = 256
"""Rows between two switch points of a long change."""
SHOWN = SqlType("nvarchar", MAX)


class Writer:
    """Changes rows of one table for one running statement.

    ``private`` tables (temporary ones, table variables) are not locked. ``undo`` is where changes are noted: the
    transaction, or for table variables a log of the statement's own. ``table_lock`` is what the table is locked in at
    once: IX, or X or BU in place of its rows; NL where a scan of the table comes first. Rows are not locked either
    where the table is X already.
    """

    __slots__ = ("_coming", "_count", "_locked", "_private", "_watch", "session", "store", "table", "undo")

    def __init__(
        self,
        session: Session,
        table: Table,
        store: TableStore,
        undo: UndoLog,
        *,
        private: bool,
        table_lock: LockMode = LockMode.IX,
    ) -> None:
        self.session = session
        self.table = table
        self.store = store
        self.undo = undo
        self._count = 0
        self._private = private
        self._coming: list[tuple[IndexStore, Key]] = []
        self._locked = not private
        if self._locked:
            transaction = session.transaction
            assert transaction is not None
            if session.settings.isolation is Isolation.SNAPSHOT:
                begin_snapshot(session)
            if table_lock:
                session.lock(store.locks, WHOLE, table_lock)
            self._locked = table_lock in (LockMode.IX, LockMode.NL)
            self._watch = EscalationWatch(transaction)

    def insert(self, row: Row) -> None:
        """Insert a row. The first duplicate ends it: indexes behind are not touched. Errors: 2627, 2601; 1205, 1222."""
        store = self.store
        if not self._count:
            self._begin()
        key = store.new_key(row)
        if self._locked:
            self._lock_new(store.base, key)
            if store.indexes and not store.base.exists(key):
                for index, entry in store.entries(key, row):
                    self._lock_new(index, entry)
                    if index.exists(entry):
                        break
        try:
            store.insert(self.undo, row, key)
        except DuplicateKey as duplicate:
            raise duplicate_key(self.table, duplicate) from None
        self._coming.clear()
        self._changed()

    def insert_unless_duplicate(self, row: Row) -> bool:
        """Insert a row unless an index that ignores duplicates has its key. Errors: as ``insert``.

        Nonclustered ones are asked first, under range locks at every level (Dmitri Korotkevitch, "Locking in Microsoft
        SQL Server (Part 20)").
        """
        if self._locked:
            locks = ScanLocks(self.session, self.store, ASKING)
            for asked in self.table.indexes:
                if asked.ignore_dup_key and not asked.clustered:
                    index = self.store.indexes[asked.name]
                    key = index.entry_key(row, ())
                    if key is not None and lock_unique_key(locks, index, key):
                        return False
        mark = self.undo.mark()
        try:
            self.insert(row)
        except SqlError as error:
            duplicate = error.__context__
            if not isinstance(duplicate, DuplicateKey) or not _index_of(self.table, duplicate).ignore_dup_key:
                raise
            self.undo.rollback_to(mark)
            self._coming.clear()
            return False
        return True

    def update(self, key: Key, old: Row, new: Row) -> None:
        """Replace a row that this statement has locked. Errors: 2627, 2601; 1205, 1222."""
        self._lock_update(key, old, new)
        try:
            self.store.update(self.undo, key, new)
        except DuplicateKey as duplicate:
            raise duplicate_key(self.table, duplicate) from None
        self._coming.clear()
        self._changed()

    def update_all(self, changes: Sequence[tuple[Key, Row, Row]]) -> None:
        """Replace rows whose keys may be exchanged among them: uniqueness counts for the outcome alone."""
        for key, old, new in changes:
            self._lock_update(key, old, new)
            self._changed()
        try:
            self.store.update_rows(self.undo, [(key, new) for key, _, new in changes])
        except DuplicateKey as duplicate:
            raise duplicate_key(self.table, duplicate) from None
        self._coming.clear()

    def delete(self, key: Key, row: Row) -> None:
        """Delete a row that this statement has locked."""
        store = self.store
        if not self._count:
            self._begin()
        if self._locked:
            lock = self.session.lock
            lock(store.base.locks, key, X)
            if store.indexes:
                for index, entry in store.entries(key, row):
                    lock(index.locks, entry, X)
        store.delete(self.undo, key)
        self._changed()

    def _begin(self) -> None:
        """Before the first row is changed: the scan that found it may have locked the whole table."""
        transaction, store = self.session.transaction, self.store
        if self._locked and transaction is not None:
            self.session.lock(store.locks, WHOLE, LockMode.IX)
            self._locked = not covers_rows(self.session.instance.locks.held_mode(transaction, store.locks, WHOLE), X)

    def _lock_update(self, key: Key, old: Row, new: Row) -> None:
        if not self._count:
            self._begin()
        if not self._locked:
            return
        store = self.store
        lock = self.session.lock
        lock(store.base.locks, key, X)
        new_key = store.updated_key(key, new)
        if new_key != key:
            self._lock_new(store.base, new_key)
        if store.indexes:
            for change in store.changed_entries(key, old, new):
                if change.old is not None:
                    if self._coming:
                        self._announce()
                    lock(change.index.locks, change.old, X)
                if change.new is not None and change.new != change.old:
                    self._lock_new(change.index, change.new)

    def _lock_new(self, index: IndexStore, key: Key) -> None:
        """X on a key that is about to come, after the test of the gap; both again if either had to wait.

        In a gap that the transaction itself protects, the new key gets a range lock, so that no part of it opens up.
        Errors: 3960 when somebody deleted what the transaction's snapshot has under the key.
        """
        session = self.session
        locks, transaction, space = session.instance.locks, session.transaction, index.locks
        assert transaction is not None
        while True:
            if session.instance.scheduler.stop_before_locks:
                self._announce()
            session.lock_point()
            mode = X
            if space.entries:
                gap = index.next_key(key)
                if locks.would_wait(transaction, space, gap, RANGE_TEST):
                    self._wait_for_gap(index, gap)
                    continue
                if locks.held_mode(transaction, space, gap) in RANGE_MODES:
                    mode = LockMode.RANGE_X_X
            if session.request(transaction, space, key, mode) is not WAITING:
                break
            self._announce()
            session.wait_for_lock()
        self._coming.append((index, key))
        if session.settings.isolation is Isolation.SNAPSHOT and not index.exists(key):
            refuse_conflict(session, index, key, self.table.full_name, self.table.database)

    def _announce(self) -> None:
        """Let others meet the new keys that are locked, before anybody else runs."""
        if self._coming:
            self._note_change()
        for index, key in self._coming:
            index.announce(self.undo, key)
        self._coming.clear()

    def _note_change(self) -> None:
        transaction = self.session.transaction
        if transaction is not None and not self._private:
            self.session.instance.changes.note(transaction, self.store)

    def _wait_for_gap(self, index: IndexStore, gap: Key) -> None:
        self._announce()
        session = self.session
        locks, transaction, space = session.instance.locks, session.transaction, index.locks
        assert transaction is not None
        previous = locks.held_mode(transaction, space, gap)
        session.lock(space, gap, RANGE_TEST)
        if previous is LockMode.NL:
            locks.release(transaction, space, gap)
        else:
            locks.restore(transaction, space, gap, previous)

    def _changed(self) -> None:
        transaction, store = self.session.transaction, self.store
        if not self._count:
            self._note_change()
        if self._locked and self._watch.is_due(store.base.locks) and transaction is not None:
            self._locked = not escalate(self.session, transaction, store, X)
        self._count += 1
        if not self._count % SWITCH_EVERY:
            self._announce()
            self.session.switch_point()


class RecordingWriter(Writer):
    """A writer that keeps what it wrote for triggers and whatever else follows: rows before and after, by event."""

    __slots__ = ("after", "before", "count")

    def __init__(
        self,
        session: Session,
        table: Table,
        store: TableStore,
        undo: UndoLog,
        *,
        private: bool,
        table_lock: LockMode = LockMode.IX,
    ) -> None:
        super().__init__(session, table, store, undo, private=private, table_lock=table_lock)
        self.before: dict[str, list[Row]] = {"INSERT": [], "UPDATE": [], "DELETE": []}
        self.after: dict[str, list[Row]] = {"INSERT": [], "UPDATE": [], "DELETE": []}
        self.count = 0

    def insert(self, row: Row) -> None:
        super().insert(row)
        self.after["INSERT"].append(row)
        self.count += 1

    def update(self, key: Key, old: Row, new: Row) -> None:
        super().update(key, old, new)
        self._note_update(old, new)

    def update_all(self, changes: Sequence[tuple[Key, Row, Row]]) -> None:
        super().update_all(changes)
        for _, old, new in changes:
            self._note_update(old, new)

    def delete(self, key: Key, row: Row) -> None:
        super().delete(key, row)
        self.before["DELETE"].append(row)
        self.count += 1

    def _note_update(self, old: Row, new: Row) -> None:
        self.before["UPDATE"].append(old)
        self.after["UPDATE"].append(new)
        self.count += 1


def _index_of(table: Table, duplicate: DuplicateKey) -> Index:
    return next(item for item in table.indexes if item.name == duplicate.index.name)


def duplicate_key(table: Table, duplicate: DuplicateKey) -> SqlError:
    """Error 2627 for a constraint, 2601 for a unique index."""
    index = _index_of(table, duplicate)
    shown = ", ".join(shown_value(table, part.ordinal, duplicate.row) for part in index.columns)
    owner = table.full_name if table.schema else table.name
    if index.primary_key or index.unique_constraint:
        kind = "PRIMARY KEY" if index.primary_key else "UNIQUE KEY"
        return sql_error(2627, kind, index.name, owner, shown)
    return sql_error(2601, owner, index.name, shown)


def shown_value(table: Table, ordinal: int, row: Row) -> str:
    """A key value as messages show it."""
    value = row[ordinal]
    if value is None:
        return "<NULL>"
    convert: Callable[[Any], Any] | None = converter(table.columns[ordinal].type, SHOWN, explicit=True)
    return str(value if convert is None else convert(value))
