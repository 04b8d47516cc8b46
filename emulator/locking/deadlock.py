"""The deadlock monitor: finds the cycle that a new wait closes, chooses the victim, and reports both.

SQL Server looks for cycles every few seconds and sooner when it found one; here each new wait is searched at once,
which ends in the same way without the delay (documentation: "Deadlocks guide", "Deadlock detection" and "SET
DEADLOCK_PRIORITY").

Victim: the lowest deadlock priority, then the one cheapest to roll back (least log written). Among equals SQL Server
chooses at random, as documented; here it is the one whose wait closed the cycle, as in all published schedules.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from emulator.locking.modes import STRENGTHS, LockMode

if TYPE_CHECKING:
    from emulator.locking.manager import LockOwner, LockSession, LockSpace, LockWait

    Blockers = Callable[[LockWait], list[tuple[LockOwner, LockMode]]]


@dataclass(frozen=True, slots=True)
class Participant:
    """One session of a deadlock: what it waits for, and the session and mode that it waits for there.

    ``space`` and ``key`` are the resource, ``group_mode`` the strongest mode in which it is held. ``held`` is what the
    session holds on it while it waits to convert (NL otherwise), since ``since`` by the caller's clock.
    ``blocking_mode`` is the mode that ``blocking_session_id`` holds there, or, if ``blocking_waits``, asked for before.
    """

    session_id: int
    owner_id: int
    deadlock_priority: int
    log_used: int
    space: LockSpace
    key: Hashable
    group_mode: LockMode
    held: LockMode
    requested: LockMode
    since: float | None
    blocking_session_id: int
    blocking_mode: LockMode
    blocking_waits: bool


@dataclass(frozen=True, slots=True)
class Deadlock:
    """A cycle of waits: each participant waits for the next one, the last for the first."""

    victim_session_id: int
    participants: tuple[Participant, ...]


Step = tuple["LockWait", "LockOwner", LockMode]
"""A wait, the owner in its way and that owner's mode."""


def find_cycle(start: LockWait, blockers: Blockers) -> list[Step] | None:
    """The steps from ``start`` back to its own session, or None. Searched depth first, in order of the queues.

    A request that waits in the same queue for the same mode, further ahead, is blocked by nobody who does not block the
    one behind it, and these have been visited before it. So a queue is gone through once, however long it is.
    """
    origin = start.owner.session
    visited: set[LockSession] = {origin}
    path: list[Step] = []

    def search(wait: LockWait) -> bool:
        holds_too = any(holder.session is wait.owner.session for holder in wait.entry.granted)
        for owner, mode in blockers(wait):
            session = owner.session
            if session is not origin and session in visited:
                continue
            path.append((wait, owner, mode))
            if session is origin:
                return True
            visited.add(session)
            ahead = session.wait
            if ahead is not None and ahead.outcome is None:
                alike = ahead.owner is owner and ahead.entry is wait.entry and ahead.mode is wait.mode
                if (holds_too or not alike or ahead.previous is not None) and search(ahead):
                    return True
            path.pop()
        return False

    return path if search(start) else None


def choose_victim(cycle: list[Step]) -> LockWait:
    """The wait to end: lowest priority, then least log used, then the one that closed the cycle: its first."""
    waits = [wait for wait, _, _ in cycle]
    return min(waits, key=lambda wait: (wait.owner.session.deadlock_priority, wait.owner.log_used))


def report(cycle: list[Step], victim: LockWait) -> Deadlock:
    """The deadlock as plain data, taken before the victim's wait ends."""
    return Deadlock(victim.owner.session.session_id, tuple(_participant(*step) for step in cycle))


def _participant(wait: LockWait, blocker: LockOwner, blocking_mode: LockMode) -> Participant:
    session, entry = wait.owner.session, wait.entry
    return Participant(
        session_id=session.session_id,
        owner_id=wait.owner.owner_id,
        deadlock_priority=session.deadlock_priority,
        log_used=wait.owner.log_used,
        space=entry.space,
        key=entry.key,
        group_mode=max(entry.granted.values(), default=LockMode.NL, key=STRENGTHS.__getitem__),
        held=wait.previous if wait.converts and wait.previous is not None else LockMode.NL,
        requested=wait.requested,
        since=wait.since,
        blocking_session_id=blocker.session.session_id,
        blocking_mode=blocking_mode,
        blocking_waits=entry.granted.get(blocker) is not blocking_mode,
    )
