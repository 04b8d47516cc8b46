"""JSON functions.

A path is ``[lax|strict] $.key."quoted key"[index]...``. In lax mode what is not there gives NULL; in strict mode it is
an error. Values keep the spelling of numbers: they are not converted to floats.

Documentation: "JSON functions (Transact-SQL)", "JSON Path Expressions".
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from emulator.errors import SqlError, sql_error
from emulator.execution.functions.registry import ANY, UNICODE, Call, Implementation, bound, function
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


def parse_document(text: str) -> Any:
    """The document as Python objects; an object with a repeated key keeps the first value. Errors: 13609."""
    try:
        document, end = _decoder.raw_decode(text.lstrip())
    except (ValueError, RecursionError) as error:
        place = getattr(error, "pos", 0) + len(text) - len(text.lstrip())
        raise sql_error(13609, text[place : place + 1] or ".", place) from None
    rest = text.lstrip()[end:]
    if rest.strip():
        place = len(text) - len(rest.lstrip())
        raise sql_error(13609, text[place], place)
    return document


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members: dict[str, Any] = {}
    for key, value in pairs:
        members.setdefault(key, value)
    return members


def _no_constant(text: str) -> Any:
    raise ValueError(text)


_decoder = json.JSONDecoder(
    parse_float=Number.parse, parse_int=Number.parse, parse_constant=_no_constant, object_pairs_hook=_object
)

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
    """The JSON text of a value."""
    if isinstance(value, Number):
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


@function("ISJSON", UNICODE, UNICODE, optional=1, result=INT)
def is_json(text: str, kind: str = "") -> int:
    """Without a second argument: an object or an array."""
    try:
        document = parse_document(text)
    except SqlError:
        return 0
    match kind.upper():
        case "VALUE":
            return 1
        case "ARRAY":
            return int(isinstance(document, list))
        case "OBJECT":
            return int(isinstance(document, dict))
        case "SCALAR":
            return int(not isinstance(document, dict | list))
        case _:
            return int(isinstance(document, dict | list))


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
    to_json = parse_document if call.json[2] else json_writer(call.types[2])

    def modify(text: str | None, path_text: str | None, value: Any) -> str | None:
        if text is None or path_text is None:
            return None
        path, document = parse_path(path_text), parse_document(text)
        _set(document, path, None if value is None else to_json(value))
        return write(document)

    return NVARCHAR_MAX, modify


def _set(document: Any, path: Path, value: Any) -> None:
    """Put ``value`` at ``path``; None takes the member away in lax mode."""
    if not path.steps:
        raise sql_error(13619)
    holder = find(document, Path(path.steps[:-1], path.strict))
    last = path.steps[-1]
    old = step_into(holder, last) if holder is not MISSING else MISSING
    if old is MISSING and path.strict:
        raise sql_error(13608)
    if path.append:
        _append(holder, last, old, value, path)
    elif isinstance(holder, dict) and isinstance(last, str):
        if value is None and not path.strict:
            holder.pop(last, None)
        else:
            holder[last] = value
    elif isinstance(holder, list) and isinstance(last, int):
        if last < len(holder):
            holder[last] = value
        elif last == len(holder):
            holder.append(value)


def _append(holder: Any, last: str | int, old: Any, value: Any, path: Path) -> None:
    if isinstance(old, list):
        old.append(value)
    elif old is MISSING and isinstance(holder, dict) and isinstance(last, str):
        holder[last] = [value]
    elif path.strict:
        raise sql_error(13621)
