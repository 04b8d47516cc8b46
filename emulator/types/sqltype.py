"""What a SQL Server data type is here, and how its values are represented in the engine.

A value is a plain Python object, never wrapped; NULL is ``None``. The static type of every expression is known when a
statement is compiled, so the representation needs no tag:

================================  =========================================================================
type                              value
================================  =========================================================================
bit                               int 0 or 1
tinyint smallint int bigint       int
decimal numeric                   int: the number times 10**scale
money smallmoney                  int: the number times 10**4
float real                        float
char varchar nchar nvarchar text  str (char and nchar padded with blanks to their length)
ntext xml sysname
binary varbinary image            bytes
rowversion                        bytes, 8
uniqueidentifier                  bytes, 16, in wire order (``uuid.UUID.bytes_le``)
date                              int: days since 0001-01-01
time(n)                           int: 100 ns units since midnight
datetime2(n)                      int: 100 ns units since 0001-01-01 00:00:00
datetime                          int: 1/300 s ticks since 1900-01-01 00:00:00 (negative before)
smalldatetime                     int: minutes since 1900-01-01 00:00
datetimeoffset(n)                 tuple[int, int]: UTC as datetime2 units, offset in minutes
sql_variant                       tuple[SqlType, value]
table (variables, parameters)     a table store
================================  =========================================================================

Documentation: "Data types (Transact-SQL)", "Precision, scale, and length (Transact-SQL)".
"""

from dataclasses import dataclass
from typing import Final

MAX = -1
"""Length of the ``(max)`` types."""

DEFAULT_COLLATION = "SQL_Latin1_General_CP1_CI_AS"


@dataclass(frozen=True, slots=True)
class SqlType:
    """A data type with its parameters. Equal types have equal fields, so it can key dictionaries.

    ``name`` is the canonical lower-case system name (``numeric`` and ``decimal`` are both kept, ``integer`` becomes
    ``int``, ``timestamp`` becomes ``rowversion``, ``sysname`` is ``nvarchar(128)``). ``length`` is in characters for
    character types, in bytes for binary types, ``MAX`` for ``(max)``, 0 where it has no meaning. ``precision`` and
    ``scale`` are those of decimal; ``scale`` is also the fraction digits of time, datetime2 and datetimeoffset.
    ``collation`` is set for character types only. A character type without one is "coercible-default" (documentation:
    "Collation precedence"): literals, variables, parameters and what functions make of them. It has the database's
    collation, and gives way to that of a column or a COLLATE clause.
    """

    name: str
    length: int = 0
    precision: int = 0
    scale: int = 0
    collation: str | None = None


UNTYPED_NULL: Final = SqlType("null")
"""The type of a NULL argument that came without one (a literal, or NULLTYPE on the wire): it fits every parameter."""

INTEGER_RANGES: Final = {
    "bit": (0, 1),
    "tinyint": (0, 255),
    "smallint": (-(2**15), 2**15 - 1),
    "int": (-(2**31), 2**31 - 1),
    "bigint": (-(2**63), 2**63 - 1),
}
"""Least and greatest value of each integer type."""

MONEY_RANGES: Final = {"smallmoney": (-(2**31), 2**31 - 1), "money": (-(2**63), 2**63 - 1)}
"""Least and greatest value of the money types, in their units of 1/10000."""

MONEY_SCALE: Final = 4
MAX_PRECISION: Final = 38

INTEGERS: Final = frozenset(("tinyint", "smallint", "int", "bigint"))
DECIMALS: Final = frozenset(("decimal", "numeric"))
MONEYS: Final = frozenset(("money", "smallmoney"))
FLOATS: Final = frozenset(("float", "real"))
UNICODE_STRINGS: Final = frozenset(("nchar", "nvarchar", "ntext", "xml"))
CODE_PAGE_STRINGS: Final = frozenset(("char", "varchar", "text"))
CHARACTERS: Final = CODE_PAGE_STRINGS | frozenset(("nchar", "nvarchar", "ntext"))
BINARIES: Final = frozenset(("binary", "varbinary", "image", "rowversion"))
DATE_TIMES: Final = frozenset(("date", "time", "smalldatetime", "datetime", "datetime2", "datetimeoffset"))
LARGE_OBJECTS: Final = frozenset(("text", "ntext", "image"))

_FIXED_PRECISION: Final = {
    "bit": (1, 0),
    "tinyint": (3, 0),
    "smallint": (5, 0),
    "int": (10, 0),
    "bigint": (19, 0),
    "smallmoney": (10, MONEY_SCALE),
    "money": (19, MONEY_SCALE),
}

BIT: Final = SqlType("bit")
TINYINT: Final = SqlType("tinyint")
SMALLINT: Final = SqlType("smallint")
INT: Final = SqlType("int")
BIGINT: Final = SqlType("bigint")
MONEY: Final = SqlType("money")
SMALLMONEY: Final = SqlType("smallmoney")
FLOAT: Final = SqlType("float")
REAL: Final = SqlType("real")
DATE: Final = SqlType("date")
DATETIME: Final = SqlType("datetime")
SMALLDATETIME: Final = SqlType("smalldatetime")
UNIQUEIDENTIFIER: Final = SqlType("uniqueidentifier")
ROWVERSION: Final = SqlType("rowversion", 8)
SQL_VARIANT: Final = SqlType("sql_variant")
XML: Final = SqlType("xml")
TEXT: Final = SqlType("text", MAX)
NTEXT: Final = SqlType("ntext", MAX)
IMAGE: Final = SqlType("image", MAX)
VARCHAR_MAX: Final = SqlType("varchar", MAX)
NVARCHAR_MAX: Final = SqlType("nvarchar", MAX)
VARBINARY_MAX: Final = SqlType("varbinary", MAX)
SYSNAME: Final = SqlType("nvarchar", 128)


def char(length: int, collation: str | None = None) -> SqlType:
    return SqlType("char", length, collation=collation)


def varchar(length: int, collation: str | None = None) -> SqlType:
    return SqlType("varchar", length, collation=collation)


def nchar(length: int, collation: str | None = None) -> SqlType:
    return SqlType("nchar", length, collation=collation)


def nvarchar(length: int, collation: str | None = None) -> SqlType:
    return SqlType("nvarchar", length, collation=collation)


def binary(length: int) -> SqlType:
    return SqlType("binary", length)


def varbinary(length: int) -> SqlType:
    return SqlType("varbinary", length)


def decimal(precision: int, scale: int) -> SqlType:
    return SqlType("decimal", precision=precision, scale=scale)


def numeric(precision: int, scale: int) -> SqlType:
    return SqlType("numeric", precision=precision, scale=scale)


def time(scale: int = 7) -> SqlType:
    return SqlType("time", scale=scale)


def datetime2(scale: int = 7) -> SqlType:
    return SqlType("datetime2", scale=scale)


def datetimeoffset(scale: int = 7) -> SqlType:
    return SqlType("datetimeoffset", scale=scale)


def is_integer(t: SqlType) -> bool:
    """tinyint, smallint, int or bigint (bit is none of them: it has no arithmetic of its own)."""
    return t.name in INTEGERS


def is_decimal(t: SqlType) -> bool:
    return t.name in DECIMALS


def is_money(t: SqlType) -> bool:
    return t.name in MONEYS


def is_float(t: SqlType) -> bool:
    return t.name in FLOATS


def is_exact_numeric(t: SqlType) -> bool:
    return t.name in INTEGERS or t.name in DECIMALS or t.name in MONEYS or t.name == "bit"


def is_numeric(t: SqlType) -> bool:
    return is_exact_numeric(t) or is_float(t)


def is_character(t: SqlType) -> bool:
    return t.name in CHARACTERS


def is_unicode(t: SqlType) -> bool:
    return t.name in UNICODE_STRINGS


def is_binary(t: SqlType) -> bool:
    return t.name in BINARIES


def is_date_time(t: SqlType) -> bool:
    return t.name in DATE_TIMES


def is_large_object(t: SqlType) -> bool:
    """text, ntext or image: can be neither compared nor sorted."""
    return t.name in LARGE_OBJECTS


def as_max(t: SqlType) -> SqlType:
    """The (max) type that takes what text, ntext or image takes; other types stay."""
    successor = {"text": "varchar", "ntext": "nvarchar", "image": "varbinary"}.get(t.name)
    return t if successor is None else SqlType(successor, MAX, collation=t.collation)


def precision_and_scale(t: SqlType) -> tuple[int, int]:
    """Precision and scale that an exact numeric type counts with beside a decimal. KeyError: the type is not one."""
    return (t.precision, t.scale) if t.name in DECIMALS else _FIXED_PRECISION[t.name]


def format_type(t: SqlType) -> str:
    """The type as T-SQL spells it: ``decimal(19,6)``, ``nvarchar(max)``, ``datetime2(7)``, ``int``."""
    if t.name in DECIMALS:
        return f"{t.name}({t.precision},{t.scale})"
    if t.name in ("time", "datetime2", "datetimeoffset"):
        return f"{t.name}({t.scale})"
    if t.length and not is_large_object(t) and t.name != "rowversion":
        return f"{t.name}({'max' if t.length == MAX else t.length})"
    return t.name


def message_name(t: SqlType) -> str:
    """The type as SQL Server's messages name it: without length, but ``varchar(max)``; rowversion is ``timestamp``."""
    if t.length == MAX and not is_large_object(t):
        return f"{t.name}(max)"
    return "timestamp" if t.name == "rowversion" else t.name
