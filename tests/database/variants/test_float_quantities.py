"""On float columns, as existing ERP databases have them, quantities stay what decimal arithmetic makes of them.

A database of its own beside the worker's is adopted with float columns, whatever variant the other tests run on.
LOCKSTEP_FLOAT_CALLS makes the work longer; `make test-float` asks for 100,000 calls.
"""

import os
from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from harness.connection import Session, SqlServerError, Target, open_session
from harness.deploy import deploy
from tests.database import existing_erp
from tests.database.variants.model import NEED, PACK_SIZES, Balances, stock_in, work
from tests.database.warehouse import Warehouse

CALLS = int(os.environ.get("LOCKSTEP_FLOAT_CALLS", "1500"))


@pytest.fixture
def erp(target: Target) -> Iterator[Session]:
    """A session on an adopted database with float quantities."""
    name = f"{target.database}_float"
    with open_session(target) as administrator:
        administrator.execute(f"IF DB_ID(N'{name}') IS NOT NULL DROP DATABASE {name};")
        administrator.execute(f"CREATE DATABASE {name};")
    adopted = target.with_database(name)
    with open_session(adopted) as session:
        existing_erp.create(session)
        deploy(adopted)
        yield session


def lay_out(warehouse: Warehouse, balances: Balances) -> None:
    warehouse.lay_out()
    warehouse.execute("DELETE FROM dbo.LotMaster; DELETE FROM dbo.cust_BulkPicked; DELETE FROM dbo.Cust_BulkRun;")
    for lot, bin_no, quantity in stock_in(balances):
        warehouse.add_lot(lot, bin_no, quantity)
    warehouse.add_run(1)
    for line, weight in enumerate(PACK_SIZES):
        warehouse.add_line(line, bags=NEED, run=1, PackSize=weight)
    warehouse.take_baseline()


def test_random_work_leaves_exactly_what_decimals_give(erp: Session, target: Target) -> None:
    warehouse, balances = Warehouse(target, erp), Balances()
    lay_out(warehouse, balances)

    def call(procedure: str, *arguments: object) -> dict[str, Any] | None:
        try:
            return erp.call(procedure, *arguments).outcome.values
        except SqlServerError as error:
            if error.is_rejection:
                return None
            raise

    done = work(call, balances, CALLS, seed=11, new_id=uuid4)
    assert min(done[f"{kind} done"] for kind in ("pick", "unpick", "transfer")) > CALLS / 12

    rows = {(row["LotNo"], row["BinNo"]): row for row in warehouse.rows("dbo.LotMaster")}
    assert all(isinstance(row["QtyOnHand"], float) for row in rows.values())
    expected = {place: quantity for place, quantity in balances.on_hand.items() if quantity}
    # A float column holds a decimal exactly when it is the float nearest to it.
    assert {place: row["QtyOnHand"] for place, row in rows.items()} == {p: float(q) for p, q in expected.items()}
    assert {place: row["QtyCommitSales"] for place, row in rows.items()} == {
        place: float(balances.committed[place]) for place in expected
    }
    lines = {row["LineId"]: row for row in warehouse.rows("dbo.cust_BulkPicked")}
    for line, weight in enumerate(PACK_SIZES):
        assert lines[line]["PickedBulkQty"] in (balances.bags[line], None)
        assert (lines[line]["PickedQty"] or 0.0) == float(balances.bags[line] * weight)
    assert warehouse.findings() == []


def test_the_last_gram_can_be_moved_and_no_more(erp: Session, target: Target) -> None:
    """0.1 + 0.2 is 0.30000000000000004 in floats: moved as 0.3, the row is empty and goes."""
    warehouse = Warehouse(target, erp)
    lay_out(warehouse, Balances())
    warehouse.change("UPDATE dbo.LotMaster SET QtyOnHand = 0.1e0 + 0.2e0 WHERE LotNo = 'LOT-1';")
    (source,) = warehouse.on_hand()
    arguments = ("LOT-1", "FLOUR", "TFC1", source, "K-02")
    with pytest.raises(SqlServerError) as caught:
        erp.call("putaway.TransferLot", *arguments, Decimal("0.300001"), "malee", uuid4())
    assert caught.value.number == 51105
    erp.call("putaway.TransferLot", *arguments, Decimal("0.3"), "malee", uuid4())
    assert warehouse.on_hand() == {"K-02": 0.3}
    assert warehouse.findings() == []
