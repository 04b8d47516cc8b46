"""One session on the target: opened, used by one thread at a time, closed.

The rules of every call:
- Autocommit is on: the procedures own their transactions, and a client-side one around them would keep their locks.
- A call is one `{CALL schema.procedure (?, ...)}`: one round trip, a direct procedure call rather than a batch of text.
- Every result is read to its end before the call counts as done: an error raised after a result set shows only when the
  driver moves on to the next one.
- Every procedure keeps a cursor of its own. The driver prepares the call with its first execution and would unprepare
  it, in a round trip of its own, as soon as the cursor is closed or used for another text.
- A NULL stands in the text of the call. As a parameter it would make the driver ask the server for its type first.
- The driver manager's pooling is off: it hands out sessions whose transaction may still be open.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Self
from uuid import UUID

import pyodbc

from harness.connection.errors import SqlServerError, Unreachable, message_text
from harness.connection.target import Target

pyodbc.pooling = False

LOGIN_TIMEOUT_SECONDS = 15

_PROCEDURE_NAME = re.compile(r"[A-Za-z_]\w*\.[A-Za-z_]\w*")


@dataclass(frozen=True, slots=True)
class ResultSet:
    """One table that the server sent back: column names, and rows in their order."""

    columns: tuple[str, ...]
    rows: list[pyodbc.Row]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a write procedure reports: its request, and the columns that tell what was made.

    `replayed` says that the request had been done before and nothing was changed now; `attempts` counts the tries, more
    than one after a deadlock inside the procedure.
    """

    request_id: UUID
    replayed: bool
    attempts: int
    values: dict[str, Any]


@dataclass(frozen=True, slots=True)
class CallResult:
    """All that a call sent back, read to its end: its result sets, and what it said with PRINT."""

    result_sets: tuple[ResultSet, ...]
    messages: tuple[str, ...] = ()

    @property
    def rows(self) -> list[pyodbc.Row]:
        """The rows of the only result set, as the search procedures send it; none if there is no result set."""
        return self.result_sets[0].rows if self.result_sets else []

    @property
    def outcome(self) -> Outcome:
        """The outcome row that ends a write procedure's results. LookupError if the call sent none."""
        last = self.result_sets[-1] if self.result_sets else None
        if last is None or len(last.rows) != 1 or "RequestId" not in last.columns:
            raise LookupError("the call returned no outcome row")
        values = dict(zip(last.columns, last.rows[0], strict=True))
        request_id, replayed, attempts = (values.pop(name) for name in ("RequestId", "Replayed", "Attempts"))
        return Outcome(UUID(str(request_id)), bool(replayed), int(attempts), values)


class Session:
    """An open connection with its prepared procedure calls. Not to be shared between threads."""

    def __init__(self, connection: pyodbc.Connection) -> None:
        self.connection = connection
        self._cursors: dict[str, pyodbc.Cursor] = {}

    def call(self, procedure: str, *arguments: object) -> CallResult:
        """Call a procedure, `schema.Name`, with its leading parameters by position. SqlServerError if it fails."""
        text = _call_text(procedure, tuple(argument is None for argument in arguments))
        cursor = self._cursors.get(text)
        if cursor is None:
            cursor = self._cursors[text] = self.connection.cursor()
        return _run(cursor, text, [argument for argument in arguments if argument is not None])

    def execute(self, text: str, *arguments: object) -> CallResult:
        """Run a batch. Without arguments its text travels untouched; with them as a parameterised statement."""
        cursor = self.connection.cursor()
        try:
            return _run(cursor, text, arguments)
        finally:
            with suppress(pyodbc.Error):
                cursor.close()

    def close(self) -> None:
        """Close the connection; the server rolls back whatever is open. Closing a broken one is no error."""
        self._cursors.clear()
        with suppress(pyodbc.Error):
            self.connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def connect(
    target: Target,
    *,
    autocommit: bool = True,
    login_timeout: int = LOGIN_TIMEOUT_SECONDS,
    query_timeout: int = 0,
) -> pyodbc.Connection:
    """A plain pyodbc connection. Both timeouts are in seconds; a query timeout of 0 waits for ever.

    Raises Unreachable, in one line that names the server and never the password.
    """
    try:
        connection = pyodbc.connect(target.connection_string.text(), autocommit=autocommit, timeout=login_timeout)
    except pyodbc.Error as error:
        reason = SqlServerError.from_pyodbc(error)
        said = f"no server answers there within {login_timeout} seconds" if reason.is_timeout else str(reason)
        raise Unreachable(f"cannot connect to {target}: {said}") from error
    connection.timeout = query_timeout
    return connection


def open_session(target: Target, *, login_timeout: int = LOGIN_TIMEOUT_SECONDS, query_timeout: int = 0) -> Session:
    """A session with autocommit on. Raises Unreachable."""
    return Session(connect(target, login_timeout=login_timeout, query_timeout=query_timeout))


@lru_cache
def _call_text(procedure: str, nulls: tuple[bool, ...]) -> str:
    if _PROCEDURE_NAME.fullmatch(procedure) is None:
        raise ValueError(f"not the name of a procedure with its schema: {procedure!r}")
    if not nulls:
        return f"{{CALL {procedure}}}"
    return f"{{CALL {procedure} ({', '.join('NULL' if null else '?' for null in nulls)})}}"


def _run(cursor: pyodbc.Cursor, text: str, arguments: Sequence[object]) -> CallResult:
    try:
        cursor.execute(text, *arguments)
        messages: list[str] = []
        return CallResult(tuple(_drain(cursor, messages)), tuple(messages))
    except pyodbc.Error as error:
        raise SqlServerError.from_pyodbc(error, cursor) from error


def _drain(cursor: pyodbc.Cursor, messages: list[str]) -> Iterator[ResultSet]:
    while True:
        messages += [message_text(text) for _, text in cursor.messages or ()]
        if cursor.description is not None:
            yield ResultSet(tuple(column[0] for column in cursor.description), cursor.fetchall())
        if not cursor.nextset():
            return
