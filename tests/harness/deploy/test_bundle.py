"""The bundle leaves what a deployment leaves, whichever client runs it."""

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.connection import SqlServerError, Target, open_session
from harness.deploy import deploy
from harness.deploy.batches import split_batches
from harness.deploy.bundle import deployment_bundle, rollback_bundle
from harness.deploy.plan import make_plan, read_state
from harness.deploy.rollback import undoing
from harness.deploy.sources import DATABASE_FOLDER
from tests.harness.deploy.conftest import Files

NASTY = """\
CREATE OR ALTER PROCEDURE ops.Nasty
AS
BEGIN
    /* text that a client could take for its own:
:r other.sql
!!dir
  GO 5 times
    */
    SELECT N'it''s $(Variable) and
:setvar x
' AS A;
END;
GO
"""


def run(target: Target, script: str) -> list[str]:
    """Run a script batch by batch as a client without `:on error exit` does: past errors. Returns the errors."""
    errors = []
    with open_session(target) as session:
        for batch in split_batches(script):
            try:
                session.execute(batch.text)
            except SqlServerError as error:
                errors.append(str(error))
    return errors


def contents(target: Target) -> dict[str, list[tuple[object, ...]]]:
    """What a deployment leaves: modules, indexes, permissions, records."""
    queries = {
        "modules": "SELECT OBJECT_SCHEMA_NAME(m.object_id), OBJECT_NAME(m.object_id), m.definition "
        "FROM sys.sql_modules AS m",
        "indexes": "SELECT OBJECT_NAME(i.object_id), i.name, i.is_unique FROM sys.indexes AS i "
        "WHERE i.name LIKE N'IX%'",
        "permissions": "SELECT p.permission_name, p.state, USER_NAME(p.grantee_principal_id) "
        "FROM sys.database_permissions AS p",
        "deployed": "SELECT d.Kind, d.ObjectName, d.ContentHash, d.ServerText FROM lockstep.DeployedObject AS d",
        "history": "SELECT h.Kind, h.ObjectName, h.ContentHash, h.DefinitionText, h.PreviousHash, h.PreviousText "
        "FROM lockstep.DeployHistory AS h",
        "tables": "SELECT SCHEMA_NAME(t.schema_id), t.name FROM sys.tables AS t",
        "revision": "SELECT v.version_num FROM lockstep.alembic_version AS v",
    }
    with open_session(target) as session:
        return {
            name: sorted((tuple(row) for row in session.execute(f"{text};").rows), key=repr)
            for name, text in queries.items()
        }


def modify_dates(target: Target) -> list[tuple[object, ...]]:
    with open_session(target) as session:
        rows = session.execute("SELECT o.object_id, o.modify_date FROM sys.objects AS o ORDER BY o.object_id;").rows
        return [tuple(row) for row in rows]


def test_it_leaves_what_a_deployment_leaves(new_database: Callable[[], Target]) -> None:
    deployed, bundled = new_database(), new_database()
    deploy(deployed)
    assert run(bundled, deployment_bundle(DATABASE_FOLDER, plain=True)) == []
    assert contents(bundled) == contents(deployed)
    assert {step.action for step in deploy(bundled)} == {"unchanged"}


def test_running_it_again_changes_nothing(empty_database: Target) -> None:
    script = deployment_bundle(DATABASE_FOLDER, plain=True)
    assert run(empty_database, script) == []
    before = contents(empty_database), modify_dates(empty_database)
    assert run(empty_database, script) == []
    assert (contents(empty_database), modify_dates(empty_database)) == before


def test_an_update_by_bundle_records_what_was_there(new_database: Callable[[], Target], files: Files) -> None:
    deployed, bundled = new_database(), new_database()
    files.procedure("One", "SELECT 1 AS A;")
    for target in (deployed, bundled):
        deploy(target, database=files.root)
    files.procedure("One", "SELECT 2 AS A;")
    deploy(deployed, database=files.root)
    assert run(bundled, deployment_bundle(files.root, plain=True)) == []
    assert contents(bundled) == contents(deployed)


def test_text_that_clients_would_take_for_theirs_arrives_as_it_is(empty_database: Target, files: Files) -> None:
    path = files.write("procedures", "ops.Nasty", NASTY)
    script = deployment_bundle(files.root)
    assert "$(" not in script
    assert not re.search(r"^[ \t]*(?::(?!on error exit)|!!|GO[ \t]+\S)", script, flags=re.MULTILINE | re.IGNORECASE)
    run(empty_database, script)
    with open_session(empty_database) as session:
        recorded = session.execute("SELECT h.DefinitionText FROM lockstep.DeployHistory AS h;").rows
        assert [row[0] for row in recorded] == [path.read_text()]
        assert "$(Variable) and\n:setvar x\n" in session.call("ops.Nasty").rows[0][0]


def test_the_first_error_ends_it_and_the_next_run_goes_on(empty_database: Target, files: Files) -> None:
    for name in ("A", "C"):
        files.procedure(name)
    files.procedure("B", "SELECT FROM;")
    errors = run(empty_database, deployment_bundle(files.root, plain=True))
    assert len(errors) == 1
    assert "156" in errors[0]
    assert [row[1] for row in contents(empty_database)["deployed"]] == ["ops.A"]
    files.procedure("B")
    assert run(empty_database, deployment_bundle(files.root, plain=True)) == []
    assert [row[1] for row in contents(empty_database)["deployed"]] == ["ops.A", "ops.B", "ops.C"]


def test_a_database_at_an_unknown_migration_is_left_alone(empty_database: Target, files: Files) -> None:
    deploy(empty_database, database=files.root)
    with open_session(empty_database) as session:
        session.execute("UPDATE lockstep.alembic_version SET version_num = '9999';")
    files.procedure("One")
    errors = run(empty_database, deployment_bundle(files.root, plain=True))
    assert len(errors) == 1
    assert "9999" in errors[0]
    assert contents(empty_database)["deployed"] == []


def test_the_rollback_script_puts_back_what_the_deployment_replaced(empty_database: Target, files: Files) -> None:
    files.procedure("Changes", "SELECT 1 AS A;")
    deploy(empty_database, database=files.root)
    before = contents(empty_database)
    files.procedure("Changes", "SELECT 2 AS A;")
    files.procedure("Comes")
    with open_session(empty_database) as session:
        state = read_state(session, files.root)
        script = rollback_bundle(undoing(make_plan(state), state), state.revisions, plain=True)
    deploy(empty_database, database=files.root)
    for _ in range(2):
        assert run(empty_database, script) == []
        after = contents(empty_database)
        assert (after["modules"], after["deployed"]) == (before["modules"], before["deployed"])


# A client that is not ours


def freetds(program: str, target: Target, script: Path) -> "subprocess.CompletedProcess[str]":
    dsn = target.connection_string
    host, _, port = target.server.removeprefix("tcp:").partition(",")
    place = {
        "tsql": ["-H", host, "-p", port or "1433"],
        "bsqldb": ["-S", f"{host}:{port or 1433}", "-i", str(script)],
    }[program]
    login = ["-U", dsn.get("UID", "User") or "", "-P", dsn.get("PWD", "Password") or "", "-D", target.database]
    with script.open() as text:
        return subprocess.run(
            [program, *place, *login],
            stdin=text,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
            env={**os.environ, "TDSVER": "7.4"},
        )


needs_freetds = pytest.mark.skipif(
    shutil.which("tsql") is None or shutil.which("bsqldb") is None,
    reason="FreeTDS is not installed: make test-clients does it",
)


@needs_freetds
def test_freetds_bsqldb_runs_it(new_database: Callable[[], Target], tmp_path: Path) -> None:
    deployed, bundled = new_database(), new_database()
    deploy(deployed)
    script = tmp_path / "bundle.sql"
    script.write_text(deployment_bundle(DATABASE_FOLDER, plain=True))
    for word in ("applied", "unchanged"):
        done = freetds("bsqldb", bundled, script)
        assert done.returncode == 0, done.stderr
        assert done.stderr.count(f"{word:11}procedures/") == sum(
            row[0] == "procedures" for row in contents(deployed)["deployed"]
        )
    assert contents(bundled) == contents(deployed)


@needs_freetds
def test_freetds_tsql_runs_it_past_the_command_that_it_does_not_know(
    new_database: Callable[[], Target], tmp_path: Path
) -> None:
    deployed, bundled = new_database(), new_database()
    deploy(deployed)
    script = tmp_path / "bundle.sql"
    script.write_text(deployment_bundle(DATABASE_FOLDER))
    done = freetds("tsql", bundled, script)
    assert re.findall(r"^Msg (\d+)", done.stderr, flags=re.MULTILINE) == ["102"]
    assert contents(bundled) == contents(deployed)


@needs_freetds
def test_freetds_bsqldb_stops_at_the_first_error(empty_database: Target, files: Files, tmp_path: Path) -> None:
    files.procedure("A")
    files.procedure("B", "SELECT FROM;")
    files.procedure("C")
    script = tmp_path / "bundle.sql"
    script.write_text(deployment_bundle(files.root, plain=True))
    done = freetds("bsqldb", empty_database, script)
    assert done.returncode != 0
    assert "FAILED     procedures/ops.B" in done.stderr
    assert [row[1] for row in contents(empty_database)["deployed"]] == ["ops.A"]
