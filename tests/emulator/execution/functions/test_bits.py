"""Documentation: "Bit manipulation functions" and the page of each function."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.errors import SqlError


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("LEFT_SHIFT(12345, 5)", 395040),
        ("12345 << 5", 395040),
        ("RIGHT_SHIFT(-1, 1)", 2**31 - 1),
        ("1 << 31", -(2**31)),
        ("1 << 32", 0),
        ("8 >> 2", 2),
        ("LEFT_SHIFT(8, -2)", 2),
        ("CAST(255 AS tinyint) << 1", 254),
        ("0xABCD >> 4", bytes.fromhex("0ABC")),
        ("2 * 3 << 1", 12),
        ("4 | 1 << 2", 20),
        ("1 << NULL", None),
        ("SET_BIT(0x00, 2)", b"\x04"),
        ("SET_BIT(0xabcdef, 0, 0)", bytes.fromhex("ABCDEE")),
        ("SET_BIT(0, 31)", -(2**31)),
        ("GET_BIT(0xabcdef, 2)", True),
        ("GET_BIT(0xabcdef, 4)", False),
        ("BIT_COUNT(0xabcdef)", 17),
        ("BIT_COUNT(17)", 2),
        ("BIT_COUNT(CAST(-1 AS smallint))", 16),
    ],
)
def test_a_bit_function_gives(bench: Any, expression: str, value: Any) -> None:
    assert bench.value(expression) == value


@pytest.mark.parametrize(
    ("expression", "number"),
    [("GET_BIT(1, 32)", 9837), ("SET_BIT(1, -1)", 9837), ("SET_BIT(1, 0, 2)", 9837), ("BIT_COUNT(1.5)", 8116)],
)
def test_a_bit_function_refuses(bench: Any, expression: str, number: int) -> None:
    with pytest.raises(SqlError) as caught:
        bench.value(expression)
    assert caught.value.number == number


@given(st.integers(-(2**31), 2**31 - 1), st.integers(0, 31))
def test_a_bit_that_is_set_can_be_got_and_shifted_out(new_bench: Any, value: int, offset: int) -> None:
    bench = new_bench()
    number = f"CAST({value} AS int)"
    assert bench.value(f"GET_BIT(SET_BIT({number}, {offset}), {offset})") is True
    assert bench.value(f"GET_BIT({number}, {offset})") == bench.value(f"CAST({number} >> {offset} & 1 AS bit)")
