"""A new procedure deploys as it is, and its test passes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from harness.connection import Session, Target
from harness.deploy import deploy
from harness.deploy.skeleton import create_procedure
from harness.deploy.sources import DATABASE_FOLDER
from harness.errors import UsageFault

ROOT = Path(__file__).resolve().parents[3]


def test_a_new_procedure_can_be_deployed_and_called(tmp_path: Path, database: Target, session: Session) -> None:
    script, test = create_procedure(tmp_path, "ops", "RecountBin")
    assert (script.name, test.name) == ("RecountBin.sql", "test_recount_bin.py")
    (tmp_path / "database" / "migrations").symlink_to(DATABASE_FOLDER / "migrations")
    deploy(database, database=tmp_path / "database")
    try:
        command = [
            *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", os.devnull),
            *("--rootdir", str(tmp_path), "-p", "tests.harness.deploy.session_of_dsn", str(test)),
        ]
        environment = {
            **os.environ,
            "LOCKSTEP_DSN": database.connection_string.text(),
            "PYTHONPATH": str(ROOT),
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        }
        done = subprocess.run(
            command, env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert " passed" in done.stdout
    finally:
        session.execute("DROP PROCEDURE ops.RecountBin;")
        session.execute("DELETE FROM lockstep.DeployedObject WHERE ObjectName = N'ops.RecountBin';")


def test_a_file_that_is_there_is_not_overwritten(tmp_path: Path) -> None:
    script, _ = create_procedure(tmp_path, "ops", "RecountBin")
    script.write_text("mine")
    with pytest.raises(UsageFault, match="is there already"):
        create_procedure(tmp_path, "ops", "RecountBin")
    assert script.read_text() == "mine"


@pytest.mark.parametrize(
    ("schema", "name"),
    [
        ("dbo", "Recount"),
        ("sys", "Recount"),
        ("Ops", "Recount"),
        ("ops", "usp_Recount"),
        ("ops", "recount"),
        ("../x", "Y"),
    ],
)
def test_a_name_outside_of_the_project_s_form_is_refused(tmp_path: Path, schema: str, name: str) -> None:
    with pytest.raises(UsageFault):
        create_procedure(tmp_path, schema, name)
    assert list(tmp_path.iterdir()) == []
