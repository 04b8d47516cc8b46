"""The arithmetic, bitwise and concatenation operators.

The result type of an operation follows from the types of its operands alone, so everything is decided here when a
statement is compiled: which side is converted to which type, where the decimal point is, and whether the result can
leave the range of its type at all. What is left for run time is one closure over two plain values.

Documentation: "Data type precedence (Transact-SQL)", "Precision, scale, and length (Transact-SQL)", the pages of the
operators, "+ (String concatenation) (Transact-SQL)".
"""

import operator
from collections.abc import Callable
from typing import Any, Final

from emulator.errors import SqlError, sql_error
from emulator.types import exact
from emulator.types.conversion import converter
from emulator.types.conversion.numbers import to_real
from emulator.types.instants import DATETIME_RANGE, SMALLDATETIME_RANGE
from emulator.types.precedence import RANK, common_collation
from emulator.types.sqltype import (
    INTEGER_RANGES,
    MAX,
    MAX_PRECISION,
    MONEY_RANGES,
    MONEY_SCALE,
    SMALLINT,
    SqlType,
    is_binary,
    is_character,
    is_date_time,
    is_decimal,
    is_float,
    is_integer,
    is_money,
    is_numeric,
    is_unicode,
    message_name,
    precision_and_scale,
)

Operation = Callable[[Any, Any], Any]

_MIN_DIVISION_SCALE: Final = 6
_MAX_INTEGRAL: Final = 32
"""Integral digits beyond which products and quotients keep a scale of 6 and may overflow instead."""

_WORDS: Final = {"+": "add", "-": "subtract", "*": "multiply", "/": "divide", "%": "modulo"}
_UNARY_WORDS: Final = {"-": "minus", "+": "plus", "~": "'~'"}
_BITWISE: Final[dict[str, Operation]] = {"&": operator.and_, "|": operator.or_, "^": operator.xor}


def binary(
    op: str,
    a: SqlType,
    b: SqlType,
    a_literal_digits: int | None = None,
    b_literal_digits: int | None = None,
) -> tuple[SqlType, Operation]:
    """Result type and function of ``a op b`` for + - * / % & | ^, of two non-NULL values of the types ``a`` and ``b``.

    ``*_literal_digits``: the operand is an integer literal of so many digits, which beside a decimal counts as
    decimal(digits, 0). Raises now 206, 257, 402, 8117; the function raises 8115 and 8134.
    """
    if op in _BITWISE:
        return _bitwise(op, a, b)
    if op == "+" and is_character(a) and is_character(b):
        return _concatenation(a, b)
    if op == "+" and is_binary(a) and is_binary(b):
        return _binary_concatenation(a, b)
    if is_date_time(a) or is_date_time(b):
        return _date_arithmetic(op, a, b)
    if not (is_numeric(a) or is_numeric(b)):
        raise _incompatible(op, a, b)
    if "bit" in (a.name, b.name) and not (is_numeric(a) and is_numeric(b)):
        raise _no_bits(op, a, b)
    if not is_numeric(a):
        return _converted(op, a, b, b, b)
    if not is_numeric(b):
        return _converted(op, a, b, a, a)
    if is_float(a) or is_float(b):
        return _float_arithmetic(op, a, b)
    if is_decimal(a) or is_decimal(b):
        return _decimal_arithmetic(op, a, b, a_literal_digits, b_literal_digits)
    if is_money(a) or is_money(b):
        return _money_arithmetic(op, a, b)
    return _integer_arithmetic(op, a, b)


def unary(op: str, t: SqlType) -> tuple[SqlType, Callable[[Any], Any] | None]:
    """Result type and function of ``op`` + - ~ on one value; a function of None leaves the value as it is.

    Raises 8117. The negative of a tinyint is a smallint ("- (Negative) (Transact-SQL)").
    """
    if op == "~":
        if t.name == "bit":
            return t, lambda v: 1 - v
        if t.name == "tinyint":
            return t, lambda v: 255 - v
        if is_integer(t):
            return t, operator.invert
        raise sql_error(8117, _name(t), _UNARY_WORDS[op])
    if op == "+":
        return t, None
    if not is_numeric(t) or t.name == "bit":
        raise sql_error(8117, _name(t), _UNARY_WORDS[op])
    if is_float(t) or is_decimal(t):
        return t, operator.neg
    if t.name == "tinyint":
        return SMALLINT, operator.neg
    low, high = {**INTEGER_RANGES, **MONEY_RANGES}[t.name]
    return t, exact.bounded(operator.neg, low, high, lambda _v: _overflow(t))


def decimal_result(op: str, p1: int, s1: int, p2: int, s2: int) -> tuple[int, int]:
    """Precision and scale of ``decimal(p1, s1) op decimal(p2, s2)``, by the table and the rules for results beyond 38
    digits of "Precision, scale, and length (Transact-SQL)"."""
    if op in ("+", "-"):
        integral = max(p1 - s1, p2 - s2)
        precision, scale = max(s1, s2) + integral + 1, max(s1, s2)
        if precision > MAX_PRECISION:
            return MAX_PRECISION, min(scale, MAX_PRECISION - integral)
        return precision, scale
    if op == "%":
        return min(p1 - s1, p2 - s2) + max(s1, s2), max(s1, s2)
    if op == "*":
        precision, scale = p1 + p2 + 1, s1 + s2
    else:
        scale = max(_MIN_DIVISION_SCALE, s1 + p2 + 1)
        precision = p1 - s1 + s2 + scale
    if precision <= MAX_PRECISION:
        return precision, scale
    integral = precision - scale
    if integral < _MAX_INTEGRAL:
        return MAX_PRECISION, min(scale, MAX_PRECISION - integral)
    return MAX_PRECISION, min(scale, _MIN_DIVISION_SCALE)


def _name(t: SqlType) -> str:
    return message_name(t)


def _overflow(t: SqlType) -> SqlError:
    return sql_error(8115, "expression", "numeric" if is_decimal(t) else t.name, state=2)


def _incompatible(op: str, a: SqlType, b: SqlType) -> SqlError:
    word = _WORDS.get(op, f"'{op}'")
    if a.name == b.name and op in _WORDS:
        return sql_error(8117, _name(a), word)
    return sql_error(402, _name(a), _name(b), word)


def _no_bits(op: str, a: SqlType, b: SqlType) -> SqlError:
    """A bit takes part in arithmetic only beside a number of another type."""
    if op in ("*", "/"):
        return sql_error(8117, _name(a), _WORDS[op])
    return sql_error(402, _name(a), _name(b), _WORDS[op])


def _converted(op: str, a: SqlType, b: SqlType, to_a: SqlType, to_b: SqlType) -> tuple[SqlType, Operation]:
    """``a op b`` after the conversions of both to the given types. Raises what the conversions raise."""
    f, g = converter(a, to_a), converter(b, to_b)
    result, apply = binary(op, to_a, to_b)
    if f is None and g is None:
        return result, apply
    if f is None:
        right: Callable[[Any], Any] = g  # type: ignore[assignment]
        return result, lambda x, y: apply(x, right(y))
    if g is None:
        left: Callable[[Any], Any] = f
        return result, lambda x, y: apply(left(x), y)
    return result, lambda x, y: apply(f(x), g(y))


# Integers


def _integer_arithmetic(op: str, a: SqlType, b: SqlType) -> tuple[SqlType, Operation]:
    t = a if RANK[a.name] <= RANK[b.name] else b
    if t.name == "bit":
        raise _no_bits(op, a, b)
    low, high = INTEGER_RANGES[t.name]
    return t, _bounded_operation(op, t, low, high)


def _bounded_operation(op: str, t: SqlType, low: int, high: int) -> Operation:
    """The operation on integers of one scale, for results between ``low`` and ``high``."""
    if op == "+":

        def add(x: int, y: int) -> int:
            r = x + y
            if low <= r <= high:
                return r
            raise _overflow(t)

        return add
    if op == "-":

        def subtract(x: int, y: int) -> int:
            r = x - y
            if low <= r <= high:
                return r
            raise _overflow(t)

        return subtract
    if op == "*":

        def multiply(x: int, y: int) -> int:
            r = x * y
            if low <= r <= high:
                return r
            raise _overflow(t)

        return multiply
    if op == "/":

        def divide(x: int, y: int) -> int:
            if y == 0:
                raise sql_error(8134)
            r = x // y if (x >= 0) == (y > 0) else -(-x // y)
            if r <= high:
                return r
            raise _overflow(t)

        return divide

    def remainder(x: int, y: int) -> int:
        if y == -1 and x == low:
            raise _overflow(t)  # the quotient is formed for a remainder, too
        return _modulo(x, y)

    return remainder


def _modulo(x: int, y: int) -> int:
    if y == 0:
        raise sql_error(8134)
    return x % abs(y) if x >= 0 else -(-x % abs(y))


def _bitwise(op: str, a: SqlType, b: SqlType) -> tuple[SqlType, Operation]:
    """On integers and bits, and on one integer and one binary."""
    integral_a, integral_b = (is_integer(t) or t.name == "bit" for t in (a, b))
    if integral_a and integral_b:
        return (a if RANK[a.name] <= RANK[b.name] else b), _BITWISE[op]
    if integral_a and is_binary(b) and b.length != MAX:
        return _converted(op, a, b, a, a)
    if integral_b and is_binary(a) and a.length != MAX:
        return _converted(op, a, b, b, b)
    raise sql_error(402, _name(a), _name(b), f"'{op}'")


# Decimals


def _decimal_arithmetic(
    op: str, a: SqlType, b: SqlType, a_digits: int | None, b_digits: int | None
) -> tuple[SqlType, Operation]:
    p1, s1 = (a_digits, 0) if a_digits and is_integer(a) else precision_and_scale(a)
    p2, s2 = (b_digits, 0) if b_digits and is_integer(b) else precision_and_scale(b)
    precision, scale = decimal_result(op, p1, s1, p2, s2)
    t = SqlType(a.name if is_decimal(a) else b.name, precision=precision, scale=scale)
    if op in ("+", "-"):
        return t, _decimal_sum(op, s1, s2, t)
    if op == "*":
        return t, _decimal_product(s1, s2, t)
    if op == "/":
        return t, _decimal_quotient(s1, s2, t)
    return t, _decimal_remainder(s1, s2)


def _aligned(plain: Operation, s1: int, s2: int) -> Operation:
    """``plain`` on values brought to the greater of two scales."""
    if s1 == s2:
        return plain
    f, g = exact.POWERS[max(s1, s2) - s1], exact.POWERS[max(s1, s2) - s2]
    if plain is operator.add:
        return (lambda x, y: x * f + y) if s1 < s2 else (lambda x, y: x + y * g)
    if plain is operator.sub:
        return (lambda x, y: x * f - y) if s1 < s2 else (lambda x, y: x - y * g)
    return (lambda x, y: plain(x * f, y)) if s1 < s2 else (lambda x, y: plain(x, y * g))


def _within_precision(f: Operation, t: SqlType, from_scale: int) -> Operation:
    """``f`` brought from a scale to that of ``t``, with a check when ``t`` may be too small."""
    rescale = exact.rescaler(from_scale, t.scale)
    if t.precision < MAX_PRECISION and rescale is None:
        return f
    limit = exact.POWERS[t.precision]

    def checked(x: int, y: int) -> int:
        r: int = f(x, y)
        if rescale is not None:
            r = rescale(r)
        if -limit < r < limit:
            return r
        raise _overflow(t)

    return checked


def _decimal_sum(op: str, s1: int, s2: int, t: SqlType) -> Operation:
    plain = operator.add if op == "+" else operator.sub
    return _within_precision(_aligned(plain, s1, s2), t, max(s1, s2))


def _decimal_product(s1: int, s2: int, t: SqlType) -> Operation:
    return _within_precision(operator.mul, t, s1 + s2)


def _decimal_quotient(s1: int, s2: int, t: SqlType) -> Operation:
    shift = t.scale + s2 - s1
    up, down = exact.POWERS[max(shift, 0)], exact.POWERS[max(-shift, 0)]
    limit = exact.POWERS[t.precision]

    def divide(x: int, y: int) -> int:
        if y == 0:
            raise sql_error(8134)
        n, d = x * up, y * down
        r = n // d if (n >= 0) == (d > 0) else -(-n // d)
        if -limit < r < limit:
            return r
        raise _overflow(t)

    return divide


def _decimal_remainder(s1: int, s2: int) -> Operation:
    return _aligned(_modulo, s1, s2)


# Money


def _money_arithmetic(op: str, a: SqlType, b: SqlType) -> tuple[SqlType, Operation]:
    t = a if RANK[a.name] <= RANK[b.name] else b
    low, high = MONEY_RANGES[t.name]
    unit = exact.POWERS[MONEY_SCALE]
    s1, s2 = (MONEY_SCALE if is_money(m) else 0 for m in (a, b))
    if op == "*":
        product = exact.rescaler(s1 + s2, MONEY_SCALE)
        return t, _range_checked(operator.mul if product is None else lambda x, y: product(x * y), t, low, high)
    if op == "/":
        factor = unit if s2 else 1
        widen = 1 if s1 else unit
        quotient = _bounded_operation("/", t, low, high)
        return t, lambda x, y: quotient(x * widen * factor, y)
    plain = {"+": operator.add, "-": operator.sub, "%": _modulo}[op]
    return t, _range_checked(_aligned(plain, s1, s2), t, low, high)


def _range_checked(f: Operation, t: SqlType, low: int, high: int) -> Operation:
    def checked(x: int, y: int) -> int:
        r: int = f(x, y)
        if low <= r <= high:
            return r
        raise _overflow(t)

    return checked


# Floats


def _float_arithmetic(op: str, a: SqlType, b: SqlType) -> tuple[SqlType, Operation]:
    if op == "%":
        if is_float(a) and is_float(b):
            raise sql_error(8117, _name(a), _WORDS[op])
        raise sql_error(402, _name(a), _name(b), _WORDS[op])
    t = SqlType("float" if "float" in (a.name, b.name) else "real")
    if not is_float(a) or not is_float(b):
        return _converted(op, a, b, t, t)
    plain: Operation = {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv}[op]

    def apply(x: float, y: float) -> float:
        try:
            r: float = plain(x, y)
        except ZeroDivisionError:
            raise sql_error(8134) from None
        if r - r == 0.0:
            return r
        raise _overflow(t)

    if t.name == "float":
        return t, apply
    return t, lambda x, y: to_real(apply(x, y))


# Dates


def _date_arithmetic(op: str, a: SqlType, b: SqlType) -> tuple[SqlType, Operation]:
    """Only + and -, only with datetime or smalldatetime: a number is a count of days since 1900-01-01."""
    classic_a, classic_b = (t.name in ("datetime", "smalldatetime") for t in (a, b))
    if classic_a and classic_b and op in ("+", "-"):
        t = a if RANK[a.name] <= RANK[b.name] else b
        if a.name != b.name:
            return _converted(op, a, b, t, t)
        low, high = DATETIME_RANGE if t.name == "datetime" else SMALLDATETIME_RANGE
        return t, _range_checked(operator.add if op == "+" else operator.sub, t, low, high)
    date, other = (a, b) if is_date_time(a) else (b, a)
    classic = classic_a or classic_b
    if classic and op in ("+", "-") and (is_numeric(other) or is_character(other)):
        return _converted(op, a, b, date, date)
    if is_numeric(other):
        raise sql_error(257 if classic else 206, _name(date), _name(other))
    raise _incompatible(op, a, b)


# Strings


def _concatenation(a: SqlType, b: SqlType) -> tuple[SqlType, Operation]:
    """The lengths add up, to at most 8,000 bytes; only a (max) operand makes the result (max)."""
    if "text" in (a.name, b.name) or "ntext" in (a.name, b.name):
        raise _incompatible("+", a, b)
    unicode = is_unicode(a) or is_unicode(b)
    collation = common_collation(a, b, "add")
    fixed = all(t.name in ("char", "nchar") for t in (a, b))
    name = ("n" if unicode else "") + ("char" if fixed else "varchar")
    length, f = _joined_length(a, b, 4000 if unicode else 8000)
    return SqlType(name, length, collation=collation), f


def _binary_concatenation(a: SqlType, b: SqlType) -> tuple[SqlType, Operation]:
    if "image" in (a.name, b.name):
        raise _incompatible("+", a, b)
    fixed = "varbinary" not in (a.name, b.name)
    length, f = _joined_length(a, b, 8000)
    return SqlType("binary" if fixed else "varbinary", length), f


def _joined_length(a: SqlType, b: SqlType, limit: int) -> tuple[int, Operation]:
    if MAX in (a.length, b.length):
        return MAX, operator.add
    if a.length + b.length <= limit:
        return a.length + b.length, operator.add
    return limit, lambda x, y: (x + y)[:limit]
