"""picking.GetLine: one line and its allocations."""

import pytest

from harness.connection import Session, SqlServerError
from tests.database.calls import Pick, Unpick
from tests.database.warehouse import EXPIRY, RECEIVED, ROW, RUN, Warehouse, chosen, spid_of


def test_a_line_without_picks_has_no_allocation(warehouse: Warehouse, session: Session) -> None:
    line, allocations = session.call("picking.GetLine", RUN, ROW, 1).result_sets
    (row,) = line.rows
    expected = {"RunNo": RUN, "LineId": 1, "BatchNo": f"B{RUN}", "Description": "Flour", "OpenBags": 4, "PickedQty": 0}
    assert chosen(dict(zip(line.columns, row, strict=True)), expected) == expected
    assert allocations.rows == []


def test_allocations_come_in_the_order_of_the_picks(warehouse: Warehouse, session: Session) -> None:
    warehouse.add_lot("LOT-2", "K-01", 100)
    warehouse.take_baseline()
    numbers = [
        Pick(lot=lot, bin_no=bin_no, bags=bags, suggested="LOT-9")(session).values["AllocationNo"]
        for lot, bin_no, bags in (("LOT-2", "K-01", 1), ("LOT-1", "A-01", 3))
    ]
    Pick(line=2)(session)
    line, allocations = session.call("picking.GetLine", RUN, ROW, 1).result_sets
    assert line.rows[0].OpenBags == 0
    assert [row.AllocationNo for row in allocations.rows] == numbers
    first = dict(zip(allocations.columns, allocations.rows[0], strict=True))
    expected = {
        "LotNo": "LOT-2",
        "SuggestedLotNo": "LOT-9",
        "BinNo": "K-01",
        "Bags": 1,
        "AllocLotQty": 25,
        "QtyIssued": 0,
        "DateReceived": RECEIVED,
        "DateExpiry": EXPIRY,
        "LotStatus": "Allocated",
        "PalletId": "PT-00000001",
    }
    assert chosen(first, expected) == expected


def test_what_was_taken_back_stays_visible(warehouse: Warehouse, session: Session) -> None:
    one, other = (Pick()(session).values["AllocationNo"] for _ in range(2))
    Unpick(allocation=one)(session)
    _, allocations = session.call("picking.GetLine", RUN, ROW, 1).result_sets
    assert [(row.AllocationNo, row.Bags, row.LotStatus) for row in allocations.rows] == [
        (one, 0, "Unpicked"),
        (other, 1, "Allocated"),
    ]


@pytest.mark.parametrize(
    ("number", "arguments"),
    [(51001, (None, ROW, 1)), (51001, (RUN, None, 1)), (51001, (RUN, ROW, None)), (51403, (RUN, ROW, 9))],
)
def test_what_it_refuses(warehouse: Warehouse, session: Session, number: int, arguments: tuple[object, ...]) -> None:
    with pytest.raises(SqlServerError) as caught:
        session.call("picking.GetLine", *arguments)
    assert caught.value.number == number
    assert warehouse.locks_of(spid_of(session)) == []
