"""The embedded SQL Server emulator as a child process, for as long as a `with` block.

The harness knows the emulator by its command line only: `python -m emulator` prints one line of JSON to its standard
output when it is ready, takes its password from the environment, and ends when its standard input does, so that it
cannot outlive the process that started it. It is a process of its own, never a thread beside pyodbc, which may hold the
interpreter lock during a round trip.
"""

import json
import os
import secrets
import selectors
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import IO, Any, Self

from harness.connection.target import Target
from harness.errors import EnvironmentFault

PASSWORD_VARIABLE = "LOCKSTEP_EMULATOR_PASSWORD"
START_TIMEOUT_SECONDS = 30.0
STOP_TIMEOUT_SECONDS = 5.0


class EmulatorProcess:
    """Starts the emulator on a free port of the loopback interface, and stops it."""

    def __init__(self, *, database: str = "lockstep", options: Sequence[str] = ()) -> None:
        self._command = [
            *(sys.executable, "-m", "emulator", "--host", "127.0.0.1", "--port", "0"),
            *("--database", database, "--json-ready", "--exit-with-parent", *options),
        ]
        self._database = database
        self._process: subprocess.Popen[bytes] | None = None
        self._log: IO[bytes] | None = None
        self._target: Target | None = None

    @property
    def target(self) -> Target:
        """The running emulator's database."""
        if self._target is None:
            raise RuntimeError("the emulator is not running")
        return self._target

    def start(self) -> Self:
        """Start and wait until it accepts connections. EnvironmentFault with its last words if it does not."""
        password = secrets.token_urlsafe(18)
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - closed by stop()
        self._process = subprocess.Popen(
            self._command,
            env={**os.environ, PASSWORD_VARIABLE: password},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            bufsize=0,
        )
        try:
            ready = self._await_ready_line(self._process)
        except BaseException:
            self.stop()
            raise
        self._target = Target.for_server(
            host=ready["host"], port=ready["port"], user=ready["user"], password=password, database=self._database
        )
        return self

    def kill(self) -> None:
        """End the process at once and without warning, as a crash does."""
        if self._process is not None:
            self._process.kill()
        self.stop()

    def stop(self) -> None:
        """End the process, by force if it does not end by itself. Stopping twice is no error."""
        process, self._process, self._target = self._process, None, None
        if process is None:
            return
        with process:  # closes the pipes and reaps the process
            if process.stdin is not None:
                process.stdin.close()
            try:
                process.wait(STOP_TIMEOUT_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
        if self._log is not None:
            self._log.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _await_ready_line(self, process: subprocess.Popen[bytes]) -> dict[str, Any]:
        line = _read_line(process, time.monotonic() + START_TIMEOUT_SECONDS)
        try:
            ready = json.loads(line)
        except ValueError:
            late = process.poll() is None
            why = f"it was not ready within {START_TIMEOUT_SECONDS:.0f} seconds" if late else self._last_words()
            raise EnvironmentFault(f"the emulator did not start: {why}") from None
        if not isinstance(ready, dict):
            raise EnvironmentFault(f"the emulator did not start: it said {line!r}")
        return ready

    def log(self) -> str:
        """What it has written to its standard error so far."""
        if self._log is None:
            return ""
        return os.pread(self._log.fileno(), os.fstat(self._log.fileno()).st_size, 0).decode(errors="replace")

    def _last_words(self) -> str:
        lines = self.log().split("\n")
        return next((line.strip() for line in reversed(lines) if line.strip()), "it said nothing")


@contextmanager
def target_or_emulator(target: Target | None) -> Iterator[Target]:
    """The given target, or one on an emulator that runs for the time of the `with` block."""
    if target is not None:
        yield target
        return
    with EmulatorProcess() as emulator:
        yield emulator.target


def _read_line(process: subprocess.Popen[bytes], deadline: float) -> bytes:
    """What the process prints up to the end of a line, of its output, or of the time."""
    assert process.stdout is not None
    line = b""
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while not line.endswith(b"\n") and selector.select(max(0.0, deadline - time.monotonic())):
            byte = process.stdout.read(1)
            if not byte:
                break
            line += byte
    return line
