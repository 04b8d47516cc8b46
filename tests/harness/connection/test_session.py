"""Sessions: calls, results read to their end, errors wherever they come, and what a call costs on the wire."""

import multiprocessing
import threading
from collections.abc import Iterator
from contextlib import closing, suppress
from decimal import Decimal
from socket import create_connection, create_server, socket
from typing import Any
from uuid import UUID, uuid4

import pytest

from harness.connection import Session, SqlServerError, Target, open_session
from harness.connection.error_position import ErrorPosition

TLS_RECORDS = range(0x14, 0x18)
PROCEDURES = {
    "Echo": "@Id uniqueidentifier, @Amount decimal(19, 6) = NULL, @Name nvarchar(50) = NULL AS "
    "SELECT @Id AS Id, @Amount AS Amount, @Name AS Name;",
    "Write": "@RequestId uniqueidentifier AS SET NOCOUNT ON; SELECT 1 AS Detail; "
    "SELECT @RequestId AS RequestId, CAST(0 AS bit) AS Replayed, 2 AS Attempts, 'BT-1' AS DocumentNo;",
    "FailLate": "AS SELECT 1 AS A; THROW 51234, N'too late', 1;",
    "Silent": "AS SET NOCOUNT ON; DECLARE @x int = 1;",
}


@pytest.fixture
def caller(session: Session) -> Iterator[Session]:
    """A session on a database that has the procedures above."""
    session.execute("IF SCHEMA_ID(N'calls') IS NULL EXEC (N'CREATE SCHEMA calls');")
    for name, body in PROCEDURES.items():
        session.execute(f"CREATE OR ALTER PROCEDURE calls.{name} {body}")
    yield session
    for name in PROCEDURES:
        session.execute(f"DROP PROCEDURE calls.{name};")


def test_values_go_there_and_back(caller: Session) -> None:
    identifier = uuid4()
    result = caller.call("calls.Echo", identifier, Decimal("12.345678"), "Bären")
    assert result.result_sets[0].columns == ("Id", "Amount", "Name")
    (row,) = result.rows
    assert (UUID(str(row[0])), row[1], row[2]) == (identifier, Decimal("12.345678"), "Bären")


def test_nulls_and_left_out_parameters_arrive_as_null(caller: Session) -> None:
    assert list(caller.call("calls.Echo", uuid4(), None, None).rows[0])[1:] == [None, None]
    assert list(caller.call("calls.Echo", None).rows[0]) == [None, None, None]


def test_the_last_row_is_the_outcome(caller: Session) -> None:
    request = uuid4()
    outcome = caller.call("calls.Write", request).outcome
    assert (outcome.request_id, outcome.replayed, outcome.attempts) == (request, False, 2)
    assert outcome.values == {"DocumentNo": "BT-1"}


@pytest.mark.parametrize("procedure", ["calls.Silent", "calls.Echo"])
def test_a_call_without_an_outcome_row_says_so(caller: Session, procedure: str) -> None:
    arguments = [uuid4()] if procedure == "calls.Echo" else []
    with pytest.raises(LookupError, match="no outcome"):
        _ = caller.call(procedure, *arguments).outcome


def test_an_error_after_a_result_set_is_not_lost_and_the_session_lives_on(caller: Session) -> None:
    with pytest.raises(SqlServerError, match="too late") as caught:
        caller.call("calls.FailLate")
    assert (caught.value.number, caught.value.is_rejection) == (51234, True)
    assert caller.call("calls.Write", uuid4()).outcome.attempts == 2


@pytest.mark.parametrize("name", ["NoSchema", "a.b.c", "x.y; DROP TABLE z", "", "x.[y]"])
def test_only_a_plain_two_part_name_is_called(caller: Session, name: str) -> None:
    with pytest.raises(ValueError, match="name of a procedure"):
        caller.call(name)


def test_an_unknown_procedure_is_the_servers_error(caller: Session) -> None:
    with pytest.raises(SqlServerError) as caught:
        caller.call("calls.Nowhere")
    assert caught.value.number == 2812


def test_a_failed_batch_knows_the_line_of_its_error(session: Session) -> None:
    with pytest.raises(SqlServerError) as caught:
        session.execute("SET NOCOUNT ON;\n\nTHROW 51001, N'no', 7;")
    assert caught.value.position == ErrorPosition(state=7, severity=16, procedure="", line=3)


def test_a_query_timeout_is_told_apart_from_other_errors(target: Target) -> None:
    with open_session(target, query_timeout=1) as impatient, pytest.raises(SqlServerError) as caught:
        impatient.execute("WAITFOR DELAY '00:01:00';")
    assert caught.value.is_timeout


def test_every_call_is_one_round_trip(caller: Session, target: Target) -> None:
    with closing(Relay(target)) as relay, open_session(relay.target) as counted:
        for procedure, arguments in (
            ("calls.Echo", (uuid4(), Decimal(1), "a")),
            ("calls.Write", (uuid4(),)),
            ("calls.Echo", (uuid4(), None, "b")),
            ("calls.Silent", ()),
            ("calls.Write", (uuid4(),)),
            ("calls.Echo", (None, Decimal(2), None)),
        ):
            before = relay.requests
            counted.call(procedure, *arguments)
            assert relay.requests - before == 1, procedure


class Relay:
    """Passes one connection on to a server and counts the client's requests: its TDS messages, by their last packet.

    It is a process of its own: the driver does not let other threads run while it reads the server's types.
    """

    def __init__(self, target: Target) -> None:
        host, _, port = target.server.partition(",")
        processes = multiprocessing.get_context("fork")
        self._requests = processes.Value("q", 0)
        listener = create_server(("127.0.0.1", 0))
        own = f"127.0.0.1,{listener.getsockname()[1]}"
        self.target = Target(target.connection_string.with_value("Server", own))
        arguments = (listener, (host, int(port or 1433)), self._requests)
        self._process = processes.Process(target=_relay, args=arguments, daemon=True)
        self._process.start()
        listener.close()

    @property
    def requests(self) -> int:
        return int(self._requests.value)

    def close(self) -> None:
        self._process.kill()
        self._process.join()


def _relay(listener: socket, address: tuple[str, int], requests: Any) -> None:
    client, _ = listener.accept()
    server = create_connection(address)
    threading.Thread(target=_pass_answers, args=(server, client), daemon=True).start()
    with client.makefile("rb") as stream:
        while kind := stream.read(1):
            if kind[0] in TLS_RECORDS:  # the login, encrypted
                header = kind + stream.read(4)
                server.sendall(header + stream.read(int.from_bytes(header[3:5])))
            else:
                header = kind + stream.read(7)
                requests.value += header[1] & 1  # the status bit that ends a message
                server.sendall(header + stream.read(int.from_bytes(header[2:4]) - 8))


def _pass_answers(server: socket, client: socket) -> None:
    with suppress(OSError):
        while data := server.recv(65536):
            client.sendall(data)
