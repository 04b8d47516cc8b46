"""Users and roles of a database.

Documentation: "CREATE USER", "ALTER USER", "DROP USER", "CREATE ROLE", "ALTER ROLE", "DROP ROLE (Transact-SQL)".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from emulator.catalog.database import Database
from emulator.catalog.objects import Module
from emulator.catalog.principals import (
    DBO,
    FIXED_USERS,
    PUBLIC,
    SA,
    THE_DATABASE,
    Login,
    Permission,
    Principal,
    new_sid,
)
from emulator.errors import NotSupported, sql_error
from emulator.execution.authorization import has_permission, owned_by
from emulator.execution.definitions.access import Place, changed, definition_step, forget_properties
from emulator.execution.definitions.logins import alter_server_role, create_server_role
from emulator.execution.definitions.security import (
    add,
    changing,
    controls,
    find_principal,
    join,
    leave,
    missing,
    put,
    remove,
    rename,
    set_attribute,
)
from emulator.execution.frames import Frame, Step
from emulator.execution.units import StepCompiler, UnitCompiler
from emulator.sql import nodes

if TYPE_CHECKING:
    from emulator.session import Session

OWNER_ERRORS = {"schema": (15138, "schema"), "role": (15421,), "object": (15183,), "type": (15184,)}
"""What keeps a principal from being dropped, by what it owns."""


def compile_create_user(node: nodes.CreateUser, compiler: UnitCompiler) -> Step:
    database = compiler.database
    for option in node.options:
        if option.name not in ("DEFAULT_SCHEMA", "ALLOW_ENCRYPTED_VALUE_MODIFICATIONS"):
            raise NotSupported(f"CREATE USER WITH {option.name}", node.line)
    options = {option.name: str(option.value) for option in node.options}

    def create_user(frame: Frame) -> None:
        session = frame.session
        security = database.security
        _require(session, "CREATE USER", database, node.line)
        with changing(session, security):
            number = security.allocate_id()
            if node.without_login:
                sid = new_sid(f"{database.name}.{node.name}", number)
            else:
                login = _login(session, node.login or node.name, node.line)
                sid = login.sid or b""
            if security.find(node.name) is not None:
                raise sql_error(15023, node.name, line=node.line)
            if security.by_sid(sid) is not None:
                raise sql_error(15063, line=node.line)
            user = Principal(node.name, number, "SQL_USER", sid, options.get("DEFAULT_SCHEMA", "dbo"))
            add(session, security, user)
            put(session, security, Permission("GRANT", "CONNECT", THE_DATABASE, number, DBO))

    return definition_step(node, create_user)


def _require(session: Session, permission: str, database: Database, line: int) -> None:
    """Errors: 15247."""
    if not has_permission(session, permission, database=database):
        raise sql_error(15247, line=line)


def _login(session: Session, name: str, line: int) -> Login:
    """The login a user is for. Errors: 15007; 15405 for sa."""
    found = session.instance.security.find(name)
    if not isinstance(found, Login):
        raise sql_error(15007, name, line=line)
    if found.principal_id == SA:
        raise sql_error(15405, found.name, line=line)
    return found


def compile_alter_user(node: nodes.AlterUser, compiler: UnitCompiler) -> Step:
    database = compiler.database
    for option in node.options:
        if option.name not in ("DEFAULT_SCHEMA", "NAME", "LOGIN"):
            raise NotSupported(f"ALTER USER WITH {option.name}", node.line)

    def alter_user(frame: Frame) -> None:
        session = frame.session
        security = database.security
        user = security.find(node.name)
        if user is None or user.is_role or not controls(session, "ALTER", user, database):
            raise missing("alter", "user", node.name, node.line)
        if user.principal_id in FIXED_USERS.values():
            raise sql_error(15150, "alter", "user", user.name, line=node.line)
        with changing(session, security):
            for option in node.options:
                value = str(option.value)
                if option.name == "DEFAULT_SCHEMA":
                    set_attribute(session, user, "default_schema", "dbo" if option.value is None else value)
                elif option.name == "LOGIN":
                    sid = _login(session, value, node.line).sid or b""
                    if security.by_sid(sid) not in (None, user):
                        raise sql_error(15063, line=node.line)
                    set_attribute(session, user, "sid", sid)
                else:
                    if security.find(value) not in (None, user):
                        raise sql_error(15023, value, line=node.line)
                    rename(session, security, user, value)
            changed(database)

    return definition_step(node, alter_user)


def drop_user(frame: Frame, place: Place, node: nodes.Drop) -> None:
    """DROP USER. Errors: 15151, 15150, and those of ``_refuse_in_use``."""
    session, database = frame.session, place.database
    user = database.security.find(place.name)
    if user is None and node.if_exists:
        return
    if user is None or user.is_role or not controls(session, "ALTER", user, database):
        raise missing("drop", "user", place.name, node.line)
    if user.principal_id in FIXED_USERS.values():
        raise sql_error(15150, "drop", "user", user.name, line=node.line)
    with changing(session, database.security):
        _refuse_in_use(database, user, node.line)
        remove(session, database.security, user)
        forget_properties(session, database, (4,), user.principal_id)


def _refuse_in_use(database: Database, principal: Principal, line: int) -> None:
    """Errors: 15138, 15421, 15183, 15184 it owns something; 15136 modules run as it; 15284 it granted something."""
    number = principal.principal_id
    for kind in owned_by(database, number):
        code, *values = OWNER_ERRORS[kind]
        raise sql_error(int(code), *values, line=line)
    if any(module.execute_as == number for module in database.of_kind(Module)):
        raise sql_error(15136, line=line)
    if any(item.grantor == number for item in database.security.all_permissions()):
        raise sql_error(15284, line=line)


# --- Roles ------------------------------------------------------------------------------------------------------------


def compile_create_role(node: nodes.CreateRole, compiler: UnitCompiler) -> Step:
    database = compiler.database

    def create_role(frame: Frame) -> None:
        session = frame.session
        security = database.security
        _require(session, "CREATE ROLE", database, node.line)
        with changing(session, security):
            owner = session.user if node.owner is None else find_principal(security, node.owner, node.line)
            if security.find(node.name) is not None:
                raise sql_error(15023, node.name, line=node.line)
            role = Principal(node.name, security.allocate_id(), "DATABASE_ROLE", owner_id=owner.principal_id)
            role.sid = new_sid(f"{database.name}.{node.name}", role.principal_id)
            add(session, security, role)

    if node.server:
        return definition_step(node, lambda frame: create_server_role(frame, node))
    return definition_step(node, create_role)


def compile_alter_role(node: nodes.AlterRole, compiler: UnitCompiler) -> Step:
    database = compiler.database
    if node.server:
        return definition_step(node, lambda frame: alter_server_role(frame, node))

    def alter_role(frame: Frame) -> None:
        session = frame.session
        role = database.security.find(node.name)
        if role is None or not role.is_role or not controls(session, "ALTER", role, database):
            raise missing("alter", "role", node.name, node.line)
        if node.action == "RENAME":
            with changing(session, database.security):
                if role.fixed or role.principal_id == PUBLIC:
                    raise sql_error(15150, "alter", "role", role.name, line=node.line)
                if database.security.find(node.argument) not in (None, role):
                    raise sql_error(15023, node.argument, line=node.line)
                rename(session, database.security, role, node.argument)
            return
        adds = node.action == "ADD MEMBER"
        member = database.security.find(node.argument)
        if member is None:
            raise missing("add" if adds else "drop", "principal", node.argument, node.line)
        change_member(session, database, role, member, adds=adds, line=node.line)

    return definition_step(node, alter_role)


def change_member(
    session: Session, database: Database, role: Principal, member: Principal, *, adds: bool, line: int = 0
) -> None:
    """Add or remove a member. Errors: 15081 public, 15405 dbo and its like, 15413 a role in itself."""
    security = database.security
    if role.principal_id == PUBLIC:
        raise sql_error(15081, line=line)
    if member.fixed or member.principal_id == PUBLIC or member.principal_id in FIXED_USERS.values():
        raise sql_error(15405, member.name, line=line)
    with changing(session, security):
        if adds and member.principal_id in security.roles_of(role.principal_id):
            raise sql_error(15413, line=line)
        (join if adds else leave)(session, role, member)


def drop_role(frame: Frame, place: Place, node: nodes.Drop) -> None:
    """DROP ROLE. Errors: 15151, 15150 a fixed one, 15144 it has members, and those of ``_refuse_in_use``."""
    session, database = frame.session, place.database
    role = database.security.find(place.name)
    if role is None and node.if_exists:
        return
    if role is None or not role.is_role or not controls(session, "ALTER", role, database):
        raise missing("drop", "role", place.name, node.line)
    if role.fixed or role.principal_id == PUBLIC:
        raise sql_error(15150, "drop", "role", role.name, line=node.line)
    with changing(session, database.security):
        if role.members:
            raise sql_error(15144, line=node.line)
        _refuse_in_use(database, role, node.line)
        remove(session, database.security, role)
        forget_properties(session, database, (4,), role.principal_id)


STEPS: Mapping[type[nodes.Statement], StepCompiler] = {
    nodes.CreateUser: compile_create_user,
    nodes.AlterUser: compile_alter_user,
    nodes.CreateRole: compile_create_role,
    nodes.AlterRole: compile_alter_role,
}
