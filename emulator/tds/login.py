"""LOGIN7: who connects, to which database, with which wishes. Pure.

A fixed part of 36 bytes, a table of offsets and lengths, the texts in UTF-16, and a list of optional features.
TDS 7.0 to 7.4 are spoken. Source: [MS-TDS] 2.2.6.4.
"""

import struct
from dataclasses import dataclass, field

from emulator.tds.dialect import TDS_7_4, Dialect, dialect_of
from emulator.tds.packets import (
    DEFAULT_PACKET_SIZE,
    MAXIMUM_PACKET_SIZE,
    MINIMUM_PACKET_SIZE,
    ProtocolError,
)

FEATURE_UTF8 = 0x0A

_FIXED = struct.Struct("<IIIIIIBBBBiI")
_ENTRY = struct.Struct("<HH")
_ENTRIES_START = _FIXED.size
_CLIENT_ID_SIZE = 6
_INTEGRATED_SECURITY = 0x80
_EXTENSION = 0x10
_END_OF_FEATURES = 0xFF


@dataclass(frozen=True, slots=True)
class Login:
    """A parsed LOGIN7. ``packet_size`` is the client's wish, 0 for the server's default. ``features`` are the
    requested feature extensions by id. ``integrated``: Windows authentication was asked for. ``interface`` is the name
    of the client's library, ``process`` the number of its process."""

    dialect: Dialect
    packet_size: int
    host: str
    user: str
    password: str = field(repr=False)
    application: str
    interface: str
    process: int
    server: str
    language: str
    database: str
    integrated: bool
    changes_password: bool
    features: dict[int, bytes]

    @property
    def answered_packet_size(self) -> int:
        """The packet size both sides use."""
        wish = self.packet_size or DEFAULT_PACKET_SIZE
        return max(MINIMUM_PACKET_SIZE, min(wish, MAXIMUM_PACKET_SIZE))


def parse_login(body: bytes) -> Login:
    """Read a LOGIN7 message. Raises ProtocolError, also for versions that are not spoken."""
    try:
        return _parse(body)
    except (struct.error, IndexError, UnicodeDecodeError) as error:
        raise ProtocolError(f"malformed LOGIN7: {error}") from None


def _parse(body: bytes) -> Login:
    (_, version, packet_size, _, process, _, _, flags2, _, flags3, _, _) = _FIXED.unpack_from(body)
    dialect = dialect_of(version)
    if dialect is None:
        raise ProtocolError(f"TDS version 0x{version:08X} is not supported (7.0 to 7.4 are)")
    entries = [_ENTRY.unpack_from(body, _ENTRIES_START + 4 * index) for index in range(9)]
    tail = _ENTRIES_START + 4 * 9 + _CLIENT_ID_SIZE
    new_password = _ENTRY.unpack_from(body, tail + 4 * 2) if dialect.wide else (0, 0)  # behind SSPI and attached file
    host, user, password, application, server, extension, interface, language, database = entries
    return Login(
        dialect=dialect,
        packet_size=packet_size,
        host=_text(body, host),
        user=_text(body, user),
        password=_reveal(_bytes(body, password)).decode("utf-16-le"),
        application=_text(body, application),
        interface=_text(body, interface),
        process=process,
        server=_text(body, server),
        language=_text(body, language),
        database=_text(body, database),
        integrated=bool(flags2 & _INTEGRATED_SECURITY),
        changes_password=new_password[1] > 0,
        features=_features(body, extension[0]) if dialect is TDS_7_4 and flags3 & _EXTENSION else {},
    )


def _bytes(body: bytes, entry: tuple[int, int]) -> bytes:
    offset, characters = entry
    if not characters:
        return b""
    if offset + 2 * characters > len(body):
        raise ProtocolError("LOGIN7 text lies outside the message")
    return body[offset : offset + 2 * characters]


def _text(body: bytes, entry: tuple[int, int]) -> str:
    return _bytes(body, entry).decode("utf-16-le")


def _reveal(password: bytes) -> bytes:
    """Undo the obfuscation of the password: each byte XOR 0xA5, then its halves swapped."""
    return bytes(((byte ^ 0xA5) << 4 | (byte ^ 0xA5) >> 4) & 0xFF for byte in password)


def _features(body: bytes, pointer: int) -> dict[int, bytes]:
    (position,) = struct.unpack_from("<I", body, pointer)
    features: dict[int, bytes] = {}
    while body[position] != _END_OF_FEATURES:
        feature, length = struct.unpack_from("<BI", body, position)
        position += 5
        if position + length > len(body):
            raise ProtocolError(f"feature 0x{feature:02X} lies outside LOGIN7")
        features[feature] = body[position : position + length]
        position += length
    return features
