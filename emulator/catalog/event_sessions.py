"""Extended Events sessions: which events they collect, where to, and what they have collected.

Events reach their targets at once; SQL Server lets ``MAX_DISPATCH_LATENCY`` pass before. A ring buffer lives as long as
its session runs. Files are kept in memory and stay when their session is stopped or dropped.

Documentation: "CREATE EVENT SESSION", "ALTER EVENT SESSION (Transact-SQL)", "Targets for Extended Events".
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from emulator.catalog.objects import TRANSIENT

SYSTEM_HEALTH = "system_health"
DEADLOCK = "xml_deadlock_report"
BLOCKED_PROCESS = "blocked_process_report"
EVENTS = {DEADLOCK: "sqlserver", BLOCKED_PROCESS: "sqlserver"}
"""The events that there are, with their packages."""
RING_BUFFER = "ring_buffer"
EVENT_FILE = "event_file"
TARGET_SETTINGS = {
    RING_BUFFER: ("max_events_limit", "max_memory", "occurrence_number"),
    EVENT_FILE: ("filename", "max_file_size", "max_rollover_files", "metadatafile", "increment"),
}
"""The targets that there are, all of package0, with what can be set."""
MOST_EVENTS = 1000
"""``max_events_limit`` of a ring buffer where nothing is said, and the events that a file keeps."""
LOG_DIRECTORY = "/var/opt/mssql/log/"
KB = 1024
FILETIME_EPOCH = 11_644_473_600
"""Seconds from 1601, where the numbers in the names of event files begin, to 1970."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened: ``time`` is Unix time, ``text`` the XML of the event."""

    name: str
    time: float
    text: str


@dataclass(slots=True)
class EventFile:
    """What an ``event_file`` target has written since its session was started."""

    path: str
    events: deque[Event] = field(default_factory=lambda: deque(maxlen=MOST_EVENTS))


@dataclass(slots=True)
class EventTarget:
    """A target by name, with its settings; ``settings`` is what was set, ``received`` counts since the start."""

    name: str
    settings: dict[str, str] = field(default_factory=dict)
    received: int = field(default=0, metadata=TRANSIENT)
    events: deque[Event] = field(default_factory=deque, metadata=TRANSIENT)
    file: EventFile | None = field(default=None, metadata=TRANSIENT)

    def open(self, now: float) -> EventFile | None:
        """Begin anew. The file that is made, if it is one."""
        self.received = 0
        limit = int(self.settings.get("max_events_limit", 0)) or MOST_EVENTS
        self.events = deque(maxlen=limit)
        self.file = None
        if self.name == EVENT_FILE:
            path = self.settings["filename"].removesuffix(".xel")
            directory = "" if "/" in path or "\\" in path else LOG_DIRECTORY
            self.file = EventFile(f"{directory}{path}_0_{int((now + FILETIME_EPOCH) * 10_000_000)}.xel")
            self.events = self.file.events
        return self.file

    def receive(self, event: Event) -> None:
        """Take an event; old ones go when a limit is passed."""
        self.received += 1
        self.events.append(event)
        most = int(self.settings.get("max_memory", 0)) * KB
        while most and len(self.events) > 1 and sum(len(item.text) for item in self.events) > most:
            self.events.popleft()


@dataclass(slots=True)
class EventSession:
    """A session: ``memory`` and ``event_size`` in kilobytes, ``latency`` in seconds (0: no limit).

    ``started`` is when it was started, None while it is stopped. ``on_startup``: it starts with the server.
    """

    name: str
    number: int
    events: list[str]
    targets: dict[str, EventTarget] = field(default_factory=dict)
    memory: int = 4096
    event_size: int = 0
    latency: int = 30
    retention: str = "ALLOW_SINGLE_EVENT_LOSS"
    partition: str = "NONE"
    on_startup: bool = False
    started: float | None = field(default=None, metadata=TRANSIENT)

    def start(self, now: float) -> list[EventFile]:
        """Begin to collect; the files that are made."""
        self.started = now
        files = [target.open(now) for target in self.targets.values()]
        return [file for file in files if file is not None]

    def stop(self) -> None:
        """Collect no more."""
        self.started = None

    def receive(self, event: Event) -> None:
        """Collect an event, if it is one of those wanted and the session runs."""
        if self.started is not None and event.name in self.events:
            for target in self.targets.values():
                target.receive(event)


def system_health() -> EventSession:
    """The session that every server has."""
    targets = EventTarget(RING_BUFFER), EventTarget(EVENT_FILE, {"filename": f"{SYSTEM_HEALTH}.xel"})
    return EventSession(
        SYSTEM_HEALTH, 65536, [DEADLOCK], {target.name: target for target in targets}, latency=120, on_startup=True
    )
