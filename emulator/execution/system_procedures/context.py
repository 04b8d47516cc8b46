"""``sp_set_session_context``: key-value pairs that SESSION_CONTEXT reads, until the connection is reset.

Documentation: "sp_set_session_context (Transact-SQL)".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from emulator.catalog.objects import fold
from emulator.errors import sql_error
from emulator.execution.system_procedures.contract import Body
from emulator.execution.system_procedures.signatures import procedure

if TYPE_CHECKING:
    from emulator.session import Session

PROCEDURES: dict[str, Body] = {}


@procedure(PROCEDURES, "sp_set_session_context", "@key sysname, @value sql_variant, @read_only bit = 0")
def sp_set_session_context(session: Session, key: str | None, value: Any, read_only: int | None) -> None:
    """NULL frees the key. Errors: 15664 for a key that was set as read-only; 15666 without a key."""
    if not key:
        raise sql_error(15666)
    folded = fold(key)
    if folded in session.read_only_context:
        raise sql_error(15664, key)
    if value is None:
        session.context.pop(folded, None)
    else:
        session.context[folded] = value
    if read_only:
        session.read_only_context.add(folded)
