"""The weights by which characters sort, and the sort keys made of them.

A sort key is one string, so that keys compare and hash at the speed of strings. It holds up to three levels, separated
by U+0000, which is lower than every weight: what the characters are (letters without case and accents), then which
accents they carry, then their case; under the Windows rules then its hyphens and apostrophes. A level is left out where
the collation ignores it, and cut after the last character that has something to say in it, so that a plain string costs
one ``translate``.

Two families of rules (documentation: "Windows collation name", "SQL Server collation name"; the Windows rules are those
of its word sort, in which hyphen and apostrophe count only between strings that are otherwise equal):

- ``SQL``: non-Unicode strings of the ``SQL_`` collations: punctuation, digits, letters; a table of code page 1252;
  capitals before small letters.
- ``WINDOWS``: everything else. Small letters before capitals.
"""

# ruff: noqa: RUF001 (look-alike characters are the matter here)

import unicodedata
from collections.abc import Callable
from enum import Enum
from typing import Final


class Rules(Enum):
    SQL = "sql"
    WINDOWS = "windows"


_DIGITS: Final = "0123456789"
_LETTERS: Final = "abcdefghijklmnopqrstuvwxyzþ"
_LATIN1_SYMBOLS: Final = "¡¢£¤¥¦§¨©ª«¬®¯°±´¶·¸º»¼½¾¿×÷"
_CP1252_SYMBOLS: Final = "€‚„…†‡ˆ‰‹‘’“”•–—˜™›"
_CONTROLS: Final = "".join(map(chr, range(1, 32)))
_SQL_ORDER: Final = (
    " " + _CONTROLS + "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~\x7f\xa0" + _CP1252_SYMBOLS + _LATIN1_SYMBOLS + "\xad¹²³µ"
)
_WINDOWS_ORDER: Final = ' \t\n\v\f\r\xa0_¯\xad!"#$%&()*,./:;?@[\\]^ˆ`¨´¸˜{|}~¡¦¿‘’‚“”„‹›«»+<=>±×÷¢£¤¥€§©¬®°µ¶·†‡•…‰™–—'
_WORD_SORT: Final = "'-"
"""Punctuation without a primary weight under the Windows rules."""

_EXPANSIONS: Final = {"ß": "ss", "æ": "ae", "œ": "oe", "ĳ": "ij", "ŉ": "'n", "ǆ": "dž", "ﬁ": "fi", "ﬂ": "fl"}
_STROKED: Final = {"ø": "o", "đ": "d", "ð": "d", "ł": "l", "ħ": "h", "ŧ": "t", "ı": "i"}

_SEPARATOR: Final = "\0"
_NEUTRAL: Final = "\1"
_STROKE: Final = "\2"
_FIRST_MARK: Final = 3
_FIRST_COMBINING: Final = 0x300
_PRIMARY_START: Final = 2
_OTHER_START: Final = 0x100
"""Characters that have no place in the tables sort by code point, behind the letters."""


def _primary_table(order: str) -> dict[str, str]:
    return {c: chr(_PRIMARY_START + n) for n, c in enumerate(order + _DIGITS + _LETTERS)}


_PRIMARY: Final = {Rules.SQL: _primary_table(_SQL_ORDER), Rules.WINDOWS: _primary_table(_WINDOWS_ORDER)}


class _AsciiPrimary(dict[int, str]):
    """``str.translate`` table from ASCII to primary weights, case ignored."""

    def __init__(self, rules: Rules) -> None:
        table = _PRIMARY[rules]
        super().__init__({n: table.get(chr(n).lower(), "") for n in range(128)})


_ASCII_PRIMARY: Final = {rules: _AsciiPrimary(rules) for rules in Rules}


def key_maker(
    rules: Rules, *, case_sensitive: bool, accent_sensitive: bool, weighs_supplementary: bool
) -> Callable[[str], str]:
    """The function from a string to its sort key; trailing blanks have no weight.

    ``weighs_supplementary``: characters beyond U+FFFF have weights; in collations before version 100 they have none.
    """
    ascii_primary = _ASCII_PRIMARY[rules]
    marked = _WORD_SORT if rules is Rules.WINDOWS else ""

    def key(s: str) -> str:
        s = s.rstrip(" ")
        if s.isascii() and not case_sensitive and not (marked and ("-" in s or "'" in s)):
            return s.translate(ascii_primary)
        return _full_key(s, rules, case_sensitive, accent_sensitive, weighs_supplementary)

    return key


def _full_key(s: str, rules: Rules, case_sensitive: bool, accent_sensitive: bool, supplementary: bool) -> str:
    primary: list[str] = []
    accents: list[str] = []
    cases: list[str] = []
    ignored: list[str] = []
    for c in s:
        if rules is Rules.WINDOWS and c in _WORD_SORT:
            ignored.append(chr(_PRIMARY_START + len(primary)) + c)
            continue
        if ord(c) > 0xFFFF and not supplementary:
            continue
        lower = c.lower() if len(c.lower()) == 1 else c
        for base, accent in _elements(lower, rules):
            if not base:
                if accents:
                    accents[-1] = accent if accents[-1] == _NEUTRAL else accents[-1] + accent
                continue
            primary.append(base)
            accents.append(accent)
            cases.append(_case_weight(c, lower, rules))
    levels = ["".join(primary)]
    levels.append("".join(accents).rstrip(_NEUTRAL) if accent_sensitive else "")
    levels.append("".join(cases).rstrip(_NEUTRAL) if case_sensitive else "")
    levels.append("".join(ignored))
    return _SEPARATOR.join(levels).rstrip(_SEPARATOR)


def _case_weight(c: str, lower: str, rules: Rules) -> str:
    """The lower weight is the neutral one: that of capitals under the SQL rules, of small letters under Windows'."""
    capital = c != lower
    return _NEUTRAL if capital == (rules is Rules.SQL) else "\2"


def _elements(c: str, rules: Rules) -> list[tuple[str, str]]:
    """Primary weights of a small letter or other character, each with its accent weight; ('', accent) for a mark."""
    table = _PRIMARY[rules]
    weight = table.get(c)
    if weight is not None:
        return [(weight, _NEUTRAL)]
    if c in _EXPANSIONS:
        accent = _STROKE if rules is Rules.SQL else _NEUTRAL
        return [(base, accent) for x in _EXPANSIONS[c] for base, _ in _elements(x, rules) if base]
    if c in _STROKED:
        return [(table[_STROKED[c]], _STROKE)]
    if unicodedata.combining(c):
        return [("", chr(_FIRST_MARK + max(ord(c) - _FIRST_COMBINING, 0)))]
    if rules is Rules.WINDOWS and (c == "\0" or unicodedata.category(c) in ("Cc", "Cf")):
        return []
    decomposed = _decomposed(c)
    if decomposed != c:
        return _composed_elements(decomposed, rules)
    return [(chr(_OTHER_START + ord(c)), _NEUTRAL)]


def _decomposed(c: str) -> str:
    """Canonical decomposition; full- and half-width forms and Katakana count as their plain counterparts."""
    form = unicodedata.decomposition(c)
    if form.startswith(("<wide>", "<narrow>")):
        return unicodedata.normalize("NFKD", c).lower()
    if "\u30a1" <= c <= "\u30f6":
        return chr(ord(c) - 0x60)
    return unicodedata.normalize("NFD", c)


def _composed_elements(text: str, rules: Rules) -> list[tuple[str, str]]:
    """A base character and its marks as one element with one accent weight."""
    elements: list[tuple[str, str]] = []
    for x in text:
        for base, accent in _elements(x, rules):
            if base or not elements:
                elements.append((base, accent))
            else:
                last, old = elements[-1]
                elements[-1] = (last, accent if old == _NEUTRAL else old + accent)
    return elements
