"""ops.CheckInventory finds each kind of breakage that is planted, names it, and finds nothing in a sound database."""

from collections.abc import Iterator
from decimal import Decimal

import pytest

from harness.connection import Session
from tests.database.calls import Pick, Transfer
from tests.database.warehouse import RUN, Warehouse, spid_of

LOT = "LOT-1 FLOUR TFC1 A-01"
LINE = f"{RUN}/1/1"
DOCUMENT = "BT-00000001"
FIRST_PICK = "(SELECT MIN(LotTranNo) FROM dbo.LotTransaction WHERE TransactionType = 5)"


@pytest.fixture
def worked(unchecked_warehouse: Warehouse, session: Session) -> Iterator[Warehouse]:
    """The warehouse after two picks for line 1, of two bags and of one, and two transfers; sound."""
    for call in (Pick(bags=2), Transfer(), Pick(), Transfer(destination="K-02", quantity=10)):
        call(session)
    assert unchecked_warehouse.findings() == []
    # What the CHECK constraint keeps away on a fresh database can be there on an ERP's own.
    unchecked_warehouse.execute("ALTER TABLE dbo.LotMaster NOCHECK CONSTRAINT CK_LotMaster_QtyCommitSales;")
    yield unchecked_warehouse
    unchecked_warehouse.execute("ALTER TABLE dbo.LotMaster CHECK CONSTRAINT CK_LotMaster_QtyCommitSales;")


def test_a_database_in_which_nothing_was_done_is_sound(warehouse: Warehouse) -> None:
    assert warehouse.findings() == []


def test_a_finding_tells_what_was_expected_and_what_is_there(worked: Warehouse) -> None:
    worked.execute("UPDATE dbo.LotMaster SET QtyCommitSales = QtyCommitSales + 1 WHERE BinNo = N'A-01';")
    (finding,) = worked.findings()
    assert finding[:4] == (
        "LotCommitted",
        LOT,
        "75.000000 allocated",
        "76.000000 committed, 75.000000 in the ledger",
    )


def of_lot(change: str, bin_no: str = "A-01") -> str:
    return f"UPDATE dbo.LotMaster SET {change} WHERE BinNo = N'{bin_no}';"


PLANTED = [
    # Balances
    ("less than nothing committed", of_lot("QtyCommitSales = -1"), {"LotBalance": LOT, "LotCommitted": LOT}),
    ("more committed than on hand", of_lot("QtyCommitSales = 916"), {"LotBalance": LOT, "LotCommitted": LOT}),
    ("a pick lost in the balance", of_lot("QtyCommitSales = QtyCommitSales - 25"), {"LotCommitted": LOT}),
    ("stock lost", of_lot("QtyOnHand = QtyOnHand - 0.000001"), {"LotOnHand": LOT, "ItemLocation": "FLOUR TFC1"}),
    (
        "a lot row lost",
        "DELETE FROM dbo.LotMaster WHERE BinNo = N'K-01';",
        {"LotOnHand": "LOT-1 FLOUR TFC1 K-01", "ItemLocation": "FLOUR TFC1"},
    ),
    (
        "a lot row invented",
        "INSERT INTO dbo.LotMaster (LotNo, ItemKey, LocationKey, BinNo, QtyOnHand, TransactionType) "
        "VALUES ('LOT-9', 'FLOUR', 'TFC1', N'A-01', 1, 1);",
        {"LotOnHand": "LOT-9 FLOUR TFC1 A-01", "ItemLocation": "FLOUR TFC1"},
    ),
    (
        "moved without a trace",
        of_lot("QtyOnHand = QtyOnHand - 10") + of_lot("QtyOnHand = QtyOnHand + 10", "K-01"),
        {"LotOnHand": LOT},
    ),
    # Ledger and allocations
    (
        "a pick lost in the ledger",
        f"DELETE FROM dbo.LotTransaction WHERE LotTranNo = {FIRST_PICK};",
        {"LotCommitted": LOT, "RequestEffect": "LotTransaction 1"},
    ),
    (
        "another quantity in the ledger",
        f"UPDATE dbo.LotTransaction SET QtyIssued = 51 WHERE LotTranNo = {FIRST_PICK};",
        {"LotCommitted": LOT},
    ),
    (
        "an allocation lost",
        "DELETE FROM dbo.Cust_BulkLotPicked WHERE AllocLotQty = 25;",
        {"LotCommitted": LOT, "RunLine": LINE},
    ),
    (
        "an allocation of another lot",
        "UPDATE dbo.Cust_BulkLotPicked SET BinNo = N'K-01' WHERE AllocLotQty = 25;",
        {"LotCommitted": LOT},
    ),
    # Lines and runs
    (
        "weight picked and bags differ",
        "UPDATE dbo.cust_BulkPicked SET PickedQty = 76 WHERE LineId = 1;",
        {"RunLine": LINE},
    ),
    ("a bag too much", "UPDATE dbo.cust_BulkPicked SET PickedBulkQty = 4 WHERE LineId = 1;", {"RunLine": LINE}),
    (
        "bags and weight without allocation",
        "UPDATE dbo.cust_BulkPicked SET PickedBulkQty = 1, PickedQty = 25 WHERE LineId = 2;",
        {"RunLine": f"{RUN}/1/2"},
    ),
    ("more than needed", "UPDATE dbo.cust_BulkPicked SET ToPickedBulkQty = 2 WHERE LineId = 1;", {"OverPick": LINE}),
    ("printed too early", "UPDATE dbo.Cust_BulkRun SET Status = N'PRINT';", {"RunStatus": f"{RUN}/1"}),
    (
        "complete and not printed",
        "UPDATE dbo.cust_BulkPicked SET ToPickedBulkQty = CASE LineId WHEN 1 THEN 3 ELSE 0 END;",
        {"RunStatus": f"{RUN}/1"},
    ),
    # Documents and numbers
    (
        "an issue lost",
        f"DELETE FROM dbo.LotTransaction WHERE IssueDocNo = '{DOCUMENT}';",
        {"TransferDocument": DOCUMENT, "LotOnHand": LOT, "RequestEffect": "LotTransaction 2"},
    ),
    (
        "a receipt lost",
        f"DELETE FROM dbo.LotTransaction WHERE ReceiptDocNo = '{DOCUMENT}';",
        {"TransferDocument": DOCUMENT, "LotOnHand": "LOT-1 FLOUR TFC1 K-01", "RequestEffect": "LotTransaction 3"},
    ),
    ("a posting lost", f"DELETE FROM dbo.Mintxdh WHERE DocNo = '{DOCUMENT}';", {"TransferDocument": DOCUMENT}),
    ("a bin transfer lost", "DELETE FROM dbo.BinTransfer WHERE TransferQty = 75;", {"TransferDocument": DOCUMENT}),
    (
        "another quantity posted",
        f"UPDATE dbo.Mintxdh SET TrnQty = 74.999999 WHERE DocNo = '{DOCUMENT}';",
        {"TransferDocument": DOCUMENT},
    ),
    (
        "another quantity carried",
        "UPDATE dbo.BinTransfer SET TransferQty = 74 WHERE TransferQty = 75;",
        {"TransferDocument": DOCUMENT},
    ),
    (
        "another item posted",
        f"UPDATE dbo.Mintxdh SET ItemKey = 'SUGAR' WHERE DocNo = '{DOCUMENT}';",
        {"TransferDocument": DOCUMENT},
    ),
    (
        "another lot carried",
        "UPDATE dbo.BinTransfer SET LotNo = 'LOT-9' WHERE TransferQty = 75;",
        {"TransferDocument": DOCUMENT},
    ),
    (
        "carried to another bin",
        "UPDATE dbo.BinTransfer SET BinNoTo = N'I-01' WHERE TransferQty = 75;",
        {"TransferDocument": DOCUMENT},
    ),
    (
        "carried from another bin",
        "UPDATE dbo.BinTransfer SET BinNoFrom = N'I-01' WHERE TransferQty = 75;",
        {"TransferDocument": DOCUMENT},
    ),
    (
        "two transfers under one number",
        f"UPDATE dbo.Mintxdh SET DocNo = '{DOCUMENT}'; "
        f"UPDATE dbo.LotTransaction SET IssueDocNo = '{DOCUMENT}' WHERE TransactionType = 9; "
        f"UPDATE dbo.LotTransaction SET ReceiptDocNo = '{DOCUMENT}' WHERE TransactionType = 8;",
        {"TransferDocument": DOCUMENT},
    ),
    ("a pallet drawn twice", "UPDATE picking.PickLotOutcome SET PalletDrawn = 1;", {"PalletNumber": "PT-00000001"}),
    # Requests
    (
        "a request lost",
        "DELETE FROM lockstep.Request WHERE ProcedureName = N'picking.PickLot';",
        {"RequestOutcome": None},
    ),
    (
        "an outcome lost",
        "DELETE FROM putaway.TransferLotOutcome WHERE FromQtyOnHand = 925;",
        {"RequestOutcome": None, "RequestEffect": "LotTransaction 2"},
    ),
    (
        "an effect without a request",
        "INSERT INTO dbo.LotTransaction (LotNo, ItemKey, LocationKey, BinNo, TransactionType, QtyIssued) "
        "VALUES ('LOT-1', 'FLOUR', 'TFC1', N'A-01', 5, 0);",
        {"RequestEffect": "LotTransaction 7"},
    ),
    (
        "two requests for one effect",
        "UPDATE picking.PickLotOutcome SET LotTranNo = 1;",
        {"RequestEffect": "LotTransaction 1"},
    ),
]


@pytest.mark.parametrize(("change", "expected"), [plant[1:] for plant in PLANTED], ids=[plant[0] for plant in PLANTED])
def test_what_is_planted_is_found_and_named(worked: Warehouse, change: str, expected: dict[str, str | None]) -> None:
    worked.execute(change)
    findings = worked.findings()
    assert {check for check, *_ in findings} == set(expected)
    for check, key in expected.items():
        assert key is None or key in [found for name, found, *_ in findings if name == check]


def test_without_a_baseline_it_says_so(unchecked_warehouse: Warehouse) -> None:
    unchecked_warehouse.execute("DELETE FROM ops.Baseline;")
    assert unchecked_warehouse.broken_checks() == {"Baseline"}


def test_the_tolerance_is_no_fault(worked: Warehouse) -> None:
    worked.execute("UPDATE dbo.cust_BulkPicked SET ToPickedBulkQty = 2 WHERE LineId = 1;")
    worked.execute("UPDATE lockstep.Settings SET OverPickBags = 1;")
    assert worked.findings() == []


def test_what_the_erp_does_itself_is_no_fault(worked: Warehouse) -> None:
    worked.execute(
        "INSERT INTO dbo.LotTransaction "
        "(LotNo, ItemKey, LocationKey, BinNo, TransactionType, QtyReceived, ReceiptDocNo) "
        "VALUES ('LOT-1', 'FLOUR', 'TFC1', N'A-01', 1, 500, 'PO-1'), ('LOT-1', 'FLOUR', 'TFC1', N'A-01', 3, 500, NULL);"
    )
    worked.execute("INSERT INTO dbo.Mintxdh (ItemKey, Location, DocNo, TrnQty) VALUES ('FLOUR', 'TFC1', 'PO-1', 500);")
    assert worked.findings() == []


def test_a_reversal_by_hand_keeps_the_balances_but_belongs_to_no_request(worked: Warehouse) -> None:
    worked.execute(
        "UPDATE dbo.LotMaster SET QtyCommitSales = QtyCommitSales - 25 WHERE BinNo = N'A-01'; "
        "INSERT INTO dbo.LotTransaction (LotNo, ItemKey, LocationKey, BinNo, TransactionType, QtyReceived) "
        "VALUES ('LOT-1', 'FLOUR', 'TFC1', N'A-01', 6, 25); "
        "INSERT INTO dbo.Cust_BulkLotPicked (RunNo, RowNum, LineId, LotNo, ItemKey, LocationKey, BinNo, AllocLotQty) "
        "VALUES (6000001, 1, 1, 'LOT-1', 'FLOUR', 'TFC1', N'A-01', -25); "
        "UPDATE dbo.cust_BulkPicked SET PickedBulkQty = 2, PickedQty = 50 WHERE LineId = 1;"
    )
    assert worked.broken_checks() == {"RequestEffect"}


def test_a_baseline_takes_what_is_there_as_the_state_to_reckon_from(worked: Warehouse, session: Session) -> None:
    worked.execute(of_lot("QtyOnHand = QtyOnHand + 500"))
    assert worked.broken_checks() == {"LotOnHand", "ItemLocation"}
    session.call("ops.SetBaseline")
    assert worked.findings() == []
    Transfer()(session)
    Pick()(session)
    assert worked.findings() == []
    worked.execute(of_lot("QtyOnHand = QtyOnHand + 1"))
    assert worked.broken_checks() == {"LotOnHand", "ItemLocation"}


def test_a_baseline_can_be_part_of_a_callers_transaction(worked: Warehouse, session: Session) -> None:
    worked.execute(of_lot("QtyOnHand = QtyOnHand + 500"))
    session.execute("BEGIN TRANSACTION;")
    session.call("ops.SetBaseline")
    session.execute("ROLLBACK TRANSACTION;")
    assert worked.broken_checks() == {"LotOnHand", "ItemLocation"}


def test_a_check_changes_nothing_and_keeps_no_lock(worked: Warehouse, session: Session) -> None:
    before = worked.contents()
    assert session.call("ops.CheckInventory").rows == []
    assert worked.contents() == before
    assert worked.locks_of(spid_of(session)) == []


def test_quantities_are_compared_to_the_last_digit(worked: Warehouse) -> None:
    worked.execute("UPDATE dbo.LotMaster SET QtyCommitSales = QtyCommitSales + ?;", Decimal("0.000001"))
    assert worked.broken_checks() == {"LotCommitted"}
