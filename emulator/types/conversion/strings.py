"""Conversions between character types: code pages, lengths, padding.

The length of a non-Unicode type counts bytes, that of a Unicode type counts byte pairs. For text of one byte (or byte
pair) per character, which is nearly all there is, both are the number of characters.
"""

from collections.abc import Callable
from typing import Any

from emulator.types.collation import collation
from emulator.types.sqltype import MAX, SqlType, is_unicode

Cut = Callable[[str], str]


def padded(t: SqlType) -> Cut | None:
    """Fills a string that is not too long with blanks to the length of a char or nchar; None: ``t`` is variable."""
    if t.name not in ("char", "nchar"):
        return None
    length, size = t.length, _size(t)
    if size is len:
        return lambda s: s.ljust(length)
    return lambda s: s + " " * (length - size(s))


def fit(t: SqlType) -> Cut | None:
    """Cuts a string to the length of ``t`` and fills it with blanks if ``t`` is fixed; None: any string fits."""
    if t.length == MAX:
        return None
    length, cut, pad = t.length, cutter(t), padded(t)
    if pad is None:
        return cut
    return lambda s: s if len(s) == length and s.isascii() else pad(cut(s))


def cutter(t: SqlType) -> Cut:
    """Cuts a string to the length of ``t``, which is not (max)."""
    length, size = t.length, _size(t)
    if size is len:
        return lambda s: s[:length]
    shortest = length // 4  # no character takes more than 4 bytes

    def cut(s: str) -> str:
        if len(s) <= shortest or (len(s) <= length and s.isascii()):
            return s
        s = s[:length]
        while size(s) > length:
            s = s[:-1]
        return s

    return cut


def _size(t: SqlType) -> Callable[[str], int]:
    """How much of its length a string takes of type ``t``."""
    if is_unicode(t):
        return byte_pairs
    c = collation(t.collation)
    return len if not c.is_multibyte else lambda s: len(s) if s.isascii() else len(c.encode(s))


def byte_pairs(s: str) -> int:
    """Length in UTF-16: characters beyond U+FFFF count twice."""
    return len(s) if s.isascii() or max(s) < "\U00010000" else len(s.encode("utf-16-le", "surrogatepass")) // 2


def text_to_text(source: SqlType, target: SqlType, _style: int | None) -> Callable[[Any], Any] | None:
    """Code page first, then length. ``Collation.encode`` says what becomes of characters that the code page lacks."""
    recode = recoder(source, target)
    adjust = None if always_fits(source, target) else fit(target)
    if recode is None or adjust is None:
        return recode or adjust
    return lambda s: adjust(recode(s))


def always_fits(source: SqlType, target: SqlType) -> bool:
    """Whether every value of ``source`` has the length of ``target``, padding included."""
    if target.length == MAX or is_large(target):
        return True
    if source.length == MAX or source.length > target.length:
        return False
    if target.name in ("char", "nchar"):
        return source.name in ("char", "nchar") and source.length == target.length and _same_sizes(source, target)
    return _same_sizes(source, target)


def is_large(t: SqlType) -> bool:
    return t.name in ("text", "ntext", "xml")


def _same_sizes(source: SqlType, target: SqlType) -> bool:
    """Whether a string takes no more of the target's length than of the source's."""
    return (
        is_unicode(target)
        or not collation(target.collation).is_multibyte
        or (not is_unicode(source) and collation(source.collation).code_page == collation(target.collation).code_page)
    )


def recoder(source: SqlType, target: SqlType) -> Cut | None:
    """Replaces the characters that the target's code page lacks; None: it lacks none of the source's."""
    if is_unicode(target):
        return None
    to = collation(target.collation)
    if to.is_utf8 or (not is_unicode(source) and collation(source.collation).code_page == to.code_page):
        return None
    return lambda s: s if s.isascii() else to.decode(to.encode(s))
