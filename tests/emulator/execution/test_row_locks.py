"""The policy of a scan, from level, hints and purpose.

"Transaction locking and row versioning guide", "Table hints (Transact-SQL)".
"""

from __future__ import annotations

import pytest

from emulator.errors import SqlError
from emulator.execution.row_locks import LockHints, Versions, lock_policy
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
    assert policy.keeps_rejected is (level >= REPEATABLE)
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
    for level, versions in ((Isolation.SNAPSHOT, False), (COMMITTED, True)):
        with pytest.raises(SqlError) as refused:
            lock_policy(LockHints(read_past=True), level, target=False, read_committed_snapshot=versions)
        assert refused.value.number == 650


@pytest.mark.parametrize(
    ("hints", "level", "versions"),
    [
        (PLAIN, COMMITTED, Versions.STATEMENT),
        (LockHints(isolation=COMMITTED), Isolation.SNAPSHOT, Versions.STATEMENT),
        (LockHints(isolation=COMMITTED, reads_locked=True), COMMITTED, None),
        (LockHints(mode=LockMode.U), COMMITTED, None),
        (LockHints(whole_table=True), COMMITTED, None),
        (LockHints(isolation=REPEATABLE), Isolation.SNAPSHOT, None),
        (PLAIN, UNCOMMITTED, None),
        (PLAIN, SERIALIZABLE, None),
        (PLAIN, Isolation.SNAPSHOT, Versions.TRANSACTION),
        (LockHints(mode=LockMode.U), Isolation.SNAPSHOT, Versions.TRANSACTION),
    ],
)
def test_versions_are_read_where_nothing_asks_for_locks(
    hints: LockHints, level: Isolation, versions: Versions | None
) -> None:
    policy = lock_policy(hints, level, target=False, read_committed_snapshot=True)
    assert policy.versions is versions
    if versions is not None and not hints.mode:
        assert (policy.table, policy.table_held, policy.row) == (LockMode.SCH_S, False, LockMode.NL)


def test_the_target_of_a_change_is_read_from_versions_at_level_snapshot_alone() -> None:
    assert lock_policy(PLAIN, COMMITTED, target=True, read_committed_snapshot=True).versions is None
    policy = lock_policy(PLAIN, Isolation.SNAPSHOT, target=True)
    assert (policy.versions, policy.row, policy.current) == (Versions.TRANSACTION, LockMode.U, True)
