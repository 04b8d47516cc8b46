"""Outcomes: one row for clients; OUTPUT parameters and no row for T-SQL callers; RETURN 0 for both."""

import pytest

from harness.connection import Session
from tests.database.calls import Call, Pick, Transfer
from tests.database.warehouse import Warehouse

PARAMETERS = {
    Pick.procedure: {
        "Replayed": "bit",
        "Attempts": "int",
        "LotTranNo": "int",
        "AllocationNo": "int",
        "PickedPalletId": "nvarchar(20)",
        "QtyOnHand": "decimal(19, 6)",
        "QtyCommitSales": "decimal(19, 6)",
        "PickedBulkQty": "decimal(19, 6)",
        "PickedQty": "decimal(19, 6)",
        "RunStatus": "nvarchar(10)",
    },
    Transfer.procedure: {
        "Replayed": "bit",
        "Attempts": "int",
        "DocumentNo": "varchar(20)",
        "IssueLotTranNo": "int",
        "ReceiptLotTranNo": "int",
        "InTransId": "int",
        "BinTranId": "int",
        "FromQtyOnHand": "decimal(19, 6)",
        "ToQtyOnHand": "decimal(19, 6)",
    },
}
EITHER = pytest.mark.parametrize("call", [Pick(), Transfer()], ids=["pick", "transfer"])


def quiet(call: Call) -> str:
    """A T-SQL caller whose variables hold other values before; what they hold afterwards is its only result."""
    outputs = PARAMETERS[call.procedure]
    given = ", ".join("NULL" if value is None else f"'{value}'" for value in call.arguments)
    return f"""
        SET NOCOUNT ON;
        DECLARE @Status int = 99, {", ".join(f"@{name} {type_name} = '1'" for name, type_name in outputs.items())};
        EXEC @Status = {call.procedure} {given}, 1, {", ".join(f"@{name} OUTPUT" for name in outputs)};
        SELECT @Status, {", ".join(f"@{name}" for name in outputs)};
    """


@EITHER
@pytest.mark.parametrize("repeated", [False, True])
def test_a_quiet_call_gives_by_parameters_what_the_row_gives(
    warehouse: Warehouse, session: Session, call: Call, repeated: bool
) -> None:
    if repeated:
        call(session)
    results = session.execute(quiet(call)).result_sets
    assert len(results) == 1
    status, replayed, attempts, *values = results[0].rows[0]
    assert (status, bool(replayed), attempts) == (0, repeated, 1)
    assert values == list(call(session).values.values())


@EITHER
def test_a_call_sends_one_result(warehouse: Warehouse, session: Session, call: Call) -> None:
    assert len(session.call(call.procedure, *call.arguments).result_sets) == 1


@EITHER
def test_the_isolation_level_of_the_session_stays_as_it_was(warehouse: Warehouse, session: Session, call: Call) -> None:
    levels = []
    for _ in range(2):
        levels.append(
            session.execute(
                "SELECT s.transaction_isolation_level FROM sys.dm_exec_sessions AS s WHERE s.session_id = @@SPID;"
            ).rows[0][0]
        )
        call(session)
    assert levels[0] == levels[1]
