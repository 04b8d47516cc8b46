"""The lock manager: who holds which resource in which mode, and who waits for it.

A pure state machine. A call returns an outcome at once; it never sleeps, reads a clock or switches greenlets. The one
who asked and must wait gets a ``LockWait`` and decides how to pass the time (the scheduler, in the engine).

Rules (documentation: "Transaction locking and row versioning guide", "Locking in the database engine"):

- A resource is a key in a ``LockSpace``. It has an entry only while somebody holds it or waits for it.
- An owner holds a resource in one mode, the combination of all that it asked for, and counts its requests: every
  ``acquire`` is undone by one ``release``, or by the end of the transaction (``release_all``).
- First come, first served: a request waits when it conflicts with another owner's granted mode or with any request
  already waiting. A conversion (the owner already holds a weaker mode) waits for granted modes only and goes first.
- Who holds Sch-S alone has no right to go first: every statement holds that on its tables. It passes those who wait for
  Sch-M, who wait for it.
- Owners of one session never block each other: a transaction may enter what its session has locked.
- A new wait may close a cycle of waits; the deadlock monitor then ends the wait of a victim before ``acquire`` returns.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum, IntEnum

from emulator.locking.deadlock import Deadlock, Step, choose_victim, find_cycle, report
from emulator.locking.modes import COMBINED, CONFLICTS, TALLY_BITS, UNIT, LockMode
from emulator.locking.waits import WaitCount

WHOLE: tuple[()] = ()
"""The key of a lockable container itself, as opposed to a row in it: the only key in a DATABASE space."""

INDEX_OPERATION = "INDEX_OPERATION"
"""The other key in an OBJECT space: a subtype of the resource."""


class ResourceType(Enum):
    """``resource_type`` of ``sys.dm_tran_locks``."""

    DATABASE = "DATABASE"
    OBJECT = "OBJECT"
    KEY = "KEY"
    RID = "RID"
    APPLICATION = "APPLICATION"
    METADATA = "METADATA"


class Acquired(IntEnum):
    """What ``acquire`` did. Only ``WAITING`` needs a further step: wait for ``owner.session.wait``."""

    COVERED = 0
    """The owner already held this mode or a stronger one."""
    NEW = 1
    """The owner held nothing on the resource before."""
    CONVERTED = 2
    """The owner held a weaker mode, which became stronger."""
    WAITING = 3


COVERED, NEW, CONVERTED, WAITING = Acquired


class WaitOutcome(Enum):
    """How a wait ended."""

    GRANTED = "granted"
    VICTIM = "deadlock victim"
    CANCELLED = "cancelled"


class LockSession:
    """A session as locking sees it: one thread of control, which waits for at most one lock at a time.

    ``deadlock_priority`` is -10 to 10 (LOW -5, NORMAL 0, HIGH 5).
    """

    def __init__(self, session_id: int) -> None:
        self.session_id = session_id
        self.deadlock_priority = 0
        self.wait: LockWait | None = None
        """The latest wait, which may have ended."""

    @property
    def blocked(self) -> bool:
        """Whether the session waits for a lock now."""
        return self.wait is not None and self.wait.outcome is None


class LockOwner:
    """Whatever holds locks: a transaction, or a session (application locks, the shared lock on its database).

    ``locks`` maps each entry held to the number of requests for it, in the order in which they were first granted.
    ``log_used`` is what the owner has written, in bytes: the cost of rolling it back. ``owner_id`` grows with time.
    ``escalated`` are the tables that escalation has locked for it.
    """

    owner_type = "SESSION"

    def __init__(self, session: LockSession, owner_id: int = 0) -> None:
        self.session = session
        self.owner_id = owner_id
        self.log_used = 0
        self.locks: dict[LockEntry, int] = {}
        self.escalated: frozenset[LockEntry] = frozenset()


class LockSpace:
    """A container of lockable resources: a table (its only key is ``WHOLE``), an index or heap, the application locks.

    ``entity_id`` is ``resource_associated_entity_id`` (object id or hobt id), ``name`` is for people
    (``dbo.stock``, ``dbo.stock.pk_stock``), ``describe`` turns a key into ``resource_description``. ``waits`` counts
    the waits for its resources that have ended.
    """

    __slots__ = ("database_id", "describe", "entity_id", "entries", "name", "resource_type", "waits")

    def __init__(
        self,
        resource_type: ResourceType,
        name: str,
        *,
        database_id: int = 0,
        entity_id: int = 0,
        describe: Callable[[Hashable], str] = lambda key: "",
    ) -> None:
        self.resource_type = resource_type
        self.name = name
        self.database_id = database_id
        self.entity_id = entity_id
        self.describe = describe
        self.waits = WaitCount()
        self.entries: dict[Hashable, LockEntry] = {}

    def __repr__(self) -> str:
        return f"<LockSpace {self.resource_type.value} {self.name}>"


class LockEntry:
    """One locked resource: its holders, their modes, the tally of these modes (``modes.UNIT``) and its queue."""

    __slots__ = ("granted", "key", "queue", "space", "tally")

    def __init__(self, space: LockSpace, key: Hashable, owner: LockOwner, mode: LockMode) -> None:
        self.space = space
        self.key = key
        self.granted = {owner: mode}
        self.tally = UNIT[mode]
        self.queue: list[LockWait] | None = None
        """Conversions first, then new requests, each kind in order of arrival. None when nobody waits."""


class LockWait:
    """A queued request for ``requested``, which is what views and deadlock graphs show ("sys.dm_tran_locks",
    request_mode). ``mode`` is the mode that the owner will hold: for a conversion, the combined one.

    ``previous`` is the mode held while waiting (None: nothing). ``outcome`` is None until the wait ends;
    ``on_end``, if set, is then called once with the wait: it must only take note, not call the lock manager.
    """

    __slots__ = ("entry", "manager", "mode", "on_end", "outcome", "owner", "previous", "reports", "requested", "since")

    def __init__(
        self,
        manager: LockManager,
        entry: LockEntry,
        owner: LockOwner,
        requested: LockMode,
        mode: LockMode,
        previous: LockMode | None,
    ) -> None:
        self.manager = manager
        self.entry = entry
        self.owner = owner
        self.requested = requested
        self.mode = mode
        self.previous = previous
        self.outcome: WaitOutcome | None = None
        self.on_end: Callable[[LockWait], None] | None = None
        self.since: float | None = None
        """When the wait began, for whoever has a clock to say."""
        self.reports = 0
        """How many intervals it has lasted when it was reported last."""

    @property
    def converts(self) -> bool:
        """Whether it goes before requests of those who hold nothing."""
        return self.previous is not None and self.previous is not LockMode.SCH_S

    @property
    def acquired(self) -> Acquired:
        """What the granted wait did: ``NEW`` or ``CONVERTED``."""
        return NEW if self.previous is None else CONVERTED

    def cancel(self) -> None:
        """Withdraw the request (time-out, attention, KILL)."""
        self.manager.cancel(self)


@dataclass(slots=True)
class LockStatistics:
    """Counters since the start: by the type of the resource that was waited for, and of the escalations."""

    waits: Counter[ResourceType] = field(default_factory=Counter)
    deadlocks: Counter[ResourceType] = field(default_factory=Counter)
    """By what the victim was waiting for; each victim counts."""
    cancelled: Counter[ResourceType] = field(default_factory=Counter)
    escalations: int = 0


@dataclass(frozen=True, slots=True)
class LockRow:
    """One granted or waiting request, as in ``sys.dm_tran_locks``. ``status`` is GRANT, WAIT or CONVERT."""

    space: LockSpace
    key: Hashable
    mode: LockMode
    status: str
    owner: LockOwner
    reference_count: int


class LockManager:
    """Grants, queues and releases locks. ``on_deadlock``, if given, receives each deadlock report."""

    def __init__(self, on_deadlock: Callable[[Deadlock], None] | None = None) -> None:
        self.statistics = LockStatistics()
        self.on_deadlock = on_deadlock

    # -- asking ------------------------------------------------------------------------------------------------------

    def acquire(self, owner: LockOwner, space: LockSpace, key: Hashable, mode: LockMode) -> Acquired:
        """Ask for ``mode`` on ``key`` of ``space``.

        ``WAITING``: the request is queued and ``owner.session.wait`` is its ``LockWait``. That wait can already have
        ended with ``VICTIM``, when it closed a cycle and its owner was chosen.
        ValueError: ``mode`` cannot meet the mode held on one resource (a range mode on an object).
        """
        entry = space.entries.get(key)
        if entry is None:
            entry = space.entries[key] = LockEntry(space, key, owner, mode)
            owner.locks[entry] = 1
            return NEW
        held = entry.granted.get(owner)
        if held is None:
            if entry.queue is None and not entry.tally & CONFLICTS[mode]:
                entry.granted[owner] = mode
                entry.tally += UNIT[mode]
                owner.locks[entry] = 1
                return NEW
            return self._acquire_contended(owner, entry, mode)
        combined = COMBINED[held][mode]
        if combined is held:
            owner.locks[entry] += 1
            return COVERED
        if combined is None:
            raise ValueError(f"{mode} cannot be requested on a resource held in {held}")
        if _must_wait(entry, owner, held, combined):
            return self._enqueue(LockWait(self, entry, owner, mode, combined, held))
        entry.granted[owner] = combined
        entry.tally += UNIT[combined] - UNIT[held]
        owner.locks[entry] += 1
        return CONVERTED

    def would_wait(self, owner: LockOwner, space: LockSpace, key: Hashable, mode: LockMode) -> bool:
        """Whether ``acquire`` would have to wait. Changes nothing.

        For NOWAIT and READPAST, for instant locks (a RangeI-N test, a READ COMMITTED read between two switch points),
        and with mode S on a table to learn whether anybody else writes to it or waits to.
        """
        entry = space.entries.get(key)
        if entry is None:
            return False
        held = entry.granted.get(owner)
        if held is None:
            if entry.queue is None and not entry.tally & CONFLICTS[mode]:
                return False
            return bool(_conflicting_holders(entry, owner, mode) or _conflicting_waiters(entry, owner, mode))
        combined = COMBINED[held][mode]
        if combined is held:
            return False
        if combined is None:
            raise ValueError(f"{mode} cannot be requested on a resource held in {held}")
        return _must_wait(entry, owner, held, combined)

    def held_mode(self, owner: LockOwner, space: LockSpace, key: Hashable) -> LockMode:
        """The mode in which ``owner`` holds the resource, ``NL`` if not at all."""
        entry = space.entries.get(key)
        return LockMode.NL if entry is None else entry.granted.get(owner, LockMode.NL)

    def _acquire_contended(self, owner: LockOwner, entry: LockEntry, mode: LockMode) -> Acquired:
        if _conflicting_holders(entry, owner, mode) or _conflicting_waiters(entry, owner, mode):
            return self._enqueue(LockWait(self, entry, owner, mode, mode, None))
        _grant(entry, owner, mode)
        return NEW

    def _enqueue(self, wait: LockWait) -> Acquired:
        session = wait.owner.session
        if session.blocked:
            raise RuntimeError(f"session {session.session_id} already waits for a lock")
        session.wait = wait
        entry = wait.entry
        if entry.queue is None:
            entry.queue = [wait]
        elif not wait.converts:
            entry.queue.append(wait)
        else:
            conversions = sum(1 for queued in entry.queue if queued.converts)
            entry.queue.insert(conversions, wait)
        self.statistics.waits[entry.space.resource_type] += 1
        while wait.outcome is None and (cycle := find_cycle(wait, self.blockers)):
            self._break_cycle(cycle)
        return WAITING

    def _break_cycle(self, cycle: list[Step]) -> None:
        victim = choose_victim(cycle)
        deadlock = report(cycle, victim)
        self.statistics.deadlocks[victim.entry.space.resource_type] += 1
        self._end_wait(victim, WaitOutcome.VICTIM)
        if self.on_deadlock is not None:
            self.on_deadlock(deadlock)

    # -- giving back -------------------------------------------------------------------------------------------------

    def release(self, owner: LockOwner, space: LockSpace, key: Hashable) -> None:
        """Undo one ``acquire``: the resource is given up with the last of them. KeyError: not held."""
        entry = space.entries[key]
        count = owner.locks[entry]
        if count > 1:
            owner.locks[entry] = count - 1
            return
        del owner.locks[entry]
        self._give_up(owner, entry)

    def restore(self, owner: LockOwner, space: LockSpace, key: Hashable, previous: LockMode) -> None:
        """Undo one ``acquire`` that returned ``CONVERTED``: back to ``previous``, the mode held before it."""
        entry = space.entries[key]
        owner.locks[entry] -= 1
        entry.tally += UNIT[previous] - UNIT[entry.granted[owner]]
        entry.granted[owner] = previous
        if entry.queue is not None:
            self._serve_queue(entry)

    def release_all(self, owner: LockOwner) -> None:
        """Give up everything that ``owner`` holds, oldest first."""
        entries = list(owner.locks)
        owner.locks.clear()
        for entry in entries:
            self._give_up(owner, entry)

    def release_since(self, owner: LockOwner, before: Collection[LockEntry]) -> None:
        """Give up what ``owner`` holds beyond the resources held ``before`` (ROLLBACK to a savepoint): what was
        converted meanwhile stays as it is, and so do escalated locks ("ROLLBACK TRANSACTION", "Locking behavior").

        Application locks stay, too, as seen on SQL Server 2025 (RyanLamansky/sql-server-simulator, `app-locks.md`).
        """
        kept = {*before, *owner.escalated}
        for entry in [entry for entry in owner.locks if entry not in kept]:
            if entry.space.resource_type is not ResourceType.APPLICATION:
                del owner.locks[entry]
                self._give_up(owner, entry)

    def cancel(self, wait: LockWait) -> None:
        """Withdraw a queued request: its outcome becomes ``CANCELLED``. Nothing happens if the wait has ended."""
        if wait.outcome is None:
            self.statistics.cancelled[wait.entry.space.resource_type] += 1
            self._end_wait(wait, WaitOutcome.CANCELLED)

    def escalate(self, owner: LockOwner, table: LockSpace, rows: Iterable[LockSpace], mode: LockMode) -> bool:
        """Replace the locks of ``owner`` in the spaces ``rows`` by ``mode`` (S or X) on the table, unless that would
        wait.

        True: done, and the table lock counts as one more request for it. False: nothing changed.
        """
        if self.would_wait(owner, table, WHOLE, mode):
            return False
        self.acquire(owner, table, WHOLE, mode)
        owner.escalated |= {table.entries[WHOLE]}
        spaces = set(rows)
        for entry in [entry for entry in owner.locks if entry.space in spaces]:
            del owner.locks[entry]
            self._give_up(owner, entry)
        self.statistics.escalations += 1
        return True

    def _give_up(self, owner: LockOwner, entry: LockEntry) -> None:
        granted = entry.granted
        if entry.queue is None and len(granted) == 1:
            del entry.space.entries[entry.key]
            granted.clear()
            return
        entry.tally -= UNIT[granted.pop(owner)]
        if entry.queue is not None:
            self._serve_queue(entry)

    # -- the queue ---------------------------------------------------------------------------------------------------

    def _end_wait(self, wait: LockWait, outcome: WaitOutcome) -> None:
        """Take ``wait`` out of its queue ungranted and serve those behind it."""
        entry = wait.entry
        assert entry.queue is not None
        entry.queue.remove(wait)
        self._finish(wait, outcome)
        self._serve_queue(entry)

    def _serve_queue(self, entry: LockEntry) -> None:
        """Grant, in order, every queued request that conflicts neither with a holder nor with a request before it.

        The first of a queue without holders always passes, so the entry never ends up with neither.
        """
        still_waiting: list[LockWait] = []
        granted: list[LockWait] = []
        # The modes that conflict with a request still waiting (a session has one request in all queues); and the same
        # without requests for Sch-M.
        barred = barred_to_holders = 0
        for wait in entry.queue or ():
            ahead = barred if wait.previous is None else barred_to_holders
            passes = wait.converts or not ahead & UNIT[wait.mode]
            if passes and not _conflicting_holders(entry, wait.owner, wait.mode):
                _grant(entry, wait.owner, wait.mode)
                granted.append(wait)
            else:
                still_waiting.append(wait)
                barred |= CONFLICTS[wait.mode]
                if wait.mode is not LockMode.SCH_M:
                    barred_to_holders |= CONFLICTS[wait.mode]
        entry.queue = still_waiting or None
        for wait in granted:
            self._finish(wait, WaitOutcome.GRANTED)

    def _finish(self, wait: LockWait, outcome: WaitOutcome) -> None:
        wait.outcome = outcome
        if wait.on_end is not None:
            wait.on_end(wait)

    # -- looking -----------------------------------------------------------------------------------------------------

    def blockers(self, wait: LockWait) -> list[tuple[LockOwner, LockMode]]:
        """Whom ``wait`` waits for, with the mode that is in its way: holders, then requests queued before it."""
        entry = wait.entry
        found = _conflicting_holders(entry, wait.owner, wait.mode)
        if not wait.converts:
            found += _conflicting_waiters(entry, wait.owner, wait.mode, before=wait)
        return found

    def waits_for(self, sessions: Iterable[LockSession]) -> dict[LockSession, list[LockSession]]:
        """The waits-for graph: each waiting session with the sessions that block it."""
        graph: dict[LockSession, list[LockSession]] = {}
        for session in sessions:
            wait = session.wait
            if wait is not None and session.blocked:
                graph[session] = list(dict.fromkeys(owner.session for owner, _ in self.blockers(wait)))
        return graph

    def listing(self, owners: Iterable[LockOwner]) -> Iterator[LockRow]:
        """All that ``owners`` hold and wait for."""
        for owner in owners:
            for entry, count in owner.locks.items():
                yield LockRow(entry.space, entry.key, entry.granted[owner], "GRANT", owner, count)
            wait = owner.session.wait
            if wait is not None and wait.outcome is None and wait.owner is owner:
                status = "CONVERT" if wait.converts else "WAIT"
                yield LockRow(wait.entry.space, wait.entry.key, wait.requested, status, owner, 1)


def _conflicting_holders(entry: LockEntry, owner: LockOwner, mode: LockMode) -> list[tuple[LockOwner, LockMode]]:
    conflicts = CONFLICTS[mode]
    session = owner.session
    return [
        (holder, held)
        for holder, held in entry.granted.items()
        if conflicts & UNIT[held] and holder.session is not session
    ]


def _must_wait(entry: LockEntry, owner: LockOwner, held: LockMode, combined: LockMode) -> bool:
    """Whether ``owner`` has to wait before its ``held`` can become ``combined``."""
    if (entry.tally - UNIT[held]) & CONFLICTS[combined] and _conflicting_holders(entry, owner, combined):
        return True
    return held is LockMode.SCH_S and entry.queue is not None and bool(_conflicting_waiters(entry, owner, combined))


def _conflicting_waiters(
    entry: LockEntry, owner: LockOwner, mode: LockMode, before: LockWait | None = None
) -> list[tuple[LockOwner, LockMode]]:
    conflicts = CONFLICTS[mode]
    if owner in entry.granted:
        conflicts &= ~(UNIT[LockMode.SCH_M] * ((1 << TALLY_BITS) - 1))
    found = []
    for wait in entry.queue or ():
        if wait is before:
            break
        if conflicts & UNIT[wait.mode] and wait.owner.session is not owner.session:
            found.append((wait.owner, wait.mode))
    return found


def _grant(entry: LockEntry, owner: LockOwner, mode: LockMode) -> None:
    held = entry.granted.get(owner)
    entry.granted[owner] = mode
    entry.tally += UNIT[mode] - (UNIT[held] if held is not None else 0)
    owner.locks[entry] = owner.locks.get(entry, 0) + 1
