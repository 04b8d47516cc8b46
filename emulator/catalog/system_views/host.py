"""The machine and the process that the server runs on, and what it knows of other servers: itself.

Documentation: ``sys.dm_os_sys_info``, ``sys.dm_os_host_info``, ``sys.dm_os_sys_memory``, ``sys.dm_os_process_memory``,
``sys.dm_os_schedulers``, ``sys.dm_server_services``, ``sys.servers``, ``sys.endpoints``.
"""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

from emulator.catalog.database import Database
from emulator.catalog.system_views.definition import Row, table_function, view
from emulator.catalog.system_views.sessions import is_running
from emulator.catalog.system_views.tasks import SCHEDULER_ADDRESS
from emulator.catalog.system_views.waits import wait_of
from emulator.types.languages import LANGUAGES
from emulator.types.sqltype import DATETIME
from emulator.types.temporal import from_timestamp

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

if TYPE_CHECKING:
    from emulator.session import Session

PERFORMANCE = "VIEW SERVER PERFORMANCE STATE"
KB = 1024


def _memory() -> tuple[int, int]:
    """Physical memory and what of it is available, in bytes; (0, 0) where the system does not say."""
    try:
        size = os.sysconf("SC_PAGE_SIZE")
        return size * os.sysconf("SC_PHYS_PAGES"), size * os.sysconf("SC_AVPHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return 0, 0


def _used() -> tuple[int, int]:
    """The most memory that this process has had, in bytes, and its page faults; zeros where the system does not say."""
    if resource is None:
        return 0, 0
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_maxrss * (1 if sys.platform == "darwin" else KB), used.ru_majflt


@view(
    "sys.dm_os_sys_info",
    """
    cpu_ticks bigint, ms_ticks bigint, cpu_count int, hyperthread_ratio int = 1, physical_memory_kb bigint,
    virtual_memory_kb bigint, committed_kb bigint, committed_target_kb bigint, visible_target_kb bigint,
    stack_size_in_bytes int = 2093056, os_quantum bigint = 4, os_error_mode int = 5, os_priority_class int? = 32,
    max_workers_count int = 512, scheduler_count int = 1, scheduler_total_count int = 1,
    deadlock_monitor_serial_number int, sqlserver_start_time_ms_ticks bigint, sqlserver_start_time datetime,
    affinity_type int = 2, affinity_type_desc nvarchar(60) = 'AUTO', process_kernel_time_ms bigint,
    process_user_time_ms bigint, time_source int = 0, time_source_desc nvarchar(60) = 'QUERY_PERFORMANCE_COUNTER',
    virtual_machine_type int = 0, virtual_machine_type_desc nvarchar(60) = 'NONE', softnuma_configuration int = 0,
    softnuma_configuration_desc nvarchar(60) = 'OFF', process_physical_affinity nvarchar(3072) = '',
    sql_memory_model int = 1, sql_memory_model_desc nvarchar(60) = 'CONVENTIONAL', socket_count int = 1,
    cores_per_socket int, numa_node_count int = 1, container_type int = 0,
    container_type_desc nvarchar(60) = 'NONE'
    """,
    permission=PERFORMANCE,
)
def dm_os_sys_info(session: Session, database: Database) -> Iterator[Row]:
    instance = session.instance
    ticks = int(instance.clock.now() * 1000)
    started = int(instance.started * 1000)
    processors, (physical, _), used = os.cpu_count() or 1, _memory(), _used()[0] // KB
    spent = os.times()
    yield (
        *(ticks * 1_000_000, ticks, processors, physical // KB, physical // KB, used, physical // KB, physical // KB),
        *(instance.blocked_processes.loop, started, from_timestamp(DATETIME, instance.started)),
        *(int(spent.system * 1000), int(spent.user * 1000), processors),
    )


@view(
    "sys.dm_os_host_info",
    """
    host_platform nvarchar(256), host_distribution nvarchar(256), host_release nvarchar(256),
    host_service_pack_level nvarchar(256) = '', host_sku int? = NULL, os_language_version int = 0,
    host_architecture nvarchar(256)
    """,
)
def dm_os_host_info(session: Session, database: Database) -> Iterator[Row]:
    system, release = platform.system(), platform.release()
    yield system, system, release, "X64" if platform.machine() in ("x86_64", "AMD64") else platform.machine()


@view(
    "sys.dm_os_windows_info",
    """
    windows_release nvarchar(256), windows_service_pack_level nvarchar(256) = '', windows_sku int? = NULL,
    os_language_version int = 0
    """,
)
def dm_os_windows_info(session: Session, database: Database) -> Iterator[Row]:
    yield (platform.release(),)


@view(
    "sys.dm_os_sys_memory",
    """
    total_physical_memory_kb bigint, available_physical_memory_kb bigint, total_page_file_kb bigint,
    available_page_file_kb bigint, system_cache_kb bigint = 0, kernel_paged_pool_kb bigint = 0,
    kernel_nonpaged_pool_kb bigint = 0, system_high_memory_signal_state bit = 1,
    system_low_memory_signal_state bit = 0,
    system_memory_state_desc nvarchar(256) = 'Available physical memory is high'
    """,
    permission=PERFORMANCE,
)
def dm_os_sys_memory(session: Session, database: Database) -> Iterator[Row]:
    total, available = (size // KB for size in _memory())
    yield total, available, total, available


@view(
    "sys.dm_os_process_memory",
    """
    physical_memory_in_use_kb bigint, large_page_allocations_kb bigint = 0, locked_page_allocations_kb bigint = 0,
    total_virtual_address_space_kb bigint, virtual_address_space_reserved_kb bigint,
    virtual_address_space_committed_kb bigint, virtual_address_space_available_kb bigint,
    page_fault_count bigint, memory_utilization_percentage int = 100, available_commit_limit_kb bigint,
    process_physical_memory_low bit = 0, process_virtual_memory_low bit = 0
    """,
    permission=PERFORMANCE,
)
def dm_os_process_memory(session: Session, database: Database) -> Iterator[Row]:
    total, available = (size // KB for size in _memory())
    largest, faults = _used()
    used = largest // KB
    yield used, total, used, used, available, faults, available


@view(
    "sys.dm_os_schedulers",
    """
    scheduler_address varbinary(8), parent_node_id int = 0, scheduler_id int = 0, cpu_id smallint = 0,
    status nvarchar(60) = 'VISIBLE ONLINE', is_online bit = 1, is_idle bit, preemptive_switches_count int = 0,
    context_switches_count int = 0, idle_switches_count int = 0, current_tasks_count int, runnable_tasks_count int,
    current_workers_count int, active_workers_count int, work_queue_count bigint = 0, pending_disk_io_count int = 0,
    load_factor int, yield_count int = 0, last_timer_activity bigint = 0, failed_to_create_worker bit = 0,
    active_worker_address varbinary(8)? = NULL, memory_object_address varbinary(8)? = NULL,
    task_memory_object_address varbinary(8)? = NULL, quantum_length_us bigint = 4000,
    total_cpu_usage_ms bigint = 0, total_cpu_idle_capped_ms bigint = 0, total_scheduler_delay_ms bigint = 0
    """,
    permission=PERFORMANCE,
)
def dm_os_schedulers(session: Session, database: Database) -> Iterator[Row]:
    """There is one."""
    running = [item for item in session.instance.sessions.values() if is_running(item, session)]
    runnable = sum(1 for item in running if item is not session and wait_of(item) is None)
    yield SCHEDULER_ADDRESS, 0, len(running), runnable, len(running), len(running), len(running)


@view(
    "sys.dm_server_services",
    """
    servicename nvarchar(256), startup_type int? = 2, startup_type_desc nvarchar(256) = 'Automatic', status int? = 4,
    status_desc nvarchar(256) = 'Running', process_id int?, last_startup_time datetimeoffset?,
    service_account nvarchar(256) = '', filename nvarchar(256) = '', is_clustered nvarchar(1) = 'N',
    cluster_nodename nvarchar(256)? = NULL, instant_file_initialization_enabled nvarchar(1) = 'N'
    """,
    permission=PERFORMANCE,
)
def dm_server_services(session: Session, database: Database) -> Iterator[Row]:
    yield "SQL Server (MSSQLSERVER)", os.getpid(), None


@view(
    "sys.servers",
    """
    server_id int = 0, name sysname, product sysname = 'SQL Server', provider sysname = 'SQLNCLI',
    data_source nvarchar(4000)?, location nvarchar(4000)? = NULL, provider_string nvarchar(4000)? = NULL,
    catalog sysname? = NULL, connect_timeout int? = 0, query_timeout int? = 0, is_linked bit = 0,
    is_remote_login_enabled bit = 1, is_rpc_out_enabled bit = 1, is_data_access_enabled bit = 0,
    is_collation_compatible bit = 0, uses_remote_collation bit = 1, collation_name sysname? = NULL,
    lazy_schema_validation bit = 0, is_system bit = 0, is_publisher bit = 0, is_subscriber bit? = 0,
    is_distributor bit? = 0, is_nonsql_subscriber bit? = 0,
    is_remote_proc_transaction_promotion_enabled bit? = 0, modify_date datetime, is_rda_server bit? = 0
    """,
)
def servers(session: Session, database: Database) -> Iterator[Row]:
    """The server itself: there are no linked ones."""
    name = session.instance.server_name
    yield name, name, from_timestamp(DATETIME, session.instance.started)


ENDPOINT = """
    name sysname, endpoint_id int, principal_id int? = 1, protocol tinyint, protocol_desc nvarchar(60)?,
    type tinyint = 2, type_desc nvarchar(60)? = 'TSQL', state tinyint? = 0, state_desc nvarchar(60)? = 'STARTED',
    is_admin_endpoint bit = 0
"""


@view("sys.endpoints", ENDPOINT)
def endpoints(session: Session, database: Database) -> Iterator[Row]:
    yield "TSQL Default TCP", 4, 2, "TCP"


@view("sys.tcp_endpoints", ENDPOINT + ", port int = 0, is_dynamic_port bit = 0, ip_address nvarchar(45)? = NULL")
def tcp_endpoints(session: Session, database: Database) -> Iterator[Row]:
    return endpoints(session, database)  # type: ignore[return-value]


@table_function(
    "dm_os_volume_stats",
    "database_id int?, file_id int?",
    """
    database_id int, file_id int, volume_mount_point nvarchar(512)? = '/', volume_id nvarchar(512)? = '',
    logical_volume_name nvarchar(512)? = '', file_system_type nvarchar(512)? = '', total_bytes bigint,
    available_bytes bigint, supports_compression tinyint? = 0, supports_alternate_streams tinyint? = 0,
    supports_sparse_files tinyint? = 1, is_read_only tinyint? = 0, is_compressed tinyint? = 0,
    incurs_seek_penalty tinyint? = NULL
    """,
    permission=PERFORMANCE,
)
def dm_os_volume_stats(
    session: Session, database: Database, database_id: int | None, file_id: int | None
) -> Iterator[Row]:
    space = os.statvfs("/")
    if any(item.database_id == database_id for item in session.instance.databases.values()) and file_id in (1, 2):
        yield database_id, file_id, space.f_blocks * space.f_frsize, space.f_bavail * space.f_frsize


@view(
    "sys.syslanguages",
    """
    langid smallint, dateformat nchar(3), datefirst tinyint, upgrade int? = 0, name sysname, alias sysname?,
    months nvarchar(372)?, shortmonths nvarchar(132)?, days nvarchar(217)?, lcid int, msglangid smallint = 1033
    """,
)
def syslanguages(session: Session, database: Database) -> Iterator[Row]:
    for item in LANGUAGES:
        shown = (",".join(names) for names in (item.months, item.short_months, item.days))
        yield item.langid, item.dateformat, item.datefirst, item.name, item.alias, *shown, item.lcid
