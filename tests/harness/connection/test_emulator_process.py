"""The emulator as a child process: it comes up, it goes away, and a failed start is one line."""

import pytest

from harness.connection import EmulatorProcess, Target, Unreachable, connect, open_session, target_or_emulator
from harness.errors import EnvironmentFault


def test_a_started_emulator_answers_and_a_stopped_one_does_not() -> None:
    with EmulatorProcess() as emulator:
        target = emulator.target
        with open_session(target) as session:
            assert [tuple(row) for row in session.execute("SELECT DB_NAME();").rows] == [("lockstep",)]
    with pytest.raises(Unreachable, match="no server answers"):
        connect(target, login_timeout=1)


def test_two_emulators_run_side_by_side() -> None:
    with EmulatorProcess() as one, EmulatorProcess() as other:
        assert one.target.server != other.target.server


def test_a_start_that_fails_says_why_in_one_line() -> None:
    with pytest.raises(EnvironmentFault, match="the emulator did not start: ") as caught:
        EmulatorProcess(options=["--no-such-option"]).start()
    assert "\n" not in str(caught.value)


def test_stopping_twice_is_no_error() -> None:
    emulator = EmulatorProcess().start()
    emulator.stop()
    emulator.stop()
    with pytest.raises(RuntimeError, match="not running"):
        _ = emulator.target


def test_a_wrong_password_is_one_clear_line_without_it() -> None:
    with EmulatorProcess() as emulator:
        wrong = Target(emulator.target.connection_string.with_value("PWD", "not-the-one"))
        with pytest.raises(Unreachable, match="18456") as caught:
            connect(wrong)
    assert "not-the-one" not in str(caught.value)


def test_an_unknown_database_is_one_clear_line() -> None:
    with EmulatorProcess() as emulator, pytest.raises(Unreachable, match="nowhere") as caught:
        connect(emulator.target.with_database("nowhere"))
    assert "\n" not in str(caught.value)


def test_a_given_target_needs_no_emulator() -> None:
    given = Target.from_dsn("Driver={Mine};Server=db")
    with target_or_emulator(given) as target:
        assert target is given
