"""An engine in process: sessions that run T-SQL, one after the other or side by side under a chosen schedule."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from emulator.errors import SqlError
from emulator.instance import Instance
from emulator.results import Collector
from emulator.scheduler import Task, VirtualClock
from emulator.session import Session
from emulator.types.external import to_python


class Client:
    """One session.

    ``run`` and ``query`` complete before they return; ``start`` begins a batch that may have to wait.
    """

    def __init__(self, session: Session) -> None:
        self.session = session
        self.instance = session.instance

    def start(self, text: str) -> Pending:
        """Begin a batch and let all sessions run until nobody can go on."""
        pending = self.spawn(text)
        self.instance.scheduler.run()
        return pending

    def spawn(self, text: str) -> Pending:
        """Queue a batch without letting anybody run."""
        sink = Collector()
        task = self.instance.scheduler.spawn(f"{self.session.spid}", lambda: self.session.run_batch(text, sink))
        return Pending(task, sink)

    def collect(self, text: str) -> Collector:
        """Run a batch to its end, and the others as far as they come then. Errors are collected."""
        pending = self.spawn(text)
        self.instance.scheduler.run_until_done(pending.task)
        self.instance.scheduler.run()
        return pending.sink

    def run(self, text: str) -> Collector:
        """Run a batch that must not fail."""
        sink = self.collect(text)
        if sink.errors:
            raise sink.errors[0]
        return sink

    def query(self, text: str) -> list[tuple[Any, ...]]:
        """The rows of the last result set as Python values."""
        return self.results(text)[-1]

    def results(self, text: str) -> list[list[tuple[Any, ...]]]:
        """The rows of all result sets as Python values."""
        return [python_rows(result) for result in self.run(text).result_sets]

    def value(self, expression: str) -> Any:
        """The value of a scalar expression."""
        return self.query(f"SELECT {expression}")[0][0]

    def fails(self, text: str) -> SqlError:
        """The first error of a batch that must fail."""
        errors = self.collect(text).errors
        assert errors, f"no error from: {text}"
        return errors[0]


class Pending:
    """A batch under way."""

    def __init__(self, task: Task, sink: Collector) -> None:
        self.task = task
        self.sink = sink

    @property
    def done(self) -> bool:
        return self.task.done

    @property
    def rows(self) -> list[tuple[Any, ...]]:
        """The rows of the last result set as Python values."""
        return python_rows(self.sink.result_sets[-1])

    @property
    def error_numbers(self) -> list[int]:
        return [error.number for error in self.sink.errors]


def python_rows(result: Any) -> list[tuple[Any, ...]]:
    types = [column.type for column in result.columns]
    return [
        tuple(None if value is None else to_python(type, value) for type, value in zip(types, row, strict=True))
        for row in result.rows
    ]


class Engine:
    """An instance with a virtual clock; ``client`` opens sessions."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.instance = Instance(clock=self.clock)

    def client(self) -> Client:
        return Client(self.instance.open_session())

    def client_of(self, login: str, password: str, database: str = "") -> Client:
        """A session that logs in. Raises SqlError."""
        return Client(self.instance.login(login, password, database))

    def clients(self, count: int) -> Sequence[Client]:
        return [self.client() for _ in range(count)]


@pytest.fixture
def engine() -> Engine:
    return Engine()


@pytest.fixture
def client(engine: Engine) -> Client:
    return engine.client()
