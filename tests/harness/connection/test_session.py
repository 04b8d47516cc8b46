"""Sessions: calls, results read to their end, errors wherever they come, and what a call costs on the wire."""

import threading
from collections.abc import Iterator
from contextlib import closing, suppress
from decimal import Decimal
from socket import SHUT_RDWR, create_connection, create_server, socket
from uuid import UUID, uuid4

import pytest

from harness.connection import Session, SqlServerError, Target, open_session
from harness.connection.error_position import ErrorPosition

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
    """Passes one connection on to a server and counts the client's requests: its TDS messages, by their last packet."""

    def __init__(self, target: Target) -> None:
        host, _, port = target.server.partition(",")
        self.requests = 0
        self._listener = create_server(("127.0.0.1", 0))
        self._ends: list[socket] = []
        own = f"127.0.0.1,{self._listener.getsockname()[1]}"
        self.target = Target(target.connection_string.with_value("Server", own))
        threading.Thread(target=self._serve, args=(host, int(port or 1433)), daemon=True).start()

    def close(self) -> None:
        for end in [*self._ends, self._listener]:
            with suppress(OSError):
                end.shutdown(SHUT_RDWR)
            end.close()

    def _serve(self, host: str, port: int) -> None:
        with suppress(OSError):
            client, _ = self._listener.accept()
            server = create_connection((host, port))
            self._ends += [client, server]
            threading.Thread(target=self._pass_answers, args=(server, client), daemon=True).start()
            self._pass_requests(client, server)

    def _pass_requests(self, client: socket, server: socket) -> None:
        with client.makefile("rb") as stream:
            while header := stream.read(8):
                self.requests += header[1] & 1  # the status bit that ends a message
                server.sendall(header + stream.read(int.from_bytes(header[2:4]) - 8))

    @staticmethod
    def _pass_answers(server: socket, client: socket) -> None:
        with suppress(OSError):
            while data := server.recv(65536):
                client.sendall(data)
