"""picking.SearchRuns: which runs it finds, in which order, and its pages."""

from collections.abc import Iterator
from typing import Any

import pytest

from harness.connection import Session, SqlServerError
from tests.database.calls import Pick
from tests.database.warehouse import RUN, Warehouse, spid_of

COLUMNS = (
    *("RunNo", "RowNum", "BatchNo", "FormulaId", "FormulaDesc", "NoOfBatches", "PalletsPerBatch", "Status", "RecDate"),
    *("LinesToPick", "LinesComplete"),
)
Row = dict[str, Any]


def page(
    session: Session, status: str | None = None, text: str | None = None, size: int = 500, after: Row | None = None
) -> list[Row]:
    key = [after["RunNo"], after["RowNum"]] if after else []
    found = session.call("picking.SearchRuns", status, text, size, *key).result_sets[0]
    assert found.columns == COLUMNS
    return [dict(zip(COLUMNS, row, strict=True)) for row in found.rows]


def pages(session: Session, size: int, **search: Any) -> Iterator[list[Row]]:
    rows = page(session, size=size, **search)
    while rows:
        yield rows
        rows = page(session, size=size, after=rows[-1], **search)


def keys(rows: list[Row]) -> list[tuple[int, int]]:
    return [(row["RunNo"], row["RowNum"]) for row in rows]


@pytest.fixture
def runs(warehouse: Warehouse) -> Warehouse:
    """Besides the one of the warehouse: five runs of two batches, every other one printed."""
    for run in range(7001, 7006):
        for row in (1, 2):
            warehouse.add_run(run, row, "PRINT" if run % 2 else "NEW")
    warehouse.change("UPDATE dbo.Cust_BulkRun SET FormulaDesc = N'Rye bread 50%' WHERE RunNo BETWEEN 7004 AND 7005;")
    return warehouse


def test_a_row_tells_the_progress_of_the_lines_that_need_picking(warehouse: Warehouse, session: Session) -> None:
    Pick(bags=4)(session)
    (row,) = page(session)
    run = warehouse.row("dbo.Cust_BulkRun")
    assert row == {**{name: run[name] for name in COLUMNS[:9]}, "LinesToPick": 2, "LinesComplete": 1}


def test_the_newest_comes_first(runs: Warehouse, session: Session) -> None:
    found = keys(page(session))
    assert len(found) == 11
    assert found == sorted(found, reverse=True)


@pytest.mark.parametrize(("status", "count"), [("NEW", 5), ("PRINT", 6), ("CLOSED", 0), (None, 11), ("", 11)])
def test_a_status_leaves_out_the_others(runs: Warehouse, session: Session, status: str | None, count: int) -> None:
    assert len(page(session, status)) == count


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("bread", [(7005, 2), (7005, 1), (7004, 2), (7004, 1)]),
        ("50%", [(7005, 2), (7005, 1), (7004, 2), (7004, 1)]),
        ("5_%", []),
        ("B7003", [(7003, 2), (7003, 1)]),
        ("7002", [(7002, 2), (7002, 1)]),
        (str(RUN), [(RUN, 1)]),
        ("nowhere", []),
    ],
)
def test_a_text_is_looked_for_as_it_stands(
    runs: Warehouse, session: Session, text: str, expected: list[tuple[int, int]]
) -> None:
    assert keys(page(session, text=text)) == expected


def test_status_and_text_hold_together(runs: Warehouse, session: Session) -> None:
    assert keys(page(session, "NEW", "bread")) == [(7004, 2), (7004, 1)]


@pytest.mark.parametrize("size", [1, 2, 3, 500])
@pytest.mark.parametrize("search", [{}, {"status": "PRINT"}, {"text": "bread"}], ids=["all", "status", "text"])
def test_the_pages_are_the_whole(runs: Warehouse, session: Session, size: int, search: dict[str, Any]) -> None:
    whole = page(session, **search)
    chunks = list(pages(session, size, **search))
    assert [row for chunk in chunks for row in chunk] == whole
    assert all(len(chunk) == size for chunk in chunks[:-1])


def test_pages_neither_repeat_nor_skip_a_run_while_others_write(runs: Warehouse, session: Session) -> None:
    before = keys(page(session))
    seen: list[tuple[int, int]] = []
    for number, chunk in enumerate(pages(session, 3)):
        seen += keys(chunk)
        runs.add_run(9_000_000 + number)
    runs.take_baseline()
    assert seen == before


def test_a_search_keeps_no_lock(warehouse: Warehouse, session: Session) -> None:
    session.execute("BEGIN TRANSACTION;")
    page(session, "NEW")
    assert [lock for lock in warehouse.locks_of(spid_of(session)) if lock[0] in ("KEY", "RID", "PAGE")] == []
    session.execute("COMMIT TRANSACTION;")


@pytest.mark.parametrize(
    ("number", "arguments"),
    [
        (51001, (None, None, 20, 7001, None)),
        (51004, (None, None, 0)),
        (51004, (None, None, 501)),
        (51004, (None, None, None)),
    ],
)
def test_what_it_refuses(warehouse: Warehouse, session: Session, number: int, arguments: tuple[object, ...]) -> None:
    with pytest.raises(SqlServerError) as caught:
        session.call("picking.SearchRuns", *arguments)
    assert caught.value.number == number
