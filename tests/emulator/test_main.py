"""The command line: how the emulator starts, what it says, how it ends."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pyodbc
import pytest

from emulator.tds.tls import self_signed_pem
from harness.connection.driver import find_driver

ROOT = Path(__file__).parents[2]
PASSWORD_VARIABLE = "LOCKSTEP_EMULATOR_PASSWORD"


class Emulator:
    """A process and what it said when it was ready."""

    def __init__(self, *options: str, password: str = "") -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "emulator", "--port", "0", "--json-ready", *options],
            cwd=ROOT,
            env={**os.environ, PASSWORD_VARIABLE: password},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        self.ready: dict[str, Any] = json.loads(self.process.stdout.readline())

    def connect(self, password: str, options: str = "Encrypt=yes;TrustServerCertificate=yes") -> pyodbc.Connection:
        where = f"Server={self.ready['host']},{self.ready['port']};Database={self.ready['database']}"
        return pyodbc.connect(f"Driver={{{find_driver()}}};{where};UID=sa;PWD={password};{options}", timeout=10)

    def end(self) -> str:
        """Close its standard input; what it said to standard error. For ``--exit-with-parent``."""
        _, said = self.process.communicate(timeout=20)
        assert self.process.returncode == 0
        return said


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    started = Emulator("--exit-with-parent", password="Known-1")
    yield started
    if started.process.poll() is None:
        started.end()


def run(*options: str) -> tuple[int, str]:
    """Exit status and standard error of a start that fails."""
    command = [sys.executable, "-m", "emulator", *options]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=20, check=False)
    return ended.returncode, ended.stderr


def test_it_listens_on_the_loopback_interface_and_says_where(emulator: Emulator) -> None:
    assert emulator.ready | {"port": 0} == {"host": "127.0.0.1", "port": 0, "user": "sa", "database": "lockstep"}
    with closing(emulator.connect("Known-1")) as connection:
        assert connection.getinfo(pyodbc.SQL_DATABASE_NAME) == "lockstep"


def test_a_wrong_password_is_refused(emulator: Emulator) -> None:
    with pytest.raises(pyodbc.Error, match="18456"):
        emulator.connect("Known-2")


def test_the_banner_says_what_it_is_and_keeps_a_given_password_to_itself(emulator: Emulator) -> None:
    said = emulator.end()
    assert "This is not SQL Server" in said
    assert "in memory only" in said
    assert f"Server=127.0.0.1,{emulator.ready['port']}" in said
    assert "Known-1" not in said


def test_without_a_given_password_a_random_one_is_shown_once() -> None:
    shown = []
    for _ in range(2):
        said = Emulator("--exit-with-parent", "--no-tls").end()
        (line,) = [line for line in said.splitlines() if PASSWORD_VARIABLE in line]
        shown.append(line.rpartition(" ")[2])
    assert len(shown[0]) >= 20
    assert shown[0] != shown[1]


def test_without_tls_only_clear_text_is_served() -> None:
    started = Emulator("--exit-with-parent", "--no-tls", "--database", "other", password="Known-1")
    with closing(started.connect("Known-1", "Encrypt=no")) as connection:
        assert connection.getinfo(pyodbc.SQL_DATABASE_NAME) == "other"
    with pytest.raises(pyodbc.Error, match="Encryption not supported"):
        started.connect("Known-1")
    started.end()


def test_a_given_certificate_is_served(tmp_path: Path) -> None:
    certificate = tmp_path / "server.pem"
    certificate.write_bytes(self_signed_pem("127.0.0.1"))
    started = Emulator("--exit-with-parent", "--certificate", str(certificate), password="Known-1")
    with closing(started.connect("Known-1", f"Encrypt=strict;ServerCertificate={certificate}")) as connection:
        assert connection.getinfo(pyodbc.SQL_DATABASE_NAME) == "lockstep"
    started.end()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly_with_clients_connected(number: signal.Signals) -> None:
    started = Emulator(password="Known-1")
    with closing(socket.create_connection((started.ready["host"], started.ready["port"]))):
        started.process.send_signal(number)
        _, said = started.process.communicate(timeout=20)
    assert started.process.returncode == 0
    assert "Traceback" not in said


def test_a_busy_port_is_one_clear_line() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
        assert run("--port", str(port), "--no-tls") == (
            1,
            f"emulator: cannot listen on 127.0.0.1:{port}: Address already in use\n",
        )


def test_a_missing_certificate_is_one_clear_line() -> None:
    status, said = run("--port", "0", "--certificate", "/nowhere.pem")
    assert status == 1
    assert said.startswith("emulator: cannot use certificate /nowhere.pem: ")
    assert said.count("\n") == 1


@pytest.mark.parametrize("options", [["--key", "a"], ["--no-tls", "--certificate", "a"], ["--port", "70000"]])
def test_contradictory_options_are_refused(options: list[str]) -> None:
    assert run(*options)[0] == 2


WITHOUT_POSIX = """
import asyncio, os, sys
sys.modules |= dict.fromkeys(("fcntl", "resource", "pwd", "grp", "termios"))
for name in ("fork", "fdatasync", "getuid", "nice", "pread", "pwrite", "sysconf"):
    delattr(os, name)
class Loop(asyncio.SelectorEventLoop):
    def add_signal_handler(self, *_):
        raise NotImplementedError
asyncio.set_event_loop_policy(None)
asyncio.DefaultEventLoopPolicy._loop_factory = Loop
from emulator.__main__ import main
sys.exit(main(sys.argv[1:]))
"""
"""A start without what Windows does not have. (It has never been tried on Windows itself.)"""


def test_it_serves_where_the_system_is_not_posix(tmp_path: Path) -> None:
    command = [sys.executable, "-c", WITHOUT_POSIX, "--port", "0", "--json-ready"]
    options: dict[str, Any] = {"cwd": ROOT, "env": {**os.environ, PASSWORD_VARIABLE: "Known-1"}, "text": True}
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options) as process:
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        where = f"Server=127.0.0.1,{ready['port']};UID=sa;PWD=Known-1;Encrypt=yes;TrustServerCertificate=yes"
        with closing(pyodbc.connect(f"Driver={{{find_driver()}}};{where}", timeout=10)) as connection:
            found = connection.execute(
                "SELECT i.physical_memory_kb, m.page_fault_count, @@CPU_BUSY"
                " FROM sys.dm_os_sys_info AS i CROSS JOIN sys.dm_os_process_memory AS m"
            ).fetchone()
            assert found is not None
            assert tuple(found)[:2] == (0, 0)
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    kept = subprocess.run([*command, "--data", str(tmp_path / "d")], capture_output=True, check=False, **options)
    assert (kept.returncode, kept.stderr) == (
        1,
        f"emulator: cannot use {tmp_path / 'd'}: data directories need a POSIX system\n",
    )
