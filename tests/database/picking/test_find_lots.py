"""picking.FindLots: which lots it offers, in which order, and its pages."""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from harness.connection import Session, SqlServerError
from tests.database.calls import Pick
from tests.database.clients import begun
from tests.database.warehouse import EXPIRY, ROW, RUN, Warehouse, spid_of

COLUMNS = (
    *("LotNo", "ItemKey", "LocationKey", "BinNo", "DateReceived", "DateExpiry", "LotStatus"),
    *("QtyOnHand", "QtyCommitSales", "QtyAvailable", "BagsAvailable"),
)
Row = dict[str, Any]
MOST_PAGES = 100
SOON, LATER = datetime(2098, 1, 1), datetime(2098, 6, 1)


def page(session: Session, size: int = 500, after: Row | None = None, line: int = 1) -> list[Row]:
    """One page: the first, or the one after this row."""
    key = [after[name] for name in ("DateExpiry", "QtyOnHand", "LotNo", "BinNo")] if after else []
    found = session.call("picking.FindLots", RUN, ROW, line, size, *key).result_sets[0]
    assert found.columns == COLUMNS
    return [dict(zip(COLUMNS, row, strict=True)) for row in found.rows]


def pages(session: Session, size: int) -> Iterator[list[Row]]:
    """Page after page, up to the empty one, which must come."""
    rows = page(session, size)
    for _ in range(MOST_PAGES):
        if not rows:
            return
        yield rows
        rows = page(session, size, rows[-1])
    pytest.fail("the pages have no end")


def places(rows: list[Row]) -> list[tuple[str, str]]:
    return [(row["LotNo"], row["BinNo"]) for row in rows]


def test_a_row_tells_what_can_be_picked(warehouse: Warehouse, session: Session) -> None:
    (row,) = page(session)
    lot = warehouse.lot()
    assert row == {
        **{name: lot[name] for name in COLUMNS[:9]},
        "QtyAvailable": Decimal(900),
        "BagsAvailable": 36,
    }


def test_part_of_a_bag_does_not_count(warehouse: Warehouse, session: Session) -> None:
    warehouse.change("UPDATE dbo.LotMaster SET QtyOnHand = 174.999999;")
    assert [row["BagsAvailable"] for row in page(session)] == [2]


def test_very_small_bags_are_counted_all(warehouse: Warehouse, session: Session) -> None:
    warehouse.change("UPDATE dbo.cust_BulkPicked SET PackSize = 0.001; UPDATE dbo.LotMaster SET QtyOnHand = 5000100;")
    assert [row["BagsAvailable"] for row in page(session)] == [5_000_000_000]


def test_first_expiry_first_and_none_last(warehouse: Warehouse, session: Session) -> None:
    warehouse.add_lot("NEVER", "A-01", 9000, DateExpiry=None)
    warehouse.add_lot("SOON", "K-01", 50, DateExpiry=SOON)
    warehouse.add_lot("LATER", "A-02", 9000, DateExpiry=LATER)
    warehouse.take_baseline()
    assert [row["LotNo"] for row in page(session)] == ["SOON", "LATER", "LOT-1", "NEVER"]


@pytest.mark.parametrize("expiry", [SOON, None])
def test_ties_are_broken_by_zone_then_quantity_then_lot_then_bin(
    warehouse: Warehouse, session: Session, expiry: datetime | None
) -> None:
    expected = [
        *[("L-3", "A-02", 500), ("L-1", "A-01", 400), ("L-1", "A-02", 400), ("L-2", "A-01", 400)],
        *[("L-4", "I-01", 900), ("L-4", "K-01", 900), ("L-4", "K-02", 30), ("L-5", "B-01", 900), ("L-6", "Z-01", 800)],
    ]
    for lot, bin_no, on_hand in random.Random(1).sample(expected, len(expected)):
        warehouse.add_lot(lot, bin_no, on_hand, DateExpiry=expiry)
    warehouse.change("DELETE FROM dbo.LotMaster WHERE LotNo = 'LOT-1';")
    assert places(page(session)) == [(lot, bin_no) for lot, bin_no, _ in expected]


@pytest.mark.parametrize(
    "change",
    [
        "SET ItemKey = 'SUGAR'",
        "SET LocationKey = 'TFC2'",
        "SET QtyOnHand = 0, QtyCommitSales = 0",
        "SET QtyOnHand = 124.999999",
        "SET QtyCommitSales = 1000",
        "SET LotStatus = N'H'",
        "SET LotStatus = N'B'",
        "SET DateExpiry = '20200229'",
        "SET BinNo = N'P-01'",
        "SET BinNo = N'A-Variance'",
        "SET BinNo = N'T-01'",
    ],
)
def test_a_lot_that_cannot_be_picked_is_not_offered(
    unchecked_warehouse: Warehouse, session: Session, change: str
) -> None:
    assert len(page(session)) == 1
    unchecked_warehouse.execute(f"UPDATE dbo.LotMaster {change};")
    assert page(session) == []


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE dbo.LotMaster SET LotStatus = NULL;",
        "UPDATE dbo.LotMaster SET QtyOnHand = 125;",
        "UPDATE dbo.BINMaster SET Nettable = 0;",
        "UPDATE dbo.BINMaster SET User1 = NULL, User4 = NULL;",
        "DELETE FROM dbo.BINMaster;",
    ],
)
def test_what_is_no_reason_to_leave_a_lot_out(warehouse: Warehouse, session: Session, change: str) -> None:
    warehouse.change(change)
    assert len(page(session)) == 1


def test_a_lot_is_offered_up_to_the_day_of_its_expiry_by_the_warehouse_calendar(
    warehouse: Warehouse, session: Session
) -> None:
    today = warehouse.shift_the_day()
    warehouse.execute("UPDATE dbo.LotMaster SET DateExpiry = ?;", today)
    assert len(page(session)) == 1
    warehouse.execute("UPDATE dbo.LotMaster SET DateExpiry = ?;", today - timedelta(days=1))
    assert page(session) == []


def test_every_offered_lot_can_be_picked_and_no_other(warehouse: Warehouse, session: Session) -> None:
    """The search and the pick have one meaning of pickable."""
    add_random_lots(warehouse, 40)
    warehouse.change("UPDATE dbo.cust_BulkPicked SET ToPickedBulkQty = 1000 WHERE LineId = 1;")
    offered = set(places(page(session)))
    for row in warehouse.rows("dbo.LotMaster"):
        pick = Pick(lot=row["LotNo"], bin_no=row["BinNo"])
        if (row["LotNo"], row["BinNo"]) in offered:
            pick(session)
        else:
            with pytest.raises(SqlServerError) as caught:
                pick(session)
            assert caught.value.is_rejection


def add_random_lots(warehouse: Warehouse, count: int) -> None:
    """Lots with many ties, some not to be picked."""
    chance = random.Random(count)
    bins = ["A-01", "A-02", "I-01", "K-01", "K-02", "P-01", "T-01", "B-9"]
    keys = chance.sample([(f"R-{number:02}", bin_no) for number in range(count) for bin_no in bins], count)
    for lot, bin_no in keys:
        warehouse.add_lot(
            lot,
            bin_no,
            chance.choice([10, 50, 75, 75, 100]),
            DateExpiry=chance.choice([SOON, SOON, LATER, None, datetime(2020, 1, 1)]),
            LotStatus=chance.choice(["", "", "", "H"]),
        )
    warehouse.take_baseline()


def fefo_key(row: Row) -> tuple[Any, ...]:
    """The order that the design gives, spelled a second time."""
    zone = "AIK".find(row["BinNo"][0])
    return row["DateExpiry"] or datetime.max, zone if zone >= 0 else 3, -row["QtyOnHand"], row["LotNo"], row["BinNo"]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 500])
def test_the_pages_are_the_whole_in_the_order_of_fefo(warehouse: Warehouse, session: Session, size: int) -> None:
    add_random_lots(warehouse, 30)
    whole = page(session)
    assert len(whole) > 10
    assert whole == sorted(whole, key=fefo_key)
    chunks = list(pages(session, size))
    assert [row for chunk in chunks for row in chunk] == whole
    assert all(len(chunk) == size for chunk in chunks[:-1])


def test_pages_neither_repeat_nor_skip_a_lot_while_others_write(warehouse: Warehouse, session: Session) -> None:
    add_random_lots(warehouse, 30)
    before = places(page(session))
    seen: list[tuple[str, str]] = []
    for number, chunk in enumerate(pages(session, 3)):
        seen += places(chunk)
        warehouse.change(  # the last row seen is used up, and another lot comes in before it
            "UPDATE dbo.LotMaster SET QtyCommitSales = QtyOnHand WHERE LotNo = ? AND BinNo = ?;", *seen[-1]
        )
        warehouse.add_lot(f"NEW-{number}", "A-01", 1000, DateExpiry=SOON - timedelta(days=1))
    warehouse.take_baseline()
    assert seen == before


def test_a_search_keeps_no_lock(warehouse: Warehouse, session: Session) -> None:
    session.execute("BEGIN TRANSACTION;")
    page(session)
    assert [lock for lock in warehouse.locks_of(spid_of(session)) if lock[0] in ("KEY", "RID", "PAGE")] == []
    session.execute("COMMIT TRANSACTION;")


@pytest.mark.parametrize(
    ("number", "change", "arguments", "words"),
    [
        (51001, "", (None, ROW, 1), "@RunNo=,"),
        (51001, "", (RUN, None, 1), "@RowNum=,"),
        (51001, "", (RUN, ROW, None), "@LineId=,"),
        (51001, "", (RUN, ROW, 1, 20, EXPIRY, None, "LOT-1", "A-01"), "@AfterQtyOnHand=,"),
        (51001, "", (RUN, ROW, 1, 20, EXPIRY, 10, "LOT-1", None), "@AfterBinNo="),
        (51004, "", (RUN, ROW, 1, 0), "@PageSize is 0"),
        (51004, "", (RUN, ROW, 1, 501), "@PageSize is 501"),
        (51004, "", (RUN, ROW, 1, None), "@PageSize is ;"),
        (51403, "", (RUN, ROW, 9), "has no line 9"),
        (51403, "UPDATE dbo.cust_BulkPicked SET ItemKey = NULL;", (RUN, ROW, 1), "has no line 1"),
        (51406, "UPDATE dbo.cust_BulkPicked SET PackSize = 0;", (RUN, ROW, 1), "pack size 0.000000"),
        (51902, "DELETE FROM lockstep.Settings;", (RUN, ROW, 1), "lockstep.Settings"),
    ],
)
def test_what_it_refuses(
    unchecked_warehouse: Warehouse,
    session: Session,
    number: int,
    change: str,
    arguments: tuple[object, ...],
    words: str,
) -> None:
    if change:
        unchecked_warehouse.execute(change)
    with pytest.raises(SqlServerError) as caught:
        session.call("picking.FindLots", *arguments)
    assert caught.value.number == number
    assert words in caught.value.message
    assert unchecked_warehouse.locks_of(spid_of(session)) == []


def test_a_lot_whose_quantity_changes_during_the_search_is_listed_once(warehouse: Warehouse, session: Session) -> None:
    """The index is ordered by quantity: a row that was read can turn up again behind the place that was reached."""
    warehouse.change("DELETE FROM dbo.LotMaster;")
    for lot, bin_no, on_hand in (("B", "K-01", 1000), ("A", "A-01", 900), ("C", "K-01", 500)):
        warehouse.add_lot(lot, bin_no, on_hand)
    held = "UPDATE dbo.LotMaster SET QtyCommitSales = 1 WHERE LotNo = 'C';"
    with warehouse.hold(held) as other, begun(warehouse.target, partial(page, size=2)) as search:
        search.await_waiting(warehouse)
        session.execute("UPDATE dbo.LotMaster SET QtyOnHand = 100 WHERE LotNo = 'A';")
        other.execute("ROLLBACK;")
        assert places(search.result()) == [("A", "A-01"), ("B", "K-01")]
    warehouse.take_baseline()
