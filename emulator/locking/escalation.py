"""Lock escalation: many row locks of one statement on one index become one lock on the table.

Tried when a statement has taken 5,000 locks on one index, and, if the table lock would have to wait, given up and tried
again after every 1,250 more ("Transaction locking and row versioning guide", "Lock escalation thresholds").
"""

from __future__ import annotations

from collections.abc import Sequence

from emulator.locking.manager import LockManager, LockOwner, LockSpace
from emulator.locking.modes import LockMode

NO_ESCALATION = frozenset({1211, 1224})
"""Trace flags under which numbers of locks lead to nothing ("DBCC TRACEON - Trace flags")."""
THRESHOLD = 5000
RETRY_AFTER = 1250


class EscalationWatch:
    """Counts the row locks that one statement takes on one index of ``table``.

    ``rows`` are the lock spaces of the table's base and indexes, ``mode`` is what the table is to be locked in: S for a
    statement that reads, X for one that changes. ``allowed``: LOCK_ESCALATION is not DISABLE.
    """

    __slots__ = ("_left", "_manager", "_mode", "_owner", "_rows", "_table", "escalated")

    def __init__(
        self,
        manager: LockManager,
        owner: LockOwner,
        table: LockSpace,
        rows: Sequence[LockSpace],
        mode: LockMode,
        *,
        allowed: bool = True,
    ) -> None:
        self._manager = manager
        self._owner = owner
        self._table = table
        self._rows = rows
        self._mode = mode
        self._left = THRESHOLD if allowed else -1
        self.escalated = False

    def note(self) -> bool:
        """One more row lock was taken and kept. True: the table is locked now, row locks are needless from here on."""
        self._left -= 1
        if self._left == 0:
            self._left = RETRY_AFTER
            self.escalated = self._manager.escalate(self._owner, self._table, self._rows, self._mode)
        return self.escalated
