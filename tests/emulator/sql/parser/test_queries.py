"""SELECT blocks, set operators and the clauses around them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import pytest

from emulator.errors import NotSupported, SqlError
from emulator.sql import nodes, query_hints

Parse: TypeAlias = Callable[[str], Any]

A, B, C = nodes.ColumnRef("a"), nodes.ColumnRef("b"), nodes.ColumnRef("c")
ONE = nodes.IntegerLiteral(1)


def block(select: Any) -> nodes.QuerySpecification:
    body = select.query.body
    assert isinstance(body, nodes.QuerySpecification)
    return body


@pytest.mark.parametrize(
    ("text", "item"),
    [
        ("a", nodes.SelectExpression(A)),
        ("a AS x", nodes.SelectExpression(A, "x")),
        ("a x", nodes.SelectExpression(A, "x")),
        ("a AS 'x y'", nodes.SelectExpression(A, "x y")),
        ("a 'x'", nodes.SelectExpression(A, "x")),
        ("x = a", nodes.SelectExpression(A, "x")),
        ("[x y] = a", nodes.SelectExpression(A, "x y")),
        ("'x' = a", nodes.SelectExpression(A, "x")),
        ("*", nodes.SelectStar()),
        ("t.*", nodes.SelectStar(nodes.ObjectName("t"))),
        ("d..t.*", nodes.SelectStar(nodes.ObjectName("t", None, "d"))),
        ("@v = a", nodes.SelectAssignment(nodes.Variable("@v"), "=", A)),
        ("@v += a", nodes.SelectAssignment(nodes.Variable("@v"), "+=", A)),
    ],
)
def test_an_item_has_its_alias_in_any_spelling(parse: Parse, text: str, item: Any) -> None:
    assert block(parse(f"SELECT {text}")).items == (item,)


def test_all_clauses_of_a_block_are_kept(parse: Parse) -> None:
    text = "SELECT DISTINCT TOP (1) PERCENT WITH TIES a INTO #x FROM t, u WHERE a = b GROUP BY a HAVING a = c"
    found = block(parse(text))
    assert found.distinct
    assert found.top == nodes.Top(ONE, percent=True, with_ties=True)
    assert found.into == nodes.ObjectName("#x")
    assert [str(source.name) for source in found.sources if isinstance(source, nodes.NamedTable)] == ["t", "u"]
    assert found.where == nodes.Comparison("=", A, B)
    assert found.group_by == (A,)
    assert found.having == nodes.Comparison("=", A, C)


def test_top_without_brackets_takes_only_a_number(parse: Parse, error_of: Callable[[str], SqlError]) -> None:
    assert block(parse("SELECT TOP 1 a")).top == nodes.Top(ONE)
    assert error_of("SELECT TOP @n a").message == "Incorrect syntax near '@n'."


def test_grouping_sets_rollup_and_cube_nest_as_documented(parse: Parse) -> None:
    text = "SELECT 1 FROM t GROUP BY a, ROLLUP (a, (b, c)), CUBE (b), GROUPING SETS ((a, b), c, (), ROLLUP (a)), ()"
    assert block(parse(text)).group_by == (
        A,
        nodes.Rollup(((A,), (B, C))),
        nodes.Cube(((B,),)),
        nodes.GroupingSets(((A, B), (C,), (), (nodes.Rollup(((A,),)),))),
        nodes.GroupingSets(((),)),
    )


def test_with_rollup_is_a_rollup_of_the_whole_list(parse: Parse) -> None:
    assert block(parse("SELECT 1 FROM t GROUP BY a, b WITH ROLLUP")).group_by == (nodes.Rollup(((A,), (B,))),)


def _shape(body: nodes.QueryBody) -> str:
    if isinstance(body, nodes.SetOperation):
        return f"({_shape(body.left)} {body.operator} {_shape(body.right)})"
    (item,) = body.items
    assert isinstance(item, nodes.SelectExpression)
    assert isinstance(item.expression, nodes.IntegerLiteral)
    return str(item.expression.value)


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ("SELECT 1 UNION SELECT 2 EXCEPT SELECT 3", "((1 UNION 2) EXCEPT 3)"),
        ("SELECT 1 UNION ALL SELECT 2 INTERSECT SELECT 3", "(1 UNION ALL (2 INTERSECT 3))"),
        ("SELECT 1 INTERSECT SELECT 2 UNION SELECT 3", "((1 INTERSECT 2) UNION 3)"),
        ("SELECT 1 EXCEPT (SELECT 2 UNION SELECT 3)", "(1 EXCEPT (2 UNION 3))"),
        ("(SELECT 1 UNION SELECT 2) INTERSECT SELECT 3", "((1 UNION 2) INTERSECT 3)"),
        ("((SELECT 1))", "1"),
    ],
)
def test_intersect_binds_tighter_and_brackets_tightest(parse: Parse, text: str, shape: str) -> None:
    assert _shape(parse(text).query.body) == shape


def test_order_and_page_belong_to_the_whole_query(parse: Parse) -> None:
    query = parse("SELECT 1 UNION SELECT 2 ORDER BY a DESC, b OFFSET 1 ROW FETCH NEXT @n ROWS ONLY").query
    assert isinstance(query.body, nodes.SetOperation)
    assert query.order_by == (nodes.OrderItem(A, descending=True), nodes.OrderItem(B))
    assert (query.offset, query.fetch) == (ONE, nodes.Variable("@n"))


def test_an_operand_in_brackets_has_no_order(error_of: Callable[[str], SqlError]) -> None:
    error = error_of("(SELECT TOP 1 a FROM t ORDER BY a) UNION SELECT 2")
    assert (error.number, error.message) == (156, "Incorrect syntax near the keyword 'ORDER'.")


def test_common_tables_come_with_their_statement(parse: Parse) -> None:
    select = parse("WITH x (p, q) AS (SELECT 1, 2), y AS (SELECT * FROM x) SELECT * FROM y OPTION (MAXRECURSION 0)")
    assert [(cte.name, cte.columns) for cte in select.ctes] == [("x", ("p", "q")), ("y", ())]
    assert select.options == (nodes.QueryHint("MAXRECURSION", (0,)),)


def test_query_hints_are_kept_as_data(parse: Parse) -> None:
    text = (
        "SELECT 1 OPTION (RECOMPILE, MAXDOP 4, HASH JOIN, OPTIMIZE FOR (@a = 'x', @b UNKNOWN), OPTIMIZE FOR UNKNOWN,"
        " USE HINT ('DISALLOW_BATCH_MODE', 'query_plan_profile'), MAX_GRANT_PERCENT = 10)"
    )
    assert parse(text).options == (
        nodes.QueryHint("RECOMPILE"),
        nodes.QueryHint("MAXDOP", (4,)),
        nodes.QueryHint("HASH JOIN"),
        nodes.QueryHint("OPTIMIZE FOR", ("@a = 'x'", "@b UNKNOWN")),
        nodes.QueryHint("OPTIMIZE FOR UNKNOWN"),
        nodes.QueryHint("USE HINT", ("DISALLOW_BATCH_MODE", "query_plan_profile")),
        nodes.QueryHint("MAX_GRANT_PERCENT", (10,)),
    )


@pytest.mark.parametrize(
    ("text", "clause"),
    [
        ("FOR JSON AUTO", nodes.ForJson("AUTO")),
        ("FOR JSON PATH, ROOT, INCLUDE_NULL_VALUES", nodes.ForJson("PATH", "root", include_null_values=True)),
        ("FOR JSON PATH, WITHOUT_ARRAY_WRAPPER", nodes.ForJson("PATH", without_array_wrapper=True)),
        ("FOR XML PATH(''), TYPE", nodes.ForXml("PATH", "", typed=True)),
        ("FOR XML RAW, ROOT('r'), ELEMENTS XSINIL", nodes.ForXml("RAW", None, "r", elements="ELEMENTS XSINIL")),
        ("FOR BROWSE", nodes.ForBrowse()),
    ],
)
def test_for_clauses_are_read_with_their_directives(parse: Parse, text: str, clause: Any) -> None:
    assert parse(f"SELECT a FROM t {text}").query.for_clause == clause


def test_named_windows_follow_having(parse: Parse) -> None:
    windows = block(parse("SELECT a FROM t WINDOW w AS (PARTITION BY a), v AS (w ORDER BY b)")).windows
    assert windows == (
        ("w", nodes.Window((A,))),
        ("v", nodes.Window((), (nodes.OrderItem(B),), None, "w")),
    )


def test_with_behind_an_unfinished_statement_says_what_is_missing(
    parse: Parse, error_of: Callable[[str], SqlError]
) -> None:
    error = error_of("SELECT 1\nWITH x AS (SELECT 1 AS a) SELECT * FROM x")
    assert (error.number, error.line) == (319, 2)
    assert isinstance(parse("BEGIN WITH x AS (SELECT 1 AS a) SELECT * FROM x END"), nodes.Block)


@pytest.mark.parametrize("name", sorted(query_hints.STEERING - query_hints.NUMBERED - {"OPTIMIZE FOR", "USE HINT"}))
def test_hints_that_steer_a_plan_are_taken(parse: Parse, name: str) -> None:
    """Documentation: "Query hints (Transact-SQL)"."""
    assert parse(f"SELECT 1 OPTION ({name})").options[0].name == name


@pytest.mark.parametrize("name", sorted(query_hints.REFUSED))
def test_hints_that_change_what_is_read_or_locked_are_refused(parse: Parse, name: str) -> None:
    with pytest.raises(NotSupported, match=name):
        parse(f"SELECT 1 OPTION ({name} (t, NOLOCK))")


@pytest.mark.parametrize(
    ("hint", "number"),
    [
        ("BANANA", 102),
        ("HASH", 102),
        ("LABEL = 'l'", 102),
        ("MAXDOP", 102),
        ("MAXDOP 1.5", 102),
        ("MAXRECURSION 'x'", 102),
        ("USE HINT ('BANANA')", 10715),
    ],
)
def test_a_hint_that_does_not_exist_is_an_error(parse: Parse, hint: str, number: int) -> None:
    with pytest.raises(SqlError) as caught:
        parse(f"SELECT 1 OPTION ({hint})")
    assert caught.value.number == number


def test_use_hint_takes_names_in_any_case(parse: Parse) -> None:
    hints = parse("SELECT 1 OPTION (USE HINT ('disable_parameter_sniffing'), MAX_GRANT_PERCENT = 12.5)").options
    assert [hint.arguments for hint in hints] == [("disable_parameter_sniffing",), ("12.5",)]
