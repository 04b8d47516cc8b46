"""The hierarchy that FOR JSON AUTO and FOR XML AUTO make of joined tables.

Each table that the select list has columns of is a level, in the order in which the list first names it; a column that
is no table's own belongs to the level of the column before it. Neighbouring rows with equal values in the columns of a
level share one element there, whose inner levels hold what differs. The innermost level has an element for each row.

Documentation: "Format JSON output automatically with AUTO mode", "Use AUTO Mode with FOR XML".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from emulator.planning.queries.select_list import Output
from emulator.types.comparison import sort_key

Row = tuple[Any, ...]


@dataclass(slots=True)
class Level:
    """One table of the hierarchy: its name, the places of its columns, and what tells its elements apart."""

    name: str
    places: list[int] = field(default_factory=list)
    key: Callable[[Row], Any] = lambda row: row


def levels_of(outputs: Sequence[Output]) -> list[Level]:
    """The levels of a select list, outermost first; empty if none of its columns is a table's."""
    by_slot: dict[int, Level] = {}
    first = next((output.source for output in outputs if output.source is not None), None)
    if first is None:
        return []
    current = by_slot[first.slot] = Level(first.alias)
    for place, output in enumerate(outputs):
        if output.source is not None:
            current = by_slot.setdefault(output.source.slot, Level(output.source.alias))
        current.places.append(place)
    for level in by_slot.values():
        level.key = _key(level.places, outputs)
    return list(by_slot.values())


def elements(levels: Sequence[Level], depth: int, rows: Iterable[Row]) -> Iterator[tuple[Row, list[Row]]]:
    """The elements of a level among ``rows``: the first row of each, and all of them."""
    if depth == len(levels) - 1:
        for row in rows:
            yield row, [row]
        return
    for _, group in groupby(rows, levels[depth].key):
        members = list(group)
        yield members[0], members


def _key(places: Sequence[int], outputs: Sequence[Output]) -> Callable[[Row], Any]:
    parts = [(place, _comparable(outputs[place])) for place in places]

    def key(row: Row) -> Any:
        return tuple([value if (value := row[place]) is None or part is None else part(value) for place, part in parts])

    return key


def _comparable(output: Output) -> Callable[[Any], Any] | None:
    """xml, text and the like cannot be compared in T-SQL, but here by their text."""
    if output.expr.type.name in ("xml", "text", "ntext", "image"):
        return None
    return sort_key(output.expr.type)
