"""Indexes, the statistics that belong to them, and partitions with their row counts.

Documentation: ``sys.indexes``, ``sys.index_columns``, ``sys.stats``, ``sys.stats_columns``, ``sys.partitions``,
``sys.dm_db_partition_stats``, ``sys.data_spaces``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from emulator.catalog.database import Database
from emulator.catalog.objects import Index, Table, TableType
from emulator.catalog.system_views.definition import Row, view
from emulator.storage.index import IndexStore

if TYPE_CHECKING:
    from emulator.session import Session

CLUSTERED, NONCLUSTERED = (1, "CLUSTERED"), (2, "NONCLUSTERED")
CLUSTERED_COLUMNSTORE, NONCLUSTERED_COLUMNSTORE = (5, "CLUSTERED COLUMNSTORE"), (6, "NONCLUSTERED COLUMNSTORE")


def indexed_tables(database: Database) -> Iterator[tuple[int, Table]]:
    """Every table and table type with the id under which its indexes are shown."""
    for table in database.of_kind(Table):
        yield table.object_id, table
    for found in database.types.values():
        if isinstance(found, TableType):
            yield found.object_id, found.shape


@view(
    "sys.indexes",
    """
    object_id int, name sysname?, index_id int, type tinyint, type_desc nvarchar(60)?, is_unique bit?,
    data_space_id int = 1, ignore_dup_key bit?, is_primary_key bit?, is_unique_constraint bit?,
    fill_factor tinyint = 0, is_padded bit? = 0, is_disabled bit?, is_hypothetical bit? = 0,
    is_ignored_in_optimization bit? = 0, allow_row_locks bit? = 1, allow_page_locks bit? = 1, has_filter bit?,
    filter_definition nvarchar(max)?, compression_delay int? = NULL, suppress_dup_key_messages bit? = 0,
    auto_created bit? = 0, optimize_for_sequential_key bit? = 0
    """,
)
def indexes(session: Session, database: Database) -> Iterator[Row]:
    for object_id, table in indexed_tables(database):
        if table.clustered is None and not any(item.clustered for item in table.columnstores):
            yield object_id, None, 0, 0, "HEAP", 0, 0, 0, 0, 0, 0, None
        for item in table.columnstores:
            kind = CLUSTERED_COLUMNSTORE if item.clustered else NONCLUSTERED_COLUMNSTORE
            filter_text = item.filter_text or None
            yield object_id, item.name, item.number, *kind, 0, 0, 0, 0, 0, filter_text is not None, filter_text
        for index in sorted(table.indexes, key=lambda index: index.number):
            yield (
                object_id,
                index.name,
                index.number,
                *(CLUSTERED if index.clustered else NONCLUSTERED),
                index.unique,
                index.ignore_dup_key,
                index.primary_key,
                index.unique_constraint,
                index.disabled,
                index.filter is not None,
                index.filter_text or None,
            )


@view(
    "sys.index_columns",
    """
    object_id int, index_id int, index_column_id int, column_id int, key_ordinal tinyint, partition_ordinal tinyint = 0,
    is_descending_key bit?, is_included_column bit?, column_store_order_ordinal tinyint? = 0
    """,
)
def index_columns(session: Session, database: Database) -> Iterator[Row]:
    for object_id, table in indexed_tables(database):
        for index in sorted(table.indexes, key=lambda index: index.number):
            for position, part in enumerate(index.columns, start=1):
                column_id = table.columns[part.ordinal].column_id
                yield object_id, index.number, position, column_id, position, part.descending, 0
            for position, ordinal in enumerate(index.included, start=len(index.columns) + 1):
                yield object_id, index.number, position, table.columns[ordinal].column_id, 0, 0, 1
        for item in table.columnstores:
            column_ids = [column.column_id for column in table.columns] if item.clustered else item.column_ids
            for position, column_id in enumerate(column_ids, start=1):
                yield object_id, item.number, position, column_id, 0, 0, 1


@view(
    "sys.stats",
    """
    object_id int, name sysname?, stats_id int, auto_created bit? = 0, user_created bit? = 0, no_recompute bit? = 0,
    has_filter bit?, filter_definition nvarchar(max)?, is_temporary bit? = 0, is_incremental bit? = 0,
    has_persisted_sample bit? = 0, stats_generation_method int = 0,
    stats_generation_method_desc varchar(80) = 'Sort based statistics', auto_drop bit? = 0
    """,
)
def stats(session: Session, database: Database) -> Iterator[Row]:
    """Only those of indexes: no statistics are made otherwise."""
    for object_id, table in indexed_tables(database):
        for index in table.indexes:
            yield object_id, index.name, index.number, index.filter is not None, index.filter_text or None


@view("sys.stats_columns", "object_id int, stats_id int, stats_column_id int, column_id int?")
def stats_columns(session: Session, database: Database) -> Iterator[Row]:
    for object_id, table in indexed_tables(database):
        for index in table.indexes:
            for position, part in enumerate(index.columns, start=1):
                yield object_id, index.number, position, table.columns[part.ordinal].column_id


def _partitions(database: Database) -> Iterator[tuple[Table, int, int, int]]:
    """The table, index id, hobt id and row count of every heap and index."""
    for table in database.of_kind(Table):
        store = table.store
        if store is None:
            continue
        if table.clustered is None:
            base = 1 if any(item.clustered for item in table.columnstores) else 0
            yield table, base, store.base.locks.entity_id, store.row_count
        for index in sorted(table.indexes, key=lambda index: index.number):
            content = store_of(table, index)
            yield table, index.number, content.locks.entity_id, len(content)


def store_of(table: Table, index: Index) -> IndexStore:
    """The store of an index of a permanent table."""
    assert table.store is not None
    return table.store.base if index.clustered else table.store.indexes[index.name]


@view(
    "sys.partitions",
    """
    partition_id bigint, object_id int, index_id int, partition_number int = 1, hobt_id bigint, rows bigint?,
    filestream_filegroup_id smallint = 0, data_compression tinyint = 0, data_compression_desc nvarchar(60)? = 'NONE',
    xml_compression bit? = 0, xml_compression_desc varchar(3)? = 'OFF'
    """,
)
def partitions(session: Session, database: Database) -> Iterator[Row]:
    for table, index_id, hobt_id, count in _partitions(database):
        yield hobt_id, table.object_id, index_id, hobt_id, count


@view(
    "sys.data_spaces",
    "name sysname, data_space_id int, type char(2), type_desc nvarchar(60)?, is_default bit?, is_system bit?",
)
def data_spaces(session: Session, database: Database) -> Iterator[Row]:
    yield "PRIMARY", 1, "FG", "ROWS_FILEGROUP", 1, 0
