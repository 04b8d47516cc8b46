"""What a step sends back, and the sessions that run steps: each a connection of its own, in a thread of its own."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import pyodbc

from harness.connection import Target, connect
from harness.connection.errors import parse_diagnostics
from harness.deploy.batches import split_batches

TERMINATED = 3621
"""``The statement has been terminated.`` accompanies other errors and says nothing by itself."""
LOGIN_TIMEOUT_SECONDS = 15


@dataclass(frozen=True, slots=True)
class Rows:
    """A result set."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]


@dataclass(frozen=True, slots=True)
class Count:
    """How many rows a statement changed."""

    rows: int


@dataclass(frozen=True, slots=True)
class Message:
    """What PRINT and informational errors say."""

    text: str


@dataclass(frozen=True, slots=True)
class Failure:
    """An error. ``number`` is the server's, 0 for one of the driver."""

    number: int
    text: str


Item = Rows | Count | Message | Failure


def run_batches(connection: pyodbc.Connection, text: str) -> list[Item]:
    """Run a text, batch after batch, and collect what comes back. The first batch with an error is the last."""
    items: list[Item] = []
    for batch in split_batches(text):
        for _ in range(batch.count):
            items += _run_batch(connection, batch.text)
            if any(isinstance(item, Failure) for item in items):
                return items
    return items


def _run_batch(connection: pyodbc.Connection, text: str) -> Iterator[Item]:
    cursor = connection.cursor()
    try:
        cursor.execute(text)
        more = True
        while more:
            yield from _messages(cursor)
            if cursor.description is not None:
                columns = tuple(column[0] for column in cursor.description)
                yield Rows(columns, tuple(tuple(row) for row in cursor.fetchall()))
            elif cursor.rowcount >= 0:
                yield Count(cursor.rowcount)
            more = cursor.nextset()
        yield from _messages(cursor)
    except pyodbc.Error as error:
        diagnostics = parse_diagnostics(error)
        for diagnostic in diagnostics:
            if diagnostic.number != TERMINATED or len(diagnostics) == 1:
                yield Failure(diagnostic.number, diagnostic.message)
    finally:
        with suppress(pyodbc.Error):
            cursor.close()


def _messages(cursor: pyodbc.Cursor) -> Iterator[Message]:
    for _, text in cursor.messages or ():
        yield Message(text.rpartition("]")[2].strip())


class StepSession:
    """A connected session. ``spid`` is its number on the server. Only its own thread uses the connection.

    ``ended`` is called, in that thread, whenever something that was begun has ended.
    """

    def __init__(self, name: str, target: Target, ended: Callable[[], None]) -> None:
        self.name = name
        self._connection = connect(target, login_timeout=LOGIN_TIMEOUT_SECONDS)
        self._cursor: pyodbc.Cursor | None = None
        self.spid = int(self._connection.execute("SELECT @@SPID").fetchval())
        self._ended = ended
        self._texts: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._result: list[Item] | None = None
        self.busy = False
        self._thread = threading.Thread(target=self._work, name=f"scenario session {name}", daemon=True)
        self._thread.start()

    def begin(self, text: str) -> None:
        """Start running ``text``."""
        assert not self.busy
        self.busy, self._result = True, None
        self._texts.put(text)

    @property
    def finished(self) -> bool:
        """Whether what was begun has ended and waits to be taken."""
        return self.busy and self._result is not None

    def take(self) -> list[Item]:
        """What came of it, once ``finished``."""
        result = self._result
        assert result is not None
        self.busy, self._result = False, None
        return result

    def close(self, *, kill: Callable[[int], None]) -> None:
        """Disconnect; ``kill`` ends on the server what still runs there."""
        if self.busy and self._result is None:
            kill(self.spid)
        self._texts.put(None)
        self._thread.join()
        with suppress(pyodbc.Error):
            self._connection.close()

    def _work(self) -> None:
        while (text := self._texts.get()) is not None:
            self._result = run_batches(self._connection, text)
            self._ended()
