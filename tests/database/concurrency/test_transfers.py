"""Transfers that collide: in opposite directions, into one new bin, with picks. Nothing is lost, nothing deadlocks."""

import random
from decimal import Decimal

import pytest

from tests.database.calls import Call, Pick, Transfer
from tests.database.clients import one_after_another, together
from tests.database.concurrency.test_picks import outcomes_and_refusals
from tests.database.warehouse import Warehouse

pytestmark = pytest.mark.usefixtures("no_deadlock")


def test_opposite_transfers_between_two_bins_keep_the_sum(warehouse: Warehouse) -> None:
    warehouse.add_lot("LOT-1", "K-01", 1000)
    warehouse.take_baseline()
    jobs = [
        one_after_another([Transfer(source=source, destination=destination, quantity=1 + client) for _ in range(12)])
        for client in range(3)
        for source, destination in (("A-01", "K-01"), ("K-01", "A-01"))
    ]
    done, refused = outcomes_and_refusals(together(warehouse.target, jobs))
    assert refused == []
    assert len(done) == 72
    assert len({outcome.values["DocumentNo"] for outcome in done}) == 72
    assert warehouse.on_hand() == {"A-01": 1000, "K-01": 1000}


def test_rows_that_are_emptied_and_made_again_all_the_time_keep_the_sum(warehouse: Warehouse) -> None:
    """Consolidation against the deletion of the source row: 20 in all, moved 10 and 20 at a time."""
    warehouse.change("UPDATE dbo.LotMaster SET QtyOnHand = 20, QtyCommitSales = 0;")
    chance = random.Random(7)
    bins = ["A-01", "I-01", "K-01"]

    def transfer() -> Transfer:
        source, destination = chance.sample(bins, 2)
        return Transfer(source=source, destination=destination, quantity=chance.choice([10, 20]))

    jobs = [one_after_another([transfer() for _ in range(15)]) for _ in range(5)]
    done, refused = outcomes_and_refusals(together(warehouse.target, jobs))
    assert done
    assert set(refused) <= {51101, 51105}
    assert sum(warehouse.on_hand().values()) == 20
    assert Decimal(0) not in warehouse.on_hand().values()


def test_several_make_the_row_of_a_new_bin_at_once(warehouse: Warehouse) -> None:
    for source in ("A-02", "I-01", "K-01"):
        warehouse.add_lot("LOT-1", source, 500)
    warehouse.take_baseline()
    for round_number in range(8):
        new_bin = f"M-{round_number}"
        warehouse.insert("dbo.BINMaster", Location="TFC1", BinNo=new_bin)
        jobs = [
            one_after_another([Transfer(source=source, destination=new_bin, quantity=10)])
            for source in ("A-01", "A-02", "I-01", "K-01")
        ]
        done, refused = outcomes_and_refusals(together(warehouse.target, jobs))
        assert refused == []
        assert sorted(outcome.values["ToQtyOnHand"] for outcome in done) == [10, 20, 30, 40]


def test_different_lots_into_one_gap_do_not_deadlock(warehouse: Warehouse) -> None:
    """New rows of neighbouring keys, in one gap of the index."""
    lots = [f"LOT-1{letter}" for letter in "ABCDEF"]
    for lot in lots:
        warehouse.add_lot(lot, "I-01", 100)
    warehouse.take_baseline()
    bins = ["A-01", "K-01", "A-02", "K-02"]
    jobs = [
        one_after_another([Transfer(lot=lot, source="I-01", destination=bin_no, quantity=25) for bin_no in bins])
        for lot in lots
    ]
    done, refused = outcomes_and_refusals(together(warehouse.target, jobs))
    assert refused == []
    assert len(done) == len(lots) * 4
    for lot in lots:
        assert warehouse.on_hand(lot) == dict.fromkeys(bins, Decimal(25))


def test_picks_and_transfers_of_one_lot_never_move_what_is_committed(warehouse: Warehouse) -> None:
    warehouse.execute("UPDATE dbo.LotMaster SET QtyOnHand = 600, QtyCommitSales = 0;")
    warehouse.add_lot("LOT-1", "K-01", 100)
    warehouse.change("UPDATE dbo.cust_BulkPicked SET ToPickedBulkQty = 1000 WHERE LineId IN (1, 2);")
    jobs = [
        *[one_after_another([Pick(line=line) for _ in range(10)]) for line in (1, 2)],
        *[one_after_another([Pick(line=line, bin_no="K-01") for _ in range(10)]) for line in (1, 2)],
        *[one_after_another([Transfer(quantity=50) for _ in range(10)]) for _ in range(2)],
        one_after_another([Transfer(source="K-01", destination="A-01", quantity=20) for _ in range(10)]),
    ]
    _, refused = outcomes_and_refusals(together(warehouse.target, jobs))
    assert set(refused) <= {51101, 51105}
    rows = warehouse.rows("dbo.LotMaster")
    assert sum(row["QtyOnHand"] for row in rows) == 700
    allocated = sum(row["AllocLotQty"] for row in warehouse.rows("dbo.Cust_BulkLotPicked"))
    assert sum(row["QtyCommitSales"] for row in rows) == allocated


def test_a_seeded_mixture_of_everything_fails_only_by_rule(warehouse: Warehouse) -> None:
    for lot in ("LOT-2", "LOT-3"):
        warehouse.add_lot(lot, "K-01", 400)
    for number in (1, 2):
        warehouse.add_run(8000 + number)
        for line in (1, 2, 3):
            warehouse.add_line(line, bags=6, run=8000 + number)
    warehouse.take_baseline()
    chance = random.Random(2)

    def call() -> Call:
        lot, bin_no = chance.choice(["LOT-1", "LOT-2", "LOT-3"]), chance.choice(["A-01", "K-01"])
        if chance.random() < 0.6:
            return Pick(run=8000 + chance.choice([1, 2]), line=chance.choice([1, 2, 3]), lot=lot, bin_no=bin_no)
        return Transfer(lot=lot, source=bin_no, destination="K-01" if bin_no == "A-01" else "A-01", quantity=50)

    shared = [call() for _ in range(6)]
    jobs = [one_after_another([*(call() for _ in range(14)), *shared]) for _ in range(6)]
    done, refused = outcomes_and_refusals(together(warehouse.target, jobs))
    assert len(done) > 40
    assert set(refused) <= {51101, 51105, 51402, 51405}
