"""Objects and their schemas: ``sys.objects`` and the views that extend it, ``sys.schemas``.

The functions here that make the leading columns of ``sys.objects`` serve every view that repeats them.

Documentation: ``sys.objects``, ``sys.tables``, ``sys.views``, ``sys.sequences``, ``sys.synonyms``, ``sys.schemas``,
``sys.system_views``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from emulator.catalog.database import Database
from emulator.catalog.objects import (
    Constraint,
    DatabaseObject,
    Procedure,
    Sequence,
    Synonym,
    Table,
    Trigger,
    View,
    fold,
)
from emulator.catalog.system_views.base_tables import base_table_rows
from emulator.catalog.system_views.definition import SYSTEM_VIEWS, Row, SystemView, system_view_id, view
from emulator.types.descriptions import column_precision, system_type_id
from emulator.types.sqltype import SqlType

if TYPE_CHECKING:
    from emulator.session import Session

OBJECT = """
    name sysname, object_id int, principal_id int?, schema_id int, parent_object_id int, type char(2)?,
    type_desc nvarchar(60)?, create_date datetime, modify_date datetime, is_ms_shipped bit = 0, is_published bit = 0,
    is_schema_published bit = 0,
"""
"""The columns of ``sys.objects``: filled by ``object_row``."""

TYPE_DESCRIPTIONS = {
    "C ": "CHECK_CONSTRAINT",
    "D ": "DEFAULT_CONSTRAINT",
    "F ": "FOREIGN_KEY_CONSTRAINT",
    "FN": "SQL_SCALAR_FUNCTION",
    "IF": "SQL_INLINE_TABLE_VALUED_FUNCTION",
    "P ": "SQL_STORED_PROCEDURE",
    "PK": "PRIMARY_KEY_CONSTRAINT",
    "SN": "SYNONYM",
    "SO": "SEQUENCE_OBJECT",
    "TF": "SQL_TABLE_VALUED_FUNCTION",
    "TR": "SQL_TRIGGER",
    "TT": "TYPE_TABLE",
    "U ": "USER_TABLE",
    "UQ": "UNIQUE_CONSTRAINT",
    "V ": "VIEW",
}


def type_code(item: DatabaseObject) -> str:
    """``sys.objects.type``, two characters."""
    return item.kind if isinstance(item, Constraint) else item.type_code


def schema_id(database: Database, schema: str) -> int | None:
    """The id of a schema by name."""
    found = database.schemas.get(fold(schema))
    return found.schema_id if found else None


def parent_id(item: DatabaseObject) -> int:
    """The id of the table that a constraint or trigger belongs to, else 0."""
    table = item.table if isinstance(item, Constraint | Trigger) else None
    return table.object_id if table is not None else 0


def object_row(database: Database, item: DatabaseObject) -> Row:
    """The values of ``OBJECT``."""
    code = type_code(item)
    return (
        item.name,
        item.object_id,
        item.owner_id,
        schema_id(database, item.schema),
        parent_id(item),
        code,
        TYPE_DESCRIPTIONS[code],
        item.created,
        item.modified,
    )


def by_id(database: Database) -> list[DatabaseObject]:
    """All objects of a database, in the order of their ids."""
    return [item for _, item in sorted(database.by_id.items())]


OBJECT_OR_SHIPPED = OBJECT.replace("is_ms_shipped bit = 0", "is_ms_shipped bit")


@view("sys.objects", OBJECT_OR_SHIPPED)
def objects(session: Session, database: Database) -> Iterator[Row]:
    for row in base_table_rows(database):
        yield *row, 1
    for item in by_id(database):
        yield *object_row(database, item), 0


@view("sys.all_objects", OBJECT_OR_SHIPPED)
def all_objects(session: Session, database: Database) -> Iterator[Row]:
    yield from objects(session, database)
    for system_view in _system_views():
        yield *system_view_row(database, system_view), 1


def _system_views() -> list[SystemView]:
    return [system_view for (schema, _), system_view in SYSTEM_VIEWS.items() if schema != "dbo"]


def system_view_row(database: Database, system_view: SystemView) -> Row:
    """The values of ``OBJECT`` for a system view."""
    schema = schema_id(database, system_view.schema)
    created = database.created
    return system_view.name, system_view_id(system_view), None, schema, 0, "V ", "VIEW", created, created


@view(
    "sys.schemas",
    "name sysname, schema_id int, principal_id int?",
)
def schemas(session: Session, database: Database) -> Iterator[Row]:
    return ((schema.name, schema.schema_id, schema.owner_id) for schema in database.schemas.values())


LOCK_ESCALATIONS = ("TABLE", "DISABLE", "AUTO")
"""By their numbers."""


@view(
    "sys.tables",
    OBJECT
    + """
    lob_data_space_id int = 0, filestream_data_space_id int? = NULL, max_column_id_used int,
    lock_on_bulk_load bit = 0, uses_ansi_nulls bit? = 1, is_replicated bit? = 0, has_replication_filter bit? = 0,
    is_merge_published bit? = 0, is_sync_tran_subscribed bit? = 0, has_unchecked_assembly_data bit = 0,
    text_in_row_limit int? = 0, large_value_types_out_of_row bit? = 0, is_tracked_by_cdc bit? = 0,
    lock_escalation tinyint?, lock_escalation_desc nvarchar(60)?, is_filetable bit? = 0,
    is_memory_optimized bit? = 0, durability tinyint? = 0, durability_desc nvarchar(60)? = 'SCHEMA_AND_DATA',
    temporal_type tinyint? = 0, temporal_type_desc nvarchar(60)? = 'NON_TEMPORAL_TABLE', history_table_id int? = NULL,
    is_remote_data_archive_enabled bit? = 0, is_external bit = 0, history_retention_period int? = NULL,
    history_retention_period_unit int? = NULL, history_retention_period_unit_desc nvarchar(10)? = NULL,
    is_node bit? = 0, is_edge bit? = 0, data_retention_period int? = -1, data_retention_period_unit int? = -1,
    data_retention_period_unit_desc nvarchar(10)? = 'INFINITE', ledger_type tinyint? = 0,
    ledger_type_desc nvarchar(60)? = 'NON_LEDGER_TABLE', ledger_view_id int? = NULL, is_dropped_ledger_table bit? = 0
    """,
)
def tables(session: Session, database: Database) -> Iterator[Row]:
    for table in database.of_kind(Table):
        last_column = max((column.column_id for column in table.columns), default=0)
        setting = table.lock_escalation
        yield *object_row(database, table), last_column, LOCK_ESCALATIONS.index(setting), setting


VIEW = (
    OBJECT
    + """
    is_replicated bit? = 0, has_replication_filter bit? = 0, has_opaque_metadata bit = 0,
    has_unchecked_assembly_data bit = 0, with_check_option bit, is_date_correlation_view bit = 0,
    is_tracked_by_cdc bit? = 0, has_snapshot bit? = 0, ledger_view_type tinyint? = 0,
    ledger_view_type_desc nvarchar(60)? = 'NON_LEDGER_VIEW', is_dropped_ledger_view bit? = 0
    """
)


@view("sys.views", VIEW)
def views(session: Session, database: Database) -> Iterator[Row]:
    return ((*object_row(database, item), item.check_option) for item in database.of_kind(View))


@view("sys.system_views", VIEW.replace("is_ms_shipped bit = 0", "is_ms_shipped bit = 1"))
def system_views(session: Session, database: Database) -> Iterator[Row]:
    return ((*system_view_row(database, item), 0) for item in _system_views())


@view(
    "sys.procedures",
    OBJECT
    + """
    is_auto_executed bit = 0, is_execution_replicated bit? = 0, is_repl_serializable_only bit? = 0,
    skips_repl_constraints bit? = 0
    """,
)
def procedures(session: Session, database: Database) -> Iterator[Row]:
    return (object_row(database, item) for item in database.of_kind(Procedure))


@view("sys.synonyms", OBJECT + "base_object_name nvarchar(1035)?")
def synonyms(session: Session, database: Database) -> Iterator[Row]:
    for item in database.of_kind(Synonym):
        yield *object_row(database, item), _quoted_name(item.target)


def _quoted_name(target: Any) -> str:
    """``[schema].[name]``, as the server keeps the target of a synonym."""
    parts = [target.server, target.database, target.schema, target.name]
    while parts[0] is None:
        del parts[0]
    return ".".join(f"[{part.replace(']', ']]')}]" if part else "" for part in parts)


@view(
    "sys.sequences",
    OBJECT
    + """
    start_value sql_variant, increment sql_variant, minimum_value sql_variant, maximum_value sql_variant,
    is_cycling bit?, is_cached bit?, cache_size int?, system_type_id tinyint, user_type_id int, precision tinyint,
    scale tinyint?, current_value sql_variant, is_exhausted bit, last_used_value sql_variant?
    """,
)
def sequences(session: Session, database: Database) -> Iterator[Row]:
    for item in database.of_kind(Sequence):
        precision, scale = column_precision(item.type)
        type_id = system_type_id(item.type)
        yield (
            *object_row(database, item),
            *(_variant(item.type, value) for value in (item.start, item.increment, item.minimum, item.maximum)),
            item.cycle,
            item.cache != 0,
            item.cache or None,
            type_id,
            type_id,
            precision,
            scale,
            _variant(item.type, item.start if item.current is None else item.current),
            _is_exhausted(item),
            None if item.current is None else _variant(item.type, item.current),
        )


def _variant(type: SqlType, value: int) -> tuple[SqlType, int]:
    return type, value


def _is_exhausted(sequence: Sequence) -> bool:
    if sequence.current is None or sequence.cycle:
        return False
    following = sequence.current + sequence.increment
    return not sequence.minimum <= following <= sequence.maximum
