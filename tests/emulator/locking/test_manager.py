"""Granting, queueing, converting and releasing locks."""

import pytest

from emulator.locking.escalation import EscalationWatch
from emulator.locking.manager import (
    WHOLE,
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

IS, IX, S, U, X = LockMode.IS, LockMode.IX, LockMode.S, LockMode.U, LockMode.X
SCH_S, SCH_M = LockMode.SCH_S, LockMode.SCH_M
RANGE_S_S, RANGE_I_N = LockMode.RANGE_S_S, LockMode.RANGE_I_N
KEY = (1,)
NEXT = (2,)


@pytest.fixture
def locks() -> LockManager:
    return LockManager()


@pytest.fixture
def space() -> LockSpace:
    return LockSpace(ResourceType.KEY, "dbo.stock.pk_stock")


def owners(count: int) -> list[LockOwner]:
    return [LockOwner(LockSession(51 + number), number) for number in range(count)]


def queue(locks: LockManager, owner: LockOwner, space: LockSpace, mode: LockMode) -> LockWait:
    assert locks.acquire(owner, space, KEY, mode) is Acquired.WAITING
    assert owner.session.wait is not None
    return owner.session.wait


def test_acquire_tells_new_covered_and_converted_apart(locks: LockManager, space: LockSpace) -> None:
    (a,) = owners(1)
    assert locks.acquire(a, space, KEY, S) is Acquired.NEW
    assert locks.acquire(a, space, KEY, S) is Acquired.COVERED
    assert locks.acquire(a, space, KEY, U) is Acquired.CONVERTED
    assert locks.acquire(a, space, KEY, S) is Acquired.COVERED
    assert locks.held_mode(a, space, KEY) is U


def test_a_lock_goes_with_its_last_release(locks: LockManager, space: LockSpace) -> None:
    (a,) = owners(1)
    locks.acquire(a, space, KEY, X)
    locks.acquire(a, space, KEY, S)
    locks.release(a, space, KEY)
    assert locks.held_mode(a, space, KEY) is X
    locks.release(a, space, KEY)
    assert not space.entries
    assert not a.locks


def test_restore_returns_from_update_to_shared(locks: LockManager, space: LockSpace) -> None:
    a, b = owners(2)
    locks.acquire(a, space, KEY, S)
    locks.acquire(a, space, KEY, U)
    wait = queue(locks, b, space, U)
    locks.restore(a, space, KEY, S)
    assert wait.outcome is WaitOutcome.GRANTED
    assert locks.held_mode(a, space, KEY) is S
    locks.release(a, space, KEY)
    assert locks.held_mode(a, space, KEY) is LockMode.NL


def test_a_second_reader_waits_behind_a_queued_writer(locks: LockManager, space: LockSpace) -> None:
    a, b, c = owners(3)
    locks.acquire(a, space, KEY, S)
    writer = queue(locks, b, space, X)
    reader = queue(locks, c, space, S)
    locks.release_all(a)
    assert (writer.outcome, reader.outcome) == (WaitOutcome.GRANTED, None)
    locks.release_all(b)
    assert reader.outcome is WaitOutcome.GRANTED


def test_a_request_that_conflicts_with_nobody_queued_does_not_wait(locks: LockManager, space: LockSpace) -> None:
    a, b, c = owners(3)
    locks.acquire(a, space, KEY, LockMode.SCH_S)
    locks.acquire(a, space, KEY, IX)
    queue(locks, b, space, S)
    assert locks.acquire(c, space, KEY, IS) is Acquired.NEW


def test_writers_proceed_in_the_order_of_their_requests(locks: LockManager, space: LockSpace) -> None:
    everyone = owners(10)
    locks.acquire(everyone[0], space, KEY, X)
    waits = [queue(locks, owner, space, X) for owner in everyone[1:]]
    for turn, owner in enumerate(everyone[:-1]):
        locks.release_all(owner)
        assert [wait.outcome is WaitOutcome.GRANTED for wait in waits] == [n <= turn for n in range(9)]


def test_readers_behind_a_writer_are_granted_together(locks: LockManager, space: LockSpace) -> None:
    a, b, c, d = owners(4)
    locks.acquire(a, space, KEY, X)
    waits = [queue(locks, owner, space, S) for owner in (b, c)] + [queue(locks, d, space, U)]
    locks.release_all(a)
    assert all(wait.outcome is WaitOutcome.GRANTED for wait in waits)


def test_a_conversion_goes_before_new_requests(locks: LockManager, space: LockSpace) -> None:
    a, b, c = owners(3)
    locks.acquire(a, space, KEY, S)
    locks.acquire(b, space, KEY, S)
    newcomer = queue(locks, c, space, X)
    conversion = queue(locks, a, space, X)
    assert conversion.previous is S
    locks.release_all(b)
    assert (conversion.outcome, conversion.acquired) == (WaitOutcome.GRANTED, Acquired.CONVERTED)
    assert newcomer.outcome is None


def test_a_conversion_that_conflicts_with_no_holder_overtakes_the_queue(locks: LockManager, space: LockSpace) -> None:
    a, b, c = owners(3)
    locks.acquire(a, space, KEY, S)
    locks.acquire(b, space, KEY, S)
    queue(locks, c, space, X)
    assert locks.acquire(a, space, KEY, U) is Acquired.CONVERTED


def test_who_holds_sch_s_alone_waits_behind_earlier_requests(locks: LockManager, space: LockSpace) -> None:
    a, b, c = owners(3)
    locks.acquire(a, space, KEY, IX)
    writer = queue(locks, b, space, X)
    assert locks.acquire(c, space, KEY, SCH_S) is Acquired.NEW
    assert locks.would_wait(c, space, KEY, IS)
    reader = queue(locks, c, space, IS)
    assert locks.blockers(reader) == [(b, X)]
    assert [row.status for row in locks.listing([c])] == ["GRANT", "WAIT"]
    locks.release_all(a)
    assert (writer.outcome, reader.outcome) == (WaitOutcome.GRANTED, None)
    locks.release_all(b)
    assert (reader.outcome, reader.acquired) == (WaitOutcome.GRANTED, Acquired.CONVERTED)


def test_who_holds_sch_s_passes_those_who_wait_for_sch_m(locks: LockManager, space: LockSpace) -> None:
    a, b, c, d = owners(4)
    locks.acquire(a, space, KEY, X)
    locks.acquire(b, space, KEY, SCH_S)
    definition = queue(locks, c, space, SCH_M)
    reader = queue(locks, b, space, IS)
    newcomer = queue(locks, d, space, IS)
    assert (locks.blockers(reader), locks.blockers(newcomer)) == ([(a, X)], [(a, X), (c, SCH_M)])
    locks.release_all(a)
    assert (reader.outcome, definition.outcome, newcomer.outcome) == (WaitOutcome.GRANTED, None, None)
    assert locks.acquire(b, space, KEY, S) is Acquired.CONVERTED
    locks.release_all(b)
    assert (definition.outcome, newcomer.outcome) == (WaitOutcome.GRANTED, None)


def test_a_cancelled_request_lets_those_behind_it_pass(locks: LockManager, space: LockSpace) -> None:
    a, b, c = owners(3)
    locks.acquire(a, space, KEY, S)
    writer = queue(locks, b, space, X)
    reader = queue(locks, c, space, S)
    writer.cancel()
    assert (writer.outcome, reader.outcome) == (WaitOutcome.CANCELLED, WaitOutcome.GRANTED)
    writer.cancel()
    assert locks.statistics.cancelled.total() == 1


def test_the_end_of_a_wait_is_announced_once(locks: LockManager, space: LockSpace) -> None:
    a, b = owners(2)
    ended: list[LockWait] = []
    locks.acquire(a, space, KEY, X)
    wait = queue(locks, b, space, X)
    wait.on_end = ended.append
    locks.release_all(a)
    wait.cancel()
    assert ended == [wait]
    assert locks.held_mode(b, space, KEY) is X


def test_would_wait_changes_nothing(locks: LockManager, space: LockSpace) -> None:
    a, b, c = owners(3)
    assert not locks.would_wait(a, space, KEY, X)
    assert not space.entries
    locks.acquire(a, space, KEY, S)
    assert not locks.would_wait(b, space, KEY, S)
    assert locks.would_wait(b, space, KEY, X)
    assert not locks.would_wait(a, space, KEY, X)
    queue(locks, b, space, X)
    assert locks.would_wait(c, space, KEY, S)
    assert list(space.entries[KEY].granted) == [a]


def test_a_table_shows_at_once_whether_others_write_to_it(locks: LockManager) -> None:
    table = LockSpace(ResourceType.OBJECT, "dbo.stock")
    a, b, c = owners(3)
    locks.acquire(a, table, WHOLE, IX)
    locks.acquire(b, table, WHOLE, IS)
    assert not locks.would_wait(a, table, WHOLE, S)
    assert locks.would_wait(b, table, WHOLE, S)
    assert locks.would_wait(c, table, WHOLE, S)


def test_owners_of_one_session_do_not_block_each_other(locks: LockManager, space: LockSpace) -> None:
    session = LockSession(51)
    of_session, transaction = LockOwner(session), LockOwner(session, 7)
    (other,) = owners(1)
    locks.acquire(of_session, space, KEY, X)
    assert not locks.would_wait(transaction, space, KEY, X)
    assert locks.acquire(transaction, space, KEY, X) is Acquired.NEW
    wait = queue(locks, other, space, S)
    locks.release_all(transaction)
    assert wait.outcome is None
    locks.release_all(of_session)
    assert wait.outcome is WaitOutcome.GRANTED


def test_inserts_into_one_gap_do_not_block_each_other(locks: LockManager, space: LockSpace) -> None:
    a, b = owners(2)
    locks.acquire(a, space, NEXT, RANGE_I_N)
    assert locks.acquire(b, space, NEXT, RANGE_I_N) is Acquired.NEW


def test_an_insert_waits_for_a_range_but_not_for_a_row(locks: LockManager, space: LockSpace) -> None:
    a, b = owners(2)
    locks.acquire(a, space, NEXT, X)
    assert not locks.would_wait(b, space, NEXT, RANGE_I_N)
    locks.release_all(a)
    locks.acquire(a, space, NEXT, RANGE_S_S)
    assert locks.would_wait(b, space, NEXT, RANGE_I_N)
    assert not locks.would_wait(b, space, NEXT, S)
    assert not locks.would_wait(a, space, NEXT, RANGE_I_N)


def test_two_upserts_that_hold_the_same_range_block_each_others_insert(locks: LockManager, space: LockSpace) -> None:
    a, b = owners(2)
    for owner in (a, b):
        locks.acquire(owner, space, NEXT, RANGE_S_S)
    assert locks.acquire(a, space, NEXT, RANGE_I_N) is Acquired.WAITING
    assert locks.acquire(b, space, NEXT, RANGE_I_N) is Acquired.WAITING
    outcomes = {owner.session.wait.outcome for owner in (a, b) if owner.session.wait is not None}
    assert outcomes == {WaitOutcome.VICTIM, None}


def test_update_with_serializable_makes_the_second_upsert_wait(locks: LockManager, space: LockSpace) -> None:
    a, b = owners(2)
    locks.acquire(a, space, NEXT, LockMode.RANGE_S_U)
    assert locks.would_wait(b, space, NEXT, LockMode.RANGE_S_U)
    assert locks.acquire(a, space, NEXT, RANGE_I_N) is Acquired.CONVERTED
    assert locks.held_mode(a, space, NEXT) is LockMode.RANGE_X_U


def test_a_range_mode_on_an_object_is_refused(locks: LockManager, space: LockSpace) -> None:
    (a,) = owners(1)
    locks.acquire(a, space, KEY, IX)
    with pytest.raises(ValueError, match="RangeS-S"):
        locks.acquire(a, space, KEY, RANGE_S_S)


def test_escalation_replaces_row_locks_by_a_table_lock(locks: LockManager, space: LockSpace) -> None:
    table = LockSpace(ResourceType.OBJECT, "dbo.stock")
    a, b = owners(2)
    locks.acquire(a, table, WHOLE, IX)
    for number in range(10):
        locks.acquire(a, space, (number,), X)
    wait_for_row = locks.acquire(b, table, WHOLE, IS), locks.acquire(b, space, (3,), S)
    assert wait_for_row == (Acquired.NEW, Acquired.WAITING)
    assert not locks.escalate(a, table, [space], X)
    assert len(space.entries) == 10
    assert b.session.wait is not None
    b.session.wait.cancel()
    locks.release_all(b)
    assert locks.escalate(a, table, [space], X)
    assert locks.held_mode(a, table, WHOLE) is X
    assert not space.entries
    assert len(a.locks) == 1


@pytest.mark.parametrize(("locked_before", "due"), [(1, [6250]), (1000, [6250, 7500]), (1300, [7500])])
def test_escalation_is_due_at_multiples_of_1250_locks_from_5000_on_one_index_on(
    locks: LockManager, space: LockSpace, locked_before: int, due: list[int]
) -> None:
    """What other statements have locked counts in the multiple, but not in the 5,000."""
    other = LockSpace(ResourceType.KEY, "dbo.other.pk")
    (a,) = owners(1)
    for number in range(locked_before):
        locks.acquire(a, other, (number,), X)
    watch, found = EscalationWatch(a), []
    for number in range(7000):
        locks.acquire(a, space, (number,), X)
        if watch.is_due(space):
            found.append(len(a.locks))
    assert found == due


def test_the_listing_shows_granted_waiting_and_converting_requests(locks: LockManager, space: LockSpace) -> None:
    a, b, c = owners(3)
    locks.acquire(a, space, KEY, S)
    locks.acquire(b, space, KEY, S)
    queue(locks, a, space, X)
    queue(locks, c, space, S)
    listed = [(row.owner, row.mode, row.status) for row in locks.listing([a, b, c])]
    assert listed == [(a, S, "GRANT"), (a, X, "CONVERT"), (b, S, "GRANT"), (c, S, "WAIT")]


def test_the_graph_names_holders_and_earlier_waiters(locks: LockManager, space: LockSpace) -> None:
    a, b, c = owners(3)
    locks.acquire(a, space, KEY, S)
    queue(locks, b, space, X)
    queue(locks, c, space, S)
    graph = locks.waits_for(owner.session for owner in (a, b, c))
    assert graph == {b.session: [a.session], c.session: [b.session]}
