"""Malformed messages end their own connection, and nothing else: the server goes on and serves the others."""

import socket
from collections.abc import Iterator
from contextlib import suppress

import pytest
from hypothesis import given

from emulator.tds.connection import Broken, Connection, LoginReceived
from emulator.tds.dialect import TDS_7_4
from harness.connection import EmulatorProcess, Session, open_session
from tests.emulator.tds.messages import Messages
from tests.fuzz.streams import after_login, from_the_start
from tests.fuzz.test_statements import FUZZ

VERSION = (16, 0, 1000)
ANSWER_SECONDS = 20.0
"""Until the server is given up: it must answer the last message or close the connection."""


@FUZZ
@given(after_login())
def test_any_messages_after_the_login_are_events(messages: list[bytes]) -> None:
    connection = Connection(VERSION, None)
    connection.receive(Messages.prelogin())
    (login,) = connection.receive(Messages.login())
    assert isinstance(login, LoginReceived)
    connection.accept(51, 4096, TDS_7_4)
    for message in messages:
        events = connection.receive(message)
        if any(isinstance(event, Broken) for event in events):
            assert isinstance(events[-1], Broken)
            assert connection.receive(Messages.batch("SELECT 1")) == []
            return


@pytest.fixture(scope="module")
def emulator() -> Iterator[EmulatorProcess]:
    """A server of its own, whose log may hold no traceback at the end."""
    with EmulatorProcess() as process:
        yield process
        log = process.log()
        assert "Traceback" not in log, log[log.index("Traceback") :]


@pytest.fixture(scope="module")
def watcher(emulator: EmulatorProcess) -> Iterator[Session]:
    """A session that is open all the time."""
    with open_session(emulator.target) as session:
        yield session


def test_whatever_a_client_sends_the_others_are_served(emulator: EmulatorProcess, watcher: Session) -> None:
    given_by = emulator.target.connection_string
    host, _, port = emulator.target.server.partition(",")
    login = Messages.login(
        user=given_by.get("UID"), password=given_by.get("PWD"), database=emulator.target.database, packet_size=4096
    )

    @FUZZ
    @given(from_the_start(login))
    def fuzz(stream: list[bytes]) -> None:
        play((host, int(port)), stream)
        assert watcher.execute("SELECT 1;").rows[0][0] == 1

    fuzz()
    held = "SELECT COUNT(*) FROM sys.dm_tran_locks WHERE resource_type <> 'DATABASE' AND request_session_id <> @@SPID;"
    assert watcher.execute(held).rows[0][0] == 0


def play(address: tuple[str, int], stream: list[bytes]) -> None:
    """Send the messages, end the sending side, and read what comes until the server closes the connection."""
    with socket.create_connection(address, timeout=ANSWER_SECONDS) as client, suppress(ConnectionError):
        for message in stream:
            client.sendall(message)
        with suppress(OSError):  # the server may have closed the connection by now
            client.shutdown(socket.SHUT_WR)
        while client.recv(65536):
            pass
