"""Fixtures of the wire tests: client messages made by hand, and a small engine served by a process of its own.

The server never runs in a thread beside pyodbc, which may hold the interpreter lock during a round trip.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pyodbc
import pytest

from harness.connection.driver import find_driver
from tests.emulator.tds.messages import Messages

ROOT = Path(__file__).parents[3]
TDS_7_4 = 0x74000004


@pytest.fixture(scope="session")
def messages() -> type[Messages]:
    """Builders of client messages."""
    return Messages


@dataclass
class FakeServer:
    """The small engine's process and how to reach it."""

    process: subprocess.Popen[bytes]
    port: int
    encrypted: bool

    def connect(self, options: str = "", **settings: object) -> pyodbc.Connection:
        """A connection with Microsoft's driver; later options win over the defaults."""
        encryption = "Encrypt=yes;TrustServerCertificate=yes" if self.encrypted else "Encrypt=no"
        defaults = f"Server=127.0.0.1,{self.port};Database=lockstep;UID=sa;PWD=Fake-Engine-1"
        text = f"Driver={{{find_driver()}}};{options};{defaults};{encryption}"
        return pyodbc.connect(text, **{"autocommit": True, "timeout": 10, **settings})


@pytest.fixture(scope="session")
def start_fake_server() -> Iterator[Callable[[bool], FakeServer]]:
    """Starts servers, one with and one without encryption."""
    servers: dict[bool, FakeServer] = {}

    def start(encrypted: bool) -> FakeServer:
        if encrypted not in servers:
            command = [sys.executable, str(Path(__file__).with_name("fake_engine.py")), *["--tls"] * encrypted]
            environment = {**os.environ, "PYTHONPATH": str(ROOT)}
            process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)
            assert process.stdout is not None
            servers[encrypted] = FakeServer(process, json.loads(process.stdout.readline())["port"], encrypted)
        return servers[encrypted]

    yield start
    for server in servers.values():
        server.process.communicate(timeout=10)
        assert server.process.returncode == 0


@pytest.fixture(params=[False, True], ids=["clear", "tls"])
def server(request: pytest.FixtureRequest, start_fake_server: Callable[[bool], FakeServer]) -> FakeServer:
    """The small engine, without and with encryption."""
    return start_fake_server(request.param)


@pytest.fixture
def clear_server(start_fake_server: Callable[[bool], FakeServer]) -> FakeServer:
    """The small engine without encryption."""
    return start_fake_server(False)


@pytest.fixture
def encrypted_server(start_fake_server: Callable[[bool], FakeServer]) -> FakeServer:
    """The small engine with encryption."""
    return start_fake_server(True)
