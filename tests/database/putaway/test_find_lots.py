"""putaway.FindLots: what can be moved, in which order, and its pages."""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from harness.connection import Session, SqlServerError
from tests.database.calls import Transfer
from tests.database.clients import begun
from tests.database.warehouse import Warehouse, spid_of

COLUMNS = (
    *("LotNo", "ItemKey", "LocationKey", "BinNo", "DateReceived", "DateExpiry", "LotStatus"),
    *("QtyOnHand", "QtyCommitSales", "QtyAvailable", "IsBeingCounted"),
)
Row = dict[str, Any]
SOON, LATER = datetime(2098, 1, 1), datetime(2098, 6, 1)


def page(
    session: Session, item: str | None = "FLOUR", lot: str | None = None, size: int = 500, after: Row | None = None
) -> list[Row]:
    key = [after[name] for name in ("DateExpiry", "LotNo", "ItemKey", "BinNo")] if after else []
    found = session.call("putaway.FindLots", "TFC1", item, lot, size, *key).result_sets[0]
    assert found.columns == COLUMNS
    return [dict(zip(COLUMNS, row, strict=True)) for row in found.rows]


def pages(session: Session, size: int, **search: Any) -> Iterator[list[Row]]:
    rows = page(session, size=size, **search)
    while rows:
        yield rows
        rows = page(session, size=size, after=rows[-1], **search)


def places(rows: list[Row]) -> list[tuple[str, str]]:
    return [(row["LotNo"], row["BinNo"]) for row in rows]


def add_random_lots(warehouse: Warehouse, count: int) -> None:
    chance = random.Random(count)
    keys = chance.sample([(f"R-{n:02}", b) for n in range(count // 3) for b in ("A-01", "A-02", "K-01", "P-01")], count)
    for lot, bin_no in keys:
        warehouse.add_lot(
            lot, bin_no, 100, committed=chance.choice([0, 50, 100]), DateExpiry=chance.choice([SOON, LATER, None])
        )
    warehouse.take_baseline()


def test_a_row_tells_what_can_be_moved(warehouse: Warehouse, session: Session) -> None:
    (row,) = page(session)
    lot = warehouse.lot()
    assert row == {**{name: lot[name] for name in COLUMNS[:9]}, "QtyAvailable": 900, "IsBeingCounted": False}
    assert isinstance(row["QtyOnHand"], Decimal)


def test_held_and_expired_stock_and_partial_bins_are_found_too(warehouse: Warehouse, session: Session) -> None:
    warehouse.change("UPDATE dbo.LotMaster SET LotStatus = N'H', DateExpiry = '20200101', BinNo = N'P-01';")
    assert len(page(session)) == 1


def test_what_is_committed_to_the_last_gram_is_left_out(warehouse: Warehouse, session: Session) -> None:
    warehouse.change("UPDATE dbo.LotMaster SET QtyCommitSales = 999.999999;")
    assert [row["QtyAvailable"] for row in page(session)] == [Decimal("0.000001")]
    warehouse.change("UPDATE dbo.LotMaster SET QtyCommitSales = 1000;")
    assert page(session) == []


def test_a_count_in_progress_is_told(warehouse: Warehouse, session: Session) -> None:
    warehouse.execute("UPDATE dbo.INLOC SET Physinprogress = 1 WHERE ItemKey = 'FLOUR';")
    assert [row["IsBeingCounted"] for row in page(session)] == [True]


def test_first_expiry_first_then_lot_then_bin_and_no_expiry_last(warehouse: Warehouse, session: Session) -> None:
    for lot, bin_no, expiry in (("B", "K-01", SOON), ("B", "A-01", SOON), ("C", "A-01", None), ("A", "A-02", LATER)):
        warehouse.add_lot(lot, bin_no, 10, DateExpiry=expiry)
    warehouse.take_baseline()
    assert places(page(session)) == [("B", "A-01"), ("B", "K-01"), ("A", "A-02"), ("LOT-1", "A-01"), ("C", "A-01")]


def test_a_lot_is_found_in_all_its_bins_and_items(warehouse: Warehouse, session: Session) -> None:
    warehouse.add_lot("LOT-1", "K-01", 10)
    warehouse.add_lot("LOT-1", "K-02", 10, ItemKey="SUGAR")
    warehouse.add_lot("LOT-1", "K-02", 10, LocationKey="TFC2")
    warehouse.add_lot("LOT-2", "K-02", 10)
    warehouse.take_baseline()
    assert places(page(session, item=None, lot="LOT-1")) == [("LOT-1", "A-01"), ("LOT-1", "K-01"), ("LOT-1", "K-02")]
    assert places(page(session, item="FLOUR", lot="LOT-1")) == [("LOT-1", "A-01"), ("LOT-1", "K-01")]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 500])
@pytest.mark.parametrize("search", [{}, {"item": None, "lot": "R-01"}], ids=["item", "lot"])
def test_the_pages_are_the_whole(warehouse: Warehouse, session: Session, size: int, search: dict[str, Any]) -> None:
    add_random_lots(warehouse, 30)
    whole = page(session, **search)
    assert whole
    chunks = list(pages(session, size, **search))
    assert [row for chunk in chunks for row in chunk] == whole
    assert all(len(chunk) == size for chunk in chunks[:-1])


def test_pages_neither_repeat_nor_skip_a_lot_while_others_write(warehouse: Warehouse, session: Session) -> None:
    add_random_lots(warehouse, 30)
    before = places(page(session))
    seen: list[tuple[str, str]] = []
    for number, chunk in enumerate(pages(session, 4)):
        seen += places(chunk)
        warehouse.change(
            "UPDATE dbo.LotMaster SET QtyCommitSales = QtyOnHand WHERE LotNo = ? AND BinNo = ?;", *seen[-1]
        )
        warehouse.add_lot(f"NEW-{number}", "A-01", 10, DateExpiry=SOON - timedelta(days=1))
    warehouse.take_baseline()
    assert seen == before


def test_what_is_found_can_be_moved(warehouse: Warehouse, session: Session) -> None:
    add_random_lots(warehouse, 12)
    for number, row in enumerate(page(session)):
        warehouse.insert("dbo.BINMaster", Location="TFC1", BinNo=f"N-{number}")
        move = Transfer(lot=row["LotNo"], source=row["BinNo"], destination=f"N-{number}", quantity=row["QtyAvailable"])
        assert move(session).values["ToQtyOnHand"] == row["QtyAvailable"]


@pytest.mark.parametrize(
    ("number", "arguments"),
    [
        (51001, (None, "FLOUR")),
        (51001, ("TFC1", None, None)),
        (51001, ("TFC1", "", "")),
        (51001, ("TFC1", "FLOUR", None, 20, SOON, "LOT-1", None, "A-01")),
        (51001, ("TFC1", "FLOUR", None, 20, SOON, "LOT-1", "FLOUR", None)),
        (51004, ("TFC1", "FLOUR", None, 0)),
        (51004, ("TFC1", "FLOUR", None, 501)),
    ],
)
def test_what_it_refuses(warehouse: Warehouse, session: Session, number: int, arguments: tuple[object, ...]) -> None:
    with pytest.raises(SqlServerError) as caught:
        session.call("putaway.FindLots", *arguments)
    assert caught.value.number == number
    assert warehouse.locks_of(spid_of(session)) == []


def test_a_lot_whose_quantity_changes_during_the_search_is_listed_once(warehouse: Warehouse, session: Session) -> None:
    """The index is ordered by quantity: a row that was read can turn up again behind the place that was reached."""
    warehouse.change("DELETE FROM dbo.LotMaster;")
    for lot, on_hand in (("B", 100), ("A", 90), ("C", 50)):
        warehouse.add_lot(lot, "K-01", on_hand)
    held = "UPDATE dbo.LotMaster SET QtyCommitSales = 1 WHERE LotNo = 'C';"
    with warehouse.hold(held) as other, begun(warehouse.target, partial(page, size=2)) as search:
        search.await_waiting(warehouse)
        session.execute("UPDATE dbo.LotMaster SET QtyOnHand = 10 WHERE LotNo = 'A';")
        other.execute("ROLLBACK;")
        assert places(search.result()) == [("A", "K-01"), ("B", "K-01")]
    warehouse.take_baseline()
