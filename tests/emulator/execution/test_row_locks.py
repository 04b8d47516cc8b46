"""The policy of a scan, from level, hints and purpose.

"Transaction locking and row versioning guide", "Table hints (Transact-SQL)".
"""

from __future__ import annotations

import pytest

from emulator.errors import NotSupported, SqlError
from emulator.execution.row_locks import LockHints, lock_policy
from emulator.execution.settings import Isolation
from emulator.locking.modes import LockMode

UNCOMMITTED, COMMITTED = Isolation.READ_UNCOMMITTED, Isolation.READ_COMMITTED
REPEATABLE, SERIALIZABLE = Isolation.REPEATABLE_READ, Isolation.SERIALIZABLE
PLAIN = LockHints()


@pytest.mark.parametrize(
    ("level", "table", "row", "key_range", "held"),
    [
        (UNCOMMITTED, LockMode.SCH_S, LockMode.NL, LockMode.NL, False),
        (COMMITTED, LockMode.IS, LockMode.S, LockMode.NL, False),
        (REPEATABLE, LockMode.IS, LockMode.S, LockMode.NL, True),
        (SERIALIZABLE, LockMode.IS, LockMode.S, LockMode.RANGE_S_S, True),
    ],
)
def test_a_reader_locks_by_its_level(
    level: Isolation, table: LockMode, row: LockMode, key_range: LockMode, held: bool
) -> None:
    policy = lock_policy(PLAIN, level, target=False)
    assert (policy.table, policy.row, policy.key_range, policy.held) == (table, row, key_range, held)


@pytest.mark.parametrize("level", [UNCOMMITTED, COMMITTED, REPEATABLE, SERIALIZABLE])
def test_the_target_of_a_change_is_read_with_update_locks_at_every_level(level: Isolation) -> None:
    policy = lock_policy(PLAIN, level, target=True)
    assert (policy.table, policy.row, policy.held) == (LockMode.IX, LockMode.U, True)
    assert policy.keeps_unqualified is (level >= REPEATABLE)
    assert policy.key_range is (LockMode.RANGE_S_U if level is SERIALIZABLE else LockMode.NL)


def test_a_lock_on_the_whole_table_makes_those_on_rows_needless() -> None:
    reader = lock_policy(LockHints(whole_table=True), COMMITTED, target=False)
    assert (reader.table, reader.row, reader.table_held) == (LockMode.S, LockMode.NL, False)
    writer = lock_policy(LockHints(whole_table=True), COMMITTED, target=True)
    assert (writer.table, writer.row, writer.table_held) == (LockMode.X, LockMode.NL, True)


def test_readpast_and_snapshot_are_refused_where_they_do_not_belong() -> None:
    for level in (UNCOMMITTED, SERIALIZABLE):
        with pytest.raises(SqlError) as refused:
            lock_policy(LockHints(read_past=True), level, target=False)
        assert refused.value.number == 650
    with pytest.raises(NotSupported):
        lock_policy(PLAIN, Isolation.SNAPSHOT, target=False)
