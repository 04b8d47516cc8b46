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
    ``collation`` is set for character types only.
    """

    name: str
    length: int = 0
    precision: int = 0
    scale: int = 0
    collation: str | None = None
