"""Deployments beside other work: callers of the procedures, and other deployers."""

import threading
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from harness.connection import Session, Target, open_session
from harness.deploy import Step, deploy
from harness.deploy.plan import Plan
from harness.errors import CheckFailed
from tests.harness.deploy.conftest import Files

CALLERS = 4
VERSIONS = 8
PATIENCE_SECONDS = 60
PROCEDURE = """\
CREATE OR ALTER PROCEDURE ops.CountCall
    @CallerId int
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    BEGIN TRANSACTION;
    UPDATE ops.Calls SET Calls = Calls + 1 WHERE CallerId = @CallerId;
    COMMIT TRANSACTION;
    SELECT {version} AS Version;
END;
GO
"""


def write_version(files: Files, version: int) -> None:
    files.write("procedures", "ops.CountCall", PROCEDURE.format(version=version))


def test_a_deployment_under_load_loses_no_call(empty_database: Target, files: Files) -> None:
    write_version(files, 0)
    deploy(empty_database, database=files.root)
    with open_session(empty_database) as session:
        session.execute(
            "CREATE TABLE ops.Calls (CallerId int NOT NULL PRIMARY KEY, Calls int NOT NULL);"
            "INSERT INTO ops.Calls (CallerId, Calls) VALUES (0, 0), (1, 0), (2, 0), (3, 0);"
        )
    done = threading.Event()

    def call(caller: int) -> tuple[int, set[int]]:
        calls, versions = 0, set()
        with open_session(empty_database) as session:
            while not done.is_set():
                versions.add(session.call("ops.CountCall", caller).rows[0][0])
                calls += 1
        return calls, versions

    with ThreadPoolExecutor(CALLERS) as pool:
        callers = [pool.submit(call, caller) for caller in range(CALLERS)]
        try:
            for version in range(1, VERSIONS + 1):
                write_version(files, version)
                deploy(empty_database, database=files.root)
        finally:
            done.set()
        results = [caller.result(PATIENCE_SECONDS) for caller in callers]
    with open_session(empty_database) as session:
        counted = session.execute("SELECT c.Calls FROM ops.Calls AS c ORDER BY c.CallerId;").rows
    assert [row[0] for row in counted] == [calls for calls, _ in results]
    assert all(calls > 0 for calls, _ in results)
    assert len(set().union(*(versions for _, versions in results))) > 1


def waiting_deployers(session: Session) -> int:
    count: int = session.execute(
        "SELECT COUNT(*) AS N FROM sys.dm_tran_locks AS l "
        "WHERE l.resource_type = 'APPLICATION' AND l.request_status = 'WAIT' AND l.resource_database_id = DB_ID();"
    ).rows[0][0]
    return count


def test_a_second_deployer_waits_and_finds_nothing_to_do(empty_database: Target, files: Files) -> None:
    files.procedure("One")
    others: list[Future[list[Step]]] = []
    with ThreadPoolExecutor(1) as pool, open_session(empty_database) as observer:

        def start_another(_: Plan) -> None:
            others.append(pool.submit(deploy, empty_database, database=files.root))
            while waiting_deployers(observer) == 0:
                assert not others[0].done()

        first = deploy(empty_database, database=files.root, approve=start_another)
        assert [step.name for step in first if step.action == "applied"] == ["0001", "ops.One"]
        assert [step.action for step in others[0].result(PATIENCE_SECONDS)] == ["unchanged"]


def test_a_second_deployer_who_does_not_wait_is_told_who_is_at_work(empty_database: Target, files: Files) -> None:
    files.procedure("One")
    seen: list[str] = []

    def start_another(_: Plan) -> None:
        with pytest.raises(CheckFailed, match="another deployment is at work") as caught:
            deploy(empty_database, database=files.root, wait_seconds=0)
        seen.append(str(caught.value))

    deploy(empty_database, database=files.root, approve=start_another)
    assert "session" in seen[0]


def test_a_refused_plan_changes_nothing_and_gives_the_lock_back(empty_database: Target, files: Files) -> None:
    files.procedure("One")

    def refuse(_: Plan) -> None:
        raise CheckFailed("no")

    with pytest.raises(CheckFailed, match=r"^no$"):
        deploy(empty_database, database=files.root, approve=refuse)
    with open_session(empty_database) as session:
        assert session.execute("SELECT SCHEMA_ID(N'lockstep') AS Id;").rows[0][0] is None
    assert len(deploy(empty_database, database=files.root, wait_seconds=0)) == 2
