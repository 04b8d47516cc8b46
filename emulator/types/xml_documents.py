"""XML values: text that has been parsed once, so that it is well-formed and written in one way.

An xml value may be a fragment: several elements, and text beside them. White space between elements is dropped, unless
asked for; an element without content is written ``<a/>``; entities and CDATA become plain text.

Documentation: "Create instances of XML data", "xml (Transact-SQL)".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, TypeAlias
from xml.parsers import expat

from emulator.errors import NotSupported, SqlError, sql_error


@dataclass(slots=True, eq=False)
class Text:
    """A text node."""

    value: str
    parent: Element | None = None


@dataclass(slots=True, eq=False)
class Markup:
    """A comment or processing instruction, as it is written."""

    value: str
    parent: Element | None = None


@dataclass(slots=True, eq=False)
class Element:
    """An element; the root of a document is one without a name."""

    name: str
    attributes: dict[str, str] = field(default_factory=dict)
    children: list[Child] = field(default_factory=list)
    parent: Element | None = None

    def append(self, child: Child) -> None:
        child.parent = self
        self.children.append(child)

    def text(self) -> str:
        """The string value: all text inside."""
        return "".join(node.value for node in descendants(self) if isinstance(node, Text))

    @property
    def root(self) -> Element:
        node = self
        while node.parent is not None:
            node = node.parent
        return node


Child: TypeAlias = "Element | Text | Markup"

_DECLARATION = re.compile(r"\s*<\?xml\s[^>]*\?>")
_ENCODING = re.compile(r"""encoding\s*=\s*["']([^"']*)["']""")
_WRAPPER: Final = "<w>"
_ERRORS: Final = {
    expat.errors.codes[expat.errors.XML_ERROR_TAG_MISMATCH]: 9436,
    expat.errors.codes[expat.errors.XML_ERROR_DUPLICATE_ATTRIBUTE]: 9437,
    expat.errors.codes[expat.errors.XML_ERROR_UNDEFINED_ENTITY]: 9448,
    expat.errors.codes[expat.errors.XML_ERROR_UNCLOSED_TOKEN]: 9400,
    expat.errors.codes[expat.errors.XML_ERROR_NO_ELEMENTS]: 9400,
    expat.errors.codes[expat.errors.XML_ERROR_INVALID_TOKEN]: 9421,
}
_UTF_16: Final = frozenset(("utf-16", "ucs-2", "unicode"))


def descendants(element: Element) -> Iterator[Child]:
    """Everything inside an element, in document order."""
    for child in element.children:
        yield child
        if isinstance(child, Element):
            yield from descendants(child)


def parse(text: str, *, keep_blanks: bool = False, is_unicode: bool = True) -> Element:
    """The root of the document. ``is_unicode``: the text came as UTF-16, which its declaration may not deny.

    Errors: 9400, 9402, 9421, 9436, 9437, 9448, 9455 with line and character; NotSupported for a document type.
    """
    text = _without_declaration(text, is_unicode=is_unicode)
    builder = _Builder(keep_blanks=keep_blanks)
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.ordered_attributes = False
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.CharacterDataHandler = builder.characters
    parser.CommentHandler = builder.comment
    parser.ProcessingInstructionHandler = builder.instruction
    parser.StartDoctypeDeclHandler = builder.document_type
    try:
        parser.Parse(f"{_WRAPPER}{text}</w>", True)
    except expat.ExpatError as error:
        raise _parse_error(error, text) from None
    builder.flush()
    (wrapper,) = builder.root.children
    assert isinstance(wrapper, Element)
    wrapper.name, wrapper.parent = "", None
    return wrapper


def _without_declaration(text: str, *, is_unicode: bool) -> str:
    declaration = _DECLARATION.match(text)
    if declaration is None:
        return text
    encoding = _ENCODING.search(declaration[0])
    if encoding is not None and (encoding[1].lower() in _UTF_16) != is_unicode:
        raise sql_error(9402, 1, declaration.end())
    return text[declaration.end() :]


def _parse_error(error: expat.ExpatError, text: str) -> SqlError:
    line, character = error.lineno, error.offset + 1
    if line == 1:
        character = min(max(character - len(_WRAPPER), 1), len(text) + 1)
    number = _ERRORS.get(error.code, 9455)
    if number == 9436 and character > len(text):
        number = 9400
    return sql_error(number, line, character)


class _Builder:
    """Makes the tree of what the parser meets."""

    def __init__(self, *, keep_blanks: bool) -> None:
        self.root = self._at = Element("")
        self._keep_blanks = keep_blanks
        self._pending: list[str] = []

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.flush()
        element = Element(name, attributes)
        self._at.append(element)
        self._at = element

    def end(self, name: str) -> None:
        self.flush()
        assert self._at.parent is not None
        self._at = self._at.parent

    def characters(self, text: str) -> None:
        self._pending.append(text)

    def flush(self) -> None:
        text = "".join(self._pending)
        self._pending.clear()
        if text and (self._keep_blanks or not text.isspace()):
            self._at.append(Text(text))

    def comment(self, text: str) -> None:
        self.flush()
        self._at.append(Markup(f"<!--{text}-->"))

    def instruction(self, target: str, text: str) -> None:
        self.flush()
        self._at.append(Markup(f"<?{target} {text}?>"))

    def document_type(self, *_: object) -> None:
        raise NotSupported("xml with a document type declaration")


# --- Writing ----------------------------------------------------------------------------------------------------------

_TEXT_ENTITIES: Final = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#x0D;"})
_ATTRIBUTE_ENTITIES: Final = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\t": "&#x09;", "\n": "&#x0A;", "\r": "&#x0D;"}
)
_FORBIDDEN = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")


def escape_text(text: str) -> str:
    """Text as content. Characters that XML cannot have are written as references all the same, as FOR XML does."""
    text = text.translate(_TEXT_ENTITIES)
    return _FORBIDDEN.sub(lambda match: f"&#x{ord(match[0]):02X};", text)


def escape_attribute(text: str) -> str:
    """Text between the double quotes of an attribute."""
    text = text.translate(_ATTRIBUTE_ENTITIES)
    return _FORBIDDEN.sub(lambda match: f"&#x{ord(match[0]):02X};", text)


def write(node: Child) -> str:
    """The XML text of a node; of a root, of what is in it."""
    if isinstance(node, Text):
        return escape_text(node.value)
    if isinstance(node, Markup):
        return node.value
    inside = "".join(write(child) for child in node.children)
    if not node.name:
        return inside
    attributes = "".join(f' {name}="{escape_attribute(value)}"' for name, value in node.attributes.items())
    return f"<{node.name}{attributes}>{inside}</{node.name}>" if inside else f"<{node.name}{attributes}/>"


def normalised(text: str, *, keep_blanks: bool = False, is_unicode: bool = True) -> str:
    """``text`` as the xml type keeps it. Errors: those of ``parse``."""
    return write(parse(text, keep_blanks=keep_blanks, is_unicode=is_unicode))


_NAME_START = re.compile(r"[^\W\d]|_")
_NAME_CHARACTER = re.compile(r"[\w.\-·]")


def encoded_name(name: str) -> str:
    """A name with the characters that XML names cannot have written as ``_xHHHH_``."""
    pieces = []
    for place, character in enumerate(name):
        pattern = _NAME_CHARACTER if place else _NAME_START
        escaped = character == "_" and name[place + 1 : place + 2] == "x"
        pieces.append(character if pattern.match(character) and not escaped else f"_x{ord(character):04X}_")
    return "".join(pieces)
