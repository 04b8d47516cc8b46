"""Comparison and ordering of two values of one type.

Values of different types are first converted to their common type (``precedence``). Documentation: "Comparison
operators (Transact-SQL)", the pages of the types, for uniqueidentifier "Comparing GUID and uniqueidentifier values".
"""

import operator
from collections.abc import Callable
from fractions import Fraction
from typing import Any, Final

from emulator.errors import sql_error
from emulator.types.collation import collation
from emulator.types.exact import POWERS
from emulator.types.instants import to_units
from emulator.types.sqltype import (
    BINARIES,
    CHARACTERS,
    DATE_TIMES,
    DECIMALS,
    FLOATS,
    INTEGERS,
    MONEYS,
    SqlType,
    is_exact_numeric,
    is_large_object,
    is_unicode,
    precision_and_scale,
)

_OPERATORS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_WORDS: Final = {
    "=": "equal to",
    "<>": "not equal to",
    "<": "less than",
    "<=": "less than or equal to",
    ">": "greater than",
    ">=": "greater than or equal to",
}


def comparer(op: str, t: SqlType) -> Callable[[Any, Any], bool]:
    """The function of ``=``, ``<>``, ``<``, ``<=``, ``>`` or ``>=`` for two non-NULL values of type ``t``.

    Raises 402 (text, ntext, image, xml).
    """
    if is_large_object(t) or t.name == "xml":
        raise sql_error(402, t.name, t.name, _WORDS[op])
    compare = _OPERATORS[op]
    if t.name == "uniqueidentifier" and op in ("=", "<>"):
        return compare
    key = sort_key(t)
    if key is None:
        return compare
    if op == "=":
        return lambda a, b: a == b or key(a) == key(b)
    if op == "<>":
        return lambda a, b: a != b and key(a) != key(b)
    return lambda a, b: compare(key(a), key(b))


def sort_key(t: SqlType) -> Callable[[Any], Any] | None:
    """A key whose order, equality and hash are SQL Server's for values of ``t``; None: the value itself is one.

    Raises 305 (xml) and 306 (text, ntext and image), which cannot be sorted.
    """
    if is_large_object(t):
        raise sql_error(306)
    if t.name == "xml":
        raise sql_error(305)
    if t.name in CHARACTERS:
        return collation(t.collation).key(is_unicode(t))
    if t.name == "sql_variant":
        return _variant_key
    return _KEYS.get(t.name)


def _without_trailing_zeros(v: bytes) -> bytes:
    """Binaries of different lengths compare as if the shorter one went on with zeros."""
    return v.rstrip(b"\0")


def _guid_key(v: bytes) -> bytes:
    """The last six bytes weigh most, then the groups before them from right to left, each as stored."""
    return v[10:16] + v[8:10] + v[6:8] + v[4:6] + v[0:4]


def _utc(v: tuple[int, int]) -> int:
    """Two moments are equal whatever their offsets."""
    return v[0]


_FAMILIES: Final = (
    ("uniqueidentifier",),
    tuple(BINARIES),
    tuple(CHARACTERS),
    (*INTEGERS, *DECIMALS, *MONEYS, "bit"),
    tuple(FLOATS),
    tuple(DATE_TIMES),
)
_FAMILY_RANKS: Final = {name: rank for rank, names in enumerate(_FAMILIES) for name in names}
"""The families of types in a sql_variant: a value of a higher one is greater than any of a lower one."""


def _variant_key(v: tuple[SqlType, Any]) -> tuple[Any, ...]:
    """The family, then the value as it compares with others of the family; strings by their collation first."""
    t, value = v
    rank = _FAMILY_RANKS[t.name]
    if t.name in CHARACTERS:
        rules = collation(t.collation)
        return rank, rules.name, rules.key(True)(value)
    if t.name in DATE_TIMES:
        return rank, value[0] if t.name == "datetimeoffset" else to_units(t)(value)
    if is_exact_numeric(t):
        return rank, Fraction(value, POWERS[precision_and_scale(t)[1]])
    key = _KEYS.get(t.name)
    return rank, value if key is None else key(value)


_KEYS: Final[dict[str, Callable[[Any], Any]]] = {
    "binary": _without_trailing_zeros,
    "varbinary": _without_trailing_zeros,
    "rowversion": _without_trailing_zeros,
    "uniqueidentifier": _guid_key,
    "datetimeoffset": _utc,
}
