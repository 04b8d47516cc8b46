"""The message of a bulk load: COLMETADATA, rows, DONE. Pure.

Source: [MS-TDS] 2.2.6.1 (Bulk Load BCP), 2.2.7.4 (COLMETADATA), 2.2.7.19 (ROW), 2.2.7.14 (NBCROW).
"""

import struct
from dataclasses import dataclass
from typing import Any

from emulator.errors import SqlError
from emulator.tds.decoding import Decoder, InvalidValue, read_type
from emulator.tds.dialect import TDS_7_4, Dialect
from emulator.tds.packets import ProtocolError
from emulator.types.sqltype import SqlType

_COLUMN_METADATA = 0x81
_ROW = 0xD1
_NULL_BITMAP_ROW = 0xD2
_DONE = 0xFD
_TIMESTAMP_SIZE = 8
_TEXT_TYPES = frozenset({"text", "ntext", "image"})
_u16 = struct.Struct("<H").unpack_from


@dataclass(frozen=True, slots=True)
class BulkRows:
    """The rows of a bulk load, in engine values of ``types``."""

    types: tuple[SqlType, ...]
    rows: list[tuple[Any, ...]]


def parse_bulk_load(body: bytes, dialect: Dialect = TDS_7_4) -> BulkRows:
    """Read the message. Raises ProtocolError when it is malformed, SqlError 4815 for a value that is none of its type,
    NotSupported for CLR types."""
    try:
        columns, position = _read_columns(body, dialect)
        rows, position = _read_rows(body, position, columns)
    except (struct.error, IndexError, UnicodeDecodeError) as error:
        raise ProtocolError(f"malformed bulk load: {error}") from None
    if position > len(body):
        raise ProtocolError("bulk load ends inside a value")
    return BulkRows(tuple(type for type, _ in columns), rows)


def _read_columns(data: bytes, dialect: Dialect) -> tuple[list[tuple[SqlType, Decoder]], int]:
    if data[0] == _DONE:  # no rows, so no columns either
        return [], 0
    if data[0] != _COLUMN_METADATA:
        raise ProtocolError(f"unexpected 0x{data[0]:02X} at the beginning of a bulk load")
    (count,) = _u16(data, 1)
    position = 3
    columns = []
    before_type = 6 if dialect.wide else 4  # the user type and the flags
    for _ in range(count):
        type, decode, position = read_type(data, position + before_type, collated=dialect.collated)
        if type.name in _TEXT_TYPES:
            position += 2 + 2 * _u16(data, position)[0]  # the table's name, in one part in every version
            decode = _behind_pointer(decode)
        position += 1 + 2 * data[position]
        columns.append((type, decode))
    return columns, position


def _read_rows(data: bytes, position: int, columns: list[tuple[SqlType, Decoder]]) -> tuple[list[tuple[Any, ...]], int]:
    rows: list[tuple[Any, ...]] = []
    bitmap_size = (len(columns) + 7) // 8
    while position < len(data) and data[position] != _DONE:
        token = data[position]
        position += 1
        nulls = 0
        if token == _NULL_BITMAP_ROW:
            nulls = int.from_bytes(data[position : position + bitmap_size], "little")
            position += bitmap_size
        elif token != _ROW:
            raise ProtocolError(f"unexpected 0x{token:02X} among the rows of a bulk load")
        values: list[Any] = []
        for place, (_, decode) in enumerate(columns):
            value = None
            if not nulls >> place & 1:
                try:
                    value, position = decode(data, position)
                except InvalidValue:
                    raise _invalid_value(place + 1) from None
            values.append(value)
        rows.append(tuple(values))
    return rows, position


def _behind_pointer(decode: Decoder) -> Decoder:
    """Values of text, ntext and image come with a text pointer and a timestamp, as in a result."""

    def decode_long(data: bytes, position: int) -> tuple[Any, int]:
        size = data[position]
        return (None, position + 1) if size == 0 else decode(data, position + 1 + size + _TIMESTAMP_SIZE)

    return decode_long


def _invalid_value(column: int) -> SqlError:
    return SqlError(4815, 16, 1, f"Received an invalid column length from the bcp client for colid {column}.")
