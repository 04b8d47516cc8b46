"""Logins, users, roles and permissions.

Documentation: ``sys.database_principals``, ``sys.database_role_members``, ``sys.database_permissions``,
``sys.server_principals``, ``sys.sql_logins``, ``sys.server_role_members``, ``sys.server_permissions``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from emulator.catalog.database import Database
from emulator.catalog.permissions import CLASS_PARENTS, PERMISSIONS
from emulator.catalog.principals import GUEST, SERVER_PUBLIC, Login, Permission, Principal, PrincipalCatalog
from emulator.catalog.system_views.definition import Row, table_function, view

if TYPE_CHECKING:
    from emulator.session import Session

FIRST_FIXED_ROLE = 16384
CLASSES = {
    "DATABASE": (0, "DATABASE"),
    "OBJECT": (1, "OBJECT_OR_COLUMN"),
    "SCHEMA": (3, "SCHEMA"),
    "USER": (4, "DATABASE_PRINCIPAL"),
    "ROLE": (4, "DATABASE_PRINCIPAL"),
    "TYPE": (6, "TYPE"),
    "SERVER": (100, "SERVER"),
    "LOGIN": (101, "SERVER_PRINCIPAL"),
    "SERVER ROLE": (101, "SERVER_PRINCIPAL"),
}
"""``class`` and its description by the class of securables."""
STATES = {"GRANT": "G", "DENY": "D", "GRANT_WITH_GRANT_OPTION": "W"}
PERMISSION_COLUMNS = """
    class tinyint, class_desc nvarchar(60)?, major_id int, minor_id int, grantee_principal_id int,
    grantor_principal_id int, type char(4), permission_name nvarchar(128)?, state char(1), state_desc nvarchar(60)?
"""
SERVER_PRINCIPAL = """
    name sysname, principal_id int, sid varbinary(85)?, type char(1), type_desc nvarchar(60)?, is_disabled bit?,
    create_date datetime, modify_date datetime, default_database_name sysname?, default_language_name sysname?,
    credential_id int? = NULL
"""


def in_order(catalog: PrincipalCatalog) -> list[Principal]:
    """The principals by id, ``public`` first."""
    return [principal for _, principal in sorted(catalog.by_id.items())]


def login_sid(session: Session, login: str) -> bytes | None:
    """``sid`` of a login; None if there is none of that name."""
    found = session.instance.security.find(login)
    return found.sid if found is not None else None


def authentication(session: Session, principal: Principal) -> tuple[int, str]:
    """``authentication_type`` and its description: by the instance for users with a login."""
    by_login = not principal.is_role and principal.principal_id != GUEST and principal.sid is not None
    known = by_login and session.instance.security.by_sid(principal.sid or b"") is not None
    return (1, "INSTANCE") if known else (0, "NONE")


@view(
    "sys.database_principals",
    """
    name sysname, principal_id int, type char(1), type_desc nvarchar(60)?, default_schema_name sysname?,
    create_date datetime, modify_date datetime, owning_principal_id int?, sid varbinary(85)?, is_fixed_role bit,
    authentication_type int, authentication_type_desc nvarchar(60)?, default_language_name sysname? = NULL,
    default_language_lcid int? = NULL, allow_encrypted_value_modifications bit = 0
    """,
)
def database_principals(session: Session, database: Database) -> Iterator[Row]:
    for item in in_order(database.security):
        yield (
            *(item.name, item.principal_id, "R" if item.is_role else "S", item.kind, item.default_schema),
            *(item.created or database.created, item.modified or database.created, item.owner_id, item.sid),
            *(item.fixed, *authentication(session, item)),
        )


@view("sys.database_role_members", "role_principal_id int, member_principal_id int")
def database_role_members(session: Session, database: Database) -> Iterator[Row]:
    return role_members(database.security)


def role_members(catalog: PrincipalCatalog) -> Iterator[Row]:
    """The ids of each role and each of its direct members."""
    return ((role.principal_id, member) for role in in_order(catalog) for member in sorted(role.members))


def permission_rows(catalog: PrincipalCatalog) -> Iterator[Row]:
    """The values of ``PERMISSION_COLUMNS``."""
    return (permission_row(item) for item in sorted(catalog.all_permissions(), key=lambda item: item.key))


def permission_row(item: Permission) -> Row:
    """The row of one permission."""
    rule = PERMISSIONS[item.securable.kind][item.permission]
    return (
        *(*CLASSES[item.securable.kind], item.securable.number, item.securable.column, item.grantee, item.grantor),
        *(rule.code.ljust(4), item.permission, STATES[item.state], item.state),
    )


@view("sys.database_permissions", PERMISSION_COLUMNS)
def database_permissions(session: Session, database: Database) -> Iterator[Row]:
    return permission_rows(database.security)


def server_principal_row(item: Principal) -> Row:
    """The values of ``SERVER_PRINCIPAL``."""
    login = item if isinstance(item, Login) else None
    return (
        *(item.name, item.principal_id, item.sid, "R" if item.is_role else "S", item.kind),
        *(login is not None and not login.enabled, item.created, item.modified),
        *((login.default_database, login.default_language) if login else (None, None)),
    )


@view("sys.server_principals", SERVER_PRINCIPAL + ", owning_principal_id int?, is_fixed_role bit")
def server_principals(session: Session, database: Database) -> Iterator[Row]:
    for item in in_order(session.instance.security):
        yield *server_principal_row(item), item.owner_id, item.fixed and item.principal_id != SERVER_PUBLIC


@view(
    "sys.sql_logins",
    SERVER_PRINCIPAL
    + """
    , is_policy_checked bit?, is_expiration_checked bit? = 0, password_hash varbinary(256)? = NULL
    """,
)
def sql_logins(session: Session, database: Database) -> Iterator[Row]:
    """Password hashes are shown to nobody."""
    for item in in_order(session.instance.security):
        if isinstance(item, Login):
            yield *server_principal_row(item), item.checks_policy


@view("sys.server_role_members", "role_principal_id int, member_principal_id int")
def server_role_members(session: Session, database: Database) -> Iterator[Row]:
    return role_members(session.instance.security)


@view("sys.server_permissions", PERMISSION_COLUMNS)
def server_permissions(session: Session, database: Database) -> Iterator[Row]:
    return permission_rows(session.instance.security)


@table_function(
    "fn_builtin_permissions",
    "securable_class sysname?",
    """
    class_desc nvarchar(60), permission_name nvarchar(60), type varchar(4), covering_permission_name nvarchar(60),
    parent_class_desc nvarchar(60), parent_covering_permission_name nvarchar(60)
    """,
)
def fn_builtin_permissions(session: Session, database: Database, kind: str | None) -> Iterator[Row]:
    """The permissions of a class of securables, of all with NULL or ''."""
    for found, rules in PERMISSIONS.items():
        if kind and found != kind.upper():
            continue
        for name, rule in rules.items():
            parent = CLASS_PARENTS.get(found, "")
            yield found, name, rule.code, rule.implied_by, parent, rule.parent
