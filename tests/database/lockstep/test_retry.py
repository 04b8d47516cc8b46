"""Retry: what was lost to another session is tried again inside the call, bounded and counted; nothing else is."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from harness.connection import Outcome, Session, SqlServerError
from tests.database.calls import Call, Pick, Transfer
from tests.database.clients import Pending, begun
from tests.database.warehouse import Warehouse, spid_of

EITHER = pytest.mark.parametrize("call", [Pick(), Transfer()], ids=["pick", "transfer"])

LATER_LOCK = {
    Pick.procedure: "UPDATE dbo.Cust_BulkRun SET FormulaId = N'F1';",
    Transfer.procedure: "UPDATE dbo.BINMaster SET aisle = '1' WHERE BinNo = N'K-01';",
}
"""What another program locks first; the call waits for it, with locks of its own that the other asks for then."""
EARLIER_LOCK = {
    Pick.procedure: "UPDATE dbo.LotMaster SET LotStatus = LotStatus;",
    Transfer.procedure: "UPDATE lockstep.Request SET Arguments = Arguments;",
}


@contextmanager
def deadlocked(warehouse: Warehouse, call: Call) -> Iterator[Pending[Outcome]]:
    """The call under way, after it was the victim of a deadlock with another program, which has committed since."""
    with (
        warehouse.hold(LATER_LOCK[call.procedure]) as other,
        begun(warehouse.target, call) as victim,
    ):
        other.execute("SET DEADLOCK_PRIORITY HIGH;")
        victim.await_waiting(warehouse)
        other.execute(EARLIER_LOCK[call.procedure])
        other.execute("COMMIT TRANSACTION;")
        yield victim


@EITHER
def test_the_victim_of_a_deadlock_is_retried_inside_the_call(warehouse: Warehouse, call: Call) -> None:
    with deadlocked(warehouse, call) as victim:
        outcome = victim.result()
    assert (outcome.replayed, outcome.attempts) == (False, 2)
    (operation,) = warehouse.operations()
    assert (operation["Outcome"], operation["Attempts"]) == ("DONE", 2)
    assert len(warehouse.rows("lockstep.Request")) == 1


@EITHER
def test_a_repeat_of_a_retried_call_tells_the_attempts_of_the_first(warehouse: Warehouse, call: Call) -> None:
    with deadlocked(warehouse, call) as victim:
        victim.result()
        again = call(victim.session)
    assert (again.replayed, again.attempts) == (True, 2)


@EITHER
def test_one_document_number_serves_all_attempts(warehouse: Warehouse, call: Call) -> None:
    with deadlocked(warehouse, call) as victim:
        victim.result()
    assert warehouse.last_number("PT" if isinstance(call, Pick) else "BT") == 1


@pytest.mark.parametrize("attempts", [1, 2, 4])
@EITHER
def test_after_the_last_attempt_the_error_comes_through_with_its_number(
    warehouse: Warehouse, session: Session, call: Call, attempts: int
) -> None:
    warehouse.execute("UPDATE lockstep.Settings SET MaxAttempts = ?;", attempts)
    before = warehouse.contents()
    session.execute("SET LOCK_TIMEOUT 0;")
    with warehouse.hold("UPDATE dbo.LotMaster SET LotStatus = LotStatus;"), pytest.raises(SqlServerError) as caught:
        call(session)
    assert caught.value.number == 1222
    (operation,) = warehouse.operations()
    assert (operation["Outcome"], operation["ErrorNumber"], operation["Attempts"]) == ("FAILED", 1222, attempts)
    assert warehouse.contents() == before
    assert warehouse.locks_of(spid_of(session)) == []
    assert not call(session).replayed


@EITHER
def test_a_refusal_is_not_retried(warehouse: Warehouse, session: Session, call: Call) -> None:
    with pytest.raises(SqlServerError) as caught:
        replace(call, lot="LOT-9")(session)
    assert caught.value.number == 51101
    assert [operation["Attempts"] for operation in warehouse.operations()] == [1]


@EITHER
def test_an_unexpected_error_passes_through_with_its_own_number(
    unchecked_warehouse: Warehouse, session: Session, call: Call
) -> None:
    """A guard of the ERP's, which the procedure knows nothing of."""
    warehouse = unchecked_warehouse
    warehouse.execute("ALTER TABLE dbo.LotTransaction ADD CONSTRAINT CK_Guard CHECK (QtyIssued < 10);")
    try:
        before = warehouse.contents()
        with pytest.raises(SqlServerError, match="CK_Guard") as caught:
            call(session)
        assert caught.value.number == 547
        (operation,) = warehouse.operations()
        assert (operation["Outcome"], operation["ErrorNumber"], operation["Attempts"]) == ("FAILED", 547, 1)
        assert warehouse.contents() == before
        assert warehouse.locks_of(spid_of(session)) == []
    finally:
        warehouse.execute("ALTER TABLE dbo.LotTransaction DROP CONSTRAINT CK_Guard;")
