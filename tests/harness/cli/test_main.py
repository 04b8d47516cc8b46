"""The command line's manners: exit codes, one line for a failure, no secret in any output."""

import pytest

import harness
from harness.cli import deploy_commands
from harness.cli.__main__ import run
from harness.errors import CheckFailed, EnvironmentFault, HarnessError, UsageFault


@pytest.mark.parametrize(
    "arguments",
    [
        ["nope"],
        ["deploy", "--nope"],
        ["deploy", "surplus"],
        ["demo", "--seconds", "0"],
        ["demo", "--lots", "many"],
        ["demo", "--pickers", "-1"],
        ["version", "--json"],
    ],
)
def test_wrong_usage_is_one_line_and_exit_code_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(arguments) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("lockstep: ")
    assert printed.err.count("\n") == 1


@pytest.mark.parametrize("arguments", [[], ["--help"], ["demo", "--help"], ["deploy", "--help"]])
def test_help_goes_to_standard_output(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(arguments) == 0
    printed = capsys.readouterr()
    assert printed.out.startswith("Usage: lockstep")
    assert printed.err == ""


def test_the_version_is_that_of_the_package(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["version"]) == 0
    assert capsys.readouterr().out == f"lockstep {harness.__version__}\n"


def test_deploying_without_a_target_says_how_to_name_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("LOCKSTEP_DSN", raising=False)
    assert run(["deploy"]) == 2
    assert "LOCKSTEP_DSN" in capsys.readouterr().err


def test_a_malformed_dsn_is_wrong_usage_and_not_repeated(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LOCKSTEP_DSN", "Server=db;PWD=geheim;oops")
    assert run(["deploy"]) == 2
    assert "geheim" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("failure", "code"),
    [
        (CheckFailed("stock lost"), 1),
        (UsageFault("make up your mind"), 2),
        (EnvironmentFault("nobody\nthere"), 3),
        (ZeroDivisionError("oh"), 70),
        (KeyboardInterrupt(), 130),
    ],
)
def test_every_failure_has_its_exit_code_and_at_most_one_line(
    failure: BaseException, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fail_with(failure, monkeypatch)
    assert run(["deploy"]) == code
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.count("\n") == (0 if code == 130 else 1)
    assert "Traceback" not in printed.err


@pytest.mark.parametrize("arguments", [["--debug", "deploy"], ["deploy", "--debug"]])
def test_debug_lets_the_failure_through_for_its_traceback(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    fail_with(CheckFailed("stock lost"), monkeypatch)
    with pytest.raises(HarnessError, match="stock lost"):
        run(arguments)


def fail_with(failure: BaseException, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise failure

    monkeypatch.setenv("LOCKSTEP_DSN", "Driver={Mine};Server=db")
    monkeypatch.setattr(deploy_commands, "deploy_to", fail)
