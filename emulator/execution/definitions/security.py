"""What statements on principals and permissions have in common: the lock, the undo, and finding principals.

Principals and permissions change under Sch-M on their whole catalog (a database's, or the server's) to the end of the
transaction: other changes wait for it, and so does whoever is to be checked meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from emulator.catalog.database import Database
from emulator.catalog.principals import Permission, Principal, PrincipalCatalog, Securable
from emulator.errors import SqlError, sql_error
from emulator.execution.authorization import has_permission, security_changed
from emulator.execution.definitions.access import datetime_now, undo
from emulator.locking.manager import WHOLE
from emulator.locking.modes import LockMode

if TYPE_CHECKING:
    from emulator.session import Session


@contextmanager
def changing(session: Session, catalog: PrincipalCatalog) -> Iterator[None]:
    """Around every change: lock the catalog, and have all sessions ask anew, after a rollback too."""
    session.lock(catalog.locks, WHOLE, LockMode.SCH_M)
    undo(session, security_changed, session.instance)
    yield
    security_changed(session.instance)


def missing(action: str, kind: str, name: str, line: int) -> SqlError:
    """Error 15151."""
    return sql_error(15151, action, kind, name, line=line)


def find_principal(catalog: PrincipalCatalog, name: str, line: int, kind: str = "user") -> Principal:
    """The principal of that name. Errors: 15151."""
    found = catalog.find(name)
    if found is None:
        raise missing("find", kind, name, line)
    return found


def controls(session: Session, permission: str, principal: Principal, database: Database | None) -> bool:
    """Whether the session may ``permission`` on a principal; a fixed role takes CONTROL of the database or server."""
    if principal.fixed:
        whole = Securable("SERVER") if database is None else Securable("DATABASE")
        return has_permission(session, "CONTROL SERVER" if database is None else "CONTROL", whole, database=database)
    if database is None:
        kind = "SERVER ROLE" if principal.is_role else "LOGIN"
    else:
        kind = "ROLE" if principal.is_role else "USER"
    owners = () if principal.owner_id is None else (principal.owner_id,)
    return has_permission(
        session, permission, Securable(kind, principal.principal_id), database=database, owners=owners
    )


def add(session: Session, catalog: PrincipalCatalog, principal: Principal) -> None:
    """Enter a new principal."""
    principal.created = principal.modified = datetime_now(session)
    catalog.add(principal)
    undo(session, catalog.remove, principal)


def remove(session: Session, catalog: PrincipalCatalog, principal: Principal) -> None:
    """Take a principal out, with its memberships and what it was granted."""
    for permission in list(catalog.all_permissions()):
        own = permission.securable.kind in ("USER", "ROLE", "LOGIN", "SERVER ROLE")
        if permission.grantee == principal.principal_id or (
            own and permission.securable.number == principal.principal_id
        ):
            take(session, catalog, permission)
    for role in catalog.principals.values():
        if principal.principal_id in role.members:
            leave(session, role, principal)
    catalog.remove(principal)
    undo(session, catalog.add, principal)


def rename(session: Session, catalog: PrincipalCatalog, principal: Principal, name: str) -> None:
    """Give a principal another name, free or its own in another case."""
    undo(session, catalog.rename, principal, principal.name)
    catalog.rename(principal, name)
    set_attribute(session, principal, "modified", datetime_now(session))


def set_attribute(session: Session, principal: Principal, attribute: str, value: object) -> None:
    """Change a property of a principal."""
    undo(session, setattr, principal, attribute, getattr(principal, attribute))
    setattr(principal, attribute, value)


def join(session: Session, role: Principal, member: Principal) -> None:
    """Make ``member`` a member; nothing if it is one."""
    if member.principal_id not in role.members:
        role.members.add(member.principal_id)
        undo(session, role.members.discard, member.principal_id)


def leave(session: Session, role: Principal, member: Principal) -> None:
    """End a membership; nothing if there is none."""
    if member.principal_id in role.members:
        role.members.discard(member.principal_id)
        undo(session, role.members.add, member.principal_id)


def put(session: Session, catalog: PrincipalCatalog, permission: Permission) -> None:
    """Enter a permission, in the place of the one with its key."""
    previous = next((item for item in catalog.on(permission.securable) if item.key == permission.key), None)
    catalog.put(permission)
    if previous is None:
        undo(session, catalog.take, permission)
    else:
        undo(session, catalog.put, previous)


def take(session: Session, catalog: PrincipalCatalog, permission: Permission) -> None:
    """Remove a permission."""
    catalog.take(permission)
    undo(session, catalog.put, permission)
