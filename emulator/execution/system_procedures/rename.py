"""``sp_rename``: another name for a table, column, index, constraint, procedure, view, ...

It is a definition statement like others: it locks the table Sch-M to the end of the transaction and is rolled back with
it. The texts of modules that use the old name stay as they are.

Documentation: "sp_rename (Transact-SQL)".
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from emulator.catalog.database import Database
from emulator.catalog.dependencies import schema_bound
from emulator.catalog.objects import Columnstore, Constraint, DatabaseObject, Index, Table, fold
from emulator.errors import NotSupported, SqlError, sql_error
from emulator.execution.authorization import may
from emulator.execution.definitions.access import find_to_change, lock_definition, lock_name, touch, undo
from emulator.execution.definitions.shapes import column_names
from emulator.execution.plans import as_unit
from emulator.execution.system_procedures.contract import Body
from emulator.execution.system_procedures.search import DEFAULT_SCHEMA
from emulator.execution.system_procedures.signatures import procedure
from emulator.sql import nodes
from emulator.storage.index import IndexStore

if TYPE_CHECKING:
    from emulator.session import Session

PROCEDURES: dict[str, Body] = {}

KIND_NAMES = {"U ": "table", "V ": "view", "P ": "procedure"}


@procedure(PROCEDURES, "sp_rename", "@objname nvarchar(1035), @newname sysname, @objtype varchar(13) = NULL")
def sp_rename(session: Session, name: str | None, new_name: str | None, kind: str | None) -> None:
    """``@objtype``: COLUMN (name is table.column), INDEX (table.index), OBJECT, or NULL for what the name means.

    Errors: 15225 and 15248 nothing of that name, 15249 unknown type, 15335 the new name is taken, 15336 others depend
    on the old name, 3930.
    """
    renamers: dict[str, Callable[[Session, nodes.ObjectName, str, str], None]] = {
        "COLUMN": _rename_column,
        "INDEX": _rename_named_index,
        "OBJECT": _rename_object,
    }
    wanted = (kind or "").upper()
    if wanted in ("DATABASE", "STATISTICS", "USERDATATYPE"):
        raise NotSupported(f"sp_rename of a {wanted}")
    if kind is not None and wanted not in renamers:
        raise sql_error(15249, kind)
    if session.doomed:
        raise sql_error(3930)
    if not name or not new_name:
        raise sql_error(15225, name or "(null)", session.database.name, kind or "(null)")
    parsed = session.parse_name(name)
    as_unit(session.frame, renamers[wanted or _meant(session, parsed)], session, parsed, new_name, kind or "(null)")
    session.sink.message(sql_error(15477))


def _meant(session: Session, name: nodes.ObjectName) -> str:
    """The type that a name without one has: an object's, else a column's or index's of a table that is named before."""
    if name.server is None:
        database = session.instance.databases.get(fold(name.database)) if name.database else session.database
        if database is not None and database.find(name.schema or DEFAULT_SCHEMA, name.name) is not None:
            return "OBJECT"
    try:
        _, table = _table_of(session, name, "(null)")
    except SqlError:
        return "OBJECT"
    if table.column(name.name) is not None:
        return "COLUMN"
    indexes = {fold(index.name) for index in table.indexes} | {fold(item.name) for item in table.columnstores}
    return "INDEX" if fold(name.name) in indexes else "OBJECT"


# --- Objects ----------------------------------------------------------------------------------------------------------


def _rename_object(session: Session, name: nodes.ObjectName, new_name: str, kind: str) -> None:
    database = _database(session, name)
    item = find_to_change(session, database, name.schema or DEFAULT_SCHEMA, name.name)
    if item is None:
        raise sql_error(15225, str(name), database.name, kind)
    if isinstance(item, Constraint) and item.table is not None:
        _lock(session, database, item.table)
        _rename_constraint(session, database, item, item.table, new_name)
        return
    _require_alter(session, database, item)
    if schema_bound(database, item) is not None:
        raise sql_error(15336, str(name))
    if isinstance(item, Table):
        _lock(session, database, item)
    _enter_name(session, database, item, new_name)
    if isinstance(item, Table) and item.store is not None:
        store = item.store
        for target in (store, store.locks):
            undo(session, setattr, target, "name", target.name)
            target.name = item.full_name
    touch(session, database, item)


def _enter_name(session: Session, database: Database, item: DatabaseObject, new_name: str) -> None:
    """Give an object of the catalog its new name there."""
    lock_name(session, database, item.schema, new_name)
    other = database.find(item.schema, new_name)
    if other is not None and other is not item:
        raise sql_error(15335, new_name, KIND_NAMES.get(item.type_code, "object"))

    def set_name(value: str) -> None:
        database.remove(item)
        item.name = value
        database.add(item)

    undo(session, set_name, item.name)
    set_name(new_name)


def _rename_constraint(session: Session, database: Database, item: Constraint, table: Table, new_name: str) -> None:
    for index in table.indexes:
        if index.object_id == item.object_id:
            _rename_index(session, database, table, index, new_name)
            return
    _enter_name(session, database, item, new_name)
    _keep(session, table, "columns", "checks", "foreign_keys")
    wanted = item.object_id
    table.checks = [replace(c, name=new_name) if c.object_id == wanted else c for c in table.checks]
    for key in table.foreign_keys:
        if key.object_id == wanted:
            undo(session, setattr, key, "name", key.name)
            key.name = new_name  # the referenced table holds the same record
    table.columns = [
        replace(column, default=replace(column.default, name=new_name))
        if column.default is not None and column.default.object_id == wanted
        else column
        for column in table.columns
    ]
    touch(session, database, table)


# --- Columns and indexes ----------------------------------------------------------------------------------------------


def _rename_column(session: Session, name: nodes.ObjectName, new_name: str, kind: str) -> None:
    database, table = _table_of(session, name, kind)
    column = table.column(name.name)
    if column is None:
        raise sql_error(15248, kind)
    other = table.column(new_name)
    if other is not None and other is not column:
        raise sql_error(15335, new_name, "COLUMN")
    if fold(column.name) in _names_in_expressions(table):
        raise sql_error(15336, str(name))
    _lock(session, database, table)
    _keep(session, table, "columns")
    table.columns = [replace(item, name=new_name) if item is column else item for item in table.columns]
    touch(session, database, table)


def _names_in_expressions(table: Table) -> set[str]:
    """The folded names of the columns that checks, computed columns and filters of the table mention."""
    expressions: list[object] = [check.expression for check in table.checks]
    expressions += [column.computed for column in table.columns if column.computed is not None]
    expressions += [index.filter for index in table.indexes if index.filter is not None]
    return {name for expression in expressions for name in column_names(expression)}


def _rename_named_index(session: Session, name: nodes.ObjectName, new_name: str, kind: str) -> None:
    database, table = _table_of(session, name, kind)
    columnstore = next((item for item in table.columnstores if fold(item.name) == fold(name.name)), None)
    if columnstore is not None:
        _lock(session, database, table)
        _rename_columnstore(session, database, table, columnstore, new_name)
        return
    index = next((item for item in table.indexes if fold(item.name) == fold(name.name)), None)
    if index is None:
        raise sql_error(15248, kind)
    _lock(session, database, table)
    _rename_index(session, database, table, index, new_name)


def _rename_columnstore(
    session: Session, database: Database, table: Table, columnstore: Columnstore, new_name: str
) -> None:
    if any(fold(item.name) == fold(new_name) for item in table.indexes):
        raise sql_error(15335, new_name, "INDEX")
    _keep(session, table, "columnstores")
    table.columnstores = [replace(item, name=new_name) if item is columnstore else item for item in table.columnstores]
    touch(session, database, table)


def _rename_index(session: Session, database: Database, table: Table, index: Index, new_name: str) -> None:
    """Rename an index, with the constraint that it enforces."""
    if any(item is not index and fold(item.name) == fold(new_name) for item in table.indexes):
        raise sql_error(15335, new_name, "INDEX")
    constraint = database.by_id.get(index.object_id) if index.object_id else None
    if constraint is not None:
        _enter_name(session, database, constraint, new_name)
    _keep(session, table, "indexes")
    table.indexes = [replace(item, name=new_name) if item is index else item for item in table.indexes]
    store = table.store
    if store is not None:
        stored = store.base if index.clustered else store.indexes[index.name]

        def set_name(value: str) -> None:
            _name_store(stored, f"{table.full_name}.{value}", value)
            if not index.clustered:
                store.indexes = {(value if item is stored else name): item for name, item in store.indexes.items()}

        undo(session, set_name, index.name)
        set_name(new_name)
    touch(session, database, table)


def _name_store(stored: IndexStore, shown: str, name: str) -> None:
    stored.name = name
    stored.definition = replace(stored.definition, name=name)
    stored.locks.name = shown


# --- Finding and keeping ----------------------------------------------------------------------------------------------


def _database(session: Session, name: nodes.ObjectName) -> Database:
    return session.database if name.database is None else session.instance.database(name.database)


def _table_of(session: Session, name: nodes.ObjectName, kind: str) -> tuple[Database, Table]:
    """The table in ``[database.][schema.]table.part``."""
    if name.schema is None:
        raise sql_error(15248, kind)
    database = session.database if name.server is None else session.instance.database(name.server)
    table = database.table(name.database or DEFAULT_SCHEMA, name.schema)
    if table is None:
        raise sql_error(15248, kind)
    return database, table


def _require_alter(session: Session, database: Database, item: DatabaseObject) -> None:
    """Errors: 15225, as if there was no such object, without ALTER on it."""
    if not session.unchecked and not may(session, "ALTER", item, database):
        raise sql_error(15225, item.full_name, database.name, "(null)")


def _lock(session: Session, database: Database, table: Table) -> None:
    _require_alter(session, database, table)
    if table.store is not None:
        lock_definition(session, table)


def _keep(session: Session, table: Table, *parts: str) -> None:
    """Have a rollback put these lists of the table's definition back."""
    for part in parts:
        undo(session, setattr, table, part, getattr(table, part))
