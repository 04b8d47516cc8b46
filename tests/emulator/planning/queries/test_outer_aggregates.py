"""Aggregates in subqueries over columns of the query around. Documentation: "Subqueries (SQL Server)"."""

from __future__ import annotations

from decimal import Decimal


def test_an_aggregate_over_outer_columns_groups_the_outer_query(db):
    assert db.rows("SELECT (SELECT MAX(t.c)) FROM t") == [(500,)]
    assert db.rows("SELECT (SELECT COUNT(*) FROM u WHERE u.id < COUNT(t.a)) FROM t") == [(3,)]


def test_the_values_of_each_group_reach_the_subquery(db):
    text = """
        SELECT t.a, (SELECT MIN(u.v) FROM u WHERE u.v > SUM(t.c) / 200.0) FROM t
        WHERE t.a IS NOT NULL GROUP BY t.a ORDER BY t.a
    """
    assert db.rows(text) == [(10, Decimal("1.00")), (20, Decimal("3.00")), (50, Decimal("3.00"))]


def test_having_may_ask_for_it(db):
    text = (
        "SELECT a FROM t GROUP BY a HAVING EXISTS (SELECT 1 FROM u WHERE u.id = COUNT(t.id) AND u.tid = 1) ORDER BY a"
    )
    assert db.column(text) == [None, 10, 20, 50]


def test_a_column_that_the_subquery_has_too_is_its_own(db):
    assert db.rows("SELECT SUM(id), (SELECT SUM(id) FROM u WHERE id < 3) FROM t") == [(15, 3)]


def test_in_where_of_the_query_itself_it_is_an_error(db):
    assert db.error("SELECT 1 FROM t WHERE SUM(a) > 1").number == 147
    assert db.error("SELECT 1 FROM t WHERE EXISTS (SELECT 1 FROM u WHERE SUM(t.a) > 1)").number == 147
