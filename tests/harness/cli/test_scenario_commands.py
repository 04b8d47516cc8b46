"""`lockstep scenario` from end to end."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.cli.__main__ import run
from harness.connection import Target

SCENARIO = """
session s1 step a { SELECT 1 AS x; }
session s2 step b { SELECT 2 AS x; }
permutation a b
"""


@pytest.fixture
def scenario(
    target: Target, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Callable[..., tuple[int, str, str]]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LOCKSTEP_DSN", target.connection_string.text())
    Path("one.spec").write_text(SCENARIO)

    def execute(*arguments: str) -> tuple[int, str, str]:
        code = run(["scenario", *arguments])
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return execute


def test_a_new_scenario_fails_until_its_outcome_is_recorded(scenario: Callable[..., tuple[int, str, str]]) -> None:
    code, output, _ = scenario("one.spec")
    assert code == 1
    assert "step a: SELECT 1 AS x;" in output
    assert "failed   one.spec: it expects nothing yet; --update records what was observed" in output
    code, output, _ = scenario("one.spec", "--update")
    assert (code, output.splitlines()[-1]) == (0, "recorded one.spec (1 permutation)")
    code, output, _ = scenario("one.spec")
    assert (code, output.splitlines()[-1]) == (0, "ok       one.spec (1 permutation)")


def test_a_difference_is_shown_and_fails(scenario: Callable[..., tuple[int, str, str]]) -> None:
    scenario("one.spec", "--update")
    text = Path("one.spec").read_text()
    Path("one.spec").write_text(text.replace("2\n(1 row)", "3\n(1 row)"))
    code, output, _ = scenario("one.spec")
    assert code == 1
    assert "\n-3\n+2\n" in output


def test_of_several_files_each_gets_a_line_and_a_broken_one_stops_nobody(
    scenario: Callable[..., tuple[int, str, str]],
) -> None:
    scenario("one.spec", "--update")
    Path("broken.spec").write_text("setup { SELECT 1 FROM nowhere; }\n" + SCENARIO)
    code, output, _ = scenario("broken.spec", "one.spec")
    assert code == 1
    assert output.splitlines() == [
        "failed   broken.spec: setup failed: Invalid object name 'nowhere'. (208)",
        "ok       one.spec (1 permutation)",
        "1 of 2 scenarios went as expected",
    ]


def test_machines_get_one_document(scenario: Callable[..., tuple[int, str, str]]) -> None:
    code, output, _ = scenario("one.spec", "--json")
    found = json.loads(output)
    assert (code, found["failed"], found["scenarios"][0]["as_expected"]) == (1, 1, None)
    assert found["scenarios"][0]["permutations"][0]["steps"] == ["a", "b"]
    scenario("one.spec", "--update")
    code, output, _ = scenario("one.spec", "--json")
    found = json.loads(output)
    assert (code, found["failed"], found["scenarios"][0]["as_expected"]) == (0, 0, True)


def test_a_server_that_lets_nobody_in_ends_everything(
    scenario: Callable[..., tuple[int, str, str]], target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    dsn = target.connection_string.with_value("UID", "nobody").with_value("PWD", "Not-1")
    monkeypatch.setenv("LOCKSTEP_DSN", dsn.text())
    code, output, error = scenario("one.spec", "one.spec")
    assert (code, output) == (3, "")
    assert error.startswith("lockstep: cannot connect to ")
    assert len(error.splitlines()) == 1


def test_a_file_with_a_mistake_is_one_line_and_wrong_usage(scenario: Callable[..., tuple[int, str, str]]) -> None:
    Path("bad.spec").write_text("session s\nstep a SELECT")
    code, output, error = scenario("bad.spec")
    assert (code, output) == (2, "")
    assert error == "lockstep: bad.spec:2: expected a block in { braces }\n"
