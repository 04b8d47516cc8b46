"""Values between the engine and Python programs: what pyodbc would give and take.

Python's dates count microseconds: the seventh digit of datetime2, time and datetimeoffset is cut off on the way out.
"""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from emulator.types.conversion import converter
from emulator.types.instants import (
    UNITS_PER_DAY,
    UNITS_PER_MINUTE,
    datetime_to_units,
    to_units,
)
from emulator.types.sqltype import (
    BIGINT,
    BINARIES,
    BIT,
    DATE,
    DECIMALS,
    FLOAT,
    INT,
    INTEGER_RANGES,
    MAX_PRECISION,
    MONEY_SCALE,
    MONEYS,
    NVARCHAR_MAX,
    UNIQUEIDENTIFIER,
    VARBINARY_MAX,
    SqlType,
    datetime2,
    datetimeoffset,
    numeric,
    nvarchar,
    varbinary,
)
from emulator.types.sqltype import time as time_type

_MICROSECOND: Final = 10
_EPOCH: Final = datetime(1, 1, 1)
_NVARCHAR_LIMIT: Final = 4000
_VARBINARY_LIMIT: Final = 8000
_PYTHON_FRACTION: Final = 7


def to_python(t: SqlType, value: Any) -> Any:
    """``value`` of type ``t`` as a Python object; NULL is None.

    bit: bool; integers: int; decimal and money: Decimal with all digits of the scale; float: float; text: str; binary:
    bytes; uniqueidentifier: UUID; date, time, datetime; datetimeoffset: aware datetime; sql_variant: as its own type.
    """
    if value is None:
        return None
    convert = _TO_PYTHON.get(t.name)
    if convert is not None:
        return convert(value)
    if t.name in DECIMALS:
        return _to_decimal(value, t.scale)
    if t.name == "sql_variant":
        return to_python(*value)
    return value


def from_python(value: Any) -> tuple[SqlType, Any]:
    """The type that a driver would send a Python object as, and its value. TypeError: none.

    None is an int NULL, as an untyped NULL is in T-SQL.
    """
    if value is None:
        return INT, None
    for python_type, convert in _FROM_PYTHON:
        if isinstance(value, python_type):
            return convert(value)
    raise TypeError(f"no SQL Server type for {type(value).__name__}")


def from_python_as(t: SqlType, value: Any) -> Any:
    """A Python object as a value of ``t``, by CAST's rules. Raises what the conversion raises."""
    if value is None:
        return None
    source, raw = from_python(value)
    convert = converter(source, t, explicit=True)
    return raw if convert is None else convert(raw)


def _to_decimal(v: int, scale: int) -> Decimal:
    return Decimal((v < 0, tuple(map(int, str(abs(v)))), -scale))


def _to_datetime(units: int) -> datetime:
    return _EPOCH + timedelta(microseconds=units // _MICROSECOND)


def _to_aware(v: tuple[int, int]) -> datetime:
    utc, offset = v
    return _to_datetime(utc + offset * UNITS_PER_MINUTE).replace(tzinfo=timezone(timedelta(minutes=offset)))


def _datetime_to_python(ticks: int) -> datetime:
    """With milliseconds, as drivers show it: .003, .007, .010."""
    milliseconds = (ticks % 300 * 10 + 1) // 3
    return _to_datetime(datetime_to_units(ticks - ticks % 300)) + timedelta(milliseconds=milliseconds)


_TO_PYTHON: Final[dict[str, Callable[[Any], Any]]] = {
    "bit": bool,
    **dict.fromkeys(MONEYS, lambda v: _to_decimal(v, MONEY_SCALE)),
    **dict.fromkeys(BINARIES, bytes),
    "uniqueidentifier": lambda v: UUID(bytes_le=v),
    "date": lambda v: date.fromordinal(v + 1),
    "time": lambda v: _to_datetime(v).time(),
    "datetime": _datetime_to_python,
    "smalldatetime": lambda v: _to_datetime(to_units(SqlType("smalldatetime"))(v)),
    "datetime2": _to_datetime,
    "datetimeoffset": _to_aware,
}


def _int_from_python(value: int) -> tuple[SqlType, int]:
    for t in (INT, BIGINT):
        low, high = INTEGER_RANGES[t.name]
        if low <= value <= high:
            return t, value
    return _decimal_from_python(Decimal(value))


def _decimal_from_python(value: Decimal) -> tuple[SqlType, int]:
    sign, digits, exponent = value.as_tuple()
    if not isinstance(exponent, int):
        raise TypeError(f"no SQL Server value for {value}")
    number = int("".join(map(str, digits))) * 10 ** max(exponent, 0)
    scale = max(-exponent, 0)
    precision = max(len(str(number)), scale, 1)
    if precision > MAX_PRECISION:
        raise TypeError(f"{value} has more than {MAX_PRECISION} digits")
    return numeric(precision, scale), -number if sign else number


def _str_from_python(value: str) -> tuple[SqlType, str]:
    length = len(value) if value.isascii() else len(value.encode("utf-16-le", "surrogatepass")) // 2
    return (NVARCHAR_MAX if length > _NVARCHAR_LIMIT else nvarchar(max(length, 1))), value


def _bytes_from_python(value: bytes | bytearray) -> tuple[SqlType, bytes]:
    return (VARBINARY_MAX if len(value) > _VARBINARY_LIMIT else varbinary(max(len(value), 1))), bytes(value)


def _units_of(value: datetime) -> int:
    delta = value.replace(tzinfo=None) - _EPOCH
    return delta.days * UNITS_PER_DAY + (delta.seconds * 1_000_000 + delta.microseconds) * _MICROSECOND


def _datetime_from_python(value: datetime) -> tuple[SqlType, Any]:
    units = _units_of(value)
    shift = value.utcoffset()
    if shift is None:
        return datetime2(_PYTHON_FRACTION), units
    offset = shift // timedelta(minutes=1)
    return datetimeoffset(_PYTHON_FRACTION), (units - offset * UNITS_PER_MINUTE, offset)


_FROM_PYTHON: Final[tuple[tuple[type | tuple[type, ...], Callable[[Any], tuple[SqlType, Any]]], ...]] = (
    (bool, lambda v: (BIT, int(v))),
    (int, _int_from_python),
    (float, lambda v: (FLOAT, v)),
    (Decimal, _decimal_from_python),
    (str, _str_from_python),
    ((bytes, bytearray), _bytes_from_python),
    (UUID, lambda v: (UNIQUEIDENTIFIER, v.bytes_le)),
    (datetime, _datetime_from_python),
    (date, lambda v: (DATE, v.toordinal() - 1)),
    (time, lambda v: (time_type(_PYTHON_FRACTION), _units_of(datetime.combine(_EPOCH, v)))),
)
"""In this order: a bool is an int and a datetime is a date."""
