"""Text in bytes: code page 1252 as Windows maps it, and UTF-8.

Windows fills the five holes of code page 1252 with control characters and maps characters outside of it to similar ones
where there are any ("best fit": full-width forms, letters without their accents), to '?' otherwise.
"""

# ruff: noqa: RUF001 (look-alike characters are the matter here)

import codecs
import unicodedata
from typing import Final

_HOLES: Final = "\x81\x8d\x8f\x90\x9d"

_BEST_FIT: Final = {
    **dict(zip("ĐƉđĦħıŁłŦŧƀƑƗƚƟƫƮƶǀǃǤǥ", "ÐÐdHhiLlTtbƒIlOtTz|!Gg", strict=True)),
    **dict(zip("ΓΘΣΦΩαδεπστφ", "GTSFOadepstf", strict=True)),
    **dict(zip("‐‑′‵⁄←↑→↓−∕∖∗√∞∩≈≡≤≥", "--'`/<^>v-/\\*v8n˜===", strict=True)),
    **dict.fromkeys("\u2000\u2001\u2002\u2003\u2004\u2005\u2006", " "),
}
"""Similar characters of code page 1252 for those that have none by decomposition."""


def _best_fit(error: UnicodeError) -> tuple[str | bytes, int]:
    """Codec error handler of ``cp1252``, for both directions."""
    if isinstance(error, UnicodeDecodeError):
        return error.object[error.start : error.end].decode("latin-1"), error.end
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return b"".join(_similar(c) for c in error.object[error.start : error.end]), error.end


def _similar(character: str) -> bytes:
    if character in _HOLES:
        return character.encode("latin-1")
    if ord(character) > 0xFFFF:
        return b"??"
    similar = _BEST_FIT.get(character)
    if similar is None:
        wide = unicodedata.decomposition(character).startswith("<wide>")
        similar = unicodedata.normalize("NFKD" if wide else "NFD", character)[0]
    return similar.encode("cp1252", "replace")


codecs.register_error("sqlserver-best-fit", _best_fit)


def encode_1252(text: str) -> bytes:
    return text.encode("cp1252", "sqlserver-best-fit")


def decode_1252(data: bytes) -> str:
    return data.decode("cp1252", "sqlserver-best-fit")


def encode_utf8(text: str) -> bytes:
    return text.encode("utf-8", "replace")


def decode_utf8(data: bytes) -> str:
    return data.decode("utf-8", "replace")
