"""Definitions as records: what is kept of the catalog follows from its own dataclasses, not from a list of kinds.

The catalog is a tree of *containers* (databases, catalogs of principals). Each item of their dictionaries is an *entry*
with a path and an image of its own; so is the container itself without them. Fields marked ``TRANSIENT`` are left out.
A database object that is mentioned within another entry is written as the path of its own.

An image is JSON: plain values as they are; an object as ``{"$class": name, "$fields": {...}}`` without the fields that
have their default; tuples, sets, dictionaries and enumerations as objects with one marked member.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import MISSING, fields, is_dataclass
from decimal import Decimal
from enum import Enum
from functools import cache
from importlib import import_module
from typing import Any

from emulator.catalog.configuration import Configuration
from emulator.catalog.database import Database
from emulator.catalog.extended_properties import ExtendedProperties
from emulator.catalog.objects import DatabaseObject
from emulator.catalog.principals import PrincipalCatalog
from emulator.durability.files import DataError
from emulator.sql.nodes import Node
from emulator.types.sqltype import SqlType

EntryPath = tuple[Any, ...]
CONTAINERS = (Database, PrincipalCatalog, ExtendedProperties, Configuration)
PLAIN = frozenset({type(None), bool, int, float, str, bytes, SqlType})
"""Types whose values are their own images."""
MODULES = ("emulator.catalog.", "emulator.sql.nodes.", "emulator.types.sqltype.")
"""Only classes from here are written, and made again."""


def entries(path: EntryPath, container: Any) -> Iterator[tuple[EntryPath, Any]]:
    """The entries of a container and of those in it; the containers themselves come under their own paths."""
    yield path, container
    for item in fields(container):
        if item.metadata.get("transient"):
            continue
        value = getattr(container, item.name)
        if isinstance(value, CONTAINERS):
            yield from entries((*path, item.name), value)
        elif isinstance(value, dict):
            for key, entry in value.items():
                yield (*path, item.name, key), entry


class Encoder:
    """Makes images. ``paths`` has the paths of database objects by identity.

    Images of syntax trees, which never change, are kept from one use to the next.
    """

    def __init__(self, paths: dict[int, EntryPath], previous: Encoder | None = None) -> None:
        self._paths = paths
        self._old_trees = previous._trees if previous is not None else {}
        self._trees: dict[int, tuple[Node, Any]] = {}

    def path(self, path: EntryPath) -> str:
        """The path as text."""
        return json.dumps([self.value(part) for part in path])

    def entry(self, entry: Any) -> Any:
        """The image of an entry. TypeError: it holds something that has none."""
        if isinstance(entry, CONTAINERS):
            return self._object(entry)
        return self._object(entry) if isinstance(entry, DatabaseObject) else self.value(entry)

    def value(self, value: Any) -> Any:
        """The image of a value within an entry. TypeError: it has none."""
        if type(value) in PLAIN:
            return value
        if isinstance(value, Enum):
            return {"$enum": [_name_of(type(value)), value.value]}
        if isinstance(value, Decimal):
            return {"$decimal": str(value)}
        if isinstance(value, list):
            return [self.value(item) for item in value]
        if isinstance(value, tuple):
            items = [self.value(item) for item in value]
            return {"$tuple": items} if type(value) is tuple else {"$named": [_name_of(type(value)), *items]}
        if isinstance(value, set | frozenset):
            kind = "$set" if isinstance(value, set) else "$frozenset"
            return {kind: sorted((self.value(item) for item in value), key=repr)}
        if isinstance(value, dict):
            return {"$dict": [[self.value(key), self.value(item)] for key, item in value.items()]}
        if isinstance(value, DatabaseObject) and id(value) in self._paths:
            return {"$at": self.path(self._paths[id(value)])}
        if isinstance(value, Node):
            return self._tree(value)
        return self._object(value)

    def _tree(self, node: Node) -> Any:
        kept = self._old_trees.get(id(node))
        if kept is None:
            kept = node, self._object(node)
        self._trees[id(node)] = kept
        return kept[1]

    def _object(self, value: Any) -> Any:
        kind: Any = type(value)
        container = kind in CONTAINERS
        kept = {}
        for name, default in _kept_fields(kind):
            content = getattr(value, name)
            if content is default or (container and isinstance(content, (dict, *CONTAINERS))):
                continue
            kept[name] = content if type(content) in PLAIN else self.value(content)
        return {"$class": _name_of(kind), "$fields": kept}


class Decoder:
    """Makes entries of images again."""

    def __init__(self, images: dict[str, Any]) -> None:
        self._images = images
        kinds = {path: _class_of(image["$class"]) for path, image in images.items() if _is_object(image)}
        self.containers = [path for path, kind in kinds.items() if issubclass(kind, CONTAINERS)]
        """The paths of the containers."""
        self._objects: dict[str, Any] = {
            path: object.__new__(kind) for path, kind in kinds.items() if issubclass(kind, DatabaseObject)
        }

    def path(self, text: str) -> EntryPath:
        """The path that was written as ``text``."""
        return tuple(self.value(part) for part in json.loads(text))

    def entry(self, path: str) -> Any:
        """The entry at ``path``. DataError: it is of a kind that is not known."""
        made = self._objects.get(path)
        if made is None:
            return self.value(self._images[path])
        return self.fill(made, path)

    def field(self, path: str, name: str) -> Any:
        """One field of the image at ``path``."""
        return self.value(self._images[path]["$fields"][name])

    def fill(self, target: Any, path: str) -> Any:
        """``target`` with the fields that its image has."""
        return self._fill(target, self._images[path]["$fields"])

    def value(self, image: Any) -> Any:
        """The value of an image."""
        if isinstance(image, list):
            return [self.value(item) for item in image]
        if not isinstance(image, dict):
            return image
        if "$class" in image:
            return self._fill(object.__new__(_class_of(image["$class"])), image["$fields"])
        ((mark, content),) = image.items()
        match mark:
            case "$enum":
                return _class_of(content[0])(content[1])
            case "$decimal":
                return Decimal(content)
            case "$tuple":
                return tuple([self.value(item) for item in content])
            case "$named":
                return _class_of(content[0])(*[self.value(item) for item in content[1:]])
            case "$set":
                return {self.value(item) for item in content}
            case "$frozenset":
                return frozenset(self.value(item) for item in content)
            case "$dict":
                return {self.value(key): self.value(item) for key, item in content}
            case "$at":
                return self._objects[content]
        raise DataError(f"the data has a value of an unknown kind {mark!r}")

    def _fill(self, target: Any, kept: dict[str, Any]) -> Any:
        kind: Any = type(target)
        for name, content in kept.items():
            set_field(target, name, content if type(content) in PLAIN else self.value(content))
        if kind not in CONTAINERS:
            for name, default, factory in _defaults(kind):
                if name in kept:
                    continue
                if default is MISSING and factory is MISSING:
                    raise DataError(f"the data has a {kind.__name__} without {name}: it is of another version")
                set_field(target, name, factory() if default is MISSING else default)
        return target


set_field = object.__setattr__
"""Syntax trees and types are frozen."""


@cache
def _defaults(kind: Any) -> list[tuple[str, Any, Any]]:
    """The names of all fields with their default and its factory, MISSING where there is none."""
    return [(item.name, item.default, item.default_factory) for item in fields(kind)]


@cache
def _kept_fields(kind: Any) -> list[tuple[str, Any]]:
    """The names and defaults (MISSING: none) of the fields that are kept. TypeError: not a dataclass."""
    if not is_dataclass(kind):
        raise TypeError(f"{kind.__name__} cannot be kept; is it TRANSIENT?")
    return [(item.name, item.default) for item in fields(kind) if not item.metadata.get("transient")]


def _is_object(image: Any) -> bool:
    return isinstance(image, dict) and "$class" in image


@cache
def _name_of(kind: Any) -> str:
    name = f"{kind.__module__}.{kind.__qualname__}"
    if not name.startswith(MODULES):
        raise TypeError(f"{name} cannot be kept; is it TRANSIENT?")
    return name


@cache
def _class_of(name: str) -> Any:
    found = None
    if name.startswith(MODULES):
        module, _, attribute = name.rpartition(".")
        try:
            found = getattr(import_module(module), attribute, None)
        except ImportError:
            found = None
    if not isinstance(found, type):
        raise DataError(f"the data has a {name}, which this version does not know")
    return found
