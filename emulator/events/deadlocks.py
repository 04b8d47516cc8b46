"""Deadlock graphs: what sessions, statements and resources were in a deadlock, as ``xml_deadlock_report`` and as text.

The document is that of the event ``xml_deadlock_report`` of the session ``system_health``: a victim list, a process
list with the stack of procedures and statements, a resource list with owners and waiters. What a process waits for is
named twice, as on SQL Server: ``waitresource`` of the process, and the resource. Attributes that describe machinery
which does not exist here (scheduler, threads) have fixed values. In addition to SQL Server's attributes, ``keyvalue``
of a resource tells the values of the key.

Documentation: "Deadlocks guide", "Deadlock information tools"; "sys.dm_tran_locks" for resource descriptions.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, SubElement, tostring

from emulator.catalog.event_sessions import DEADLOCK, Event
from emulator.catalog.objects import Table
from emulator.catalog.system_views.locks import database_id_of
from emulator.events.processes import Place, add_data, event_element, process_id, stack_of, waiting_process
from emulator.execution.writing import shown_value
from emulator.locking.deadlock import Deadlock, Participant
from emulator.locking.manager import LockSpace, ResourceType
from emulator.locking.modes import LockMode
from emulator.storage.index import GHOST, IndexStore
from emulator.storage.keys import INFINITY

if TYPE_CHECKING:
    from emulator.instance import Instance
    from emulator.session import Session


@dataclass(frozen=True, slots=True)
class DeadlockGraph:
    """One deadlock: when it was found (Unix time), and the ``deadlock`` element."""

    time: float
    deadlock: Element

    def event(self) -> Event:
        """The event as targets keep it."""
        event = event_element(DEADLOCK, self.time)
        add_data(event, "xml_report", "xml", self.deadlock)
        return Event(DEADLOCK, self.time, tostring(event, encoding="unicode"))

    def text(self) -> str:
        """For the log: a line for each process and each resource."""
        victims = {victim.get("id") for victim in self.deadlock.iter("victimProcess")}
        spids = {process.get("id"): process.get("spid") for process in self.deadlock.iter("process")}
        lines = ["deadlock"]
        for process in self.deadlock.iter("process"):
            frame = process.find("executionStack/frame")
            assert frame is not None
            victim = ", the victim" if process.get("id") in victims else ""
            place = f"{frame.get('procname')} line {frame.get('line')}"
            lines.append(
                f"  session {process.get('spid')}{victim}: waits for {process.get('lockMode')} on"
                f" {process.get('waitresource')} in {place}: {' '.join((frame.text or '').split())}"
            )
        for resource in self.deadlock.findall("resource-list/*"):
            name = ".".join(filter(None, (resource.get("objectname"), resource.get("indexname"))))
            key = resource.get("keyvalue", "")
            owners = ", ".join(f"{spids[one.get('id')]} {one.get('mode')}" for one in resource.iter("owner"))
            waiters = ", ".join(f"{spids[one.get('id')]} {one.get('mode')}" for one in resource.iter("waiter"))
            lines.append(f"  {resource.tag} {name} {key}: owners {owners}; waiters {waiters}".replace("  :", ":"))
        return "\n".join(lines)


def deadlock_graph(instance: Instance, deadlock: Deadlock) -> DeadlockGraph:
    """The graph of a deadlock that has just been found: its sessions still stand where they waited."""
    root = Element("deadlock")
    victims = SubElement(root, "victim-list")
    processes = SubElement(root, "process-list")
    resources = SubElement(root, "resource-list")
    victim = next(part for part in deadlock.participants if part.session_id == deadlock.victim_session_id)
    SubElement(victims, "victimProcess", id=process_id(victim.session_id))
    ordered = sorted(deadlock.participants, key=lambda part: (part is not victim, part.session_id))
    for part in ordered:
        processes.append(_process(instance, part))
    contested: dict[tuple[int, Hashable], list[Participant]] = {}
    for part in ordered:
        contested.setdefault((id(part.space), part.key), []).append(part)
    for parts in contested.values():
        resources.append(_resource(instance, parts))
    return DeadlockGraph(instance.clock.now(), root)


def _process(instance: Instance, part: Participant) -> Element:
    """A participant. The wait of the victim has ended, so that it is told from the report."""
    session = instance.sessions[part.session_id]
    since = instance.clock.monotonic() if part.since is None else part.since
    element = waiting_process(session, part.space, part.key, part.requested, part.log_used, part.owner_id, since)
    stack = element.find("executionStack")
    assert stack is not None
    stack.extend(_stack_frame(session, place) for place in stack_of(session))
    return element


def _stack_frame(session: Session, place: Place) -> Element:
    """In a deadlock graph the frames have the names and texts of what runs."""
    module = place.module
    element = place.element()
    name = "adhoc" if module is None else f"{module.database or session.database.name}.{module.full_name}"
    element.set("procname", name)
    element.text = f"\n{place.statement}    "
    return element


# --- Resources --------------------------------------------------------------------------------------------------------


def _resource(instance: Instance, waiters: list[Participant]) -> Element:
    """One resource with those of the deadlock who hold it (or asked for it before) and those who wait for it."""
    first = waiters[0]
    space, key = first.space, first.key
    session = instance.sessions[first.session_id]
    database_id = database_id_of(session, space)
    table, index = _place_of(instance, space)
    description = space.describe(key)
    address = blake2b(f"{space.name}/{space.entity_id}/{description}".encode(), digest_size=6).hexdigest()
    attributes: dict[str, object] = {"dbid": database_id}
    match space.resource_type:
        case ResourceType.KEY:
            tag, attributes = "keylock", {"hobtid": space.entity_id, **attributes}
        case ResourceType.RID:
            page, slot = description.split(":")[1:]
            tag, attributes = "ridlock", {"fileid": 1, "pageid": page, "slot": slot, **attributes}
        case ResourceType.OBJECT:
            tag = "objectlock"
            attributes = {"lockPartition": 0, "objid": space.entity_id, "subresource": "FULL", **attributes}
        case ResourceType.APPLICATION:
            tag = "applicationlock"
            attributes = {"hash": description, "databasePrincipalId": description.split(":")[0], **attributes}
        case other:
            tag = f"{other.value.lower()}lock"
            attributes = {"subresource": "FULL", "classid": space.name, **attributes}
    if table is not None:
        attributes["objectname"] = f"{table.database or 'tempdb'}.{table.full_name}"
        if index is not None and space.resource_type is ResourceType.KEY:
            attributes["indexname"] = index.name
    attributes |= {"id": f"lock{address}", "mode": first.group_mode, "associatedObjectId": space.entity_id}
    if table is not None and index is not None:
        attributes["keyvalue"] = key_text(table, index, key)
    element = Element(tag, {name: str(value) for name, value in attributes.items()})
    _add_owners(SubElement(element, "owner-list"), waiters)
    waiting = SubElement(element, "waiter-list")
    for part in waiters:
        kind = "wait" if part.held is LockMode.NL else "convert"
        SubElement(waiting, "waiter", id=process_id(part.session_id), mode=str(part.requested), requestType=kind)
    return element


def _add_owners(owners: Element, waiters: list[Participant]) -> None:
    seen: set[int] = set()
    for part in waiters:
        if part.blocking_session_id in seen:
            continue
        seen.add(part.blocking_session_id)
        owner = SubElement(owners, "owner", id=process_id(part.blocking_session_id), mode=str(part.blocking_mode))
        if part.blocking_waits:
            owner.set("requestType", "wait")


def _place_of(instance: Instance, space: LockSpace) -> tuple[Table | None, IndexStore | None]:
    """The table that a lock space belongs to, and which of its indexes or heap."""
    tables = [table for database in instance.databases.values() for table in database.of_kind(Table)]
    tables += instance.global_temporary.values()
    for table in tables:
        store = table.store
        if store is None:
            continue
        if store.locks is space:
            return table, None
        for index in (store.base, *store.indexes.values()):
            if index.locks is space:
                return table, index
    return None, None


def key_text(table: Table, index: IndexStore, key: Hashable) -> str:
    """The values of a locked key: ``(1, A)``; ``(end of index)`` behind the last one, ``(deleted)`` where they are
    gone. Of a heap it is the address of the row.
    """
    assert table.store is not None
    if key == INFINITY:
        return "(end of index)"
    if index is table.store.base and table.store.is_heap:
        return f"({index.locks.describe(key)})"
    value = index.values.get(key, GHOST)  # type: ignore[call-overload]
    row = value if index is table.store.base or value is GHOST else table.store.base.values.get(value, GHOST)
    if row is GHOST:
        return "(deleted)"
    return f"({', '.join(shown_value(table, part.ordinal, row) for part in index.definition.parts)})"
