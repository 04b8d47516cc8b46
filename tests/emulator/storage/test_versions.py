"""Row versions: what snapshots see of rows and index entries, and when versions go.

"Transaction locking and row versioning guide": "Row versioning-based isolation levels".
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from emulator.locking.manager import LockManager, LockSession
from emulator.storage.index import GHOST, IndexDefinition
from emulator.storage.keys import KeyPart
from emulator.storage.table import TableStore
from emulator.storage.transaction import Transaction
from emulator.storage.versions import Snapshot, VersionStore

LOCKS = LockManager()
BY_ID = IndexDefinition("pk", (KeyPart(0, nullable=False),), unique=True)
BY_BIN = IndexDefinition("by_bin", (KeyPart(1, nullable=False),))


def begin() -> Transaction:
    return Transaction(LockSession(51), LOCKS, 1)


def make(*rows: tuple[int, int]) -> TableStore:
    table = TableStore("dbo.stock", BY_ID, versions=VersionStore())
    table.add_index(begin(), BY_BIN)
    table.load(rows)
    return table


def store_of(table: TableStore) -> VersionStore:
    assert table.versions is not None
    return table.versions


def by_id(table: TableStore, snapshot: Snapshot, **options: bool) -> list[Any]:
    return [row for _, row in table.base.scan_at(snapshot, **options)]


def by_bin(table: TableStore, snapshot: Snapshot, **options: bool) -> list[Any]:
    entries = table.indexes["by_bin"].scan_at(snapshot, **options)
    return [table.base.value_at(key, snapshot) for _, key in entries]


def chains(table: TableStore) -> list[Any]:
    histories = [index.history for index in (table.base, *table.indexes.values())]
    return [(history.chains, list(history.departed)) for history in histories if history is not None]


def test_a_snapshot_sees_neither_what_is_under_way_nor_what_was_committed_later() -> None:
    table = make((1, 10), (2, 20))
    reader = store_of(table).begin(begin())
    writer = begin()
    table.update(writer, (1,), (1, 11))
    table.delete(writer, (2,))
    table.insert(writer, (3, 5))
    assert by_id(table, reader) == [(1, 10), (2, 20)]
    writer.commit()
    assert by_id(table, reader) == [(1, 10), (2, 20)]
    assert by_bin(table, reader, reverse=True) == [(2, 20), (1, 10)]
    later = store_of(table).begin(begin())
    assert by_bin(table, later) == [(3, 5), (1, 11)]


def test_a_writer_sees_its_own_changes_in_its_snapshot() -> None:
    table = make((1, 10), (2, 20))
    own = begin()
    snapshot = store_of(table).begin(own)
    table.update(own, (1,), (7, 10))
    other = begin()
    table.update(other, (2,), (2, 25))
    other.commit()
    assert by_id(table, snapshot) == [(2, 20), (7, 10)]
    own.rollback_to(0)
    assert by_id(table, snapshot) == [(1, 10), (2, 20)]


def test_a_row_whose_key_moved_is_seen_once_in_its_old_place() -> None:
    table = make((1, 10), (2, 20), (3, 30))
    reader = store_of(table).begin(begin())
    for key, new in (((1,), (9, 90)), ((9,), (2_000, 15))):
        writer = begin()
        table.update(writer, key, new)
        writer.commit()
    assert by_id(table, reader) == [(1, 10), (2, 20), (3, 30)]
    assert by_bin(table, reader) == [(1, 10), (2, 20), (3, 30)]
    assert list(table.base.keys) == [(2,), (3,), (2_000,)]


def test_changes_since_a_snapshot_are_told_from_its_own() -> None:
    table = make((1, 10), (2, 20))
    own = begin()
    snapshot = store_of(table).begin(own)
    table.update(own, (1,), (1, 11))
    other = begin()
    table.delete(other, (2,))
    other.commit()
    assert [table.base.changed_since(key, snapshot) for key in ((1,), (2,), (3,))] == [False, True, False]


def test_versions_go_with_the_last_snapshot_that_needs_them() -> None:
    table = make((1, 10))
    versions = store_of(table)
    old = versions.begin(begin())
    for place in (11, 12, 13):
        writer = begin()
        table.update(writer, (1,), (1, place))
        writer.commit()
        if place == 11:
            young = versions.begin(begin())
    assert (by_id(table, old), by_id(table, young)) == ([(1, 10)], [(1, 11)])
    versions.end(old)
    assert by_id(table, young) == [(1, 11)]
    assert versions.kept == 6
    versions.end(young)
    assert (versions.kept, versions.snapshots) == (0, 0)
    assert chains(table) == [({}, []), ({}, [])]


def test_without_snapshots_nothing_is_kept_beyond_a_transaction() -> None:
    table = make((1, 10))
    writer = begin()
    table.delete(writer, (1,))
    table.insert(writer, (1, 11))
    assert chains(table) != [({}, []), ({}, [])]
    writer.commit()
    rolled_back = begin()
    table.insert(rolled_back, (2, 20))
    rolled_back.rollback()
    assert chains(table) == [({}, []), ({}, [])]


def test_truncation_can_be_undone_under_a_snapshot() -> None:
    table = make((1, 10), (2, 20))
    reader = store_of(table).begin(begin())
    first = begin()
    table.delete(first, (1,))
    first.commit()
    writer = begin()
    table.update(writer, (2,), (2, 25))
    table.truncate(writer)
    table.insert(writer, (1, 1))
    writer.rollback()
    assert by_id(table, reader) == [(1, 10), (2, 20)]
    store_of(table).end(reader)
    assert chains(table) == [({}, []), ({}, [])]


def test_long_scans_of_a_snapshot_survive_changes_between_their_steps() -> None:
    table = make(*((number, number) for number in range(3000)))
    reader = store_of(table).begin(begin())
    seen = []
    for key, _ in table.base.scan_at(reader):
        seen.append(key[0])
        if key[0] % 7 == 0:
            writer = begin()
            table.delete(writer, (2999 - key[0] // 7,))
            table.insert(writer, (10_000 + key[0], 0))
            writer.commit()
    assert seen == list(range(3000))


IDS = st.integers(0, 12)
BINS = st.integers(0, 5)


class Versions(RuleBasedStateMachine):
    """Two writers under row locks, and snapshots that must go on seeing the rows of the moment when they began."""

    def __init__(self) -> None:
        super().__init__()
        self.table = make(*((number, number % 3) for number in range(0, 12, 2)))
        self.versions = store_of(self.table)
        self.committed = {row[0]: row for row in self.table.rows()}
        self.writers = [begin(), begin()]
        self.changes: list[dict[int, tuple[int, int] | None]] = [{}, {}]
        self.savepoints: list[tuple[int, dict[int, Any]]] = [(0, {}), (0, {})]
        self.snapshots: list[tuple[Snapshot, dict[int, Any]]] = []

    def _free(self, who: int, *ids: int) -> bool:
        """Whether the row locks of the other writer are not in the way."""
        return not any(number in self.changes[1 - who] for number in ids)

    def _seen(self, who: int) -> dict[int, Any]:
        merged: dict[int, Any] = {**self.committed, **self.changes[who]}
        return {number: row for number, row in merged.items() if row is not None}

    @rule(who=st.integers(0, 1), number=IDS, place=BINS)
    def write(self, who: int, number: int, place: int) -> None:
        if not self._free(who, number):
            return
        if number in self._seen(who):
            self.table.update(self.writers[who], (number,), (number, place))
        else:
            self.table.insert(self.writers[who], (number, place))
        self.changes[who][number] = (number, place)

    @rule(who=st.integers(0, 1), number=IDS)
    def delete(self, who: int, number: int) -> None:
        if self._free(who, number) and number in self._seen(who):
            self.table.delete(self.writers[who], (number,))
            self.changes[who][number] = None

    @rule(who=st.integers(0, 1), old=IDS, new=IDS)
    def move(self, who: int, old: int, new: int) -> None:
        seen = self._seen(who)
        if self._free(who, old, new) and old in seen and new not in seen:
            row = (new, seen[old][1])
            self.table.update(self.writers[who], (old,), row)
            self.changes[who].update({old: None, new: row})

    @rule(who=st.integers(0, 1))
    def save(self, who: int) -> None:
        self.savepoints[who] = self.writers[who].mark(), dict(self.changes[who])

    @rule(who=st.integers(0, 1))
    def return_to_savepoint(self, who: int) -> None:
        mark, changes = self.savepoints[who]
        self.writers[who].rollback_to(mark)
        held = dict.fromkeys(self.changes[who])
        self.changes[who] = {number: self.committed.get(number) for number in held} | changes

    @rule(who=st.integers(0, 1), commits=st.booleans())
    def end(self, who: int, commits: bool) -> None:
        if commits:
            self.committed = self._seen(who)
            self.writers[who].commit()
        else:
            self.writers[who].rollback()
        self.writers[who], self.changes[who], self.savepoints[who] = begin(), {}, (0, {})

    @rule()
    def look(self) -> None:
        self.snapshots.append((self.versions.begin(begin()), dict(self.committed)))

    @precondition(lambda self: self.snapshots)
    @rule(data=st.data())
    def look_away(self, data: st.DataObject) -> None:
        place = data.draw(st.integers(0, len(self.snapshots) - 1))
        self.versions.end(self.snapshots.pop(place)[0])

    @invariant()
    def snapshots_see_what_was_committed(self) -> None:
        for snapshot, rows in self.snapshots:
            expected = [rows[number] for number in sorted(rows)]
            assert by_id(self.table, snapshot) == expected
            assert by_id(self.table, snapshot, reverse=True) == expected[::-1]
            assert by_bin(self.table, snapshot) == sorted(expected, key=lambda row: (row[1], row[0]))
        for number in range(13):
            for snapshot, rows in self.snapshots:
                assert self.table.base.value_at((number,), snapshot) == rows.get(number, GHOST)

    @invariant()
    def writers_see_their_own_changes_in_a_new_snapshot(self) -> None:
        for who, writer in enumerate(self.writers):
            snapshot = self.versions.begin(writer)
            assert by_id(self.table, snapshot) == _in_order(self._seen(who).values())
            self.versions.end(snapshot)

    def teardown(self) -> None:
        for snapshot, _ in self.snapshots:
            self.versions.end(snapshot)
        for writer in self.writers:
            writer.rollback()
        assert (self.versions.kept, self.versions.snapshots) == (0, 0)
        assert chains(self.table) == [({}, []), ({}, [])]
        assert list(self.table.rows()) == _in_order(self.committed.values())


def _in_order(rows: Iterable[Any]) -> list[Any]:
    return sorted(rows)


TestVersions = Versions.TestCase
TestVersions.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
