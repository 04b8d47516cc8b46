"""``sp_getapplock`` and ``sp_releaseapplock``: locks on names, through the lock manager like all others.

A lock belongs to the transaction or to the session, in a database and under a principal; names are compared byte by
byte. A deadlock costs the request alone: its status says so, the transaction stays as it is.

Documentation: "sp_getapplock", "sp_releaseapplock (Transact-SQL)".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.catalog.objects import fold
from emulator.errors import SqlError, sql_error
from emulator.execution.system_procedures.contract import Body
from emulator.execution.system_procedures.signatures import procedure
from emulator.locking.manager import Acquired, LockOwner, WaitOutcome
from emulator.locking.modes import LockMode

if TYPE_CHECKING:
    from emulator.session import Session

PROCEDURES: dict[str, Body] = {}

MODES = {
    "shared": LockMode.S,
    "update": LockMode.U,
    "exclusive": LockMode.X,
    "intentshared": LockMode.IS,
    "intentexclusive": LockMode.IX,
}
GRANTED, GRANTED_AFTER_WAITING, TIMED_OUT, DEADLOCK_VICTIM, INVALID_CALL = 0, 1, -1, -3, -999
"""Return statuses. (-2, a cancelled request, never reaches the caller: his batch is cancelled with it.)"""
NO_TIMEOUT = -1
XP = "xp_userlock"
"""The procedure behind the two that messages name."""


@procedure(
    PROCEDURES,
    "sp_getapplock",
    """
    @Resource nvarchar(255), @LockMode varchar(32), @LockOwner varchar(32) = 'Transaction', @LockTimeout int = NULL,
    @DbPrincipal sysname = 'public'
    """,
)
def sp_getapplock(
    session: Session, resource: str | None, mode: str | None, owner: str | None, timeout: int | None, principal: str
) -> int:
    """Wait at most ``timeout`` milliseconds (NULL: LOCK_TIMEOUT). Errors: 1224, 1227, 1230."""
    wanted = MODES.get(fold(mode or ""))
    if wanted is None:
        return _invalid(session, mode, "@LockMode")
    if not _is_owner(owner):
        return _invalid(session, owner, "@LockOwner")
    holder = _owner(session, owner)
    if holder is None:
        session.sink.message(sql_error(15626))
        return INVALID_CALL
    wait = session.settings.lock_timeout if timeout is None else timeout
    try:
        key = _key(session, resource, principal)
        if wait < NO_TIMEOUT:
            raise sql_error(1227, XP, state=2)
    except SqlError as error:
        return _failed(session, error)
    return _acquire(session, holder, key, wanted, wait)


def _acquire(session: Session, owner: LockOwner, key: tuple[int, str], mode: LockMode, timeout: int) -> int:
    locks, space = session.instance.locks, session.database.application_locks
    if timeout == 0 and locks.would_wait(owner, space, key, mode):
        return TIMED_OUT
    if locks.acquire(owner, space, key, mode) is not Acquired.WAITING:
        return GRANTED
    wait = session.locking.wait
    assert wait is not None
    session.wait_out(wait, timeout)
    if wait.outcome is WaitOutcome.GRANTED:
        return GRANTED_AFTER_WAITING
    return DEADLOCK_VICTIM if wait.outcome is WaitOutcome.VICTIM else TIMED_OUT


@procedure(
    PROCEDURES,
    "sp_releaseapplock",
    "@Resource nvarchar(255), @LockOwner varchar(32) = 'Transaction', @DbPrincipal sysname = 'public'",
)
def sp_releaseapplock(session: Session, resource: str | None, owner: str | None, principal: str) -> int:
    """Undo one sp_getapplock of that owner. Errors: 1223 it is not held, 1224, 1230."""
    if not _is_owner(owner):
        return _invalid(session, owner, "@LockOwner")
    holder = _owner(session, owner)
    locks, space = session.instance.locks, session.database.application_locks
    try:
        key = _key(session, resource, principal)
        if holder is None or locks.held_mode(holder, space, key) is LockMode.NL:
            raise sql_error(1223, principal, resource)
    except SqlError as error:
        return _failed(session, error)
    locks.release(holder, space, key)
    return GRANTED


def _is_owner(owner: str | None) -> bool:
    return fold(owner or "") in ("session", "transaction")


def _owner(session: Session, owner: str | None) -> LockOwner | None:
    """Who is to hold the lock; None: there is no open transaction to hold it."""
    if fold(owner or "") == "session":
        return session.owned_locks
    return session.transaction if session.trancount else None


def _key(session: Session, resource: str | None, principal: str | None) -> tuple[int, str]:
    if resource is None:
        raise sql_error(1224, XP, state=5)
    found = session.database.security.find(principal or "")
    if found is None:
        raise sql_error(1230, XP)
    return found.principal_id, resource


def _failed(session: Session, error: SqlError) -> int:
    """An error of the procedure behind: it ends the call only where errors end more than their statement."""
    if session.try_depth or session.settings.xact_abort:
        raise error
    error.locate(1, XP)
    session.sink.message(error)
    session.error_number = error.number
    return INVALID_CALL


def _invalid(session: Session, value: str | None, parameter: str) -> int:
    session.sink.message(sql_error(15625, value, parameter))
    return INVALID_CALL
