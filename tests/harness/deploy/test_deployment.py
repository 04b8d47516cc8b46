"""Deployment onto a server: what is applied, what is left alone, and what a failure leaves behind."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.connection import Session, Target
from harness.deploy import FileFault, deploy
from harness.deploy.sources import DATABASE_FOLDER


@pytest.fixture
def folder(tmp_path: Path, database: Target, session: Session) -> Iterator[Path]:
    """A database folder with the real migrations and nothing else; what a test deployed from it is dropped."""
    (tmp_path / "migrations").symlink_to(DATABASE_FOLDER / "migrations")
    yield tmp_path
    session.execute("DELETE FROM lockstep.DeployedObject WHERE ObjectName LIKE N'ops.Trial%';")
    session.execute("DELETE FROM lockstep.DeployHistory WHERE ObjectName LIKE N'ops.Trial%';")
    session.execute("DROP PROCEDURE IF EXISTS ops.TrialOne; DROP PROCEDURE IF EXISTS ops.TrialTwo;")


def write(folder: Path, name: str, body: str, *, before: str = "") -> Path:
    path = folder / "procedures" / "ops" / f"{name}.sql"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{before}CREATE OR ALTER PROCEDURE ops.{name}\nAS\nBEGIN\n    {body}\nEND;\nGO\n")
    return path


def actions(target: Target, folder: Path) -> dict[str, str]:
    return {step.name: step.action for step in deploy(target, database=folder)}


def test_the_whole_data_layer_is_deployed_once(database: Target, session: Session) -> None:
    steps = deploy(database)
    assert {step.action for step in steps} == {"unchanged"}
    recorded = session.execute("SELECT COUNT(*) FROM lockstep.DeployedObject;").rows[0][0]
    assert recorded == len(steps)


def test_deploying_again_changes_nothing_on_the_server(database: Target, session: Session) -> None:
    dates = "SELECT o.object_id, o.modify_date FROM sys.objects AS o ORDER BY o.object_id;"
    before = [tuple(row) for row in session.execute(dates).rows]
    deploy(database)
    assert [tuple(row) for row in session.execute(dates).rows] == before


def test_only_what_changed_is_applied_again(folder: Path, database: Target, session: Session) -> None:
    write(folder, "TrialOne", "SELECT 1 AS A;")
    write(folder, "TrialTwo", "SELECT 2 AS A;")
    assert actions(database, folder) == {"ops.TrialOne": "applied", "ops.TrialTwo": "applied"}
    write(folder, "TrialTwo", "SELECT 3 AS A;")
    assert actions(database, folder) == {"ops.TrialOne": "unchanged", "ops.TrialTwo": "applied"}
    assert session.call("ops.TrialTwo").rows[0][0] == 3


def test_every_deployment_of_an_object_stays_in_the_history(folder: Path, database: Target, session: Session) -> None:
    texts = []
    for body in ("SELECT 1 AS A;", "SELECT ':not a parameter', '?' AS A;", f"SELECT '{'long ' * 2000}' AS A;"):
        texts.append(write(folder, "TrialOne", body).read_text())
        deploy(database, database=folder)
    history = session.execute(
        "SELECT h.DefinitionText, h.ToolVersion FROM lockstep.DeployHistory AS h "
        "WHERE h.Kind = 'procedures' AND h.ObjectName = N'ops.TrialOne' ORDER BY h.HistoryId;"
    )
    assert [row[0] for row in history.rows] == texts
    assert all(row[1] for row in history.rows)


@pytest.mark.parametrize(
    ("body", "line"),
    [
        ("SELECT FROM WHERE;", 6),
        ("SELECT 1;\n\n    SELEC 2;", 8),
    ],
)
def test_a_refused_file_is_named_with_its_line_and_leaves_what_was_done_before(
    folder: Path, database: Target, session: Session, body: str, line: int
) -> None:
    write(folder, "TrialOne", "SELECT 1 AS A;")
    path = write(folder, "TrialTwo", body, before="SET NOCOUNT ON;\nGO\n")
    with pytest.raises(FileFault) as caught:
        deploy(database, database=folder)
    assert (caught.value.path, caught.value.line) == (path, line)
    assert str(caught.value).startswith(f"{path}:{line}: ")
    assert session.call("ops.TrialOne").rows[0][0] == 1
    write(folder, "TrialTwo", "SELECT 2 AS A;")
    assert actions(database, folder) == {"ops.TrialOne": "unchanged", "ops.TrialTwo": "applied"}


def test_a_file_is_applied_whole_or_not_at_all(folder: Path, database: Target, session: Session) -> None:
    path = write(folder, "TrialOne", "SELECT 1 AS A;")
    path.write_text(path.read_text() + "THROW 50001, N'the second batch fails', 1;\nGO\n")
    with pytest.raises(FileFault, match="the second batch fails"):
        deploy(database, database=folder)
    assert session.execute("SELECT OBJECT_ID(N'ops.TrialOne');").rows[0][0] is None
    assert session.execute("SELECT @@TRANCOUNT;").rows[0][0] == 0


def test_a_malformed_script_is_found_before_anything_is_deployed(folder: Path, database: Target) -> None:
    write(folder, "TrialOne", "SELECT 1 AS A;")
    path = write(folder, "TrialTwo", "SELECT 1;\nGO;")
    with pytest.raises(FileFault, match="GO takes a count"):
        deploy(database, database=folder)
    path.unlink()
    assert actions(database, folder) == {"ops.TrialOne": "applied"}


def test_a_member_of_the_deployers_role_can_update_a_deployed_database(
    folder: Path, database: Target, session: Session
) -> None:
    write(folder, "TrialOne", "SELECT 1 AS A;")
    deploy(database, database=folder)
    session.execute("CREATE LOGIN trial_deployer WITH PASSWORD = 'Trial-Deployer-1';")
    session.execute("CREATE USER trial_deployer FOR LOGIN trial_deployer;")
    session.execute("ALTER ROLE lockstep_deployer ADD MEMBER trial_deployer;")
    string = database.connection_string.with_value("UID", "trial_deployer").with_value("PWD", "Trial-Deployer-1")
    try:
        write(folder, "TrialOne", "SELECT 2 AS A;")
        write(folder, "TrialTwo", "SELECT 2 AS A;")
        assert set(actions(Target(string), folder).values()) == {"applied"}
        assert session.call("ops.TrialOne").rows[0][0] == 2
        who = session.execute(
            "SELECT d.DeployedBy FROM lockstep.DeployedObject AS d WHERE d.ObjectName = N'ops.TrialTwo';"
        )
        assert who.rows[0][0] == "trial_deployer"
    finally:
        session.execute("DROP USER trial_deployer; DROP LOGIN trial_deployer;")
