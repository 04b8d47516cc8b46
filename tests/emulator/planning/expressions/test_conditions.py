"""AND, OR, NOT and IS NULL with three values (documentation: "NULL and UNKNOWN (Transact-SQL)")."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.planning.binding import SourceColumn
from emulator.planning.expressions import compile_filter, condition_slots, split_conjuncts
from emulator.types.sqltype import INT

TRUE, FALSE, UNKNOWN = "1 = 1", "1 = 0", "1 = NULL"
VALUES = {TRUE: True, FALSE: False, UNKNOWN: None}


@pytest.mark.parametrize("left", VALUES)
@pytest.mark.parametrize("right", VALUES)
def test_the_truth_tables(bench: Any, left: str, right: str) -> None:
    values = [VALUES[left], VALUES[right]]
    conjunction = False if False in values else None if None in values else True
    disjunction = True if True in values else None if None in values else False
    assert bench.test(f"{left} AND {right}") is conjunction
    assert bench.test(f"{left} OR {right}") is disjunction
    assert bench.test(f"NOT ({left} AND {right})") is (None if conjunction is None else not conjunction)


@pytest.mark.parametrize("count", [2, 3, 4, 5, 6])
def test_filters_of_any_length_agree_with_the_full_logic(bench: Any, count: int) -> None:
    for name in range(count):
        bench.declare(f"@v{name}", INT, 1)
    names = [f"@v{name} = 1" for name in range(count)]
    assert bench.test(" AND ".join(names)) is True
    for position in range(count):
        bench.values[position] = 0
        assert bench.test(" AND ".join(names)) is False
        assert bench.test(" OR ".join(names)) is True
        bench.values[position] = 1
    bench.values[:] = [0] * count
    assert bench.test(" OR ".join(names)) is False


def test_an_and_stops_at_the_first_condition_that_fails(bench: Any) -> None:
    bench.declare("@zero", INT, 0)
    where = bench.predicate("@zero <> 0 AND 1 / @zero = 1")
    assert not compile_filter(where, None, bench.context)(bench.env)


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("@nothing IS NULL", True),
        ("@nothing IS NOT NULL", False),
        ("@one IS NULL", False),
        ("Nothing IS NULL", True),
        ("Nothing IS NOT NULL", False),
        ("Nothing + 1 IS NULL", True),
        ("Id + 1 IS NOT NULL", True),
        ("NULL IS NULL", True),
    ],
)
def test_is_null(bench: Any, text: str, result: bool) -> None:
    bench.declare("@nothing", INT)
    bench.declare("@one", INT, 1)
    bench.table("t", [SourceColumn("Id", INT), SourceColumn("Nothing", INT)], (1, None))
    assert bench.test(text) is result


def test_a_condition_knows_the_rows_it_reads(bench: Any) -> None:
    first = bench.table("t", [SourceColumn("Id", INT)], (1,))
    second = bench.table("u", [SourceColumn("Ref", INT)], (1,))
    slots = condition_slots(bench.predicate("Id = Ref AND Id > 0"), bench.scope, bench.context)
    assert slots == {first.slot, second.slot}
    assert condition_slots(bench.predicate("1 = 1"), bench.scope, bench.context) == frozenset()


def test_conjuncts_are_split_through_nested_ands(bench: Any) -> None:
    parts = split_conjuncts(bench.predicate("1 = 1 AND (2 = 2 AND 3 = 3) AND (4 = 4 OR 5 = 5)"))
    assert parts == [bench.predicate(text) for text in ("1 = 1", "2 = 2", "3 = 3", "4 = 4 OR 5 = 5")]
    assert split_conjuncts(None) == []
