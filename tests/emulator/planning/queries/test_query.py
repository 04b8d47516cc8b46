"""What queries give: FROM, grouping, windows, set operations, ordering.

"SELECT (Transact-SQL)" and the pages of its clauses.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

# --- Select list, names -----------------------------------------------------------------------------------------------


def test_columns_are_named_by_alias_then_by_column(db: Any) -> None:
    assert db.names("SELECT id, a AS x, y = b, a + 1, t.* FROM t") == ["id", "x", "y", "", "id", "a", "b", "c"]


def test_a_column_is_named_as_the_query_writes_it(db: Any) -> None:
    assert db.names("SELECT ID, t.A, [b], T.* FROM t") == ["ID", "A", "b", "id", "a", "b", "c"]
    assert db.names("SELECT q.*, q.id FROM (SELECT Id FROM t) AS q") == ["Id", "id"]
    assert db.names("SELECT NAME FROM sys.databases") == ["NAME"]


@pytest.mark.parametrize(
    ("query", "number"),
    [
        ("SELECT nope FROM t", 207),
        ("SELECT t.nope FROM t", 207),
        ("SELECT x.id FROM t", 4104),
        ("SELECT dbo.t.id FROM t AS q", 4104),
        ("SELECT x.* FROM t", 107),
        ("SELECT *", 263),
        ("SELECT * FROM nope", 208),
        ("SELECT * FROM nope.dbo.t", 208),
        ("SELECT id FROM t, u", 209),
        ("SELECT 1 FROM t, t", 1013),
        ("SELECT 1 FROM t AS x, u AS x", 1011),
        ("SELECT * FROM (SELECT id, id FROM t) AS d", 8156),
        ("SELECT * FROM (SELECT id + 1 FROM t) AS d", 8155),
        ("SELECT * FROM (SELECT id FROM t) AS d (x, y)", 8159),
        ("SELECT * FROM (SELECT id, a FROM t) AS d (x)", 8158),
        ("SELECT * FROM (SELECT id FROM t ORDER BY id) AS d", 1033),
        ("SELECT a FROM t GROUP BY b", 8120),
        ("SELECT a FROM t GROUP BY a HAVING b = 'x'", 8121),
        ("SELECT a FROM t GROUP BY a ORDER BY b", 8127),
        ("SELECT a FROM t GROUP BY 1 + 1", 164),
        ("SELECT a FROM t GROUP BY COUNT(*)", 144),
        ("SELECT a FROM t WHERE COUNT(*) > 1", 147),
        ("SELECT id FROM t ORDER BY 2", 108),
        ("SELECT DISTINCT a FROM t ORDER BY id", 145),
        ("SELECT id FROM t UNION SELECT id FROM u ORDER BY id + 1", 104),
        ("SELECT id FROM t UNION SELECT id, v FROM u", 205),
        ("SELECT TOP (1) WITH TIES id FROM t", 1062),
        ("SELECT TOP (1) id FROM t ORDER BY id OFFSET 1 ROWS", 10741),
        ("SELECT TOP (-1) id FROM t", 127),
        ("SELECT TOP (101) PERCENT id FROM t", 1031),
        ("SELECT id FROM t ORDER BY id OFFSET -1 ROWS", 10742),
        ("SELECT id FROM t ORDER BY id OFFSET 0 ROWS FETCH NEXT 0 ROWS ONLY", 10744),
        ("DECLARE @x int; SELECT @x = id, a FROM t", 141),
        ("SELECT * FROM dbo.t(1)", 215),
        ("SELECT ROW_NUMBER() OVER (PARTITION BY a) FROM t", 4112),
        ("SELECT id FROM t WHERE ROW_NUMBER() OVER (ORDER BY id) = 1", 4108),
        ("SELECT RANK() OVER (ORDER BY a ROWS UNBOUNDED PRECEDING) FROM t", 10752),
        ("SELECT id FROM t FOR BROWSE", 40517),
    ],
)
def test_what_is_wrong_with_a_query_has_its_number(db: Any, query: str, number: int) -> None:
    assert db.error(query).number == number


# --- Assignment -------------------------------------------------------------------------------------------------------


def test_assignment_takes_the_last_row_and_leaves_variables_alone_without_rows(db: Any) -> None:
    assert db.rows("DECLARE @x int = 7; SELECT @x = a FROM t WHERE id = 99; SELECT @x, @@ROWCOUNT") == [(7, 0)]
    assert db.rows("DECLARE @x int; SELECT @x = id FROM t ORDER BY id; SELECT @x, @@ROWCOUNT") == [(5, 5)]
    assigned = db.rows("DECLARE @x int, @y varchar(1); SELECT @x = a, @y = b FROM t WHERE id = 2; SELECT @x, @y")
    assert assigned == [(20, "y")]


def test_assignment_accumulates_row_by_row(db: Any) -> None:
    assert db.rows("DECLARE @s varchar(9) = ''; SELECT @s += b FROM t WHERE b > '' ORDER BY id DESC; SELECT @s") == [
        ("wzyx",)
    ]


# --- FROM -------------------------------------------------------------------------------------------------------------


def test_views_derived_tables_and_ctes_nest(db: Any) -> None:
    db.run("CREATE VIEW dbo.v1 AS SELECT id AS k, b, a * 2 AS twice FROM dbo.t WHERE a IS NOT NULL")
    db.run("CREATE VIEW dbo.v2 (k2, n) AS SELECT k, COUNT(*) FROM dbo.v1 JOIN dbo.u ON u.tid = v1.k GROUP BY k")
    assert db.rows("SELECT * FROM v2 ORDER BY k2") == [(1, 2), (2, 1)]
    assert db.rows("SELECT d.x FROM (SELECT k + twice AS x FROM v1) AS d WHERE d.x > 42") == [(43,), (105,)]
    assert db.rows("WITH a AS (SELECT k FROM v1), b (m) AS (SELECT MAX(k) FROM a) SELECT m FROM b") == [(5,)]


def test_a_merged_view_is_null_where_an_outer_join_finds_nothing(db: Any) -> None:
    db.run("CREATE VIEW dbo.flagged AS SELECT tid, 'yes' AS flag, ISNULL(v, 0) AS v FROM dbo.u WHERE v > 5")
    query = "SELECT t.id, f.flag, f.v FROM t LEFT JOIN flagged AS f ON f.tid = t.id WHERE t.id <= 2 ORDER BY 1"
    assert db.rows(query) == [
        (1, None, None),
        (2, "yes", Decimal("7.00")),
    ]


def test_a_condition_on_the_missing_side_makes_an_inner_join(db: Any) -> None:
    assert db.column("SELECT t.id FROM t LEFT JOIN u ON u.tid = t.id WHERE u.v > 2 ORDER BY 1") == [1, 2]
    assert db.column("SELECT t.id FROM t LEFT JOIN u ON u.tid = t.id WHERE u.id IS NULL ORDER BY 1") == [3, 4, 5]


def test_apply_runs_its_right_side_for_each_left_row(db: Any) -> None:
    best = "(SELECT TOP (1) v FROM u WHERE u.tid = t.id ORDER BY v DESC) AS x"
    assert db.rows(f"SELECT t.id, x.v FROM t CROSS APPLY {best} ORDER BY 1") == [
        (1, Decimal("2.50")),
        (2, Decimal("7.00")),
    ]
    assert db.column(f"SELECT x.v FROM t OUTER APPLY {best} WHERE t.id = 3") == [None]
    assert db.rows(
        "SELECT t.id, x.n FROM t OUTER APPLY (SELECT u.id AS n FROM u WHERE u.v < t.a AND u.id > 4) AS x ORDER BY 1"
    ) == [
        (1, 5),
        (2, 5),
        (3, 5),
        (4, None),
        (5, 5),
    ]


def test_functions_values_and_table_variables_are_sources(db: Any) -> None:
    db.run(
        "CREATE FUNCTION dbo.upto (@n int) RETURNS @r TABLE (k int, w varchar(10)) AS "
        "BEGIN INSERT INTO @r SELECT id, b FROM dbo.t WHERE id <= @n; RETURN; END"
    )
    assert db.rows("SELECT f.w FROM dbo.upto(2) AS f ORDER BY f.k") == [("x",), ("y",)]
    assert db.rows("SELECT t.id, f.k FROM t CROSS APPLY dbo.upto(t.id) AS f WHERE t.id = 2") == [(2, 1), (2, 2)]
    assert db.rows("SELECT v.k, t.b FROM (VALUES (1), (3), (9)) AS v (k) LEFT JOIN t ON t.id = v.k ORDER BY 1") == [
        (1, "x"),
        (3, "z"),
        (9, None),
    ]
    assert db.rows(
        "DECLARE @v TABLE (k int PRIMARY KEY); INSERT INTO @v VALUES (2), (3); "
        "SELECT t.b FROM @v AS v JOIN t ON t.id = v.k"
    ) == [("y",), ("z",)]
    assert db.column("SELECT value FROM STRING_SPLIT('a,b', ',')") == ["a", "b"]
    assert db.column("SELECT value FROM GENERATE_SERIES(1, 7, 3)") == [1, 4, 7]


def test_synonyms_and_other_databases_are_followed(db: Any) -> None:
    db.run("CREATE SYNONYM dbo.s FOR dbo.t")
    assert db.column("SELECT COUNT(*) FROM s") == [5]
    assert db.column("SELECT lockstep.dbo.t.b FROM lockstep.dbo.t WHERE id = 1") == ["x"]


def test_recursion_ends_at_its_fixed_point_or_at_the_limit(db: Any) -> None:
    numbers = "WITH n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < {}) SELECT MAX(i) FROM n"
    assert db.column(numbers.format(101)) == [101]
    assert db.error(numbers.format(102)).number == 530
    assert db.column(numbers.format(500) + " OPTION (MAXRECURSION 0)") == [500]
    assert db.error(numbers.format(9) + " OPTION (MAXRECURSION 3)").number == 530
    assert db.error("WITH n AS (SELECT 'a' AS s UNION ALL SELECT s + 'b' FROM n) SELECT * FROM n").number == 240


def test_a_join_follows_a_tree(db: Any) -> None:
    db.run("CREATE TABLE tree (id int PRIMARY KEY, parent int NULL)")
    db.run("INSERT INTO tree VALUES (1, NULL), (2, 1), (3, 1), (4, 2), (5, 9)")
    assert db.rows(
        "WITH w AS (SELECT id, 0 AS depth FROM tree WHERE parent IS NULL UNION ALL "
        "SELECT t.id, w.depth + 1 FROM tree AS t JOIN w ON t.parent = w.id) SELECT id, depth FROM w ORDER BY id"
    ) == [(1, 0), (2, 1), (3, 1), (4, 2)]


def test_in_seeks_the_table_by_the_values_of_the_subquery(db: Any) -> None:
    query = "SELECT t.b FROM t WHERE t.id IN (SELECT u.tid FROM u WHERE u.v < 5)"
    assert sorted(db.column(query)) == ["x"]
    assert [lock for lock in db.locks(query, "REPEATABLE READ") if "pk_t" in lock] == ["S dbo.t.pk_t (1,)"]
    assert db.locks("UPDATE t SET b = 'q' WHERE id IN (SELECT tid FROM u WHERE id = 3)") == [
        "IX dbo.t",
        "X dbo.t.pk_t (2,)",
        "X dbo.t.ix_a (20, 2)",
    ]
    assert db.column("SELECT id FROM t WHERE id NOT IN (SELECT tid FROM u WHERE tid IS NOT NULL) ORDER BY 1") == [
        3,
        4,
        5,
    ]
    assert db.column("SELECT id FROM t WHERE id NOT IN (SELECT tid FROM u)") == []
    assert db.column("SELECT id FROM t WHERE CAST(id AS varchar(5)) IN (SELECT tid FROM u) ORDER BY 1") == [1, 2]


def test_a_value_reaches_through_an_equality_of_columns(db: Any) -> None:
    assert db.locks("SELECT u.v FROM u JOIN t ON t.id = u.id WHERE t.id = 4", "REPEATABLE READ") == [
        "IS dbo.u",
        "IS dbo.t",
        "S dbo.u.pk_u (4,)",
        "S dbo.t.pk_t (4,)",
    ]


# --- Grouping ---------------------------------------------------------------------------------------------------------


def test_groups_aggregates_and_having(db: Any) -> None:
    assert db.rows("SELECT a, COUNT(*), COUNT(b), MAX(b) FROM t GROUP BY a HAVING MIN(id) < 5 ORDER BY a") == [
        (None, 1, 1, "w"),
        (10, 1, 1, "x"),
        (20, 2, 2, "z"),
    ]
    assert db.rows("SELECT COUNT(*), SUM(v), MAX(id) FROM u WHERE 1 = 0") == [(0, None, None)]
    assert db.rows("SELECT a FROM t WHERE 1 = 0 GROUP BY a") == []
    assert db.column("SELECT a % 20 + 1 FROM t WHERE a > 0 GROUP BY a % 20 ORDER BY a % 20") == [1, 11]


def test_grouping_sets_rollup_and_cube(db: Any) -> None:
    rolled = "SELECT a, b, COUNT(*), GROUPING_ID(a, b) FROM t WHERE a = 20 GROUP BY {} ORDER BY 4, 1, 2"
    total, by_a = (None, None, 2, 3), (20, None, 2, 1)
    leaves = [(20, "y", 1, 0), (20, "z", 1, 0)]
    assert db.rows(rolled.format("ROLLUP (a, b)")) == [*leaves, by_a, total]
    assert db.rows(rolled.format("CUBE (a, b)")) == [*leaves, by_a, (None, "y", 1, 2), (None, "z", 1, 2), total]
    assert db.rows(rolled.format("GROUPING SETS ((a, b), ())")) == [*leaves, total]
    assert db.rows("SELECT COUNT(*), GROUPING(a) FROM t WHERE 1 = 0 GROUP BY ROLLUP (a)") == [(0, 1)]


def test_strings_are_aggregated_in_order(db: Any) -> None:
    assert db.column("SELECT STRING_AGG(b, '-') WITHIN GROUP (ORDER BY b DESC) FROM t") == ["z-y-x-w"]


# --- Windows ----------------------------------------------------------------------------------------------------------


def test_ranking_functions(db: Any) -> None:
    assert db.rows(
        "SELECT id, ROW_NUMBER() OVER (ORDER BY a, id), RANK() OVER (ORDER BY a), DENSE_RANK() OVER (ORDER BY a),"
        " NTILE(2) OVER (ORDER BY id), PERCENT_RANK() OVER (ORDER BY a), CUME_DIST() OVER (ORDER BY a)"
        " FROM t ORDER BY a, id"
    ) == [
        (4, 1, 1, 1, 2, 0.0, 0.2),
        (1, 2, 2, 2, 1, 0.25, 0.4),
        (2, 3, 3, 3, 1, 0.5, 0.8),
        (3, 4, 3, 3, 1, 0.5, 0.8),
        (5, 5, 5, 4, 2, 1.0, 1.0),
    ]


def test_frames_and_neighbours(db: Any) -> None:
    assert db.rows(
        "SELECT id, SUM(id) OVER (ORDER BY a), SUM(id) OVER (ORDER BY id ROWS BETWEEN 1 PRECEDING AND CURRENT ROW),"
        " COUNT(*) OVER (), LAG(b, 1, '?') OVER (ORDER BY id), LEAD(b) OVER (ORDER BY id),"
        " FIRST_VALUE(b) OVER (ORDER BY id), LAST_VALUE(b) OVER (ORDER BY id RANGE BETWEEN CURRENT ROW AND UNBOUNDED"
        " FOLLOWING) FROM t WHERE id <= 3 ORDER BY id"
    ) == [
        (1, 1, 1, 3, "?", "y", "x", "z"),
        (2, 6, 3, 3, "x", "z", "x", "z"),
        (3, 6, 5, 3, "y", None, "x", "z"),
    ]


def test_a_window_over_groups_and_a_named_window(db: Any) -> None:
    assert db.rows("SELECT a, SUM(COUNT(*)) OVER () FROM t WHERE a IS NOT NULL GROUP BY a ORDER BY a") == [
        (10, 4),
        (20, 4),
        (50, 4),
    ]
    assert db.column("SELECT SUM(id) OVER w FROM t WHERE id < 4 WINDOW w AS (ORDER BY id) ORDER BY id") == [1, 3, 6]


# --- Set operations, order, top ---------------------------------------------------------------------------------------


def test_set_operations_compare_whole_rows_and_take_null_for_equal(db: Any) -> None:
    assert db.column("SELECT a FROM t UNION SELECT tid FROM u ORDER BY a") == [None, 1, 2, 9, 10, 20, 50]
    assert db.column("SELECT a FROM t INTERSECT SELECT tid FROM u") == [None]
    assert sorted(db.column("SELECT id FROM t EXCEPT SELECT tid FROM u")) == [3, 4, 5]
    assert db.column("SELECT 1 UNION ALL SELECT 2 INTERSECT SELECT 3") == [1]
    assert db.column("SELECT 1 AS x UNION ALL SELECT 2.5 UNION ALL SELECT NULL ORDER BY x") == [
        None,
        Decimal("1.0"),
        Decimal("2.5"),
    ]


def test_distinct_follows_the_collation(db: Any) -> None:
    assert db.rows("SELECT DISTINCT x FROM (VALUES ('a'), ('A'), ('a '), (NULL), (NULL)) AS v (x) ORDER BY x") == [
        (None,),
        ("a",),
    ]


def test_top_offset_and_ties(db: Any) -> None:
    assert db.column("SELECT TOP (2) id FROM t ORDER BY id DESC") == [5, 4]
    assert db.column("SELECT TOP (0) id FROM t WHERE id = 1") == []
    assert db.column("SELECT TOP (2) WITH TIES id FROM t WHERE a > 0 ORDER BY a") == [1, 2, 3]
    assert db.column("SELECT TOP (50) PERCENT id FROM t ORDER BY id") == [1, 2, 3]
    assert db.column("SELECT id FROM t ORDER BY id OFFSET 1 ROWS FETCH NEXT 2 ROWS ONLY") == [2, 3]
    assert db.column("DECLARE @n int = 3; SELECT id FROM t ORDER BY id OFFSET @n ROWS") == [4, 5]


def test_order_by_means_an_alias_before_a_column(db: Any) -> None:
    assert db.column("SELECT -id AS a FROM t ORDER BY a") == [-5, -4, -3, -2, -1]
    assert db.column("SELECT id FROM t ORDER BY -id") == [5, 4, 3, 2, 1]


def test_a_value_that_changes_is_computed_once_for_the_row_and_its_order(db: Any) -> None:
    found = db.column("SELECT CAST(NEWID() AS binary(16)) AS n FROM t ORDER BY n")
    assert found == sorted(found)
    assert len(set(found)) == 5


def test_a_subquery_that_gives_two_values_is_an_error(db: Any) -> None:
    assert db.error("SELECT (SELECT id FROM t) AS x").number == 512
    assert db.rows("SELECT id, (SELECT MAX(v) FROM u WHERE u.tid = t.id) FROM t WHERE id < 4 ORDER BY 1") == [
        (1, Decimal("2.50")),
        (2, Decimal("7.00")),
        (3, None),
    ]


def test_top_percent_assigns_only_the_rows_that_it_leaves(db):
    text = "DECLARE @s varchar(20) = '', @n int; SELECT TOP (40) PERCENT @s += b, @n = id FROM t ORDER BY id DESC"
    assert db.rows(f"UPDATE t SET b = CAST(id AS char(1)); {text}; SELECT @s, @n") == [("54", 4)]
    text = "DECLARE @s varchar(20) = ''; SELECT TOP (1) WITH TIES @s += b FROM t WHERE a = 20 ORDER BY a; SELECT @s"
    assert db.rows(text) == [("23",)]
