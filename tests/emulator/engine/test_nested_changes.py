"""Changes in FROM, and parts of (max) columns.

Documentation: "INSERT (Transact-SQL)", argument dml_table_source; "UPDATE (Transact-SQL)", argument .WRITE.
"""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture
def db(client: Any) -> Any:
    client.run("CREATE TABLE lot (id int PRIMARY KEY, qty int); INSERT lot VALUES (1, 10), (2, 20), (3, 30)")
    client.run("CREATE TABLE journal (what nvarchar(10), id int, old int, new int)")
    return client


MERGE = """MERGE lot USING (VALUES (1, 11), (4, 44)) AS s (id, qty) ON lot.id = s.id
    WHEN MATCHED THEN UPDATE SET qty = s.qty
    WHEN NOT MATCHED THEN INSERT (id, qty) VALUES (s.id, s.qty)
    WHEN NOT MATCHED BY SOURCE AND lot.id = 3 THEN DELETE
    OUTPUT $action, ISNULL(inserted.id, deleted.id), deleted.qty, inserted.qty"""


def test_the_rows_of_a_merge_are_inserted_elsewhere(db: Any) -> None:
    text = f"INSERT journal SELECT a, i, o, n FROM ({MERGE}) AS c (a, i, o, n) WHERE a <> 'DELETE'"
    assert db.run(text).counts == [2]
    assert db.query("SELECT * FROM journal ORDER BY id") == [("UPDATE", 1, 10, 11), ("INSERT", 4, None, 44)]
    assert db.query("SELECT id, qty FROM lot ORDER BY id") == [(1, 11), (2, 20), (4, 44)]


@pytest.mark.parametrize(
    ("change", "rows"),
    [
        ("DELETE lot OUTPUT deleted.id, deleted.qty WHERE qty > 10", [(2, 20), (3, 30)]),
        ("UPDATE lot SET qty += 1 OUTPUT inserted.id, inserted.qty WHERE id = 1", [(1, 11)]),
        ("INSERT lot OUTPUT inserted.id, inserted.qty VALUES (8, 80), (9, 90)", [(8, 80), (9, 90)]),
    ],
)
def test_every_change_may_be_a_source(db: Any, change: str, rows: list[tuple[int, int]]) -> None:
    db.run(f"DECLARE @t TABLE (a int, b int); INSERT @t SELECT id, qty FROM ({change}) x; SELECT 1")
    assert db.query("DECLARE @t TABLE (a int, b int); INSERT @t SELECT 0, COUNT(*) FROM lot; SELECT b FROM @t")
    db.run("DELETE lot; INSERT lot VALUES (1, 10), (2, 20), (3, 30)")
    text = f"DECLARE @t TABLE (a int, b int); INSERT @t SELECT id, qty FROM ({change}) x; SELECT * FROM @t ORDER BY a"
    assert db.query(text) == rows


def test_the_filter_does_not_hold_back_the_inner_change(db: Any) -> None:
    db.run("INSERT journal (id) SELECT id FROM (DELETE lot OUTPUT deleted.id) x WHERE 1 = 0")
    assert db.query("SELECT id FROM lot UNION ALL SELECT id FROM journal") == []


def test_both_changes_are_undone_when_the_outer_fails(db: Any) -> None:
    db.run("CREATE TABLE small (id int PRIMARY KEY CHECK (id < 3))")
    assert db.fails("INSERT small SELECT id FROM (DELETE lot OUTPUT deleted.id) x").number == 547
    assert db.query("SELECT COUNT(*) FROM lot") == [(3,)]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("SELECT * FROM (DELETE lot OUTPUT deleted.id) x", 10729),
        ("INSERT journal (id) SELECT x.id FROM (DELETE lot OUTPUT deleted.id) x JOIN lot ON 1 = 1", 10729),
        ("INSERT journal (id) SELECT COUNT(*) FROM (DELETE lot OUTPUT deleted.id) x GROUP BY id", 10729),
        ("INSERT journal (id) SELECT TOP 1 id FROM (DELETE lot OUTPUT deleted.id) x", 10726),
        ("INSERT journal (id) SELECT id FROM (DELETE lot WHERE id = 1) x", 10727),
        ("INSERT child SELECT id FROM (UPDATE journal SET id = 1 OUTPUT inserted.id) x", 356),
        ("INSERT watched SELECT id FROM (UPDATE journal SET id = 1 OUTPUT inserted.id) x", 355),
    ],
)
def test_where_a_change_may_not_stand(db: Any, text: str, number: int) -> None:
    db.run("CREATE TABLE child (id int REFERENCES lot (id)); CREATE TABLE watched (id int)")
    db.run("CREATE TRIGGER w ON watched AFTER INSERT AS RETURN")
    assert db.fails(text).number == number
    assert db.query("SELECT COUNT(*) FROM lot") == [(3,)]


@pytest.fixture
def documents(client: Any) -> Any:
    client.run("CREATE TABLE doc (id int PRIMARY KEY, t varchar(max), b varbinary(max), short varchar(9))")
    client.run("INSERT doc VALUES (1, 'The quick brown fox', 0x010203, 's'), (2, NULL, NULL, NULL)")
    return client


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ("'slow', 4, 5", "The slow brown fox"),
        ("'very ', 4, 0", "The very quick brown fox"),
        ("'!', NULL, 0", "The quick brown fox!"),
        ("NULL, 3, 1", "The"),
        ("'end', 4, NULL", "The end"),
        ("'', 3, 6", "The brown fox"),
        ("'cat', 16, 99", "The quick brown cat"),
    ],
)
def test_write_replaces_a_part_of_a_max_column(documents: Any, arguments: str, text: str) -> None:
    documents.run(f"UPDATE doc SET t.WRITE({arguments}) WHERE id = 1")
    assert documents.value("(SELECT t FROM doc WHERE id = 1)") == text


def test_write_takes_binary_data_and_variables_and_other_columns_too(documents: Any) -> None:
    documents.run("DECLARE @at bigint = 1; UPDATE doc SET b.WRITE(0xFFFF, @at, 1), short = 'x' WHERE id = 1")
    assert documents.query("SELECT b, short FROM doc WHERE id = 1") == [(bytes.fromhex("01FFFF03"), "x")]


@pytest.mark.parametrize(
    ("change", "number"),
    [
        ("t.WRITE('x', 0, 0) WHERE id = 2", 7133),
        ("t.WRITE('x', 99, 0) WHERE id = 1", 7116),
        ("t.WRITE('x', 0, -1) WHERE id = 1", 7135),
        ("short.WRITE('x', 0, 0)", 258),
    ],
)
def test_what_write_refuses(documents: Any, change: str, number: int) -> None:
    assert documents.fails(f"UPDATE doc SET {change}").number == number


def test_a_row_version_keeps_its_place_in_an_insert_and_takes_only_default(client: Any) -> None:
    client.run("CREATE TABLE v (a int, version rowversion, b int)")
    client.run("INSERT v VALUES (1, DEFAULT, 2); INSERT v (b, version) VALUES (3, DEFAULT)")
    assert client.query("SELECT a, b FROM v ORDER BY version") == [(1, 2), (None, 3)]
    for text, number in (
        ("INSERT v VALUES (1, 2)", 213),
        ("INSERT v VALUES (1, 0x01, 2)", 273),
        ("INSERT v (version) VALUES (0x01)", 273),
        ("INSERT v SELECT 1, 0x01, 2", 273),
        ("INSERT v SELECT 1, 2", 213),
    ):
        assert client.fails(text).number == number


def test_rows_of_values_have_one_width_and_none_for_the_identity(client: Any) -> None:
    client.run("CREATE TABLE n (id int IDENTITY, a int)")
    assert client.fails("INSERT n (a) VALUES (1), (2, 3)").number == 10709
    assert client.fails("INSERT n VALUES (1, 2)").number == 8101
    assert client.fails("INSERT n SELECT 1, 2").number == 8101
    assert client.fails("INSERT n (a) VALUES (1, 2)").number == 110
