"""Which tables may have uncommitted changes.

Paul White, "The Case of the Missing Shared Locks".
"""

from emulator.locking.manager import LockManager, LockSession
from emulator.storage.changes import ChangeClock
from emulator.storage.index import IndexDefinition
from emulator.storage.keys import KeyPart
from emulator.storage.table import TableStore
from emulator.storage.transaction import Transaction


def begin(clock: ChangeClock) -> Transaction:
    transaction = Transaction(LockSession(51), LockManager(), 1000)
    transaction.began = clock.now
    return transaction


def table() -> TableStore:
    return TableStore("dbo.bin", IndexDefinition("pk", (KeyPart(0, nullable=False),), unique=True))


def test_a_table_may_be_uncommitted_when_it_was_changed_after_the_oldest_open_transaction_began() -> None:
    clock, changed, untouched = ChangeClock(), table(), table()
    writer = begin(clock)
    clock.note(writer, changed)
    assert clock.may_be_uncommitted(changed, [None, writer])
    assert not clock.may_be_uncommitted(untouched, [writer])
    writer.commit()
    assert not clock.may_be_uncommitted(changed, [begin(clock)])


def test_a_rollback_changes_a_table_once_more() -> None:
    clock, changed = ChangeClock(), table()
    writer = begin(clock)
    clock.note(writer, changed)
    later = begin(clock)
    assert not clock.may_be_uncommitted(changed, [later])
    writer.rollback()
    assert clock.may_be_uncommitted(changed, [later])
