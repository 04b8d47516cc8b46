"""What the wire needs from the engine: the engine is written against none of this, it only has this shape.

``run_*`` and the transaction calls run inside a scheduler task and may switch away from it at any wait. They report
everything, errors included, to the sink and never raise SqlError.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from emulator.origin import Origin
from emulator.results import ResultSink
from emulator.scheduler import Scheduler
from emulator.types.sqltype import SqlType


@dataclass(frozen=True, slots=True)
class RpcParameter:
    """An argument of a remote procedure call. ``name`` has its ``@`` or is "" for a positional one; ``value`` is in the
    engine's representation; ``output``: by reference; ``default``: the procedure's default is to be used."""

    name: str
    type: SqlType
    value: Any
    output: bool = False
    default: bool = False


@dataclass(frozen=True, slots=True)
class TableColumn:
    """A column of a table-valued argument. ``default``: it was not sent, its default is to be used."""

    type: SqlType
    default: bool = False


@dataclass(frozen=True, slots=True)
class TableParameter:
    """A table-valued argument. ``schema`` and ``type_name`` are "" when the client leaves the type to the procedure."""

    name: str
    schema: str
    type_name: str
    columns: tuple[TableColumn, ...]
    rows: Sequence[tuple[Any, ...]]
    default: bool = False


Parameter = RpcParameter | TableParameter


class Database(Protocol):
    """A database of the engine."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def collation(self) -> str:
        """The name of its collation."""


class Session(Protocol):
    """One connection's state in the engine. ``origin`` is what the wire tells it of itself."""

    origin: Origin

    @property
    def spid(self) -> int:
        """The session id."""

    @property
    def database(self) -> Database:
        """The current database."""

    on_close: Callable[[], None] | None
    """Called when the session has ended, whoever ended it."""

    @property
    def transaction_descriptor(self) -> int:
        """Identifies the open transaction, 0 when there is none."""

    def run_batch(self, text: str, sink: ResultSink) -> None:
        """Run a batch of T-SQL."""

    def run_rpc(self, procedure: str, parameters: Sequence[Parameter], sink: ResultSink) -> None:
        """Call a procedure by name. The numbered system procedures arrive by their names (``sp_prepexec``)."""

    def bulk_load(self, types: Sequence[SqlType], rows: Sequence[tuple[Any, ...]], sink: ResultSink) -> None:
        """Load the rows that the batch before, INSERT BULK, announced."""

    def begin_transaction(self, isolation: int, name: str, sink: ResultSink) -> None:
        """Begin a transaction; ``isolation`` 0 keeps the level, 1 to 5 are READ UNCOMMITTED, READ COMMITTED,
        REPEATABLE READ, SERIALIZABLE and SNAPSHOT."""

    def commit_transaction(self, name: str, sink: ResultSink) -> None:
        """Commit."""

    def rollback_transaction(self, name: str, sink: ResultSink) -> None:
        """Roll back, to a savepoint if ``name`` is one."""

    def save_transaction(self, name: str, sink: ResultSink) -> None:
        """Set a savepoint."""

    def reset(self, *, keep_transaction: bool, sink: ResultSink) -> None:
        """Return to the state after login (a pool hands the connection to somebody else)."""

    def interrupt(self) -> None:
        """End the running request as soon as it can. Called from outside its task; ``run_*`` then returns."""

    def close(self) -> None:
        """The connection is gone: roll back and release everything. Runs inside a task."""


class Engine(Protocol):
    """An instance of the emulator."""

    @property
    def server_name(self) -> str:
        """@@SERVERNAME, which every message carries."""

    @property
    def scheduler(self) -> Scheduler:
        """Runs the sessions; driven by the server."""

    def login(self, user: str, password: str, database: str, *, host: str, application: str, language: str) -> Session:
        """Open a session. Raises SqlError 18456 (wrong name or password) or 4060 (unknown database)."""
