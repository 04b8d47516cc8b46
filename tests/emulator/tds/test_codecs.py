"""Types and values on the wire: what is encoded is decoded to the same type and value."""

import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.errors import NotSupported, SqlError
from emulator.tds.decoding import InvalidValue, read_type
from emulator.tds.encoding import wire_type
from emulator.tds.packets import ProtocolError
from emulator.types.code_pages import decode
from emulator.types.sqltype import DEFAULT_COLLATION, MAX, SqlType

DAY = 864_000_000_000
CODE_PAGE_TEXT = st.text(st.sampled_from(decode(bytes(range(256)), 1252)), max_size=40)
UNICODE_TEXT = st.text(st.characters(), max_size=40)


def typed(type: SqlType, values: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[SqlType, Any]]:
    return st.tuples(st.just(type), st.none() | values)


def integers(name: str, low: int, high: int) -> st.SearchStrategy[tuple[SqlType, Any]]:
    return typed(SqlType(name), st.integers(low, high))


@st.composite
def decimals(draw: st.DrawFn) -> tuple[SqlType, Any]:
    precision = draw(st.integers(1, 38))
    type = SqlType(
        draw(st.sampled_from(["decimal", "numeric"])), precision=precision, scale=draw(st.integers(0, precision))
    )
    return type, draw(st.none() | st.integers(1 - 10**precision, 10**precision - 1))


@st.composite
def times(draw: st.DrawFn) -> tuple[SqlType, Any]:
    name = draw(st.sampled_from(["time", "datetime2", "datetimeoffset"]))
    scale = draw(st.integers(0, 7))
    unit = 10 ** (7 - scale)
    days = 1 if name == "time" else 3_652_059
    value: Any = draw(st.integers(0, days * DAY // unit - 1)) * unit
    if name == "datetimeoffset":
        value = value, draw(st.integers(-840, 840))
    return SqlType(name, scale=scale), draw(st.none() | st.just(value))


@st.composite
def texts(draw: st.DrawFn) -> tuple[SqlType, Any]:
    name = draw(st.sampled_from(["char", "varchar", "nchar", "nvarchar"]))
    value = draw(UNICODE_TEXT if name[0] == "n" else CODE_PAGE_TEXT)
    if "var" in name:
        return SqlType(name, draw(st.sampled_from([MAX, 200])), collation=DEFAULT_COLLATION), draw(
            st.none() | st.just(value)
        )
    return SqlType(name, 40, collation=DEFAULT_COLLATION), draw(st.none() | st.just(value.ljust(40)))


VALUES = st.one_of(
    integers("bit", 0, 1),
    integers("tinyint", 0, 255),
    integers("smallint", -(2**15), 2**15 - 1),
    integers("int", -(2**31), 2**31 - 1),
    integers("bigint", -(2**63), 2**63 - 1),
    integers("money", -(2**63), 2**63 - 1),
    integers("smallmoney", -(2**31), 2**31 - 1),
    integers("date", 0, 3_652_058),
    integers("datetime", -53_690 * 25_920_000, 2_958_464 * 25_920_000 - 1),
    integers("smalldatetime", 0, 65_536 * 1440 - 1),
    typed(SqlType("float"), st.floats(allow_nan=False, allow_infinity=False)),
    typed(SqlType("real"), st.floats(allow_nan=False, allow_infinity=False, width=32)),
    typed(SqlType("uniqueidentifier"), st.binary(min_size=16, max_size=16)),
    typed(SqlType("varbinary", 100), st.binary(max_size=100)),
    typed(SqlType("varbinary", MAX), st.binary(max_size=100)),
    typed(SqlType("binary", 8), st.binary(min_size=8, max_size=8)),
    typed(SqlType("xml"), UNICODE_TEXT.filter(lambda text: not text.startswith("\ufeff"))),
    decimals(),
    times(),
    texts(),
)


def decode(type: SqlType, value: Any) -> tuple[SqlType, Any]:
    wire = wire_type(type)
    data = wire.info + wire.encode(value)
    decoded, decoder, position = read_type(data, 0)
    assert position == len(wire.info)
    result, end = decoder(data, position)
    assert end == len(data)
    return decoded, result


@given(VALUES)
def test_a_value_comes_back_with_its_type(pair: tuple[SqlType, Any]) -> None:
    assert decode(*pair) == pair


@given(VALUES.filter(lambda pair: pair[0].length != MAX and pair[0].name != "xml" and pair[1] is not None))
def test_a_variant_keeps_the_type_of_its_value(pair: tuple[SqlType, Any]) -> None:
    assert decode(SqlType("sql_variant"), pair) == (SqlType("sql_variant"), pair)


def test_a_null_variant_is_null() -> None:
    assert decode(SqlType("sql_variant"), None)[1] is None


@given(st.binary(max_size=60))
def test_any_bytes_are_a_typed_value_or_refused(data: bytes) -> None:
    try:
        _, decoder, position = read_type(data, 0)
        decoder(data, position)
    except (ProtocolError, InvalidValue, NotSupported, IndexError, struct.error, UnicodeDecodeError):
        return


@pytest.mark.parametrize(
    ("data", "value"),
    [
        ("e7ffff0904d00034" + "feffffffffffffff" + "02000000" + "6100" + "02000000" + "6200" + "00000000", "ab"),
        ("e7ffff0904d00034" + "0400000000000000" + "04000000" + "61006200" + "00000000", "ab"),
        ("e7ffff0904d00034" + "ffffffffffffffff", None),
    ],
)
def test_long_text_comes_in_chunks_of_unknown_or_known_total_length(data: str, value: str | None) -> None:
    raw = bytes.fromhex(data)
    _, decoder, position = read_type(raw, 0)
    assert decoder(raw, position) == (value, len(raw))


@pytest.mark.parametrize(
    "data",
    [
        "6a051103" + "05" + "01" + "ffffffff",  # fits decimal(17, 3)
        "6d08" + "08" + "000000000000f83f",
        "28" + "03" + "dab937",
    ],
)
def test_values_at_the_edge_of_their_type_are_taken(data: str) -> None:
    raw = bytes.fromhex(data)
    _, decoder, position = read_type(raw, 0)
    assert decoder(raw, position)[1] == len(raw)


@pytest.mark.parametrize(
    "data",
    [
        "6a050200" + "05" + "01" + "64000000",  # 100 as decimal(2)
        "6d08" + "08" + "000000000000f87f",  # NaN
        "28" + "03" + "dbb937",  # the day after 9999-12-31
        "2907" + "05" + "00c0692ac9",  # 24:00
        "6f08" + "08" + "00000000" + "00828b01",  # 24:00 as datetime
    ],
)
def test_values_outside_their_type_are_invalid(data: str) -> None:
    raw = bytes.fromhex(data)
    _, decoder, position = read_type(raw, 0)
    with pytest.raises(InvalidValue):
        decoder(raw, position)


def test_a_decimal_whose_scale_exceeds_its_precision_is_invalid() -> None:
    with pytest.raises(InvalidValue):
        read_type(bytes.fromhex("6a050203"), 0)


def test_short_values_of_fixed_length_types_are_padded() -> None:
    raw = bytes.fromhex("af05000904d00034" + "0200" + "6162")
    _, decoder, position = read_type(raw, 0)
    assert decoder(raw, position)[0] == "ab   "
    raw = bytes.fromhex("ad0400" + "0100" + "ff")
    _, decoder, position = read_type(raw, 0)
    assert decoder(raw, position)[0] == b"\xff\0\0\0"


def test_a_clr_type_is_named_in_the_refusal() -> None:
    with pytest.raises(NotSupported, match="CLR"):
        read_type(b"\xf0", 0)


def test_a_type_without_wire_form_is_named_in_the_refusal() -> None:
    with pytest.raises(NotSupported, match="geography"):
        wire_type(SqlType("geography"))


UTF8 = "Latin1_General_100_CI_AS_SC_UTF8"


def test_text_outside_the_code_page_becomes_a_question_mark_unless_the_collation_is_utf8() -> None:
    text = "a€→☃"
    assert decode(SqlType("varchar", 20, collation=DEFAULT_COLLATION), text)[1] == "a€>?"
    assert decode(SqlType("varchar", 20, collation=UTF8), text)[1] == text


def test_an_unknown_collation_is_named_in_the_refusal() -> None:
    with pytest.raises(SqlError, match="Klingon_CI_AS"):
        wire_type(SqlType("varchar", 20, collation="Klingon_CI_AS"))
