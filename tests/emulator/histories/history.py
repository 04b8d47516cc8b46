"""What clients saw: the operations of transactions, with the versions of rows that they read and wrote.

Every write gives a row a version number that no other write ever uses, and says which version it replaced; so a read of
a version tells whose write it saw. A key is inserted at most once in its life: it is *unborn*, then has versions, then
is *dead*.

Moments are numbers that grow: an operation was under way from ``began`` to ``ended``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, IntEnum


class Level(IntEnum):
    """Isolation levels in the order of what they promise about locks; SNAPSHOT stands beside."""

    READ_UNCOMMITTED = 1
    READ_COMMITTED = 2
    REPEATABLE_READ = 3
    SERIALIZABLE = 4
    SNAPSHOT = 5


class Outcome(Enum):
    """How a transaction ended. UNKNOWN: the client did not hear the answer to its COMMIT."""

    COMMITTED = "committed"
    ABORTED = "aborted"
    UNKNOWN = "unknown"


@dataclass(slots=True)
class Read:
    """Rows read: the version found under each key. ``covers`` says which keys would have been found.

    ``covers`` None: the keys found are all that was asked for.
    """

    versions: dict[int, int]
    began: int
    ended: int
    covers: Callable[[int], bool] | None = None


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
    operations: list[Read | Write] = field(default_factory=list)
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
    """``initial`` are the versions that were there before, ``final`` those that were there at the end, by key."""

    initial: dict[int, int]
    final: dict[int, int] = field(default_factory=dict)
    transactions: list[Transaction] = field(default_factory=list)
