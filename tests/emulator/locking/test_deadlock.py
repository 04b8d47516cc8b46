"""Finding cycles, choosing victims, reporting ("Deadlocks guide")."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from emulator.locking import manager
from emulator.locking.deadlock import Deadlock, Step, find_cycle
from emulator.locking.manager import (
    Acquired,
    LockManager,
    LockOwner,
    LockSession,
    LockSpace,
    LockWait,
    ResourceType,
    WaitOutcome,
)
from emulator.locking.modes import LockMode

if TYPE_CHECKING:
    from emulator.locking.deadlock import Blockers

S, U, X = LockMode.S, LockMode.U, LockMode.X


class Scene:
    """Some owners on some keys of one index, and the deadlocks that happened."""

    def __init__(self, count: int) -> None:
        self.reports: list[Deadlock] = []
        self.locks = LockManager(self.reports.append)
        self.space = LockSpace(ResourceType.KEY, "dbo.stock.pk_stock", describe=lambda key: f"({key})")
        self.owners = [LockOwner(LockSession(51 + n), n + 1) for n in range(count)]

    def take(self, owner: int, key: int, mode: LockMode) -> Acquired:
        return self.locks.acquire(self.owners[owner], self.space, key, mode)

    def outcome(self, owner: int) -> WaitOutcome | None:
        wait = self.owners[owner].session.wait
        assert wait is not None
        return wait.outcome


def ring(scene: Scene) -> None:
    """Each owner locks its own key and then asks for the next one's."""
    count = len(scene.owners)
    for owner in range(count):
        assert scene.take(owner, owner, X) is Acquired.NEW
    for owner in range(count):
        assert scene.take(owner, (owner + 1) % count, X) is Acquired.WAITING


@pytest.mark.parametrize("count", [2, 3, 7])
def test_a_ring_of_waits_ends_with_one_victim(count: int) -> None:
    scene = Scene(count)
    ring(scene)
    outcomes = [scene.outcome(owner) for owner in range(count)]
    assert outcomes == [None] * (count - 1) + [WaitOutcome.VICTIM]
    assert [report.victim_session_id for report in scene.reports] == [50 + count]
    assert len(scene.reports[0].participants) == count


def test_the_lowest_priority_is_the_victim() -> None:
    scene = Scene(3)
    scene.owners[0].session.deadlock_priority = -5
    scene.owners[1].log_used = 0
    for owner in scene.owners:
        owner.log_used = 1000
    ring(scene)
    assert scene.outcome(0) is WaitOutcome.VICTIM


def test_at_equal_priority_the_least_log_is_the_victim() -> None:
    scene = Scene(3)
    for owner, log_used in zip(scene.owners, (500, 200, 900), strict=True):
        owner.log_used = log_used
    ring(scene)
    assert scene.outcome(1) is WaitOutcome.VICTIM
    assert scene.outcome(2) is None


def test_two_readers_that_want_to_write_deadlock_in_conversion() -> None:
    scene = Scene(2)
    scene.take(0, 1, S)
    scene.take(1, 1, S)
    assert scene.take(0, 1, X) is Acquired.WAITING
    assert scene.take(1, 1, X) is Acquired.WAITING
    assert scene.outcome(1) is WaitOutcome.VICTIM
    scene.locks.release_all(scene.owners[1])
    assert scene.outcome(0) is WaitOutcome.GRANTED


def test_update_locks_avoid_the_conversion_deadlock() -> None:
    scene = Scene(2)
    scene.take(0, 1, U)
    assert scene.take(1, 1, U) is Acquired.WAITING
    assert scene.take(0, 1, X) is Acquired.CONVERTED
    assert not scene.reports


def test_a_cycle_through_an_earlier_waiter_is_found() -> None:
    scene = Scene(3)
    scene.take(0, 1, S)
    scene.take(2, 2, X)
    scene.take(1, 1, X)  # waits for 0
    scene.take(0, 2, S)  # waits for 2
    assert scene.take(2, 1, S) is Acquired.WAITING  # compatible with 0, but behind 1
    assert [report.victim_session_id for report in scene.reports] == [53]
    blockers = [(part.session_id, part.blocking_session_id) for part in scene.reports[0].participants]
    assert blockers == [(53, 52), (52, 51), (51, 53)]
    assert [part.blocking_waits for part in scene.reports[0].participants] == [True, False, False]


def test_a_wait_that_closes_two_cycles_ends_with_none_left() -> None:
    scene = Scene(3)
    scene.owners[2].session.deadlock_priority = 5
    for owner in (0, 1):
        scene.take(owner, 1, S)
    scene.take(2, 2, X)
    scene.take(0, 2, S)
    scene.take(1, 2, S)
    scene.take(2, 1, X)
    assert len(scene.reports) == 2
    assert scene.outcome(0) is scene.outcome(1) is WaitOutcome.VICTIM
    assert scene.outcome(2) is None
    for owner in (0, 1):
        scene.locks.release_all(scene.owners[owner])
    assert scene.outcome(2) is WaitOutcome.GRANTED


def test_a_session_that_waits_in_its_transaction_still_blocks_with_its_application_locks() -> None:
    scene = Scene(2)
    applications = LockSpace(ResourceType.APPLICATION, "application locks")
    session_owner = LockOwner(scene.owners[0].session)
    scene.locks.acquire(session_owner, applications, "putaway", X)
    scene.take(1, 1, X)
    scene.take(0, 1, X)
    assert scene.locks.acquire(scene.owners[1], applications, "putaway", X) is Acquired.WAITING
    assert len(scene.reports) == 1


def test_the_report_tells_who_waits_for_what_and_whom() -> None:
    scene = Scene(2)
    scene.take(0, 1, S)
    scene.take(1, 1, S)
    scene.take(0, 1, X)
    scene.take(1, 1, X)
    first, second = scene.reports[0].participants
    assert (first.session_id, first.held, first.requested, first.blocking_session_id, first.blocking_mode) == (
        (52, S, X, 51, S)
    )
    assert (second.session_id, second.space, second.key, second.group_mode, second.blocking_waits) == (
        (51, scene.space, 1, S, False)
    )


def find_cycle_by_every_edge(start: LockWait, blockers: Blockers) -> list[Step] | None:
    """The definition of the search, without knowing anything about queues."""
    origin, visited, path = start.owner.session, {start.owner.session}, []

    def search(wait: LockWait) -> bool:
        for owner, mode in blockers(wait):
            if owner.session is not origin and owner.session in visited:
                continue
            path.append((wait, owner, mode))
            if owner.session is origin:
                return True
            visited.add(owner.session)
            if owner.session.blocked and owner.session.wait is not None and search(owner.session.wait):
                return True
            path.pop()
        return False

    return path if search(start) else None


SESSIONS, KEYS = 6, 3
REQUESTS = st.lists(
    st.tuples(
        st.integers(0, 2 * SESSIONS - 1), st.integers(0, KEYS - 1), st.sampled_from([None, S, S, U, X, LockMode.IX])
    ),
    max_size=60,
)


@settings(max_examples=300, deadline=None)
@given(REQUESTS)
@example([(6, 0, X), (1, 0, X), (0, 0, X)])
def test_the_search_finds_the_cycle_that_a_search_along_every_edge_finds(
    requests: list[tuple[int, int, LockMode | None]],
) -> None:
    found: list[list[list[tuple[int, int, int]]]] = []
    for search in (find_cycle, find_cycle_by_every_edge):
        cycles: list[list[tuple[int, int, int]]] = []

        def noting(start: LockWait, blockers: Blockers, search: Any = search, cycles: Any = cycles) -> Any:
            cycle = search(start, blockers)
            if cycle:
                cycles.append([(wait.owner.owner_id, owner.owner_id, mode) for wait, owner, mode in cycle])
            return cycle

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(manager, "find_cycle", noting)
            _run(requests)
        found.append(cycles)
    assert found[0] == found[1]


def _run(requests: list[tuple[int, int, LockMode | None]]) -> None:
    """Each session has two owners. A request without a mode gives everything back; who waits asks for nothing."""
    locks, space = LockManager(), LockSpace(ResourceType.KEY, "dbo.stock.pk_stock")
    sessions = [LockSession(number) for number in range(SESSIONS)]
    owners = [LockOwner(sessions[number % SESSIONS], number) for number in range(2 * SESSIONS)]
    for number, key, mode in requests:
        owner = owners[number]
        if owner.session.blocked:
            continue
        if mode is None:
            locks.release_all(owner)
        else:
            locks.acquire(owner, space, key, mode)
