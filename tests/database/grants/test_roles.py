"""The roles: what each may call, and everything that is refused to it."""

from collections.abc import Callable, Iterator
from uuid import uuid4

import pytest

from harness.connection import Session, SqlServerError, Target, open_session
from harness.deploy import deploy
from harness.deploy.sources import read_sources
from tests.database.calls import FefoPick, Pick, Transfer, Unpick
from tests.database.warehouse import ROW, RUN, Warehouse

PASSWORD = "Ro1es-of-the-test"
ROLES = ("lockstep_picker", "lockstep_putaway", "lockstep_dispatch", "lockstep_monitor")
EXECUTION_DENIED, TABLE_DENIED = 229, 229
PROCEDURES = [source.name for source in read_sources() if source.kind == "procedures"]
ALLOWED = {
    "lockstep_picker": {name for name in PROCEDURES if name.startswith("picking.")}
    - {"picking.AllocateLot", "picking.AllocateFefo", "picking.ReleaseLot"},
    "lockstep_putaway": {name for name in PROCEDURES if name.startswith("putaway.")} - {"putaway.MoveLot"},
    "lockstep_dispatch": {name for name in PROCEDURES if name.startswith("bags.")},
    "lockstep_monitor": {name for name in PROCEDURES if name.startswith("ops.")} - {"ops.SetBaseline"},
}


@pytest.fixture
def as_role(warehouse: Warehouse) -> Iterator[Callable[[str], Session]]:
    """Opens sessions of a login that has one role and nothing else."""
    logins: list[str] = []
    sessions: list[Session] = []

    def open_as(role: str) -> Session:
        login = f"{role}_{uuid4().hex[:8]}"
        warehouse.execute(f"CREATE LOGIN {login} WITH PASSWORD = '{PASSWORD}', CHECK_POLICY = OFF;")
        logins.append(login)
        warehouse.execute(f"CREATE USER {login} FOR LOGIN {login}; ALTER ROLE {role} ADD MEMBER {login};")
        text = warehouse.target.connection_string.with_value("UID", login).with_value("PWD", PASSWORD)
        sessions.append(open_session(Target(text)))
        return sessions[-1]

    yield open_as
    for session in sessions:
        session.close()
    for login in logins:
        warehouse.execute(f"DROP USER {login}; DROP LOGIN {login};")


def refusal(session: Session, text: str) -> int:
    with pytest.raises(SqlServerError) as caught:
        session.execute(text)
    return caught.value.number


def test_a_picker_can_do_all_of_picking(warehouse: Warehouse, as_role: Callable[[str], Session]) -> None:
    session = as_role("lockstep_picker")
    assert session.call("picking.SearchRuns").rows
    assert session.call("picking.GetRun", RUN, ROW).result_sets
    assert session.call("picking.FindLots", RUN, ROW, 1).rows
    allocation = Pick(bags=2)(session).values["AllocationNo"]
    Unpick(allocation=allocation, bags=1)(session)
    FefoPick()(session)
    assert session.call("picking.GetLine", RUN, ROW, 1).result_sets[1].rows
    (operation, *_) = warehouse.operations()
    assert operation["LoginName"].startswith("lockstep_picker_")


def test_a_putaway_operator_can_do_all_of_putaway(warehouse: Warehouse, as_role: Callable[[str], Session]) -> None:
    session = as_role("lockstep_putaway")
    assert session.call("putaway.FindLots", "TFC1", "FLOUR").rows
    assert session.call("putaway.FindBins", "LOT-1", "FLOUR", "TFC1", "A-01").rows
    Transfer()(session)


def test_a_monitor_can_check(warehouse: Warehouse, as_role: Callable[[str], Session]) -> None:
    assert as_role("lockstep_monitor").call("ops.CheckInventory").rows == []


@pytest.mark.parametrize("role", ROLES)
def test_a_role_may_execute_its_procedures_and_no_others(
    warehouse: Warehouse, as_role: Callable[[str], Session], role: str
) -> None:
    """A call without arguments that is allowed gets as far as missing its parameters, or works."""
    session = as_role(role)
    allowed = set()
    for name in PROCEDURES:
        try:
            session.execute(f"EXEC {name};")
            allowed.add(name)
        except SqlServerError as error:
            if error.number != EXECUTION_DENIED:
                allowed.add(name)
    assert allowed == ALLOWED[role]


@pytest.mark.parametrize("role", ROLES)
def test_a_role_has_no_right_on_any_table(warehouse: Warehouse, as_role: Callable[[str], Session], role: str) -> None:
    session = as_role(role)
    tables = warehouse.execute("SELECT SCHEMA_NAME(t.schema_id) + N'.' + t.name FROM sys.tables AS t;")
    assert len(tables) > 20
    for (name,) in tables:
        assert refusal(session, f"SELECT 1 FROM {name};") == TABLE_DENIED
        assert refusal(session, f"DELETE FROM {name};") == TABLE_DENIED


def test_what_a_role_may_not_do_it_cannot_do_in_a_transaction_either(
    warehouse: Warehouse, as_role: Callable[[str], Session]
) -> None:
    """The part of a pick trusts its caller with the tolerance; nobody but PickLot may call it."""
    session = as_role("lockstep_picker")
    number = refusal(
        session,
        "BEGIN TRANSACTION; EXEC picking.AllocateLot 6000001, 1, 1, N'B6000001', 'LOT-1', 'FLOUR', 'TFC1', N'A-01', "
        "30, 25, 1000, N'P', NULL, N'x', '20240101';",
    )
    assert number == EXECUTION_DENIED
    assert warehouse.lot()["QtyCommitSales"] == 100


def test_the_deployer_can_deploy_and_cannot_read_the_erp(
    warehouse: Warehouse, as_role: Callable[[str], Session]
) -> None:
    session = as_role("lockstep_deployer")
    session.execute("CREATE OR ALTER PROCEDURE ops.Trial AS SELECT 1 AS A;")
    session.execute("DROP PROCEDURE ops.Trial;")
    assert refusal(session, "SELECT 1 FROM dbo.LotMaster;") == TABLE_DENIED
    assert refusal(session, "DELETE FROM dbo.Seqnum;") == TABLE_DENIED
    login = session.execute("SELECT ORIGINAL_LOGIN();").rows[0][0]
    text = warehouse.target.connection_string.with_value("UID", login).with_value("PWD", PASSWORD)
    warehouse.execute("UPDATE lockstep.DeployedObject SET ContentHash = 0x00 WHERE ObjectName = N'picking.GetLine';")
    warehouse.execute("DELETE FROM lockstep.DeployedObject WHERE ObjectName = N'lockstep_picker';")
    applied = {step.name for step in deploy(Target(text)) if step.action == "applied"}
    assert {"picking.GetLine", "lockstep_picker"} <= applied


def test_the_grants_can_be_run_again(warehouse: Warehouse, session: Session) -> None:
    grants = [source for source in read_sources() if source.kind == "grants"]
    assert {source.name for source in grants} == {*ROLES, "lockstep_deployer"}
    rights = "SELECT COUNT(*) FROM sys.database_permissions;"
    before = warehouse.execute(rights)[0][0]
    for source in grants:
        for batch in source.text.split("\nGO\n"):
            session.execute(batch or "SELECT 1;")
    assert warehouse.execute(rights)[0][0] == before
