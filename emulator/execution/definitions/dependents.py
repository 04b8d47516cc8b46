"""What depends on a column, and so keeps it from being dropped or changed.

Documentation: "ALTER TABLE (Transact-SQL)", ALTER COLUMN and DROP COLUMN.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from emulator.catalog.database import Database
from emulator.catalog.dependencies import referring_modules
from emulator.catalog.objects import Column, Index, Table, fold
from emulator.errors import SqlError, sql_error
from emulator.execution.definitions.shapes import column_names
from emulator.types.sqltype import MAX, SqlType

VARYING = frozenset({"varchar", "nvarchar", "varbinary"})
"""Types whose length may grow under an index."""


class Dependent(NamedTuple):
    """Something that depends on a column, as messages call it."""

    kind: str
    name: str


def refuse(dependents: Sequence[Dependent], column: str, operation: str, line: int) -> None:
    """Errors: 5074 for each of ``dependents``, and 4922; none if there are none."""
    if dependents:
        causes = [sql_error(5074, kind, name, "column", column, line=line) for kind, name in dependents]
        error: SqlError = sql_error(4922, operation, column, line=line, state=9)
        raise error.after(*causes)


def of_drop(database: Database, table: Table, column: Column) -> list[Dependent]:
    """What keeps a column from being dropped."""
    found = _bound(database, table, column)
    found += [_index(index) for index in _indexes_with(table, column)]
    found += [Dependent("index", item.name) for item in table.columnstores if column.column_id in item.column_ids]
    found += _keys(table, column)
    found += _checks(table, column)
    found += _computed(table, column)
    if column.default is not None:
        found.append(Dependent("object", column.default.name))
    return found


def of_change(database: Database, table: Table, column: Column, type: SqlType, *, nullable: bool) -> list[Dependent]:
    """What keeps a column from becoming one of ``type``: keys and expressions for which the values would change, and
    indexes unless the column only grows. Just the nullability matters to primary keys and indexes alone."""
    same = _storage(column.type) == _storage(type)
    grows = column.type.name == type.name and type.name in VARYING and _holds_more(type, column.type)
    becomes_null, becomes_required = nullable and not column.nullable, column.nullable and not nullable
    found: list[Dependent] = []
    for index in _indexes_with(table, column):
        if index.primary_key:
            blocks = not same or becomes_null
        else:
            blocks = not (same or grows) or (becomes_required and not index.unique_constraint)
        if blocks:
            found.append(_index(index))
    if not same or becomes_null or becomes_required:
        found += _bound(database, table, column)
    if not same:
        found += _keys(table, column)
        found += _computed(table, column)
    if column.type.name != type.name:
        found += _checks(table, column)
        if column.default is not None:
            found.append(Dependent("object", column.default.name))
    return found


def _bound(database: Database, table: Table, column: Column) -> list[Dependent]:
    """The modules that are bound to the table and mention the column."""
    word = re.compile(rf"(?<![\w@#$]){re.escape(column.name)}(?![\w@#$])", re.IGNORECASE)
    modules = (module for module, _ in referring_modules(database, table) if module.schema_bound)
    return [Dependent("object", module.name) for module in modules if word.search(module.definition)]


def _storage(type: SqlType) -> tuple[object, ...]:
    return type.name, type.length, type.precision, type.scale, type.collation


def _holds_more(type: SqlType, other: SqlType) -> bool:
    if type.collation != other.collation or other.length == MAX:
        return False
    return type.length == MAX or type.length >= other.length


def _indexes_with(table: Table, column: Column) -> Iterator[Index]:
    for index in table.indexes:
        if column.ordinal in {*(part.ordinal for part in index.columns), *index.included, *index.predicate_columns}:
            yield index


def _index(index: Index) -> Dependent:
    return Dependent("object" if index.primary_key or index.unique_constraint else "index", index.name)


def _keys(table: Table, column: Column) -> list[Dependent]:
    own = (key.name for key in table.foreign_keys if column.ordinal in key.columns)
    others = (key.name for _, key in table.referenced_by if column.ordinal in key.referenced_columns)
    return [Dependent("object", name) for name in dict.fromkeys((*own, *others))]


def _checks(table: Table, column: Column) -> list[Dependent]:
    name = fold(column.name)
    return [Dependent("object", check.name) for check in table.checks if name in column_names(check.expression)]


def _computed(table: Table, column: Column) -> list[Dependent]:
    name = fold(column.name)
    return [
        Dependent("column", other.name)
        for other in table.columns
        if other.computed is not None and other is not column and name in column_names(other.computed)
    ]
