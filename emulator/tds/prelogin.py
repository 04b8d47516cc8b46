"""PRELOGIN: the first message of a client and its answer, in which encryption is agreed. Pure.

What is answered, by what the client asked for and whether this server has a certificate:

====================  ============================  ======================
client                with a certificate            without
====================  ============================  ======================
OFF (0)               OFF: the login alone in TLS   NOT_SUPPORTED: none
ON (1), REQUIRED (3)  ON: everything in TLS         NOT_SUPPORTED: the client gives up
NOT_SUPPORTED (2)     NOT_SUPPORTED: none           NOT_SUPPORTED: none
====================  ============================  ======================

Source: [MS-TDS] 2.2.6.5.
"""

import struct
from dataclasses import dataclass
from enum import IntEnum

from emulator.tds.packets import ProtocolError

_OPTION = struct.Struct(">BHH")
_TERMINATOR = 0xFF
_VERSION, _ENCRYPTION, _INSTANCE, _THREAD, _MARS = range(5)


class Encryption(IntEnum):
    """Values of the ENCRYPTION option."""

    OFF = 0
    ON = 1
    NOT_SUPPORTED = 2
    REQUIRED = 3


@dataclass(frozen=True, slots=True)
class Prelogin:
    """What a client said in PRELOGIN. ``mars``: it asked for multiple active result sets (always declined)."""

    encryption: Encryption = Encryption.NOT_SUPPORTED
    mars: bool = False


def parse_prelogin(body: bytes) -> Prelogin:
    """Read a PRELOGIN message. Options that do not matter here are skipped. Raises ProtocolError."""
    options = _options(body)
    encryption = options.get(_ENCRYPTION, b"\x02")
    try:
        return Prelogin(Encryption(encryption[0] & 0x0F), options.get(_MARS, b"\0")[:1] == b"\1")
    except (IndexError, ValueError):
        raise ProtocolError(f"PRELOGIN with an unknown encryption {encryption.hex()!r}") from None


def _options(body: bytes) -> dict[int, bytes]:
    options: dict[int, bytes] = {}
    position = 0
    while True:
        if position >= len(body):
            raise ProtocolError("PRELOGIN without a terminator")
        if body[position] == _TERMINATOR:
            return options
        if position + _OPTION.size > len(body):
            raise ProtocolError("PRELOGIN is truncated")
        option, offset, length = _OPTION.unpack_from(body, position)
        if offset + length > len(body):
            raise ProtocolError(f"PRELOGIN option {option} lies outside the message")
        options[option] = body[offset : offset + length]
        position += _OPTION.size


def answer_encryption(client: Encryption, *, has_certificate: bool) -> Encryption:
    """The server's side of the table above."""
    if not has_certificate or client is Encryption.NOT_SUPPORTED:
        return Encryption.NOT_SUPPORTED
    return Encryption.OFF if client is Encryption.OFF else Encryption.ON


def encode_prelogin(version: tuple[int, int, int], encryption: Encryption) -> bytes:
    """The reply: version (major, minor, build), encryption, no instance check, no thread id, no MARS."""
    options = {
        _VERSION: struct.pack(">BBHH", *version, 0),
        _ENCRYPTION: bytes([encryption]),
        _INSTANCE: b"\0",
        _THREAD: b"",
        _MARS: b"\0",
    }
    table = bytearray()
    data = bytearray()
    data_start = len(options) * _OPTION.size + 1
    for option, value in options.items():
        table += _OPTION.pack(option, data_start + len(data), len(value))
        data += value
    return bytes(table + bytes([_TERMINATOR]) + data)
