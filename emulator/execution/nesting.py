"""Modules that run inside a statement: triggers, the procedure of INSERT ... EXEC.

The statement's transaction counts as an open one for them: @@TRANCOUNT is at least 1, though nobody has begun one.

Documentation: "Rollbacks and commits in stored procedures and triggers".
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from emulator.session import Session


@contextmanager
def inside_statement(session: Session) -> Iterator[None]:
    """Run modules inside the running statement. The caller sees to it if the transaction does not survive that."""
    transaction = session.transaction
    implied = not session.trancount
    if implied:
        session.trancount = 1
    try:
        yield
    finally:
        if implied and session.transaction is transaction:
            session.trancount = 0
            session.doomed = False
