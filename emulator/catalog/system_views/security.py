"""Logins, users, roles and permissions.

Documentation: ``sys.database_principals``, ``sys.database_role_members``, ``sys.database_permissions``,
``sys.server_principals``.
"""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import blake2b
from typing import TYPE_CHECKING

from emulator.catalog.database import Database
from emulator.catalog.objects import fold
from emulator.catalog.system_views.definition import Row, view
from emulator.catalog.system_views.objects import schema_id

if TYPE_CHECKING:
    from emulator.session import Session

FIXED_USERS = (("dbo", 1, "dbo"), ("guest", 2, "guest"), ("INFORMATION_SCHEMA", 3, None), ("sys", 4, None))
FIXED_ROLES = {
    "public": 0,
    "db_owner": 16384,
    "db_accessadmin": 16385,
    "db_securityadmin": 16386,
    "db_ddladmin": 16387,
    "db_backupoperator": 16389,
    "db_datareader": 16390,
    "db_datawriter": 16391,
    "db_denydatareader": 16392,
    "db_denydatawriter": 16393,
}
"""The principals that every database has, with their ids."""
FIXED_SERVER_ROLES = {
    "public": 2,
    "sysadmin": 3,
    "securityadmin": 4,
    "serveradmin": 5,
    "setupadmin": 6,
    "processadmin": 7,
    "diskadmin": 8,
    "dbcreator": 9,
    "bulkadmin": 10,
}
FIRST_LOGIN_ID = 257
SA_SID = b"\x01"
KINDS = {
    "SQL_USER": ("S", 1, "INSTANCE"),
    "DATABASE_ROLE": ("R", 0, "NONE"),
}
"""``type``, ``authentication_type`` and its description by the kind of principal."""
PERMISSION_TYPES = {
    "ALTER": "AL  ",
    "CONNECT": "CO  ",
    "CONTROL": "CL  ",
    "CREATE PROCEDURE": "CRPR",
    "CREATE TABLE": "CRTB",
    "CREATE VIEW": "CRVW",
    "DELETE": "DL  ",
    "EXECUTE": "EX  ",
    "INSERT": "IN  ",
    "REFERENCES": "RF  ",
    "SELECT": "SL  ",
    "TAKE OWNERSHIP": "TO  ",
    "UPDATE": "UP  ",
    "VIEW CHANGE TRACKING": "VWCT",
    "VIEW DATABASE STATE": "VWDS",
    "VIEW DEFINITION": "VW  ",
}
STATES = {"GRANT": "G", "DENY": "D", "GRANT_WITH_GRANT_OPTION": "W"}


def login_sid(login: str) -> bytes:
    """``sid`` of a login: 0x01 for sa, else sixteen bytes made from the name."""
    return SA_SID if fold(login) == "sa" else blake2b(fold(login).encode(), digest_size=16).digest()


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
    created = database.created
    roles = [("public", 0), *((name, number) for name, number in FIXED_ROLES.items() if number)]
    yield roles[0][0], roles[0][1], "R", "DATABASE_ROLE", None, created, created, 1, None, 0, 0, "NONE"
    for name, number, schema in FIXED_USERS:
        sid = SA_SID if number == 1 else None
        how = (1, "INSTANCE") if number == 1 else (0, "NONE")
        yield name, number, "S", "SQL_USER", schema, created, created, None, sid, 0, *how
    for principal in database.principals.values():
        if fold(principal.name) in FIXED_ROLES or fold(principal.name) == "dbo":
            continue
        code, authentication, description = KINDS[principal.kind]
        is_role = principal.kind == "DATABASE_ROLE"
        yield (
            *(principal.name, principal.principal_id, code, principal.kind),
            *(None if is_role else principal.default_schema, created, created, 1 if is_role else None),
            None if is_role or principal.login is None else login_sid(principal.login),
            *(principal.fixed, authentication, description),
        )
    for name, number in roles[1:]:
        yield name, number, "R", "DATABASE_ROLE", None, created, created, 1, None, 1, 0, "NONE"


def principal_ids(database: Database) -> dict[str, int]:
    """The ids of all principals of a database by folded name."""
    ids = {fold(name): number for name, number in FIXED_ROLES.items()}
    ids |= {fold(name): number for name, number, _ in FIXED_USERS}
    return ids | {fold(item.name): item.principal_id for item in database.principals.values()}


@view("sys.database_role_members", "role_principal_id int, member_principal_id int")
def database_role_members(session: Session, database: Database) -> Iterator[Row]:
    ids = principal_ids(database)
    yield ids["db_owner"], ids["dbo"]
    for role in database.principals.values():
        for member in sorted(role.members):
            if member in ids and (fold(role.name), member) != ("db_owner", "dbo"):
                yield ids[fold(role.name)], ids[member]


@view(
    "sys.database_permissions",
    """
    class tinyint, class_desc nvarchar(60)?, major_id int, minor_id int = 0, grantee_principal_id int,
    grantor_principal_id int = 1, type char(4), permission_name nvarchar(128)?, state char(1), state_desc nvarchar(60)?
    """,
)
def database_permissions(session: Session, database: Database) -> Iterator[Row]:
    ids = principal_ids(database)
    yield 0, "DATABASE", 0, ids["dbo"], "CO  ", "CONNECT", "G", "GRANT"
    for item in database.permissions:
        kind, *names = item.securable
        if kind == "DATABASE":
            securable: Row = (0, "DATABASE", 0)
        elif kind == "SCHEMA":
            securable = (3, "SCHEMA", schema_id(database, names[0]))
        else:
            found = database.find(names[0], names[1])
            securable = (1, "OBJECT_OR_COLUMN", found.object_id if found else 0)
        code = PERMISSION_TYPES.get(item.permission, item.permission[:4].ljust(4))
        state = item.state.replace(" ", "_")
        yield *securable, ids[fold(item.grantee)], code, item.permission, STATES[state], state


@view(
    "sys.server_principals",
    """
    name sysname, principal_id int, sid varbinary(85)?, type char(1), type_desc nvarchar(60)?, is_disabled bit? = 0,
    create_date datetime, modify_date datetime, default_database_name sysname?, default_language_name sysname?,
    credential_id int? = NULL, owning_principal_id int?, is_fixed_role bit
    """,
)
def server_principals(session: Session, database: Database) -> Iterator[Row]:
    instance = session.instance
    created = instance.databases["master"].created
    logins = ["sa", *(login for login in instance.logins if fold(login) != "sa")]
    for number, login in enumerate(logins, start=FIRST_LOGIN_ID - 1):
        principal_id = 1 if login == "sa" else number
        default = instance.default_database.name
        yield (
            *(login, principal_id, login_sid(login), "S", "SQL_LOGIN", created, created),
            *(default, "us_english", None, 0),
        )
    for name, principal_id in FIXED_SERVER_ROLES.items():
        sid = principal_id.to_bytes(1, "big")
        yield (
            *(name, principal_id, sid, "R", "SERVER_ROLE", created, created),
            *(None, None, 1, int(name != "public")),
        )
