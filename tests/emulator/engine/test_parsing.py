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
        ("PARSE('1' AS int USING 'de-DE')", 40517),
    ],
)
def test_what_is_refused(client: Any, call: str, number: int) -> None:
    assert client.fails(f"SELECT {call}").number == number
