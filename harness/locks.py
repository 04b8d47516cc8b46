"""The locks in a database now: who holds what, who waits, and for whom.

Documentation: "sys.dm_tran_locks", "sys.dm_os_waiting_tasks"; both take VIEW SERVER STATE.
"""

from __future__ import annotations

from dataclasses import dataclass

import pyodbc

from harness.connection.errors import parse_diagnostics
from harness.errors import EnvironmentFault

_LOCKS = """
SELECT
    l.request_session_id, s.login_name, s.host_name, s.program_name, l.resource_type, l.resource_description,
    l.request_mode, l.request_status, l.lock_owner_address,
    COALESCE(o.name, OBJECT_NAME(p.object_id), N'') AS object_name,
    COALESCE(OBJECT_SCHEMA_NAME(COALESCE(o.object_id, p.object_id)), N'') AS schema_name,
    COALESCE(i.name, N'') AS index_name
FROM sys.dm_tran_locks AS l
    INNER JOIN sys.dm_exec_sessions AS s ON l.request_session_id = s.session_id
    LEFT OUTER JOIN sys.objects AS o
        ON l.resource_type = N'OBJECT' AND l.resource_associated_entity_id = o.object_id
    LEFT OUTER JOIN sys.partitions AS p
        ON l.resource_type IN (N'KEY', N'RID', N'PAGE', N'HOBT') AND l.resource_associated_entity_id = p.hobt_id
    LEFT OUTER JOIN sys.indexes AS i ON p.object_id = i.object_id AND p.index_id = i.index_id
WHERE l.resource_database_id = DB_ID() AND l.resource_type <> N'DATABASE'
ORDER BY l.request_session_id, l.resource_type, l.resource_description;
"""
_WAITS = """
SELECT session_id, blocking_session_id, wait_duration_ms
FROM sys.dm_os_waiting_tasks
WHERE wait_type LIKE N'LCK%' AND blocking_session_id IS NOT NULL;
"""


@dataclass(frozen=True, slots=True)
class LockRow:
    """One lock, held or asked for. ``name`` is that of the table and index, ``description`` the key's hash or the like.

    ``blockers`` are the sessions for which a waiting one waits, ``waited_ms`` for how long already.
    """

    session: int
    login: str
    host: str
    program: str
    resource_type: str
    name: str
    description: str
    mode: str
    status: str
    blockers: tuple[int, ...] = ()
    waited_ms: int = 0

    @property
    def waits(self) -> bool:
        return self.status != "GRANT"


def read_locks(connection: pyodbc.Connection) -> list[LockRow]:
    """The locks in the connection's database, by session. EnvironmentFault if the login may not see them."""
    try:
        locks = connection.execute(_LOCKS).fetchall()
        waits = connection.execute(_WAITS).fetchall()
    except pyodbc.Error as error:
        reason = parse_diagnostics(error)[0].message
        raise EnvironmentFault(f"the server does not show its locks: {reason}") from error
    blockers: dict[int, list[int]] = {}
    waited: dict[int, int] = {}
    for session, blocker, milliseconds in waits:
        blockers.setdefault(session, []).append(blocker)
        waited[session] = max(waited.get(session, 0), milliseconds)
    rows = []
    for lock in locks:
        waiting = lock.request_status != "GRANT"
        table = f"{lock.schema_name}.{lock.object_name}" if lock.object_name else ""
        rows.append(
            LockRow(
                session=lock.request_session_id,
                login=lock.login_name or "",
                host=lock.host_name or "",
                program=lock.program_name or "",
                resource_type=lock.resource_type,
                name=f"{table}.{lock.index_name}" if lock.index_name else table,
                description=lock.resource_description.strip(),
                mode=lock.request_mode,
                status=lock.request_status,
                blockers=tuple(blockers.get(lock.request_session_id, ())) if waiting else (),
                waited_ms=waited.get(lock.request_session_id, 0) if waiting else 0,
            )
        )
    return rows
