"""Who waits for whom, asked of the server: the lock waits that ``sys.dm_os_waiting_tasks`` shows.

Documentation: "sys.dm_os_waiting_tasks (Transact-SQL)", "sys.dm_exec_requests (Transact-SQL)"; both take VIEW SERVER
STATE.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pyodbc

_QUERY = """
SELECT w.session_id, w.blocking_session_id, w.wait_type, r.lock_timeout
FROM sys.dm_os_waiting_tasks AS w
    INNER JOIN sys.dm_exec_requests AS r ON w.session_id = r.session_id
WHERE w.wait_type LIKE 'LCK%';
"""


@dataclass(slots=True)
class LockWait:
    """A session's wait for a lock. ``lock_timeout`` in milliseconds, -1 for none."""

    wait_type: str
    lock_timeout: int
    blockers: set[int] = field(default_factory=set)


def lock_waits(connection: pyodbc.Connection) -> Mapping[int, LockWait]:
    """The lock waits on the server now, by session."""
    waits: dict[int, LockWait] = {}
    for session, blocker, wait_type, lock_timeout in connection.execute(_QUERY).fetchall():
        wait = waits.setdefault(session, LockWait(wait_type, lock_timeout))
        if blocker is not None and blocker != session:
            wait.blockers.add(blocker)
    return waits


def chain_heads(session: int, waits: Mapping[int, LockWait]) -> set[int]:
    """Those for whom ``session`` waits, directly or not, and who wait for nobody themselves."""
    return {blocker for blocker in _blocking(session, waits) if blocker not in waits}


def in_deadlock(session: int, waits: Mapping[int, LockWait]) -> bool:
    """Whether ``session`` waits, directly or not, for somebody in a cycle of waits, which the server will break."""
    return any(other in _blocking(other, waits) for other in {session, *_blocking(session, waits)})


def _blocking(session: int, waits: Mapping[int, LockWait]) -> set[int]:
    """All for whom ``session`` waits, directly or not."""
    found: set[int] = set()
    pending = [session]
    while pending:
        wait = waits.get(pending.pop())
        new = wait.blockers - found if wait is not None else set()
        found |= new
        pending += new
    return found
