"""Frames: the activation of a batch, procedure or function, and how its steps tell what comes next.

A module is compiled to steps, functions of the frame. A step returns None to go on with the next one, or a ``Signal``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from emulator.catalog.objects import Module, Table
from emulator.errors import SqlError

if TYPE_CHECKING:
    from emulator.execution.cursors import Cursor
    from emulator.execution.impersonation import Impersonation
    from emulator.session import Session
    from emulator.sql import nodes


class Signal:
    """Leaves the normal order of steps: BREAK, CONTINUE, RETURN, or a jump to ``label``."""

    __slots__ = ("label",)

    def __init__(self, label: str = "") -> None:
        self.label = label


BREAK: Final = Signal()
CONTINUE: Final = Signal()
RETURN: Final = Signal()


@dataclass(slots=True)
class Frame:
    """One activation. ``variables`` holds parameters first; ``name`` is what errors call it ("" for a batch).

    ``env`` is the environment of expressions that read no rows. ``errors`` are the errors that CATCH blocks are
    handling, innermost last, those of the callers included. ``caller`` is the frame that this one was called from,
    ``text`` what is run: the positions of ``node`` are in it. ``temporary`` are the temporary tables made here, dropped
    at the end, ``cursors`` the local cursors, closed then. ``status`` is the return status (an int), or the value of a
    function. ``entered_as`` is whom the caller acted as, None for a batch.
    """

    session: Session
    variables: list[Any]
    name: str = ""
    module: Module | None = None
    errors: list[SqlError] = field(default_factory=list)
    env: list[Any] = field(default_factory=list)
    node: nodes.Statement | None = None
    scope_identity: int | None = None
    temporary: dict[str, Table] = field(default_factory=dict)
    cursors: dict[str, Cursor] = field(default_factory=dict)
    status: Any = None
    entered_as: Impersonation | None = None
    caller: Frame | None = None
    text: str = ""

    def __post_init__(self) -> None:
        self.env = [self.variables, self.session]


Step = Callable[[Frame], "Signal | None"]
