"""What the tests of all clients share: where the server is, and what a client's adapter has to offer."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

import pytest

from harness.connection import Target

Row = tuple[Any, ...]
WAITING_SECONDS = 30
"""How long a statement waits that is to be cut short; a test that takes so long has failed."""


@dataclass(frozen=True)
class Address:
    """A database on a server, with the login for it."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    database: str

    @classmethod
    def of(cls, target: Target) -> Address:
        """The place that a target names."""
        host, _, port = target.server.removeprefix("tcp:").partition(",")
        pairs = target.connection_string
        user, password = pairs.get("UID", "User") or "", pairs.get("PWD", "Password") or ""
        return cls(host, int(port or 1433), user, password, target.database)


REQUIRED = "LOCKSTEP_REQUIRE_CLIENTS"
"""Set where every client has to be there; elsewhere the tests of a missing one are skipped."""


def require(missing: str) -> None:
    """Skip the test if something is ``missing`` ("" = nothing), or fail it where all clients are asked for."""
    if missing:
        reason = f"{missing} is not installed: make test-clients installs it"
        if os.environ.get(REQUIRED):
            pytest.fail(reason, pytrace=False)
        pytest.skip(reason)


class ClientError(Exception):
    """An error of the server as the client tells it; None for what the client does not tell."""

    def __init__(
        self,
        number: int | None,
        message: str,
        *,
        severity: int | None = None,
        state: int | None = None,
        line: int | None = None,
    ) -> None:
        super().__init__(message)
        self.number = number
        self.severity = severity
        self.state = state
        self.line = line


class CutShort(Exception):
    """The client gave up waiting for the server, or was told to."""


@dataclass(frozen=True)
class Argument:
    """An argument of a procedure. ``type`` is its T-SQL type; the value of an ``output`` may be None."""

    name: str
    type: str
    value: Any
    output: bool = False


@dataclass
class Called:
    """What a procedure sent back. ``status`` and ``outputs`` as far as the client has them."""

    results: list[list[Row]]
    status: int | None = None
    outputs: dict[str, Any] = field(default_factory=dict)


class Connection(Protocol):
    """A connection of a client, outside of a transaction unless ``begin`` was called."""

    def query(self, text: str, *values: Any) -> list[list[Row]]:
        """Run a statement with values in the places of its ``?``, and return its result sets. ClientError."""

    def call(self, procedure: str, arguments: Sequence[Argument]) -> Called:
        """Call a procedure by name, as the client does it. ClientError."""

    def begin(self) -> None:
        """Begin a transaction."""

    def commit(self) -> None:
        """Commit it."""

    def rollback(self) -> None:
        """Roll it back."""

    def cut_short(self, text: str) -> None:
        """Run a statement that waits ``WAITING_SECONDS``, with a time limit of a second or a cancel. CutShort."""

    def load(self, table: str, columns: Sequence[tuple[str, str]], rows: Sequence[Row]) -> None:
        """Load rows in bulk into the columns, given by name and type."""

    def close(self) -> None:
        """Close it."""


class Adapter(Protocol):
    """A client. ``lacks`` are types that it cannot receive.

    ``tells`` is what its errors have beside number and message: severity, state, line. ``passes_outputs``: calls by
    name return output parameters and the status. ``loads``: it loads in bulk. ``passes_over_empty``: it does not tell
    of empty result sets under SET NOCOUNT ON.
    """

    lacks: ClassVar[frozenset[str]] = frozenset()
    tells: ClassVar[frozenset[str]] = frozenset()
    passes_outputs: ClassVar[bool] = True
    loads: ClassVar[bool] = True
    passes_over_empty: ClassVar[bool] = False

    def missing(self) -> str:
        """What is not installed, "" if nothing is missing."""
        return ""

    def connect(self, address: Address) -> Connection:
        """Log in. ClientError."""

    def stored(self, type: str, value: Any) -> Any:
        """What ``value`` is after it was sent to a column of ``type`` and came back."""
        return value


def called_in_a_batch(query: Callable[..., list[list[Row]]], procedure: str, arguments: Sequence[Argument]) -> Called:
    """The call for a driver without output parameters: a batch with `?` marks that selects them at its end."""
    outputs = [argument for argument in arguments if argument.output]
    values = ", ".join(f"{a.name} = {a.name} OUTPUT" if a.output else f"{a.name} = ?" for a in arguments)
    text = "SET NOCOUNT ON; DECLARE @status int; "
    text += "".join(f"DECLARE {argument.name} {argument.type} = ?; " for argument in outputs)
    text += f"EXEC @status = {procedure} {values}; SELECT @status{''.join(f', {a.name}' for a in outputs)};"
    passed = [argument.value for argument in outputs] + [a.value for a in arguments if not a.output]
    *results, ((status, *found),) = query(text, *passed)
    return Called(results, status, {a.name: value for a, value in zip(outputs, found, strict=True)})
