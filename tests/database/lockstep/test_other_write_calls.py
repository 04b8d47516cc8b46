"""The rules of every write procedure, for picking.PickFefo and picking.UnpickLot.

Request ids, retry and calls inside a caller's transaction; the tests beside this one look at PickLot and TransferLot
in more detail.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from harness.connection import Session, SqlServerError
from tests.database.calls import FefoPick, Pick, Unpick
from tests.database.clients import begun, together
from tests.database.warehouse import Warehouse, spid_of

Call = FefoPick | Unpick
OUTCOMES = ("picking.PickFefoOutcome", "picking.PickFefoLot", "picking.UnpickLotOutcome")
OWN_WORK = "UPDATE dbo.INMAST SET Desc1 = N'changed by the caller' WHERE ItemKey = 'FLOUR';"
LATER_LOCK = "UPDATE dbo.Cust_BulkRun SET FormulaId = N'F1';"
EARLIER_LOCK = "UPDATE dbo.LotMaster SET DateQuarantine = DateQuarantine;"
OBSTACLE = {
    FefoPick: "UPDATE dbo.LotMaster SET LotStatus = N'H';",
    Unpick: "UPDATE dbo.cust_BulkPicked SET PackSize = 20;",
}
REMEDY = {
    FefoPick: "UPDATE dbo.LotMaster SET LotStatus = N'';",
    Unpick: "UPDATE dbo.cust_BulkPicked SET PackSize = 25;",
}

Make = Callable[[], Call]


@pytest.fixture(params=[FefoPick, Unpick], ids=["fefo", "unpick"])
def make(request: pytest.FixtureRequest, warehouse: Warehouse, session: Session) -> Make:
    """Makes new calls that can be done: the line needs more bags, and an allocation has some."""
    warehouse.change("UPDATE dbo.cust_BulkPicked SET ToPickedBulkQty = 12 WHERE LineId = 1;")
    allocation = Pick(bags=8)(session).values["AllocationNo"]
    if request.param is FefoPick:
        return FefoPick
    return lambda: Unpick(allocation=allocation, bags=1)


def state(warehouse: Warehouse) -> dict[str, Any]:
    return {**warehouse.contents(), **{name: sorted(map(str, warehouse.rows(name))) for name in OUTCOMES}}


def own_work_is_there(warehouse: Warehouse) -> bool:
    return bool(warehouse.row("dbo.INMAST", ItemKey="FLOUR")["Desc1"] == "changed by the caller")


def caught_in(call: Call, switch: str) -> str:
    """A caller that works, calls, and tells in its CATCH what is left: error number, XACT_STATE() and @@TRANCOUNT."""
    literals = ["NULL" if value is None else f"'{value}'" for value in call.arguments]
    return f"""
        SET NOCOUNT ON; SET XACT_ABORT {switch};
        BEGIN TRANSACTION;
        {OWN_WORK}
        BEGIN TRY
            EXEC {call.procedure} {", ".join(literals)};
        END TRY
        BEGIN CATCH
            DECLARE @Number int = ERROR_NUMBER(), @State int = XACT_STATE(), @Count int = @@TRANCOUNT;
            IF XACT_STATE() <> 0 ROLLBACK TRANSACTION;
            SELECT @Number AS Number, @State AS State, @Count AS TransactionCount;
        END CATCH;
    """


# Request ids


def test_a_repeat_gives_the_first_outcome_and_changes_nothing(
    warehouse: Warehouse, session: Session, make: Make
) -> None:
    call = make()
    first = call(session)
    before = state(warehouse), warehouse.rows("dbo.Seqnum")
    again = call(session)
    assert (again.replayed, again.attempts, again.values) == (True, first.attempts, first.values)
    assert (state(warehouse), warehouse.rows("dbo.Seqnum")) == before
    assert [operation["Outcome"] for operation in warehouse.operations()][-2:] == ["DONE", "REPLAYED"]


OTHER_ARGUMENTS: list[tuple[Call, dict[str, Any]]] = [
    *[
        (FefoPick(pallet="P-7"), change)
        for change in (
            *({"run": 1}, {"row": 2}, {"line": 2}, {"user": "malee"}, {"partial": True}, {"pallet": "P-8"}),
            {"pallet": None},
        )
    ],
    *[
        (Unpick(bags=1, reason="Torn"), change)
        for change in (
            *({"allocation": 9}, {"user": "somchai"}, {"bags": 2}, {"bags": None}, {"reason": "Wet"}),
            {"reason": None},
        )
    ],
]


@pytest.mark.parametrize(("call", "change"), OTHER_ARGUMENTS, ids=[f"{c.procedure}-{d}" for c, d in OTHER_ARGUMENTS])
def test_an_id_with_other_arguments_is_refused(
    warehouse: Warehouse, session: Session, call: Call, change: dict[str, Any]
) -> None:
    Pick(bags=2)(session)
    call(session)
    before = state(warehouse)
    with pytest.raises(SqlServerError, match="was used before") as caught:
        replace(call, **change)(session)
    assert caught.value.number == 51302
    assert state(warehouse) == before


def test_after_a_refusal_the_id_works_afresh(warehouse: Warehouse, session: Session, make: Make) -> None:
    call = make()
    warehouse.execute(OBSTACLE[type(call)])
    with pytest.raises(SqlServerError) as caught:
        call(session)
    assert caught.value.is_rejection
    warehouse.execute(REMEDY[type(call)])
    assert not call(session).replayed
    assert call(session).replayed


def test_of_two_calls_with_one_id_one_works_and_the_other_waits_and_replays(warehouse: Warehouse, make: Make) -> None:
    call = make()
    with warehouse.hold(EARLIER_LOCK) as other, begun(warehouse.target, call) as first:
        first.await_waiting(warehouse)  # for the lot row; its request row is written
        with begun(warehouse.target, call) as second:
            second.await_waiting(warehouse)  # for the request row
            other.execute("COMMIT TRANSACTION;")
            worked, replayed = first.result(), second.result()
    assert (worked.replayed, replayed.replayed) == (False, True)
    assert replayed.values == worked.values


def test_of_many_calls_with_one_id_one_works(warehouse: Warehouse, make: Make) -> None:
    outcomes = together(warehouse.target, [make()] * 6)
    assert sorted(outcome.replayed for outcome in outcomes) == [False] + [True] * 5
    assert all(outcome.values == outcomes[0].values for outcome in outcomes)


# Retry


def test_the_victim_of_a_deadlock_is_retried_inside_the_call(warehouse: Warehouse, make: Make) -> None:
    call = make()
    with warehouse.hold(LATER_LOCK) as other, begun(warehouse.target, call) as victim:
        other.execute("SET DEADLOCK_PRIORITY HIGH;")
        victim.await_waiting(warehouse)
        other.execute(EARLIER_LOCK)
        other.execute("COMMIT TRANSACTION;")
        outcome = victim.result()
        again = call(victim.session)
    assert (outcome.replayed, outcome.attempts) == (False, 2)
    assert (again.replayed, again.attempts) == (True, 2)
    assert [operation["Attempts"] for operation in warehouse.operations() if operation["Outcome"] == "DONE"][-1] == 2


@pytest.mark.parametrize("attempts", [1, 3])
def test_after_the_last_attempt_the_error_comes_through_with_its_number(
    warehouse: Warehouse, session: Session, make: Make, attempts: int
) -> None:
    warehouse.execute("UPDATE lockstep.Settings SET MaxAttempts = ?;", attempts)
    call = make()
    before = state(warehouse)
    session.execute("SET LOCK_TIMEOUT 0;")
    with warehouse.hold(LATER_LOCK), pytest.raises(SqlServerError) as caught:
        call(session)
    assert caught.value.number == 1222
    operation = warehouse.operations()[-1]
    assert (operation["Outcome"], operation["ErrorNumber"], operation["Attempts"]) == ("FAILED", 1222, attempts)
    assert state(warehouse) == before
    assert warehouse.locks_of(spid_of(session)) == []
    assert not call(session).replayed


# Inside a caller's transaction


@pytest.mark.parametrize("switch", ["ON", "OFF"])
def test_the_callers_commit_makes_the_work_last(
    warehouse: Warehouse, session: Session, make: Make, switch: str
) -> None:
    call = make()
    session.execute(f"SET XACT_ABORT {switch}; BEGIN TRANSACTION; {OWN_WORK}")
    assert call(session).attempts == 1
    assert session.execute("SELECT @@TRANCOUNT;").rows[0][0] == 1
    session.execute("COMMIT TRANSACTION;")
    assert own_work_is_there(warehouse)
    assert call(session).replayed


def test_the_callers_rollback_takes_everything_back(warehouse: Warehouse, session: Session, make: Make) -> None:
    before = state(warehouse), warehouse.rows("dbo.Seqnum")
    call = make()
    session.execute(f"BEGIN TRANSACTION; {OWN_WORK}")
    call(session)
    session.execute("ROLLBACK TRANSACTION;")
    assert (state(warehouse), warehouse.rows("dbo.Seqnum")) == before
    assert not own_work_is_there(warehouse)
    assert not call(session).replayed


@pytest.mark.parametrize("switch", ["ON", "OFF"])
def test_a_refusal_reaches_the_callers_catch_in_a_transaction_that_can_only_be_rolled_back(
    warehouse: Warehouse, session: Session, make: Make, switch: str
) -> None:
    call = make()
    warehouse.execute(OBSTACLE[type(call)])
    before = state(warehouse)
    (row,) = session.execute(caught_in(call, switch)).rows
    assert (51000 < row[0] < 51900, row[1], row[2]) == (True, -1, 1)
    assert state(warehouse) == before
    assert not own_work_is_there(warehouse)
    warehouse.execute(REMEDY[type(call)])


def test_a_lost_lock_is_not_retried(warehouse: Warehouse, session: Session, make: Make) -> None:
    call = make()
    session.execute("SET LOCK_TIMEOUT 0;")
    with warehouse.hold(LATER_LOCK):
        (row,) = session.execute(caught_in(call, "OFF")).rows
    assert tuple(row) == (1222, -1, 1)
    assert not own_work_is_there(warehouse)


def test_a_repeat_does_the_callers_transaction_no_harm(warehouse: Warehouse, session: Session, make: Make) -> None:
    call = make()
    call(session)
    session.execute(f"BEGIN TRANSACTION; {OWN_WORK}")
    assert call(session).replayed
    assert session.execute("SELECT XACT_STATE();").rows[0][0] == 1
    session.execute("COMMIT TRANSACTION;")
    assert own_work_is_there(warehouse)


def test_implicit_transactions_of_the_client_are_not_taken_for_a_callers(
    warehouse: Warehouse, session: Session, make: Make
) -> None:
    session.execute("SET IMPLICIT_TRANSACTIONS ON;")
    make()(session)
    assert warehouse.locks_of(spid_of(session)) == []
