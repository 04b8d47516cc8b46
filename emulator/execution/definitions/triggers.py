"""CREATE, ALTER and DROP TRIGGER, ENABLE and DISABLE TRIGGER.

Triggers fire in the order in which they were created; ALTER keeps a trigger's place.

Documentation: "CREATE TRIGGER (Transact-SQL)", "ALTER TRIGGER", "ENABLE TRIGGER", "DISABLE TRIGGER".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from emulator.catalog.objects import Table, Trigger, View, fold
from emulator.errors import NotSupported, sql_error
from emulator.execution.authorization import may
from emulator.execution.definitions.access import (
    Place,
    changed,
    datetime_now,
    definition_step,
    enter,
    find_to_change,
    lock_definition,
    lock_name,
    place_of,
    take_out,
    undo,
)
from emulator.execution.frames import Frame, Step
from emulator.execution.triggers import trigger_compiler
from emulator.execution.units import StepCompiler, UnitCompiler
from emulator.sql import nodes

ALLOWED_OPTIONS = frozenset({"ENCRYPTION", "SCHEMABINDING"})
DML_EVENTS = frozenset({"INSERT", "UPDATE", "DELETE"})


def compile_create_trigger(node: nodes.CreateTrigger, compiler: UnitCompiler) -> Step:
    """CREATE, ALTER and CREATE OR ALTER TRIGGER. Errors: 2103, 2111, 2113, 2714, 208, 8197."""
    database, text = compiler.database, compiler.text
    if node.table is None or not set(node.events) <= DML_EVENTS:
        raise NotSupported("DDL and logon triggers", node.line)
    if node.execute_as not in (None, "CALLER"):
        raise NotSupported(f"CREATE TRIGGER WITH EXECUTE AS {node.execute_as}", node.line)
    for option in node.options:
        if option not in ALLOWED_OPTIONS:
            raise NotSupported(f"CREATE TRIGGER WITH {option}", node.line)
    table_name = node.table

    def create_trigger(frame: Frame) -> None:
        session = frame.session
        place = place_of(frame, compiler, table_name, database)
        parent = _parent(place, node)
        if not _may_alter(place, parent):
            raise sql_error(8197, str(place.node), line=node.line)
        if node.name.schema is not None and fold(node.name.schema) != fold(parent.schema):
            raise sql_error(2103, node.action.split()[0].lower(), node.name.name, line=node.line)
        if isinstance(parent, Table):
            lock_definition(session, parent)
        trigger = Trigger(
            parent.schema,
            node.name.name,
            definition=text,
            body=node.body,
            database=place.database.name,
            quoted_identifier="QUOTED_IDENTIFIER" in session.settings.on,
            ansi_nulls="ANSI_NULLS" in session.settings.on,
            table=parent,
            events=frozenset(node.events),
            instead_of=node.timing == "INSTEAD OF",
        )
        trigger_compiler(session, place.database, trigger).compile(trigger.body)
        _enter(frame, place, parent, trigger, node)

    return definition_step(node, create_trigger)


def _parent(place: Place, node: nodes.CreateTrigger) -> Table | View:
    found = None if place.is_temporary else place.session.look_up(place.database, place.schema, place.name)
    if isinstance(found, Table) or (isinstance(found, View) and node.timing == "INSTEAD OF"):
        return found
    raise sql_error(8197, str(place.node), line=node.line)


def _may_alter(place: Place, parent: Table | View) -> bool:
    return place.session.unchecked or may(place.session, "ALTER", parent, place.database)


def _enter(frame: Frame, place: Place, parent: Table | View, trigger: Trigger, node: nodes.CreateTrigger) -> None:
    session, database = frame.session, place.database
    lock_name(session, database, trigger.schema, trigger.name)
    existing = database.find(trigger.schema, trigger.name)
    if existing is None and node.action == "ALTER":
        raise sql_error(208, str(node.name), state=6, line=node.line)
    if existing is not None and node.action == "CREATE":
        raise sql_error(2714, trigger.name, state=2, line=node.line)
    if existing is not None and (not isinstance(existing, Trigger) or existing.table is not parent):
        raise sql_error(2010, trigger.name, line=node.line)
    _check_instead_of(parent, trigger, existing, node)
    if existing is None:
        enter(session, database, trigger)
        _replace(frame, place, parent, [*parent.triggers, trigger])
        return
    trigger.object_id, trigger.created = existing.object_id, existing.created
    trigger.modified = datetime_now(session)
    database.add(trigger)
    undo(session, database.add, existing)
    _replace(frame, place, parent, [trigger if item is existing else item for item in parent.triggers])


def _check_instead_of(parent: Table | View, trigger: Trigger, existing: object, node: nodes.CreateTrigger) -> None:
    """Errors: 2111 a second INSTEAD OF trigger for an event, 2113 one where a key cascades."""
    if not trigger.instead_of:
        return
    kind = "table" if isinstance(parent, Table) else "view"
    for other in parent.triggers:
        shared = sorted(other.events & trigger.events)
        if other is not existing and other.instead_of and shared:
            raise sql_error(2111, trigger.name, kind, str(node.table), shared[0], line=node.line)
    for key in parent.foreign_keys if isinstance(parent, Table) else ():
        for event, action in (("DELETE", key.on_delete), ("UPDATE", key.on_update)):
            if event in trigger.events and action != "NO_ACTION":
                raise sql_error(2113, event, trigger.name, str(node.table), event, line=node.line)


def _replace(frame: Frame, place: Place, parent: Table | View, triggers: list[Trigger]) -> None:
    undo(frame.session, setattr, parent, "triggers", parent.triggers)
    parent.triggers = triggers
    undo(frame.session, changed, place.database)
    changed(place.database)


def drop_trigger(frame: Frame, place: Place, *, if_exists: bool) -> None:
    """DROP TRIGGER. Errors: 3701."""
    found = find_to_change(place.session, place.database, place.schema, place.name)
    if not isinstance(found, Trigger):
        if if_exists:
            return
        raise sql_error(3701, "drop", "trigger", str(place.node), state=5, line=place.node.line)
    parent = found.table
    assert parent is not None
    if not _may_alter(place, parent):
        raise sql_error(3701, "drop", "trigger", str(place.node), state=20, line=place.node.line)
    take_out(frame.session, place.database, found)
    _replace(frame, place, parent, [item for item in parent.triggers if item is not found])


def toggle(
    frame: Frame, place: Place, parent: Table | View, names: Sequence[str] | None, *, enable: bool, line: int
) -> None:
    """Enable or disable triggers of ``parent`` (None: all). Errors: 1088."""
    if isinstance(parent, Table):
        lock_definition(frame.session, parent)
    by_name = {fold(item.name): item for item in parent.triggers}
    for name in by_name if names is None else names:
        trigger = by_name.get(fold(name))
        if trigger is None:
            raise sql_error(1088, name, state=120, line=line)
        undo(frame.session, setattr, trigger, "enabled", trigger.enabled)
        trigger.enabled = enable
    undo(frame.session, changed, place.database)
    changed(place.database)


def compile_toggle_trigger(node: nodes.ToggleTrigger, compiler: UnitCompiler) -> Step:
    """ENABLE TRIGGER and DISABLE TRIGGER."""
    database = compiler.database
    if node.table is None:
        raise NotSupported("DDL and logon triggers", node.line)
    table_name = node.table

    def toggle_trigger(frame: Frame) -> None:
        place = place_of(frame, compiler, table_name, database)
        found = place.session.look_up(place.database, place.schema, place.name)
        if not isinstance(found, Table | View) or not _may_alter(place, found):
            raise sql_error(1088, str(table_name), line=node.line)
        names = None if node.names is None else [name.name for name in node.names]
        toggle(frame, place, found, names, enable=node.enable, line=node.line)

    return definition_step(node, toggle_trigger)


STEPS: Mapping[type[nodes.Statement], StepCompiler] = {
    nodes.CreateTrigger: compile_create_trigger,
    nodes.ToggleTrigger: compile_toggle_trigger,
}
