"""picking.GetRun: the header and the lines of one batch."""

from decimal import Decimal

import pytest

from harness.connection import Session, SqlServerError
from tests.database.calls import Pick
from tests.database.warehouse import ROW, RUN, Warehouse, chosen, spid_of

LINE_COLUMNS = (
    *("LineId", "ItemKey", "Description", "LocationKey", "Unit", "PackSize", "ToPickedBulkQty", "PickedBulkQty"),
    *("OpenBags", "PickedQty", "PalletID", "ItemBatchStatus", "PickingDate"),
)


def test_the_header_comes_first_then_the_lines_that_need_picking(warehouse: Warehouse, session: Session) -> None:
    header, lines = session.call("picking.GetRun", RUN, ROW).result_sets
    (row,) = header.rows
    run = warehouse.row("dbo.Cust_BulkRun")
    assert dict(zip(header.columns, row, strict=True)) == {n: value for n, value in run.items() if n in header.columns}
    assert {"RunNo", "RowNum", "BatchNo", "FormulaDesc", "Status", "ModifiedDate"} <= set(header.columns)
    assert lines.columns == LINE_COLUMNS
    assert [line.LineId for line in lines.rows] == [1, 2]


def test_a_line_tells_what_it_needs_and_has(warehouse: Warehouse, session: Session) -> None:
    picked = Pick(bags=3, pallet="P-7")(session)
    _, lines = session.call("picking.GetRun", RUN, ROW).result_sets
    line = dict(zip(lines.columns, lines.rows[0], strict=True))
    expected = {"ItemKey": "FLOUR", "Description": "Flour", "LocationKey": "TFC1", "PackSize": 25, "PalletID": "P-7"}
    progress = {"ToPickedBulkQty": 4, "PickedBulkQty": 3, "OpenBags": 1, "PickedQty": picked.values["PickedQty"]}
    assert chosen(line, expected | progress) == expected | progress


def test_nothing_picked_is_zero_and_an_over_picked_line_needs_no_more(warehouse: Warehouse, session: Session) -> None:
    warehouse.change("UPDATE dbo.cust_BulkPicked SET PickedBulkQty = 5, PickedQty = 125 WHERE LineId = 1;")
    _, lines = session.call("picking.GetRun", RUN, ROW).result_sets
    assert [(line.PickedBulkQty, line.OpenBags) for line in lines.rows] == [(5, 0), (0, 2)]
    assert all(isinstance(line.PickedQty, Decimal) for line in lines.rows)


def test_a_batch_without_lines_has_only_its_header(warehouse: Warehouse, session: Session) -> None:
    warehouse.add_run(7001)
    header, lines = session.call("picking.GetRun", 7001, 1).result_sets
    assert (len(header.rows), len(lines.rows)) == (1, 0)


@pytest.mark.parametrize(("number", "arguments"), [(51001, (None, ROW)), (51001, (RUN, None)), (51401, (RUN, 9))])
def test_what_it_refuses(warehouse: Warehouse, session: Session, number: int, arguments: tuple[object, ...]) -> None:
    with pytest.raises(SqlServerError) as caught:
        session.call("picking.GetRun", *arguments)
    assert caught.value.number == number
    assert warehouse.locks_of(spid_of(session)) == []
