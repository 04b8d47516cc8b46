"""Event sessions."""

from __future__ import annotations

from dataclasses import dataclass

from emulator.sql.nodes.base import Node, Statement
from emulator.sql.nodes.ddl import Option


@dataclass(frozen=True, slots=True)
class EventPart(Node):
    """An event or a target: `package.name`, with the settings of a target."""

    package: str
    name: str
    settings: tuple[Option, ...] = ()


@dataclass(frozen=True, slots=True)
class EventChange(Node):
    """ADD or DROP (`verb`) of an EVENT or TARGET (`kind`)."""

    verb: str
    kind: str
    part: EventPart


@dataclass(frozen=True, slots=True)
class CreateEventSession(Statement):
    """CREATE EVENT SESSION name ON SERVER ADD EVENT ... ADD TARGET ... WITH (options)."""

    name: str
    events: tuple[EventPart, ...]
    targets: tuple[EventPart, ...] = ()
    options: tuple[Option, ...] = ()  # MAX_MEMORY, STARTUP_STATE, ...


@dataclass(frozen=True, slots=True)
class AlterEventSession(Statement):
    """ALTER EVENT SESSION name ON SERVER with changes, options, or STATE = START | STOP."""

    name: str
    changes: tuple[EventChange, ...] = ()
    options: tuple[Option, ...] = ()
    state: str | None = None


@dataclass(frozen=True, slots=True)
class DropEventSession(Statement):
    """DROP EVENT SESSION name ON SERVER."""

    name: str
