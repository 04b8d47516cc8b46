"""Request ids: one effect for each, whatever the client repeats and whoever else calls."""

from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest

from harness.connection import Session, SqlServerError
from tests.database.calls import Call, Pick, Transfer
from tests.database.clients import begun, together
from tests.database.warehouse import Warehouse

EITHER = pytest.mark.parametrize(
    "call", [Pick(pallet="P-7"), Pick(), Transfer()], ids=["pick", "pick drawing", "transfer"]
)


@EITHER
def test_a_repeat_gives_the_first_outcome_and_changes_nothing(
    warehouse: Warehouse, session: Session, call: Call
) -> None:
    first = call(session)
    before = warehouse.contents(), warehouse.rows("dbo.Seqnum")
    again = call(session)
    assert (again.replayed, again.attempts, again.values) == (True, first.attempts, first.values)
    assert (warehouse.contents(), warehouse.rows("dbo.Seqnum")) == before
    assert [operation["Outcome"] for operation in warehouse.operations()] == ["DONE", "REPLAYED"]


def test_a_repeat_of_the_pick_that_printed_its_run_is_not_refused(warehouse: Warehouse, session: Session) -> None:
    Pick(line=1, bags=4)(session)
    last = Pick(line=2, bags=2)
    assert [last(session).values["RunStatus"] for _ in range(3)] == ["PRINT"] * 3


def test_a_repeat_of_the_transfer_that_emptied_its_source_is_not_refused(
    warehouse: Warehouse, session: Session
) -> None:
    warehouse.change("UPDATE dbo.LotMaster SET QtyCommitSales = 0;")
    everything = Transfer(quantity=1000)
    assert [everything(session).values["FromQtyOnHand"] for _ in range(2)] == [0, 0]


def test_a_repeat_tells_the_balances_of_then(warehouse: Warehouse, session: Session) -> None:
    first = Pick()
    then = first(session).values["QtyCommitSales"]
    Pick()(session)
    assert first(session).values["QtyCommitSales"] == then


OTHER_ARGUMENTS = [
    *[
        (Pick(pallet="P-7", suggested="LOT-1"), change)
        for change in (
            *(
                {"run": 1},
                {"row": 2},
                {"line": 2},
                {"lot": "LOT-2"},
                {"bin_no": "A-02"},
                {"bags": 2},
                {"user": "malee"},
            ),
            *({"pallet": "P-8"}, {"pallet": None}, {"suggested": "LOT-2"}, {"suggested": None}),
        )
    ],
    *[
        (Transfer(reference="PO-1", remarks="top"), change)
        for change in (
            *({"lot": "LOT-2"}, {"item": "SUGAR"}, {"location": "TFC2"}, {"source": "A-02"}, {"destination": "K-02"}),
            *({"quantity": 76}, {"user": "somchai"}, {"reference": "PO-2"}, {"reference": None}, {"remarks": None}),
        )
    ],
]


@pytest.mark.parametrize(("call", "change"), OTHER_ARGUMENTS, ids=[f"{c.procedure}-{d}" for c, d in OTHER_ARGUMENTS])
def test_an_id_with_other_arguments_is_refused(
    warehouse: Warehouse, session: Session, call: Call, change: dict[str, Any]
) -> None:
    call(session)
    before = warehouse.contents()
    with pytest.raises(SqlServerError, match="was used before") as caught:
        replace(call, **change)(session)
    assert caught.value.number == 51302
    assert str(call.request_id) in caught.value.message.lower()
    assert warehouse.contents() == before
    assert warehouse.operations()[-1]["ErrorNumber"] == 51302


def test_an_id_belongs_to_one_procedure(warehouse: Warehouse, session: Session) -> None:
    pick = Pick()
    pick(session)
    with pytest.raises(SqlServerError, match=r"picking\.PickLot.*putaway\.TransferLot") as caught:
        Transfer(request_id=pick.request_id)(session)
    assert caught.value.number == 51302


@pytest.mark.parametrize(
    ("call", "obstacle", "remedy"),
    [
        (Pick(), "UPDATE dbo.LotMaster SET LotStatus = N'H';", "UPDATE dbo.LotMaster SET LotStatus = N'';"),
        (Transfer(), "UPDATE dbo.INLOC SET Physinprogress = 1;", "UPDATE dbo.INLOC SET Physinprogress = 0;"),
    ],
    ids=["pick", "transfer"],
)
def test_after_a_refusal_the_id_works_afresh(
    warehouse: Warehouse, session: Session, call: Call, obstacle: str, remedy: str
) -> None:
    warehouse.execute(obstacle)
    with pytest.raises(SqlServerError) as caught:
        call(session)
    assert caught.value.is_rejection
    warehouse.execute(remedy)
    assert not call(session).replayed
    assert call(session).replayed


@EITHER
def test_of_two_calls_with_one_id_one_works_and_the_other_waits_and_replays(warehouse: Warehouse, call: Call) -> None:
    with (
        warehouse.hold("UPDATE dbo.LotMaster SET LotStatus = LotStatus;") as other,
        begun(warehouse.target, call) as first,
    ):
        first.await_waiting(warehouse)  # for the lot row; its request row is written
        with begun(warehouse.target, call) as second:
            second.await_waiting(warehouse)  # for the request row
            other.execute("COMMIT TRANSACTION;")
            worked, replayed = first.result(), second.result()
    assert (worked.replayed, replayed.replayed) == (False, True)
    assert replayed.values == worked.values
    assert len(warehouse.rows("lockstep.Request")) == 1


@EITHER
def test_when_the_first_of_two_calls_is_refused_the_second_is_judged_by_itself(
    warehouse: Warehouse, call: Call
) -> None:
    with (
        warehouse.hold("UPDATE dbo.LotMaster SET QtyOnHand = 100;") as other,
        begun(warehouse.target, call) as first,
    ):
        first.await_waiting(warehouse)
        with begun(warehouse.target, call) as second:
            second.await_waiting(warehouse)
            other.execute("EXEC ops.SetBaseline; COMMIT TRANSACTION;")
            for each in (first, second):
                with pytest.raises(SqlServerError) as caught:
                    each.result()
                assert caught.value.number == 51105
    assert warehouse.rows("lockstep.Request") == []


@pytest.mark.usefixtures("no_deadlock")
@EITHER
def test_of_many_calls_with_one_id_one_works(warehouse: Warehouse, call: Call) -> None:
    for _ in range(4):  # line 1 needs four bags
        repeated = replace(call, request_id=uuid4())
        outcomes = together(warehouse.target, [repeated] * 6)
        assert sorted(outcome.replayed for outcome in outcomes) == [False] + [True] * 5
        assert all(outcome.values == outcomes[0].values for outcome in outcomes)
