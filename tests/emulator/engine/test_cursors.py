"""Cursors ("DECLARE CURSOR", "OPEN", "FETCH", "CLOSE", "DEALLOCATE", "CURSOR_STATUS", "@@FETCH_STATUS")."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture
def db(client: Any) -> Any:
    client.run(
        "CREATE TABLE dbo.t (id int PRIMARY KEY, v int, w varchar(9)); INSERT t VALUES (1, 10, 'a'), (2, 20, 'b'), (3, 30, 'c')"
    )
    return client


def test_a_loop_over_a_cursor(db: Any) -> None:
    text = """DECLARE @id int, @w varchar(9), @all varchar(99) = '';
        DECLARE c CURSOR FOR SELECT id, w FROM t ORDER BY id DESC;
        OPEN c;
        FETCH NEXT FROM c INTO @id, @w;
        WHILE @@FETCH_STATUS = 0
        BEGIN
            SET @all += CONCAT(@id, @w);
            FETCH NEXT FROM c INTO @id, @w;
        END;
        CLOSE c; DEALLOCATE c;
        SELECT @all, @@FETCH_STATUS, @id"""
    assert db.query(text) == [("3c2b1a", -1, 1)]


def test_a_fetch_without_into_is_a_result_set(db: Any) -> None:
    sets = db.results(
        "DECLARE c CURSOR LOCAL FAST_FORWARD FOR SELECT id, v FROM t; OPEN c; FETCH c; FETCH NEXT FROM c; FETCH c; FETCH c"
    )
    assert sets == [[(1, 10)], [(2, 20)], [(3, 30)], []]


@pytest.mark.parametrize(
    ("fetches", "expected"),
    [
        (["LAST", "PRIOR", "PRIOR", "PRIOR", "NEXT"], [3, 2, 1, None, 1]),
        (["ABSOLUTE 2", "RELATIVE 1", "RELATIVE -2", "ABSOLUTE -1"], [2, 3, 1, 3]),
        (["ABSOLUTE 9", "PRIOR", "FIRST", "RELATIVE 0"], [None, 3, 1, 1]),
        (["ABSOLUTE 0", "NEXT"], [None, 1]),
    ],
)
@pytest.mark.parametrize("options", ["SCROLL", "LOCAL STATIC", "KEYSET READ_ONLY"])
def test_scrolling(db: Any, options: str, fetches: list[str], expected: list[int | None]) -> None:
    declare = "DECLARE c SCROLL CURSOR" if options == "SCROLL" else f"DECLARE c CURSOR {options}"
    sets = db.results(
        f"{declare} FOR SELECT id FROM t ORDER BY id; OPEN c; " + "; ".join(f"FETCH {f} FROM c" for f in fetches)
    )
    assert [rows[0][0] if rows else None for rows in sets] == expected


def test_static_cursors_keep_what_they_found(db: Any) -> None:
    text = "DECLARE c CURSOR {} FOR SELECT id, v FROM t; OPEN c; UPDATE t SET v = 99 WHERE id = 1; DELETE t WHERE id = 2; FETCH c; SELECT @@CURSOR_ROWS; FETCH c; SELECT @@FETCH_STATUS; DEALLOCATE c"
    assert db.results(text.format("STATIC")) == [[(1, 10)], [(3,)], [(2, 20)], [(0,)]]


def test_keyset_cursors_see_new_values_and_miss_deleted_rows(db: Any) -> None:
    text = "DECLARE c CURSOR {} FOR SELECT id, v * 2 FROM t; OPEN c; UPDATE t SET v = 99 WHERE id = 1; DELETE t WHERE id = 2; FETCH c; SELECT @@CURSOR_ROWS; FETCH c; SELECT @@FETCH_STATUS; DEALLOCATE c"
    assert db.results(text.format("KEYSET")) == [[(1, 198)], [(3,)], [], [(-2,)]]


def test_dynamic_cursors_pass_over_deleted_rows(db: Any) -> None:
    text = "DECLARE c CURSOR FOR SELECT id, v FROM t; OPEN c; UPDATE t SET v = 99 WHERE id = 1; DELETE t WHERE id = 2; FETCH c; SELECT @@CURSOR_ROWS; FETCH c; SELECT @@FETCH_STATUS; DEALLOCATE c"
    assert db.results(text) == [[(1, 99)], [(-1,)], [(3, 30)], [(0,)]]


def test_update_and_delete_where_current_of(db: Any) -> None:
    db.run(
        """DECLARE @id int; DECLARE c CURSOR LOCAL FOR SELECT id FROM t ORDER BY v DESC FOR UPDATE OF v, w;
        OPEN c; FETCH c INTO @id;
        WHILE @@FETCH_STATUS = 0
        BEGIN
            IF @id = 2 DELETE FROM t WHERE CURRENT OF c ELSE UPDATE t SET v += @id WHERE CURRENT OF c;
            FETCH c INTO @id;
        END"""
    )
    assert db.query("SELECT id, v FROM t ORDER BY id") == [(1, 11), (3, 33)]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("OPEN c", 16916),
        ("DECLARE c CURSOR FOR SELECT 1; DECLARE c CURSOR FOR SELECT 2", 16915),
        ("DECLARE c CURSOR FOR SELECT id FROM t; FETCH c", 16917),
        ("DECLARE c CURSOR FOR SELECT id FROM t; OPEN c; OPEN c", 16905),
        ("DECLARE c CURSOR FOR SELECT id FROM t; OPEN c; CLOSE c; CLOSE c", 16917),
        ("DECLARE @a int, @b int; DECLARE c CURSOR FOR SELECT id FROM t; OPEN c; FETCH c INTO @a, @b", 16924),
        ("DECLARE c CURSOR FOR SELECT id FROM t; OPEN c; FETCH PRIOR FROM c", 16911),
        ("DECLARE c CURSOR DYNAMIC FOR SELECT id FROM t; OPEN c; FETCH ABSOLUTE 1 FROM c", 16925),
        ("DECLARE c CURSOR STATIC KEYSET FOR SELECT id FROM t", 1048),
        ("DECLARE c CURSOR READ_ONLY FOR SELECT id FROM t; OPEN c; FETCH c; DELETE t WHERE CURRENT OF c", 16929),
        ("DECLARE c CURSOR FOR SELECT COUNT(*) FROM t; OPEN c; FETCH c; DELETE t WHERE CURRENT OF c", 16929),
        ("DECLARE c CURSOR FOR SELECT id FROM t; OPEN c; DELETE t WHERE CURRENT OF c", 16931),
        ("DECLARE c CURSOR FOR SELECT id FROM t FOR UPDATE OF w; OPEN c; FETCH c; UPDATE t SET v = 1 WHERE CURRENT OF c", 16932),
        ("DECLARE @c CURSOR; OPEN @c", 16950),
        ("DECLARE @c int; OPEN @c", 16948),
        ("DECLARE @c CURSOR; SELECT @c", 16949),
        ("DECLARE c CURSOR FOR SELECT nothing FROM t", 207),
    ],
)  # fmt: skip
def test_errors(db: Any, text: str, number: int) -> None:
    assert db.fails(text).number == number


def test_a_row_that_somebody_else_changed_is_16934(engine: Any) -> None:
    one, two = engine.clients(2)
    one.run("CREATE TABLE t (id int PRIMARY KEY, v int); INSERT t VALUES (1, 1)")
    one.run("DECLARE c CURSOR FOR SELECT id, v FROM t; OPEN c; FETCH c")
    two.run("UPDATE t SET v = 2")
    assert one.fails("UPDATE t SET v = 3 WHERE CURRENT OF c").number == 16934
    assert one.query("SELECT v FROM t") == [(2,)]


def test_a_fetch_waits_for_a_row_that_is_being_changed(engine: Any) -> None:
    one, two = engine.clients(2)
    one.run("CREATE TABLE t (id int PRIMARY KEY, v int); INSERT t VALUES (1, 1)")
    one.run("DECLARE c CURSOR FOR SELECT id, v FROM t; OPEN c")
    two.run("BEGIN TRAN; UPDATE t SET v = 2")
    pending = one.start("FETCH c")
    assert not pending.done
    two.run("COMMIT")
    assert pending.rows == [(1, 2)]


def test_scroll_locks_keep_the_fetched_row_for_update(engine: Any) -> None:
    one, two = engine.clients(2)
    one.run("CREATE TABLE t (id int PRIMARY KEY, v int); INSERT t VALUES (1, 1), (2, 2)")
    one.run("BEGIN TRAN; DECLARE c CURSOR SCROLL_LOCKS FOR SELECT id FROM t; OPEN c; FETCH c")
    assert not two.start("UPDATE t SET v = 5 WHERE id = 1").done
    one.run("COMMIT")


def test_global_cursors_outlive_their_batch_local_ones_do_not(db: Any) -> None:
    db.run("DECLARE g CURSOR FOR SELECT id FROM t; DECLARE l CURSOR LOCAL FOR SELECT id FROM t; OPEN g; OPEN l")
    assert db.query("FETCH g") == [(1,)]
    assert db.fails("FETCH l").number == 16916
    db.run("CREATE PROCEDURE p AS DECLARE g CURSOR LOCAL FOR SELECT 99; OPEN g; FETCH g; FETCH GLOBAL g")
    assert db.results("EXEC p") == [[(99,)], [(2,)]]


def test_cursor_variables_share_a_cursor(db: Any) -> None:
    text = "DECLARE @a CURSOR, @b CURSOR; SET @a = CURSOR STATIC FOR SELECT id FROM t; SET @b = @a; OPEN @a; FETCH @b; FETCH @a; DEALLOCATE @a; FETCH @b"
    assert db.results(text) == [[(1,)], [(2,)], [(3,)]]
    assert db.results("DECLARE c CURSOR FOR SELECT id FROM t; DECLARE @v CURSOR; SET @v = c; OPEN @v; FETCH c") == [
        [(1,)]
    ]


def test_variables_in_the_query_have_their_values_of_the_declaration(db: Any) -> None:
    assert db.query(
        "DECLARE @n int = 1; DECLARE c CURSOR LOCAL FOR SELECT id FROM t WHERE id > @n; SET @n = 2; OPEN c; FETCH c"
    ) == [(2,)]


def test_cursor_status(db: Any) -> None:
    text = "SELECT CURSOR_STATUS('global', 'c'); DECLARE c CURSOR STATIC FOR SELECT id FROM t WHERE id > {}; SELECT CURSOR_STATUS('global', 'c'); OPEN c; SELECT CURSOR_STATUS('global', 'c'), CURSOR_STATUS('local', 'c'); DEALLOCATE c"
    assert db.results(text.format(0)) == [[(-3,)], [(-1,)], [(1, -3)]]
    assert db.results(text.format(9))[-1] == [(0, -3)]


def test_a_rollback_closes_all_but_static_cursors(db: Any) -> None:
    db.run(
        "BEGIN TRAN; DECLARE s CURSOR STATIC FOR SELECT id FROM t; DECLARE d CURSOR FOR SELECT id FROM t; OPEN s; OPEN d; ROLLBACK"
    )
    assert db.query("FETCH s") == [(1,)]
    assert db.fails("FETCH d").number == 16917


def test_joins_and_groups_have_cursors_too(db: Any) -> None:
    text = "DECLARE c CURSOR FOR SELECT a.id, SUM(b.v) FROM t AS a JOIN t AS b ON b.id <= a.id GROUP BY a.id ORDER BY a.id DESC; OPEN c; FETCH c; FETCH c"
    assert db.results(text) == [[(3, 60)], [(2, 30)]]


def test_a_cursor_in_a_trigger(db: Any) -> None:
    db.run("CREATE TABLE log (v int)")
    db.run(
        "CREATE TRIGGER tr ON t AFTER INSERT AS DECLARE @v int; DECLARE c CURSOR LOCAL FOR SELECT v FROM inserted; OPEN c; FETCH c INTO @v; WHILE @@FETCH_STATUS = 0 BEGIN INSERT log VALUES (@v); FETCH c INTO @v END"
    )
    db.run("INSERT t VALUES (7, 70, ''), (8, 80, '')")
    assert db.query("SELECT v FROM log ORDER BY v") == [(70,), (80,)]


def test_a_procedure_hands_an_open_cursor_to_its_caller(db: Any) -> None:
    db.run("CREATE PROCEDURE dbo.rows_of @c CURSOR VARYING OUTPUT AS SET @c = CURSOR FOR SELECT id FROM t; OPEN @c")
    db.run(
        "CREATE PROCEDURE dbo.named @c CURSOR VARYING OUTPUT AS DECLARE n CURSOR LOCAL FOR SELECT id FROM t; OPEN n;"
        " SET @c = n"
    )
    for name in ("rows_of", "named"):
        text = (
            f"DECLARE @x CURSOR, @id int; EXEC {name} @c = @x OUTPUT; FETCH @x INTO @id; FETCH @x INTO @id; SELECT @id"
        )
        assert db.query(text) == [(2,)]
    assert db.session.open_cursors == set()


def test_a_cursor_parameter_takes_a_variable_without_a_cursor(db: Any) -> None:
    db.run("CREATE PROCEDURE dbo.rows_of @c CURSOR VARYING OUTPUT AS SET @c = CURSOR FOR SELECT id FROM t; OPEN @c")
    assert db.fails("DECLARE @x CURSOR; EXEC rows_of @x OUTPUT; EXEC rows_of @x OUTPUT").number == 16951
    assert db.fails("DECLARE @i int; EXEC rows_of @i OUTPUT").number == 206
