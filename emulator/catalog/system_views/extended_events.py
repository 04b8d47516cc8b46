"""Extended Events: the session ``system_health`` with the deadlocks in its ring buffer, and as if in its files.

Documentation: ``sys.dm_xe_sessions``, ``sys.dm_xe_session_targets``, ``sys.fn_xe_file_target_read_file``; "Use the
system_health session", "Deadlocks guide".
"""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING

from emulator.catalog.database import Database
from emulator.catalog.system_views.definition import Row, table_function, view
from emulator.types.sqltype import DATETIME, SqlType
from emulator.types.temporal import from_timestamp

if TYPE_CHECKING:
    from emulator.session import Session

DATETIME2 = SqlType("datetime2", scale=7)
FILE = "/var/opt/mssql/log/system_health_0_133000000000000000.xel"
"""The name that SQL Server on Linux would give its file; there is none."""
BLOCK = 4096
ADDRESS = bytes.fromhex("0000020000000001")
"""Of the only event session."""


@view(
    "sys.dm_xe_sessions",
    """
    address varbinary(8), name nvarchar(256), pending_buffers int = 0, total_regular_buffers int = 3,
    regular_buffer_size bigint = 1441587, total_large_buffers int = 0, large_buffer_size bigint = 0,
    total_buffer_size bigint = 4324761, buffer_policy_flags int = 0, buffer_policy_desc nvarchar(256) = 'drop_event',
    flags int = 1, flag_desc nvarchar(256) = 'flush_on_close', dropped_event_count int = 0,
    dropped_buffer_count int = 0, blocked_event_fire_time int = 0, create_time datetime,
    largest_event_dropped_size int = 0, session_source nvarchar(256) = 'server', buffer_processed_count bigint = 0,
    buffer_full_count bigint = 0, total_bytes_generated bigint = 0, total_target_memory bigint = 0
    """,
    permission="VIEW SERVER PERFORMANCE STATE",
)
def dm_xe_sessions(session: Session, database: Database) -> Iterator[Row]:
    yield ADDRESS, "system_health", from_timestamp(DATETIME, session.instance.started)


@view(
    "sys.dm_xe_session_targets",
    """
    event_session_address varbinary(8), target_name nvarchar(60), target_package_guid uniqueidentifier? = NULL,
    execution_count bigint, execution_duration_ms bigint = 0, target_data nvarchar(max)?, bytes_written bigint = 0
    """,
    permission="VIEW SERVER PERFORMANCE STATE",
)
def dm_xe_session_targets(session: Session, database: Database) -> Iterator[Row]:
    events = [graph.event() for graph in session.instance.deadlocks]
    memory = sum(len(event) for event in events)
    data = (
        f'<RingBufferTarget truncated="0" processingTime="0" totalEventsProcessed="{len(events)}"'
        f' eventCount="{len(events)}" droppedCount="0" memoryUsed="{memory}">{"".join(events)}</RingBufferTarget>'
    )
    yield ADDRESS, "ring_buffer", len(events), data
    file = f'<EventFileTarget truncated="0"><Buffers logged="0" dropped="0"/><File name="{FILE}"/></EventFileTarget>'
    yield ADDRESS, "event_file", len(events), file


@table_function(
    "fn_xe_file_target_read_file",
    "path nvarchar(260)?, mdpath nvarchar(260)?, initial_file_name nvarchar(260)?, initial_offset bigint?",
    """
    module_guid uniqueidentifier? = NULL, package_guid uniqueidentifier? = NULL, object_name nvarchar(256),
    event_data nvarchar(max)?, file_name nvarchar(260), file_offset bigint, timestamp_utc datetime2(7)
    """,
    permission="VIEW SERVER PERFORMANCE STATE",
)
def fn_xe_file_target_read_file(session: Session, database: Database, path: str | None, *_: object) -> Iterator[Row]:
    """The events of the files that ``path`` names, with wildcards: there is the one of ``system_health``."""
    wanted = PureWindowsPath((path or "").replace("/", "\\")).name
    if not fnmatch(PurePosixPath(FILE).name, wanted.lower()):
        return
    for number, graph in enumerate(session.instance.deadlocks):
        moment = from_timestamp(DATETIME2, graph.time)
        yield "xml_deadlock_report", graph.event(), FILE, number * BLOCK, moment
