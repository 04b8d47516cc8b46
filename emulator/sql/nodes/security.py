"""Principals and permissions."""

from __future__ import annotations

from dataclasses import dataclass

from emulator.sql.nodes.base import Node, ObjectName, Statement
from emulator.sql.nodes.ddl import Option


@dataclass(frozen=True, slots=True)
class Permission(Node):
    """A permission, upper case: 'EXECUTE' (also for EXEC), 'VIEW DEFINITION', 'ALL'; and its columns, if limited."""

    name: str
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Securable(Node):
    """ON [class::]name; the class is 'OBJECT' when not written. Columns may also be written here."""

    kind: str  # 'OBJECT', 'SCHEMA', 'DATABASE', 'TYPE', 'ROLE', 'USER', 'LOGIN', 'SERVER', ...
    name: ObjectName
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ChangePermissions(Statement):
    """GRANT, DENY or REVOKE. Without a securable the permissions are on the database (or the server)."""

    action: str  # 'GRANT', 'DENY', 'REVOKE'
    permissions: tuple[Permission, ...]
    principals: tuple[str, ...]
    securable: Securable | None = None
    grant_option: bool = False  # WITH GRANT OPTION, or REVOKE GRANT OPTION FOR
    cascade: bool = False
    grantor: str | None = None  # AS role


@dataclass(frozen=True, slots=True)
class CreateRole(Statement):
    """CREATE ROLE name [AUTHORIZATION owner]; `server` for CREATE SERVER ROLE."""

    name: str
    owner: str | None = None
    server: bool = False


@dataclass(frozen=True, slots=True)
class AlterRole(Statement):
    """ALTER [SERVER] ROLE name ADD MEMBER | DROP MEMBER | WITH NAME = new."""

    name: str
    action: str  # 'ADD MEMBER', 'DROP MEMBER', 'RENAME'
    argument: str
    server: bool = False


@dataclass(frozen=True, slots=True)
class CreateUser(Statement):
    """CREATE USER name [FOR|FROM LOGIN login | WITHOUT LOGIN | FROM EXTERNAL PROVIDER] [WITH options]."""

    name: str
    login: str | None = None  # None: the login of the same name
    without_login: bool = False
    options: tuple[Option, ...] = ()  # DEFAULT_SCHEMA, PASSWORD, SID, ...


@dataclass(frozen=True, slots=True)
class AlterUser(Statement):
    """ALTER USER name WITH NAME = ..., DEFAULT_SCHEMA = ..., LOGIN = ..."""

    name: str
    options: tuple[Option, ...]


@dataclass(frozen=True, slots=True)
class CreateLogin(Statement):
    """CREATE LOGIN name WITH PASSWORD = '...' [, options], or FROM WINDOWS."""

    name: str
    options: tuple[Option, ...] = ()  # PASSWORD, SID, DEFAULT_DATABASE, DEFAULT_LANGUAGE, CHECK_POLICY, ...
    source: str | None = None  # 'WINDOWS', ...


@dataclass(frozen=True, slots=True)
class AlterLogin(Statement):
    """ALTER LOGIN name ENABLE | DISABLE | WITH options."""

    name: str
    options: tuple[Option, ...] = ()
    enable: bool | None = None


@dataclass(frozen=True, slots=True)
class AlterAuthorization(Statement):
    """ALTER AUTHORIZATION ON [class::]name TO principal | SCHEMA OWNER (`principal` is None)."""

    securable: Securable
    principal: str | None
