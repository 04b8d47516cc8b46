"""Calls inside a caller's transaction: part of it, never its master, and never retried."""

from dataclasses import replace

import pytest

from harness.connection import Session, SqlServerError
from tests.database.calls import Call, Pick, Transfer
from tests.database.clients import begun
from tests.database.lockstep.test_retry import EARLIER_LOCK, LATER_LOCK
from tests.database.warehouse import Warehouse, spid_of

EITHER = pytest.mark.parametrize("call", [Pick(), Transfer()], ids=["pick", "transfer"])
SWITCHES = pytest.mark.parametrize("switch", ["ON", "OFF"])
OWN_WORK = "UPDATE dbo.INMAST SET Desc1 = N'changed by the caller' WHERE ItemKey = 'FLOUR';"


def own_work_is_there(warehouse: Warehouse) -> bool:
    return bool(warehouse.row("dbo.INMAST", ItemKey="FLOUR")["Desc1"] == "changed by the caller")


def execution(call: Call, **changes: object) -> str:
    """The call as T-SQL with literals, as it stands in another procedure."""
    call = replace(call, **changes)  # type: ignore[arg-type]
    literals = ["NULL" if value is None else f"'{value}'" for value in call.arguments]
    return f"EXEC {call.procedure} {', '.join(literals)};"


def caught_in(call: Call, switch: str, **changes: object) -> str:
    """A caller that works, calls, and tells in its CATCH what is left: error number, XACT_STATE() and @@TRANCOUNT."""
    return f"""
        SET NOCOUNT ON; SET XACT_ABORT {switch};
        BEGIN TRANSACTION;
        {OWN_WORK}
        BEGIN TRY
            {execution(call, **changes)}
        END TRY
        BEGIN CATCH
            DECLARE @Number int = ERROR_NUMBER(), @State int = XACT_STATE(), @Count int = @@TRANCOUNT;
            IF XACT_STATE() <> 0 ROLLBACK TRANSACTION;
            SELECT @Number AS Number, @State AS State, @Count AS TransactionCount;
        END CATCH;
    """


@EITHER
@SWITCHES
def test_the_callers_commit_makes_the_work_last(
    warehouse: Warehouse, session: Session, call: Call, switch: str
) -> None:
    session.execute(f"SET XACT_ABORT {switch}; BEGIN TRANSACTION; {OWN_WORK}")
    assert call(session).attempts == 1
    assert session.execute("SELECT @@TRANCOUNT;").rows[0][0] == 1
    session.execute("COMMIT TRANSACTION;")
    assert own_work_is_there(warehouse)
    assert call(session).replayed


@EITHER
def test_the_callers_rollback_takes_everything_back(warehouse: Warehouse, session: Session, call: Call) -> None:
    before = warehouse.contents(), warehouse.rows("dbo.Seqnum")
    session.execute(f"BEGIN TRANSACTION; {OWN_WORK}")
    call(session)
    session.execute("ROLLBACK TRANSACTION;")
    assert (warehouse.contents(), warehouse.rows("dbo.Seqnum")) == before
    assert warehouse.operations() == []
    assert not own_work_is_there(warehouse)
    assert not call(session).replayed


def test_a_pick_and_a_transfer_can_be_one_transaction(warehouse: Warehouse, session: Session) -> None:
    session.execute("BEGIN TRANSACTION;")
    Transfer()(session)
    Pick(bin_no="K-01")(session)
    session.execute("COMMIT TRANSACTION;")
    assert warehouse.lot(bin_no="K-01")["QtyCommitSales"] == 25


@EITHER
@SWITCHES
def test_a_refusal_reaches_the_callers_catch_in_a_transaction_that_can_only_be_rolled_back(
    warehouse: Warehouse, session: Session, call: Call, switch: str
) -> None:
    before = warehouse.contents()
    (row,) = session.execute(caught_in(call, switch, lot="LOT-9")).rows
    assert tuple(row) == (51101, -1, 1)
    assert warehouse.contents() == before
    assert not own_work_is_there(warehouse)


@EITHER
@SWITCHES
def test_without_a_catch_the_transaction_is_rolled_back(
    warehouse: Warehouse, session: Session, call: Call, switch: str
) -> None:
    session.execute(f"SET XACT_ABORT {switch}; BEGIN TRANSACTION; {OWN_WORK}")
    with pytest.raises(SqlServerError) as caught:
        replace(call, lot="LOT-9")(session)
    assert caught.value.number == 51101
    assert session.execute("SELECT @@TRANCOUNT;").rows[0][0] == 0
    assert not own_work_is_there(warehouse)
    assert warehouse.locks_of(spid_of(session)) == []


@EITHER
def test_a_lost_lock_is_not_retried(warehouse: Warehouse, session: Session, call: Call) -> None:
    session.execute("SET LOCK_TIMEOUT 0;")
    with warehouse.hold("UPDATE dbo.LotMaster SET LotStatus = LotStatus;"):
        (row,) = session.execute(caught_in(call, "OFF")).rows
    assert tuple(row) == (1222, -1, 1)
    assert not own_work_is_there(warehouse)


@EITHER
def test_a_deadlock_is_the_callers_to_retry(warehouse: Warehouse, call: Call) -> None:
    def work(session: Session) -> tuple[int, ...]:
        return tuple(session.execute(caught_in(call, "ON")).rows[0])

    with (
        warehouse.hold(LATER_LOCK[call.procedure]) as other,
        begun(warehouse.target, work) as victim,
    ):
        other.execute("SET DEADLOCK_PRIORITY HIGH;")
        victim.await_waiting(warehouse)
        other.execute(EARLIER_LOCK[call.procedure])
        other.execute("COMMIT TRANSACTION;")
        assert victim.result() == (1205, -1, 1)
        assert not own_work_is_there(warehouse)
        assert not call(victim.session).replayed


@EITHER
@SWITCHES
def test_a_repeat_does_the_callers_transaction_no_harm(
    warehouse: Warehouse, session: Session, call: Call, switch: str
) -> None:
    call(session)
    session.execute(f"SET XACT_ABORT {switch}; BEGIN TRANSACTION; {OWN_WORK}")
    assert call(session).replayed
    assert session.execute("SELECT XACT_STATE();").rows[0][0] == 1
    session.execute("COMMIT TRANSACTION;")
    assert own_work_is_there(warehouse)


@EITHER
def test_a_repeat_in_one_transaction_is_a_repeat(warehouse: Warehouse, session: Session, call: Call) -> None:
    session.execute("BEGIN TRANSACTION;")
    assert [call(session).replayed for _ in range(2)] == [False, True]
    session.execute("COMMIT TRANSACTION;")


@EITHER
def test_implicit_transactions_of_the_client_are_not_taken_for_a_callers(
    warehouse: Warehouse, session: Session, call: Call
) -> None:
    """The procedure begins and commits by itself: nothing stays open when the client forgets to commit."""
    session.execute("SET IMPLICIT_TRANSACTIONS ON;")
    call(session)
    assert warehouse.locks_of(spid_of(session)) == []
    assert len(warehouse.rows("lockstep.Request")) == 1
