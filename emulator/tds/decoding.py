"""Wire bytes to engine types and values: the parameters of remote procedure calls. Pure.

``read_type`` reads a TYPE_INFO and gives the type, the function that reads its values, and where the next thing begins.
A reader is called with the message and a position and returns the value and the next position.

Rule of bounds: readers may slice beyond the end of a message, which Python shortens silently; but the position they
return then lies beyond the end as well, and stays there. Whoever reads a message checks the final position once, and
takes IndexError and struct.error for a truncated message. Source: [MS-TDS] 2.2.5.4, 2.2.5.5.
"""

import math
import struct
from codecs import utf_16_le_decode
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from emulator.errors import NotSupported
from emulator.tds.packets import ProtocolError
from emulator.tds.wiretypes import (
    DAY,
    LONG_NULL_LENGTH,
    NULL_LENGTH,
    PLP_MAXIMUM_LENGTH,
    PLP_NULL,
    TypeToken,
    time_size,
)
from emulator.types.code_pages import UTF_8, decode
from emulator.types.locales import code_page_of
from emulator.types.sqltype import DEFAULT_COLLATION, MAX, UNTYPED_NULL, SqlType

Decoder = Callable[[bytes, int], tuple[Any, int]]

_u16 = struct.Struct("<H").unpack_from
_u32 = struct.Struct("<I").unpack_from
_u64 = struct.Struct("<Q").unpack_from
_UTF8_COLLATION = 1 << 26
_LCID = 0xFFFFF
_NO_COLLATION = bytes(5)
_LAST_DAY = 3_652_058
_DATETIME_FIRST_DAY = -53_690
_DATETIME_LAST_DAY = 2_958_463
_MAXIMUM_OFFSET = 14 * 60
_DECIMAL_SIZES = range(2, 18)
"""A sign and the magnitude: 5, 9, 13 or 17 bytes, or no more than it needs, as DB-Library sends it."""


class InvalidValue(Exception):
    """A well-formed value that is none of its type: 10**40 as decimal(38), NaN, 24:00 (error 8023)."""

    def __init__(self, type_name: str) -> None:
        super().__init__(f"invalid value for type {type_name}")
        self.type_name = type_name


def read_type(data: bytes, position: int, *, collated: bool = True) -> tuple[SqlType, Decoder, int]:
    """Read a TYPE_INFO, in which character types have no collation unless ``collated`` (TDS 7.1 and later).

    Raises ProtocolError for unknown types, NotSupported for CLR types.
    """
    token = data[position]
    fixed = _FIXED.get(token)
    if fixed is not None:
        return *fixed, position + 1
    reader = _READERS.get(token)
    if reader is None:
        if token == TypeToken.UDT:
            raise NotSupported("a parameter of a CLR type")
        raise ProtocolError(f"unknown type 0x{token:02X} of a parameter")
    if not collated and (token in _CHARACTER_NAMES or token in (TypeToken.TEXT, TypeToken.NTEXT)):
        return _read_uncollated(token, data, position + 1)
    return reader(data, position + 1)


# Numbers


def _sized(read: Callable[[bytes], Any], *sizes: int) -> Decoder:
    """Values with an 8-bit length, 0 = NULL."""

    def decode(data: bytes, position: int) -> tuple[Any, int]:
        size = data[position]
        position += 1
        if size in sizes:
            return read(data[position : position + size]), position + size
        if size == 0:
            return None, position
        raise ProtocolError(f"value of {size} bytes for a type of {sizes[-1]}")

    return decode


def _unsized(read: Callable[[bytes], Any], size: int) -> Decoder:
    """Values of fixed length types."""

    def decode(data: bytes, position: int) -> tuple[Any, int]:
        if position + size > len(data):
            raise IndexError("message ends inside a value")
        return read(data[position : position + size]), position + size

    return decode


def _read_unsigned(raw: bytes) -> int:
    return int.from_bytes(raw, "little")


def _read_signed(raw: bytes) -> int:
    return int.from_bytes(raw, "little", signed=True)


def _read_bit(raw: bytes) -> int:
    return int(raw != b"\0")


def _read_float(raw: bytes) -> float:
    value: float = struct.unpack("<f" if len(raw) == 4 else "<d", raw)[0]
    if not math.isfinite(value):
        raise InvalidValue("float")
    return value


def _read_money(raw: bytes) -> int:
    if len(raw) == 4:
        return _read_signed(raw)
    high, low = struct.unpack("<iI", raw)
    return int(high << 32 | low)


def _read_datetime(raw: bytes) -> int:
    if len(raw) == 4:
        days, minutes = struct.unpack("<HH", raw)
        if minutes >= 1440:
            raise InvalidValue("smalldatetime")
        return int(days * 1440 + minutes)
    days, ticks = struct.unpack("<iI", raw)
    if not (_DATETIME_FIRST_DAY <= days <= _DATETIME_LAST_DAY and ticks < 25_920_000):
        raise InvalidValue("datetime")
    return int(days * 25_920_000 + ticks)


@lru_cache(maxsize=512)
def _decimal(name: str, precision: int, scale: int) -> tuple[SqlType, Decoder]:
    if not (1 <= precision <= 38 and scale <= precision):
        raise InvalidValue(name)
    bound = 10**precision

    def read(raw: bytes) -> int:
        magnitude = int.from_bytes(raw[1:], "little")
        if magnitude >= bound:
            raise InvalidValue(name)
        return magnitude if raw[:1] == b"\1" else -magnitude

    return SqlType(name, precision=precision, scale=scale), _sized(read, *_DECIMAL_SIZES)


def _decimal_reader(name: str) -> Callable[[bytes, int], tuple[SqlType, Decoder, int]]:
    return lambda data, position: (*_decimal(name, data[position + 1], data[position + 2]), position + 3)


def _by_size(*kinds: tuple[SqlType, Decoder, int]) -> Callable[[bytes, int], tuple[SqlType, Decoder, int]]:
    """Types that differ by the length in their TYPE_INFO."""
    by_size = {size: (type, decode) for type, decode, size in kinds}

    def read(data: bytes, position: int) -> tuple[SqlType, Decoder, int]:
        kind = by_size.get(data[position])
        if kind is None:
            raise ProtocolError(f"{kinds[0][0].name} type of {data[position]} bytes")
        return *kind, position + 1

    return read


# Dates and times


def _read_days(raw: bytes) -> int:
    days = int.from_bytes(raw, "little")
    if days > _LAST_DAY:
        raise InvalidValue("date")
    return days


def _time_of_day(raw: bytes, unit: int, name: str) -> int:
    time = int.from_bytes(raw, "little") * unit
    if time >= DAY:
        raise InvalidValue(name)
    return time


@lru_cache(maxsize=32)
def _temporal(name: str, scale: int) -> tuple[SqlType, Decoder]:
    if scale > 7:
        raise ProtocolError(f"{name} with scale {scale}")
    size = time_size(scale)
    unit = 10 ** (7 - scale)

    def read_time(raw: bytes) -> int:
        return _time_of_day(raw, unit, name)

    def read_datetime2(raw: bytes) -> int:
        return _read_days(raw[size : size + 3]) * DAY + read_time(raw[:size])

    def read_datetimeoffset(raw: bytes) -> tuple[int, int]:
        offset = _read_signed(raw[-2:])
        if abs(offset) > _MAXIMUM_OFFSET:
            raise InvalidValue(name)
        return read_datetime2(raw), offset

    type = SqlType(name, scale=scale)
    if name == "time":
        return type, _sized(read_time, size)
    if name == "datetime2":
        return type, _sized(read_datetime2, size + 3)
    return type, _sized(read_datetimeoffset, size + 5)


def _temporal_reader(name: str) -> Callable[[bytes, int], tuple[SqlType, Decoder, int]]:
    return lambda data, position: (*_temporal(name, data[position]), position + 1)


# Characters and bytes


def _short(convert: Callable[[bytes], Any]) -> Decoder:
    """Values with a 16-bit length."""

    def decode(data: bytes, position: int) -> tuple[Any, int]:
        (size,) = _u16(data, position)
        position += 2
        if size == NULL_LENGTH:
            return None, position
        if position + size > len(data):
            raise IndexError("message ends inside a value")
        return convert(data[position : position + size]), position + size

    return decode


def _long(convert: Callable[[bytes], Any]) -> Decoder:
    """Values with a 32-bit length (text, ntext, image)."""

    def decode(data: bytes, position: int) -> tuple[Any, int]:
        (size,) = _u32(data, position)
        position += 4
        if size == LONG_NULL_LENGTH:
            return None, position
        if position + size > len(data):
            raise IndexError("message ends inside a value")
        return convert(data[position : position + size]), position + size

    return decode


def _partial(convert: Callable[[bytes], Any]) -> Decoder:
    """Values in chunks (PLP). The total length may be known, unknown or wrong; the chunks decide."""

    def decode(data: bytes, position: int) -> tuple[Any, int]:
        (total,) = _u64(data, position)
        position += 8
        if total == PLP_NULL:
            return None, position
        chunks: list[bytes] = []
        while size := _u32(data, position)[0]:
            position += 4
            if position + size > len(data):
                raise IndexError("message ends inside a value")
            chunks.append(data[position : position + size])
            position += size
        return convert(chunks[0] if len(chunks) == 1 else b"".join(chunks)), position + 4

    return decode


def _decode_utf16(raw: bytes) -> str:
    return utf_16_le_decode(raw, "surrogatepass", True)[0]  # True: half a character is an error


def _code_page(collation: bytes) -> Callable[[bytes], str]:
    """The reader of char and varchar for a wire collation, which has a bit for UTF-8."""
    flags = int.from_bytes(collation[:4], "little")
    page = UTF_8 if flags & _UTF8_COLLATION else code_page_of(flags & _LCID, collation[4])
    return lambda raw: decode(raw, page)


@lru_cache(maxsize=1024)
def _characters(name: str, size: int, collation: bytes) -> tuple[SqlType, Decoder]:
    """char, varchar, nchar, nvarchar of ``size`` bytes. The type has the database's collation, as variables have; the
    wire's only tells the code page."""
    convert = _decode_utf16 if name[0] == "n" else _code_page(collation)
    if size == PLP_MAXIMUM_LENGTH:
        return SqlType(name, length=MAX, collation=DEFAULT_COLLATION), _partial(convert)
    length = max(1, size // 2 if name[0] == "n" else size)
    type = SqlType(name, length=length, collation=DEFAULT_COLLATION)
    if name in ("char", "nchar"):
        return type, _short(lambda raw: convert(raw).ljust(length))
    return type, _short(convert)


def _character_reader(name: str) -> Callable[[bytes, int], tuple[SqlType, Decoder, int]]:
    def read(data: bytes, position: int) -> tuple[SqlType, Decoder, int]:
        end = position + 7
        return *_characters(name, _u16(data, position)[0], data[position + 2 : end]), end

    return read


@lru_cache(maxsize=1024)
def _binary(name: str, size: int) -> tuple[SqlType, Decoder]:
    if size == PLP_MAXIMUM_LENGTH:
        return SqlType(name, length=MAX), _partial(bytes)
    length = max(1, size)
    if name == "binary":
        return SqlType(name, length=length), _short(lambda raw: raw.ljust(length, b"\0"))
    return SqlType(name, length=length), _short(bytes)


def _binary_reader(name: str) -> Callable[[bytes, int], tuple[SqlType, Decoder, int]]:
    return lambda data, position: (*_binary(name, _u16(data, position)[0]), position + 2)


def _read_uncollated(token: int, data: bytes, position: int) -> tuple[SqlType, Decoder, int]:
    """A character type of TDS 7.0."""
    if token == TypeToken.TEXT:
        return SqlType("text", collation=DEFAULT_COLLATION), _long(_code_page(_NO_COLLATION)), position + 4
    if token == TypeToken.NTEXT:
        return SqlType("ntext", collation=DEFAULT_COLLATION), _long(_decode_utf16), position + 4
    return *_characters(_CHARACTER_NAMES[token], _u16(data, position)[0], _NO_COLLATION), position + 2


def _read_text(data: bytes, position: int) -> tuple[SqlType, Decoder, int]:
    end = position + 9
    return SqlType("text", collation=DEFAULT_COLLATION), _long(_code_page(data[position + 4 : end])), end


def _read_ntext(data: bytes, position: int) -> tuple[SqlType, Decoder, int]:
    return SqlType("ntext", collation=DEFAULT_COLLATION), _long(_decode_utf16), position + 9


def _read_image(data: bytes, position: int) -> tuple[SqlType, Decoder, int]:
    return SqlType("image"), _long(bytes), position + 4


def _read_xml(data: bytes, position: int) -> tuple[SqlType, Decoder, int]:
    if data[position] != 0:
        raise NotSupported("an xml parameter with a schema collection")
    return SqlType("xml"), _partial(lambda raw: _decode_utf16(raw).removeprefix("\ufeff")), position + 1


# sql_variant


def _read_variant(data: bytes, position: int) -> tuple[SqlType, Decoder, int]:
    return SqlType("sql_variant"), _decode_variant, position + 4


def _decode_variant(data: bytes, position: int) -> tuple[Any, int]:
    (size,) = _u32(data, position)
    position += 4
    end = position + size
    if size == 0:
        return None, position
    if end > len(data):
        raise IndexError("message ends inside a sql_variant")
    token = data[position]
    start = position + 2 + data[position + 1]
    properties = data[position + 2 : start]
    raw = data[start:end]
    type, decode, prefix = _variant_base(token, properties)
    if prefix:
        if len(raw) >= 1 << 8 * prefix:
            raise ProtocolError(f"sql_variant with a value of {len(raw)} bytes")
        raw = len(raw).to_bytes(prefix, "little") + raw
    value, used = decode(raw, 0)
    if used != len(raw):
        raise ProtocolError("sql_variant whose length does not fit its type")
    return (type, value), end


def _variant_base(token: int, properties: bytes) -> tuple[SqlType, Decoder, int]:
    """The type inside a variant, the reader of its values and the size of the length that they miss."""
    if token in _FIXED:
        return *_FIXED[token], 0
    match token:
        case TypeToken.GUID:
            return *_GUID, 1
        case TypeToken.DATEN:
            return *_DATE, 1
        case TypeToken.TIMEN | TypeToken.DATETIME2N | TypeToken.DATETIMEOFFSETN:
            return *_temporal(_TEMPORAL_NAMES[token], properties[0]), 1
        case TypeToken.DECIMALN | TypeToken.NUMERICN:
            return *_decimal(_DECIMAL_NAMES[token], properties[0], properties[1]), 1
        case TypeToken.BIGVARBIN | TypeToken.BIGBINARY:
            return *_binary(_BINARY_NAMES[token], _u16(properties, 0)[0]), 2
        case TypeToken.BIGVARCHR | TypeToken.BIGCHAR | TypeToken.NVARCHAR | TypeToken.NCHAR:
            return *_characters(_CHARACTER_NAMES[token], _u16(properties, 5)[0], properties[:5]), 2
        case _:
            raise ProtocolError(f"unknown type 0x{token:02X} in a sql_variant")


_TEMPORAL_NAMES: dict[int, str] = {
    TypeToken.TIMEN: "time",
    TypeToken.DATETIME2N: "datetime2",
    TypeToken.DATETIMEOFFSETN: "datetimeoffset",
}
_DECIMAL_NAMES: dict[int, str] = {TypeToken.DECIMALN: "decimal", TypeToken.NUMERICN: "numeric"}
_BINARY_NAMES: dict[int, str] = {TypeToken.BIGVARBIN: "varbinary", TypeToken.BIGBINARY: "binary"}
_CHARACTER_NAMES: dict[int, str] = {
    TypeToken.BIGVARCHR: "varchar",
    TypeToken.BIGCHAR: "char",
    TypeToken.NVARCHAR: "nvarchar",
    TypeToken.NCHAR: "nchar",
}

_BIT, _TINYINT, _SMALLINT, _INT, _BIGINT = map(SqlType, ("bit", "tinyint", "smallint", "int", "bigint"))
_REAL, _FLOAT, _MONEY, _SMALLMONEY = map(SqlType, ("real", "float", "money", "smallmoney"))
_DATETIME, _SMALLDATETIME = map(SqlType, ("datetime", "smalldatetime"))
_GUID = SqlType("uniqueidentifier"), _sized(bytes, 16)
_DATE = SqlType("date"), _sized(_read_days, 3)

_FIXED: dict[int, tuple[SqlType, Decoder]] = {
    TypeToken.NULL: (UNTYPED_NULL, lambda data, position: (None, position)),
    TypeToken.BIT: (_BIT, _unsized(_read_bit, 1)),
    TypeToken.INT1: (_TINYINT, _unsized(_read_unsigned, 1)),
    TypeToken.INT2: (_SMALLINT, _unsized(_read_signed, 2)),
    TypeToken.INT4: (_INT, _unsized(_read_signed, 4)),
    TypeToken.INT8: (_BIGINT, _unsized(_read_signed, 8)),
    TypeToken.FLT4: (_REAL, _unsized(_read_float, 4)),
    TypeToken.FLT8: (_FLOAT, _unsized(_read_float, 8)),
    TypeToken.MONEY4: (_SMALLMONEY, _unsized(_read_money, 4)),
    TypeToken.MONEY: (_MONEY, _unsized(_read_money, 8)),
    TypeToken.DATETIM4: (_SMALLDATETIME, _unsized(_read_datetime, 4)),
    TypeToken.DATETIME: (_DATETIME, _unsized(_read_datetime, 8)),
}

_READERS: dict[int, Callable[[bytes, int], tuple[SqlType, Decoder, int]]] = {
    TypeToken.BITN: _by_size((_BIT, _sized(_read_bit, 1), 1)),
    TypeToken.INTN: _by_size(
        (_TINYINT, _sized(_read_unsigned, 1), 1),
        (_SMALLINT, _sized(_read_signed, 2), 2),
        (_INT, _sized(_read_signed, 4), 4),
        (_BIGINT, _sized(_read_signed, 8), 8),
    ),
    TypeToken.FLTN: _by_size((_REAL, _sized(_read_float, 4), 4), (_FLOAT, _sized(_read_float, 8), 8)),
    TypeToken.MONEYN: _by_size((_SMALLMONEY, _sized(_read_money, 4), 4), (_MONEY, _sized(_read_money, 8), 8)),
    TypeToken.DATETIMN: _by_size(
        (_SMALLDATETIME, _sized(_read_datetime, 4), 4), (_DATETIME, _sized(_read_datetime, 8), 8)
    ),
    TypeToken.GUID: _by_size((*_GUID, 16)),
    TypeToken.DATEN: lambda data, position: (*_DATE, position),
    **{token: _decimal_reader(name) for token, name in _DECIMAL_NAMES.items()},
    **{token: _temporal_reader(name) for token, name in _TEMPORAL_NAMES.items()},
    **{token: _character_reader(name) for token, name in _CHARACTER_NAMES.items()},
    **{token: _binary_reader(name) for token, name in _BINARY_NAMES.items()},
    TypeToken.TEXT: _read_text,
    TypeToken.NTEXT: _read_ntext,
    TypeToken.IMAGE: _read_image,
    TypeToken.XML: _read_xml,
    TypeToken.SSVARIANT: _read_variant,
}
