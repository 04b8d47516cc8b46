"""A database in process whose queries are run as text, and whose locks can be listed."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.errors import SqlError
from emulator.instance import Instance
from emulator.locking.manager import WHOLE
from emulator.results import Collector
from emulator.scheduler import VirtualClock
from emulator.session import Session
from emulator.storage.keys import INFINITY
from emulator.types.external import to_python


class Connection:
    """One session. Locks are strings: ``IS dbo.t`` for a table, ``S dbo.t.pk (1,)`` for a key."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.instance = session.instance

    def collect(self, text: str) -> Collector:
        sink = Collector()
        task = self.instance.scheduler.spawn("test", lambda: self.session.run_batch(text, sink))
        self.instance.scheduler.run_until_done(task)
        return sink

    def run(self, text: str) -> Collector:
        sink = self.collect(text)
        if sink.errors:
            raise sink.errors[0]
        return sink

    def rows(self, text: str) -> list[tuple[Any, ...]]:
        """The rows of the last result set as Python values."""
        result = self.run(text).result_sets[-1]
        types = [column.type for column in result.columns]
        return [
            tuple(None if value is None else to_python(type, value) for type, value in zip(types, row, strict=True))
            for row in result.rows
        ]

    def column(self, text: str) -> list[Any]:
        """The first column of the rows."""
        return [row[0] for row in self.rows(text)]

    def names(self, text: str) -> list[str]:
        """The column names of the last result set."""
        return [column.name for column in self.run(text).result_sets[-1].columns]

    def error(self, text: str) -> SqlError:
        errors = self.collect(text).errors
        assert errors, f"no error from: {text}"
        return errors[0]

    def start(self, text: str) -> Collector:
        """Begin a batch that may have to wait; its results come into the collector."""
        sink = Collector()
        self.instance.scheduler.spawn("test", lambda: self.session.run_batch(text, sink))
        self.instance.scheduler.run()
        return sink

    def locks(self, text: str, level: str = "READ COMMITTED") -> list[str]:
        """What a transaction with this one statement holds at its end, in the order taken. (All its tables are locked
        Sch-S first.)"""
        self.run(f"SET TRANSACTION ISOLATION LEVEL {level}; BEGIN TRANSACTION; {text}")
        held = self.held()
        self.run("ROLLBACK; SET TRANSACTION ISOLATION LEVEL READ COMMITTED")
        return held

    def held(self) -> list[str]:
        transaction = self.session.transaction
        if transaction is None:
            return []
        found = []
        for row in self.instance.locks.listing([transaction]):
            key = "" if row.key == WHOLE else " INFINITY" if row.key == INFINITY else f" {row.key}"
            found.append(f"{row.mode} {row.space.name}{key}")
        return found


class Server:
    """An instance with a virtual clock."""

    def __init__(self) -> None:
        self.instance = Instance(clock=VirtualClock())

    def connect(self) -> Connection:
        return Connection(self.instance.open_session())


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
def db(server: Server) -> Connection:
    """A session on a database with the tables ``t`` (5 rows) and ``u`` (5 rows)."""
    connection = server.connect()
    connection.run(
        """
        CREATE TABLE dbo.t (
            id int NOT NULL CONSTRAINT pk_t PRIMARY KEY, a int NULL, b varchar(10) NULL, c int NULL,
            INDEX ix_a (a) INCLUDE (b), CONSTRAINT uq_c UNIQUE (c)
        );
        CREATE TABLE dbo.u (
            id int NOT NULL CONSTRAINT pk_u PRIMARY KEY, tid int NULL, v decimal(10, 2) NULL, INDEX ix_tid (tid)
        );
        INSERT INTO t VALUES
            (1, 10, 'x', 100), (2, 20, 'y', 200), (3, 20, 'z', 300), (4, NULL, 'w', 400), (5, 50, NULL, 500);
        INSERT INTO u VALUES (1, 1, 1.5), (2, 1, 2.5), (3, 2, 7), (4, 9, 1), (5, NULL, 3);
        """
    )
    return connection
