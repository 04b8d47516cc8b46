"""LIKE patterns, compiled to plain string tests where possible and to regular expressions otherwise.

Documentation: "LIKE (Transact-SQL)". ``%`` is any string, ``_`` any character, ``[a-f]`` and ``[^a-f]`` a character of
a set or outside of it, whose ranges follow the order of the collation. A pattern that ends in the escape character, and
one with an unclosed ``[``, matches nothing. Strings are compared one character at a time: a letter never matches two.
"""

# ruff: noqa: RUF001 (look-alike characters are the matter here)

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

Fold = Callable[[str], str]

_RANGE_ALPHABET: Final = "".join(map(chr, range(0x20, 0x180))) + "€‚ƒ„…†‡ˆ‰‹‘’“”•–—˜™›"
"""Characters that a range is worked out for; beyond them a range goes by code points."""

_BEYOND_ALPHABET: Final = "\u0180"


class _FoldTable(dict[int, int]):
    """``str.translate`` table that grows with the characters seen. Every character stays one character."""

    def __init__(self, case: bool, accents: bool, width: bool) -> None:
        super().__init__()
        self._case, self._accents, self._width = case, accents, width

    def __missing__(self, code: int) -> int:
        c = chr(code)
        if self._width and unicodedata.decomposition(c).startswith(("<wide>", "<narrow>")):
            c = unicodedata.normalize("NFKC", c)
        if self._accents:
            c = unicodedata.normalize("NFD", c)[0]
        if self._case and len(c.lower()) == 1:
            c = c.lower()
        self[code] = folded = ord(c) if len(c) == 1 else code
        return folded


def folding(*, case: bool, accents: bool, width: bool) -> Fold:
    """The function that makes strings equal that differ only in the given respects."""
    if not (case or accents or width):
        return lambda s: s
    table = _FoldTable(case, accents, width)
    if case and not accents:
        return lambda s: s.lower() if s.isascii() else s.translate(table)
    return lambda s: s.translate(table)


def compile_pattern(
    pattern: str, escape: str | None, fold: Fold, key: Callable[[str], str], *, ignore_trailing_blanks: bool
) -> Callable[[str], bool]:
    """The test for ``pattern``. ``key`` orders characters for ranges; the trailing blanks are the tested string's."""
    elements = _elements(pattern, escape, fold, key)
    if elements is None:
        return lambda _s: False
    simple = _simple_test(elements, fold, ignore_trailing_blanks)
    if simple is not None:
        return simple
    blanks = " *" if ignore_trailing_blanks else ""
    expression = re.compile("".join(e.expression for e in elements) + blanks, re.DOTALL)
    return lambda s: expression.fullmatch(fold(s)) is not None


@dataclass(frozen=True, slots=True)
class _Element:
    """One element of a pattern as a regular expression over folded text; ``literal`` if it is one plain character."""

    expression: str
    literal: str | None = None


_MANY: Final = _Element(".*?")
_ONE: Final = _Element(".")
_NONE: Final = _Element("(?!)")


def _elements(pattern: str, escape: str | None, fold: Fold, key: Callable[[str], str]) -> list[_Element] | None:
    """The elements of a pattern; None: it can match nothing."""
    elements: list[_Element] = []
    at = 0
    while at < len(pattern):
        c = pattern[at]
        at += 1
        if c == escape:
            if at == len(pattern):
                return None
            elements.append(_literal(fold(pattern[at])))
            at += 1
        elif c == "%":
            if not elements or elements[-1] is not _MANY:
                elements.append(_MANY)
        elif c == "_":
            elements.append(_ONE)
        elif c == "[":
            parsed = _set(pattern, at, escape, fold, key)
            if parsed is None:
                return None
            element, at = parsed
            elements.append(element)
        else:
            elements.append(_literal(fold(c)))
    return elements


def _literal(folded: str) -> _Element:
    return _Element(re.escape(folded), folded)


def _set(
    pattern: str, at: int, escape: str | None, fold: Fold, key: Callable[[str], str]
) -> tuple[_Element, int] | None:
    """The set that begins behind a ``[`` and the position behind its ``]``; None: it is never closed."""
    negated = pattern[at : at + 1] == "^"
    at += negated
    characters: list[str] = []
    bounds: list[tuple[str, str]] = []
    while True:
        read = _set_character(pattern, at, escape)
        if read is None:
            return (_set_element(negated, characters, bounds, fold, key), at + 1) if at < len(pattern) else None
        first, at = read
        upper = _set_character(pattern, at + 1, escape) if pattern[at : at + 1] == "-" else None
        if upper is None:
            characters.append(first)
        else:
            bounds.append((first, upper[0]))
            at = upper[1]


def _set_character(pattern: str, at: int, escape: str | None) -> tuple[str, int] | None:
    """The character of a set at a position, and the next position; None: the set or the pattern ends here."""
    if at < len(pattern) and pattern[at] == escape:
        return (pattern[at + 1], at + 2) if at + 1 < len(pattern) else None
    if at >= len(pattern) or pattern[at] == "]":
        return None
    return pattern[at], at + 1


def _set_element(
    negated: bool, characters: list[str], bounds: list[tuple[str, str]], fold: Fold, key: Callable[[str], str]
) -> _Element:
    members = {fold(c) for c in characters}
    spans = []
    for low, high in bounds:
        low_key, high_key = key(low), key(high)
        members.update(fold(c) for c in _RANGE_ALPHABET if low_key <= key(c) <= high_key)
        if _BEYOND_ALPHABET <= low <= high:
            spans.append(f"{re.escape(low)}-{re.escape(high)}")
    if not members and not spans:
        return _ONE if negated else _NONE
    return _Element(f"[{'^' if negated else ''}{''.join(map(re.escape, sorted(members)))}{''.join(spans)}]")


def _simple_test(elements: list[_Element], fold: Fold, ignore_blanks: bool) -> Callable[[str], bool] | None:
    """A string test for the commonest patterns: ``abc``, ``abc%``, ``%abc%``, ``%``."""
    leading = elements[:1] == [_MANY]
    trailing = elements[-1:] == [_MANY] and len(elements) > 1
    inner = elements[leading : len(elements) - trailing]
    if any(e.literal is None for e in inner):
        return None
    text = "".join(e.literal or "" for e in inner)
    if leading and not inner:
        return lambda _s: True
    if leading and trailing:
        return lambda s: text in fold(s)
    if trailing:
        return lambda s: fold(s).startswith(text)
    if leading or (ignore_blanks and text.endswith(" ")):
        return None
    if ignore_blanks:
        return lambda s: fold(s).rstrip(" ") == text
    return lambda s: fold(s) == text
