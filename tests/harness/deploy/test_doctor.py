"""The doctor: what it finds in a sound database, and in others."""

from pathlib import Path

import pytest

from harness.connection import Session, Target, open_session
from harness.deploy import deploy
from harness.deploy.doctor import Finding, examine
from harness.deploy.sources import DATABASE_FOLDER


def findings(target: Target, database: Path = DATABASE_FOLDER) -> dict[str, Finding]:
    """The findings by subject; of several, the worst."""
    order = {"ok": 0, "warning": 1, "error": 2}
    with open_session(target) as session:
        found = sorted(examine(session, target, database), key=lambda finding: order[finding.status])
    return {finding.subject: finding for finding in found}


def test_a_deployed_database_has_no_error(database: Target) -> None:
    found = findings(database)
    assert [finding for finding in found.values() if finding.status == "error"] == []
    assert found["migrations"].status == "ok"
    assert found["driver"].status == "ok"
    assert "READ_COMMITTED_SNAPSHOT off" in found["isolation"].found


def test_an_empty_database_waits_for_its_migrations(empty_database: Target) -> None:
    found = findings(empty_database)
    assert found["migrations"].status == "warning"
    assert found["ERP tables"].status == "ok"


def test_examining_writes_nothing(empty_database: Target) -> None:
    findings(empty_database)
    with open_session(empty_database) as session:
        assert session.execute("SELECT t.name FROM sys.tables AS t;").rows == []


def test_an_erp_table_that_does_not_fit_is_an_error_that_names_the_columns(empty_database: Target) -> None:
    with open_session(empty_database) as session:
        session.execute("CREATE TABLE dbo.BINMaster (Location nvarchar(10) NOT NULL, BinNo int NOT NULL);")
    found = findings(empty_database)["ERP tables"]
    assert found.status == "error"
    assert "dbo.BINMaster" in found.found
    assert "BinNo is int" in found.found


def test_a_database_of_a_later_version_is_an_error(empty_database: Target) -> None:
    deploy(empty_database)
    with open_session(empty_database) as session:
        session.execute("UPDATE lockstep.alembic_version SET version_num = '9999';")
    assert findings(empty_database)["migrations"].status == "error"


def test_a_login_that_may_not_deploy_is_told_what_it_lacks(database: Target, session: Session) -> None:
    session.execute("CREATE LOGIN trial_doctor WITH PASSWORD = 'Trial-Doctor-1';")
    session.execute("CREATE USER trial_doctor FOR LOGIN trial_doctor;")
    string = database.connection_string.with_value("UID", "trial_doctor").with_value("PWD", "Trial-Doctor-1")
    try:
        found = findings(Target(string))
        assert found["permissions"].status == "error"
        assert "lacks CREATE TABLE" in found["permissions"].found
        assert "lockstep_deployer" in found["permissions"].advice
        session.execute("ALTER ROLE lockstep_deployer ADD MEMBER trial_doctor;")
        assert findings(Target(string))["permissions"].status != "error"
    finally:
        session.execute("DROP USER trial_doctor; DROP LOGIN trial_doctor;")


def test_what_may_not_be_asked_is_a_warning(database: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.deploy.doctor._ENCRYPTION", "SELECT e.Nothing FROM dbo.NoSuchTable AS e;")
    found = findings(database)["encryption"]
    assert found.status == "warning"
    assert "could not be examined" in found.found
