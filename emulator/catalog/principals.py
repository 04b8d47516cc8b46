"""Principals and what they were granted: those of a database (users, roles) and those of the server (logins, roles).

Principals are known by id in memberships, ownerships and permissions, so that renaming changes nothing; ids are never
given out twice, so that nothing ever falls to somebody else.

Documentation: "Principals (Database Engine)", "Permissions (Database Engine)", "Ownership and user-schema separation".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import NamedTuple

from emulator.catalog.objects import TRANSIENT
from emulator.catalog.passwords import PasswordHash
from emulator.catalog.permissions import FIXED_DATABASE_DENIALS, FIXED_DATABASE_GRANTS, FIXED_SERVER_GRANTS
from emulator.locking.manager import LockSpace, ResourceType

PUBLIC, DBO, GUEST = 0, 1, 2
"""Ids in every database."""
SA, SERVER_PUBLIC, SYSADMIN = 1, 2, 3
"""Ids on the server."""
SA_SID = b"\x01"
FIRST_USER_ID, FIRST_LOGIN_ID = 5, 257
FIXED_USERS = {"dbo": DBO, "guest": GUEST, "INFORMATION_SCHEMA": 3, "sys": 4}
FIXED_ROLES = {
    "public": PUBLIC,
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
FIXED_SERVER_ROLES = {
    "public": SERVER_PUBLIC,
    "sysadmin": SYSADMIN,
    "securityadmin": 4,
    "serveradmin": 5,
    "setupadmin": 6,
    "processadmin": 7,
    "diskadmin": 8,
    "dbcreator": 9,
    "bulkadmin": 10,
}


class Securable(NamedTuple):
    """What a permission is on: the class (as in ``catalog.permissions``) and the id; 0 for the database or server.

    ``column`` is the id of the one column of a table or view that it is limited to; 0: it is on the whole.
    """

    kind: str
    number: int = 0
    column: int = 0


THE_DATABASE, THE_SERVER = Securable("DATABASE"), Securable("SERVER")


@dataclass(slots=True, eq=False)
class Principal:
    """A user, role or login. ``kind``: SQL_USER, DATABASE_ROLE, SQL_LOGIN or SERVER_ROLE.

    ``sid`` ties users to logins; ``owner_id`` is a role's owner, ``members`` the ids of its direct members.
    ``created`` and ``modified`` are datetime values.
    """

    name: str
    principal_id: int
    kind: str
    sid: bytes | None = None
    default_schema: str | None = None
    owner_id: int | None = None
    members: set[int] = field(default_factory=set)
    fixed: bool = False
    created: int = 0
    modified: int = 0

    @property
    def is_role(self) -> bool:
        return self.kind.endswith("ROLE")


@dataclass(slots=True, eq=False)
class Login(Principal):
    """A SQL login. Without a password nobody can log in by it."""

    password: PasswordHash | None = None
    default_database: str = "master"
    default_language: str = "us_english"
    enabled: bool = True
    checks_policy: bool = True


@dataclass(frozen=True, slots=True)
class Permission:
    """A permission given or denied; ``state`` is GRANT, GRANT_WITH_GRANT_OPTION or DENY."""

    state: str
    permission: str
    securable: Securable
    grantee: int
    grantor: int

    @property
    def key(self) -> tuple[Securable, int, str, int]:
        """There is one permission for each key."""
        return self.securable, self.grantee, self.permission, self.grantor


@dataclass(slots=True, eq=False)
class PrincipalCatalog:
    """The principals of one database, or of the server, and their permissions.

    ``principals`` are keyed by lower-case name. ``grants`` and ``denials`` are what fixed roles have on the database or
    server by being what they are, by role id. ``locks``: who changes any of it holds Sch-M on the whole.
    """

    public: int
    next_id: int
    whole: Securable
    locks: LockSpace = field(metadata=TRANSIENT)
    grants: dict[int, frozenset[str]] = field(default_factory=dict, metadata=TRANSIENT)
    denials: dict[int, frozenset[str]] = field(default_factory=dict, metadata=TRANSIENT)
    principals: dict[str, Principal] = field(default_factory=dict, metadata=TRANSIENT)
    by_id: dict[int, Principal] = field(default_factory=dict)
    permissions: dict[Securable, dict[tuple[Securable, int, str, int], Permission]] = field(default_factory=dict)

    def find(self, name: str) -> Principal | None:
        """The principal of that name, in any case."""
        return self.principals.get(name.lower())

    def add(self, principal: Principal) -> None:
        self.principals[principal.name.lower()] = principal
        self.by_id[principal.principal_id] = principal

    def remove(self, principal: Principal) -> None:
        del self.principals[principal.name.lower()]
        del self.by_id[principal.principal_id]

    def rename(self, principal: Principal, name: str) -> None:
        del self.principals[principal.name.lower()]
        principal.name = name
        self.principals[name.lower()] = principal

    def allocate_id(self) -> int:
        """A principal id that was never used."""
        allocated = self.next_id
        self.next_id += 1
        return allocated

    def by_sid(self, sid: bytes) -> Principal | None:
        """The principal with that SID."""
        return next((item for item in self.principals.values() if item.sid == sid), None)

    def roles_of(self, principal_id: int) -> frozenset[int]:
        """The principal itself, every role it is in, directly or through roles, and public."""
        found = {principal_id, self.public}
        pending = [principal_id]
        while pending:
            member = pending.pop()
            for role in self.principals.values():
                if member in role.members and role.principal_id not in found:
                    found.add(role.principal_id)
                    pending.append(role.principal_id)
        return frozenset(found)

    def on(self, securable: Securable) -> Iterator[Permission]:
        """The permissions on ``securable``."""
        return iter(list(self.permissions.get(securable, {}).values()))

    def on_columns(self, securable: Securable) -> Iterator[Permission]:
        """The permissions on single columns of ``securable``, which is no column itself."""
        if securable.column:
            return
        columns = [held for held in self.permissions if held.column and held[:2] == securable[:2]]
        for column in columns:
            yield from self.on(column)

    def all_permissions(self) -> Iterator[Permission]:
        """Every permission, by securable."""
        for securable in self.permissions:
            yield from self.on(securable)

    def put(self, permission: Permission) -> None:
        """Enter a permission in the place of the one with its key."""
        self.permissions.setdefault(permission.securable, {})[permission.key] = permission

    def take(self, permission: Permission) -> None:
        """Remove a permission."""
        held = self.permissions[permission.securable]
        del held[permission.key]
        if not held:
            del self.permissions[permission.securable]

    def states(self, securable: Securable, permission: str, tokens: frozenset[int]) -> set[str]:
        """What the principals in ``tokens`` have of exactly this permission on exactly this securable."""
        states = {item.state for item in self.on(securable) if item.grantee in tokens and item.permission == permission}
        if securable == self.whole:
            if any(permission in self.grants.get(token, ()) for token in tokens):
                states.add("GRANT")
            if any(permission in self.denials.get(token, ()) for token in tokens):
                states.add("DENY")
        return states


def database_principals(locks: LockSpace, *, guest_connects: bool) -> PrincipalCatalog:
    """The principals of a new database. ``guest_connects``: logins without a user may enter (the system databases)."""
    catalog = PrincipalCatalog(
        PUBLIC,
        FIRST_USER_ID,
        THE_DATABASE,
        locks,
        {FIXED_ROLES[name]: granted for name, granted in FIXED_DATABASE_GRANTS.items()},
        {FIXED_ROLES[name]: denied for name, denied in FIXED_DATABASE_DENIALS.items()},
    )
    for name, number in FIXED_USERS.items():
        schema = name if number in (DBO, GUEST) else None
        sid = {DBO: SA_SID, GUEST: b"\x00"}.get(number)
        catalog.add(Principal(name, number, "SQL_USER", sid, schema))
    for name, number in FIXED_ROLES.items():
        catalog.add(Principal(name, number, "DATABASE_ROLE", owner_id=DBO, fixed=number != PUBLIC))
    catalog.by_id[FIXED_ROLES["db_owner"]].members.add(DBO)
    for grantee in (DBO, GUEST) if guest_connects else (DBO,):
        catalog.put(Permission("GRANT", "CONNECT", THE_DATABASE, grantee, DBO))
    return catalog


def server_principals() -> PrincipalCatalog:
    """The principals of a new server, ``sa`` without a password among them."""
    catalog = PrincipalCatalog(
        SERVER_PUBLIC,
        FIRST_LOGIN_ID,
        THE_SERVER,
        LockSpace(ResourceType.METADATA, "server principals", database_id=1),
        {FIXED_SERVER_ROLES[name]: granted for name, granted in FIXED_SERVER_GRANTS.items()},
    )
    catalog.add(Login("sa", SA, "SQL_LOGIN", SA_SID))
    for name, number in FIXED_SERVER_ROLES.items():
        catalog.add(Principal(name, number, "SERVER_ROLE", bytes([number]), owner_id=SA, fixed=number != SERVER_PUBLIC))
    catalog.by_id[SYSADMIN].members.add(SA)
    catalog.put(Permission("GRANT", "CONNECT SQL", THE_SERVER, SA, SA))
    return catalog


def new_sid(name: str, principal_id: int) -> bytes:
    """Sixteen bytes for a new login or a user without one, the same in every run."""
    return blake2b(f"{principal_id}:{name.lower()}".encode(), digest_size=16).digest()
