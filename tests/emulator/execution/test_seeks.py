"""Key ranges of seeks, against the keys that they are to contain."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.execution.seeks import Bound, Equality, Prefix, bounds_of, key_maker, like_prefix
from emulator.locking.manager import LockSpace, ResourceType
from emulator.storage.index import IndexDefinition, IndexStore
from emulator.storage.keys import KeyPart
from emulator.types.comparison import sort_key
from emulator.types.sqltype import DEFAULT_COLLATION, varchar

VALUES = st.none() | st.integers(-3, 3)


def constant(value: Any) -> Any:
    return lambda env: value


def index_of(rows: list[tuple[Any, ...]], parts: tuple[KeyPart, ...]) -> IndexStore:
    index = IndexStore(IndexDefinition("ix", parts, unique=True), LockSpace(ResourceType.KEY, "ix"))
    index.load({index.encode(row): row for row in rows}.items())
    return index


@given(
    st.lists(st.tuples(VALUES, VALUES), unique=True),
    st.booleans(),
    st.lists(VALUES, min_size=1, max_size=3),
    st.none() | st.tuples(VALUES, st.booleans()),
    st.none() | st.tuples(VALUES, st.booleans()),
)
def test_a_seek_contains_exactly_the_keys_that_qualify(
    rows: list[tuple[Any, ...]], descending: bool, equal: list[Any], low: Any, high: Any
) -> None:
    parts = (KeyPart(0), KeyPart(1, descending=descending))
    bounds = bounds_of(
        parts,
        [Equality(tuple(constant(value) for value in equal))],
        None if low is None else Bound(constant(low[0]), low[1]),
        None if high is None else Bound(constant(high[0]), high[1]),
    )

    def qualifies(row: tuple[Any, ...]) -> bool:
        if row[0] is None or row[0] not in equal:
            return False
        for bound, direction in ((low, 1), (high, -1)):
            if bound is None:
                continue
            if bound[0] is None or row[1] is None:
                return False
            distance = (row[1] - bound[0]) * direction
            if distance < 0 or (distance == 0 and not bound[1]):
                return False
        return True

    index = index_of(rows, parts)
    found = [row for key_range in bounds([]) for _, row in index.scan(*key_range)]
    assert sorted(found, key=repr) == sorted(filter(qualifies, rows), key=repr)
    assert [index.encode(row) for row in found] == sorted(index.encode(row) for row in found)


def test_null_is_sought_only_where_it_equals_null() -> None:
    parts = (KeyPart(0),)
    assert key_maker(parts, [Equality((constant(None),))])([]) is None
    key = key_maker(parts, [Equality((constant(None),), null_matches=True)])([])
    assert key is not None
    assert index_of([(None,), (1,)], parts).get(key) == (None,)


def test_a_prefix_follows_the_collation() -> None:
    type = varchar(20, DEFAULT_COLLATION)
    parts = (KeyPart(0, sort_key(type)),)
    index = index_of([("ab",), ("AB c",), ("abz",), ("ac",), ("a",), ("b",)], parts)
    (key_range,) = bounds_of(parts, [], prefix=Prefix(constant("Ab")))([])
    assert [row for _, row in index.scan(*key_range)] == [("ab",), ("AB c",), ("abz",)]


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (Bound(constant("abb"), inclusive=False), None, ["abc", "abz"]),
        (Bound(constant("abb"), inclusive=True), Bound(constant("abz"), inclusive=False), ["abb", "abc"]),
        (None, Bound(constant("abc"), inclusive=True), ["ab", "abb", "abc"]),
        (Bound(constant("a"), inclusive=True), Bound(constant("z"), inclusive=True), ["ab", "abb", "abc", "abz"]),
        (Bound(constant("ac"), inclusive=True), None, []),
        (None, Bound(constant("aa"), inclusive=True), []),
        (Bound(constant(None), inclusive=True), None, []),
    ],
)
def test_a_prefix_and_a_range_on_one_column_narrow_each_other(
    low: Bound | None, high: Bound | None, expected: list[str]
) -> None:
    parts = (KeyPart(0, sort_key(varchar(20, DEFAULT_COLLATION))),)
    index = index_of([(text,) for text in ("a", "ab", "abb", "abc", "abz", "ac", "b")], parts)
    ranges = bounds_of(parts, [], low, high, Prefix(constant("ab")))([])
    assert [row[0] for key_range in ranges for _, row in index.scan(*key_range)] == expected


def test_the_text_before_the_first_wildcard_is_the_prefix() -> None:
    assert like_prefix("abc%d", None) == "abc"
    assert like_prefix("a[bc]", None) == "a"
    assert like_prefix("%a", None) == ""
    assert like_prefix("10!%_", "!") == "10%"
