"""The procedures that scripts still use where ALTER ROLE and ALTER SERVER ROLE are meant.

Documentation: "sp_addrolemember", "sp_droprolemember", "sp_addsrvrolemember", "sp_dropsrvrolemember (Transact-SQL)".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.catalog.principals import Login
from emulator.errors import sql_error
from emulator.execution.definitions.logins import change_server_member, may_alter_server_role
from emulator.execution.definitions.security import controls
from emulator.execution.definitions.users import change_member
from emulator.execution.plans import as_unit
from emulator.execution.system_procedures.contract import Body
from emulator.execution.system_procedures.signatures import procedure

if TYPE_CHECKING:
    from emulator.session import Session

PROCEDURES: dict[str, Body] = {}


@procedure(PROCEDURES, "sp_addrolemember", "@rolename sysname, @membername sysname")
def sp_addrolemember(session: Session, role_name: str, member_name: str) -> None:
    """Errors: 15014, 15410, 15247 and those of ALTER ROLE."""
    _change(session, role_name, member_name, adds=True)


@procedure(PROCEDURES, "sp_droprolemember", "@rolename sysname, @membername sysname")
def sp_droprolemember(session: Session, role_name: str, member_name: str) -> None:
    """Errors: 15014, 15410, 15247 and those of ALTER ROLE."""
    _change(session, role_name, member_name, adds=False)


def _change(session: Session, role_name: str, member_name: str, *, adds: bool) -> None:
    database = session.database
    role = database.security.find(role_name)
    if role is None or not role.is_role:
        raise sql_error(15014, role_name)
    member = database.security.find(member_name)
    if member is None:
        raise sql_error(15410, member_name)
    if not controls(session, "ALTER", role, database):
        raise sql_error(15247)
    as_unit(session.frame, lambda: change_member(session, database, role, member, adds=adds))


@procedure(PROCEDURES, "sp_addsrvrolemember", "@loginame sysname, @rolename sysname")
def sp_addsrvrolemember(session: Session, login_name: str, role_name: str) -> None:
    """Errors: 15402, 15007, 15247, 15405."""
    _change_on_server(session, login_name, role_name, adds=True)


@procedure(PROCEDURES, "sp_dropsrvrolemember", "@loginame sysname, @rolename sysname")
def sp_dropsrvrolemember(session: Session, login_name: str, role_name: str) -> None:
    """Errors: 15402, 15007, 15247, 15405."""
    _change_on_server(session, login_name, role_name, adds=False)


def _change_on_server(session: Session, login_name: str, role_name: str, *, adds: bool) -> None:
    security = session.instance.security
    role, login = security.find(role_name), security.find(login_name)
    if role is None or not role.fixed:
        raise sql_error(15402, role_name)
    if not isinstance(login, Login):
        raise sql_error(15007, login_name)
    if not may_alter_server_role(session, role):
        raise sql_error(15247)
    as_unit(session.frame, lambda: change_server_member(session, role, login, adds=adds))
