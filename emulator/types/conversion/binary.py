"""Conversions to and from binary data and uniqueidentifier.

Binary data is what a value looks like in storage, most significant byte first. Documentation: "binary and varbinary
(Transact-SQL)", "CAST and CONVERT (Transact-SQL)" (binary styles), "uniqueidentifier (Transact-SQL)".
"""

import re
import struct
import uuid
from collections.abc import Callable
from typing import Any, Final

from emulator.errors import SqlError, sql_error
from emulator.types import exact
from emulator.types.collation import collation
from emulator.types.conversion.strings import fit, padded
from emulator.types.instants import TICKS_PER_DAY, UNITS_PER_DAY
from emulator.types.sqltype import MAX, SqlType, is_unicode, message_name

Function = Callable[[Any], Any]

_GUID_LENGTH: Final = 36
_GUID_BYTES: Final = 16
_GUID_TEXT: Final = re.compile(
    r"[0-9A-F]{8}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{12}", re.ASCII | re.IGNORECASE
)
_HEX: Final = re.compile(r"((?:[0-9A-F]{2})*)", re.ASCII | re.IGNORECASE)
_HEX_LITERAL: Final = re.compile(r"0x((?:[0-9A-F]{2})*)", re.ASCII | re.IGNORECASE)
_INTEGER_BYTES: Final = {"bit": 1, "tinyint": 1, "smallint": 2, "int": 4, "bigint": 8, "smallmoney": 4, "money": 8}
_HEX_WITH_PREFIX: Final = 1
_HEX_BARE: Final = 2
_LAST_DAY: Final = 3_652_058
"""9999-12-31 in days since 0001-01-01."""


def binary_to_binary(_source: SqlType, target: SqlType, _style: int | None) -> Function | None:
    """Cut, or filled with zeros, on the right."""
    return _left_aligned(target)


def _left_aligned(t: SqlType) -> Callable[[bytes], bytes] | None:
    length = t.length
    if length == MAX:
        return None
    if t.name in ("binary", "rowversion"):
        return lambda v: v[:length].ljust(length, b"\0")
    return lambda v: v[:length]


def _right_aligned(t: SqlType) -> Callable[[bytes], bytes] | None:
    """Cut, or for binary(n) filled with zeros, on the left: for numbers."""
    length = t.length
    if length == MAX:
        return None
    if t.name in ("binary", "rowversion"):
        return lambda v: v[-length:].rjust(length, b"\0")
    return lambda v: v[-length:]


def _then(f: Callable[[Any], Any], g: Callable[[Any], Any] | None) -> Function:
    return f if g is None else lambda v: g(f(v))


# Numbers


def integer_to_binary(source: SqlType, target: SqlType, _style: int | None) -> Function:
    size = _INTEGER_BYTES[source.name]
    signed = source.name not in ("bit", "tinyint")
    return _then(lambda v: v.to_bytes(size, "big", signed=signed), _right_aligned(target))


def binary_to_integer(_source: SqlType, target: SqlType, _style: int | None) -> Function:
    """The last bytes count, and their first bit is the sign if all are there."""
    if target.name == "bit":
        return lambda v: 1 if v.strip(b"\0") else 0
    size = _INTEGER_BYTES[target.name]
    signed = target.name != "tinyint"
    return lambda v: int.from_bytes(v[-size:].rjust(size, b"\0"), "big", signed=signed)


def decimal_to_binary(source: SqlType, target: SqlType, _style: int | None) -> Function:
    """Precision, scale, 0, sign, then the number in groups of four bytes, least significant first."""
    head = bytes((source.precision, source.scale, 0))

    def convert(v: int) -> bytes:
        size = max((abs(v).bit_length() + 31) // 32, 1) * 4
        return head + bytes((v >= 0,)) + abs(v).to_bytes(size, "little")

    return _then(convert, _left_aligned(target))


def binary_to_decimal(source: SqlType, target: SqlType, _style: int | None) -> Function:
    """The inverse of ``decimal_to_binary``, brought to the target's scale. Raises 8114 and 8115."""
    limit = exact.POWERS[target.precision]

    def convert(v: bytes) -> int:
        if len(v) < 5 or v[0] > 38 or v[1] > v[0] or v[3] > 1:
            raise sql_error(8114, source.name, "numeric", state=5)
        rescale = exact.rescaler(v[1], target.scale)
        r = int.from_bytes(v[4:], "little") * (1 if v[3] else -1)
        r = r if rescale is None else rescale(r)
        if -limit < r < limit:
            return r
        raise sql_error(8115, source.name, "numeric", state=8)

    return convert


def float_to_binary(source: SqlType, target: SqlType, _style: int | None) -> Function:
    form = ">d" if source.name == "float" else ">f"
    return _then(lambda v: struct.pack(form, v), _right_aligned(target))


def datetime_to_binary(source: SqlType, target: SqlType, _style: int | None) -> Function:
    """datetime: days and ticks of 4 bytes each; smalldatetime: days and minutes of 2 bytes each.

    The newer types: a byte with the scale, the time of day in units of the scale, the days since 0001-01-01 and the
    offset in minutes, as far as the type has them and with the least byte first.
    """
    if source.name == "datetime":
        return _then(lambda v: struct.pack(">iI", *divmod(v, TICKS_PER_DAY)), _right_aligned(target))
    if source.name == "smalldatetime":
        return _then(lambda v: struct.pack(">HH", *divmod(v, 1440)), _right_aligned(target))
    if source.name == "date":
        return _then(lambda v: v.to_bytes(3, "little"), _left_aligned(target))
    return _then(_packer(source), _left_aligned(target))


def _time_size(scale: int) -> int:
    return 3 if scale <= 2 else 4 if scale <= 4 else 5


def _packer(t: SqlType) -> Callable[[Any], bytes]:
    size, unit = _time_size(t.scale), exact.POWERS[7 - t.scale]
    head = bytes((t.scale,))

    def moment(v: int) -> bytes:
        days, units = divmod(v, UNITS_PER_DAY)
        return head + (units // unit).to_bytes(size, "little") + days.to_bytes(3, "little")

    if t.name == "time":
        return lambda v: head + (v // unit).to_bytes(size, "little")
    if t.name == "datetime2":
        return moment
    return lambda v: moment(v[0]) + v[1].to_bytes(2, "little", signed=True)


def _unpacker(t: SqlType, error: Callable[[], SqlError]) -> Callable[[bytes], Any]:
    """The inverse of ``_packer``; a value of another scale is brought to that of ``t``."""
    size_behind = {"time": 0, "datetime2": 3, "datetimeoffset": 5}[t.name]

    def unpack(v: bytes) -> Any:
        if not v or v[0] > 7 or len(v) != 1 + _time_size(v[0]) + size_behind:
            raise error()
        size, unit = _time_size(v[0]), exact.POWERS[7 - t.scale]
        units = int.from_bytes(v[1 : 1 + size], "little") * exact.POWERS[7 - v[0]]
        if units >= UNITS_PER_DAY:
            raise error()
        units = units // unit * unit
        if t.name == "time":
            return units
        days = int.from_bytes(v[1 + size : 4 + size], "little")
        if days > _LAST_DAY:
            raise error()
        found = days * UNITS_PER_DAY + units
        return found if t.name == "datetime2" else (found, int.from_bytes(v[4 + size :], "little", signed=True))

    return unpack


def binary_to_datetime(source: SqlType, target: SqlType, _style: int | None) -> Function:
    """The inverse of ``datetime_to_binary``. Raises 8115."""

    def error() -> SqlError:
        return sql_error(8115, "expression", target.name, state=2)

    if target.name == "datetime":

        def convert(v: bytes) -> int:
            days, ticks = struct.unpack(">iI", v[-8:].rjust(8, b"\0"))
            if ticks >= TICKS_PER_DAY or not -53_690 <= days <= 2_958_463:
                raise error()
            return int(days * TICKS_PER_DAY + ticks)

        return convert
    if target.name == "smalldatetime":

        def convert_small(v: bytes) -> int:
            days, minutes = struct.unpack(">HH", v[-4:].rjust(4, b"\0"))
            if minutes >= 1440:
                raise error()
            return int(days * 1440 + minutes)

        return convert_small
    if target.name == "date":

        def convert_date(v: bytes) -> int:
            days = int.from_bytes(v, "little")
            if len(v) != 3 or days > _LAST_DAY:
                raise error()
            return days

        return convert_date
    return _unpacker(target, error)


# Text


def text_to_binary(source: SqlType, target: SqlType, style: int | None) -> Function:
    """Style 0: the bytes of the text; 1: hexadecimal digits behind 0x; 2: hexadecimal digits. Raises 8114."""
    align = _left_aligned(target)
    if style in (_HEX_WITH_PREFIX, _HEX_BARE):
        pattern = _HEX_LITERAL if style == _HEX_WITH_PREFIX else _HEX

        def convert(v: str) -> bytes:
            match = pattern.fullmatch(v)
            if match is None:
                raise sql_error(8114, message_name(source), message_name(target), state=5)
            return bytes.fromhex(match[1])

        return _then(convert, align)
    if is_unicode(source):
        return _then(lambda v: v.encode("utf-16-le", "surrogatepass"), align)
    return _then(collation(source.collation).encode, align)


def binary_to_text(_source: SqlType, target: SqlType, style: int | None) -> Function:
    """Style 0: the bytes are text; 1 and 2: hexadecimal digits, with 0x in style 1."""
    if style in (_HEX_WITH_PREFIX, _HEX_BARE):
        prefix = "0x" if style == _HEX_WITH_PREFIX else ""
        return _then(lambda v: prefix + v.hex().upper(), fit(target))
    if is_unicode(target):
        return _then(_decode_byte_pairs, fit(target))
    return _then(collation(target.collation).decode, fit(target))


def _decode_byte_pairs(v: bytes) -> str:
    return (v + b"\0" if len(v) % 2 else v).decode("utf-16-le", "surrogatepass")


# uniqueidentifier


def guid_to_text(_source: SqlType, target: SqlType, _style: int | None) -> Function:
    if target.length != MAX and target.length < _GUID_LENGTH:

        def fail(_v: bytes) -> str:
            raise sql_error(8170, state=2)

        return fail
    return _then(lambda v: str(uuid.UUID(bytes_le=v)).upper(), padded(target))


def text_to_guid(_source: SqlType, _target: SqlType, _style: int | None) -> Function:
    """36 characters, or in braces; what follows them is ignored. Raises 8169."""

    def convert(v: str) -> bytes:
        braced = v.startswith("{")
        match = _GUID_TEXT.match(v, braced)
        if match is None or (braced and v[_GUID_LENGTH + 1 : _GUID_LENGTH + 2] != "}"):
            raise sql_error(8169, state=2)
        return uuid.UUID(match[0]).bytes_le

    return convert


def guid_to_binary(_source: SqlType, target: SqlType, _style: int | None) -> Function | None:
    return _left_aligned(target)


def binary_to_guid(_source: SqlType, _target: SqlType, _style: int | None) -> Function:
    return lambda v: v[:_GUID_BYTES].ljust(_GUID_BYTES, b"\0")
