"""Where on the server an error arose: its state, severity, procedure and line.

Microsoft's driver keeps these beside each diagnostic record, in fields of its own; pyodbc shows the record only. They
are read from the statement's handle through ODBC itself, which works as long as pyodbc has not freed the statement:
after a batch without parameters that failed before its first result. Elsewhere the position is unknown.
Source: "SQLGetDiagField", SQL Server Native Client ODBC reference, driver-specific fields.
"""

import ctypes
import sys
from dataclasses import dataclass
from functools import lru_cache

import pyodbc

_LIBRARIES = {"linux": "libodbc.so.2", "darwin": "libodbc.2.dylib", "win32": "odbc32.dll"}
_STATEMENT_HANDLE = 3
_NATIVE_NUMBER = 5
_STATE, _SEVERITY, _PROCEDURE, _LINE = -1150, -1151, -1153, -1154
_MOST_RECORDS = 16
_LONGEST_NAME = 512


@dataclass(frozen=True, slots=True)
class ErrorPosition:
    """`line` counts from 1 within the batch, or within the definition of `procedure` if that is not empty."""

    state: int
    severity: int
    procedure: str
    line: int


def read_position(cursor: pyodbc.Cursor, number: int) -> ErrorPosition | None:
    """The position of the error with this number that the cursor's last statement raised, None if it is not known."""
    library = _odbc()
    if library is None:
        return None
    for record in range(1, _MOST_RECORDS + 1):
        native = ctypes.c_int32()
        if not _read(library, cursor, record, _NATIVE_NUMBER, native):
            return None
        if native.value == number:
            return _position(library, cursor, record)
    return None


def _position(library: ctypes.CDLL, cursor: pyodbc.Cursor, record: int) -> ErrorPosition | None:
    state, severity, line = ctypes.c_int32(), ctypes.c_int32(), ctypes.c_uint16()
    procedure = ctypes.create_string_buffer(_LONGEST_NAME)
    fields = ((_STATE, state), (_SEVERITY, severity), (_LINE, line), (_PROCEDURE, procedure))
    if not all(_read(library, cursor, record, field, place) for field, place in fields):
        return None
    name = procedure.raw.decode("utf-16-le", errors="replace").partition("\0")[0]
    return ErrorPosition(state.value, severity.value, name, line.value)


def _read(
    library: ctypes.CDLL,
    cursor: pyodbc.Cursor,
    record: int,
    field: int,
    place: "ctypes._SimpleCData[int] | ctypes.Array[ctypes.c_char]",
) -> bool:
    length = ctypes.c_short()
    result: int = library.SQLGetDiagFieldW(
        ctypes.c_short(_STATEMENT_HANDLE),
        cursor.hstmt,
        ctypes.c_short(record),
        ctypes.c_short(field),
        ctypes.byref(place),
        ctypes.c_short(ctypes.sizeof(place)),
        ctypes.byref(length),
    )
    return result in (0, 1)


@lru_cache
def _odbc() -> ctypes.CDLL | None:
    try:
        return ctypes.CDLL(_LIBRARIES[sys.platform])
    except (KeyError, OSError):
        return None
