"""Documentation: "binary and varbinary (Transact-SQL)", "CAST and CONVERT (Transact-SQL)", "uniqueidentifier"."""

from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.errors import SqlError
from emulator.types.conversion import converter
from emulator.types.sqltype import (
    BIGINT,
    DATETIME,
    FLOAT,
    INT,
    MONEY,
    SMALLINT,
    SQL_VARIANT,
    UNIQUEIDENTIFIER,
    VARBINARY_MAX,
    SqlType,
    binary,
    char,
    decimal,
    nvarchar,
    varbinary,
    varchar,
)

GUID = UUID("6f9619ff-8b86-d011-b42d-00c04fc964ff")


def cast(value: Any, source: SqlType, target: SqlType, style: int | None = None) -> Any:
    f = converter(source, target, style=style, explicit=True)
    return value if f is None else f(value)


@pytest.mark.parametrize(
    ("value", "source", "target", "expected"),
    [
        (1, INT, varbinary(10), "00000001"),
        (-2, SMALLINT, varbinary(10), "fffe"),
        (1, INT, binary(6), "000000000001"),
        (0x01020304, INT, binary(2), "0304"),
        (15, decimal(2, 1), varbinary(20), "020100010f000000"),
        (-15, decimal(2, 1), varbinary(20), "020100000f000000"),
        (10_000, MONEY, varbinary(8), "0000000000002710"),
        (1.0, FLOAT, varbinary(8), "3ff0000000000000"),
        (25_920_000 + 300, DATETIME, varbinary(8), "000000010000012c"),
        ("Aé", varchar(5), varbinary(5), "41e9"),
        ("A", nvarchar(5), binary(3), "410000"),
        (b"\1\2\3", varbinary(5), binary(2), "0102"),
    ],
)
def test_values_as_bytes(value: Any, source: SqlType, target: SqlType, expected: str) -> None:
    assert cast(value, source, target).hex() == expected


@pytest.mark.parametrize(
    ("value", "target", "expected"),
    [
        ("ff", INT, 255),
        ("ffffffff", INT, -1),
        ("0102030405", SMALLINT, 0x0405),
        ("0000000000002710", MONEY, 10_000),
        ("020100010f000000", decimal(5, 2), 150),
        ("000000010000012c", DATETIME, 25_920_000 + 300),
        ("41e9", varchar(5), "Aé"),
        ("410042", nvarchar(5), "AB"),
    ],
)
def test_bytes_as_values(value: str, target: SqlType, expected: Any) -> None:
    assert cast(bytes.fromhex(value), varbinary(20), target) == expected


@given(st.integers(-(2**63), 2**63 - 1))
def test_integers_survive_a_round_trip(value: int) -> None:
    assert cast(cast(value, BIGINT, varbinary(8)), varbinary(8), BIGINT) == value


def test_hexadecimal_styles() -> None:
    assert cast(b"\x01\xab", varbinary(5), varchar(10), 1) == "0x01AB"
    assert cast(b"\x01\xab", varbinary(5), varchar(10), 2) == "01AB"
    assert cast("0x01ab", varchar(10), VARBINARY_MAX, 1) == b"\x01\xab"
    assert cast("01ab", varchar(10), VARBINARY_MAX, 2) == b"\x01\xab"
    for text, style in (("01ab", 1), ("0x1", 1), ("xy", 2)):
        with pytest.raises(SqlError, match="Error converting data type varchar to varbinary"):
            cast(text, varchar(10), varbinary(8), style)


def test_text_becomes_binary_only_explicitly() -> None:
    with pytest.raises(SqlError) as caught:
        converter(varchar(5), VARBINARY_MAX)
    assert caught.value.message == (
        "Implicit conversion from data type varchar to varbinary(max) is not allowed. "
        "Use the CONVERT function to run this query."
    )


def test_guids_in_text() -> None:
    text = str(GUID).upper()
    assert cast(GUID.bytes_le, UNIQUEIDENTIFIER, char(38)) == text + "  "
    for given_ in (text, text.lower(), f"{{{text}}}", text + " and more"):
        assert cast(given_, varchar(60), UNIQUEIDENTIFIER) == GUID.bytes_le
    with pytest.raises(SqlError) as caught:
        cast("no guid", varchar(60), UNIQUEIDENTIFIER)
    assert caught.value.number == 8169
    with pytest.raises(SqlError) as caught:
        cast(GUID.bytes_le, UNIQUEIDENTIFIER, varchar(35))
    assert caught.value.number == 8170


def test_guids_in_bytes() -> None:
    assert cast(GUID.bytes_le, UNIQUEIDENTIFIER, varbinary(16)) == GUID.bytes_le
    assert cast(b"\1", varbinary(16), UNIQUEIDENTIFIER) == b"\1" + bytes(15)


def test_a_variant_remembers_its_type() -> None:
    boxed = cast(5, INT, SQL_VARIANT)
    assert boxed == (INT, 5)
    assert cast(boxed, SQL_VARIANT, varchar(5)) == "5"


@pytest.mark.parametrize(
    ("value", "source", "expected"),
    [
        (1, SqlType("date"), "010000"),
        (36_000_000_000, SqlType("time", scale=7), "070068C46108"),
        (36_000_000_000, SqlType("time", scale=0), "00100E00"),
        (864_000_000_000 + 36_000_000_000, SqlType("datetime2", scale=3), "0380EE3600010000"),
        ((864_000_000_000, -90), SqlType("datetimeoffset", scale=0), "00000000010000A6FF"),
    ],
)
def test_the_newer_date_and_time_types_are_packed_with_their_scale(value: Any, source: SqlType, expected: str) -> None:
    packed = cast(value, source, VARBINARY_MAX)
    assert packed.hex().upper() == expected
    assert cast(packed, VARBINARY_MAX, source) == value


def test_binary_data_that_is_no_time_is_an_overflow() -> None:
    with pytest.raises(SqlError) as caught:
        cast(b"\x07\xff\xff\xff\xff\xff", VARBINARY_MAX, SqlType("time", scale=7))
    assert caught.value.number == 8115
