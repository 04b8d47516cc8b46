"""``sp_table_privileges`` and ``sp_column_privileges``: who may do what with tables and their columns.

The owner of a table has every privilege on it, granted by himself and to be granted on; the others have what GRANT gave
them. A permission on a table is one on each of its columns.

Documentation: "sp_table_privileges", "sp_column_privileges (Transact-SQL)".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from emulator.catalog.objects import Table
from emulator.catalog.system_views.definition import Row, column_list
from emulator.execution.authorization import securable_of
from emulator.execution.system_procedures.contract import Body
from emulator.execution.system_procedures.search import check_qualifier, matcher
from emulator.execution.system_procedures.signatures import procedure, send

if TYPE_CHECKING:
    from emulator.session import Session

PROCEDURES: dict[str, Body] = {}

TABLE_PRIVILEGES = column_list("""
    TABLE_QUALIFIER sysname?, TABLE_OWNER sysname?, TABLE_NAME sysname?, GRANTOR sysname?, GRANTEE sysname?,
    PRIVILEGE varchar(32)?, IS_GRANTABLE varchar(3)?
""")
COLUMN_PRIVILEGES = column_list("""
    TABLE_QUALIFIER sysname?, TABLE_OWNER sysname?, TABLE_NAME sysname?, COLUMN_NAME sysname?, GRANTOR sysname?,
    GRANTEE sysname?, PRIVILEGE varchar(32)?, IS_GRANTABLE varchar(3)?
""")
OF_TABLES = ("DELETE", "INSERT", "REFERENCES", "SELECT", "UPDATE")
OF_COLUMNS = ("INSERT", "REFERENCES", "SELECT", "UPDATE")
GRANTED = ("GRANT", "GRANT_WITH_GRANT_OPTION")


@procedure(
    PROCEDURES,
    "sp_table_privileges",
    """
    @table_name nvarchar(384) = '%', @table_owner nvarchar(384) = NULL, @table_qualifier sysname = NULL,
    @fUsePattern bit = 1
    """,
)
def sp_table_privileges(
    session: Session, name: str | None, owner: str | None, qualifier: str | None, use_pattern: int | None
) -> None:
    """One row for each privilege on each table that is selected."""
    check_qualifier(session, qualifier)
    rows = [
        (session.database.name, table.schema, table.name, *privilege)
        for table in _tables(session, name, owner, use_pattern)
        for privilege in _privileges(session, table, OF_TABLES)
    ]
    send(session, TABLE_PRIVILEGES, sorted(rows))


@procedure(
    PROCEDURES,
    "sp_column_privileges",
    """
    @table_name nvarchar(384), @table_owner nvarchar(384) = NULL, @table_qualifier sysname = NULL,
    @column_name nvarchar(384) = NULL
    """,
)
def sp_column_privileges(
    session: Session, name: str | None, owner: str | None, qualifier: str | None, column_name: str | None
) -> None:
    """One row for each privilege on each column of the table."""
    check_qualifier(session, qualifier)
    is_column = matcher(column_name)
    rows = [
        (session.database.name, table.schema, table.name, column.name, *privilege)
        for table in _tables(session, name, owner or "dbo", use_pattern=0)
        for column in table.columns
        if is_column(column.name)
        for privilege in _privileges(session, table, OF_COLUMNS, column.column_id)
    ]
    send(session, COLUMN_PRIVILEGES, sorted(rows))


def _tables(session: Session, name: str | None, owner: str | None, use_pattern: int | None) -> Iterator[Table]:
    is_name, is_owner = matcher(name, use_pattern), matcher(owner, use_pattern)
    return (table for table in session.database.of_kind(Table) if is_name(table.name) and is_owner(table.schema))


def _privileges(session: Session, table: Table, kinds: tuple[str, ...], column: int = 0) -> Iterator[Row]:
    """Grantor, grantee, privilege and whether it may be granted on; those on ``column`` too if one is given."""
    catalog = session.database.security
    owner = catalog.by_id[session.database.owner_of(table)].name
    for kind in kinds:
        yield owner, owner, kind, "YES"
    whole = securable_of(table)
    own = list(catalog.on(whole._replace(column=column))) if column else []
    of_column = {item.key[1:] for item in own}
    held = [*own, *(item for item in catalog.on(whole) if item.key[1:] not in of_column)]
    for permission in held:
        if permission.permission in kinds and permission.state in GRANTED:
            grantor, grantee = catalog.by_id[permission.grantor].name, catalog.by_id[permission.grantee].name
            yield grantor, grantee, permission.permission, "NO" if permission.state == GRANTED[0] else "YES"
