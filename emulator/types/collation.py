"""Collations: how strings compare and sort, and in which code page they are stored.

Documentation: "Collation and Unicode support", "Windows collation name (Transact-SQL)", "SQL Server collation name
(Transact-SQL)"; the form on the wire is [MS-TDS] 2.2.5.1.2 (Collation Rule Definition).
"""

from collections.abc import Callable
from functools import cached_property, lru_cache
from typing import Final

from emulator.errors import sql_error
from emulator.types import code_pages, like
from emulator.types.locales import SQL_COLLATIONS, windows_name, windows_names
from emulator.types.sqltype import DEFAULT_COLLATION
from emulator.types.weights import Rules, key_maker

_IGNORE_CASE: Final = 1 << 20
_IGNORE_ACCENT: Final = 1 << 21
_IGNORE_WIDTH: Final = 1 << 22
_IGNORE_KANA: Final = 1 << 23
_BINARY: Final = 1 << 24
_BINARY2: Final = 1 << 25
_UTF8: Final = 1 << 26
_VERSION_SHIFT: Final = 28

_KEPT_KEYS: Final = 50_000


class _KeyMemo(dict[str, str]):
    """Sort keys already made, by string: the same values are compared over and over. Forgets everything when full."""

    def __init__(self, make: Callable[[str], str]) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, s: str) -> str:
        if len(self) >= _KEPT_KEYS:
            self.clear()
        key = self[s] = self._make(_joined(s))
        return key


class Collation:
    """One collation. ``name`` is spelled as SQL Server spells it; ``is_binary``: compares code points (``_BIN``).

    ``code_page`` is that of its char and varchar; ``is_multibyte``: characters of it may take several bytes.
    """

    def __init__(self, name: str, *, lcid: int, code_page: int, version: int = 0, sort_id: int = 0) -> None:
        parts = name.upper().split("_")
        self.name = name
        self.is_binary = "BIN" in parts or "BIN2" in parts
        self.is_utf8 = parts[-1] == "UTF8"
        self.lcid = lcid
        self.code_page = code_pages.UTF_8 if self.is_utf8 else code_page
        self.is_multibyte = self.code_page in code_pages.MULTIBYTE
        self.is_case_sensitive = "CS" in parts or self.is_binary
        self.is_accent_sensitive = "AS" in parts or self.is_binary
        self.is_sql = parts[0] == "SQL"
        self.version = version
        self.knows_supplementary = "SC" in parts or "140" in parts
        self.sort_id = sort_id

    def __repr__(self) -> str:
        return f"Collation({self.name!r})"

    @cached_property
    def tds(self) -> bytes:
        """The collation on the wire: LCID, flags and version in 4 bytes, then the sort order of an SQL collation."""
        flags = self.lcid | self.version << _VERSION_SHIFT
        if self.is_binary:
            flags |= _BINARY if self.name.endswith("_BIN") else _BINARY2
        else:
            flags |= _IGNORE_WIDTH | _IGNORE_KANA
            flags |= 0 if self.is_case_sensitive else _IGNORE_CASE
            flags |= 0 if self.is_accent_sensitive else _IGNORE_ACCENT
        flags |= _UTF8 if self.is_utf8 else 0
        return flags.to_bytes(4, "little") + bytes((self.sort_id,))

    def key(self, unicode: bool) -> Callable[[str], str]:
        """The function from a string of a Unicode (``unicode``) or code page type to its sort key.

        The key is a string whose order, equality and hash are those of the collation. Trailing blanks do not count.
        """
        return self._unicode_key if unicode else self._code_page_key

    @cached_property
    def _unicode_key(self) -> Callable[[str], str]:
        return self._key(Rules.WINDOWS)

    @cached_property
    def _code_page_key(self) -> Callable[[str], str]:
        if self.is_binary:
            return self._bytes_key
        return self._key(Rules.SQL) if self.is_sql else self._unicode_key

    def _key(self, rules: Rules) -> Callable[[str], str]:
        if self.is_binary:
            return _code_point_key
        make = key_maker(
            rules,
            case_sensitive=self.is_case_sensitive,
            accent_sensitive=self.is_accent_sensitive,
            weighs_supplementary=self.version > 0,
        )
        return _KeyMemo(make).__getitem__

    def _bytes_key(self, s: str) -> str:
        """Bytes of the code page as characters: they compare as bytes."""
        s = s.rstrip(" ")
        return s if s.isascii() else self.encode(s).decode("latin-1")

    def encode(self, text: str) -> bytes:
        """``text`` in the code page of the non-Unicode types, '?' for what neither fits nor has a similar character."""
        return code_pages.encode(text, self.code_page)

    def decode(self, data: bytes) -> str:
        """Bytes of the code page as text."""
        return code_pages.decode(data, self.code_page)


def _code_point_key(s: str) -> str:
    return _joined(s).rstrip(" ")


def _joined(s: str) -> str:
    """``s`` with the halves of surrogate pairs put together, as which they may have come to it one by one."""
    return s if s.isascii() else s.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")


_LCID_US_ENGLISH: Final = 0x0409
_DATABASE_DEFAULT: Final = ("database_default", "catalog_default")
_KNOWN: Final = {
    name.lower(): Collation(name, lcid=_LCID_US_ENGLISH, code_page=code_page, sort_id=sort_id)
    for name, (code_page, sort_id) in SQL_COLLATIONS.items()
}
"""Every collation that was asked for, by lower-case name."""


def collation(name: str | None) -> Collation:
    """The collation of that name (any case); None or ``database_default``: the database's. Raises 448."""
    folded = (name or _DATABASE_DEFAULT[0]).lower()
    found = _KNOWN.get(folded)
    if found is None:
        found = _KNOWN[DEFAULT_COLLATION.lower()] if folded in _DATABASE_DEFAULT else _windows_collation(name)
        _KNOWN[folded] = found
    return found


def known_collations() -> list[Collation]:
    """All collations, by name."""
    return [collation(name) for name in sorted({*SQL_COLLATIONS, *windows_names()})]


def _windows_collation(name: str | None) -> Collation:
    found = windows_name(name or "")
    if found is None:
        raise sql_error(448, name)
    return Collation(found.text, lcid=found.locale.lcid, code_page=found.locale.code_page, version=found.version)


def like_matcher(
    pattern: str, escape: str | None, collation: Collation | str | None, unicode: bool = False
) -> Callable[[str], bool]:
    """The test whether a string is LIKE ``pattern``. ``unicode``: one operand is of a Unicode type, so that trailing
    blanks count. Raises 448 and 506 (the escape is not one character)."""
    name = collation.name if isinstance(collation, Collation) else collation
    return _like_matcher(pattern, escape, name, unicode)


@lru_cache(maxsize=2_000)
def _like_matcher(pattern: str, escape: str | None, name: str | None, unicode: bool) -> Callable[[str], bool]:
    if escape is not None and len(escape) != 1:
        raise sql_error(506, escape, "LIKE")
    c = collation(name)
    fold = like.folding(
        case=not c.is_case_sensitive,
        accents=not c.is_accent_sensitive,
        width=not c.is_binary and (unicode or not c.is_sql),
    )
    return like.compile_pattern(pattern, escape, fold, c.key(unicode), ignore_trailing_blanks=not unicode)
