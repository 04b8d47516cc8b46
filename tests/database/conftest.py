"""A warehouse for each test, and a check after it that not one gram was lost."""

import time
from collections.abc import Iterator

import pytest

from harness.connection import Session, Target, open_session
from tests.database.warehouse import PATIENCE_SECONDS, Warehouse


@pytest.fixture
def empty_database(target: Target) -> Iterator[Target]:
    """An empty database of its own on the worker's server."""
    name = f"{target.database}_own"
    with open_session(target) as administrator:
        administrator.execute(f"IF DB_ID(N'{name}') IS NOT NULL DROP DATABASE {name};")
        administrator.execute(f"CREATE DATABASE {name};")
        yield target.with_database(name)
        await_no_session(administrator, name)
        administrator.execute(f"DROP DATABASE {name};")


def await_no_session(administrator: Session, database: str) -> None:
    """Return once the server has noticed that the connections to a database are closed."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    query = "SELECT COUNT(*) FROM sys.dm_exec_sessions AS s WHERE s.database_id = DB_ID(?);"
    while administrator.execute(query, database).rows[0][0]:
        assert time.monotonic() < deadline, f"there are still sessions in {database}"


@pytest.fixture
def unchecked_warehouse(database: Target) -> Iterator[Warehouse]:
    """The warehouse for tests that break it on purpose."""
    with open_session(database) as session:
        warehouse = Warehouse(database, session)
        warehouse.lay_out()
        yield warehouse


@pytest.fixture
def warehouse(unchecked_warehouse: Warehouse) -> Iterator[Warehouse]:
    """The warehouse; whatever a test does in it, every invariant must hold at its end."""
    yield unchecked_warehouse
    assert unchecked_warehouse.findings() == []


@pytest.fixture
def no_deadlock(unchecked_warehouse: Warehouse) -> Iterator[None]:
    """For tests in which the order of locks must rule deadlocks out: not one, as the server counts them.

    One that is retried inside a procedure is counted, too. The server counts for everybody: several workers, some of
    whose tests provoke deadlocks, cannot share a server that is counted on.
    """
    before = unchecked_warehouse.deadlocks()
    yield
    assert unchecked_warehouse.deadlocks() == before


@pytest.fixture
def session(database: Target) -> Iterator[Session]:
    """A session on the deployed database, opened after its tables were emptied. A call that hangs is cancelled."""
    with open_session(database, query_timeout=PATIENCE_SECONDS) as opened:
        yield opened
