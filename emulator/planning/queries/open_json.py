"""OPENJSON: the members of a JSON object or the elements of an array as rows.

Documentation: "OPENJSON (Transact-SQL)".
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final

from emulator.errors import sql_error
from emulator.execution.functions.json_documents import (
    MISSING,
    Array,
    Number,
    Object,
    Path,
    find,
    parse_document,
    parse_path,
    quoted,
    scalar_text,
)
from emulator.planning.binding import Env, Expr, PlanContext, Scope, Source, SourceColumn
from emulator.planning.expressions import compile_scalar, convert_to, resolve_type
from emulator.planning.expressions.application import slots_of
from emulator.planning.queries.relations import MadeRows
from emulator.planning.queries.sources import Bound, column_names
from emulator.sql import nodes
from emulator.types.conversion import converter
from emulator.types.sqltype import MAX, NVARCHAR_MAX, TINYINT, SqlType, is_binary, nvarchar

_DEFAULT_COLUMNS: Final = [
    SourceColumn("key", nvarchar(4000, "Latin1_General_BIN2"), nullable=False),
    SourceColumn("value", NVARCHAR_MAX),
    SourceColumn("type", TINYINT, nullable=False),
]
_NULL, _STRING, _NUMBER, _BOOLEAN, _ARRAY, _OBJECT = range(6)

Reader = Callable[[Any], Any]


def bind_open_json(item: nodes.OpenJson, parent: Scope | None, ctx: PlanContext) -> Bound:
    """OPENJSON in FROM. Errors: 13618 AS JSON of another type than nvarchar(max), 13607; at run time 13608, 13609,
    13611 and those of conversions."""
    document = convert_to(compile_scalar(item.document, parent, ctx), NVARCHAR_MAX)
    path = None if item.path is None else convert_to(compile_scalar(item.path, parent, ctx), nvarchar(4000))
    rows_of: Callable[[Any], Iterator[tuple[Any, ...]]] = _default_rows
    if item.columns is None:
        columns = list(_DEFAULT_COLUMNS)
    else:
        columns, rows_of = _explicit(item.columns, ctx)
    alias = item.alias or "OPENJSON"
    column_names([column.name for column in columns], (), alias, item.line)
    source = Source(alias, ctx.new_slot(), columns)
    depends = slots_of(document) | (frozenset() if path is None else path.slots)
    return Bound(MadeRows(source, _rows(document, path, rows_of), depends), [source])


def _rows(
    document: Expr, path: Expr | None, rows_of: Callable[[Any], Iterable[tuple[Any, ...]]]
) -> Callable[[Env], Iterator[tuple[Any, ...]]]:
    text_of, path_of = document.fn, (lambda env: "$") if path is None else path.fn

    def rows(env: Env) -> Iterator[tuple[Any, ...]]:
        text, path_text = text_of(env), path_of(env)
        if text is None or path_text is None:
            return
        path = parse_path(path_text)
        whole = parse_document(text)
        if not isinstance(whole, Object | Array):
            raise sql_error(13609, text.strip()[:1], len(text) - len(text.lstrip()))
        opened = find(whole, path)
        if isinstance(opened, Object | Array):
            yield from rows_of(opened)
        elif path.strict:
            raise sql_error(13611)

    return rows


# --- Without WITH -----------------------------------------------------------------------------------------------------


def _default_rows(opened: Any) -> Iterator[tuple[Any, ...]]:
    items = opened.items() if isinstance(opened, Object) else enumerate(opened)
    for key, value in items:
        yield str(key), _text(value), _kind(value)


def _text(value: Any) -> str | None:
    return value.text if isinstance(value, Object | Array) else scalar_text(value)


def _kind(value: Any) -> int:
    match value:
        case None:
            return _NULL
        case str():
            return _STRING
        case bool():
            return _BOOLEAN
        case Number():
            return _NUMBER
        case Array():
            return _ARRAY
        case _:
            return _OBJECT


# --- WITH -------------------------------------------------------------------------------------------------------------


def _explicit(
    columns: Sequence[nodes.JsonColumn], ctx: PlanContext
) -> tuple[list[SourceColumn], Callable[[Any], Iterator[tuple[Any, ...]]]]:
    """The columns of WITH: one row of an object, one of each element of an array."""
    made, readers = [], []
    for column in columns:
        type = resolve_type(column.type, ctx)
        path = parse_path(column.path or f"$.{quoted(column.name)}")
        if column.as_json and (type.name, type.length) != ("nvarchar", MAX):
            raise sql_error(13618, line=column.line)
        made.append(SourceColumn(column.name, type))
        readers.append((path, _fragment if column.as_json else _scalar(type)))

    def rows_of(opened: Object | Array) -> Iterator[tuple[Any, ...]]:
        for element in opened if isinstance(opened, Array) else (opened,):
            yield tuple([read(find(element, path), path) for path, read in readers])

    return made, rows_of


def _fragment(value: Any, path: Path) -> str | None:
    """An object or array as it is written. Errors in strict mode: 13624."""
    if isinstance(value, Object | Array):
        return value.text
    if path.strict:
        raise sql_error(13624)
    return None


def _scalar(type: SqlType) -> Callable[[Any, Path], Any]:
    """A scalar in the type of its column; binary data is written in base64. Errors in strict mode: 13623."""
    convert: Reader = _from_base64 if is_binary(type) else converter(NVARCHAR_MAX, type) or (lambda text: text)

    def read(value: Any, path: Path) -> Any:
        if value is MISSING or isinstance(value, Object | Array):
            if path.strict:
                raise sql_error(13623)
            return None
        text = scalar_text(value)
        return None if text is None else convert(text)

    return read


def _from_base64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error:
        raise sql_error(8114, "nvarchar(max)", "varbinary") from None
