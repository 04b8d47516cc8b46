"""Asking before something is written."""

import sys

import pytest
import typer

from harness.cli.deploy_options import confirm
from harness.errors import CheckFailed, UsageFault


class Terminal:
    """Standard input with somebody at it."""

    def isatty(self) -> bool:
        return True


def answer(monkeypatch: pytest.MonkeyPatch, given: bool) -> list[str]:
    asked: list[str] = []
    monkeypatch.setattr(sys, "stdin", Terminal())
    monkeypatch.setattr(typer, "confirm", lambda question, **_: asked.append(question) or given)
    return asked


def test_it_asks_once_and_a_yes_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = answer(monkeypatch, given=True)
    confirm("Deploy?", yes=False)
    assert asked == ["Deploy?"]


def test_a_no_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    answer(monkeypatch, given=False)
    with pytest.raises(CheckFailed, match="nothing was changed"):
        confirm("Deploy?", yes=False)


def test_yes_asks_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = answer(monkeypatch, given=False)
    confirm("Deploy?", yes=True)
    assert asked == []


def test_where_nobody_sits_it_is_wrong_usage(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)
    with pytest.raises(UsageFault, match="--yes"):
        confirm("Deploy?", yes=False)
