"""Queries that SQL Server refuses, each by its error number."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.mark.parametrize(
    ("query", "number"),
    [
        # An aggregate takes no aggregate and no subquery; GROUP BY neither.
        ("SELECT SUM((SELECT 1)) FROM t", 130),
        ("SELECT SUM(CASE WHEN EXISTS (SELECT * FROM t AS i WHERE i.id = t.id) THEN 1 ELSE 0 END) FROM t", 130),
        ("SELECT MAX(COUNT(*)) FROM t", 130),
        ("SELECT COUNT(*) FROM t GROUP BY CASE WHEN id IN (SELECT 1) THEN 1 ELSE 0 END", 144),
        ("SELECT COUNT(*) FROM t GROUP BY (SELECT MAX(i.id) FROM t AS i)", 144),
        ("SELECT STRING_AGG(DISTINCT b, ',') FROM t", 102),
        # ORDER BY names each column once, and no constants or variables.
        ("SELECT a FROM t ORDER BY a, b, t.a DESC", 169),
        ("SELECT a AS x FROM t ORDER BY x, a", 169),
        ("SELECT a FROM t ORDER BY 1, a", 169),
        ("SELECT a FROM t UNION SELECT 1 ORDER BY a, 1", 169),
        ("SELECT a FROM t ORDER BY 'x'", 408),
        ("SELECT a FROM t ORDER BY 1 + 1", 408),
        ("SELECT a FROM t ORDER BY NULL", 408),
        ("DECLARE @v int = 1; SELECT a FROM t ORDER BY @v", 1008),
        ("DECLARE @v int = 1; SELECT a FROM t ORDER BY CASE WHEN @v = 1 THEN 1 ELSE 2 END", 1008),
        ("SELECT ROW_NUMBER() OVER (ORDER BY 'x') FROM t", 5309),
        ("SELECT ROW_NUMBER() OVER (ORDER BY 1) FROM t", 5308),
    ],
)
def test_a_query_is_refused(db: Any, query: str, number: int) -> None:
    assert db.error(query).number == number


@pytest.mark.parametrize(
    "query",
    [
        "SELECT a FROM t ORDER BY (SELECT NULL)",
        "SELECT a FROM t ORDER BY a + 1, a",
        "SELECT ROW_NUMBER() OVER (ORDER BY (SELECT NULL)) FROM t",
        "DECLARE @v int = 1; SELECT a FROM t ORDER BY CASE WHEN @v = 1 THEN a END, CASE WHEN @v = 2 THEN b END",
        "SELECT a FROM t ORDER BY NEWID()",
        "SELECT DISTINCT t.a AS x, t.a FROM t ORDER BY t.a, a",
        "SELECT (SELECT MAX(i.id) FROM t AS i) FROM t GROUP BY a",
        "SELECT a FROM t ORDER BY GETDATE()",
    ],
)
def test_its_neighbours_are_not(db: Any, query: str) -> None:
    db.run(query)


def test_aggregates_of_the_query_around_may_stand_in_values(db: Any) -> None:
    db.run("CREATE TABLE v (g int, a int, b int); INSERT INTO v VALUES (1, 5, 2), (1, 1, 9), (2, 3, 1)")

    assert db.rows("""
        SELECT g, (SELECT MAX(x) FROM (VALUES (SUM(a)), (SUM(b))) AS m (x)) AS larger FROM v GROUP BY g
        HAVING (SELECT MAX(x) FROM (VALUES (SUM(a)), (SUM(b))) AS m (x)) > 0 ORDER BY g
    """) == [(1, 11), (2, 3)]


def test_a_statement_knows_one_present_time(db: Any) -> None:
    assert db.rows("SELECT TOP 3 IIF(SYSDATETIME() = SYSDATETIME(), 1, 0) FROM t") == [(1,)] * 3


def test_an_explicit_collation_stays_explicit_in_functions(db: Any) -> None:
    db.run("""
        CREATE TABLE c (v varchar(20) COLLATE SQL_Latin1_General_CP1_CI_AS, w varchar(20) COLLATE Latin1_General_BIN2);
        INSERT INTO c VALUES ('AB', 'ab');
    """)
    case_sensitive = "REPLACE('a-b', '-', '' COLLATE SQL_Latin1_General_CP1_CS_AS)"

    assert db.rows("SELECT REPLACE(v, 'a' COLLATE Latin1_General_BIN2, 'x') FROM c") == [("AB",)]
    assert db.rows("SELECT REPLACE(v, 'A' COLLATE Latin1_General_BIN2, v) FROM c") == [("ABB",)]
    assert db.rows("SELECT v + w COLLATE Latin1_General_BIN2 FROM c") == [("ABab",)]
    assert db.error("SELECT REPLACE(v, w, 'x') FROM c").number == 468
    assert db.rows(f"SELECT v FROM c WHERE v LIKE '%' + {case_sensitive} + '%'") == []
    assert db.rows(f"SELECT v FROM c WHERE v = UPPER({case_sensitive})") == [("AB",)]


@pytest.mark.parametrize(
    ("condition", "count"),
    [
        ("v = 'ab' COLLATE Latin1_General_BIN2", 0),
        ("v = 'AB' COLLATE Latin1_General_BIN2", 1),
        ("v LIKE 'a%' COLLATE Latin1_General_BIN2", 0),
        ("v IN ('ab' COLLATE Latin1_General_BIN2, 'cd')", 0),
        ("v BETWEEN 'AA' COLLATE Latin1_General_BIN2 AND 'AC' COLLATE Latin1_General_BIN2", 1),
        ("v COLLATE Latin1_General_BIN2 <> 'ab'", 1),
        ("v = w COLLATE database_default", 1),
    ],
)
def test_an_explicit_collation_rules_a_column(db: Any, condition: str, count: int) -> None:
    db.run("""
        CREATE TABLE c (v varchar(20) COLLATE SQL_Latin1_General_CP1_CI_AS PRIMARY KEY,
            w varchar(20) COLLATE Latin1_General_BIN2);
        INSERT INTO c VALUES ('AB', 'ab');
    """)

    assert db.rows(f"SELECT COUNT(*) FROM c WHERE {condition}") == [(count,)]
    assert db.error("SELECT * FROM c WHERE v = w").number == 468
