"""The order and the bits of reply tokens."""

import struct
from typing import Any

import pytest

from emulator.errors import NotSupported, SqlError
from emulator.results import ColumnInfo
from emulator.tds.engine import RpcParameter
from emulator.tds.sink import FLUSH_SIZE, ShapeCache, TokenSink
from emulator.types.sqltype import SqlType

INT = SqlType("int")
COLUMNS = (ColumnInfo("n", INT),)
ERROR = SqlError(50001, 16, 3, "wrong", 12, "dbo.P")

DONE = {0xFD: "DONE", 0xFE: "DONEPROC", 0xFF: "DONEINPROC"}


def make() -> TokenSink:
    return TokenSink(ShapeCache(), "SERVER", lambda buffer: None)


def read(data: bytes) -> list[Any]:
    """The tokens of a reply, only as far as these tests need them."""
    tokens: list[Any] = []
    position = 0
    while position < len(data):
        token = data[position]
        if token in DONE:
            status, _, count = struct.unpack_from("<HHQ", data, position + 1)
            tokens.append((DONE[token], status, count))
            position += 13
        elif token == 0x81:
            assert data[position + 1 : position + 3] == b"\1\0"
            tokens.append("COLMETADATA")
            position += 3 + 6 + 2 + 1 + 2 * data[position + 11]
        elif token == 0xD1:
            assert data[position + 1] == 4
            tokens.append(("ROW", struct.unpack_from("<i", data, position + 2)[0]))
            position += 6
        elif token == 0x79:
            tokens.append(("STATUS", struct.unpack_from("<i", data, position + 1)[0]))
            position += 5
        elif token == 0xAC:
            (ordinal,) = struct.unpack_from("<H", data, position + 1)
            length = data[position + 3]
            tokens.append(("VALUE", ordinal, data[position + 4 : position + 4 + 2 * length].decode("utf-16-le")))
            position += 4 + 2 * length + 7 + 2
            position += 1 + data[position]
        else:
            names = {0xAA: "ERROR", 0xAB: "INFO", 0xE3: "ENVCHANGE"}
            (length,) = struct.unpack_from("<H", data, position + 1)
            body = data[position + 3 : position + 3 + length]
            tokens.append((names[token], body[0] if token == 0xE3 else struct.unpack_from("<i", body)[0]))
            position += 3 + length
    return tokens


def select(sink: TokenSink, *values: int) -> None:
    sink.columns(COLUMNS)
    for value in values:
        sink.row((value,))
    sink.done(len(values), is_select=True)


def test_every_statement_of_a_batch_ends_with_done_and_only_the_last_without_more() -> None:
    sink = make()
    sink.done(3)
    select(sink, 1, 2)
    sink.done(None)
    sink.finish()
    assert read(sink.buffer) == [
        ("DONE", 0x11, 3),
        "COLMETADATA",
        ("ROW", 1),
        ("ROW", 2),
        ("DONE", 0x11, 2),
        ("DONE", 0, 0),
    ]


def test_a_reply_without_statements_is_one_done() -> None:
    sink = make()
    sink.finish()
    assert read(sink.buffer) == [("DONE", 0, 0)]


def test_a_call_ends_statements_with_doneinproc_and_itself_with_doneproc() -> None:
    sink = make()
    sink.begin_call([RpcParameter("", INT, 1), RpcParameter("@o", INT, 2, output=True)])
    sink.done(1)
    select(sink, 5)
    sink.return_status(0)
    sink.return_value("@o", INT, 9)
    sink.end_call()
    sink.finish()
    assert read(sink.buffer) == [
        ("DONEINPROC", 0x11, 1),
        "COLMETADATA",
        ("ROW", 5),
        ("DONEINPROC", 0x11, 1),
        ("STATUS", 0),
        ("VALUE", 1, "@o"),
        ("DONEPROC", 0, 0),
    ]


def test_statements_without_count_vanish_from_a_call_and_stay_in_a_batch() -> None:
    sink = make()
    sink.begin_call([])
    sink.done(None)
    sink.end_call()
    sink.finish()
    assert read(sink.buffer) == [("DONEPROC", 0, 0)]


def test_a_select_under_nocount_keeps_its_done_without_the_count_bit() -> None:
    sink = make()
    sink.begin_call([])
    sink.columns(COLUMNS)
    sink.done(None, is_select=True)
    sink.end_call()
    sink.finish()
    assert read(sink.buffer) == ["COLMETADATA", ("DONEINPROC", 0x01, 0), ("DONEPROC", 0, 0)]


def test_calls_of_one_message_end_with_doneproc_more_but_for_the_last() -> None:
    sink = make()
    for count in (1, 2):
        sink.begin_call([])
        sink.done(count)
        sink.return_status(0)
        sink.end_call()
    sink.finish()
    done = [token for token in read(sink.buffer) if token[0] == "DONEPROC"]
    assert done == [("DONEPROC", 1, 0), ("DONEPROC", 0, 0)]


def test_an_error_sets_the_error_bit_of_the_next_done_only() -> None:
    sink = make()
    sink.message(ERROR)
    sink.done(None)
    sink.done(1)
    sink.finish()
    assert read(sink.buffer) == [("ERROR", 50001), ("DONE", 0x03, 0), ("DONE", 0x10, 1)]
    assert sink.has_error


def test_an_error_that_ends_a_call_marks_its_doneproc() -> None:
    sink = make()
    sink.begin_call([])
    sink.message(ERROR)
    sink.end_call()
    sink.finish()
    assert read(sink.buffer) == [("ERROR", 50001), ("DONEPROC", 0x02, 0)]


@pytest.mark.parametrize(("severity", "token"), [(0, "INFO"), (10, "INFO"), (11, "ERROR"), (20, "ERROR")])
def test_severity_tells_information_from_errors(severity: int, token: str) -> None:
    sink = make()
    sink.message(SqlError(50000, severity, 1, "text"))
    sink.finish()
    assert read(sink.buffer) == [(token, 50000), ("DONE", 0x02 if severity > 10 else 0, 0)]
    assert sink.is_fatal == (severity >= 20)


def test_an_error_has_all_its_parts() -> None:
    sink = make()
    sink.message(ERROR)
    parts = struct.pack("<iBB", 50001, 3, 16)
    parts += b"\5\0" + "wrong".encode("utf-16-le") + b"\6" + "SERVER".encode("utf-16-le")
    parts += b"\5" + "dbo.P".encode("utf-16-le") + struct.pack("<I", 12)
    assert sink.buffer == b"\xaa" + struct.pack("<H", len(parts)) + parts


def test_transactions_and_the_database_are_reported_as_environment_changes() -> None:
    sink = make()
    sink.acknowledge_reset()
    sink.transaction_began(0x0102)
    sink.transaction_ended(0x0102, committed=True)
    sink.transaction_ended(0x0102, committed=False)
    sink.database_changed("a", "b", 3, "Latin1_General_CI_AS")
    descriptor = struct.pack("<Q", 0x0102)
    assert bytes(sink.buffer).startswith(
        b"\xe3\3\0\x12\0\0"
        + (b"\xe3\x0b\0\x08\x08" + descriptor + b"\0")
        + (b"\xe3\x0b\0\x09\0\x08" + descriptor)
        + (b"\xe3\x0b\0\x0a\0\x08" + descriptor)
        + (b"\xe3\7\0\1\1b\0\1a\0")
        + b"\xe3\x08\0\7\5\x09\x04\xd0\0\0\0"
    )
    assert read(sink.buffer)[-1] == ("INFO", 5701)


def test_outputs_have_their_place_in_the_call_with_and_without_names() -> None:
    sink = make()
    outputs = [RpcParameter(name, INT, None, output=name != "in") for name in ("", "in", "@b", "@c")]
    sink.begin_call(outputs)
    sink.return_value("@C", INT, 1)
    sink.return_value("@formal", INT, 1)
    sink.return_value("@b", INT, 1)
    assert [token[1] for token in read(sink.buffer)] == [3, 0, 2]


def test_a_full_buffer_is_offered_for_sending_and_a_muted_sink_drops_rows() -> None:
    offered: list[int] = []
    sink = TokenSink(ShapeCache(), "", lambda buffer: offered.append(len(buffer)) or buffer.clear())  # type: ignore[func-returns-value]
    sink.columns(COLUMNS)
    for number in range(FLUSH_SIZE // 6 + 2):
        sink.row((number,))
    assert len(offered) == 1
    assert offered[0] > FLUSH_SIZE
    sink.mute()
    left = len(sink.buffer)
    sink.row((1,))
    assert len(sink.buffer) == left
    sink.finish_cancelled()
    assert read(sink.buffer)[-1] == ("DONE", 0, 0)


def test_a_row_of_another_width_than_its_columns_is_a_fault() -> None:
    sink = make()
    sink.columns(COLUMNS)
    with pytest.raises(ValueError, match="2 values for 1 columns"):
        sink.row((1, 2))


def test_columns_without_wire_form_leave_no_half_token() -> None:
    sink = make()
    with pytest.raises(NotSupported):
        sink.columns((ColumnInfo("a", INT), ColumnInfo("b", SqlType("geometry"))))
    assert not sink.buffer


def test_shapes_are_kept_for_tuples_only_because_lists_can_change() -> None:
    cache = ShapeCache()
    columns = [ColumnInfo("a", INT)]
    before = cache.shape(columns)
    columns.append(ColumnInfo("b", INT))
    assert len(cache.shape(columns).encoders) == len(before.encoders) + 1
    assert cache.shape(COLUMNS) is cache.shape(COLUMNS)


def test_a_procedure_that_a_batch_calls_has_its_status_and_its_own_end() -> None:
    sink = make()
    sink.done(1)
    sink.procedure_began()
    sink.done(2)
    sink.done(None)
    sink.procedure_ended(7)
    sink.done(3)
    sink.finish()
    assert [token[:1] if token[0] == "STATUS" else (token[0], token[2]) for token in read(sink.buffer)] == [
        ("DONE", 1),
        ("DONEINPROC", 2),
        ("STATUS",),
        ("DONEPROC", 0),
        ("DONE", 3),
    ]
