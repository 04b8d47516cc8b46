"""Where the clients connect to, the warehouse that they pick in, and a database for SQLAlchemy to work in."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, Engine, MetaData, create_engine
from sqlalchemy.pool import NullPool

from harness.connection import Target, connect, open_session
from tests.clients.client import Address
from tests.database.warehouse import Warehouse

SCHEMAS = ("sales", "archive")


def engine_for(target: Target, **options: object) -> Engine:
    """An engine that opens a connection whenever one is asked for, and closes it afterwards."""
    return create_engine(
        "mssql+pyodbc://", creator=lambda: connect(target, autocommit=False), poolclass=NullPool, **options
    )


@pytest.fixture(scope="module")
def scratch(target: Target, worker_id: str) -> Iterator[Target]:
    """A database of this module's own, with SNAPSHOT isolation allowed and two schemas beside dbo."""
    name = f"lockstep_test_clients_{worker_id}"
    with open_session(target) as administrator:
        administrator.execute(f"IF DB_ID(N'{name}') IS NOT NULL DROP DATABASE {name};")
        administrator.execute(f"CREATE DATABASE {name};")
        administrator.execute(f"ALTER DATABASE {name} SET ALLOW_SNAPSHOT_ISOLATION ON;")
        with open_session(target.with_database(name)) as session:
            for schema in SCHEMAS:
                session.execute(f"CREATE SCHEMA {schema};")
        yield target.with_database(name)
        administrator.execute(f"ALTER DATABASE {name} SET SINGLE_USER WITH ROLLBACK IMMEDIATE; DROP DATABASE {name};")


@pytest.fixture
def engine(scratch: Target) -> Engine:
    return engine_for(scratch)


@pytest.fixture
def metadata(engine: Engine) -> Iterator[MetaData]:
    """Table definitions; the tables that a test made of them are dropped after it."""
    metadata = MetaData()
    yield metadata
    metadata.drop_all(engine)


@pytest.fixture
def connection(engine: Engine) -> Iterator[Connection]:
    """A connection of the engine; what it did not commit is rolled back."""
    with engine.connect() as opened:
        yield opened


@pytest.fixture
def address(target: Target) -> Address:
    """The database that the clients connect to."""
    return Address.of(target)


@pytest.fixture
def warehouse(database: Target) -> Iterator[Warehouse]:
    """A small warehouse; whatever a test does in it, every invariant must hold at its end."""
    with open_session(database) as session:
        laid_out = Warehouse(database, session)
        laid_out.lay_out()
        yield laid_out
        assert laid_out.findings() == []
