"""FOR XML EXPLICIT: the rows of a "universal table" as elements, each under the open element that its parent tag names.

Documentation: "Use EXPLICIT mode with FOR XML" and the pages of its directives.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from emulator.errors import NotSupported, sql_error
from emulator.planning.queries.levels import Row
from emulator.planning.queries.select_list import Output
from emulator.types.sqltype import is_integer
from emulator.types.xml_documents import escape_attribute, escape_text

Writer = Callable[[Any], str]
WriterOf = Callable[[Output, Writer], Writer]

_DIRECTIVES: Final = ("", "element", "elementxsinil", "xml", "cdata", "hide", "id", "idref")
_TAG, _PARENT, _LEAST_COLUMNS = 0, 1, 3


@dataclass(frozen=True, slots=True)
class _Column:
    """What a column of the table becomes in its element. ``name`` is "" for content of the element itself."""

    place: int
    name: str
    directive: str
    write: Writer


@dataclass(slots=True)
class _Tag:
    name: str
    columns: list[_Column] = field(default_factory=list)


@dataclass(slots=True)
class _Open:
    """An element that is being written: ``inside`` is what it contains so far."""

    tag: int
    start: str
    name: str
    inside: list[str]

    def close(self) -> str:
        content = "".join(self.inside)
        return f"{self.start}>{content}</{self.name}>" if self.inside else f"{self.start}/>"


def explicit_mode(
    outputs: Sequence[Output], extra: str, writer_of: WriterOf, line: int
) -> Callable[[list[Row]], list[str]]:
    """The function that makes the outermost elements of the rows.

    Errors: 6801 to 6804 columns that are none of a universal table; at run time 6806, 6807, 6833.
    """
    if len(outputs) < _LEAST_COLUMNS:
        raise sql_error(6801, line=line)
    for place, number in ((_TAG, 6803), (_PARENT, 6804)):
        expr = outputs[place].expr
        if not (is_integer(expr.type) or expr.is_null_literal):
            raise sql_error(number, line=line)
    tags = _tags(outputs, writer_of, line)

    def render(rows: list[Row]) -> list[str]:
        finished: list[str] = []
        opened: list[_Open] = []

        def close() -> None:
            text = opened.pop().close()
            (opened[-1].inside if opened else finished).append(text)

        for row in rows:
            number, parent = row[_TAG], row[_PARENT] or 0
            tag = tags.get(number)
            if tag is None:
                raise sql_error(6806, number)
            if parent and parent not in tags:
                raise sql_error(6807, parent)
            if parent and all(element.tag != parent for element in opened):
                raise sql_error(6833, parent)
            while opened and opened[-1].tag != parent:
                close()
            opened.append(_opened(number, tag, row, "" if opened else extra))
        while opened:
            close()
        return finished

    return render


def _tags(outputs: Sequence[Output], writer_of: WriterOf, line: int) -> dict[int, _Tag]:
    tags: dict[int, _Tag] = {}
    for place, output in enumerate(outputs[_PARENT + 1 :], start=_PARENT + 1):
        name, *rest = output.name.split("!")
        if not name or not rest or not rest[0].isdigit() or len(rest) > _LEAST_COLUMNS:
            raise sql_error(6802, output.name, line=line)
        attribute, directive = [*rest[1:], "", ""][:2]
        directive = directive.lower()
        if directive not in _DIRECTIVES:
            raise NotSupported(f"directive {directive} of FOR XML EXPLICIT", line)
        escape: Writer = escape_text
        if directive in ("xml", "cdata"):
            escape = str
        elif attribute and directive in ("", "id", "idref"):
            escape = escape_attribute
        tag = tags.setdefault(int(rest[0]), _Tag(name))
        tag.columns.append(_Column(place, attribute, directive, writer_of(output, escape)))
    return tags


def _opened(number: int, tag: _Tag, row: Row, extra: str) -> _Open:
    attributes, inside = [], []
    for column in tag.columns:
        value = row[column.place]
        if column.directive == "hide":
            continue
        if value is None:
            if column.directive == "elementxsinil":
                inside.append(f'<{column.name} xsi:nil="true"/>')
            continue
        text = column.write(value)
        if column.directive == "cdata":
            inside.append(f"<![CDATA[{text}]]>")
        elif not column.name:
            inside.append(text)
        elif column.directive in ("element", "elementxsinil", "xml"):
            inside.append(f"<{column.name}>{text}</{column.name}>")
        else:
            attributes.append(f' {column.name}="{text}"')
    return _Open(number, f"<{tag.name}{extra}{''.join(attributes)}", tag.name, inside)
