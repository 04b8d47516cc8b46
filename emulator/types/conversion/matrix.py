"""Which conversions exist: the matrix of "Data type conversion (Database Engine)".

A conversion is implicit (the engine makes it unasked), explicit (CAST or CONVERT only) or not allowed.
"""

from enum import Enum

from emulator.errors import sql_error
from emulator.types.sqltype import SqlType, message_name


class Allowed(Enum):
    IMPLICIT = 1
    EXPLICIT = 2
    NEVER = 3


_FAMILIES = {
    **dict.fromkeys(("bit", "tinyint", "smallint", "int", "bigint"), "integer"),
    **dict.fromkeys(("decimal", "numeric"), "decimal"),
    **dict.fromkeys(("money", "smallmoney"), "money"),
    **dict.fromkeys(("float", "real"), "float"),
    **dict.fromkeys(("char", "varchar", "nchar", "nvarchar"), "string"),
    **dict.fromkeys(("binary", "varbinary"), "binary"),
    **dict.fromkeys(("datetime", "smalldatetime"), "datetime"),
    **dict.fromkeys(("datetime2", "datetimeoffset"), "datetime2"),
    "text": "text",
    "ntext": "ntext",
}
"""Types that convert alike; every other type is a family of its own."""

_NUMERIC = ("integer", "decimal", "money", "float")
_NEW_DATE_TIMES = ("date", "time", "datetime2")

_IMPLICIT: dict[str, frozenset[str]] = {
    "string": frozenset(
        (
            *(*_NUMERIC, "string", "datetime", *_NEW_DATE_TIMES, "uniqueidentifier"),
            *("text", "ntext", "image", "xml", "sql_variant"),
        )
    ),
    "integer": frozenset((*_NUMERIC, "string", "binary", "datetime", "rowversion", "sql_variant")),
    "decimal": frozenset((*_NUMERIC, "string", "binary", "datetime", "rowversion", "sql_variant")),
    "money": frozenset((*_NUMERIC, "string", "binary", "datetime", "rowversion", "sql_variant")),
    "float": frozenset((*_NUMERIC, "string", "binary", "datetime", "sql_variant")),
    "datetime": frozenset(("string", "datetime", *_NEW_DATE_TIMES, "sql_variant")),
    "date": frozenset(("string", "datetime", "date", "datetime2", "sql_variant")),
    "time": frozenset(("string", "datetime", "time", "datetime2", "sql_variant")),
    "datetime2": frozenset(("string", "datetime", *_NEW_DATE_TIMES, "sql_variant")),
    "binary": frozenset(
        (
            *("integer", "decimal", "money", "string", "binary", "datetime", "uniqueidentifier"),
            *("rowversion", "image", "sql_variant", "xml"),
        )
    ),
    "rowversion": frozenset(("integer", "decimal", "money", "string", "binary", "datetime", "rowversion", "image")),
    "uniqueidentifier": frozenset(("string", "binary", "uniqueidentifier", "sql_variant")),
    "text": frozenset(("string", "text", "ntext", "xml")),
    "ntext": frozenset(("string", "text", "ntext", "xml")),
    "image": frozenset(("binary", "image", "rowversion")),
    "xml": frozenset(("xml",)),
    "sql_variant": frozenset(("sql_variant",)),
}

_EXPLICIT: dict[str, frozenset[str]] = {
    "string": frozenset(("binary", "rowversion")),
    "datetime": frozenset((*_NUMERIC, "binary", "rowversion")),
    "date": frozenset(("binary",)),
    "time": frozenset(("binary",)),
    "datetime2": frozenset(("binary",)),
    "binary": frozenset(_NEW_DATE_TIMES),
    "xml": frozenset(("string", "binary")),
    "sql_variant": frozenset((*_NUMERIC, "string", "binary", "datetime", *_NEW_DATE_TIMES, "uniqueidentifier")),
}


def family(t: SqlType) -> str:
    """The group of types that ``t`` converts like."""
    return _FAMILIES.get(t.name, t.name)


def allowed(source: SqlType, target: SqlType) -> Allowed:
    a, b = family(source), family(target)
    if source.length == -1 and a in ("string", "binary") and b == "sql_variant":
        return Allowed.NEVER
    if source.name == "rowversion" and target.name in ("nchar", "nvarchar"):
        return Allowed.NEVER
    if b in _IMPLICIT.get(a, ()):
        return Allowed.IMPLICIT
    return Allowed.EXPLICIT if b in _EXPLICIT.get(a, ()) else Allowed.NEVER


def check(source: SqlType, target: SqlType, explicit: bool) -> None:
    """Raises 529 (no such conversion), 257 (only explicitly) or 206 (an implicit one that does not exist)."""
    verdict = allowed(source, target)
    if verdict is Allowed.IMPLICIT or (explicit and verdict is Allowed.EXPLICIT):
        return
    number = 529 if explicit else 257 if verdict is Allowed.EXPLICIT else 206
    raise sql_error(number, message_name(source), message_name(target))
