"""The commands of deployment from end to end: what they do, their exit codes, and that none prints a password."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.cli.__main__ import run
from harness.connection import Target, open_session

Command = Callable[..., tuple[int, str]]


@pytest.fixture
def fresh(target: Target, worker_id: str) -> Target:
    """An empty database."""
    name = f"lockstep_commands_{worker_id}"
    with open_session(target) as session:
        session.execute(f"DROP DATABASE IF EXISTS {name};")
        session.execute(f"CREATE DATABASE {name};")
    return target.with_database(name)


@pytest.fixture
def command(
    fresh: Target, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Command:
    """Runs one command on the empty database; all output is searched for the password."""
    dsn = fresh.connection_string
    secret = dsn.get("PWD", "Password")
    assert secret
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LOCKSTEP_DSN", dsn.text())

    def execute(*arguments: str) -> tuple[int, str]:
        code = run(arguments)
        printed = capsys.readouterr()
        output = printed.out + printed.err
        assert secret not in output
        assert "Traceback" not in output
        return code, output

    return execute


def test_a_life_of_a_database(command: Command, fresh: Target) -> None:
    assert command("doctor")[0] == 0
    assert "37 unchanged" not in command("plan")[1]
    assert command("drift")[0] == 1
    code, output = command("deploy", "--yes")
    assert code == 0
    assert "applied  migrations/0001" in output
    assert command("drift") == (0, f"{fresh}: no differences\n")
    assert ": 0 applied, " in command("deploy", "--yes")[1]
    assert "0 to create, 0 to change, 0 to drop" in command("plan")[1]
    assert command("rollback", "--yes", "--to", "0")[0] == 0
    assert command("drift")[0] == 1
    code, output = command("history", "--json")
    assert [one["origin"] for one in json.loads(output)] == ["DEPLOY", "ROLLBACK"]
    assert "rollback" in command("history")[1]


def test_json_is_one_document(command: Command) -> None:
    for arguments in (["doctor"], ["plan"], ["deploy", "--yes"], ["rollback", "--yes"], ["drift"], ["history"]):
        _, output = command(*arguments, "--json")
        json.loads(output)


def test_the_sql_of_a_pending_migration_is_printed_on_demand(command: Command) -> None:
    code, output = command("plan", "--sql")
    assert code == 0
    assert "CREATE TABLE lockstep.Settings" in output


def test_where_nobody_can_be_asked_yes_has_to_be_given(command: Command, fresh: Target) -> None:
    code, output = command("deploy")
    assert code == 2
    assert "--yes" in output
    with open_session(fresh) as session:
        assert session.execute("SELECT SCHEMA_ID(N'lockstep') AS Id;").rows[0][0] is None


def test_what_somebody_changed_is_not_replaced_without_a_word(command: Command, fresh: Target) -> None:
    command("deploy", "--yes")
    with open_session(fresh) as session:
        session.execute("ALTER PROCEDURE ops.SetBaseline AS SELECT 1 AS Hotfix;")
    code, output = command("deploy", "--yes")
    assert (code, "ops.SetBaseline" in output) == (2, True)
    assert "Hotfix" in command("drift")[1]
    assert command("deploy", "--yes", "--overwrite")[0] == 0
    assert command("drift")[0] == 0


def test_the_bundle_and_its_rollback_are_written_to_files(command: Command, tmp_path: Path) -> None:
    assert command("bundle", "--output", "deploy.sql") == (0, "")
    assert command("bundle", "--rollback", "--output", "undo.sql") == (0, "")
    assert ":on error exit" in (tmp_path / "deploy.sql").read_text()
    assert "DROP PROCEDURE IF EXISTS [picking].[PickLot]" in (tmp_path / "undo.sql").read_text()


def test_the_password_is_in_no_record(command: Command, fresh: Target) -> None:
    command("deploy", "--yes")
    secret = fresh.connection_string.get("PWD", "Password") or ""
    with open_session(fresh) as session:
        for table in ("Deployment", "DeployedObject", "DeployHistory"):
            assert secret not in repr(session.execute(f"SELECT * FROM lockstep.{table};").rows)


@pytest.mark.parametrize("name", ["doctor", "plan", "deploy", "rollback", "drift", "history"])
@pytest.mark.parametrize(("dsn", "code"), [(None, 3), ("Server=db;PWD=Geheim-12345;oops", 2), ("PWD=Geheim-12345", 2)])
def test_a_failing_command_prints_no_password(
    name: str,
    dsn: str | None,
    code: int,
    target: Target,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    wrong_password = target.connection_string.with_value("PWD", "Geheim-12345").text()
    monkeypatch.setenv("LOCKSTEP_DSN", wrong_password if dsn is None else dsn)
    assert run([name]) == code
    printed = capsys.readouterr()
    assert "Geheim" not in printed.out + printed.err
    assert printed.err.count("\n") == 1
