"""Short runs of the stress, and that the checker finds in them what weaker levels allow.

LOCKSTEP_STRESS_SEEDS says how many seeds each test runs (default 2); ``make stress`` runs for a time.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable

import pytest

from tests.emulator.histories.checker import check
from tests.emulator.histories.history import Level
from tests.emulator.histories.in_process import InProcess
from tests.emulator.histories.report import Report
from tests.emulator.histories.wire import over_the_wire

SEEDS = range(1, 1 + int(os.environ.get("LOCKSTEP_STRESS_SEEDS", "2")))


@pytest.fixture(autouse=True)
def _quiet(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR, "emulator")


def transactions(count: int) -> Callable[[Report], bool]:
    return lambda report: len(report.recorder.history.transactions) >= count


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("versioned", [False, True], ids=["locking", "versions"])
@pytest.mark.parametrize("fine", [False, True], ids=["statements", "every lock"])
def test_random_transactions_can_be_explained_and_leave_nothing_behind(seed: int, versioned: bool, fine: bool) -> None:
    report = InProcess(seed, versioned=versioned, fine=fine).run(transactions(120))
    assert report.problems == [], f"seed {seed}"
    assert report.counts["committed"] > 30
    assert report.deadlocks
    assert report.waits


@pytest.mark.parametrize("versioned", [False, True], ids=["locking", "versions"])
def test_random_transactions_over_the_wire_can_be_explained_and_leave_nothing_behind(versioned: bool) -> None:
    report = over_the_wire(SEEDS[0], 2, versioned=versioned)
    assert report.problems == []
    assert report.counts["committed"] > 10


@pytest.mark.parametrize(
    ("level", "promised", "phenomena"),
    [
        (Level.READ_UNCOMMITTED, Level.READ_COMMITTED, {"G1a", "G1b", "G1c"}),
        (Level.READ_COMMITTED, Level.REPEATABLE_READ, {"G-single", "G2-item"}),
        (Level.REPEATABLE_READ, Level.SERIALIZABLE, {"G-single", "G2"}),
        (Level.SNAPSHOT, Level.SERIALIZABLE, {"G2-item", "G2"}),
    ],
)
def test_what_a_level_allows_is_found_by_the_promises_of_the_next(
    level: Level, promised: Level, phenomena: set[str]
) -> None:
    found = set()
    for seed in range(1, 30):
        run = InProcess(seed, versioned=level is Level.SNAPSHOT, levels=[level], hinted=False)
        report = run.run(transactions(150))
        assert report.problems == [], f"seed {seed}"
        found |= {violation.phenomenon for violation in check(report.recorder.history, promised)}
        if found & phenomena:
            return
    raise AssertionError(f"only {found} were found")
