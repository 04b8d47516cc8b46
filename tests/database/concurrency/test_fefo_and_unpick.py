"""FEFO picks and reversals that collide with each other and with everything else; nothing is lost, nobody deadlocks."""

import random

import pytest

from harness.connection import Outcome, Session, SqlServerError
from tests.database.calls import Call, FefoPick, Pick, Transfer, Unpick
from tests.database.clients import one_after_another, together
from tests.database.warehouse import Warehouse

pytestmark = pytest.mark.usefixtures("no_deadlock")

Results = list[Outcome | SqlServerError]


def done_and_refused(results: list[Results]) -> tuple[list[Outcome], set[int]]:
    """What was done, and the numbers of what was refused."""
    flat = [result for one in results for result in one]
    done = [result for result in flat if isinstance(result, Outcome)]
    return done, {result.number for result in flat if isinstance(result, SqlServerError)}


def test_fefo_picks_for_many_lines_share_the_lots_to_the_last_bag(warehouse: Warehouse) -> None:
    """Eight lines of twelve bags each, on lots with two bags each: everybody wants the same first lots."""
    warehouse.change("DELETE FROM dbo.LotMaster;")
    for number in range(60):
        warehouse.add_lot(f"L-{(number * 37) % 60:02}", "A-02", 50, DateExpiry=None)
    for client in range(8):
        warehouse.add_line(10 + client, bags=12)
    warehouse.take_baseline()
    jobs = [one_after_another([FefoPick(line=10 + client)]) for client in range(8)]
    done, refused = done_and_refused(together(warehouse.target, jobs))
    assert refused == set()
    assert [outcome.values["Bags"] for outcome in done] == [12] * 8
    taken = [row for row in warehouse.rows("dbo.LotMaster") if row["QtyCommitSales"] > 0]
    assert len(taken) == 48


def test_partial_fefo_picks_get_all_there_is_and_not_a_bag_more(warehouse: Warehouse) -> None:
    warehouse.change("DELETE FROM dbo.LotMaster;")
    for number in range(20):
        warehouse.add_lot(f"L-{number:02}", "A-02", 25)
    for client in range(6):
        warehouse.add_line(10 + client, bags=5)
    warehouse.take_baseline()
    jobs = [one_after_another([FefoPick(line=10 + client, partial=True)]) for client in range(6)]
    done, refused = done_and_refused(together(warehouse.target, jobs))
    assert sum(outcome.values["Bags"] for outcome in done) == 20
    assert refused <= {51109}


def test_fefo_picks_and_bag_picks_of_one_line_fill_it_exactly(warehouse: Warehouse) -> None:
    warehouse.change("UPDATE dbo.cust_BulkPicked SET ToPickedBulkQty = 20 WHERE LineId = 1;")
    picks = [one_after_another([Pick() for _ in range(8)]) for _ in range(3)]
    fefo = [one_after_another([FefoPick()]) for _ in range(2)]
    _, refused = done_and_refused(together(warehouse.target, [*picks, *fefo]))
    assert refused <= {51405, 51408}
    assert warehouse.row("dbo.cust_BulkPicked", LineId=1)["PickedBulkQty"] == 20


def test_an_allocation_is_taken_back_once_by_whoever_comes_first(warehouse: Warehouse, session: Session) -> None:
    allocations = [Pick(line=1)(session).values["AllocationNo"] for _ in range(4)]
    jobs = [one_after_another([Unpick(allocation=number) for number in allocations]) for _ in range(5)]
    done, refused = done_and_refused(together(warehouse.target, jobs))
    assert sorted(outcome.values["AllocationNo"] for outcome in done) == allocations
    assert refused == {51410}
    assert warehouse.lot()["QtyCommitSales"] == 100


def test_the_end_of_a_run_and_its_reopening_take_turns(warehouse: Warehouse, session: Session) -> None:
    """One picks the last bag and takes it back, over and over; others try to pick the same bag."""
    Pick(line=1, bags=4)(session)
    Pick(line=2, bags=1)(session)

    def pick_and_take_back(own: Session) -> Results:
        results: Results = []
        for _ in range(12):
            try:
                outcome = Pick(line=2)(own)
                results += [outcome, Unpick(allocation=outcome.values["AllocationNo"])(own)]
            except SqlServerError as error:
                results.append(error)
        return results

    done, refused = done_and_refused(together(warehouse.target, [pick_and_take_back] * 4))
    picks = sum("Reopened" not in outcome.values for outcome in done)
    assert picks > 0
    assert len(done) == 2 * picks  # how many get the bag is chance; each of them takes it back
    assert refused <= {51402, 51405}
    assert warehouse.row("dbo.Cust_BulkRun")["Status"] == "NEW"


def test_a_seeded_mixture_of_everything_fails_only_by_rule(warehouse: Warehouse) -> None:
    for lot in ("LOT-2", "LOT-3"):
        warehouse.add_lot(lot, "K-01", 400)
        warehouse.add_lot(lot, "A-01", 400)
    for number in (1, 2):
        warehouse.add_run(8000 + number)
        for line in (1, 2, 3):
            warehouse.add_line(line, bags=9, run=8000 + number)
    warehouse.take_baseline()
    chance = random.Random(5)

    def call() -> Call | FefoPick | Unpick:
        lot, bin_no = chance.choice(["LOT-1", "LOT-2", "LOT-3"]), chance.choice(["A-01", "K-01"])
        run, line = 8000 + chance.choice([1, 2]), chance.choice([1, 2, 3])
        kind = chance.random()
        if kind < 0.3:
            return Pick(run=run, line=line, lot=lot, bin_no=bin_no)
        if kind < 0.5:
            return FefoPick(run=run, line=line, partial=chance.random() < 0.5)
        if kind < 0.8:
            return Unpick(allocation=chance.randint(1, 40), bags=chance.choice([1, None]))
        return Transfer(lot=lot, source=bin_no, destination="K-01" if bin_no == "A-01" else "A-01", quantity=50)

    jobs = [one_after_another([call() for _ in range(25)]) for _ in range(6)]
    done, refused = done_and_refused(together(warehouse.target, jobs))
    assert len(done) > 40
    assert refused <= {51101, 51105, 51109, 51402, 51405, 51408, 51409, 51410}
    assert max(row["Attempts"] for row in warehouse.operations() if "Fefo" not in row["ProcedureName"]) <= 3
