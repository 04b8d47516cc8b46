"""Framing: messages in, messages out, whatever pieces the bytes come in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.tds.packets import HEADER_SIZE, PacketReader, PacketType, PacketWriter, ProtocolError


def read_all(reader: PacketReader, pieces: list[bytes]) -> list[tuple[PacketType, int, bytes]]:
    found = []
    for piece in pieces:
        reader.feed(piece)
        while message := reader.next_message():
            found.append((message.type, message.status, message.body))
    return found


@given(st.lists(st.binary(max_size=3000), min_size=1, max_size=4), st.integers(512, 1000), st.data())
def test_messages_survive_any_packet_size_and_any_splitting(
    bodies: list[bytes], size: int, data: st.DataObject
) -> None:
    writer = PacketWriter()
    writer.size = size
    stream = b"".join(writer.write(body, kind=PacketType.BATCH) for body in bodies)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=10)))
    pieces = [stream[start:end] for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    read = read_all(PacketReader(), pieces)
    assert [body for _, _, body in read] == bodies
    assert {kind for kind, _, _ in read} == {PacketType.BATCH}


@given(st.binary(max_size=200))
def test_any_bytes_give_messages_or_a_protocol_error(stream: bytes) -> None:
    reader = PacketReader()
    try:
        read_all(reader, [stream])
    except ProtocolError:
        return
    assert len(reader.take_rest()) <= len(stream)


def test_a_reply_in_parts_ends_with_its_last_packet_only() -> None:
    writer = PacketWriter()
    writer.size = 512
    writer.spid = 51
    stream = writer.write(bytes(504 * 2), final=False) + writer.write(b"end")
    headers = []
    while stream:
        length = int.from_bytes(stream[2:4], "big")
        headers.append((stream[0], stream[1], int.from_bytes(stream[4:6], "big"), stream[6]))
        stream = stream[length:]
    assert headers == [(4, 0, 51, 1), (4, 0, 51, 2), (4, 1, 51, 3)]


def test_status_bits_are_those_of_the_first_packet_and_the_ignore_bit_of_the_last() -> None:
    reader = PacketReader()
    first = bytes([1, 0x08, 0, HEADER_SIZE, 0, 0, 1, 0])
    last = bytes([1, 0x01 | 0x02 | 0x10, 0, HEADER_SIZE, 0, 0, 2, 0])
    assert read_all(reader, [first + last]) == [(PacketType.BATCH, 0x08 | 0x02, b"")]


@pytest.mark.parametrize(
    ("stream", "reason"),
    [
        (bytes([0x53, 1, 0, 16, 0, 0, 0, 0]), "unknown packet type 0x53"),
        (bytes([0x01, 1, 0, 7, 0, 0, 0, 0]), "shorter than its header"),
        (bytes([0x01, 0, 0, 8, 0, 0, 0, 0, 0x03, 1, 0, 8, 0, 0, 0, 0]), "inside a message of type 0x01"),
        (bytes([0x01, 0, 4, 0, 0, 0, 0, 0]), "longer than 1000 bytes"),
    ],
)
def test_a_broken_frame_is_refused_at_its_header(stream: bytes, reason: str) -> None:
    reader = PacketReader(maximum_message_size=1000)
    with pytest.raises(ProtocolError, match=reason):
        read_all(reader, [stream])
