"""COLLATIONPROPERTY. Documentation: "COLLATIONPROPERTY (Transact-SQL)"."""

from __future__ import annotations

from emulator.errors import SqlError
from emulator.execution.functions.registry import UNICODE, function
from emulator.types.collation import collation
from emulator.types.sqltype import INT, SQL_VARIANT, TINYINT, SqlType

IGNORED_KANA_AND_WIDTH = 65536 | 131072


@function("COLLATIONPROPERTY", UNICODE, UNICODE, result=SQL_VARIANT)
def collation_property(name: str, property: str) -> tuple[SqlType, int] | None:
    """NULL for an unknown collation or property."""
    try:
        known = collation(name)
    except SqlError:
        return None
    match property.lower():
        case "codepage":
            return INT, known.code_page
        case "lcid":
            return INT, known.lcid
        case "comparisonstyle":
            ignored = (not known.is_case_sensitive) | (not known.is_accent_sensitive) << 1
            return INT, 0 if known.is_binary else ignored | IGNORED_KANA_AND_WIDTH
        case "version":
            return TINYINT, known.version
        case _:
            return None
