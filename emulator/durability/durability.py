"""An instance whose committed work survives: recovered from a data directory when it starts, logged as it commits.

Each commit is one record, so after a crash it is there as a whole or not at all; there is nothing to undo. Rows come
from the transaction's undo records (``storage.redo``), definitions from a comparison of the catalog with what was
written of it (``images``). Identity counters and sequences are not transactional: a value that a committed transaction
has used, or a sequence has given out, does not come again.

A commit returns, and gives its locks back, when its record is on the disk. Sessions that commit at the same time share
one write-through (``Scheduler.settle``). A commit with delayed durability returns at once, and can be lost. tempdb is
not kept.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emulator.catalog.database import Database
from emulator.catalog.database_options import option_value
from emulator.catalog.objects import Sequence as SequenceObject
from emulator.catalog.objects import Table
from emulator.durability.files import DataError
from emulator.durability.journal import CHECKPOINT_BYTES, Journal
from emulator.durability.recovery import restore
from emulator.durability.state import State, TableId
from emulator.durability.written import WrittenCatalog
from emulator.errors import SqlError, sql_error
from emulator.storage.redo import TableChange, changes, place_columns
from emulator.storage.table import TableStore
from emulator.storage.transaction import Transaction

log = logging.getLogger("emulator.durability")

if TYPE_CHECKING:
    from emulator.instance import Instance

NEVER_WRITTEN = -1
CHECKPOINT_POLL = 0.01
"""Seconds between two looks at a checkpoint that is being written."""


class Durability:
    """Connects an instance with a data directory: its ``Instance.log``. ``on_failure`` is told why, once, when the log
    cannot be written through: from then on every commit fails.

    DataError: the directory cannot be used, or something in it is missing or damaged.
    """

    def __init__(
        self,
        instance: Instance,
        directory: Path,
        on_failure: Callable[[str], None] | None = None,
        *,
        checkpoint_bytes: int = CHECKPOINT_BYTES,
    ) -> None:
        self._instance = instance
        self._journal = Journal(directory, checkpoint_bytes)
        self.on_failure = on_failure
        self._failure: str | None = None
        self._drawn = False
        self._tables: dict[str, TableId] = {}
        self._identities: dict[TableStore, int | None] = {}
        self._rowversions: dict[Database, int] = {}
        try:
            _restore(instance, self._journal.state, directory)
            self._catalog = WrittenCatalog(instance, self._journal.state.images)
            self._journal.state = State()
            self._never_repeat_chance()
            self._append(self._definitions())
            self._sync()
            self._checkpoint_if_large()
        except BaseException as error:
            self._journal.abandon()
            if isinstance(error, SqlError):
                raise DataError(f"cannot use {directory}: {error.message}") from None
            raise
        instance.log = self

    def commit(self, transaction: Transaction) -> None:
        """Have the log take what ``transaction`` changed, and wait until it is on the disk. Errors: 9001, 9002."""
        found = changes(transaction.records) if transaction.records else []
        images, tables = self._catalog.images, dict(self._tables) if transaction.defines else self._tables
        record = self._definitions(transaction) if transaction.defines else {}
        if found:
            self._add_rows(record, found)
        if record:
            delayed = self._is_delayed(transaction, found)
            try:
                self._append(record, delayed=delayed)
            except SqlError:
                self._catalog.images, self._tables = images, tables
                self._identities.clear()
                self._rowversions = dict.fromkeys(self._rowversions, NEVER_WRITTEN)
                raise
            self._checkpoint_if_large()
            if delayed:
                return
        elif not self._drawn:
            return
        self._instance.scheduler.settle(self._sync)
        if self._failure is not None:
            raise _unavailable(self._instance)

    def flush(self) -> None:
        """Return when all commits with delayed durability are on the disk. Errors: 9001, 9002."""
        self._append({})
        self._instance.scheduler.settle(self._sync)
        if self._failure is not None:
            raise _unavailable(self._instance)

    def checkpoint(self) -> None:
        """CHECKPOINT: return when a checkpoint that holds all commits up to now has been written.

        Errors: 9001, 9002, 5901.
        """
        self._await_checkpoint()
        self._begin_checkpoint()
        number = self._journal.number
        self._await_checkpoint()
        if self._journal.checkpointed < number:
            raise sql_error(5901, self._instance.default_database.name)

    def _await_checkpoint(self) -> None:
        while self._journal.checkpoint_running:
            self._instance.scheduler.sleep(CHECKPOINT_POLL)

    def close(self, *, checkpoint: bool = True) -> None:
        """Stop logging, write a checkpoint if asked, and give the directory back.

        Errors: DataError, OSError; nothing is lost.
        """
        self._instance.log = None
        if not checkpoint:
            self._journal.abandon()
            return
        try:
            self._append(self._definitions())  # with the counters: an identity value that a rollback left is not lost
        except SqlError as error:
            self._journal.abandon()
            raise DataError(error.message) from None
        self._journal.close()

    # -- what commits write ------------------------------------------------------------------------------------------

    def _is_delayed(self, transaction: Transaction, found: Sequence[TableChange]) -> bool:
        """Whether the commit need not wait for its record. One that has changed several databases or definitions must
        ("Control Transaction Durability")."""
        numbers = {change.table.database_id for change in found}
        if transaction.defines or len(numbers) != 1:
            return False
        database = next(item for item in self._instance.databases.values() if item.database_id in numbers)
        option = option_value(database.options, "DELAYED_DURABILITY")
        return option == "FORCED" or (option == "ALLOWED" and transaction.delayed)

    def _append(self, record: dict[str, Any], *, delayed: bool = False) -> None:
        """Append a record, or without one what waits in memory. Errors: 9001, 9002."""
        if self._failure is not None:
            raise _unavailable(self._instance)
        try:
            if record:
                self._journal.append(record, delayed=delayed)
            else:
                self._journal.flush()
        except OSError as error:
            raise self._full(error) from None

    def _full(self, error: OSError) -> SqlError:
        return sql_error(9002, self._instance.default_database.name, error.strerror or "NOTHING")

    def _checkpoint_if_large(self) -> None:
        if not self._journal.is_large:
            return
        try:
            self._begin_checkpoint()
        except SqlError as error:
            log.warning("no checkpoint: %s", error.message)

    def _begin_checkpoint(self) -> None:
        """Errors: 9001, 9002."""
        self._append({})
        self._sync()
        if self._failure is not None:
            raise _unavailable(self._instance)
        try:
            self._journal.begin_checkpoint()
        except OSError as error:
            raise self._full(error) from None

    def _sync(self) -> None:
        self._drawn = False
        try:
            self._journal.sync()
        except OSError as error:
            self._failure = f"the log cannot be written: {error.strerror}"
            if self.on_failure is not None:
                self.on_failure(self._failure)

    def _add_rows(self, record: dict[str, Any], found: Iterable[TableChange]) -> None:
        tables = record.setdefault("tables", [])
        for change in found:
            store = change.table
            key = [store.database_id, store.object_id]
            written: dict[str, Any] = {"table": key, "place": place_columns(store)}
            if change.replaced:
                written["replaced"] = True
            if change.deleted:
                written["deleted"] = change.deleted
            written["rows"] = [row for _, row in change.written]
            if written["place"] is None:
                written["ids"] = [row_id for row_id, _ in change.written]
            tables.append(written)
            self._add_identity(record, store)
        for database, written_last in self._rowversions.items():
            if database.last_rowversion != written_last:
                self._rowversions[database] = database.last_rowversion
                self._set(record, database, "last_rowversion", database.last_rowversion)

    def _set(self, record: dict[str, Any], entry: Any, field: str, value: Any) -> None:
        """Have a counter within an image change. Nothing: the image is not written yet, and will have it."""
        path = self._catalog.path_of(entry)
        if path is not None:
            self._catalog.images[path]["$fields"][field] = value
            record.setdefault("set", []).append([path, field, value])

    def _note_draw(self, sequence: SequenceObject) -> None:
        """A sequence has given out a value: at once, as no rollback takes it back."""
        record: dict[str, Any] = {}
        self._set(record, sequence, "current", sequence.current)
        self._drawn = self._drawn or bool(record)
        self._append(record)

    # -- definitions -------------------------------------------------------------------------------------------------

    def _definitions(self, own: Transaction | None = None) -> dict[str, Any]:
        """What has changed of the catalog, with its tables and counters, since it was written last, as a record."""
        record: dict[str, Any] = {}
        changed = self._catalog.changes(self._others_definers(own), own)
        if changed:
            record["catalog"] = changed
        for path, image in changed.items():
            if image is None and path in self._tables:
                record.setdefault("drop", []).append(self._tables.pop(path))
        for path, entry in self._catalog.entries.items():
            if isinstance(entry, Table) and entry.store is not None:
                self._tables[path] = entry.store.database_id, entry.store.object_id
                self._add_identity(record, entry.store)
            elif isinstance(entry, SequenceObject):
                entry.on_draw = self._note_draw
            elif isinstance(entry, Database):
                self._rowversions[entry] = entry.last_rowversion
        return record

    def _others_definers(self, own: Transaction | None) -> list[Transaction]:
        """The other transactions under way that have changed definitions."""
        found = [session.transaction for session in self._instance.sessions.values()]
        return [other for other in found if other is not None and other is not own and other.defines]

    def _add_identity(self, record: dict[str, Any], store: TableStore) -> None:
        if store.identity is not None and store.identity.last != self._identities.get(store):
            self._identities[store] = store.identity.last
            record.setdefault("identity", []).append([store.database_id, store.object_id, store.identity.last])

    def _never_repeat_chance(self) -> None:
        """Identifiers that were made before the start do not come again."""
        instance, start = self._instance, self._journal.number
        if start > 1:
            instance.random.seed(f"{instance.seed}, start {start}")
            instance.sequential_ids = count((start << 32) + 1)


def _restore(instance: Instance, state: State, directory: Path) -> None:
    try:
        restore(instance, state)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise DataError(f"{directory} has definitions that this version does not know ({error})") from error


def _unavailable(instance: Instance) -> SqlError:
    return sql_error(9001, instance.default_database.name)
