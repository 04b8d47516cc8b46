"""Columnstore indexes: known to the catalog, without data of their own ("CREATE COLUMNSTORE INDEX (Transact-SQL)")."""

from __future__ import annotations

from typing import Any

import pytest

INDEXES = "SELECT name, index_id, type_desc FROM sys.indexes WHERE object_id = OBJECT_ID('t') ORDER BY index_id"


@pytest.fixture
def table(client: Any) -> Any:
    client.run("CREATE TABLE t (id int NOT NULL, a int, b varchar(9)); INSERT t VALUES (1, 2, 'x'), (2, 3, 'y')")
    return client


def test_a_nonclustered_one_names_its_columns(table: Any) -> None:
    table.run("CREATE NONCLUSTERED COLUMNSTORE INDEX ix ON t (b, a) WHERE a > 1 WITH (DROP_EXISTING = OFF)")

    assert table.query(INDEXES) == [(None, 0, "HEAP"), ("ix", 2, "NONCLUSTERED COLUMNSTORE")]
    assert table.query("""
        SELECT COL_NAME(object_id, column_id), key_ordinal, is_included_column FROM sys.index_columns
        WHERE object_id = OBJECT_ID('t') ORDER BY index_column_id
    """) == [("b", 0, True), ("a", 0, True)]
    assert table.query("SELECT filter_definition FROM sys.indexes WHERE name = 'ix'") == [("([a]>(1))",)]


def test_a_clustered_one_has_all_columns(table: Any) -> None:
    table.run("CREATE CLUSTERED COLUMNSTORE INDEX cci ON t; ALTER TABLE t ADD c int; ALTER TABLE t DROP COLUMN a")

    assert table.query(INDEXES) == [("cci", 1, "CLUSTERED COLUMNSTORE")]
    assert table.query("SELECT COUNT(*) FROM sys.index_columns WHERE object_id = OBJECT_ID('t')") == [(3,)]


def test_rows_are_read_and_changed_as_before(table: Any) -> None:
    table.run("CREATE CLUSTERED COLUMNSTORE INDEX cci ON t; CREATE UNIQUE INDEX u ON t (id)")

    table.run("UPDATE t SET a = 5 WHERE id = 2; DELETE t WHERE b = 'x'")
    assert table.query("SELECT id, a FROM t") == [(2, 5)]
    assert table.fails("INSERT t (id) VALUES (2)").number == 2601


def test_it_is_dropped_renamed_and_rolled_back(table: Any) -> None:
    table.run("BEGIN TRANSACTION; CREATE COLUMNSTORE INDEX ix ON t (a); ROLLBACK")
    assert table.query(INDEXES) == [(None, 0, "HEAP")]

    table.run("CREATE COLUMNSTORE INDEX ix ON t (a); EXEC sp_rename 't.ix', 'iy', 'INDEX'; ALTER INDEX iy ON t REBUILD")
    assert table.query(INDEXES)[1][0] == "iy"
    table.run("DROP INDEX iy ON t")
    assert table.query(INDEXES) == [(None, 0, "HEAP")]


def test_it_is_written_in_the_table(client: Any) -> None:
    client.run("CREATE TABLE t (a int, b int, INDEX cci CLUSTERED COLUMNSTORE, INDEX ib (b))")
    assert client.query(INDEXES) == [("cci", 1, "CLUSTERED COLUMNSTORE"), ("ib", 2, "NONCLUSTERED")]


@pytest.mark.parametrize(
    ("statement", "number"),
    [
        ("CREATE UNIQUE NONCLUSTERED COLUMNSTORE INDEX y ON t (a)", 35301),
        ("CREATE COLUMNSTORE INDEX y ON t (a) INCLUDE (b)", 35311),
        ("CREATE CLUSTERED COLUMNSTORE INDEX y ON t (a)", 35302),
        ("CREATE COLUMNSTORE INDEX y ON t (a, a)", 1909),
        ("CREATE COLUMNSTORE INDEX y ON t (nothing)", 1911),
        ("CREATE COLUMNSTORE INDEX x ON t (a)", 1913),
        ("CREATE COLUMNSTORE INDEX y ON t (a)", 35339),
        ("CREATE INDEX x ON t (a)", 1913),
        ("ALTER TABLE t DROP COLUMN b", 5074),
    ],
)
def test_what_it_cannot_be_is_refused(table: Any, statement: str, number: int) -> None:
    table.run("CREATE COLUMNSTORE INDEX x ON t (b)")

    assert table.fails(statement).number == number


def test_a_table_has_one_clustered_index_of_either_kind(table: Any) -> None:
    table.run("CREATE CLUSTERED COLUMNSTORE INDEX cci ON t")
    assert table.fails("CREATE CLUSTERED INDEX c ON t (id)").number == 1902
