"""Fixtures for tests of the harness."""

from collections.abc import Callable
from pathlib import Path

import pytest

from harness.cli.__main__ import run
from harness.connection import Target

Command = Callable[..., tuple[int, str, str]]
"""Runs `lockstep` with arguments: its exit code, what it printed, and what it printed to standard error."""


@pytest.fixture
def command(
    target: Target, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Command:
    """On the worker's server, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LOCKSTEP_DSN", target.connection_string.text())

    def execute(*arguments: str) -> tuple[int, str, str]:
        code = run(arguments)
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return execute
