"""Schemas and who owns what: CREATE SCHEMA, ALTER SCHEMA, ALTER AUTHORIZATION.

Documentation: "CREATE SCHEMA", "ALTER SCHEMA", "ALTER AUTHORIZATION (Transact-SQL)".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from emulator.catalog.database import Database
from emulator.catalog.objects import AliasType, Constraint, DatabaseObject, Schema, TableType, Trigger, fold
from emulator.catalog.principals import DBO, FIXED_USERS, PUBLIC, THE_DATABASE, Login, Principal
from emulator.errors import NotSupported, sql_error
from emulator.execution.authorization import (
    has_permission,
    may,
    may_in_schema,
    require_in_database,
    securable_of,
    security_changed,
)
from emulator.execution.definitions.access import (
    Place,
    changed,
    definition_step,
    find_to_change,
    forget_permissions,
    lock_name,
    place_of,
    touch,
    undo,
)
from emulator.execution.definitions.grants import Target, find_target
from emulator.execution.definitions.security import (
    changing,
    controls,
    find_principal,
    missing,
    set_attribute,
)
from emulator.execution.frames import Frame, Step
from emulator.execution.impersonation import may_impersonate
from emulator.execution.units import StepCompiler, UnitCompiler
from emulator.sql import nodes

if TYPE_CHECKING:
    from emulator.session import Session

SYSTEM_DATABASES = frozenset({"master", "model", "tempdb"})
UNOWNED_SCHEMAS = frozenset({"dbo", "sys", "information_schema", "guest"})
"""Schemas whose owner is fixed."""


def compile_create_schema(node: nodes.CreateSchema, compiler: UnitCompiler) -> Step:
    database = compiler.database
    if node.elements:
        raise NotSupported("CREATE SCHEMA with elements", node.line)

    def create_schema(frame: Frame) -> None:
        session = frame.session
        require_in_database(session, "CREATE SCHEMA", database, node.line)
        owner = session.user if node.owner is None else find_principal(database.security, node.owner, node.line)
        if owner is not session.user and not _may_give_to(session, owner, database):
            raise missing("find", "user", owner.name, node.line)
        if fold(node.name) in database.schemas:
            raise sql_error(2714, node.name, state=6, line=node.line)
        database.schemas[fold(node.name)] = Schema(node.name, database.allocate_schema_id(), owner.principal_id)
        undo(session, database.schemas.pop, fold(node.name), None)
        changed(database)

    return definition_step(node, create_schema)


def compile_alter_schema(node: nodes.AlterSchema, compiler: UnitCompiler) -> Step:
    """ALTER SCHEMA ... TRANSFER: an object with its constraints and triggers, or a type, moves to another schema.

    The permissions on it fall. Errors: 15151 no such schema or object, 15530 its name is taken there, 15347 a part of
    another object.
    """
    database = compiler.database

    def alter_schema(frame: Frame) -> None:
        session = frame.session
        schema = database.schemas.get(fold(node.name))
        if schema is None or not (session.unchecked or may_in_schema(session, "ALTER", schema.name, database)):
            raise missing("alter", "schema", node.name, node.line)
        place = place_of(frame, compiler, node.object, database)
        if node.kind == "TYPE":
            _move_type(session, place, schema.name)
            return
        item = find_to_change(session, database, place.schema, place.name)
        if item is None or not (session.unchecked or may(session, "CONTROL", item, database)):
            raise missing("find", "object", node.object.name, node.line)
        if isinstance(item, Constraint | Trigger):
            raise sql_error(15347, line=node.line)
        lock_name(session, database, schema.name, item.name)
        if database.find(schema.name, item.name) is not None:
            raise sql_error(15530, item.name, line=node.line)
        for moved in (item, *_parts_of(database, item)):
            _move(session, database, moved, schema.name)
            forget_permissions(session, database.security, securable_of(moved))
        touch(session, database, item)

    return definition_step(node, alter_schema)


def _parts_of(database: Database, item: DatabaseObject) -> list[DatabaseObject]:
    """The constraints and triggers of a table or view: they are in its schema."""
    return [part for part in database.by_id.values() if isinstance(part, Constraint | Trigger) and part.table is item]


def _move(session: Session, database: Database, item: DatabaseObject, schema: str) -> None:
    def set_schema(name: str) -> None:
        database.remove(item)
        item.schema = name
        database.add(item)

    undo(session, set_schema, item.schema)
    set_schema(schema)


def _move_type(session: Session, place: Place, schema: str) -> None:
    types = place.database.types
    key = (fold(place.schema), fold(place.name))
    item = types.get(key)
    if item is None:
        raise missing("find", "type", place.name, place.node.line)
    if (fold(schema), key[1]) in types:
        raise sql_error(15530, item.name, line=place.node.line)

    def set_schema(name: str) -> None:
        del types[fold(item.schema), key[1]]
        item.schema = name
        types[fold(name), key[1]] = item
        changed(place.database)

    undo(session, set_schema, item.schema)
    set_schema(schema)


def _may_give_to(session: Session, owner: Principal, database: Database) -> bool:
    """Whether the session may make ``owner`` an owner: a user it may act as, a role it is in or may alter."""
    if owner.is_role:
        member = owner.principal_id in database.security.roles_of(session.user.principal_id)
        return (member and owner.principal_id != PUBLIC) or controls(session, "ALTER", owner, database)
    return may_impersonate(session, owner, database)


def compile_alter_authorization(node: nodes.AlterAuthorization, compiler: UnitCompiler) -> Step:
    database = compiler.database
    securable = node.securable

    def alter_authorization(frame: Frame) -> None:
        session = frame.session
        place = place_of(frame, compiler, securable.name, database)
        if securable.kind == "DATABASE":
            _give_database(session, find_target(securable, place), node)
            return
        target = find_target(securable, place)
        assert target.database is not None
        owner = None
        if node.principal is not None:
            owner = find_principal(target.catalog, node.principal, node.line, "principal")
        if not _may_take(session, target) or (owner and not _may_give_to(session, owner, target.database)):
            raise missing("find", target.kind, target.name, node.line)
        with changing(session, target.catalog):
            forget_permissions(session, target.catalog, target.securable)
            _give(session, place, target, owner, node)
            undo(session, changed, target.database)
            changed(target.database)

    return definition_step(node, alter_authorization)


def _may_take(session: Session, target: Target) -> bool:
    assert target.database is not None
    if target.item is not None:
        return may(session, "TAKE OWNERSHIP", target.item, target.database)
    if target.securable.kind == "SCHEMA":
        return may_in_schema(session, "TAKE OWNERSHIP", target.name, target.database)
    return has_permission(session, "TAKE OWNERSHIP", target.securable, database=target.database, owners=(target.owner,))


def _give(
    session: Session, place: Place, target: Target, owner: Principal | None, node: nodes.AlterAuthorization
) -> None:
    """Set the owner. NotSupported: of users, and of what belongs to another object. Errors: 15150 of fixed schemas."""
    if target.item is not None:
        _set_owner(session, target.item, None if owner is None else owner.principal_id, node)
        return
    if owner is None:
        raise sql_error(102, "SCHEMA", line=node.line)
    if target.securable.kind == "SCHEMA":
        schema = place.database.schemas[fold(target.name)]
        if fold(schema.name) in UNOWNED_SCHEMAS:
            raise sql_error(15150, "alter", "schema", schema.name, line=node.line)
        undo(session, setattr, schema, "owner_id", schema.owner_id)
        schema.owner_id = owner.principal_id
    elif target.securable.kind == "ROLE":
        set_attribute(session, target.catalog.by_id[target.securable.number], "owner_id", owner.principal_id)
    else:
        raise NotSupported(f"ALTER AUTHORIZATION ON {target.securable.kind}", node.line)


def _set_owner(session: Session, item: DatabaseObject, owner_id: int | None, node: nodes.AlterAuthorization) -> None:
    if isinstance(item, Constraint | Trigger):
        raise NotSupported("ALTER AUTHORIZATION ON a constraint or trigger", node.line)
    if isinstance(item, AliasType | TableType) and node.securable.kind != "TYPE":
        raise missing("find", "object", item.name, node.line)
    undo(session, setattr, item, "owner_id", item.owner_id)
    item.owner_id = owner_id


def _give_database(session: Session, target: Target, node: nodes.AlterAuthorization) -> None:
    """The new owner is ``dbo`` from now on. Errors: 15151, 15109 system databases, 15110 it is a user there."""
    database = target.database
    assert database is not None
    login = session.instance.security.find(node.principal or "")
    if not isinstance(login, Login) or login.sid is None:
        raise missing("find", "principal", node.principal or "", node.line)
    if not has_permission(session, "TAKE OWNERSHIP", THE_DATABASE, database=database):
        raise missing("find", "database", database.name, node.line)
    if fold(database.name) in SYSTEM_DATABASES:
        raise sql_error(15109, line=node.line)
    user = database.security.by_sid(login.sid)
    if user is not None and user.principal_id not in FIXED_USERS.values():
        raise sql_error(15110, line=node.line)
    dbo = database.security.by_id[DBO]
    with changing(session, database.security):
        undo(session, setattr, database, "owner_sid", database.owner_sid)
        database.owner_sid = login.sid
        set_attribute(session, dbo, "sid", login.sid)
    security_changed(session.instance)


STEPS: Mapping[type[nodes.Statement], StepCompiler] = {
    nodes.AlterSchema: compile_alter_schema,
    nodes.CreateSchema: compile_create_schema,
    nodes.AlterAuthorization: compile_alter_authorization,
}
