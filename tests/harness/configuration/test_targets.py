"""Which target wins, and that no password hides in a file or a flag."""

from pathlib import Path

import pytest

from harness.configuration import TargetChoice, choose_target
from harness.connection import Target
from harness.errors import UsageFault

TOML = """\
default = "staging"

[targets.staging]
dsn = "Driver={Mine};Server=staging;UID=deployer"

[targets.production-1]
dsn = "Driver={Mine};Server=production;Authentication=ActiveDirectoryIntegrated"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "lockstep.toml").write_text(TOML)
    return tmp_path


def server(choice: TargetChoice, environment: dict[str, str], folder: Path) -> str:
    target = choose_target(choice, environment=environment, folder=folder)
    assert target is not None
    return target.server


def password(target: Target | None) -> str | None:
    assert target is not None
    return target.connection_string.get("PWD")


DSN = {"LOCKSTEP_DSN": "Driver={Mine};Server=env"}
NAMED = {"LOCKSTEP_TARGET": "production-1"}


@pytest.mark.parametrize(
    ("choice", "environment", "expected"),
    [
        (TargetChoice(), {}, "staging"),
        (TargetChoice(), NAMED, "production"),
        (TargetChoice(), DSN, "env"),
        (TargetChoice(), {**DSN, **NAMED}, "env"),
        (TargetChoice(name="production-1"), DSN, "production"),
        (TargetChoice(dsn="Driver={Mine};Server=flag"), {**DSN, **NAMED}, "flag"),
    ],
)
def test_flags_go_before_the_environment_and_that_before_the_file(
    choice: TargetChoice, environment: dict[str, str], expected: str, folder: Path
) -> None:
    assert server(choice, environment, folder) == expected


def test_nothing_named_is_no_target(tmp_path: Path) -> None:
    assert choose_target(TargetChoice(), environment={}, folder=tmp_path) is None


def test_another_file_can_be_named(folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.toml"
    other.write_text('default = "x"\n[targets.x]\ndsn = "Driver={Mine};Server=other"\n')
    assert server(TargetChoice(config=other), {}, folder) == "other"
    assert server(TargetChoice(), {"LOCKSTEP_CONFIG": str(other)}, folder) == "other"


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"LOCKSTEP_PASSWORD": "common"}, "common"),
        ({"LOCKSTEP_PASSWORD": "common", "LOCKSTEP_PASSWORD_STAGING": "own"}, "own"),
        ({}, "typed"),
    ],
)
def test_the_password_comes_from_the_environment_or_the_prompt(
    folder: Path, environment: dict[str, str], expected: str
) -> None:
    target = choose_target(TargetChoice(), environment=environment, folder=folder, ask=lambda prompt: "typed")
    assert password(target) == expected
    assert expected not in f"{target} {target!r}"


def test_nobody_is_asked_where_the_driver_signs_in(folder: Path) -> None:
    def ask(prompt: str) -> str:
        raise AssertionError(prompt)

    for name in ("production-1", None):
        environment = {} if name else {"LOCKSTEP_DSN": "Driver={Mine};Server=env;UID=u;Trusted_Connection=yes"}
        assert password(choose_target(TargetChoice(name=name), environment=environment, folder=folder, ask=ask)) is None


@pytest.mark.parametrize(
    "text",
    [
        '[targets.staging]\ndsn = "Server=s;PWD=geheim"',
        '[targets.staging]\ndsn = "Server=s;Password={geheim}"',
        '[targets.staging]\ndsn = "Server=s"\npassword = "geheim"',
        '[targets.staging]\nserver = "geheim"',
        'password = "geheim"',
        "targets = 5",
        "default = 5",
        "[targets",
        '[targets.other]\ndsn = "Server=s"',
    ],
)
def test_a_file_with_a_password_or_a_fault_is_refused_and_not_quoted(tmp_path: Path, text: str) -> None:
    (tmp_path / "lockstep.toml").write_text(text)
    with pytest.raises(UsageFault) as caught:
        choose_target(TargetChoice(name="staging"), environment={}, folder=tmp_path)
    assert "geheim" not in str(caught.value)


def test_a_flag_with_a_password_is_refused_and_not_quoted(tmp_path: Path) -> None:
    with pytest.raises(UsageFault) as caught:
        choose_target(TargetChoice(dsn="Server=s;PWD=geheim"), environment={}, folder=tmp_path)
    assert "geheim" not in str(caught.value)


def test_two_flags_that_name_a_database_contradict_each_other(folder: Path) -> None:
    with pytest.raises(UsageFault, match="one of them"):
        choose_target(TargetChoice(dsn="Server=s", name="staging"), environment={}, folder=folder)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageFault, match="there is no file"):
        choose_target(TargetChoice(config=tmp_path / "none.toml"), environment={}, folder=tmp_path)
