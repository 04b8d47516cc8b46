"""GRANT, DENY and REVOKE.

Who controls a securable grants in the name of its owner; who was given a permission WITH GRANT OPTION passes it on in
his own name, and it falls with his (CASCADE).

Documentation: "GRANT", "DENY", "REVOKE (Transact-SQL)" and their pages by securable.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from emulator.catalog.database import Database
from emulator.catalog.objects import (
    DatabaseObject,
    InlineFunction,
    Procedure,
    ScalarFunction,
    Synonym,
    Table,
    TableFunction,
    View,
    fold,
)
from emulator.catalog.objects import Sequence as SequenceObject
from emulator.catalog.permissions import OF_COLUMNS, PERMISSIONS
from emulator.catalog.principals import (
    DBO,
    FIXED_USERS,
    GUEST,
    PUBLIC,
    SA,
    THE_DATABASE,
    THE_SERVER,
    Login,
    Permission,
    Principal,
    PrincipalCatalog,
    Securable,
)
from emulator.errors import NotSupported, SqlError, sql_error
from emulator.execution.authorization import column_id_of, has_permission, securable_of
from emulator.execution.definitions.access import Place, definition_step, place_of
from emulator.execution.definitions.security import changing, find_principal, missing, put, take
from emulator.execution.frames import Frame, Step
from emulator.execution.units import StepCompiler, UnitCompiler
from emulator.sql import nodes

if TYPE_CHECKING:
    from emulator.session import Session

COMMON = frozenset({"ALTER", "CONTROL", "TAKE OWNERSHIP", "VIEW DEFINITION"})
ROWS = frozenset({"SELECT", "INSERT", "UPDATE", "DELETE", "REFERENCES"})
OF_KIND: Mapping[type[DatabaseObject], frozenset[str]] = {
    Table: ROWS | {"VIEW CHANGE TRACKING"},
    View: ROWS,
    InlineFunction: ROWS,
    TableFunction: ROWS,
    Procedure: frozenset({"EXECUTE"}),
    ScalarFunction: frozenset({"EXECUTE", "REFERENCES"}),
    SequenceObject: frozenset({"UPDATE", "REFERENCES"}),
    Synonym: ROWS | {"EXECUTE"},
}
"""What can be granted on an object of each kind besides ``COMMON``."""
ALL_OF_DATABASE = (
    *("BACKUP DATABASE", "BACKUP LOG", "CREATE DEFAULT", "CREATE FUNCTION", "CREATE PROCEDURE", "CREATE RULE"),
    *("CREATE TABLE", "CREATE VIEW"),
)


@dataclass(frozen=True, slots=True)
class Target:
    """What a statement is about: the securable, its catalog and owner, and what holds it for permission checks.

    ``database`` is None on the server. ``kind`` and ``name`` are for messages.
    """

    securable: Securable
    catalog: PrincipalCatalog
    owner: int
    kind: str
    name: str
    database: Database | None = None
    within: Securable | None = None
    item: DatabaseObject | None = None

    def controlled_by(self, session: Session) -> bool:
        """Whether the session has CONTROL, and so acts for the owner."""
        permission = "CONTROL SERVER" if self.securable == THE_SERVER else "CONTROL"
        owners = (self.owner,)
        return has_permission(
            session, permission, self.securable, database=self.database, owners=owners, within=self.within
        )

    def unknown(self, line: int) -> SqlError:
        """The error for who may not grant: 4613, or as if the securable was not there."""
        if self.securable in (THE_DATABASE, THE_SERVER):
            return sql_error(4613, line=line)
        return missing("find", self.kind, self.name, line)


def find_target(node: nodes.Securable, place: Place) -> Target:
    """The securable that is named. Errors: 15151, 4610, 4621; NotSupported: other classes."""
    session, database, name, line = place.session, place.database, place.name, node.line
    match node.kind:
        case "OBJECT" | "TYPE":
            if database is not session.database:
                raise sql_error(4610, line=line)
            return _object_target(node, place)
        case "SCHEMA":
            schema = database.schemas.get(fold(name))
            if schema is None:
                raise missing("find", "schema", name, line)
            securable = Securable("SCHEMA", schema.schema_id)
            return Target(securable, database.security, schema.owner_id, "schema", schema.name, database)
        case "DATABASE":
            other = session.instance.databases.get(fold(name))
            if other is None:
                raise missing("find", "database", name, line)
            return whole_database(other)
        case "USER" | "ROLE":
            principal = database.security.find(name)
            if principal is None or principal.is_role is not (node.kind == "ROLE") or principal.fixed:
                raise missing("find", fold(node.kind), name, line)
            owner = principal.owner_id if principal.owner_id is not None else principal.principal_id
            securable = Securable(node.kind, principal.principal_id)
            return Target(securable, database.security, owner, fold(node.kind), principal.name, database)
        case "LOGIN" | "SERVER ROLE" | "SERVER":
            return _server_target(node, place)
        case _:
            raise NotSupported(f"permissions on {node.kind}", line)


def _object_target(node: nodes.Securable, place: Place) -> Target:
    database = place.database
    where = database.types if node.kind == "TYPE" else database.objects
    schemas = [place.schema] if node.name.schema else dict.fromkeys((place.schema, "dbo"))
    item = next((where[key] for schema in schemas if (key := (fold(schema), fold(place.name))) in where), None)
    if item is None:
        raise missing("find", fold(node.kind), place.name, node.line)
    within = Securable("SCHEMA", database.schemas[fold(item.schema)].schema_id)
    return Target(
        securable_of(item),
        database.security,
        database.owner_of(item),
        fold(node.kind),
        item.name,
        database,
        within,
        item,
    )


def _server_target(node: nodes.Securable, place: Place) -> Target:
    security = place.session.instance.security
    if fold(place.session.database.name) != "master":
        raise sql_error(4621, line=node.line)
    if node.kind == "SERVER":
        return Target(THE_SERVER, security, SA, "server", place.name)
    principal = security.find(place.name)
    if principal is None or isinstance(principal, Login) is not (node.kind == "LOGIN"):
        raise missing("find", fold(node.kind), place.name, node.line)
    owner = principal.owner_id if principal.owner_id is not None else principal.principal_id
    return Target(Securable(node.kind, principal.principal_id), security, owner, fold(node.kind), principal.name)


def whole_database(database: Database) -> Target:
    """A database as a securable."""
    return Target(THE_DATABASE, database.security, DBO, "database", database.name, database)


def compile_change(node: nodes.ChangePermissions, compiler: UnitCompiler) -> Step:
    database = compiler.database
    columns = _columns(node)
    names = [permission.name for permission in node.permissions]

    def change(frame: Frame) -> None:
        session = frame.session
        if node.securable is None:
            target = _scope(session, names, database, node.line)
        else:
            target = find_target(node.securable, place_of(frame, compiler, node.securable.name, database))
        if target.database is not None and target.database is not session.database:
            raise sql_error(4610, line=node.line)
        permissions = _expanded(session, names, target, node)
        grantees = [_grantee(target, name, node) for name in node.principals]
        if any(_is_protected(session, target, grantee) for grantee in grantees):
            _say(session, 4624, 0, node)
            return
        with changing(session, target.catalog):
            for permission in permissions:
                for limited in _limited(session, target, columns.get(permission, ()), node):
                    grantor = _grantor(session, limited, permission, node)
                    for grantee in grantees:
                        apply(session, limited, node, permission, grantee.principal_id, grantor)

    return definition_step(node, change)


def _columns(node: nodes.ChangePermissions) -> dict[str, tuple[str, ...]]:
    """The columns to which each permission is limited, if any. Errors: 1019 said twice, 1020 not for columns."""
    behind = node.securable.columns if node.securable is not None else ()
    limits = {item.name: item.columns or behind for item in node.permissions if item.columns or behind}
    if behind and any(item.columns for item in node.permissions):
        raise sql_error(1019, line=node.line)
    if limits and (node.securable is None or node.securable.kind != "OBJECT"):
        raise sql_error(1020, line=node.line)
    if "ALL" in limits:
        raise NotSupported(f"{node.action} ALL on columns", node.line)
    if not limits.keys() <= set(OF_COLUMNS):
        raise sql_error(1020, line=node.line)
    return limits


def _limited(
    session: Session, target: Target, columns: Sequence[str], node: nodes.ChangePermissions
) -> Iterator[Target]:
    """The target itself, or each of its columns. Errors: 4615 no such column; NotSupported: not a table or view."""
    if not columns:
        yield target
        return
    assert target.item is not None
    assert target.database is not None
    if not isinstance(target.item, Table | View):
        raise NotSupported(f"{node.action} on columns of what is no table or view", node.line)
    for column in columns:
        number = column_id_of(session, target.database, target.item, column)
        if number is None:
            raise sql_error(4615, column, line=node.line)
        yield replace(target, securable=target.securable._replace(column=number))


def _say(session: Session, number: int, severity: int, node: nodes.ChangePermissions) -> None:
    """Send a message that is no error."""
    said = SqlError(number, severity, 1, sql_error(number).message)
    said.locate(node.line, "")
    session.sink.message(said)


def _scope(session: Session, names: Sequence[str], database: Database, line: int) -> Target:
    """Without ON, the permissions tell whether the database or the server is meant. Errors: 4620, 4621, 102."""
    if names == ["ALL"] or all(name in PERMISSIONS["DATABASE"] for name in names):
        return whole_database(database)
    if all(name in PERMISSIONS["SERVER"] for name in names):
        if fold(session.database.name) != "master":
            raise sql_error(4621, line=line)
        return Target(THE_SERVER, session.instance.security, SA, "server", "")
    unknown = next((n for n in names if n not in PERMISSIONS["DATABASE"] and n not in PERMISSIONS["SERVER"]), None)
    raise sql_error(4620, line=line) if unknown is None else sql_error(102, unknown, line=line)


def _expanded(session: Session, names: Sequence[str], target: Target, node: nodes.ChangePermissions) -> list[str]:
    """The permissions, ALL replaced by what it stands for. Errors: 102, 4606, 4619."""
    if list(names) == ["ALL"]:
        _say(session, 4628, 10, node)
        if target.item is not None:
            return sorted(_allowed(target.item) - COMMON - {"VIEW CHANGE TRACKING"})
        if target.securable == THE_DATABASE:
            return list(ALL_OF_DATABASE)
        raise sql_error(102, "ALL", line=node.line)
    for name in names:
        if name not in PERMISSIONS[target.securable.kind]:
            raise sql_error(102, name, line=node.line)
        if target.securable.kind == "OBJECT" and target.item is not None and name not in _allowed(target.item):
            raise sql_error(4606, name, line=node.line)
        if name == "CREATE DATABASE" and fold(target.name) != "master":
            raise sql_error(4619, line=node.line)
    return list(names)


def _allowed(item: DatabaseObject) -> frozenset[str]:
    found: Iterable[frozenset[str]] = (allowed for kind, allowed in OF_KIND.items() if isinstance(item, kind))
    return COMMON.union(*found)


def _grantee(target: Target, name: str, node: nodes.ChangePermissions) -> Principal:
    """Errors: 15151; 4617 a fixed role; 4627 CONNECT for a role; 15182 guest in master and tempdb."""
    found = find_principal(target.catalog, name, node.line, "user" if target.database is not None else "login")
    if found.fixed:
        raise sql_error(4617, line=node.line)
    if target.database is not None and any(item.name == "CONNECT" for item in node.permissions):
        if found.is_role:
            raise sql_error(4627, line=node.line)
        system = fold(target.database.name) in ("master", "tempdb")
        if found.principal_id == GUEST and node.action != "GRANT" and system:
            raise sql_error(15182, line=node.line)
    return found


def _is_protected(session: Session, target: Target, grantee: Principal) -> bool:
    """sa, dbo, the owner, the built-in users, the grantor himself: nothing changes for them, and a message says so."""
    number = grantee.principal_id
    if number == target.owner:
        return True
    if target.database is None:
        return number in (SA, session.identity.login_id)
    if number in FIXED_USERS.values() and number != GUEST:
        return True
    return number == session.user.principal_id


def _grantor(session: Session, target: Target, permission: str, node: nodes.ChangePermissions) -> int:
    """In whose name: the owner's for who controls the securable, else the session's own, which has the grant option.

    Errors: 15151 or 4613.
    """
    if node.grantor is not None:
        return _named_grantor(session, target, node)
    if target.controlled_by(session) or _administers(session, target, permission):
        return target.owner
    number = session.identity.login_id if target.database is None else session.user.principal_id
    tokens = target.catalog.roles_of(number or 0)
    options = (
        item
        for item in (*target.catalog.on(target.securable), *target.catalog.on(target.securable._replace(column=0)))
        if item.permission == permission and item.grantee in tokens and item.state == "GRANT_WITH_GRANT_OPTION"
    )
    option = next(options, None)
    if option is None or node.action == "DENY":
        raise target.unknown(node.line)
    return option.grantee


def _named_grantor(session: Session, target: Target, node: nodes.ChangePermissions) -> int:
    """AS principal: one that the session belongs to, or for which it may act."""
    found = find_principal(target.catalog, node.grantor or "", node.line)
    own = session.identity.login_id if target.database is None else session.user.principal_id
    if found.principal_id in target.catalog.roles_of(own or 0) or target.controlled_by(session):
        return found.principal_id
    raise missing("find", "user", found.name, node.line)


def _administers(session: Session, target: Target, permission: str) -> bool:
    """db_securityadmin grants everything in its database, db_accessadmin CONNECT, securityadmin on the server."""
    if target.database is None:
        return has_permission(session, "ALTER ANY LOGIN", THE_SERVER)
    wanted = "ALTER ANY USER" if permission == "CONNECT" else "ALTER ANY ROLE"
    tokens = target.catalog.roles_of(session.user.principal_id) - {PUBLIC}
    return any(wanted in target.catalog.grants.get(token, ()) for token in tokens)


def apply(
    session: Session, target: Target, node: nodes.ChangePermissions, permission: str, grantee: int, grantor: int
) -> None:
    """Change one permission of one principal. Errors: 4611.

    What is said about a whole table replaces what was said about its columns.
    """
    catalog = target.catalog
    key = target.securable, grantee, permission, grantor
    held = next((item for item in catalog.on(target.securable) if item.key == key), None)
    if target.securable.column:
        _refuse_exception(target, node, held, key)
    else:
        of_columns = [item for item in catalog.on_columns(target.securable) if item.key[1:] == key[1:]]
        for item in of_columns:
            if node.action == "GRANT":
                take(session, catalog, item)
                continue
            column = replace(target, securable=item.securable)
            apply(session, column, replace(node, action="REVOKE"), permission, grantee, grantor)
    if node.action == "GRANT":
        keeps = held is not None and held.state == "GRANT_WITH_GRANT_OPTION"
        state = "GRANT_WITH_GRANT_OPTION" if node.grant_option or keeps else "GRANT"
        put(session, catalog, Permission(state, permission, target.securable, grantee, grantor))
        return
    passed_on = held is not None and held.state == "GRANT_WITH_GRANT_OPTION"
    if passed_on and not node.cascade:
        raise sql_error(4611, line=node.line)
    if passed_on:
        _take_what_was_passed_on(session, catalog, target.securable, permission, grantee)
    if node.action == "DENY":
        put(session, catalog, Permission("DENY", permission, target.securable, grantee, grantor))
    elif held is not None and node.grant_option:
        if passed_on:
            put(session, catalog, replace(held, state="GRANT"))
    elif held is not None:
        take(session, catalog, held)


def _refuse_exception(
    target: Target, node: nodes.ChangePermissions, held: Permission | None, key: tuple[Securable, int, str, int]
) -> None:
    """NotSupported: to REVOKE on a column what is on the whole table, which would leave an exception in it."""
    whole = target.securable._replace(column=0)
    on_whole = any(item.key[1:] == key[1:] for item in target.catalog.on(whole))
    if node.action == "REVOKE" and held is None and on_whole:
        raise NotSupported("REVOKE on columns of a permission on the whole table", node.line)


def _take_what_was_passed_on(
    session: Session, catalog: PrincipalCatalog, securable: Securable, permission: str, grantor: int
) -> None:
    for item in catalog.on(securable):
        if item.permission == permission and item.grantor == grantor and item.grantee != grantor:
            take(session, catalog, item)
            _take_what_was_passed_on(session, catalog, securable, permission, item.grantee)


STEPS: Mapping[type[nodes.Statement], StepCompiler] = {nodes.ChangePermissions: compile_change}
