"""Bit manipulation: of integers, whose bits are those of two's complement, and of binary values, whose bit 0 is the
last one of the last byte.

Documentation: "Bit manipulation functions" and the page of each function.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from emulator.errors import sql_error
from emulator.execution.functions.registry import ANY, BIGINT, Call, Implementation, bound
from emulator.types.sqltype import BIGINT as BIGINT_TYPE
from emulator.types.sqltype import BIT, INTEGER_RANGES, MAX, SqlType, is_binary, is_integer, message_name

BITS = {"bit": 1, "tinyint": 8, "smallint": 16, "int": 32, "bigint": 64}


def _pattern(call: Call) -> tuple[Callable[[Any], tuple[int, int]], Callable[[int, int], Any]]:
    """Two functions for the first argument: a value to its bits (as a number) and their count, and back.

    Errors: 8116 for a type without bits.
    """
    t = call.types[0]
    if is_binary(t) and t.length != MAX:
        return _binary_pattern, lambda bits, width: bits.to_bytes(width // 8, "big")
    if not (is_integer(t) or t.name == "bit"):
        raise sql_error(8116, message_name(t), 1, call.name.lower(), line=call.line)
    return integer_pattern(t)


def _binary_pattern(value: bytes) -> tuple[int, int]:
    return int.from_bytes(value, "big"), 8 * len(value)


def integer_pattern(t: SqlType) -> tuple[Callable[[int], tuple[int, int]], Callable[[int, int], int]]:
    """The two functions for an integer type."""
    width = BITS[t.name]
    mask, most = (1 << width) - 1, INTEGER_RANGES[t.name][1]
    return lambda value: (value & mask, width), lambda bits, _: bits if bits <= most else bits - mask - 1


@bound("BIT_COUNT", ANY)
def _bit_count(call: Call) -> tuple[SqlType, Implementation]:
    """The number of bits that are 1."""
    bits_of, _ = _pattern(call)
    return BIGINT_TYPE, lambda value: bits_of(value)[0].bit_count()


def _offset(offset: int, width: int, name: str) -> int:
    if 0 <= offset < width:
        return offset
    raise sql_error(9837, 2, name.lower())


@bound("GET_BIT", ANY, BIGINT)
def _get_bit(call: Call) -> tuple[SqlType, Implementation]:
    bits_of, _ = _pattern(call)

    def get(value: Any, offset: int) -> int:
        bits, width = bits_of(value)
        return bits >> _offset(offset, width, call.name) & 1

    return BIT, get


@bound("SET_BIT", ANY, BIGINT, BIGINT, optional=1)
def _set_bit(call: Call) -> tuple[SqlType, Implementation]:
    bits_of, value_of = _pattern(call)

    def put(value: Any, offset: int, bit: int = 1) -> Any:
        bits, width = bits_of(value)
        if bit not in (0, 1):
            raise sql_error(9837, 3, call.name.lower())
        one = 1 << _offset(offset, width, call.name)
        return value_of(bits | one if bit else bits & ~one, width)

    return call.types[0], put


def _shift(call: Call, direction: int) -> tuple[SqlType, Implementation]:
    """A logical shift: what becomes vacant is filled with 0, and a negative number of bits shifts the other way."""
    bits_of, value_of = _pattern(call)

    def shift(value: Any, amount: int) -> Any:
        bits, width = bits_of(value)
        left = amount * direction
        if abs(left) >= width:
            return value_of(0, width)
        return value_of((bits << left if left >= 0 else bits >> -left) & ((1 << width) - 1), width)

    return call.types[0], shift


@bound("LEFT_SHIFT", ANY, BIGINT)
def _left_shift(call: Call) -> tuple[SqlType, Implementation]:
    return _shift(call, 1)


@bound("RIGHT_SHIFT", ANY, BIGINT)
def _right_shift(call: Call) -> tuple[SqlType, Implementation]:
    return _shift(call, -1)
