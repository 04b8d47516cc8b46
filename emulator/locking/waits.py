"""Counting waits: how many there were, how long they took, and the longest of them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class WaitCount:
    """Waits of one kind since the start, in seconds."""

    count: int = 0
    seconds: float = 0.0
    longest: float = 0.0

    def add(self, seconds: float) -> None:
        """One more wait."""
        self.count += 1
        self.seconds += seconds
        self.longest = max(self.longest, seconds)
