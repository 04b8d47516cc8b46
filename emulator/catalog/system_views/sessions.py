"""Sessions, connections and the requests under way.

Documentation: ``sys.dm_exec_sessions``, ``sys.dm_exec_connections``, ``sys.dm_exec_requests``.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import blake2b
from typing import TYPE_CHECKING

from emulator.catalog.database import Database
from emulator.catalog.objects import fold
from emulator.catalog.system_views.activity import frame_handle, text_handle
from emulator.catalog.system_views.definition import Row, view
from emulator.catalog.system_views.security import login_sid
from emulator.catalog.system_views.waits import task_address, wait_of
from emulator.sql import nodes
from emulator.types.sqltype import DATETIME
from emulator.types.temporal import from_timestamp

if TYPE_CHECKING:
    from emulator.session import Session

OPTIONS = (
    *("QUOTED_IDENTIFIER", "ARITHABORT", "ANSI_NULL_DFLT_ON", "ANSI_DEFAULTS", "ANSI_WARNINGS", "ANSI_PADDING"),
    *("ANSI_NULLS", "CONCAT_NULL_YIELDS_NULL"),
)
"""The SET options that the views show, in the order of their columns."""
OPTION_COLUMNS = """
    quoted_identifier bit, arithabort bit, ansi_null_dflt_on bit, ansi_defaults bit, ansi_warnings bit,
    ansi_padding bit, ansi_nulls bit, concat_null_yields_null bit, transaction_isolation_level smallint,
    lock_timeout int, deadlock_priority int,
"""


def all_sessions(session: Session) -> list[Session]:
    """The sessions that ``session`` may see, by id: all, or without VIEW SERVER PERFORMANCE STATE its own."""
    if not session.may_on_server("VIEW SERVER PERFORMANCE STATE"):
        return [session]
    return [item for _, item in sorted(session.instance.sessions.items())]


def is_running(session: Session, reader: Session) -> bool:
    """Whether a request is under way; ``reader`` is the one who asks, by a request."""
    return session is reader or session.is_running


def connection_id(session: Session) -> bytes:
    """``connection_id``: made from the session id and the time of its login."""
    return blake2b(f"{session.spid}/{session.login_time}".encode(), digest_size=16).digest()


def _options(session: Session) -> Row:
    settings = session.settings
    return (
        *(option in settings.on for option in OPTIONS),
        int(settings.isolation),
        settings.lock_timeout,
        session.locking.deadlock_priority,
    )


def _milliseconds(seconds: float) -> int:
    return max(0, int(seconds * 1000))


@view(
    "sys.dm_exec_sessions",
    """
    session_id smallint, login_time datetime, host_name nvarchar(128)?, program_name nvarchar(128)?,
    host_process_id int?, client_version int? = 7, client_interface_name nvarchar(32)?,
    security_id varbinary(85)?, login_name nvarchar(128), nt_domain nvarchar(128)? = NULL,
    nt_user_name nvarchar(128)? = NULL, status nvarchar(30), context_info varbinary(128)?, cpu_time int = 0,
    memory_usage int = 0, total_scheduled_time int = 0, total_elapsed_time int, endpoint_id int = 4,
    last_request_start_time datetime, last_request_end_time datetime?, reads bigint = 0, writes bigint = 0,
    logical_reads bigint = 0, is_user_process bit = 1, text_size int, language nvarchar(128)?,
    date_format nvarchar(3)?, date_first smallint,
    """
    + OPTION_COLUMNS
    + """
    row_count bigint, prev_error int, original_security_id varbinary(85)?, original_login_name nvarchar(128),
    last_successful_logon datetime? = NULL, last_unsuccessful_logon datetime? = NULL,
    unsuccessful_logons bigint? = NULL, group_id int = 2, database_id smallint, authenticating_database_id int? = 1,
    open_transaction_count int, page_server_reads bigint = 0, contained_availability_group_id uniqueidentifier? = NULL
    """,
)
def dm_exec_sessions(session: Session, database: Database) -> Iterator[Row]:
    now = session.instance.clock.now()
    for item in all_sessions(session):
        settings = item.settings
        running = is_running(item, session)
        end = now if running else item.request_ended
        yield (
            *(item.spid, from_timestamp(DATETIME, item.login_time), item.host_name or None, item.app_name or None),
            *(item.origin.process, item.origin.interface),
            *(login_sid(session, item.login_name), item.login_name, "running" if running else "sleeping"),
            *(settings.context_info, _milliseconds(end - item.request_began)),
            *(from_timestamp(DATETIME, item.request_began), from_timestamp(DATETIME, item.request_ended)),
            *(settings.textsize, settings.language, settings.dateformat, settings.datefirst),
            *_options(item),
            *(item.row_count, item.error_number, login_sid(session, item.original_login), item.original_login),
            *(item.database.database_id, item.trancount),
        )


@view(
    "sys.dm_exec_connections",
    """
    session_id int?, most_recent_session_id int?, connect_time datetime, net_transport nvarchar(40) = 'TCP',
    protocol_type nvarchar(40)? = 'TSQL', protocol_version int?, endpoint_id int? = 4,
    encrypt_option nvarchar(40), auth_scheme nvarchar(40) = 'SQL', node_affinity smallint = 0,
    num_reads int? = NULL, num_writes int? = NULL, last_read datetime?, last_write datetime?,
    net_packet_size int?, client_net_address varchar(48)?, client_tcp_port int?,
    local_net_address varchar(48)?, local_tcp_port int?, connection_id uniqueidentifier,
    parent_connection_id uniqueidentifier? = NULL, most_recent_sql_handle varbinary(64)?
    """,
    permission="VIEW SERVER SECURITY STATE",
)
def dm_exec_connections(session: Session, database: Database) -> Iterator[Row]:
    for item in all_sessions(session):
        times = (item.request_began, item.request_ended)
        yield (
            *(item.spid, item.spid, from_timestamp(DATETIME, item.login_time), item.origin.tds_version),
            "TRUE" if item.origin.encrypted else "FALSE",
            *(from_timestamp(DATETIME, time) for time in times),
            *(item.origin.packet_size, item.origin.client_address, item.origin.client_port),
            *(item.origin.local_address, item.origin.local_port),
            connection_id(item),
            frame_handle(item, item.outer_frame),
        )


@view(
    "sys.dm_exec_requests",
    """
    session_id smallint, request_id int = 0, start_time datetime, status nvarchar(30), command nvarchar(32),
    sql_handle varbinary(64)?, statement_start_offset int?, statement_end_offset int?,
    plan_handle varbinary(64)?, database_id smallint, user_id int, connection_id uniqueidentifier?,
    blocking_session_id smallint?, wait_type nvarchar(60)?, wait_time int, last_wait_type nvarchar(60),
    wait_resource nvarchar(256), open_transaction_count int, open_resultset_count int = 1, transaction_id bigint,
    context_info varbinary(128)?, percent_complete real = 0, estimated_completion_time bigint = 0, cpu_time int = 0,
    total_elapsed_time int, scheduler_id int? = 0, task_address varbinary(8)?, reads bigint = 0,
    writes bigint = 0, logical_reads bigint = 0, text_size int, language nvarchar(128)?, date_format nvarchar(3)?,
    date_first smallint,
    """
    + OPTION_COLUMNS
    + """
    row_count bigint, prev_error int, nest_level int, granted_query_memory int = 0, executing_managed_code bit = 0,
    group_id int = 2, query_hash binary(8)? = NULL, query_plan_hash binary(8)? = NULL,
    statement_sql_handle varbinary(64)? = NULL, statement_context_id bigint? = NULL, dop int = 1,
    parallel_worker_count int? = NULL, external_script_request_id uniqueidentifier? = NULL,
    is_resumable bit = 0, page_resource binary(8)? = NULL, page_server_reads bigint = 0, dist_statement_id
    uniqueidentifier? = NULL
    """,
)
def dm_exec_requests(session: Session, database: Database) -> Iterator[Row]:
    now = session.instance.clock.now()
    for item in all_sessions(session):
        if not is_running(item, session):
            continue
        settings = item.settings
        node = item.frame.node
        wait = wait_of(item)
        waiting = wait is not None
        yield (
            *(item.spid, from_timestamp(DATETIME, item.request_began)),
            "suspended" if waiting else "running" if item is session else "runnable",
            command_of(item),
            text_handle(item),
            *(offsets(node) if node is not None else (None, None)),
            text_handle(item, plan=True),
            *(item.database.database_id, 1 if fold(item.user_name) == "dbo" else 0, connection_id(item)),
            *((wait.blocker, wait.type, wait.milliseconds) if wait else (0, None, 0)),
            *((wait.type, wait.resource) if wait else (item.last_wait_type, "")),
            *(item.trancount, item.transaction.owner_id if item.transaction is not None else 0),
            *(settings.context_info, _milliseconds(now - item.request_began), task_address(item)),
            *(settings.textsize, settings.language, settings.dateformat, settings.datefirst),
            *_options(item),
            *(item.row_count, item.error_number, item.nest_level),
        )


COMMANDS = {
    nodes.WaitFor: "WAITFOR",
    nodes.If: "CONDITIONAL",
    nodes.While: "CONDITIONAL",
    nodes.Drop: "DROPOBJ",
}
"""Statements whose ``command`` is not what they begin with."""


def offsets(node: nodes.Statement) -> tuple[int, int]:
    """The places, in bytes, of the first and the last character of a statement in its text."""
    return node.start * 2, (node.end - 1) * 2


def command_of(session: Session) -> str:
    """What kind of statement a session runs: SELECT, EXECUTE, ... (``command``)."""
    node = session.frame.node
    if session.killed:
        return "KILLED/ROLLBACK"
    if node is None:
        return "AWAITING COMMAND"
    if type(node) in COMMANDS:
        return COMMANDS[type(node)]
    name = type(node).__name__
    words = "".join(f" {letter}" if letter.isupper() else letter for letter in name).split()
    return " ".join(words).upper().removesuffix(" PROCEDURE" if words[0] == "Execute" else "\0")
