"""A session as events describe it: a ``process`` element with what it runs, waits for, and was sent.

What describes machinery that does not exist here (threads, schedulers) has fixed values. Times are UTC.

Documentation: "Deadlocks guide", "Deadlock information tools", "Blocked Process Report event class".
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import blake2b
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, SubElement

from emulator.catalog.objects import Module, fold
from emulator.catalog.system_views.activity import HANDLE_BYTES, batch_handle, called_procedure, frame_handle
from emulator.catalog.system_views.locks import transaction_name, wait_resource
from emulator.execution.parameterization import span_as_written
from emulator.locking.manager import LockSpace
from emulator.locking.modes import LockMode

if TYPE_CHECKING:
    from emulator.execution.frames import Frame
    from emulator.session import Session

LEVELS = {
    1: "read uncommitted (1)",
    2: "read committed (2)",
    3: "repeatable read (3)",
    4: "serializable (4)",
    5: "snapshot (5)",
}
ENDLESS = 4294967295
"""``lockTimeout`` of a session that waits for ever."""
LONGEST_TEXT = 1024
"""Characters of a statement that are kept."""


def event_element(name: str, time: float) -> Element:
    """An event without its data."""
    return Element("event", name=name, package="sqlserver", timestamp=f"{moment(time)}Z")


def add_data(event: Element, name: str, kind: str, value: object, text: str | None = None) -> None:
    """Add a field to an event; ``text`` is what the value is called, where it is one of a map."""
    data = SubElement(event, "data", name=name)
    SubElement(data, "type", name=kind, package="package0" if text is None else "sqlserver")
    field = SubElement(data, "value")
    if isinstance(value, Element):
        field.append(value)
    else:
        field.text = str(value)
    if text is not None:
        SubElement(data, "text").text = text


def moment(seconds: float) -> str:
    """A time of the clock, to the millisecond."""
    found = datetime.fromtimestamp(seconds, UTC)
    return f"{found:%Y-%m-%dT%H:%M:%S}.{found.microsecond // 1000:03}"


def process_id(session_id: int) -> str:
    """An address made of the session's number, the same in every run."""
    return f"process{blake2b(str(session_id).encode(), digest_size=5).hexdigest()}"


def waiting_process(
    session: Session,
    space: LockSpace,
    key: Hashable,
    mode: LockMode,
    log_used: int,
    owner_id: int,
    since: float,
) -> Element:
    """A session that waits, since ``since`` of the monotonic clock, for a lock. ``owner_id`` is who asked for it.

    Its ``executionStack`` is empty, its input buffer is in place.
    """
    transaction = session.transaction
    owner = transaction.owner_id if transaction is not None else owner_id
    return _element(
        session,
        {
            "id": process_id(session.spid),
            "taskpriority": 0,
            "logused": log_used,
            "waitresource": wait_resource(session, space, key),
            "waittime": int((session.instance.clock.monotonic() - since) * 1000),
            "ownerId": owner,
            "transactionname": transaction_name(session),
            "lasttranstarted": moment(session.transaction_began if session.trancount else session.request_began),
            "XDES": f"0x{owner:x}",
            "lockMode": mode,
            "schedulerid": 1,
            "kpid": 0,
            "status": "suspended",
        },
        session.locking.deadlock_priority,
        owner,
    )


def blocking_process(session: Session, status: str, waiting_for: dict[str, object]) -> Element:
    """A session that is in the way of another. ``waiting_for`` is what it waits for itself, if it does."""
    transaction = session.transaction
    owner = transaction.owner_id if transaction is not None else 0
    return _element(session, {"status": status, **waiting_for}, session.locking.deadlock_priority, owner)


def _element(session: Session, first: dict[str, object], priority: int, owner: int) -> Element:
    settings = session.settings
    attributes = first | {
        "spid": session.spid,
        "sbid": 0,
        "ecid": 0,
        "priority": priority,
        "trancount": session.trancount,
        "lastbatchstarted": moment(session.request_began),
        "lastbatchcompleted": moment(session.request_ended),
        "lastattention": "1900-01-01T00:00:00",
        "clientapp": session.app_name,
        "hostname": session.host_name,
        "hostpid": 0,
        "loginname": session.login_name,
        "isolationlevel": LEVELS[int(settings.isolation)],
        "xactid": owner,
        "currentdb": session.database.database_id,
        "currentdbname": session.database.name,
        "lockTimeout": settings.lock_timeout if settings.lock_timeout >= 0 else ENDLESS,
        "clientoption1": 0,
        "clientoption2": 0,
    }
    element = Element("process", {name: str(value) for name, value in attributes.items()})
    SubElement(element, "executionStack")
    SubElement(element, "inputbuf").text = f"\n{_input_buffer(session)}   "
    return element


def _input_buffer(session: Session) -> str:
    """What the client sent: a text, or which procedure it called, by its number."""
    procedure = called_procedure(session)
    if procedure is not None:
        database = session.instance.databases[fold(procedure.database)]
        return f"Proc [Database Id = {database.database_id} Object Id = {procedure.object_id}]"
    return session.input_buffer[:LONGEST_TEXT]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a session stands: a statement of a batch (``module`` None) or module, from ``start`` to ``end`` in ``text``
    (None: the end of it). ``handle`` is that of the text for ``sys.dm_exec_sql_text``."""

    module: Module | None
    line: int
    text: str
    start: int
    end: int | None
    handle: bytes

    @property
    def statement(self) -> str:
        """Its text, cut off where it is long."""
        return self.text[self.start : self.end][:LONGEST_TEXT] or "unknown"

    def element(self) -> Element:
        """It as a ``frame`` of an ``executionStack``, without names and texts."""
        element = Element("frame", line=str(self.line))
        if self.start:
            element.set("stmtstart", str(self.start * 2))
        element.set("stmtend", "-1" if self.end is None else str((self.end - 1) * 2))
        element.set("sqlhandle", f"0x{self.handle.hex()}")
        return element


def stack_of(session: Session) -> list[Place]:
    """Where a session that runs something stands, the innermost first; of a batch being compiled, its beginning."""
    places = [place for frame in _running_frames(session) for place in _places(session, frame)]
    return places or [Place(None, 1, session.input_buffer, 0, None, bytes(HANDLE_BYTES))]


def _running_frames(session: Session) -> Iterator[Frame]:
    """The running modules, the innermost first; those without a statement are calls from the client."""
    frame: Frame | None = session.frame
    while frame is not None:
        if frame.node is not None:
            yield frame
        frame = frame.caller


def _places(session: Session, frame: Frame) -> Iterator[Place]:
    """One place; two where a statement of a batch runs with parameters in place of its constants: then as written."""
    node = frame.node
    assert node is not None
    handle = frame_handle(session, frame)
    yield Place(frame.module, node.line, frame.text, node.start, node.end, handle)
    if frame.module is None and frame.caller is None:
        written = span_as_written(session.input_buffer, frame.text, node.start, node.end)
        if written is not None:
            start, end = written
            yield Place(None, node.line, session.input_buffer, start, end, batch_handle(session, session.input_buffer))
