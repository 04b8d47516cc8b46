"""FOR JSON: the rows of a query as one JSON text.

Documentation: "Format query results as JSON with FOR JSON" and the pages on PATH and AUTO mode, ROOT,
INCLUDE_NULL_VALUES and WITHOUT_ARRAY_WRAPPER below it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from emulator.errors import sql_error
from emulator.execution.functions.json_documents import quoted
from emulator.planning.expressions.json import is_json
from emulator.planning.queries.levels import Level, Row, elements, levels_of
from emulator.planning.queries.select_list import Output
from emulator.sql import nodes
from emulator.types.documents import text_writer
from emulator.types.sqltype import is_numeric

JSON_COLUMN = "JSON_F52E2B61-18A1-11d1-B105-00805F49916B"
"""The name of the column in which a client gets the text."""

Writer = Callable[[Any], str]


@dataclass(slots=True)
class _Property:
    """A member of an object: a column at ``place``, or an object of ``members``."""

    name: str
    place: int = -1
    write: Writer = quoted
    members: list[_Property] = field(default_factory=list)


def json_maker(clause: nodes.ForJson, outputs: Sequence[Output]) -> Callable[[list[Row]], str]:
    """The function that makes the text of the rows, of which there is at least one.

    Errors: 13600 AUTO without a table, 13601 two columns of one name, 13605 a column without a name, 13620.
    """
    if clause.root is not None and clause.without_array_wrapper:
        raise sql_error(13620, line=clause.line)
    for output in outputs:
        if not output.name:
            raise sql_error(13605, line=clause.line)
    render: Callable[[list[Row]], Iterable[str]]
    if clause.mode == "PATH":
        properties = _tree(outputs, clause.line)
        render = _path_objects(properties, keep_nulls=clause.include_null_values)
    else:
        render = _auto_objects(outputs, clause)
    opening, closing = "[", "]"
    if clause.without_array_wrapper:
        opening = closing = ""
    elif clause.root is not None:
        opening, closing = f"{{{quoted(clause.root)}:[", "]}"
    return lambda rows: opening + ",".join(render(rows)) + closing


def _writer(output: Output) -> Writer:
    """Numbers and bits are bare, JSON of other functions is put in as it is, everything else is a string."""
    if output.node is not None and is_json(output.node):
        return str
    if output.expr.type.name == "bit":
        return lambda value: "true" if value else "false"
    write = text_writer(output.expr.type)
    return write if is_numeric(output.expr.type) else lambda value: quoted(write(value))


# --- PATH -------------------------------------------------------------------------------------------------------------


def _tree(outputs: Sequence[Output], line: int) -> list[_Property]:
    """The properties, with columns whose names share the part before a dot in one object. Errors: 13601."""
    top: list[_Property] = []
    for place, output in enumerate(outputs):
        members = top
        *path, last = output.name.split(".")
        for step in path:
            if not (members and members[-1].name == step and members[-1].place < 0):
                _check_new(step, members, output, line)
                members.append(_Property(step))
            members = members[-1].members
        _check_new(last, members, output, line)
        members.append(_Property(last, place, _writer(output)))
    return top


def _check_new(name: str, members: Sequence[_Property], output: Output, line: int) -> None:
    if any(member.name == name for member in members):
        raise sql_error(13601, output.name, line=line)


def _path_objects(properties: Sequence[_Property], *, keep_nulls: bool) -> Callable[[list[Row]], Iterable[str]]:
    def members_of(properties: Sequence[_Property], row: Row) -> list[str]:
        found = []
        for item in properties:
            if item.place < 0:
                inner = members_of(item.members, row)
                if inner:
                    found.append(f"{quoted(item.name)}:{{{','.join(inner)}}}")
                continue
            value = row[item.place]
            if value is not None:
                found.append(f"{quoted(item.name)}:{item.write(value)}")
            elif keep_nulls:
                found.append(f"{quoted(item.name)}:null")
        return found

    return lambda rows: (f"{{{','.join(members_of(properties, row))}}}" for row in rows)


# --- AUTO -------------------------------------------------------------------------------------------------------------


def _auto_objects(outputs: Sequence[Output], clause: nodes.ForJson) -> Callable[[list[Row]], Iterable[str]]:
    levels = levels_of(outputs)
    if not levels:
        raise sql_error(13600, line=clause.line)
    properties = [_level_properties(levels, depth, outputs, clause.line) for depth in range(len(levels))]
    writers = [_path_objects(level, keep_nulls=clause.include_null_values) for level in properties]

    def render(rows: list[Row], depth: int = 0) -> Iterable[str]:
        for first, members in elements(levels, depth, rows):
            (text,) = writers[depth]([first])
            if depth < len(levels) - 1:
                inner = f"{quoted(levels[depth + 1].name)}:[{','.join(render(members, depth + 1))}]"
                text = f"{text[:-1]}{',' if text != '{}' else ''}{inner}}}"
            yield text

    return render


def _level_properties(levels: Sequence[Level], depth: int, outputs: Sequence[Output], line: int) -> list[_Property]:
    """Dots in names mean nothing here. The inner level is a property, too. Errors: 13601."""
    found: list[_Property] = []
    for place in levels[depth].places:
        _check_new(outputs[place].name, found, outputs[place], line)
        found.append(_Property(outputs[place].name, place, _writer(outputs[place])))
    return found
