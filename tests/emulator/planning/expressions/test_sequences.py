"""NEXT VALUE FOR (documentation: "CREATE SEQUENCE (Transact-SQL)")."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.catalog.objects import Procedure, Sequence
from emulator.errors import SqlError
from emulator.types.sqltype import INT


def take(bench: Any, count: int) -> list[int]:
    expr = bench.expr("NEXT VALUE FOR dbo.Numbers")
    return [expr.fn(bench.env) for _ in range(count)]


def test_a_sequence_begins_at_its_start_and_counts(bench: Any) -> None:
    bench.database.add(Sequence("dbo", "Numbers", type=INT, start=10, increment=5))
    assert bench.type("NEXT VALUE FOR Numbers") == INT
    assert take(bench, 3) == [10, 15, 20]


def test_a_sequence_without_cycle_ends_with_error_11728(bench: Any) -> None:
    bench.database.add(Sequence("dbo", "Numbers", start=1, minimum=1, maximum=2))
    assert take(bench, 2) == [1, 2]
    with pytest.raises(SqlError) as caught:
        take(bench, 1)
    assert caught.value.number == 11728


@pytest.mark.parametrize(("increment", "start", "expected"), [(1, 2, [2, 3, 1]), (-1, 2, [2, 1, 3])])
def test_a_cycle_goes_on_from_the_other_end(bench: Any, increment: int, start: int, expected: list[int]) -> None:
    bench.database.add(Sequence("dbo", "Numbers", start=start, increment=increment, minimum=1, maximum=3, cycle=True))
    assert take(bench, 3) == expected


def test_what_is_no_sequence_is_an_error(bench: Any) -> None:
    with pytest.raises(SqlError) as caught:
        bench.expr("NEXT VALUE FOR dbo.Nothing")
    assert caught.value.number == 208
    bench.database.add(Procedure("dbo", "Something"))
    with pytest.raises(SqlError) as caught:
        bench.expr("NEXT VALUE FOR dbo.Something")
    assert caught.value.number == 11726
