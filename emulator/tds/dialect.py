"""The versions of TDS and what they differ in: the widths of a few fields, and the types that exist.

========  =======================================================================================================
7.0       no collations in type information, no bigint, no sql_variant
7.1       user types, row counts and line numbers are narrower; no request headers; no transaction requests, no
          ``(max)`` types, no xml: such columns come as text, ntext and image
7.2       no date, time, datetime2 and datetimeoffset: such columns come as nvarchar
7.3, 7.4  all of it
========  =======================================================================================================

SQL Server speaks them all, so that old clients (jTDS, DB-Library) still connect. Source: [MS-TDS] 2.2.6.4 (versions),
2.2.7 (tokens, by version), 2.2.5.4; "Known Impacts on Clients Using Down-Level Versions" of the new date types.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

from emulator.tds.encoding import Encoder, WireType, wire_type
from emulator.tds.wiretypes import TypeToken
from emulator.types.conversion import assigner
from emulator.types.sqltype import DEFAULT_COLLATION, MAX, SqlType

_CHARACTER_TOKENS = frozenset(
    {TypeToken.BIGCHAR, TypeToken.BIGVARCHR, TypeToken.NCHAR, TypeToken.NVARCHAR, TypeToken.TEXT, TypeToken.NTEXT}
)
_COLLATION_SIZE = 5
_LONG_OF_MAX = {"varchar": "text", "nvarchar": "ntext", "varbinary": "image"}
_DATE_TEXT_LENGTHS = {"date": 10, "time": 8, "datetime2": 19, "datetimeoffset": 26}


class Dialect:
    """One version. ``acknowledged`` is the number that LOGINACK has for it; ``collated``: types have collations;
    ``wide``: the layouts and types of 7.2; ``dated``: the date and time types of 7.3."""

    def __init__(self, acknowledged: int, *, collated: bool = True, wide: bool = True, dated: bool = True) -> None:
        self.acknowledged = acknowledged
        self.collated = collated
        self.wide = wide
        self.dated = dated
        self.pack_done = struct.Struct("<BHHQ" if wide else "<BHHI").pack
        self.pack_line = struct.Struct("<I" if wide else "<H").pack
        self.pack_user_type = struct.Struct("<I" if wide else "<H").pack
        self.no_table_name = b"\x01\x00\x00" if wide else b"\x00\x00"
        """The name of a table, left empty: parts from 7.2 on, one text before."""

    @cache  # noqa: B019 (dialects live for ever)
    def wire_type(self, type: SqlType) -> WireType:
        """How values of ``type`` travel. Errors: those of ``encoding.wire_type``."""
        stand_in = self._stand_in(type)
        wire = wire_type(stand_in or type)
        if stand_in is not None and stand_in.name not in _LONG_OF_MAX.values():
            wire = replace(wire, encode=_converting(assigner(type, stand_in), wire.encode))
        if not self.collated and wire.info[0] in _CHARACTER_TOKENS:
            wire = replace(wire, info=wire.info[:-_COLLATION_SIZE])
        return wire

    def _stand_in(self, type: SqlType) -> SqlType | None:
        """The type that stands in for one that this version has not."""
        if not self.dated and type.name in _DATE_TEXT_LENGTHS:
            digits = type.scale + 1 if type.scale and type.name != "date" else 0
            return SqlType("nvarchar", _DATE_TEXT_LENGTHS[type.name] + digits, collation=DEFAULT_COLLATION)
        if self.wide:
            return None
        if type.name == "xml":
            return SqlType("ntext", collation=DEFAULT_COLLATION)
        if type.length == MAX and type.name in _LONG_OF_MAX:
            return SqlType(_LONG_OF_MAX[type.name], collation=type.collation)
        if not self.collated and type.name == "bigint":
            return SqlType("numeric", precision=19)
        if not self.collated and type.name == "sql_variant":
            return SqlType("nvarchar", 4000, collation=DEFAULT_COLLATION)
        return None


def _converting(convert: Callable[[Any], Any] | None, encode: Encoder) -> Encoder:
    if convert is None:
        return encode
    return lambda value: encode(None if value is None else convert(value))


TDS_7_0 = Dialect(0x07000000, collated=False, wide=False, dated=False)
TDS_7_1 = Dialect(0x71000001, wide=False, dated=False)
TDS_7_2 = Dialect(0x72090002, dated=False)
TDS_7_3 = Dialect(0x730B0003)
TDS_7_4 = Dialect(0x74000004)

DIALECTS = (TDS_7_0, TDS_7_1, TDS_7_2, TDS_7_3, TDS_7_4)
_BY_VERSION = {0x70: TDS_7_0, 0x71: TDS_7_1, 0x72: TDS_7_2, 0x73: TDS_7_3, 0x74: TDS_7_4}
_TDS_8 = 0x08000000


def dialect_of(version: int) -> Dialect | None:
    """The dialect of a client that says ``version`` in LOGIN7; TDS 8 speaks 7.4 inside TLS. None: not spoken."""
    return TDS_7_4 if version == _TDS_8 else _BY_VERSION.get(version >> 24)
