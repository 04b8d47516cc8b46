"""FOR XML: the rows of a query as one XML text.

RAW makes an element of each row, AUTO nests joined tables, PATH takes column names for paths; EXPLICIT is in
``for_xml_explicit``.

Documentation: "FOR XML (SQL Server)" and the pages on the RAW, AUTO and PATH modes below it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from emulator.errors import NotSupported, sql_error
from emulator.planning.queries.for_xml_explicit import explicit_mode
from emulator.planning.queries.levels import Row, elements, levels_of
from emulator.planning.queries.select_list import Output
from emulator.sql import nodes
from emulator.types.documents import text_writer
from emulator.types.sqltype import SqlType, is_binary
from emulator.types.xml_documents import encoded_name, escape_attribute, escape_text, normalised

XML_COLUMN = "XML_F52E2B61-18A1-11d1-B105-00805F49916B"
"""The name of the column in which a client gets the text."""

_XSI: Final = ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'

Writer = Callable[[Any], str]
Render = Callable[[list[Row]], Iterable[str]]


@dataclass(slots=True)
class _Content:
    """A column as text, markup or part of a list inside an element; ``atomic``: see data()."""

    place: int
    write: Writer
    atomic: bool = False


@dataclass(slots=True)
class _Attribute:
    name: str
    place: int
    write: Writer


@dataclass(slots=True)
class _Element:
    """``nil``: NULL content gives the element with xsi:nil."""

    name: str
    attributes: list[_Attribute] = field(default_factory=list)
    children: list[_Element | _Content] = field(default_factory=list)
    nil: bool = False


_Node: TypeAlias = _Element | _Content


def xml_maker(clause: nodes.ForXml, outputs: Sequence[Output]) -> Callable[[list[Row]], str]:
    """The function that makes the text of the rows, of which there is at least one.

    Errors: 6809 a column without a name, 6829 binary data without BINARY BASE64, 6852 an attribute behind content,
    6864 attributes without a row element, and those of EXPLICIT.
    """
    explicit = clause.mode == "EXPLICIT"
    nil = clause.elements == "ELEMENTS XSINIL" or (
        explicit and any(output.name.lower().endswith("!elementxsinil") for output in outputs)
    )
    # The namespace stands on the outermost element there is.
    declared = _XSI if nil else ""
    on_rows = "" if clause.root is not None else declared
    render: Render
    if explicit:
        render = explicit_mode(outputs, on_rows, lambda output, escape: _writer(output.expr.type, escape), clause.line)
    elif clause.mode == "PATH":
        render = _path_mode(clause, outputs, on_rows, nil=nil)
    else:
        render = _table_modes(clause, outputs, on_rows, nil=nil)
    opening = closing = ""
    if clause.root is not None:
        root = encoded_name(clause.root)
        opening, closing = f"<{root}{declared}>", f"</{root}>"

    def make(rows: list[Row]) -> str:
        text = opening + "".join(render(rows)) + closing
        return normalised(text, keep_blanks=True) if clause.typed else text

    return make


def _writer(type: SqlType, escape: Writer) -> Writer:
    if type.name == "xml":
        return lambda value: value
    if type.name == "bit":
        return lambda value: "1" if value else "0"
    write = text_writer(type)
    return lambda value: escape(write(value))


# --- Elements ---------------------------------------------------------------------------------------------------------


def _write_element(element: _Element, row: Row, extra: str = "", *, always: bool = False) -> str:
    """The element with the values of ``row``; nothing if all are NULL, unless it must be there."""
    attributes = [
        f' {item.name}="{item.write(value)}"' for item in element.attributes if (value := row[item.place]) is not None
    ]
    parts = _parts(element.children, row)
    if not attributes and not parts and not always:
        return f'<{element.name} xsi:nil="true"/>' if element.nil else ""
    inside = "".join(parts)
    start = f"<{element.name}{extra}{''.join(attributes)}"
    return f"{start}>{inside}</{element.name}>" if parts else f"{start}/>"


def _parts(children: Sequence[_Node], row: Row) -> list[str]:
    parts: list[str] = []
    after_atomic = False
    for child in children:
        if isinstance(child, _Element):
            text = _write_element(child, row)
            if text:
                parts.append(text)
            after_atomic = False
            continue
        value = row[child.place]
        if value is None:
            continue
        if child.atomic and after_atomic:
            parts.append(" ")
        parts.append(child.write(value))
        after_atomic = child.atomic
    return parts


# --- PATH -------------------------------------------------------------------------------------------------------------

_ANONYMOUS: Final = ("", "*", "node()", "text()")


def _path_mode(clause: nodes.ForXml, outputs: Sequence[Output], extra: str, *, nil: bool) -> Render:
    top = _Element(encoded_name("row" if clause.element is None else clause.element))
    for place, output in enumerate(outputs):
        _add_path(top, output, place, nil=nil, line=clause.line)
    if top.name:
        return lambda rows: (_write_element(top, row, extra, always=True) for row in rows)
    if top.attributes:
        raise sql_error(6864, line=clause.line)
    return lambda rows: ("".join(_parts(top.children, row)) for row in rows)


def _add_path(top: _Element, output: Output, place: int, *, nil: bool, line: int) -> None:
    """Enter a column: neighbours whose names share the first steps share the elements. Errors: 6850, 6852."""
    *path, last = output.name.split("/")
    element = top
    for step in path:
        element = _child(element, step, output, line)
    type = output.expr.type
    if last.startswith("@"):
        if element.children:
            raise sql_error(6852, output.name, line=line)
        element.attributes.append(_Attribute(_checked(last[1:], output, line), place, _writer(type, escape_attribute)))
    elif last in _ANONYMOUS:
        element.children.append(_Content(place, _writer(type, escape_text)))
    elif last == "data()":
        element.children.append(_Content(place, _writer(type, escape_text), atomic=True))
    elif last == "comment()":
        write = _writer(type, str)
        element.children.append(_Content(place, lambda value: f"<!--{write(value)}-->"))
    elif "(" in last:
        raise NotSupported(f"{last} in FOR XML PATH", line)
    else:
        leaf = _child(element, last, output, line)
        leaf.nil = nil
        leaf.children.append(_Content(place, _writer(type, escape_text)))


def _child(element: _Element, name: str, output: Output, line: int) -> _Element:
    name = _checked(name, output, line)
    last = element.children[-1] if element.children else None
    if not (isinstance(last, _Element) and last.name == name):
        last = _Element(name)
        element.children.append(last)
    return last


def _checked(name: str, output: Output, line: int) -> str:
    """Names in paths are not encoded. Errors: 6850."""
    if not name or any(encoded_name(part) != part for part in name.split(":")):
        raise sql_error(6850, "Column", output.name, line=line)
    return name


# --- RAW and AUTO -----------------------------------------------------------------------------------------------------


def _table_modes(clause: nodes.ForXml, outputs: Sequence[Output], extra: str, *, nil: bool) -> Render:
    for output in outputs:
        if not output.name:
            raise sql_error(6809, line=clause.line)
        if is_binary(output.expr.type) and not clause.binary_base64:
            raise sql_error(6829, output.name, line=clause.line)
    if clause.mode == "RAW":
        name = "row" if clause.element is None else encoded_name(clause.element)
        row_element = _tagged(name, range(len(outputs)), outputs, clause, nil=nil)
        return lambda rows: (_write_element(row_element, row, extra, always=True) for row in rows)
    levels = levels_of(outputs)
    if not levels:
        raise sql_error(6813, line=clause.line)
    tags = [_tagged(encoded_name(level.name), level.places, outputs, clause, nil=nil) for level in levels]

    def render(rows: list[Row], depth: int = 0) -> Iterable[str]:
        for first, members in elements(levels, depth, rows):
            text = _write_element(tags[depth], first, "" if depth else extra, always=True)
            if depth < len(levels) - 1:
                inner = "".join(render(members, depth + 1))
                closing = f"</{tags[depth].name}>"
                text = f"{text.removesuffix(closing) if text.endswith(closing) else text[:-2] + '>'}{inner}{closing}"
            yield text

    return render


def _tagged(
    name: str, places: Iterable[int], outputs: Sequence[Output], clause: nodes.ForXml, *, nil: bool
) -> _Element:
    """Columns as attributes, or with ELEMENTS, and of type xml always, as elements."""
    element = _Element(name)
    for place in places:
        output = outputs[place]
        column, type = encoded_name(output.name), output.expr.type
        if clause.elements is None and type.name != "xml":
            if any(other.name == column for other in element.attributes):
                raise sql_error(6810, output.name, line=clause.line)
            element.attributes.append(_Attribute(column, place, _writer(type, escape_attribute)))
        else:
            leaf = _Element(column, children=[_Content(place, _writer(type, escape_text))], nil=nil)
            element.children.append(leaf)
    return element
