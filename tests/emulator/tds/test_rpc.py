"""Remote procedure calls: names, numbers, parameters, tables, and what is wrong with them."""

import struct
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.errors import NotSupported, SqlError
from emulator.tds.engine import RpcParameter, TableColumn, TableParameter
from emulator.tds.packets import ProtocolError
from emulator.tds.rpc import RpcCall, parse_rpc
from emulator.types.sqltype import DEFAULT_COLLATION, SqlType

INT = SqlType("int")


def parse(messages: Any, *calls: bytes, separator: bytes = b"\xff") -> list[RpcCall]:
    return parse_rpc(messages.headers + separator.join(calls))


def test_a_named_call_has_its_parameters_in_order(messages: Any) -> None:
    text = messages.parameter(b"\xe7\x14\x00\x09\x04\xd0\x00\x34", b"\x04\x00a\0b\0", "@t")
    call = messages.call("[dbo].[Pick]", messages.integer(7), messages.integer(None, "@out", flags=1), text)
    assert parse(messages, call) == [
        RpcCall(
            "[dbo].[Pick]",
            (
                RpcParameter("", INT, 7),
                RpcParameter("@out", INT, None, output=True),
                RpcParameter("@t", SqlType("nvarchar", 10, collation=DEFAULT_COLLATION), "ab"),
            ),
        )
    ]


def test_a_numbered_procedure_gets_its_name(messages: Any) -> None:
    names = [call.procedure for number in (10, 11, 12, 13, 14, 15) for call in parse(messages, messages.call(number))]
    assert names == ["sp_executesql", "sp_prepare", "sp_execute", "sp_prepexec", "sp_prepexecrpc", "sp_unprepare"]


@pytest.mark.parametrize("separator", [b"\xff", b"\x80"])
def test_one_message_may_hold_several_calls(messages: Any, separator: bytes) -> None:
    calls = [messages.call(12, messages.integer(1), messages.integer(n)) for n in (10, 20, 30)]
    parsed = parse(messages, *calls, separator=separator)
    assert [call.parameters[1].value for call in parsed] == [10, 20, 30]  # type: ignore[union-attr]


def table(schema: str, name: str, rows: bytes, flags: int = 0) -> bytes:
    names = b"\0" + b"".join(bytes([len(part)]) + part.encode("utf-16-le") for part in (schema, name))
    columns = struct.pack("<H", 2) + b"".join(struct.pack("<IH", 0, f) + b"\x26\x04\0" for f in (0, flags))
    return b"\0\0\xf3" + names + columns + b"\0" + rows + b"\0"


def test_a_table_parameter_has_its_type_columns_and_rows(messages: Any) -> None:
    rows = b"\1\4\1\0\0\0\4\2\0\0\0" + b"\1\0\4\3\0\0\0"
    (call,) = parse(messages, messages.call("p", table("dbo", "Pairs", rows), messages.integer(9)))
    column = TableColumn(INT)
    assert call.parameters[0] == TableParameter("", "dbo", "Pairs", (column, column), [(1, 2), (None, 3)])
    assert call.parameters[1] == RpcParameter("", INT, 9)


def test_a_defaulted_column_of_a_table_is_not_sent(messages: Any) -> None:
    (call,) = parse(messages, messages.call("p", table("", "", b"\1\4\1\0\0\0", flags=0x200)))
    (parameter,) = call.parameters
    assert isinstance(parameter, TableParameter)
    assert parameter.columns == (TableColumn(INT), TableColumn(INT, default=True))
    assert parameter.rows == [(1, None)]


def test_a_null_table_has_no_columns_and_no_rows(messages: Any) -> None:
    raw = b"\0\2\xf3" + b"\0\0\0" + b"\xff\xff" + b"\0\0"
    (call,) = parse(messages, messages.call("p", raw))
    assert call.parameters == (TableParameter("", "", "", (), [], default=True),)


def test_an_invalid_value_is_error_8023_with_its_place(messages: Any) -> None:
    nan = messages.parameter(b"\x6d\x08", b"\x08" + struct.pack("<d", float("nan")), "@f")
    with pytest.raises(SqlError, match=r'Parameter 2 \("@f"\).*data type float') as caught:
        parse(messages, messages.call("p", messages.integer(1), nan))
    assert caught.value.number == 8023


def test_what_is_not_supported_is_named(messages: Any) -> None:
    for call, name in (
        (messages.call(99), "number 99"),
        (messages.call("p", messages.parameter(b"\xf0", b"")), "CLR"),
        (messages.call("p", messages.integer(1, flags=8)), "Always Encrypted"),
        (messages.call("p") + b"\xfe", "without execution"),
    ):
        with pytest.raises(NotSupported, match=name):
            parse(messages, call)


@given(cut=st.integers(0, 1000))
def test_a_truncated_call_is_a_protocol_error(messages: Any, cut: int) -> None:
    text = messages.parameter(b"\xe7\xff\xff\x09\x04\xd0\x00\x34", struct.pack("<QI", 2, 2) + b"a\0" + bytes(4))
    whole = messages.headers + messages.call(13, messages.integer(1), text, table("a", "b", b"\1\0\0"), text)
    boundaries = set()
    for count in range(5):
        arguments = (messages.integer(1), text, table("a", "b", b"\1\0\0"), text)[:count]
        boundaries.add(len(messages.headers + messages.call(13, *arguments)))
    cut %= len(whole)
    if cut in boundaries:
        assert len(parse_rpc(whole[:cut])) == 1
    else:
        with pytest.raises(ProtocolError):
            parse_rpc(whole[:cut])


@given(st.binary(max_size=120))
def test_any_bytes_are_calls_or_refused(messages: Any, body: bytes) -> None:
    with suppress(ProtocolError, SqlError):
        assert parse_rpc(messages.headers + body)


def test_more_than_2100_parameters_are_refused(messages: Any) -> None:
    with pytest.raises(SqlError) as caught:
        parse_rpc(messages.headers + messages.call("p", *[messages.integer(1)] * 2101))
    assert caught.value.number == 8003
