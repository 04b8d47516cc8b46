"""Key-range locks: how the keys of an index are locked together with the gaps before them.

A range is protected by locks on all its keys and on the first key beyond it, each of which covers the gap before it.
A wait for one of them can end when its key is gone, the deletion being committed, or when another key has come into
the gap: then the lock is given back, and the walk goes on with the key that is there now. So no gap of the range stays
open, and no lock is left that nobody needs. (SQL Server goes on in the same way; there the deleted record can be met,
and locked, until the ghost cleanup has removed it.)

Documentation: "Transaction locking and row versioning guide", "Key-range locking"; "Ghost cleanup process guide".
"""

from __future__ import annotations

from collections.abc import Iterator

from emulator.execution.row_locks import ScanLocks
from emulator.execution.seeks import KeyRange
from emulator.locking.modes import LockMode
from emulator.storage.index import IndexStore
from emulator.storage.keys import INFINITY, Key


def lock_range(locks: ScanLocks, index: IndexStore, key_range: KeyRange, *, reverse: bool = False) -> Iterator[Key]:
    """Lock the range in mode ``locks.key_range`` and yield its keys, each when it is locked.

    While that is NL, because the table is locked, keys are yielded without locks. Errors: 1205, 1222.
    """
    return _backwards(locks, index, key_range) if reverse else _forwards(locks, index, key_range)


def _forwards(locks: ScanLocks, index: IndexStore, key_range: KeyRange) -> Iterator[Key]:
    low, high, low_inclusive, high_inclusive = key_range
    switch_point, mask = locks.session.switch_point, locks.session.switch_mask
    count = 0
    at, inclusive = low or (), low_inclusive
    while True:
        if locks.key_range:
            key, _ = lock_gap(locks, index, at, inclusive=inclusive)
        else:
            key = index.seek(at, inclusive=inclusive)
        if not _is_within(key, high, high_inclusive):
            return
        yield key
        at, inclusive = key, False
        count += 1
        if not count & mask:
            switch_point()


def _backwards(locks: ScanLocks, index: IndexStore, key_range: KeyRange) -> Iterator[Key]:
    """The gap beyond the range comes first. After it, no key can come before the one that was locked last."""
    _, high, _, high_inclusive = key_range
    lock_gap(locks, index, high, inclusive=not high_inclusive)
    for key, _ in index.scan(*key_range, reverse=True):
        if not locks.key_range:
            yield key
            continue
        previous = locks.lock(index.locks, key, locks.key_range)
        if key in index.values:
            locks.count(index)
            yield key
        else:
            locks.give_back(index.locks, key, locks.key_range, previous)


def lock_unique_key(locks: ScanLocks, index: IndexStore, key: Key) -> bool:
    """Lock a key of a unique index as a row, or, if it is not there, the gap that it would come into.

    True: it is there. Errors: 1205, 1222.
    """
    while True:
        if key in index.values:
            previous = locks.lock(index.locks, key, locks.row)
            if index.exists(key):
                locks.count(index)
                return True
            locks.give_back(index.locks, key, locks.row, previous)
        mode = locks.key_range
        _, previous = lock_gap(locks, index, key, inclusive=True)
        if not index.exists(key):
            return False
        locks.give_back(index.locks, key, mode, previous)


def lock_gap(locks: ScanLocks, index: IndexStore, at: Key | None, *, inclusive: bool) -> tuple[Key, LockMode]:
    """Lock the gap that begins at ``at`` (None: behind the last key) by its upper end, the first key from there on.

    Returns that key, and the mode in which it was held before. Errors: 1205, 1222.
    """
    while True:
        mode, version = locks.key_range, index.version
        end = INFINITY if at is None else index.seek(at, inclusive=inclusive)
        previous = locks.lock(index.locks, end, mode)
        if at is None or index.version == version or index.seek(at, inclusive=inclusive) == end:
            locks.count(index)
            return end, previous
        locks.give_back(index.locks, end, mode, previous)


def _is_within(key: Key, high: Key | None, inclusive: bool) -> bool:
    if key == INFINITY:
        return False
    return high is None or key < high or (inclusive and key == high)
