"""Collations on the wire: five bytes that tell the client how the bytes of char, varchar and text are encoded.

A SQL collation has a sort id, a Windows collation flags and a version. Only Latin1 collations (code page 1252, or
UTF-8) are served; the rest is refused by name. Source: [MS-TDS] 2.2.5.1.2.
"""

import codecs
import re
from collections.abc import Callable
from functools import lru_cache

from emulator.errors import NotSupported
from emulator.types.sqltype import DEFAULT_COLLATION

_LCID_ENGLISH = 0x0409
_IGNORE_CASE = 1 << 20
_IGNORE_ACCENT = 1 << 21
_IGNORE_KANA = 1 << 22
_IGNORE_WIDTH = 1 << 23
_BINARY = 1 << 24
_BINARY_2 = 1 << 25
_UTF8 = 1 << 26

_SORT_IDS = {
    "SQL_LATIN1_GENERAL_CP1_CS_AS": 51,
    "SQL_LATIN1_GENERAL_CP1_CI_AS": 52,
    "SQL_LATIN1_GENERAL_CP1_CI_AI": 54,
}
_WINDOWS_COLLATION = re.compile(
    r"LATIN1_GENERAL(?P<version>_90|_100|_140)?"
    r"(?:_(?P<binary>BIN2?)|_(?P<case>C[IS])_(?P<accent>A[IS])(?P<kana>_KS)?(?P<width>_WS)?)(?:_SC)?(?P<utf8>_UTF8)?"
)
_VERSIONS = {None: 0, "_90": 1, "_100": 2, "_140": 3}

_CP1252_UNASSIGNED = frozenset((0x81, 0x8D, 0x8F, 0x90, 0x9D))


def _map_unassigned(error: UnicodeError) -> tuple[str | bytes, int]:
    """Windows maps the unassigned bytes of code page 1252 to control characters and back; the rest becomes ``?``."""
    if isinstance(error, UnicodeDecodeError):
        return "".join(map(chr, error.object[error.start : error.end])), error.end
    if isinstance(error, UnicodeEncodeError):
        codes = (ord(character) for character in error.object[error.start : error.end])
        return bytes(code if code in _CP1252_UNASSIGNED else ord("?") for code in codes), error.end
    raise error


codecs.register_error("emulator.cp1252", _map_unassigned)


@lru_cache(maxsize=256)
def collation_bytes(collation: str | None) -> bytes:
    """The five bytes of a collation by name; None is the server's default. Raises NotSupported."""
    name = (collation or DEFAULT_COLLATION).upper()
    if name in _SORT_IDS:
        accent = _IGNORE_ACCENT if name.endswith("_AI") else 0
        case = 0 if "_CS_" in name else _IGNORE_CASE
        info = _LCID_ENGLISH | _IGNORE_KANA | _IGNORE_WIDTH | case | accent
        return info.to_bytes(4, "little") + bytes([_SORT_IDS[name]])
    match = _WINDOWS_COLLATION.fullmatch(name)
    if match is None:
        raise NotSupported(f"collation {collation}")
    info = _LCID_ENGLISH | _VERSIONS[match["version"]] << 28 | _windows_flags(match)
    return info.to_bytes(4, "little") + b"\0"


def _windows_flags(match: re.Match[str]) -> int:
    flags = _UTF8 if match["utf8"] else 0
    if match["binary"]:
        return flags | (_BINARY_2 if match["binary"] == "BIN2" else _BINARY)
    flags |= _IGNORE_CASE if match["case"] == "CI" else 0
    flags |= _IGNORE_ACCENT if match["accent"] == "AI" else 0
    flags |= 0 if match["kana"] else _IGNORE_KANA
    return flags | (0 if match["width"] else _IGNORE_WIDTH)


def text_encoder(collation: bytes) -> Callable[[str], bytes]:
    """Text to the bytes of a collation's code page; characters outside it become ``?``."""
    if is_utf8(collation):
        return lambda text: text.encode("utf-8", "replace")
    return lambda text: text.encode() if text.isascii() else text.encode("cp1252", "emulator.cp1252")


def text_decoder(collation: bytes) -> Callable[[bytes], str]:
    """The bytes of a collation's code page to text."""
    if is_utf8(collation):
        return lambda data: data.decode("utf-8", "replace")
    return lambda data: data.decode("cp1252", "emulator.cp1252")


def is_utf8(collation: bytes) -> bool:
    """Whether a wire collation has the UTF-8 flag."""
    return bool(int.from_bytes(collation[:4], "little") & _UTF8)
