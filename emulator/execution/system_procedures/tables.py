"""Catalog procedures about tables and their columns.

Documentation: ``sp_tables``, ``sp_columns``, ``sp_special_columns`` (Transact-SQL); SQLTables, SQLColumns and
SQLSpecialColumns in the "ODBC programmer's reference".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from emulator.catalog.objects import Column, Table, fold
from emulator.catalog.system_views.definition import Row, column_list
from emulator.errors import sql_error
from emulator.execution.system_procedures.contract import Body
from emulator.execution.system_procedures.odbc_types import downlevel, odbc_type, old_type_code
from emulator.execution.system_procedures.search import (
    check_qualifier,
    columns_of,
    find_table,
    matcher,
    relations,
)
from emulator.execution.system_procedures.signatures import procedure, send
from emulator.types.collation import collation
from emulator.types.descriptions import catalog_name
from emulator.types.sqltype import is_character

if TYPE_CHECKING:
    from emulator.session import Session

PROCEDURES: dict[str, Body] = {}

TABLES = column_list("""
    TABLE_QUALIFIER sysname?, TABLE_OWNER sysname?, TABLE_NAME sysname?, TABLE_TYPE varchar(32)?,
    REMARKS varchar(254)? = NULL
""")
TABLE_TYPES = ("SYSTEM TABLE", "TABLE", "VIEW")


@procedure(
    PROCEDURES,
    "sp_tables",
    """
    @table_name nvarchar(384) = NULL, @table_owner nvarchar(384) = NULL, @table_qualifier sysname = NULL,
    @table_type varchar(100) = NULL, @fUsePattern bit = 1
    """,
)
def sp_tables(
    session: Session,
    name: str | None,
    owner: str | None,
    qualifier: str | None,
    table_type: str | None,
    use_pattern: int | None,
) -> None:
    """Tables and views; databases, schemas or types of tables when only that argument is ``%`` and the others ''."""
    others = (name, owner, qualifier, table_type)
    match ["%" if item == "%" else item for item in others]:
        case ["", "", "%", _]:
            names = sorted(item.name for item in session.instance.databases.values())
            rows: list[Row] = [(found, None, None, None) for found in names]
        case ["", "%", "", _]:
            rows = [(None, schema, None, None) for schema in sorted(s.name for s in session.database.schemas.values())]
        case ["", "", "", "%"]:
            rows = [(None, None, None, found) for found in TABLE_TYPES]
        case _:
            if qualifier != "%":
                check_qualifier(session, qualifier)
            rows = sorted(_tables(session, name, owner, table_type, use_pattern), key=lambda row: (row[3], *row[:3]))
    send(session, TABLES, rows)


def _tables(
    session: Session, name: str | None, owner: str | None, table_type: str | None, use_pattern: int | None
) -> Iterator[Row]:
    is_name, is_owner = matcher(name, use_pattern), matcher(owner, use_pattern)
    wanted = {found.upper() for found in re.findall(r"[A-Za-z][A-Za-z ]*", table_type or "")} or set(TABLE_TYPES)
    for schema, found, item in relations(session.database):
        kind = "TABLE" if isinstance(item, Table) else "VIEW"
        if kind in wanted and is_name(found) and is_owner(schema):
            yield session.database.name, schema, found, kind


_COLUMN_HEAD = """
    TABLE_QUALIFIER sysname?, TABLE_OWNER sysname?, TABLE_NAME sysname?, COLUMN_NAME sysname?, DATA_TYPE smallint,
    TYPE_NAME sysname?, PRECISION int?, LENGTH int?, SCALE smallint?, RADIX smallint?, NULLABLE smallint,
    REMARKS varchar(254)? = NULL, COLUMN_DEF nvarchar(4000)?, SQL_DATA_TYPE smallint, SQL_DATETIME_SUB smallint?,
    CHAR_OCTET_LENGTH int?, ORDINAL_POSITION int, IS_NULLABLE varchar(254)?,
"""
COLUMNS = column_list(_COLUMN_HEAD + "SS_DATA_TYPE tinyint")
COLUMNS_100 = column_list(
    _COLUMN_HEAD
    + """
    SS_IS_SPARSE smallint = 0, SS_IS_COLUMN_SET smallint = 0, SS_IS_COMPUTED smallint, SS_IS_IDENTITY smallint,
    SS_UDT_CATALOG_NAME sysname? = NULL, SS_UDT_SCHEMA_NAME sysname? = NULL,
    SS_UDT_ASSEMBLY_TYPE_NAME sysname? = NULL, SS_XML_SCHEMACOLLECTION_CATALOG_NAME sysname? = NULL,
    SS_XML_SCHEMACOLLECTION_SCHEMA_NAME sysname? = NULL, SS_XML_SCHEMACOLLECTION_NAME sysname? = NULL,
    SS_DATA_TYPE tinyint
    """
)


def type_name(column: Column) -> str:
    """TYPE_NAME of a column: ``int identity``, ``decimal() identity``."""
    name = catalog_name(column.type)
    if column.identity is None:
        return name
    return f"{name}() identity" if name in ("decimal", "numeric") else f"{name} identity"


def _columns(
    session: Session,
    name: str | None,
    owner: str | None,
    column_name: str | None,
    odbc_version: int,
    use_pattern: int | None,
    *,
    all_types: bool,
) -> Iterator[Row]:
    is_name, is_owner, is_column = (matcher(pattern, use_pattern) for pattern in (name, owner, column_name))
    found = [item for item in relations(session.database) if is_name(item[1]) and is_owner(item[0])]
    for schema, table_name, item in sorted(found, key=lambda item: item[:2]):
        for position, column in enumerate(columns_of(session, session.database, item), start=1):
            if not is_column(column.name):
                continue
            type = odbc_type(column.type if all_types else downlevel(column.type), odbc_version)
            yield (
                *(session.database.name, schema, table_name, column.name, type.data_type, type_name(column)),
                *(type.precision, type.length, type.scale, type.radix, int(column.nullable)),
                column.default.text if column.default is not None else None,
                *(type.sql_data_type, type.sql_datetime_sub, type.char_octet_length, position),
                "YES" if column.nullable else "NO",
                *((int(column.computed is not None), int(column.identity is not None)) if all_types else ()),
                old_type_code(column.type, column.nullable),
            )


_COLUMN_PARAMETERS = """
    @table_name nvarchar(384), @table_owner nvarchar(384) = NULL, @table_qualifier sysname = NULL,
    @column_name nvarchar(384) = NULL,
"""


@procedure(PROCEDURES, "sp_columns", _COLUMN_PARAMETERS + "@ODBCVer int = 2")
def sp_columns(
    session: Session, name: str, owner: str | None, qualifier: str | None, column: str | None, odbc_version: int | None
) -> None:
    check_qualifier(session, qualifier)
    send(session, COLUMNS, _columns(session, name, owner, column, odbc_version or 2, 1, all_types=False))


@procedure(
    PROCEDURES,
    "sp_columns_100",
    _COLUMN_PARAMETERS + "@NameScope int = 0, @ODBCVer int = 2, @fUsePattern bit = 1",
)
def sp_columns_100(
    session: Session,
    name: str | None,
    owner: str | None,
    qualifier: str | None,
    column: str | None,
    name_scope: int | None,
    odbc_version: int | None,
    use_pattern: int | None,
) -> None:
    check_qualifier(session, qualifier)
    rows = _columns(session, name, owner, column, odbc_version or 2, use_pattern, all_types=True)
    send(session, COLUMNS_100, rows)


SPECIAL_COLUMNS = column_list("""
    SCOPE smallint?, COLUMN_NAME sysname, DATA_TYPE smallint, TYPE_NAME sysname, PRECISION int?, LENGTH int?,
    SCALE smallint?, PSEUDO_COLUMN smallint = 1
""")


def _special_columns(
    session: Session, name: str, owner: str | None, kind: str, nullable: str, odbc_version: int
) -> Iterator[Row]:
    table = find_table(session.database, name, owner)
    if table is None:
        return
    if kind == "V":
        chosen: list[Column] = [column for column in table.columns if column.type.name == "rowversion"]
    else:
        chosen = _row_identifier(table, allow_null=nullable == "U")
    for column in chosen:
        type = odbc_type(column.type, odbc_version)
        scope = None if kind == "V" else 0
        yield scope, column.name, type.data_type, type_name(column), type.precision, type.length, type.scale


def _row_identifier(table: Table, *, allow_null: bool) -> list[Column]:
    """The columns of the primary key, else of the first unique index that will do."""
    for index in sorted(table.indexes, key=lambda index: (not index.primary_key, index.number)):
        columns = [table.columns[part.ordinal] for part in index.columns]
        if index.unique and index.filter is None and (allow_null or not any(column.nullable for column in columns)):
            return columns
    return []


@procedure(
    PROCEDURES,
    "sp_special_columns_100",
    """
    @table_name sysname, @table_owner sysname = NULL, @table_qualifier sysname = NULL, @col_type char(1) = 'R',
    @scope char(1) = 'T', @nullable char(1) = 'U', @ODBCVer int = 2
    """,
)
def sp_special_columns_100(
    session: Session,
    name: str,
    owner: str | None,
    qualifier: str | None,
    kind: str,
    scope: str,
    nullable: str,
    odbc_version: int | None,
) -> None:
    check_qualifier(session, qualifier)
    if kind.upper() not in ("R", "V"):
        raise sql_error(15251, "col_type", "'R' or 'V'")
    rows = _special_columns(session, name, owner, kind.upper(), nullable.upper(), odbc_version or 2)
    send(session, SPECIAL_COLUMNS, rows)


PROCEDURES["sp_special_columns"] = PROCEDURES["sp_special_columns_100"]

TABLE_COLLATIONS = column_list("colid int, name sysname?, tds_collation binary(5)?, collation sysname?")


@procedure(PROCEDURES, "sp_tablecollations_100", "@object nvarchar(4000)")
def sp_tablecollations_100(session: Session, name: str) -> None:
    """The collations of a table's columns, as bulk copies ask for them. No rows for an unknown table."""
    send(session, TABLE_COLLATIONS, _collations(session, name))


def _collations(session: Session, name: str) -> Iterator[Row]:
    parsed = session.parse_name(name)
    if parsed.name.startswith("#"):
        table = session.find_temporary(parsed.name)
    else:
        database = session.instance.databases.get(fold(parsed.database or session.database.name), session.database)
        table = find_table(database, parsed.name, parsed.schema)
    for column in table.columns if table is not None else ():
        if is_character(column.type):
            known = collation(column.type.collation or session.database.collation)
            yield column.column_id, column.name, known.tds, known.name
        else:
            yield column.column_id, column.name, None, None
