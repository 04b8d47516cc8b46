"""Extended Events: the sessions, what they collect, and what their targets hold.

Documentation: ``sys.server_event_sessions`` and its kin, ``sys.dm_xe_sessions``, ``sys.dm_xe_session_targets``,
``sys.dm_xe_session_events``, ``sys.dm_xe_session_object_columns``, ``sys.fn_xe_file_target_read_file``; "Use the
system_health session".
"""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import PureWindowsPath
from typing import TYPE_CHECKING

from emulator.catalog.database import Database
from emulator.catalog.event_sessions import EVENTS, EventSession, EventTarget
from emulator.catalog.system_views.definition import Row, table_function, view
from emulator.errors import sql_error
from emulator.types.sqltype import DATETIME, SqlType, nvarchar
from emulator.types.temporal import from_timestamp

if TYPE_CHECKING:
    from emulator.session import Session

PERFORMANCE = "VIEW SERVER PERFORMANCE STATE"
DATETIME2 = SqlType("datetime2", scale=7)
BLOCK = 4096
ADDRESSES = 0x2000000
"""Where the addresses of event sessions begin."""
RETENTION_CODES = {"ALLOW_SINGLE_EVENT_LOSS": "S", "ALLOW_MULTIPLE_EVENT_LOSS": "M", "NO_EVENT_LOSS": "N"}
PARTITION_CODES = {"NONE": "N", "PER_NODE": "C", "PER_CPU": "P"}


def _all(session: Session) -> list[EventSession]:
    return sorted(session.instance.event_sessions.values(), key=lambda item: item.number)


def _running(session: Session) -> Iterator[tuple[EventSession, bytes]]:
    """The sessions that run, with their addresses."""
    for item in _all(session):
        if item.started is not None:
            yield item, (ADDRESSES << 16 | item.number).to_bytes(8, "big")


# --- What is defined --------------------------------------------------------------------------------------------------


@view(
    "sys.server_event_sessions",
    """
    event_session_id int, name sysname, event_retention_mode nchar(1)?, event_retention_mode_desc sysname?,
    max_dispatch_latency int?, max_memory int?, max_event_size int?, memory_partition_mode nchar(1)?,
    memory_partition_mode_desc sysname?, track_causality bit? = 0, startup_state bit?, has_long_running_target bit? = 0,
    max_duration bigint? = 0
    """,
)
def server_event_sessions(session: Session, database: Database) -> Iterator[Row]:
    """Latency in milliseconds, memory in kilobytes."""
    for item in _all(session):
        yield (
            *(item.number, item.name, RETENTION_CODES[item.retention], item.retention, item.latency * 1000),
            *(item.memory, item.event_size, PARTITION_CODES[item.partition], item.partition, item.on_startup),
        )


@view(
    "sys.server_event_session_events",
    """
    event_session_id int, event_id int, name sysname, package sysname, module sysname = '',
    predicate nvarchar(3000)? = NULL, predicate_xml nvarchar(3000)? = NULL
    """,
)
def server_event_session_events(session: Session, database: Database) -> Iterator[Row]:
    for item in _all(session):
        for number, event in enumerate(item.events, start=1):
            yield item.number, number, event, EVENTS[event]


@view(
    "sys.server_event_session_targets",
    "event_session_id int, target_id int, name sysname, package sysname = 'package0', module sysname = ''",
)
def server_event_session_targets(session: Session, database: Database) -> Iterator[Row]:
    for item in _all(session):
        for number, target in enumerate(item.targets, start=len(item.events) + 1):
            yield item.number, number, target


@view("sys.server_event_session_fields", "event_session_id int, object_id int, name sysname, value sql_variant?")
def server_event_session_fields(session: Session, database: Database) -> Iterator[Row]:
    """What has been set of the targets."""
    for item in _all(session):
        for number, target in enumerate(item.targets.values(), start=len(item.events) + 1):
            for name, value in target.settings.items():
                yield item.number, number, name, (nvarchar(4000), value)


@view(
    "sys.server_event_session_actions",
    "event_session_id int, event_id int, name sysname, package sysname, module sysname",
)
def server_event_session_actions(session: Session, database: Database) -> Iterator[Row]:
    """There are none."""
    return iter(())


# --- What runs --------------------------------------------------------------------------------------------------------


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
    permission=PERFORMANCE,
)
def dm_xe_sessions(session: Session, database: Database) -> Iterator[Row]:
    for item, address in _running(session):
        yield address, item.name, from_timestamp(DATETIME, item.started or 0.0)


@view(
    "sys.dm_xe_session_events",
    """
    event_session_address varbinary(8), event_name nvarchar(60), event_package_guid uniqueidentifier? = NULL,
    event_predicate nvarchar(2048)? = NULL, event_fire_count bigint = 0, event_fire_average_time bigint = 0,
    event_fire_min_time bigint = 0, event_fire_max_time bigint = 0
    """,
    permission=PERFORMANCE,
)
def dm_xe_session_events(session: Session, database: Database) -> Iterator[Row]:
    for item, address in _running(session):
        for event in item.events:
            yield address, event


@view(
    "sys.dm_xe_session_object_columns",
    """
    event_session_address varbinary(8), column_name nvarchar(60), column_id int, column_value nvarchar(3072)?,
    object_type nvarchar(60) = 'target', object_name nvarchar(60), object_package_guid uniqueidentifier? = NULL
    """,
    permission=PERFORMANCE,
)
def dm_xe_session_object_columns(session: Session, database: Database) -> Iterator[Row]:
    for item, address in _running(session):
        for target in item.targets.values():
            for number, (name, value) in enumerate(target.settings.items()):
                yield address, name, number, value, target.name


@view(
    "sys.dm_xe_session_targets",
    """
    event_session_address varbinary(8), target_name nvarchar(60), target_package_guid uniqueidentifier? = NULL,
    execution_count bigint, execution_duration_ms bigint = 0, target_data nvarchar(max)?, bytes_written bigint = 0
    """,
    permission=PERFORMANCE,
)
def dm_xe_session_targets(session: Session, database: Database) -> Iterator[Row]:
    for item, address in _running(session):
        for target in item.targets.values():
            yield address, target.name, target.received, _data(target)


def _data(target: EventTarget) -> str:
    """The XML of a target: the events of a ring buffer, the name of a file."""
    if target.file is not None:
        path = target.file.path
        return (
            f'<EventFileTarget truncated="0"><Buffers logged="0" dropped="0"/><File name="{path}"/></EventFileTarget>'
        )
    texts = [event.text for event in target.events]
    return (
        f'<RingBufferTarget truncated="0" processingTime="0" totalEventsProcessed="{target.received}"'
        f' eventCount="{len(texts)}" droppedCount="0" memoryUsed="{sum(map(len, texts))}">'
        f"{''.join(texts)}</RingBufferTarget>"
    )


@table_function(
    "fn_xe_file_target_read_file",
    "path nvarchar(260)?, mdpath nvarchar(260)?, initial_file_name nvarchar(260)?, initial_offset bigint?",
    """
    module_guid uniqueidentifier? = NULL, package_guid uniqueidentifier? = NULL, object_name nvarchar(256),
    event_data nvarchar(max)?, file_name nvarchar(260), file_offset bigint, timestamp_utc datetime2(7)
    """,
    permission=PERFORMANCE,
)
def fn_xe_file_target_read_file(session: Session, database: Database, path: str | None, *_: object) -> Iterator[Row]:
    """The events of the files that ``path`` names, with wildcards; the directory does not matter. Errors: 25718."""
    wanted = _file_name(path or "")
    files = [file for file in session.instance.event_files if fnmatch(_file_name(file.path), wanted)]
    if not files:
        raise sql_error(25718, path or "")
    for file in files:
        for number, event in enumerate(file.events):
            moment = from_timestamp(DATETIME2, event.time)
            yield event.name, event.text, file.path, number * BLOCK, moment


def _file_name(path: str) -> str:
    return PureWindowsPath(path.replace("/", "\\")).name.lower()
