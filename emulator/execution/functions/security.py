"""Functions about principals, memberships and permissions.

Documentation: "Security Functions (Transact-SQL)" and the page of each function.
"""

from __future__ import annotations

from hashlib import sha512
from typing import TYPE_CHECKING

from emulator.catalog.database import Database
from emulator.catalog.objects import DatabaseObject, fold
from emulator.catalog.permissions import OF_COLUMNS, PERMISSIONS
from emulator.catalog.principals import (
    DBO,
    PUBLIC,
    SERVER_PUBLIC,
    SYSADMIN,
    THE_DATABASE,
    THE_SERVER,
    Login,
    Principal,
    Securable,
)
from emulator.errors import NotSupported
from emulator.execution.authorization import (
    column_id_of,
    has_permission,
    may,
    may_in_schema,
    server_tokens,
    user_in,
)
from emulator.execution.functions.metadata import find_object
from emulator.execution.functions.registry import ANY, BINARY, INTEGER, UNICODE, function, session_value
from emulator.execution.functions.strings import split_name
from emulator.types.sqltype import INT, SQL_VARIANT, SYSNAME, SqlType, nvarchar, varbinary

if TYPE_CHECKING:
    from emulator.session import Session

# --- Who --------------------------------------------------------------------------------------------------------------

for _name in ("CURRENT_USER", "SESSION_USER", "USER"):
    session_value(_name, SYSNAME, nullable=False)(lambda session: session.user_name)
session_value("SYSTEM_USER", SYSNAME, nullable=False)(lambda session: session.login_name)
session_value("ORIGINAL_LOGIN", SYSNAME, nullable=False)(lambda session: session.original_login)


@function("USER_NAME", INTEGER, optional=1, session=True, result=nvarchar(256))
def user_name(session: Session, principal_id: int | None = None) -> str | None:
    if principal_id is None:
        return session.user_name
    found = session.database.security.by_id.get(principal_id)
    return found.name if found else None


for _name in ("USER_ID", "DATABASE_PRINCIPAL_ID"):

    @function(_name, UNICODE, optional=1, session=True, result=INT)
    def database_principal_id(session: Session, name: str | None = None) -> int | None:
        found = session.user if name is None else session.database.security.find(name)
        return found.principal_id if found else None


def _login(session: Session, name: str | None) -> Principal | None:
    return session.instance.security.find(session.login_name if name is None else name)


@function("SUSER_SNAME", BINARY, optional=1, session=True, result=nvarchar(128))
def suser_sname(session: Session, sid: bytes | str | None = None) -> str | None:
    if sid is None:
        return session.login_name
    found = session.instance.security.by_sid(sid) if isinstance(sid, bytes) else None
    return found.name if found else None


@function("SUSER_NAME", INTEGER, optional=1, session=True, result=nvarchar(128))
def suser_name(session: Session, number: int | None = None) -> str | None:
    if number is None:
        return session.login_name
    found = session.instance.security.by_id.get(number)
    return found.name if found else None


@function("SUSER_ID", UNICODE, optional=1, session=True, result=INT)
def suser_id(session: Session, name: str | None = None) -> int | None:
    found = _login(session, name)
    return found.principal_id if found else None


@function("SUSER_SID", UNICODE, INTEGER, optional=2, session=True, result=varbinary(85))
def suser_sid(session: Session, name: str | None = None, no_validation: int | None = None) -> bytes | None:
    found = _login(session, name)
    return found.sid if found else None


# --- Memberships ------------------------------------------------------------------------------------------------------


def _is_member(session: Session, role: str, member: Principal | None) -> int | None:
    """Membership in a role of the current database; None when there is no such role or member.

    ``dbo`` is in no role but db_owner and public by the catalog, and every question whether it is is answered so.
    """
    found = session.database.security.find(role)
    if found is None or not found.is_role or member is None:
        return None
    if found.principal_id == PUBLIC:
        return 1
    tokens = session.database.security.roles_of(member.principal_id) - {member.principal_id}
    return int(found.principal_id in tokens)


@function("IS_ROLEMEMBER", UNICODE, UNICODE, optional=1, session=True, result=INT)
def is_role_member(session: Session, role: str, member: str | None = None) -> int | None:
    return _is_member(session, role, session.user if member is None else session.database.security.find(member))


@function("IS_MEMBER", UNICODE, session=True, result=INT)
def is_member(session: Session, role: str) -> int | None:
    """As IS_ROLEMEMBER, but ``dbo`` is counted as a member of every role."""
    if session.user.principal_id == DBO:
        found = session.database.security.find(role)
        return 1 if found is not None and found.is_role else None
    return _is_member(session, role, session.user)


@function("IS_SRVROLEMEMBER", UNICODE, UNICODE, optional=1, session=True, result=INT)
def is_server_role_member(session: Session, role: str, login: str | None = None) -> int | None:
    """A sysadmin is in every fixed role."""
    security = session.instance.security
    found = security.find(role)
    if found is None or not found.is_role:
        return None
    if login is None:
        tokens = server_tokens(session.instance, session.identity)
    else:
        member = security.find(login)
        if member is None:
            return None
        tokens = security.roles_of(member.principal_id)
    everything = found.fixed and SYSADMIN in tokens
    return int(found.principal_id == SERVER_PUBLIC or found.principal_id in tokens or everything)


# --- Passwords --------------------------------------------------------------------------------------------------------

HASH_VERSION = b"\x02\x00"
SALT_BYTES = 4


@function("PWDENCRYPT", UNICODE, session=True, result=varbinary(128))
def password_encrypt(session: Session, password: str) -> bytes:
    """The hash as SQL Server makes it: a version, a salt, SHA-512 of both."""
    salt = session.instance.random.randbytes(SALT_BYTES)
    return _hashed(password, salt)


def _hashed(password: str, salt: bytes) -> bytes:
    return HASH_VERSION + salt + sha512(password.encode("utf-16-le", "surrogatepass") + salt).digest()


@function("PWDCOMPARE", UNICODE, BINARY, ANY, optional=1, session=True, result=INT)
def password_compare(session: Session, password: str, hashed: bytes, version: object = None) -> int:
    """Whether ``hashed`` is a hash of the password."""
    start = len(HASH_VERSION)
    return int(hashed.startswith(HASH_VERSION) and _hashed(password, hashed[start : start + SALT_BYTES]) == hashed)


@function("LOGINPROPERTY", UNICODE, UNICODE, session=True, result=SQL_VARIANT)
def login_property(session: Session, name: str, property_name: str) -> tuple[SqlType, object] | None:
    """Of a login with a password: nobody is locked out, and passwords do not expire."""
    login = session.instance.security.find(name)
    if not isinstance(login, Login):
        return None
    values: dict[str, tuple[SqlType, object]] = {
        "badpasswordcount": (INT, 0),
        "defaultdatabase": (SYSNAME, login.default_database),
        "defaultlanguage": (SYSNAME, login.default_language),
        "isexpired": (INT, 0),
        "islocked": (INT, 0),
        "ismustchange": (INT, 0),
        "passwordhashalgorithm": (INT, 2),
    }
    return values.get(property_name.lower())


# --- Permissions ------------------------------------------------------------------------------------------------------


@function("HAS_DBACCESS", UNICODE, session=True, result=INT)
def has_database_access(session: Session, name: str) -> int | None:
    database = session.instance.databases.get(fold(name))
    return None if database is None else int(user_in(session.instance, session.identity, database) is not None)


@function(
    "HAS_PERMS_BY_NAME",
    *(UNICODE, UNICODE, UNICODE, UNICODE, UNICODE),
    optional=2,
    session=True,
    nulls=True,
    result=INT,
)
def has_permissions_by_name(
    session: Session,
    securable: str | None,
    securable_class: str | None,
    permission: str | None,
    part: str | None = None,
    part_class: str | None = None,
) -> int | None:
    """1 or 0; NULL for a class, permission or securable that does not exist. ``ANY``: any permission at all.

    ``part`` is a column of an object, then ``part_class`` is COLUMN.
    """
    kind = (securable_class or "SERVER").upper()
    wanted = (permission or "").upper()
    if part is not None or part_class is not None:
        if kind != "OBJECT" or (part_class or "").upper() != "COLUMN":
            return None
        return _has_on_column(session, securable or "", part or "", wanted)
    rules = PERMISSIONS.get(kind)
    if rules is None or (wanted != "ANY" and wanted not in rules):
        return None
    names = list(rules) if wanted == "ANY" else [wanted]
    answers = [_has(session, kind, securable, name) for name in names]
    return None if None in answers else int(any(answers))


def _has(session: Session, kind: str, securable: str | None, permission: str) -> bool | None:
    parts = split_name(securable) if securable is not None else []
    name = parts[-1] if parts else ""
    match kind:
        case "SERVER":
            return has_permission(session, permission, THE_SERVER) if securable is None else None
        case "DATABASE":
            database = session.instance.databases.get(fold(name)) if securable is not None else session.database
            return None if database is None else has_permission(session, permission, THE_DATABASE, database=database)
        case "SCHEMA":
            if fold(name) not in session.database.schemas:
                return None
            return may_in_schema(session, permission, name, session.database)
        case "OBJECT":
            return _has_on(session, find_object(session, securable or ""), permission, session.database)
        case "TYPE":
            schema = parts[-2] if parts and len(parts) > 1 else "dbo"
            return _has_on(session, session.database.types.get((fold(schema), fold(name))), permission, None)
        case "USER" | "ROLE":
            found = session.database.security.find(name)
            if found is None or found.is_role is not (kind == "ROLE"):
                return None
            return has_permission(session, permission, Securable(kind, found.principal_id))
        case "LOGIN" | "SERVER ROLE":
            found = session.instance.security.find(name)
            if found is None or isinstance(found, Login) is not (kind == "LOGIN"):
                return None
            return has_permission(session, permission, Securable(kind, found.principal_id))
        case _:
            raise NotSupported(f"HAS_PERMS_BY_NAME for the class {kind}")


def _has_on_column(session: Session, name: str, column: str, wanted: str) -> int | None:
    item = find_object(session, name)
    if item is None or (wanted != "ANY" and wanted not in OF_COLUMNS):
        return None
    if column_id_of(session, session.database, item, column) is None:
        return None
    names = OF_COLUMNS if wanted == "ANY" else (wanted,)
    if item.name.startswith("#"):
        return 1
    return int(any(may(session, permission, item, session.database, column) for permission in names))


def _has_on(session: Session, item: DatabaseObject | None, permission: str, database: Database | None) -> bool | None:
    if item is None:
        return None
    return item.name.startswith("#") or may(session, permission, item, database or session.database)
