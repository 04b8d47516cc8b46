"""Constraints of tables, with the ids under which they stand in ``sys.objects``.

Documentation: ``sys.key_constraints``, ``sys.default_constraints``, ``sys.check_constraints``, ``sys.foreign_keys``,
``sys.foreign_key_columns``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from emulator.catalog.database import Database
from emulator.catalog.objects import Constraint, ForeignKey, Table
from emulator.catalog.system_views.definition import Row, view
from emulator.catalog.system_views.objects import OBJECT, object_row

if TYPE_CHECKING:
    from emulator.session import Session

ACTIONS = {"NO_ACTION": 0, "CASCADE": 1, "SET_NULL": 2, "SET_DEFAULT": 3}
"""``delete_referential_action`` and ``update_referential_action`` by their names."""


def _of_kind(database: Database, *kinds: str) -> Iterator[tuple[Constraint, Table]]:
    for item in database.of_kind(Constraint):
        if item.kind in kinds and item.table is not None:
            yield item, item.table


@view("sys.key_constraints", OBJECT + "unique_index_id int?, is_system_named bit, is_enforced bit? = 1")
def key_constraints(session: Session, database: Database) -> Iterator[Row]:
    for item, table in _of_kind(database, "PK", "UQ"):
        for index in table.indexes:
            if index.object_id == item.object_id:
                yield *object_row(database, item), index.number, index.system_named


@view("sys.default_constraints", OBJECT + "parent_column_id int, definition nvarchar(max)?, is_system_named bit")
def default_constraints(session: Session, database: Database) -> Iterator[Row]:
    for item, table in _of_kind(database, "D "):
        for column in table.columns:
            default = column.default
            if default is not None and default.object_id == item.object_id:
                yield *object_row(database, item), column.column_id, default.text, default.system_named


@view(
    "sys.check_constraints",
    OBJECT
    + """
    is_disabled bit, is_not_for_replication bit = 0, is_not_trusted bit, parent_column_id int,
    definition nvarchar(max)?, uses_database_collation bit? = 1, is_system_named bit
    """,
)
def check_constraints(session: Session, database: Database) -> Iterator[Row]:
    for item, table in _of_kind(database, "C "):
        for check in table.checks:
            if check.object_id == item.object_id:
                column_id = table.columns[check.column].column_id if check.column is not None else 0
                flags = not check.enabled, not (check.enabled and check.trusted)
                yield *object_row(database, item), *flags, column_id, check.text, check.system_named


def foreign_keys_of(database: Database) -> Iterator[tuple[Constraint, Table, ForeignKey]]:
    """Every foreign key as an object, with its table."""
    for item, table in _of_kind(database, "F "):
        for key in table.foreign_keys:
            if key.object_id == item.object_id:
                yield item, table, key


def referenced_index_id(key: ForeignKey) -> int | None:
    """The index of the referenced table whose columns the key refers to."""
    wanted = frozenset(key.referenced_columns)
    for index in sorted(key.referenced.indexes, key=lambda index: (not index.primary_key, index.number)):
        if index.unique and frozenset(part.ordinal for part in index.columns) == wanted:
            return index.number
    return None


@view(
    "sys.foreign_keys",
    OBJECT
    + """
    referenced_object_id int?, key_index_id int?, is_disabled bit, is_not_for_replication bit = 0, is_not_trusted bit,
    delete_referential_action tinyint?, delete_referential_action_desc nvarchar(60)?,
    update_referential_action tinyint?, update_referential_action_desc nvarchar(60)?, is_system_named bit
    """,
)
def foreign_keys(session: Session, database: Database) -> Iterator[Row]:
    for item, _, key in foreign_keys_of(database):
        yield (
            *object_row(database, item),
            key.referenced.object_id,
            referenced_index_id(key),
            not key.enabled,
            not (key.enabled and key.trusted),
            ACTIONS[key.on_delete],
            key.on_delete,
            ACTIONS[key.on_update],
            key.on_update,
            key.system_named,
        )


@view(
    "sys.foreign_key_columns",
    """
    constraint_object_id int, constraint_column_id int, parent_object_id int, parent_column_id int,
    referenced_object_id int, referenced_column_id int
    """,
)
def foreign_key_columns(session: Session, database: Database) -> Iterator[Row]:
    for item, table, key in foreign_keys_of(database):
        pairs = zip(key.columns, key.referenced_columns, strict=True)
        for position, (ordinal, referenced_ordinal) in enumerate(pairs, start=1):
            yield (
                item.object_id,
                position,
                table.object_id,
                table.columns[ordinal].column_id,
                key.referenced.object_id,
                key.referenced.columns[referenced_ordinal].column_id,
            )
