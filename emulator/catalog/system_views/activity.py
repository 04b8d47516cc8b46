"""What has been run, and what it took: compiled units with their counts, the use of indexes.

Counts are since the unit was compiled, or the index made. A unit is a batch or a module as a whole, where SQL Server
counts each of its statements; there are no pages, so that reads and writes are not counted (0).

Documentation: ``sys.dm_exec_query_stats``, ``sys.dm_exec_procedure_stats``, ``sys.dm_exec_trigger_stats``,
``sys.dm_exec_function_stats``, ``sys.dm_exec_cached_plans``, ``sys.dm_exec_sql_text``, ``sys.dm_exec_input_buffer``,
``sys.dm_db_index_usage_stats``, ``sys.dm_db_index_operational_stats``, ``sys.dm_db_partition_stats``.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from hashlib import md5
from typing import TYPE_CHECKING

from emulator.catalog.database import Database
from emulator.catalog.objects import (
    Module,
    Procedure,
    ScalarFunction,
    Table,
    TableFunction,
    Trigger,
    fold,
)
from emulator.catalog.system_views.definition import Row, table_function, view
from emulator.catalog.system_views.indexes import store_of
from emulator.catalog.system_views.objects import TYPE_DESCRIPTIONS
from emulator.errors import SqlError
from emulator.storage.index import IndexStore
from emulator.storage.usage import Use
from emulator.types.sqltype import DATETIME
from emulator.types.temporal import from_timestamp

if TYPE_CHECKING:
    from emulator.execution.frames import Frame
    from emulator.execution.units import CodeUnit, Runs
    from emulator.session import Session

PERFORMANCE = "VIEW SERVER PERFORMANCE STATE"
HANDLE_BYTES = 44
SHORT_HANDLE_BYTES = 20
"""How many of them matter: those that fit into ``sysprocesses.sql_handle``."""
BATCH_HANDLE, MODULE_HANDLE, PLAN_OF_BATCH, PLAN_OF_MODULE = 2, 3, 6, 5
"""First bytes of handles: a text, a module's text, and the plans of either."""


@dataclass(frozen=True, slots=True)
class Cached:
    """A compiled unit: of ``text``, or of ``module``."""

    unit: CodeUnit
    database: Database
    text: str
    module: Module | None = None

    def handle(self, *, plan: bool = False) -> bytes:
        """``sql_handle`` or ``plan_handle``."""
        if self.module is None:
            return _handle(PLAN_OF_BATCH if plan else BATCH_HANDLE, self.database.database_id, 0, self.text)
        kind = PLAN_OF_MODULE if plan else MODULE_HANDLE
        return _handle(kind, self.database.database_id, self.module.object_id, self.text)


def _handle(kind: int, database_id: int, object_id: int, text: str) -> bytes:
    digest = md5(text.encode("utf-16-le", "surrogatepass"), usedforsecurity=False).digest()
    numbers = database_id.to_bytes(2, "little") + object_id.to_bytes(4, "little")
    return (bytes([kind, 0]) + numbers + digest)[:SHORT_HANDLE_BYTES].ljust(HANDLE_BYTES, b"\0")


def text_handle(session: Session, *, plan: bool = False) -> bytes:
    """The ``sql_handle`` (or ``plan_handle``) of what a session is running, or has run last: the module that it
    is in, or the batch."""
    return frame_handle(session, session.frame, plan=plan)


def frame_handle(session: Session, frame: Frame, *, plan: bool = False) -> bytes:
    """The same of what is run in one frame of it. Positions of statements are in the text that it leads to."""
    module = frame.module
    if module is None and frame.caller is None:
        module = called_procedure(session)
    if module is None:
        return batch_handle(session, frame.text or session.input_buffer, plan=plan)
    database = session.instance.databases[fold(module.database)]
    kind = PLAN_OF_MODULE if plan else MODULE_HANDLE
    return _handle(kind, database.database_id, module.object_id, module.definition)


def batch_handle(session: Session, text: str, *, plan: bool = False) -> bytes:
    """The same of a batch."""
    return _handle(PLAN_OF_BATCH if plan else BATCH_HANDLE, session.database.database_id, 0, text)


def called_procedure(session: Session) -> Procedure | None:
    """The procedure of a user that the client called last, None if it sent something else."""
    if session.input_is_call:
        with suppress(SqlError):
            found = session.find_procedure(session.parse_name(session.input_buffer), None)
            return found if isinstance(found, Procedure) else None
    return None


def cached_modules(session: Session, kinds: tuple[type[Module], ...] = (Module,)) -> Iterator[Cached]:
    """The modules that are compiled at the moment."""
    for database in session.instance.databases.values():
        for module in database.of_kind(Module):
            if isinstance(module, kinds) and module.plan is not None:
                unit = module.plan[0] if isinstance(module, Procedure) else module.plan
                if hasattr(unit, "runs"):
                    yield Cached(unit, database, module.definition, module)


def cached_units(session: Session) -> Iterator[Cached]:
    """Everything that is compiled at the moment: batches, then modules."""
    for (text, _, database, *_), unit in list(session.instance.units.items()):
        yield Cached(unit, database, text)
    yield from cached_modules(session)


RUNS = """
    execution_count bigint, total_worker_time bigint, last_worker_time bigint, min_worker_time bigint,
    max_worker_time bigint, total_physical_reads bigint = 0, last_physical_reads bigint = 0,
    min_physical_reads bigint = 0, max_physical_reads bigint = 0, total_logical_writes bigint = 0,
    last_logical_writes bigint = 0, min_logical_writes bigint = 0, max_logical_writes bigint = 0,
    total_logical_reads bigint = 0, last_logical_reads bigint = 0, min_logical_reads bigint = 0,
    max_logical_reads bigint = 0, {clr} total_elapsed_time bigint, last_elapsed_time bigint, min_elapsed_time bigint,
    max_elapsed_time bigint
"""
CLR = """
    total_clr_time bigint = 0, last_clr_time bigint = 0, min_clr_time bigint = 0, max_clr_time bigint = 0,
"""
MODULE_STATS = (
    """
    database_id int, object_id int, type char(2), type_desc nvarchar(60)?, sql_handle varbinary(64),
    plan_handle varbinary(64), cached_time datetime?, last_execution_time datetime?,
    """
    + RUNS.format(clr="")
    + """
    , total_spills bigint = 0, last_spills bigint = 0, min_spills bigint = 0, max_spills bigint = 0,
    total_num_physical_reads bigint = 0, last_num_physical_reads bigint = 0, min_num_physical_reads bigint = 0,
    max_num_physical_reads bigint = 0, total_page_server_reads bigint = 0, last_page_server_reads bigint = 0,
    min_page_server_reads bigint = 0, max_page_server_reads bigint = 0
    """
)


def _microseconds(runs: Runs) -> Row:
    return tuple(int(seconds * 1_000_000) for seconds in (runs.total, runs.latest, runs.least, runs.most))


def _runs(runs: Runs) -> Row:
    """The values of ``RUNS``: worker time is the time that passed, for want of another."""
    times = _microseconds(runs)
    return runs.count, *times, *times


def _moment(seconds: float) -> int:
    moment: int = from_timestamp(DATETIME, seconds)
    return moment


@view(
    "sys.dm_exec_query_stats",
    """
    sql_handle varbinary(64), statement_start_offset int = 0, statement_end_offset int = -1,
    plan_generation_num bigint = 1, plan_handle varbinary(64), creation_time datetime?, last_execution_time datetime?,
    """
    + RUNS.format(clr=CLR)
    + """
    , query_hash binary(8), query_plan_hash binary(8), total_rows bigint = 0, last_rows bigint = 0,
    min_rows bigint = 0, max_rows bigint = 0, statement_sql_handle varbinary(64)? = NULL,
    statement_context_id bigint? = NULL, total_dop bigint = 0, last_dop bigint = 1, min_dop bigint = 1,
    max_dop bigint = 1, total_grant_kb bigint = 0, last_grant_kb bigint = 0, min_grant_kb bigint = 0,
    max_grant_kb bigint = 0, total_used_grant_kb bigint = 0, last_used_grant_kb bigint = 0,
    min_used_grant_kb bigint = 0, max_used_grant_kb bigint = 0, total_ideal_grant_kb bigint = 0,
    last_ideal_grant_kb bigint = 0, min_ideal_grant_kb bigint = 0, max_ideal_grant_kb bigint = 0,
    total_spills bigint = 0, last_spills bigint = 0, min_spills bigint = 0, max_spills bigint = 0
    """,
    permission=PERFORMANCE,
)
def dm_exec_query_stats(session: Session, database: Database) -> Iterator[Row]:
    for item in cached_units(session):
        runs = item.unit.runs
        if not runs.count:
            continue
        handle, plan = item.handle(), item.handle(plan=True)
        times = _moment(item.unit.made), _moment(runs.last)
        yield handle, plan, *times, *_runs(runs), handle[8:16], plan[8:16]


def _module_stats(session: Session, *kinds: type[Module]) -> Iterator[Row]:
    for item in cached_modules(session, kinds):
        module, runs = item.module, item.unit.runs
        if module is None or not runs.count:
            continue
        code = module.type_code
        yield (
            *(item.database.database_id, module.object_id, code, TYPE_DESCRIPTIONS[code]),
            *(item.handle(), item.handle(plan=True), _moment(item.unit.made), _moment(runs.last)),
            *_runs(runs),
        )


@view("sys.dm_exec_procedure_stats", MODULE_STATS, permission=PERFORMANCE)
def dm_exec_procedure_stats(session: Session, database: Database) -> Iterator[Row]:
    return _module_stats(session, Procedure)


@view("sys.dm_exec_trigger_stats", MODULE_STATS, permission=PERFORMANCE)
def dm_exec_trigger_stats(session: Session, database: Database) -> Iterator[Row]:
    return _module_stats(session, Trigger)


@view("sys.dm_exec_function_stats", MODULE_STATS, permission=PERFORMANCE)
def dm_exec_function_stats(session: Session, database: Database) -> Iterator[Row]:
    return _module_stats(session, ScalarFunction, TableFunction)


@view(
    "sys.dm_exec_cached_plans",
    """
    bucketid int = 0, refcounts int = 2, usecounts int, size_in_bytes int = 16384, memory_object_address varbinary(8),
    cacheobjtype nvarchar(50) = 'Compiled Plan', objtype nvarchar(20), plan_handle varbinary(64), pool_id int? = 2,
    parent_plan_handle varbinary(64)? = NULL
    """,
    permission=PERFORMANCE,
)
def dm_exec_cached_plans(session: Session, database: Database) -> Iterator[Row]:
    for item in cached_units(session):
        kind = "Prepared" if item.unit.parameters else "Adhoc"
        if item.module is not None:
            kind = "Proc" if isinstance(item.module, Procedure) else "Trigger"
        handle = item.handle(plan=True)
        yield item.unit.runs.count, handle[8:16], kind, handle


SQL_TEXT = """
    dbid smallint?, objectid int?, number smallint?, encrypted bit, text nvarchar(max)?
"""


@table_function("dm_exec_sql_text", "handle varbinary(64)?", SQL_TEXT, permission=PERFORMANCE)
def dm_exec_sql_text(session: Session, database: Database, handle: bytes | None) -> Iterator[Row]:
    """The text of a batch or module, by its ``sql_handle``, which may be the short one, or its ``plan_handle``."""
    handle = (handle or b"").ljust(HANDLE_BYTES, b"\0")
    for item in cached_units(session):
        if handle in (item.handle(), item.handle(plan=True)):
            number = None if item.module is None else item.module.object_id
            yield (None if number is None else item.database.database_id), number, None, 0, item.text
            return
    for other in session.instance.sessions.values():
        for frame in (other.frame, other.outer_frame):
            if handle in (frame_handle(other, frame), frame_handle(other, frame, plan=True)):
                yield None, None, None, 0, frame.text or other.input_buffer
                return


@table_function("fn_get_sql", "handle varbinary(64)?", SQL_TEXT, permission=PERFORMANCE)
def fn_get_sql(session: Session, database: Database, handle: bytes | None) -> Iterator[Row]:
    return dm_exec_sql_text(session, database, handle)  # type: ignore[return-value]


@table_function(
    "dm_exec_input_buffer",
    "session_id smallint?, request_id int?",
    "event_type nvarchar(256)?, parameters smallint, event_info nvarchar(max)?",
    required=1,
)
def dm_exec_input_buffer(session: Session, database: Database, spid: int | None, request: int | None) -> Iterator[Row]:
    """What a session has sent last; another one's takes VIEW SERVER PERFORMANCE STATE."""
    other = session.instance.sessions.get(spid) if spid is not None else None
    if other is not None and (other is session or session.may_on_server(PERFORMANCE)):
        yield "RPC Event" if other.input_is_call else "Language Event", 0, other.input_buffer


# --- Indexes ----------------------------------------------------------------------------------------------------------


def index_stores(database: Database) -> Iterator[tuple[Table, int, IndexStore]]:
    """Every heap and index of permanent tables: the table, the index id and the store."""
    for table in database.of_kind(Table):
        if table.store is None:
            continue
        if table.clustered is None:
            yield table, 0, table.store.base
        for index in sorted(table.indexes, key=lambda index: index.number):
            if index.clustered or index.name in table.store.indexes:
                yield table, index.number, store_of(table, index)


@view(
    "sys.dm_db_index_usage_stats",
    """
    database_id smallint, object_id int, index_id int, user_seeks bigint, user_scans bigint, user_lookups bigint,
    user_updates bigint, last_user_seek datetime?, last_user_scan datetime?, last_user_lookup datetime?,
    last_user_update datetime?, system_seeks bigint = 0, system_scans bigint = 0, system_lookups bigint = 0,
    system_updates bigint = 0, last_system_seek datetime? = NULL, last_system_scan datetime? = NULL,
    last_system_lookup datetime? = NULL, last_system_update datetime? = NULL
    """,
    permission=PERFORMANCE,
)
def dm_db_index_usage_stats(session: Session, database: Database) -> Iterator[Row]:
    for item in session.instance.databases.values():
        for table, index_id, store in index_stores(item):
            counts = [store.usage.counts[use] for use in Use]
            if store.usage.used:
                times = (None if one.last is None else _moment(one.last) for one in counts)
                yield item.database_id, table.object_id, index_id, *(one.count for one in counts), *times


@view(
    "sys.dm_db_partition_stats",
    """
    partition_id bigint?, object_id int, index_id int, partition_number int = 1, in_row_data_page_count bigint?,
    in_row_used_page_count bigint?, in_row_reserved_page_count bigint?, lob_used_page_count bigint? = 0,
    lob_reserved_page_count bigint? = 0, row_overflow_used_page_count bigint? = 0,
    row_overflow_reserved_page_count bigint? = 0, used_page_count bigint?, reserved_page_count bigint?,
    row_count bigint?
    """,
)
def dm_db_partition_stats(session: Session, database: Database) -> Iterator[Row]:
    """Page counts are those that the rows would take (``pages``)."""
    for table, index_id, store in index_stores(database):
        data, used, reserved = pages(table, store)
        yield (*(store.locks.entity_id, table.object_id, index_id, data, used, reserved, used, reserved, len(store)),)


PAGE_BYTES = 8060
EXTENT_PAGES = 8
ROW_OVERHEAD = 9
SAMPLE = 1000


def pages(table: Table, store: IndexStore) -> tuple[int, int, int]:
    """Pages of data, used and reserved, that the rows of an index would take on SQL Server: an estimate from some rows,
    with full pages and one page of IAM."""
    count = len(store)
    if not count:
        return 0, 0, 0
    columns = table.columns
    if store is not (table.store.base if table.store is not None else None):
        ordinals = {*store.definition.key_columns, *store.definition.included}
        columns = [column for column in columns if column.ordinal in ordinals]
    sizes: list[int] = []
    for row in table.store.rows() if table.store is not None else ():
        sizes.append(ROW_OVERHEAD + sum(stored_bytes(row[column.ordinal]) for column in columns))
        if len(sizes) == SAMPLE:
            break
    average = sum(sizes) / len(sizes) if sizes else 0
    data = max(1, -(-int(count * average) // PAGE_BYTES))
    return data, data + 1, -(-(data + 1) // EXTENT_PAGES) * EXTENT_PAGES


def stored_bytes(value: object) -> int:
    """About what a value takes in a row."""
    match value:
        case None:
            return 0
        case str():
            return 2 * len(value) if not value.isascii() else len(value)
        case bytes():
            return len(value)
        case int():
            return max(4, (value.bit_length() + 7) // 8)
        case _:
            return 8


@table_function(
    "dm_db_index_operational_stats",
    "database_id smallint?, object_id int?, index_id int?, partition_number int?",
    """
    database_id smallint, object_id int, index_id int, partition_number int = 1, hobt_id bigint,
    leaf_insert_count bigint = 0, leaf_delete_count bigint = 0, leaf_update_count bigint, leaf_ghost_count bigint,
    nonleaf_insert_count bigint = 0, nonleaf_delete_count bigint = 0, nonleaf_update_count bigint = 0,
    leaf_allocation_count bigint = 0, nonleaf_allocation_count bigint = 0, leaf_page_merge_count bigint = 0,
    nonleaf_page_merge_count bigint = 0, range_scan_count bigint, singleton_lookup_count bigint,
    forwarded_fetch_count bigint = 0, lob_fetch_in_pages bigint = 0, lob_fetch_in_bytes bigint = 0,
    lob_orphan_create_count bigint = 0, lob_orphan_insert_count bigint = 0, row_overflow_fetch_in_pages bigint = 0,
    row_overflow_fetch_in_bytes bigint = 0, column_value_push_off_row_count bigint = 0,
    column_value_pull_in_row_count bigint = 0, row_lock_count bigint, row_lock_wait_count bigint,
    row_lock_wait_in_ms bigint, page_lock_count bigint = 0, page_lock_wait_count bigint = 0,
    page_lock_wait_in_ms bigint = 0, index_lock_promotion_attempt_count bigint = 0,
    index_lock_promotion_count bigint = 0, page_latch_wait_count bigint = 0, page_latch_wait_in_ms bigint = 0,
    page_io_latch_wait_count bigint = 0, page_io_latch_wait_in_ms bigint = 0, tree_page_latch_wait_count bigint = 0,
    tree_page_latch_wait_in_ms bigint = 0, tree_page_io_latch_wait_count bigint = 0,
    tree_page_io_latch_wait_in_ms bigint = 0, page_compression_attempt_count bigint = 0,
    page_compression_success_count bigint = 0, version_generated_inrow bigint = 0,
    version_generated_offrow bigint = 0, ghost_version_inrow bigint = 0, ghost_version_offrow bigint = 0,
    insert_over_ghost_version_inrow bigint = 0, insert_over_ghost_version_offrow bigint = 0
    """,
)
def dm_db_index_operational_stats(
    session: Session,
    database: Database,
    database_id: int | None,
    object_id: int | None,
    index_id: int | None,
    partition: int | None,
) -> Iterator[Row]:
    """Locks waited for are counted (row_lock_count is that of the waits: granted ones are not counted)."""
    for item in session.instance.databases.values():
        if database_id not in (None, 0, item.database_id):
            continue
        for table, number, store in index_stores(item):
            if object_id not in (None, 0, table.object_id) or index_id not in (None, -1, number):
                continue
            counts, waits = store.usage.counts, store.locks.waits
            yield (
                *(item.database_id, table.object_id, number, store.locks.entity_id, counts[Use.UPDATE].count),
                *(store.ghosts, counts[Use.SEEK].count + counts[Use.SCAN].count, counts[Use.LOOKUP].count),
                *(waits.count, waits.count, int(waits.seconds * 1000)),
            )


@table_function(
    "dm_db_index_physical_stats",
    "database_id smallint?, object_id int?, index_id int?, partition_number int?, mode sysname?",
    """
    database_id smallint?, object_id int?, index_id int?, partition_number int? = 1, index_type_desc nvarchar(60)?,
    alloc_unit_type_desc nvarchar(60)? = 'IN_ROW_DATA', index_depth tinyint?, index_level tinyint? = 0,
    avg_fragmentation_in_percent float? = 0, fragment_count bigint?, avg_fragment_size_in_pages float?,
    page_count bigint?, avg_page_space_used_in_percent float? = NULL, record_count bigint?, ghost_record_count bigint?,
    version_ghost_record_count bigint? = NULL, min_record_size_in_bytes int? = NULL,
    max_record_size_in_bytes int? = NULL, avg_record_size_in_bytes float? = NULL, forwarded_record_count bigint? = NULL,
    compressed_page_count bigint? = 0, hobt_id bigint?, columnstore_delete_buffer_state tinyint? = 0,
    columnstore_delete_buffer_state_desc nvarchar(60)? = 'NOT VALID', version_record_count bigint? = NULL,
    inrow_version_record_count bigint? = NULL, inrow_diff_version_record_count bigint? = NULL,
    total_inrow_version_payload_size_in_bytes bigint? = NULL, offrow_regular_version_record_count bigint? = NULL,
    offrow_long_term_version_record_count bigint? = NULL
    """,
)
def dm_db_index_physical_stats(
    session: Session,
    database: Database,
    database_id: int | None,
    object_id: int | None,
    index_id: int | None,
    partition: int | None,
    mode: str | None,
) -> Iterator[Row]:
    """Nothing is ever fragmented. Numbers of records are shown in modes SAMPLED and DETAILED alone."""
    detailed = fold(mode or "limited") in ("sampled", "detailed")
    for item in session.instance.databases.values():
        if database_id not in (None, 0, item.database_id):
            continue
        for table, number, store in index_stores(item):
            if object_id not in (None, 0, table.object_id) or index_id not in (None, -1, number):
                continue
            kind = "HEAP" if number == 0 else "CLUSTERED INDEX" if number == 1 else "NONCLUSTERED INDEX"
            data = pages(table, store)[0]
            size = (float(data) if data else None) if detailed or data else None
            yield (
                *(item.database_id, table.object_id, number, kind, 1 if data <= 1 else 2, 1 if data else 0, size, data),
                *((len(store), store.ghosts) if detailed else (None, None)),
                store.locks.entity_id,
            )
