"""putaway.FindBins: where a lot can go, in which order, and its pages."""

from collections.abc import Iterator
from typing import Any

import pytest

from harness.connection import Session, SqlServerError
from tests.database.calls import Transfer
from tests.database.warehouse import Warehouse, spid_of

COLUMNS = (
    *("BinNo", "Description", "aisle", "row", "rack", "Nettable", "Warehouse", "BinType", "HoldsLot"),
    *("QtyOnHand", "Refusal"),
)
Row = dict[str, Any]


def page(session: Session, text: str | None = None, size: int = 500, after: Row | None = None) -> list[Row]:
    key = [after["HoldsLot"], after["BinNo"]] if after else []
    found = session.call("putaway.FindBins", "LOT-1", "FLOUR", "TFC1", "A-01", text, size, *key).result_sets[0]
    assert found.columns == COLUMNS
    return [dict(zip(COLUMNS, row, strict=True)) for row in found.rows]


def pages(session: Session, size: int, text: str | None = None) -> Iterator[list[Row]]:
    rows = page(session, text, size)
    while rows:
        yield rows
        rows = page(session, text, size, rows[-1])


def names(rows: list[Row]) -> list[str]:
    return [row["BinNo"] for row in rows]


@pytest.fixture
def spread(warehouse: Warehouse) -> Warehouse:
    """LOT-1 lies in K-02 and A-02, too."""
    warehouse.add_lot("LOT-1", "K-02", 30)
    warehouse.add_lot("LOT-1", "A-02", 20)
    warehouse.take_baseline()
    return warehouse


def test_all_bins_of_the_location_but_its_own_by_number(warehouse: Warehouse, session: Session) -> None:
    warehouse.insert("dbo.BINMaster", Location="TFC2", BinNo="A-05")
    assert names(page(session)) == ["A-02", "A-Variance", "I-01", "K-01", "K-02", "P-01", "T-01"]


def test_bins_that_hold_the_lot_come_first_and_tell_how_much(spread: Warehouse, session: Session) -> None:
    rows = page(session)
    assert [(row["BinNo"], row["HoldsLot"], row["QtyOnHand"]) for row in rows[:3]] == [
        ("A-02", True, 20),
        ("K-02", True, 30),
        ("A-Variance", False, 0),
    ]
    assert len(rows) == 7


def test_a_row_tells_what_the_bin_is(warehouse: Warehouse, session: Session) -> None:
    (row,) = page(session, "P-")
    expected = {"BinNo": "P-01", "Nettable": True, "Warehouse": "WHTFC1", "BinType": "PARTIAL", "Refusal": 0}
    assert {name: row[name] for name in expected} == expected


@pytest.mark.parametrize(
    "change", ["SET LotStatus = N'H'", "SET DateExpiry = '20980101'", "SET DateExpiry = NULL"], ids=str
)
def test_the_refusal_is_that_of_a_transfer(spread: Warehouse, session: Session, change: str) -> None:
    spread.change(f"UPDATE dbo.LotMaster {change} WHERE BinNo = N'K-02';")
    for row in page(session):
        if row["Refusal"]:
            with pytest.raises(SqlServerError) as caught:
                Transfer(destination=row["BinNo"], quantity=10)(session)
            assert caught.value.number == row["Refusal"] == 51106
            assert row["BinNo"] == "K-02"
        else:
            Transfer(destination=row["BinNo"], quantity=10)(session)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("K", ["K-02", "K-01"]), ("K-01", ["K-01"]), ("%", []), ("A_0", []), ("[AK]", []), ("Z", []), ("", None)],
)
def test_a_text_is_the_beginning_of_the_number_as_it_stands(
    spread: Warehouse, session: Session, text: str, expected: list[str] | None
) -> None:
    assert names(page(session, text)) == (names(page(session)) if expected is None else expected)


@pytest.mark.parametrize("size", [1, 2, 3, 500])
@pytest.mark.parametrize("text", [None, "K"])
def test_the_pages_are_the_whole(spread: Warehouse, session: Session, size: int, text: str | None) -> None:
    whole = page(session, text)
    chunks = list(pages(session, size, text))
    assert [row for chunk in chunks for row in chunk] == whole
    assert all(len(chunk) == size for chunk in chunks[:-1])


def test_pages_neither_repeat_nor_skip_a_bin_while_others_make_some(spread: Warehouse, session: Session) -> None:
    before = names(page(session))
    seen: list[str] = []
    for number, chunk in enumerate(pages(session, 2)):
        seen += names(chunk)
        spread.insert("dbo.BINMaster", Location="TFC1", BinNo=f"A-00{number}")
    assert [name for name in seen if name in before] == before


@pytest.mark.parametrize(
    ("number", "arguments"),
    [
        (51001, (None, "FLOUR", "TFC1", "A-01")),
        (51001, ("LOT-1", "", "TFC1", "A-01")),
        (51001, ("LOT-1", "FLOUR", None, "A-01")),
        (51001, ("LOT-1", "FLOUR", "TFC1", None)),
        (51001, ("LOT-1", "FLOUR", "TFC1", "A-01", None, 20, None, "K-01")),
        (51004, ("LOT-1", "FLOUR", "TFC1", "A-01", None, 0)),
        (51101, ("LOT-1", "FLOUR", "TFC1", "K-01")),
    ],
)
def test_what_it_refuses(warehouse: Warehouse, session: Session, number: int, arguments: tuple[object, ...]) -> None:
    with pytest.raises(SqlServerError) as caught:
        session.call("putaway.FindBins", *arguments)
    assert caught.value.number == number
    assert warehouse.locks_of(spid_of(session)) == []
