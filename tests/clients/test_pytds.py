"""python-tds, a client in Python alone."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from typing import Any, NoReturn

import pytds
from pytds import tds_types

from tests.clients.client import Adapter, Address, Argument, Called, ClientError, CutShort, Row
from tests.clients.contract import ClientContract
from tests.clients.dbapi import DbApiConnection, results_of

COLUMN_TYPES = {
    "int": tds_types.IntType(),
    "nvarchar(50)": tds_types.NVarCharType(size=50),
    "decimal(10, 2)": tds_types.DecimalType(precision=10, scale=2),
}
"""The columns of the contract's bulk load as python-tds describes them."""


class PytdsConnection(DbApiConnection):
    """A python-tds connection."""

    def __init__(self, address: Address, *, timeout: float | None = None) -> None:
        self._address = address
        try:
            self._connection = pytds.connect(
                dsn=address.host,
                port=address.port,
                user=address.user,
                password=address.password,
                database=address.database,
                autocommit=True,
                timeout=timeout,
                login_timeout=10,
                disable_connect_retry=True,
            )
        except pytds.Error as error:
            _fail(error)

    def query(self, text: str, *values: Any) -> list[list[Row]]:
        cursor = self._connection.cursor()
        try:
            if values:
                passed = [pytds.Binary(value) if isinstance(value, bytes) else value for value in values]
                cursor.execute(text.replace("?", "%s"), passed)
            else:
                cursor.execute(text)
            return results_of(cursor)
        except (pytds.Error, TimeoutError) as error:
            _fail(error)
        finally:
            cursor.close()

    def call(self, procedure: str, arguments: Sequence[Argument]) -> Called:
        cursor = self._connection.cursor()
        outputs = [argument for argument in arguments if argument.output]
        passed = {
            argument.name: pytds.output(value=argument.value, param_type=argument.type.replace(" ", ""))
            for argument in outputs  # first: get_proc_outputs takes places in the call for places among the outputs
        }
        passed |= {argument.name: argument.value for argument in arguments if not argument.output}
        try:
            cursor.callproc(procedure, passed)
            results = results_of(cursor)
            names = [argument.name for argument in outputs]
            found = dict(zip(names, cursor.get_proc_outputs(), strict=True)) if names else {}
            return Called(results, cursor.get_proc_return_status(), found)
        except pytds.Error as error:
            _fail(error)
        finally:
            cursor.close()

    def cut_short(self, text: str) -> None:
        PytdsConnection(self._address, timeout=1.0).query(text)

    def load(self, table: str, columns: Sequence[tuple[str, str]], rows: Sequence[Row]) -> None:
        described = [pytds.Column(name=name, type=COLUMN_TYPES[type]) for name, type in columns]
        with closing(self._connection.cursor()) as cursor:
            cursor.copy_to(table_or_view=table, columns=described, data=rows)


def _fail(error: Exception) -> NoReturn:
    if isinstance(error, TimeoutError | pytds.TimeoutError):
        raise CutShort(str(error)) from error
    told = {"severity": "severity", "state": "state", "line": "line"}
    found = {name: getattr(error, attribute, None) for name, attribute in told.items()}
    raise ClientError(getattr(error, "msg_no", None) or getattr(error, "number", None), str(error), **found) from error


class PytdsAdapter(Adapter):
    def connect(self, address: Address) -> PytdsConnection:
        return PytdsConnection(address)


class TestPytds(ClientContract):
    adapter = PytdsAdapter()


def test_a_table_is_passed_to_a_procedure(address: Address) -> None:
    rows = [(1, "a"), (2, "ü"), (3, None)]
    with closing(PytdsConnection(address)) as client:
        client.query("CREATE TYPE dbo.PytdsPairs AS TABLE (id int NOT NULL, name nvarchar(20));")
        client.query("CREATE PROCEDURE dbo.PytdsCount @Pairs dbo.PytdsPairs READONLY AS SELECT id, name FROM @Pairs;")
        table = pytds.TableValuedParam(type_name="dbo.PytdsPairs", rows=rows)
        called = client.call("dbo.PytdsCount", [Argument("@Pairs", "dbo.PytdsPairs", table)])
        client.query("DROP PROCEDURE dbo.PytdsCount; DROP TYPE dbo.PytdsPairs;")
    assert called.results == [rows]


def test_a_pooled_connection_comes_back_as_after_the_login(address: Address) -> None:
    def connect() -> Any:
        place = {"dsn": address.host, "port": address.port, "database": address.database}
        return pytds.connect(**place, user=address.user, password=address.password, autocommit=True, pooling=True)

    with closing(connect()) as first, first.cursor() as cursor:
        cursor.execute("CREATE TABLE #left (i int); SET LOCK_TIMEOUT 5;")
        spid = cursor.execute_scalar("SELECT @@SPID")
    with closing(connect()) as second, second.cursor() as cursor:
        cursor.execute("SELECT @@SPID, OBJECT_ID(N'tempdb..#left'), @@LOCK_TIMEOUT")
        assert cursor.fetchall() == [(spid, None, -1)]
