"""What a statement has met on its way without failing, and says at its end.

Documentation: "SET ANSI_WARNINGS", "SET ARITHABORT", "SET ARITHIGNORE (Transact-SQL)", "CREATE INDEX".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from emulator.errors import sql_error

if TYPE_CHECKING:
    from emulator.session import Session

NULL_ELIMINATED: Final = 1
"""An aggregate met NULL."""
OVERFLOW: Final = 2
DIVISION_BY_ZERO: Final = 4
"""Arithmetic faults that became NULL."""
DUPLICATE_IGNORED: Final = 8
"""A row was left out because of an index with IGNORE_DUP_KEY."""
MESSAGES: Final = {OVERFLOW: 3606, DIVISION_BY_ZERO: 3607, DUPLICATE_IGNORED: 3604}


def warn(session: Session) -> None:
    """Send the warnings of the statement that has just ended."""
    met, session.warnings = session.warnings, 0
    if met & NULL_ELIMINATED and session.settings.compiled.ansi_warnings:
        session.sink.message(sql_error(8153))
    for warning, number in MESSAGES.items():
        if met & warning:
            session.sink.message(sql_error(number))
