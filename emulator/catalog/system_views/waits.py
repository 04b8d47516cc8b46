"""What sessions wait for: locks, and time; now, and in all.

Documentation: ``sys.dm_os_waiting_tasks``, ``sys.dm_os_wait_stats``, ``sys.dm_exec_session_wait_stats``.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from emulator.catalog.database import Database
from emulator.catalog.system_views.definition import Row, view
from emulator.catalog.system_views.locks import database_id_of, request_address, resource_address, wait_resource
from emulator.locking.manager import LockSpace, ResourceType
from emulator.locking.modes import STRENGTHS, LockMode, lock_wait_type
from emulator.locking.waits import WaitCount

if TYPE_CHECKING:
    from emulator.session import Session

PERFORMANCE = "VIEW SERVER PERFORMANCE STATE"
WAITFOR = "WAITFOR"
WAIT_TYPES = sorted({lock_wait_type(mode) for mode in LockMode if mode is not LockMode.NL} | {WAITFOR})
"""All that there are here."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A wait as the views show it. For a lock ``mode`` is that wanted, ``blockers`` are the sessions in its way."""

    type: str
    milliseconds: int
    mode: LockMode = LockMode.NL
    blockers: tuple[int, ...] = ()
    resource: str = ""

    @property
    def blocker(self) -> int:
        """The first in the way, 0 for nobody."""
        return self.blockers[0] if self.blockers else 0


def wait_of(session: Session) -> Waiting | None:
    """What the session waits for now, None if for nothing."""
    now = session.instance.clock.monotonic()
    wait = session.locking.wait
    if wait is None or wait.outcome is not None:
        asleep = session.asleep_since
        return None if asleep is None else Waiting(WAITFOR, int((now - asleep) * 1000))
    blockers = tuple(dict.fromkeys(owner.session.session_id for owner, _ in wait.manager.blockers(wait)))
    waited = 0.0 if wait.since is None else now - wait.since
    mode, entry = wait.requested, wait.entry
    resource = wait_resource(session, entry.space, entry.key)
    return Waiting(lock_wait_type(mode), int(waited * 1000), mode, blockers, resource)


def task_address(session: Session) -> bytes:
    """The address of what a session runs."""
    return session.spid.to_bytes(8, "big")


@view(
    "sys.dm_os_waiting_tasks",
    """
    waiting_task_address varbinary(8), session_id smallint?, exec_context_id int? = 0, wait_duration_ms bigint?,
    wait_type nvarchar(60)?, resource_address varbinary(8)?, blocking_task_address varbinary(8)?,
    blocking_session_id smallint?, blocking_exec_context_id int?, resource_description nvarchar(3072)?
    """,
    permission=PERFORMANCE,
)
def dm_os_waiting_tasks(session: Session, database: Database) -> Iterator[Row]:
    """A row for each session in the way of a lock; its task is known while it runs something."""
    sessions = session.instance.sessions
    for _, item in sorted(sessions.items()):
        waiting = wait_of(item)
        if waiting is None:
            continue
        shown = (task_address(item), item.spid, waiting.milliseconds, waiting.type)
        wait = item.locking.wait
        if wait is None or wait.outcome is not None:
            yield *shown, None, None, None, None, None
            continue
        space, key = wait.entry.space, wait.entry.key
        address = request_address(wait.owner, space, key, waits=True)
        mode = max(wait.entry.granted.values(), default=wait.mode, key=STRENGTHS.__getitem__)
        description = (
            f"{_task_resource(session, space, key)} id=lock{resource_address(space, key).hex()} mode={mode}"
            f" associatedObjectId={space.entity_id}"
        )
        for blocker in waiting.blockers:
            other = sessions.get(blocker)
            runs = other is not None and other.is_running
            task = task_address(other) if other is not None and runs else None
            yield *shown, address, task, blocker, 0 if runs else None, description


def _task_resource(session: Session, space: LockSpace, key: Hashable) -> str:
    """The type-specific part of ``resource_description`` of ``sys.dm_os_waiting_tasks``."""
    database_id, description = database_id_of(session, space), space.describe(key)
    match space.resource_type:
        case ResourceType.KEY:
            return f"keylock hobtid={space.entity_id} dbid={database_id}"
        case ResourceType.RID:
            file, page, _ = description.split(":")
            return f"ridlock fileid={file} pageid={page} dbid={database_id}"
        case ResourceType.OBJECT:
            return f"objectlock lockPartition=0 objid={space.entity_id} subresource=FULL dbid={database_id}"
        case ResourceType.APPLICATION:
            principal, _, resource = description.partition(":")
            return f"applicationlock hash={resource} databasePrincipalId={principal} dbid={database_id}"
        case ResourceType.DATABASE:
            return f"databaselock subresource=FULL dbid={database_id}"
        case _:
            return f"metadatalock subresource=FULL classid={space.name} dbid={database_id}"


WAIT_STATS = """
    wait_type nvarchar(60), waiting_tasks_count bigint, wait_time_ms bigint, max_wait_time_ms bigint,
    signal_wait_time_ms bigint = 0
"""


def _wait_row(wait_type: str, counted: WaitCount) -> Row:
    return wait_type, counted.count, int(counted.seconds * 1000), int(counted.longest * 1000)


@view("sys.dm_os_wait_stats", WAIT_STATS, permission=PERFORMANCE)
def dm_os_wait_stats(session: Session, database: Database) -> Iterator[Row]:
    """All types, as on SQL Server, also those of which there was none."""
    for wait_type in WAIT_TYPES:
        yield _wait_row(wait_type, session.instance.waits.get(wait_type, WaitCount()))


@view("sys.dm_exec_session_wait_stats", "session_id smallint," + WAIT_STATS, permission=PERFORMANCE)
def dm_exec_session_wait_stats(session: Session, database: Database) -> Iterator[Row]:
    for spid, other in sorted(session.instance.sessions.items()):
        for wait_type, counted in sorted(other.waits.items()):
            yield spid, *_wait_row(wait_type, counted)
