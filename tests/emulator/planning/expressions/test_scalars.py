"""Literals, names and replacements."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from emulator.errors import SqlError
from emulator.planning.binding import Expr, Scope, SourceColumn
from emulator.planning.expressions import compile_scalar
from emulator.types.sqltype import FLOAT, INT, MONEY, decimal, numeric, nvarchar, varbinary, varchar

NAME = SourceColumn("Name", varchar(20, "Latin1_General_CS_AS"))
ID = SourceColumn("Id", INT, nullable=False)


@pytest.mark.parametrize(
    ("text", "type"),
    [
        ("1", INT),
        ("2147483648", numeric(10, 0)),
        ("12.50", numeric(4, 2)),
        ("1e3", FLOAT),
        ("$1.5", MONEY),
        ("''", varchar(1)),
        ("'abc'", varchar(3)),
        ("N'abc'", nvarchar(3)),
        ("0x0102", varbinary(2)),
    ],
)
def test_a_literal_has_the_type_that_its_spelling_gives_it(bench: Any, text: str, type: Any) -> None:
    expr = bench.expr(text)
    assert expr.type == type
    assert expr.constant


def test_a_string_beyond_8000_characters_is_of_the_max_type(bench: Any) -> None:
    assert bench.type("'" + "x" * 8001 + "'").length == -1
    assert bench.type("N'" + "x" * 4001 + "'").length == -1


def test_the_null_literal_says_so(bench: Any) -> None:
    assert bench.expr("NULL").is_null_literal
    assert bench.value("NULL") is None


def test_a_variable_is_read_from_its_place_and_gives_way_to_any_collation(bench: Any) -> None:
    bench.declare("@a", INT, 7)
    bench.declare("@s", varchar(10, "Latin1_General_BIN2"), "x")
    assert bench.value("@A") == 7
    assert bench.expr("@a").variable == 0
    assert bench.type("@s") == varchar(10)


def test_an_undeclared_variable_is_error_137(bench: Any) -> None:
    with pytest.raises(SqlError) as caught:
        bench.expr("@nobody")
    assert caught.value.number == 137


def test_a_column_is_read_from_the_row_of_its_source(bench: Any) -> None:
    source = bench.table("t", [ID, NAME], (5, "bolt"))
    expr = bench.expr("t.name")
    assert bench.value("t.name") == "bolt"
    assert expr.column == (source.slot, 1)
    assert expr.slots == {source.slot}
    assert expr.type.collation == "Latin1_General_CS_AS"


def test_columns_of_the_inner_side_of_an_outer_join_may_be_null(bench: Any) -> None:
    source = bench.table("t", [ID], (5,))
    assert not bench.expr("Id").nullable
    source.nullable_side = True
    assert bench.expr("Id").nullable


@pytest.mark.parametrize(("text", "number"), [("Nope", 207), ("x.Id", 4104), ("Id", 209)])
def test_names_that_mean_nothing_or_too_much_are_errors(bench: Any, text: str, number: int) -> None:
    bench.table("t", [ID], (1,))
    bench.table("u", [ID], (2,))
    with pytest.raises(SqlError) as caught:
        bench.expr(text)
    assert caught.value.number == number


def test_an_inner_scope_hides_the_columns_of_the_outer_one(bench: Any) -> None:
    outer = bench.table("o", [ID, NAME], (1, "outer"))
    inner = bench.table("i", [ID], (2,))
    scope = Scope([inner], parent=Scope([outer]))
    assert compile_scalar(bench.node("Id"), scope, bench.context).fn(bench.env) == 2
    correlated = compile_scalar(bench.node("Name"), scope, bench.context)
    assert correlated.fn(bench.env) == "outer"
    assert correlated.slots == {outer.slot}


# --- Replacements -----------------------------------------------------------------------------------------------------


def grouped(bench: Any, *keys: str) -> Scope:
    """A scope grouped by ``keys``; the value of each is its own text."""
    source = bench.table("t", [ID, NAME], (5, "bolt"))
    replacements = {bench.node(key): Expr(varchar(20), lambda env, key=key: key) for key in keys}
    return Scope([source], replacements=replacements, grouped=True)


@pytest.mark.parametrize("spelling", ["Name", "name", "t.NAME", "[Name]"])
def test_a_grouping_column_is_found_by_any_of_its_spellings(bench: Any, spelling: str) -> None:
    scope = grouped(bench, "t.Name")
    assert compile_scalar(bench.node(spelling), scope, bench.context).fn([]) == "t.Name"


def test_a_grouping_expression_is_found_inside_a_larger_one(bench: Any) -> None:
    scope = grouped(bench, "UPPER(t.Name)")
    expr = compile_scalar(bench.node("upper(NAME) + '!'"), scope, bench.context)
    assert expr.fn([[], None]) == "UPPER(t.Name)!"


def test_another_column_of_a_grouped_query_is_error_8120(bench: Any) -> None:
    scope = grouped(bench, "Name")
    with pytest.raises(SqlError) as caught:
        compile_scalar(bench.node("Id + 1"), scope, bench.context)
    assert caught.value.number == 8120
    assert "'t.Id'" in caught.value.message


def test_an_aggregate_that_was_computed_already_is_replaced(bench: Any) -> None:
    source = bench.table("t", [ID], (5,))
    total = Expr(decimal(38, 3), lambda env: 7500)
    scope = Scope([source], replacements={bench.node("SUM(Id)"): total}, grouped=True)
    expr = compile_scalar(bench.node("SUM(Id) * 2"), scope, bench.context)
    assert Decimal(expr.fn(bench.env)).scaleb(-expr.type.scale) == 15


# --- Operators --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1 + 2", 3),
        ("7 / 2", 3),
        ("-7 % 3", -1),
        ("1.0 / 3", Decimal("0.333333")),
        ("2 * 1.25", Decimal("2.50")),
        ("'a' + N'b'", "ab"),
        ("'5' + 5", 10),
        ("6 & 3 | 8", 10),
        ("~5", -6),
        ("NULL + 1", None),
        ("'a' + NULL", None),
        ("- - 3", 3),
    ],
)
def test_an_operator_gives(bench: Any, text: str, value: Any) -> None:
    assert bench.value(text) == value


def test_an_error_in_a_constant_waits_until_it_is_evaluated(bench: Any) -> None:
    expr = bench.expr("1 / 0")
    assert not expr.constant
    with pytest.raises(SqlError) as caught:
        expr.fn(bench.env)
    assert caught.value.number == 8134


def test_constants_are_folded(bench: Any) -> None:
    assert bench.expr("1 + 2 * 3").constant
    bench.declare("@a", INT, 1)
    assert not bench.expr("1 + @a").constant


def test_integer_literals_count_by_their_digits_beside_decimals(bench: Any) -> None:
    bench.declare("@q", decimal(18, 3), Decimal("2.5"))
    assert bench.type("@q * 2").precision == 20
    assert bench.type("@q * -2").precision == 20


@pytest.mark.parametrize("text", ["@s + @q", "1 + 'x'"])
def test_what_cannot_be_added_is_an_error(bench: Any, text: str) -> None:
    bench.declare("@s", varchar(10), "x")
    bench.declare("@q", decimal(18, 3), Decimal(1))
    with pytest.raises(SqlError) as caught:
        bench.value(text)
    assert caught.value.number in (245, 8114)
