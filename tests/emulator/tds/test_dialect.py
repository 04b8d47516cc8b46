"""What the versions of TDS differ in ([MS-TDS] 2.2.7, 2.2.5.4)."""

import struct

import pytest

from emulator.results import ColumnInfo
from emulator.tds import tokens
from emulator.tds.dialect import DIALECTS, TDS_7_0, TDS_7_1, TDS_7_2, TDS_7_3, TDS_7_4, Dialect
from emulator.tds.sink import ShapeCache, TokenSink
from emulator.tds.tokens import DoneToken
from emulator.tds.wiretypes import TypeToken
from emulator.types.sqltype import DEFAULT_COLLATION, MAX, SqlType

TEXT = SqlType("nvarchar", 10, collation=DEFAULT_COLLATION)


@pytest.mark.parametrize(("dialect", "size"), [(TDS_7_0, 9), (TDS_7_1, 9), (TDS_7_2, 13), (TDS_7_4, 13)])
def test_row_counts_have_four_bytes_before_7_2(dialect: Dialect, size: int) -> None:
    buffer = bytearray()
    tokens.done(buffer, DoneToken.DONE, count=1 << 40, dialect=dialect)
    assert len(buffer) == size


@pytest.mark.parametrize(
    ("dialect", "name", "token"),
    [
        (TDS_7_1, "varchar", TypeToken.TEXT),
        (TDS_7_1, "nvarchar", TypeToken.NTEXT),
        (TDS_7_1, "varbinary", TypeToken.IMAGE),
        (TDS_7_2, "varchar", TypeToken.BIGVARCHR),
        (TDS_7_2, "nvarchar", TypeToken.NVARCHAR),
    ],
)
def test_max_types_come_as_text_before_7_2(dialect: Dialect, name: str, token: TypeToken) -> None:
    assert dialect.wire_type(SqlType(name, MAX, collation=DEFAULT_COLLATION)).info[0] == token


@pytest.mark.parametrize(
    ("type", "value", "text"),
    [
        (SqlType("date"), 737_059, "2019-01-01"),
        (SqlType("time", scale=3), 36_000_000_000, "01:00:00.000"),
        (SqlType("datetime2", scale=0), 737_059 * 864_000_000_000, "2019-01-01 00:00:00"),
    ],
)
def test_dates_come_as_text_before_7_3(type: SqlType, value: int, text: str) -> None:
    wire = TDS_7_2.wire_type(type)
    assert wire.info[0] == TypeToken.NVARCHAR
    assert wire.info[1:3] == struct.pack("<H", 2 * len(text))
    assert wire.encode(value) == struct.pack("<H", 2 * len(text)) + text.encode("utf-16-le")
    assert TDS_7_3.wire_type(type).info[0] != TypeToken.NVARCHAR


def test_types_have_no_collation_in_7_0() -> None:
    assert TDS_7_0.wire_type(TEXT).info == TDS_7_1.wire_type(TEXT).info[:-5]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_transactions_are_announced_from_7_2_on(dialect: Dialect) -> None:
    sink = TokenSink(ShapeCache(dialect), "", lambda buffer: None)
    sink.transaction_began(1)
    assert bool(sink.buffer) is dialect.wide


@pytest.mark.parametrize("dialect", DIALECTS)
def test_metadata_says_how_wide_the_user_type_is(dialect: Dialect) -> None:
    info = dialect.wire_type(TEXT).info
    shape = tokens.result_shape((ColumnInfo("a", TEXT),), dialect)
    head = struct.pack("<BH", 0x81, 1) + bytes(4 if dialect.wide else 2) + b"\x09\x00"
    assert shape.metadata == head + info + b"\x01a\x00"
