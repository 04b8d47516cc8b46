"""A small warehouse to look at through the system views."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from emulator.instance import Instance
from emulator.results import Collector
from emulator.scheduler import VirtualClock
from emulator.session import Session
from emulator.types.external import to_python

WAREHOUSE = (
    "CREATE SCHEMA wh",
    """CREATE TABLE dbo.item (
        id int IDENTITY(5, 2) CONSTRAINT pk_item PRIMARY KEY,
        code varchar(20) NOT NULL CONSTRAINT uq_item UNIQUE,
        quantity decimal(19, 6) NOT NULL CONSTRAINT df_quantity DEFAULT 0 CONSTRAINT ck_quantity CHECK (quantity >= 0),
        note nvarchar(max) NULL,
        doubled AS quantity * 2,
        stamped datetime2(3) NULL)""",
    """CREATE TABLE wh.line (
        item_id int NOT NULL CONSTRAINT fk_line REFERENCES dbo.item (id) ON DELETE CASCADE,
        number int NOT NULL,
        CONSTRAINT pk_line PRIMARY KEY (number, item_id))""",
    "CREATE INDEX ix_line ON wh.line (item_id DESC) INCLUDE (number) WHERE number > 3",
    "CREATE TABLE dbo.pile (n int)",
    "CREATE VIEW dbo.stocked AS SELECT id, code AS name, quantity FROM dbo.item WHERE quantity > 0",
    "CREATE PROCEDURE dbo.pick @item int, @left decimal(19, 6) = 0 OUTPUT AS SELECT @item AS item",
    "CREATE FUNCTION dbo.twice (@n int) RETURNS bigint AS BEGIN RETURN 2 * @n END",
    "CREATE FUNCTION dbo.of_item (@id int) RETURNS TABLE AS RETURN SELECT number FROM wh.line WHERE item_id = @id",
    "CREATE SEQUENCE dbo.picks AS int START WITH 10 INCREMENT BY 5",
    "CREATE SYNONYM dbo.goods FOR dbo.item",
    "CREATE TYPE dbo.PickList AS TABLE (item int NOT NULL PRIMARY KEY, amount decimal(9, 2))",
    "INSERT INTO dbo.item (code, quantity) VALUES ('a', 1), ('b', 2)",
)


def run(session: Session, text: str) -> Collector:
    """Run a batch that must not fail."""
    sink = Collector()
    session.run_batch(text, sink)
    if sink.errors:
        raise sink.errors[0]
    return sink


@pytest.fixture
def session() -> Session:
    opened = Instance(clock=VirtualClock(), logins={"picker": "secret"}).open_session()
    for statement in WAREHOUSE:
        run(opened, statement)
    return opened


@pytest.fixture
def query(session: Session) -> Callable[[str], list[tuple[Any, ...]]]:
    """Run a batch and give the rows of its last result set as Python values."""

    def rows(text: str) -> list[tuple[Any, ...]]:
        result = run(session, text).result_sets[-1]
        types = [column.type for column in result.columns]
        return [tuple(map(to_python, types, row)) for row in result.rows]

    return rows
