"""How the catalog describes a data type: its ids, and the size, precision and scale that ``sys.columns`` shows.

Documentation: ``sys.types``, ``sys.columns``, "Precision, scale, and length (Transact-SQL)".
"""

from typing import Final

from emulator.types.sqltype import (
    SqlType,
    is_binary,
    is_character,
    is_large_object,
    is_unicode,
    precision_and_scale,
)

TYPE_IDS: Final = {
    "image": 34,
    "text": 35,
    "uniqueidentifier": 36,
    "date": 40,
    "time": 41,
    "datetime2": 42,
    "datetimeoffset": 43,
    "tinyint": 48,
    "smallint": 52,
    "int": 56,
    "smalldatetime": 58,
    "real": 59,
    "money": 60,
    "datetime": 61,
    "float": 62,
    "sql_variant": 98,
    "ntext": 99,
    "bit": 104,
    "decimal": 106,
    "numeric": 108,
    "smallmoney": 122,
    "bigint": 127,
    "varbinary": 165,
    "varchar": 167,
    "binary": 173,
    "char": 175,
    "timestamp": 189,
    "nvarchar": 231,
    "nchar": 239,
    "xml": 241,
    "sysname": 256,
}
"""``sys.types.user_type_id`` of the system types; ``system_type_id`` is the same but for sysname, an nvarchar."""

TABLE_TYPE_ID: Final = 243
"""``system_type_id`` of all table types."""

FIXED_SIZES: Final = {
    "bit": 1,
    "tinyint": 1,
    "smallint": 2,
    "int": 4,
    "bigint": 8,
    "smallmoney": 4,
    "money": 8,
    "real": 4,
    "float": 8,
    "date": 3,
    "smalldatetime": 4,
    "datetime": 8,
    "uniqueidentifier": 16,
    "rowversion": 8,
}

_DATE_TIME_PRECISIONS: Final = {"date": (10, 0), "smalldatetime": (16, 0), "datetime": (23, 3)}
_FRACTION_STARTS: Final = {"time": 8, "datetime2": 19, "datetimeoffset": 26}
_FLOAT_PRECISIONS: Final = {"float": (53, 0), "real": (24, 0)}
_SQL_VARIANT_SIZE: Final = 8016
_TEXT_POINTER_SIZE: Final = 16


def catalog_name(t: SqlType) -> str:
    """The name that ``sys.types`` has for the type."""
    return "timestamp" if t.name == "rowversion" else t.name


def system_type_id(t: SqlType) -> int:
    """``sys.columns.system_type_id``."""
    return TABLE_TYPE_ID if t.name == "table" else TYPE_IDS[catalog_name(t)]


def storage_size(t: SqlType) -> int:
    """Bytes that a value of a type of fixed size takes."""
    if t.name in FIXED_SIZES:
        return FIXED_SIZES[t.name]
    if t.name in ("decimal", "numeric"):
        return 5 if t.precision <= 9 else 9 if t.precision <= 19 else 13 if t.precision <= 28 else 17
    return (3 if t.scale <= 2 else 4 if t.scale <= 4 else 5) + {"time": 0, "datetime2": 3, "datetimeoffset": 5}[t.name]


def column_size(t: SqlType) -> int:
    """Bytes that a column of type ``t`` holds at most (``sys.columns.max_length``), -1 for the (max) types."""
    if is_large_object(t):
        return _TEXT_POINTER_SIZE
    if is_character(t) or is_binary(t):
        return t.length * 2 if is_unicode(t) and t.length > 0 else t.length
    if t.name == "sql_variant":
        return _SQL_VARIANT_SIZE
    return -1 if t.name in ("xml", "table") else storage_size(t)


def column_precision(t: SqlType) -> tuple[int, int]:
    """``precision`` and ``scale`` of ``sys.columns``: digits, for date and time types characters; else 0."""
    if t.name in _FRACTION_STARTS:
        return _FRACTION_STARTS[t.name] + (t.scale + 1 if t.scale else 0), t.scale
    for known in (_DATE_TIME_PRECISIONS, _FLOAT_PRECISIONS):
        if t.name in known:
            return known[t.name]
    try:
        return precision_and_scale(t)
    except KeyError:
        return 0, 0
