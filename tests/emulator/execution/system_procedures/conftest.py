"""Sessions on a small database, to call system procedures from."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.errors import SqlError
from emulator.instance import Instance
from emulator.results import Collector
from emulator.scheduler import Task, VirtualClock
from emulator.session import Session
from emulator.tds.engine import RpcParameter
from emulator.types.external import from_python, to_python

TABLES = (
    """CREATE TABLE dbo.item (
        id int IDENTITY CONSTRAINT pk_item PRIMARY KEY,
        code varchar(20) NOT NULL CONSTRAINT uq_item UNIQUE,
        quantity decimal(19, 6) NOT NULL CONSTRAINT df_quantity DEFAULT 0 CONSTRAINT ck_quantity CHECK (quantity >= 0),
        note nvarchar(max) NULL,
        stamped datetime2(3) NULL)""",
    """CREATE TABLE dbo.line (
        item_id int NOT NULL CONSTRAINT fk_line REFERENCES dbo.item (id) ON DELETE CASCADE,
        number int NOT NULL,
        CONSTRAINT pk_line PRIMARY KEY (number, item_id))""",
    "CREATE INDEX ix_line ON dbo.line (item_id DESC)",
    "CREATE VIEW dbo.stocked AS SELECT id, code FROM dbo.item",
    "CREATE TYPE dbo.PickList AS TABLE (item int NOT NULL PRIMARY KEY)",
    "CREATE PROCEDURE dbo.pick @item int, @left decimal(19, 6) = 0 OUTPUT AS SELECT @item AS item, @left AS remaining",
    "CREATE PROCEDURE dbo.take @list dbo.PickList READONLY, @note nvarchar(50) = NULL AS SELECT 1 AS one",
    "CREATE FUNCTION dbo.twice (@n bigint) RETURNS bigint AS BEGIN RETURN 2 * @n END",
)


class Client:
    """A session, and what its batches and calls bring."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.instance = session.instance

    def collect(self, text: str) -> Collector:
        """Run a batch to its end."""
        sink = Collector()
        self.instance.scheduler.run_until_done(self.spawn(text, sink))
        return sink

    def spawn(self, text: str, sink: Collector) -> Task:
        """Queue a batch."""
        return self.instance.scheduler.spawn("client", lambda: self.session.run_batch(text, sink))

    def start(self, text: str) -> Collector:
        """Begin a batch and let everybody run as far as they come."""
        sink = Collector()
        self.spawn(text, sink)
        self.instance.scheduler.run()
        return sink

    def run(self, text: str) -> Collector:
        """Run a batch that must not fail."""
        sink = self.collect(text)
        if sink.errors:
            raise sink.errors[0]
        return sink

    def rows(self, text: str) -> list[dict[str, Any]]:
        """The rows of the last result set as Python values by column name."""
        return named_rows(self.run(text))

    def values(self, text: str) -> list[tuple[Any, ...]]:
        """The rows of the last result set as tuples."""
        return python_rows(self.run(text))

    def fails(self, text: str) -> SqlError:
        """The first error of a batch that must fail."""
        errors = self.collect(text).errors
        assert errors, f"no error from: {text}"
        return errors[0]

    def call(self, name: str, *arguments: Any, **named: Any) -> Collector:
        """Call a procedure by remote procedure call."""
        parameters = [RpcParameter("", *from_python(value)) for value in arguments]
        parameters += [RpcParameter(f"@{name}", *from_python(value)) for name, value in named.items()]
        sink = Collector()
        self.session.run_rpc(name, parameters, sink)
        return sink


def python_rows(sink: Collector) -> list[tuple[Any, ...]]:
    result = sink.result_sets[-1]
    types = [column.type for column in result.columns]
    return [tuple(map(to_python, types, row)) for row in result.rows]


def named_rows(sink: Collector) -> list[dict[str, Any]]:
    names = [column.name for column in sink.result_sets[-1].columns]
    return [dict(zip(names, row, strict=True)) for row in python_rows(sink)]


@pytest.fixture
def instance() -> Instance:
    return Instance(clock=VirtualClock())


@pytest.fixture
def client(instance: Instance) -> Client:
    opened = Client(instance.open_session())
    for statement in TABLES:
        opened.run(statement)
    return opened


@pytest.fixture
def other(client: Client) -> Client:
    return Client(client.instance.open_session())
