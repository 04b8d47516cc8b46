"""From definitions to storage: the key order and predicate of an index, and an empty store for a table."""

from __future__ import annotations

from emulator.catalog.objects import Index, Table
from emulator.storage.index import IndexDefinition
from emulator.storage.keys import KeyPart
from emulator.storage.table import Identity, TableStore
from emulator.storage.transaction import UndoLog
from emulator.storage.versions import VersionStore
from emulator.types.comparison import sort_key


def index_definition(table: Table, index: Index) -> IndexDefinition:
    """What storage needs to know of ``index``."""
    parts = []
    for column in index.columns:
        definition = table.columns[column.ordinal]
        parts.append(KeyPart(column.ordinal, sort_key(definition.type), column.descending, definition.nullable))
    return IndexDefinition(
        name=index.name,
        parts=tuple(parts),
        unique=index.unique,
        included=index.included,
        predicate=index.predicate,
        predicate_columns=index.predicate_columns,
        hobt_id=(table.object_id << 8) + index.number,
    )


def clustered_definition(table: Table) -> IndexDefinition | None:
    """The definition of the clustered index, None for a heap."""
    clustered = table.clustered
    return index_definition(table, clustered) if clustered is not None else None


def secondary_definitions(table: Table) -> list[IndexDefinition]:
    """Those of the nonclustered indexes."""
    return [index_definition(table, index) for index in table.indexes if not index.clustered]


def new_store(table: Table, *, database_id: int = 0, versions: VersionStore | None = None) -> TableStore:
    """An empty store with the indexes and the identity counter of ``table``; ``versions`` if its rows are versioned."""
    store = TableStore(
        table.full_name if table.schema else table.name,
        clustered_definition(table),
        database_id=database_id,
        object_id=table.object_id,
        versions=versions,
    )
    undo = UndoLog()
    for definition in secondary_definitions(table):
        store.add_index(undo, definition)
    undo.discard()
    store.escalates = table.lock_escalation != "DISABLE"
    identity = table.identity_column
    if identity is not None and identity.identity is not None:
        store.identity = Identity(identity.identity.seed, identity.identity.increment)
    return store
