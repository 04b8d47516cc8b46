"""Which type two types meet in: CASE, COALESCE, UNION, comparison, IN.

Documentation: "Data type precedence (Transact-SQL)", "Precision, scale, and length (Transact-SQL)", "Collation
precedence".
"""

from dataclasses import replace
from typing import Final

from emulator.errors import sql_error
from emulator.types.conversion.matrix import Allowed, allowed, check
from emulator.types.sqltype import (
    MAX,
    MAX_PRECISION,
    SqlType,
    is_binary,
    is_character,
    is_decimal,
    is_exact_numeric,
    is_unicode,
    message_name,
    precision_and_scale,
)

_ORDER: Final = (
    *("sql_variant", "xml", "datetimeoffset", "datetime2", "datetime", "smalldatetime", "date", "time"),
    *("float", "real", "decimal", "numeric", "money", "smallmoney", "bigint", "int", "smallint", "tinyint", "bit"),
    *("ntext", "text", "image", "rowversion", "uniqueidentifier"),
    *("nvarchar", "nchar", "varchar", "char", "varbinary", "binary"),
)

RANK: Final = {name: rank for rank, name in enumerate(_ORDER)}
"""Precedence of each type: the lower number wins. decimal and numeric are equals; the left one of two stays."""

_MAX_BYTES: Final = 8000
_FRACTION_DIGITS: Final = {"date": 0, "smalldatetime": 0, "datetime": 3}


def common_type(a: SqlType, b: SqlType, operation: str = "equal to") -> SqlType:
    """The type both are converted to. Raises 206 and 257 (operand type clash) and, naming ``operation``, 468."""
    if a == b:
        return a
    if is_decimal(a) and is_decimal(b):
        return _wider_decimal(a, b)
    winner, loser = (a, b) if RANK[a.name] <= RANK[b.name] else (b, a)
    if {winner.name, loser.name} == {"date", "time"}:
        raise sql_error(206, message_name(loser), message_name(winner))
    if winner.name != loser.name:
        if allowed(loser, winner) is Allowed.NEVER:
            raise sql_error(206, message_name(a), message_name(b))
        check(loser, winner, explicit=False)
    if is_decimal(winner) and is_exact_numeric(loser):
        return _wider_decimal(winner, loser)
    if is_character(winner) and is_character(loser):
        return _wider_string(winner, loser, operation)
    if is_binary(winner) and is_binary(loser):
        return _wider_binary(winner, loser)
    if winner.name in ("time", "datetime2", "datetimeoffset"):
        return replace(winner, scale=max(winner.scale, _FRACTION_DIGITS.get(loser.name, loser.scale)))
    return winner


def common_collation(a: SqlType, b: SqlType, operation: str) -> str | None:
    """The collation of what two strings make together: coercible-default gives way. Raises 468."""
    if a.collation is None or b.collation is None or a.collation == b.collation:
        return a.collation or b.collation
    raise sql_error(468, b.collation, a.collation, operation)


def _wider_decimal(a: SqlType, b: SqlType) -> SqlType:
    """Both integral parts fit; the scale gives way when there is no room for both."""
    (p1, s1), (p2, s2) = precision_and_scale(a), precision_and_scale(b)
    integral = max(p1 - s1, p2 - s2)
    scale = min(max(s1, s2), MAX_PRECISION - integral)
    return SqlType(a.name if is_decimal(a) else b.name, precision=integral + scale, scale=scale)


def _wider_string(winner: SqlType, loser: SqlType, operation: str) -> SqlType:
    collation = common_collation(winner, loser, operation)
    if winner.name in ("text", "ntext"):
        return replace(winner, collation=collation)
    fixed = winner.name in ("char", "nchar") and loser.name in ("char", "nchar")
    name = ("n" if is_unicode(winner) else "") + ("char" if fixed else "varchar")
    return SqlType(name, longer(winner, loser, is_unicode(winner)), collation=collation)


def longer(a: SqlType, b: SqlType, unicode: bool) -> int:
    """Length of the longer of two strings or binaries, as it fits the type of both."""
    if MAX in (a.length, b.length):
        return MAX
    return min(max(a.length, b.length), _MAX_BYTES // 2 if unicode else _MAX_BYTES)


def _wider_binary(winner: SqlType, loser: SqlType) -> SqlType:
    if winner.name in ("image", "rowversion"):
        return winner
    return SqlType(winner.name, longer(winner, loser, unicode=False))
