"""mssql-python: Microsoft's client with the ODBC driver in it, and a bulk copy of its own."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import closing
from typing import Any, NoReturn

import mssql_python
import pytest

from tests.clients.client import Adapter, Address, Argument, Called, ClientError, CutShort, Row, called_in_a_batch
from tests.clients.contract import ClientContract
from tests.clients.dbapi import DbApiConnection, results_of

NUMBERS = {
    "Login failed": 18456,
    "Divide by zero": 8134,
    "Invalid object name": 208,
    "Incorrect syntax": 156,
    "Could not find stored procedure": 2812,
    "PRIMARY KEY constraint": 2627,
    "CHECK constraint": 547,
    "Too bad": 50000,
    "Mine": 51234,
}
"""mssql-python tells the text of an error but not its number."""


class MssqlPythonConnection(DbApiConnection):
    """A connection of mssql-python."""

    def __init__(self, address: Address) -> None:
        try:
            self._connection = mssql_python.connect(
                f"Server={address.host},{address.port};Database={address.database};UID={address.user};"
                f"PWD={{{address.password}}};TrustServerCertificate=yes",
                autocommit=True,
            )
        except mssql_python.Error as error:
            _fail(error)

    def query(self, text: str, *values: Any) -> list[list[Row]]:
        cursor = self._connection.cursor()
        try:
            cursor.execute(text, *values)
            return results_of(cursor)
        except mssql_python.Error as error:
            _fail(error)
        finally:
            cursor.close()

    def call(self, procedure: str, arguments: Sequence[Argument]) -> Called:
        return called_in_a_batch(self.query, procedure, arguments)

    def cut_short(self, text: str) -> None:
        self._connection.timeout = 1
        self.query(text)

    def load(self, table: str, columns: Sequence[tuple[str, str]], rows: Sequence[Row]) -> None:
        with closing(self._connection.cursor()) as cursor:
            cursor.bulkcopy(f"dbo.{table}", rows)


def _fail(error: Exception) -> NoReturn:
    text = str(error)
    if re.search("timeout|canceled|cancelled", text, re.IGNORECASE):
        raise CutShort(text) from error
    raise ClientError(next((number for words, number in NUMBERS.items() if words in text), None), text) from error


class MssqlPythonAdapter(Adapter):
    def connect(self, address: Address) -> MssqlPythonConnection:
        return MssqlPythonConnection(address)


class TestMssqlPython(ClientContract):
    adapter = MssqlPythonAdapter()


def test_a_pooled_connection_comes_back_as_after_the_login(address: Address) -> None:
    with closing(MssqlPythonConnection(address)) as first:
        first.query("CREATE TABLE #left (i int); SET LOCK_TIMEOUT 5; SET TRANSACTION ISOLATION LEVEL SERIALIZABLE;")
    with closing(MssqlPythonConnection(address)) as second:
        assert second.query("SELECT OBJECT_ID(N'tempdb..#left'), @@LOCK_TIMEOUT;") == [[(None, -1)]]


@pytest.mark.parametrize("keeps_identity", [True, False])
def test_identity_values_are_kept_or_drawn(address: Address, keeps_identity: bool) -> None:
    with closing(MssqlPythonConnection(address)) as client:
        client.query("DROP TABLE IF EXISTS dbo.Numbered; CREATE TABLE dbo.Numbered (id int IDENTITY, n int NOT NULL);")
        with closing(mssql_cursor(client)) as cursor:
            if keeps_identity:
                cursor.bulkcopy("dbo.Numbered", [(10, 1), (20, 2)], keep_identity=True)
            else:
                cursor.bulkcopy("dbo.Numbered", [(1,), (2,)], column_mappings=["n"])
        assert client.query("SELECT id, n FROM dbo.Numbered ORDER BY n; DROP TABLE dbo.Numbered;") == [
            [(10, 1), (20, 2)] if keeps_identity else [(1, 1), (2, 2)]
        ]


def mssql_cursor(client: MssqlPythonConnection) -> Any:
    return client._connection.cursor()
