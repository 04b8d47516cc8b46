"""`lockstep deadlocks` and `lockstep locks` from end to end."""

import json
from contextlib import closing
from pathlib import Path

import pytest

from harness.connection import Target, connect
from harness.scenarios import Runner, read_scenario
from tests.harness.conftest import Command

SCENARIOS = Path(__file__).parents[2] / "scenarios"


@pytest.fixture
def deadlock(target: Target) -> None:
    Runner(target).run(read_scenario(SCENARIOS / "deadlock-three-sessions.spec"))


@pytest.mark.usefixtures("deadlock")
def test_deadlocks_are_listed_the_newest_first(command: Command) -> None:
    code, output, _ = command("deadlocks")
    first = output.splitlines()[1]
    assert (code, first.split()[0]) == (0, "1")
    assert "UPDATE stock SET qty = " in first


@pytest.mark.usefixtures("deadlock")
def test_one_is_told_drawn_and_saved(command: Command) -> None:
    code, output, _ = command("deadlocks", "--show", "1", "--svg", "one.svg", "--xdl", "one.xdl")
    assert code == 0
    assert output.count("Session ") == 3
    assert output.count("victim") == 1
    assert output.count(" waits for X") == 6
    assert Path("one.svg").read_text().startswith("<svg ")
    assert command("deadlocks", "--graph", "one.xdl", "--show", "1")[1].splitlines()[2:] == output.splitlines()[2:]


@pytest.mark.usefixtures("deadlock")
def test_machines_get_one_document(command: Command) -> None:
    found = json.loads(command("deadlocks", "--json")[1])
    assert len(found[0]["processes"]) == len(found[0]["resources"]) == 3
    assert len(json.loads(command("deadlocks", "--show", "1", "--json")[1])) == 1


@pytest.mark.usefixtures("deadlock")
def test_mistakes_are_one_line(command: Command) -> None:
    for arguments, message in (
        (["--show", "9999"], "there is no deadlock 9999"),
        (["--graph", "missing.xdl"], "missing.xdl cannot be read"),
        (["--svg", "nowhere/one.svg"], "nowhere/one.svg cannot be written: No such file or directory"),
    ):
        code, output, error = command("deadlocks", *arguments)
        assert (code, output) == (2, "")
        assert error.startswith(f"lockstep: {message}")
        assert error.count("\n") == 1


def test_no_deadlocks_are_no_error(command: Command) -> None:
    Path("none.xdl").write_text("<RingBufferTarget/>")
    assert command("deadlocks", "--graph", "none.xdl") == (0, "no deadlocks\n", "")
    assert command("deadlocks", "--graph", "none.xdl", "--show", "1")[2] == "lockstep: there is no deadlock to show\n"


def test_locks_show_holders_and_waiters(command: Command, target: Target) -> None:
    with closing(connect(target)) as setting_up:
        setting_up.execute(
            "DROP TABLE IF EXISTS dbo.shelf; CREATE TABLE dbo.shelf (id int CONSTRAINT pk_shelf PRIMARY KEY);"
        )
        setting_up.execute("INSERT dbo.shelf VALUES (1);")
        with closing(connect(target, autocommit=False)) as holder:
            holder.execute("DELETE dbo.shelf WHERE id = 1;")
            code, output, _ = command("locks")
            assert code == 0
            assert "dbo.shelf.pk_shelf (" in output
            found = {(row["resource_type"], row["mode"]) for row in json.loads(command("locks", "--json")[1])}
            assert {("KEY", "X"), ("OBJECT", "IX")} <= found
            holder.rollback()
        setting_up.execute("DROP TABLE dbo.shelf;")
