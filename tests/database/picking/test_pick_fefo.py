"""picking.PickFefo: which lots it takes, what it writes, and everything it refuses."""

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from harness.connection import Session, SqlServerError
from tests.database.calls import FefoPick, Pick
from tests.database.clients import begun
from tests.database.warehouse import EXPIRY, ROW, RUN, Warehouse, chosen, spid_of

SOON, LATER = datetime(2098, 1, 1), datetime(2098, 6, 1)
LOT_COLUMNS = (
    *("LotNo", "BinNo", "DateExpiry", "Bags", "Weight", "LotTranNo", "AllocationNo", "QtyOnHand", "QtyCommitSales"),
)


def bags_taken(session: Session, pick: FefoPick) -> list[tuple[str, str, int]]:
    """Pick, and tell from where how much was taken, in the order of the result."""
    lots, _ = session.call(pick.procedure, *pick.arguments).result_sets
    assert lots.columns == LOT_COLUMNS
    return [(row[0], row[1], int(row[3])) for row in lots.rows]


def committed(warehouse: Warehouse) -> dict[tuple[str, str], Any]:
    return {(row["LotNo"], row["BinNo"]): row["QtyCommitSales"] for row in warehouse.rows("dbo.LotMaster")}


# What a pick takes and writes


def test_the_outcome_tells_what_was_made_and_the_new_balances(warehouse: Warehouse, session: Session) -> None:
    pick = FefoPick(line=1)
    outcome = pick(session)
    assert (outcome.request_id, outcome.replayed, outcome.attempts) == (pick.request_id, False, 1)
    assert outcome.values == {
        "PalletId": "PT-00000001",
        "Lots": 1,
        "Bags": 4,
        "Weight": 100,
        "OpenBags": 0,
        "PickedBulkQty": 4,
        "PickedQty": 100,
        "RunStatus": "NEW",
    }


def test_one_lot_is_picked_as_pick_lot_does_it(warehouse: Warehouse, session: Session) -> None:
    FefoPick(line=1, pallet="P-7")(session)
    assert warehouse.lot()["QtyCommitSales"] == 200
    assert (
        chosen(
            warehouse.row("dbo.LotTransaction"),
            expected := {"TransactionType": 5, "LotNo": "LOT-1", "QtyIssued": 100, "IssueDocNo": f"B{RUN}"},
        )
        == expected
    )
    assert (
        chosen(
            warehouse.row("dbo.Cust_BulkLotPicked"),
            expected := {"LotNo": "LOT-1", "SuggestedLotNo": "LOT-1", "AllocLotQty": 100, "LotStatus": "Allocated"},
        )
        == expected
    )
    assert warehouse.row("dbo.cust_BulkPicked", LineId=1)["PickedBulkQty"] == 4
    assert warehouse.row("dbo.Cust_BulkPalletLotPicked")["PalletID"] == "P-7"


def test_lots_are_taken_first_expiry_first_and_each_to_its_last_whole_bag(
    warehouse: Warehouse, session: Session
) -> None:
    warehouse.add_lot("Z-SOON", "K-01", 40, DateExpiry=SOON)
    warehouse.add_lot("A-LATER", "A-02", 60, DateExpiry=LATER)
    warehouse.take_baseline()
    assert bags_taken(session, FefoPick()) == [("Z-SOON", "K-01", 1), ("A-LATER", "A-02", 2), ("LOT-1", "A-01", 1)]
    assert committed(warehouse) == {("Z-SOON", "K-01"): 25, ("A-LATER", "A-02"): 50, ("LOT-1", "A-01"): 125}
    assert warehouse.row("dbo.Cust_BulkPalletLotPicked")["PalletID"] == "PT-00000001"
    assert {row["PalletId"] for row in warehouse.rows("dbo.Cust_BulkLotPicked")} == {"PT-00000001"}


def test_the_order_is_that_of_the_search(warehouse: Warehouse, session: Session) -> None:
    for number, (bin_no, expiry, on_hand) in enumerate(
        [("K-01", SOON, 25), ("A-02", SOON, 25), ("I-01", SOON, 50), ("A-01", None, 75), ("A-02", SOON, 50)]
    ):
        warehouse.add_lot(f"L-{number}", bin_no, on_hand, DateExpiry=expiry)
    warehouse.change("UPDATE dbo.cust_BulkPicked SET ToPickedBulkQty = 45 WHERE LineId = 1;")
    found = session.call("picking.FindLots", RUN, ROW, 1).rows
    assert bags_taken(session, FefoPick()) == [(row.LotNo, row.BinNo, row.BagsAvailable) for row in found]


@pytest.mark.parametrize("lots", [15, 16, 17, 70])
def test_the_search_goes_on_until_the_line_has_its_bags(warehouse: Warehouse, session: Session, lots: int) -> None:
    for number in range(lots):
        warehouse.add_lot(f"L-{number:03}", "A-02", 25, DateExpiry=SOON + timedelta(days=number))
    warehouse.change("UPDATE dbo.cust_BulkPicked SET ToPickedBulkQty = ? WHERE LineId = 1;", lots)
    assert bags_taken(session, FefoPick()) == [(f"L-{number:03}", "A-02", 1) for number in range(lots)]


def test_only_what_the_line_still_needs_is_picked(warehouse: Warehouse, session: Session) -> None:
    Pick(bags=3)(session)
    assert FefoPick()(session).values["Bags"] == 1


def test_part_of_a_bag_is_left_open(warehouse: Warehouse, session: Session) -> None:
    warehouse.change("UPDATE dbo.cust_BulkPicked SET ToPickedBulkQty = 2.5 WHERE LineId = 1;")
    outcome = FefoPick()(session)
    assert chosen(outcome.values, expected := {"Bags": 2, "OpenBags": Decimal("0.5"), "RunStatus": "NEW"}) == expected


def test_the_last_line_completes_the_run(warehouse: Warehouse, session: Session) -> None:
    assert FefoPick(line=2)(session).values["RunStatus"] == "NEW"
    assert FefoPick(line=1)(session).values["RunStatus"] == "PRINT"


def test_a_partial_pick_takes_what_there_is(warehouse: Warehouse, session: Session) -> None:
    warehouse.change("UPDATE dbo.LotMaster SET QtyOnHand = 160;")
    outcome = FefoPick(partial=True)(session)
    assert chosen(outcome.values, expected := {"Lots": 1, "Bags": 2, "OpenBags": 2, "RunStatus": "NEW"}) == expected


def test_a_quiet_call_gives_its_outcome_to_the_output_parameters(warehouse: Warehouse, session: Session) -> None:
    result = session.execute(
        f"""SET NOCOUNT ON;
        DECLARE @Id uniqueidentifier = NEWID(), @Lots int, @Bags decimal(19, 6), @Status nvarchar(10);
        EXEC picking.PickFefo @RunNo = {RUN}, @RowNum = 1, @LineId = 2, @UserId = N'somchai', @RequestId = @Id,
            @Quiet = 1, @Lots = @Lots OUTPUT, @Bags = @Bags OUTPUT, @RunStatus = @Status OUTPUT;
        SELECT @Lots, @Bags, @Status;"""
    )
    assert [tuple(row) for row in result.rows] == [(1, 2, "NEW")]


def test_a_repeat_gives_both_results_again(warehouse: Warehouse, session: Session) -> None:
    warehouse.add_lot("SOON", "K-01", 25, DateExpiry=SOON)
    warehouse.take_baseline()
    pick = FefoPick()
    first, again = (session.call(pick.procedure, *pick.arguments).result_sets for _ in range(2))
    assert [tuple(row) for row in first[0].rows] == [tuple(row) for row in again[0].rows]
    assert len(first[0].rows) == 2


# The order of locks


def test_lots_are_locked_in_the_order_of_their_keys_whatever_the_order_of_expiry(warehouse: Warehouse) -> None:
    """The lot with the last key expires first; while the first key is taken, it is still free."""
    warehouse.add_lot("A-1", "K-01", 50, DateExpiry=LATER)
    warehouse.add_lot("Z-1", "A-02", 50, DateExpiry=SOON)
    warehouse.take_baseline()
    with (
        warehouse.hold("UPDATE dbo.LotMaster SET DateQuarantine = '20240601' WHERE LotNo = 'A-1';") as other,
        begun(warehouse.target, FefoPick()) as pick,
    ):
        pick.await_waiting(warehouse)
        other.execute("SET LOCK_TIMEOUT 0; UPDATE dbo.LotMaster SET DateQuarantine = NULL WHERE LotNo = 'Z-1';")
        other.execute("COMMIT TRANSACTION;")
        assert pick.result().values["Lots"] == 2


def test_lots_that_others_take_while_it_waits_are_replaced_by_the_next(warehouse: Warehouse) -> None:
    warehouse.add_lot("SOON", "K-01", 100, DateExpiry=SOON)
    warehouse.take_baseline()
    with (
        warehouse.hold("UPDATE dbo.LotMaster SET LotStatus = N'H' WHERE LotNo = 'SOON';") as other,
        begun(warehouse.target, FefoPick()) as pick,
    ):
        pick.await_waiting(warehouse)
        other.execute("COMMIT TRANSACTION;")
        outcome = pick.result()
    assert outcome.attempts <= 2
    assert warehouse.lot("LOT-1")["QtyCommitSales"] == 200


def test_a_lot_that_is_moved_past_the_search_is_found_all_the_same(warehouse: Warehouse) -> None:
    """The search waits at the old place of the lot while the lot goes to a place that the search has passed."""
    warehouse.change("UPDATE dbo.LotMaster SET BinNo = N'K-01';")
    with (
        warehouse.hold("UPDATE dbo.LotMaster SET LotStatus = N'Q';") as other,
        begun(warehouse.target, FefoPick()) as pick,
    ):
        pick.await_waiting(warehouse)
        other.execute("UPDATE dbo.LotMaster SET BinNo = N'A-01'; EXEC ops.SetBaseline; COMMIT TRANSACTION;")
        assert pick.result().values["Bags"] == 4


def test_bags_that_others_pick_for_the_line_while_it_waits_are_not_picked_again(warehouse: Warehouse) -> None:
    with (
        warehouse.hold("UPDATE dbo.LotMaster SET DateQuarantine = NULL;") as other,
        begun(warehouse.target, FefoPick()) as pick,
    ):
        pick.await_waiting(warehouse)
        Pick(bags=3)(other)
        other.execute("COMMIT TRANSACTION;")
        outcome = pick.result()
    assert (outcome.values["Bags"], outcome.values["PickedBulkQty"]) == (1, 4)


# What it refuses


@pytest.mark.parametrize(
    ("number", "change", "pick", "words"),
    [
        (51301, "", FefoPick(request_id=None), "@RequestId is missing"),
        (51301, "", FefoPick(request_id=UUID(int=0)), "or all zeros"),
        (51001, "", FefoPick(run=None), "@RunNo=,"),
        (51001, "", FefoPick(row=None), "@RowNum=,"),
        (51001, "", FefoPick(line=None), "@LineId=,"),
        (51001, "", FefoPick(user=None), "required parameter is missing"),
        (51001, "", FefoPick(user=""), "@UserId=''"),
        (51001, "", FefoPick(partial=None), "@AllowPartial=,"),
        (51004, "", FefoPick(line=32768), "32768"),
        (51109, "UPDATE dbo.LotMaster SET QtyOnHand = 199.999999;", FefoPick(), "needs 4.000000 more bags"),
        (51109, "UPDATE dbo.LotMaster SET QtyOnHand = 124;", FefoPick(partial=True), "0.000000 can be picked"),
        (51109, "DELETE FROM dbo.LotMaster;", FefoPick(), "item FLOUR"),
        (51109, "UPDATE dbo.LotMaster SET LotStatus = N'H';", FefoPick(), "can be picked"),
        (51401, "DELETE FROM dbo.Cust_BulkRun;", FefoPick(), f"no run {RUN}/1"),
        (51402, "UPDATE dbo.Cust_BulkRun SET Status = N'PRINT';", FefoPick(), "status PRINT"),
        (51403, "", FefoPick(line=9), "no line 9"),
        (51403, "UPDATE dbo.cust_BulkPicked SET ItemKey = NULL;", FefoPick(), "no line 1"),
        (51404, "", FefoPick(line=3), "needs no picking"),
        (51404, "UPDATE dbo.cust_BulkPicked SET ToPickedBulkQty = NULL;", FefoPick(), "needs no picking"),
        (51406, "UPDATE dbo.cust_BulkPicked SET PackSize = 0;", FefoPick(), "pack size 0.000000"),
        (51406, "UPDATE dbo.cust_BulkPicked SET PackSize = NULL;", FefoPick(), "has the pack size ;"),
        (51408, "UPDATE dbo.cust_BulkPicked SET PickedBulkQty = 4;", FefoPick(), "no whole bag is left"),
        (51901, "DELETE FROM dbo.Seqnum WHERE SeqName = 'PT';", FefoPick(), "Number series PT"),
        (51902, "DELETE FROM lockstep.Settings;", FefoPick(), "lockstep.Settings"),
    ],
)
def test_a_refusal_names_the_values_and_changes_nothing(
    unchecked_warehouse: Warehouse, session: Session, number: int, change: str, pick: FefoPick, words: str
) -> None:
    if change:
        unchecked_warehouse.execute(change)
    before = unchecked_warehouse.contents()
    with pytest.raises(SqlServerError) as caught:
        pick(session)
    assert caught.value.number == number
    assert words in caught.value.message
    assert unchecked_warehouse.contents() == before
    assert unchecked_warehouse.rows("picking.PickFefoOutcome") == []
    assert unchecked_warehouse.locks_of(spid_of(session)) == []


def test_all_or_nothing_takes_nothing_of_what_is_not_enough(warehouse: Warehouse, session: Session) -> None:
    warehouse.change("UPDATE dbo.LotMaster SET QtyOnHand = 175;")
    pick = FefoPick()
    with pytest.raises(SqlServerError) as caught:
        pick(session)
    assert caught.value.number == 51109
    assert warehouse.lot()["QtyCommitSales"] == 100
    assert replace(pick, partial=True)(session).values["Bags"] == 3  # the id was not used up


def test_its_part_cannot_be_called_by_itself(warehouse: Warehouse, session: Session) -> None:
    with pytest.raises(SqlServerError) as caught:
        session.execute(
            "EXEC picking.AllocateFefo NULL, 1, 1, 1, N'B', 'FLOUR', 'TFC1', 25, 1, 0, 0, N'P', N'x', '20240101';"
        )
    assert caught.value.number == 51903


def test_expired_lots_are_passed_over(warehouse: Warehouse, session: Session) -> None:
    today = warehouse.shift_the_day()
    warehouse.add_lot("TODAY", "K-01", 25, DateExpiry=today)
    warehouse.add_lot("YESTERDAY", "K-01", 25, DateExpiry=today - timedelta(days=1))
    warehouse.take_baseline()
    assert [lot for lot, _, _ in bags_taken(session, FefoPick())] == ["TODAY", "LOT-1"]
    assert today < EXPIRY
