"""INSERT, UPDATE, DELETE, MERGE, TRUNCATE, INSERT BULK."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import pytest

from emulator.errors import SqlError
from emulator.sql import nodes

Parse: TypeAlias = Callable[[str], Any]

ONE, TWO = nodes.IntegerLiteral(1), nodes.IntegerLiteral(2)
T = nodes.NamedTable(nodes.ObjectName("t"))


def column(name: str, table: str | None = None) -> nodes.ColumnRef:
    return nodes.ColumnRef(name, nodes.ObjectName(table) if table else None)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("INSERT t VALUES (1)", nodes.InsertValues),
        ("INSERT INTO t DEFAULT VALUES", nodes.InsertDefaults),
        ("INSERT INTO t SELECT 1", nodes.Query),
        ("INSERT INTO t (SELECT 1)", nodes.Query),
        ("INSERT INTO t ((SELECT 1) UNION SELECT 2)", nodes.Query),
        ("INSERT INTO t EXEC dbo.p 1", nodes.ExecuteProcedure),
        ("INSERT INTO t EXECUTE ('SELECT 1')", nodes.ExecuteString),
    ],
)
def test_an_insert_takes_rows_from_any_source(parse: Parse, text: str, kind: type) -> None:
    insert = parse(text)
    assert isinstance(insert.source, kind)
    assert insert.columns is None


def test_an_insert_keeps_columns_hints_top_and_values(parse: Parse) -> None:
    insert = parse("INSERT TOP (1) INTO t WITH (TABLOCK) (a, t.b) VALUES (1, DEFAULT), (NULL, @v)")
    assert insert.target == nodes.NamedTable(nodes.ObjectName("t"), None, (nodes.TableHint("TABLOCK"),))
    assert insert.columns == ("a", "b")
    assert insert.top == nodes.Top(ONE)
    assert insert.source.rows == ((ONE, nodes.DefaultValue()), (nodes.NullLiteral(), nodes.Variable("@v")))


def test_output_goes_into_a_table_to_the_client_or_both(parse: Parse) -> None:
    text = "INSERT t (a) OUTPUT inserted.a, inserted.* INTO @o (x, y) OUTPUT $action AS act VALUES (1)"
    into, out = parse(text).outputs
    assert into.items == (
        nodes.SelectExpression(column("a", "inserted")),
        nodes.SelectStar(nodes.ObjectName("inserted")),
    )
    assert (into.into, into.into_columns) == (nodes.VariableTable("@o"), ("x", "y"))
    assert out == nodes.OutputClause((nodes.SelectExpression(nodes.PseudoColumn("$ACTION"), "act"),))


def test_an_update_sets_columns_and_variables_in_every_form(parse: Parse) -> None:
    text = "UPDATE t SET a = 1, t.b += 2, @v = 1, @w = c = 2, @x = c += 1, d = DEFAULT, e.WRITE('x', 1, NULL)"
    assert parse(text).assignments == (
        nodes.ColumnAssignment(column("a"), "=", ONE),
        nodes.ColumnAssignment(column("b", "t"), "+=", TWO),
        nodes.VariableAssignment(nodes.Variable("@v"), "=", ONE),
        nodes.VariableAssignment(nodes.Variable("@w"), "=", TWO, column("c")),
        nodes.VariableAssignment(nodes.Variable("@x"), "+=", ONE, column("c")),
        nodes.ColumnAssignment(column("d"), "=", nodes.DefaultValue()),
        nodes.WriteAssignment(column("e"), nodes.StringLiteral("x"), ONE, nodes.NullLiteral()),
    )


def test_update_and_delete_have_from_where_output_and_options(parse: Parse) -> None:
    update = parse(
        "UPDATE TOP (1) x SET a = 1 OUTPUT deleted.a FROM t AS x JOIN u ON 1 = 1 WHERE x.a = 2 OPTION (RECOMPILE)"
    )
    assert (len(update.sources), len(update.outputs), update.options) == (1, 1, (nodes.QueryHint("RECOMPILE"),))
    delete = parse("DELETE FROM x OUTPUT deleted.* FROM t AS x WHERE x.a = 2")
    assert delete.target == nodes.NamedTable(nodes.ObjectName("x"))
    assert (len(delete.sources), len(delete.outputs)) == (1, 1)
    assert parse("DELETE @t").target == nodes.VariableTable("@t")


def test_positioned_changes_name_their_cursor(parse: Parse) -> None:
    assert parse("DELETE t WHERE CURRENT OF GLOBAL c").where == nodes.CurrentOf(nodes.CursorName("c", is_global=True))
    assert parse("UPDATE t SET a = 1 WHERE CURRENT OF @c").where == nodes.CurrentOf(nodes.Variable("@c"))


@pytest.mark.parametrize("verb", ["INSERT INTO t SELECT * FROM x", "UPDATE x SET a = 1", "DELETE x", "SELECT * FROM x"])
def test_common_tables_may_stand_before_any_change(parse: Parse, verb: str) -> None:
    statement = parse(f"WITH x AS (SELECT 1 AS a) {verb}")
    assert [cte.name for cte in statement.ctes] == ["x"]
    assert (statement.start, statement.line) == (0, 1)


def test_a_merge_has_a_clause_for_each_kind_of_match(parse: Parse) -> None:
    merge = parse(
        "MERGE INTO dbo.t WITH (HOLDLOCK) AS x USING (VALUES (1)) AS s (a) ON x.a = s.a"
        " WHEN MATCHED AND x.a = 1 THEN UPDATE SET b = 2"
        " WHEN MATCHED THEN DELETE"
        " WHEN NOT MATCHED THEN INSERT (a) VALUES (1)"
        " WHEN NOT MATCHED BY SOURCE AND x.a = 2 THEN DELETE OUTPUT $action;"
    )
    assert merge.target.alias == "x"
    assert [clause.kind for clause in merge.clauses] == [
        "MATCHED",
        "MATCHED",
        "NOT MATCHED BY TARGET",
        "NOT MATCHED BY SOURCE",
    ]
    assert merge.clauses[0].action == nodes.MergeUpdate((nodes.ColumnAssignment(column("b"), "=", TWO),))
    assert merge.clauses[2].action == nodes.MergeInsert(("a",), (ONE,))
    assert len(merge.outputs) == 1


def test_a_merge_ends_with_a_semicolon(error_of: Callable[[str], SqlError]) -> None:
    assert error_of("MERGE t USING u ON 1 = 1 WHEN MATCHED THEN DELETE").number == 10713


def test_a_merge_inserts_only_what_the_target_lacks(error_of: Callable[[str], SqlError]) -> None:
    assert error_of("MERGE t USING u ON 1 = 1 WHEN NOT MATCHED THEN DELETE;").number == 156


def test_insert_bulk_declares_its_columns(parse: Parse) -> None:
    text = "INSERT BULK dbo.t ([a] int, [b] varchar(10) COLLATE c) WITH (TABLOCK, ROWS_PER_BATCH = 5, ORDER (a ASC))"
    assert parse(text) == nodes.InsertBulk(
        nodes.ObjectName("t", "dbo"),
        (
            nodes.BulkColumn("a", nodes.TypeName("int")),
            nodes.BulkColumn("b", nodes.TypeName("varchar", None, (10,)), "c"),
        ),
        (("TABLOCK", ""), ("ROWS_PER_BATCH", "5")),
        (nodes.IndexColumn("a"),),
    )


def test_truncate_names_a_table(parse: Parse) -> None:
    assert parse("TRUNCATE TABLE dbo.t") == nodes.TruncateTable(nodes.ObjectName("t", "dbo"))
