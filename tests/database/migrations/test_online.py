"""Migrations against a server: up, down and up again, and a deployment on top."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, create_engine
from sqlalchemy.pool import NullPool

from harness.connection import Session, Target, connect
from harness.deploy import deploy
from tests.database.calls import Pick
from tests.database.warehouse import Warehouse

MIGRATIONS = Path(__file__).resolve().parents[3] / "database" / "migrations"
ERP_TABLES = {
    *("LotMaster", "LotTransaction", "BINMaster", "INMAST", "INLOC", "Seqnum", "Cust_BulkRun", "cust_BulkPicked"),
    *("Cust_BulkLotPicked", "Cust_BulkPalletLotPicked", "Mintxdh", "BinTransfer"),
}


@pytest.fixture
def alembic(database: Target) -> Iterator[Config]:
    """Alembic on the worker's database, which is deployed again when the test is over."""
    engine = create_engine("mssql+pyodbc://", creator=lambda: connect(database, autocommit=False), poolclass=NullPool)
    with engine.connect() as connection:
        yield configured(connection)
    deploy(database)


def configured(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.attributes["connection"] = connection
    return config


def tables(session: Session) -> set[str]:
    rows = session.execute("SELECT SCHEMA_NAME(t.schema_id) + '.' + t.name FROM sys.tables AS t;").rows
    return {name for (name,) in rows}


def columns(session: Session) -> list[tuple[object, ...]]:
    """Every column with its type, in an order that tells two schemas apart."""
    return [
        tuple(row)
        for row in session.execute(
            "SELECT SCHEMA_NAME(t.schema_id), t.name, c.name, TYPE_NAME(c.user_type_id), c.max_length, c.precision, "
            "c.scale, c.is_nullable, c.is_identity "
            "FROM sys.tables AS t INNER JOIN sys.columns AS c ON t.object_id = c.object_id "
            "ORDER BY SCHEMA_NAME(t.schema_id), t.name, c.column_id;"
        ).rows
    ]


def revision(session: Session) -> list[str]:
    return [number for (number,) in session.execute("SELECT version_num FROM lockstep.alembic_version;").rows]


def test_down_and_up_again_gives_the_same_tables(alembic: Config, session: Session) -> None:
    before = columns(session)
    assert revision(session) == ["0001"]

    command.downgrade(alembic, "base")
    assert tables(session) <= {"lockstep.alembic_version"}
    assert revision(session) == []

    command.upgrade(alembic, "head")
    assert columns(session) == before
    assert revision(session) == ["0001"]
    assert {name for name in tables(session) if name.startswith("dbo.")} == {f"dbo.{name}" for name in ERP_TABLES}


def test_after_going_down_and_up_a_deployment_puts_everything_back(
    alembic: Config, database: Target, session: Session
) -> None:
    command.downgrade(alembic, "base")
    command.upgrade(alembic, "head")
    assert {step.action for step in deploy(database)} == {"applied"}
    warehouse = Warehouse(database, session)
    warehouse.lay_out()
    assert Pick()(session).attempts == 1
    assert warehouse.findings() == []


def test_an_upgrade_of_an_upgraded_database_changes_nothing(alembic: Config, session: Session) -> None:
    before = columns(session), session.execute("SELECT COUNT(*) FROM lockstep.Settings;").rows[0][0]
    command.upgrade(alembic, "head")
    assert (columns(session), session.execute("SELECT COUNT(*) FROM lockstep.Settings;").rows[0][0]) == before


def test_tables_that_the_erp_had_survive_both_ways(alembic: Config, session: Session) -> None:
    """The baseline adopts a table that is there, whatever else it has, and a downgrade leaves it with its rows."""
    command.downgrade(alembic, "base")
    session.execute(
        "CREATE TABLE dbo.INMAST (ItemKey varchar(30) NOT NULL PRIMARY KEY, Desc1 nvarchar(100) NULL, "
        "StockUomCode varchar(10) NULL, SerialLotFlg char(1) NULL, MultipleBinsReq char(1) NULL, "
        "User1 nvarchar(50) NULL); "
        "INSERT INTO dbo.INMAST (ItemKey, User1) VALUES ('FLOUR', N'of the ERP');"
    )
    try:
        command.upgrade(alembic, "head")
        command.downgrade(alembic, "base")
        assert {name for name in tables(session) if name.startswith("dbo.")} == {"dbo.INMAST"}
        assert session.execute("SELECT User1 FROM dbo.INMAST;").rows[0][0] == "of the ERP"
    finally:
        session.execute("DROP TABLE IF EXISTS dbo.INMAST;")
        command.upgrade(alembic, "head")
