"""FORMAT (documentation: "FORMAT (Transact-SQL)"; .NET: standard and custom format strings)."""

from __future__ import annotations

from typing import Any

import pytest

from emulator.errors import NotSupported, SqlError

MOMENT = "CAST('2024-05-06 13:07:08.1234567' AS datetime2)"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("FORMAT(1234.567, 'N')", "1,234.57"),
        ("FORMAT(1234.567, 'N0')", "1,235"),
        ("FORMAT(-0.001, 'F2')", "0.00"),
        ("FORMAT(1234, 'C')", "$1,234.00"),
        ("FORMAT(-1234.5, 'C0')", "($1,235)"),
        ("FORMAT(0.256, 'P1')", "25.6%"),
        ("FORMAT(42, 'D6')", "000042"),
        ("FORMAT(255, 'x4')", "00ff"),
        ("FORMAT(12, '000')", "012"),
        ("FORMAT(1234567.891, '#,##0.00')", "1,234,567.89"),
        ("FORMAT(0.5, '#.##')", ".5"),
        ("FORMAT(0, '#')", ""),
        ("FORMAT(-7, '0 ''items''')", "-7 items"),
        ("FORMAT(-7, '0;(0)')", "(7)"),
        ("FORMAT(0, '0;-0;none')", "none"),
        (f"FORMAT({MOMENT}, 'yyyy-MM-dd HH:mm:ss.fff')", "2024-05-06 13:07:08.123"),
        (f"FORMAT({MOMENT}, 'd')", "5/6/2024"),
        (f"FORMAT({MOMENT}, 'D', 'en-US')", "Monday, May 6, 2024"),
        (f"FORMAT({MOMENT}, 'h:mm tt')", "1:07 PM"),
        (f"FORMAT({MOMENT}, 'ddd dd MMM yy')", "Mon 06 May 24"),
        (f"FORMAT({MOMENT}, '''week of'' d-M')", "week of 6-5"),
        (f"FORMAT({MOMENT}, 's')", "2024-05-06T13:07:08"),
        ("FORMAT(NULL, 'N')", None),
    ],
)
def test_a_format_gives(bench: Any, text: str, value: str | None) -> None:
    assert bench.value(text) == value


def test_other_cultures_are_not_supported(bench: Any) -> None:
    with pytest.raises(NotSupported):
        bench.value("FORMAT(1, 'N', 'de-DE')")


def test_text_cannot_be_formatted(bench: Any) -> None:
    with pytest.raises(SqlError) as caught:
        bench.value("FORMAT('x', 'N')")
    assert caught.value.number == 8116
