"""Rollback: what comes back, what goes, what stays."""

import pytest

from harness.connection import Target, open_session
from harness.deploy import deploy
from harness.deploy.history import read_deployments
from harness.deploy.plan import make_plan, read_state
from harness.deploy.rollback import plan_rollback, roll_back
from harness.errors import UsageFault
from tests.harness.deploy.conftest import Files


def answers(target: Target) -> dict[str, int]:
    """What each procedure of the schema ops selects."""
    with open_session(target) as session:
        names = session.execute(
            "SELECT p.name FROM sys.procedures AS p WHERE p.schema_id = SCHEMA_ID(N'ops') ORDER BY p.name;"
        ).rows
        return {name: session.execute(f"EXEC ops.{name};").rows[0][0] for (name,) in names}


def three_deployments(target: Target, files: Files) -> None:
    files.procedure("Stays", "SELECT 1 AS A;")
    files.procedure("Changes", "SELECT 1 AS A;")
    deploy(target, database=files.root)
    files.procedure("Changes", "SELECT 2 AS A;")
    files.procedure("Comes", "SELECT 2 AS A;")
    deploy(target, database=files.root)
    files.procedure("Changes", "SELECT 3 AS A;")
    files.remove("procedures", "ops.Comes")
    deploy(target, database=files.root, prune=True)


def test_the_last_deployment_is_undone(empty_database: Target, files: Files) -> None:
    three_deployments(empty_database, files)
    assert answers(empty_database) == {"Stays": 1, "Changes": 3}
    roll_back(empty_database)
    assert answers(empty_database) == {"Stays": 1, "Changes": 2, "Comes": 2}


@pytest.mark.parametrize(
    ("to", "expected"), [(2, {"Stays": 1, "Changes": 2, "Comes": 2}), (1, {"Stays": 1, "Changes": 1}), (0, {})]
)
def test_a_rollback_goes_to_the_state_after_a_deployment(
    empty_database: Target, files: Files, to: int, expected: dict[str, int]
) -> None:
    three_deployments(empty_database, files)
    roll_back(empty_database, to=to)
    assert answers(empty_database) == expected


def test_a_rollback_can_be_rolled_back_and_is_followed_by_a_deployment(empty_database: Target, files: Files) -> None:
    three_deployments(empty_database, files)
    roll_back(empty_database, to=0)
    roll_back(empty_database)
    assert answers(empty_database) == {"Stays": 1, "Changes": 3}
    with open_session(empty_database) as session:
        assert [one.origin for one in read_deployments(session)] == ["DEPLOY"] * 3 + ["ROLLBACK"] * 2
        assert make_plan(read_state(session, files.root)).is_empty


def test_what_somebody_changed_on_the_server_comes_back_as_it_was(empty_database: Target, files: Files) -> None:
    files.procedure("Changes", "SELECT 1 AS A;")
    deploy(empty_database, database=files.root)
    with open_session(empty_database) as session:
        session.execute("-- urgent\nALTER PROCEDURE ops.Changes AS SELECT 99 AS Hotfix;")
    files.procedure("Changes", "SELECT 2 AS A;")
    deploy(empty_database, database=files.root)
    assert answers(empty_database) == {"Changes": 2}
    roll_back(empty_database)
    assert answers(empty_database) == {"Changes": 99}


def test_functions_come_back_before_those_that_need_them(empty_database: Target, files: Files) -> None:
    files.write(
        "functions", "ops.Zero", "CREATE OR ALTER FUNCTION ops.Zero() RETURNS TABLE AS RETURN (SELECT 0 AS A);\n"
    )
    files.write(
        "functions",
        "ops.Again",
        "CREATE OR ALTER FUNCTION ops.Again() RETURNS TABLE AS RETURN (SELECT z.A FROM ops.Zero() AS z);\n",
    )
    deploy(empty_database, database=files.root)
    roll_back(empty_database, to=0)
    roll_back(empty_database, to=1)
    with open_session(empty_database) as session:
        assert session.execute("SELECT a.A FROM ops.Again() AS a;").rows[0][0] == 0


def test_tables_indexes_and_grants_stay(empty_database: Target, files: Files) -> None:
    files.write("indexes", "dbo.IX_Trial", "CREATE INDEX IX_Trial ON dbo.BINMaster (aisle);\nGO\n")
    deploy(empty_database, database=files.root)
    plan = roll_back(empty_database)
    assert plan.kept == ["indexes/dbo.IX_Trial"]
    with open_session(empty_database) as session:
        assert session.execute("SELECT COUNT(*) AS N FROM sys.indexes AS i WHERE i.name = N'IX_Trial';").rows[0][0] == 1
        assert session.execute("SELECT OBJECT_ID(N'lockstep.Settings') AS Id;").rows[0][0] is not None


def test_an_unknown_deployment_is_wrong_usage(empty_database: Target, files: Files) -> None:
    with open_session(empty_database) as session, pytest.raises(UsageFault, match="nothing has been deployed"):
        plan_rollback(session)
    files.procedure("One")
    deploy(empty_database, database=files.root)
    with pytest.raises(UsageFault, match="no deployment 7"):
        roll_back(empty_database, to=7)
