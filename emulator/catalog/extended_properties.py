"""Extended properties: named values that tools attach to the objects of a database, such as descriptions.

Documentation: ``sys.extended_properties`` for the ids.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from emulator.catalog.objects import DatabaseObject, fold


@dataclass(frozen=True, slots=True)
class Target:
    """What a property belongs to, by the ids of ``sys.extended_properties``.

    ``kind`` and ``name`` are those of its last level, None for the database. ``item`` is the object that the
    permission to change its properties is on, None for a schema, a user or the database.
    """

    property_class: int
    major_id: int
    minor_id: int
    kind: str | None
    name: str | None
    item: DatabaseObject | None = None


@dataclass(frozen=True, slots=True)
class Property:
    """``value`` is a value of sql_variant, None for NULL."""

    target: Target
    name: str
    value: Any


@dataclass(slots=True, eq=False)
class ExtendedProperties:
    """The properties of one database, by the ids of their targets and their folded names."""

    _properties: dict[tuple[int, int, int, str], Property] = field(default_factory=dict)

    def __iter__(self) -> Iterator[Property]:
        return iter([found for _, found in sorted(self._properties.items())])

    def find(self, target: Target, name: str) -> Property | None:
        """The property of that name, in any case."""
        return self._properties.get((target.property_class, target.major_id, target.minor_id, fold(name)))

    def of(self, target: Target) -> list[Property]:
        """All properties of ``target``."""
        wanted = (target.property_class, target.major_id, target.minor_id)
        return [found for key, found in sorted(self._properties.items()) if key[:3] == wanted]

    def owned_by(self, classes: Iterable[int], major_id: int, minor_id: int | None = None) -> list[Property]:
        """The properties of an object with all its parts, or of one part."""
        return [
            found
            for (number, major, minor, _), found in self._properties.items()
            if number in classes and major == major_id and minor_id in (None, minor)
        ]

    def put(self, item: Property) -> None:
        """Add the property or give it another value."""
        self._properties[self._key(item)] = item

    def take(self, item: Property) -> None:
        """Remove the property."""
        del self._properties[self._key(item)]

    @staticmethod
    def _key(item: Property) -> tuple[int, int, int, str]:
        target = item.target
        return target.property_class, target.major_id, target.minor_id, fold(item.name)
