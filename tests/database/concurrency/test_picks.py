"""Picks that collide: on a lot, on a line, on the end of a run, with searches. Nothing is lost, nothing deadlocks."""

from typing import Any

import pytest

from harness.connection import Outcome, Session, SqlServerError
from tests.database.calls import Pick
from tests.database.clients import begun, one_after_another, together
from tests.database.warehouse import ROW, RUN, Warehouse

pytestmark = pytest.mark.usefixtures("no_deadlock")

CLIENTS = 6
Results = list[Outcome | SqlServerError]


def outcomes_and_refusals(results: list[Results]) -> tuple[list[Outcome], list[int]]:
    """What was done, and the numbers of what was refused; each done at the first attempt."""
    flat = [result for one in results for result in one]
    done = [result for result in flat if isinstance(result, Outcome)]
    assert [outcome.attempts for outcome in done] == [1] * len(done)
    return done, [result.number for result in flat if isinstance(result, SqlServerError)]


def test_many_pickers_on_one_lot_get_all_of_it_and_not_a_bag_more(warehouse: Warehouse) -> None:
    warehouse.execute("UPDATE dbo.LotMaster SET QtyOnHand = 100 + 50 * 25;")
    for client in range(CLIENTS):
        warehouse.add_line(10 + client, bags=100)
    warehouse.take_baseline()
    jobs = [one_after_another([Pick(line=10 + client) for _ in range(12)]) for client in range(CLIENTS)]
    done, refused = outcomes_and_refusals(together(warehouse.target, jobs))
    assert len(done) == 50
    assert set(refused) == {51105}
    assert sorted(outcome.values["QtyCommitSales"] for outcome in done) == [100 + 25 * n for n in range(1, 51)]
    assert warehouse.lot()["QtyCommitSales"] == warehouse.lot()["QtyOnHand"]


def test_many_pickers_on_one_line_fill_it_exactly(warehouse: Warehouse) -> None:
    for client in range(CLIENTS):
        warehouse.add_lot(f"L-{client}", "K-01", 1000)
    warehouse.change("UPDATE dbo.cust_BulkPicked SET ToPickedBulkQty = 40 WHERE LineId = 1;")
    jobs = [one_after_another([Pick(lot=f"L-{client}", bin_no="K-01") for _ in range(9)]) for client in range(CLIENTS)]
    done, refused = outcomes_and_refusals(together(warehouse.target, jobs))
    assert sorted(outcome.values["PickedBulkQty"] for outcome in done) == list(range(1, 41))
    assert refused == [51405] * 14
    assert warehouse.row("dbo.Cust_BulkPalletLotPicked")["PalletID"] in {outcome.values["PalletId"] for outcome in done}


def test_two_pickers_who_finish_the_last_two_lines_print_the_run_once(warehouse: Warehouse) -> None:
    rounds = 20
    for number in range(rounds):
        warehouse.add_run(7000 + number)
        warehouse.add_line(1, bags=1, run=7000 + number)
        warehouse.add_line(2, bags=1, run=7000 + number)
    warehouse.add_lot("LOT-2", "K-01", 1000)
    warehouse.take_baseline()
    jobs = [
        one_after_another([Pick(run=7000 + number, line=line, lot=lot, bin_no=bin_no) for number in range(rounds)])
        for line, lot, bin_no in ((1, "LOT-1", "A-01"), (2, "LOT-2", "K-01"))
    ]
    results = together(warehouse.target, jobs)
    done, refused = outcomes_and_refusals(results)
    assert refused == []
    assert len(done) == 2 * rounds
    for one, other in zip(*results, strict=True):
        assert isinstance(one, Outcome)
        assert isinstance(other, Outcome)
        assert {one.values["RunStatus"], other.values["RunStatus"]} == {"NEW", "PRINT"}
    assert {row["Status"] for row in warehouse.rows("dbo.Cust_BulkRun") if row["RunNo"] != RUN} == {"PRINT"}


def test_two_pickers_let_into_the_run_at_one_moment_print_it_once(warehouse: Warehouse) -> None:
    """The run row keeps the second out, before it can lock a line that the first will look at."""
    warehouse.add_lot("LOT-2", "K-01", 1000)
    warehouse.take_baseline()
    with (
        warehouse.hold("UPDATE dbo.Cust_BulkRun SET FormulaId = N'F';") as other,
        begun(warehouse.target, Pick(line=1, bags=4)) as one,
        begun(warehouse.target, Pick(line=2, bags=2, lot="LOT-2", bin_no="K-01")) as another,
    ):
        for each in (one, another):
            each.await_waiting(warehouse)
        other.execute("COMMIT TRANSACTION;")
        outcomes = one.result(), another.result()
    assert sorted(outcome.values["RunStatus"] for outcome in outcomes) == ["NEW", "PRINT"]
    assert [outcome.attempts for outcome in outcomes] == [1, 1]


def test_pickers_on_the_last_bags_of_a_run_are_refused_by_the_line_or_by_the_run(warehouse: Warehouse) -> None:
    warehouse.change("UPDATE dbo.cust_BulkPicked SET ToPickedBulkQty = 0 WHERE LineId = 2;")
    done, refused = outcomes_and_refusals(together(warehouse.target, [one_after_another([Pick(), Pick()])] * 4))
    # The four jobs share two request ids: each is done once, and the others replay it.
    assert sorted(outcome.replayed for outcome in done) == [False] * 2 + [True] * 6
    assert refused == []
    done, refused = outcomes_and_refusals(
        together(warehouse.target, [one_after_another([Pick()]) for _ in range(CLIENTS)])
    )
    assert [outcome.values["RunStatus"] for outcome in sorted(done, key=lambda one: one.values["PickedBulkQty"])] == [
        "NEW",
        "PRINT",
    ]
    assert refused == [51402] * (CLIENTS - 2)


def test_searching_while_others_pick_fails_nobody(warehouse: Warehouse) -> None:
    warehouse.change("UPDATE dbo.cust_BulkPicked SET ToPickedBulkQty = 1000 WHERE LineId IN (1, 2);")

    def search(session: Session) -> list[Any]:
        return [row[8] for _ in range(25) for row in session.call("picking.FindLots", RUN, ROW, 1).rows]

    pick = [one_after_another([Pick(line=line) for _ in range(12)]) for line in (1, 2)]
    *picked, seen, also_seen = together(warehouse.target, [*pick, search, search])
    done, refused = outcomes_and_refusals(picked)
    assert len(done) == 24
    assert refused == []
    for committed in (seen, also_seen):
        assert len(committed) == 25
        assert committed == sorted(committed)
