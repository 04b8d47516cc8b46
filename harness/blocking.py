"""Blocked process reports: sessions that waited for long, as event sessions have collected them.

A server makes reports when the option *blocked process threshold (s)* is set, one for each time that a wait passes a
multiple of it, and keeps them where an event session collects ``blocked_process_report``. The reports of one wait are
one *episode* here: the latest of them tells most.

Documentation: "blocked process threshold (server configuration option)", "CREATE EVENT SESSION",
"sys.fn_xe_file_target_read_file", "sys.dm_exec_sql_text"; all this takes VIEW SERVER STATE.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import pyodbc

from harness.connection.errors import parse_diagnostics
from harness.errors import EnvironmentFault

_THRESHOLD = "SELECT CAST(value_in_use AS int) FROM sys.configurations WHERE name = N'blocked process threshold (s)';"
_TARGETS = """
SELECT t.target_name, CAST(t.target_data AS nvarchar(max))
FROM sys.dm_xe_session_targets AS t
    INNER JOIN sys.dm_xe_session_events AS e ON t.event_session_address = e.event_session_address
WHERE e.event_name = N'blocked_process_report' AND t.target_name IN (N'ring_buffer', N'event_file');
"""
_FILE = """
SELECT CAST(event_data AS nvarchar(max))
FROM sys.fn_xe_file_target_read_file(?, NULL, NULL, NULL)
WHERE object_name = N'blocked_process_report';
"""
_TEXT = "SELECT text FROM sys.dm_exec_sql_text(CONVERT(varbinary(64), ?, 1));"
_NAME = "SELECT QUOTENAME(OBJECT_SCHEMA_NAME(?, ?)) + N'.' + QUOTENAME(OBJECT_NAME(?, ?));"
_CALL = re.compile(r"Proc \[Database Id = (\d+) Object Id = (-?\d+)\]")
_ROLLOVER = re.compile(r"_\d+_\d+\.xel$")
_WHOLE = -1
"""``stmtend`` of a statement that goes to the end of its text."""


@dataclass(frozen=True, slots=True)
class Frame:
    """A statement that was running: its line, and its text, by handle and the places of its first and last character
    in bytes."""

    line: int
    handle: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Process:
    """A session of a report. ``statements`` are what it was running, the innermost first, where the server still
    knows; ``sent`` is what its client had sent."""

    session: int
    status: str
    login: str
    host: str
    application: str
    database: str
    isolation: str
    transactions: int
    batch_started: str
    wait_resource: str
    sent: str
    frames: tuple[Frame, ...] = field(repr=False)
    statements: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Episode:
    """One wait as its latest report tells it: at ``time`` it had lasted ``waited_ms``. ``reports`` is their number."""

    time: datetime
    waited_ms: int
    lock_mode: str
    reports: int
    blocked: Process
    blocking: Process
    xml: str = field(repr=False)


def read_episodes(connection: pyodbc.Connection) -> list[Episode]:
    """The waits that the server has reported, the latest first.

    Raises EnvironmentFault when the login may not see them, or no event session that runs collects reports.
    """
    try:
        targets = connection.execute(_TARGETS).fetchall()
        if not targets:
            raise EnvironmentFault(
                "no event session that runs collects blocked_process_report; docs/dba.md shows how to make one"
            )
        buffers = [text for name, text in targets if name == "ring_buffer"]
        texts = buffers or [text for _, data in targets for text in _file_texts(connection, data)]
    except pyodbc.Error as error:
        reason = parse_diagnostics(error)[0].message
        raise EnvironmentFault(f"the server does not show its blocked process reports: {reason}") from error
    return parse_episodes(texts)


def read_threshold(connection: pyodbc.Connection) -> int:
    """Seconds after which a wait is reported, 0 for never."""
    return int(connection.execute(_THRESHOLD).fetchval() or 0)


def _file_texts(connection: pyodbc.Connection, data: str) -> list[str]:
    """The events in the files of an event_file target, of earlier starts of the session too."""
    file = ElementTree.fromstring(data).find("File")
    if file is None:
        return []
    pattern = _ROLLOVER.sub("*.xel", file.get("name", ""))
    return [text for (text,) in connection.execute(_FILE, pattern).fetchall()]


def parse_episodes(texts: Sequence[str]) -> list[Episode]:
    """The episodes in documents: events, or ring buffers full of them."""
    found: dict[tuple[object, ...], Episode] = {}
    for text in texts:
        for event in ElementTree.fromstring(text).iter("event"):
            report = event.find(".//blocked-process-report")
            episode = None if report is None else _episode(event, report)
            if episode is None:
                continue
            key = (episode.blocked.session, episode.blocked.batch_started, episode.blocked.wait_resource)
            known = found.get(key)
            if known is not None:
                later = episode if episode.waited_ms >= known.waited_ms else known
                episode = replace(later, reports=known.reports + 1)
            found[key] = episode
    return sorted(found.values(), key=lambda episode: episode.time, reverse=True)


def _episode(event: Element, report: Element) -> Episode | None:
    blocked, blocking = report.find("blocked-process/process"), report.find("blocking-process/process")
    if blocked is None or blocking is None:
        return None
    return Episode(
        time=datetime.fromisoformat(event.get("timestamp", "")),
        waited_ms=_number(blocked, "waittime"),
        lock_mode=blocked.get("lockMode", ""),
        reports=1,
        blocked=_process(blocked),
        blocking=_process(blocking),
        xml=ElementTree.tostring(report, encoding="unicode"),
    )


def _process(element: Element) -> Process:
    def get(name: str) -> str:
        return element.get(name, "").strip()

    return Process(
        session=_number(element, "spid"),
        status=get("status"),
        login=get("loginname"),
        host=get("hostname"),
        application=get("clientapp"),
        database=get("currentdbname"),
        isolation=get("isolationlevel").partition(" (")[0],
        transactions=_number(element, "trancount"),
        batch_started=get("lastbatchstarted"),
        wait_resource=get("waitresource"),
        sent=(element.findtext("inputbuf") or "").strip(),
        frames=tuple(_frame(one) for one in element.findall("executionStack/frame")),
    )


def _frame(element: Element) -> Frame:
    end = _number(element, "stmtend") if element.get("stmtend") else _WHOLE
    return Frame(_number(element, "line"), element.get("sqlhandle", ""), _number(element, "stmtstart"), end)


def _number(element: Element, name: str) -> int:
    text = element.get(name, "")
    return int(text) if text.lstrip("-").isdigit() else 0


# --- What the numbers in a report stand for ---------------------------------------------------------------------------


def with_texts(connection: pyodbc.Connection, episode: Episode) -> Episode:
    """The episode with the statements that its frames stand for, and the names of procedures that clients called."""
    blocked, blocking = (_with_texts(connection, process) for process in (episode.blocked, episode.blocking))
    return replace(episode, blocked=blocked, blocking=blocking)


def _with_texts(connection: pyodbc.Connection, process: Process) -> Process:
    found = [_statement(connection, frame) for frame in process.frames]
    call = _CALL.fullmatch(process.sent)
    sent = process.sent
    if call is not None:
        database, number = map(int, call.groups())
        sent = connection.execute(_NAME, number, database, number, database).fetchval() or sent
    return replace(process, sent=sent, statements=tuple(text for text in found if text))


def _statement(connection: pyodbc.Connection, frame: Frame) -> str:
    """The text of a frame's statement; nothing when the server has forgotten it."""
    if not frame.handle.strip("0x"):
        return ""
    row = connection.execute(_TEXT, frame.handle).fetchone()
    if row is None or row[0] is None:
        return ""
    end = None if frame.end == _WHOLE else frame.end // 2 + 1
    return f"line {frame.line}: {' '.join(row[0][frame.start // 2 : end].split())}"
