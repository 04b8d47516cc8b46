"""Records as JSON: plain values as they are, the two kinds of values that JSON does not have as marked objects.

Bytes are ``{"$b": base64}``, types (inside sql_variant values) ``{"$t": [name, length, precision, scale, collation]}``.
Tuples become arrays: what reads them knows where a tuple belongs.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from typing import Any

from emulator.types.sqltype import SqlType


def to_json(record: Any) -> str:
    """``record`` in one line of ASCII. TypeError: it holds something that has no form; ValueError: not a number."""
    return _encoder.encode(record)


def from_json(text: str | bytes) -> Any:
    """The record that ``to_json`` wrote, with lists for tuples. ValueError: not JSON."""
    return json.loads(text, object_hook=_unmarked)


def as_row(values: list[Any]) -> tuple[Any, ...]:
    """A row from its JSON form: the arrays in it are values that are tuples."""
    return tuple([tuple(value) if type(value) is list else value for value in values])


def _marked(value: Any) -> dict[str, Any]:
    if isinstance(value, bytes | bytearray | memoryview):
        return {"$b": b64encode(value).decode("ascii")}
    if isinstance(value, SqlType):
        return {"$t": [value.name, value.length, value.precision, value.scale, value.collation]}
    raise TypeError(f"{type(value).__name__} cannot be kept")


def _unmarked(item: dict[str, Any]) -> Any:
    if len(item) == 1:
        if "$b" in item:
            return b64decode(item["$b"])
        if "$t" in item:
            return SqlType(*item["$t"])
    return item


_encoder = json.JSONEncoder(separators=(",", ":"), default=_marked, allow_nan=False)
