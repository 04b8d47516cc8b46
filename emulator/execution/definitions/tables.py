"""CREATE TABLE, DROP TABLE and foreign keys.

A foreign key that comes or goes is a change of both its tables: both are locked Sch-M (seen by Michael J. Swart on SQL
Server, "Adding Foreign Keys Can Cause Deadlock Trouble").

Documentation: "CREATE TABLE (Transact-SQL)", "DROP TABLE (Transact-SQL)", "Create foreign key relationships".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from emulator.catalog.objects import Column, ForeignKey, Table, constraint_objects, fold
from emulator.catalog.stores import new_store
from emulator.errors import NotSupported, SqlError, sql_error
from emulator.execution.authorization import authorize
from emulator.execution.definitions.access import (
    Place,
    definition_step,
    enter,
    enter_constraints,
    lock_definition,
    lock_found,
    lock_name,
    number_constraints,
    place_of,
    refuse_if_bound,
    take_out,
    take_out_constraint,
    undo,
)
from emulator.execution.definitions.shapes import made_up, table_shape
from emulator.execution.frames import Frame, Step
from emulator.execution.units import StepCompiler, UnitCompiler
from emulator.locking.manager import WHOLE
from emulator.locking.modes import LockMode
from emulator.planning.accesses import Access
from emulator.planning.binding import PlanContext
from emulator.sql import nodes

if TYPE_CHECKING:
    from emulator.catalog.database import Database
    from emulator.session import Session
    from emulator.storage.table import TableStore


def compile_create_table(node: nodes.CreateTable, compiler: UnitCompiler) -> Step:
    database = compiler.database
    for option in node.options:
        if option.name not in ("DATA_COMPRESSION", "LOCK_ESCALATION"):
            raise NotSupported(f"CREATE TABLE WITH {option.name}", node.line)

    def create_table(frame: Frame) -> None:
        null_by_default = "ANSI_NULL_DFLT_ON" in frame.session.settings.on
        place = place_of(frame, compiler, node.name, database)
        if place.is_temporary:
            shape = table_shape(
                place.name, node.definition, place.context, schema="dbo", null_by_default=null_by_default
            )
            shape.database = "tempdb"
            _enter_temporary(frame, shape, place)
            return
        schema = place.creating("CREATE TABLE")
        lock_name(frame.session, place.database, schema, place.name)
        if place.database.find(schema, place.name) is not None:
            raise sql_error(2714, place.name, state=6, line=node.line)
        table = table_shape(place.name, node.definition, place.context, schema=schema, null_by_default=null_by_default)
        table.database = place.database.name
        enter(frame.session, place.database, table)
        table.store = _shared_store(frame.session, place.database, table)
        lock_definition(frame.session, table)
        for foreign_key in written_foreign_keys(node.definition):
            add_foreign_key(table, foreign_key, place)
        enter_constraints(frame.session, place.database, table)

    return definition_step(node, create_table)


def create_with_columns(session: Session, context: PlanContext, name: nodes.ObjectName, columns: list[Column]) -> Table:
    """The new table of SELECT ... INTO, locked Sch-M. Errors: 2714, 2760."""
    context.session = session
    place = Place(context, name)
    if place.is_temporary:
        table = Table("dbo", place.name, columns=columns, database="tempdb")
        _enter_temporary(session.frame, table, place)
        return table
    table = Table(place.creating("CREATE TABLE"), place.name, columns=columns, database=place.database.name)
    enter(session, place.database, table)
    table.store = _shared_store(session, place.database, table)
    lock_definition(session, table)
    return table


def _shared_store(session: Session, database: Database, table: Table) -> TableStore:
    """An empty store for a table that all sessions see."""
    versions = session.instance.versions if database.keeps_versions else None
    store = new_store(table, database_id=database.database_id, versions=versions)
    store.durable = database is not session.instance.databases["tempdb"]
    return store


def _enter_temporary(frame: Frame, table: Table, place: Place) -> None:
    session = frame.session
    name = fold(place.name)
    shared = name.startswith("##")
    tables = session.instance.global_temporary if shared else session.temporary
    if name in (tables if shared or not session.nest_level else frame.temporary):
        raise sql_error(2714, place.name, state=6, line=place.node.line)
    table.object_id = -session.instance.next_transaction_id()
    number_constraints(session, table)
    table.store = _shared_store(session, session.instance.databases["tempdb"], table) if shared else new_store(table)
    previous = tables.get(name)
    tables[name] = table
    if shared:
        session.shared[name] = table
    if session.nest_level and not shared:
        frame.temporary[name] = table
        undo(session, frame.temporary.pop, name, None)
    undo(session, _put_back, tables, name, previous)


def _put_back(tables: dict[str, Table], name: str, previous: Table | None) -> None:
    if previous is None:
        tables.pop(name, None)
    else:
        tables[name] = previous


def written_foreign_keys(definition: nodes.TableDefinition) -> list[nodes.ForeignKey]:
    """The foreign keys of a table's text, those of columns first."""
    of_columns = [item for column in definition.columns for item in column.constraints]
    return [item for item in (*of_columns, *definition.constraints) if isinstance(item, nodes.ForeignKey)]


def add_foreign_key(table: Table, node: nodes.ForeignKey, place: Place) -> ForeignKey:
    """Add a foreign key.

    Errors: 1750, behind 1767 unknown table, 1769 and 1770 unknown columns, 1773 and 1776 no key over there, 1753 and
    1778 columns of other types, 1761, 1762, 1785; 229.
    """
    try:
        return _add_foreign_key(table, node, place)
    except SqlError as error:
        if error.number in WITHOUT_CONSTRAINT:
            raise sql_error(1750, line=node.line, state=1).after(error) from None
        raise


def _add_foreign_key(table: Table, node: nodes.ForeignKey, place: Place) -> ForeignKey:
    name = node.name or made_up("FK", table, node.columns[0], len(table.foreign_keys))
    target = Place(place.context, node.referenced)
    itself = fold(target.name) == fold(table.name) and target.schema == table.schema
    referenced = table if itself else lock_found(place.session, target.find_table)
    if referenced is None:
        raise sql_error(1767, name, str(node.referenced), line=node.line)
    columns = tuple(_ordinal(table, column, name, 1769, node.line) for column in node.columns)
    if node.referenced_columns:
        targets = tuple(_ordinal(referenced, column, name, 1770, node.line) for column in node.referenced_columns)
    else:
        key = next((index for index in referenced.indexes if index.primary_key), None)
        if key is None:
            raise sql_error(1773, name, referenced.full_name, line=node.line)
        targets = tuple(part.ordinal for part in key.columns)
    if not place.session.unchecked:
        names = tuple(referenced.columns[ordinal].name for ordinal in targets)
        authorize(place.session, (Access(target.database, referenced, "REFERENCES", names),))
    keys = [frozenset(part.ordinal for part in index.columns) for index in referenced.indexes if index.unique]
    if len(columns) != len(targets) or frozenset(targets) not in keys:
        raise sql_error(1776, referenced.full_name, name, line=node.line)
    for own, other in zip(columns, targets, strict=True):
        _check_types(table, own, referenced, other, name, node.line)
    foreign_key = ForeignKey(
        name,
        columns,
        referenced,
        targets,
        node.on_delete.replace(" ", "_"),
        node.on_update.replace(" ", "_"),
        system_named=node.name is None,
    )
    _check_cascades(table, foreign_key, node.line)
    table.foreign_keys.append(foreign_key)
    reference = (table, foreign_key)
    referenced.referenced_by.append(reference)
    undo(place.session, _forget_reference, table, referenced, foreign_key)
    return foreign_key


WITHOUT_CONSTRAINT = frozenset({1753, 1761, 1762, 1767, 1769, 1770, 1773, 1776, 1778, 1785})
"""Errors of foreign keys that 1750 follows."""


def _check_types(table: Table, own: int, referenced: Table, other: int, name: str, line: int) -> None:
    """Errors: 1778 another type, 1753 another length, precision or scale than the column that is referred to."""
    mine, theirs = table.columns[own], referenced.columns[other]
    a, b = mine.type, theirs.type
    if SAME_TYPES.get(a.name, a.name) != SAME_TYPES.get(b.name, b.name):
        raise sql_error(1778, f"{referenced.full_name}.{theirs.name}", f"{table.name}.{mine.name}", name, line=line)
    if (a.length, a.precision, a.scale) != (b.length, b.precision, b.scale):
        raise sql_error(1753, f"{referenced.full_name}.{theirs.name}", f"{table.name}.{mine.name}", name, line=line)


SAME_TYPES = {"decimal": "numeric"}


def _check_cascades(table: Table, key: ForeignKey, line: int) -> None:
    """Errors: 1761, 1762 columns that cannot be set so; 1785 a table that would be reached in two ways or by itself."""
    columns = [table.columns[ordinal] for ordinal in key.columns]
    actions = (key.on_delete, key.on_update)
    if "SET_NULL" in actions and not all(column.nullable for column in columns):
        raise sql_error(1761, key.name, line=line)
    if "SET_DEFAULT" in actions and not all(column.nullable or column.default for column in columns):
        raise sql_error(1762, key.name, line=line)
    for action in ("on_delete", "on_update"):
        if getattr(key, action) == "NO_ACTION":
            continue
        above = _reached(key.referenced, action, upwards=True)
        for origin in above:
            below = _reached(origin, action, upwards=False)
            if any(reached in below for reached in _reached(table, action, upwards=False)):
                raise sql_error(1785, key.name, table.name, line=line)


def _reached(table: Table, action: str, *, upwards: bool) -> list[Table]:
    """The table and those that cascades of ``action`` lead to from it (or, upwards, those that lead to it)."""
    found = [table]
    for current in found:
        keys = [(item.referenced, item) for item in current.foreign_keys] if upwards else current.referenced_by
        found += [other for other, item in keys if getattr(item, action) != "NO_ACTION" and other not in found]
    return found


def _forget_reference(table: Table, referenced: Table, foreign_key: ForeignKey) -> None:
    table.foreign_keys = [item for item in table.foreign_keys if item is not foreign_key]
    referenced.referenced_by = [item for item in referenced.referenced_by if item[1] is not foreign_key]


def _ordinal(table: Table, column: str, constraint: str, number: int, line: int) -> int:
    found = table.column(column)
    if found is None:
        raise sql_error(number, constraint, column, table.name, line=line)
    return found.ordinal


def drop_table(frame: Frame, place: Place, *, if_exists: bool) -> None:
    """DROP TABLE. Errors: 3701, 3726 referenced by a foreign key, 3705 not a table."""
    session = frame.session
    if place.is_temporary:
        _drop_temporary(frame, place, if_exists=if_exists)
        return

    def find() -> Table | None:
        found = session.look_up(place.database, place.schema, place.name)
        if found is not None and not isinstance(found, Table):
            raise sql_error(3705, "DROP TABLE", place.name, "table", line=place.node.line)
        return found

    table = lock_found(session, find, lambda found: place.require_drop(found, "table"))
    if table is None:
        if if_exists:
            return
        raise sql_error(3701, "drop", "table", str(place.node), state=5, line=place.node.line)
    for foreign_key in table.foreign_keys:
        lock_definition(session, foreign_key.referenced)
    refuse_if_bound(session, place.database, table, "DROP TABLE", str(place.node), place.node.line)
    if any(other is not table for other, _ in table.referenced_by):
        raise sql_error(3726, str(place.node), line=place.node.line)
    for item in constraint_objects(table):
        take_out_constraint(session, place.database, table, item.name)
    for foreign_key in table.foreign_keys:
        referenced = foreign_key.referenced
        undo(session, setattr, referenced, "referenced_by", list(referenced.referenced_by))
        referenced.referenced_by = [item for item in referenced.referenced_by if item[1] is not foreign_key]
    for trigger in table.triggers:
        take_out(session, place.database, trigger)
    take_out(session, place.database, table)
    _keep_until_the_end(session, place.database, table)


def _keep_until_the_end(session: Session, database: Database, table: Table) -> None:
    """Let others who name the dropped table find, and wait for, whoever has dropped it."""
    name = fold(table.schema), fold(table.name)
    database.dropping[name] = table

    def forget(committed: bool) -> None:
        if database.dropping.get(name) is table:
            del database.dropping[name]

    assert session.transaction is not None
    session.transaction.on_end(forget)


def _drop_temporary(frame: Frame, place: Place, *, if_exists: bool) -> None:
    session = frame.session
    name = fold(place.name)
    tables = session.instance.global_temporary if name.startswith("##") else session.temporary
    table = tables.get(name)
    if table is None:
        if if_exists:
            return
        raise sql_error(3701, "drop", "table", place.name, state=5, line=place.node.line)
    assert table.store is not None
    session.lock(table.store.locks, WHOLE, LockMode.SCH_M)
    del tables[name]
    undo(session, tables.__setitem__, name, table)
    if frame.temporary.pop(name, None) is not None:
        undo(session, frame.temporary.__setitem__, name, table)


STEPS: Mapping[type[nodes.Statement], StepCompiler] = {nodes.CreateTable: compile_create_table}
