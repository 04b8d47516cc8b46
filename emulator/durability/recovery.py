"""From what was recovered to an instance: definitions, what is derived from them, rows."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

from emulator.catalog.database import Database, SnapshotState
from emulator.catalog.objects import Table, fold
from emulator.catalog.principals import Login, PrincipalCatalog
from emulator.catalog.stores import new_store
from emulator.durability.files import DataError
from emulator.durability.images import Decoder
from emulator.durability.state import State, TableState
from emulator.execution.definitions.shapes import shaper
from emulator.storage.table import DuplicateKey

if TYPE_CHECKING:
    from emulator.instance import Instance

FORGOTTEN = "tempdb"
"""The database that is new with every start."""


def restore(instance: Instance, state: State) -> None:
    """Give a fresh instance the catalog and the rows of ``state``, if there is anything.

    The logins that the instance was started with stay administrators, with their passwords; a database that it was
    started with and that is not in ``state`` is made. DataError: definitions and rows do not fit together.
    """
    if not state.images:
        return
    administrators = [item for item in instance.security.by_id.values() if isinstance(item, Login) and item.password]
    wanted = instance.default_database.name
    _restore_catalog(instance, state)
    for database in instance.databases.values():
        if fold(database.name) != FORGOTTEN:
            _fill_tables(instance, database, state)
    instance.versions.statement_level = sum(item.read_committed_snapshot for item in instance.databases.values())
    if fold(wanted) not in instance.databases:
        instance.create_database(wanted)
    instance.default_database = instance.databases[fold(wanted)]
    for login in administrators:
        assert login.password is not None
        instance.add_administrator(login.name, login.password)


def _restore_catalog(instance: Instance, state: State) -> None:
    decoder = Decoder(state.images)
    instance.databases = {FORGOTTEN: instance.databases[FORGOTTEN]}
    for text in sorted(decoder.containers, key=lambda text: len(decoder.path(text))):
        path = decoder.path(text)
        if path[0] == "databases" and len(path) == 2:
            made = Database(decoder.field(text, "name"), decoder.field(text, "database_id"))
            instance.databases[path[1]] = made
        container = _at(instance, path)
        for item in fields(container):
            if isinstance(getattr(container, item.name), dict) and not item.metadata.get("transient"):
                getattr(container, item.name).clear()
        decoder.fill(container, text)
    for text in state.images:
        if text not in decoder.containers:
            *parent, key = decoder.path(text)
            _at(instance, parent)[key] = decoder.entry(text)
    instance.databases = dict(sorted(instance.databases.items(), key=lambda item: item[1].database_id))
    _index_principals(instance.security)
    for option in instance.configuration.options.values():
        option.in_use = option.value
    instance.start_event_sessions()
    for database in instance.databases.values():
        _derive(database)


def _at(instance: Instance, path: Any) -> Any:
    """What is at a path: a container, or one of its dictionaries."""
    found: Any = instance
    for step in path:
        found = found[step] if isinstance(found, dict) else getattr(found, step)
    return found


def _index_principals(catalog: PrincipalCatalog) -> None:
    catalog.principals = {item.name.lower(): item for item in catalog.by_id.values()}


def _derive(database: Database) -> None:
    """Fill in what follows from the definitions."""
    _index_principals(database.security)
    database.objects = {(fold(item.schema), fold(item.name)): item for item in database.by_id.values()}
    if database.snapshots is SnapshotState.TO_ON:
        database.snapshots = SnapshotState.OFF
    elif database.snapshots is SnapshotState.TO_OFF:
        database.snapshots = SnapshotState.ON
    for table in database.of_kind(Table):
        for key in table.foreign_keys:
            key.referenced.referenced_by.append((table, key))


def _fill_tables(instance: Instance, database: Database, state: State) -> None:
    versions = instance.versions if database.keeps_versions else None
    session = instance.open_session(database=database)
    try:
        for table in database.of_kind(Table):
            context = session.compiler(database, "").context(database)
            for index in table.indexes:
                if index.filter is not None:
                    text = index.filter_text
                    shaper(table, context).set_filter(index, index.filter, text)
                    index.filter_text = text
            store = new_store(table, database_id=database.database_id, versions=versions)
            store.durable = True
            store.escalates = table.lock_escalation != "DISABLE"
            kept = state.tables.get((database.database_id, table.object_id), TableState())
            if store.identity is not None:
                store.identity.last = kept.identity
            try:
                store.fill(kept.with_ids())
            except (DuplicateKey, TypeError, IndexError) as error:
                raise DataError(f"the rows of {database.name}.{table.full_name} do not fit its definition") from error
            table.store = store
    finally:
        session.close()
