"""Event sessions: CREATE, ALTER and DROP EVENT SESSION.

They are not undone by a rollback, and not allowed in a transaction (574). Actions, predicates, other events and other
targets than those of ``catalog/event_sessions.py`` are refused by name.

Documentation: "CREATE EVENT SESSION", "ALTER EVENT SESSION", "DROP EVENT SESSION (Transact-SQL)", "Targets for Extended
Events".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from emulator.catalog.event_sessions import (
    EVENT_FILE,
    EVENTS,
    SYSTEM_HEALTH,
    TARGET_SETTINGS,
    EventSession,
    EventTarget,
)
from emulator.catalog.objects import fold
from emulator.errors import NotSupported, sql_error
from emulator.execution.authorization import require_on_server
from emulator.execution.definitions.security import missing
from emulator.execution.frames import Frame, Step
from emulator.execution.steps import server_step
from emulator.execution.units import StepCompiler, UnitCompiler
from emulator.sql import nodes

FIRST_NUMBER = 65537
"""``event_session_id`` of the first session after system_health."""
MEGABYTE = 1024
RETENTION = ("ALLOW_SINGLE_EVENT_LOSS", "ALLOW_MULTIPLE_EVENT_LOSS", "NO_EVENT_LOSS")
PARTITION = ("NONE", "PER_NODE", "PER_CPU")


def _step(node: nodes.Statement, verb: str, act: Callable[[Frame], None]) -> Step:
    def change(frame: Frame) -> None:
        session = frame.session
        require_on_server(session, "ALTER ANY EVENT SESSION", node.line)
        if session.trancount:
            raise sql_error(574, f"{verb} EVENT SESSION", line=node.line)
        act(frame)
        session.keep_settings()

    return server_step(node, change)


def compile_create(node: nodes.CreateEventSession, compiler: UnitCompiler) -> Step:
    """CREATE EVENT SESSION. Errors: 25631 there is one already, 25626 an event or target twice, 25629, 25641, 25703."""
    events = [_event(part) for part in node.events]
    targets = [_target(part) for part in node.targets]
    change_options = _options(node.options)

    def create(frame: Frame) -> None:
        instance = frame.session.instance
        if fold(node.name) in instance.event_sessions:
            raise sql_error(25631, "event session", node.name, line=node.line)
        number = max((item.number for item in instance.event_sessions.values()), default=0) + 1
        made = EventSession(node.name, max(number, FIRST_NUMBER), [])
        for event in events:
            _add_event(made, event, 25626, node.line)
        for name, settings in targets:
            _add_target(made, EventTarget(name, dict(settings)), 25626, node.line)
        change_options(made)
        instance.event_sessions[fold(node.name)] = made

    return _step(node, "CREATE", create)


def compile_alter(node: nodes.AlterEventSession, compiler: UnitCompiler) -> Step:
    """ALTER EVENT SESSION. Errors: 15151, 25625, 25704, 25705, 25706; 25707 for options of a session that runs."""
    changes = [_change(change) for change in node.changes]
    change_options = _options(node.options)

    def alter(frame: Frame) -> None:
        instance = frame.session.instance
        found = instance.event_sessions.get(fold(node.name))
        if found is None:
            raise missing("alter", "event session", node.name, node.line)
        restarting = [option.name for option in node.options if option.name != "STARTUP_STATE"]
        if restarting and found.started is not None:
            raise sql_error(25707, restarting[0].lower(), line=node.line)
        for change in changes:
            change(frame, found)
        change_options(found)
        if node.state is not None:
            if (found.started is not None) == (node.state == "START"):
                raise sql_error(25705 if node.state == "START" else 25704, line=node.line)
            if node.state == "START":
                instance.event_files.extend(found.start(instance.clock.now()))
            else:
                found.stop()

    return _step(node, "ALTER", alter)


def compile_drop(node: nodes.DropEventSession, compiler: UnitCompiler) -> Step:
    """DROP EVENT SESSION. Its files stay. Errors: 15151. NotSupported: system_health."""
    if fold(node.name) == SYSTEM_HEALTH:
        raise NotSupported(f"DROP EVENT SESSION {SYSTEM_HEALTH}", node.line)

    def drop(frame: Frame) -> None:
        if frame.session.instance.event_sessions.pop(fold(node.name), None) is None:
            raise missing("drop", "event session", node.name, node.line)

    return _step(node, "DROP", drop)


# --- Events and targets -----------------------------------------------------------------------------------------------


def _event(part: nodes.EventPart) -> str:
    """The name of an event. NotSupported: one that is never raised here."""
    name = part.name.lower()
    if EVENTS.get(name) != part.package.lower():
        raise NotSupported(f"the event {part.package}.{part.name}", part.line)
    return name


def _target(part: nodes.EventPart) -> tuple[str, dict[str, str]]:
    """The name and settings of a target. Errors: 25629, 25641. NotSupported: another one."""
    name = part.name.lower()
    if part.package.lower() != "package0" or name not in TARGET_SETTINGS:
        raise NotSupported(f"the target {part.package}.{part.name}", part.line)
    settings = {option.name: str(option.value) for option in part.settings}
    for setting in settings:
        if setting not in TARGET_SETTINGS[name]:
            raise sql_error(25629, "target", f"package0.{name}", setting, line=part.line)
    if name == EVENT_FILE and not settings.get("filename"):
        reason = "Target parameter at index 0 is invalid"
        raise sql_error(25641, "target", f"package0.{name}", "filename", reason, line=part.line)
    return name, settings


def _add_event(session: EventSession, event: str, number: int, line: int) -> None:
    if event in session.events:
        raise sql_error(number, "event", f"{EVENTS[event]}.{event}", line=line)
    session.events.append(event)


def _add_target(session: EventSession, target: EventTarget, number: int, line: int) -> None:
    if target.name in session.targets:
        raise sql_error(number, "target", f"package0.{target.name}", line=line)
    session.targets[target.name] = target


def _change(change: nodes.EventChange) -> Callable[[Frame, EventSession], None]:
    """Add or drop an event or target; a target that is added to a session that runs begins at once."""
    line = change.line
    event = change.kind == "EVENT"
    name, settings = (_event(change.part), {}) if event else _target_to(change)

    def add(frame: Frame, session: EventSession) -> None:
        if event:
            _add_event(session, name, 25625, line)
            return
        target = EventTarget(name, dict(settings))
        _add_target(session, target, 25625, line)
        if session.started is not None:
            file = target.open(frame.session.instance.clock.now())
            frame.session.instance.event_files.extend([] if file is None else [file])

    def drop(frame: Frame, session: EventSession) -> None:
        held: Sequence[str] = session.events if event else list(session.targets)
        if name not in held:
            shown = f"{EVENTS[name]}.{name}" if event else f"package0.{name}"
            raise sql_error(25706, "event" if event else "target", shown, line=line)
        if event:
            session.events.remove(name)
        else:
            del session.targets[name]

    return add if change.verb == "ADD" else drop


def _target_to(change: nodes.EventChange) -> tuple[str, dict[str, str]]:
    if change.verb == "ADD":
        return _target(change.part)
    name = change.part.name.lower()
    if name not in TARGET_SETTINGS:
        raise NotSupported(f"the target {change.part.package}.{change.part.name}", change.line)
    return name, {}


# --- Options ----------------------------------------------------------------------------------------------------------


def _options(options: Sequence[nodes.Option]) -> Callable[[EventSession], None]:
    """Sets the options. Errors: 25703. NotSupported: TRACK_CAUSALITY, which would add an action to each event."""
    found = [(option.name, *_option(option)) for option in options]

    def change(session: EventSession) -> None:
        for _, attribute, value in found:
            if attribute:
                setattr(session, attribute, value)

    return change


def _option(option: nodes.Option) -> tuple[str, object]:
    """The attribute of the session and its value; "" for none."""
    text = str(option.value)
    match option.name:
        case "MAX_MEMORY":
            return "memory", _kilobytes(option)
        case "MAX_EVENT_SIZE":
            return "event_size", _kilobytes(option)
        case "MAX_DISPATCH_LATENCY":
            return "latency", 0 if text == "INFINITE" else _number(option, text.removesuffix(" SECONDS"))
        case "EVENT_RETENTION_MODE" if text in RETENTION:
            return "retention", text
        case "MEMORY_PARTITION_MODE" if text in PARTITION:
            return "partition", text
        case "STARTUP_STATE" if text in ("ON", "OFF"):
            return "on_startup", text == "ON"
        case "TRACK_CAUSALITY" if text == "OFF":
            return "", None
        case "TRACK_CAUSALITY" if text == "ON":
            raise NotSupported("TRACK_CAUSALITY = ON", option.line)
        case "EVENT_RETENTION_MODE" | "MEMORY_PARTITION_MODE" | "STARTUP_STATE" | "TRACK_CAUSALITY":
            raise sql_error(25703, option.name.lower(), line=option.line)
    raise NotSupported(f"{option.name} of an event session", option.line)


def _kilobytes(option: nodes.Option) -> int:
    """A size: KB, or MB, which it is when no unit is given."""
    number, _, unit = str(option.value).partition(" ")
    return _number(option, number) * (1 if unit == "KB" else MEGABYTE)


def _number(option: nodes.Option, text: str) -> int:
    if not text.isdigit():
        raise sql_error(25703, option.name.lower(), line=option.line)
    return int(text)


STEPS: Mapping[type[nodes.Statement], StepCompiler] = {
    nodes.CreateEventSession: compile_create,
    nodes.AlterEventSession: compile_alter,
    nodes.DropEventSession: compile_drop,
}
