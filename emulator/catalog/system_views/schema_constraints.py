"""INFORMATION_SCHEMA: constraints and the columns they are about.

Documentation: "System information schema views (Transact-SQL)".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from emulator.catalog.database import Database
from emulator.catalog.objects import Constraint, Table, fold
from emulator.catalog.system_views.constraints import foreign_keys_of, referenced_index_id
from emulator.catalog.system_views.definition import Row, view

if TYPE_CHECKING:
    from emulator.session import Session

CONSTRAINT_TYPES = {"PK": "PRIMARY KEY", "UQ": "UNIQUE", "F ": "FOREIGN KEY", "C ": "CHECK"}
"""CONSTRAINT_TYPE by kind; defaults are no constraints to the standard."""


def _constraints(database: Database, *kinds: str) -> Iterator[tuple[Constraint, Table]]:
    for item in database.of_kind(Constraint):
        if item.kind in kinds and item.table is not None:
            yield item, item.table


@view(
    "INFORMATION_SCHEMA.TABLE_CONSTRAINTS",
    """
    CONSTRAINT_CATALOG nvarchar(128)?, CONSTRAINT_SCHEMA nvarchar(128)?, CONSTRAINT_NAME sysname,
    TABLE_CATALOG nvarchar(128)?, TABLE_SCHEMA nvarchar(128)?, TABLE_NAME sysname?, CONSTRAINT_TYPE varchar(11)?,
    IS_DEFERRABLE varchar(2) = 'NO', INITIALLY_DEFERRED varchar(2) = 'NO'
    """,
)
def table_constraints(session: Session, database: Database) -> Iterator[Row]:
    for item, table in _constraints(database, *CONSTRAINT_TYPES):
        kind = CONSTRAINT_TYPES[item.kind]
        yield database.name, item.schema, item.name, database.name, table.schema, table.name, kind


def key_columns(database: Database) -> Iterator[tuple[Constraint, Table, list[int]]]:
    """Primary keys, unique constraints and foreign keys with the ordinals of their columns, in key order."""
    for item, table in _constraints(database, "PK", "UQ"):
        for index in table.indexes:
            if index.object_id == item.object_id:
                yield item, table, [part.ordinal for part in index.columns]
    for item, table, key in foreign_keys_of(database):
        yield item, table, list(key.columns)


@view(
    "INFORMATION_SCHEMA.KEY_COLUMN_USAGE",
    """
    CONSTRAINT_CATALOG nvarchar(128)?, CONSTRAINT_SCHEMA nvarchar(128)?, CONSTRAINT_NAME sysname,
    TABLE_CATALOG nvarchar(128)?, TABLE_SCHEMA nvarchar(128)?, TABLE_NAME nvarchar(128)?, COLUMN_NAME nvarchar(128)?,
    ORDINAL_POSITION int
    """,
)
def key_column_usage(session: Session, database: Database) -> Iterator[Row]:
    for item, table, ordinals in key_columns(database):
        for position, ordinal in enumerate(ordinals, start=1):
            column = table.columns[ordinal].name
            yield (
                *(database.name, item.schema, item.name),
                *(database.name, table.schema, table.name, column, position),
            )


@view(
    "INFORMATION_SCHEMA.CONSTRAINT_COLUMN_USAGE",
    """
    TABLE_CATALOG nvarchar(128)?, TABLE_SCHEMA nvarchar(128)?, TABLE_NAME nvarchar(128)?, COLUMN_NAME nvarchar(128)?,
    CONSTRAINT_CATALOG nvarchar(128)?, CONSTRAINT_SCHEMA nvarchar(128)?, CONSTRAINT_NAME sysname
    """,
)
def constraint_column_usage(session: Session, database: Database) -> Iterator[Row]:
    used = [*key_columns(database), *_check_columns(database)]
    for item, table, ordinals in used:
        for ordinal in ordinals:
            column = table.columns[ordinal].name
            yield (
                *(database.name, table.schema, table.name, column),
                *(database.name, item.schema, item.name),
            )


def _check_columns(database: Database) -> Iterator[tuple[Constraint, Table, list[int]]]:
    from emulator.execution.definitions.shapes import column_names  # noqa: PLC0415 (definitions need the catalog)

    for item, table in _constraints(database, "C "):
        for check in table.checks:
            if check.object_id == item.object_id:
                used = column_names(check.expression)
                yield item, table, [column.ordinal for column in table.columns if fold(column.name) in used]


@view(
    "INFORMATION_SCHEMA.CONSTRAINT_TABLE_USAGE",
    """
    TABLE_CATALOG nvarchar(128)?, TABLE_SCHEMA nvarchar(128)?, TABLE_NAME sysname, CONSTRAINT_CATALOG nvarchar(128)?,
    CONSTRAINT_SCHEMA nvarchar(128)?, CONSTRAINT_NAME sysname
    """,
)
def constraint_table_usage(session: Session, database: Database) -> Iterator[Row]:
    for item, table in _constraints(database, *CONSTRAINT_TYPES):
        yield database.name, table.schema, table.name, database.name, item.schema, item.name


@view(
    "INFORMATION_SCHEMA.REFERENTIAL_CONSTRAINTS",
    """
    CONSTRAINT_CATALOG nvarchar(128)?, CONSTRAINT_SCHEMA nvarchar(128)?, CONSTRAINT_NAME sysname,
    UNIQUE_CONSTRAINT_CATALOG nvarchar(128)?, UNIQUE_CONSTRAINT_SCHEMA nvarchar(128)?, UNIQUE_CONSTRAINT_NAME sysname?,
    MATCH_OPTION varchar(7)? = 'SIMPLE', UPDATE_RULE varchar(11)?, DELETE_RULE varchar(11)?
    """,
)
def referential_constraints(session: Session, database: Database) -> Iterator[Row]:
    for item, _, key in foreign_keys_of(database):
        number = referenced_index_id(key)
        unique_name = next((index.name for index in key.referenced.indexes if index.number == number), None)
        yield (
            *(database.name, item.schema, item.name, database.name, key.referenced.schema, unique_name),
            *(key.on_update.replace("_", " "), key.on_delete.replace("_", " ")),
        )


@view(
    "INFORMATION_SCHEMA.CHECK_CONSTRAINTS",
    """
    CONSTRAINT_CATALOG nvarchar(128)?, CONSTRAINT_SCHEMA nvarchar(128)?, CONSTRAINT_NAME sysname,
    CHECK_CLAUSE nvarchar(4000)?
    """,
)
def check_constraints(session: Session, database: Database) -> Iterator[Row]:
    for item, table in _constraints(database, "C "):
        for check in table.checks:
            if check.object_id == item.object_id:
                yield database.name, item.schema, item.name, check.text
