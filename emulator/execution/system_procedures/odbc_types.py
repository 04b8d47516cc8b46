"""Data types as ODBC describes them: codes, column sizes, transfer lengths.

Catalog procedures have two forms. The ``_100`` ones know all types; the older ones show types that came after their
time as older ones: (max) types as text, ntext and image, date and time types as nvarchar.

Documentation: "ODBC programmer's reference", appendix D "Data Types"; ``sp_columns``, ``sp_datatype_info``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from emulator.types.descriptions import column_precision, column_size
from emulator.types.sqltype import (
    IMAGE,
    MAX,
    NTEXT,
    TEXT,
    SqlType,
    is_binary,
    is_character,
    is_large_object,
    is_unicode,
    nvarchar,
)

CODES: Final = {
    "table": -153,
    "datetimeoffset": -155,
    "time": -154,
    "xml": -152,
    "sql_variant": -150,
    "uniqueidentifier": -11,
    "ntext": -10,
    "nvarchar": -9,
    "nchar": -8,
    "bit": -7,
    "tinyint": -6,
    "bigint": -5,
    "image": -4,
    "varbinary": -3,
    "binary": -2,
    "rowversion": -2,
    "text": -1,
    "char": 1,
    "numeric": 2,
    "decimal": 3,
    "money": 3,
    "smallmoney": 3,
    "int": 4,
    "smallint": 5,
    "float": 6,
    "real": 7,
    "varchar": 12,
    "date": 91,
    "datetime2": 93,
    "datetime": 93,
    "smalldatetime": 93,
}
"""DATA_TYPE: the concise types of ODBC 3, negative ones below -149 the driver's own."""

ODBC_2_CODES: Final = {91: 9, 92: 10, 93: 11}
"""What date, time and timestamp were before ODBC 3."""

_DATE_TIME_TYPE: Final = 9
_SUBCODES: Final = {"date": 1, "datetime2": 3, "datetime": 3, "smalldatetime": 3, "time": 0, "datetimeoffset": 0}
_RADIXES: Final = {"float": 2, "real": 2}
_EXACT: Final = ("tinyint", "smallint", "int", "bigint", "decimal", "numeric", "money", "smallmoney")
_TRANSFER_LENGTHS: Final = {
    "money": 21,
    "smallmoney": 12,
    "date": 6,
    "time": 12,
    "datetime": 16,
    "smalldatetime": 16,
    "datetime2": 16,
    "datetimeoffset": 20,
    "sql_variant": 8000,
    "xml": 0,
    "table": 0,
}
_LARGE_SIZES: Final = {"text": (2147483647, 2147483647), "ntext": (1073741823, 2147483646)}
_OLD_TYPES: Final = {
    "bit": (50, 50),
    "tinyint": (48, 38),
    "smallint": (52, 38),
    "int": (56, 38),
    "bigint": (63, 108),
    "real": (59, 109),
    "float": (62, 109),
    "money": (60, 110),
    "smallmoney": (122, 110),
    "datetime": (61, 111),
    "smalldatetime": (58, 111),
    "decimal": (55, 106),
    "numeric": (63, 108),
    "char": (47, 39),
    "varchar": (39, 39),
    "nchar": (47, 39),
    "nvarchar": (39, 39),
    "binary": (45, 37),
    "varbinary": (37, 37),
    "rowversion": (45, 37),
    "uniqueidentifier": (37, 36),
    "text": (35, 35),
    "ntext": (35, 35),
    "image": (34, 34),
    "sql_variant": (39, 39),
}
"""SS_DATA_TYPE of columns that are NOT NULL, and of others; later types have 0."""


@dataclass(frozen=True, slots=True)
class OdbcType:
    """A type as rows of sp_columns show it; the names are those of the columns."""

    data_type: int
    precision: int | None
    length: int | None
    scale: int | None
    radix: int | None
    sql_data_type: int
    sql_datetime_sub: int | None
    char_octet_length: int | None


def odbc_type(type: SqlType, odbc_version: int = 3) -> OdbcType:
    """The description for a client of that ODBC version."""
    code = CODES[type.name]
    if odbc_version < 3:
        code = ODBC_2_CODES.get(code, code)
    precision, length = _sizes(type)
    return OdbcType(
        data_type=code,
        precision=precision,
        length=length,
        scale=_scale(type),
        radix=10 if type.name in (*_EXACT, "sql_variant") else _RADIXES.get(type.name),
        sql_data_type=_DATE_TIME_TYPE if CODES[type.name] in (91, 93) else CODES[type.name],
        sql_datetime_sub=_SUBCODES.get(type.name),
        char_octet_length=length if is_character(type) or is_binary(type) else None,
    )


def _sizes(type: SqlType) -> tuple[int | None, int | None]:
    """PRECISION and LENGTH: 0 for the (max) types."""
    if is_large_object(type):
        return _LARGE_SIZES.get(type.name, (2147483647, 2147483647))
    if is_character(type) or is_binary(type):
        if type.length == MAX:
            return 0, 0
        return type.length, type.length * 2 if is_unicode(type) else type.length
    if type.name in ("sql_variant", "xml", "table"):
        return _TRANSFER_LENGTHS[type.name], _TRANSFER_LENGTHS[type.name]
    if type.name == "uniqueidentifier":
        return 36, 16
    precision = column_precision(type)[0]
    if type.name in ("decimal", "numeric"):
        return precision, precision + 2
    return precision, _TRANSFER_LENGTHS.get(type.name, column_size(type))


def _scale(type: SqlType) -> int | None:
    if type.name in _EXACT or type.name in ("time", "datetime2", "datetimeoffset", "datetime", "smalldatetime"):
        return column_precision(type)[1]
    return 0 if type.name == "sql_variant" else None


def old_type_code(type: SqlType, nullable: bool) -> int:
    """SS_DATA_TYPE: the type as clients of the first versions knew it."""
    return _OLD_TYPES.get(type.name, (0, 0))[nullable]


def downlevel(type: SqlType) -> SqlType:
    """The type that clients are told who do not know ``type`` itself."""
    if type.length == MAX and not is_large_object(type):
        return {"varchar": TEXT, "nvarchar": NTEXT, "varbinary": IMAGE}[type.name]
    if type.name == "xml":
        return NTEXT
    if type.name in ("date", "time", "datetime2", "datetimeoffset"):
        return nvarchar(column_precision(type)[0])
    return type
