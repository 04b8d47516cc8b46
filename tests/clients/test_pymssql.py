"""pymssql, which speaks through FreeTDS's DB-Library."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from datetime import datetime
from decimal import Decimal
from typing import Any, NoReturn
from uuid import UUID

import pymssql
from pymssql import _mssql

from tests.clients.client import Adapter, Address, Argument, Called, ClientError, CutShort, Row
from tests.clients.contract import ClientContract
from tests.clients.dbapi import results_of

TIMED_OUT, DEAD = 20003, 20047
"""Numbers of DB-Library: a query that times out takes its connection with it."""


def login(address: Address) -> dict[str, str]:
    """What both of pymssql's modules need to connect."""
    return {
        "server": address.host,
        "port": str(address.port),
        "user": address.user,
        "password": address.password,
        "database": address.database,
        "tds_version": "7.4",
    }


class PymssqlConnection:
    """A pymssql connection. Its parameters become literals in the text."""

    def __init__(self, address: Address, *, timeout: int = 0) -> None:
        self._address = address
        try:
            self._connection = pymssql.connect(**login(address), autocommit=True, timeout=timeout, login_timeout=10)
        except pymssql.Error as error:
            _fail(error)

    def query(self, text: str, *values: Any) -> list[list[Row]]:
        cursor = self._connection.cursor()
        try:
            if values:
                cursor.execute(text.replace("%", "%%").replace("?", "%s"), values)
            else:
                cursor.execute(text)
            return results_of(cursor)
        except pymssql.Error as error:
            _fail(error)
        finally:
            cursor.close()

    def call(self, procedure: str, arguments: Sequence[Argument]) -> Called:
        """By name, as an RPC; types that pymssql does not bind go in a batch."""
        if any(isinstance(argument.value, UUID | Decimal) for argument in arguments):
            assigned = ", ".join(f"{argument.name} = ?" for argument in arguments)
            return Called(self.query(f"EXEC {procedure} {assigned};", *(argument.value for argument in arguments)))
        cursor = self._connection.cursor()
        try:
            cursor.callproc(procedure, tuple(argument.value for argument in arguments))
            return Called(results_of(cursor))
        except pymssql.Error as error:
            _fail(error)
        finally:
            cursor.close()

    def begin(self) -> None:
        self._connection.autocommit(False)

    def commit(self) -> None:
        self._connection.commit()
        self._connection.autocommit(True)

    def rollback(self) -> None:
        self._connection.rollback()
        self._connection.autocommit(True)

    def cut_short(self, text: str) -> None:
        PymssqlConnection(self._address, timeout=1).query(text)

    def load(self, table: str, columns: Sequence[tuple[str, str]], rows: Sequence[Row]) -> None:
        self._connection.bulk_copy(table, list(rows))

    def close(self) -> None:
        self._connection.close()


def _fail(error: Exception) -> NoReturn:
    details = error.args[0] if error.args and isinstance(error.args[0], tuple) else error.args
    number = getattr(error, "number", details[0] if details else None)
    message = details[-1] if details else ""
    text = message.decode() if isinstance(message, bytes) else str(message)
    if number in (TIMED_OUT, DEAD):
        raise CutShort(text) from error
    told = {name: getattr(error, name, None) for name in ("severity", "state", "line")}
    raise ClientError(number, text, **told) from error


class PymssqlAdapter(Adapter):
    passes_outputs = False

    def connect(self, address: Address) -> PymssqlConnection:
        return PymssqlConnection(address)

    def stored(self, type: str, value: Any) -> Any:
        """A datetime travels as a text of milliseconds."""
        match value:
            case datetime() if type != "datetimeoffset(3)":
                return value.replace(microsecond=value.microsecond // 1000 * 1000)
            case _:
                return value


class TestPymssql(ClientContract):
    adapter = PymssqlAdapter()


def test_a_procedure_passes_its_outputs_and_status(address: Address) -> None:
    with closing(PymssqlConnection(address)) as client:
        client.query(
            "CREATE OR ALTER PROCEDURE dbo.PymssqlQuiet @Given int, @Text varchar(50) OUTPUT, @Number float OUTPUT AS "
            "SET NOCOUNT ON; SET @Number = @Given / 8.0; SET @Text += '!'; RETURN 7;"
        )
    with closing(_mssql.connect(**login(address))) as connection:
        procedure = connection.init_procedure("dbo.PymssqlQuiet")
        procedure.bind(3, _mssql.SQLINT4, "@Given")
        procedure.bind("text", _mssql.SQLVARCHAR, "@Text", output=True, max_length=50)
        procedure.bind(None, _mssql.SQLFLT8, "@Number", output=True, null=True)
        assert procedure.execute() == 7
        named = {name: value for name, value in procedure.parameters.items() if isinstance(name, str)}
        assert named == {"@Given": 3, "@Text": "text!", "@Number": 0.375}


def test_messages_reach_their_handler(address: Address) -> None:
    heard: list[tuple[int, bytes]] = []
    with closing(_mssql.connect(**login(address))) as connection:
        connection.set_msghandler(lambda state, severity, server, procedure, line, text: heard.append((line, text)))
        connection.execute_non_query("SELECT 1;\nPRINT N'said';")
    assert heard == [(2, b"said")]
