"""Transactions: savepoints, hooks, and the order of things at the end."""

import pytest

from emulator.locking.manager import WHOLE, LockManager, LockOwner, LockSession, WaitOutcome
from emulator.locking.modes import LockMode
from emulator.storage.index import IndexDefinition
from emulator.storage.keys import KeyPart
from emulator.storage.table import TableStore
from emulator.storage.transaction import Transaction


@pytest.fixture
def locks() -> LockManager:
    return LockManager()


@pytest.fixture
def table() -> TableStore:
    table = TableStore("dbo.bin", IndexDefinition("pk", (KeyPart(0, nullable=False),), unique=True))
    table.load([(1,), (2,)])
    return table


def begin(locks: LockManager) -> Transaction:
    return Transaction(LockSession(51), locks, 1000)


def test_savepoints_nest_and_repeat(locks: LockManager, table: TableStore) -> None:
    transaction = begin(locks)
    transaction.save("a")
    table.insert(transaction, (10,))
    transaction.save("b")
    table.insert(transaction, (11,))
    transaction.save("a")
    table.insert(transaction, (12,))
    assert transaction.rollback_to_savepoint("a")
    assert [row[0] for row in table.rows()] == [1, 2, 10, 11]
    assert transaction.rollback_to_savepoint("b")
    assert not transaction.rollback_to_savepoint("B")
    table.insert(transaction, (13,))
    assert transaction.rollback_to_savepoint("a")
    assert [row[0] for row in table.rows()] == [1, 2]


def test_a_rollback_to_a_savepoint_gives_back_the_locks_taken_since_but_no_conversion(
    locks: LockManager, table: TableStore
) -> None:
    transaction = begin(locks)
    locks.acquire(transaction, table.base.locks, (1,), LockMode.S)
    transaction.save("a")
    locks.acquire(transaction, table.base.locks, (1,), LockMode.X)
    locks.acquire(transaction, table.base.locks, (10,), LockMode.X)
    table.insert(transaction, (10,))
    transaction.rollback_to_savepoint("a")
    assert locks.held_mode(transaction, table.base.locks, (10,)) is LockMode.NL
    assert locks.held_mode(transaction, table.base.locks, (1,)) is LockMode.X


def test_an_escalated_lock_stays_after_a_rollback_to_a_savepoint(locks: LockManager, table: TableStore) -> None:
    transaction = begin(locks)
    transaction.save("a")
    locks.escalate(transaction, table.locks, [table.base.locks], LockMode.X)
    transaction.rollback_to_savepoint("a")
    assert locks.held_mode(transaction, table.locks, WHOLE) is LockMode.X


def test_the_end_leaves_rows_alone_that_a_rollback_to_a_savepoint_has_brought_back(
    locks: LockManager, table: TableStore
) -> None:
    transaction, other = begin(locks), begin(locks)
    transaction.save("a")
    table.delete(transaction, (1,))
    transaction.rollback_to_savepoint("a")
    table.delete(other, (1,))
    transaction.commit()
    other.rollback()
    assert [row[0] for row in table.rows()] == [1, 2]


@pytest.mark.parametrize("committed", [True, False])
def test_ghosts_and_undone_rows_are_gone_before_a_waiter_wakes(
    locks: LockManager, table: TableStore, committed: bool
) -> None:
    transaction, other = begin(locks), LockOwner(LockSession(52), 1001)
    key = (1,) if committed else (10,)
    locks.acquire(transaction, table.base.locks, key, LockMode.X)
    if committed:
        table.delete(transaction, key)
    else:
        table.insert(transaction, key)
    locks.acquire(other, table.base.locks, key, LockMode.S)
    wait = other.session.wait
    assert wait is not None
    seen: list[object] = []
    wait.on_end = lambda _: seen.append(table.base.get(key))
    transaction.commit() if committed else transaction.rollback()
    assert wait.outcome is WaitOutcome.GRANTED
    assert seen == [None]


def test_rollback_runs_other_undo_actions_in_reverse_order(locks: LockManager) -> None:
    transaction = begin(locks)
    done: list[str] = []
    transaction.on_rollback(done.append, "first")
    transaction.on_rollback(done.append, "second")
    assert transaction.has_written
    transaction.rollback()
    assert done == ["second", "first"]


def test_hooks_learn_how_the_transaction_ended(locks: LockManager) -> None:
    outcomes: list[bool] = []
    for end in (Transaction.commit, Transaction.rollback):
        transaction = begin(locks)
        transaction.on_end(outcomes.append)
        end(transaction)
        assert transaction.ended
    assert outcomes == [True, False]


def test_log_volume_grows_with_every_changed_entry(locks: LockManager, table: TableStore) -> None:
    reader, small, large = begin(locks), begin(locks), begin(locks)
    table.insert(small, (10,))
    for number in range(20, 30):
        table.insert(large, (number,))
    assert reader.log_used < small.log_used < large.log_used
