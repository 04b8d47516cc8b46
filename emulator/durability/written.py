"""The catalog as it was written last, and what has changed of it since.

The whole catalog is compared, whatever a transaction did to it, so that no kind of change can be forgotten. Where other
transactions have changed definitions, too, and not committed, their changes are left out. Whose a change is follows
from the undo records, which mention what is changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from emulator.durability.images import CONTAINERS, Encoder, EntryPath, entries
from emulator.durability.recovery import FORGOTTEN
from emulator.storage.transaction import Transaction

if TYPE_CHECKING:
    from emulator.instance import Instance

KEPT = ("databases", "security", "configuration", "user_messages", "event_sessions")
"""The attributes of an instance that hold its catalog."""


class WrittenCatalog:
    """``images`` are those that have been written, by path; ``entries`` what they are of, as of the last comparison,
    without what was left out."""

    def __init__(self, instance: Instance, images: dict[str, Any]) -> None:
        self.images = images
        self.entries: dict[str, Any] = {}
        self._instance = instance
        self._mentioned: dict[int, tuple[Any, EntryPath]] = {}
        self._encoder = Encoder({})

    def changes(self, others: Sequence[Transaction] = (), own: Transaction | None = None) -> dict[str, Any]:
        """The images of all that has changed, None for what is gone; from now on they count as written.

        What ``others`` have changed is left out, unless ``own`` has changed it, too. TypeError: something has no image.
        """
        found = dict(self._found())
        known = self._mentioned if others else {}
        self._mentioned = known | {id(part): (part, path) for path, part in _mentionable(found)}
        encoder = Encoder({id(entry): path for path, entry in found.items()}, self._encoder)
        left_out = {path for other in others for path in self._touched(other)}
        if own is not None and left_out:
            left_out -= self._touched(own)
        unwritten = {encoder.path(path) for path in left_out}
        present = {encoder.path(path): entry for path, entry in found.items() if path not in left_out}
        images = {path: encoder.entry(entry) for path, entry in present.items()}
        changed = {path: image for path, image in images.items() if self.images.get(path) != image}
        gone = [path for path in self.images if path not in images and path not in unwritten]
        self.images = images | {path: self.images[path] for path in unwritten if path in self.images}
        self.entries, self._encoder = present, encoder
        return changed | dict.fromkeys(gone)

    def path_of(self, entry: Any) -> str | None:
        """The path of a database object or database, None if it has not been written."""
        known = self._mentioned.get(id(entry))
        path = None if known is None else self._encoder.path(known[1])
        return path if path in self.images else None

    def _found(self) -> Iterator[tuple[EntryPath, Any]]:
        for attribute in KEPT:
            root = getattr(self._instance, attribute)
            if isinstance(root, CONTAINERS):
                yield from entries((attribute,), root)
                continue
            for key, item in root.items():
                if isinstance(item, CONTAINERS) and key != FORGOTTEN:
                    yield from entries((attribute, key), item)
                elif key != FORGOTTEN:
                    yield (attribute, key), item

    def _touched(self, transaction: Transaction) -> set[EntryPath]:
        """The paths of the entries that a transaction has changed."""
        touched: set[EntryPath] = set()
        for function, *arguments in transaction.records:
            for mentioned in (getattr(function, "__self__", None), *arguments):
                known = self._mentioned.get(id(mentioned))
                if known is None or isinstance(mentioned, CONTAINERS):
                    continue
                path = known[1]
                if isinstance(path[-1], _Items):
                    path = (*path[:-1], path[-1].field, arguments[0])
                touched.add(path)
        return touched


class _Items(str):
    """Ends the path of a container's dictionary itself: the name of its field. A key follows in those of its items."""

    __slots__ = ()

    @property
    def field(self) -> str:
        return str(self)


def _mentionable(found: dict[EntryPath, Any]) -> Iterable[tuple[EntryPath, Any]]:
    """What undo records can mention of the entries: themselves, their collections, items and dictionaries."""
    for path, entry in found.items():
        yield path, entry
        if isinstance(entry, dict):
            yield from ((path, part) for part in entry.values())
        elif isinstance(entry, CONTAINERS):
            for item in fields(entry):
                part = getattr(entry, item.name)
                if isinstance(part, dict):
                    yield (*path, _Items(item.name)), part
        else:
            names = getattr(type(entry), "__dataclass_fields__", ())
            parts = (getattr(entry, name) for name in names)
            yield from ((path, part) for part in parts if isinstance(part, list | set | dict))
