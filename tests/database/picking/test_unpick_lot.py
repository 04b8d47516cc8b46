"""picking.UnpickLot: what a reversal writes, when it opens the run again, and everything it refuses."""

from decimal import Decimal
from uuid import UUID

import pytest

from harness.connection import Session, SqlServerError
from tests.database.calls import FefoPick, Pick, Transfer, Unpick
from tests.database.clients import begun
from tests.database.warehouse import RECEIVED, RUN, Warehouse, chosen, is_between, spid_of


@pytest.fixture
def allocation(warehouse: Warehouse, session: Session) -> int:
    """Three bags of LOT-1 picked for line 1."""
    return int(Pick(bags=3)(session).values["AllocationNo"])


# What a reversal writes


def test_the_outcome_tells_what_was_made_and_the_new_balances(
    warehouse: Warehouse, session: Session, allocation: int
) -> None:
    unpick = Unpick(allocation=allocation, bags=2)
    outcome = unpick(session)
    assert (outcome.request_id, outcome.replayed, outcome.attempts) == (unpick.request_id, False, 1)
    assert outcome.values == {
        "LotTranNo": warehouse.row("dbo.LotTransaction", TransactionType=6)["LotTranNo"],
        "AllocationNo": allocation,
        "Bags": 2,
        "Weight": 50,
        "AllocLotQty": 25,
        "QtyOnHand": 1000,
        "QtyCommitSales": 125,
        "PickedBulkQty": 1,
        "PickedQty": 25,
        "RunStatus": "NEW",
        "Reopened": False,
    }


def test_less_is_committed_of_the_lot_and_nothing_else_of_it_changes(
    warehouse: Warehouse, session: Session, allocation: int
) -> None:
    before = warehouse.lot()
    Unpick(allocation=allocation)(session)
    assert warehouse.lot() == {**before, "QtyCommitSales": 100}


def test_the_ledger_gets_a_return_and_keeps_the_pick(warehouse: Warehouse, session: Session, allocation: int) -> None:
    pick = warehouse.row("dbo.LotTransaction")
    began = warehouse.now()
    Unpick(allocation=allocation, bags=1, user="somchai.with.a.long.name", reason="Torn bag")(session)
    assert warehouse.row("dbo.LotTransaction", TransactionType=5) == pick
    row = warehouse.row("dbo.LotTransaction", TransactionType=6)
    expected = {
        "LotNo": "LOT-1",
        "ItemKey": "FLOUR",
        "LocationKey": "TFC1",
        "BinNo": "A-01",
        "DateReceived": RECEIVED,
        "ReceiptDocNo": f"B{RUN}",
        "ReceiptDocLineNo": 1,
        "QtyReceived": 25,
        "QtyIssued": 0,
        "IssueDate": None,
        "Vendorkey": "MILL",
        "VendorlotNo": "M-77",
        "RecUserid": "somchai.",
        "Processed": "N",
        "User5": "Torn bag",
    }
    assert chosen(row, expected) == expected
    assert is_between(row["RecDate"], began, warehouse.now())


def test_the_line_goes_back_by_the_bags(warehouse: Warehouse, session: Session, allocation: int) -> None:
    Unpick(allocation=allocation, bags=1, user="somchai.with.a.long.name")(session)
    line = warehouse.row("dbo.cust_BulkPicked", LineId=1)
    expected = {"PickedBulkQty": 2, "PickedQty": 50, "ItemBatchStatus": "Allocated", "ModifiedBy": "somchai.with.a.l"}
    assert chosen(line, expected) == expected
    Unpick(allocation=allocation)(session)
    line = warehouse.row("dbo.cust_BulkPicked", LineId=1)
    assert chosen(line, expected := {"PickedBulkQty": 0, "PickedQty": 0, "ItemBatchStatus": ""}) == expected


def test_the_allocation_keeps_what_is_left_and_is_never_deleted(
    warehouse: Warehouse, session: Session, allocation: int
) -> None:
    before = warehouse.row("dbo.Cust_BulkLotPicked")
    Unpick(allocation=allocation, bags=1)(session)
    row = warehouse.row("dbo.Cust_BulkLotPicked")
    changed = {"AllocLotQty", "ModifiedBy", "ModifiedDate"}
    assert {name for name in row if row[name] != before[name]} == changed
    assert (row["AllocLotQty"], row["ModifiedBy"]) == (50, "malee")
    Unpick(allocation=allocation)(session)
    row = warehouse.row("dbo.Cust_BulkLotPicked")
    assert (row["AllocLotQty"], row["LotStatus"]) == (0, "Unpicked")


def test_the_line_keeps_its_pallet_for_the_next_pick(warehouse: Warehouse, session: Session, allocation: int) -> None:
    pallet = warehouse.row("dbo.Cust_BulkPalletLotPicked")
    Unpick(allocation=allocation)(session)
    assert warehouse.row("dbo.Cust_BulkPalletLotPicked") == pallet
    assert Pick()(session).values["PalletId"] == pallet["PalletID"]


def test_what_was_taken_back_can_be_picked_and_moved_again(warehouse: Warehouse, session: Session) -> None:
    warehouse.change("UPDATE dbo.LotMaster SET QtyOnHand = 200;")
    picked = Pick(bags=4)(session)
    with pytest.raises(SqlServerError):
        Transfer(quantity=25)(session)
    Unpick(allocation=picked.values["AllocationNo"], bags=2)(session)
    Transfer(quantity=25)(session)
    assert Pick(bags=1)(session).values["QtyCommitSales"] == 175


def test_each_lot_of_a_fefo_pick_can_be_taken_back(warehouse: Warehouse, session: Session) -> None:
    warehouse.add_lot("LOT-0", "K-01", 50, DateExpiry=RECEIVED.replace(year=2098))
    warehouse.take_baseline()
    pick = FefoPick()
    lots, _ = session.call(pick.procedure, *pick.arguments).result_sets
    for row in lots.rows:
        Unpick(allocation=row.AllocationNo)(session)
    assert warehouse.row("dbo.cust_BulkPicked", LineId=1)["PickedBulkQty"] == 0


def test_a_pick_from_before_the_baseline_can_be_taken_back(
    warehouse: Warehouse, session: Session, allocation: int
) -> None:
    warehouse.take_baseline()
    Unpick(allocation=allocation, bags=2)(session)
    assert warehouse.findings() == []


def test_a_lot_on_hold_or_expired_gives_back_its_bags(warehouse: Warehouse, session: Session, allocation: int) -> None:
    warehouse.execute("UPDATE dbo.LotMaster SET LotStatus = N'H', DateExpiry = '20200101';")
    assert Unpick(allocation=allocation)(session).values["QtyCommitSales"] == 100


# The run


def test_a_printed_run_is_opened_again(warehouse: Warehouse, session: Session) -> None:
    last = [Pick(line=line, bags=bags)(session) for line, bags in ((1, 4), (2, 2))][-1]
    assert last.values["RunStatus"] == "PRINT"
    outcome = Unpick(allocation=last.values["AllocationNo"], bags=1)(session)
    assert (outcome.values["RunStatus"], outcome.values["Reopened"]) == ("NEW", True)
    assert warehouse.row("dbo.Cust_BulkRun")["Status"] == "NEW"
    assert Pick(line=2)(session).values["RunStatus"] == "PRINT"


def test_a_line_that_still_has_all_it_needs_leaves_the_run_printed(warehouse: Warehouse, session: Session) -> None:
    warehouse.execute("UPDATE lockstep.Settings SET OverPickBags = 1;")
    Pick(line=1, bags=4)(session)
    last = Pick(line=2, bags=3)(session)
    outcome = Unpick(allocation=last.values["AllocationNo"], bags=1)(session)
    assert (outcome.values["RunStatus"], outcome.values["Reopened"]) == ("PRINT", False)
    assert warehouse.row("dbo.Cust_BulkRun")["Status"] == "PRINT"


# What it refuses


@pytest.mark.parametrize(
    ("number", "change", "unpick", "words"),
    [
        (51301, "", Unpick(request_id=None), "@RequestId is missing"),
        (51301, "", Unpick(request_id=UUID(int=0)), "or all zeros"),
        (51001, "", Unpick(allocation=None), "@AllocationNo=,"),
        (51001, "", Unpick(user=""), "@UserId=''"),
        (51002, "", Unpick(bags=0), "@Bags is 0.000000"),
        (51002, "", Unpick(bags=-1), "greater than zero"),
        (51003, "", Unpick(bags=Decimal("0.5")), "only whole bags"),
        (51003, "UPDATE dbo.Cust_BulkLotPicked SET AllocLotQty = 60;", Unpick(), "60.000000 left"),
        (51004, "", Unpick(bags=1_000_001), "up to 1000000"),
        (51101, "DELETE FROM dbo.LotMaster;", Unpick(), "is not in bin A-01"),
        (51111, "UPDATE dbo.LotMaster SET QtyCommitSales = 74;", Unpick(), "74.000000 committed"),
        (51401, "DELETE FROM dbo.Cust_BulkRun;", Unpick(), f"no run {RUN}/1"),
        (51402, "UPDATE dbo.Cust_BulkRun SET Status = N'CLOSED';", Unpick(), "status CLOSED"),
        (51406, "UPDATE dbo.Cust_BulkLotPicked SET PackSize = 0;", Unpick(), "pack size 0.000000"),
        (51407, "UPDATE dbo.cust_BulkPicked SET PackSize = 20;", Unpick(), "another item or pack size"),
        (51407, "UPDATE dbo.cust_BulkPicked SET PickedBulkQty = 2;", Unpick(), "2.000000 bags picked"),
        (51407, "DELETE FROM dbo.cust_BulkPicked;", Unpick(), "is not the line"),
        (51409, "", Unpick(allocation=99), "no allocation 99"),
        (51410, "", Unpick(bags=4), "75.000000 left"),
        (51410, "UPDATE dbo.Cust_BulkLotPicked SET AllocLotQty = 0;", Unpick(), "0.000000 left"),
        (51411, "UPDATE dbo.Cust_BulkLotPicked SET QtyIssued = 75;", Unpick(), "issued to production (75.000000)"),
        (51902, "DELETE FROM lockstep.Settings;", Unpick(), "lockstep.Settings"),
    ],
)
def test_a_refusal_names_the_values_and_changes_nothing(
    unchecked_warehouse: Warehouse, session: Session, number: int, change: str, unpick: Unpick, words: str
) -> None:
    Pick(bags=3)(session)
    if change:
        unchecked_warehouse.execute(change)
    before = unchecked_warehouse.contents()
    with pytest.raises(SqlServerError) as caught:
        unpick(session)
    assert caught.value.number == number
    assert words in caught.value.message
    assert unchecked_warehouse.contents() == before
    assert unchecked_warehouse.rows("picking.UnpickLotOutcome") == []
    assert unchecked_warehouse.locks_of(spid_of(session)) == []


def test_what_is_taken_back_once_cannot_be_taken_back_by_another_request(
    warehouse: Warehouse, session: Session, allocation: int
) -> None:
    Unpick(allocation=allocation)(session)
    with pytest.raises(SqlServerError) as caught:
        Unpick(allocation=allocation)(session)
    assert caught.value.number == 51410


def test_of_two_that_take_back_the_same_allocation_the_second_finds_nothing_left(
    warehouse: Warehouse, session: Session, allocation: int
) -> None:
    """The second saw the allocation whole, waits, and looks again."""
    with (
        warehouse.hold("UPDATE dbo.LotMaster SET DateQuarantine = NULL;") as other,
        begun(warehouse.target, Unpick(allocation=allocation)) as second,
    ):
        second.await_waiting(warehouse)
        Unpick(allocation=allocation)(other)
        other.execute("COMMIT TRANSACTION;")
        with pytest.raises(SqlServerError) as caught:
            second.result()
    assert caught.value.number == 51410
    assert warehouse.operations()[-1]["Attempts"] == 2


def test_its_part_cannot_be_called_by_itself(warehouse: Warehouse, session: Session) -> None:
    with pytest.raises(SqlServerError) as caught:
        session.execute(
            "EXEC picking.ReleaseLot 1, 1, 1, 1, 'L', 'I', 'T', N'B', 25, 25, NULL, N'x', '20240101', NULL;"
        )
    assert caught.value.number == 51903
