"""CREATE INDEX, ALTER INDEX and DROP INDEX.

A new nonclustered index takes S on its table: readers go on, writers wait. All else takes Sch-M, except that
reorganizing an index takes IX. With ONLINE = ON it is the same here, as the locks of an online operation are those of
its beginning and its end, and between these nothing else happens. Others use a new index when it is committed (on SQL
Server it is itself locked Sch-M until then: dba.stackexchange.com/q/228561).

Documentation: "CREATE INDEX (Transact-SQL)", option ONLINE; "How online index operations work"; "ALTER INDEX", option
REORGANIZE; "DROP INDEX (Transact-SQL)".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from emulator.catalog.objects import Index, Table, View, fold
from emulator.catalog.stores import clustered_definition, index_definition, secondary_definitions
from emulator.errors import NotSupported, SqlError, sql_error
from emulator.execution.definitions.access import (
    Place,
    changed,
    definition_step,
    forget_properties,
    place_of,
    touch,
    undo,
)
from emulator.execution.definitions.shapes import shaper
from emulator.execution.frames import Frame, Step
from emulator.execution.units import StepCompiler, UnitCompiler
from emulator.locking.manager import INDEX_OPERATION
from emulator.locking.modes import LockMode
from emulator.planning.changes.required import refuse_wrong_options
from emulator.sql import nodes
from emulator.storage.table import DuplicateKey
from emulator.types.conversion import converter
from emulator.types.sqltype import MAX, SqlType

if TYPE_CHECKING:
    from emulator.catalog.database import Database
    from emulator.session import Session

SHOWN = SqlType("nvarchar", MAX)
WITHOUT_EFFECT = frozenset(
    {
        "ALLOW_PAGE_LOCKS",
        "ALLOW_ROW_LOCKS",
        "DATA_COMPRESSION",
        "COMPRESSION_DELAY",
        "FILLFACTOR",
        "IGNORE_DUP_KEY",
        "MAXDOP",
        "ONLINE",
        "OPTIMIZE_FOR_SEQUENTIAL_KEY",
        "PAD_INDEX",
        "SORT_IN_TEMPDB",
        "STATISTICS_INCREMENTAL",
        "STATISTICS_NORECOMPUTE",
    }
)
"""Options that change how an index is stored or built, not what it does. ALLOW_ROW_LOCKS = OFF is refused."""


def compile_create_index(node: nodes.CreateIndex, compiler: UnitCompiler) -> Step:
    database = compiler.database
    dropping = False
    for option in node.index.options:
        if option.name == "DROP_EXISTING":
            dropping = option.value == "ON"
        elif option.name not in WITHOUT_EFFECT or (option.name == "ALLOW_ROW_LOCKS" and option.value == "OFF"):
            raise NotSupported(f"CREATE INDEX WITH {option.name}", node.line)

    def create_index(frame: Frame) -> None:
        place = place_of(frame, compiler, node.table, database)
        if place.find_table() is None:
            if place.database.find_kind(View, place.schema, place.name) is not None:
                raise NotSupported("indexes on views", node.line)
            raise sql_error(1088, str(node.table), state=12, line=node.line)
        table = _locked(place, node.index, dropping=dropping)
        undo(frame.session, setattr, table, "indexes", table.indexes)
        undo(frame.session, setattr, table, "columnstores", table.columnstores)
        table.indexes = list(table.indexes)
        if dropping:
            _remove(table, node.index.name, place, node.line)
        if node.index.columnstore:
            shaper(table, place.context, "CREATE INDEX").add_columnstore(node.index)
        else:
            index = add_index(table, node.index, place)
            if not (index.clustered or dropping or place.is_temporary):
                _keep_from_others(frame.session, place.database, table, index)
        options = frame.session.settings.compiled
        refuse_wrong_options(
            "CREATE INDEX", table, replace(place.context, options=options, ansi_nulls=options.ansi_nulls)
        )
        touch(frame.session, place.database, table)

    return definition_step(node, create_index)


def _locked(place: Place, node: nodes.IndexDefinition, *, dropping: bool) -> Table:
    """The table, locked for the new index; for one that others can read meanwhile, no other is made before it is
    committed."""
    if node.clustered or dropping:
        return place.table()
    table = place.find_table()
    if table is not None and table.store is not None:
        place.session.lock(table.store.locks, INDEX_OPERATION, LockMode.X)
    return place.table(LockMode.S)


def _keep_from_others(session: Session, database: Database, table: Table, index: Index) -> None:
    transaction = session.transaction
    assert transaction is not None
    index.made_by = transaction

    def show(committed: bool) -> None:
        for item in table.indexes:
            if item.made_by is transaction:
                item.made_by = None
        changed(database)

    transaction.on_end(show)


def add_index(table: Table, node: nodes.IndexDefinition, place: Place) -> Index:
    """Add the index and fill it. Errors: 1505 when the rows are not unique under it, and those of its definition."""
    store, transaction = table.store, place.session.transaction
    assert store is not None
    assert transaction is not None
    index = shaper(table, place.context, "CREATE INDEX").add_index(node)
    try:
        if index.clustered:
            store.rebuild(transaction, clustered_definition(table), secondary_definitions(table))
        else:
            store.add_index(transaction, index_definition(table, index))
    except DuplicateKey as duplicate:
        raise duplicate_in_new_index(table, index, duplicate) from None
    return index


def duplicate_in_new_index(table: Table, index: Index, duplicate: DuplicateKey) -> SqlError:
    """Error 1505."""
    return sql_error(1505, table.full_name, index.name, key_text(table, index, duplicate.row))


def key_text(table: Table, index: Index, row: tuple[object, ...]) -> str:
    """The key of ``row`` as messages show it: values as strings, NULL as ``<NULL>``, separated by commas."""
    shown = []
    for part in index.columns:
        value = row[part.ordinal]
        convert = converter(table.columns[part.ordinal].type, SHOWN, explicit=True)
        shown.append("<NULL>" if value is None else str(value if convert is None else convert(value)))
    return ", ".join(shown)


def _remove(table: Table, name: str, place: Place, line: int) -> None:
    columnstore = next((item for item in table.columnstores if fold(item.name) == fold(name)), None)
    if columnstore is not None:
        table.columnstores = [item for item in table.columnstores if item is not columnstore]
        forget_properties(place.session, place.database, (7,), table.object_id, columnstore.number)
        return
    index = next((item for item in table.indexes if fold(item.name) == fold(name)), None)
    if index is None:
        raise sql_error(3701, "drop", "index", f"{table.name}.{name}", state=7, line=line)
    if index.primary_key or index.unique_constraint:
        kind = "PRIMARY KEY" if index.primary_key else "UNIQUE KEY"
        raise sql_error(3723, f"{table.name}.{name}", kind, line=line)
    store, transaction = table.store, place.session.transaction
    assert store is not None
    assert transaction is not None
    table.indexes = [item for item in table.indexes if item is not index]
    forget_properties(place.session, place.database, (7,), table.object_id, index.number)
    if index.clustered:
        store.rebuild(transaction, None, secondary_definitions(table))
    else:
        store.drop_index(transaction, index.name)


def _index_names(table: Table) -> set[str]:
    return {fold(index.name) for index in table.indexes} | {fold(item.name) for item in table.columnstores}


def compile_drop_index(node: nodes.DropIndex, compiler: UnitCompiler) -> Step:
    database = compiler.database

    def drop_index(frame: Frame) -> None:
        for name, table_name in node.indexes:
            place = place_of(frame, compiler, table_name, database)
            found = place.find_table()
            known = found is not None and fold(name) in _index_names(found)
            if not known:
                if node.if_exists:
                    continue
                raise sql_error(3701, "drop", "index", f"{table_name}.{name}", state=7, line=node.line)
            table = place.table()
            undo(frame.session, setattr, table, "indexes", table.indexes)
            undo(frame.session, setattr, table, "columnstores", table.columnstores)
            _remove(table, name, place, node.line)
            touch(frame.session, place.database, table)

    return definition_step(node, drop_index)


def compile_alter_index(node: nodes.AlterIndex, compiler: UnitCompiler) -> Step:
    database = compiler.database
    if node.action not in ("REBUILD", "REORGANIZE"):
        raise NotSupported(f"ALTER INDEX {node.action}", node.line)

    def alter_index(frame: Frame) -> None:
        place = place_of(frame, compiler, node.table, database)
        table = place.table(LockMode.IX if node.action == "REORGANIZE" else LockMode.SCH_M)
        if node.name is not None and fold(node.name) not in _index_names(table):
            raise sql_error(2727, node.name, line=node.line)

    return definition_step(node, alter_index)


def compile_update_statistics(node: nodes.UpdateStatistics, compiler: UnitCompiler) -> Step:
    """Statistics do not exist here: access paths are chosen by rule. The table must exist, and nobody be changing its
    definition."""
    database = compiler.database

    def update_statistics(frame: Frame) -> None:
        place = place_of(frame, compiler, node.table, database)
        table = place.find_table()
        while table is not None and frame.session.await_definition(table):
            table = place.find_table()
        if table is None:
            raise sql_error(2706, str(node.table), line=node.line)

    return definition_step(node, update_statistics)


STEPS: Mapping[type[nodes.Statement], StepCompiler] = {
    nodes.CreateIndex: compile_create_index,
    nodes.DropIndex: compile_drop_index,
    nodes.AlterIndex: compile_alter_index,
    nodes.UpdateStatistics: compile_update_statistics,
}
