"""The languages of the Windows collations: their locale identifiers, code pages and versions, and the SQL collations.

Documentation: "Windows collation name (Transact-SQL)", "Code page architecture", "SQL Server collation name
(Transact-SQL)"; ``COLLATIONPROPERTY(name, 'LCID')`` and ``'CodePage'``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

LATIN1: Final = "Latin1_General"
VERSIONS: Final = {"": 0, "90": 1, "100": 2, "140": 3}
"""The version on the wire by the number in the name."""


@dataclass(frozen=True, slots=True)
class Locale:
    """``versions`` are the numbers that its names may have."""

    name: str
    lcid: int
    code_page: int
    versions: tuple[str, ...] = ("", "100")


_WITH_90: Final = ("", "90", "100")
_FROM_90: Final = ("90", "100")
_LOCALES: Final = (
    Locale(LATIN1, 0x0409, 1252),
    Locale("Albanian", 0x041C, 1250),
    Locale("Arabic", 0x0401, 1256),
    Locale("Chinese_Hong_Kong_Stroke", 0x0C04, 950, _FROM_90),
    Locale("Chinese_PRC", 0x0804, 936, _WITH_90),
    Locale("Chinese_PRC_Stroke", 0x20804, 936, _WITH_90),
    Locale("Chinese_Simplified_Pinyin", 0x0804, 936, ("100",)),
    Locale("Chinese_Simplified_Stroke_Order", 0x20804, 936, ("100",)),
    Locale("Chinese_Taiwan_Bopomofo", 0x30404, 950, _WITH_90),
    Locale("Chinese_Taiwan_Stroke", 0x0404, 950, _WITH_90),
    Locale("Chinese_Traditional_Stroke_Order", 0x0404, 950, ("100",)),
    Locale("Croatian", 0x041A, 1250),
    Locale("Cyrillic_General", 0x0419, 1251),
    Locale("Czech", 0x0405, 1250),
    Locale("Danish_Norwegian", 0x0406, 1252, ("",)),
    Locale("Danish_Greenlandic", 0x0406, 1252, ("100",)),
    Locale("Estonian", 0x0425, 1257),
    Locale("Finnish_Swedish", 0x040B, 1252),
    Locale("French", 0x040C, 1252),
    Locale("Georgian_Modern_Sort", 0x10437, 1252),
    Locale("German_PhoneBook", 0x10407, 1252),
    Locale("Greek", 0x0408, 1253),
    Locale("Hebrew", 0x040D, 1255),
    Locale("Hungarian", 0x040E, 1250),
    Locale("Hungarian_Technical", 0x1040E, 1250),
    Locale("Icelandic", 0x040F, 1252),
    Locale("Japanese", 0x0411, 932, ("", "90")),
    Locale("Japanese_Unicode", 0x10411, 932, ("",)),
    Locale("Japanese_XJIS", 0x0411, 932, ("100", "140")),
    Locale("Japanese_Bushu_Kakusu", 0x40411, 932, ("100", "140")),
    Locale("Korean", 0x0412, 949, _FROM_90),
    Locale("Korean_Wansung", 0x0412, 949, ("",)),
    Locale("Latvian", 0x0426, 1257),
    Locale("Lithuanian", 0x0427, 1257),
    Locale("Macedonian_FYROM", 0x042F, 1251, _WITH_90),
    Locale("Modern_Spanish", 0x0C0A, 1252),
    Locale("Norwegian", 0x0414, 1252, ("100",)),
    Locale("Polish", 0x0415, 1250),
    Locale("Romanian", 0x0418, 1250),
    Locale("Serbian_Cyrillic", 0x0C1A, 1251, ("100",)),
    Locale("Serbian_Latin", 0x081A, 1250, ("100",)),
    Locale("Slovak", 0x041B, 1250),
    Locale("Slovenian", 0x0424, 1250),
    Locale("Thai", 0x041E, 874),
    Locale("Traditional_Spanish", 0x040A, 1252),
    Locale("Turkish", 0x041F, 1254),
    Locale("Ukrainian", 0x0422, 1251),
    Locale("Vietnamese", 0x042A, 1258),
)
_BY_NAME: Final = {locale.name.lower(): locale for locale in _LOCALES}
_NAME: Final = re.compile(
    r"(?P<locale>[a-z1_]+?)(_(?P<version>90|100|140))?"
    r"_(?P<style>bin2?|c[is]_a[is])(?P<supplementary>_sc)?(?P<utf8>_utf8)?"
)


@dataclass(frozen=True, slots=True)
class WindowsName:
    """A name taken apart: ``text`` is how SQL Server spells it."""

    text: str
    locale: Locale
    version: int


def windows_name(name: str) -> WindowsName | None:
    """The Windows collation of that name in any case, None if there is none.

    Supplementary characters (``_SC``) and UTF-8 are choices of version 100 and later; the former is no choice for
    binary collations nor, since it is always so, in version 140.
    """
    found = _NAME.fullmatch(name.lower())
    locale = _BY_NAME.get(found["locale"]) if found else None
    if found is None or locale is None:
        return None
    version, style = found["version"] or "", found["style"].upper()
    supplementary, utf8 = found["supplementary"] is not None, found["utf8"] is not None
    if version not in locale.versions or ((supplementary or utf8) and VERSIONS[version] < VERSIONS["100"]):
        return None
    is_binary = style.startswith("BIN")
    if (supplementary and (is_binary or version == "140")) or (utf8 and style == "BIN"):
        return None
    if utf8 and not (supplementary or is_binary or version == "140"):
        return None
    parts = [locale.name, version, style, "SC" if supplementary else "", "UTF8" if utf8 else ""]
    return WindowsName("_".join(part for part in parts if part), locale, VERSIONS[version])


def windows_names() -> Iterator[str]:
    """The names of all Windows collations."""
    styles = ("BIN", "BIN2", "CI_AI", "CI_AS", "CS_AI", "CS_AS")
    for locale in _LOCALES:
        for version in locale.versions:
            base = f"{locale.name}_{version}" if version else locale.name
            for style in styles:
                for suffix in ("", "_SC", "_UTF8", "_SC_UTF8"):
                    name = f"{base}_{style}{suffix}"
                    if windows_name(name) is not None:
                        yield name


_SQL_SORT_ORDERS: Final = {
    "Latin1_General_CP437": (437, {"BIN": 30, "CS_AS": 31, "CI_AS": 32, "CI_AI": 34}),
    "Latin1_General_CP850": (850, {"BIN": 40, "CS_AS": 41, "CI_AS": 42, "CI_AI": 44}),
    "Latin1_General_CP1": (1252, {"CS_AS": 51, "CI_AS": 52, "CI_AI": 54}),
    "Latin1_General_CP1250": (1250, {"CS_AS": 81, "CI_AS": 82}),
    "Latin1_General_CP1251": (1251, {"CS_AS": 105, "CI_AS": 106}),
    "Latin1_General_CP1253": (1253, {"CS_AS": 113, "CI_AS": 114, "CI_AI": 124}),
    "Latin1_General_CP1254": (1254, {"CS_AS": 129, "CI_AS": 130}),
    "Latin1_General_CP1255": (1255, {"CS_AS": 137, "CI_AS": 138}),
    "Latin1_General_CP1256": (1256, {"CS_AS": 145, "CI_AS": 146}),
    "Latin1_General_CP1257": (1257, {"CS_AS": 153, "CI_AS": 154}),
}
SQL_COLLATIONS: Final = {
    f"SQL_{base}_{style}": (code_page, sort_id)
    for base, (code_page, styles) in _SQL_SORT_ORDERS.items()
    for style, sort_id in styles.items()
}
"""Code page and number of the sort order of each SQL collation."""


def code_page_of(lcid: int, sort_id: int) -> int:
    """The code page of a collation on the wire, without regard to UTF-8; 1252 for an unknown one."""
    return _PAGES_OF_SORT_ORDERS.get(sort_id) or _PAGES_OF_LCIDS.get(lcid, 1252)


_PAGES_OF_SORT_ORDERS: Final = {sort_id: code_page for code_page, sort_id in SQL_COLLATIONS.values()}
_PAGES_OF_LCIDS: Final = {locale.lcid: locale.code_page for locale in _LOCALES}
