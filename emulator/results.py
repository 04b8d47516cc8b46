"""What a session tells its client: the sans-I/O side of the wire.

The engine calls a ``ResultSink``; the TDS server encodes the calls as tokens, tests and in-process callers collect
them (``Collector``). The order of calls is the order of tokens on the wire.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from emulator.errors import SqlError
from emulator.types.sqltype import SqlType


@dataclass(frozen=True, slots=True)
class ColumnInfo:
    """One column of a result set.

    ``name`` is "" for an unnamed expression; a ``hidden`` one is for the client's library and not for its user.
    """

    name: str
    type: SqlType
    nullable: bool = True
    identity: bool = False
    updatable: bool = False
    hidden: bool = False


class ResultSink(Protocol):
    """Receives everything that a request produces, in order."""

    def columns(self, columns: Sequence[ColumnInfo]) -> None:
        """A result set begins."""

    def row(self, row: Sequence[Any]) -> None:
        """A row of the current result set, engine values in the types of ``columns``."""

    def done(self, count: int | None, *, is_select: bool = False) -> None:
        """A statement ended. ``count`` is its row count, None when there is none to report (NOCOUNT, DDL, SET)."""

    def message(self, error: SqlError) -> None:
        """An error (severity above 10) or an informational message (PRINT, low RAISERROR, severity 0-10)."""

    def procedure_began(self) -> None:
        """The statements that follow are those of a procedure that a batch calls."""

    def procedure_ended(self, status: int | None) -> None:
        """They are over; ``status`` is what the procedure returned, None if it did not come to its end."""

    def fail(self) -> None:
        """The running statement failed, and the client is told no more than that."""

    def return_status(self, status: int) -> None:
        """The return status of a procedure that was called as a remote procedure call."""

    def return_value(self, name: str, type: SqlType, value: Any) -> None:
        """The final value of an OUTPUT parameter of a remote procedure call. ``name`` has its ``@`` or is ""."""

    def transaction_began(self, descriptor: int) -> None:
        """The session's transaction count went from 0 to 1 (ENVCHANGE 8)."""

    def transaction_ended(self, descriptor: int, *, committed: bool) -> None:
        """The transaction committed (ENVCHANGE 9) or rolled back (ENVCHANGE 10)."""

    def database_changed(self, old: str, new: str, line: int, collation: str) -> None:
        """USE in ``line`` changed the current database (ENVCHANGE 1 and message 5701)."""


class ForwardingSink:
    """A ``ResultSink`` that sends everything on to another one: for sinks that change a part of it."""

    def __init__(self, client: ResultSink) -> None:
        self.client = client

    def columns(self, columns: Sequence[ColumnInfo]) -> None:
        self.client.columns(columns)

    def row(self, row: Sequence[Any]) -> None:
        self.client.row(row)

    def done(self, count: int | None, *, is_select: bool = False) -> None:
        self.client.done(count, is_select=is_select)

    def message(self, error: SqlError) -> None:
        self.client.message(error)

    def procedure_began(self) -> None:
        self.client.procedure_began()

    def procedure_ended(self, status: int | None) -> None:
        self.client.procedure_ended(status)

    def fail(self) -> None:
        self.client.fail()

    def return_status(self, status: int) -> None:
        self.client.return_status(status)

    def return_value(self, name: str, type: SqlType, value: Any) -> None:
        self.client.return_value(name, type, value)

    def transaction_began(self, descriptor: int) -> None:
        self.client.transaction_began(descriptor)

    def transaction_ended(self, descriptor: int, *, committed: bool) -> None:
        self.client.transaction_ended(descriptor, committed=committed)

    def database_changed(self, old: str, new: str, line: int, collation: str) -> None:
        self.client.database_changed(old, new, line, collation)


@dataclass(slots=True)
class ResultSet:
    """A collected result set: its columns and rows in engine values."""

    columns: Sequence[ColumnInfo]
    rows: list[tuple[Any, ...]] = field(default_factory=list)


@dataclass(slots=True)
class Collector:
    """A ``ResultSink`` that keeps everything in lists, for in-process use and tests."""

    result_sets: list[ResultSet] = field(default_factory=list)
    counts: list[int | None] = field(default_factory=list)
    messages: list[SqlError] = field(default_factory=list)
    status: int | None = None
    values: dict[str, Any] = field(default_factory=dict)
    events: list[tuple[Any, ...]] = field(default_factory=list)

    def columns(self, columns: Sequence[ColumnInfo]) -> None:
        self.result_sets.append(ResultSet(columns))

    def row(self, row: Sequence[Any]) -> None:
        self.result_sets[-1].rows.append(tuple(row))

    def done(self, count: int | None, *, is_select: bool = False) -> None:
        self.counts.append(count)

    def message(self, error: SqlError) -> None:
        self.messages.append(error)

    def procedure_began(self) -> None:
        """Statements of procedures are collected as all others are."""

    def procedure_ended(self, status: int | None) -> None:
        """The same."""

    def fail(self) -> None:
        self.events.append(("failed",))

    def return_status(self, status: int) -> None:
        self.status = status

    def return_value(self, name: str, type: SqlType, value: Any) -> None:
        self.values[name] = value

    def transaction_began(self, descriptor: int) -> None:
        self.events.append(("began", descriptor))

    def transaction_ended(self, descriptor: int, *, committed: bool) -> None:
        self.events.append(("committed" if committed else "rolled back", descriptor))

    def database_changed(self, old: str, new: str, line: int, collation: str) -> None:
        self.events.append(("database", old, new))

    @property
    def errors(self) -> list[SqlError]:
        """The messages above severity 10."""
        return [message for message in self.messages if message.severity > 10]
