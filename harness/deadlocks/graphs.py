"""Deadlock graphs as the server keeps them, read and taken apart.

Every SQL Server has the event session ``system_health``, which keeps each ``xml_deadlock_report`` in a ring buffer and
in files; the emulator keeps the ring buffer. SSMS saves the same document as an ``.xdl`` file.

Documentation: "Deadlocks guide", "Use the system_health session", "sys.fn_xe_file_target_read_file".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import pyodbc

from harness.connection.errors import parse_diagnostics
from harness.errors import EnvironmentFault, UsageFault

_RING_BUFFER = """
SELECT CAST(t.target_data AS nvarchar(max))
FROM sys.dm_xe_session_targets AS t
    INNER JOIN sys.dm_xe_sessions AS s ON t.event_session_address = s.address
WHERE s.name = N'system_health' AND t.target_name = N'ring_buffer';
"""
_FILES = """
SELECT CAST(event_data AS nvarchar(max))
FROM sys.fn_xe_file_target_read_file(N'system_health*.xel', NULL, NULL, NULL)
WHERE object_name = N'xml_deadlock_report';
"""
OWNS, WAITS, CONVERTS = "own", "wait", "convert"


@dataclass(frozen=True, slots=True)
class StackFrame:
    """A statement that was running: in which procedure (``adhoc`` for a batch), on which line, its text."""

    procedure: str
    line: int
    text: str


@dataclass(frozen=True, slots=True)
class Process:
    """A session in a deadlock. ``frames`` are its running statements, the innermost first."""

    id: str
    session: int
    victim: bool
    login: str
    host: str
    application: str
    database: str
    isolation: str
    priority: int
    log_used: int
    wait_resource: str
    lock_mode: str
    frames: tuple[StackFrame, ...]
    input_buffer: str

    @property
    def statement(self) -> str:
        """The statement that waited, on one line."""
        known = [frame.text for frame in self.frames if frame.text and frame.text != "unknown"]
        return " ".join((known[0] if known else self.input_buffer).split())

    @property
    def place(self) -> str:
        """Where it stands: procedure and line."""
        if not self.frames:
            return ""
        frame = self.frames[0]
        return f"{'batch' if frame.procedure in ('adhoc', '') else frame.procedure}, line {frame.line}"


@dataclass(frozen=True, slots=True)
class Request:
    """A process on a resource: ``kind`` is OWNS, WAITS or CONVERTS."""

    process: str
    mode: str
    kind: str


@dataclass(frozen=True, slots=True)
class Resource:
    """What was fought over. ``kind`` is KEY, RID, PAGE, OBJECT, APPLICATION, ...; ``name`` the table, and index or
    lock; ``detail`` the key where the server tells it, else its hash or address."""

    kind: str
    name: str
    detail: str
    owners: tuple[Request, ...]
    waiters: tuple[Request, ...]


@dataclass(frozen=True, slots=True)
class Deadlock:
    """One deadlock. ``xml`` is its ``deadlock`` element, as SSMS opens it from an ``.xdl`` file."""

    time: datetime | None
    processes: tuple[Process, ...]
    resources: tuple[Resource, ...]
    xml: str

    @property
    def victims(self) -> Sequence[Process]:
        return [process for process in self.processes if process.victim]

    def process(self, identifier: str) -> Process | None:
        """The process with that id, None if the graph does not describe it."""
        return next((process for process in self.processes if process.id == identifier), None)


def read_deadlocks(connection: pyodbc.Connection, *, files: bool = False) -> list[Deadlock]:
    """The deadlocks that the server has kept, the newest first; from its files rather than the ring buffer if asked.

    Raises EnvironmentFault when the login may not see them, or there are no files.
    """
    try:
        rows = connection.execute(_FILES if files else _RING_BUFFER).fetchall()
    except pyodbc.Error as error:
        reason = parse_diagnostics(error)[0].message
        raise EnvironmentFault(f"the server does not show its deadlocks: {reason}") from error
    found = [deadlock for (text,) in rows if text for deadlock in parse_deadlocks(text)]
    return sorted(found, key=lambda deadlock: deadlock.time or datetime.min.replace(tzinfo=UTC), reverse=True)


def parse_deadlocks(text: str) -> list[Deadlock]:
    """The deadlocks in a document: a ring buffer, an event, a ``deadlock`` element or an ``.xdl`` file.

    Raises UsageFault if it is not XML.
    """
    try:
        root = ElementTree.fromstring(text)
    except ElementTree.ParseError as error:
        raise UsageFault(f"not a deadlock graph: {error}") from None
    return [_deadlock(element, time) for element, time in _elements(root, None)]


def _elements(element: Element, time: datetime | None) -> Iterator[tuple[Element, datetime | None]]:
    """The ``deadlock`` elements with the time of the event around them. Those with a process list count: in an
    ``.xdl`` file of SQL Server 2005 there is a ``deadlock`` inside a ``deadlock-list``."""
    if element.tag == "event":
        time = _time(element.get("timestamp"))
    if element.tag == "deadlock" and element.find("process-list") is not None:
        yield element, time
        return
    for child in element:
        yield from _elements(child, time)


def _time(text: str | None) -> datetime | None:
    try:
        found = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


def _deadlock(element: Element, time: datetime | None) -> Deadlock:
    victims = {one.get("id") for one in element.iter("victimProcess")} | {element.get("victim")}
    return Deadlock(
        time,
        tuple(_process(one, victims) for one in element.findall("process-list/process")),
        tuple(_resource(one) for one in element.findall("resource-list/*")),
        ElementTree.tostring(element, encoding="unicode"),
    )


def _process(element: Element, victims: set[str | None]) -> Process:
    def get(name: str) -> str:
        return element.get(name, "")

    return Process(
        id=get("id"),
        session=_number(get("spid")),
        victim=element.get("id") in victims,
        login=get("loginname"),
        host=get("hostname"),
        application=get("clientapp"),
        database=get("currentdbname"),
        isolation=get("isolationlevel").partition(" (")[0],
        priority=_number(get("priority")),
        log_used=_number(get("logused")),
        wait_resource=get("waitresource"),
        lock_mode=get("lockMode"),
        frames=tuple(_frame(one) for one in element.findall("executionStack/frame")),
        input_buffer=(element.findtext("inputbuf") or "").strip(),
    )


def _frame(element: Element) -> StackFrame:
    return StackFrame(element.get("procname", ""), _number(element.get("line", "")), (element.text or "").strip())


def _number(text: str) -> int:
    return int(text) if text.lstrip("-").isdigit() else 0


def _resource(element: Element) -> Resource:
    index = element.get("indexname")
    name = element.get("objectname") or element.get("hash") or element.get("classid") or ""
    detail = element.get("keyvalue") or _address(element)
    return Resource(
        kind=element.tag.removesuffix("lock").upper(),
        name=f"{name}.{index}" if index else name,
        detail=detail,
        owners=tuple(_request(one, OWNS) for one in element.findall("owner-list/owner")),
        waiters=tuple(_request(one, WAITS) for one in element.findall("waiter-list/waiter")),
    )


def _address(element: Element) -> str:
    """File, page and slot of a page or row; nothing where the resource has no address of its own."""
    parts = [element.get(name) for name in ("fileid", "pageid", "slot")]
    return f"({':'.join(part for part in parts if part)})" if parts[1] else ""


def _request(element: Element, kind: str) -> Request:
    return Request(element.get("id", ""), element.get("mode", ""), element.get("requestType") or kind)
