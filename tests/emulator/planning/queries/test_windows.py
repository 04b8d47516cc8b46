"""Percentiles over windows. Documentation: "PERCENTILE_CONT (Transact-SQL)", "PERCENTILE_DISC (Transact-SQL)"."""

from __future__ import annotations

import pytest

ROWS = "(VALUES ('a', 1), ('a', 2), ('a', 3), ('a', 10), ('b', 5), ('b', NULL), ('c', NULL)) AS s(g, v)"


def test_percentiles_of_each_partition_leave_nulls_out(db):
    text = f"""
        SELECT DISTINCT g, PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY v) OVER (PARTITION BY g),
            PERCENTILE_DISC(0.5) WITHIN GROUP (ORDER BY v) OVER (PARTITION BY g),
            PERCENTILE_DISC(0.5) WITHIN GROUP (ORDER BY v DESC) OVER (PARTITION BY g)
        FROM {ROWS} ORDER BY g
    """
    assert db.rows(text) == [("a", 2.5, 2, 3), ("b", 5.0, 5, 5), ("c", None, None, None)]


@pytest.mark.parametrize(("part", "value"), [("0", 1.0), ("0.25", 1.75), ("0.9", 7.9), ("1", 10.0)])
def test_a_continuous_percentile_lies_between_rows(db, part, value):
    text = f"SELECT TOP 1 PERCENTILE_CONT({part}) WITHIN GROUP (ORDER BY v) OVER () FROM {ROWS} WHERE g = 'a'"
    assert db.column(text) == [pytest.approx(value)]


@pytest.mark.parametrize(
    ("call", "number"),
    [
        ("PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY v)", 10753),
        ("PERCENTILE_CONT(0.5) OVER ()", 10754),
        ("PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY v) OVER (ORDER BY g)", 10758),
        ("PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY g) OVER ()", 8117),
    ],
)
def test_what_is_missing_or_too_much_has_its_number(db, call, number):
    assert db.error(f"SELECT {call} FROM {ROWS}").number == number
