"""PARSE and TRY_PARSE. Documentation: "PARSE (Transact-SQL)", "TRY_PARSE (Transact-SQL)"."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import pytest


@pytest.mark.parametrize(
    ("text", "type", "value"),
    [
        (" 1,234 ", "int", 1234),
        ("-7.00", "int", -7),
        ("7-", "int", -7),
        ("1,234.567", "decimal(9, 2)", Decimal("1234.57")),
        ("$1,345.98", "money", Decimal("1345.98")),
        ("(5)", "money", Decimal(-5)),
        ("1.5e3", "float", 1500.0),
        ("Monday, 13 December 2010", "date", datetime.date(2010, 12, 13)),
        ("12/16/2010", "date", datetime.date(2010, 12, 16)),
        ("2010-12-16 13:05", "datetime2(0)", datetime.datetime(2010, 12, 16, 13, 5)),
    ],
)
def test_text_is_read_as_people_write_it(client: Any, text: str, type: str, value: Any) -> None:
    assert client.value(f"PARSE('{text}' AS {type} USING 'en-US')") == value
    assert client.value(f"TRY_PARSE('{text}' AS {type})") == value


@pytest.mark.parametrize(
    ("text", "type"),
    [("x", "int"), ("1.5", "int"), ("$1", "int"), ("1e3", "decimal(9, 2)"), ("300", "tinyint"), ("", "date")],
)
def test_what_cannot_be_read_is_an_error_or_null(client: Any, text: str, type: str) -> None:
    assert client.fails(f"DECLARE @v varchar(20) = '{text}'; SELECT PARSE(@v AS {type})").number == 9819
    assert client.value(f"TRY_PARSE('{text}' AS {type})") is None


@pytest.mark.parametrize(
    ("call", "number"),
    [
        ("PARSE('1' AS varchar(9))", 10761),
        ("PARSE(NULL AS int)", 8116),
        ("PARSE('1' AS int USING 'ru-RU')", 40517),
        ("PARSE('1' AS int USING 'xx-nowhere')", 9818),
        ("PARSE('16/12/2010' AS date USING 'en-US')", 9819),
    ],
)
def test_what_is_refused(client: Any, call: str, number: int) -> None:
    assert client.fails(f"SELECT {call}").number == number


@pytest.mark.parametrize(
    ("call", "value"),
    [
        ("PARSE('€345,98' AS money USING 'de-DE')", Decimal("345.98")),
        ("PARSE('345,98 €' AS money USING 'de-DE')", Decimal("345.98")),
        ("PARSE('1.234,5' AS decimal(10,2) USING 'de-DE')", Decimal("1234.50")),
        ("PARSE('1 234,5' AS decimal(10,2) USING 'fr-FR')", Decimal("1234.50")),
        ("PARSE('16/12/2010' AS date USING 'en-GB')", datetime.date(2010, 12, 16)),
        ("PARSE('16.12.2010' AS date USING 'de-DE')", datetime.date(2010, 12, 16)),
        ("PARSE('2010-12-16' AS date USING 'de-DE')", datetime.date(2010, 12, 16)),
        ("PARSE('Donnerstag, 16. Dezember 2010' AS date USING 'de-DE')", datetime.date(2010, 12, 16)),
        ("PARSE('16 décembre 2010' AS date USING 'fr')", datetime.date(2010, 12, 16)),
    ],
)
def test_numbers_and_dates_of_other_cultures(client: Any, call: str, value: Any) -> None:
    assert client.value(call) == value


def test_without_a_culture_that_of_the_language_counts(client: Any) -> None:
    client.run("SET LANGUAGE German")
    assert client.value("PARSE('16. Dezember 2010' AS date)") == datetime.date(2010, 12, 16)
    assert client.value("FORMAT(1234.5, 'N')") == "1.234,50"
    assert client.value("FORMAT(CAST('20100301' AS date), 'MMMM', 'en-US')") == "March"


def test_for_may_come_behind_option(client: Any) -> None:
    rows = client.query("SELECT n FROM (VALUES (1), (2)) AS v (n) ORDER BY n OPTION (MAXDOP 1) FOR JSON AUTO")
    assert rows == client.query("SELECT n FROM (VALUES (1), (2)) AS v (n) ORDER BY n FOR JSON AUTO OPTION (MAXDOP 1)")


def test_a_built_in_function_may_have_two_colons_before_it(client: Any) -> None:
    assert client.query("SELECT name FROM ::fn_helpcollations() WHERE name = 'Latin1_General_BIN2'") == [
        ("Latin1_General_BIN2",)
    ]
