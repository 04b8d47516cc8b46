"""Whether a session may do what it is about to do.

A session acts as its ``Identity``. What that one was found to be permitted is kept in ``session.granted`` and forgotten
whenever any principal, permission or owner changes, so that a statement run again costs one set lookup for each object;
a session of a sysadmin (``session.unchecked``) is not asked at all.

The rules: the owner of an object, or of its schema, may do everything with it; else a DENY to the user or any of its
roles of the permission, or of one that implies it, refuses; else a GRANT of the same kind allows. What is granted or
denied on a column stands for what is on the table: the DENY of a table does not take away the GRANT of its column.

Documentation: "Permissions (Database Engine)" (the summary of the permission check algorithm), "DENY (Transact-SQL)".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from emulator.catalog.database import Database
from emulator.catalog.objects import AliasType, Column, DatabaseObject, Procedure, Table, TableType, View, fold
from emulator.catalog.permissions import covering
from emulator.catalog.principals import (
    DBO,
    GUEST,
    SYSADMIN,
    THE_DATABASE,
    THE_SERVER,
    Login,
    Principal,
    PrincipalCatalog,
    Securable,
)
from emulator.catalog.system_views.columns import module_columns
from emulator.errors import SqlError, sql_error
from emulator.planning.accesses import Access, is_chained

if TYPE_CHECKING:
    from emulator.catalog.objects import Module
    from emulator.instance import Instance
    from emulator.session import Session


class Identity(NamedTuple):
    """Whom a session acts as: a login everywhere, or (EXECUTE AS USER) the user ``user_id`` of ``database`` alone.

    ``login_name`` is what SUSER_SNAME() says.
    """

    login_id: int | None
    login_name: str
    database: Database | None = None
    user_id: int | None = None


# --- Principals -------------------------------------------------------------------------------------------------------


def login_of(instance: Instance, identity: Identity) -> Login | None:
    """The login whose rights on the server count: none for a user impersonated in one database, or a dropped login."""
    if identity.database is not None or identity.login_id is None:
        return None
    found = instance.security.by_id.get(identity.login_id)
    return found if isinstance(found, Login) else None


def server_tokens(instance: Instance, identity: Identity) -> frozenset[int]:
    """The login and its server roles, as principal ids of the server."""
    login = login_of(instance, identity)
    return frozenset() if login is None else instance.security.roles_of(login.principal_id)


def is_sysadmin(instance: Instance, identity: Identity) -> bool:
    """Whether nothing is checked for this identity."""
    return SYSADMIN in server_tokens(instance, identity)


def user_in(instance: Instance, identity: Identity, database: Database) -> Principal | None:
    """Who the identity is in ``database``; None if it may not enter."""
    user = mapped_user(instance, identity, database)
    if user is None or user.principal_id == DBO or identity.database is not None:
        return user
    tokens, server = database.security.roles_of(user.principal_id), server_tokens(instance, identity)
    return user if _is_granted(instance, database, [THE_DATABASE], "CONNECT", tokens, server) else None


def mapped_user(instance: Instance, identity: Identity, database: Database) -> Principal | None:
    """Who the identity is once it is in ``database``.

    It is ``dbo`` for sysadmins and the owner of the database, else the login's user, else ``guest``; a user that is
    impersonated in another database is nobody.
    """
    security = database.security
    if identity.database is not None:
        return security.by_id.get(identity.user_id or 0) if identity.database is database else None
    login = login_of(instance, identity)
    if login is None:
        return None
    if login.sid == database.owner_sid or is_sysadmin(instance, identity):
        return security.by_id[DBO]
    user = security.by_sid(login.sid) if login.sid is not None else None
    return user or security.by_id[GUEST]


# --- The check --------------------------------------------------------------------------------------------------------


def has_permission(
    session: Session,
    permission: str,
    securable: Securable = THE_DATABASE,
    *,
    database: Database | None = None,
    owners: Iterable[int] = (),
    within: Securable | None = None,
) -> bool:
    """Whether the session may ``permission`` on ``securable`` of ``database`` (None: the current one).

    ``owners`` are the principals that own the securable or what it is in, ``within`` is the schema it is in.
    """
    instance, identity = session.instance, session.identity
    if is_sysadmin(instance, identity):
        return True
    server = server_tokens(instance, identity)
    if securable.kind in ("SERVER", "LOGIN", "SERVER ROLE"):
        return _is_granted(instance, None, [securable, THE_SERVER], permission, frozenset(), server)
    database = database or session.database
    entered = database is session.database
    user = (mapped_user if entered else user_in)(instance, identity, database)
    if user is None:
        return False
    tokens = database.security.roles_of(user.principal_id)
    if user.principal_id == DBO or not tokens.isdisjoint(owners):
        return True
    held = [securable, THE_DATABASE] if within is None else [securable, within, THE_DATABASE]
    return _is_granted(instance, database, held, permission, tokens, server)


def _is_granted(
    instance: Instance,
    database: Database | None,
    securables: list[Securable],
    permission: str,
    tokens: frozenset[int],
    server: frozenset[int],
) -> bool:
    """The states of the permission and of all that imply it, on ``securables`` from the inside out: DENY wins."""
    held = {securable.kind: securable._replace(column=0) for securable in securables}
    granted = False
    if securables[0].column:
        assert database is not None
        states = database.security.states(securables[0], permission, tokens)
        if "DENY" in states:
            return False
        granted = bool(states)
    limited = (securables[0].kind, permission) if granted else None
    for kind, name in covering(securables[0].kind, permission):
        if (kind, name) == limited:
            continue
        catalog: PrincipalCatalog
        if kind in ("SERVER", "LOGIN", "SERVER ROLE"):
            catalog, who = instance.security, server
        else:
            assert database is not None
            catalog, who = database.security, tokens
        states = catalog.states(held.get(kind, THE_SERVER), name, who)
        if "DENY" in states:
            return False
        granted = granted or bool(states)
    return granted


def securable_of(item: DatabaseObject) -> Securable:
    """An object or type as a securable."""
    return Securable("TYPE" if isinstance(item, AliasType | TableType) else "OBJECT", item.object_id)


def column_id_of(session: Session, database: Database, item: DatabaseObject, name: str) -> int | None:
    """The id of the column ``name`` of a table or view; None if it has none such."""
    columns: Sequence[Column] = ()
    if isinstance(item, Table):
        columns = item.columns
    elif isinstance(item, View):
        columns = module_columns(session, database, item)
    return next((column.column_id for column in columns if fold(column.name) == fold(name)), None)


def may(session: Session, permission: str, item: DatabaseObject, database: Database, column: str = "") -> bool:
    """Whether the session may ``permission`` on an object or type: by itself, its schema, its database or its owner.

    ``column`` is the column of a table or view that it is about.
    """
    schema = database.schemas[fold(item.schema)]
    securable = securable_of(item)
    if column:
        securable = securable._replace(column=column_id_of(session, database, item, column) or 0)
    return has_permission(
        session,
        permission,
        securable,
        database=database,
        owners=(database.owner_of(item), schema.owner_id),
        within=Securable("SCHEMA", schema.schema_id),
    )


def may_in_schema(session: Session, permission: str, schema: str, database: Database) -> bool:
    """Whether the session may ``permission`` on a schema that exists."""
    found = database.schemas[fold(schema)]
    securable = Securable("SCHEMA", found.schema_id)
    return has_permission(session, permission, securable, database=database, owners=(found.owner_id,))


# --- What statements ask ----------------------------------------------------------------------------------------------


def authorize(session: Session, accesses: Iterable[Access]) -> None:
    """Errors: 229 for what the session may not do, 230 for a column, 916 for a database that it may not enter, 1088 for
    ALTER."""
    granted = session.granted
    for access in accesses:
        if access not in granted:
            _examine(session, access)
            granted.add(access)


def _examine(session: Session, access: Access) -> None:
    database, item, permission, columns = access
    session.await_security(database)
    if columns and _is_limited(session, access):
        for column in columns:
            if not may(session, permission, item, database, column):
                raise sql_error(230, permission, column, item.name, database.name, item.schema)
        return
    if may(session, permission, item, database):
        return
    if database is not session.database and user_in(session.instance, session.identity, database) is None:
        raise no_entry(session, database)
    if permission == "ALTER":
        raise sql_error(1088, item.name, state=7)
    raise sql_error(229, permission, item.name, database.name, item.schema, state=5)


def _is_limited(session: Session, access: Access) -> bool:
    """Whether the session was granted or denied the permission on any single columns of the object."""
    catalog = access.database.security
    limits = [item for item in catalog.on_columns(securable_of(access.item)) if item.permission == access.permission]
    user = user_in(session.instance, session.identity, access.database) if limits else None
    if user is None:
        return False
    tokens = catalog.roles_of(user.principal_id)
    return any(item.grantee in tokens for item in limits)


def authorize_call(session: Session, procedure: Procedure, caller: Module | None) -> None:
    """EXECUTE on a procedure, unless it belongs to the owner of the module that calls it. Errors: 229, 916."""
    if procedure.name.startswith("#"):
        return
    database = session.instance.databases[fold(procedure.database)]
    if caller is None or not is_chained(session, caller, procedure, database):
        authorize(session, (Access(database, procedure, "EXECUTE"),))


def no_entry(session: Session, database: Database) -> SqlError:
    """Error 916."""
    return sql_error(916, session.login_name, database.name)


def require_in_database(session: Session, permission: str, database: Database, line: int = 0) -> None:
    """Errors: 262, 916."""
    if session.unchecked or has_permission(session, permission, database=database):
        return
    if database is not session.database and user_in(session.instance, session.identity, database) is None:
        raise no_entry(session, database)
    raise sql_error(262, permission, database.name, line=line)


def require_on_server(session: Session, permission: str, line: int = 0) -> None:
    """Errors: 15247."""
    if not session.unchecked and not has_permission(session, permission, THE_SERVER):
        raise sql_error(15247, line=line)


def security_changed(instance: Instance) -> None:
    """Have every session find out anew what it may do. To be called after any change that could matter."""
    for session in instance.sessions.values():
        session.refresh_security()


def owned_by(database: Database, principal_id: int) -> Iterator[str]:
    """What kinds of things the principal owns: 'schema', 'role', 'object', 'type'."""
    if any(schema.owner_id == principal_id for schema in database.schemas.values()):
        yield "schema"
    if any(item.owner_id == principal_id for item in database.security.principals.values()):
        yield "role"
    if any(item.owner_id == principal_id for item in database.objects.values()):
        yield "object"
    if any(item.owner_id == principal_id for item in database.types.values()):
        yield "type"
