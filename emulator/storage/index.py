"""A sorted map from key to value: the rows of a clustered index or heap, or the entries of a nonclustered index.

- The value is the row in a base index, the base key in a nonclustered one.
- A deleted entry stays as ``GHOST`` until its transaction ends, so that scanners meet the key and wait for its lock
  ("Transaction locking and row versioning guide", delete operations under key-range locking; "Ghost cleanup process
  guide"). Whoever scans locks a key first and looks at its value (``get``) afterwards: it may be a ghost or gone by
  then.
- Point operations cost one dictionary access; insertion and removal add a bisection.
- While ``history`` is there, writers note in it what they replace, and snapshots can be read (``value_at``,
  ``scan_at``); see ``versions``.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from heapq import merge
from itertools import islice
from typing import TYPE_CHECKING, Any, Final
from weakref import ref

from sortedcontainers import SortedList

from emulator.locking.manager import LockSpace
from emulator.storage.keys import INFINITY, Key, KeyPart, Row, key_encoder, prefix_encoder
from emulator.storage.transaction import LOG_RECORD_BYTES, UndoLog
from emulator.storage.usage import IndexUsage
from emulator.storage.versions import History, Snapshot, VersionStore

if TYPE_CHECKING:
    from emulator.storage.table import TableStore


class _Marker:
    __slots__ = ("_name",)

    def __init__(self, name: str) -> None:
        self._name = name

    def __repr__(self) -> str:
        return self._name


GHOST: Final = _Marker("GHOST")
"""The value of an entry whose deletion has not been committed, or which is only about to come."""

_ABSENT: Final = _Marker("ABSENT")

FIRST_CHUNK = 32
LARGEST_CHUNK = 1024
"""A scan fetches keys in chunks, small at first for seeks that stop early."""


@dataclass(frozen=True, slots=True)
class IndexDefinition:
    """What an index is made of.

    ``included`` are the ordinals of INCLUDE columns (they are read from the base row, but writers lock the entry when
    one of them changes). ``predicate`` decides whether a row is in a filtered index; ``predicate_columns`` are the
    ordinals that it reads.
    """

    name: str
    parts: tuple[KeyPart, ...]
    unique: bool = False
    included: tuple[int, ...] = ()
    predicate: Callable[[Row], bool] | None = None
    predicate_columns: tuple[int, ...] = ()
    hobt_id: int = 0

    @property
    def key_columns(self) -> tuple[int, ...]:
        """Ordinals of the key columns."""
        return tuple(part.ordinal for part in self.parts)


class IndexStore:
    """One index with its lock space.

    ``values`` and ``keys`` may be read directly, and written only through the methods. ``version`` changes whenever a
    key comes or goes. ``base_of`` is the table whose rows it keeps, None for a nonclustered index. ``encode(row)``
    gives the key columns of a row as a key, ``encode_prefix(values)`` those of some values for its first columns.
    """

    def __init__(self, definition: IndexDefinition, locks: LockSpace, history: History | None = None) -> None:
        self.definition = definition
        self.name = definition.name
        self.unique = definition.unique
        self.locks = locks
        self.values: dict[Key, Any] = {}
        self.keys: SortedList[Key] = SortedList()
        self.ghosts = 0
        self.version = 0
        self.usage = IndexUsage()
        self.history = history
        self._base_of: ref[TableStore] | None = None
        self.key_width: int | None = None
        """Of a nonclustered index that is not unique: how many components come before the base key in its keys."""
        self.encode: Callable[[Row], Key] = key_encoder(definition.parts)
        self.encode_prefix: Callable[[Sequence[Any]], Key] = prefix_encoder(definition.parts)
        self._predicate = definition.predicate
        self._columns = sorted({*definition.key_columns, *definition.included})

    def __len__(self) -> int:
        """The number of entries that are not ghosts."""
        return len(self.values) - self.ghosts

    def __repr__(self) -> str:
        return f"<IndexStore {self.locks.name} {len(self)} entries>"

    @property
    def base_of(self) -> TableStore | None:
        """The table whose rows it keeps; it does not keep the table."""
        return None if self._base_of is None else self._base_of()

    def keeps_rows_of(self, table: TableStore) -> None:
        """Have ``base_of`` be ``table``."""
        self._base_of = ref(table)

    # -- reading -----------------------------------------------------------------------------------------------------

    def get(self, key: Key) -> Any:
        """The value under ``key``: a row or base key, ``GHOST``, or None when there is no such key."""
        return self.values.get(key)

    def exists(self, key: Key) -> bool:
        """Whether ``key`` is there and not a ghost."""
        return self.values.get(key, GHOST) is not GHOST

    def next_key(self, key: Key) -> Key:
        """The first key behind ``key`` (which need not exist), ghosts included; ``INFINITY`` behind the last."""
        return next(self.keys.irange(key, None, (False, True)), INFINITY)

    def seek(self, low: Key, *, inclusive: bool = True) -> Key:
        """The first key from ``low`` on, ghosts included; ``INFINITY`` behind the last."""
        return next(self.keys.irange(low, None, (inclusive, True)), INFINITY)

    def scan(
        self,
        low: Key | None = None,
        high: Key | None = None,
        low_inclusive: bool = True,
        high_inclusive: bool = True,
        reverse: bool = False,
    ) -> Iterator[tuple[Key, Any]]:
        """Keys between the bounds (None: open) with their values, in order, ghosts included.

        Changes made between two steps are seen as far as they lie ahead: a key is never met twice, one that stays
        throughout is never missed.
        """
        size = FIRST_CHUNK
        version = self.version
        keys: Iterator[Key] | None = None
        while True:
            if keys is None or self.version != version:
                version = self.version
                keys = self._keys_from(low, high, low_inclusive, high_inclusive, reverse)
            chunk = list(islice(keys, size))
            if high is not None and chunk and not reverse and not chunk[-1] < high:
                # The upper bound is looked up in the chunk: in the index it would cost a second descent through keys
                # that lie all over the memory.
                del chunk[bisect_right(chunk, high) if high_inclusive else bisect_left(chunk, high) :]
            if not chunk:
                return
            width = self.key_width
            for key in chunk:
                # Where nothing is a ghost, the base key at the end of an entry saves a search for its value in memory
                # that no cache holds.
                yield key, (self.values[key] if width is None or self.ghosts else key[width:])
                if self.version != version:
                    break
            if reverse:
                high, high_inclusive = key, False
            else:
                low, low_inclusive = key, False
            if self.version != version:
                size = FIRST_CHUNK
            elif len(chunk) < size:
                return
            else:
                size = min(size * 8, LARGEST_CHUNK)

    # -- reading a snapshot ------------------------------------------------------------------------------------------

    def value_at(self, key: Key, snapshot: Snapshot) -> Any:
        """What ``snapshot`` sees under ``key``: a row or base key, or ``GHOST`` when there is no such key for it."""
        value = self.values.get(key, GHOST)
        return value if self.history is None else self.history.value(key, value, snapshot)

    def scan_at(
        self,
        snapshot: Snapshot,
        low: Key | None = None,
        high: Key | None = None,
        low_inclusive: bool = True,
        high_inclusive: bool = True,
        reverse: bool = False,
    ) -> Iterator[tuple[Key, Any]]:
        """What ``snapshot`` sees between the bounds, in order, without ghosts; changes made meanwhile do not matter."""
        size = FIRST_CHUNK
        while True:
            found = self.keys.irange(low, high, (low_inclusive, high_inclusive), reverse)
            history = self.history
            if history is not None and history.departed:
                departed = history.departed.irange(low, high, (low_inclusive, high_inclusive), reverse)
                found = merge(found, departed, reverse=reverse)
            chunk = list(islice(found, size))
            if not chunk:
                return
            values = [self.value_at(key, snapshot) for key in chunk]
            for key, value in zip(chunk, values, strict=True):
                if value is not GHOST:
                    yield key, value
            if len(chunk) < size:
                return
            if reverse:
                high, high_inclusive = chunk[-1], False
            else:
                low, low_inclusive = chunk[-1], False
            size = min(size * 8, LARGEST_CHUNK)

    def changed_since(self, key: Key, snapshot: Snapshot) -> bool:
        """Whether somebody whom ``snapshot`` does not see has changed, inserted or deleted ``key``."""
        return self.history is not None and self.history.changed_since(key, snapshot)

    def _keys_from(
        self, low: Key | None, high: Key | None, low_inclusive: bool, high_inclusive: bool, reverse: bool
    ) -> Iterator[Key]:
        """The keys from the first bound on; in reverse up to the other bound as well. Good until keys come or go."""
        if reverse:
            return iter(self.keys.irange(low, high, (low_inclusive, high_inclusive), True))
        return iter(self.keys.irange(low, None, (low_inclusive, True)))

    # -- entries of rows ---------------------------------------------------------------------------------------------

    def entry_key(self, row: Row, base_key: Key) -> Key | None:
        """The key of the nonclustered entry for ``row``; None when a filtered index does not contain it.

        The base key is appended unless the index is unique.
        """
        if self._predicate is not None and not self._predicate(row):
            return None
        return self.encode(row) if self.unique else self.encode(row) + base_key

    def stores_differently(self, old: Row, new: Row) -> bool:
        """Whether a key or included column differs between two versions of a row."""
        return any(old[ordinal] != new[ordinal] for ordinal in self._columns)

    # -- changing ----------------------------------------------------------------------------------------------------

    def write(self, undo: UndoLog, key: Key, value: Any) -> None:
        """Set the value under ``key``, new or not; ``GHOST`` deletes it as far as anybody can see."""
        previous = self.values.get(key, _ABSENT)
        history = self.history
        if history is not None and history.note(undo, key, GHOST if previous is _ABSENT else previous):
            undo.records.append((history.forget, undo, key))
        self._set(key, previous, value)
        if value is GHOST:
            undo.ghosts.append((self, key))
            undo.records.append((self._revive, undo, key, previous))
        else:
            undo.records.append((self.put_back, key, previous))
        undo.log_used += LOG_RECORD_BYTES

    def announce(self, undo: UndoLog, key: Key) -> None:
        """``key``, which is locked, is about to come: as a ghost it lets scanners meet it already."""
        if key not in self.values:
            self.write(undo, key, GHOST)
            undo.log_used -= LOG_RECORD_BYTES

    def entry_of(self, record: tuple[Any, ...]) -> tuple[Key, Any] | None:
        """The key that an undo record of this index is about, with what it puts back; None: it exchanges everything."""
        return None if record[0] == self._exchange else record[-2:]

    def purge(self, key: Key) -> None:
        """Remove ``key`` if it is still a ghost."""
        if self.values.get(key) is GHOST:
            self._remove(key)

    def load(self, items: Iterable[tuple[Key, Any]]) -> None:
        """Replace the content at once, not undoably. Keys must be distinct."""
        values = dict(items)
        self._exchange((values, SortedList(values), 0))

    def replace_content(self, undo: UndoLog, items: Iterable[tuple[Key, Any]] = ()) -> None:
        """Replace the content at once (TRUNCATE, a rebuilt index); undone in one step."""
        undo.on_rollback(self._exchange, (self.values, self.keys, self.ghosts))
        self.load(items)

    def keep_versions(self, store: VersionStore | None) -> None:
        """Begin to note versions in ``store``, or stop it (None), when nobody writes or reads them."""
        self.history = None if store is None else History(store)

    def content(self) -> tuple[dict[Key, Any], SortedList[Key], int]:
        """A copy of the content for ``restore_content``."""
        return self.values.copy(), SortedList(self.keys), self.ghosts

    def restore_content(self, content: tuple[dict[Key, Any], SortedList[Key], int]) -> None:
        """Return to what ``content`` gave, which stays usable."""
        values, keys, ghosts = content
        self._exchange((values.copy(), SortedList(keys), ghosts))

    def _revive(self, undo: UndoLog, key: Key, previous: Any) -> None:
        undo.ghosts.pop()
        self.put_back(key, previous)

    def put_back(self, key: Key, previous: Any) -> None:
        """Have under ``key`` what undo records say was there."""
        if previous is _ABSENT:
            self._remove(key)
        else:
            self._set(key, self.values.get(key, _ABSENT), previous)

    def _set(self, key: Key, previous: Any, value: Any) -> None:
        if previous is _ABSENT:
            self.keys.add(key)
            self.version += 1
            if self.history is not None:
                self.history.came(key)
        elif previous is GHOST:
            self.ghosts -= 1
        if value is GHOST:
            self.ghosts += 1
        self.values[key] = value

    def _remove(self, key: Key) -> None:
        if self.values.pop(key) is GHOST:
            self.ghosts -= 1
        self.keys.remove(key)
        self.version += 1
        if self.history is not None:
            self.history.went(key)

    def _exchange(self, content: tuple[dict[Key, Any], SortedList[Key], int]) -> None:
        self.values, self.keys, self.ghosts = content
        self.version += 1
        if self.history is not None:
            self.history.recount(self.values.__contains__)


def describe_key(key: Any) -> str:
    """``resource_description`` of a KEY lock: a hash of six bytes; all ones for the gap behind the last key."""
    if key == INFINITY:
        return "(ffffffffffff)"
    return f"({blake2b(repr(key).encode(), digest_size=6).hexdigest()})"


ROWS_PER_PAGE = 100


def describe_rid(key: Any) -> str:
    """``resource_description`` of a RID lock: file, page and slot as if a page held a hundred rows."""
    (row_id,) = key
    return f"1:{row_id // ROWS_PER_PAGE}:{row_id % ROWS_PER_PAGE}"
