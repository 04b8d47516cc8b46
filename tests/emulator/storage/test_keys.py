"""Key order: NULLs, descending columns, sort keys, prefixes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.storage.keys import (
    HIGHEST,
    INFINITY,
    LOWEST,
    NULL_LAST,
    KeyPart,
    Reversed,
    key_encoder,
    prefix_encoder,
    prefix_range,
)


@pytest.mark.parametrize("value", [0, -1.5, "", "z", b"\xff", (1, 2), Reversed("a")])
def test_sentinels_lie_around_every_value(value: object) -> None:
    in_order = [LOWEST, value, NULL_LAST, HIGHEST]
    assert sorted([HIGHEST, value, LOWEST, NULL_LAST]) == in_order  # type: ignore[type-var]
    assert (LOWEST,) < (value,) < (NULL_LAST,) < (HIGHEST,)
    assert not (value,) < (LOWEST,)
    assert not (value,) > (HIGHEST,)
    assert LOWEST <= LOWEST
    assert not LOWEST < LOWEST


cell = st.one_of(st.none(), st.integers(-3, 3))
text_cell = st.one_of(st.none(), st.sampled_from(["a", "A", "b", "B", "c"]))
row = st.tuples(cell, cell, text_cell, cell)
part = st.builds(KeyPart, st.sampled_from([0, 1, 3]), st.none(), st.booleans(), st.just(True))
text_part = st.builds(KeyPart, st.just(2), st.just(str.lower), st.booleans(), st.just(True))


def naive_order(parts: list[KeyPart], left: tuple[object, ...], right: tuple[object, ...]) -> int:
    for key_part in parts:
        a, b = left[key_part.ordinal], right[key_part.ordinal]
        if key_part.sort_key is not None:
            a, b = (None if value is None else key_part.sort_key(value) for value in (a, b))
        order = (a is not None) - (b is not None) or (a is not None and ((a > b) - (a < b)))  # type: ignore[operator]
        if order:
            return -order if key_part.descending else order
    return 0


@given(st.lists(st.one_of(part, text_part), min_size=1, max_size=5), row, row)
def test_keys_order_rows_as_their_columns_do(
    parts: list[KeyPart], left: tuple[object, ...], right: tuple[object, ...]
) -> None:
    encode = key_encoder(parts)
    a, b = encode(left), encode(right)
    assert naive_order(parts, left, right) == (a > b) - (a < b)
    assert (a == b) == (naive_order(parts, left, right) == 0)
    assert a != b or hash(a) == hash(b)
    assert a < INFINITY


@given(st.integers(1, 5), st.tuples(*[st.integers()] * 5))
def test_plain_columns_are_taken_as_they_are(width: int, values: tuple[int, ...]) -> None:
    parts = [KeyPart(ordinal, nullable=False) for ordinal in reversed(range(width))]
    assert key_encoder(parts)(values) == values[:width][::-1]


@given(st.lists(row, max_size=20), st.integers(0, 2), row)
def test_a_prefix_range_holds_exactly_the_keys_with_that_prefix(
    rows: list[tuple[object, ...]], width: int, sought: tuple[object, ...]
) -> None:
    parts = [KeyPart(0, descending=True), KeyPart(1), KeyPart(2, str.lower, descending=True)]
    encode, encode_prefix = key_encoder(parts), prefix_encoder(parts)
    prefix = encode_prefix(sought[:width])
    low, high = prefix_range(prefix)
    for candidate in rows:
        key = encode(candidate)
        assert (low <= key < high) == (key[:width] == prefix)


def test_a_prefix_may_be_a_whole_key() -> None:
    parts = [KeyPart(1, str.lower), KeyPart(0)]
    assert prefix_encoder(parts)(["PICK", 7]) == key_encoder(parts)((7, "pick"))
