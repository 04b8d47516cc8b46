"""jTDS, the open JDBC driver, which speaks TDS 7.1."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import closing
from datetime import date, datetime, time
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from tests.clients.bridge import BridgeConnection, Programs
from tests.clients.client import WAITING_SECONDS, Adapter, Address, CutShort, require
from tests.clients.contract import ClientContract

PROGRAM = Path(__file__).parent / "bridges" / "Jtds.java"
LIBRARY = Path("/usr/share/java/jtds.jar")


class JtdsAdapter(Adapter):
    def __init__(self) -> None:
        self._programs = Programs(["java", "-cp", str(LIBRARY), str(PROGRAM)], dict(os.environ))

    def missing(self) -> str:
        if shutil.which("java") is None or shutil.which("javac") is None:
            return "a Java development kit"
        return "" if LIBRARY.is_file() else "libjtds-java"

    def connect(self, address: Address) -> BridgeConnection:
        return self._programs.connect(address)

    def stored(self, type: str, value: Any) -> Any:
        """Types that TDS 7.1 has not come as text; moments are sent as datetime, in steps of 3.33 ms."""
        match value:
            case datetime() if value.tzinfo is not None:
                return f"{value:%Y-%m-%d %H:%M:%S}.123 +05:30"
            case datetime() if type != "datetime":
                return f"{value:%Y-%m-%d %H:%M:%S}.123333"
            case date() if not isinstance(value, datetime):
                return value.isoformat()
            case time():
                return value.isoformat(timespec="milliseconds")
            case UUID():
                return str(value).upper()
            case _:
                return value


class TestJtds(ClientContract):
    adapter = JtdsAdapter()


@pytest.fixture
def client(address: Address) -> Iterator[BridgeConnection]:
    require(TestJtds.adapter.missing())
    with closing(TestJtds.adapter.connect(address)) as connection:
        yield connection


def test_a_statement_is_cancelled_and_the_connection_lives_on(client: BridgeConnection) -> None:
    with pytest.raises(CutShort):
        client.cancel(f"WAITFOR DELAY '00:00:{WAITING_SECONDS}';")
    assert client.query("SELECT 1;") == [[(1,)]]


def test_a_scrolling_result_goes_backwards_through_a_server_cursor(client: BridgeConnection) -> None:
    client.query("CREATE TABLE #t (id int PRIMARY KEY); INSERT INTO #t VALUES (10), (20), (30);")
    assert client.ask("backwards", "SELECT id FROM #t ORDER BY id").results == [[(3, 30), (2, 20), (1, 10)]]


def test_rows_are_changed_deleted_and_added_through_a_server_cursor(client: BridgeConnection) -> None:
    client.query("CREATE TABLE #t (id int PRIMARY KEY, name nvarchar(20)); INSERT INTO #t VALUES (1, N'a'), (2, N'b');")
    client.ask("update", "SELECT id, name FROM #t", "geändert", 9)
    assert client.query("SELECT id, name FROM #t ORDER BY id;") == [[(1, "geändert"), (9, "geändert")]]
