"""The views of ``sys`` and ``INFORMATION_SCHEMA`` by name."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Protocol

from emulator.catalog.objects import fold

if TYPE_CHECKING:
    from emulator.planning.binding import SourceColumn
    from emulator.session import Session


class SystemView(Protocol):
    """A view whose rows are made from the state of the server when it is read."""

    @property
    def columns(self) -> list[SourceColumn]: ...

    def rows(self, session: Session) -> Iterable[tuple[Any, ...]]:
        """The rows as ``session`` sees them, tuples in the order of ``columns``."""


SYSTEM_VIEWS: dict[tuple[str, str], SystemView] = {}
"""Every system view, by schema and name, both folded."""


def find(schema: str, name: str) -> SystemView | None:
    """The system view ``schema.name``, None if there is none."""
    return SYSTEM_VIEWS.get((fold(schema), fold(name)))
