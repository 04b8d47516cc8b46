"""Subqueries in expressions, over query plans made by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

import emulator.planning.queries as queries
from emulator.errors import SqlError
from emulator.planning.binding import Env, OutputColumn, QueryPlan
from emulator.types.sqltype import INT

Use = Callable[..., list[int]]


@pytest.fixture
def use(monkeypatch: pytest.MonkeyPatch) -> Use:
    """``use(values, correlated=False)``: every subquery gives these rows; the list returned counts its executions."""

    def use_rows(values: Sequence[Any], *, correlated: bool = False, columns: int = 1) -> list[int]:
        executions: list[int] = []

        def rows(env: Env) -> Iterator[tuple[Any, ...]]:
            executions.append(1)
            for value in values:
                yield (value,) * columns

        plan = QueryPlan(
            tuple(OutputColumn(f"c{place}", INT) for place in range(columns)),
            rows,
            frozenset((2,)) if correlated else frozenset(),
        )
        monkeypatch.setattr(queries, "compile_query", lambda query, scope, ctx: plan, raising=False)
        return executions

    return use_rows


@pytest.mark.parametrize(("rows", "value"), [([], None), ([7], 7), ([None], None)])
def test_a_scalar_subquery_is_its_row_or_null(bench: Any, use: Use, rows: list[Any], value: Any) -> None:
    use(rows)
    assert bench.raw("(SELECT x FROM y)") == value


def test_more_than_one_row_is_error_512(bench: Any, use: Use) -> None:
    use([1, 2])
    with pytest.raises(SqlError) as caught:
        bench.raw("(SELECT x FROM y)")
    assert caught.value.number == 512


def test_more_than_one_column_is_error_116(bench: Any, use: Use) -> None:
    use([1], columns=2)
    with pytest.raises(SqlError) as caught:
        bench.expr("(SELECT x FROM y)")
    assert caught.value.number == 116


def test_exists(bench: Any, use: Use) -> None:
    use([None])
    assert bench.test("EXISTS (SELECT x FROM y)") is True
    use([])
    assert bench.test("EXISTS (SELECT x FROM y)") is False
    assert bench.test("NOT EXISTS (SELECT x FROM y)") is True


@pytest.mark.parametrize("correlated", [False, True])
@pytest.mark.parametrize(
    ("rows", "operand", "result"),
    [
        ([1, 2], 2, True),
        ([1, 2], 3, False),
        ([1, None], 3, None),
        ([1, None], 1, True),
        ([], 1, False),
        ([], None, False),
        ([1], None, None),
    ],
)
def test_in_and_any_and_all(
    bench: Any, use: Use, rows: list[Any], operand: int | None, result: bool | None, correlated: bool
) -> None:
    use(rows, correlated=correlated)
    bench.declare("@x", INT, operand)
    opposite = None if result is None else not result
    assert bench.test("@x IN (SELECT x FROM y)") is result
    assert bench.test("@x NOT IN (SELECT x FROM y)") is opposite
    assert bench.test("@x = ANY (SELECT x FROM y)") is result
    assert bench.test("@x <> ALL (SELECT x FROM y)") is opposite


def test_values_of_an_uncorrelated_in_are_gathered_once_per_statement(bench: Any, use: Use) -> None:
    executions = use([1, 2])
    bench.declare("@x", INT, 2)
    condition, env = bench.condition("@x IN (SELECT x FROM y)"), bench.env
    assert condition.fn(env) is True
    bench.values[0] = 3
    assert condition.fn(env) is False
    assert len(executions) == 1
    assert condition.fn(bench.env) is False
    assert len(executions) == 2


def test_a_correlated_subquery_runs_each_time(bench: Any, use: Use) -> None:
    executions = use([1], correlated=True)
    bench.declare("@x", INT, 1)
    condition, env = bench.condition("@x IN (SELECT x FROM y)"), bench.env
    condition.fn(env)
    condition.fn(env)
    assert len(executions) == 2
    assert condition.slots == {2}
