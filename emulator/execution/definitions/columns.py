"""ALTER TABLE ADD and DROP COLUMN: the rows that are there get the new columns' values, or lose the old ones'.

Documentation: "ALTER TABLE (Transact-SQL)", sections on ADD, WITH VALUES, DROP COLUMN.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from emulator.catalog.objects import Column, ForeignKey, Table, fold
from emulator.catalog.principals import Securable
from emulator.catalog.stores import clustered_definition, secondary_definitions
from emulator.errors import sql_error
from emulator.execution.definitions.access import Place, forget_permissions, forget_properties, undo
from emulator.execution.definitions.dependents import of_drop, refuse
from emulator.execution.definitions.indexes import duplicate_in_new_index
from emulator.execution.definitions.shapes import shaper, table_scope
from emulator.planning.binding import FIRST_SLOT
from emulator.planning.expressions import compile_scalar
from emulator.planning.expressions.defaults import compile_default
from emulator.sql import nodes
from emulator.storage.keys import Row
from emulator.storage.table import DuplicateKey, Identity

Transform = Callable[[Row], Row]


def rebuild(table: Table, place: Place, transform: Transform) -> None:
    """Store the rows of ``table`` anew. Errors: 1505 and its kin when an index cannot take them."""
    assert table.store is not None
    transaction = place.session.transaction
    assert transaction is not None
    try:
        table.store.rebuild(transaction, clustered_definition(table), secondary_definitions(table), transform)
    except DuplicateKey as duplicate:
        index = next(index for index in table.indexes if index.name == duplicate.index.name)
        raise duplicate_in_new_index(table, index, duplicate) from None


# --- ADD --------------------------------------------------------------------------------------------------------------


def fill_new_columns(table: Table, added: list[Column], action: nodes.AddElements, place: Place) -> None:
    """Give existing rows values for new columns: the default (NOT NULL, or WITH VALUES), the identity, a row version,
    what is computed, else NULL. Errors: 4901 a column that has none of them and does not allow NULL."""
    assert table.store is not None
    with_values = {
        fold(item.column)
        for column in action.columns
        for item in column.constraints
        if isinstance(item, nodes.DefaultConstraint) and item.with_values
    }
    makers = [_maker(table, column, place, with_values=fold(column.name) in with_values) for column in added]
    compute = _computer(table, [column for column in added if column.computed is not None], place)
    rebuild(table, place, lambda row: compute((*row, *(make() for make in makers))))


def _maker(table: Table, column: Column, place: Place, *, with_values: bool) -> Callable[[], Any]:
    """What makes the value of a new column for each row."""
    store, session = table.store, place.session
    assert store is not None
    if column.identity is not None:
        undo(session, setattr, store, "identity", store.identity)
        store.identity = counter = Identity(column.identity.seed, column.identity.increment)
        return counter.draw
    if column.computed is not None:
        return lambda: None
    if column.type.name == "rowversion":
        return place.database.next_rowversion
    if column.default is not None and (not column.nullable or with_values):
        value = compile_default(column.default.expression, column.type, place.context).fn
        return lambda: value([[], session])
    if not column.nullable and store.row_count:
        raise sql_error(4901, column.name, table.name, line=place.node.line)
    return lambda: None


def _computer(table: Table, computed: list[Column], place: Place) -> Transform:
    """Fills in the computed ones among new columns."""
    if not computed:
        return lambda row: row
    scope = table_scope(table, place.context)
    slot = scope.sources[0].slot
    functions = [
        (column.ordinal, compile_scalar(column.computed, scope, place.context).fn)
        for column in computed
        if column.computed is not None
    ]
    env: list[Any] = [[], place.session, *[None] * (place.context.slots - FIRST_SLOT)]

    def compute(row: Row) -> Row:
        values = list(row)
        env[slot] = values
        for ordinal, function in functions:
            values[ordinal] = function(env)
        return tuple(values)

    return compute


# --- DROP -------------------------------------------------------------------------------------------------------------


def drop_column(table: Table, element: nodes.DropElement, place: Place) -> None:
    """DROP COLUMN. Errors: 4924 no such column; 4922 behind 5074: something depends on it."""
    column = table.column(element.name)
    if column is None:
        if element.if_exists:
            return
        raise sql_error(4924, "ALTER TABLE DROP COLUMN", element.name, table.name, line=element.line)
    gone = column.ordinal
    refuse(of_drop(place.database, table, column), element.name, "ALTER TABLE DROP COLUMN", element.line)
    forget_properties(place.session, place.database, (1,), table.object_id, column.column_id)
    on_column = Securable("OBJECT", table.object_id, column.column_id)
    forget_permissions(place.session, place.database.security, on_column)
    if column.identity is not None and table.store is not None:
        undo(place.session, setattr, table.store, "identity", table.store.identity)
        table.store.identity = None
    table.columns = [
        replace(item, ordinal=item.ordinal - (item.ordinal > gone)) for item in table.columns if item.ordinal != gone
    ]
    _shift_ordinals(table, gone, place)
    rebuild(table, place, lambda row: (*row[:gone], *row[gone + 1 :]))


def _shift_ordinals(table: Table, gone: int, place: Place) -> None:
    """The columns behind the one that is gone move up, in everything that refers to them."""

    def shifted(ordinal: int) -> int:
        return ordinal - (ordinal > gone)

    table.indexes = [
        replace(
            index,
            columns=tuple(replace(part, ordinal=shifted(part.ordinal)) for part in index.columns),
            included=tuple(shifted(ordinal) for ordinal in index.included),
            predicate_columns=tuple(shifted(ordinal) for ordinal in index.predicate_columns),
        )
        for index in table.indexes
    ]
    work = shaper(table, place.context)
    for index in table.indexes:
        if index.filter is not None:
            work.set_filter(index, index.filter, index.filter_text)
    table.checks = [
        replace(check, column=None if check.column is None else shifted(check.column)) for check in table.checks
    ]
    for key in table.foreign_keys:
        columns = tuple(shifted(ordinal) for ordinal in key.columns)
        referenced = key.referenced_columns
        if key.referenced is table:
            referenced = tuple(shifted(ordinal) for ordinal in referenced)
        _replace_key(table, key, replace(key, columns=columns, referenced_columns=referenced), place)
    for other, key in table.referenced_by:
        if other is not table:
            referenced = tuple(shifted(ordinal) for ordinal in key.referenced_columns)
            _replace_key(other, key, replace(key, referenced_columns=referenced), place)


def _replace_key(table: Table, old: ForeignKey, new: ForeignKey, place: Place) -> None:
    """Put ``new`` in the place of a foreign key of ``table``, at both of its ends."""
    referenced = old.referenced
    undo(place.session, setattr, table, "foreign_keys", table.foreign_keys)
    table.foreign_keys = [new if key is old else key for key in table.foreign_keys]
    undo(place.session, setattr, referenced, "referenced_by", referenced.referenced_by)
    referenced.referenced_by = [(other, new if key is old else key) for other, key in referenced.referenced_by]
