"""Conversion of values between types: CAST, CONVERT, implicit conversion and assignment.

``matrix`` says which conversions exist; the other modules make the functions, by family of types: ``strings``,
``numbers``, ``dates`` (with ``date_text``), ``binary``. Documentation: "Data type conversion (Database Engine)", "CAST
and CONVERT (Transact-SQL)".
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final

from emulator.errors import NotSupported
from emulator.types.conversion import binary, dates, numbers, strings, xml
from emulator.types.conversion.matrix import check
from emulator.types.sqltype import (
    BINARIES,
    CHARACTERS,
    DATE_TIMES,
    DECIMALS,
    FLOATS,
    INTEGERS,
    MAX,
    MONEYS,
    SqlType,
)

Builder = Callable[[SqlType, SqlType, int | None], Callable[[Any], Any] | None]


def converter(
    source: SqlType, target: SqlType, *, style: int | None = None, explicit: bool = False
) -> Callable[[Any], Any] | None:
    """The function that converts a non-NULL value of ``source`` to ``target``; None: the value stays as it is.

    ``explicit``: CAST or CONVERT. ``style`` is CONVERT's third argument; None is the default of the type (for datetime2
    and its kin not the same as 0). Strings that are too long are cut silently. Raises 206, 257, 281, 529 now; the
    function raises 220, 232, 234, 235, 241, 242, 244, 245, 248, 293, 295, 8114, 8115, 8169, 8170.
    """
    if source == target:
        return None
    check(source, target, explicit)
    return _build(source, target, style)


def assigner(
    source: SqlType, target: SqlType, on_truncation: Callable[[str], Exception] | None = None
) -> Callable[[Any], Any] | None:
    """The function that makes a value of ``source`` fit a column, variable or parameter of ``target``; None: it fits.

    ``on_truncation`` (columns) makes the error to raise when text or binary data does not fit, from the part that would
    (binary as hexadecimal digits); blanks at the end are cut without one. Without ``on_truncation`` (variables,
    parameters) data is cut silently. Raises 206 and 257 now, and what ``converter``'s functions raise.
    """
    f = converter(source, target)
    if on_truncation is None or target.length == MAX:
        return f
    if source.name in CHARACTERS and target.name in CHARACTERS:
        return f if strings.always_fits(source, target) else _guarded_text(source, target, on_truncation)
    if source.name in BINARIES and target.name in BINARIES and not 0 < source.length <= target.length:
        return _guarded_binary(f, target, on_truncation)
    return f


def _guarded_text(source: SqlType, target: SqlType, on_truncation: Callable[[str], Exception]) -> Callable[[str], str]:
    """Recodes and pads as a conversion does, but cuts off nothing except blanks."""
    recode = strings.recoder(source, target)
    cut, pad = strings.cutter(target), strings.padded(target)
    length, width = target.length, target.length if pad else 0

    def assign(v: str) -> str:
        if len(v) <= length and v.isascii():
            return v.ljust(width)
        s = v if recode is None else recode(v)
        kept = cut(s)
        if len(kept) < len(s) and s[len(kept) :].strip(" "):
            raise on_truncation(kept)
        return kept if pad is None else pad(kept)

    return assign


def _guarded_binary(
    f: Callable[[bytes], bytes] | None, target: SqlType, on_truncation: Callable[[str], Exception]
) -> Callable[[bytes], bytes]:
    length = target.length

    def assign(v: bytes) -> bytes:
        if len(v) > length:
            raise on_truncation(f"0x{v[:length].hex().upper()}")
        return v if f is None else f(v)

    return assign


_KINDS: Final = {
    **dict.fromkeys((*INTEGERS, "bit"), "integer"),
    **dict.fromkeys(DECIMALS, "decimal"),
    **dict.fromkeys(MONEYS, "money"),
    **dict.fromkeys(FLOATS, "float"),
    **dict.fromkeys(CHARACTERS, "text"),
    **dict.fromkeys(BINARIES, "binary"),
    **dict.fromkeys(DATE_TIMES, "date"),
    "uniqueidentifier": "guid",
}

_BUILDERS: Final[dict[tuple[str, str], Builder]] = {
    ("integer", "integer"): numbers.integer_to_integer,
    ("integer", "decimal"): numbers.integer_to_decimal,
    ("integer", "money"): numbers.integer_to_money,
    ("integer", "float"): numbers.integer_to_float,
    ("integer", "text"): numbers.integer_to_text,
    ("integer", "binary"): binary.integer_to_binary,
    ("integer", "date"): dates.number_to_date,
    ("decimal", "integer"): numbers.decimal_to_integer,
    ("decimal", "decimal"): numbers.decimal_to_decimal,
    ("decimal", "money"): numbers.decimal_to_money,
    ("decimal", "float"): numbers.decimal_to_float,
    ("decimal", "text"): numbers.decimal_to_text,
    ("decimal", "binary"): binary.decimal_to_binary,
    ("decimal", "date"): dates.number_to_date,
    ("money", "integer"): numbers.money_to_integer,
    ("money", "decimal"): numbers.money_to_decimal,
    ("money", "money"): numbers.money_to_money,
    ("money", "float"): numbers.money_to_float,
    ("money", "text"): numbers.money_to_text,
    ("money", "binary"): binary.integer_to_binary,
    ("money", "date"): dates.number_to_date,
    ("float", "integer"): numbers.float_to_integer,
    ("float", "decimal"): numbers.float_to_decimal,
    ("float", "money"): numbers.float_to_money,
    ("float", "float"): numbers.float_to_float,
    ("float", "text"): numbers.float_to_text,
    ("float", "binary"): binary.float_to_binary,
    ("float", "date"): dates.number_to_date,
    ("text", "decimal"): numbers.text_to_decimal,
    ("text", "money"): numbers.text_to_money,
    ("text", "float"): numbers.text_to_float,
    ("text", "text"): strings.text_to_text,
    ("text", "binary"): binary.text_to_binary,
    ("text", "date"): dates.text_to_date,
    ("text", "guid"): binary.text_to_guid,
    ("binary", "integer"): binary.binary_to_integer,
    ("binary", "decimal"): binary.binary_to_decimal,
    ("binary", "money"): binary.binary_to_integer,
    ("binary", "text"): binary.binary_to_text,
    ("binary", "binary"): binary.binary_to_binary,
    ("binary", "date"): binary.binary_to_datetime,
    ("binary", "guid"): binary.binary_to_guid,
    ("date", "integer"): dates.date_to_number,
    ("date", "decimal"): dates.date_to_number,
    ("date", "money"): dates.date_to_number,
    ("date", "float"): dates.date_to_number,
    ("date", "text"): dates.date_to_text,
    ("date", "binary"): binary.datetime_to_binary,
    ("date", "date"): dates.date_to_date,
    ("text", "xml"): xml.text_to_xml,
    ("xml", "text"): xml.xml_to_text,
    ("guid", "text"): binary.guid_to_text,
    ("guid", "binary"): binary.guid_to_binary,
}


@lru_cache(maxsize=4_000)
def _build(source: SqlType, target: SqlType, style: int | None) -> Callable[[Any], Any] | None:
    """The function of a conversion that is allowed."""
    if target.name == "sql_variant":
        return lambda v: (source, v)
    if source.name == "sql_variant":
        return lambda v: _from_variant(v, target, style)
    kinds = _KINDS.get(source.name, source.name), _KINDS.get(target.name, target.name)
    if kinds == ("text", "integer"):
        make = numbers.text_to_bit if target.name == "bit" else numbers.text_to_integer
        return make(source, target, style)
    builder = _BUILDERS.get(kinds)
    if builder is None:
        raise NotSupported(f"conversion of {source.name} to {target.name}")
    return builder(source, target, style)


def _from_variant(v: tuple[SqlType, Any], target: SqlType, style: int | None) -> Any:
    """Each value of a sql_variant has a type of its own, so this one conversion is chosen at run time."""
    source, value = v
    f = converter(source, target, style=style, explicit=True)
    return value if f is None else f(value)
