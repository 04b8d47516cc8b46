"""What runs: a task for each request, and for each task a worker and a thread, as SQL Server would have.

Here all requests run on one thread. What would be counted of single threads is 0.

Documentation: ``sys.dm_os_tasks``, ``sys.dm_os_workers``, ``sys.dm_os_threads``, ``sys.dm_db_task_space_usage``,
``sys.dm_db_session_space_usage``.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

from emulator.catalog.database import Database
from emulator.catalog.system_views.definition import Row, view
from emulator.catalog.system_views.sessions import all_sessions, is_running
from emulator.catalog.system_views.waits import task_address, wait_of
from emulator.types.sqltype import DATETIME
from emulator.types.temporal import from_timestamp

if TYPE_CHECKING:
    from emulator.session import Session

PERFORMANCE = "VIEW SERVER PERFORMANCE STATE"
SCHEDULER_ADDRESS = b"\0" * 7 + b"\1"
WORKERS, THREADS = b"\0\1\0\0\0\0", b"\0\2\0\0\0\0"
"""Where the addresses of workers and threads begin."""


def _running(session: Session) -> Iterator[tuple[Session, bytes, str]]:
    """The sessions that run something, the end of the addresses of what they have, and their state."""
    for item in all_sessions(session):
        if is_running(item, session):
            state = "SUSPENDED" if wait_of(item) is not None else "RUNNING" if item is session else "RUNNABLE"
            yield item, item.spid.to_bytes(2, "big"), state


@view(
    "sys.dm_os_tasks",
    """
    task_address varbinary(8), task_state nvarchar(60)?, context_switches_count int? = 0, pending_io_count int? = 0,
    pending_io_byte_count bigint? = 0, pending_io_byte_average int? = 0, scheduler_id int = 0, session_id smallint?,
    exec_context_id int? = 0, request_id int? = 0, worker_address varbinary(8)?, host_address varbinary(8)? = NULL,
    parent_task_address varbinary(8)? = NULL
    """,
    permission=PERFORMANCE,
)
def dm_os_tasks(session: Session, database: Database) -> Iterator[Row]:
    for item, end, state in _running(session):
        yield task_address(item), state, item.spid, WORKERS + end


@view(
    "sys.dm_os_workers",
    """
    worker_address varbinary(8), status int = 0, is_preemptive bit? = 0, is_fiber bit? = 0, is_sick bit? = 0,
    is_in_cc_exception bit? = 0, is_fatal_exception bit? = 0, is_inside_catch bit? = 0,
    is_in_polling_io_completion_routine bit? = 0, context_switch_count int = 0, pending_io_count int = 0,
    pending_io_byte_count bigint = 0, pending_io_byte_average int = 0, wait_started_ms_ticks bigint,
    wait_resumed_ms_ticks bigint = 0, task_bound_ms_ticks bigint, worker_created_ms_ticks bigint,
    exception_num int = 0, exception_severity int = 0, exception_address varbinary(8)? = NULL, affinity bigint = 0,
    state nvarchar(60)?, start_quantum bigint = 0, end_quantum bigint = 0, last_wait_type nvarchar(60)?,
    return_code int = 0, quantum_used bigint = 0, max_quantum bigint = 0, boost_count int = 0,
    tasks_processed_count int = 0, fiber_address varbinary(8)? = NULL, task_address varbinary(8)?,
    memory_object_address varbinary(8)? = NULL, thread_address varbinary(8)?,
    signal_worker_address varbinary(8)? = NULL, scheduler_address varbinary(8)?, processor_group smallint = 0
    """,
    permission=PERFORMANCE,
)
def dm_os_workers(session: Session, database: Database) -> Iterator[Row]:
    """Ticks are milliseconds of the clock, as ``ms_ticks`` of ``sys.dm_os_sys_info``."""
    now = session.instance.clock.now() * 1000
    for item, end, state in _running(session):
        wait, began = wait_of(item), int(item.request_began * 1000)
        since = 0 if wait is None else int(now) - wait.milliseconds
        last = item.last_wait_type if wait is None else wait.type
        yield WORKERS + end, since, began, began, state, last, task_address(item), THREADS + end, SCHEDULER_ADDRESS


@view(
    "sys.dm_os_threads",
    """
    thread_address varbinary(8), started_by_sqlservr bit? = 1, os_thread_id int?, status int? = 0,
    instruction_address varbinary(8)? = NULL, creation_time datetime?, kernel_time bigint? = 0,
    usermode_time bigint? = 0, stack_base_address varbinary(8)? = NULL, stack_end_address varbinary(8)? = NULL,
    stack_bytes_committed int? = 0, stack_bytes_used int? = 0, affinity bigint? = 0, priority int? = 0,
    locale int? = 1033, token varbinary(8)? = NULL, is_impersonating int? = 0, is_waiting_on_loader_lock int? = 0,
    fiber_data varbinary(8)? = NULL, thread_handle varbinary(8)? = NULL, event_handle varbinary(8)? = NULL,
    scheduler_address varbinary(8)?, worker_address varbinary(8)?, fiber_context_address varbinary(8)? = NULL,
    self_address varbinary(8)? = NULL, processor_group smallint? = 0
    """,
    permission=PERFORMANCE,
)
def dm_os_threads(session: Session, database: Database) -> Iterator[Row]:
    started = from_timestamp(DATETIME, session.instance.started)
    for _, end, _ in _running(session):
        yield THREADS + end, os.getpid(), started, SCHEDULER_ADDRESS, WORKERS + end


PAGES = """
    database_id int, user_objects_alloc_page_count bigint = 0, user_objects_dealloc_page_count bigint = 0,
    internal_objects_alloc_page_count bigint = 0, internal_objects_dealloc_page_count bigint = 0,
    user_objects_deferred_dealloc_page_count bigint = 0
"""
"""There are no pages of tempdb."""


@view(
    "sys.dm_db_task_space_usage",
    """
    task_address varbinary(8), is_remote_task bit = 0, session_id smallint, request_id int = 0,
    exec_context_id int = 0,
    """
    + PAGES,
    permission=PERFORMANCE,
)
def dm_db_task_space_usage(session: Session, database: Database) -> Iterator[Row]:
    tempdb = session.instance.databases["tempdb"].database_id
    for item, _, _ in _running(session):
        yield task_address(item), item.spid, tempdb


@view("sys.dm_db_session_space_usage", "session_id smallint," + PAGES, permission=PERFORMANCE)
def dm_db_session_space_usage(session: Session, database: Database) -> Iterator[Row]:
    tempdb = session.instance.databases["tempdb"].database_id
    for item in all_sessions(session):
        yield item.spid, tempdb
