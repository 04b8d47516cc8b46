"""The message of a bulk load ([MS-TDS] 2.2.6.1)."""

import struct

import pytest

from emulator.tds.bulk import parse_bulk_load
from emulator.tds.dialect import TDS_7_0, TDS_7_1, Dialect
from emulator.tds.packets import ProtocolError

INT = b"\x26\x04"
TEXT = b"\xe7" + struct.pack("<H", 20) + b"\x09\x04\xd0\x00\x34"
DONE = b"\xfd" + bytes(12)


def metadata(*columns: tuple[bytes, str]) -> bytes:
    described = b"".join(
        bytes(4) + b"\x09\x00" + info + bytes([len(name)]) + name.encode("utf-16-le") for info, name in columns
    )
    return b"\x81" + struct.pack("<H", len(columns)) + described


TWO = metadata((INT, "id"), (TEXT, "name"))


def test_rows_and_rows_with_a_null_bitmap() -> None:
    text = "ab".encode("utf-16-le")
    rows = b"\xd1" + struct.pack("<Bi", 4, 7) + struct.pack("<H", 4) + text
    rows += b"\xd2" + b"\x02" + struct.pack("<Bi", 4, 8)
    content = parse_bulk_load(TWO + rows + DONE)
    assert content.rows == [(7, "ab"), (8, None)]
    assert [type.name for type in content.types] == ["int", "nvarchar"]


@pytest.mark.parametrize(
    "body", [b"", b"\x81", b"\x00\x00", TWO + b"\xaa", TWO + b"\xd1\x04\x01", TWO + b"\xd1\x03abc"]
)
def test_malformed_messages_are_protocol_errors(body: bytes) -> None:
    with pytest.raises(ProtocolError):
        parse_bulk_load(body)


def test_text_has_a_table_name_and_text_pointers() -> None:
    name = "t".encode("utf-16-le")
    text = b"\x23" + struct.pack("<I", 100) + b"\x09\x04\xd0\x00\x34" + struct.pack("<H", 1) + name
    pointer = b"\x10" + bytes(16) + bytes(8)
    rows = b"\xd1" + pointer + struct.pack("<I", 3) + b"abc" + b"\xd1\x00"
    assert parse_bulk_load(metadata((text, "note")) + rows + DONE).rows == [("abc",), (None,)]


@pytest.mark.parametrize("dialect", [TDS_7_0, TDS_7_1])
def test_old_versions_have_narrow_user_types(dialect: Dialect) -> None:
    text = TEXT if dialect.collated else TEXT[:-5]
    named = b"\x04" + "name".encode("utf-16-le")
    body = b"\x81\x01\x00" + bytes(2) + b"\x09\x00" + text + named + b"\xd1\x02\x00a\x00" + DONE
    assert parse_bulk_load(body, dialect).rows == [("a",)]


def test_a_load_without_rows_may_be_a_done_alone() -> None:
    assert parse_bulk_load(DONE).rows == []
