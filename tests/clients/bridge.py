"""Clients of other languages: a program of theirs that reads requests from its input and writes what came of them.

Both sides write lines of words separated by spaces. A value is one word: ``-`` for NULL, else its kind, a colon and its
text in base64. A request is an operation and its values. The answer is any number of lines, the last of them ``done``,
``cut TEXT`` (the client gave up waiting) or ``error NUMBER SEVERITY STATE LINE TEXT``:

    set                 a result set begins
    row VALUE ...       a row of it
    status VALUE        the procedure's status
    output NAME VALUE   an output parameter
"""

from __future__ import annotations

import base64
import subprocess
from collections.abc import Callable, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import IO, Any
from uuid import UUID

from tests.clients.client import Address, Argument, Called, ClientError, CutShort, Row

_READERS: dict[str, Callable[[str], Any]] = {
    "bool": lambda text: text == "true",
    "int": int,
    "float": float,
    "decimal": Decimal,
    "str": str,
    "bytes": bytes.fromhex,
    "date": date.fromisoformat,
    "time": time.fromisoformat,
    "datetime": datetime.fromisoformat,
    "datetimeoffset": datetime.fromisoformat,
    "uuid": UUID,
}


def write_value(value: Any) -> str:
    """A Python value as a word."""
    match value:
        case None:
            return "-"
        case bool():
            kind, text = "bool", str(value).lower()
        case int():
            kind, text = "int", str(value)
        case float():
            kind, text = "float", repr(value)
        case Decimal():
            kind, text = "decimal", f"{value:f}"
        case str():
            kind, text = "str", value
        case bytes():
            kind, text = "bytes", value.hex()
        case datetime() if value.tzinfo is not None:
            kind, text = "datetimeoffset", value.isoformat(timespec="milliseconds")
        case datetime():
            kind, text = "datetime", value.isoformat(timespec="microseconds")
        case date():
            kind, text = "date", value.isoformat()
        case time():
            kind, text = "time", value.isoformat(timespec="microseconds")
        case UUID():
            kind, text = "uuid", str(value)
        case _:
            raise TypeError(f"no kind for {type(value).__name__}")
    return f"{kind}:{base64.b64encode(text.encode()).decode()}"


def read_value(word: str) -> Any:
    """The Python value of a word."""
    if word == "-":
        return None
    kind, _, text = word.partition(":")
    return _READERS[kind](base64.b64decode(text).decode())


class Program:
    """A client's program, running. It serves one connection at a time, and ends when its input does."""

    def __init__(self, command: Sequence[str], environment: dict[str, str]) -> None:
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8", env=environment
        )

    def ask(self, operation: str, *values: Any) -> Called:
        """Send a request and read the answer. ClientError, CutShort; EOFError when the program has ended."""
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(" ".join([operation, *map(write_value, values)]) + "\n")
        stdin.flush()
        return _answer(stdout)


class Programs:
    """The programs of one client: each serves one connection after the other, because starting one takes long."""

    def __init__(self, command: Sequence[str], environment: dict[str, str]) -> None:
        self._command = command
        self._environment = environment
        self._idle: list[Program] = []

    def connect(self, address: Address) -> BridgeConnection:
        """A connection, of a program that is idle or a new one."""
        program = self._idle.pop() if self._idle else Program(self._command, self._environment)
        try:
            program.ask("connect", address.host, address.port, address.user, address.password, address.database)
        except ClientError:
            self._idle.append(program)
            raise
        return BridgeConnection(program, self._idle)


class BridgeConnection:
    """A connection of the client behind a program, which goes back among the ``idle`` ones when it is closed."""

    def __init__(self, program: Program, idle: list[Program]) -> None:
        self._program = program
        self._idle = idle

    def query(self, text: str, *values: Any) -> list[list[Row]]:
        return self.ask("query", text, *values).results

    def call(self, procedure: str, arguments: Sequence[Argument]) -> Called:
        flat = [part for a in arguments for part in (a.name, a.type, a.output, a.value)]
        return self.ask("call", procedure, *flat)

    def begin(self) -> None:
        self.ask("begin")

    def commit(self) -> None:
        self.ask("commit")

    def rollback(self) -> None:
        self.ask("rollback")

    def cut_short(self, text: str) -> None:
        self.ask("timeout", text)

    def cancel(self, text: str) -> None:
        """As ``cut_short``, but by a cancel while the statement runs."""
        self.ask("cancel", text)

    def load(self, table: str, columns: Sequence[tuple[str, str]], rows: Sequence[Row]) -> None:
        described = [part for column in columns for part in column]
        self.ask("load", table, len(columns), *described, *(value for row in rows for value in row))

    def pass_table(self, procedure: str, type: str, columns: Sequence[tuple[str, str]], rows: Sequence[Row]) -> Called:
        """Call a procedure whose only parameter, ``@Rows``, is a table."""
        described = [part for column in columns for part in column]
        values = (value for row in rows for value in row)
        return self.ask("table", procedure, type, len(columns), *described, *values)

    def ask(self, operation: str, *values: Any) -> Called:
        """Anything else that the program can do."""
        return self._program.ask(operation, *values)

    def close(self) -> None:
        self.ask("close")
        self._idle.append(self._program)


def _answer(lines: IO[str]) -> Called:
    """Read an answer. ClientError, CutShort; EOFError when the program has ended."""
    called = Called([])
    while line := lines.readline():
        kind, *words = line.split()
        values = [read_value(word) for word in words]
        match kind:
            case "set":
                called.results.append([])
            case "row":
                called.results[-1].append(tuple(values))
            case "status":
                called.status = values[0]
            case "output":
                called.outputs[values[0]] = values[1]
            case "cut":
                raise CutShort(values[0])
            case "error":
                number, severity, state, line_number, text = values
                raise ClientError(number, text, severity=severity, state=state, line=line_number)
            case "done":
                return called
            case _:
                raise ValueError(f"the program said {line!r}")
    raise EOFError("the program has ended")
