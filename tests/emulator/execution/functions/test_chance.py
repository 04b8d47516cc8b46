"""RAND (documentation: "RAND (Transact-SQL)", whose example prints the sequence for the seed 100)."""

from __future__ import annotations

from typing import Any

import pytest


def test_a_seed_begins_the_sequence_that_the_documentation_prints(bench: Any) -> None:
    drawn = [bench.value(call) for call in ("RAND(100)", "RAND()", "RAND()")]
    assert drawn == pytest.approx([0.715436657367485, 0.28463380767982, 0.0131039082850364], abs=1e-15)


@pytest.mark.parametrize(
    ("seed", "number"),
    [(0, 0.943597390424144), (1, 0.713591993212924), (2, 0.713610626184182), (-1, 0.713591993212924)],
)
def test_neighbouring_seeds_begin_with_neighbouring_numbers(bench: Any, seed: int, number: float) -> None:
    assert bench.value(f"RAND({seed})") == pytest.approx(number, abs=1e-15)


def test_a_session_without_a_seed_draws_other_numbers_each_time(bench: Any) -> None:
    drawn = [bench.value("RAND()") for _ in range(20)]
    assert len(set(drawn)) == 20
    assert all(0 <= number < 1 for number in drawn)
