"""FROM: tables, joins, hints, rowsets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import pytest

from emulator.errors import NotSupported, SqlError
from emulator.sql import nodes

Parse: TypeAlias = Callable[[str], Any]


@pytest.fixture
def source(parse: Parse) -> Parse:
    """Parse one item of FROM."""

    def source(text: str) -> Any:
        (found,) = parse(f"SELECT * FROM {text}").query.body.sources
        return found

    return source


def shape(source: Any) -> str:
    """The nesting of joins, with the tables by name."""
    match source:
        case nodes.NamedTable(name, alias) if alias is None or alias:
            return str(name)
        case nodes.Join(kind, left, right, condition, hint):
            words = " ".join(filter(None, [kind, hint]))
            return f"({shape(left)} {words}{'' if condition else '*'} {shape(right)})"
        case nodes.FunctionTable(call):
            return f"{call.name}()"
        case _:
            return type(source).__name__


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a JOIN b ON 1 = 1 LEFT OUTER JOIN c ON 1 = 1", "((a INNER b) LEFT c)"),
        ("a JOIN b JOIN c ON 1 = 1 ON 1 = 1", "(a INNER (b INNER c))"),
        ("a LEFT JOIN (b JOIN c ON 1 = 1) ON 1 = 1", "(a LEFT (b INNER c))"),
        ("a CROSS JOIN b CROSS APPLY f(1) OUTER APPLY g()", "(((a CROSS* b) CROSS APPLY* f()) OUTER APPLY* g())"),
        ("a INNER LOOP JOIN b ON 1 = 1 FULL HASH JOIN c ON 1 = 1", "((a INNER LOOP b) FULL HASH c)"),
        ("{oj a LEFT OUTER JOIN b ON 1 = 1}", "(a LEFT b)"),
        ("a RIGHT JOIN b CROSS JOIN c ON 1 = 1", "(a RIGHT (b CROSS* c))"),
    ],
)
def test_joins_nest_as_their_on_clauses_say(source: Parse, text: str, expected: str) -> None:
    assert shape(source(text)) == expected


def test_a_join_without_on_is_refused(error_of: Callable[[str], SqlError]) -> None:
    assert error_of("SELECT * FROM a JOIN b WHERE 1 = 1").message == "Incorrect syntax near the keyword 'WHERE'."


@pytest.mark.parametrize("text", ["t AS x", "t x", "t AS [x]", 't "x"'])
def test_a_table_has_its_alias_with_or_without_as(source: Parse, text: str) -> None:
    assert source(text) == nodes.NamedTable(nodes.ObjectName("t"), "x")


@pytest.mark.parametrize(
    ("text", "hints"),
    [
        ("t WITH (NOLOCK)", (nodes.TableHint("NOLOCK"),)),
        ("t (NOLOCK)", (nodes.TableHint("NOLOCK"),)),
        ("t x (HOLDLOCK)", (nodes.TableHint("HOLDLOCK"),)),
        ("t WITH (UPDLOCK, HOLDLOCK ROWLOCK)", tuple(map(nodes.TableHint, ["UPDLOCK", "HOLDLOCK", "ROWLOCK"]))),
        ("t WITH (INDEX(ix, 2))", (nodes.TableHint("INDEX", ("ix", 2)),)),
        ("t WITH (INDEX = ix)", (nodes.TableHint("INDEX", ("ix",)),)),
        ("t WITH (FORCESEEK)", (nodes.TableHint("FORCESEEK"),)),
        ("t WITH (FORCESEEK(ix(a, b)))", (nodes.TableHint("FORCESEEK", ("ix",), ("a", "b")),)),
        ("@t x WITH (NOLOCK)", (nodes.TableHint("NOLOCK"),)),
    ],
)
def test_hints_are_read_in_every_spelling(source: Parse, text: str, hints: Any) -> None:
    assert source(text).hints == hints


def test_unknown_hints_and_lists_without_with_have_their_own_errors(error_of: Callable[[str], SqlError]) -> None:
    assert error_of("SELECT * FROM t WITH (FOO)").number == 321
    assert error_of("SELECT * FROM t (UPDLOCK, HOLDLOCK)").number == 1018
    assert error_of("SELECT * FROM t (INDEX(ix))").number == 1018


@pytest.mark.parametrize(
    ("text", "kind", "columns"),
    [
        ("(SELECT 1 AS a) AS d (x)", nodes.DerivedTable, ("x",)),
        ("((SELECT 1 AS a) UNION SELECT 2) AS d", nodes.DerivedTable, ()),
        ("(((SELECT 1 AS a))) d", nodes.DerivedTable, ()),
        ("(VALUES (1, 2), (3, DEFAULT)) AS d (x, y)", nodes.ValuesTable, ("x", "y")),
        ("dbo.f(1, @x) AS d (x)", nodes.FunctionTable, ("x",)),
        ("@x.nodes('/a') AS d (x)", nodes.MethodTable, ("x",)),
        ("t.c.nodes('/a') AS d (x)", nodes.MethodTable, ("x",)),
    ],
)
def test_rowsets_name_their_columns_behind_the_alias(source: Parse, text: str, kind: type, columns: Any) -> None:
    found = source(text)
    assert isinstance(found, kind)
    assert (found.alias, found.columns) == ("d", columns)


def test_a_derived_table_needs_an_alias(error_of: Callable[[str], SqlError]) -> None:
    assert error_of("SELECT * FROM (SELECT 1 AS a)").message == "Incorrect syntax near ')'."


def test_brackets_hold_a_join_or_a_query_and_no_single_table(
    source: Parse, error_of: Callable[[str], SqlError]
) -> None:
    assert shape(source("((SELECT 1 AS a) AS d JOIN e ON 1 = 1)")) == "(DerivedTable INNER e)"
    assert error_of("SELECT * FROM (t)").number == 102


def test_openjson_may_declare_its_columns(source: Parse) -> None:
    found = source("OPENJSON(@j, '$.a') WITH (id int, doc nvarchar(max) '$.d' AS JSON) AS j")
    assert found == nodes.OpenJson(
        nodes.Variable("@j"),
        nodes.StringLiteral("$.a"),
        (
            nodes.JsonColumn("id", nodes.TypeName("int")),
            nodes.JsonColumn("doc", nodes.TypeName("nvarchar", is_max=True), "$.d", as_json=True),
        ),
        "j",
    )
    assert source("OPENJSON(@j)").columns is None


def test_pivot_and_unpivot_wrap_what_stands_before_them(source: Parse) -> None:
    pivot = source("t PIVOT (SUM(x) FOR y IN ([1], [2])) AS p")
    assert (pivot.column, pivot.values, pivot.alias) == ("y", ("1", "2"), "p")
    unpivot = source("t UNPIVOT (v FOR n IN (a, b)) AS u JOIN w ON 1 = 1").left
    assert (unpivot.value_column, unpivot.name_column, unpivot.inputs) == ("v", "n", ("a", "b"))


def test_a_change_with_output_may_feed_an_insert(source: Parse) -> None:
    found = source("(DELETE FROM t OUTPUT deleted.a WHERE b = 1) AS d (a)")
    assert isinstance(found, nodes.OutputTable)
    assert isinstance(found.statement, nodes.Delete)


@pytest.mark.parametrize(
    "text",
    ["OPENQUERY(s, 'x')", "OPENROWSET('x')", "t TABLESAMPLE (5 PERCENT)", "t FOR SYSTEM_TIME ALL", "CHANGETABLE(x)"],
)
def test_rowsets_of_other_servers_and_versions_are_refused_by_name(
    error_of: Callable[[str], SqlError], text: str
) -> None:
    assert isinstance(error_of(f"SELECT * FROM {text}"), NotSupported)
