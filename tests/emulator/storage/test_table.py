"""Tables: rows and their index entries change together and come back together."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.storage.index import GHOST, IndexDefinition
from emulator.storage.keys import KeyPart
from emulator.storage.table import DuplicateKey, EntryChange, Identity, TableStore
from emulator.storage.transaction import UndoLog

ID, CODE, QUANTITY, NOTE = range(4)
PRIMARY = IndexDefinition("pk", (KeyPart(ID, nullable=False),), unique=True)
BY_CODE = IndexDefinition("uq_code", (KeyPart(CODE, str.lower),), unique=True)
BY_QUANTITY = IndexDefinition("ix_quantity", (KeyPart(QUANTITY, descending=True),), included=(NOTE,))
POSITIVE = IndexDefinition(
    "ix_positive", (KeyPart(ID),), predicate=lambda row: row[QUANTITY] > 0, predicate_columns=(QUANTITY,)
)


def stock(clustered: IndexDefinition | None = PRIMARY) -> TableStore:
    table = TableStore("dbo.stock", clustered, object_id=100)
    undo = UndoLog()
    for definition in (BY_CODE, BY_QUANTITY, POSITIVE):
        table.add_index(undo, definition)
    for row in [(1, "a", 5, "x"), (2, "b", 0, "y"), (3, "c", 5, "z")]:
        table.insert(undo, row)
    undo.discard()
    return table


def check(table: TableStore) -> None:
    """Each index holds exactly the entries of the rows."""
    rows = [(key, row) for key, row in table.base.scan() if row is not GHOST]
    for index in table.indexes.values():
        expected = sorted((entry, key) for key, row in rows if (entry := index.entry_key(row, key)) is not None)
        assert [(entry, key) for entry, key in index.scan() if key is not GHOST] == expected
    assert table.row_count == len(rows)


def test_rows_come_in_clustered_order_and_entries_in_theirs() -> None:
    table = stock()
    check(table)
    assert [row[ID] for row in table.rows()] == [1, 2, 3]
    assert [key for _, key in table.indexes["ix_quantity"].scan()] == [(1,), (3,), (2,)]
    assert [key for _, key in table.indexes["ix_positive"].scan()] == [(1,), (3,)]
    assert table.indexes["uq_code"].get(("b",)) == (2,)


def test_a_heap_keeps_rows_in_order_of_arrival_and_admits_equal_ones() -> None:
    table = TableStore("dbo.log")
    undo = UndoLog()
    keys = [table.insert(undo, row) for row in [(2, "b"), (1, "a"), (2, "b")]]
    assert list(table.rows()) == [(2, "b"), (1, "a"), (2, "b")]
    assert len(set(keys)) == 3
    assert table.is_heap
    assert table.update(undo, keys[1], (9, "a")) == keys[1]


def test_a_clustered_index_that_is_not_unique_tells_equal_keys_apart() -> None:
    table = TableStore("dbo.log", IndexDefinition("cx", (KeyPart(0),)))
    undo = UndoLog()
    first, second = table.insert(undo, (1, "a")), table.insert(undo, (1, "b"))
    assert first < second
    moved = table.update(undo, first, (2, "a"))
    assert list(table.rows()) == [(1, "b"), (2, "a")]
    assert table.base.get(moved) == (2, "a")


@pytest.mark.parametrize(("row", "index"), [((1, "new", 1, ""), "pk"), ((9, "B", 1, ""), "uq_code")])
def test_a_duplicate_is_refused_and_changes_nothing(row: tuple[object, ...], index: str) -> None:
    table, undo = stock(), UndoLog()
    with pytest.raises(DuplicateKey) as refused:
        table.insert(undo, row)
    assert refused.value.index.name == index
    assert not undo.records
    check(table)


def test_a_deleted_row_leaves_ghosts_in_every_index_until_the_end() -> None:
    table, undo = stock(), UndoLog()
    assert table.delete(undo, (1,)) == (1, "a", 5, "x")
    assert table.base.get((1,)) is GHOST
    assert table.indexes["uq_code"].get(("a",)) is GHOST
    check(table)
    with pytest.raises(KeyError):
        table.update(undo, (1,), (1, "a", 5, "x"))
    undo.discard()
    assert table.base.get((1,)) is None
    assert table.indexes["uq_code"].get(("a",)) is None


def test_a_row_can_be_inserted_again_where_it_was_deleted() -> None:
    table, undo = stock(), UndoLog()
    table.delete(undo, (1,))
    table.insert(undo, (1, "a", 7, "again"))
    undo.discard()
    check(table)
    assert table.base.get((1,)) == (1, "a", 7, "again")


def test_an_update_writes_only_the_entries_whose_keys_change() -> None:
    table, undo = stock(), UndoLog()
    table.update(undo, (1,), (1, "a", 5, "other note"))
    assert len(undo.records) == 1
    table.update(undo, (1,), (1, "A", 5, "other note"))
    assert len(undo.records) == 2
    table.update(undo, (1,), (1, "A", 4, "other note"))
    assert len(undo.records) == 5
    check(table)


def test_changed_entries_name_what_an_update_must_lock() -> None:
    table = stock()
    quantity, positive = table.indexes["ix_quantity"], table.indexes["ix_positive"]
    old = (1, "a", 5, "x")
    assert table.changed_entries((1,), old, (1, "A", 5, "x")) == [
        EntryChange(table.indexes["uq_code"], ("a",), ("a",)),
    ]
    assert table.changed_entries((1,), old, (1, "a", 5, "note")) == [EntryChange(quantity, (-5, 1), (-5, 1))]
    assert table.changed_entries((1,), old, (1, "a", 0, "x")) == [
        EntryChange(quantity, (-5, 1), (0, 1)),
        EntryChange(positive, (1, 1), None),
    ]
    assert [change.index.name for change in table.changed_entries((1,), old, (8, "a", 5, "x"))] == list(table.indexes)


def test_an_update_of_the_clustered_key_moves_the_row_and_all_its_entries() -> None:
    table, undo = stock(), UndoLog()
    assert table.update(undo, (1,), (10, "a", 5, "x")) == (10,)
    check(table)
    assert table.indexes["uq_code"].get(("a",)) == (10,)
    undo.rollback_to(0)
    check(table)
    assert table.base.get((1,)) == (1, "a", 5, "x")


def test_one_statement_can_exchange_unique_keys_among_rows() -> None:
    table, undo = stock(), UndoLog()
    shifted = [((n,), (n + 1, "cab"[n - 1], 1, "")) for n in (1, 2, 3)]
    assert table.update_rows(undo, shifted) == [(2,), (3,), (4,)]
    undo.discard()
    check(table)
    assert [row[:2] for row in table.rows()] == [(2, "c"), (3, "a"), (4, "b")]


def test_a_failing_set_update_is_taken_back_to_the_mark() -> None:
    table, undo = stock(), UndoLog()
    table.insert(undo, (4, "d", 1, ""))
    mark = undo.mark()
    with pytest.raises(DuplicateKey):
        table.update_rows(undo, [((1,), (1, "x", 1, "")), ((2,), (2, "d", 1, ""))])
    undo.rollback_to(mark)
    undo.discard()
    check(table)
    assert [row[CODE] for row in table.rows()] == ["a", "b", "c", "d"]


def test_truncate_empties_at_once_and_can_be_undone() -> None:
    table, undo = stock(), UndoLog()
    table.identity = Identity(last=3)
    table.truncate(undo)
    assert (table.row_count, table.identity.draw()) == (0, 1)
    undo.rollback_to(0)
    check(table)
    assert (table.row_count, table.identity.last) == (3, 3)


def test_an_index_added_later_is_filled_and_goes_again_on_rollback() -> None:
    table, undo = stock(), UndoLog()
    table.delete(undo, (3,))
    mark = undo.mark()
    index = table.add_index(undo, IndexDefinition("ix_note", (KeyPart(NOTE),)))
    assert [key for key, _ in index.scan()] == [("x", 1), ("y", 2)]
    table.insert(undo, (4, "d", 1, "w"))
    undo.rollback_to(mark)
    assert "ix_note" not in table.indexes
    with pytest.raises(DuplicateKey):
        table.insert(undo, (4, "a", 1, ""))


def test_a_unique_index_cannot_be_added_over_duplicates() -> None:
    table, undo = stock(), UndoLog()
    with pytest.raises(DuplicateKey):
        table.add_index(undo, IndexDefinition("uq", (KeyPart(QUANTITY),), unique=True))
    assert "uq" not in table.indexes


def test_a_dropped_index_comes_back_as_it_was() -> None:
    table, undo = stock(), UndoLog()
    table.drop_index(undo, "uq_code")
    table.insert(undo, (4, "a", 1, "same code"))
    undo.rollback_to(0)
    check(table)
    assert len(table.indexes["uq_code"]) == 3


def test_a_heap_becomes_clustered_and_returns_on_rollback() -> None:
    table, undo = stock(None), UndoLog()
    table.rebuild(undo, PRIMARY)
    check(table)
    assert [key for key, _ in table.base.scan()] == [(1,), (2,), (3,)]
    table.update(undo, (2,), (2, "b", 8, "y"))
    undo.rollback_to(0)
    check(table)
    assert table.is_heap
    assert next(iter(table.rows())) == (1, "a", 5, "x")


def test_a_rebuild_can_give_the_rows_new_columns() -> None:
    table, undo = stock(), UndoLog()
    table.rebuild(undo, PRIMARY, [BY_CODE], lambda row: (*row, 0))
    undo.discard()
    check(table)
    assert list(table.indexes) == ["uq_code"]
    assert {len(row) for row in table.rows()} == {5}


def test_loading_in_bulk_fills_every_index_or_refuses_duplicates() -> None:
    table = stock()
    table.load((n, f"code{n}", n % 3, "") for n in range(500))
    check(table)
    with pytest.raises(DuplicateKey):
        table.load([(1, "a", 1, ""), (1, "b", 1, "")])
    assert table.row_count == 500


def test_a_snapshot_restores_content_and_counters_any_number_of_times() -> None:
    table = stock(None)
    table.identity = Identity(last=3)
    snapshot, before = table.snapshot(), list(table.base.scan())
    for _ in range(2):
        undo = UndoLog()
        key = table.insert(undo, (table.identity.draw(), "new", 1, ""))
        assert key == (4,)
        undo.discard()
        table.restore(snapshot)
        check(table)
        assert list(table.base.scan()) == before
        assert table.identity.last == 3


def test_identity_values_follow_the_increment_and_explicit_values() -> None:
    identity = Identity(seed=10, increment=-5)
    assert [identity.draw(), identity.draw()] == [10, 5]
    identity.note(100)
    assert identity.draw() == 0
    identity.note(-50)
    assert identity.draw() == -55


statement = st.one_of(
    st.tuples(st.just("insert"), st.integers(0, 6), st.sampled_from("abcdAB"), st.integers(-1, 2)),
    st.tuples(st.just("update"), st.integers(0, 6), st.integers(0, 6), st.sampled_from("abcdAB"), st.integers(-1, 2)),
    st.tuples(st.just("delete"), st.integers(0, 6)),
    st.tuples(st.sampled_from(["commit", "rollback"])),
)


@given(st.lists(statement, max_size=30))
def test_indexes_always_agree_with_the_rows(statements: list[tuple[object, ...]]) -> None:
    table, undo = stock(), UndoLog()
    model = {row[ID]: row for row in table.rows()}
    committed = dict(model)
    for kind, *arguments in statements:
        mark = undo.mark()
        if kind in ("commit", "rollback"):
            if kind == "rollback":
                undo.rollback_to(0)
                model = dict(committed)
            undo.discard()
            committed = dict(model)
        elif kind == "delete":
            number = arguments[0]
            if number in model:
                table.delete(undo, (number,))
                del model[number]
        else:
            new = (*arguments[-3:], "note")
            others = {n: r for n, r in model.items() if kind == "insert" or n != arguments[0]}
            clash = new[0] in others or any(r[CODE].lower() == new[1].lower() for r in others.values())  # type: ignore[attr-defined]
            if kind == "update" and arguments[0] not in model:
                continue
            try:
                if kind == "insert":
                    table.insert(undo, new)
                else:
                    table.update(undo, (arguments[0],), new)
                assert not clash
                model = {**others, new[0]: new}
            except DuplicateKey:
                assert clash
                undo.rollback_to(mark)
        check(table)
        assert {row[ID]: row for row in table.rows()} == model
    undo.discard()
    assert all(index.ghosts == 0 for index in (table.base, *table.indexes.values()))
