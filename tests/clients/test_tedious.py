"""tedious, and mssql on top of it: the clients of Node.js."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.clients.bridge import BridgeConnection, Programs
from tests.clients.client import WAITING_SECONDS, Adapter, Address, CutShort, require
from tests.clients.contract import ClientContract

BRIDGES = Path(__file__).parent / "bridges"
MODULES = Path(__file__).parents[2] / "build" / "clients" / "node_modules"


class NodeAdapter(Adapter):
    """A program for Node.js in ``bridges``."""

    tells = frozenset({"severity", "state", "line"})

    def __init__(self, program: str, library: str) -> None:
        self._library = library
        environment = {**os.environ, "NODE_PATH": str(MODULES), "NODE_NO_WARNINGS": "1"}
        self._programs = Programs(["node", str(BRIDGES / program)], environment)

    def missing(self) -> str:
        if shutil.which("node") is None:
            return "node"
        return "" if (MODULES / self._library).is_dir() else f"the npm package {self._library}"

    def connect(self, address: Address) -> BridgeConnection:
        return self._programs.connect(address)

    def stored(self, type: str, value: Any) -> Any:
        """Dates are instants in UTC, decimals are JavaScript's numbers."""
        match value:
            case datetime() if value.tzinfo is not None:
                return value.astimezone(UTC)
            case Decimal():
                return Decimal(repr(float(value)))
            case _:
                return value


class TestTedious(ClientContract):
    adapter = NodeAdapter("tedious.js", "tedious")


class TestMssql(ClientContract):
    adapter = NodeAdapter("mssql.js", "mssql")


@pytest.fixture(params=[TestTedious.adapter, TestMssql.adapter], ids=["tedious", "mssql"])
def client(request: pytest.FixtureRequest, address: Address) -> Iterator[BridgeConnection]:
    adapter: NodeAdapter = request.param
    require(adapter.missing())
    with closing(adapter.connect(address)) as connection:
        yield connection


def test_a_statement_is_cancelled_and_the_connection_lives_on(client: BridgeConnection) -> None:
    with pytest.raises(CutShort):
        client.cancel(f"WAITFOR DELAY '00:00:{WAITING_SECONDS}';")
    assert client.query("SELECT 1;") == [[(1,)]]


def test_a_statement_is_prepared_run_and_unprepared(client: BridgeConnection) -> None:
    called = client.ask("prepared", "SELECT CONCAT(?, N'!');", "nvarchar(20)", "a", "ü", None)
    assert called.results == [[("a!",)], [("ü!",)], [("!",)]]


def test_a_table_is_passed_to_a_procedure(client: BridgeConnection) -> None:
    rows = [(1, "a"), (2, "ü"), (3, None)]
    client.query("CREATE TYPE dbo.NodePairs AS TABLE (id int NOT NULL, name nvarchar(20));")
    client.query("CREATE PROCEDURE dbo.NodeCount @Rows dbo.NodePairs READONLY AS SELECT id, name FROM @Rows;")
    called = client.pass_table("dbo.NodeCount", "dbo.NodePairs", [("id", "int"), ("name", "nvarchar(20)")], rows)
    client.query("DROP PROCEDURE dbo.NodeCount; DROP TYPE dbo.NodePairs;")
    assert called.results == [rows]


def test_a_reset_connection_is_as_after_the_login(address: Address) -> None:
    require(TestTedious.adapter.missing())
    with closing(TestTedious.adapter.connect(address)) as client:
        client.query("CREATE TABLE #left (i int); SET LOCK_TIMEOUT 5; BEGIN TRANSACTION;")
        client.ask("reset")
        assert client.query("SELECT OBJECT_ID(N'tempdb..#left'), @@LOCK_TIMEOUT, @@TRANCOUNT;") == [[(None, -1, 0)]]
