"""SQL_VARIANT_PROPERTY: what a value is of.

Documentation: "SQL_VARIANT_PROPERTY (Transact-SQL)", "sql_variant (Transact-SQL)".
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from emulator.execution.functions.registry import ANY, UNICODE, Call, Implementation, bound
from emulator.types.sqltype import (
    INT,
    INTEGERS,
    MAX,
    SQL_VARIANT,
    SYSNAME,
    SqlType,
    is_binary,
    is_character,
    is_date_time,
    is_decimal,
    is_unicode,
    precision_and_scale,
)

if TYPE_CHECKING:
    from emulator.session import Session

_BYTES = {"bit": 1, "tinyint": 1, "smallint": 2, "int": 4, "bigint": 8, "smallmoney": 4, "money": 8} | {
    "real": 4,
    "float": 8,
    "date": 3,
    "smalldatetime": 4,
    "datetime": 8,
    "uniqueidentifier": 16,
}
_DATE_PRECISIONS = {"date": (10, 0), "smalldatetime": (16, 0), "datetime": (23, 3)}
_DATE_WIDTHS = {"time": 8, "datetime2": 19, "datetimeoffset": 26}
"""Characters of the types with a scale when it is 0; with fractions come a point and the digits."""
_FLOAT_PRECISIONS = {"real": 24, "float": 53}


def _width(t: SqlType) -> int:
    """The bytes that a value of the type takes at most."""
    if is_character(t):
        return t.length * (2 if is_unicode(t) else 1)
    if is_binary(t):
        return t.length
    if is_decimal(t):
        return 5 + 4 * ((t.precision > 9) + (t.precision > 19) + (t.precision > 28))
    if t.name in _DATE_WIDTHS:
        fraction = 3 + (t.scale > 2) + (t.scale > 4)
        return fraction + {"time": 0, "datetime2": 3, "datetimeoffset": 5}[t.name]
    return _BYTES.get(t.name, 0)


def _overhead(t: SqlType) -> int:
    """The bytes that describe the value beside those of the value."""
    if is_character(t):
        return 8
    if is_decimal(t) or is_binary(t):
        return 4
    return 3 if t.name in _DATE_WIDTHS else 2


def _precision(t: SqlType) -> tuple[int, int]:
    if is_date_time(t):
        if t.name in _DATE_PRECISIONS:
            return _DATE_PRECISIONS[t.name]
        return _DATE_WIDTHS[t.name] + (t.scale + 1 if t.scale else 0), t.scale
    if t.name in _FLOAT_PRECISIONS:
        return _FLOAT_PRECISIONS[t.name], 0
    if t.name in INTEGERS or is_decimal(t) or t.name in ("money", "smallmoney", "bit"):
        return precision_and_scale(t)
    return 0, 0


def _property(session: Session, t: SqlType, value: Any, name: str) -> tuple[SqlType, Any] | None:
    match name.lower():
        case "basetype":
            return SYSNAME, "timestamp" if t.name == "rowversion" else t.name
        case "precision":
            return INT, _precision(t)[0]
        case "scale":
            return INT, _precision(t)[1]
        case "totalbytes":
            data = len(value) * (2 if is_unicode(t) else 1) if is_character(t) or is_binary(t) else _width(t)
            return INT, data + _overhead(t)
        case "maxlength":
            return INT, _width(t)
        case "collation" if is_character(t):
            return SYSNAME, t.collation or session.database.collation
        case _:
            return None


@bound("SQL_VARIANT_PROPERTY", ANY, UNICODE, session=True)
def _sql_variant_property(call: Call) -> tuple[SqlType, Implementation]:
    """A sql_variant; NULL for a property that there is not, and for types that cannot be in a sql_variant."""
    source = call.types[0]
    if source.name == "sql_variant":
        return SQL_VARIANT, lambda session, value, name: _property(session, value[0], value[1], name)
    if source.length == MAX or source.name in ("xml", "text", "ntext", "image"):
        return SQL_VARIANT, lambda session, value, name: None
    return SQL_VARIANT, lambda session, value, name: _property(session, source, value, name)
