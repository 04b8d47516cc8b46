"""Sch-S: the definitions that a statement relies on stay as they are while it is compiled, and while it runs.

A statement takes Sch-S on each of its tables before it begins, in the order in which it names them: those behind views
and inline functions, those that its foreign keys look into, and those that its cascades change; then on its views and
functions. Who is to change one of them waits for the whole statement. While it waits itself it keeps what it has. Then
its plan is made anew if a definition has changed.

Documentation: "Transaction locking and row versioning guide", "Schema locks": the database engine uses Sch-S locks when
it compiles and executes queries; "ALTER VIEW (Transact-SQL)", remarks.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from emulator.locking.manager import WAITING, WHOLE, LockOwner, LockSpace
from emulator.locking.modes import LockMode

if TYPE_CHECKING:
    from emulator.session import Session


def keep_stable(session: Session, owner: LockOwner, space: LockSpace) -> bool:
    """Take Sch-S on a table for ``owner``. True: there was a wait, its definition may have changed.

    Errors: 1205, 1222.
    """
    if session.request(owner, space, WHOLE, LockMode.SCH_S) is not WAITING:
        return False
    session.wait_for_lock()
    return True


def give_back(session: Session, owner: LockOwner, spaces: Iterable[LockSpace]) -> None:
    """Undo ``keep_stable`` for ``spaces``. An owner that has ended meanwhile holds nothing any more."""
    locks = session.instance.locks
    for space in spaces:
        if locks.held_mode(owner, space, WHOLE):
            locks.release(owner, space, WHOLE)
