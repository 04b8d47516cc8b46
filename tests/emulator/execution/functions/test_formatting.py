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


def test_a_culture_that_is_not_known_here_is_refused_and_one_that_there_is_not_is_9818(bench: Any) -> None:
    with pytest.raises(NotSupported):
        bench.value("FORMAT(1, 'N', 'ru-RU')")
    with pytest.raises(SqlError) as caught:
        bench.value("FORMAT(1, 'N', 'xx-nowhere')")
    assert caught.value.number == 9818


@pytest.mark.parametrize(
    ("format", "culture", "text"),
    [
        ("N", "de-DE", "1.234,50"),
        ("C", "de-de", "1.234,50 €"),
        ("C", "en-gb", "£1,234.50"),
        ("C", "ja-JP", "¥1,235"),
        ("C", "nl-NL", "€ 1.234,50"),
        ("N1", "fr-FR", "1\u00a0234,5"),
        ("P0", "de", "123.450 %"),
        ("0.00;(0.00)", "sv-SE", "1234,50"),
    ],
)
def test_numbers_follow_the_culture(bench: Any, format: str, culture: str, text: str) -> None:
    assert bench.value(f"FORMAT(1234.5, '{format}', '{culture}')") == text


@pytest.mark.parametrize(
    ("format", "culture", "text"),
    [
        ("d", "en-gb", "09/08/2024"),
        ("d", "de-de", "09.08.2024"),
        ("d", "zh-cn", "2024/8/9"),
        ("d", "sv-SE", "2024-08-09"),
        ("D", "en-gb", "09 August 2024"),
        ("D", "de-de", "Freitag, 9. August 2024"),
        ("D", "zh-cn", "2024年8月9日"),
        ("D", "es-ES", "viernes, 9 de agosto de 2024"),
        ("dd/MM/yyyy", "de-DE", "09.08.2024"),
        ("ddd dd MMM", "fr-FR", "ven. 09 août"),
        ("M", "pt-BR", "9 de agosto"),
    ],
)
def test_dates_follow_the_culture(bench: Any, format: str, culture: str, text: str) -> None:
    assert bench.value(f"FORMAT(CAST('2024-08-09' AS date), '{format}', '{culture}')") == text


@pytest.mark.parametrize(
    ("value", "format", "text"),
    [
        ("123456789", "###-##-####", "123-45-6789"),
        ("5551234567", "(000) 000-0000", "(555) 123-4567"),
        ("1234567", "0,,.00M", "1.23M"),
        ("1234", "0,.0K", "1.2K"),
        ("0.256", "0.0%", "25.6%"),
        ("1234.5", "0.00E+00", "1.23E+03"),
        ("1234.5678", "E2", "1.23E+003"),
        ("0", "#,##0;(#,##0);none", "none"),
        ("0.001", "0.0;-0.0;none", "none"),
        ("-1", "X", "FFFFFFFF"),
        ("CAST(-1 AS smallint)", "x", "ffff"),
        ("1e0 / 3", "G", "0.333333333333333"),
        ("1e20", "G", "1E+20"),
        ("1.5500", "G", "1.5500"),
        ("1", "\\#0", "#1"),
        ("12.5", "D5", None),
        ("12.5", "X", None),
        ("12.5", "Q", None),
    ],
)
def test_numbers_by_places_and_other_standard_formats(bench: Any, value: str, format: str, text: str | None) -> None:
    assert bench.value(f"FORMAT({value}, '{format}')") == text


@pytest.mark.parametrize(
    ("format", "text"),
    [
        ("hh\\.mm", "07.35"),
        ("hh\\:mm", "07:35"),
        ("h\\ ''hours''", "7 hours"),
        ("c", "07:35:01.5000000"),
        ("g", "7:35:01.5"),
        ("G", "0:07:35:01.5000000"),
        ("ss\\.ff", "01.50"),
        ("%h", "7"),
        ("hh.mm", None),
        ("hh:mm", None),
        ("h", None),
    ],
)
def test_a_time_is_formatted_as_a_span_of_time(bench: Any, format: str, text: str | None) -> None:
    assert bench.value(f"FORMAT(CAST('07:35:01.5' AS time), '{format}')") == text


@pytest.mark.parametrize(
    ("format", "text"),
    [
        ("R", "Mon, 06 May 2024 11:07:08 GMT"),
        ("o", "2024-05-06T13:07:08.1234567+02:00"),
        ("u", "2024-05-06 11:07:08Z"),
        ("HH:mm K", "13:07 +02:00"),
        ("%z", "+2"),
        ("U", None),
        ("Q", None),
    ],
)
def test_a_moment_with_an_offset(bench: Any, format: str, text: str | None) -> None:
    value = "CAST('2024-05-06 13:07:08.1234567 +02:00' AS datetimeoffset)"
    assert bench.value(f"FORMAT({value}, '{format}')") == text


def test_text_cannot_be_formatted(bench: Any) -> None:
    with pytest.raises(SqlError) as caught:
        bench.value("FORMAT('x', 'N')")
    assert caught.value.number == 8116
