"""No deadlock in a rush, counted on the server: the order of locks rules it out, so that retry has nothing to hide.

`make test-locks` makes 10,000 calls in each rush; LOCKSTEP_LOCK_CALLS says how many otherwise. What came of each rush
goes to standard output, which pytest shows with `-rP`.
"""

import os
from collections import Counter
from typing import Any

import pytest

from harness.connection import Outcome, SqlServerError
from tests.database.clients import together
from tests.database.concurrency.rushes import RUSHES
from tests.database.warehouse import Warehouse

CALLS = int(os.environ.get("LOCKSTEP_LOCK_CALLS", "96"))
SEARCHES_AGAIN = {"picking.PickFefo", "picking.UnpickLot"}
"""These look again when others have changed what they looked at, and count that as an attempt."""


@pytest.mark.parametrize("name", RUSHES)
def test_a_rush_ends_without_a_deadlock(warehouse: Warehouse, name: str) -> None:
    rush = RUSHES[name](warehouse, CALLS)
    warehouse.take_baseline()
    before = warehouse.deadlocks()

    results = [result for one in together(warehouse.target, rush.clients) for result in one]

    deadlocks = warehouse.deadlocks() - before
    refused = Counter(result.number for result in results if isinstance(result, SqlServerError))
    print(f"{name}: {len(results):,} calls, {dict(refused)} refused, {deadlocks} deadlocks")
    assert deadlocks == 0
    assert set(refused) <= rush.refusals
    assert len(results) >= CALLS
    assert len(results) - refused.total() >= CALLS // 5, "hardly anything was done"
    assert most_attempts(warehouse, results) == {1}


def most_attempts(warehouse: Warehouse, results: list[Any]) -> set[int]:
    """The attempts of the calls that were done, of the procedures that have no other reason to try again."""
    again = {str(row["RequestId"]).lower() for row in warehouse.operations() if row["ProcedureName"] in SEARCHES_AGAIN}
    done = [result for result in results if isinstance(result, Outcome)]
    return {1} | {result.attempts for result in done if str(result.request_id) not in again}
