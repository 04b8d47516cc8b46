"""JSON functions.

A path is ``[lax|strict] $.key."quoted key"[index]...``. In lax mode what is not there gives NULL; in strict mode it is
an error. What a function takes out of a document, or leaves in it, keeps its spelling.

Documentation: "JSON functions (Transact-SQL)", "JSON Path Expressions".
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, TypeAlias

from emulator.errors import SqlError, sql_error
from emulator.execution.functions.registry import ANY, DATE_PART, UNICODE, Call, Implementation, bound, function
from emulator.types.conversion import converter
from emulator.types.sqltype import INT, NVARCHAR_MAX, SqlType, is_character, is_numeric, nvarchar

KEPT_PATHS: Final = 500
MAX_SCALAR: Final = 4000
"""Characters that JSON_VALUE gives at most."""


class Number(float):
    """A JSON number with its spelling."""

    text: str

    @classmethod
    def parse(cls, text: str) -> Number:
        number = cls(text)
        number.text = text
        return number


@dataclass(frozen=True, slots=True)
class Path:
    """``steps`` are keys (str) and indexes (int). ``append``: the word before the path of JSON_MODIFY."""

    steps: tuple[str | int, ...]
    strict: bool
    append: bool = False


_MODE = re.compile(r"\s*(?:(append)\s+)?(?:(lax|strict)\s+)?\$")
_STEP = re.compile(r'\s*(?:\.\s*(?:"((?:[^"\\]|\\.)*)"|([A-Za-z_][A-Za-z0-9_]*))|\[\s*(\d+)\s*\])')


@lru_cache(KEPT_PATHS)
def parse_path(text: str) -> Path:
    """Errors: 13607."""
    mode = _MODE.match(text)
    if mode is None:
        raise sql_error(13607, text[:1], 0)
    steps: list[str | int] = []
    position = mode.end()
    while position < len(text.rstrip()):
        step = _STEP.match(text, position)
        if step is None:
            raise sql_error(13607, text[position], position)
        quoted, plain, index = step.groups()
        steps.append(int(index) if index is not None else plain if plain is not None else json.loads(f'"{quoted}"'))
        position = step.end()
    return Path(tuple(steps), mode[2] == "strict", mode[1] is not None)


class Object(dict[str, Any]):
    """A JSON object as it stands in ``document``: of a repeated key the first value. ``spans`` are the places of the
    members: where the key begins, where the value begins and ends."""

    __slots__ = ("document", "end", "spans", "start")

    def __init__(self, document: str, start: int) -> None:
        super().__init__()
        self.document, self.start, self.end = document, start, start
        self.spans: dict[str, tuple[int, int, int]] = {}

    @property
    def text(self) -> str:
        return self.document[self.start : self.end]


class Array(list[Any]):
    """A JSON array as it stands in ``document``. ``spans`` are where its elements begin and end."""

    __slots__ = ("document", "end", "spans", "start")

    def __init__(self, document: str, start: int) -> None:
        super().__init__()
        self.document, self.start, self.end = document, start, start
        self.spans: list[tuple[int, int]] = []

    @property
    def text(self) -> str:
        return self.document[self.start : self.end]


_scanner = json.JSONDecoder()
_BLANKS = re.compile(r"[ \t\n\r]*")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_WORDS: Final = {"true": True, "false": False, "null": None}


def parse_document(text: str) -> Any:
    """The document as Python objects that know their place in the text. Errors: 13609."""
    try:
        value, end = _parse_value(text, _skip(text, 0))
    except RecursionError:
        raise _unexpected(text, 0) from None
    end = _skip(text, end)
    if end < len(text):
        raise _unexpected(text, end)
    return value


def _skip(text: str, at: int) -> int:
    match = _BLANKS.match(text, at)
    assert match is not None
    return match.end()


def _unexpected(text: str, at: int) -> SqlError:
    return sql_error(13609, text[at : at + 1] or ".", at)


def _parse_value(text: str, at: int) -> tuple[Any, int]:
    first = text[at : at + 1]
    if first == '"':
        return _parse_string(text, at)
    if first == "{":
        return _parse_object(text, at)
    if first == "[":
        return _parse_array(text, at)
    number = _NUMBER.match(text, at)
    if number is not None:
        return Number.parse(number[0]), number.end()
    for word, value in _WORDS.items():
        if text.startswith(word, at):
            return value, at + len(word)
    raise _unexpected(text, at)


def _parse_string(text: str, at: int) -> tuple[str, int]:
    try:
        value, end = _scanner.raw_decode(text, at)
    except ValueError as error:
        raise _unexpected(text, getattr(error, "pos", at)) from None
    return value, end


def _parse_object(text: str, at: int) -> tuple[Object, int]:
    found = Object(text, at)
    at = _skip(text, at + 1)
    if text[at : at + 1] != "}":
        while True:
            if text[at : at + 1] != '"':
                raise _unexpected(text, at)
            key_start = at
            key, at = _parse_string(text, at)
            at = _skip(text, at)
            if text[at : at + 1] != ":":
                raise _unexpected(text, at)
            start = _skip(text, at + 1)
            value, end = _parse_value(text, start)
            if key not in found:
                found[key] = value
                found.spans[key] = key_start, start, end
            at = _skip(text, end)
            if text[at : at + 1] != ",":
                break
            at = _skip(text, at + 1)
        if text[at : at + 1] != "}":
            raise _unexpected(text, at)
    found.end = at + 1
    return found, at + 1


def _parse_array(text: str, at: int) -> tuple[Array, int]:
    found = Array(text, at)
    at = _skip(text, at + 1)
    if text[at : at + 1] != "]":
        while True:
            value, end = _parse_value(text, at)
            found.append(value)
            found.spans.append((at, end))
            at = _skip(text, end)
            if text[at : at + 1] != ",":
                break
            at = _skip(text, at + 1)
        if text[at : at + 1] != "]":
            raise _unexpected(text, at)
    found.end = at + 1
    return found, at + 1


MISSING: Final = object()


def step_into(document: Any, step: str | int) -> Any:
    """The member or element of a value, MISSING if there is none."""
    if isinstance(step, str):
        return document.get(step, MISSING) if isinstance(document, dict) else MISSING
    return document[step] if isinstance(document, list) and step < len(document) else MISSING


def find(document: Any, path: Path) -> Any:
    """The value at ``path``, MISSING if there is none. Errors: 13608 in strict mode."""
    for step in path.steps:
        document = step_into(document, step)
        if document is MISSING:
            if path.strict:
                raise sql_error(13608)
            return MISSING
    return document


def quoted(text: str) -> str:
    """A JSON string; the solidus is escaped, too ("How FOR JSON escapes special characters and control characters")."""
    return json.dumps(text, ensure_ascii=False).replace("/", "\\/")


def write(value: Any) -> str:
    """The JSON text of a value: what was parsed is as it was written."""
    if isinstance(value, Number | Object | Array):
        return value.text
    if isinstance(value, dict):
        return "{" + ",".join(f"{quoted(key)}:{write(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(write(item) for item in value) + "]"
    return quoted(value) if isinstance(value, str) else json.dumps(value)


def scalar_text(value: Any) -> str | None:
    """A scalar as JSON_VALUE gives it."""
    if value is None or isinstance(value, str):
        return value
    return value.text if isinstance(value, Number) else json.dumps(value)


_JSON_KINDS: dict[str, type | tuple[type, ...]] = {"": (dict, list), "VALUE": object, "ARRAY": list, "OBJECT": dict}


@bound("ISJSON", UNICODE, DATE_PART, optional=1)
def _is_json(call: Call) -> tuple[SqlType, Implementation]:
    """Whether the text is of the kind that the word names; without one, an object or an array."""
    word = call.word.upper()
    if word not in (*_JSON_KINDS, "SCALAR"):
        raise sql_error(155, call.word, "isjson", line=call.line)

    def is_json(text: str) -> int:
        try:
            document = parse_document(text)
        except SqlError:
            return 0
        if word == "SCALAR":
            return int(not isinstance(document, dict | list))
        return int(isinstance(document, _JSON_KINDS[word]))

    return INT, is_json


@function("JSON_VALUE", UNICODE, UNICODE, result=nvarchar(MAX_SCALAR))
def json_value(text: str, path_text: str) -> str | None:
    """The scalar at the path; NULL for an object, an array, a text too long. Errors in strict mode: 13623, 13625."""
    path = parse_path(path_text)
    value = find(parse_document(text), path)
    if value is MISSING or isinstance(value, dict | list):
        if path.strict:
            raise sql_error(13623)
        return None
    found = scalar_text(value)
    if found is not None and len(found) > MAX_SCALAR:
        if path.strict:
            raise sql_error(13625)
        return None
    return found


@function("JSON_QUERY", UNICODE, UNICODE, optional=1, result=NVARCHAR_MAX)
def json_query(text: str, path_text: str = "$") -> str | None:
    """The object or array at the path; NULL for a scalar. Errors in strict mode: 13624."""
    path = parse_path(path_text)
    value = find(parse_document(text), path)
    if value is MISSING or not isinstance(value, dict | list):
        if path.strict:
            raise sql_error(13624)
        return None
    return write(value)


@function("JSON_PATH_EXISTS", UNICODE, UNICODE, result=INT)
def json_path_exists(text: str, path_text: str) -> int:
    path = parse_path(path_text)
    return int(find(parse_document(text), Path(path.steps, strict=False)) is not MISSING)


# --- JSON_MODIFY ------------------------------------------------------------------------------------------------------


def json_writer(t: SqlType) -> Callable[[Any], Any]:
    """The function that makes a value of ``t`` a JSON value."""
    if t.name == "bit":
        return bool
    if is_character(t):
        return lambda value: value
    to_text = converter(t, nvarchar(MAX_SCALAR))
    assert to_text is not None
    if is_numeric(t):
        return lambda value: Number.parse(to_text(value))
    return to_text


@bound("JSON_MODIFY", UNICODE, UNICODE, ANY, nulls=True)
def _json_modify(call: Call) -> tuple[SqlType, Implementation]:
    """The text stays as it is except for the value at the path."""
    to_json = parse_document if call.json[2] else json_writer(call.types[2])

    def modify(text: str | None, path_text: str | None, value: Any) -> str | None:
        if text is None or path_text is None:
            return None
        path, document = parse_path(path_text), parse_document(text)
        start, end, new = _change(document, path, None if value is None else to_json(value))
        return text[:start] + new + text[end:]

    return NVARCHAR_MAX, modify


Change: TypeAlias = tuple[int, int, str]
"""What JSON_MODIFY replaces: from where to where, and by what."""

NO_CHANGE: Final[Change] = (0, 0, "")


def _change(document: Any, path: Path, value: Any) -> Change:
    """``value`` put at ``path``; None takes the member away in lax mode. Errors: 13608, 13619, 13621."""
    if not path.steps:
        raise sql_error(13619)
    holder = find(document, Path(path.steps[:-1], path.strict))
    last = path.steps[-1]
    old = step_into(holder, last) if holder is not MISSING else MISSING
    if old is MISSING and path.strict:
        raise sql_error(13608)
    if path.append:
        return _append(holder, last, old, value, strict=path.strict)
    if isinstance(holder, Object) and isinstance(last, str):
        if value is None and not path.strict:
            return NO_CHANGE if old is MISSING else _without(holder, last)
        if old is MISSING:
            return _added(holder, f"{quoted(last)}:{write(value)}")
        _, start, end = holder.spans[last]
        return start, end, write(value)
    if isinstance(holder, Array) and isinstance(last, int):
        if last < len(holder):
            return *holder.spans[last], write(value)
        if last == len(holder):
            return _added(holder, write(value))
    return NO_CHANGE


def _append(holder: Any, last: str | int, old: Any, value: Any, *, strict: bool) -> Change:
    if isinstance(old, Array):
        return _added(old, write(value))
    if old is MISSING and isinstance(holder, Object) and isinstance(last, str):
        return _added(holder, f"{quoted(last)}:[{write(value)}]")
    if strict:
        raise sql_error(13621)
    return NO_CHANGE


def _added(holder: Object | Array, text: str) -> Change:
    """``text`` behind the last item."""
    end = holder.end - 1
    return end, end, f",{text}" if holder else text


def _without(holder: Object, key: str) -> Change:
    """The object without a member and the comma at one of its sides."""
    start, _, end = holder.spans[key]
    after = _skip(holder.document, end)
    if holder.document[after] == ",":
        return start, _skip(holder.document, after + 1), ""
    before = holder.document.rfind(",", holder.start, start)
    return (start if before < 0 else before), end, ""
