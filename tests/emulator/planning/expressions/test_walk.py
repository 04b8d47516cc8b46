"""Finding aggregates and windows in trees."""

from __future__ import annotations

from typing import Any

from emulator.planning.expressions import children, find_aggregates, find_windows, is_aggregate_call


def test_aggregates_are_found_once_each_in_the_order_written(bench: Any) -> None:
    node = bench.node("SUM(a) / COUNT(*) + ABS(SUM(a)) + LEN(MIN(b))")
    assert find_aggregates(node) == [bench.node(text) for text in ("SUM(a)", "COUNT(*)", "MIN(b)")]


def test_subqueries_are_not_entered(bench: Any) -> None:
    node = bench.node("SUM(a) + (SELECT MAX(b) FROM t)")
    assert find_aggregates(node) == [bench.node("SUM(a)")]
    assert find_aggregates(bench.predicate("EXISTS (SELECT COUNT(*) FROM t) AND a IN (SELECT SUM(b) FROM t)")) == []


def test_a_window_function_is_no_aggregate_but_may_hold_one(bench: Any) -> None:
    node = bench.node("SUM(SUM(a)) OVER (ORDER BY MAX(b))")
    assert not is_aggregate_call(node)
    assert find_windows(node) == [node]
    assert find_aggregates(node) == [bench.node("SUM(a)"), bench.node("MAX(b)")]


def test_children_come_in_the_order_written(bench: Any) -> None:
    node = bench.node("CASE WHEN a = 1 THEN b ELSE c END")
    assert list(children(node)) == [bench.predicate("a = 1"), bench.node("b"), bench.node("c")]
