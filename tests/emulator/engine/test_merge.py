"""MERGE ("MERGE (Transact-SQL)")."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture
def db(client: Any) -> Any:
    client.run("CREATE TABLE dbo.t (id int PRIMARY KEY, v int NOT NULL, note varchar(9) DEFAULT 'new')")
    client.run("CREATE TABLE dbo.s (id int, v int)")
    client.run("INSERT t VALUES (1, 10, 'a'), (2, 20, 'b'), (3, 30, 'c'); INSERT s VALUES (2, 200), (3, 0), (4, 400)")
    return client


ALL = """MERGE INTO t AS x USING s ON x.id = s.id
    WHEN MATCHED AND s.v = 0 THEN DELETE
    WHEN MATCHED THEN UPDATE SET v = s.v, note += '!'
    WHEN NOT MATCHED THEN INSERT (id, v) VALUES (s.id, s.v)
    WHEN NOT MATCHED BY SOURCE THEN UPDATE SET note = 'gone'
    """


def test_every_clause_does_its_part(db: Any) -> None:
    assert db.run(f"{ALL};").counts == [4]
    assert db.query("SELECT id, v, note FROM t ORDER BY id") == [(1, 10, "gone"), (2, 200, "b!"), (4, 400, "new")]


def test_output_tells_action_and_both_rows_and_the_source(db: Any) -> None:
    rows = db.query(f"{ALL} OUTPUT $action, deleted.v, inserted.v, s.id;")
    assert sorted(rows, key=str) == sorted(
        [("UPDATE", 10, 10, None), ("UPDATE", 20, 200, 2), ("DELETE", 30, None, 3), ("INSERT", None, 400, 4)], key=str
    )


def test_output_into_and_a_named_action(db: Any) -> None:
    text = f"DECLARE @o TABLE (a nvarchar(10), id int); {ALL} OUTPUT $action, COALESCE(inserted.id, deleted.id) INTO @o; SELECT a, id FROM @o ORDER BY id"
    assert db.query(text) == [("UPDATE", 1), ("UPDATE", 2), ("DELETE", 3), ("INSERT", 4)]
    sink = db.run("MERGE t USING s ON t.id = s.id WHEN MATCHED THEN DELETE OUTPUT $action AS what;")
    assert [column.name for column in sink.result_sets[-1].columns] == ["what"]


def test_the_source_may_be_values_or_a_query_or_variables(db: Any) -> None:
    db.run(
        "MERGE t USING (VALUES (1, 11), (9, 99)) AS n (id, v) ON n.id = t.id WHEN MATCHED THEN UPDATE SET v = n.v WHEN NOT MATCHED BY TARGET THEN INSERT (id, v) VALUES (n.id, n.v);"
    )
    assert db.query("SELECT id, v FROM t WHERE id IN (1, 9)") == [(1, 11), (9, 99)]
    db.run(
        "DECLARE @id int = 1, @v int = 5; MERGE t WITH (HOLDLOCK) USING (SELECT @id AS id, @v AS v) AS n ON n.id = t.id WHEN MATCHED THEN UPDATE SET t.v = n.v;"
    )
    assert db.value("(SELECT v FROM t WHERE id = 1)") == 5
    db.run(
        "WITH c AS (SELECT id, SUM(v) AS v FROM s GROUP BY id) MERGE t USING c ON c.id = t.id WHEN NOT MATCHED BY SOURCE THEN DELETE;"
    )
    assert db.query("SELECT id FROM t ORDER BY id") == [(2,), (3,)]


def test_a_row_matched_twice_is_8672(db: Any) -> None:
    db.run("INSERT s VALUES (2, 201)")
    assert db.fails("MERGE t USING s ON t.id = s.id WHEN MATCHED THEN UPDATE SET v = s.v;").number == 8672
    assert db.query("SELECT v FROM t WHERE id = 2") == [(20,)]


@pytest.mark.parametrize(
    ("statement", "number"),
    [
        ("MERGE t USING s ON t.id = s.id WHEN MATCHED THEN DELETE", 10713),
        ("MERGE t USING s ON t.id = s.id WHEN MATCHED THEN DELETE WHEN MATCHED AND s.v = 1 THEN UPDATE SET v = 1;", 5324),
        ("MERGE t USING s ON t.id = s.id WHEN MATCHED AND s.v = 1 THEN DELETE WHEN MATCHED THEN DELETE;", 10714),
        ("MERGE t USING s ON t.id = s.id WHEN NOT MATCHED THEN INSERT (id) VALUES (1, 2);", 110),
        ("MERGE t USING s ON t.id = s.id WHEN NOT MATCHED THEN INSERT (id, v) VALUES (t.id, 2);", 4104),
        ("MERGE t USING s ON t.id = s.id WHEN NOT MATCHED THEN INSERT (id, v) VALUES (s.id, NULL);", 515),
        ("MERGE t USING s ON t.id = s.id WHEN NOT MATCHED THEN INSERT (id, v) VALUES (1, 1);", 2627),
        ("MERGE nothing USING s ON 1 = 1 WHEN MATCHED THEN DELETE;", 208),
    ],
)  # fmt: skip
def test_errors(db: Any, statement: str, number: int) -> None:
    assert db.fails(statement).number == number
    assert db.value("SUM(v) FROM t") == 60


def test_keys_may_be_exchanged_and_reused(db: Any) -> None:
    db.run("MERGE t USING (VALUES (1, 2), (2, 1)) AS n (a, b) ON t.id = n.a WHEN MATCHED THEN UPDATE SET id = n.b;")
    assert db.query("SELECT id, v FROM t WHERE id < 3 ORDER BY id") == [(1, 20), (2, 10)]
    db.run(
        "MERGE t USING (VALUES (0, 3)) AS n (a, b) ON t.id = n.a WHEN NOT MATCHED THEN INSERT (id, v) VALUES (b, 7) WHEN NOT MATCHED BY SOURCE THEN DELETE;"
    )
    assert db.query("SELECT id, v FROM t") == [(3, 7)]


def test_top_limits_the_rows_that_are_changed(db: Any) -> None:
    assert db.run("MERGE TOP (1) t USING s ON t.id = s.id WHEN MATCHED THEN DELETE;").counts == [1]


def test_triggers_fire_once_for_each_action(db: Any) -> None:
    db.run("CREATE TABLE log (what varchar(20))")
    db.run(
        "CREATE TRIGGER tr ON t AFTER INSERT, UPDATE, DELETE AS INSERT log SELECT CONCAT((SELECT COUNT(*) FROM inserted), '/', (SELECT COUNT(*) FROM deleted), ' of ', @@ROWCOUNT)"
    )
    db.run(f"{ALL};")
    assert sorted(db.query("SELECT what FROM log")) == [("0/1 of 4",), ("1/0 of 4",), ("2/2 of 4",)]


def test_without_holdlock_two_sessions_may_insert_the_same_key(engine: Any) -> None:
    one, two = engine.clients(2)
    one.run("CREATE TABLE u (k int PRIMARY KEY, n int)")
    upsert = "MERGE u {} USING (VALUES (1)) AS s (k) ON u.k = s.k WHEN MATCHED THEN UPDATE SET n += 1 WHEN NOT MATCHED THEN INSERT VALUES (1, 1);"
    pending = [client.spawn(upsert.format("")) for client in (one, two)]
    engine.instance.scheduler.run()
    assert [p.error_numbers for p in pending] in ([[], [2627]], [[2627], []])
    one.run("DELETE u")
    pending = [client.spawn(upsert.format("WITH (HOLDLOCK)")) for client in (one, two)]
    engine.instance.scheduler.run()
    assert [p.error_numbers for p in pending] == [[], []]
    assert one.query("SELECT n FROM u") == [(2,)]


def test_examined_rows_are_locked_for_update(engine: Any) -> None:
    one, two = engine.clients(2)
    one.run("CREATE TABLE u (k int PRIMARY KEY, n int); INSERT u VALUES (1, 1), (2, 1)")
    one.run("BEGIN TRAN; SELECT n FROM u WITH (UPDLOCK) WHERE k = 1")
    waiting = two.start("MERGE u USING (VALUES (1)) AS s (k) ON u.k = s.k WHEN MATCHED AND u.n > 5 THEN DELETE;")
    assert not waiting.done
    one.run("COMMIT")
    assert waiting.done
