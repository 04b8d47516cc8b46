"""Logins and server roles.

Documentation: "CREATE LOGIN", "ALTER LOGIN", "DROP LOGIN", "CREATE SERVER ROLE", "ALTER SERVER ROLE (Transact-SQL)".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from emulator.catalog.objects import fold
from emulator.catalog.passwords import PasswordHash, check_policy
from emulator.catalog.principals import SA, THE_SERVER, Login, Permission, Principal, new_sid
from emulator.errors import NotSupported, sql_error
from emulator.execution.authorization import has_permission, require_on_server
from emulator.execution.definitions.access import Place, definition_step
from emulator.execution.definitions.security import (
    add,
    changing,
    controls,
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

WITHOUT_EFFECT = frozenset({"CHECK_EXPIRATION", "UNLOCK"})
"""Nothing here ever expires or is locked out."""


def _options(node: nodes.CreateLogin | nodes.AlterLogin, known: frozenset[str]) -> dict[str, str]:
    """The options by name. NotSupported: others than those known."""
    for option in node.options:
        on_expiration = option.name == "CHECK_EXPIRATION" and str(option.value).upper() == "ON"
        if on_expiration or (option.name not in known and option.name not in WITHOUT_EFFECT):
            raise NotSupported(f"{option.name} in CREATE or ALTER LOGIN", node.line)
    return {option.name: "" if option.value is None else str(option.value) for option in node.options}


def _default_database(session: Session, name: str, line: int) -> str:
    found = session.instance.databases.get(fold(name))
    if found is None:
        raise sql_error(15010, name, line=line)
    return found.name


def compile_create_login(node: nodes.CreateLogin, compiler: UnitCompiler) -> Step:
    options = _options(node, frozenset({"PASSWORD", "DEFAULT_DATABASE", "DEFAULT_LANGUAGE", "CHECK_POLICY", "SID"}))
    if node.source is None and "PASSWORD" not in options:
        raise sql_error(102, node.name, line=node.line)

    def create_login(frame: Frame) -> None:
        session = frame.session
        security = session.instance.security
        require_on_server(session, "CREATE LOGIN", node.line)
        with changing(session, security):
            if node.source is not None:
                raise sql_error(15401, node.name, line=node.line)
            if security.find(node.name) is not None:
                raise sql_error(15025, node.name, line=node.line)
            number = security.allocate_id()
            sid = new_sid(node.name, number)
            if "SID" in options:
                sid = bytes.fromhex(options["SID"].removeprefix("0x").removeprefix("0X"))
            if security.by_sid(sid) is not None:
                raise sql_error(15433, line=node.line)
            login = Login(node.name, number, "SQL_LOGIN", sid)
            login.checks_policy = options.get("CHECK_POLICY", "ON").upper() == "ON"
            login.password = _password(login, options["PASSWORD"], node.line)
            login.default_language = options.get("DEFAULT_LANGUAGE", login.default_language)
            login.default_database = _default_database(session, options.get("DEFAULT_DATABASE", "master"), node.line)
            add(session, security, login)
            put(session, security, Permission("GRANT", "CONNECT SQL", THE_SERVER, number, SA))

    return definition_step(node, create_login)


def _password(login: Login, password: str, line: int) -> PasswordHash:
    """Errors: 15116, 15117, 15118 where the policy is checked."""
    if login.checks_policy:
        check_policy(login.name, password, line)
    return PasswordHash.of(password)


def compile_alter_login(node: nodes.AlterLogin, compiler: UnitCompiler) -> Step:
    known = {"PASSWORD", "OLD_PASSWORD", "DEFAULT_DATABASE", "DEFAULT_LANGUAGE", "NAME", "CHECK_POLICY"}
    options = _options(node, frozenset(known))

    def alter_login(frame: Frame) -> None:
        session = frame.session
        security = session.instance.security
        login = security.find(node.name)
        if not isinstance(login, Login) or not _may_alter(session, login, options):
            raise missing("alter", "login", node.name, node.line)
        with changing(session, security):
            if node.enable is not None:
                set_attribute(session, login, "enabled", node.enable)
            if "CHECK_POLICY" in options:
                set_attribute(session, login, "checks_policy", options["CHECK_POLICY"].upper() == "ON")
            if "PASSWORD" in options:
                set_attribute(session, login, "password", _password(login, options["PASSWORD"], node.line))
            if "DEFAULT_DATABASE" in options:
                database = _default_database(session, options["DEFAULT_DATABASE"], node.line)
                set_attribute(session, login, "default_database", database)
            if "DEFAULT_LANGUAGE" in options:
                set_attribute(session, login, "default_language", options["DEFAULT_LANGUAGE"])
            if "NAME" in options:
                if security.find(options["NAME"]) not in (None, login):
                    raise sql_error(15025, options["NAME"], line=node.line)
                rename(session, security, login, options["NAME"])

    return definition_step(node, alter_login)


def _may_alter(session: Session, login: Login, options: Mapping[str, str]) -> bool:
    """Who may alter logins may; everybody may change their own password, giving the old one."""
    if controls(session, "ALTER", login, None):
        return True
    own = session.identity.login_id == login.principal_id and set(options) == {"PASSWORD", "OLD_PASSWORD"}
    return own and login.password is not None and login.password.matches(options["OLD_PASSWORD"])


def drop_login(frame: Frame, place: Place, node: nodes.Drop) -> None:
    """DROP LOGIN. Errors: 15151, 15150 sa, 15174 it owns databases, 15434 it is logged in. Its users stay."""
    session = frame.session
    security = session.instance.security
    login = security.find(place.name)
    if not isinstance(login, Login) or not controls(session, "ALTER", login, None):
        raise missing("drop", "login", place.name, node.line)
    if login.principal_id == SA:
        raise sql_error(15150, "drop", "login", login.name, line=node.line)
    if any(database.owner_sid == login.sid for database in session.instance.databases.values()):
        raise sql_error(15174, login.name, line=node.line)
    if any(fold(other.original_login) == fold(login.name) for other in session.instance.sessions.values()):
        raise sql_error(15434, login.name, line=node.line)
    with changing(session, security):
        remove(session, security, login)


# --- Server roles -----------------------------------------------------------------------------------------------------


def create_server_role(frame: Frame, node: nodes.CreateRole) -> None:
    """CREATE SERVER ROLE. Errors: 15247, 15025, 15151."""
    session = frame.session
    security = session.instance.security
    require_on_server(session, "CREATE SERVER ROLE", node.line)
    with changing(session, security):
        if security.find(node.name) is not None:
            raise sql_error(15025, node.name, line=node.line)
        owner = security.find(node.owner or session.login_name)
        if owner is None:
            raise missing("find", "login", node.owner or session.login_name, node.line)
        role = Principal(node.name, security.allocate_id(), "SERVER_ROLE", owner_id=owner.principal_id)
        role.sid = new_sid(node.name, role.principal_id)
        add(session, security, role)


def alter_server_role(frame: Frame, node: nodes.AlterRole) -> None:
    """ALTER SERVER ROLE. Errors: 15151, 15413, 15025; 15405 sa. Who is in a fixed role may add others to it."""
    session = frame.session
    security = session.instance.security
    role = security.find(node.name)
    if role is None or not role.is_role or not may_alter_server_role(session, role):
        raise missing("alter", "server role", node.name, node.line)
    if node.action == "RENAME":
        if role.fixed or security.find(node.argument) not in (None, role):
            raise sql_error(15025, node.argument, line=node.line)
        with changing(session, security):
            rename(session, security, role, node.argument)
        return
        member = security.find(node.argument)
    adds = node.action == "ADD MEMBER"
    member = security.find(node.argument)
    if member is None:
        raise missing("add" if adds else "drop", "principal", node.argument, node.line)
    change_server_member(session, role, member, adds=adds, line=node.line)


def change_server_member(session: Session, role: Principal, member: Principal, *, adds: bool, line: int = 0) -> None:
    """Add or remove a member. Errors: 15405 sa, 15413 a role in itself."""
    security = session.instance.security
    if member.principal_id == SA:
        raise sql_error(15405, member.name, line=line)
    with changing(session, security):
        if adds and member.principal_id in security.roles_of(role.principal_id):
            raise sql_error(15413, line=line)
        (join if adds else leave)(session, role, member)


def may_alter_server_role(session: Session, role: Principal) -> bool:
    """Whether the session may change the members of ``role``."""
    if role.fixed and session.identity.login_id in role.members and session.identity.database is None:
        return True
    return controls(session, "ALTER", role, None) or (
        role.fixed and role.name != "sysadmin" and has_permission(session, "ALTER ANY SERVER ROLE", THE_SERVER)
    )


def drop_server_role(frame: Frame, place: Place, node: nodes.Drop) -> None:
    """DROP SERVER ROLE. Errors: 15151, 15150 a fixed one, 15144 it has members."""
    session = frame.session
    security = session.instance.security
    role = security.find(place.name)
    if role is None or not role.is_role or not controls(session, "CONTROL", role, None):
        raise missing("drop", "server role", place.name, node.line)
    if role.fixed or role.principal_id == security.public:
        raise sql_error(15150, "drop", "server role", role.name, line=node.line)
    if role.members:
        raise sql_error(15144, line=node.line)
    with changing(session, security):
        remove(session, security, role)


STEPS: Mapping[type[nodes.Statement], StepCompiler] = {
    nodes.CreateLogin: compile_create_login,
    nodes.AlterLogin: compile_alter_login,
}
