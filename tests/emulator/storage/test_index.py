"""Sorted maps: ghosts, undo, and scans that survive changes between their steps."""

from hypothesis import given, settings
from hypothesis import strategies as st

from emulator.locking.manager import LockSpace, ResourceType
from emulator.storage.index import FIRST_CHUNK, GHOST, IndexDefinition, IndexStore, describe_key, describe_rid
from emulator.storage.keys import HIGHEST, INFINITY, KeyPart
from emulator.storage.transaction import UndoLog


def make(*numbers: int) -> IndexStore:
    definition = IndexDefinition("pk", (KeyPart(0, nullable=False),), unique=True)
    index = IndexStore(definition, LockSpace(ResourceType.KEY, "t.pk"))
    index.load(((number,), (number, "row")) for number in numbers)
    return index


def numbers(index: IndexStore, *bounds: object, **options: bool) -> list[int]:
    return [key[0] for key, _ in index.scan(*bounds, **options)]  # type: ignore[arg-type]


def test_scans_respect_their_bounds() -> None:
    index = make(*range(0, 100, 10))
    assert numbers(index, (20,), (50,)) == [20, 30, 40, 50]
    assert numbers(index, (20,), (50,), low_inclusive=False, high_inclusive=False) == [30, 40]
    assert numbers(index, (15,), None) == list(range(20, 100, 10))
    assert numbers(index, None, (25,), reverse=True) == [20, 10, 0]
    assert numbers(index, (50,), (20,)) == []
    assert numbers(index, (20,), (20, HIGHEST)) == [20]


@given(st.sets(st.integers(0, 3000)), st.booleans())
def test_long_scans_give_every_key_once_in_order(present: set[int], reverse: bool) -> None:
    index = make(*present)
    assert numbers(index, reverse=reverse) == sorted(present, reverse=reverse)


def test_next_key_finds_ghosts_and_ends_at_infinity() -> None:
    index = make(10, 20, 30)
    index.write(UndoLog(), (20,), GHOST)
    assert index.next_key((10,)) == (20,)
    assert index.next_key((15,)) == (20,)
    assert index.next_key((30,)) == INFINITY
    assert index.seek((30,)) == (30,)
    assert index.seek((31,)) == INFINITY


def test_a_ghost_is_met_by_scans_but_does_not_count_or_exist() -> None:
    index, undo = make(1, 2, 3), UndoLog()
    index.write(undo, (2,), GHOST)
    assert [value is GHOST for _, value in index.scan()] == [False, True, False]
    assert len(index) == 2
    assert not index.exists((2,))
    undo.discard()
    assert numbers(index) == [1, 3]
    assert len(index) == 2


def test_a_key_inserted_over_its_own_ghost_survives_the_end() -> None:
    index, undo = make(1), UndoLog()
    index.write(undo, (1,), GHOST)
    index.write(undo, (1,), (1, "again"))
    undo.discard()
    assert index.get((1,)) == (1, "again")


def test_the_version_changes_only_when_keys_come_or_go() -> None:
    index, undo = make(1), UndoLog()
    before = index.version
    index.write(undo, (1,), (1, "other"))
    index.write(undo, (1,), GHOST)
    assert index.version == before
    index.write(undo, (2,), (2, "row"))
    assert index.version > before


change = st.tuples(st.sampled_from(["put", "ghost"]), st.integers(0, 20))


@given(st.sets(st.integers(0, 20)), st.lists(change), st.integers(0, 30), st.booleans())
def test_undo_restores_the_state_at_the_mark(
    present: set[int], changes: list[tuple[str, int]], mark_after: int, end: bool
) -> None:
    index, undo = make(*present), UndoLog()
    mark, at_mark = undo.mark(), dict(index.values)
    for count, (kind, number) in enumerate(changes):
        if count == mark_after:
            mark, at_mark = undo.mark(), dict(index.values)
        if kind == "put":
            index.write(undo, (number,), (number, count))
        elif index.exists((number,)):
            index.write(undo, (number,), GHOST)
    undo.rollback_to(mark)
    assert index.values == at_mark
    assert list(index.keys) == sorted(at_mark)
    assert index.ghosts == sum(value is GHOST for value in at_mark.values())
    if end:
        undo.discard()
        assert numbers(index) == sorted(key[0] for key, value in at_mark.items() if value is not GHOST)
        assert index.ghosts == 0


step = st.one_of(st.just(None), st.tuples(st.sampled_from(["insert", "remove"]), st.integers(0, 60)))


@settings(max_examples=300)
@given(st.sets(st.integers(0, 60)), st.lists(step, max_size=120), st.booleans(), st.integers(0, 60), st.integers(0, 60))
def test_a_scan_sees_changes_ahead_of_it_and_misses_or_repeats_nothing(
    present: set[int], steps: list[tuple[str, int] | None], reverse: bool, low: int, high: int
) -> None:
    index = make(*present)
    current = set(present)
    scan = index.scan((low,), (high,), reverse=reverse)
    position = high + 1 if reverse else low - 1
    for action in [*steps, *[None] * 70]:
        if action is None:
            ahead = [n for n in current if low <= n <= high and (n < position if reverse else n > position)]
            expected = (max(ahead) if reverse else min(ahead)) if ahead else None
            found = next(scan, None)
            assert (None if found is None else found[0][0]) == expected
            if expected is None:
                return
            position = expected
        else:
            kind, number = action
            undo = UndoLog()
            if kind == "insert":
                index.write(undo, (number,), (number, "row"))
                current.add(number)
            elif index.exists((number,)):
                index.write(undo, (number,), GHOST)
                current.discard(number)
            undo.discard()


def test_a_scan_under_way_notices_that_the_content_was_replaced() -> None:
    index = make(*range(FIRST_CHUNK * 3))
    scan = index.scan()
    next(scan)
    index.replace_content(UndoLog())
    assert list(scan) == []


def test_replaced_content_comes_back_on_rollback() -> None:
    index, undo = make(1, 2), UndoLog()
    index.replace_content(undo, [((5,), (5, "row"))])
    assert numbers(index) == [5]
    undo.rollback_to(0)
    assert numbers(index) == [1, 2]


def test_a_copy_of_the_content_can_be_restored_repeatedly() -> None:
    index = make(1, 2)
    content = index.content()
    for number in (7, 8):
        index.write(UndoLog(), (number,), (number, "row"))
        index.restore_content(content)
        assert numbers(index) == [1, 2]


def test_entries_of_a_unique_index_leave_out_the_base_key() -> None:
    parts = (KeyPart(1, nullable=False),)
    space = LockSpace(ResourceType.KEY, "t.ix")
    row, base_key = (7, "bin", None), (7,)
    assert IndexStore(IndexDefinition("ix", parts), space).entry_key(row, base_key) == ("bin", 7)
    assert IndexStore(IndexDefinition("ix", parts, unique=True), space).entry_key(row, base_key) == ("bin",)
    filtered = IndexDefinition("ix", parts, predicate=lambda r: r[2] is not None, predicate_columns=(2,))
    assert IndexStore(filtered, space).entry_key(row, base_key) is None


def test_resources_are_described_as_in_the_lock_view() -> None:
    assert describe_key(INFINITY) == "(ffffffffffff)"
    assert describe_key((1, "a")) == describe_key((1, "a")) != describe_key((1, "b"))
    assert len(describe_key((1,))) == 14
    assert describe_rid((205,)) == "1:2:5"
