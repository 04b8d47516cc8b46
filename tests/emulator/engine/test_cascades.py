"""Cascading foreign keys and keys of a table to itself ("Primary and foreign key constraints")."""

from __future__ import annotations

from typing import Any

import pytest


def tables(client: Any, rule: str, extra: str = "") -> None:
    client.run("CREATE TABLE dbo.p (id int PRIMARY KEY, name varchar(9)); INSERT p VALUES (1, 'a'), (2, 'b'), (7, 'd')")
    client.run(
        f"CREATE TABLE dbo.c (id int PRIMARY KEY, p int NULL DEFAULT 7 CONSTRAINT fk REFERENCES p (id) {rule}{extra})"
    )
    client.run("INSERT c VALUES (10, 1), (11, 1), (12, 2)")


@pytest.mark.parametrize(
    ("rule", "left"),
    [("CASCADE", [(12, 2)]), ("SET NULL", [(10, None), (11, None), (12, 2)]), ("SET DEFAULT", [(10, 7), (11, 7), (12, 2)])],
)  # fmt: skip
def test_on_delete(client: Any, rule: str, left: list[Any]) -> None:
    tables(client, f"ON DELETE {rule}")
    assert client.run("DELETE p WHERE id = 1").counts == [1]
    assert client.query("SELECT id, p FROM c ORDER BY id") == left


@pytest.mark.parametrize(
    ("rule", "values"), [("CASCADE", [5, 5, 2]), ("SET NULL", [None, None, 2]), ("SET DEFAULT", [7, 7, 2])]
)
def test_on_update(client: Any, rule: str, values: list[Any]) -> None:
    tables(client, f"ON UPDATE {rule}")
    client.run("UPDATE p SET id = 5 WHERE id = 1; UPDATE p SET name = 'z', id = id")
    assert [row[0] for row in client.query("SELECT p FROM c ORDER BY id")] == values
    assert client.fails("DELETE p WHERE id = 2").number == 547


def test_keys_that_move_past_each_other_take_their_rows_along(client: Any) -> None:
    tables(client, "ON UPDATE CASCADE")
    client.run("UPDATE p SET id = id + 1")
    assert client.query("SELECT id, p FROM c ORDER BY id") == [(10, 2), (11, 2), (12, 3)]


def test_cascades_go_on_and_fire_triggers_from_the_far_end(client: Any) -> None:
    tables(client, "ON DELETE CASCADE")
    client.run(
        "CREATE TABLE dbo.g (id int, c int REFERENCES c (id) ON DELETE CASCADE); INSERT g VALUES (100, 10), (101, 12)"
    )
    client.run("CREATE TABLE dbo.log (id int IDENTITY, what varchar(20))")
    for table in ("p", "c", "g"):
        client.run(
            f"CREATE TRIGGER dbo.t{table} ON dbo.{table} AFTER DELETE AS INSERT log SELECT CONCAT('{table}', COUNT(*)) FROM deleted"
        )
    client.run("DELETE p WHERE id = 1")
    assert [row[0] for row in client.query("SELECT what FROM log ORDER BY id")] == ["g1", "c2", "p1"]
    assert client.query("SELECT id FROM g") == [(101,)]


def test_a_cascade_is_undone_with_its_statement(client: Any) -> None:
    tables(client, "ON DELETE CASCADE")
    client.run("CREATE TABLE dbo.g (c int REFERENCES c (id)); INSERT g VALUES (11)")
    assert client.fails("DELETE p WHERE id = 1").number == 547
    assert client.value("COUNT(*) FROM c") == 3


def test_a_default_that_refers_to_nothing_is_547(client: Any) -> None:
    tables(client, "ON DELETE SET DEFAULT")
    client.run("DELETE p WHERE id = 7")
    assert client.fails("DELETE p WHERE id = 1").number == 547


def test_merge_cascades_too(client: Any) -> None:
    tables(client, "ON DELETE CASCADE ON UPDATE CASCADE")
    client.run(
        "MERGE p USING (VALUES (1, 0), (2, 22)) AS s (id, n) ON s.id = p.id WHEN MATCHED AND n = 0 THEN DELETE WHEN MATCHED THEN UPDATE SET id = n;"
    )
    assert client.query("SELECT id, p FROM c") == [(12, 22)]


def test_a_table_that_refers_to_itself_is_checked_at_the_end(client: Any) -> None:
    client.run("CREATE TABLE dbo.e (id int PRIMARY KEY, boss int REFERENCES e (id))")
    client.run("INSERT e VALUES (1, 1); INSERT e VALUES (3, 2), (2, 1)")
    assert client.fails("INSERT e VALUES (4, 5)").number == 547
    assert client.fails("DELETE e WHERE id = 2").number == 547
    assert client.fails("UPDATE e SET boss = 9 WHERE id = 3").number == 547
    client.run("DELETE e")
    assert client.value("COUNT(*) FROM e") == 0


@pytest.mark.parametrize(
    ("key", "number"),
    [
        ("a int REFERENCES x (id) ON DELETE CASCADE", 1785),
        ("a int REFERENCES p (id) ON DELETE CASCADE, b int REFERENCES c (id) ON DELETE SET NULL", 1785),
        ("a int NOT NULL REFERENCES p (id) ON DELETE SET NULL", 1761),
        ("a int NOT NULL REFERENCES p (id) ON UPDATE SET DEFAULT", 1762),
    ],
)
def test_cascades_that_cannot_be(client: Any, key: str, number: int) -> None:
    tables(client, "ON DELETE CASCADE")
    assert client.fails(f"CREATE TABLE dbo.x (id int PRIMARY KEY, {key})").number == number


def test_a_cascade_changes_the_row_as_it_is_when_nobody_else_changes_it_any_more(engine: Any) -> None:
    first, second = engine.clients(2)
    tables(first, "ON DELETE SET NULL")
    first.run("CREATE INDEX by_p ON c (p); ALTER TABLE c ADD note varchar(9) NULL")
    first.run("BEGIN TRAN; UPDATE c SET note = 'kept' WHERE id = 10")
    deleting = second.start("DELETE p WHERE id = 1")
    assert not deleting.done
    first.run("COMMIT")
    assert deleting.done
    assert first.query("SELECT p, note FROM c WHERE id = 10") == [(None, "kept")]


@pytest.mark.parametrize(
    ("definition", "locked"),
    [
        (
            "id int PRIMARY KEY, p int REFERENCES p (id) ON DELETE CASCADE, INDEX by_p (p)",
            [("KEY", "RangeS-U"), ("KEY", "RangeX-X"), ("KEY", "X"), ("OBJECT", "IX")],
        ),
        (
            "id int PRIMARY KEY, p int REFERENCES p (id) ON DELETE CASCADE",
            [("KEY", "RangeS-U"), ("KEY", "RangeS-U"), ("KEY", "RangeX-X"), ("OBJECT", "IX")],
        ),
        (
            "id int PRIMARY KEY, p int UNIQUE REFERENCES p (id) ON DELETE CASCADE",
            [("KEY", "X"), ("KEY", "X"), ("OBJECT", "IX")],
        ),
        ("id int, p int REFERENCES p (id) ON DELETE CASCADE", [("OBJECT", "X")]),
    ],
)
def test_a_cascade_locks_as_at_level_serializable(client: Any, definition: str, locked: list[Any]) -> None:
    client.run("CREATE TABLE p (id int PRIMARY KEY); INSERT p VALUES (1), (2)")
    client.run(f"CREATE TABLE c ({definition}); INSERT c VALUES (10, 1), (20, 2)")
    client.run("BEGIN TRAN; DELETE p WHERE id = 1")
    assert (
        client.query(
            """
            SELECT resource_type, request_mode FROM sys.dm_tran_locks AS l
                LEFT JOIN sys.partitions AS p ON p.hobt_id = l.resource_associated_entity_id
            WHERE OBJECT_ID('c') IN (p.object_id, l.resource_associated_entity_id)
            ORDER BY resource_type, request_mode
            """
        )
        == locked
    )
