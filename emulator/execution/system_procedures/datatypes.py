"""``sp_datatype_info``: which data types there are.

pyodbc asks for four of them at every connect and takes the largest lengths of parameters from the answer.

Documentation: "sp_datatype_info (Transact-SQL)"; SQLGetTypeInfo in the "ODBC programmer's reference".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from emulator.catalog.system_views.compatibility import USER_TYPES
from emulator.catalog.system_views.definition import Row, column_list
from emulator.execution.system_procedures.contract import Body
from emulator.execution.system_procedures.odbc_types import ODBC_2_CODES
from emulator.execution.system_procedures.signatures import procedure, send

if TYPE_CHECKING:
    from emulator.session import Session

PROCEDURES: dict[str, Body] = {}

COLUMNS = column_list("""
    TYPE_NAME sysname, DATA_TYPE smallint, PRECISION int?, LITERAL_PREFIX varchar(32)?, LITERAL_SUFFIX varchar(32)?,
    CREATE_PARAMS varchar(32)?, NULLABLE smallint, CASE_SENSITIVE smallint, SEARCHABLE smallint,
    UNSIGNED_ATTRIBUTE smallint?, MONEY smallint, AUTO_INCREMENT smallint?, LOCAL_TYPE_NAME sysname?,
    MINIMUM_SCALE smallint?, MAXIMUM_SCALE smallint?, SQL_DATA_TYPE smallint, SQL_DATETIME_SUB smallint?,
    NUM_PREC_RADIX int?, INTERVAL_PRECISION smallint? = NULL, USERTYPE smallint
""")

TEXT, BINARY, NATIONAL, MONEY, BARE = ("'", "'"), ("0x", None), ("N'", "'"), ("$", None), (None, None)
"""Literal prefixes and suffixes."""
NEVER, LIKE_ONLY, NOT_LIKE, SEARCHABLE = 0, 1, 2, 3


@dataclass(frozen=True, slots=True)
class TypeInfo:
    """One row. ``auto_increment`` and ``unsigned`` are None for types that are not numbers."""

    name: str
    code: int
    precision: int
    literal: tuple[str | None, str | None] = BARE
    parameters: str | None = None
    nullable: int = 1
    searchable: int = NOT_LIKE
    unsigned: int | None = None
    money: int = 0
    auto_increment: int | None = None
    scales: tuple[int | None, int | None] = (None, None)
    subcode: int | None = None
    radix: int | None = None
    case_sensitive: int = 0


def _number(name: str, code: int, precision: int, scale: int = 0, **more: Any) -> TypeInfo:
    given: dict[str, Any] = {"unsigned": 0, "auto_increment": 0, "scales": (scale, scale), "radix": 10} | more
    return TypeInfo(name, code, precision, **given)


def _identity(name: str, code: int, precision: int, **more: Any) -> TypeInfo:
    return _number(name, code, precision, auto_increment=1, nullable=0, **more)


def _fraction(name: str, code: int, precision: int, subcode: int) -> TypeInfo:
    return TypeInfo(name, code, precision, TEXT, "scale", searchable=SEARCHABLE, scales=(0, 7), subcode=subcode)


TYPES = (
    _fraction("datetimeoffset", -155, 34, 0),
    _fraction("time", -154, 16, 0),
    TypeInfo("xml", -152, 0, NATIONAL, searchable=NEVER, case_sensitive=1),
    TypeInfo("sql_variant", -150, 8000, scales=(0, 0), radix=10),
    TypeInfo("uniqueidentifier", -11, 36, TEXT),
    TypeInfo("ntext", -10, 1073741823, NATIONAL, searchable=LIKE_ONLY),
    TypeInfo("nvarchar", -9, 4000, NATIONAL, "max length", searchable=SEARCHABLE),
    TypeInfo("sysname", -9, 128, NATIONAL, nullable=0, searchable=SEARCHABLE),
    TypeInfo("nchar", -8, 4000, NATIONAL, "length", searchable=SEARCHABLE),
    TypeInfo("bit", -7, 1, scales=(0, 0)),
    _number("tinyint", -6, 3, unsigned=1),
    _identity("tinyint identity", -6, 3, unsigned=1),
    _number("bigint", -5, 19),
    _identity("bigint identity", -5, 19),
    TypeInfo("image", -4, 2147483647, BINARY, searchable=NEVER),
    TypeInfo("varbinary", -3, 8000, BINARY, "max length"),
    TypeInfo("binary", -2, 8000, BINARY, "length"),
    TypeInfo("timestamp", -2, 8, BINARY, nullable=0),
    TypeInfo("text", -1, 2147483647, TEXT, searchable=LIKE_ONLY),
    TypeInfo("char", 1, 8000, TEXT, "length", searchable=SEARCHABLE),
    _number("numeric", 2, 38, parameters="precision,scale", scales=(0, 38)),
    _identity("numeric() identity", 2, 38, parameters="precision"),
    _number("decimal", 3, 38, parameters="precision,scale", scales=(0, 38)),
    _number("money", 3, 19, 4, literal=MONEY, money=1),
    _number("smallmoney", 3, 10, 4, literal=MONEY, money=1),
    _identity("decimal() identity", 3, 38, parameters="precision"),
    _number("int", 4, 10),
    _identity("int identity", 4, 10),
    _number("smallint", 5, 5),
    _identity("smallint identity", 5, 5),
    _number("float", 6, 53, scales=(None, None), radix=2),
    _number("real", 7, 24, scales=(None, None), radix=2),
    TypeInfo("varchar", 12, 8000, TEXT, "max length", searchable=SEARCHABLE),
    TypeInfo("date", 91, 10, TEXT, searchable=SEARCHABLE, scales=(None, 0), subcode=1),
    _fraction("datetime2", 93, 27, 3),
    TypeInfo("datetime", 93, 23, TEXT, searchable=SEARCHABLE, scales=(3, 3), subcode=3),
    TypeInfo("smalldatetime", 93, 16, TEXT, searchable=SEARCHABLE, scales=(0, 0), subcode=3),
)
"""In the order of the result set: by DATA_TYPE, numbers before identities and money, then by USERTYPE."""

DOWNLEVEL = frozenset(("date", "time", "datetime2", "datetimeoffset", "xml"))
"""Types that sp_datatype_info presents as nvarchar or ntext, and sp_datatype_info_100 as they are."""
NVARCHAR_CODE, NTEXT_CODE = -9, -10


def _rows(data_type: int, odbc_version: int, *, all_types: bool) -> Iterator[Row]:
    for info in TYPES:
        code, sql_code, subcode = info.code, 9 if info.code in (91, 93) else info.code, info.subcode
        if not all_types and info.name in DOWNLEVEL:
            code = sql_code = NTEXT_CODE if info.name == "xml" else NVARCHAR_CODE
            subcode = None
        if odbc_version < 3:
            code = ODBC_2_CODES.get(code, code)
        if data_type not in (0, code):
            continue
        base = info.name.split("(")[0].split(" ")[0]
        yield (
            *(info.name, code, info.precision, *info.literal, info.parameters, info.nullable, info.case_sensitive),
            *(info.searchable, info.unsigned, info.money, info.auto_increment, info.name, *info.scales),
            *(sql_code, subcode, info.radix, USER_TYPES.get(base, 0)),
        )


@procedure(PROCEDURES, "sp_datatype_info_100", "@data_type int = 0, @ODBCVer tinyint = 2")
def sp_datatype_info_100(session: Session, data_type: int | None, odbc_version: int | None) -> None:
    send(session, COLUMNS, _rows(data_type or 0, odbc_version or 2, all_types=True))


@procedure(PROCEDURES, "sp_datatype_info", "@data_type int = 0, @ODBCVer tinyint = 2")
def sp_datatype_info(session: Session, data_type: int | None, odbc_version: int | None) -> None:
    send(session, COLUMNS, _rows(data_type or 0, odbc_version or 2, all_types=False))
