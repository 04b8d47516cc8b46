"""The result sink of a connection: what the engine reports becomes reply tokens.

Rules that clients rely on:

* A DONE token without the MORE bit ends the reply, and only the last may lack it. The sink therefore holds a DONE back
  until it knows what follows.
* Statements of a batch end with DONE; those of a remote procedure call with DONEINPROC, and each call with DONEPROC.
  A procedure that a batch calls by EXEC is such a call within the batch, with its return status.
* An ERROR token gives the next DONE token the error bit.
* A statement of a call that has nothing to report (NOCOUNT ON, SET, DECLARE) has no token.

Everything collects in one buffer. When that is full, ``flush`` takes what it can send; it may block the running task.
"""

from collections.abc import Callable, Sequence
from operator import call
from typing import Any

from emulator.errors import SqlError
from emulator.results import ColumnInfo
from emulator.tds import tokens
from emulator.tds.dialect import TDS_7_4, Dialect
from emulator.tds.encoding import Encoder
from emulator.tds.engine import Parameter, RpcParameter
from emulator.tds.tokens import Command, DoneStatus, DoneToken, EnvChange, ResultShape
from emulator.types.collation import collation as find_collation
from emulator.types.sqltype import SqlType

FLUSH_SIZE = 64 * 1024
_SHAPES_KEPT = 2048
_MAXIMUM_CLASS_OF_A_LIVING_CONNECTION = 19

Flush = Callable[[bytearray], None]
"""Takes bytes from the front of the buffer, which it shortens; called in the running task, which it may block."""


class ShapeCache:
    """Result shapes of one dialect by the identity of the tuple of columns: a compiled statement reports the same tuple
    every time. The cache holds the tuple, so its identity cannot come to mean another one."""

    def __init__(self, dialect: Dialect = TDS_7_4) -> None:
        self.dialect = dialect
        self._shapes: dict[int, tuple[Sequence[ColumnInfo], ResultShape]] = {}

    def shape(self, columns: Sequence[ColumnInfo]) -> ResultShape:
        """Metadata and encoders of ``columns``."""
        kept = self._shapes.get(id(columns))
        if kept is not None:
            return kept[1]
        shape = tokens.result_shape(columns, self.dialect)
        if type(columns) is tuple:
            if len(self._shapes) >= _SHAPES_KEPT:
                self._shapes.clear()
            self._shapes[id(columns)] = columns, shape
        return shape


class TokenSink:
    """A ``ResultSink`` for one request. ``buffer`` holds the tokens that have not been sent."""

    def __init__(self, shapes: ShapeCache, server: str, flush: Flush) -> None:
        self.buffer = bytearray()
        self.muted = False
        self.is_fatal = False
        self.has_error = False
        self._shapes = shapes
        self._dialect = shapes.dialect
        self._server = server
        self._flush = flush
        self._statement_token = DoneToken.DONE
        self._held: tuple[DoneToken, int, int, Command] | None = None
        self._failed = False
        self._encoders: tuple[Encoder, ...] = ()
        self._ordinals: list[tuple[str, int]] = []

    def mute(self) -> None:
        """Drop what is still reported: the client has cancelled the request and discards the rest."""
        self.muted = True

    # What the engine reports

    def columns(self, columns: Sequence[ColumnInfo]) -> None:
        shape = self._shapes.shape(columns)
        self._release()
        self._encoders = shape.encoders
        self.buffer += shape.metadata

    def row(self, row: Sequence[Any]) -> None:
        if self.muted:
            return
        encoders = self._encoders
        if len(row) != len(encoders):
            raise ValueError(f"a row of {len(row)} values for {len(encoders)} columns")
        buffer = self.buffer
        buffer += tokens.ROW + b"".join(map(call, encoders, row))
        if len(buffer) > FLUSH_SIZE:
            self._flush(buffer)

    def done(self, count: int | None, *, is_select: bool = False) -> None:
        in_procedure = self._statement_token is DoneToken.DONEINPROC
        if in_procedure and count is None and not is_select and not self._failed:
            return
        self._release()
        status = DoneStatus.ERROR if self._failed else 0
        if count is not None:
            status |= DoneStatus.COUNT
        self._failed = False
        command = Command.SELECT if is_select else Command.OTHER
        self._held = self._statement_token, status, count or 0, command

    def message(self, error: SqlError) -> None:
        self._release()
        tokens.message(self.buffer, error, self._server, self._dialect)
        if error.severity > 10:
            self._failed = self.has_error = True
            self.is_fatal |= error.severity > _MAXIMUM_CLASS_OF_A_LIVING_CONNECTION
        if len(self.buffer) > FLUSH_SIZE and not self.muted:
            self._flush(self.buffer)

    def procedure_began(self) -> None:
        self._statement_token = DoneToken.DONEINPROC

    def procedure_ended(self, status: int | None) -> None:
        self._statement_token = DoneToken.DONE
        if status is not None:
            self.return_status(status)
            self.end_call()

    def fail(self) -> None:
        self._failed = True

    def return_status(self, status: int) -> None:
        self._release()
        tokens.return_status(self.buffer, status)

    def return_value(self, name: str, type: SqlType, value: Any) -> None:
        self._release()
        tokens.return_value(self.buffer, self._ordinal(name), name, type, value, self._dialect)

    def transaction_began(self, descriptor: int) -> None:
        if not self._dialect.wide:
            return
        self._release()
        tokens.transaction_change(self.buffer, EnvChange.BEGIN_TRANSACTION, descriptor)

    def transaction_ended(self, descriptor: int, *, committed: bool) -> None:
        if not self._dialect.wide:
            return
        self._release()
        kind = EnvChange.COMMIT_TRANSACTION if committed else EnvChange.ROLLBACK_TRANSACTION
        tokens.transaction_change(self.buffer, kind, descriptor)

    def database_changed(self, old: str, new: str, line: int, collation: str) -> None:
        self._release()
        tokens.text_change(self.buffer, EnvChange.DATABASE, new, old)
        if self._dialect.collated:
            tokens.binary_change(self.buffer, EnvChange.COLLATION, find_collation(collation).tds)
        self.message(SqlError(5701, 0, 1, f"Changed database context to '{new}'.", line))

    # What the server adds

    def acknowledge_reset(self) -> None:
        """First token of the reply to a request that reset the connection."""
        tokens.binary_change(self.buffer, EnvChange.RESET_ACKNOWLEDGED)

    def begin_call(self, parameters: Sequence[Parameter]) -> None:
        """What follows belongs to a remote procedure call."""
        self._statement_token = DoneToken.DONEINPROC
        self._ordinals = [
            (parameter.name.lower(), ordinal)
            for ordinal, parameter in enumerate(parameters)
            if type(parameter) is RpcParameter and parameter.output
        ]

    def end_call(self) -> None:
        """The call is over."""
        self._release()
        self._held = DoneToken.DONEPROC, DoneStatus.ERROR if self._failed else 0, 0, Command.OTHER
        self._failed = False

    def finish(self) -> None:
        """End the reply: the last DONE goes out without MORE, one is made if there is none."""
        held = self._held
        if held is None:
            held = DoneToken.DONE, DoneStatus.ERROR if self._failed else 0, 0, Command.OTHER
        token, status, count, command = held
        tokens.done(self.buffer, token, status, count, command, self._dialect)
        self._held = None

    def finish_cancelled(self) -> None:
        """End the reply to a cancelled request, wherever it stopped."""
        self._release()
        tokens.done(self.buffer, DoneToken.DONE, dialect=self._dialect)

    def _release(self) -> None:
        """Send the held DONE: something follows it."""
        if self._held is not None:
            token, status, count, command = self._held
            tokens.done(self.buffer, token, status | DoneStatus.MORE, count, command, self._dialect)
            self._held = None

    def _ordinal(self, name: str) -> int:
        """The place of an OUTPUT parameter in the call: by its name, else the next one that was passed without."""
        for called in (name.lower(), ""):
            for index, (passed, ordinal) in enumerate(self._ordinals):
                if passed == called:
                    del self._ordinals[index]
                    return ordinal
        return 0
