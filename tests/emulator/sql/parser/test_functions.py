"""Calls and special forms."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import pytest

from emulator.errors import SqlError
from emulator.sql import nodes

Parse: TypeAlias = Callable[[str], Any]

A, B, C = nodes.ColumnRef("a"), nodes.ColumnRef("b"), nodes.ColumnRef("c")
ONE, DOT = nodes.IntegerLiteral(1), nodes.StringLiteral(".")


def call(name: str, *arguments: nodes.Expression, **more: Any) -> nodes.FunctionCall:
    return nodes.FunctionCall(nodes.ObjectName(name), arguments, **more)


@pytest.mark.parametrize(
    ("text", "node"),
    [
        ("f()", call("f")),
        ("dbo.f(1, DEFAULT)", nodes.FunctionCall(nodes.ObjectName("f", "dbo"), (ONE, nodes.DefaultValue()))),
        ("COUNT(*)", call("COUNT", star=True)),
        ("COUNT(DISTINCT a)", call("COUNT", A, distinct=True)),
        ("COUNT(ALL a)", call("COUNT", A)),
        ("LEFT(a, 1)", call("LEFT", A, ONE)),
        ("COALESCE(a, b, 1)", call("COALESCE", A, B, ONE)),
        ("{fn UCASE(a)}", call("UCASE", A, odbc=True)),
        ("{fn CURRENT_DATE}", call("CURRENT_DATE", odbc=True)),
        ("{fn EXTRACT(YEAR FROM a)}", call("EXTRACT", nodes.ColumnRef("YEAR"), A, odbc=True)),
        ("{fn CONVERT(a, SQL_INTEGER)}", nodes.Convert(nodes.TypeName("int"), A)),
        ("TRIM(a)", call("TRIM", A)),
        ("TRIM(b FROM a)", call("TRIM", A, B)),
        ("TRIM(LEADING b FROM a)", call("LTRIM", A, B)),
        ("CAST(a AS decimal(18, 3))", nodes.Cast(A, nodes.TypeName("decimal", None, (18, 3)))),
        ("TRY_CAST(a AS nvarchar(max))", nodes.Cast(A, nodes.TypeName("nvarchar", is_max=True), attempt=True)),
        ("CONVERT(char(8), a, 112)", nodes.Convert(nodes.TypeName("char", None, (8,)), A, nodes.IntegerLiteral(112))),
        ("TRY_PARSE(a AS date USING 'en')", nodes.Parse(A, nodes.TypeName("date"), nodes.StringLiteral("en"), True)),
        ("IIF(a > 1, b, c)", nodes.SearchedCase(((nodes.Comparison(">", A, ONE), B),), C)),
        ("CASE a WHEN 1 THEN b END", nodes.SimpleCase(A, ((ONE, B),))),
        ("CASE WHEN a = 1 THEN b ELSE c END", nodes.SearchedCase(((nodes.Comparison("=", A, ONE), B),), C)),
        ("NEXT VALUE FOR dbo.s", nodes.NextValueFor(nodes.ObjectName("s", "dbo"))),
        ("JSON_OBJECT('a': b ABSENT ON NULL)", nodes.JsonObject(((nodes.StringLiteral("a"), B),), True)),
        ("JSON_ARRAY(a, b NULL ON NULL)", nodes.JsonArray((A, B), False)),
        ("JSON_ARRAY()", nodes.JsonArray(())),
        ("IDENTITY(int, 1, 2)", nodes.IdentityFunction(nodes.TypeName("int"), 1, 2)),
        ("@x.value('.')", nodes.MethodCall(nodes.Variable("@x"), "value", (DOT,))),
        ("t.c.query('.')", nodes.MethodCall(nodes.ColumnRef("c", nodes.ObjectName("t")), "query", (DOT,))),
    ],
)  # fmt: skip
def test_each_form_has_its_node(parse_expression: Parse, text: str, node: Any) -> None:
    assert parse_expression(text) == node


def test_standard_spellings_of_types_become_those_of_tsql(parse_expression: Parse) -> None:
    spellings = {
        "double precision": "float",
        "national character varying(5)": "nvarchar",
        "char varying(5)": "varchar",
        "dec(5)": "decimal",
        "integer": "int",
    }
    for spelling, name in spellings.items():
        assert parse_expression(f"CAST(a AS {spelling})").type.name == name
    assert parse_expression("CAST(a AS [integer])").type.name == "integer"
    assert parse_expression("CAST(a AS dbo.integer)").type == nodes.TypeName("integer", "dbo")


def test_a_window_has_partition_order_and_frame(parse_expression: Parse) -> None:
    node = parse_expression(
        "SUM(a) OVER (PARTITION BY b ORDER BY c DESC ROWS BETWEEN 1 PRECEDING AND UNBOUNDED FOLLOWING)"
    )
    frame = nodes.WindowFrame("ROWS", nodes.FrameBound("PRECEDING", ONE), nodes.FrameBound("UNBOUNDED FOLLOWING"))
    assert node.over == nodes.Window((B,), (nodes.OrderItem(C, descending=True),), frame)


def test_a_short_frame_ends_at_the_current_row(parse_expression: Parse) -> None:
    frame = parse_expression("SUM(a) OVER (ORDER BY c RANGE UNBOUNDED PRECEDING)").over.frame
    assert (frame.first.kind, frame.last.kind) == ("UNBOUNDED PRECEDING", "CURRENT ROW")


def test_windows_may_be_named_and_nulls_ignored(parse_expression: Parse) -> None:
    node = parse_expression("LAG(a) IGNORE NULLS OVER (w ORDER BY b)")
    assert (node.nulls, node.over.base) == ("IGNORE NULLS", "w")
    assert parse_expression("LAG(a) OVER w").over == nodes.Window(base="w")


def test_ordered_aggregates_keep_their_order(parse_expression: Parse) -> None:
    node = parse_expression("STRING_AGG(a, ',') WITHIN GROUP (ORDER BY b DESC, c)")
    assert node.within_group == (nodes.OrderItem(B, descending=True), nodes.OrderItem(C))


def test_clr_and_full_text_forms_are_refused_by_name(error_of: Callable[[str], SqlError]) -> None:
    assert "static methods of type hierarchyid" in error_of("SELECT hierarchyid::GetRoot()").message
    assert "CONTAINS" in error_of("SELECT 1 FROM t WHERE CONTAINS(a, 'x')").message
