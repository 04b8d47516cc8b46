"""Conversions to and from xml. Documentation: "CAST and CONVERT (Transact-SQL)", section "xml styles"."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from emulator.errors import NotSupported
from emulator.types.conversion.strings import text_to_text
from emulator.types.sqltype import NVARCHAR_MAX, SqlType, is_unicode
from emulator.types.xml_documents import normalised

_KEEP_BLANKS: Final = 1
_DOCUMENT_TYPES: Final = (2, 3)


def text_to_xml(source: SqlType, _target: SqlType, style: int | None) -> Callable[[str], str]:
    """Style 0 drops white space between elements, style 1 keeps it. Raises 9400, 9402, 9421, 9436, ..."""
    if style in _DOCUMENT_TYPES:
        raise NotSupported(f"xml style {style}")
    keep_blanks, unicode = style == _KEEP_BLANKS, is_unicode(source)
    return lambda text: normalised(text, keep_blanks=keep_blanks, is_unicode=unicode)


def xml_to_text(_source: SqlType, target: SqlType, _style: int | None) -> Callable[[Any], Any] | None:
    return text_to_text(NVARCHAR_MAX, target, None)
