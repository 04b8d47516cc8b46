"""pyodbc with Microsoft's ODBC driver."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing

import pyodbc
import pytest

from harness.connection import Target, connect
from harness.connection.driver import find_driver
from tests.clients.client import WAITING_SECONDS, Address
from tests.clients.contract import ClientContract
from tests.clients.odbc import CANCELLED, OdbcAdapter


class MicrosoftDriver(OdbcAdapter):
    def connection_string(self, address: Address) -> str:
        return (
            f"Driver={{{find_driver()}}};Server={address.host},{address.port};Database={address.database};"
            f"UID={address.user};PWD={{{address.password}}};TrustServerCertificate=yes"
        )


class TestPyodbc(ClientContract):
    adapter = MicrosoftDriver()


@pytest.fixture
def odbc(target: Target) -> Iterator[pyodbc.Connection]:
    """A plain connection, autocommit on."""
    with closing(connect(target)) as opened:
        yield opened


@pytest.fixture
def tables(odbc: pyodbc.Connection) -> Iterator[pyodbc.Connection]:
    """A connection with a table type and a procedure that adds its rows up."""
    odbc.execute("CREATE TYPE dbo.ClientPairs AS TABLE (id int NOT NULL, name nvarchar(20));")
    odbc.execute(
        "CREATE PROCEDURE dbo.ClientSum @Pairs dbo.ClientPairs READONLY AS "
        "SELECT SUM(id), STRING_AGG(name, N'+') WITHIN GROUP (ORDER BY id) FROM @Pairs;"
    )
    yield odbc
    odbc.execute("DROP PROCEDURE dbo.ClientSum; DROP TYPE dbo.ClientPairs;")


@pytest.mark.parametrize("rows", [[(1, "a"), (2, "ü"), (3, None)], []])
def test_a_table_is_passed_to_a_procedure(tables: pyodbc.Connection, rows: list[tuple[object, ...]]) -> None:
    found = tables.execute("{CALL dbo.ClientSum (?)}", (rows,)).fetchone()
    assert tuple(found) == ((6, "a+ü") if rows else (None, None))


def test_a_statement_is_cancelled_from_another_thread(target: Target) -> None:
    with closing(connect(target)) as connection:
        cursor = connection.cursor()
        timer = threading.Timer(0.2, cursor.cancel)
        timer.start()
        with pytest.raises(pyodbc.Error) as caught:
            cursor.execute(f"WAITFOR DELAY '00:00:{WAITING_SECONDS}';")
        timer.join()  # the driver is in cancel() until then, with handles that closing the connection frees
        assert caught.value.args[0] == CANCELLED
        assert connection.execute("SELECT 1;").fetchval() == 1


def test_messages_arrive_with_their_text(odbc: pyodbc.Connection) -> None:
    cursor = odbc.execute("PRINT N'first'; RAISERROR(N'second', 10, 1);")
    assert [text.rpartition("]")[2] for _, text in cursor.messages] == ["first", "second"]
