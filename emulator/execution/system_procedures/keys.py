"""Catalog procedures about keys and indexes.

Documentation: ``sp_pkeys``, ``sp_fkeys``, ``sp_statistics`` (Transact-SQL); SQLPrimaryKeys, SQLForeignKeys and
SQLStatistics in the "ODBC programmer's reference".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from emulator.catalog.objects import ForeignKey, Index, Table, fold
from emulator.catalog.system_views.constraints import referenced_index_id
from emulator.catalog.system_views.definition import Row, column_list
from emulator.errors import sql_error
from emulator.execution.system_procedures.contract import Body
from emulator.execution.system_procedures.search import DEFAULT_SCHEMA, check_qualifier, find_table, matcher
from emulator.execution.system_procedures.signatures import procedure, send

if TYPE_CHECKING:
    from emulator.session import Session

PROCEDURES: dict[str, Body] = {}

PRIMARY_KEYS = column_list("""
    TABLE_QUALIFIER sysname?, TABLE_OWNER sysname?, TABLE_NAME sysname?, COLUMN_NAME sysname, KEY_SEQ smallint,
    PK_NAME sysname?
""")


@procedure(PROCEDURES, "sp_pkeys", "@table_name sysname, @table_owner sysname = NULL, @table_qualifier sysname = NULL")
def sp_pkeys(session: Session, name: str, owner: str | None, qualifier: str | None) -> None:
    check_qualifier(session, qualifier)
    send(session, PRIMARY_KEYS, _primary_key(session, name, owner))


def _primary_key(session: Session, name: str, owner: str | None) -> Iterator[Row]:
    table = find_table(session.database, name, owner)
    for index in table.indexes if table is not None else ():
        if index.primary_key and table is not None:
            for position, part in enumerate(index.columns, start=1):
                column = table.columns[part.ordinal].name
                yield session.database.name, table.schema, table.name, column, position, index.name


FOREIGN_KEYS = column_list("""
    PKTABLE_QUALIFIER sysname?, PKTABLE_OWNER sysname?, PKTABLE_NAME sysname?, PKCOLUMN_NAME sysname?,
    FKTABLE_QUALIFIER sysname?, FKTABLE_OWNER sysname?, FKTABLE_NAME sysname?, FKCOLUMN_NAME sysname?,
    KEY_SEQ smallint, UPDATE_RULE smallint, DELETE_RULE smallint, FK_NAME sysname?, PK_NAME sysname?,
    DEFERRABILITY smallint = 7
""")
RULES = {"CASCADE": 0, "NO_ACTION": 1, "SET_NULL": 2, "SET_DEFAULT": 3}
"""UPDATE_RULE and DELETE_RULE."""


@procedure(
    PROCEDURES,
    "sp_fkeys",
    """
    @pktable_name sysname = NULL, @pktable_owner sysname = NULL, @pktable_qualifier sysname = NULL,
    @fktable_name sysname = NULL, @fktable_owner sysname = NULL, @fktable_qualifier sysname = NULL
    """,
)
def sp_fkeys(
    session: Session,
    primary_name: str | None,
    primary_owner: str | None,
    primary_qualifier: str | None,
    foreign_name: str | None,
    foreign_owner: str | None,
    foreign_qualifier: str | None,
) -> None:
    """The foreign keys that point to one table, those of one table, or those between two. Errors: 15252."""
    if not primary_name and not foreign_name:
        raise sql_error(15252)
    check_qualifier(session, primary_qualifier)
    check_qualifier(session, foreign_qualifier)
    rows: list[Row] = []
    for table in session.database.of_kind(Table):
        if not _is_named(table, foreign_name, foreign_owner):
            continue
        for key in table.foreign_keys:
            if _is_named(key.referenced, primary_name, primary_owner):
                rows += _foreign_key(session, table, key)
    by_foreign_table, by_primary_table = slice(4, 7), slice(0, 3)
    first = by_foreign_table if primary_name else by_primary_table
    send(session, FOREIGN_KEYS, sorted(rows, key=lambda row: (row[first], row[11], row[8])))


def _is_named(table: Table, name: str | None, owner: str | None) -> bool:
    if not name:
        return True
    return fold(table.name) == fold(name) and fold(table.schema) == fold(owner or DEFAULT_SCHEMA)


def _foreign_key(session: Session, table: Table, key: ForeignKey) -> Iterator[Row]:
    referenced = key.referenced
    number = referenced_index_id(key)
    name = next((index.name for index in referenced.indexes if index.number == number), None)
    pairs = zip(key.columns, key.referenced_columns, strict=True)
    for position, (ordinal, referenced_ordinal) in enumerate(pairs, start=1):
        yield (
            *(session.database.name, referenced.schema, referenced.name, referenced.columns[referenced_ordinal].name),
            *(session.database.name, table.schema, table.name, table.columns[ordinal].name),
            *(position, RULES[key.on_update], RULES[key.on_delete], key.name, name),
        )


STATISTICS = column_list("""
    TABLE_QUALIFIER sysname?, TABLE_OWNER sysname?, TABLE_NAME sysname?, NON_UNIQUE smallint?,
    INDEX_QUALIFIER sysname?, INDEX_NAME sysname?, TYPE smallint, SEQ_IN_INDEX smallint?, COLUMN_NAME sysname?,
    COLLATION char(1)?, CARDINALITY int?, PAGES int?, FILTER_CONDITION varchar(128)?
""")
TABLE_STATISTICS, CLUSTERED, OTHER = 0, 1, 3
"""TYPE."""
ROWS_PER_PAGE = 100
"""How many rows a page is taken to hold."""


@procedure(
    PROCEDURES,
    "sp_statistics_100",
    """
    @table_name sysname, @table_owner sysname = NULL, @table_qualifier sysname = NULL, @index_name sysname = '%',
    @is_unique char(1) = 'N', @accuracy char(1) = 'Q'
    """,
)
def sp_statistics_100(
    session: Session,
    name: str,
    owner: str | None,
    qualifier: str | None,
    index_name: str | None,
    is_unique: str | None,
    accuracy: str | None,
) -> None:
    check_qualifier(session, qualifier)
    table = find_table(session.database, name, owner)
    rows: list[Row] = []
    if table is not None:
        is_name = matcher(index_name)
        unique_only = (is_unique or "N").upper() == "Y"
        rows.append(_table_statistics(session, table))
        indexes = [index for index in table.indexes if is_name(index.name) and (index.unique or not unique_only)]
        for index in sorted(indexes, key=lambda index: (not index.unique, not index.clustered, index.name)):
            rows += _index_statistics(session, table, index)
    send(session, STATISTICS, rows)


PROCEDURES["sp_statistics"] = PROCEDURES["sp_statistics_100"]


def _size(table: Table) -> tuple[int, int]:
    count = table.store.row_count if table.store is not None else 0
    return count, -(-count // ROWS_PER_PAGE)


def _table_statistics(session: Session, table: Table) -> Row:
    name = (session.database.name, table.schema, table.name)
    return *name, None, None, None, TABLE_STATISTICS, None, None, None, *_size(table), None


def _index_statistics(session: Session, table: Table, index: Index) -> Iterator[Row]:
    for position, part in enumerate(index.columns, start=1):
        yield (
            *(session.database.name, table.schema, table.name, int(not index.unique), table.name, index.name),
            *(CLUSTERED if index.clustered else OTHER, position, table.columns[part.ordinal].name),
            *("D" if part.descending else "A", *_size(table), index.filter_text or None),
        )
