"""ALTER TABLE and the rows that are there ("ALTER TABLE (Transact-SQL)")."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture
def db(client: Any) -> Any:
    client.run("CREATE TABLE t (a int, b int NOT NULL, c varchar(9)); INSERT t VALUES (1, 10, 'x'), (2, 20, 'y')")
    return client


def test_an_identity_column_numbers_the_rows_that_are_there(db: Any) -> None:
    db.run("ALTER TABLE t ADD id int IDENTITY(5, 5) NOT NULL; INSERT t (a, b) VALUES (3, 30)")
    assert sorted(db.query("SELECT id FROM t")) == [(5,), (10,), (15,)]
    db.run("BEGIN TRAN; ALTER TABLE t DROP COLUMN id; ROLLBACK; INSERT t (a, b) VALUES (4, 40)")
    assert db.value("MAX(id) FROM t") == 20


def test_computed_columns_are_computed_for_them(db: Any) -> None:
    db.run("ALTER TABLE t ADD twice AS b * 2 PERSISTED, sum_of AS a + b")
    assert db.query("SELECT twice, sum_of FROM t ORDER BY a") == [(20, 11), (40, 22)]
    assert db.fails("ALTER TABLE t DROP COLUMN b").number == 5074


def test_a_row_version_column_gives_each_row_its_own(db: Any) -> None:
    db.run("ALTER TABLE t ADD rv rowversion")
    assert db.value("COUNT(DISTINCT rv) FROM t") == 2


def test_columns_behind_a_dropped_one_stay_what_they_are(db: Any) -> None:
    db.run("CREATE UNIQUE INDEX ix ON t (b) INCLUDE (c) WHERE c = 'x'; ALTER TABLE t ADD CONSTRAINT ck CHECK (b > 0)")
    db.run("ALTER TABLE t DROP COLUMN a")
    db.run("INSERT t VALUES (20, 'z')")
    assert db.fails("INSERT t VALUES (10, 'x')").number == 2601
    assert db.fails("INSERT t VALUES (-1, 'x')").number == 547
    assert db.query("SELECT b, c FROM t ORDER BY b, c") == [(10, "x"), (20, "y"), (20, "z")]
    assert db.fails("ALTER TABLE t DROP COLUMN c").number == 5074


def test_foreign_keys_follow_columns_that_move(client: Any) -> None:
    client.run(
        "CREATE TABLE p (junk int, id int NOT NULL PRIMARY KEY); CREATE TABLE c (junk int, p int REFERENCES p (id))"
    )
    client.run("INSERT p VALUES (0, 1); INSERT c VALUES (0, 1)")
    client.run("ALTER TABLE p DROP COLUMN junk; ALTER TABLE c DROP COLUMN junk")
    assert client.fails("INSERT c VALUES (2)").number == 547
    assert client.fails("DELETE p").number == 547
    client.run("BEGIN TRAN; ALTER TABLE c ADD x int; ALTER TABLE c DROP COLUMN x; ROLLBACK; DELETE c; DELETE p")


def test_with_check_check_looks_at_the_rows(db: Any) -> None:
    db.run("CREATE TABLE p (id int PRIMARY KEY); INSERT p VALUES (1)")
    db.run(
        "ALTER TABLE t WITH NOCHECK ADD CONSTRAINT ck CHECK (a < 2), CONSTRAINT fk FOREIGN KEY (a) REFERENCES p (id)"
    )
    db.run("ALTER TABLE t NOCHECK CONSTRAINT ALL; INSERT t VALUES (9, 9, '')")
    db.run("ALTER TABLE t CHECK CONSTRAINT ck")
    assert db.fails("ALTER TABLE t WITH CHECK CHECK CONSTRAINT ck").number == 547
    assert db.fails("ALTER TABLE t WITH CHECK CHECK CONSTRAINT ALL").number == 547
    db.run("DELETE t WHERE a > 1; ALTER TABLE t WITH CHECK CHECK CONSTRAINT ALL")
    assert db.fails("INSERT t VALUES (0, 0, '')").number == 547


def test_a_not_null_column_without_a_value_is_refused(db: Any) -> None:
    assert db.fails("ALTER TABLE t ADD d int NOT NULL").number == 4901
