"""Remote procedure calls: the request message to calls with engine values. Pure.

A message holds one or more calls. A procedure is named, or numbered when it is one of the system procedures that
drivers use all the time; numbers become names here. Source: [MS-TDS] 2.2.6.6, table-valued parameters 2.2.5.5.5.
"""

import struct
from dataclasses import dataclass
from typing import Any

from emulator.errors import NotSupported, SqlError, sql_error
from emulator.tds.decoding import Decoder, InvalidValue, read_type
from emulator.tds.dialect import TDS_7_4, Dialect
from emulator.tds.engine import Parameter, RpcParameter, TableColumn, TableParameter
from emulator.tds.packets import ProtocolError
from emulator.tds.wiretypes import TypeToken

SYSTEM_PROCEDURES = {
    1: "sp_cursor",
    2: "sp_cursoropen",
    3: "sp_cursorprepare",
    4: "sp_cursorexecute",
    5: "sp_cursorprepexec",
    6: "sp_cursorunprepare",
    7: "sp_cursorfetch",
    8: "sp_cursoroption",
    9: "sp_cursorclose",
    10: "sp_executesql",
    11: "sp_prepare",
    12: "sp_execute",
    13: "sp_prepexec",
    14: "sp_prepexecrpc",
    15: "sp_unprepare",
}

_MAXIMUM_PARAMETERS = 2100
_NUMBERED = 0xFFFF
_SEPARATORS = (0xFF, 0x80)
_NO_EXECUTION = 0xFE
_BY_REFERENCE = 0x01
_DEFAULT = 0x02
_ENCRYPTED = 0x08

_TABLE_END = 0x00
_TABLE_ROW = 0x01
_TABLE_ORDER_UNIQUE = 0x10
_TABLE_COLUMN_ORDER = 0x11
_NULL_TABLE = 0xFFFF
_DEFAULT_COLUMN = 0x0200

_u16 = struct.Struct("<H").unpack_from
_u32 = struct.Struct("<I").unpack_from


@dataclass(frozen=True, slots=True)
class RpcCall:
    """One call of an RPC message."""

    procedure: str
    parameters: tuple[Parameter, ...]


def skip_headers(body: bytes) -> int:
    """Where the body proper begins, after ALL_HEADERS (TDS 7.2 and later). Raises ProtocolError."""
    if len(body) < 4:
        raise ProtocolError("request without headers")
    (length,) = _u32(body, 0)
    if not 4 <= length <= len(body):
        raise ProtocolError(f"headers of {length} bytes in a request of {len(body)}")
    return int(length)


def parse_rpc(body: bytes, dialect: Dialect = TDS_7_4) -> list[RpcCall]:
    """Read an RPC message.

    Raises ProtocolError when it is malformed, SqlError 8023 when a value is none of its type, 8003 when there are too
    many, and NotSupported for
    parameters that cannot be taken (CLR types, encrypted columns).
    """
    position = skip_headers(body) if dialect.wide else 0
    calls: list[RpcCall] = []
    try:
        while True:
            call, position = _read_call(body, position, dialect)
            calls.append(call)
            if position >= len(body):
                break
            if body[position] == _NO_EXECUTION:
                raise NotSupported("a remote procedure call without execution")
            position += 1
    except (struct.error, IndexError, UnicodeDecodeError) as error:
        raise ProtocolError(f"malformed remote procedure call: {error}") from None
    if position != len(body):
        raise ProtocolError("remote procedure call ends inside a value")
    return calls


def _read_call(data: bytes, position: int, dialect: Dialect) -> tuple[RpcCall, int]:
    (length,) = _u16(data, position)
    position += 2
    if length == _NUMBERED:
        (number,) = _u16(data, position)
        position += 2
        procedure = SYSTEM_PROCEDURES.get(number)
        if procedure is None:
            raise NotSupported(f"system procedure number {number}")
    else:
        procedure = data[position : position + 2 * length].decode("utf-16-le")
        position += 2 * length
    position += 2  # option flags: recompile and metadata wishes, which change nothing that a client can see
    parameters: list[Parameter] = []
    end = len(data)
    while position < end and data[position] not in _SEPARATORS and data[position] != _NO_EXECUTION:
        parameter, position = _read_parameter(data, position, len(parameters) + 1, dialect)
        parameters.append(parameter)
    if len(parameters) > _MAXIMUM_PARAMETERS:
        raise sql_error(8003, _MAXIMUM_PARAMETERS)
    return RpcCall(procedure, tuple(parameters)), position


def _read_parameter(data: bytes, position: int, ordinal: int, dialect: Dialect) -> tuple[Parameter, int]:
    name, position = _read_name(data, position)
    flags = data[position]
    if flags & _ENCRYPTED:
        raise NotSupported("Always Encrypted parameters")
    position += 1
    try:
        if data[position] == TypeToken.TABLE:
            return _read_table(data, position + 1, name, bool(flags & _DEFAULT))
        type, decode, position = read_type(data, position, collated=dialect.collated)
        value, position = decode(data, position)
    except InvalidValue as error:
        raise _invalid_value(ordinal, name, error.type_name) from None
    return RpcParameter(name, type, value, flags & _BY_REFERENCE != 0, flags & _DEFAULT != 0), position


def _invalid_value(ordinal: int, name: str, type_name: str) -> SqlError:
    return SqlError(
        8023,
        16,
        1,
        "The incoming tabular data stream (TDS) remote procedure call (RPC) protocol stream is incorrect. "
        f'Parameter {ordinal} ("{name}"): The supplied value is not a valid instance of data type {type_name}. '
        "Check the source data for invalid values. An example of an invalid value is data of numeric type with scale "
        "greater than precision.",
    )


def _read_name(data: bytes, position: int) -> tuple[str, int]:
    """A B_VARCHAR."""
    length = data[position]
    position += 1
    if not length:
        return "", position
    end = position + 2 * length
    return data[position:end].decode("utf-16-le"), end


def _read_table(data: bytes, position: int, name: str, default: bool) -> tuple[TableParameter, int]:
    _, position = _read_name(data, position)
    schema, position = _read_name(data, position)
    type_name, position = _read_name(data, position)
    columns, position = _read_table_columns(data, position)
    position = _skip_table_options(data, position)
    rows: list[tuple[Any, ...]] = []
    while data[position] == _TABLE_ROW:
        row, position = _read_row(data, position + 1, columns)
        rows.append(row)
    if data[position] != _TABLE_END:
        raise ProtocolError(f"unexpected 0x{data[position]:02X} among the rows of a table-valued parameter")
    described = tuple(column for column, _ in columns)
    return TableParameter(name, schema, type_name, described, rows, default), position + 1


def _read_table_columns(data: bytes, position: int) -> tuple[list[tuple[TableColumn, Decoder]], int]:
    (count,) = _u16(data, position)
    position += 2
    columns: list[tuple[TableColumn, Decoder]] = []
    for _ in range(0 if count == _NULL_TABLE else count):
        (flags,) = _u16(data, position + 4)
        type, decode, position = read_type(data, position + 6)
        _, position = _read_name(data, position)
        columns.append((TableColumn(type, bool(flags & _DEFAULT_COLUMN)), decode))
    return columns, position


def _skip_table_options(data: bytes, position: int) -> int:
    """Sort order, uniqueness and column order are hints; columns in another order would change the meaning."""
    while (token := data[position]) != _TABLE_END:
        if token != _TABLE_ORDER_UNIQUE:
            if token == _TABLE_COLUMN_ORDER:
                raise NotSupported("a column order in a table-valued parameter")
            raise ProtocolError(f"unexpected 0x{token:02X} in a table-valued parameter")
        (count,) = _u16(data, position + 1)
        position += 3 + 3 * count
    return position + 1


def _read_row(data: bytes, position: int, columns: list[tuple[TableColumn, Decoder]]) -> tuple[tuple[Any, ...], int]:
    values: list[Any] = []
    for column, decode in columns:
        value = None
        if not column.default:
            value, position = decode(data, position)
        values.append(value)
    return tuple(values), position
