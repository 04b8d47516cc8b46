"""What the server or the driver said, taken apart.

pyodbc raises `Error(sqlstate, text)` where the text strings together the driver's diagnostic records:
`[42000] [Microsoft][ODBC Driver 18 for SQL Server][SQL Server]message (51000) (SQLExecDirectW); [42000] ...`.
The number in parentheses is SQL Server's error number where the origin in brackets ends in [SQL Server]; the driver's
own complaints carry 0 or the operating system's number there.
Source: "Diagnostic Messages", ODBC reference; the shape is pyodbc's.
"""

import re
from dataclasses import dataclass

import pyodbc

from harness.connection.error_position import ErrorPosition, read_position
from harness.errors import EnvironmentFault, HarnessError

DEADLOCK_VICTIM = 1205
LOCK_TIMEOUT = 1222
UPDATE_CONFLICT = 3960
FIRST_RULE_ERROR, LAST_RULE_ERROR = 51000, 51899
"""The catalogue's blocks for rejected input; 51900 and up report an internal fault."""

_RECORD = re.compile(
    r"\[(?P<sqlstate>[0-9A-Z]{5})\] (?P<text>.*?)(?: \((?P<number>-?\d+)\))?(?: \(SQL\w+\))?"
    r"(?=; \[[0-9A-Z]{5}\] |$)",
    flags=re.DOTALL,
)
_ORIGIN = re.compile(r"\[Microsoft\]\[[^\]]*\](?:\[SQL Server\])?|\[unixODBC\](?:\[[^\]]*\])?")
_LOST_CONNECTION = frozenset({"08S01", "08003", "08007"})
_TIMED_OUT = frozenset({"HYT00", "HYT01", "HY008"})


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One record: SQLSTATE, the server's error number (0 for the driver's own) and the message without its origin."""

    sqlstate: str
    number: int
    message: str


class SqlServerError(HarnessError):
    """A call that failed on the server or on the way to it.

    `number`, `sqlstate` and `message` are those of the first diagnostic that the server itself sent, else of the first;
    the others, such as "The statement has been terminated.", are in `diagnostics`. `position` is None where the driver
    did not keep it.
    """

    def __init__(self, diagnostics: tuple[Diagnostic, ...], position: ErrorPosition | None = None) -> None:
        first = next((one for one in diagnostics if one.number), diagnostics[0])
        super().__init__(f"{first.message} ({first.number or first.sqlstate})")
        self.diagnostics = diagnostics
        self.number = first.number
        self.sqlstate = first.sqlstate
        self.message = first.message
        self.position = position

    @classmethod
    def from_pyodbc(cls, error: pyodbc.Error, cursor: pyodbc.Cursor | None = None) -> "SqlServerError":
        """The same error, its diagnostics parsed; with its position if the cursor that raised it still knows it."""
        parsed = cls(parse_diagnostics(error))
        if cursor is not None and parsed.number:
            parsed.position = read_position(cursor, parsed.number)
        return parsed

    @property
    def is_rejection(self) -> bool:
        """The procedure refused the input by a rule of the catalogue and changed nothing."""
        return FIRST_RULE_ERROR <= self.number <= LAST_RULE_ERROR

    @property
    def is_retryable(self) -> bool:
        """The transaction was rolled back through no fault of its own, and the same call may succeed now."""
        return self.number in (DEADLOCK_VICTIM, LOCK_TIMEOUT, UPDATE_CONFLICT)

    @property
    def is_timeout(self) -> bool:
        """The driver cancelled the call; whether its transaction is still open is unknown."""
        return self.sqlstate in _TIMED_OUT

    @property
    def is_connection_lost(self) -> bool:
        """The connection is gone; whether the call took effect is unknown: ask again with its request id."""
        return self.sqlstate in _LOST_CONNECTION


class Unreachable(EnvironmentFault):
    """No connection could be made: no server there, a wrong password, an unknown database, no driver."""


def message_text(text: str) -> str:
    """What the server said with PRINT, without the names of driver and server that pyodbc puts before it."""
    origin = _ORIGIN.match(text)
    return text[origin.end() :] if origin is not None else text


def parse_diagnostics(error: pyodbc.Error) -> tuple[Diagnostic, ...]:
    """The diagnostic records in a pyodbc error, at least one."""
    sqlstate, text = (str(part) for part in error.args) if len(error.args) == 2 else ("HY000", str(error))
    records = tuple(_diagnostic(match) for match in _RECORD.finditer(text))
    return records or (Diagnostic(sqlstate, 0, text),)


def _diagnostic(record: re.Match[str]) -> Diagnostic:
    origin = _ORIGIN.match(record["text"])
    from_server = origin is not None and origin[0].endswith("[SQL Server]")
    message = record["text"][origin.end() :] if origin is not None else record["text"]
    return Diagnostic(record["sqlstate"], int(record["number"] or 0) if from_server else 0, message.strip())
