"""A table's rows and indexes, physically: every change goes to the base index and to the nonclustered entries it
affects.

No locks are taken here. A writer locks first, in SQL Server's order (base key, then the index keys that ``entries`` or
``changed_entries`` name), and then changes everything in one call, so that no one sees a row half indexed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, NamedTuple, cast

from emulator.locking.manager import LockSpace, ResourceType
from emulator.storage.index import GHOST, IndexDefinition, IndexStore, describe_key, describe_rid
from emulator.storage.keys import Key, Row
from emulator.storage.transaction import UndoLog
from emulator.storage.versions import History, VersionStore

HEAP = IndexDefinition(name="", parts=(), unique=False)
"""The base of a table without a clustered index: keys are row ids."""


class DuplicateKey(Exception):
    """A unique index already has ``key``; ``row`` was to get it too. The caller raises 2627, 2601 or 1505."""

    def __init__(self, index: IndexStore, key: Key, row: Row) -> None:
        super().__init__(f"duplicate key {key!r} in {index.locks.name}")
        self.index = index
        self.key = key
        self.row = row


@dataclass(frozen=True, slots=True)
class EntryChange:
    """What an update does to one nonclustered index: the entry before and after (None: not in the filtered index).

    The two are equal when only an included column changes: nothing to write, but the key is to be locked.
    """

    index: IndexStore
    old: Key | None
    new: Key | None


@dataclass(slots=True)
class Identity:
    """An IDENTITY counter. Values that were drawn never come back ("IDENTITY (Property)")."""

    seed: int = 1
    increment: int = 1
    last: int | None = None

    def draw(self) -> int:
        """The next value."""
        self.last = self.seed if self.last is None else self.last + self.increment
        return self.last

    def note(self, value: int) -> None:
        """An explicit value was inserted (IDENTITY_INSERT): the counter moves to it if it lies ahead."""
        ahead = self.last is None or (value - self.last) * self.increment > 0
        if ahead and (self.last is not None or (value - self.seed) * self.increment >= 0):
            self.last = value


class TableSnapshot(NamedTuple):
    """The content of a table at one moment (``TableStore.snapshot``)."""

    contents: tuple[Any, ...]
    next_row_id: int
    identity_last: int | None


class TableStore:
    """One table: ``base`` (clustered index or heap), ``indexes`` (nonclustered, by name), ``locks`` (the OBJECT space).

    ``versions``: where row versions are kept, None when there are none. ``defined`` is the number of the commit, as in
    ``VersionStore.sequence``, of the latest change of the definition. ``escalates``: many row locks of a statement
    become one on the table. ``durable``: committed rows are to survive the process, if anything does. ``changed`` is
    when it was changed last, by the ``ChangeClock``.
    A row is an immutable tuple of engine values in column order. Its base key is the clustered key (with a number
    appended when the clustered index is not unique) or a row id, and identifies it in every index.
    """

    def __init__(
        self,
        name: str,
        clustered: IndexDefinition | None = None,
        *,
        database_id: int = 0,
        object_id: int = 0,
        versions: VersionStore | None = None,
    ) -> None:
        self.name = name
        self.database_id = database_id
        self.object_id = object_id
        self.locks = LockSpace(ResourceType.OBJECT, name, database_id=database_id, entity_id=object_id)
        self.versions = versions
        self.defined = 0
        self.escalates = True
        self.durable = False
        self.changed = 0
        self.identity: Identity | None = None
        self.indexes: dict[str, IndexStore] = {}
        self._next_row_id = 1
        self.base = self._new_base(clustered)
        self._key_values = self._key_values_getter()

    def __repr__(self) -> str:
        return f"<TableStore {self.name} {self.row_count} rows>"

    @property
    def is_heap(self) -> bool:
        """Whether there is no clustered index."""
        return self.base.definition is HEAP

    @property
    def row_count(self) -> int:
        """Rows that are not ghosts, uncommitted ones included."""
        return len(self.base)

    def rows(self) -> Iterator[Row]:
        """All rows in base order, without regard to locks."""
        return (row for _, row in self.base.scan() if row is not GHOST)

    # -- keys and entries --------------------------------------------------------------------------------------------

    def new_key(self, row: Row) -> Key:
        """The base key for a row to be inserted: a new one each time unless the clustered index is unique."""
        if self.base.unique:
            return self.base.encode(row)
        row_id = self._next_row_id
        self._next_row_id = row_id + 1
        return (*self.base.encode(row), row_id)

    def updated_key(self, key: Key, new: Row) -> Key:
        """The base key of a row after an update to ``new``: the same unless a clustered key column changed."""
        encoded = self.base.encode(new)
        return encoded if self.base.unique else (*encoded, key[-1])

    def entries(self, key: Key, row: Row) -> list[tuple[IndexStore, Key]]:
        """The nonclustered entries of a row: what INSERT and DELETE lock after the base key."""
        found = []
        for index in self.indexes.values():
            entry = index.entry_key(row, key)
            if entry is not None:
                found.append((index, entry))
        return found

    def changed_entries(self, key: Key, old: Row, new: Row) -> list[EntryChange]:
        """The nonclustered entries that an update changes or whose columns it changes: what UPDATE locks."""
        new_key = self.updated_key(key, new)
        changes = []
        for index in self.indexes.values():
            change = EntryChange(index, index.entry_key(old, key), index.entry_key(new, new_key))
            if change.old != change.new or (
                change.old is not None and (new_key != key or index.stores_differently(old, new))
            ):
                changes.append(change)
        return changes

    # -- rows --------------------------------------------------------------------------------------------------------

    def insert(self, undo: UndoLog, row: Row, key: Key | None = None) -> Key:
        """Insert ``row`` under ``key`` (from ``new_key``; made here if None) and return the key.

        DuplicateKey: a unique index has the key already; nothing was changed.
        """
        if key is None:
            key = self.new_key(row)
        if self.base.exists(key):
            raise DuplicateKey(self.base, key, row)
        entries = self.entries(key, row) if self.indexes else ()
        for index, entry in entries:
            if index.exists(entry):
                raise DuplicateKey(index, entry, row)
        self.base.write(undo, key, row)
        for index, entry in entries:
            index.write(undo, entry, key)
        return key

    def delete(self, undo: UndoLog, key: Key) -> Row:
        """Delete the row under ``key``, leaving ghosts, and return it. KeyError: there is none."""
        row = self._row(key)
        self.base.write(undo, key, GHOST)
        for index, entry in self.entries(key, row):
            index.write(undo, entry, GHOST)
        return row

    def update(self, undo: UndoLog, key: Key, new: Row) -> Key:
        """Replace the row under ``key`` by ``new`` and return its key, a new one if the clustered key changed.

        DuplicateKey: roll back to the mark before the statement. KeyError: there is no such row.
        """
        old = self._row(key)
        if self._key_values(old) == self._key_values(new):
            self.base.write(undo, key, new)
            return key
        return self.update_rows(undo, [(key, new)])[0]

    def update_rows(self, undo: UndoLog, changes: Sequence[tuple[Key, Row]]) -> list[Key]:
        """Replace several rows as one statement does: all old entries go before new ones come, so that keys can be
        exchanged among the rows (``SET n = n + 1``). Returns the keys.

        DuplicateKey: roll back to the mark before the statement. KeyError: there is no such row.
        """
        planned = []
        for key, new in changes:
            old = self._row(key)
            new_key = self.updated_key(key, new)
            entries = self.changed_entries(key, old, new)
            planned.append((new_key, new, key, entries))
            if new_key != key:
                self.base.write(undo, key, GHOST)
            for entry in entries:
                if entry.old is not None and (entry.old != entry.new or new_key != key):
                    entry.index.write(undo, entry.old, GHOST)
        for new_key, new, key, entries in planned:
            if new_key != key and self.base.exists(new_key):
                raise DuplicateKey(self.base, new_key, new)
            self.base.write(undo, new_key, new)
            for entry in entries:
                if entry.new is None or (entry.old == entry.new and new_key == key):
                    continue
                if entry.index.exists(entry.new):
                    raise DuplicateKey(entry.index, entry.new, new)
                entry.index.write(undo, entry.new, new_key)
        return [new_key for new_key, *_ in planned]

    def truncate(self, undo: UndoLog) -> None:
        """Remove every row at once and set the identity back to its seed (TRUNCATE TABLE)."""
        for index in (self.base, *self.indexes.values()):
            index.replace_content(undo)
        if self.identity is not None:
            undo.on_rollback(setattr, self.identity, "last", self.identity.last)
            self.identity.last = None

    def load(self, rows: Iterable[Row]) -> None:
        """Replace the content by ``rows`` in bulk, not undoably. DuplicateKey: as for ``insert``, nothing changed."""
        keyed = [(self.new_key(row), row) for row in rows]
        contents = [_distinct(self.base, keyed, [row for _, row in keyed])]
        contents += [self._index_content(index, keyed) for index in self.indexes.values()]
        for index, content in zip((self.base, *self.indexes.values()), contents, strict=True):
            index.load(content)

    def fill(self, rows: Iterable[tuple[int | None, Row]]) -> None:
        """Fill the empty table with rows and the row ids that they had (None under a unique clustered index).

        DuplicateKey: as for ``insert``.
        """
        keyed = [
            (self.base.encode(row) if row_id is None else (*self.base.encode(row), row_id), row) for row_id, row in rows
        ]
        if not self.base.unique:
            self._next_row_id = max((key[-1] for key, _ in keyed), default=0) + 1
        self.base.load(_distinct(self.base, keyed, [row for _, row in keyed]))
        for index in self.indexes.values():
            index.load(self._index_content(index, keyed))

    def _row(self, key: Key) -> Row:
        row = self.base.values[key]
        if row is GHOST:
            raise KeyError(key)
        return cast(Row, row)

    # -- structure (the caller holds Sch-M) --------------------------------------------------------------------------

    def add_index(self, undo: UndoLog, definition: IndexDefinition) -> IndexStore:
        """Add a nonclustered index and fill it. DuplicateKey: the rows are not unique under it; nothing was changed."""
        index = self._new_index(definition)
        index.load(self._index_content(index, self._live_rows()))
        undo.on_rollback(self._set_structure, self.base, dict(self.indexes))
        self._set_structure(self.base, {**self.indexes, definition.name: index})
        return index

    def drop_index(self, undo: UndoLog, name: str) -> None:
        """Remove a nonclustered index. KeyError: there is none of that name."""
        remaining = dict(self.indexes)
        del remaining[name]
        undo.on_rollback(self._set_structure, self.base, dict(self.indexes))
        self._set_structure(self.base, remaining)

    def rebuild(
        self,
        undo: UndoLog,
        clustered: IndexDefinition | None,
        indexes: Iterable[IndexDefinition] | None = None,
        transform: Callable[[Row], Row] | None = None,
    ) -> None:
        """Store the rows anew: under another clustered index (None: as a heap), and after ``transform`` when columns
        come, go or change type. ``indexes`` are the nonclustered indexes afterwards (None: as they are).

        DuplicateKey: the rows are not unique under one of the indexes; nothing was changed.
        """
        definitions = [index.definition for index in self.indexes.values()] if indexes is None else list(indexes)
        base = self._new_base(clustered)
        old_base, self.base = self.base, base
        try:
            rows = [row if transform is None else transform(row) for row in _live(old_base)]
            keyed = [(self.new_key(row), row) for row in rows]
            content = _distinct(base, keyed, rows)
            stores = {definition.name: self._new_index(definition) for definition in definitions}
            for store in stores.values():
                store.load(self._index_content(store, keyed))
        finally:
            self.base = old_base
        base.load(content)
        undo.on_rollback(self._set_structure, self.base, dict(self.indexes))
        self._set_structure(base, stores)

    def snapshot(self) -> TableSnapshot:
        """A copy of the content; rows are shared, being immutable. No transaction may be under way."""
        contents = tuple(index.content() for index in (self.base, *self.indexes.values()))
        return TableSnapshot(contents, self._next_row_id, None if self.identity is None else self.identity.last)

    def restore(self, snapshot: TableSnapshot) -> None:
        """Return to ``snapshot``, which stays usable. The indexes must be those of that time."""
        for index, content in zip((self.base, *self.indexes.values()), snapshot.contents, strict=True):
            index.restore_content(content)
        self._next_row_id = snapshot.next_row_id
        if self.identity is not None:
            self.identity.last = snapshot.identity_last

    def counters(self) -> tuple[int, int | None]:
        """What no transaction undoes: the next row id and the last identity value."""
        return self._next_row_id, None if self.identity is None else self.identity.last

    def set_counters(self, counters: tuple[int, int | None]) -> None:
        """Go back to what ``counters`` gave."""
        self._next_row_id, last = counters
        if self.identity is not None:
            self.identity.last = last

    def keep_versions(self, versions: VersionStore | None) -> None:
        """Begin to keep row versions, or stop it (None), when nobody writes or reads them."""
        self.versions = versions
        for index in (self.base, *self.indexes.values()):
            index.keep_versions(versions)

    def _live_rows(self) -> list[tuple[Key, Row]]:
        return [(key, row) for key, row in self.base.scan() if row is not GHOST]

    def _index_content(self, index: IndexStore, keyed: Iterable[tuple[Key, Row]]) -> list[tuple[Key, Any]]:
        items, rows = [], []
        for key, row in keyed:
            entry = index.entry_key(row, key)
            if entry is not None:
                items.append((entry, key))
                rows.append(row)
        return _distinct(index, items, rows)

    def _new_base(self, definition: IndexDefinition | None) -> IndexStore:
        if definition is None:
            base = IndexStore(
                HEAP,
                LockSpace(
                    ResourceType.RID,
                    self.name,
                    database_id=self.database_id,
                    entity_id=self.object_id << 8,
                    describe=describe_rid,
                ),
                self._new_history(),
            )
        else:
            base = self._new_index(definition)
        base.keeps_rows_of(self)
        return base

    def _new_index(self, definition: IndexDefinition) -> IndexStore:
        return IndexStore(
            definition,
            LockSpace(
                ResourceType.KEY,
                f"{self.name}.{definition.name}",
                database_id=self.database_id,
                entity_id=definition.hobt_id,
                describe=describe_key,
            ),
            self._new_history(),
        )

    def _new_history(self) -> History | None:
        return None if self.versions is None else History(self.versions)

    def _set_structure(self, base: IndexStore, indexes: dict[str, IndexStore]) -> None:
        self.base = base
        self.indexes = indexes
        for index in indexes.values():
            index.key_width = None if index.unique else len(index.definition.parts)
        self._key_values = self._key_values_getter()

    def _key_values_getter(self) -> Callable[[Row], Any]:
        """The values of all columns on which a key or a filter depends."""
        columns: set[int] = set()
        for index in (self.base, *self.indexes.values()):
            columns.update(index.definition.key_columns, index.definition.predicate_columns)
        if not columns:
            return lambda row: ()
        return itemgetter(*sorted(columns))


def _live(index: IndexStore) -> Iterator[Row]:
    return (row for _, row in index.scan() if row is not GHOST)


def _distinct(index: IndexStore, items: list[tuple[Key, Any]], rows: list[Row]) -> list[tuple[Key, Any]]:
    """``items`` if their keys are distinct, else DuplicateKey for the first of ``rows`` that repeats one."""
    seen: set[Key] = set()
    for (key, _), row in zip(items, rows, strict=True):
        if key in seen:
            raise DuplicateKey(index, key, row)
        seen.add(key)
    return items
