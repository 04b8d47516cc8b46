"""Documentation: "Precision, scale, and length (Transact-SQL)", the pages of the arithmetic operators."""

import decimal as exact
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.errors import SqlError
from emulator.types.arithmetic import binary, decimal_result, unary
from emulator.types.external import to_python
from emulator.types.sqltype import (
    BIGINT,
    BIT,
    DATE,
    DATETIME,
    FLOAT,
    INT,
    INTEGER_RANGES,
    MONEY,
    REAL,
    SMALLINT,
    TINYINT,
    UNIQUEIDENTIFIER,
    VARCHAR_MAX,
    SqlType,
    char,
    datetime2,
    decimal,
    numeric,
    nvarchar,
    varbinary,
    varchar,
)

_PRECISE = exact.Context(prec=80)


def calculate(op: str, a: tuple[SqlType, Any], b: tuple[SqlType, Any]) -> tuple[SqlType, Any]:
    t, f = binary(op, a[0], b[0])
    return t, f(a[1], b[1])


def error_of(op: str, a: tuple[SqlType, Any], b: tuple[SqlType, Any]) -> tuple[int, str]:
    with pytest.raises(SqlError) as caught:
        calculate(op, a, b)
    return caught.value.number, caught.value.message


@pytest.mark.parametrize(
    ("op", "first", "second", "expected"),
    [
        ("+", (9, 2), (10, 5), (13, 5)),
        ("-", (18, 0), (18, 4), (23, 4)),
        ("*", (10, 2), (8, 3), (19, 5)),
        ("/", (2, 1), (1, 0), (7, 6)),
        ("/", (19, 6), (19, 6), (38, 19)),
        ("%", (10, 2), (5, 4), (5, 4)),
        ("+", (38, 10), (38, 10), (38, 10)),
        ("+", (38, 10), (38, 0), (38, 0)),
        ("*", (38, 20), (38, 20), (38, 6)),
        ("*", (30, 20), (30, 20), (38, 17)),
        ("*", (38, 4), (38, 0), (38, 4)),
        ("/", (38, 0), (38, 0), (38, 6)),
        ("/", (38, 38), (5, 0), (38, 38)),
    ],
)
def test_precision_and_scale_follow_the_documented_table(
    op: str, first: tuple[int, int], second: tuple[int, int], expected: tuple[int, int]
) -> None:
    assert decimal_result(op, *first, *second) == expected


@st.composite
def decimals(draw: st.DrawFn) -> tuple[SqlType, int]:
    precision = draw(st.integers(1, 38))
    scale = draw(st.integers(0, precision))
    limit = 10**precision - 1
    return decimal(precision, scale), draw(st.integers(-limit, limit))


def _exact_result(op: str, a: exact.Decimal, b: exact.Decimal) -> Fraction:
    x, y = Fraction(a), Fraction(b)
    if op == "+":
        return x + y
    if op == "-":
        return x - y
    if op == "*":
        return x * y
    if op == "/":
        return x / y
    whole = abs(x) // abs(y)
    return x - (whole if (x < 0) == (y < 0) else -whole) * y


def _at_scale(value: Fraction, scale: int, *, truncate: bool) -> int:
    scaled = abs(value) * 10**scale
    size = int(scaled) if truncate else int(scaled + Fraction(1, 2))
    return size if value >= 0 else -size


@given(st.sampled_from("+-*/%"), decimals(), decimals())
def test_decimal_arithmetic_is_exact_to_the_last_digit_of_the_result(
    op: str, a: tuple[SqlType, int], b: tuple[SqlType, int]
) -> None:
    x, y = to_python(*a), to_python(*b)
    if op in "/%" and b[1] == 0:
        assert error_of(op, a, b)[0] == 8134
        return
    t, f = binary(op, a[0], b[0])
    expected = _at_scale(_exact_result(op, x, y), t.scale, truncate=op == "/")
    if abs(expected) >= 10**t.precision:
        assert error_of(op, a, b)[0] == 8115
    else:
        assert f(a[1], b[1]) == expected


@given(decimals(), decimals())
def test_sums_that_fit_agree_with_pythons_decimal(a: tuple[SqlType, int], b: tuple[SqlType, int]) -> None:
    t, f = binary("+", a[0], b[0])
    if t.precision < 38:
        assert to_python(t, f(a[1], b[1])) == _PRECISE.add(to_python(*a), to_python(*b))


def test_division_truncates_and_multiplication_rounds() -> None:
    assert calculate("/", (numeric(2, 1), 20), (numeric(2, 1), 30)) == (numeric(8, 6), 666666)
    t, value = calculate("*", (decimal(38, 20), 10**20), (decimal(38, 20), 15 * 10**13))
    assert (t, value) == (decimal(38, 6), 2)


def test_an_integer_literal_counts_as_many_digits_as_it_has() -> None:
    assert binary("/", numeric(2, 1), INT)[0] == numeric(13, 12)
    assert binary("/", numeric(2, 1), INT, b_literal_digits=1)[0] == numeric(7, 6)


@given(
    st.sampled_from("+-*/%"),
    st.sampled_from([TINYINT, SMALLINT, INT, BIGINT]),
    st.data(),
)
def test_integers_stay_in_their_type_or_overflow(op: str, t: SqlType, data: st.DataObject) -> None:
    low, high = INTEGER_RANGES[t.name]
    x, y = (data.draw(st.integers(low, high)) for _ in range(2))
    if op in "/%" and y == 0:
        assert error_of(op, (t, x), (t, y)) == (8134, "Divide by zero error encountered.")
        return
    expected = _at_scale(_exact_result(op, exact.Decimal(x), exact.Decimal(y)), 0, truncate=True)
    if low <= expected <= high:
        assert calculate(op, (t, x), (t, y)) == (t, expected)
    else:
        message = f"Arithmetic overflow error converting expression to data type {t.name}."
        assert error_of(op, (t, x), (t, y)) == (8115, message)


def test_the_least_integer_divided_by_minus_one_overflows() -> None:
    assert error_of("/", (INT, -(2**31)), (INT, -1))[0] == 8115


def test_the_wider_integer_type_wins() -> None:
    assert calculate("+", (TINYINT, 255), (INT, 1)) == (INT, 256)
    assert calculate("*", (INT, 2**31 - 1), (BIGINT, 2)) == (BIGINT, 2**32 - 2)
    assert calculate("+", (BIT, 1), (INT, 1)) == (INT, 2)


def test_money_truncates_quotients_and_rounds_products() -> None:
    """Documentation: "money and smallmoney (Transact-SQL)"."""
    assert calculate("/", (MONEY, 10_000), (MONEY, 3_450_000)) == (MONEY, 28)
    assert calculate("*", (MONEY, 5), (MONEY, 1_000)) == (MONEY, 1)
    assert calculate("/", (MONEY, 20_000), (INT, 3)) == (MONEY, 6666)
    assert calculate("/", (INT, 1), (MONEY, 30_000)) == (MONEY, 3333)
    assert calculate("-", (INT, 1), (MONEY, 1)) == (MONEY, 9999)
    assert calculate("+", (MONEY, 1), (decimal(5, 2), 100)) == (decimal(20, 4), 10001)


def test_floats_take_everything_along() -> None:
    assert calculate("+", (FLOAT, 0.5), (decimal(5, 2), 125)) == (FLOAT, 1.75)
    assert calculate("/", (INT, 1), (FLOAT, 4.0)) == (FLOAT, 0.25)
    assert calculate("*", (REAL, 0.5), (INT, 3)) == (REAL, 1.5)
    assert error_of("/", (FLOAT, 1.0), (FLOAT, 0.0))[0] == 8134
    assert error_of("*", (FLOAT, 1e300), (FLOAT, 1e300))[0] == 8115
    assert error_of("%", (FLOAT, 1.0), (FLOAT, 2.0)) == (
        8117,
        "Operand data type float is invalid for modulo operator.",
    )
    assert error_of("%", (FLOAT, 1.0), (INT, 2)) == (
        402,
        "The data types float and int are incompatible in the modulo operator.",
    )


def test_text_beside_a_number_becomes_that_kind_of_number() -> None:
    assert calculate("+", (varchar(5), "5"), (INT, 1)) == (INT, 6)
    assert calculate("*", (nvarchar(5), "1.50"), (decimal(5, 2), 200)) == (decimal(11, 4), 30000)
    assert error_of("+", (varchar(5), "5x"), (INT, 1)) == (
        245,
        "Conversion failed when converting the varchar value '5x' to data type int.",
    )
    assert error_of("*", (varchar(5), "10.5"), (numeric(2, 1), 10)) == (
        8115,
        "Arithmetic overflow error converting varchar to data type numeric.",
    )


def test_strings_are_joined_and_their_lengths_add_up() -> None:
    """Documentation: "+ (String concatenation) (Transact-SQL)"."""
    assert calculate("+", (varchar(3), "abc"), (nvarchar(4), "d")) == (nvarchar(7), "abcd")
    assert calculate("+", (char(3), "a  "), (char(2), "b ")) == (char(5), "a  b ")
    assert calculate("+", (varchar(8000), "x" * 8000), (varchar(1), "y")) == (varchar(8000), "x" * 8000)
    t, joined = calculate("+", (VARCHAR_MAX, "x" * 8000), (varchar(1), "y"))
    assert (t, len(joined)) == (VARCHAR_MAX, 8001)
    assert calculate("+", (varbinary(2), b"\1"), (varbinary(2), b"\2\3")) == (varbinary(4), b"\1\2\3")


@pytest.mark.parametrize(
    ("op", "a", "b", "number"),
    [
        ("-", varchar(3), varchar(3), 8117),
        ("+", BIT, BIT, 402),
        ("*", BIT, BIT, 8117),
        ("+", BIT, varchar(3), 402),
        ("+", DATE, DATE, 8117),
        ("+", DATE, INT, 206),
        ("-", datetime2(), INT, 206),
        ("+", varchar(3), DATE, 402),
        ("*", DATETIME, INT, 257),
        ("+", varchar(3), UNIQUEIDENTIFIER, 402),
        ("&", FLOAT, INT, 402),
        ("&", varchar(3), varchar(3), 402),
        ("+", varchar(3), varbinary(3), 402),
    ],
)
def test_operations_that_do_not_exist_are_refused_at_once(op: str, a: SqlType, b: SqlType, number: int) -> None:
    with pytest.raises(SqlError) as caught:
        binary(op, a, b)
    assert caught.value.number == number


def test_days_are_added_to_a_datetime() -> None:
    noon = 43_000 * 25_920_000 + 12_960_000
    assert calculate("+", (DATETIME, noon), (INT, 1)) == (DATETIME, noon + 25_920_000)
    assert calculate("-", (DATETIME, noon), (numeric(2, 1), 5)) == (DATETIME, noon - 12_960_000)
    assert calculate("-", (DATETIME, noon), (DATETIME, noon - 300)) == (DATETIME, 300)
    assert error_of("+", (DATETIME, noon), (INT, 10_000_000))[0] == 8115


def test_bits_are_combined_in_the_wider_type() -> None:
    assert calculate("&", (INT, -1), (TINYINT, 12)) == (INT, 12)
    assert calculate("|", (BIT, 1), (BIT, 0)) == (BIT, 1)
    assert calculate("^", (BIGINT, 5), (varbinary(1), b"\1")) == (BIGINT, 4)


def test_unary_operators() -> None:
    """Documentation: "- (Negative) (Transact-SQL)", "~ (Bitwise NOT) (Transact-SQL)"."""

    def result(op: str, t: SqlType, value: Any) -> tuple[SqlType, Any]:
        r, f = unary(op, t)
        return r, value if f is None else f(value)

    assert result("-", TINYINT, 5) == (SMALLINT, -5)
    assert result("-", decimal(5, 2), 100) == (decimal(5, 2), -100)
    assert result("+", FLOAT, 1.0) == (FLOAT, 1.0)
    assert result("~", INT, 0) == (INT, -1)
    assert result("~", TINYINT, 1) == (TINYINT, 254)
    assert result("~", BIT, 1) == (BIT, 0)
    with pytest.raises(SqlError, match="Arithmetic overflow"):
        result("-", INT, -(2**31))
    with pytest.raises(SqlError, match="Operand data type varchar is invalid for minus operator"):
        unary("-", varchar(3))
