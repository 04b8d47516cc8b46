"""String functions.

Searching and replacing follow the collation of the text: without case, an accent-insensitive one also without accents.

Documentation: "String Functions (Transact-SQL)" and the page of each function.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from emulator.errors import sql_error
from emulator.execution.functions.message_format import format_message
from emulator.execution.functions.registry import (
    ANY,
    BIGINT,
    FLOAT,
    INTEGER,
    TEXT,
    TEXT_OR_BINARY,
    UNICODE,
    Call,
    Implementation,
    bound,
    function,
    same_text,
    variable_length,
)
from emulator.types.collation import Collation, collation, like_matcher
from emulator.types.descriptions import storage_size
from emulator.types.precedence import common_collation
from emulator.types.sqltype import (
    BIGINT as BIGINT_TYPE,
)
from emulator.types.sqltype import (
    INT,
    MAX,
    SqlType,
    char,
    is_binary,
    is_character,
    is_unicode,
    nchar,
    nvarchar,
    varbinary,
    varchar,
)

SOUNDEX_CODES = {
    **dict.fromkeys("BFPV", "1"),
    **dict.fromkeys("CGJKQSXZ", "2"),
    **dict.fromkeys("DT", "3"),
    "L": "4",
    **dict.fromkeys("MN", "5"),
    "R": "6",
}


# --- Length -----------------------------------------------------------------------------------------------------------


def _length_type(call: Call) -> SqlType:
    return BIGINT_TYPE if call.types[0].length == MAX else INT


@bound("LEN", TEXT)
def _len(call: Call) -> tuple[SqlType, Implementation]:
    """Characters without trailing blanks; those beyond 16 bits are two unless the collation knows them (_SC)."""
    if collation(call.types[0].collation).knows_supplementary:
        return _length_type(call), lambda value: len(value.rstrip(" "))
    return _length_type(call), _code_units


def _code_units(value: str) -> int:
    stripped = value.rstrip(" ")
    return len(stripped) if stripped.isascii() else len(stripped.encode("utf-16-le", "surrogatepass")) // 2


def data_length(t: SqlType) -> Callable[[Any], int]:
    """The function that tells how many bytes a value of ``t`` takes."""
    if is_character(t) and not is_unicode(t):
        encode = collation(t.collation).encode
        return lambda value: len(value) if value.isascii() else len(encode(value))
    if is_unicode(t):
        return lambda value: 2 * len(value) if value.isascii() else len(value.encode("utf-16-le", "surrogatepass"))
    if is_binary(t):
        return len
    if t.name == "sql_variant":
        return lambda value: data_length(value[0])(value[1])
    size = storage_size(t)
    return lambda value: size


@bound("DATALENGTH", ANY)
def _data_length(call: Call) -> tuple[SqlType, Implementation]:
    return _length_type(call), data_length(call.types[0])


# --- Parts ------------------------------------------------------------------------------------------------------------


def _cut_type(place: int) -> Callable[[Call], SqlType]:
    """Length from the argument at ``place`` when it is constant."""

    def result(call: Call) -> SqlType:
        source, wanted = call.types[0], call.constant(place)
        if is_binary(source):
            known = source.length if wanted is None or wanted < 0 else wanted
            return varbinary(source.length if source.length == MAX else max(1, min(known, source.length)))
        if wanted is None or wanted < 0 or source.length == MAX:
            return variable_length(source)
        return variable_length(source, min(wanted, source.length))

    return result


@function("LEFT", TEXT, INTEGER, result=_cut_type(1))
def left(value: str, count: int) -> str:
    if count < 0:
        raise sql_error(537)
    return value[:count]


@function("RIGHT", TEXT, INTEGER, result=_cut_type(1))
def right(value: str, count: int) -> str:
    if count < 0:
        raise sql_error(536, "RIGHT")
    return value[-count:] if count else ""


@function("SUBSTRING", TEXT_OR_BINARY, BIGINT, BIGINT, result=_cut_type(2), large=True)
def substring(value: Any, start: int, count: int) -> Any:
    """Positions before the first count towards the length and give nothing."""
    if count < 0:
        raise sql_error(537)
    return value[max(start - 1, 0) : max(start - 1 + count, 0)]


def _stuff_type(call: Call) -> SqlType:
    source, added = call.types[0], call.types[3]
    if MAX in (source.length, added.length):
        return variable_length(source, MAX)
    return variable_length(_common_text(call, 0, 3), source.length + added.length)


def _common_text(call: Call, *places: int) -> SqlType:
    """nvarchar if any of the arguments is Unicode, with their common collation; length is that of the first."""
    types = [call.types[place] for place in places]
    collate: str | None = None
    merged = types[0]
    for t in types:
        collate = common_collation(SqlType("varchar", 1, collation=collate), t, call.name.lower())
        if is_unicode(t):
            merged = SqlType("nvarchar", merged.length)
    return SqlType(merged.name, merged.length, collation=collate)


@function("STUFF", TEXT, INTEGER, INTEGER, TEXT, result=_stuff_type, nulls=True)
def stuff(value: str | None, start: int | None, count: int | None, added: str | None) -> str | None:
    if value is None or start is None or count is None or start < 1 or start > len(value) or count < 0:
        return None
    return value[: start - 1] + (added or "") + value[start - 1 + count :]


# --- Search -----------------------------------------------------------------------------------------------------------


def _folding(rules: Collation) -> Callable[[str], str]:
    """What makes two texts equal character by character under the collation; it keeps the number of characters."""
    if rules.is_case_sensitive and rules.is_accent_sensitive:
        return lambda text: text
    if rules.is_accent_sensitive:
        return lambda text: text.lower() if text.isascii() else "".join(_lower(c) for c in text)
    case = (lambda c: c) if rules.is_case_sensitive else _lower
    return lambda text: "".join(case(unicodedata.normalize("NFD", c)[:1]) for c in text)


def _lower(character: str) -> str:
    lowered = character.lower()
    return lowered if len(lowered) == 1 else character


def _search_rules(call: Call, *places: int) -> tuple[Callable[[str], str], Collation]:
    rules = collation(_common_text(call, *places).collation)
    return _folding(rules), rules


@bound("CHARINDEX", TEXT, TEXT, BIGINT, optional=1)
def _charindex(call: Call) -> tuple[SqlType, Implementation]:
    fold, _ = _search_rules(call, 0, 1)

    def charindex(wanted: str, text: str, start: int = 1) -> int:
        return fold(text).find(fold(wanted), max(start - 1, 0)) + 1 if wanted else 0

    return (BIGINT_TYPE if call.types[1].length == MAX else INT), charindex


@bound("PATINDEX", TEXT, TEXT, large=True)
def _patindex(call: Call) -> tuple[SqlType, Implementation]:
    _, rules = _search_rules(call, 0, 1)
    unicode = is_unicode(call.types[0]) or is_unicode(call.types[1])

    def patindex(pattern: str, text: str) -> int:
        if not pattern.startswith("%"):
            return int(like_matcher(pattern, None, rules, unicode)(text))
        matches = like_matcher(pattern.lstrip("%"), None, rules, unicode)
        return next((place + 1 for place in range(len(text) + 1) if matches(text[place:])), 0)

    return (BIGINT_TYPE if call.types[1].length == MAX else INT), patindex


@bound("REPLACE", TEXT, TEXT, TEXT)
def _replace(call: Call) -> tuple[SqlType, Implementation]:
    fold, _ = _search_rules(call, 0, 1, 2)
    merged = _common_text(call, 0, 1, 2)
    type = variable_length(merged, MAX if MAX in (t.length for t in call.types) else 8000)

    def replace(text: str, wanted: str, replacement: str) -> str:
        if not wanted:
            return text
        folded, key = fold(text), fold(wanted)
        parts: list[str] = []
        position = 0
        found = folded.find(key)
        while found >= 0:
            parts += (text[position:found], replacement)
            position = found + len(key)
            found = folded.find(key, position)
        return "".join(parts) + text[position:]

    return type, replace


@function("TRANSLATE", TEXT, TEXT, TEXT, result=same_text)
def translate(text: str, characters: str, translations: str) -> str:
    if len(characters) != len(translations):
        raise sql_error(9828)
    mapping: dict[str, str] = {}
    for character, translation in zip(characters, translations, strict=True):
        mapping.setdefault(character, translation)
    return "".join(mapping.get(character, character) for character in text)


# --- Case and blanks --------------------------------------------------------------------------------------------------


@function("UPPER", TEXT, result=same_text)
def upper(text: str) -> str:
    return text.upper() if text.isascii() else "".join(c.upper() if len(c.upper()) == 1 else c for c in text)


@function("LOWER", TEXT, result=same_text)
def lower(text: str) -> str:
    return text.lower() if text.isascii() else "".join(_lower(c) for c in text)


@function("LTRIM", TEXT, TEXT, optional=1, result=same_text)
def ltrim(text: str, characters: str = " ") -> str:
    return text.lstrip(characters)


@function("RTRIM", TEXT, TEXT, optional=1, result=same_text)
def rtrim(text: str, characters: str = " ") -> str:
    return text.rstrip(characters)


@function("TRIM", TEXT, TEXT, optional=1, result=same_text)
def trim(text: str, characters: str = " ") -> str:
    return text.strip(characters)


# --- Composition ------------------------------------------------------------------------------------------------------


def _repeated_type(call: Call) -> SqlType:
    source, count = call.types[0], call.constant(1)
    if source.length == MAX:
        return variable_length(source)
    return variable_length(source, 8000 if count is None else source.length * max(count, 1))


@bound("REPLICATE", TEXT, BIGINT)
def _replicate(call: Call) -> tuple[SqlType, Implementation]:
    source = call.types[0]
    if source.length == MAX:
        return _repeated_type(call), lambda text, count: None if count < 0 else text * count
    most = 4000 if is_unicode(source) else 8000

    def replicate(text: str, count: int) -> str | None:
        return None if count < 0 else (text * min(count, most))[:most]

    return _repeated_type(call), replicate


@function("SPACE", INTEGER, result=lambda call: varchar(max(1, min(call.constant(0) or 8000, 8000))))
def space(count: int) -> str | None:
    return None if count < 0 else " " * min(count, 8000)


@function("REVERSE", TEXT, result=same_text)
def reverse(text: str) -> str:
    return text[::-1]


def _joined_type(types: tuple[SqlType, ...], separators: int = 0) -> SqlType:
    unicode = any(is_unicode(t) for t in types)
    length = MAX if any(t.length == MAX for t in types) else sum(t.length for t in types) + separators
    collate = next((t.collation for t in types if t.collation is not None), None)
    return variable_length((nvarchar if unicode else varchar)(1, collate), length)


@bound("CONCAT", TEXT, TEXT, TEXT, optional=1, variadic=True, nulls=True, nullable=False)
def _concat(call: Call) -> tuple[SqlType, Implementation]:
    """NULL counts as an empty string."""
    if len(call.types) == 2:
        return _joined_type(call.types), lambda a, b: (a or "") + (b or "")
    return _joined_type(call.types), lambda *texts: "".join([text for text in texts if text])


@bound("CONCAT_WS", TEXT, TEXT, TEXT, TEXT, optional=1, variadic=True, nulls=True, nullable=False)
def _concat_ws(call: Call) -> tuple[SqlType, Implementation]:
    """NULLs are left out, with their separators."""
    separators = call.types[0].length * (len(call.types) - 2)
    type = _joined_type(call.types[1:], max(separators, 0))
    return type, lambda separator, *texts: (separator or "").join([text for text in texts if text is not None])


@function("STR", FLOAT, INTEGER, INTEGER, optional=2, result=lambda call: varchar(max(1, call.constant(1) or 10)))
def str_of(value: float, width: int = 10, decimals: int = 0) -> str | None:
    """Right-aligned; asterisks when the integral part does not fit."""
    if width < 1 or decimals < 0:
        return None
    number = Decimal(value)
    integral = len(f"{number.quantize(Decimal(1), ROUND_HALF_UP):f}")
    if integral > width:
        return "*" * width
    digits = max(min(decimals, 16, width - integral - 1), 0)
    return f"{number.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP):f}".rjust(width)[:width]


@function("QUOTENAME", UNICODE, UNICODE, optional=1, result=nvarchar(258))
def quote_name(name: str, quote: str = "[") -> str | None:
    pair = {
        "[": "[]",
        "]": "[]",
        "'": "''",
        '"': '""',
        "(": "()",
        ")": "()",
        "<": "<>",
        ">": "<>",
        "{": "{}",
        "}": "{}",
    }
    pair["`"] = "``"
    chosen = pair.get(quote[:1] or "[")
    if chosen is None or len(name) > 128:
        return None
    return f"{chosen[0]}{name.replace(chosen[1], chosen[1] * 2)}{chosen[1]}"


@function("FORMATMESSAGE", UNICODE, ANY, optional=1, variadic=True, nulls=True, result=nvarchar(2047))
def message_of(template: str | None, *arguments: Any) -> str | None:
    """Only a message given as text: user-defined numbers of sys.messages are not kept."""
    return None if template is None else format_message(template, arguments)


# --- Characters -------------------------------------------------------------------------------------------------------


@function("CHAR", INTEGER, result=char(1))
def char_of(code: int) -> str | None:
    return collation(None).decode(bytes((code,))) if 0 <= code <= 255 else None


@function("NCHAR", INTEGER, result=nchar(1))
def nchar_of(code: int) -> str | None:
    return chr(code) if 0 <= code <= 0xFFFF else None


@bound("ASCII", TEXT)
def _ascii(call: Call) -> tuple[SqlType, Implementation]:
    encode = collation(call.types[0].collation).encode
    return INT, lambda text: encode(text[0])[0] if text else None


@function("UNICODE", UNICODE, result=INT)
def unicode_of(text: str) -> int | None:
    return int.from_bytes(text[0].encode("utf-16-le", "surrogatepass")[:2], "little") if text else None


# --- Sound ------------------------------------------------------------------------------------------------------------


@function("SOUNDEX", TEXT, result=varchar(4))
def soundex(text: str) -> str:
    """A letter and three digits; ``0000`` when the text does not begin with a letter."""
    word = text.upper()
    if not word or not ("A" <= word[0] <= "Z"):
        return "0000"
    digits, last = "", SOUNDEX_CODES.get(word[0])
    for letter in word[1:]:
        if not "A" <= letter <= "Z":
            break
        code = SOUNDEX_CODES.get(letter)
        if code is not None and code != last:
            digits += code
        if letter not in "HW":
            last = code
    return (word[0] + digits + "000")[:4]


@function("DIFFERENCE", TEXT, TEXT, result=INT)
def difference(a: str, b: str) -> int:
    """How many of the four places of the SOUNDEX codes agree."""
    return sum(x == y for x, y in zip(soundex(a), soundex(b), strict=True))


# --- Escaping and names -----------------------------------------------------------------------------------------------

JSON_ESCAPES = {'"': '\\"', "\\": "\\\\", "/": "\\/", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


@function("STRING_ESCAPE", UNICODE, UNICODE, result=nvarchar(MAX))
def string_escape(text: str, kind: str) -> str | None:
    if kind.lower() != "json":
        return None
    return "".join(JSON_ESCAPES.get(c) or (f"\\u{ord(c):04x}" if ord(c) < 32 else c) for c in text)


@function("PARSENAME", UNICODE, INTEGER, result=nvarchar(128))
def parse_name(name: str, place: int) -> str | None:
    """Part 1 is the object, 2 the schema, 3 the database, 4 the server."""
    parts = split_name(name)
    if parts is None or not 1 <= place <= len(parts):
        return None
    return parts[-place] or None


def split_name(name: str) -> list[str] | None:
    """The parts of a name of one to four parts, quotes removed; None if it is no such name."""
    parts: list[str] = []
    position = 0
    while True:
        quote = {"[": "]", '"': '"'}.get(name[position : position + 1])
        part = ""
        if quote:
            position += 1
            while True:
                end = name.find(quote, position)
                if end < 0:
                    return None
                part += name[position:end]
                position = end + 1
                if name[position : position + 1] != quote:
                    break
                part += quote
                position += 1
        else:
            end = name.find(".", position)
            end = len(name) if end < 0 else end
            part, position = name[position:end].strip(), end
        parts.append(part)
        if position >= len(name):
            return parts if len(parts) <= 4 else None
        if name[position] != ".":
            return None
        position += 1
