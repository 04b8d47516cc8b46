"""Row versions: what index entries were before the changes that a reader must not see.

- Commits that changed versioned entries are numbered. A ``Snapshot`` sees the commits up to its own number, and the
  changes of its own transaction.
- A writer notes, once for each entry it changes, what was there before (``History.note``). A reader takes the current
  value and goes back version by version until it meets a writer that it sees. X locks, held to the end of the
  transaction, keep the versions of an entry in the order of their commits.
- A key that is in the index no longer, but was for some snapshot, is ``departed``: range locks do not see it, scans of
  a snapshot do.
- A version goes as soon as no snapshot is older than its writer's commit; with no snapshot at all, at the commit.

Documentation: "Transaction locking and row versioning guide", "Row versioning-based isolation levels".
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from sortedcontainers import SortedList

if TYPE_CHECKING:
    from emulator.storage.keys import Key
    from emulator.storage.transaction import UndoLog

UNCOMMITTED: Final = 1 << 62
"""The commit number of a transaction under way: above all others."""


class Snapshot:
    """What was committed when it began (``sequence``), seen by ``owner`` together with its own changes."""

    __slots__ = ("owner", "sequence")

    def __init__(self, sequence: int, owner: UndoLog) -> None:
        self.sequence = sequence
        self.owner = owner

    def sees(self, writer: UndoLog) -> bool:
        """Whether the changes of ``writer`` are visible."""
        return writer.commit_sequence <= self.sequence or writer is self.owner


class VersionStore:
    """The commits and the snapshots of an instance.

    ``sequence`` is the number of the latest commit of versioned changes. Transactions that leave versions or read from
    a snapshot of their own have a number, too, in the order in which they begin to: ``numbers`` is the latest,
    ``active`` are those under way, the oldest first. ``statement_level`` counts the databases in which READ COMMITTED
    reads versions: while it is not 0, statements begin with a snapshot.
    """

    def __init__(self) -> None:
        self.sequence = 0
        self.numbers = 0
        self.active: dict[int, None] = {}
        self.statement_level = 0
        self._snapshots: dict[int, int] = {}
        self._kept: deque[UndoLog] = deque()

    @property
    def snapshots(self) -> int:
        """The number of snapshots in use."""
        return sum(self._snapshots.values())

    @property
    def oldest(self) -> int:
        """The number of the oldest snapshot in use; without one, of the latest commit."""
        return next(iter(self._snapshots), self.sequence)

    @property
    def kept(self) -> int:
        """The number of versions of committed changes that are kept for snapshots."""
        return sum(len(writer.versions) for writer in self._kept if writer.versions is not None)

    def enter(self, transaction: UndoLog) -> None:
        """Number a transaction, unless it has its number already; it is to be taken off by ``leave``."""
        transaction.version_store = self
        if not transaction.sequence_number:
            self.numbers += 1
            transaction.sequence_number = self.numbers
            self.active[self.numbers] = None

    def leave(self, transaction: UndoLog) -> None:
        """A numbered transaction has ended."""
        del self.active[transaction.sequence_number]

    def begin(self, owner: UndoLog) -> Snapshot:
        """A snapshot of what is committed now; to be given back by ``end``."""
        sequence = self.sequence
        self._snapshots[sequence] = self._snapshots.get(sequence, 0) + 1
        return Snapshot(sequence, owner)

    def end(self, snapshot: Snapshot) -> None:
        """The snapshot is not read any more: versions kept for it alone go."""
        left = self._snapshots[snapshot.sequence] - 1
        if left:
            self._snapshots[snapshot.sequence] = left
            return
        del self._snapshots[snapshot.sequence]
        self._clean()

    def commit(self, writer: UndoLog) -> None:
        """Number the commit of ``writer``, whose changes snapshots from now on see."""
        writer.commit_sequence = self.next_sequence()
        self._kept.append(writer)
        self._clean()

    def next_sequence(self) -> int:
        """A number for a commit that leaves no versions: it is later than all snapshots there are."""
        self.sequence += 1
        return self.sequence

    def _clean(self) -> None:
        """Drop the versions that every snapshot is too young for. (Snapshots begin in the order of their numbers.)"""
        kept = self._kept
        oldest = self.oldest
        while kept and kept[0].commit_sequence <= oldest:
            writer = kept.popleft()
            for history, key in writer.versions or ():
                history.drop(key, writer)
            writer.versions = None


class History:
    """The versions of the entries of one index.

    ``chains`` has for each changed key its writers, oldest first, each with what it replaced: ``GHOST`` when there
    was nothing. ``departed`` are those of its keys that are not in the index, in order.
    """

    __slots__ = ("chains", "departed", "store")

    def __init__(self, store: VersionStore) -> None:
        self.store = store
        self.chains: dict[Key, list[tuple[UndoLog, Any]]] = {}
        self.departed: SortedList[Key] = SortedList()

    def note(self, writer: UndoLog, key: Key, previous: Any) -> bool:
        """``writer`` replaces ``previous`` under ``key``. False: it has changed the entry before."""
        chain = self.chains.get(key)
        if chain is None:
            chain = self.chains[key] = []
        elif chain[-1][0] is writer:
            return False
        chain.append((writer, previous))
        if writer.versions is None:
            writer.versions = []
            self.store.enter(writer)
        writer.versions.append((self, key))
        return True

    def forget(self, writer: UndoLog, key: Key) -> None:
        """The change that ``writer`` noted last, under ``key``, is undone."""
        assert writer.versions is not None
        writer.versions.pop()
        chain = self.chains[key]
        chain.pop()
        if not chain:
            self._end(key)

    def drop(self, key: Key, writer: UndoLog) -> None:
        """No snapshot needs what ``writer`` replaced under ``key``."""
        chain = self.chains[key]
        assert chain[0][0] is writer
        del chain[0]
        if not chain:
            self._end(key)

    def value(self, key: Key, current: Any, snapshot: Snapshot) -> Any:
        """What ``snapshot`` sees under ``key``, where ``current`` is now."""
        chain = self.chains.get(key)
        if chain is not None:
            for writer, previous in reversed(chain):
                if snapshot.sees(writer):
                    break
                current = previous
        return current

    def changed_since(self, key: Key, snapshot: Snapshot) -> bool:
        """Whether ``key`` has been changed by anybody whom ``snapshot`` does not see."""
        chain = self.chains.get(key)
        return chain is not None and not snapshot.sees(chain[-1][0])

    def recount(self, present: Callable[[Key], object]) -> None:
        """Find out again which keys are departed, after the whole content of the index has changed."""
        self.departed = SortedList(key for key in self.chains if not present(key))

    def came(self, key: Key) -> None:
        """``key`` has come into the index."""
        if key in self.chains:
            self.departed.discard(key)

    def went(self, key: Key) -> None:
        """``key`` has left the index."""
        if key in self.chains:
            self.departed.add(key)

    def _end(self, key: Key) -> None:
        del self.chains[key]
        self.departed.discard(key)
