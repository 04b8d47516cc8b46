"""TDS framing: messages cut into packets of eight header bytes and a body. Pure; no sockets.

Header: type, status, length with header (big endian), spid, packet id, window. A message ends with the packet whose
status has ``END_OF_MESSAGE``. Clients send any spid and packet id, so neither is checked. Source: [MS-TDS] 2.2.3.1.
"""

import struct
from dataclasses import dataclass
from enum import IntEnum

HEADER = struct.Struct(">BBHHBB")
HEADER_SIZE = HEADER.size

END_OF_MESSAGE = 0x01
IGNORE = 0x02
RESET_CONNECTION = 0x08
RESET_CONNECTION_KEEP_TRANSACTION = 0x10

DEFAULT_PACKET_SIZE = 4096
MINIMUM_PACKET_SIZE = 512
MAXIMUM_PACKET_SIZE = 16000
"""Below the largest TLS record: with 16384 Microsoft's ODBC driver fails on its first large encrypted request."""

MAXIMUM_MESSAGE_SIZE = 256 * 1024 * 1024
"""A request above this ends its connection (SQL Server's own bound is 65,536 packets of the negotiated size)."""


class ProtocolError(Exception):
    """The peer broke the protocol. The connection cannot be used further."""


class PacketType(IntEnum):
    """Message types: what clients send, and the one that carries every reply."""

    BATCH = 0x01
    RPC = 0x03
    REPLY = 0x04
    ATTENTION = 0x06
    BULK_LOAD = 0x07
    TRANSACTION = 0x0E
    LOGIN = 0x10
    PRELOGIN = 0x12


_CLIENT_TYPES = frozenset(PacketType) - {PacketType.REPLY}


@dataclass(frozen=True, slots=True)
class Message:
    """A reassembled message. ``status`` holds the bits of its first packet plus ``IGNORE`` if the last one had it."""

    type: PacketType
    status: int
    body: bytes


class PacketReader:
    """Reassembles messages from bytes that arrive in any pieces."""

    def __init__(self, maximum_message_size: int = MAXIMUM_MESSAGE_SIZE) -> None:
        self.maximum_message_size = maximum_message_size
        self._buffer = bytearray()
        self._body = bytearray()
        self._first: tuple[int, int] | None = None

    def feed(self, data: bytes) -> None:
        """Add received bytes."""
        self._buffer += data

    @property
    def is_empty(self) -> bool:
        """Whether every byte that was fed has been read."""
        return not self._buffer and self._first is None

    def take_rest(self) -> bytes:
        """Hand over the bytes not yet read, for a change of framing (TLS)."""
        rest = bytes(self._buffer)
        self._buffer.clear()
        return rest

    def next_message(self) -> Message | None:
        """The next complete message, None when more bytes are needed. Raises ProtocolError."""
        buffer = self._buffer
        while len(buffer) >= HEADER_SIZE:
            kind, status, length, _, _, _ = HEADER.unpack_from(buffer)
            self._check(kind, length)
            if len(buffer) < length:
                return None
            body = bytes(memoryview(buffer)[HEADER_SIZE:length])
            del buffer[:length]
            if self._first is None:
                if status & END_OF_MESSAGE:
                    return Message(PacketType(kind), status, body)
                self._first = kind, status & ~IGNORE
            self._body += body
            if status & END_OF_MESSAGE:
                message = Message(PacketType(kind), self._first[1] | status & IGNORE, bytes(self._body))
                self._first = None
                self._body = bytearray()
                return message
        return None

    def _check(self, kind: int, length: int) -> None:
        if length < HEADER_SIZE:
            raise ProtocolError(f"packet length {length} is shorter than its header")
        if kind not in _CLIENT_TYPES:
            raise ProtocolError(f"unknown packet type 0x{kind:02X}")
        if self._first is not None and kind != self._first[0]:
            raise ProtocolError(f"packet of type 0x{kind:02X} inside a message of type 0x{self._first[0]:02X}")
        if len(self._body) + length - HEADER_SIZE > self.maximum_message_size:
            raise ProtocolError(f"message is longer than {self.maximum_message_size} bytes")


class PacketWriter:
    """Cuts outgoing messages into packets. ``spid`` and ``size`` change when the login is answered."""

    def __init__(self) -> None:
        self.spid = 0
        self.size = DEFAULT_PACKET_SIZE
        self._next_id = 1

    @property
    def body_size(self) -> int:
        """Bytes of a message that fit into one packet."""
        return self.size - HEADER_SIZE

    def write(self, body: bytes | bytearray, *, final: bool = True, kind: int = PacketType.REPLY) -> bytes:
        """The packets of ``body``; the last one ends the message when ``final``. An empty final body is one packet."""
        step = self.body_size
        spid = self.spid & 0xFFFF
        if len(body) <= step:
            return self._header(kind, END_OF_MESSAGE if final else 0, len(body), spid) + body
        pieces: list[bytes | bytearray] = []
        for start in range(0, len(body), step):
            piece = body[start : start + step]
            status = END_OF_MESSAGE if final and start + step >= len(body) else 0
            pieces += (self._header(kind, status, len(piece), spid), piece)
        return b"".join(pieces)

    def _header(self, kind: int, status: int, length: int, spid: int) -> bytes:
        packet_id = self._next_id
        self._next_id = 1 if status & END_OF_MESSAGE else (packet_id + 1) & 0xFF
        return HEADER.pack(kind, status, length + HEADER_SIZE, spid, packet_id, 0)
