"""SELECT ... INTO. Documentation: "SELECT - INTO clause", "IDENTITY (Function) (Transact-SQL)"."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture
def db(client: Any) -> Any:
    client.run("CREATE TABLE bin (id int IDENTITY(5, 5) PRIMARY KEY, code varchar(5) NOT NULL, size int)")
    client.run("INSERT bin (code, size) VALUES ('b', 1), ('a', 2), ('c', 3)")
    return client


def next_identity(db: Any, query: str) -> Any:
    """The identity value that a row gets which is inserted into the copy that ``query`` makes."""
    db.run(query)
    return db.query("INSERT #copy (code) OUTPUT inserted.id VALUES ('z')")[0][0]


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * INTO #copy FROM bin",
        "SELECT b.id, code INTO #copy FROM bin AS b WHERE size > 0 ORDER BY code",
        "SELECT TOP (2) code, id INTO #copy FROM bin ORDER BY id DESC",
    ],
)
def test_an_identity_column_stays_one_and_goes_on_counting(db: Any, query: str) -> None:
    assert next_identity(db, query) == 20


@pytest.mark.parametrize(
    "query",
    [
        "SELECT id + 0 AS id, code INTO #copy FROM bin",
        "SELECT a.id, b.code INTO #copy FROM bin a JOIN bin b ON a.id = b.id",
        "SELECT id, code INTO #copy FROM bin UNION ALL SELECT 1, 'u'",
        "SELECT MAX(id) AS id, code INTO #copy FROM bin GROUP BY code",
    ],
)
def test_an_expression_join_union_or_group_has_no_identity(db: Any, query: str) -> None:
    db.run(query)
    assert db.query("INSERT #copy (id, code) OUTPUT inserted.id VALUES (77, 'z')") == [(77,)]


def test_the_identity_function_numbers_the_rows(db: Any) -> None:
    db.run("SELECT IDENTITY(int, 10, 2) AS number, code INTO #copy FROM bin ORDER BY code")
    assert db.query("SELECT number, code FROM #copy ORDER BY number") == [(10, "a"), (12, "b"), (14, "c")]
    assert db.query("INSERT #copy (code) OUTPUT inserted.number VALUES ('d')") == [(16,)]
    db.run("SELECT code, number = IDENTITY(bigint) INTO #other FROM bin")
    assert db.query("SELECT MIN(number), MAX(number) FROM #other") == [(1, 3)]


@pytest.mark.parametrize(
    ("query", "number"),
    [
        ("SELECT IDENTITY(int) AS n FROM bin", 177),
        ("SELECT b.*, IDENTITY(int) AS n INTO #copy FROM bin b", 8108),
        ("SELECT id, id INTO #copy FROM bin", 2705),
        ("SELECT id, 1 INTO #copy FROM bin", 1038),
    ],
)
def test_what_select_into_refuses(db: Any, query: str, number: int) -> None:
    assert db.fails(query).number == number


def test_the_first_block_of_a_union_may_name_the_table(db: Any) -> None:
    sink = db.run("SELECT code INTO dbo.all_codes FROM bin UNION ALL SELECT 'zz' EXCEPT SELECT 'a'")
    assert (sink.result_sets, sink.counts) == ([], [3])
    assert db.query("SELECT code FROM all_codes ORDER BY code") == [("b",), ("c",), ("zz",)]


def test_identitycol_and_rowguidcol_name_the_columns_of_these_properties(db: Any) -> None:
    assert db.query("SELECT $IDENTITY FROM bin WHERE IDENTITYCOL = 5 ORDER BY bin.$identity") == [(5,)]
    assert db.run("SELECT $IDENTITY FROM bin").result_sets[0].columns[0].name == "id"
    db.run("CREATE TABLE g (x int, guid uniqueidentifier ROWGUIDCOL DEFAULT NEWID()); INSERT g (x) VALUES (1)")
    assert db.query("SELECT x FROM g WHERE $ROWGUID IS NOT NULL AND ROWGUIDCOL = guid") == [(1,)]
    assert db.fails("SELECT $ROWGUID FROM bin").number == 207
