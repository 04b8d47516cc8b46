"""CAST, CONVERT and the conversions that nobody writes (documentation: "CAST and CONVERT (Transact-SQL)")."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from emulator.errors import SqlError, sql_error
from emulator.planning.binding import SourceColumn
from emulator.planning.expressions import assign_to, convert_to
from emulator.types.sqltype import BIGINT, INT, decimal, nvarchar, varchar


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("CAST('12' AS int)", 12),
        ("CAST(2.5 AS decimal(10, 3))", Decimal("2.500")),
        ("CAST('abcdef' AS varchar(3))", "abc"),
        ("CAST(NULL AS int)", None),
        ("CONVERT(varchar(10), CAST('2024-05-06' AS date), 112)", "20240506"),
        ("CONVERT(date, '06/05/2024', @style)", date(2024, 5, 6)),
        ("CONVERT(varchar(10), 5, NULL)", None),
        ("TRY_CAST('x' AS int)", None),
        ("TRY_CAST('7' AS int)", 7),
        ("TRY_CONVERT(date, '2024-02-30')", None),
        ("TRY_CAST(300 AS tinyint)", None),
    ],
)
def test_an_explicit_conversion(bench: Any, text: str, value: Any) -> None:
    bench.declare("@style", INT, 103)
    assert bench.value(text) == value


def test_try_cast_leaves_conversions_that_do_not_exist_to_fail(bench: Any) -> None:
    with pytest.raises(SqlError) as caught:
        bench.expr("TRY_CAST(CAST('2024-01-01' AS date) AS int)")
    assert caught.value.number == 529


def test_an_unknown_type_is_error_243(bench: Any) -> None:
    with pytest.raises(SqlError) as caught:
        bench.expr("CAST(1 AS nonsense)")
    assert caught.value.number == 243


def test_types_without_length_have_30_characters_in_a_cast(bench: Any) -> None:
    assert bench.type("CAST(1 AS varchar)") == varchar(30)


def test_a_conversion_that_changes_nothing_keeps_the_variable(bench: Any) -> None:
    bench.declare("@a", INT, 1)
    assert convert_to(bench.expr("@a"), BIGINT).variable == 0
    assert convert_to(bench.expr("@a"), decimal(10, 2)).variable is None


def test_only_a_cast_that_converts_hides_the_column(bench: Any) -> None:
    bench.table("t", [SourceColumn("Id", INT)], (1,))
    assert bench.expr("CAST(Id AS int)").column is not None
    assert bench.expr("CAST(Id AS bigint)").column is None


def test_converted_text_keeps_its_collation(bench: Any) -> None:
    expr = convert_to(bench.expr("'a' COLLATE Latin1_General_BIN2"), nvarchar(10))
    assert expr.type == nvarchar(10, "Latin1_General_BIN2")


def test_the_null_literal_becomes_null_of_any_type(bench: Any) -> None:
    expr = assign_to(bench.expr("NULL"), decimal(10, 2))
    assert expr.type == decimal(10, 2)
    assert expr.fn([]) is None


def test_an_assignment_cuts_silently_or_raises_what_it_is_told_to(bench: Any) -> None:
    bench.declare("@s", varchar(10), "abcdef")
    source = bench.expr("@s")
    assert assign_to(source, varchar(3)).fn(bench.env) == "abc"
    checked = assign_to(source, varchar(3), lambda cut: sql_error(2628, "dbo.T", "C", cut))
    with pytest.raises(SqlError) as caught:
        checked.fn(bench.env)
    assert caught.value.number == 2628
    assert "'abc'" in caught.value.message
