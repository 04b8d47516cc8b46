"""Operators on their own: joins, sorting, cutting."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.errors import SqlError
from emulator.execution.joins import hash_join, key_of, nested_loops, outer_nested_loops
from emulator.execution.projection import project
from emulator.execution.sorting import RowLimit, SortKey, cut, order_rows
from emulator.planning.binding import Env

LEFT, RIGHT = 2, 3


def rows_of(slot: int, values: list[Any]) -> Any:
    def rows(env: Env) -> Iterator[None]:
        for value in values:
            env[slot] = (value,)
            yield

    return rows


def column(slot: int) -> Any:
    return lambda env: env[slot][0]


def run(rows: Any) -> list[tuple[Any, Any]]:
    env: Env = [[], None, None, None]
    return [(env[LEFT][0], env[RIGHT][0]) for _ in rows(env)]


KEYS = st.lists(st.none() | st.integers(0, 3), max_size=6)


@given(KEYS, KEYS)
def test_hash_joins_and_nested_loops_agree(left: list[Any], right: list[Any]) -> None:
    outer, inner = rows_of(LEFT, left), rows_of(RIGHT, right)

    def matching(env: Env) -> Iterator[None]:
        for _ in inner(env):
            if env[LEFT][0] is not None and env[LEFT][0] == env[RIGHT][0]:
                yield

    keys = key_of([column(LEFT)]), key_of([column(RIGHT)])
    assert run(hash_join(outer, inner, [RIGHT], *keys)) == run(nested_loops(outer, matching))
    nulls = [(RIGHT, (None,))]
    assert run(hash_join(outer, inner, [RIGHT], *keys, nulls=nulls)) == run(outer_nested_loops(outer, matching, nulls))


@given(KEYS, KEYS)
def test_a_full_join_has_every_row_of_both_sides(left: list[Any], right: list[Any]) -> None:
    keys = key_of([column(LEFT)]), key_of([column(RIGHT)])
    joined = run(
        hash_join(
            rows_of(LEFT, left),
            rows_of(RIGHT, right),
            [RIGHT],
            *keys,
            nulls=[(RIGHT, (None,))],
            outer_nulls=[(LEFT, (None,))],
        )
    )
    pairs = [(a, b) for a in left for b in right if a is not None and a == b]
    pairs += [(a, None) for a in left if a is None or a not in right]
    pairs += [(None, b) for b in right if b is None or b not in left]
    assert sorted(joined, key=repr) == sorted(pairs, key=repr)


@given(st.lists(st.tuples(st.none() | st.integers(0, 2), st.none() | st.integers(0, 2))), st.booleans(), st.booleans())
def test_rows_are_sorted_by_each_key_in_its_direction(rows: list[Any], first: bool, second: bool) -> None:
    keys = [SortKey(lambda env: env[LEFT][0][0], None, first), SortKey(lambda env: env[LEFT][0][1], None, second)]
    env: Env = [[], None, None]
    ordered = [env[LEFT][0] for _ in order_rows(rows_of(LEFT, rows), [LEFT], keys)(env)]

    def rank(value: Any, descending: bool) -> int:
        number = -1 if value is None else value
        return -number if descending else number

    assert ordered == sorted(rows, key=lambda row: (rank(row[0], first), rank(row[1], second)))


def cut_values(values: list[Any], limit: RowLimit) -> list[Any]:
    env: Env = [[], None, None]
    return [row[0] for row in cut(project(rows_of(LEFT, values), lambda env: env[LEFT]), limit)(env)]


def test_top_stops_and_does_not_ask_for_more() -> None:
    asked = []

    def rows(env: Env) -> Iterator[tuple[Any, ...]]:
        for value in range(10):
            asked.append(value)
            yield (value,)

    assert list(cut(rows, RowLimit(count=lambda env: 2))([])) == [(0,), (1,)]
    assert asked == [0, 1]


def test_ties_percentages_and_pages() -> None:
    values = [1, 1, 2, 2, 2, 3]
    assert cut_values(values, RowLimit(count=lambda env: 3, ties=[column(LEFT)])) == [1, 1, 2, 2, 2]
    assert cut_values(values, RowLimit(count=lambda env: 0, ties=[column(LEFT)])) == []
    assert cut_values(values, RowLimit(count=lambda env: 20.0, percent=True)) == [1, 1]
    assert cut_values(values, RowLimit(count=lambda env: 40.0, percent=True, ties=[column(LEFT)])) == [1, 1, 2, 2, 2]
    assert cut_values(values, RowLimit(count=lambda env: 2, offset=lambda env: 4, is_fetch=True)) == [2, 3]


@pytest.mark.parametrize(
    ("limit", "number"),
    [
        (RowLimit(count=lambda env: -1), 127),
        (RowLimit(count=lambda env: None), 1060),
        (RowLimit(count=lambda env: 100.5, percent=True), 1031),
        (RowLimit(offset=lambda env: -1), 10742),
        (RowLimit(count=lambda env: 0, offset=lambda env: 0, is_fetch=True), 10744),
    ],
)
def test_a_limit_that_makes_no_sense_is_an_error(limit: RowLimit, number: int) -> None:
    with pytest.raises(SqlError) as raised:
        cut_values([1], limit)
    assert raised.value.number == number
