"""Triggers ("CREATE TRIGGER"; "DML triggers"; "Rollbacks and commits in stored procedures and triggers")."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture
def db(client: Any) -> Any:
    client.run("CREATE TABLE dbo.t (id int IDENTITY PRIMARY KEY, a int, b varchar(9) DEFAULT 'd')")
    client.run("CREATE TABLE dbo.log (id int IDENTITY(100, 1), what varchar(40))")
    return client


def trigger(db: Any, events: str, body: str, name: str = "tr", table: str = "dbo.t") -> None:
    db.run(f"CREATE TRIGGER dbo.{name} ON {table} {events} AS {body}")


def log(db: Any) -> list[str]:
    return [row[0] for row in db.query("SELECT what FROM log ORDER BY id")]


def test_inserted_and_deleted_show_all_rows_of_the_statement(db: Any) -> None:
    body = "INSERT log SELECT CONCAT('ins ', id, ' ', a) FROM inserted ORDER BY id; INSERT log SELECT CONCAT('del ', id, ' ', a) FROM deleted ORDER BY id"
    trigger(db, "AFTER INSERT, UPDATE, DELETE", body)
    db.run("SET NOCOUNT ON; INSERT t (a) VALUES (1), (2)")
    db.run("UPDATE t SET a = a * 10 WHERE id = 2")
    db.run("DELETE t WHERE id = 1")
    assert log(db) == ["ins 1 1", "ins 2 2", "ins 2 20", "del 2 2", "del 1 1"]


def test_a_trigger_fires_once_also_for_no_row(db: Any) -> None:
    trigger(db, "FOR DELETE", "INSERT log VALUES (CONCAT(@@ROWCOUNT, ' rows'))")
    db.run("DELETE t")
    assert log(db) == ["0 rows"]


def test_rowcount_is_the_statements_inside_and_after(db: Any) -> None:
    trigger(db, "AFTER INSERT", "INSERT log VALUES (CONCAT('n=', @@ROWCOUNT)); DELETE log WHERE 1 = 0")
    assert db.query("SET NOCOUNT ON; INSERT t (a) VALUES (1), (2), (3); SELECT @@ROWCOUNT") == [(3,)]
    assert log(db) == ["n=3"]


def test_scope_identity_is_not_that_of_the_trigger(db: Any) -> None:
    trigger(db, "AFTER INSERT", "SET NOCOUNT ON; INSERT log VALUES ('x')")
    assert db.query("INSERT t (a) VALUES (1); SELECT SCOPE_IDENTITY(), @@IDENTITY") == [(1, 100)]


def test_update_and_columns_updated_tell_what_was_set(db: Any) -> None:
    body = "IF UPDATE(a) INSERT log VALUES ('a'); IF UPDATE(b) INSERT log VALUES ('b'); INSERT log SELECT CONVERT(varchar(9), COLUMNS_UPDATED(), 1)"
    trigger(db, "AFTER INSERT, UPDATE", body)
    db.run("INSERT t (a) VALUES (1)")
    db.run("UPDATE t SET b = 'z' WHERE 1 = 0")
    assert log(db) == ["a", "b", "0x07", "b", "0x04"]
    assert db.fails("SELECT COLUMNS_UPDATED()").number == 197


def test_triggers_fire_in_the_order_of_their_creation(db: Any) -> None:
    trigger(db, "AFTER INSERT", "INSERT log VALUES ('first')", "z")
    trigger(db, "AFTER INSERT", "INSERT log VALUES ('second')", "a")
    db.run("ALTER TRIGGER dbo.z ON dbo.t AFTER INSERT AS INSERT log VALUES ('altered')")
    db.run("INSERT t (a) VALUES (1)")
    assert log(db) == ["altered", "second"]


def test_disabled_and_dropped_triggers_do_not_fire(db: Any) -> None:
    trigger(db, "AFTER INSERT", "INSERT log VALUES ('x')")
    db.run("DISABLE TRIGGER dbo.tr ON dbo.t")
    assert db.query("SELECT is_disabled FROM sys.triggers WHERE name = 'tr'") == [(True,)]
    db.run("INSERT t (a) VALUES (1); ALTER TABLE t ENABLE TRIGGER ALL; INSERT t (a) VALUES (2)")
    assert log(db) == ["x"]
    db.run("DROP TRIGGER dbo.tr; INSERT t (a) VALUES (3)")
    assert log(db) == ["x"]
    assert db.fails("DROP TRIGGER dbo.tr").number == 3701
    db.run("DROP TRIGGER IF EXISTS dbo.tr")


def test_a_rollback_in_a_trigger_ends_the_batch_with_3609(db: Any) -> None:
    trigger(db, "AFTER INSERT", "IF EXISTS (SELECT * FROM inserted WHERE a < 0) ROLLBACK")
    sink = db.collect("BEGIN TRAN; INSERT t (a) VALUES (1); INSERT t (a) VALUES (-1); PRINT 'not here'")
    assert [error.number for error in sink.errors] == [3609]
    assert db.query("SELECT @@TRANCOUNT, (SELECT COUNT(*) FROM t)") == [(0, 0)]
    assert db.fails("INSERT t (a) VALUES (-1)").number == 3609
    assert db.value("COUNT(*) FROM t") == 0


def test_a_transaction_is_open_in_a_trigger(db: Any) -> None:
    trigger(db, "AFTER INSERT", "INSERT log VALUES (CONCAT(@@TRANCOUNT, ' ', XACT_STATE(), ' ', TRIGGER_NESTLEVEL()))")
    db.run("INSERT t (a) VALUES (1); BEGIN TRAN; BEGIN TRAN; INSERT t (a) VALUES (1); COMMIT; COMMIT")
    assert log(db) == ["1 1 1", "2 1 1"]
    assert db.value("@@TRANCOUNT") == 0


def test_an_error_in_a_trigger_undoes_the_transaction_and_ends_the_batch(db: Any) -> None:
    trigger(db, "AFTER INSERT", "SELECT 1 / 0")
    sink = db.collect("BEGIN TRAN; INSERT log VALUES ('before'); INSERT t (a) VALUES (1); PRINT 'not here'")
    assert ([e.number for e in sink.errors], sink.errors[0].procedure) == ([8134], "tr")
    assert db.query("SELECT @@TRANCOUNT, (SELECT COUNT(*) FROM t) + (SELECT COUNT(*) FROM log)") == [(0, 0)]


def test_caught_outside_it_dooms_the_transaction(db: Any) -> None:
    trigger(db, "AFTER INSERT", "SELECT 1 / 0")
    text = "BEGIN TRAN; BEGIN TRY INSERT t (a) VALUES (1) END TRY BEGIN CATCH SELECT ERROR_NUMBER(), ERROR_PROCEDURE(), XACT_STATE(); ROLLBACK END CATCH"
    assert db.query(text) == [(8134, "tr", -1)]


def test_caught_inside_it_still_ends_the_batch_with_3616(db: Any) -> None:
    trigger(db, "AFTER INSERT", "BEGIN TRY SELECT 1 / 0 END TRY BEGIN CATCH PRINT XACT_STATE() END CATCH")
    sink = db.collect("INSERT t (a) VALUES (1)")
    assert [(m.number, m.message[:2]) for m in sink.messages] == [(0, "-1"), (3616, "An")]
    assert db.value("COUNT(*) FROM t") == 0


def test_raiserror_in_a_trigger_only_tells(db: Any) -> None:
    trigger(db, "AFTER INSERT", "RAISERROR('careful', 16, 1)")
    assert db.collect("INSERT t (a) VALUES (1)").errors[0].number == 50000
    assert db.value("COUNT(*) FROM t") == 1


def test_throw_in_a_trigger_undoes_the_statement(db: Any) -> None:
    trigger(db, "AFTER INSERT", "THROW 50001, 'no', 1")
    assert db.fails("INSERT t (a) VALUES (1)").number == 50001
    assert db.value("COUNT(*) FROM t") == 0


def test_a_trigger_does_not_fire_itself_but_others(db: Any) -> None:
    trigger(db, "AFTER UPDATE", "INSERT log VALUES ('t'); UPDATE dbo.t SET a += 1")
    trigger(db, "AFTER INSERT", "INSERT dbo.t (a) VALUES (9)", "tl", "dbo.log")
    db.run("INSERT t (a) VALUES (1); UPDATE t SET a = 5")
    assert log(db) == ["t"]
    assert db.query("SELECT a FROM t ORDER BY id") == [(6,), (10,)]


def test_two_triggers_that_fire_each_other_are_nested_too_deep(db: Any) -> None:
    trigger(db, "AFTER INSERT", "INSERT log VALUES ('x')")
    trigger(db, "AFTER INSERT", "INSERT dbo.t (a) VALUES (1)", "tl", "dbo.log")
    assert db.fails("INSERT t (a) VALUES (1)").number == 217
    assert db.value("COUNT(*) FROM t") == 0


def test_output_needs_into_where_there_are_triggers(db: Any) -> None:
    trigger(db, "AFTER INSERT", "PRINT 'x'")
    assert db.fails("INSERT t (a) OUTPUT inserted.id VALUES (1)").number == 334
    assert db.query(
        "DECLARE @o TABLE (id int); INSERT t (a) OUTPUT inserted.id INTO @o VALUES (1); SELECT id FROM @o"
    ) == [(1,)]


def test_instead_of_takes_the_place_of_the_statement(db: Any) -> None:
    trigger(db, "INSTEAD OF INSERT", "INSERT t (a, b) SELECT a * 2, CONCAT(b, id) FROM inserted")
    sink = db.run("INSERT t (a) VALUES (1), (2)")
    assert sink.counts[-1] == 2
    assert db.query("SELECT a, b FROM t ORDER BY id") == [(2, "d0"), (4, "d0")]


def test_instead_of_delete_and_update_see_the_rows(db: Any) -> None:
    db.run("INSERT t (a) VALUES (1), (2)")
    trigger(db, "INSTEAD OF DELETE", "UPDATE t SET b = 'gone' WHERE id IN (SELECT id FROM deleted)")
    trigger(
        db,
        "INSTEAD OF UPDATE",
        "INSERT log SELECT CONCAT(d.a, '->', i.a) FROM deleted d JOIN inserted i ON i.id = d.id; UPDATE t SET a = i.a FROM t JOIN inserted i ON i.id = t.id",
        "tu",
    )
    db.run("DELETE FROM t WHERE a = 1")
    db.run("UPDATE x SET a += 5 FROM t AS x WHERE x.id = 2")
    assert log(db) == ["1->1", "2->7"]
    assert db.query("SELECT id, a FROM t ORDER BY id") == [(1, 1), (2, 7)]


def test_instead_of_makes_any_view_updatable(db: Any) -> None:
    db.run("CREATE VIEW dbo.v AS SELECT MAX(id) AS id, b, SUM(a) AS total FROM dbo.t GROUP BY b")
    trigger(db, "INSTEAD OF INSERT", "INSERT t (a, b) SELECT total, b FROM inserted", "vi", "dbo.v")
    trigger(db, "INSTEAD OF DELETE", "DELETE t WHERE b IN (SELECT b FROM deleted)", "vd", "dbo.v")
    trigger(
        db,
        "INSTEAD OF UPDATE",
        "INSERT log SELECT CONCAT(d.total, ' ', i.total) FROM inserted i JOIN deleted d ON d.b = i.b",
        "vu",
        "dbo.v",
    )
    db.run("INSERT v (b, total) VALUES ('x', 3), ('x', 4), ('y', 1)")
    db.run("UPDATE v SET total = total * 10 WHERE b = 'x'")
    db.run("DELETE v WHERE total > 5")
    assert log(db) == ["7 70"]
    assert db.query("SELECT a, b FROM t") == [(1, "y")]


def test_what_may_have_triggers(db: Any) -> None:
    db.run("CREATE VIEW dbo.v AS SELECT id FROM dbo.t; ")
    assert db.fails("CREATE TRIGGER dbo.x ON dbo.v AFTER INSERT AS PRINT 'x'").number == 8197
    assert db.fails("CREATE TRIGGER dbo.x ON dbo.nothing AFTER INSERT AS PRINT 'x'").number == 8197
    trigger(db, "INSTEAD OF INSERT", "PRINT 'x'")
    assert db.fails("CREATE TRIGGER dbo.y ON dbo.t INSTEAD OF INSERT AS PRINT 'y'").number == 2111
    assert db.fails("CREATE TRIGGER dbo.y ON dbo.t AFTER UPDATE AS IF UPDATE(nothing) PRINT 'y'").number == 207


def test_a_trigger_is_dropped_with_its_table(db: Any) -> None:
    trigger(db, "AFTER INSERT", "PRINT 'x'")
    db.run("DROP TABLE t")
    assert db.query("SELECT * FROM sys.triggers") == []


def test_a_rolled_back_trigger_is_not_there(db: Any) -> None:
    db.run(
        "BEGIN TRAN; EXEC('CREATE TRIGGER dbo.tr ON dbo.t AFTER INSERT AS THROW 50000, ''x'', 1'); ROLLBACK; INSERT t (a) VALUES (1)"
    )
