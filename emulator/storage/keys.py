"""Index keys: tuples of components whose Python order is the index's order.

A component is the column's value, its sort key (collated strings), or its reverse (descending columns). NULL sorts
before every value ("ORDER BY clause": NULL values are the lowest), so it is ``LOWEST`` in ascending columns and
``NULL_LAST`` in descending ones. ``HIGHEST`` is above everything and never part of a stored key: ``prefix +
(HIGHEST,)`` lies behind every key that begins with ``prefix``, as ``prefix`` itself lies before them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

Key = tuple[Any, ...]
Row = tuple[Any, ...]


class _Extreme:
    """A sentinel with a fixed place before (negative rank) or behind (positive rank) all other values."""

    __slots__ = ("_name", "_rank")

    def __init__(self, name: str, rank: int) -> None:
        self._name = name
        self._rank = rank

    def __lt__(self, other: object) -> bool:
        return self._rank < (other._rank if isinstance(other, _Extreme) else 0)

    def __gt__(self, other: object) -> bool:
        return self._rank > (other._rank if isinstance(other, _Extreme) else 0)

    def __le__(self, other: object) -> bool:
        return not self > other

    def __ge__(self, other: object) -> bool:
        return not self < other

    def __repr__(self) -> str:
        return self._name

    def __copy__(self) -> _Extreme:
        return self

    def __deepcopy__(self, memo: object) -> _Extreme:
        return self


LOWEST = _Extreme("LOWEST", -1)
NULL_LAST = _Extreme("NULL_LAST", 1)
HIGHEST = _Extreme("HIGHEST", 2)

INFINITY: Key = (HIGHEST,)
"""The lock key of the gap behind the last key of an index."""


class Reversed:
    """A component in reverse order."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __lt__(self, other: object) -> bool:
        return bool(other.value < self.value) if isinstance(other, Reversed) else NotImplemented

    def __gt__(self, other: object) -> bool:
        return bool(other.value > self.value) if isinstance(other, Reversed) else NotImplemented

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Reversed) and bool(other.value == self.value)

    def __hash__(self) -> int:
        return hash((Reversed, self.value))

    def __repr__(self) -> str:
        return f"Reversed({self.value!r})"


@dataclass(frozen=True, slots=True)
class KeyPart:
    """One key column: its place in the row and how its values sort.

    ``sort_key`` maps a value other than NULL to what is compared (None: the value itself). It must be the same for
    equal values (``'a'`` and ``'A'`` under a case-insensitive collation).
    """

    ordinal: int
    sort_key: Callable[[Any], Any] | None = None
    descending: bool = False
    nullable: bool = True

    def component(self) -> Callable[[Any], Any]:
        """The function from a column value to its key component."""
        null = NULL_LAST if self.descending else LOWEST
        sort_key = self.sort_key
        if self.descending:
            if sort_key is None:
                return lambda value: null if value is None else _reverse(value)
            return lambda value: null if value is None else _reverse(sort_key(value))
        if sort_key is None:
            return lambda value: null if value is None else value
        return lambda value: null if value is None else sort_key(value)


def _reverse(value: Any) -> Any:
    return -value if isinstance(value, int | float) else Reversed(value)


def key_encoder(parts: Sequence[KeyPart]) -> Callable[[Row], Key]:
    """The function from a row to its key in the order of ``parts``."""
    if all(part.sort_key is None and not part.descending and not part.nullable for part in parts):
        return _plain_encoder([part.ordinal for part in parts])
    ordinals = [part.ordinal for part in parts]
    components = [part.component() for part in parts]
    if len(parts) == 1:
        (a,), (f,) = ordinals, components
        return lambda row: (f(row[a]),)
    if len(parts) == 2:
        (a, b), (f, g) = ordinals, components
        return lambda row: (f(row[a]), g(row[b]))
    if len(parts) == 3:
        (a, b, c), (f, g, h) = ordinals, components
        return lambda row: (f(row[a]), g(row[b]), h(row[c]))
    pairs = list(zip(ordinals, components, strict=True))
    return lambda row: tuple([component(row[ordinal]) for ordinal, component in pairs])


def _plain_encoder(ordinals: list[int]) -> Callable[[Row], Key]:
    if len(ordinals) == 1:
        only = ordinals[0]
        return lambda row: (row[only],)
    if not ordinals:
        return lambda row: ()
    return itemgetter(*ordinals)


def prefix_encoder(parts: Sequence[KeyPart]) -> Callable[[Sequence[Any]], Key]:
    """The function from values of the first columns of a key (all or fewer) to that prefix of a key."""
    components = [part.component() for part in parts]
    return lambda values: tuple([component(value) for component, value in zip(components, values, strict=False)])


def prefix_range(prefix: Key) -> tuple[Key, Key]:
    """Bounds around every key that begins with ``prefix``, the lower one inclusive (a whole key is its own prefix)."""
    return prefix, (*prefix, HIGHEST)
