"""Encoders of reply tokens. Pure: each appends one token to a bytearray, in the layout of its ``Dialect``.

Source: [MS-TDS] 2.2.7.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum, IntFlag
from typing import Any

from emulator.errors import SqlError
from emulator.results import ColumnInfo
from emulator.tds.dialect import TDS_7_4, Dialect
from emulator.tds.encoding import Encoder
from emulator.types.sqltype import SqlType

ROW = b"\xd1"

_RETURN_STATUS = 0x79
_COLUMN_METADATA = 0x81
_ERROR = 0xAA
_INFO = 0xAB
_RETURN_VALUE = 0xAC
_LOGIN_ACK = 0xAD
_FEATURE_EXT_ACK = 0xAE
_ENV_CHANGE = 0xE3
_COLUMN_INFO = 0xA5

_IS_EXPRESSION = 0x04
_IS_HIDDEN = 0x10

_SQL_TSQL = 1
_MAXIMUM_MESSAGE = 8000
_MAXIMUM_NARROW_COUNT = 0xFFFFFFFF
_MAXIMUM_NARROW_LINE = 0xFFFF

_u16 = struct.Struct("<H").pack
_u32 = struct.Struct("<I").pack


class DoneToken(IntEnum):
    """Which statement ended: one of a batch, a remote procedure call as a whole, or one inside such a call."""

    DONE = 0xFD
    DONEPROC = 0xFE
    DONEINPROC = 0xFF


class DoneStatus(IntFlag):
    """Bits of a DONE token."""

    FINAL = 0x00
    MORE = 0x01
    ERROR = 0x02
    COUNT = 0x10
    ATTENTION = 0x20


class Command(IntEnum):
    """CurCmd of a DONE token: clients only tell a SELECT, whose count is no update count, from the rest."""

    OTHER = 0x00
    SELECT = 0xC1


class EnvChange(IntEnum):
    """Types of ENVCHANGE."""

    DATABASE = 1
    LANGUAGE = 2
    PACKET_SIZE = 4
    COLLATION = 7
    BEGIN_TRANSACTION = 8
    COMMIT_TRANSACTION = 9
    ROLLBACK_TRANSACTION = 10
    RESET_ACKNOWLEDGED = 18


def _b_varchar(text: str) -> bytes:
    data = text[:255].encode("utf-16-le", "surrogatepass")
    return bytes([len(data) // 2 & 0xFF]) + data


def _us_varchar(text: str) -> bytes:
    data = text.encode("utf-16-le", "surrogatepass")
    return _u16(len(data) // 2) + data


def done(
    buffer: bytearray,
    token: DoneToken,
    status: int = 0,
    count: int = 0,
    command: Command = Command.OTHER,
    dialect: Dialect = TDS_7_4,
) -> None:
    """DONE, DONEPROC or DONEINPROC. Without ``DoneStatus.MORE`` the client reads no further."""
    buffer += dialect.pack_done(token, status, command, count if dialect.wide else min(count, _MAXIMUM_NARROW_COUNT))


def message(buffer: bytearray, error: SqlError, server: str, dialect: Dialect = TDS_7_4) -> None:
    """ERROR (severity above 10) or INFO."""
    line = max(error.line, 0)
    body = (
        struct.pack("<iBB", error.number, error.state & 0xFF, error.severity)
        + _us_varchar(error.message[:_MAXIMUM_MESSAGE])
        + _b_varchar(server)
        + _b_varchar(error.procedure)
        + dialect.pack_line(line if dialect.wide else min(line, _MAXIMUM_NARROW_LINE))
    )
    buffer += bytes([_ERROR if error.severity > 10 else _INFO]) + _u16(len(body)) + body


def text_change(buffer: bytearray, kind: EnvChange, new: str, old: str) -> None:
    """ENVCHANGE whose values are texts: database, language, packet size."""
    body = bytes([kind]) + _b_varchar(new) + _b_varchar(old)
    buffer += bytes([_ENV_CHANGE]) + _u16(len(body)) + body


def binary_change(buffer: bytearray, kind: EnvChange, new: bytes = b"", old: bytes = b"") -> None:
    """ENVCHANGE whose values are bytes: collation, transaction descriptors, reset."""
    body = bytes([kind, len(new)]) + new + bytes([len(old)]) + old
    buffer += bytes([_ENV_CHANGE]) + _u16(len(body)) + body


def transaction_change(buffer: bytearray, kind: EnvChange, descriptor: int) -> None:
    """ENVCHANGE 8, 9 or 10: a transaction begins with its descriptor as new value, ends with it as old value."""
    value = descriptor.to_bytes(8, "little")
    if kind is EnvChange.BEGIN_TRANSACTION:
        binary_change(buffer, kind, new=value)
    else:
        binary_change(buffer, kind, old=value)


def login_ack(buffer: bytearray, dialect: Dialect, program: str, version: tuple[int, int, int]) -> None:
    """LOGINACK: the version spoken (big endian, unlike in LOGIN7), the server's name and version."""
    body = (
        bytes([_SQL_TSQL])
        + dialect.acknowledged.to_bytes(4, "big")
        + _b_varchar(program)
        + bytes(version[:2])
        + version[2].to_bytes(2, "big")
    )
    buffer += bytes([_LOGIN_ACK]) + _u16(len(body)) + body


def feature_ext_ack(buffer: bytearray, features: dict[int, bytes]) -> None:
    """FEATUREEXTACK: the requested features that this server really has."""
    buffer.append(_FEATURE_EXT_ACK)
    for feature, data in features.items():
        buffer += bytes([feature]) + _u32(len(data)) + data
    buffer.append(0xFF)


def return_status(buffer: bytearray, status: int) -> None:
    """RETURNSTATUS of a procedure."""
    buffer += struct.pack("<Bi", _RETURN_STATUS, status)


def return_value(
    buffer: bytearray, ordinal: int, name: str, type: SqlType, value: Any, dialect: Dialect = TDS_7_4
) -> None:
    """RETURNVALUE: the final value of an OUTPUT parameter, ``ordinal`` being its place in the call from 0."""
    wire = dialect.wire_type(type)
    flags = 0x01
    buffer += struct.pack("<BH", _RETURN_VALUE, ordinal) + _b_varchar(name)
    buffer += b"\x01" + dialect.pack_user_type(wire.user_type) + _u16(flags) + wire.info + wire.encode(value)


@dataclass(frozen=True, slots=True)
class ResultShape:
    """What a result set's columns come to on the wire: its COLMETADATA token and an encoder per column."""

    metadata: bytes
    encoders: tuple[Encoder, ...]


def result_shape(columns: Sequence[ColumnInfo], dialect: Dialect = TDS_7_4) -> ResultShape:
    """Metadata and encoders of a result set. Raises NotSupported for a type or collation without wire form."""
    metadata = bytearray([_COLUMN_METADATA]) + _u16(len(columns))
    encoders: list[Encoder] = []
    for column in columns:
        wire = dialect.wire_type(column.type)
        metadata += dialect.pack_user_type(wire.user_type) + _u16(_flags(column)) + wire.info
        if wire.is_long:
            metadata += dialect.no_table_name
        metadata += _b_varchar(column.name)
        encoders.append(wire.encode)
    if any(column.hidden for column in columns):
        metadata += _column_info(columns)
    return ResultShape(bytes(metadata), tuple(encoders))


def _flags(column: ColumnInfo) -> int:
    """Nullable 0x01, updatable 0x04 (yes) or 0x08 (unknown), identity 0x10, hidden 0x2000."""
    shown = column.nullable | (0x04 if column.updatable else 0x08) | (0x10 if column.identity else 0)
    return shown | (0x2000 if column.hidden else 0)


def _column_info(columns: Sequence[ColumnInfo]) -> bytes:
    """COLINFO, which tells old clients what is hidden: the columns as expressions, without the names of tables."""
    body = b"".join(
        bytes([number & 0xFF, 0, _IS_EXPRESSION | (_IS_HIDDEN if column.hidden else 0)])
        for number, column in enumerate(columns, start=1)
    )
    return bytes([_COLUMN_INFO]) + _u16(len(body)) + body
