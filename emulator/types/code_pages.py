"""Text in bytes: the code pages of Windows, and UTF-8.

Windows fills the holes of a code page with control characters and maps characters outside of it to similar ones
where there are any ("best fit": full-width forms, letters without their accents), to '?' otherwise.
"""

# ruff: noqa: RUF001 (look-alike characters are the matter here)

import codecs
import unicodedata
from functools import cache
from typing import Final

_BEST_FIT: Final = {
    **dict(zip("ĐƉđĦħıŁłŦŧƀƑƗƚƟƫƮƶǀǃǤǥ", "ÐÐdHhiLlTtbƒIlOtTz|!Gg", strict=True)),
    **dict(zip("ΓΘΣΦΩαδεπστφ", "GTSFOadepstf", strict=True)),
    **dict(zip("‐‑′‵⁄←↑→↓−∕∖∗√∞∩≈≡≤≥", "--'`/<^>v-/\\*v8n˜===", strict=True)),
    **dict.fromkeys("\u2000\u2001\u2002\u2003\u2004\u2005\u2006", " "),
}
"""Similar characters of code page 1252 for those that have none by decomposition."""


UTF_8: Final = 65001
MULTIBYTE: Final = frozenset({932, 936, 949, 950, UTF_8})
"""Code pages in which a character may take several bytes."""


class CodePage:
    """One code page of Windows."""

    def __init__(self, number: int) -> None:
        self._encoding = f"cp{number}"
        self._errors = f"sqlserver-best-fit-{number}"
        self._euro = b"\x80" if number == 936 else None  # Python's cp936 is GBK, which has no euro sign
        self._has_holes = number not in MULTIBYTE
        codecs.register_error(self._errors, self._best_fit)

    def encode(self, text: str) -> bytes:
        return text.encode(self._encoding, self._errors)

    def decode(self, data: bytes) -> str:
        return data.decode(self._encoding, self._errors)

    def _best_fit(self, error: UnicodeError) -> tuple[str | bytes, int]:
        """The codec error handler, for both directions."""
        if isinstance(error, UnicodeDecodeError):
            found = error.object[error.start : error.end]
            return "€" if found == self._euro else found.decode("latin-1"), error.end
        if not isinstance(error, UnicodeEncodeError):
            raise error
        return b"".join(self._similar(c) for c in error.object[error.start : error.end]), error.end

    def _similar(self, character: str) -> bytes:
        if character == "€" and self._euro is not None:
            return self._euro
        if self._has_holes and "\x80" <= character <= "\x9f":
            byte = character.encode("latin-1")
            return byte if self.decode(byte) == character else b"?"
        if ord(character) > 0xFFFF:
            return b"??"
        similar = _BEST_FIT.get(character)
        if similar is None:
            wide = unicodedata.decomposition(character).startswith("<wide>")
            similar = unicodedata.normalize("NFKD" if wide else "NFD", character)[0]
        return similar.encode(self._encoding, "replace")


@cache
def _code_page(number: int) -> CodePage:
    return CodePage(number)


def encode(text: str, page: int) -> bytes:
    """``text`` in a code page."""
    return text.encode("utf-8", "replace") if page == UTF_8 else _code_page(page).encode(text)


def decode(data: bytes, page: int) -> str:
    """Bytes of a code page as text."""
    return data.decode("utf-8", "replace") if page == UTF_8 else _code_page(page).decode(data)
