"""Schemas, synonyms, types, databases, and DROP of everything.

Documentation: "CREATE SCHEMA", "CREATE SYNONYM", "CREATE TYPE", "CREATE DATABASE", "DROP ...".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from emulator.catalog.database import SYSTEM_DATABASES, Database
from emulator.catalog.dependencies import default_with, user_of_type
from emulator.catalog.objects import (
    AliasType,
    DatabaseObject,
    InlineFunction,
    Procedure,
    ScalarFunction,
    Sequence,
    Synonym,
    Table,
    TableFunction,
    TableType,
    View,
    fold,
)
from emulator.catalog.principals import SA_SID, Securable
from emulator.errors import NotSupported, sql_error
from emulator.execution.authorization import has_permission, may_in_schema, require_in_database, securable_of
from emulator.execution.definitions.access import (
    Place,
    changed,
    definition_step,
    enter,
    find_to_change,
    forget_permissions,
    forget_properties,
    place_of,
    refuse_if_bound,
    take_out,
    undo,
)
from emulator.execution.definitions.logins import drop_login, drop_server_role
from emulator.execution.definitions.modules import drop_temporary_procedure
from emulator.execution.definitions.shapes import resolve_type, table_shape
from emulator.execution.definitions.tables import drop_table
from emulator.execution.definitions.triggers import drop_trigger
from emulator.execution.definitions.users import drop_role, drop_user
from emulator.execution.frames import Frame, Step
from emulator.execution.units import StepCompiler, UnitCompiler
from emulator.sql import nodes

if TYPE_CHECKING:
    from emulator.session import Session

DEPARTURE_POLLS = 10
POLL_SECONDS = 0.1

KINDS: Mapping[str, tuple[type[DatabaseObject], ...]] = {
    "PROCEDURE": (Procedure,),
    "VIEW": (View,),
    "FUNCTION": (ScalarFunction, InlineFunction, TableFunction),
    "SEQUENCE": (Sequence,),
    "SYNONYM": (Synonym,),
}


def compile_create_synonym(node: nodes.CreateSynonym, compiler: UnitCompiler) -> Step:
    database = compiler.database

    def create_synonym(frame: Frame) -> None:
        place = place_of(frame, compiler, node.name, database)
        enter(frame.session, place.database, Synonym(place.creating("CREATE SYNONYM"), place.name, target=node.target))

    return definition_step(node, create_synonym)


def compile_create_type(node: nodes.CreateType, compiler: UnitCompiler) -> Step:
    database = compiler.database

    def create_type(frame: Frame) -> None:
        place = place_of(frame, compiler, node.name, database)
        schema = place.creating("CREATE TYPE")
        key = (fold(schema), fold(place.name))
        types = place.database.types
        if key in types:
            raise sql_error(219, f"{schema}.{place.name}", line=node.line)
        item: DatabaseObject
        if node.table is not None:
            item = TableType(schema, place.name, shape=table_shape(place.name, node.table, place.context))
        else:
            assert node.base is not None
            base = resolve_type(node.base, place.context)[0]
            item = AliasType(schema, place.name, type=base, nullable=node.nullable is not False)
        item.object_id = place.database.allocate_id()
        types[key] = item
        undo(frame.session, types.pop, key, None)
        changed(place.database)

    return definition_step(node, create_type)


def compile_create_database(node: nodes.CreateDatabase, compiler: UnitCompiler) -> Step:
    if node.snapshot_of is not None:
        raise NotSupported("database snapshots", node.line)

    def create_database(frame: Frame) -> None:
        session = frame.session
        if session.trancount:
            raise sql_error(226, "CREATE DATABASE", line=node.line)
        require_in_database(session, "CREATE DATABASE", session.instance.databases["master"], node.line)
        login = session.instance.security.by_id.get(session.identity.login_id or 0)
        owner = login.sid if login is not None and login.sid is not None else SA_SID
        created = session.instance.create_database(node.name, owner)
        if node.collation:
            created.collation = node.collation
        undo(session, session.instance.forget_database, created)

    return definition_step(node, create_database)


def compile_drop(node: nodes.Drop, compiler: UnitCompiler) -> Step:
    database = compiler.database
    droppers: dict[str, Callable[[Frame, Place], None]] = {
        "TABLE": lambda frame, place: drop_table(frame, place, if_exists=node.if_exists),
        "TRIGGER": lambda frame, place: drop_trigger(frame, place, if_exists=node.if_exists),
        "SCHEMA": lambda frame, place: _drop_schema(frame, place, node),
        "TYPE": lambda frame, place: _drop_type(frame, place, node),
        "DATABASE": lambda frame, place: _drop_database(frame, place, node),
        "LOGIN": lambda frame, place: drop_login(frame, place, node),
        "SERVER ROLE": lambda frame, place: drop_server_role(frame, place, node),
        "USER": lambda frame, place: drop_user(frame, place, node),
        "ROLE": lambda frame, place: drop_role(frame, place, node),
        **{kind: lambda frame, place: _drop_object(frame, place, node) for kind in KINDS},
    }
    dropper = droppers.get(node.kind)
    if dropper is None:
        raise NotSupported(f"DROP {node.kind}", node.line)

    def drop(frame: Frame) -> None:
        for name in node.names:
            dropper(frame, place_of(frame, compiler, name, database))

    return definition_step(node, drop)


def _missing(node: nodes.Drop, place: Place) -> None:
    if not node.if_exists:
        raise sql_error(3701, "drop", node.kind.lower(), str(place.node), state=5, line=node.line)


def _drop_object(frame: Frame, place: Place, node: nodes.Drop) -> None:
    if place.is_temporary and node.kind == "PROCEDURE":
        drop_temporary_procedure(frame.session, place, if_exists=node.if_exists)
        return
    found = find_to_change(frame.session, place.database, place.schema, place.name)
    if found is None:
        _missing(node, place)
    elif not isinstance(found, KINDS[node.kind]):
        raise sql_error(3705, f"DROP {node.kind}", place.name, node.kind.lower(), line=node.line)
    else:
        place.require_drop(found, node.kind.lower())
        refuse_if_bound(frame.session, place.database, found, f"DROP {node.kind}", str(place.node), node.line)
        default = default_with(place.database, found) if isinstance(found, Sequence) else None
        if default is not None:
            raise sql_error(3729, "DROP SEQUENCE", str(place.node), default, line=node.line)
        for trigger in getattr(found, "triggers", ()):
            take_out(frame.session, place.database, trigger)
        take_out(frame.session, place.database, found)


def _drop_schema(frame: Frame, place: Place, node: nodes.Drop) -> None:
    name = fold(place.name)
    schemas = place.database.schemas
    found = schemas.get(name)
    if found is None and node.if_exists:
        return
    if found is None or not may_in_schema(place.session, "CONTROL", found.name, place.database):
        raise sql_error(15151, "drop", "schema", place.name, line=node.line)
    inside = next((item for item in place.database.objects.values() if fold(item.schema) == name), None)
    if inside is not None:
        raise sql_error(3729, "drop schema", place.name, inside.name, line=node.line)
    forget_permissions(frame.session, place.database.security, Securable("SCHEMA", found.schema_id))
    forget_properties(frame.session, place.database, (3,), found.schema_id)
    undo(frame.session, schemas.__setitem__, name, schemas[name])
    del schemas[name]
    changed(place.database)


def _drop_type(frame: Frame, place: Place, node: nodes.Drop) -> None:
    key = (fold(place.schema), fold(place.name))
    types = place.database.types
    if key not in types:
        _missing(node, place)
        return
    place.require_drop(types[key], "type")
    user = user_of_type(place.database, types[key])
    if user is not None:
        raise sql_error(3732, str(place.node), user, line=node.line)
    forget_permissions(frame.session, place.database.security, securable_of(types[key]))
    forget_properties(frame.session, place.database, (6,), types[key].object_id)
    undo(frame.session, types.__setitem__, key, types[key])
    del types[key]
    changed(place.database)


def _drop_database(frame: Frame, place: Place, node: nodes.Drop) -> None:
    session = frame.session
    databases = session.instance.databases
    if session.trancount:
        raise sql_error(226, "DROP DATABASE", line=node.line)
    if fold(place.name) in SYSTEM_DATABASES:
        raise sql_error(3708, "drop", "database", place.name, "database", state=4, line=node.line)
    target = databases.get(fold(place.name))
    if target is None:
        _missing(node, place)
        return
    if not session.unchecked and not has_permission(session, "CONTROL", database=target):
        raise sql_error(3701, "drop", "database", place.name, state=2, line=node.line)
    _await_departures(session, target)
    if _is_in_use(session, target):
        raise sql_error(3702, "database", place.name, line=node.line)
    session.instance.forget_database(target)
    undo(session, session.instance.keep_database, target)
    assert session.transaction is not None
    session.transaction.on_end(lambda committed: _free_rows(target) if committed else None)


def _free_rows(database: Database) -> None:
    """Let go of the rows now: the definitions are full of cycles, which are found some time later."""
    for table in database.of_kind(Table):
        table.store = None


def _is_in_use(session: Session, database: Database) -> bool:
    """Whether a session is in it, or has locks in it from elsewhere."""
    return any(
        other.database is database or _has_locks_in(other, database) for other in session.instance.sessions.values()
    )


def _has_locks_in(session: Session, database: Database) -> bool:
    locks = () if session.transaction is None else session.transaction.locks
    return any(entry.space.database_id == database.database_id for entry in locks)


def _await_departures(session: Session, database: Database) -> None:
    """Give connections that their clients have closed the time to go: their end arrives behind this request."""
    for _ in range(DEPARTURE_POLLS):
        if session.database is database or not _is_in_use(session, database):
            return
        session.instance.scheduler.sleep(POLL_SECONDS)


STEPS: Mapping[type[nodes.Statement], StepCompiler] = {
    nodes.CreateSynonym: compile_create_synonym,
    nodes.CreateType: compile_create_type,
    nodes.CreateDatabase: compile_create_database,
    nodes.Drop: compile_drop,
}
