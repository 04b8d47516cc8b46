"""Aggregates over the rows of one group (documentation: "Aggregate Functions (Transact-SQL)")."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any

import pytest

from emulator.errors import SqlError
from emulator.planning.binding import SourceColumn
from emulator.planning.expressions import compile_aggregate
from emulator.types.external import from_python_as, to_python
from emulator.types.sqltype import BIGINT, FLOAT, INT, MONEY, SqlType, decimal, nvarchar, varchar


def run(bench: Any, call: str, type: SqlType, values: list[Any]) -> tuple[SqlType, Any]:
    """Type and value of an aggregate of the column ``x``."""
    source = bench.table("t", [SourceColumn("x", type)], (None,))
    aggregate = compile_aggregate(bench.node(call), bench.scope, bench.context)
    state, env = aggregate.new(), bench.env
    for value in values:
        env[source.slot] = (None if value is None else from_python_as(type, value),)
        argument = aggregate.argument(env)
        if argument is not None:
            state = aggregate.add(state, argument)
    result = aggregate.result(state)
    assert aggregate.result(state) == result, "asking must not change the state"
    return aggregate.type, None if result is None else to_python(aggregate.type, result)


@pytest.mark.parametrize(
    ("call", "type", "values", "result_type", "result"),
    [
        ("COUNT(*)", INT, [1, None, 1], INT, 3),
        ("COUNT(x)", INT, [1, None, 1], INT, 2),
        ("COUNT(DISTINCT x)", INT, [1, None, 1, 2], INT, 2),
        ("COUNT(DISTINCT x)", varchar(5), ["a", "A ", "b"], INT, 2),
        ("COUNT_BIG(x)", INT, [], BIGINT, 0),
        ("APPROX_COUNT_DISTINCT(x)", INT, [1, 1, 2], BIGINT, 2),
        ("SUM(x)", INT, [1, None, 2], INT, 3),
        ("SUM(x)", INT, [None], INT, None),
        ("SUM(DISTINCT x)", INT, [2, 2, 3], INT, 5),
        ("SUM(x)", BIGINT, [2**40], BIGINT, 2**40),
        ("SUM(x)", decimal(10, 2), [Decimal("1.10"), Decimal("2.25")], decimal(38, 2), Decimal("3.35")),
        ("SUM(x)", MONEY, [Decimal("1.5")], MONEY, Decimal("1.5")),
        ("AVG(x)", INT, [1, 2], INT, 1),
        ("AVG(x)", INT, [-1, -2], INT, -1),
        ("AVG(x)", decimal(10, 2), [Decimal(1), Decimal(2), Decimal(2)], decimal(38, 6), Decimal("1.666666")),
        ("AVG(x)", FLOAT, [1.0, 2.0], FLOAT, 1.5),
        ("AVG(x)", INT, [], INT, None),
        ("MIN(x)", varchar(5), ["b", None, "A"], varchar(5), "A"),
        ("MAX(x)", decimal(10, 2), [Decimal(1), Decimal(3)], decimal(10, 2), Decimal(3)),
        ("MAX(x)", INT, [], INT, None),
        ("CHECKSUM_AGG(x)", INT, [5, 3], INT, 6),
        ("STRING_AGG(x, ',')", varchar(5), ["a", None, "b"], varchar(8000), "a,b"),
        ("STRING_AGG(x, ',') WITHIN GROUP (ORDER BY x DESC)", INT, [1, 3, 2], nvarchar(4000), "3,2,1"),
        ("STRING_AGG(x, ',')", varchar(5), [None], varchar(8000), None),
        ("VARP(x)", INT, [2, 4, 4, 4, 5, 5, 7, 9], FLOAT, 4.0),
        ("STDEV(x)", INT, [5], FLOAT, None),
    ],
)
def test_an_aggregate(
    bench: Any, call: str, type: SqlType, values: list[Any], result_type: SqlType, result: Any
) -> None:
    assert run(bench, call, type, values) == (result_type, result)


def test_the_deviation_of_a_sample(bench: Any) -> None:
    _, value = run(bench, "STDEV(x)", decimal(5, 1), [Decimal("1.5"), Decimal("2.5"), Decimal("3.5")])
    assert math.isclose(value, 1.0)


def test_a_sum_beyond_its_type_overflows(bench: Any) -> None:
    with pytest.raises(SqlError) as caught:
        run(bench, "SUM(x)", INT, [2**31 - 1, 1])
    assert caught.value.number == 8115


@pytest.mark.parametrize(
    ("call", "number"),
    [("SUM(x)", 8117), ("AVG(x)", 8117), ("SUM(COUNT(*))", 130), ("MAX(x, x)", 174), ("STRING_AGG(x)", 174)],
)
def test_what_cannot_be_aggregated(bench: Any, call: str, number: int) -> None:
    with pytest.raises(SqlError) as caught:
        run(bench, call, varchar(5), [])
    assert caught.value.number == number


@pytest.mark.parametrize("name", ["COUNT", "SUM", "MAX", "STDEV"])
def test_the_word_null_has_no_type_to_aggregate(bench: Any, name: str) -> None:
    with pytest.raises(SqlError, match=f"Operand data type NULL is invalid for {name.lower()} operator") as caught:
        run(bench, f"{name}(NULL)", INT, [])
    assert caught.value.number == 8117


@pytest.mark.parametrize(
    ("call", "result"),
    [
        ("APPROX_PERCENTILE_CONT(0.1) WITHIN GROUP (ORDER BY x)", 3.0),
        ("APPROX_PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY x DESC)", 15.0),
        ("APPROX_PERCENTILE_DISC(0.5) WITHIN GROUP (ORDER BY x)", 10),
        ("APPROX_PERCENTILE_DISC(0.5) WITHIN GROUP (ORDER BY x DESC)", 20),
        ("APPROX_PERCENTILE_DISC(0) WITHIN GROUP (ORDER BY x)", 0),
    ],
)
def test_approximate_percentiles_are_exact(bench: Any, call: str, result: float) -> None:
    type, found = run(bench, call, INT, [30, None, 0, 20, 10])
    assert found == pytest.approx(result)
    assert type == (FLOAT if "CONT" in call else INT)


@pytest.mark.parametrize(
    ("call", "number"),
    [
        ("APPROX_PERCENTILE_CONT(0.5)", 10754),
        ("APPROX_PERCENTILE_CONT(0.5, 1) WITHIN GROUP (ORDER BY x)", 174),
        ("APPROX_PERCENTILE_DISC(0.5) WITHIN GROUP (ORDER BY x)", 8117),
    ],
)
def test_percentiles_need_one_fraction_and_numbers_in_order(bench: Any, call: str, number: int) -> None:
    with pytest.raises(SqlError) as caught:
        run(bench, call, varchar(5), [])
    assert caught.value.number == number


def test_counts_that_cannot_meet_null_count_rows(bench: Any) -> None:
    bench.table("t", [SourceColumn("a", INT, nullable=False), SourceColumn("b", INT)], (1, 1))

    def counts_rows(call: str) -> bool:
        return compile_aggregate(bench.node(call), bench.scope, bench.context).counts_rows

    assert counts_rows("COUNT(*)")
    assert counts_rows("COUNT(a)")
    assert not counts_rows("COUNT(b)")
    assert not counts_rows("COUNT(DISTINCT a)")
