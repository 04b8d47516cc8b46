"""The rows that the READ COMMITTED reads of a running statement stand on.

A row stays locked S until its scan moves on to the next one. Meanwhile what lies behind the scan works with the row:
the inner side of nested loops, the change that it leads to. When that has to wait, the S lock is held during the wait,
which is how a join and a writer that goes the other way meet in a deadlock. Rows of which a large object is read stay
locked to the end of the statement. Rows that cannot be uncommitted are read without a lock (``ChangeClock``). (Craig
Freedman, "Read Committed and Large Objects"; Paul White, "The Lock Escalation Threshold - Part 3"; "Transaction locking
and row versioning guide", "Shared locks".)

Between two switch points nobody could see these locks, so they are taken when the session waits or lets others run, and
given back at the next such time if the scan has moved on, or at the end of the statement.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

from emulator.locking.manager import WHOLE, LockSpace
from emulator.locking.modes import LockMode

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator

    from emulator.locking.manager import LockManager
    from emulator.storage.index import IndexStore
    from emulator.storage.keys import Key
    from emulator.storage.table import TableStore
    from emulator.storage.transaction import Transaction

    Place = tuple[LockSpace, Hashable]
    Uncommitted = Callable[[TableStore], bool]


class Reader(Protocol):
    """A scan: ``at`` is the key in ``index`` that it stands on (None: on none), ``at_row`` the base key looked up from
    there. ``looks_up``: it goes on from each key to the base row."""

    store: TableStore
    index: IndexStore | None
    at: Key | None
    at_row: Key | None
    looks_up: bool


class Found(NamedTuple):
    """A row found by its key in an index; ``row`` is its base key if it was looked up from there."""

    store: TableStore
    inside: IndexStore
    key: Key
    row: Key | None = None


class CurrentRows:
    """Where the reads of one statement stand: by the slot of the source, a scan or the row that was found.

    ``kept`` are rows that stay locked to the end of the statement, ``passed`` the keys of unique indexes by which a
    change has found its row: their U locks, unlike those of ranges, end with the statement
    (stackoverflow.com/q/2099659: a deadlock that there would not be otherwise). ``outer`` is the statement that this
    one runs in (a function or trigger of it), None if there is none.
    """

    __slots__ = ("_held", "kept", "outer", "passed", "rows")

    def __init__(self, outer: CurrentRows | None = None) -> None:
        self.outer = outer
        self.rows: dict[int, Reader | Found] = {}
        self.kept: list[Found] = []
        self.passed: list[Place] = []
        self._held: dict[Place, None] = {}

    def settle(self, manager: LockManager, transaction: Transaction, uncommitted: Uncommitted) -> None:
        """Others are about to run: hold the rows stood on, and no others.

        ``uncommitted`` tells of a table whether it may have rows that are not committed.
        """
        if self.outer is not None:
            self.outer.settle(manager, transaction, uncommitted)
        if not (self.rows or self.kept or self._held):
            return
        places = dict(self._places(uncommitted))
        for place in [place for place in self._held if place not in places]:
            self._give_back(manager, transaction, place)
        for place, mode in places.items():
            if place not in self._held and not manager.would_wait(transaction, *place, mode):
                manager.acquire(transaction, *place, mode)
                self._held[place] = None

    def close(self, manager: LockManager, transaction: Transaction) -> None:
        """The statement has ended."""
        if transaction.ended:
            return
        for place in list(self._held):
            self._give_back(manager, transaction, place)
        for place in self.passed:
            if manager.held_mode(transaction, *place) is LockMode.U:
                manager.release(transaction, *place)

    def _give_back(self, manager: LockManager, transaction: Transaction, place: Place) -> None:
        del self._held[place]
        if manager.held_mode(transaction, *place) is not LockMode.NL:  # NL: escalated meanwhile
            manager.release(transaction, *place)

    def _places(self, uncommitted: Uncommitted) -> Iterator[tuple[Place, LockMode]]:
        for item in self.rows.values():
            found = item if isinstance(item, Found) else _where(item)
            if found is not None:
                looks_up = found.row is not None if isinstance(item, Found) else item.looks_up
                yield from _locks_of(found, sure=looks_up or uncommitted(found.store))
        for found in self.kept:
            yield from _locks_of(found, sure=True)


def _where(scan: Reader) -> Found | None:
    return None if scan.at is None or scan.index is None else Found(scan.store, scan.index, scan.at, scan.at_row)


def _locks_of(found: Found, *, sure: bool) -> Iterator[tuple[Place, LockMode]]:
    """``sure``: the row is locked, and not only its table."""
    yield (found.store.locks, WHOLE), LockMode.IS
    if sure:
        yield (found.inside.locks, found.key), LockMode.S
        if found.row is not None:
            yield (found.store.base.locks, found.row), LockMode.S
