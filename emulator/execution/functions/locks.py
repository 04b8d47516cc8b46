"""Functions about application locks.

Documentation: "APPLOCK_MODE", "APPLOCK_TEST (Transact-SQL)".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.errors import sql_error
from emulator.execution.functions.registry import UNICODE, function
from emulator.locking.manager import LockOwner
from emulator.locking.modes import LockMode
from emulator.types.sqltype import SMALLINT, nvarchar

if TYPE_CHECKING:
    from emulator.session import Session

NAMES = {
    LockMode.NL: "NoLock",
    LockMode.U: "Update",
    LockMode.SIX: "*SharedIntentExclusive",
    LockMode.IS: "IntentShared",
    LockMode.IX: "IntentExclusive",
    LockMode.S: "Shared",
    LockMode.X: "Exclusive",
    LockMode.UIX: "*UpdateIntentExclusive",
    LockMode.SIU: "*SharedIntentUpdate",
}
"""Modes as the function names them; those with a star come of conversions."""
MODES = {name.lower(): mode for mode, name in NAMES.items() if "*" not in name and mode is not LockMode.NL}


def _owner(session: Session, owner: str) -> LockOwner | None:
    """Whose locks are meant; None: nobody can hold one so now."""
    if owner.lower() == "session":
        return session.owned_locks
    return session.transaction if owner.lower() == "transaction" and session.trancount else None


def _key(session: Session, principal: str, resource: str) -> tuple[int, str]:
    found = session.database.security.find(principal)
    if found is None:
        raise sql_error(1230, "xp_userlock")
    return found.principal_id, resource


@function("APPLOCK_MODE", UNICODE, UNICODE, UNICODE, session=True, result=nvarchar(32))
def application_lock_mode(session: Session, principal: str, resource: str, owner: str) -> str | None:
    """The mode that the owner holds on the resource."""
    holder, key = _owner(session, owner), _key(session, principal, resource)
    if holder is None:
        return NAMES[LockMode.NL]
    return NAMES[session.instance.locks.held_mode(holder, session.database.application_locks, key)]


@function("APPLOCK_TEST", UNICODE, UNICODE, UNICODE, UNICODE, session=True, result=SMALLINT)
def application_lock_test(session: Session, principal: str, resource: str, mode: str, owner: str) -> int | None:
    """Whether the owner could have the lock at once."""
    wanted, key = MODES.get(mode.lower()), _key(session, principal, resource)
    if wanted is None:
        return None
    holder = _owner(session, owner) or session.owned_locks
    return int(not session.instance.locks.would_wait(holder, session.database.application_locks, key, wanted))
