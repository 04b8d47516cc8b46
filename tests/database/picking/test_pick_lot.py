"""picking.PickLot: what a pick writes, and everything it refuses."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from harness.connection import Session, SqlServerError
from tests.database.calls import Pick
from tests.database.clients import begun
from tests.database.warehouse import EXPIRY, RECEIVED, ROW, RUN, Warehouse, chosen, is_between, spid_of

LINE = {"RunNo": RUN, "RowNum": ROW, "LineId": 1}


# What a pick writes


def test_the_outcome_tells_what_was_made_and_the_new_balances(warehouse: Warehouse, session: Session) -> None:
    pick = Pick(bags=3)
    outcome = pick(session)
    assert (outcome.request_id, outcome.replayed, outcome.attempts) == (pick.request_id, False, 1)
    assert outcome.values == {
        "LotTranNo": warehouse.row("dbo.LotTransaction")["LotTranNo"],
        "AllocationNo": warehouse.row("dbo.Cust_BulkLotPicked")["LotTranNo"],
        "PalletId": "PT-00000001",
        "QtyOnHand": 1000,
        "QtyCommitSales": 175,
        "PickedBulkQty": 3,
        "PickedQty": 75,
        "RunStatus": "NEW",
    }


def test_the_lot_is_committed_and_nothing_else_of_it_changes(warehouse: Warehouse, session: Session) -> None:
    before = warehouse.lot()
    Pick(bags=3)(session)
    assert warehouse.lot() == {**before, "QtyCommitSales": Decimal(175)}


def test_other_lot_rows_are_left_alone(warehouse: Warehouse, session: Session) -> None:
    warehouse.add_lot("LOT-1", "A-02", 500)
    warehouse.add_lot("LOT-2", "A-01", 500)
    warehouse.take_baseline()
    before = warehouse.lot("LOT-1", "A-02"), warehouse.lot("LOT-2", "A-01")
    Pick()(session)
    assert (warehouse.lot("LOT-1", "A-02"), warehouse.lot("LOT-2", "A-01")) == before


def test_the_ledger_has_a_manufacturing_issue(warehouse: Warehouse, session: Session) -> None:
    before = warehouse.now()
    Pick(bags=3, user="somchai.longname")(session)
    row = warehouse.row("dbo.LotTransaction")
    expected = {
        "LotNo": "LOT-1",
        "ItemKey": "FLOUR",
        "LocationKey": "TFC1",
        "BinNo": "A-01",
        "TransactionType": 5,
        "DateReceived": RECEIVED,
        "DateExpiry": EXPIRY,
        "Vendorkey": "MILL",
        "VendorlotNo": "M-77",
        "ReceiptDocNo": "",
        "ReceiptDocLineNo": 0,
        "QtyReceived": 0,
        "IssueDocNo": f"B{RUN}",
        "IssueDocLineNo": 1,
        "QtyIssued": 75,
        "CustomerKey": "",
        "RecUserid": "somchai.",
        "Processed": "N",
        "TempQty": 0,
        "QtyForLotAssignment": 0,
        "QtyUsed": 0,
        "User5": None,
    }
    assert chosen(row, expected) == expected
    assert row["IssueDate"] == row["RecDate"]
    assert is_between(row["RecDate"], before, warehouse.now())


def test_the_line_moves_on(warehouse: Warehouse, session: Session) -> None:
    before = warehouse.row("dbo.cust_BulkPicked", **LINE)
    began = warehouse.now()
    Pick(bags=3, user="somchai.with.a.long.name")(session)
    after = warehouse.row("dbo.cust_BulkPicked", **LINE)
    assert is_between(after["PickingDate"], began, warehouse.now())
    assert after == {
        **before,
        "PickedBulkQty": 3,
        "PickedQty": 75,
        "ItemBatchStatus": "Allocated",
        "PickingDate": after["PickingDate"],
        "ModifiedDate": after["PickingDate"],
        "ModifiedBy": "somchai.with.a.l",
    }


def test_the_allocation_keeps_the_stock_open(warehouse: Warehouse, session: Session) -> None:
    Pick(bags=3, user="somchai.with.a.long.name")(session)
    row = warehouse.row("dbo.Cust_BulkLotPicked")
    expected = {
        **LINE,
        "BatchNo": f"B{RUN}",
        "LotNo": "LOT-1",
        "SuggestedLotNo": "LOT-1",
        "ItemKey": "FLOUR",
        "LocationKey": "TFC1",
        "BinNo": "A-01",
        "DateReceived": RECEIVED,
        "DateExpiry": EXPIRY,
        "TransactionType": 5,
        "QtyReceived": 1000,
        "AllocLotQty": 75,
        "QtyIssued": 0,
        "IssueDate": None,
        "CustomerKey": "",
        "PackSize": 25,
        "QtyOnHand": 1000,
        "PalletNo": 1,
        "PalletId": "PT-00000001",
        "LotStatus": "Allocated",
        "Processed": "N",
        "RecUserid": "somchai.",
        "ModifiedBy": "somchai.with.a.l",
    }
    assert chosen(row, expected) == expected


def test_the_line_gets_its_pallet(warehouse: Warehouse, session: Session) -> None:
    Pick(user="somchai.with.a.long.name")(session)
    expected = {
        **LINE,
        "BatchNo": f"B{RUN}",
        "PalletID": "PT-00000001",
        "RecUserid": "somchai.",
        "ModifiedBy": "somchai.with.a.l",
    }
    assert chosen(warehouse.row("dbo.Cust_BulkPalletLotPicked"), expected) == expected


def test_the_call_is_recorded(warehouse: Warehouse, session: Session) -> None:
    pick = Pick()
    pick(session)
    (operation,) = warehouse.operations()
    expected = {
        "ProcedureName": pick.procedure,
        "Attempts": 1,
        "Outcome": "DONE",
        "ErrorNumber": None,
        "ErrorMessage": None,
    }
    assert chosen(operation, expected) == expected
    assert str(operation["RequestId"]).lower() == str(pick.request_id)


def test_a_line_collects_picks_of_several_lots(warehouse: Warehouse, session: Session) -> None:
    warehouse.add_lot("LOT-2", "K-01", 50)
    warehouse.take_baseline()
    Pick(bags=1)(session)
    values = Pick(bags=2, lot="LOT-2", bin_no="K-01")(session).values
    assert (values["PickedBulkQty"], values["PickedQty"], values["QtyCommitSales"]) == (3, 75, 50)
    assert len(warehouse.rows("dbo.Cust_BulkLotPicked", **LINE)) == 2


def test_what_is_written_is_spelled_as_the_lot_row_is(warehouse: Warehouse, session: Session) -> None:
    Pick(lot="lot-1  ", bin_no="a-01 ")(session)
    expected = {"LotNo": "LOT-1", "ItemKey": "FLOUR", "LocationKey": "TFC1", "BinNo": "A-01"}
    for table in ("dbo.LotTransaction", "dbo.Cust_BulkLotPicked"):
        assert chosen(warehouse.row(table), expected) == expected


def test_the_suggested_lot_is_kept(warehouse: Warehouse, session: Session) -> None:
    Pick(suggested="LOT-9")(session)
    assert warehouse.row("dbo.Cust_BulkLotPicked")["SuggestedLotNo"] == "LOT-9"


# Pallets


def test_the_next_pick_of_a_line_goes_onto_its_pallet_without_a_new_number(
    warehouse: Warehouse, session: Session
) -> None:
    pallets = [Pick()(session).values["PalletId"] for _ in range(2)]
    assert pallets == ["PT-00000001"] * 2
    assert warehouse.last_number("PT") == 1


def test_each_line_has_a_pallet_of_its_own(warehouse: Warehouse, session: Session) -> None:
    assert [Pick(line=line)(session).values["PalletId"] for line in (1, 2)] == ["PT-00000001", "PT-00000002"]


@pytest.mark.parametrize(("pallet", "number"), [("PT-00000777", 777), ("ROLLTOP", None)])
def test_a_given_pallet_is_taken_and_draws_no_number(
    warehouse: Warehouse, session: Session, pallet: str, number: int | None
) -> None:
    Pick()(session)
    assert Pick(pallet=pallet)(session).values["PalletId"] == pallet
    assert warehouse.row("dbo.Cust_BulkPalletLotPicked")["PalletID"] == pallet
    assert warehouse.row("dbo.Cust_BulkLotPicked", PalletId=pallet)["PalletNo"] == number
    assert warehouse.last_number("PT") == 1


def test_an_empty_pallet_is_none(warehouse: Warehouse, session: Session) -> None:
    assert Pick(pallet="")(session).values["PalletId"] == "PT-00000001"


# Completion of a run


def test_the_pick_that_completes_the_last_needed_line_sets_the_run_to_print(
    warehouse: Warehouse, session: Session
) -> None:
    picks = [Pick(line=1, bags=4), Pick(line=2, bags=1), Pick(line=2, bags=1, user="somchai.with.a.long.name")]
    assert [pick(session).values["RunStatus"] for pick in picks] == ["NEW", "NEW", "PRINT"]
    run = warehouse.row("dbo.Cust_BulkRun", RunNo=RUN)
    assert (run["Status"], run["ModifiedBy"]) == ("PRINT", "somchai.with.a.l")


def test_a_run_that_is_not_complete_is_left_alone(warehouse: Warehouse, session: Session) -> None:
    before = warehouse.row("dbo.Cust_BulkRun", RunNo=RUN)
    Pick(line=1, bags=4)(session)
    assert warehouse.row("dbo.Cust_BulkRun", RunNo=RUN) == before


def test_a_line_without_a_quantity_does_not_hold_the_run_up(warehouse: Warehouse, session: Session) -> None:
    warehouse.add_line(4, bags=None)
    warehouse.take_baseline()
    Pick(line=1, bags=4)(session)
    assert Pick(line=2, bags=2)(session).values["RunStatus"] == "PRINT"


def test_a_batch_of_the_run_completes_without_the_others(warehouse: Warehouse, session: Session) -> None:
    warehouse.add_run(RUN, row=2)
    warehouse.add_line(1, bags=1, row=2)
    warehouse.take_baseline()
    assert Pick(row=2)(session).values["RunStatus"] == "PRINT"
    assert warehouse.row("dbo.Cust_BulkRun", RunNo=RUN, RowNum=1)["Status"] == "NEW"


def test_fractions_of_a_bag_in_the_need_are_no_obstacle(warehouse: Warehouse, session: Session) -> None:
    """The tolerance lets the last bag be picked whole."""
    warehouse.change(
        "UPDATE dbo.cust_BulkPicked SET ToPickedBulkQty = CASE LineId WHEN 1 THEN 1.5 ELSE 0 END; "
        "UPDATE lockstep.Settings SET OverPickBags = 1;"
    )
    assert [Pick()(session).values["RunStatus"] for _ in range(2)] == ["NEW", "PRINT"]


# Limits that are still accepted


def test_all_that_is_available_can_be_picked(warehouse: Warehouse, session: Session) -> None:
    warehouse.change("UPDATE dbo.LotMaster SET QtyOnHand = 125;")
    assert Pick()(session).values["QtyCommitSales"] == 125


def test_bags_within_the_tolerance_are_picked(warehouse: Warehouse, session: Session) -> None:
    warehouse.change("UPDATE lockstep.Settings SET OverPickBags = 1;")
    assert Pick(bags=5)(session).values["PickedBulkQty"] == 5


@pytest.mark.parametrize(
    "change",
    [
        pytest.param("UPDATE dbo.LotMaster SET DateExpiry = NULL;", id="no expiry date"),
        pytest.param("UPDATE dbo.LotMaster SET LotStatus = NULL;", id="no status"),
        pytest.param("UPDATE dbo.LotMaster SET LotStatus = N'Q';", id="a status that does not hold"),
        pytest.param("UPDATE dbo.BINMaster SET Nettable = 0;", id="bin not nettable"),
        pytest.param("DELETE FROM dbo.BINMaster;", id="bin not in the master"),
        pytest.param("UPDATE dbo.BINMaster SET User1 = NULL, User4 = NULL;", id="bin without type and warehouse"),
        pytest.param("UPDATE dbo.cust_BulkPicked SET PickedBulkQty = 0, PickedQty = 0;", id="progress 0 for NULL"),
    ],
)
def test_what_is_no_reason_to_refuse(warehouse: Warehouse, session: Session, change: str) -> None:
    warehouse.change(change)
    assert Pick()(session).values["PickedBulkQty"] == 1


def test_a_lot_is_picked_up_to_the_day_of_its_expiry_by_the_warehouse_calendar(
    warehouse: Warehouse, session: Session
) -> None:
    today = warehouse.shift_the_day()
    warehouse.change("UPDATE dbo.LotMaster SET DateExpiry = ?;", today)
    Pick()(session)
    warehouse.execute("UPDATE dbo.LotMaster SET DateExpiry = ?;", today - timedelta(days=1))
    with pytest.raises(SqlServerError, match=f"expired on {today - timedelta(days=1):%Y-%m-%d}") as caught:
        Pick()(session)
    assert caught.value.number == 51104


# Refusals

MISSING = [
    pytest.param(51001, "", {name: None}, "picking.PickLot: a required parameter is missing", id=f"no {name}")
    for name in ("run", "row", "line", "lot", "bin_no", "bags", "user")
]
REFUSED = [
    *MISSING,
    pytest.param(51001, "", {"lot": ""}, "@LotNo=''", id="empty lot"),
    pytest.param(51001, "", {"user": ""}, "@UserId=''", id="empty user"),
    pytest.param(51002, "", {"bags": 0}, "@Bags is 0.000000", id="no bags"),
    pytest.param(51002, "", {"bags": -1}, "@Bags is -1.000000", id="negative bags"),
    pytest.param(51003, "", {"bags": Decimal("1.5")}, "@Bags is 1.500000", id="part of a bag"),
    pytest.param(51004, "", {"line": 32768}, "@LineId is 32768", id="line out of range"),
    pytest.param(51004, "", {"line": -1}, "@LineId is -1", id="negative line"),
    pytest.param(51004, "", {"bags": 1000001}, "@Bags 1000001", id="bags out of range"),
    pytest.param(51101, "", {"lot": "LOT-9"}, "Lot LOT-9 of item FLOUR is not in bin A-01", id="no such lot"),
    pytest.param(51101, "", {"bin_no": "A-02"}, "Lot LOT-1 of item FLOUR is not in bin A-02", id="lot elsewhere"),
    pytest.param(51102, "UPDATE dbo.LotMaster SET ItemKey = 'SUGAR';", {}, "not of item FLOUR", id="another item"),
    pytest.param(51103, "UPDATE dbo.LotMaster SET LotStatus = N'H';", {}, "status is H", id="held"),
    pytest.param(51103, "UPDATE dbo.LotMaster SET LotStatus = N'B';", {}, "status is B", id="blocked"),
    pytest.param(51104, "UPDATE dbo.LotMaster SET DateExpiry = '20200229';", {}, "2020-02-29", id="expired"),
    pytest.param(
        51105,
        "UPDATE dbo.LotMaster SET QtyOnHand = 124.999999;",
        {},
        "25.000000 wanted, 24.999999 available (124.999999 on hand, 100.000000 committed)",
        id="a gram too little",
    ),
    pytest.param(
        51105,
        "UPDATE dbo.LotMaster SET QtyOnHand = 0, QtyCommitSales = 0;",
        {},
        "0.000000 available",
        id="nothing on hand",
    ),
    pytest.param(
        51203, "UPDATE dbo.LotMaster SET BinNo = N'P-01';", {"bin_no": "P-01"}, "partial bags", id="partial bin"
    ),
    pytest.param(
        51204,
        "UPDATE dbo.LotMaster SET BinNo = N'A-Variance';",
        {"bin_no": "A-Variance"},
        "variances",
        id="variance bin",
    ),
    pytest.param(
        51205,
        "UPDATE dbo.LotMaster SET BinNo = N'T-01';",
        {"bin_no": "T-01"},
        "closed to picking",
        id="closed warehouse",
    ),
    pytest.param(51301, "", {"request_id": None}, "@RequestId is missing", id="no request id"),
    pytest.param(51301, "", {"request_id": UUID(int=0)}, "or all zeros", id="request id never set"),
    pytest.param(51401, "DELETE FROM dbo.Cust_BulkRun;", {}, f"no run {RUN}/1", id="no run"),
    pytest.param(51402, "UPDATE dbo.Cust_BulkRun SET Status = N'PRINT';", {}, "status PRINT", id="run printed"),
    pytest.param(51403, "", {"line": 9}, f"Run {RUN}/1 has no line 9", id="no line"),
    pytest.param(51403, "", {"run": 7}, "Run 7/1 has no line 1", id="line of no run"),
    pytest.param(51403, "UPDATE dbo.cust_BulkPicked SET ItemKey = NULL;", {}, "names an item", id="line without item"),
    pytest.param(
        51403, "UPDATE dbo.cust_BulkPicked SET Location = NULL;", {}, "a location", id="line without location"
    ),
    pytest.param(51403, "UPDATE dbo.cust_BulkPicked SET BatchNo = NULL;", {}, "a batch", id="line without batch"),
    pytest.param(51404, "", {"line": 3}, "needs no picking", id="line with need 0"),
    pytest.param(51404, "UPDATE dbo.cust_BulkPicked SET ToPickedBulkQty = NULL;", {}, "needs no picking", id="no need"),
    pytest.param(
        51405,
        "",
        {"bags": 5},
        "needs 4.000000 bags (tolerance 0.000000) and has 0.000000; 5.000000 more",
        id="too many",
    ),
    pytest.param(
        51405,
        "UPDATE dbo.cust_BulkPicked SET PickedBulkQty = 3; UPDATE lockstep.Settings SET OverPickBags = 1;",
        {"bags": 3},
        "(tolerance 1.000000) and has 3.000000; 3.000000 more",
        id="beyond the tolerance",
    ),
    pytest.param(51406, "UPDATE dbo.cust_BulkPicked SET PackSize = 0;", {}, "pack size 0.000000", id="pack size 0"),
    pytest.param(51406, "UPDATE dbo.cust_BulkPicked SET PackSize = NULL;", {}, "has the pack size", id="no pack size"),
    pytest.param(51901, "DELETE FROM dbo.Seqnum;", {}, "Number series PT", id="no number row"),
    pytest.param(51902, "DELETE FROM lockstep.Settings;", {}, "lockstep.Settings has lost its row", id="no settings"),
]


@pytest.mark.parametrize(("number", "change", "arguments", "words"), REFUSED)
def test_a_refused_pick_writes_nothing_and_leaves_nothing_behind(
    unchecked_warehouse: Warehouse, session: Session, number: int, change: str, arguments: dict[str, Any], words: str
) -> None:
    warehouse = unchecked_warehouse
    if change:
        warehouse.execute(change)
    before = warehouse.contents()
    with pytest.raises(SqlServerError) as caught:
        replace(Pick(), **arguments)(session)
    assert caught.value.number == number
    assert words in caught.value.message
    assert warehouse.contents() == before
    assert warehouse.locks_of(spid_of(session)) == []
    assert session.execute("SELECT @@TRANCOUNT;").rows[0][0] == 0
    (operation,) = warehouse.operations()
    assert (operation["Outcome"], operation["ErrorNumber"], operation["Attempts"]) == ("REJECTED", number, 1)
    assert words in operation["ErrorMessage"]


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE dbo.cust_BulkPicked SET PackSize = 20 WHERE LineId = 1;",
        "UPDATE dbo.cust_BulkPicked SET PackSize = NULL WHERE LineId = 1;",
        "UPDATE dbo.cust_BulkPicked SET ItemKey = 'SUGAR' WHERE LineId = 1;",
        "UPDATE dbo.cust_BulkPicked SET BatchNo = N'B9' WHERE LineId = 1;",
        "DELETE FROM dbo.cust_BulkPicked WHERE LineId = 1;",
    ],
)
def test_a_line_that_changes_while_the_pick_waits_is_refused(warehouse: Warehouse, change: str) -> None:
    with (
        warehouse.hold("UPDATE dbo.LotMaster SET LotStatus = LotStatus;") as other,
        begun(warehouse.target, Pick()) as pick,
    ):
        pick.await_waiting(warehouse)
        other.execute(f"{change} COMMIT TRANSACTION;")
        with pytest.raises(SqlServerError) as caught:
            pick.result()
    assert caught.value.number == 51407
    assert warehouse.lot()["QtyCommitSales"] == 100
    assert warehouse.rows("dbo.LotTransaction") == []


def test_stock_that_goes_while_the_pick_waits_is_not_picked(warehouse: Warehouse) -> None:
    """What counts is what is read under lock, not what was there when the call began."""
    with (
        warehouse.hold("UPDATE dbo.LotMaster SET QtyOnHand = 100;") as other,
        begun(warehouse.target, Pick()) as pick,
    ):
        pick.await_waiting(warehouse)
        other.execute("EXEC ops.SetBaseline; COMMIT TRANSACTION;")
        with pytest.raises(SqlServerError) as caught:
            pick.result()
    assert caught.value.number == 51105


def test_nobody_changes_the_bin_while_a_lot_is_picked_from_it(warehouse: Warehouse, session: Session) -> None:
    """The pick has looked at the kind of the bin and keeps its lock on it to the end."""
    with (
        warehouse.hold("UPDATE dbo.Cust_BulkRun SET FormulaId = N'F';") as other,
        begun(warehouse.target, Pick()) as pick,
    ):
        pick.await_waiting(warehouse)
        with pytest.raises(SqlServerError) as caught:
            session.execute(
                "SET LOCK_TIMEOUT 0; UPDATE dbo.BINMaster SET User4 = N'PARTIAL' "
                "WHERE Location = N'TFC1' AND BinNo = N'A-01';"
            )
        other.execute("COMMIT TRANSACTION;")
        pick.result()
    assert caught.value.number == 1222


def test_the_inner_procedure_refuses_to_work_outside_of_a_transaction(warehouse: Warehouse, session: Session) -> None:
    with pytest.raises(SqlServerError, match="outside of a transaction") as caught:
        session.execute(
            "DECLARE @Now datetime = GETDATE(); EXEC picking.AllocateLot @RunNo = 6000001, @RowNum = 1, @LineId = 1, "
            "@BatchNo = N'B6000001', @LotNo = 'LOT-1', @ItemKey = 'FLOUR', @LocationKey = 'TFC1', @BinNo = N'A-01', "
            "@Bags = 1, @PackSize = 25, @OverPickBags = 0, @PalletId = N'P', @SuggestedLotNo = NULL, @UserId = N'u', "
            "@Now = @Now;"
        )
    assert caught.value.number == 51903
