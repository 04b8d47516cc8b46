"""What clients saw: the operations of transactions, with the versions of rows that they read and wrote.

Every write gives a row a version number that no other write ever uses, and says which version it replaced; so a read of
a version tells whose write it saw. ``Row`` says what a version was like, as far as conditions ask. A key can have
several lives: it is inserted, has versions, is deleted, and inserted again (``lives``).

Moments are numbers that grow: an operation was under way from ``began`` to ``ended``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, IntEnum
from typing import NamedTuple


class Level(IntEnum):
    """Isolation levels in the order of what they promise about locks; those with row versions stand beside.

    STATEMENT is what READ COMMITTED is with row versions: each read sees one moment of its own.
    """

    READ_UNCOMMITTED = 1
    READ_COMMITTED = 2
    REPEATABLE_READ = 3
    SERIALIZABLE = 4
    SNAPSHOT = 5
    STATEMENT = 6


class Outcome(Enum):
    """How a transaction ended. UNKNOWN: the client did not hear the answer to its COMMIT."""

    COMMITTED = "committed"
    ABORTED = "aborted"
    UNKNOWN = "unknown"


class Row(NamedTuple):
    """One version of a row: its key, the group (not unique) and the code (unique) that it has."""

    key: int
    group: int | None = None
    code: int | None = None


@dataclass(slots=True)
class Read:
    """Rows read: the version found under each key. ``covers`` says which rows would have been found.

    ``covers`` None: nothing can be said about rows that were not found. ``level``: what is promised about this read,
    None for what the transaction's level promises. ``twice``: keys that were found more than once.
    """

    versions: dict[int, int]
    began: int
    ended: int
    covers: Callable[[Row], bool] | None = None
    level: Level | None = None
    twice: tuple[int, ...] = ()


@dataclass(slots=True)
class Sight:
    """A row was seen, but not which version of it: one that ``matches`` is true for."""

    key: int
    matches: Callable[[Row], bool]
    began: int
    ended: int
    level: Level | None = None


@dataclass(slots=True)
class Write:
    """A row written. ``version`` None: deleted; ``replaced`` None: inserted; ``undone``: rolled back to a savepoint."""

    key: int
    version: int | None
    replaced: int | None
    began: int
    ended: int
    undone: bool = False


@dataclass(slots=True, eq=False)
class Transaction:
    """One transaction; ``began`` is when its first statement was sent."""

    number: int
    level: Level
    began: int
    operations: list[Read | Sight | Write] = field(default_factory=list)
    outcome: Outcome = Outcome.UNKNOWN
    ended: int = 0

    def __repr__(self) -> str:
        return f"T{self.number}"

    @property
    def reads(self) -> list[Read]:
        return [item for item in self.operations if isinstance(item, Read)]

    @property
    def writes(self) -> list[Write]:
        """Those that were not undone."""
        return [item for item in self.operations if isinstance(item, Write) and not item.undone]


@dataclass(slots=True)
class History:
    """``initial`` are the versions that were there before, ``final`` those that were there at the end, by key.

    ``rows`` tells what a version is like. ``torn`` are versions that somebody saw otherwise, with who and how.
    """

    initial: dict[int, int]
    final: dict[int, int] = field(default_factory=dict)
    transactions: list[Transaction] = field(default_factory=list)
    rows: dict[int, Row] = field(default_factory=dict)
    torn: list[str] = field(default_factory=list)

    def row(self, key: int, version: int) -> Row:
        """What ``version`` of ``key`` is like."""
        return self.rows.get(version) or Row(key)
