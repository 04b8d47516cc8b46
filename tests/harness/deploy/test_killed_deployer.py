"""A deployer that dies at any point leaves a state that the next run completes."""

import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.connection import Target, open_session
from harness.deploy import deploy
from harness.deploy.drift import find_drift
from harness.deploy.history import read_deployments
from tests.harness.deploy.conftest import Files

SCRIPT = Path(__file__).with_name("killed_deployer.py")
ROOT = Path(__file__).resolve().parents[3]
SEED = 20261122
KILLS = 6
OBJECTS = sorted([*(f"ops.P{number}" for number in range(6)), "ops.F", "dbo.IX_Trial", "lockstep_trial"])


def run_deployer(target: Target, files: Files, request: int, moment: str) -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, "LOCKSTEP_DSN": target.connection_string.text(), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, str(SCRIPT), str(files.root), str(request), moment]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture
def many_files(files: Files) -> Files:
    """Files of every kind; a deployment of them has some dozens of requests."""
    for number in range(6):
        files.procedure(f"P{number}", f"SELECT {number} AS A;")
    files.write("functions", "ops.F", "CREATE OR ALTER FUNCTION ops.F() RETURNS TABLE AS RETURN (SELECT 1 AS A);\nGO\n")
    files.write("indexes", "dbo.IX_Trial", "CREATE NONCLUSTERED INDEX IX_Trial ON dbo.BINMaster (aisle);\nGO\n")
    files.write(
        "grants", "lockstep_trial", "IF DATABASE_PRINCIPAL_ID(N'lockstep_trial') IS NULL CREATE ROLE lockstep_trial;\n"
    )
    return files


def test_the_next_run_completes_what_a_killed_one_began(new_database: Callable[[], Target], many_files: Files) -> None:
    whole = run_deployer(new_database(), many_files, 0, "before")
    assert whole.returncode == 0, whole.stderr
    requests = int(whole.stdout)
    chance = random.Random(SEED)
    for request in sorted(chance.sample(range(1, requests + 1), KILLS)):
        moment = chance.choice(["before", "after"])
        target = new_database()
        killed = run_deployer(target, many_files, request, moment)
        at = f"seed {SEED}, killed {moment} request {request} of {requests}"
        assert killed.returncode == -signal.SIGKILL or moment == "after", f"{at}: {killed.stderr}"

        steps = deploy(target, database=many_files.root)
        with open_session(target) as session:
            assert find_drift(session, many_files.root) == [], at
            history = session.execute("SELECT h.ObjectName FROM lockstep.DeployHistory AS h;").rows
            assert sorted(name for (name,) in history) == OBJECTS, at
            finished = [one.finished_at is not None for one in read_deployments(session)]
            assert finished.count(False) <= 1, at
        assert {step.kind for step in steps} >= {"procedures", "functions", "indexes", "grants"}, at
        assert {step.action for step in deploy(target, database=many_files.root)} == {"unchanged"}, at
