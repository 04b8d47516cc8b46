"""A database: its schemas, its objects by name and id, and its version."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, TypeVar

from emulator.catalog.extended_properties import ExtendedProperties
from emulator.catalog.objects import (
    TRANSIENT,
    DatabaseObject,
    Module,
    Schema,
    Table,
    fold,
)
from emulator.catalog.principals import DBO, SA_SID, PrincipalCatalog, database_principals
from emulator.locking.manager import LockSpace, ResourceType
from emulator.storage.index import describe_key

ObjectT = TypeVar("ObjectT", bound=DatabaseObject)

FIRST_OBJECT_ID = 245575913
"""Object ids start where a fresh SQL Server database starts to give them out, and grow by a fixed step."""
OBJECT_ID_STEP = 16000057
OBJECT_ID_LIMIT = 2**31 - 1
"""They stay within an int. This is a prime, so the steps come to every number once before they repeat."""
FIRST_SCHEMA_ID = 5
SYSTEM_DATABASES = frozenset({"master", "tempdb", "msdb", "model"})
OPEN_DATABASES = frozenset({"master", "tempdb", "msdb"})
"""Databases that every login may enter, as ``guest`` if it has no user there."""

OBJECT_NAMES_HOBT = 562949955649536
"""The index of the names of objects on SQL Server, ``sys.sysschobjs`` by schema and name."""

SNAPSHOT_DATABASES = frozenset({"master", "msdb"})
"""Databases in which SNAPSHOT isolation is always allowed."""


class SnapshotState(IntEnum):
    """Whether SNAPSHOT isolation is allowed, as in ``sys.databases.snapshot_isolation_state``."""

    OFF = 0
    ON = 1
    TO_OFF = 2
    TO_ON = 3


@dataclass(slots=True, eq=False)
class Database:
    """One database. ``version`` grows with every change of a definition: kept plans carry the one they were made for.

    ``options`` are those that ALTER DATABASE has set (module ``database_options``). ``dropping`` are tables that open
    transactions have dropped, by name like ``objects``. ``objects`` are keyed by (schema, name), both folded: tables,
    views, procedures, functions, sequences, synonyms and constraints share one namespace; ``types`` have their own.
    ``application_locks`` are those of sp_getapplock, keyed by (principal id, resource). ``owner_sid`` is that of the
    login that is ``dbo`` here. ``snapshots`` says if SNAPSHOT isolation is allowed, ``snapshots_since`` from which
    commit on (``VersionStore.sequence``). ``locks`` is the lock on the database itself: those who change its options
    wait there for those who are in the way. ``names`` are locks on names, keyed like ``objects``, of what open
    transactions create, alter, rename and drop.
    """

    name: str
    database_id: int
    collation: str = "SQL_Latin1_General_CP1_CI_AS"
    compatibility_level: int = 160
    read_committed_snapshot: bool = False
    snapshots: SnapshotState = field(init=False)
    snapshots_since: int = field(default=0, metadata=TRANSIENT)
    user_access: str = "MULTI_USER"
    options: dict[str, str] = field(default_factory=dict)
    created: int = 0
    version: int = field(default=0, metadata=TRANSIENT)
    schemas: dict[str, Schema] = field(default_factory=dict)
    objects: dict[tuple[str, str], DatabaseObject] = field(default_factory=dict, metadata=TRANSIENT)
    by_id: dict[int, DatabaseObject] = field(default_factory=dict)
    dropping: dict[tuple[str, str], Table] = field(default_factory=dict, metadata=TRANSIENT)
    types: dict[tuple[str, str], DatabaseObject] = field(default_factory=dict)
    properties: ExtendedProperties = field(default_factory=ExtendedProperties)
    owner_sid: bytes = SA_SID
    security: PrincipalCatalog = field(init=False)
    next_object_id: int = FIRST_OBJECT_ID
    next_schema_id: int = FIRST_SCHEMA_ID
    last_rowversion: int = 2000
    application_locks: LockSpace = field(init=False, metadata=TRANSIENT)
    locks: LockSpace = field(init=False, metadata=TRANSIENT)
    names: LockSpace = field(init=False, metadata=TRANSIENT)

    def __post_init__(self) -> None:
        self.application_locks = LockSpace(
            ResourceType.APPLICATION, self.name, database_id=self.database_id, describe=describe_application_lock
        )
        self.locks = LockSpace(ResourceType.DATABASE, self.name, database_id=self.database_id)
        self.names = LockSpace(
            ResourceType.KEY,
            f"{self.name}.sys.sysschobjs.nc1",
            database_id=self.database_id,
            entity_id=OBJECT_NAMES_HOBT,
            describe=describe_key,
        )
        self.snapshots = SnapshotState.ON if fold(self.name) in SNAPSHOT_DATABASES else SnapshotState.OFF
        locks = LockSpace(ResourceType.METADATA, f"{self.name} principals", database_id=self.database_id)
        self.security = database_principals(locks, guest_connects=fold(self.name) in OPEN_DATABASES)
        self.security.by_id[DBO].sid = self.owner_sid
        for number, schema in ((1, "dbo"), (2, "guest"), (3, "INFORMATION_SCHEMA"), (4, "sys")):
            self.schemas[fold(schema)] = Schema(schema, number, number)

    @property
    def keeps_versions(self) -> bool:
        """Whether changes of rows leave versions behind."""
        return self.read_committed_snapshot or self.snapshots is not SnapshotState.OFF

    def find(self, schema: str, name: str) -> DatabaseObject | None:
        """The object ``schema.name``, None if there is none."""
        return self.objects.get((fold(schema), fold(name)))

    def find_kind(self, kind: type[ObjectT], schema: str, name: str) -> ObjectT | None:
        """The object ``schema.name`` if it is of that kind."""
        found = self.objects.get((fold(schema), fold(name)))
        return found if isinstance(found, kind) else None

    def of_kind(self, kind: type[ObjectT]) -> Iterator[ObjectT]:
        """All objects of that kind, by object id."""
        return (item for _, item in sorted(self.by_id.items()) if isinstance(item, kind))

    def allocate_id(self) -> int:
        """A new object id, never used before in this database."""
        allocated = self.next_object_id
        self.next_object_id = (allocated + OBJECT_ID_STEP) % OBJECT_ID_LIMIT
        return allocated

    def allocate_schema_id(self) -> int:
        """A new schema id, never used before in this database."""
        allocated = self.next_schema_id
        self.next_schema_id += 1
        return allocated

    def next_rowversion(self) -> bytes:
        """The next value of the database's row version counter (``@@DBTS``)."""
        self.last_rowversion += 1
        return self.last_rowversion.to_bytes(8, "big")

    def add(self, item: DatabaseObject) -> None:
        """Enter ``item`` under its name, with an id if it has none yet; plans made before are void."""
        if not item.object_id:
            item.object_id = self.allocate_id()
        if isinstance(item, Module) and item.locks is None:
            name = f"{self.name}.{item.full_name}"
            item.locks = LockSpace(ResourceType.OBJECT, name, database_id=self.database_id, entity_id=item.object_id)
        self.objects[fold(item.schema), fold(item.name)] = item
        self.by_id[item.object_id] = item
        self.version += 1

    def remove(self, item: DatabaseObject) -> None:
        """Take ``item`` out; plans made before are void."""
        del self.objects[fold(item.schema), fold(item.name)]
        del self.by_id[item.object_id]
        self.version += 1

    def owner_of(self, item: DatabaseObject) -> int:
        """The id of the principal that owns ``item``: its own owner, else that of its schema."""
        if item.owner_id is not None:
            return item.owner_id
        return self.schemas[fold(item.schema)].owner_id

    def table(self, schema: str, name: str) -> Table | None:
        """The table ``schema.name``."""
        return self.find_kind(Table, schema, name)


def describe_application_lock(key: Any) -> str:
    """``resource_description`` of an application lock: principal id, the name's first characters, a hash of it."""
    principal_id, resource = key
    return f"{principal_id}:[{resource[:32]}]:({zlib.crc32(resource.encode('utf-16-le', 'surrogatepass')):08x})"
