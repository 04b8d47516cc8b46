"""How often indexes are used: counted once for each execution of a plan that reads or changes them.

Documentation: ``sys.dm_db_index_usage_stats``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum


class Use(Enum):
    """What a plan does with an index: finds rows by key, reads all or a part, finds rows for another index, changes."""

    SEEK = 0
    SCAN = 1
    LOOKUP = 2
    UPDATE = 3


@dataclass(slots=True)
class UseCount:
    """``last`` is the clock's time of the latest request that used it so, None before the first."""

    count: int = 0
    last: float | None = None


class IndexUsage:
    """The counts of one index since it was made."""

    __slots__ = ("counts",)

    def __init__(self) -> None:
        self.counts = {use: UseCount() for use in Use}

    @property
    def used(self) -> bool:
        """Whether it has been used at all."""
        return any(counted.count for counted in self.counts.values())


def count_uses(counts: Iterable[UseCount], moment: float) -> None:
    """Count one execution of a plan with these uses."""
    for counted in counts:
        counted.count += 1
        counted.last = moment
