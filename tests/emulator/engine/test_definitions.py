"""CREATE, ALTER, DROP and their undoing (pages of the Transact-SQL reference by those names)."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest


def test_ddl_is_transactional(client: Any) -> None:
    client.run("BEGIN TRAN; CREATE TABLE t (a int); INSERT t VALUES (1); EXEC ('CREATE SCHEMA s'); ROLLBACK")
    assert client.fails("SELECT * FROM t").number == 208
    client.run("EXEC ('CREATE SCHEMA s')")
    client.run("CREATE TABLE t (a int PRIMARY KEY); INSERT t VALUES (1)")
    client.run("BEGIN TRAN; DROP TABLE t; ROLLBACK")
    assert client.query("SELECT a FROM t") == [(1,)]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("CREATE TABLE t (a int)", 2714),
        ("CREATE TABLE u (a int, A int)", 2705),
        ("CREATE TABLE u (a nothing)", 2715),
        ("CREATE TABLE nowhere.u (a int)", 2760),
        ("CREATE INDEX i ON t (nothing)", 1911),
        ("CREATE INDEX i ON nothing (a)", 1088),
        ("CREATE UNIQUE INDEX i ON t (b)", 1505),
        ("DROP TABLE nothing", 3701),
        ("DROP INDEX nothing ON t", 3701),
        ("DROP INDEX pk_t ON t", 3723),
        ("ALTER TABLE nothing ADD x int", 4902),
        ("ALTER TABLE t ADD x int NOT NULL", 4901),
        ("ALTER TABLE t DROP COLUMN nothing", 4924),
        ("ALTER TABLE t DROP CONSTRAINT nothing", 3728),
        ("ALTER TABLE t ADD CONSTRAINT ck CHECK (b > 5)", 547),
        ("DROP SCHEMA nothing", 15151),
        ("CREATE TABLE pk_t (a int)", 2714),
        ("USE nothing", 911),
        ("DROP DATABASE master", 3708),
        ("DROP DATABASE IF EXISTS tempdb", 3708),
        ("ALTER DATABASE nothing SET RECOVERY SIMPLE", 5011),
    ],
)
def test_wrong_definitions_have_their_numbers_and_change_nothing(client: Any, text: str, number: int) -> None:
    client.run("CREATE TABLE t (a int CONSTRAINT pk_t PRIMARY KEY, b int); INSERT t VALUES (1, 5), (2, 5)")
    assert client.fails(text).number == number
    assert client.query("SELECT a, b FROM t") == [(1, 5), (2, 5)]


@pytest.mark.parametrize(
    ("text", "number", "told"),
    [
        (
            "CREATE TABLE n (a int, s varchar(9000))",
            131,
            "column 's' exceeds the maximum allowed for any data type (8000)",
        ),
        ("ALTER TABLE t ALTER COLUMN a nvarchar(5000)", 2717, "column 'a' exceeds the maximum allowed (4000)"),
        ("DECLARE @s varchar(9000)", 131, "type 'varchar' exceeds the maximum allowed for any data type (8000)"),
        ("DECLARE @s nvarchar(5000)", 2717, "parameter '@s' exceeds the maximum allowed (4000)"),
        ("EXEC('CREATE PROCEDURE p @s nvarchar(5000) AS SELECT 1')", 2717, "parameter '@s' exceeds"),
        ("SELECT CAST('a' AS nvarchar(5000))", 2717, "type 'nvarchar' exceeds the maximum allowed (4000)"),
    ],
)
def test_what_is_declared_too_long_is_named(client: Any, text: str, number: int, told: str) -> None:
    client.run("CREATE TABLE t (a int)")
    error = client.fails(text)
    assert error.number == number
    assert told in error.message


def test_added_columns_get_their_default_where_they_must(client: Any) -> None:
    client.run("CREATE TABLE t (a int); INSERT t VALUES (1)")
    client.run(
        "ALTER TABLE t ADD b int NOT NULL CONSTRAINT df DEFAULT 7, c int NULL DEFAULT 8, d int NULL DEFAULT 9 WITH VALUES"
    )
    assert client.query("SELECT * FROM t") == [(1, 7, None, 9)]


def test_columns_and_constraints_can_be_dropped(client: Any) -> None:
    client.run(
        "CREATE TABLE t (a int CONSTRAINT pk PRIMARY KEY, b int CONSTRAINT df DEFAULT 1, c int); INSERT t VALUES (1, 2, 3)"
    )
    assert client.fails("ALTER TABLE t DROP COLUMN b").number == 5074
    client.run("ALTER TABLE t DROP CONSTRAINT df; ALTER TABLE t DROP COLUMN b; ALTER TABLE t DROP CONSTRAINT pk")
    client.run("INSERT t VALUES (1, 4)")
    assert client.query("SELECT a, c FROM t ORDER BY c") == [(1, 3), (1, 4)]


def test_altering_a_column_converts_its_values(client: Any) -> None:
    client.run("CREATE TABLE t (a int, s varchar(5)); INSERT t VALUES (1, '42')")
    client.run("ALTER TABLE t ALTER COLUMN s int NOT NULL")
    assert client.query("SELECT s + 1 FROM t") == [(43,)]
    client.run("INSERT t VALUES (2, 5)")
    assert client.fails("INSERT t VALUES (2, NULL)").number == 515


def test_an_index_finds_rows_and_holds_uniqueness(client: Any) -> None:
    client.run("CREATE TABLE t (a int PRIMARY KEY, b int, c int); INSERT t VALUES (1, 5, 0), (2, 6, 0), (3, NULL, 0)")
    client.run("CREATE UNIQUE INDEX i ON t (b DESC) INCLUDE (c) WHERE b IS NOT NULL")
    client.run("INSERT t VALUES (4, NULL, 1)")
    assert client.fails("INSERT t VALUES (5, 6, 1)").number == 2601
    assert client.query("SELECT a FROM t WHERE b = 6") == [(2,)]


def test_a_clustered_index_may_come_later(client: Any) -> None:
    client.run("CREATE TABLE t (a int NOT NULL, b int); INSERT t VALUES (3, 1), (1, 2), (2, 3)")
    client.run("ALTER TABLE t ADD CONSTRAINT pk PRIMARY KEY CLUSTERED (a)")
    assert client.query("SELECT a FROM t") == [(1,), (2,), (3,)]


def test_a_plan_follows_a_changed_definition(client: Any) -> None:
    client.run("CREATE TABLE t (a int); INSERT t VALUES (1)")
    client.run("CREATE PROCEDURE p AS SELECT * FROM t")
    assert client.query("EXEC p") == [(1,)]
    client.run("ALTER TABLE t ADD b int NULL")
    assert client.query("EXEC p") == [(1, None)]


def test_drop_if_exists_is_silent(client: Any) -> None:
    client.run("DROP TABLE IF EXISTS nothing; DROP PROCEDURE IF EXISTS nothing; DROP VIEW IF EXISTS nothing")


def test_a_referenced_table_cannot_be_dropped(client: Any) -> None:
    client.run("CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE c (p int REFERENCES p)")
    assert client.fails("DROP TABLE p").number == 3726
    client.run("DROP TABLE c; DROP TABLE p")


def test_alias_and_table_types(client: Any) -> None:
    client.run("CREATE TYPE dbo.code FROM varchar(5) NOT NULL; CREATE TYPE dbo.list AS TABLE (id int PRIMARY KEY)")
    client.run("CREATE PROCEDURE p @l dbo.list READONLY AS SELECT COUNT(*) FROM @l")
    assert client.query("DECLARE @l dbo.list; INSERT @l VALUES (1), (2); EXEC p @l") == [(2,)]
    assert client.query("DECLARE @c dbo.code = 'abcdefg'; SELECT @c") == [("abcde",)]


def test_views_show_their_query(client: Any) -> None:
    client.run("CREATE TABLE t (a int, b int); INSERT t VALUES (1, 2), (3, 4)")
    client.run("CREATE VIEW v (x, y) AS SELECT a, b * 10 FROM t WHERE a > 1")
    assert client.query("SELECT y, x FROM v") == [(40, 3)]


def test_databases_are_apart(client: Any) -> None:
    client.run("CREATE DATABASE other")
    client.run("USE other; CREATE TABLE dbo.t (a int); INSERT dbo.t VALUES (1)")
    client.run("USE lockstep")
    assert client.fails("SELECT * FROM dbo.t").number == 208
    assert client.query("SELECT a FROM other.dbo.t") == [(1,)]
    assert client.query("SELECT a FROM other..t") == [(1,)]


def test_object_ids_stay_within_an_int(client: Any) -> None:
    for number in range(150):
        client.run(f"CREATE TABLE t{number} (a int)")
    ids = [row[0] for row in client.query("SELECT object_id FROM sys.tables")]
    assert len(set(ids)) == 150
    assert all(0 < object_id < 2**31 for object_id in ids)


def test_a_check_of_one_column_belongs_to_it_wherever_it_is_written(client):
    client.run("""
        CREATE TABLE t (
            id int, n int, day date,
            CONSTRAINT one CHECK (id > 0), CONSTRAINT two CHECK (id > n), CONSTRAINT past CHECK (DATEADD(day, 1, day) < '2100-01-01'))
    """)

    assert client.query("SELECT name, parent_column_id FROM sys.check_constraints ORDER BY name") == [
        ("one", 1),
        ("past", 3),
        ("two", 0),
    ]
    assert client.fails("INSERT t (id) VALUES (0)").message.endswith("column 'id'.")
    assert client.fails("INSERT t (id, n) VALUES (1, 2)").message.endswith('table "dbo.t".')
    client.run("INSERT t (id) VALUES (1)")
    assert client.fails("ALTER TABLE t ADD CONSTRAINT three CHECK (id > 5)").message.endswith("column 'id'.")


def test_the_check_of_a_column_mentions_no_other_column(client):
    assert client.fails("CREATE TABLE t (n int, id int CHECK (id > n))").number == 8141
    assert client.fails("CREATE TABLE t (id int CHECK (id > n), n int)").number == 8141


def test_expressions_may_mention_columns_that_come_later(client):
    client.run("CREATE TABLE t (year AS DATEPART(year, day), twice AS n * 2, n int, day date, CHECK (n > 0))")
    client.run("ALTER TABLE t ADD thrice AS m * 3, m int")
    client.run("INSERT t (n, day, m) VALUES (4, '2024-05-06', 5)")

    assert client.query("SELECT * FROM t") == [(2024, 8, 4, date(2024, 5, 6), 15, 5)]


def test_a_computed_column_is_not_made_of_another(client):
    error = client.fails("CREATE TABLE t (n int, a AS n + 1, b AS a + 1)")

    assert (error.number, error.message) == (
        1759,
        "Computed column 'a' in table 't' is not allowed to be used in another computed-column definition.",
    )


@pytest.mark.parametrize(
    ("statement", "text"),
    [
        ("CREATE TABLE", "CREATE TABLE dbo.New (a int DEFAULT @v);"),
        ("CREATE TABLE", "CREATE TABLE dbo.New (a int CHECK (a > @v));"),
        ("CREATE TABLE", "CREATE TABLE dbo.New (a int, b AS a + @v);"),
        ("CREATE TABLE", "DECLARE @t TABLE (a int DEFAULT @v);"),
        ("ALTER TABLE", "ALTER TABLE dbo.Old ADD b int NOT NULL DEFAULT @v;"),
        ("CREATE INDEX", "CREATE INDEX ix ON dbo.Old (a) WHERE a > @v;"),
    ],
)
def test_a_definition_that_is_kept_cannot_depend_on_a_variable(client: Any, statement: str, text: str) -> None:
    """Documentation: error 112 in "Database engine events and errors"."""
    client.run("CREATE TABLE dbo.Old (a int);")
    error = client.fails(f"DECLARE @v int = 1; {text}")
    assert (error.number, error.message) == (112, f"Variables are not allowed in the {statement} statement.")
    assert client.value("OBJECT_ID('dbo.New')") is None


@pytest.mark.parametrize(
    ("statement", "number"),
    [
        ("CREATE TABLE t (a int NULL PRIMARY KEY)", 8111),
        ("CREATE TABLE t (a int NULL, b int, PRIMARY KEY (b, a))", 8111),
        ("CREATE TABLE t (a int); ALTER TABLE t ADD PRIMARY KEY (a)", 8111),
        ("CREATE TABLE t (a varchar(max) UNIQUE)", 1919),
        ("CREATE TABLE t (a xml); CREATE INDEX i ON t (a)", 1919),
        ("CREATE TABLE t (a int, b int); CREATE INDEX i ON t (a, b, a)", 1909),
        ("CREATE TABLE t (a int, b int); CREATE INDEX i ON t (a) INCLUDE (b, a)", 1909),
    ],
)
def test_a_key_that_cannot_be_is_refused(client: Any, statement: str, number: int) -> None:
    numbers = [error.number for error in client.collect(statement).errors]

    assert numbers[0] == number
    assert (1750 in numbers) is ("INDEX" not in statement)


def test_a_primary_key_makes_new_columns_not_null(client: Any) -> None:
    client.run("CREATE TABLE t (a int, b int NOT NULL, c int, PRIMARY KEY (a, b))")
    client.run("CREATE TABLE u (a int); ALTER TABLE u ADD id int IDENTITY PRIMARY KEY")

    assert client.query("SELECT name, is_nullable FROM sys.columns WHERE object_id = OBJECT_ID('t')") == [
        *(("a", False), ("b", False), ("c", True))
    ]


def test_literals_are_in_the_code_page_of_their_database(client: Any) -> None:
    client.run("CREATE DATABASE prc COLLATE Chinese_PRC_CI_AS")
    assert client.query("SELECT '中文', N'' + '中文'") == [("??", "??")]
    assert client.query("USE prc; SELECT '中文', N'' + '中文'") == [("中文", "中文")]


@pytest.mark.parametrize(
    ("condition", "number"),
    [
        ("a > 1 OR a < 0", 156),
        ("b LIKE 'x%'", 156),
        ("a BETWEEN 1 AND 2", 156),
        ("a NOT IN (1, 2)", 156),
        ("NOT a = 1", 156),
        ("a = c", 10735),
        ("LEN(b) > 1", 10735),
        ("1 < a", 10735),
    ],
)
def test_a_filter_compares_columns_with_constants_only(client: Any, condition: str, number: int) -> None:
    client.run("CREATE TABLE t (a int, b varchar(9), c int)")
    assert client.fails(f"CREATE INDEX i ON t (a) WHERE {condition}").number == number


def test_filters_that_the_grammar_has(client: Any) -> None:
    client.run("CREATE TABLE t (a int, b varchar(9), d date)")
    client.run("CREATE INDEX i ON t (a) WHERE (a > 1 AND a <> 7) AND b IS NOT NULL AND a IN (2, 3, 4)")
    client.run("CREATE INDEX j ON t (a) WHERE d >= CONVERT(date, '20240101') AND a = -1")


def test_a_database_is_dropped_when_those_who_leave_it_have_gone(engine: Any) -> None:
    one, other = engine.clients(2)
    one.run("CREATE DATABASE other")
    other.run("USE other")
    assert one.fails("DROP DATABASE other").number == 3702

    dropping = one.start("DROP DATABASE other")
    other.session.close()
    engine.instance.scheduler.run_until_done(dropping.task)
    assert dropping.error_numbers == []
    assert one.value("DB_ID('other')") is None
