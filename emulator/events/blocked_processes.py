"""Reports of sessions that wait for long, and the monitor that makes them.

SQL Server's deadlock monitor looks every five seconds. Where a wait has gone past the *blocked process threshold* since
it looked last, or past a multiple of it, there is a report: ``blocked_process_report``. Here it looks while somebody
waits and the threshold is set, at the same times as if it always looked; nothing is due otherwise.

Documentation: "blocked process threshold (server configuration option)", "Blocked Process Report event class".
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, SubElement, tostring

from emulator.catalog.configuration import BLOCKED_PROCESS_THRESHOLD
from emulator.catalog.event_sessions import BLOCKED_PROCESS, Event
from emulator.catalog.system_views.locks import database_id_of, object_and_index
from emulator.catalog.system_views.waits import wait_of
from emulator.events.processes import add_data, blocking_process, event_element, stack_of, waiting_process
from emulator.locking.manager import LockWait
from emulator.scheduler import Alarm

if TYPE_CHECKING:
    from emulator.instance import Instance
    from emulator.session import Session

logger = logging.getLogger("emulator.blocking")

INTERVAL = 5.0
"""Seconds from one look of the monitor to the next."""


class BlockedProcessMonitor:
    """The monitor of an instance."""

    def __init__(self, instance: Instance) -> None:
        self._instance = instance
        self._alarm = Alarm(self._look)
        self._began = instance.clock.monotonic()

    @property
    def loop(self) -> int:
        """How often it has looked since the server started, or would have (``monitorLoop``)."""
        return int((self._instance.clock.monotonic() - self._began) // INTERVAL)

    @property
    def _threshold(self) -> int:
        """In seconds, 0 for no reports."""
        return self._instance.configuration.options[BLOCKED_PROCESS_THRESHOLD].in_use

    def watch(self) -> None:
        """Look in time: a wait has begun, or the threshold may have changed."""
        if self._threshold and self._alarm.deadline is None and self._waiting():
            self._instance.scheduler.set_alarm(self._alarm, self._began + (self.loop + 1) * INTERVAL)

    def _waiting(self) -> list[Session]:
        return [item for _, item in sorted(self._instance.sessions.items()) if item.locking.blocked]

    def _look(self) -> None:
        threshold = self._threshold
        if not threshold:
            return
        now = self._instance.clock.monotonic()
        for session in self._waiting():
            wait = session.locking.wait
            assert wait is not None
            due = 0 if wait.since is None else int((now - wait.since) // threshold)
            if due > wait.reports:
                wait.reports = due
                self._report(session, wait)
        self.watch()

    def _report(self, session: Session, wait: LockWait) -> None:
        blockers = wait.manager.blockers(wait)
        blocker = self._instance.sessions.get(blockers[0][0].session.session_id) if blockers else None
        report = blocked_process_report(session, wait, blocker, self.loop)
        self._instance.collect(_event(session, wait, report))
        logger.warning("%s", _text(report))


def blocked_process_report(session: Session, wait: LockWait, blocker: Session | None, loop: int) -> Element:
    """What a session waits for, and who is in its way; of the latter nothing if it is not known."""
    report = Element("blocked-process-report", monitorLoop=str(loop))
    since = wait.since if wait.since is not None else session.instance.clock.monotonic()
    mode, owner = wait.requested, wait.owner
    blocked = waiting_process(session, wait.entry.space, wait.entry.key, mode, owner.log_used, owner.owner_id, since)
    SubElement(report, "blocked-process").append(_with_stack(session, blocked))
    blocking = SubElement(report, "blocking-process")
    if blocker is None:
        SubElement(blocking, "process")
    else:
        blocking.append(_with_stack(blocker, _blocking(blocker)))
    return report


def _blocking(session: Session) -> Element:
    wait = wait_of(session)
    if wait is None:
        return blocking_process(session, "running" if session.is_running else "sleeping", {})
    place = {"waitresource": wait.resource} if wait.resource else {}
    return blocking_process(session, "suspended", {**place, "waittime": wait.milliseconds})


def _with_stack(session: Session, process: Element) -> Element:
    """Where it stands, if it runs anything. Text and names of the frames are found by their handles."""
    stack = process.find("executionStack")
    assert stack is not None
    if session.is_running:
        stack.extend(place.element() for place in stack_of(session))
    return process


def _event(session: Session, wait: LockWait, report: Element) -> Event:
    space, mode = wait.entry.space, wait.requested
    now = session.instance.clock.now()
    event = event_element(BLOCKED_PROCESS, now)
    database_id = database_id_of(session, space)
    names = {item.database_id: item.name for item in session.instance.databases.values()}
    object_id, index_id = object_and_index(space)
    blocked = report.find("blocked-process/process")
    assert blocked is not None
    add_data(event, "duration", "uint64", int(blocked.get("waittime", "0")) * 1000)
    add_data(event, "database_id", "uint32", database_id)
    add_data(event, "object_id", "int32", object_id)
    add_data(event, "index_id", "uint32", index_id)
    add_data(event, "lock_mode", "lock_mode", int(mode), mode.name)
    add_data(event, "transaction_id", "int64", blocked.get("xactid"))
    add_data(event, "resource_owner_type", "resource_owner_type", "0x00000001", "LOCK")
    add_data(event, "blocked_process", "xml", report)
    add_data(event, "database_name", "unicode_string", names[database_id])
    return Event(BLOCKED_PROCESS, now, tostring(event, encoding="unicode"))


def _text(report: Element) -> str:
    """For the log: who waits for what and how long, and who is in the way."""
    blocked, blocking = (report.find(f"{name}/process") for name in ("blocked-process", "blocking-process"))
    assert blocked is not None
    assert blocking is not None
    seconds = int(blocked.get("waittime", "0")) / 1000
    return "\n".join(
        [
            f"blocked for {seconds:.1f} s",
            f"  session {blocked.get('spid')} waits for {blocked.get('lockMode')} on"
            f" {blocked.get('waitresource', '').strip()}: {_sent(blocked)}",
            f"  session {blocking.get('spid')} is in the way, {blocking.get('status')}: {_sent(blocking)}",
        ]
    )


def _sent(process: Element) -> str:
    return " ".join((process.findtext("inputbuf") or "").split())
