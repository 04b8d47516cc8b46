"""Drift: every kind of difference is found, and a fresh deployment has none."""

import pytest

from harness.connection import Target, open_session
from harness.deploy import deploy
from harness.deploy.drift import Difference, find_drift, granted_by
from harness.deploy.sources import DATABASE_FOLDER
from tests.harness.deploy.conftest import Files

ROLE = """\
IF DATABASE_PRINCIPAL_ID(N'lockstep_trial') IS NULL
    CREATE ROLE lockstep_trial AUTHORIZATION dbo;
GO
GRANT EXECUTE ON SCHEMA::ops TO lockstep_trial;
DENY EXECUTE ON OBJECT::ops.One TO lockstep_trial;
GO
"""


def drift(target: Target, files: Files) -> list[Difference]:
    with open_session(target) as session:
        return find_drift(session, files.root)


def faults(target: Target, files: Files) -> list[tuple[str, str]]:
    return [(one.fault, one.label) for one in drift(target, files)]


@pytest.fixture
def deployed(empty_database: Target, files: Files) -> Target:
    files.procedure("One")
    files.procedure("Two")
    files.write("indexes", "dbo.IX_Trial", "CREATE NONCLUSTERED INDEX IX_Trial ON dbo.BINMaster (aisle);\nGO\n")
    files.write("grants", "lockstep_trial", ROLE)
    deploy(empty_database, database=files.root)
    return empty_database


def test_the_whole_data_layer_has_no_drift_after_its_deployment(database: Target) -> None:
    with open_session(database) as session:
        assert find_drift(session, DATABASE_FOLDER) == []


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("ALTER PROCEDURE ops.One AS SELECT 2 AS A;", ("changed", "procedures/ops.One")),
        ("DROP PROCEDURE ops.One;", ("missing", "procedures/ops.One")),
        ("CREATE PROCEDURE ops.Stranger AS SELECT 1 AS A;", ("unknown", "procedures/ops.Stranger")),
        ("DROP INDEX IX_Trial ON dbo.BINMaster;", ("missing", "indexes/dbo.IX_Trial")),
        ("REVOKE EXECUTE ON SCHEMA::ops FROM lockstep_trial;", ("permission", "grants/lockstep_trial")),
        ("GRANT EXECUTE ON SCHEMA::picking TO lockstep_trial;", ("permission", "grants/lockstep_trial")),
    ],
)
def test_a_change_on_the_server_is_found(
    deployed: Target, files: Files, change: str, expected: tuple[str, str]
) -> None:
    assert drift(deployed, files) == []
    with open_session(deployed) as session:
        session.execute(change)
    assert expected in faults(deployed, files)


def test_another_index_under_the_same_name_is_found(deployed: Target, files: Files) -> None:
    with open_session(deployed) as session:
        session.execute("DROP INDEX IX_Trial ON dbo.BINMaster; CREATE INDEX IX_Trial ON dbo.BINMaster (rack);")
    assert faults(deployed, files) == [("different", "indexes/dbo.IX_Trial")]


def test_a_change_on_the_server_is_shown_against_what_was_deployed(deployed: Target, files: Files) -> None:
    with open_session(deployed) as session:
        session.execute("ALTER PROCEDURE ops.One\nAS\nBEGIN\n    SELECT 2 AS A;\nEND;\n")
    (one,) = drift(deployed, files)
    assert [line for line in one.diff[2:] if line[:1] in "+-"][-2:] == ["-    SELECT 1 AS A;", "+    SELECT 2 AS A;"]


def test_files_that_were_not_deployed_are_found(deployed: Target, files: Files) -> None:
    files.procedure("One", "SELECT 2 AS A;")
    files.procedure("Three")
    files.remove("procedures", "ops.Two")
    assert faults(deployed, files) == [
        ("undeployed", "procedures/ops.One"),
        ("undeployed", "procedures/ops.Three"),
        ("leftover", "procedures/ops.Two"),
    ]


def test_an_empty_database_lacks_everything(empty_database: Target, files: Files) -> None:
    files.procedure("One")
    assert faults(empty_database, files)[0][0] == "migration"
    assert faults(empty_database, files)[-1] == ("undeployed", "procedures/ops.One")


def test_grants_are_read_from_the_code_of_a_file() -> None:
    script = (
        "-- GRANT SELECT TO nobody;\n"
        "grant EXECUTE, view  definition\n ON SCHEMA::ops TO a, b;\n"
        "GRANT CREATE TABLE TO c;"
    )
    assert granted_by(script) == {
        ("GRANT", "EXECUTE", "ops", "a"),
        ("GRANT", "EXECUTE", "ops", "b"),
        ("GRANT", "VIEW DEFINITION", "ops", "a"),
        ("GRANT", "VIEW DEFINITION", "ops", "b"),
        ("GRANT", "CREATE TABLE", "database", "c"),
    }
