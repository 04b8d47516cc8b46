"""CREATE and ALTER SEQUENCE.

Documentation: "CREATE SEQUENCE (Transact-SQL)", "ALTER SEQUENCE (Transact-SQL)".
"""

from __future__ import annotations

from collections.abc import Mapping

from emulator.catalog.objects import Sequence
from emulator.errors import sql_error
from emulator.execution.definitions.access import Place, definition_step, enter, find_to_change, place_of, touch, undo
from emulator.execution.definitions.shapes import resolve_type
from emulator.execution.frames import Frame, Step
from emulator.execution.units import StepCompiler, UnitCompiler
from emulator.sql import nodes
from emulator.types.sqltype import SqlType

INTEGER_RANGES = {
    "tinyint": (0, 255),
    "smallint": (-(2**15), 2**15 - 1),
    "int": (-(2**31), 2**31 - 1),
    "bigint": (-(2**63), 2**63 - 1),
}


def compile_sequence(node: nodes.CreateSequence, compiler: UnitCompiler) -> Step:
    """CREATE SEQUENCE and ALTER SEQUENCE."""
    database = compiler.database

    def create_sequence(frame: Frame) -> None:
        place = place_of(frame, compiler, node.name, database)
        type = resolve_type(node.type, place.context)[0] if node.type else SqlType("bigint")
        place.changing_schema()
        enter(frame.session, place.database, _sequence(node, place, type))

    def alter_sequence(frame: Frame) -> None:
        place = place_of(frame, compiler, node.name, database)
        _alter(frame, node, place)

    return definition_step(node, create_sequence if node.action == "CREATE" else alter_sequence)


def _range(type: SqlType, name: str, line: int) -> tuple[int, int]:
    """The least and the largest value of a type. Errors: 11702."""
    if type.name in INTEGER_RANGES:
        return INTEGER_RANGES[type.name]
    if type.name in ("decimal", "numeric") and type.scale == 0:
        return -(10**type.precision) + 1, 10**type.precision - 1
    raise sql_error(11702, name, line=line)


def _sequence(node: nodes.CreateSequence, place: Place, type: SqlType) -> Sequence:
    low, high = _range(type, place.name, node.line)
    increment = 1 if node.increment is None else node.increment
    minimum = low if node.minimum is None else node.minimum
    maximum = high if node.maximum is None else node.maximum
    start = node.start_with if node.start_with is not None else (minimum if increment > 0 else maximum)
    if increment == 0:
        raise sql_error(11700, place.name, line=node.line)
    if not low <= minimum < maximum <= high:
        raise sql_error(11705, place.name, line=node.line)
    if not minimum <= start <= maximum:
        raise sql_error(11703, place.name, line=node.line)
    return Sequence(
        place.existing_schema(),
        place.name,
        type=type,
        start=start,
        increment=increment,
        minimum=minimum,
        maximum=maximum,
        cycle=bool(node.cycle),
        cache=node.cache,
    )


def _alter(frame: Frame, node: nodes.CreateSequence, place: Place) -> None:
    """Errors: 208, 3701 without permission, 11700, 11703, 11704, 11705, 11710 START WITH."""
    session = frame.session
    sequence = find_to_change(session, place.database, place.schema, place.name)
    if not isinstance(sequence, Sequence):
        raise sql_error(208, str(node.name), line=node.line)
    place.require_drop(sequence, "sequence", "alter")
    if node.start_with is not None and not node.restart:
        raise sql_error(11710, line=node.line)
    low, high = _range(sequence.type, place.name, node.line)
    increment = sequence.increment if node.increment is None else node.increment
    minimum = low if "MINVALUE" in node.removed else sequence.minimum if node.minimum is None else node.minimum
    maximum = high if "MAXVALUE" in node.removed else sequence.maximum if node.maximum is None else node.maximum
    start = sequence.start if node.start_with is None else node.start_with
    current = None if node.restart else sequence.current
    if increment == 0:
        raise sql_error(11700, place.name, line=node.line)
    if not low <= minimum < maximum <= high:
        raise sql_error(11705, place.name, line=node.line)
    if not minimum <= start <= maximum:
        raise sql_error(11703, place.name, line=node.line)
    if current is not None and not minimum <= current <= maximum:
        raise sql_error(11704, current, place.name, line=node.line)
    changes = {
        "increment": increment,
        "minimum": minimum,
        "maximum": maximum,
        "start": start,
        "current": current,
        "cycle": sequence.cycle if node.cycle is None else node.cycle,
        "cache": None if "CACHE" in node.removed else node.cache or sequence.cache,
    }
    for field, value in changes.items():
        undo(session, setattr, sequence, field, getattr(sequence, field))
        setattr(sequence, field, value)
    touch(session, place.database, sequence)


STEPS: Mapping[type[nodes.Statement], StepCompiler] = {nodes.CreateSequence: compile_sequence}
