"""pyodbc as a client, through whatever driver: Microsoft's or that of FreeTDS."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import time
from typing import Any, ClassVar, NoReturn
from uuid import UUID

import pyodbc

from tests.clients.client import Adapter, Address, Argument, Called, ClientError, CutShort, Row, called_in_a_batch
from tests.clients.dbapi import DbApiConnection, results_of

pyodbc.pooling = False

_NUMBER = re.compile(r"\((\d+)\) \(SQL")
TIMED_OUT, CANCELLED = "HYT00", "HY008"


class OdbcConnection(DbApiConnection):
    """A pyodbc connection. pyodbc binds no output parameters: a call declares variables and selects them."""

    def __init__(self, connection_string: str, *, binds_arrays: bool) -> None:
        self._binds_arrays = binds_arrays
        try:
            self._connection = pyodbc.connect(connection_string, autocommit=True, timeout=10)
        except pyodbc.Error as error:
            _fail(error)

    def query(self, text: str, *values: Any) -> list[list[Row]]:
        cursor = self._connection.cursor()
        try:
            cursor.execute(text, values)
            return results_of(cursor)
        except pyodbc.Error as error:
            _fail(error)
        finally:
            cursor.close()

    def call(self, procedure: str, arguments: Sequence[Argument]) -> Called:
        return called_in_a_batch(self.query, procedure, arguments)

    def cut_short(self, text: str) -> None:
        self._connection.timeout = 1
        self.query(text)

    def load(self, table: str, columns: Sequence[tuple[str, str]], rows: Sequence[Row]) -> None:
        cursor = self._connection.cursor()
        cursor.fast_executemany = self._binds_arrays
        names = ", ".join(name for name, _ in columns)
        cursor.executemany(f"INSERT INTO {table} ({names}) VALUES ({', '.join('?' * len(columns))})", rows)
        cursor.close()


def _fail(error: pyodbc.Error) -> NoReturn:
    state, message = str(error.args[0]), str(error.args[-1])
    if state in (TIMED_OUT, CANCELLED):
        raise CutShort(message) from error
    found = _NUMBER.search(message)
    raise ClientError(int(found[1]) if found else None, message) from error


class OdbcAdapter(Adapter):
    """pyodbc with one driver: ``connection_string(address)`` says how it is told."""

    lacks = frozenset({"datetimeoffset(3)"})
    binds_arrays: ClassVar[bool] = True
    """Whether the driver takes arrays of parameters as pyodbc's fast_executemany binds them."""

    def connection_string(self, address: Address) -> str:
        raise NotImplementedError

    def connect(self, address: Address) -> OdbcConnection:
        return OdbcConnection(self.connection_string(address), binds_arrays=self.binds_arrays)

    def stored(self, type: str, value: Any) -> Any:
        """uniqueidentifier comes as text; times are sent in whole seconds."""
        match value:
            case UUID():
                return str(value).upper()
            case time():
                return value.replace(microsecond=0)
            case _:
                return value
