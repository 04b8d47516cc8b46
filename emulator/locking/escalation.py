"""Lock escalation: many row locks of one statement on one index become one lock on the table.

The manager looks whenever a transaction's locks have come to another multiple of 1,250. Then a statement that has 5,000
locks on the index at hand tries for the table; where that would have to wait, it goes on with row locks until the next
time. A statement in a fresh transaction so escalates with its 6,250th lock, the table's own included. ("Transaction
locking and row versioning guide", "Lock escalation thresholds"; Paul White, "The Lock Escalation Threshold - Part 1".)
SQL Server counts the intent locks on pages, too, that are not there here: few for narrow rows, one a row for wide ones.
"""

from __future__ import annotations

from emulator.locking.manager import LockOwner, LockSpace

NO_ESCALATION = frozenset({1211, 1224})
"""Trace flags under which numbers of locks lead to nothing ("DBCC TRACEON - Trace flags")."""
THRESHOLD = 5000
CHECK_EVERY = 1250


class EscalationWatch:
    """Counts the row locks that one scan or change takes for ``owner``, index by index."""

    __slots__ = ("_check_at", "_counts", "_owner")

    def __init__(self, owner: LockOwner) -> None:
        self._owner = owner
        self._counts: dict[LockSpace, int] = {}
        self._check_at = 0

    def is_due(self, index: LockSpace) -> bool:
        """One more lock in ``index`` was taken and kept. True: it is time to try for the table."""
        count = self._counts[index] = self._counts.get(index, 0) + 1
        if count < THRESHOLD:
            return False
        total = len(self._owner.locks)
        if not self._check_at:
            self._check_at = -(-total // CHECK_EVERY) * CHECK_EVERY
        if total < self._check_at:
            return False
        self._check_at = (total // CHECK_EVERY + 1) * CHECK_EVERY
        return True
