"""Table-valued functions of ``sys`` that answer what a session may do and what a batch would return.

Documentation: "sys.fn_my_permissions", "sys.fn_helpcollations", "sys.dm_exec_describe_first_result_set",
"sys.dm_exec_describe_first_result_set_for_object", "sys.dm_db_stats_properties", "sys.dm_exec_cursors",
"sys.dm_io_virtual_file_stats".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from emulator.catalog.database import Database
from emulator.catalog.permissions import PERMISSIONS
from emulator.catalog.system_views.definition import Row, table_function
from emulator.errors import SqlError
from emulator.types.collation import known_collations
from emulator.types.sqltype import DATETIME
from emulator.types.temporal import from_timestamp

if TYPE_CHECKING:
    from emulator.session import Session


@table_function(
    "fn_my_permissions",
    "securable sysname?, securable_class sysname?",
    "entity_name nvarchar(517)?, subentity_name nvarchar(128)?, permission_name nvarchar(60)?",
)
def fn_my_permissions(
    session: Session, database: Database, securable: str | None, securable_class: str | None
) -> Iterator[Row]:
    """The permissions that the session has on a securable; none for a securable that does not exist."""
    from emulator.execution.functions.security import has_permissions_by_name  # noqa: PLC0415 (functions read views)

    kind = (securable_class or "").upper()
    for permission in PERMISSIONS.get(kind, {}):
        if has_permissions_by_name(session, securable, kind, permission):
            yield securable if kind not in ("SERVER", "DATABASE") else kind.lower(), "", permission


RESULT_COLUMNS = """
    is_hidden bit = 0, column_ordinal int?, name sysname?, is_nullable bit?, system_type_id int?,
    system_type_name nvarchar(256)?, max_length smallint?, precision tinyint?, scale tinyint?, collation_name sysname?,
    user_type_id int? = NULL, user_type_database sysname? = NULL, user_type_schema sysname? = NULL,
    user_type_name sysname? = NULL, assembly_qualified_type_name nvarchar(4000)? = NULL,
    xml_collection_id int? = NULL, xml_collection_database sysname? = NULL, xml_collection_schema sysname? = NULL,
    xml_collection_name sysname? = NULL, is_xml_document bit? = 0, is_case_sensitive bit?,
    is_fixed_length_clr_type bit? = 0, source_server sysname? = NULL, source_database sysname? = NULL,
    source_schema sysname? = NULL, source_table sysname? = NULL, source_column sysname? = NULL,
    is_identity_column bit?, is_part_of_unique_key bit? = NULL, is_updateable bit? = 0, is_computed_column bit? = 0,
    is_sparse_column_set bit? = 0, ordinal_in_order_by_list smallint? = NULL, order_by_is_descending smallint? = NULL,
    order_by_list_length smallint? = NULL, error_number int?, error_severity int?, error_state int?,
    error_message nvarchar(4000)?, error_type int?, error_type_desc nvarchar(60)?
"""
NO_ERROR: Row = (None,) * 6
MISCELLANEOUS, SYNTAX = (0, "MISC"), (1, "SYNTAX")
SYNTAX_SEVERITY = 15


@table_function(
    "dm_exec_describe_first_result_set",
    "tsql nvarchar(max)?, params nvarchar(max)?, browse_information_mode tinyint?",
    RESULT_COLUMNS,
)
def dm_exec_describe_first_result_set(
    session: Session, database: Database, text: str | None, declarations: str | None, mode: int | None
) -> Iterator[Row]:
    """The columns of a batch's first result set; where it cannot be told, one row with the error."""
    from emulator.execution.system_procedures.describe import described_columns  # noqa: PLC0415 (it reads views)

    try:
        rows = list(described_columns(session, text, declarations))
    except SqlError as error:
        kind = SYNTAX if error.severity == SYNTAX_SEVERITY else MISCELLANEOUS
        blank: tuple[Any, ...] = (None,) * 11
        yield (*blank, error.number, error.severity, error.state, error.message, *kind)
        return
    for row in rows:
        yield *row[:11], *NO_ERROR


@table_function(
    "dm_exec_describe_first_result_set_for_object",
    "object_id int?, browse_information_mode tinyint?",
    RESULT_COLUMNS,
)
def dm_exec_describe_first_result_set_for_object(
    session: Session, database: Database, object_id: int | None, mode: int | None
) -> Iterator[Row]:
    """The same for a procedure or trigger."""
    item = database.by_id.get(object_id or 0)
    if item is None:
        return iter(())
    text = f"EXEC [{item.schema.replace(']', ']]')}].[{item.name.replace(']', ']]')}]"
    return dm_exec_describe_first_result_set(session, database, text, None, mode)  # type: ignore[return-value]


@table_function(
    "dm_exec_cursors",
    "session_id int?",
    """
    session_id int, cursor_id int, name nvarchar(256)?, properties nvarchar(256)?, sql_handle varbinary(64)? = NULL,
    statement_start_offset int = 0, statement_end_offset int = -1, plan_generation_num bigint = 1,
    creation_time datetime, is_open bit, is_async_population bit = 0, is_close_on_commit bit, fetch_status int,
    fetch_buffer_size int = 1, fetch_buffer_start int = 0, ansi_position int = 0, worker_time bigint = 0,
    reads bigint = 0, writes bigint = 0, dormant_duration bigint = 0
    """,
    permission="VIEW SERVER PERFORMANCE STATE",
)
def dm_exec_cursors(session: Session, database: Database, spid: int | None) -> Iterator[Row]:
    """The open cursors of a session, of all with 0 or NULL."""
    for number, other in sorted(session.instance.sessions.items()):
        if spid not in (None, 0, number):
            continue
        closes = "CURSOR_CLOSE_ON_COMMIT" in other.settings.on
        for place, cursor in enumerate(other.open_cursors, start=1):
            name = next((name for name, found in other.cursors.items() if found is cursor), None)
            began = from_timestamp(DATETIME, other.request_began)
            yield number, place, name, "TSQL | Snapshot | Read Only | Global (0)", began, 1, closes, other.fetch_status


STATS_PROPERTIES = """
    object_id int, stats_id int, last_updated datetime2?, rows bigint?, rows_sampled bigint?, steps int?,
    unfiltered_rows bigint?, modification_counter bigint?, persisted_sample_percent float?
"""


@table_function("dm_db_stats_properties", "object_id int?, stats_id int?", STATS_PROPERTIES)
def dm_db_stats_properties(
    session: Session, database: Database, object_id: int | None, stats_id: int | None
) -> Iterator[Row]:
    """Statistics that have never been made: their row has NULLs."""
    item = database.by_id.get(object_id or 0)
    if any(index.number == stats_id for index in getattr(item, "indexes", ())):
        yield object_id, stats_id, None, None, None, None, None, None, None


@table_function(
    "dm_io_virtual_file_stats",
    "database_id int?, file_id int?",
    """
    database_id smallint, file_id smallint, sample_ms bigint, num_of_reads bigint = 0, num_of_bytes_read bigint = 0,
    io_stall_read_ms bigint = 0, io_stall_queued_read_ms bigint = 0, num_of_writes bigint = 0,
    num_of_bytes_written bigint = 0, io_stall_write_ms bigint = 0, io_stall_queued_write_ms bigint = 0,
    io_stall bigint = 0, size_on_disk_bytes bigint, file_handle varbinary(8)? = NULL
    """,
    permission="VIEW SERVER PERFORMANCE STATE",
)
def dm_io_virtual_file_stats(
    session: Session, database: Database, database_id: int | None, file_id: int | None
) -> Iterator[Row]:
    """Nothing is read from files or written to them."""
    running = int((session.instance.clock.now() - session.instance.started) * 1000)
    for item in session.instance.databases.values():
        for number in (1, 2):
            if database_id in (None, item.database_id) and file_id in (None, number):
                yield item.database_id, number, running, 8388608


@table_function(
    "dm_exec_query_plan",
    "plan_handle varbinary(64)?",
    "dbid smallint?, objectid int?, number smallint?, encrypted bit, query_plan xml?",
)
def dm_exec_query_plan(session: Session, database: Database, handle: bytes | None) -> Iterator[Row]:
    """Plans have no XML here: the row of a plan that there is has NULL, as on SQL Server while it is not compiled."""
    from emulator.catalog.system_views.activity import cached_units  # noqa: PLC0415 (it reads indexes, which read this)

    for item in cached_units(session):
        if handle == item.handle(plan=True):
            number = None if item.module is None else item.module.object_id
            yield item.database.database_id, number, None, 0, None
            return


@table_function("fn_helpcollations", "", "name sysname, description nvarchar(1000)")
def fn_helpcollations(session: Session, database: Database) -> Iterator[Row]:
    """The collations by name."""
    for found in known_collations():
        traits = [
            "binary sort" if found.is_binary else None,
            None if found.is_binary else f"case-{'' if found.is_case_sensitive else 'in'}sensitive",
            None if found.is_binary else f"accent-{'' if found.is_accent_sensitive else 'in'}sensitive",
        ]
        language = found.name.removeprefix("SQL_").split("_")[0]
        yield found.name, ", ".join([language, *(trait for trait in traits if trait)])
