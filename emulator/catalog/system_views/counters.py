"""Performance counters: those of the lock manager, the escalations and the sessions.

Documentation: ``sys.dm_os_performance_counters``; "SQL Server, Locks object", "SQL Server, Access Methods object", "SQL
Server, General Statistics object". A counter "per second" is a count since the start; whoever reads it twice divides
the difference by the time between.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from emulator.catalog.database import Database
from emulator.catalog.system_views.definition import Row, view
from emulator.locking.manager import ResourceType

if TYPE_CHECKING:
    from emulator.session import Session

PER_SECOND, LEVEL = 272696576, 65792
"""``cntr_type``: PERF_COUNTER_BULK_COUNT and PERF_COUNTER_LARGE_RAWCOUNT of Windows."""
WIDTH = 128
INSTANCES = {
    "AllocUnit": None,
    "Application": ResourceType.APPLICATION,
    "Database": ResourceType.DATABASE,
    "Extent": None,
    "File": None,
    "HoBT": None,
    "Key": ResourceType.KEY,
    "Metadata": ResourceType.METADATA,
    "Object": ResourceType.OBJECT,
    "Page": None,
    "RID": ResourceType.RID,
}
"""The instances of the Locks object, which are its resource types; what is None is never locked here."""


@view(
    "sys.dm_os_performance_counters",
    "object_name nchar(128), counter_name nchar(128), instance_name nchar(128)?, cntr_value bigint, cntr_type int",
    permission="VIEW SERVER PERFORMANCE STATE",
)
def dm_os_performance_counters(session: Session, database: Database) -> Iterator[Row]:
    locks = session.instance.locks.statistics
    for counter, values in (("Number of Deadlocks/sec", locks.deadlocks), ("Lock Waits/sec", locks.waits)):
        yield _row("Locks", counter, "_Total", values.total(), PER_SECOND)
        for instance, resource_type in INSTANCES.items():
            yield _row("Locks", counter, instance, values[resource_type] if resource_type else 0, PER_SECOND)
    yield _row("Access Methods", "Table Lock Escalations/sec", "", locks.escalations, PER_SECOND)
    sessions = session.instance.sessions.values()
    yield _row("General Statistics", "User Connections", "", len(sessions), LEVEL)
    yield _row("General Statistics", "Processes blocked", "", sum(one.locking.blocked for one in sessions), LEVEL)


def _row(object_name: str, counter: str, instance: str, value: int, counter_type: int) -> Row:
    names = (f"SQLServer:{object_name}", counter, instance)
    return *(name.ljust(WIDTH) for name in names), value, counter_type
