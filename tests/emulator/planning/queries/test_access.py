"""Which keys a statement locks shows how it reads its tables.

"Transaction locking and row versioning guide", "Table hints (Transact-SQL)".
"""

from __future__ import annotations

from typing import Any

import pytest

READ = "REPEATABLE READ"


@pytest.mark.parametrize(
    ("query", "locks"),
    [
        ("SELECT b FROM t WHERE id = 3", ["IS dbo.t", "S dbo.t.pk_t (3,)"]),
        ("SELECT b FROM t WHERE id = 33", ["IS dbo.t"]),
        ("SELECT b FROM t WHERE id = NULL", []),
        ("SELECT b FROM t WHERE id IN (1, 4)", ["IS dbo.t", "S dbo.t.pk_t (1,)", "S dbo.t.pk_t (4,)"]),
        ("SELECT b FROM t WHERE id = 4 OR id = 1", ["IS dbo.t", "S dbo.t.pk_t (1,)", "S dbo.t.pk_t (4,)"]),
        ("SELECT b FROM t WHERE id BETWEEN 2 AND 3", ["IS dbo.t", "S dbo.t.pk_t (2,)", "S dbo.t.pk_t (3,)"]),
        ("SELECT b FROM t WHERE id > 4", ["IS dbo.t", "S dbo.t.pk_t (5,)"]),
        # a unique secondary key, then the row
        ("SELECT b FROM t WHERE c = 300", ["IS dbo.t", "S dbo.t.uq_c (300,)", "S dbo.t.pk_t (3,)"]),
        # a covering index: the row itself is not touched
        ("SELECT b FROM t WHERE a = 10", ["IS dbo.t", "S dbo.t.ix_a (10, 1)"]),
        ("SELECT c FROM t WHERE a = 10", ["IS dbo.t", "S dbo.t.ix_a (10, 1)", "S dbo.t.pk_t (1,)"]),
        ("SELECT id FROM t WHERE a < 20", ["IS dbo.t", "S dbo.t.ix_a (10, 1)"]),
        ("SELECT id FROM t WHERE a IS NULL", ["IS dbo.t", "S dbo.t.ix_a (LOWEST, 4)"]),
        # what the index holds is tested before the lookup, and a key that does not qualify is given back
        ("SELECT c FROM t WHERE a = 10 AND b = 'q'", ["IS dbo.t"]),
        # what only the row tells is tested by the lookup: the key that led there stays locked
        ("SELECT b FROM t WHERE a = 10 AND c + 0 = 1", ["IS dbo.t", "S dbo.t.ix_a (10, 1)"]),
    ],
)
def test_a_seek_locks_what_it_reads(db: Any, query: str, locks: list[str]) -> None:
    assert db.locks(query, READ) == locks


def test_a_column_that_must_be_converted_cannot_be_sought(db: Any) -> None:
    db.run("CREATE TABLE k (code varchar(10) NOT NULL CONSTRAINT pk_k PRIMARY KEY); INSERT INTO k VALUES ('a'), ('b')")
    assert len(db.locks("SELECT * FROM k WHERE code = 'a'", "SERIALIZABLE")) == 2
    assert len(db.locks("SELECT * FROM k WHERE code = N'a'", "SERIALIZABLE")) == 4


@pytest.mark.parametrize(
    ("condition", "modes"),
    [
        ("code = 'b'", ["S"]),
        ("code = N'b'", ["RangeS-S"] * 2),
        ("code = N'bb'", ["RangeS-S"]),
        ("code > N'b'", ["RangeS-S"] * 2),
        ("code IN (N'b', N'c')", ["RangeS-S"] * 4),
        ("code IS NOT DISTINCT FROM N'b'", ["RangeS-S"] * 4),
    ],
)
def test_a_windows_collation_has_ranges_for_unicode_values(db: Any, condition: str, modes: list[str]) -> None:
    db.run(
        "CREATE TABLE k (code varchar(10) COLLATE Latin1_General_CI_AS NOT NULL CONSTRAINT pk_k PRIMARY KEY);"
        "INSERT k VALUES ('a'), ('b'), ('c')"
    )
    held = db.locks(f"SELECT * FROM k WHERE {condition}", "SERIALIZABLE")[1:]
    assert [lock.split()[0] for lock in held] == modes
    assert db.column("SELECT code FROM k WHERE code = N'B'") == ["b"]


def test_like_seeks_the_prefix(db: Any) -> None:
    db.run(
        "CREATE TABLE k (code varchar(10) NOT NULL CONSTRAINT pk_k PRIMARY KEY);"
        "INSERT INTO k VALUES ('abc'), ('ABD'), ('ac'), ('b')"
    )
    assert db.column("SELECT code FROM k WHERE code LIKE 'ab%'") == ["abc", "ABD"]
    level = "SERIALIZABLE"
    assert len(db.locks("SELECT code FROM k WHERE code LIKE 'ab%'", level)) == 4
    assert len(db.locks("DECLARE @p varchar(10) = 'ac%'; SELECT code FROM k WHERE code LIKE @p", level)) == 3
    assert len(db.locks("SELECT code FROM k WHERE code LIKE '%b'", level)) == 6


def test_the_longest_equality_prefix_wins(db: Any) -> None:
    db.run(
        "CREATE TABLE p (id int PRIMARY KEY, x int, y int, z int, INDEX ix_x (x), INDEX ix_xy (x, y, z));"
        "INSERT INTO p VALUES (1, 1, 1, 1), (2, 1, 2, 1), (3, 1, 2, 2)"
    )
    assert db.locks("SELECT id FROM p WHERE x = 1 AND y = 2", READ) == [
        "IS dbo.p",
        "S dbo.p.ix_xy (1, 2, 1, 2)",
        "S dbo.p.ix_xy (1, 2, 2, 3)",
    ]
    assert db.locks("SELECT id FROM p WHERE x = 1 AND y = 2 AND z > 1", READ) == [
        "IS dbo.p",
        "S dbo.p.ix_xy (1, 2, 2, 3)",
    ]


def test_an_index_with_a_column_of_the_clustered_key_goes_on_with_the_others(db: Any) -> None:
    db.run(
        "CREATE TABLE r (run int, batch int, status int NOT NULL, CONSTRAINT pk_r PRIMARY KEY (run, batch),"
        " INDEX ix_status (status, run)); INSERT INTO r VALUES (1, 1, 1), (1, 2, 1), (2, 1, 1), (2, 2, 1), (3, 1, 2)"
    )
    query = "SELECT TOP (1) batch FROM r WHERE status = 1 ORDER BY run DESC, batch DESC"
    assert db.column(query) == [2]
    assert len(db.locks(query, READ)) == 2


def test_top_with_order_by_an_index_stops_early(db: Any) -> None:
    assert db.locks("SELECT TOP (1) b FROM t WHERE a >= 20 ORDER BY a", READ) == ["IS dbo.t", "S dbo.t.ix_a (20, 2)"]
    assert db.locks("SELECT TOP (1) b FROM t WHERE a >= 20 ORDER BY a DESC", READ) == [
        "IS dbo.t",
        "S dbo.t.ix_a (50, 5)",
    ]
    assert db.locks("SELECT TOP (2) * FROM t ORDER BY id DESC", READ) == [
        "IS dbo.t",
        "S dbo.t.pk_t (5,)",
        "S dbo.t.pk_t (4,)",
    ]


def test_exists_stops_at_the_first_row(db: Any) -> None:
    assert db.locks("IF EXISTS (SELECT * FROM t WHERE id > 1) PRINT 'yes'", READ) == ["IS dbo.t", "S dbo.t.pk_t (2,)"]


def test_a_join_seeks_by_the_outer_row(db: Any) -> None:
    assert db.locks("SELECT u.v FROM t JOIN u ON u.tid = t.id WHERE t.id = 2", READ) == [
        "IS dbo.t",
        "IS dbo.u",
        "S dbo.t.pk_t (2,)",
        "S dbo.u.ix_tid (2, 3)",
        "S dbo.u.pk_u (3,)",
    ]


def test_a_seek_comes_before_the_order_of_from(db: Any) -> None:
    assert db.locks("SELECT t.b FROM t JOIN u ON u.tid = t.id WHERE u.id = 3", READ) == [
        "IS dbo.t",
        "IS dbo.u",
        "S dbo.u.pk_u (3,)",
        "S dbo.t.pk_t (2,)",
    ]


def test_predicates_reach_into_views_and_inline_functions(db: Any) -> None:
    db.run("CREATE VIEW dbo.w AS SELECT t.id AS key_id, t.b, u.v FROM dbo.t JOIN dbo.u ON u.tid = t.id")
    assert db.locks("SELECT b FROM w WHERE key_id = 2", READ)[:3] == ["IS dbo.t", "IS dbo.u", "S dbo.t.pk_t (2,)"]
    db.run(
        "CREATE FUNCTION dbo.f (@a int) RETURNS TABLE AS "
        "RETURN (SELECT id, b FROM dbo.t WHERE a = @a AND b IS NOT NULL)"
    )
    assert db.rows("DECLARE @x int = 20; SELECT id FROM dbo.f(@x) ORDER BY id") == [(2,), (3,)]
    assert db.locks("DECLARE @x int = 10; SELECT id FROM dbo.f(@x)", READ) == ["IS dbo.t", "S dbo.t.ix_a (10, 1)"]
    assert db.rows("SELECT t.id, f.b FROM t CROSS APPLY dbo.f(t.a) AS f WHERE t.id = 3") == [(3, "y"), (3, "z")]


def test_index_hints_are_honoured(db: Any) -> None:
    assert db.locks("SELECT id FROM t WITH (INDEX (ix_a)) WHERE id = 1", READ)[1].startswith("S dbo.t.ix_a")
    assert db.locks("SELECT id FROM t WITH (FORCESEEK) WHERE a > 20", READ) == ["IS dbo.t", "S dbo.t.ix_a (50, 5)"]
    assert db.error("SELECT id FROM t WITH (FORCESEEK) WHERE b = 'x'").number == 8622
    assert db.error("SELECT id FROM t WITH (INDEX (nope))").number == 308
    assert db.error("SELECT id FROM t WITH (INDEX (7))").number == 307


def test_a_filtered_index_is_not_taken_for_the_whole_table(db: Any) -> None:
    db.run("CREATE INDEX ix_b ON dbo.t (b) WHERE a IS NOT NULL")
    assert db.column("SELECT b FROM t WHERE b = 'w'") == ["w"]
    assert db.error("SELECT b FROM t WITH (INDEX (ix_b)) WHERE b = 'w'").number == 8622


def test_a_scan_of_a_heap_locks_row_ids(db: Any) -> None:
    db.run("CREATE TABLE h (x int, INDEX ix_x (x)); INSERT INTO h VALUES (1), (2)")
    assert db.locks("SELECT * FROM h WITH (INDEX (0))", READ) == ["IS dbo.h", "S dbo.h (1,)", "S dbo.h (2,)"]
