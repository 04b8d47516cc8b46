"""Paths into xml values: the part of XQuery that the methods of the xml type understand here.

Steps along child, attribute, parent, self and descendant axes, name tests, ``*``, ``text()``, ``node()``, and the
predicates ``[n]``, ``[@name="value"]`` and ``[name="value"]``; a path in brackets may have ``[n]`` behind it. Where one
value is asked for, ``local-name(path)`` and ``count(path)``, too. Anything else of XQuery is refused.

Documentation: "Path expressions (XQuery)", "value() method (xml data type)", "local-name Function (XQuery)", "count
Function (XQuery)".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, TypeAlias

from emulator.errors import NotSupported
from emulator.types.xml_documents import Child, Element, Markup, Text, descendants, escape_attribute, write

KEPT_PATHS: Final = 500


@dataclass(frozen=True, slots=True, eq=False)
class Attribute:
    """An attribute as a node."""

    owner: Element
    name: str
    value: str


Node: TypeAlias = "Child | Attribute"


class Reference(str):
    """The value of a column of nodes(): a node in its document. Its text is the node's."""

    node: Node

    @classmethod
    def to(cls, node: Node) -> Reference:
        reference = cls(node_text(node))
        reference.node = node
        return reference


Filter: TypeAlias = Callable[[Sequence[Node]], Sequence[Node]]


@dataclass(frozen=True, slots=True)
class Step:
    """One step: the nodes it leads to from a node, then what predicates leave of them. ``single``: at most one."""

    walk: Callable[[Node], Iterable[Node]]
    filters: tuple[Filter, ...] = ()
    single: bool = False


@dataclass(frozen=True, slots=True)
class Path:
    """A compiled path. ``single``: it can lead to one node at most, from one node."""

    absolute: bool
    steps: tuple[Step, ...]
    filters: tuple[Filter, ...] = ()
    single: bool = False

    def select(self, context: Node) -> Sequence[Node]:
        """The nodes that the path leads to, in document order."""
        found: Sequence[Node] = [_root(context) if self.absolute else context]
        for step in self.steps:
            found = _distinct([node for start in found for node in _filtered(list(step.walk(start)), step.filters)])
        return _filtered(found, self.filters)


@dataclass(frozen=True, slots=True)
class Item:
    """What value() asks for: ``take`` makes the value of the nodes that ``path`` leads to, None if there is none.

    ``single``: it is one value at most.
    """

    path: Path
    take: Callable[[Sequence[Node]], str | None]
    single: bool

    def of(self, context: Node) -> str | None:
        """The value, from ``context`` on."""
        return self.take(self.path.select(context))


def node_text(node: Node) -> str:
    """The XML text of a node."""
    return f'{node.name}="{escape_attribute(node.value)}"' if isinstance(node, Attribute) else write(node)


def string_value(node: Node) -> str:
    """The node as an untyped atomic value."""
    if isinstance(node, Element):
        return node.text()
    return node.value


def _root(node: Node) -> Element:
    if isinstance(node, Attribute):
        return node.owner.root
    if isinstance(node, Element):
        return node.root
    assert node.parent is not None
    return node.parent.root


def _filtered(nodes: Sequence[Node], filters: Iterable[Filter]) -> Sequence[Node]:
    for keep in filters:
        nodes = keep(nodes)
    return nodes


def _distinct(nodes: Sequence[Node]) -> Sequence[Node]:
    return list({id(node): node for node in nodes}.values())


# --- Parsing ----------------------------------------------------------------------------------------------------------

_NAME = r"[^\W\d][\w.\-]*(?::[^\W\d][\w.\-]*)?"
_STEP = re.compile(rf"\s*(?:child::\s*)?(\.\.|\.|@\*|@{_NAME}|text\(\s*\)|node\(\s*\)|\*|{_NAME})\s*")
_SLASHES = re.compile(r"\s*(//|/)")
_CALL = re.compile(r"\s*(?:fn:)?(local-name|count)\s*\((.*)\)\s*", re.DOTALL)
_POSITION = re.compile(r"\s*\[\s*(\d+)\s*\]\s*")
_EQUALITY = re.compile(rf"""\s*\[\s*(@?{_NAME}|\.)\s*(?:=|eq)\s*(?:"([^"]*)"|'([^']*)'|(\d+))\s*\]\s*""")


@lru_cache(KEPT_PATHS)
def parse_item(text: str) -> Item:
    """NotSupported: anything but a path or a function of one, as described above."""
    call = _CALL.fullmatch(text)
    if call is None:
        path = parse_path(text)
        return Item(path, lambda nodes: string_value(nodes[0]) if nodes else None, path.single)
    path = parse_path(call[2])
    if call[1] == "count":
        return Item(path, lambda nodes: str(len(nodes)), single=True)
    return Item(path, lambda nodes: _local_name(nodes[0]) if nodes else "", path.single)


def _local_name(node: Node) -> str:
    return node.name.rpartition(":")[2] if isinstance(node, Element | Attribute) else ""


@lru_cache(KEPT_PATHS)
def parse_path(text: str) -> Path:
    """NotSupported: anything but a path as described above."""
    stripped = text.strip()
    if stripped.startswith("("):
        end = stripped.rfind(")")
        inner, filters, single = parse_path(stripped[1:end]), *_predicates(stripped, end + 1, text)[:2]
        return Path(inner.absolute, inner.steps, (*inner.filters, *filters), single=single or inner.single)
    absolute = stripped.startswith("/")
    steps: list[Step] = []
    position, first = 0, True
    while position < len(stripped) or first:
        slashes = _SLASHES.match(stripped, position)
        if slashes is None and not first:
            raise _refused(text)
        if slashes is not None:
            position = slashes.end()
            if slashes[1] == "//":
                steps.append(Step(_self_and_descendants))
            elif position == len(stripped) and first:
                break
        first = False
        step, position = _step(stripped, position, text)
        steps.append(step)
    return Path(absolute, tuple(steps), single=all(step.single for step in steps))


def _refused(text: str) -> NotSupported:
    return NotSupported(f"XQuery {text!r}")


def _step(text: str, position: int, whole: str) -> tuple[Step, int]:
    match = _STEP.match(text, position)
    if match is None or text[match.end() : match.end() + 1] == "(":
        raise _refused(whole)
    test = match[1]
    filters, single, end = _predicates_at(text, match.end(), whole)
    return Step(_walker(test), filters, single=single or test in (".", "..") or test[0] == "@" != test[1:]), end


def _predicates(text: str, position: int, whole: str) -> tuple[tuple[Filter, ...], bool, int]:
    found = _predicates_at(text, position, whole)
    if found[2] != len(text):
        raise _refused(whole)
    return found


def _predicates_at(text: str, position: int, whole: str) -> tuple[tuple[Filter, ...], bool, int]:
    """The predicates from ``position`` on, whether one of them is a position, and where they end."""
    filters: list[Filter] = []
    single = False
    while text[position:].lstrip().startswith("["):
        numbered, equal = _POSITION.match(text, position), _EQUALITY.match(text, position)
        if numbered is not None:
            filters.append(_at(int(numbered[1])))
            single, position = True, numbered.end()
        elif equal is not None:
            value = next(group for group in equal.groups()[1:] if group is not None)
            filters.append(_with_value(_walker(equal[1]), value))
            position = equal.end()
        else:
            raise _refused(whole)
    return tuple(filters), single, position


def _at(place: int) -> Filter:
    return lambda nodes: nodes[place - 1 : place] if place else []


def _with_value(walk: Callable[[Node], Iterable[Node]], value: str) -> Filter:
    return lambda nodes: [node for node in nodes if any(string_value(found) == value for found in walk(node))]


# --- Axes -------------------------------------------------------------------------------------------------------------


def _walker(test: str) -> Callable[[Node], Iterable[Node]]:
    if test == ".":
        return lambda node: (node,)
    if test == "..":
        return _parent
    if test.startswith("@"):
        return _attributes(None if test == "@*" else test[1:])
    if test.startswith("text("):
        return lambda node: [child for child in _children(node) if isinstance(child, Text)]
    if test.startswith("node("):
        return _children
    wanted = None if test == "*" else test
    return lambda node: [
        child for child in _children(node) if isinstance(child, Element) and wanted in (None, child.name)
    ]


def _children(node: Node) -> Sequence[Node]:
    return node.children if isinstance(node, Element) else ()


def _parent(node: Node) -> Iterable[Node]:
    parent = node.owner if isinstance(node, Attribute) else node.parent
    return () if parent is None else (parent,)


def _attributes(wanted: str | None) -> Callable[[Node], Iterable[Node]]:
    def attributes(node: Node) -> Iterable[Node]:
        if not isinstance(node, Element):
            return ()
        return [Attribute(node, name, value) for name, value in node.attributes.items() if wanted in (None, name)]

    return attributes


def _self_and_descendants(node: Node) -> Iterable[Node]:
    yield node
    if isinstance(node, Element):
        yield from (child for child in descendants(node) if not isinstance(child, Markup))
