"""printf-like messages (documentation: "RAISERROR (Transact-SQL)", arguments and examples)."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.errors import SqlError
from emulator.execution.functions.message_format import MAX_MESSAGE, format_message


@pytest.mark.parametrize(
    ("template", "arguments", "message"),
    [
        ("plain", (), "plain"),
        ("This is message %s %d.", ("number", 5), "This is message number 5."),
        ("<<%*.*s>>", (7, 3, "abcde"), "<<    abc>>"),
        ("<<%7.3s>>", ("abcde",), "<<    abc>>"),
        ("<<%-7s>>", ("abc",), "<<abc    >>"),
        ("%05d|%5d|%-5d|%+d", (42, 42, 42, 42), "00042|   42|42   |+42"),
        ("%05d", (-42,), "-0042"),
        ("%x %X %#x %o %u", (255, 255, 255, 8, -1), "ff FF 0xff 10 4294967295"),
        ("%I64d", (2**40,), str(2**40)),
        ("100%% of %s", ("it",), "100% of it"),
        ("%s and %d", (None,), "(null) and (null)"),
        ("%s", (b"\x01\xff",), "0x01FF"),
    ],
)
def test_a_message(template: str, arguments: tuple[Any, ...], message: str) -> None:
    assert format_message(template, arguments) == message


@pytest.mark.parametrize(
    ("template", "arguments", "number"),
    [("%d", ("x",), 2786), ("%s", (5,), 2786), ("%y", (5,), 2787), ("50%", (), 2787)],
)
def test_a_place_that_does_not_fit(template: str, arguments: tuple[Any, ...], number: int) -> None:
    with pytest.raises(SqlError) as caught:
        format_message(template, arguments)
    assert caught.value.number == number


def test_a_long_message_ends_in_an_ellipsis() -> None:
    message = format_message("%s", ("x" * 3000,))
    assert len(message) == MAX_MESSAGE
    assert message.endswith("x...")
