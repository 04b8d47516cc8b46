"""The escape `{fn ...}` (documentation: "ODBC Scalar Functions (Transact-SQL)")."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest

MOMENT = "CAST('2024-05-16T17:18:19' AS datetime)"


@pytest.mark.parametrize(
    ("call", "value"),
    [
        ("UCASE('a')", "A"),
        ("INSERT('abcdef', 2, 3, '-')", "a-ef"),
        ("LOCATE('c', 'abc')", 3),
        ("REPEAT('ab', 2)", "abab"),
        ("BIT_LENGTH(N'ab')", 32),
        ("OCTET_LENGTH('ab')", 2),
        ("MOD(7, 4)", 3),
        ("TRUNCATE(2.79, 1)", Decimal("2.70")),
        ("ATAN2(0, 1)", 0.0),
        (f"DAYNAME({MOMENT})", "Thursday"),
        (f"MONTHNAME({MOMENT})", "May"),
        (f"DAYOFMONTH({MOMENT})", 16),
        (f"DAYOFWEEK({MOMENT})", 5),
        (f"DAYOFYEAR({MOMENT})", 137),
        (f"QUARTER({MOMENT})", 2),
        (f"WEEK({MOMENT})", 20),
        (f"HOUR({MOMENT})", 17),
        (f"MINUTE({MOMENT})", 18),
        (f"SECOND({MOMENT})", 19),
        (f"EXTRACT(MONTH FROM {MOMENT})", 5),
        (f"TIMESTAMPADD(SQL_TSI_MONTH, 1, {MOMENT})", datetime(2024, 6, 16, 17, 18, 19)),
        (f"TIMESTAMPDIFF(SQL_TSI_DAY, '2024-01-01', {MOMENT})", 136),
    ],
)
def test_functions_of_odbc_are_those_of_tsql_by_other_names(client: Any, call: str, value: Any) -> None:
    assert client.value(f"{{fn {call}}}") == value


def test_the_time_of_day_comes_with_a_precision(client: Any) -> None:
    found = client.query(
        "SELECT CAST({fn CURTIME()} AS varchar(20)), CAST({fn CURRENT_TIME(0)} AS varchar(20)), {fn CURDATE()}"
    )
    ((milliseconds, seconds, today),) = found
    assert (len(milliseconds), len(seconds)) == (12, 8)
    assert isinstance(today, date)


@pytest.mark.parametrize(
    ("call", "number"),
    [
        ("HOUR()", 174),
        ("MOD(1)", 174),
        ("TIMESTAMPADD(day, 1, '2024-01-01')", 155),
        ("CURRENT_TIME('3')", 102),
        ("NOSUCH(1)", 195),
    ],
)
def test_what_the_escape_cannot_call(client: Any, call: str, number: int) -> None:
    assert client.fails(f"SELECT {{fn {call}}}").number == number
