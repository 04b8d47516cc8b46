"""What a system procedure is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from emulator.execution.arguments import CallArgument

if TYPE_CHECKING:
    from emulator.session import Session

Body = Callable[["Session", Sequence[CallArgument]], int]


@dataclass(frozen=True, slots=True)
class SystemProcedure:
    """``run(session, arguments)`` sends its results to ``session.sink`` and returns the status.

    Output values are put into the arguments. It raises SqlError like any statement.
    """

    name: str
    run: Body
