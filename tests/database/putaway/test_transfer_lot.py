"""putaway.TransferLot: what a transfer writes, and everything it refuses."""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from harness.connection import Session, SqlServerError
from tests.database.calls import Transfer
from tests.database.clients import begun
from tests.database.warehouse import EXPIRY, RECEIVED, Warehouse, chosen, is_between, spid_of

# What a transfer writes


def test_the_outcome_tells_what_was_made_and_the_new_balances(warehouse: Warehouse, session: Session) -> None:
    transfer = Transfer()
    outcome = transfer(session)
    assert (outcome.request_id, outcome.replayed, outcome.attempts) == (transfer.request_id, False, 1)
    assert outcome.values == {
        "DocumentNo": "BT-00000001",
        "IssueLotTranNo": warehouse.row("dbo.LotTransaction", TransactionType=9)["LotTranNo"],
        "ReceiptLotTranNo": warehouse.row("dbo.LotTransaction", TransactionType=8)["LotTranNo"],
        "InTransId": warehouse.row("dbo.Mintxdh")["InTransId"],
        "BinTranId": warehouse.row("dbo.BinTransfer")["BinTranID"],
        "FromQtyOnHand": 925,
        "ToQtyOnHand": 75,
    }


def test_the_source_is_reduced_and_nothing_else_of_it_changes(warehouse: Warehouse, session: Session) -> None:
    before = warehouse.lot()
    Transfer()(session)
    assert warehouse.lot() == {**before, "QtyOnHand": 925, "QtyIssued": 75}


def test_a_new_destination_row_takes_after_the_source(warehouse: Warehouse, session: Session) -> None:
    quarantine = datetime(2024, 6, 1)
    warehouse.change("UPDATE dbo.LotMaster SET LotStatus = N'H', DateQuarantine = ?, QtyOnOrder = 7;", quarantine)
    source, began = warehouse.lot(), warehouse.now()
    Transfer(user="malee.longname")(session)
    row = warehouse.lot(bin_no="K-01")
    assert is_between(row["Recdate"], began, warehouse.now())
    assert row == {
        **source,
        "BinNo": "K-01",
        "QtyReceived": 75,
        "QtyIssued": 0,
        "QtyCommitSales": 0,
        "QtyOnHand": 75,
        "QtyOnOrder": 0,
        "DocumentNo": "BT-00000001",
        "DocumentLineNo": 1,
        "TransactionType": 8,
        "RecUserId": "malee.lo",
        "Recdate": row["Recdate"],
    }


@pytest.mark.parametrize("bin_no", ["A-001", "K-01"], ids=["key before the source", "key after the source"])
def test_a_destination_that_has_the_lot_is_added_to(warehouse: Warehouse, session: Session, bin_no: str) -> None:
    if bin_no == "A-001":
        warehouse.insert("dbo.BINMaster", Location="TFC1", BinNo=bin_no)
    warehouse.add_lot("LOT-1", bin_no, 40, committed=15, VendorKey="OTHER")
    warehouse.take_baseline()
    before = warehouse.lot(bin_no=bin_no)
    values = Transfer(destination=bin_no)(session).values
    assert (values["FromQtyOnHand"], values["ToQtyOnHand"]) == (925, 115)
    assert warehouse.lot(bin_no=bin_no) == {**before, "QtyOnHand": 115, "QtyReceived": 115}


def test_an_empty_source_row_is_deleted(warehouse: Warehouse, session: Session) -> None:
    warehouse.change("UPDATE dbo.LotMaster SET QtyCommitSales = 0;")
    assert Transfer(quantity=1000)(session).values["FromQtyOnHand"] == 0
    assert warehouse.on_hand() == {"K-01": 1000}


def test_committed_stock_stays(warehouse: Warehouse, session: Session) -> None:
    assert Transfer(quantity=900)(session).values["FromQtyOnHand"] == 100
    assert warehouse.on_hand() == {"A-01": 100, "K-01": 900}
    assert (warehouse.lot()["QtyCommitSales"], warehouse.lot(bin_no="K-01")["QtyCommitSales"]) == (100, 0)
    with pytest.raises(SqlServerError, match=r"0\.000000 available") as caught:
        Transfer(quantity=Decimal("0.000001"))(session)
    assert caught.value.number == 51105


def test_a_source_row_with_stock_on_order_is_kept(warehouse: Warehouse, session: Session) -> None:
    warehouse.change("UPDATE dbo.LotMaster SET QtyCommitSales = 0, QtyOnOrder = 5;")
    Transfer(quantity=1000)(session)
    assert warehouse.on_hand() == {"A-01": 0, "K-01": 1000}


def test_the_ledger_has_an_issue_and_a_receipt(warehouse: Warehouse, session: Session) -> None:
    began = warehouse.now()
    Transfer(user="malee.longname", reference="PO-1")(session)
    common = {
        "LotNo": "LOT-1",
        "ItemKey": "FLOUR",
        "LocationKey": "TFC1",
        "DateReceived": RECEIVED,
        "DateExpiry": EXPIRY,
        "Vendorkey": "MILL",
        "VendorlotNo": "M-77",
        "CustomerKey": "",
        "RecUserid": "malee.lo",
        "Processed": "N",
        "TempQty": 0,
        "QtyForLotAssignment": 0,
        "QtyUsed": 0,
        "User5": "PO-1",
    }
    issue = warehouse.row("dbo.LotTransaction", TransactionType=9)
    expected = {
        **common,
        "BinNo": "A-01",
        "ReceiptDocNo": "",
        "ReceiptDocLineNo": 0,
        "QtyReceived": 0,
        "IssueDocNo": "BT-00000001",
        "IssueDocLineNo": 1,
        "QtyIssued": 75,
    }
    assert chosen(issue, expected) == expected
    assert issue["IssueDate"] == issue["RecDate"]
    assert is_between(issue["RecDate"], began, warehouse.now())
    receipt = warehouse.row("dbo.LotTransaction", TransactionType=8)
    expected = {
        **common,
        "BinNo": "K-01",
        "ReceiptDocNo": "BT-00000001",
        "ReceiptDocLineNo": 1,
        "QtyReceived": 75,
        "IssueDocNo": "",
        "IssueDocLineNo": 0,
        "QtyIssued": 0,
        "IssueDate": None,
        "RecDate": issue["RecDate"],
    }
    assert chosen(receipt, expected) == expected


def test_the_posting_has_the_cost(warehouse: Warehouse, session: Session) -> None:
    Transfer(user="malee.longname")(session)
    row = warehouse.row("dbo.Mintxdh")
    expected = {
        "ItemKey": "FLOUR",
        "Location": "TFC1",
        "ToLocation": "TFC1",
        "SysID": "7",
        "ProcessID": "M",
        "SysLinSq": 1,
        "SysDocID": "BT-00000001",
        "TrnTyp": "A",
        "TrnSubTyp": "",
        "DocNo": "BT-00000001",
        "TrnDesc": "Bin Transfer",
        "TrnQty": 75,
        "TrnAmt": Decimal("187.5"),
        "StdCost": Decimal("2.5"),
        "NLAcct": "1100",
        "INAcct": "1100",
        "CreatedSerlot": "Y",
        "Stdcostupdated": False,
        "Updated_FinTable": False,
        "SortField": "",
        "JrnlBtchNo": "",
        "GLtrnAmt": 0,
        "RecUserID": "malee.lo",
        "DocDate": row["RecDate"],
        "AplDate": row["RecDate"],
    }
    assert chosen(row, expected) == expected


def test_the_account_is_that_of_the_items_class(warehouse: Warehouse, session: Session) -> None:
    warehouse.insert("putaway.ClassAccount", InClassKey="RAW", INAcct="1177")
    Transfer()(session)
    assert warehouse.row("dbo.Mintxdh")["INAcct"] == "1177"


def test_an_item_without_cost_is_posted_at_nothing(warehouse: Warehouse, session: Session) -> None:
    warehouse.execute("UPDATE dbo.INLOC SET StdCost = NULL, InClassKey = NULL, Physinprogress = NULL;")
    Transfer()(session)
    assert chosen(warehouse.row("dbo.Mintxdh"), {"TrnAmt": 0, "StdCost": 0}) == {"TrnAmt": 0, "StdCost": 0}


def test_the_bin_transfer_ties_issue_and_posting_together(warehouse: Warehouse, session: Session) -> None:
    values = Transfer(user="malee.longname", reference="PO-1", remarks="near the door")(session).values
    row = warehouse.row("dbo.BinTransfer")
    expected = {
        "ItemKey": "FLOUR",
        "Location": "TFC1",
        "LotNo": "LOT-1",
        "BinNoFrom": "A-01",
        "BinNoTo": "K-01",
        "LotTranNo": values["IssueLotTranNo"],
        "InTransID": values["InTransId"],
        "QtyOnHand": 1000,
        "TransferQty": 75,
        "ContainerNo": 0,
        "User1": "near the door",
        "User5": "PO-1",
        "RecUserID": "malee.lo",
    }
    assert chosen(row, expected) == expected


def test_every_transfer_has_a_document_of_its_own(warehouse: Warehouse, session: Session) -> None:
    numbers = [Transfer()(session).values["DocumentNo"] for _ in range(3)]
    assert numbers == ["BT-00000001", "BT-00000002", "BT-00000003"]


def test_the_call_is_recorded(warehouse: Warehouse, session: Session) -> None:
    transfer = Transfer()
    transfer(session)
    (operation,) = warehouse.operations()
    expected = {"ProcedureName": transfer.procedure, "Attempts": 1, "Outcome": "DONE", "ErrorNumber": None}
    assert chosen(operation, expected) == expected
    assert str(operation["RequestId"]).lower() == str(transfer.request_id)


@pytest.mark.parametrize("status", ["H", "B"])
def test_held_stock_may_be_moved(warehouse: Warehouse, session: Session, status: str) -> None:
    warehouse.change("UPDATE dbo.LotMaster SET LotStatus = ?;", status)
    Transfer(destination="P-01")(session)
    assert warehouse.lot(bin_no="P-01")["LotStatus"] == status


def test_rows_without_status_and_expiry_are_joined(warehouse: Warehouse, session: Session) -> None:
    warehouse.add_lot("LOT-1", "K-01", 10, LotStatus="", DateExpiry=None)
    warehouse.change("UPDATE dbo.LotMaster SET LotStatus = NULL, DateExpiry = NULL WHERE BinNo = N'A-01';")
    assert Transfer()(session).values["ToQtyOnHand"] == 85


def test_what_is_written_is_spelled_as_the_lot_row_and_the_bin_are(warehouse: Warehouse, session: Session) -> None:
    Transfer(lot="lot-1 ", item="Flour", location="tfc1", source="a-01", destination="k-01  ")(session)
    lot = {"LotNo": "LOT-1", "ItemKey": "FLOUR", "LocationKey": "TFC1"}
    rows = [*warehouse.rows("dbo.LotMaster"), *warehouse.rows("dbo.LotTransaction")]
    assert [chosen(row, lot) for row in rows] == [lot] * 4
    assert sorted(row["BinNo"] for row in rows) == ["A-01", "A-01", "K-01", "K-01"]
    moved = {"ItemKey": "FLOUR", "Location": "TFC1", "LotNo": "LOT-1", "BinNoFrom": "A-01", "BinNoTo": "K-01"}
    assert chosen(warehouse.row("dbo.BinTransfer"), moved) == moved
    assert warehouse.row("dbo.Mintxdh")["ItemKey"] == "FLOUR"


# Refusals

MISSING = [
    pytest.param(51001, "", {name: None}, "putaway.TransferLot: a required parameter is missing", id=f"no {name}")
    for name in ("lot", "item", "location", "source", "destination", "quantity", "user")
]
REFUSED = [
    *MISSING,
    *[
        pytest.param(51001, "", {name: ""}, "is missing", id=f"empty {name}")
        for name in ("lot", "item", "location", "user")
    ],
    pytest.param(51002, "", {"quantity": 0}, "@Quantity is 0.000000", id="no quantity"),
    pytest.param(51002, "", {"quantity": -1}, "@Quantity is -1.000000", id="negative quantity"),
    pytest.param(51101, "", {"lot": "LOT-9"}, "Lot LOT-9 of item FLOUR is not in bin A-01", id="no such lot"),
    pytest.param(51101, "", {"source": "A-02"}, "is not in bin A-02 at location TFC1", id="lot elsewhere"),
    pytest.param(
        51105,
        "",
        {"quantity": Decimal("900.000001")},
        "900.000001 wanted, 900.000000 available (1000.000000 on hand, 100.000000 committed)",
        id="a gram too much",
    ),
    pytest.param(
        51105, "", {"quantity": Decimal("9999999999999.999999")}, "9999999999999.999999 wanted", id="more than there is"
    ),
    pytest.param(
        51106,
        "UPDATE dbo.LotMaster SET LotStatus = N'H' WHERE BinNo = N'K-01';",
        {},
        'status "" and expiry 2099-12-31 in bin A-01, but "H" and 2099-12-31 in bin K-01',
        id="destination held",
    ),
    pytest.param(
        51106,
        "UPDATE dbo.LotMaster SET LotStatus = N'H' WHERE BinNo = N'A-01';",
        {},
        'status "H" and expiry 2099-12-31 in bin A-01, but "" and 2099-12-31 in bin K-01',
        id="source held",
    ),
    pytest.param(
        51106,
        "UPDATE dbo.LotMaster SET DateExpiry = '20980101' WHERE BinNo = N'K-01';",
        {},
        "2098-01-01 in bin K-01",
        id="another expiry",
    ),
    pytest.param(
        51106,
        "UPDATE dbo.LotMaster SET DateExpiry = NULL WHERE BinNo = N'A-01';",
        {},
        "bin A-01, but",
        id="expiry to none",
    ),
    pytest.param(
        51107, "UPDATE dbo.INLOC SET Physinprogress = 1;", {}, "FLOUR is being counted at location TFC1", id="count"
    ),
    pytest.param(51108, "DELETE FROM dbo.INLOC;", {}, "FLOUR is not stocked at location TFC1", id="not stocked"),
    pytest.param(51201, "", {"destination": "A-01"}, "are both A-01", id="same bin"),
    pytest.param(51201, "", {"destination": "a-01"}, "are both", id="same bin in lower case"),
    pytest.param(51202, "", {"destination": "Z-99"}, "no bin Z-99 at location TFC1", id="no bin"),
    pytest.param(51301, "", {"request_id": None}, "@RequestId is missing", id="no request id"),
    pytest.param(51301, "", {"request_id": UUID(int=0)}, "or all zeros", id="request id never set"),
    pytest.param(51901, "DELETE FROM dbo.Seqnum;", {}, "Number series BT", id="no number row"),
    pytest.param(51902, "DELETE FROM lockstep.Settings;", {}, "lockstep.Settings has lost its row", id="no settings"),
]


@pytest.mark.parametrize(("number", "change", "arguments", "words"), REFUSED)
def test_a_refused_transfer_writes_nothing_and_leaves_nothing_behind(
    unchecked_warehouse: Warehouse, session: Session, number: int, change: str, arguments: dict[str, Any], words: str
) -> None:
    warehouse = unchecked_warehouse
    warehouse.add_lot("LOT-1", "K-01", 40)
    if change:
        warehouse.execute(change)
    before = warehouse.contents()
    with pytest.raises(SqlServerError) as caught:
        replace(Transfer(), **arguments)(session)
    assert caught.value.number == number
    assert words in caught.value.message
    assert warehouse.contents() == before
    assert warehouse.locks_of(spid_of(session)) == []
    assert session.execute("SELECT @@TRANCOUNT;").rows[0][0] == 0
    (operation,) = warehouse.operations()
    assert (operation["Outcome"], operation["ErrorNumber"], operation["Attempts"]) == ("REJECTED", number, 1)
    assert words in operation["ErrorMessage"]


def test_stock_that_goes_while_the_transfer_waits_is_not_moved(warehouse: Warehouse) -> None:
    with (
        warehouse.hold("UPDATE dbo.LotMaster SET QtyOnHand = 174;") as other,
        begun(warehouse.target, Transfer()) as transfer,
    ):
        transfer.await_waiting(warehouse)
        other.execute("EXEC ops.SetBaseline; COMMIT TRANSACTION;")
        with pytest.raises(SqlServerError) as caught:
            transfer.result()
    assert caught.value.number == 51105


def test_a_row_that_another_program_makes_at_the_destination_meanwhile_is_joined(
    warehouse: Warehouse, session: Session
) -> None:
    """The ERP does not lock the bin first, as a transfer does: the row comes after the transfer has looked."""
    with (
        warehouse.hold("SELECT COUNT(*) FROM dbo.Mintxdh WITH (TABLOCKX, HOLDLOCK);") as other,
        begun(warehouse.target, Transfer()) as transfer,
    ):
        transfer.await_waiting(warehouse)
        session.execute(
            "INSERT INTO dbo.LotMaster (LotNo, ItemKey, LocationKey, BinNo, DateExpiry, QtyOnHand, TransactionType) "
            "VALUES ('LOT-1', 'FLOUR', 'TFC1', N'K-01', ?, 40, 1);",
            EXPIRY,
        )
        other.execute("COMMIT TRANSACTION;")
        outcome = transfer.result()
    assert (outcome.attempts, outcome.values["ToQtyOnHand"]) == (2, 115)
    warehouse.take_baseline()


def test_nobody_waits_for_the_number_row_while_a_transfer_waits(warehouse: Warehouse, session: Session) -> None:
    """The number is drawn in a transaction of its own: a slow transfer keeps no other from its number."""
    with (
        warehouse.hold("UPDATE dbo.LotMaster SET LotStatus = LotStatus;") as other,
        begun(warehouse.target, Transfer()) as transfer,
    ):
        transfer.await_waiting(warehouse)
        session.execute("SET LOCK_TIMEOUT 0;")
        assert session.call("lockstep.NextNumber", "BT").rows[0].Number == 2
        other.execute("COMMIT TRANSACTION;")
        assert transfer.result().values["DocumentNo"] == "BT-00000001"


def test_no_count_can_start_while_a_lot_of_the_item_moves(warehouse: Warehouse, session: Session) -> None:
    """The transfer has looked at the mark of the count and keeps its lock on it to the end."""
    with (
        warehouse.hold("UPDATE dbo.LotMaster SET LotStatus = LotStatus;") as other,
        begun(warehouse.target, Transfer()) as transfer,
    ):
        transfer.await_waiting(warehouse)
        with pytest.raises(SqlServerError) as caught:
            session.execute("SET LOCK_TIMEOUT 0; UPDATE dbo.INLOC SET Physinprogress = 1 WHERE ItemKey = 'FLOUR';")
        other.execute("COMMIT TRANSACTION;")
        transfer.result()
    assert caught.value.number == 1222


def test_the_inner_procedure_refuses_to_work_outside_of_a_transaction(warehouse: Warehouse, session: Session) -> None:
    with pytest.raises(SqlServerError, match="outside of a transaction") as caught:
        session.execute(
            "DECLARE @Now datetime = GETDATE(); EXEC putaway.MoveLot @LotNo = 'LOT-1', @ItemKey = 'FLOUR', "
            "@LocationKey = 'TFC1', @BinNoFrom = N'A-01', @BinNoTo = N'K-01', @Quantity = 1, @DocumentNo = 'BT-1', "
            "@ReferenceNo = NULL, @Remarks = NULL, @InventoryAccount = '1100', @UserId = N'u', @Now = @Now;"
        )
    assert caught.value.number == 51903
