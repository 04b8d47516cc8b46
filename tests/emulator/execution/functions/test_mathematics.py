"""Mathematical functions (documentation: "Mathematical Functions (Transact-SQL)" and the page of each)."""

from __future__ import annotations

import math
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.errors import SqlError
from emulator.types.sqltype import FLOAT, INT, MONEY, numeric


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("ABS(-5)", 5),
        ("ABS(-1.50)", Decimal("1.50")),
        ("CEILING(1.2)", Decimal(2)),
        ("CEILING(-1.2)", Decimal(-1)),
        ("FLOOR(-1.2)", Decimal(-2)),
        ("FLOOR($1.99)", Decimal(1)),
        ("CEILING(1.5e0)", 2.0),
        ("ROUND(123.4545, 2)", Decimal("123.4500")),
        ("ROUND(123.45, -2)", Decimal("100.00")),
        ("ROUND(150.75, 0)", Decimal("151.00")),
        ("ROUND(150.75, 0, 1)", Decimal("150.00")),
        ("ROUND(-1.5, 0)", Decimal("-2.0")),
        ("ROUND(2.5e0, 0)", 3.0),
        ("ROUND(1234, -2)", 1200),
        ("ROUND(748.58, -4)", Decimal(0)),
        ("POWER(2, 10)", 1024),
        ("POWER(2, -1)", 0),
        ("POWER(2.0, 0.5)", Decimal("1.4")),
        ("POWER(2e0, 0.5)", math.sqrt(2)),
        ("SQRT(16)", 4.0),
        ("SQUARE(3)", 9.0),
        ("EXP(0)", 1.0),
        ("LOG(8, 2)", 3.0),
        ("LOG10(1000)", 3.0),
        ("SIGN(-2.5)", Decimal("-1.0")),
        ("SIGN(0)", 0),
        ("PI()", math.pi),
        ("DEGREES(PI())", 180.0),
        ("RADIANS(180e0)", math.pi),
        ("ATN2(1, 1)", math.pi / 4),
        ("ISNUMERIC('12.5')", 1),
        ("ISNUMERIC('1e5')", 1),
        ("ISNUMERIC('abc')", 0),
        ("ISNUMERIC('')", 0),
        ("ISNUMERIC(NULL)", 0),
        ("ISNUMERIC(5)", 1),
        ("ROUND(NULL, 1)", None),
    ],
)
def test_a_mathematical_function_gives(bench: Any, text: str, value: Any) -> None:
    result = bench.value(text)
    assert math.isclose(result, value) if isinstance(value, float) else result == value


@pytest.mark.parametrize(
    ("text", "type"),
    [
        ("ABS(CAST(1 AS smallint))", INT),
        ("FLOOR(12.345)", numeric(5, 0)),
        ("ROUND(12.345, 1)", numeric(5, 3)),
        ("POWER(2.5, 2)", numeric(38, 1)),
        ("SQRT(4)", FLOAT),
        ("ABS($1)", MONEY),
        ("ABS('-5')", FLOAT),
    ],
)
def test_the_type_of_the_result(bench: Any, text: str, type: Any) -> None:
    assert bench.type(text) == type


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("ROUND(748.58, -3)", 8115),
        ("POWER(2, 31)", 232),
        ("POWER(0e0, -1)", 8134),
        ("POWER(CAST(10 AS bigint), 30)", 8115),
        ("SQRT(-1)", 3623),
        ("ATN2(0, 0)", 3623),
        ("LOG(0)", 3623),
        ("EXP(1000)", 8115),
        ("ABS(-2147483648)", 8115),
    ],
)
def test_results_that_do_not_exist_or_fit_are_errors(bench: Any, text: str, number: int) -> None:
    if text.startswith("ABS"):
        bench.declare("@least", INT, -(2**31))
        text = "ABS(@least)"
    with pytest.raises(SqlError) as caught:
        bench.value(text)
    assert caught.value.number == number


@given(st.decimals(-(10**6), 10**6, places=4), st.integers(-3, 4))
def test_round_rounds_half_away_from_zero(new_bench: Any, value: Decimal, places: int) -> None:
    bench = new_bench()
    bench.declare("@n", numeric(18, 4), value)
    unit = Decimal(1).scaleb(-places)
    assert bench.value(f"ROUND(@n, {places})") == (value / unit).quantize(Decimal(1), ROUND_HALF_UP) * unit


@pytest.mark.parametrize("call", ["ABS(CAST(1 AS bit))", "CEILING(CAST(1 AS bit))", "POWER(CAST(1 AS bit), 3)"])
def test_a_bit_is_a_float_to_functions_of_numbers(bench: Any, call: str) -> None:
    assert isinstance(bench.value(call), float)
