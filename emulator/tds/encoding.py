"""Engine types and values to wire bytes. Pure.

``wire_type`` gives a type's TYPE_INFO and the function that encodes its values; both are chosen once per column, so a
row costs one call per cell. All types go out in their nullable form. Values are the engine's representations
(``emulator.types.sqltype``). Source: [MS-TDS] 2.2.5.2 (lengths, PLP), 2.2.5.5 (values).
"""

import struct
from codecs import utf_16_le_encode
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from emulator.errors import NotSupported
from emulator.tds.wiretypes import DAY, PLP_MAXIMUM_LENGTH, TypeToken, decimal_size, time_size
from emulator.types.collation import Collation, collation
from emulator.types.sqltype import MAX, SqlType

Encoder = Callable[[Any], bytes]

_NULL = b"\0"
_NULL_SHORT = b"\xff\xff"
_NULL_PLP = b"\xff" * 8
_TEXT_POINTER = b"\x10" + bytes(16) + bytes(8)
_TIMESTAMP_USER_TYPE = 80
_LONG_MAXIMUM = 0x7FFFFFFF
_VARIANT_MAXIMUM = 8009

_u16 = struct.Struct("<H").pack
_u32 = struct.Struct("<I").pack
_u64 = struct.Struct("<Q").pack


@dataclass(frozen=True, slots=True)
class WireType:
    """``info`` is the TYPE_INFO, ``encode`` makes a value (None = NULL) with its length prefix. ``is_long``: one of the
    old text, ntext, image types, whose column metadata names a table."""

    info: bytes
    encode: Encoder
    user_type: int = 0
    is_long: bool = False


@lru_cache(maxsize=4096)
def wire_type(type: SqlType) -> WireType:
    """How values of ``type`` travel. Raises NotSupported for a type that has no wire form here, SqlError
    448 for an unknown collation."""
    try:
        build = _BUILDERS[type.name]
    except KeyError:
        raise NotSupported(f"a result column of type {type.name}") from None
    return build(type)


def _fixed(token: TypeToken, size: int, encode: Callable[[int], Encoder]) -> Callable[[SqlType], WireType]:
    built = WireType(bytes([token, size]), encode(size))
    return lambda type: built


def _packed(format: str) -> Callable[[int], Encoder]:
    pack = struct.Struct("<B" + format).pack

    def build(size: int) -> Encoder:
        return lambda value: _NULL if value is None else pack(size, value)

    return build


def _money(size: int) -> Encoder:
    """The high half first, each half little endian."""
    pack = struct.Struct("<BiI").pack
    return lambda value: _NULL if value is None else pack(size, value >> 32, value & 0xFFFFFFFF)


def _datetime(size: int) -> Encoder:
    """Days and 1/300 s ticks of the day."""
    pack = struct.Struct("<BiI").pack
    return lambda value: _NULL if value is None else pack(size, *divmod(value, 25_920_000))


def _smalldatetime(size: int) -> Encoder:
    """Days and minutes of the day."""
    pack = struct.Struct("<BHH").pack
    return lambda value: _NULL if value is None else pack(size, *divmod(value, 1440))


def _decimal(type: SqlType) -> WireType:
    size = decimal_size(type.precision)
    plus = bytes([size + 1, 1])
    minus = bytes([size + 1, 0])

    def encode(value: int | None) -> bytes:
        if value is None:
            return _NULL
        if value >= 0:
            return plus + value.to_bytes(size, "little")
        return minus + (-value).to_bytes(size, "little")

    token = TypeToken.DECIMALN if type.name == "decimal" else TypeToken.NUMERICN
    return WireType(bytes([token, size + 1, type.precision, type.scale]), encode)


def _date(type: SqlType) -> WireType:
    def encode(value: int | None) -> bytes:
        return _NULL if value is None else b"\x03" + value.to_bytes(3, "little")

    return WireType(bytes([TypeToken.DATEN]), encode)


def _time(type: SqlType) -> WireType:
    size = time_size(type.scale)
    unit: int = 10 ** (7 - type.scale)
    prefix = bytes([size])

    def encode(value: int | None) -> bytes:
        return _NULL if value is None else prefix + (value // unit).to_bytes(size, "little")

    return WireType(bytes([TypeToken.TIMEN, type.scale]), encode)


def _datetime2(type: SqlType) -> WireType:
    size = time_size(type.scale)
    unit: int = 10 ** (7 - type.scale)
    prefix = bytes([size + 3])
    shift = 8 * size

    def encode(value: int | None) -> bytes:
        if value is None:
            return _NULL
        days, time = divmod(value, DAY)
        return prefix + (time // unit | days << shift).to_bytes(size + 3, "little")

    return WireType(bytes([TypeToken.DATETIME2N, type.scale]), encode)


def _datetimeoffset(type: SqlType) -> WireType:
    size = time_size(type.scale)
    unit: int = 10 ** (7 - type.scale)
    prefix = bytes([size + 5])

    def encode(value: tuple[int, int] | None) -> bytes:
        if value is None:
            return _NULL
        days, time = divmod(value[0], DAY)
        date = days.to_bytes(3, "little") + value[1].to_bytes(2, "little", signed=True)
        return prefix + (time // unit).to_bytes(size, "little") + date

    return WireType(bytes([TypeToken.DATETIMEOFFSETN, type.scale]), encode)


def _uniqueidentifier(type: SqlType) -> WireType:
    def encode(value: bytes | None) -> bytes:
        return _NULL if value is None else b"\x10" + value

    return WireType(bytes([TypeToken.GUID, 16]), encode)


def _encode_utf16(text: str) -> bytes:
    return utf_16_le_encode(text, "surrogatepass")[0]  # a third of the time of str.encode


def _code_page(of: Collation) -> Callable[[str], bytes]:
    """Text to the bytes of the collation's code page."""
    encode = of.encode
    return lambda text: text.encode() if text.isascii() else encode(text)


def _short(to_bytes: Callable[[Any], bytes] | None) -> Encoder:
    """Values with a 16-bit length."""
    if to_bytes is None:
        return lambda value: _NULL_SHORT if value is None else _u16(len(value)) + value

    def encode(value: Any) -> bytes:
        if value is None:
            return _NULL_SHORT
        data = to_bytes(value)
        return _u16(len(data)) + data

    return encode


def _partial(to_bytes: Callable[[Any], bytes]) -> Encoder:
    """Values of ``(max)`` types: total length, one chunk, end (PLP)."""

    def encode(value: Any) -> bytes:
        if value is None:
            return _NULL_PLP
        data = to_bytes(value)
        if not data:
            return bytes(12)
        return _u64(len(data)) + _u32(len(data)) + data + bytes(4)

    return encode


def _long(to_bytes: Callable[[Any], bytes]) -> Encoder:
    """Values of text, ntext and image: a text pointer that no client uses, a 32-bit length."""

    def encode(value: Any) -> bytes:
        if value is None:
            return _NULL
        data = to_bytes(value)
        return _TEXT_POINTER + _u32(len(data)) + data

    return encode


def _unicode(token: TypeToken) -> Callable[[SqlType], WireType]:
    def build(type: SqlType) -> WireType:
        tds = collation(type.collation).tds
        if type.length == MAX:
            return WireType(bytes([token]) + _u16(PLP_MAXIMUM_LENGTH) + tds, _partial(_encode_utf16))
        return WireType(bytes([token]) + _u16(2 * max(type.length, 1)) + tds, _short(_encode_utf16))

    return build


def _character(token: TypeToken) -> Callable[[SqlType], WireType]:
    def build(type: SqlType) -> WireType:
        of = collation(type.collation)
        if type.length == MAX:
            return WireType(bytes([token]) + _u16(PLP_MAXIMUM_LENGTH) + of.tds, _partial(_code_page(of)))
        return WireType(bytes([token]) + _u16(max(type.length, 1)) + of.tds, _short(_code_page(of)))

    return build


def _binary(token: TypeToken) -> Callable[[SqlType], WireType]:
    def build(type: SqlType) -> WireType:
        if type.length == MAX:
            return WireType(bytes([token]) + _u16(PLP_MAXIMUM_LENGTH), _partial(bytes))
        return WireType(bytes([token]) + _u16(max(type.length, 1)), _short(None))

    return build


def _rowversion(type: SqlType) -> WireType:
    return WireType(bytes([TypeToken.BIGBINARY]) + _u16(8), _short(None), _TIMESTAMP_USER_TYPE)


def _text(type: SqlType) -> WireType:
    of = collation(type.collation)
    return WireType(bytes([TypeToken.TEXT]) + _u32(_LONG_MAXIMUM) + of.tds, _long(_code_page(of)), is_long=True)


def _ntext(type: SqlType) -> WireType:
    info = bytes([TypeToken.NTEXT]) + _u32(_LONG_MAXIMUM - 1) + collation(type.collation).tds
    return WireType(info, _long(_encode_utf16), is_long=True)


def _image(type: SqlType) -> WireType:
    return WireType(bytes([TypeToken.IMAGE]) + _u32(_LONG_MAXIMUM), _long(bytes), is_long=True)


def _xml(type: SqlType) -> WireType:
    return WireType(bytes([TypeToken.XML, 0]), _partial(_encode_utf16))


def _variant(type: SqlType) -> WireType:
    """sql_variant: each value carries its own type, without a collation where it has none."""

    def encode(value: tuple[SqlType, Any] | None) -> bytes:
        if value is None or value[1] is None:
            return bytes(4)
        head, prefix = _variant_head(value[0])
        data = head + wire_type(value[0]).encode(value[1])[prefix:]
        return _u32(len(data)) + data

    return WireType(bytes([TypeToken.SSVARIANT]) + _u32(_VARIANT_MAXIMUM), encode)


_VARIANT_FIXED = {
    "bit": TypeToken.BIT,
    "tinyint": TypeToken.INT1,
    "smallint": TypeToken.INT2,
    "int": TypeToken.INT4,
    "bigint": TypeToken.INT8,
    "real": TypeToken.FLT4,
    "float": TypeToken.FLT8,
    "money": TypeToken.MONEY,
    "smallmoney": TypeToken.MONEY4,
    "datetime": TypeToken.DATETIME,
    "smalldatetime": TypeToken.DATETIM4,
    "uniqueidentifier": TypeToken.GUID,
    "date": TypeToken.DATEN,
}


@lru_cache(maxsize=1024)
def _variant_head(type: SqlType) -> tuple[bytes, int]:
    """Base type with its properties, and the size of the length prefix that the value loses inside a variant."""
    if type.name in _VARIANT_FIXED:
        return bytes([_VARIANT_FIXED[type.name], 0]), 1
    info = wire_type(type).info
    match info[0]:
        case TypeToken.TIMEN | TypeToken.DATETIME2N | TypeToken.DATETIMEOFFSETN:
            return bytes([info[0], 1, type.scale]), 1
        case TypeToken.DECIMALN | TypeToken.NUMERICN:
            return bytes([info[0], 2, type.precision, type.scale]), 1
        case TypeToken.BIGVARBIN | TypeToken.BIGBINARY if type.length != MAX:
            return bytes([info[0], 2]) + info[1:3], 2
        case TypeToken.BIGVARCHR | TypeToken.BIGCHAR | TypeToken.NVARCHAR | TypeToken.NCHAR if type.length != MAX:
            return bytes([info[0], 7]) + info[3:8] + info[1:3], 2
        case _:
            raise NotSupported(f"sql_variant holding {type.name}")


_BUILDERS: dict[str, Callable[[SqlType], WireType]] = {
    "bit": _fixed(TypeToken.BITN, 1, _packed("B")),
    "tinyint": _fixed(TypeToken.INTN, 1, _packed("B")),
    "smallint": _fixed(TypeToken.INTN, 2, _packed("h")),
    "int": _fixed(TypeToken.INTN, 4, _packed("i")),
    "bigint": _fixed(TypeToken.INTN, 8, _packed("q")),
    "real": _fixed(TypeToken.FLTN, 4, _packed("f")),
    "float": _fixed(TypeToken.FLTN, 8, _packed("d")),
    "money": _fixed(TypeToken.MONEYN, 8, _money),
    "smallmoney": _fixed(TypeToken.MONEYN, 4, _packed("i")),
    "datetime": _fixed(TypeToken.DATETIMN, 8, _datetime),
    "smalldatetime": _fixed(TypeToken.DATETIMN, 4, _smalldatetime),
    "decimal": _decimal,
    "numeric": _decimal,
    "date": _date,
    "time": _time,
    "datetime2": _datetime2,
    "datetimeoffset": _datetimeoffset,
    "uniqueidentifier": _uniqueidentifier,
    "char": _character(TypeToken.BIGCHAR),
    "varchar": _character(TypeToken.BIGVARCHR),
    "nchar": _unicode(TypeToken.NCHAR),
    "nvarchar": _unicode(TypeToken.NVARCHAR),
    "sysname": _unicode(TypeToken.NVARCHAR),
    "binary": _binary(TypeToken.BIGBINARY),
    "varbinary": _binary(TypeToken.BIGVARBIN),
    "rowversion": _rowversion,
    "text": _text,
    "ntext": _ntext,
    "image": _image,
    "xml": _xml,
    "sql_variant": _variant,
}
