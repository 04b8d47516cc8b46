"""Why there are procedures: statements of the client lose and invent stock, as in the field. The procedures do not.

What is broken is told by ops.CheckInventory. Ledger rows without a request are not counted as broken here: the old way
has no requests at all.
"""

from collections.abc import Callable

import pytest

from harness.connection import Session, SqlServerError, open_session
from tests.database.calls import Call, Pick, Transfer
from tests.database.clients import begun, together
from tests.database.concurrency.relay import Relay
from tests.database.old_way import client_statements
from tests.database.warehouse import Warehouse, spid_of

EITHER = pytest.mark.parametrize("call", [Pick(), Transfer()], ids=["pick", "transfer"])
STEPS = {"picking.PickLot": ["lot", "ledger", "line"], "putaway.TransferLot": ["source", "destination", "issue"]}


@pytest.fixture
def stocked(unchecked_warehouse: Warehouse) -> Warehouse:
    """Enough to pick and to move for all."""
    unchecked_warehouse.add_lot("LOT-1", "K-01", 10000)
    unchecked_warehouse.execute("UPDATE dbo.LotMaster SET QtyOnHand = 10000 WHERE BinNo = N'A-01';")
    unchecked_warehouse.change("UPDATE dbo.cust_BulkPicked SET ToPickedBulkQty = 1000 WHERE LineId = 1;")
    return unchecked_warehouse


def broken(warehouse: Warehouse) -> set[str]:
    return warehouse.broken_checks() - {"RequestEffect"}


@EITHER
def test_one_client_alone_does_no_harm(stocked: Warehouse, session: Session, call: Call) -> None:
    for _ in range(3):
        assert client_statements.work(session, call)
    assert broken(stocked) == set()


@EITHER
def test_a_client_that_comes_between_reading_and_writing_is_forgotten(
    stocked: Warehouse, session: Session, call: Call
) -> None:
    slow = client_statements.steps(session, call)
    assert next(slow) == "read"
    with open_session(stocked.target) as fast:
        client_statements.work(fast, call)
    for _ in slow:
        pass
    if isinstance(call, Pick):
        assert stocked.lot()["QtyCommitSales"] == 125  # 150 were promised
        assert broken(stocked) == {"LotCommitted", "RunLine"}
    else:
        assert stocked.on_hand() == {"A-01": 9925, "K-01": 10075}  # 150 were carried over
        assert broken(stocked) == {"LotOnHand"}


def test_two_transfers_from_one_bin_invent_stock(stocked: Warehouse, session: Session) -> None:
    stocked.add_lot("LOT-1", "K-02", 1000)
    stocked.take_baseline()
    slow = client_statements.steps(session, Transfer(quantity=100))
    assert next(slow) == "read"
    with open_session(stocked.target) as fast:
        client_statements.work(fast, Transfer(quantity=100, destination="K-02"))
    for _ in slow:
        pass
    assert sum(stocked.on_hand().values()) == 21100
    assert "ItemLocation" in broken(stocked)


def test_two_clients_promise_the_last_bag_twice(stocked: Warehouse, session: Session) -> None:
    stocked.change("UPDATE dbo.LotMaster SET QtyOnHand = 125 WHERE BinNo = N'A-01';")
    slow = client_statements.steps(session, Pick())
    assert next(slow) == "read"
    with open_session(stocked.target) as fast:
        assert client_statements.work(fast, Pick(line=2))
    for _ in slow:
        pass
    promised = sum(row["AllocLotQty"] for row in stocked.rows("dbo.Cust_BulkLotPicked"))
    assert promised == 50  # 25 were there


@EITHER
def test_under_load_the_old_way_breaks_and_the_procedures_do_not(stocked: Warehouse, call: Call) -> None:
    """The same work at the same time by the same number of clients, once each way."""

    def old_way(session: Session) -> int:
        return sum(client_statements.work(session, call) for _ in range(15))

    assert together(stocked.target, [old_way] * 5) == [15] * 5
    assert broken(stocked) & {"LotCommitted", "LotOnHand"}

    stocked.take_baseline()
    fresh: Callable[[], Call] = type(call)
    jobs = [lambda session: [fresh()(session).attempts for _ in range(12)]] * 5
    assert together(stocked.target, jobs) == [[1] * 12] * 5
    assert stocked.findings() == []


@EITHER
@pytest.mark.parametrize("killed_after", [0, 1, 2])
def test_a_client_that_ends_in_the_middle_leaves_half_of_its_work(
    stocked: Warehouse, call: Call, killed_after: int
) -> None:
    last_step = STEPS[call.procedure][killed_after]
    with open_session(stocked.target) as dying:
        spid = spid_of(dying)
        for step in client_statements.steps(dying, call):
            if step == last_step:
                break
    stocked.await_release(spid)
    assert broken(stocked) & {"LotCommitted", "LotOnHand", "RunLine"}


@EITHER
def test_a_client_that_ends_in_the_middle_of_a_procedure_leaves_nothing(stocked: Warehouse, call: Call) -> None:
    """The counterpart: another session holds what the procedure needs, so it is in the middle when its client goes."""
    before = stocked.contents()
    with (
        stocked.hold("UPDATE dbo.LotMaster SET LotStatus = LotStatus;"),
        Relay(stocked.target) as relay,
        begun(relay.target, call) as dying,
    ):
        dying.await_waiting(stocked)
        relay.cut()
        stocked.await_release(dying.spid)
        with pytest.raises(SqlServerError):
            dying.result()
    assert stocked.contents() == before
    assert stocked.findings() == []
