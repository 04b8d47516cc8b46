"""The server driven by Microsoft's ODBC driver, over a small engine in a process of its own."""

import datetime
import socket
import ssl
import struct
import threading
import uuid
from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyodbc
import pytest

EXPECTED = {
    "bit": True,
    "tinyint": 255,
    "smallint": -32768,
    "int": -(2**31),
    "bigint": 2**63 - 1,
    "decimal9": Decimal("-1234567.89"),
    "decimal19": Decimal("999999999999999.9999"),
    "decimal38": Decimal("-9999999999999999999999999999.9999999999"),
    "money": Decimal("-922337203685477.5808"),
    "smallmoney": Decimal("214748.3647"),
    "float": -1.5e300,
    "real": 0.25,
    "char": "ab€  ",
    "varchar": "naïve ÿ",
    "varcharmax": "v" * 10_000,
    "nchar": "ñ   ",
    "nvarchar": "žluťoučký 😀",
    "nvarcharmax": "š" * 9_000,
    "empty": "",
    "text": "old text",
    "ntext": "old ňtext",
    "xml": "<a>1</a>",
    "binary": b"\1\2\0\0",
    "varbinary": b"\0\xff",
    "varbinarymax": bytes(range(256)) * 40,
    "image": b"picture",
    "rowversion": b"\0\0\0\0\0\0\7\xd1",
    "uniqueidentifier": str(uuid.UUID(bytes_le=bytes(range(16)))).upper(),
    "date": datetime.date(9999, 12, 31),
    "time0": datetime.time(23, 59, 59),
    "time7": datetime.time(23, 59, 59, 999999),
    "datetime2_3": datetime.datetime(2000, 1, 1, 0, 0, 0, 123000),
    "datetime2_7": datetime.datetime(2000, 1, 1, 0, 0, 1, 234567),
    "datetime": datetime.datetime(1899, 12, 31, 23, 59, 59, 997000),
    "smalldatetime": datetime.datetime(2079, 6, 6, 23, 59),
}


@pytest.fixture
def watcher(clear_server: Any) -> Iterator["Watcher"]:
    """A second connection to the clear server, which sees what the others do."""
    with closing(clear_server.connect()) as connection:
        yield Watcher(connection)


class Watcher:
    """Looks at the engine's log."""

    def __init__(self, connection: pyodbc.Connection) -> None:
        self.connection = connection

    def log(self, name: str) -> list[str]:
        """What connections that called themselves ``name`` did."""
        return [entry for (entry,) in self.connection.execute(f"log {name}").fetchall()]

    def wait_for(self, name: str, entry: str) -> list[str]:
        """The log once ``entry`` is in it; the engine answers when asked, so asking is waiting."""
        for _ in range(20_000):
            log = self.log(name)
            if entry in log:
                return log
        raise AssertionError(f"{entry!r} did not happen: {log}")


def named(server: Any, name: str, **settings: Any) -> pyodbc.Connection:
    connection: pyodbc.Connection = server.connect(**settings)
    connection.execute(f"name {name}")
    return connection


# Connecting


def test_a_connection_knows_the_server_and_the_database(server: Any) -> None:
    with closing(server.connect()) as connection:
        assert connection.getinfo(pyodbc.SQL_DBMS_NAME) == "Microsoft SQL Server"
        assert connection.getinfo(pyodbc.SQL_DBMS_VER) == "16.00.1000"
        assert connection.getinfo(pyodbc.SQL_DATABASE_NAME) == "lockstep"
        assert connection.getinfo(pyodbc.SQL_SERVER_NAME) == "FAKE"
        assert connection.execute("select 5").fetchval() == 5


def test_a_client_that_asks_for_no_encryption_has_its_login_alone_encrypted(encrypted_server: Any) -> None:
    with closing(encrypted_server.connect("Encrypt=no")) as connection:
        assert connection.execute("select 5").fetchval() == 5


def test_a_client_that_insists_on_encryption_is_told_that_there_is_none(clear_server: Any) -> None:
    with pytest.raises(pyodbc.Error, match="Encryption not supported"):
        clear_server.connect("Encrypt=yes;TrustServerCertificate=yes")


def test_strict_encryption_works_with_the_servers_certificate_only(encrypted_server: Any, tmp_path: Path) -> None:
    certificate = tmp_path / "server.pem"
    certificate.write_text(ssl.get_server_certificate(("127.0.0.1", encrypted_server.port)))
    with closing(encrypted_server.connect(f"Encrypt=strict;ServerCertificate={certificate}")) as connection:
        assert connection.execute("select 5").fetchval() == 5
    with pytest.raises(pyodbc.Error, match="certificate verify failed"):
        encrypted_server.connect("Encrypt=strict")


@pytest.mark.parametrize(
    ("options", "number", "state"),
    [("PWD=wrong", 18456, "28000"), ("UID=nobody", 18456, "28000"), ("Database=x", 4060, "42000")],
)
def test_a_refused_login_says_why(server: Any, options: str, number: int, state: str) -> None:
    with pytest.raises(pyodbc.Error, match=str(number)) as caught:
        server.connect(options)
    assert caught.value.args[0] == state


@pytest.mark.parametrize("packet_size", [512, 4096, 16000, 32767])
def test_any_packet_size_that_the_driver_wishes_works(server: Any, packet_size: int) -> None:
    with closing(server.connect(f"PacketSize={packet_size}")) as connection:
        rows = connection.execute("many 500" + " " * 20_000).fetchall()
        assert len(rows) == 500


# Values


def test_every_type_arrives_with_its_value_and_as_null(server: Any) -> None:
    with closing(server.connect()) as connection:
        cursor = connection.execute("types")
        values, nulls = cursor.fetchall()
        found = dict(zip([column[0] for column in cursor.description], values, strict=True))
        found["varchar"] = found["varchar"].replace(" \x81", "").replace(" ?", "")
        assert found == EXPECTED
        assert set(nulls) == {None}


PARAMETERS = [
    (True, "bit(0,0,0)"),
    (7, "int(0,0,0)"),
    (2**40, "bigint(0,0,0)"),
    (1.5, "float(0,0,0)"),
    (Decimal("-12.345"), "numeric(0,5,3)"),
    ("naïve 😀", "nvarchar(16,0,0)"),
    ("", "nvarchar(1,0,0)"),
    ("x" * 3000, "nvarchar(-1,0,0)"),
    (b"\0\1", "varbinary(2,0,0)"),
    (b"\7" * 9000, "varbinary(-1,0,0)"),
    (datetime.datetime(2024, 2, 29, 23, 59, 58, 123456), "datetime2(0,0,7)"),
    (datetime.date(1, 1, 1), "date(0,0,0)"),
    (datetime.time(12, 34, 56), "time(0,0,0)"),
]


@pytest.mark.parametrize(("value", "type"), PARAMETERS)
def test_a_parameter_arrives_and_returns(server: Any, value: Any, type: str) -> None:
    with closing(server.connect()) as connection:
        assert tuple(connection.execute("echo ?", value).fetchone()) == (value, type)


def test_a_null_parameter_arrives_as_null(server: Any) -> None:
    with closing(server.connect()) as connection:
        assert connection.execute("echo ?, ?", None, 1).fetchone()[:2] == (None, 1)


def test_a_call_by_name_without_parameters_that_does_not_exist_is_an_error(server: Any) -> None:
    with closing(server.connect()) as connection, pytest.raises(pyodbc.ProgrammingError, match="2812"):
        connection.execute("{CALL dbo.Missing}")


def test_a_call_escape_passes_its_parameters(server: Any) -> None:
    with closing(server.connect()) as connection:
        assert connection.execute("{CALL dbo.Echo (?, ?)}", 1, "two").fetchone()[:2] == (1, "two")


def test_many_executions_travel_in_one_message(clear_server: Any, watcher: Watcher) -> None:
    with closing(named(clear_server, "many-executions")) as connection:
        cursor = connection.cursor()
        cursor.fast_executemany = True
        cursor.executemany("insert ?, ?", [(1, "a"), (2, "b"), (3, "c")])
        assert watcher.log("many-executions") == ["execute ['1', 'a']", "execute ['2', 'b']", "execute ['3', 'c']"]


def test_a_table_parameter_arrives_with_its_type_and_rows(clear_server: Any, watcher: Watcher) -> None:
    with closing(named(clear_server, "table-parameter")) as connection:
        connection.execute("EXEC p ?", (["Pairs", "dbo", (1, "a"), (2, None)],))
        (entry,) = watcher.log("table-parameter")
        assert entry.startswith("execute [['dbo', 'Pairs', [")
        assert "[(1, 'a'), (2, None)]" in entry


# Results


def test_several_results_come_one_after_the_other(server: Any) -> None:
    with closing(server.connect()) as connection:
        cursor = connection.execute("several")
        results: list[Any] = []
        while True:
            results.append(list(map(tuple, cursor.fetchall())) if cursor.description else cursor.rowcount)
            if not cursor.nextset():
                break
        assert results == [3, [(1,), (2,)], 4, [("x",)]]


def test_printed_text_is_a_message_of_the_cursor(server: Any) -> None:
    with closing(server.connect()) as connection:
        cursor = connection.execute("error 50000 10")
        ((state, text),) = cursor.messages
        assert state == "[01000] (50000)"
        assert text.endswith("error 50000")


@pytest.mark.parametrize(
    ("number", "state", "kind"),
    [
        (2627, "23000", pyodbc.IntegrityError),
        (1205, "40001", pyodbc.Error),
        (208, "42S02", pyodbc.ProgrammingError),
        (51000, "42000", pyodbc.ProgrammingError),
    ],
)
def test_an_error_has_its_number_and_state(server: Any, number: int, state: str, kind: type[pyodbc.Error]) -> None:
    with closing(server.connect()) as connection:
        with pytest.raises(kind, match=rf"error {number} \({number}\)") as caught:
            connection.execute(f"error {number} 16")
        assert caught.value.args[0] == state
        assert connection.execute("select 1").fetchval() == 1


def test_an_error_after_a_result_is_raised_when_the_next_is_asked_for(server: Any) -> None:
    with closing(server.connect()) as connection:
        cursor = connection.execute("lateerror")
        assert cursor.fetchval() == 1
        with pytest.raises(pyodbc.DataError, match="8134"):
            cursor.nextset()


def test_an_error_of_class_20_closes_the_connection(clear_server: Any, watcher: Watcher) -> None:
    connection = named(clear_server, "fatal")
    with pytest.raises(pyodbc.Error, match="60000"):
        connection.execute("error 60000 20")
    watcher.wait_for("fatal", "closed")
    with pytest.raises(pyodbc.OperationalError):
        connection.execute("select 1")


def test_a_fault_of_the_engine_closes_that_connection_only(clear_server: Any, watcher: Watcher) -> None:
    connection = named(clear_server, "crash")
    with pytest.raises(pyodbc.Error, match="3624"):
        connection.execute("crash")
    watcher.wait_for("crash", "closed")
    with closing(clear_server.connect()) as other:
        assert other.execute("select 1").fetchval() == 1


def test_use_changes_the_database_that_the_driver_knows(server: Any) -> None:
    with closing(server.connect()) as connection:
        connection.execute("use other")
        assert connection.getinfo(pyodbc.SQL_DATABASE_NAME) == "other"


def test_a_request_over_many_packets_arrives(server: Any) -> None:
    with closing(server.connect()) as connection:
        assert connection.execute("select 4" + " " * 300_000).fetchval() == 4


def test_a_large_result_arrives_whole(server: Any) -> None:
    with closing(server.connect()) as connection:
        rows = connection.execute("many 30000").fetchall()
        assert [row[0] for row in rows] == list(range(30_000))
        assert tuple(rows[-1]) == (29_999, "row 29999", Decimal("29.9990"), None)


# Transactions


def test_manual_commit_begins_commits_and_rolls_back_by_requests(clear_server: Any, watcher: Watcher) -> None:
    connection = clear_server.connect(autocommit=False)
    connection.execute("name manual")
    connection.commit()
    connection.execute("select 1").fetchall()
    connection.rollback()
    connection.close()
    log = watcher.wait_for("manual", "closed")
    assert log == ["commit", "begin 0", "rollback", "begin 0", "closed"]


def test_after_a_rollback_by_the_server_the_driver_begins_anew_and_does_not_commit(
    clear_server: Any, watcher: Watcher
) -> None:
    with closing(clear_server.connect(autocommit=False)) as connection:
        connection.execute("name server-rollback")
        connection.execute("rollback")
        connection.commit()
        connection.execute("select 1").fetchall()
        assert "commit" not in watcher.log("server-rollback")
        assert watcher.log("server-rollback")[-1].startswith("begin")


# Waiting, cancelling, going away


class Background:
    """A statement on a thread of its own; ``result`` is its rows or its error."""

    def __init__(self, connection: pyodbc.Connection, text: str) -> None:
        self.cursor = connection.cursor()
        self.text = text
        self.result: Any = None
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self) -> None:
        try:
            self.result = self.cursor.execute(self.text).fetchall()
        except pyodbc.Error as error:
            self.result = error

    def join(self) -> Any:
        self.thread.join(20)
        assert not self.thread.is_alive()
        return self.result


def test_while_a_request_waits_the_others_go_on(clear_server: Any, watcher: Watcher) -> None:
    with closing(named(clear_server, "waits")) as connection:
        waiting = Background(connection, "wait")
        watcher.wait_for("waits", "started")
        assert watcher.connection.execute("select 2").fetchval() == 2
        watcher.connection.execute("release")
        assert [tuple(row) for row in waiting.join()] == [("released",)]


@pytest.mark.parametrize("command", ["wait", "waitmidway", "sleep 60", "spin"])
def test_cancel_ends_a_request_and_keeps_the_connection(clear_server: Any, watcher: Watcher, command: str) -> None:
    name = f"cancel-{command.split(maxsplit=1)[0]}"
    with closing(named(clear_server, name)) as connection:
        connection.execute("set before")
        running = Background(connection, command)
        watcher.wait_for(name, "started")
        running.cursor.cancel()
        result = running.join()
        assert isinstance(result, pyodbc.Error)
        assert result.args[0] == "HY008"
        watcher.wait_for(name, "interrupted")
        assert connection.execute("select 3").fetchval() == 3


def test_a_query_timeout_ends_a_waiting_request(server: Any) -> None:
    with closing(server.connect()) as connection:
        connection.timeout = 1
        with pytest.raises(pyodbc.OperationalError) as caught:
            connection.execute("wait")
        assert caught.value.args[0] == "HYT00"
        assert connection.execute("select 3").fetchval() == 3


def test_a_half_read_result_is_abandoned_by_the_next_statement(server: Any) -> None:
    with closing(server.connect()) as connection:
        cursor = connection.execute("many 100000")
        assert cursor.fetchone()[0] == 0
        cursor.close()
        assert connection.execute("select 3").fetchval() == 3


def test_a_sleeping_request_ends_by_itself(server: Any) -> None:
    with closing(server.connect()) as connection:
        assert connection.execute("sleep 0.01").fetchval() == 1


# Below the driver


def open_raw(port: int, messages: Any, name: str) -> socket.socket:
    raw = socket.create_connection(("127.0.0.1", port), timeout=20)
    raw.sendall(messages.prelogin() + messages.login(password="Fake-Engine-1"))
    read_reply(raw)
    read_reply(raw)
    raw.sendall(messages.batch(f"name {name}"))
    read_reply(raw)
    return raw


def read_reply(raw: socket.socket) -> bytes:
    """The body of the next message."""
    body = bytearray()
    while True:
        header = read_exactly(raw, 8)
        body += read_exactly(raw, int.from_bytes(header[2:4], "big") - 8)
        if header[1] & 1:
            return bytes(body)


def read_exactly(raw: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        piece = raw.recv(count - len(data))
        assert piece, "the server closed the connection"
        data += piece
    return data


DONE_ATTENTION = b"\xfd" + struct.pack("<HHQ", 0x20, 0, 0)


def test_an_attention_to_a_running_request_is_answered_by_two_messages(
    clear_server: Any, messages: Any, watcher: Watcher
) -> None:
    with closing(open_raw(clear_server.port, messages, "two-messages")) as raw:
        raw.sendall(messages.batch("waitmidway"))
        watcher.wait_for("two-messages", "started")
        raw.sendall(messages.attention())
        first = read_reply(raw)
        assert first[0] == 0x81
        assert first.endswith(b"\xfd" + bytes(12))
        assert read_reply(raw) == DONE_ATTENTION


def test_an_attention_after_the_reply_is_answered_by_one_message(clear_server: Any, messages: Any) -> None:
    with closing(open_raw(clear_server.port, messages, "one-message")) as raw:
        raw.sendall(messages.attention())
        assert read_reply(raw) == DONE_ATTENTION
        raw.sendall(messages.batch("select 1"))
        assert read_reply(raw)[0] == 0x81


def test_an_attention_together_with_its_request_cancels_it_before_it_starts(clear_server: Any, messages: Any) -> None:
    with closing(open_raw(clear_server.port, messages, "at-once")) as raw:
        raw.sendall(messages.batch("wait") + messages.attention())
        assert read_reply(raw) == b"\xfd" + bytes(12)
        assert read_reply(raw) == DONE_ATTENTION


def test_a_reset_comes_before_the_request_and_is_acknowledged_first(
    clear_server: Any, messages: Any, watcher: Watcher
) -> None:
    with closing(open_raw(clear_server.port, messages, "reset")) as raw:
        raw.sendall(messages.batch("set x", status=0x08))
        assert read_reply(raw).startswith(b"\xe3\3\0\x12\0\0")
        assert watcher.log("reset") == ["reset", "set x"]


def test_a_request_taken_back_is_answered_by_a_failed_done(clear_server: Any, messages: Any) -> None:
    with closing(open_raw(clear_server.port, messages, "taken-back")) as raw:
        raw.sendall(messages.packet(1, b"half", 0) + messages.packet(1, b"", 3))
        assert read_reply(raw) == b"\xfd" + struct.pack("<HHQ", 2, 0, 0)


def test_a_bulk_load_is_answered_with_its_count_and_the_connection_goes_on(clear_server: Any, messages: Any) -> None:
    column = b"\x81\1\0" + bytes(6) + b"\x26\4" + b"\1n\0"
    rows = b"".join(b"\xd1\4" + struct.pack("<i", number) for number in (40, 2))
    with closing(open_raw(clear_server.port, messages, "bulk")) as raw:
        raw.sendall(messages.message(7, column + rows + b"\xfd" + bytes(12)))
        assert struct.unpack("<Q", read_reply(raw)[-8:]) == (42,)
        raw.sendall(messages.batch("select 1"))
        assert read_reply(raw)[0] == 0x81


def test_requests_sent_ahead_are_answered_in_order(clear_server: Any, messages: Any) -> None:
    with closing(open_raw(clear_server.port, messages, "ahead")) as raw:
        raw.sendall(b"".join(messages.batch(f"select {number}") for number in range(10)))
        rows = [read_reply(raw)[-19:-13] for _ in range(10)]
        assert rows == [b"\xd1\4" + struct.pack("<i", number) for number in range(10)]


@pytest.mark.parametrize("stream", [b"GET / HTTP/1.1\r\n\r\n", bytes(100), b"\x12\1\0\x08\0\0\1\0"])
def test_strangers_are_cut_off(clear_server: Any, stream: bytes) -> None:
    with closing(socket.create_connection(("127.0.0.1", clear_server.port), timeout=20)) as raw:
        raw.sendall(stream)
        assert raw.recv(100) == b""


def test_a_client_that_breaks_the_protocol_while_waiting_loses_its_session(
    clear_server: Any, messages: Any, watcher: Watcher
) -> None:
    with closing(open_raw(clear_server.port, messages, "breaks")) as raw:
        raw.sendall(messages.batch("wait"))
        watcher.wait_for("breaks", "started")
        raw.sendall(b"\x99" * 20)
        assert watcher.wait_for("breaks", "closed") == ["started", "interrupted", "closed"]


@pytest.mark.parametrize("command", ["wait", "spin"])
def test_a_client_that_vanishes_while_its_request_runs_is_cleaned_up(
    clear_server: Any, messages: Any, watcher: Watcher, command: str
) -> None:
    name = f"vanishes-{command}"
    raw = open_raw(clear_server.port, messages, name)
    raw.sendall(messages.batch(command))
    watcher.wait_for(name, "started")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    raw.close()
    assert watcher.wait_for(name, "closed")[1:] == ["interrupted", "closed"]


def test_a_client_that_does_not_read_blocks_only_itself(clear_server: Any, messages: Any, watcher: Watcher) -> None:
    with closing(open_raw(clear_server.port, messages, "slow")) as raw:
        raw.sendall(messages.batch("many 400000"))
        for number in range(300):
            assert watcher.connection.execute(f"select {number}").fetchval() == number
        assert watcher.log("slow") == []
        assert len(read_reply(raw)) > 8_000_000
        assert watcher.log("slow") == ["sent 400000"]


def test_a_client_that_does_not_read_can_cancel(clear_server: Any, messages: Any, watcher: Watcher) -> None:
    with closing(open_raw(clear_server.port, messages, "slow-cancel")) as raw:
        raw.sendall(messages.batch("many 4000000"))
        assert raw.recv(8, socket.MSG_PEEK)
        watcher.connection.execute("select 1").fetchall()
        raw.sendall(messages.attention())
        assert read_reply(raw).endswith(b"\xfd" + bytes(12))
        assert read_reply(raw) == DONE_ATTENTION
        assert "sent 4000000" not in watcher.log("slow-cancel")
