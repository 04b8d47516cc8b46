"""Two procedures that lock in opposite orders: one of two callers is told 1205. The real ones have one order."""

from pathlib import Path

import pytest

from harness.connection import Outcome, Session, SqlServerError
from harness.deploy.batches import split_batches
from tests.database.calls import Pick, Transfer
from tests.database.clients import begun, one_after_another, together
from tests.database.warehouse import Warehouse

SCRIPT = Path(__file__).with_name("opposite_orders.sql")
ROUNDS = 20
"""At most so many rounds of load until a deadlock is seen; the first nearly always has one."""


@pytest.fixture
def opposed(old_way: Warehouse) -> Warehouse:
    old_way.change("UPDATE dbo.LotMaster SET QtyOnHand = 100000;")
    for batch in split_batches(SCRIPT.read_text(encoding="utf-8")):
        old_way.execute(batch.text)
    return old_way


def line_first(session: Session) -> object:
    return session.call("old_way.PickLineFirst", 1)


def lot_first(session: Session) -> object:
    return session.call("old_way.PickLotFirst", 1)


def test_each_procedure_is_right_by_itself(opposed: Warehouse, session: Session) -> None:
    for procedure in (line_first, lot_first):
        procedure(session)
    assert opposed.lot()["QtyCommitSales"] == 150
    assert opposed.row("dbo.cust_BulkPicked", LineId=1)["PickedBulkQty"] == 2


def test_one_of_two_callers_becomes_the_victim_and_the_other_finishes(opposed: Warehouse) -> None:
    with (
        opposed.hold("UPDATE old_way.Gate SET IsOpen = 1;") as gate,
        begun(opposed.target, line_first) as one,
        begun(opposed.target, lot_first) as other,
    ):
        for each in (one, other):
            each.await_waiting(opposed)
        gate.execute("COMMIT TRANSACTION;")
        numbers = []
        for each in (one, other):
            try:
                each.result()
            except SqlServerError as error:
                numbers.append(error.number)
    assert numbers == [1205]
    assert opposed.lot()["QtyCommitSales"] == 125
    assert opposed.row("dbo.cust_BulkPicked", LineId=1)["PickedBulkQty"] == 1


def test_under_load_deadlocks_reach_the_clients(opposed: Warehouse) -> None:
    jobs = [one_after_another([procedure] * 20) for procedure in (line_first, lot_first) * 3]
    results: list[object] = []
    victims: list[SqlServerError] = []
    for _ in range(ROUNDS):
        results += [result for one in together(opposed.target, jobs) for result in one]
        victims = [result for result in results if isinstance(result, SqlServerError)]
        if victims:
            break
    assert victims
    assert {victim.number for victim in victims} == {1205}
    assert opposed.row("dbo.cust_BulkPicked", LineId=1)["PickedBulkQty"] == len(results) - len(victims)


def test_the_real_procedures_have_no_deadlock_under_the_same_load(warehouse: Warehouse) -> None:
    warehouse.change("UPDATE dbo.cust_BulkPicked SET ToPickedBulkQty = 1000 WHERE LineId = 1;")
    jobs = [one_after_another([call() for _ in range(20)]) for call in (Pick, Transfer) * 2]
    for result in [result for one in together(warehouse.target, jobs) for result in one]:
        if isinstance(result, SqlServerError):
            assert result.number == 51105
        else:
            assert isinstance(result, Outcome)
            assert result.attempts == 1
