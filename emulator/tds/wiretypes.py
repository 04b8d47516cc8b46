"""The type tokens of TDS and the number formats that encoding and decoding share. Source: [MS-TDS] 2.2.5.4."""

from enum import IntEnum

PLP_MAXIMUM_LENGTH = 0xFFFF
"""The declared length that makes a character or binary type a ``(max)`` type, sent in chunks (PLP)."""

PLP_NULL = 0xFFFFFFFFFFFFFFFF
PLP_UNKNOWN_LENGTH = 0xFFFFFFFFFFFFFFFE

NULL_LENGTH = 0xFFFF
LONG_NULL_LENGTH = 0xFFFFFFFF

DAY = 864_000_000_000
"""100 ns units in a day."""


class TypeToken(IntEnum):
    """First byte of a TYPE_INFO. A name ending in ``N`` marks the nullable form, whose values carry a length."""

    NULL = 0x1F
    IMAGE = 0x22
    TEXT = 0x23
    GUID = 0x24
    INTN = 0x26
    DATEN = 0x28
    TIMEN = 0x29
    DATETIME2N = 0x2A
    DATETIMEOFFSETN = 0x2B
    INT1 = 0x30
    BIT = 0x32
    INT2 = 0x34
    INT4 = 0x38
    DATETIM4 = 0x3A
    FLT4 = 0x3B
    MONEY = 0x3C
    DATETIME = 0x3D
    FLT8 = 0x3E
    SSVARIANT = 0x62
    NTEXT = 0x63
    BITN = 0x68
    DECIMALN = 0x6A
    NUMERICN = 0x6C
    FLTN = 0x6D
    MONEYN = 0x6E
    DATETIMN = 0x6F
    MONEY4 = 0x7A
    INT8 = 0x7F
    BIGVARBIN = 0xA5
    BIGVARCHR = 0xA7
    BIGBINARY = 0xAD
    BIGCHAR = 0xAF
    NVARCHAR = 0xE7
    NCHAR = 0xEF
    UDT = 0xF0
    XML = 0xF1
    TABLE = 0xF3


def time_size(scale: int) -> int:
    """Bytes of the time of day with ``scale`` fraction digits, as in time, datetime2 and datetimeoffset."""
    return 3 if scale <= 2 else 4 if scale <= 4 else 5


def decimal_size(precision: int) -> int:
    """Bytes of the magnitude of a decimal of ``precision`` digits."""
    return 4 if precision <= 9 else 8 if precision <= 19 else 12 if precision <= 28 else 16
