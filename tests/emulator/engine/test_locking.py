"""Who waits for whom: sessions side by side.

"Transaction locking and row versioning guide", "SET TRANSACTION ISOLATION LEVEL", "Table hints", "SET LOCK_TIMEOUT",
"SET DEADLOCK_PRIORITY".
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.emulator.engine.conftest import Engine


@pytest.fixture
def pair(engine: Any) -> Any:
    first, second = engine.clients(2)
    first.run("CREATE TABLE dbo.stock (id int NOT NULL PRIMARY KEY, qty int NOT NULL, note varchar(10) NULL)")
    first.run("INSERT INTO dbo.stock (id, qty) VALUES (1, 10), (2, 20), (5, 50)")
    return first, second


def test_a_reader_waits_for_the_writer_and_sees_what_it_committed(pair: Any) -> None:
    writer, reader = pair
    writer.run("BEGIN TRAN; UPDATE stock SET qty = 11 WHERE id = 1")
    waiting = reader.start("SELECT qty FROM stock WHERE id = 1")
    assert not waiting.done
    writer.run("COMMIT")
    assert (waiting.done, waiting.rows) == (True, [(11,)])


def test_a_reader_of_another_row_does_not_wait(pair: Any) -> None:
    writer, reader = pair
    writer.run("BEGIN TRAN; UPDATE stock SET qty = 11 WHERE id = 1")
    assert reader.query("SELECT qty FROM stock WHERE id = 2") == [(20,)]


def test_nolock_reads_what_is_not_committed(pair: Any) -> None:
    writer, reader = pair
    writer.run("BEGIN TRAN; UPDATE stock SET qty = 11 WHERE id = 1")
    assert reader.query("SELECT qty FROM stock WITH (NOLOCK) WHERE id = 1") == [(11,)]
    assert reader.query("SET TRANSACTION ISOLATION LEVEL READ UNCOMMITTED; SELECT qty FROM stock WHERE id = 1") == [
        (11,)
    ]


def test_a_scan_waits_for_an_uncommitted_delete(pair: Any) -> None:
    writer, reader = pair
    writer.run("BEGIN TRAN; DELETE stock WHERE id = 2")
    waiting = reader.start("SELECT id FROM stock")
    assert not waiting.done
    writer.run("ROLLBACK")
    assert waiting.rows == [(1,), (2,), (5,)]


def test_readpast_skips_locked_rows(pair: Any) -> None:
    writer, reader = pair
    writer.run("BEGIN TRAN; UPDATE stock SET qty = 0 WHERE id = 2")
    assert reader.query("SELECT id FROM stock WITH (READPAST)") == [(1,), (5,)]


def test_nowait_and_lock_timeout_give_1222(pair: Any) -> None:
    writer, reader = pair
    writer.run("BEGIN TRAN; UPDATE stock SET qty = 0 WHERE id = 2")
    assert reader.fails("SELECT qty FROM stock WITH (NOWAIT) WHERE id = 2").number == 1222
    assert reader.fails("SET LOCK_TIMEOUT 100; SELECT qty FROM stock WHERE id = 2").number == 1222


def test_repeatable_read_keeps_what_it_read(pair: Any) -> None:
    reader, writer = pair
    reader.run("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; BEGIN TRAN; SELECT qty FROM stock WHERE id = 1")
    waiting = writer.start("UPDATE stock SET qty = 0 WHERE id = 1")
    assert not waiting.done
    reader.run("COMMIT")
    assert waiting.done


def test_repeatable_read_lets_phantoms_in_and_serializable_does_not(pair: Any) -> None:
    reader, writer = pair
    reader.run(
        "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; BEGIN TRAN; SELECT id FROM stock WHERE id BETWEEN 2 AND 4"
    )
    writer.run("INSERT stock (id, qty) VALUES (3, 30)")
    reader.run(
        "COMMIT; SET TRANSACTION ISOLATION LEVEL SERIALIZABLE; BEGIN TRAN; SELECT id FROM stock WHERE id BETWEEN 2 AND 4"
    )
    waiting = writer.start("INSERT stock (id, qty) VALUES (4, 40)")
    assert not waiting.done
    writer_free = writer
    reader.run("COMMIT")
    assert waiting.done
    assert writer_free.query("SELECT COUNT(*) FROM stock") == [(5,)]


def test_serializable_locks_the_end_of_the_index_too(pair: Any) -> None:
    reader, writer = pair
    reader.run("BEGIN TRAN; SELECT id FROM stock WITH (HOLDLOCK) WHERE id > 2")
    waiting = writer.start("INSERT stock (id, qty) VALUES (99, 1)")
    assert not waiting.done
    reader.run("COMMIT")
    assert waiting.done


def test_serializable_read_of_an_absent_key_keeps_it_absent(pair: Any) -> None:
    reader, writer = pair
    reader.run("BEGIN TRAN; SELECT id FROM stock WITH (UPDLOCK, HOLDLOCK) WHERE id = 3")
    waiting = writer.start("INSERT stock (id, qty) VALUES (4, 1)")
    assert not waiting.done
    reader.run("INSERT stock (id, qty) VALUES (3, 1)")
    assert not waiting.done
    reader.run("COMMIT")
    assert waiting.done


def test_updlock_makes_the_second_reader_wait_but_not_a_plain_one(engine: Any, pair: Any) -> None:
    first, second = pair
    first.run("BEGIN TRAN; SELECT qty FROM stock WITH (UPDLOCK) WHERE id = 1")
    assert engine.client().query("SELECT qty FROM stock WHERE id = 1") == [(10,)]
    waiting = second.start("BEGIN TRAN; SELECT qty FROM stock WITH (UPDLOCK) WHERE id = 1")
    assert not waiting.done
    first.run("UPDATE stock SET qty = 9 WHERE id = 1; COMMIT")
    assert waiting.rows == [(9,)]


def test_without_updlock_two_readers_deadlock_when_both_write(pair: Any) -> None:
    first, second = pair
    for client in pair:
        client.run("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; BEGIN TRAN; SELECT qty FROM stock WHERE id = 1")
    waiting = first.start("UPDATE stock SET qty = 1 WHERE id = 1")
    assert not waiting.done
    error = second.fails("UPDATE stock SET qty = 2 WHERE id = 1")
    assert (error.number, error.severity, error.state) == (1205, 13, 51)
    assert waiting.done
    assert second.value("@@TRANCOUNT") == 0
    first.run("COMMIT")
    assert second.query("SELECT qty FROM stock WHERE id = 1") == [(1,)]


def test_opposite_orders_deadlock_and_the_cheaper_transaction_loses(pair: Any) -> None:
    first, second = pair
    first.run("BEGIN TRAN; UPDATE stock SET qty = 1 WHERE id = 1; UPDATE stock SET note = 'x' WHERE id = 5")
    second.run("BEGIN TRAN; UPDATE stock SET qty = 2 WHERE id = 2")
    waiting = second.start("UPDATE stock SET qty = 2 WHERE id = 1")
    winner = first.start("UPDATE stock SET qty = 1 WHERE id = 2")
    assert waiting.error_numbers == [1205]
    assert winner.done
    first.run("COMMIT")
    assert first.query("SELECT qty FROM stock WHERE id = 2") == [(1,)]


def test_deadlock_priority_decides_before_cost(pair: Any) -> None:
    first, second = pair
    first.run(
        "SET DEADLOCK_PRIORITY LOW; BEGIN TRAN; UPDATE stock SET qty = 1 WHERE id = 1; UPDATE stock SET note = 'x' WHERE id = 5"
    )
    second.run("BEGIN TRAN; UPDATE stock SET qty = 2 WHERE id = 2")
    waiting = first.start("UPDATE stock SET qty = 1 WHERE id = 2")
    second.run("UPDATE stock SET qty = 2 WHERE id = 1")
    assert waiting.error_numbers == [1205]


def test_a_caught_deadlock_leaves_a_doomed_transaction(pair: Any) -> None:
    first, second = pair
    first.run("BEGIN TRAN; UPDATE stock SET qty = 1 WHERE id = 1; UPDATE stock SET note = 'x' WHERE id = 5")
    second.run("BEGIN TRAN; UPDATE stock SET qty = 2 WHERE id = 2")
    caught = second.start(
        "BEGIN TRY UPDATE stock SET qty = 2 WHERE id = 1 END TRY "
        "BEGIN CATCH SELECT ERROR_NUMBER(), XACT_STATE(), @@TRANCOUNT; ROLLBACK END CATCH"
    )
    first.start("UPDATE stock SET qty = 1 WHERE id = 2")
    assert caught.rows == [(1205, -1, 1)]


def test_a_victim_is_undone_and_without_locks_before_its_catch_block_runs(pair: Any) -> None:
    first, second = pair
    first.run("BEGIN TRAN; UPDATE stock SET qty = 1 WHERE id = 1; UPDATE stock SET note = 'x' WHERE id = 5")
    second.run("BEGIN TRAN named; UPDATE stock SET qty = 2 WHERE id = 2; SAVE TRAN point")
    number = second.value("CURRENT_TRANSACTION_ID()")
    caught = second.start(
        "BEGIN TRY UPDATE stock SET qty = 2 WHERE id = 1 END TRY "
        "BEGIN CATCH SELECT qty, XACT_STATE(), @@TRANCOUNT, CURRENT_TRANSACTION_ID() FROM stock WITH (NOLOCK) WHERE id = 2; "
        "SELECT qty FROM stock WHERE id = 2; ROLLBACK TRAN named END CATCH"
    )
    winner = first.start("UPDATE stock SET qty = 1 WHERE id = 2")
    assert (winner.done, caught.done) == (True, False)
    first.run("COMMIT")
    assert [result.rows for result in caught.sink.result_sets] == [[(20, -1, 1, number)], [(1,)]]
    assert second.value("@@TRANCOUNT") == 0


@pytest.mark.parametrize(
    ("after", "error"), [("COMMIT", 3930), ("ROLLBACK TRAN point", 3931), ("SAVE TRAN other", 3931), ("SELECT 1", 3998)]
)
def test_a_caught_deadlock_leaves_nothing_to_do_but_roll_back(pair: Any, after: str, error: int) -> None:
    first, second = pair
    first.run("BEGIN TRAN; UPDATE stock SET qty = 1 WHERE id = 1; UPDATE stock SET note = 'x' WHERE id = 5")
    second.run("BEGIN TRAN; SAVE TRAN point; UPDATE stock SET qty = 2 WHERE id = 2")
    caught = second.start(f"BEGIN TRY UPDATE stock SET qty = 2 WHERE id = 1 END TRY BEGIN CATCH {after} END CATCH")
    first.start("UPDATE stock SET qty = 1 WHERE id = 2")
    assert caught.error_numbers[0] == error
    assert second.value("@@TRANCOUNT") == 0


def test_with_lock_timeout_zero_a_request_closes_no_cycle(pair: Any) -> None:
    first, second = pair
    first.run("BEGIN TRAN; UPDATE stock SET qty = 1 WHERE id = 1")
    second.run("SET LOCK_TIMEOUT 0; BEGIN TRAN; UPDATE stock SET qty = 2 WHERE id = 2")
    waiting = first.start("UPDATE stock SET qty = 1 WHERE id = 2")
    assert second.fails("UPDATE stock SET qty = 2 WHERE id = 1").number == 1222
    assert second.fails("INSERT stock (id, qty) VALUES (1, 0)").number == 1222
    assert second.value("@@TRANCOUNT") == 1
    assert not waiting.done
    second.run("COMMIT")
    assert waiting.done


@pytest.mark.parametrize(
    ("lock", "read", "state", "terminated"),
    [
        ("UPDATE stock SET qty = 0 WHERE id = 1", "DELETE stock WHERE id = 1", 51, [3621]),
        ("UPDATE heap SET id = 2", "DELETE heap", 45, [3621]),
        ("SELECT * FROM stock WITH (TABLOCKX)", "DELETE stock WHERE id = 1", 56, []),
    ],
)
@pytest.mark.parametrize("timeout", ["0", "10"])
def test_states_of_1222_tell_what_was_waited_for(
    pair: Any, lock: str, read: str, state: int, terminated: list[int], timeout: str
) -> None:
    first, second = pair
    first.run("CREATE TABLE heap (id int); INSERT heap VALUES (1)")
    first.run(f"BEGIN TRAN; {lock}")
    failed = second.collect(f"SET LOCK_TIMEOUT {timeout}; {read}")
    assert (failed.errors[0].number, failed.errors[0].state) == (1222, state)
    assert [message.number for message in failed.messages if message.number == 3621] == terminated


@pytest.mark.parametrize(
    ("table", "lock", "state"), [("stock", "", 51), ("heap", "", 45), ("heap", "WITH (TABLOCKX)", 56)]
)
def test_states_of_1205_tell_what_the_victim_waited_for(pair: Any, table: str, lock: str, state: int) -> None:
    first, second = pair
    first.run("CREATE TABLE other (id int PRIMARY KEY); INSERT other VALUES (1)")
    first.run("CREATE TABLE heap (id int, qty int); INSERT heap VALUES (1, 10)")
    first.run(f"BEGIN TRAN; UPDATE {table} {lock} SET qty = 0 WHERE id = 1")
    second.run("SET DEADLOCK_PRIORITY LOW; BEGIN TRAN; UPDATE other SET id = 2")
    first.start("SELECT id FROM other")
    error = second.fails(f"UPDATE {table} SET qty = 0 WHERE id = 1")
    assert (error.number, error.severity, error.state) == (1205, 13, state)


def test_waiters_are_served_in_the_order_in_which_they_came(engine: Any, pair: Any) -> None:
    holder, _ = pair
    holder.run("CREATE TABLE arrival (n int IDENTITY PRIMARY KEY, who int)")
    holder.run("BEGIN TRAN; UPDATE stock SET qty = 0 WHERE id = 1")
    waiting = []
    for number in range(5):
        client = engine.client()
        waiting.append(client.start(f"UPDATE stock SET qty += 1 WHERE id = 1; INSERT arrival (who) VALUES ({number})"))
    holder.run("COMMIT")
    assert all(pending.done for pending in waiting)
    assert holder.query("SELECT who FROM arrival ORDER BY n") == [(n,) for n in range(5)]


def test_an_insert_of_the_same_key_waits_and_then_fails_or_succeeds(pair: Any) -> None:
    first, second = pair
    first.run("BEGIN TRAN; INSERT stock (id, qty) VALUES (7, 1)")
    waiting = second.start("INSERT stock (id, qty) VALUES (7, 2)")
    assert not waiting.done
    first.run("COMMIT")
    assert waiting.error_numbers == [2627]
    first.run("BEGIN TRAN; INSERT stock (id, qty) VALUES (8, 1)")
    waiting = second.start("INSERT stock (id, qty) VALUES (8, 2)")
    first.run("ROLLBACK")
    assert (waiting.done, waiting.error_numbers) == (True, [])


def test_statements_of_two_sessions_interleave(engine: Any, pair: Any) -> None:
    first, second = pair
    first.run("CREATE TABLE log (n int IDENTITY PRIMARY KEY, who char(1))")
    text = "DECLARE @i int = 0; WHILE @i < 5 BEGIN INSERT log (who) VALUES ('{}'); SET @i += 1 END"
    pending = [client.spawn(text.format(name)) for client, name in ((first, "a"), (second, "b"))]
    engine.instance.scheduler.run()
    assert all(item.done for item in pending)
    order = "".join(row[0] for row in first.query("SELECT who FROM log ORDER BY n"))
    assert "ab" in order
    assert "ba" in order


def test_an_interrupted_wait_ends_the_statement_and_keeps_the_transaction(pair: Any) -> None:
    holder, client = pair
    holder.run("BEGIN TRAN; UPDATE stock SET qty = 0 WHERE id = 1")
    client.run("BEGIN TRAN; UPDATE stock SET qty = 0 WHERE id = 2")
    waiting = client.start("UPDATE stock SET qty = 5 WHERE id = 1; SELECT 'not reached'")
    client.session.interrupt()
    client.instance.scheduler.run()
    assert (waiting.done, waiting.sink.result_sets) == (True, [])
    assert client.value("@@TRANCOUNT") == 1


def test_an_interrupt_rolls_back_under_xact_abort(pair: Any) -> None:
    holder, client = pair
    holder.run("BEGIN TRAN; UPDATE stock SET qty = 0 WHERE id = 1")
    client.run("SET XACT_ABORT ON; BEGIN TRAN; UPDATE stock SET qty = 0 WHERE id = 2")
    client.start("UPDATE stock SET qty = 5 WHERE id = 1")
    client.session.interrupt()
    client.instance.scheduler.run()
    assert client.value("@@TRANCOUNT") == 0


def test_closing_a_session_rolls_back_and_lets_others_go_on(pair: Any) -> None:
    gone, other = pair
    gone.run("BEGIN TRAN; UPDATE stock SET qty = 0 WHERE id = 1")
    waiting = other.start("SELECT qty FROM stock WHERE id = 1")
    gone.session.close()
    other.instance.scheduler.run()
    assert waiting.rows == [(10,)]


def test_nothing_stays_locked_when_everybody_is_done(engine: Any, pair: Any) -> None:
    first, second = pair
    first.run("BEGIN TRAN; SELECT id FROM stock WITH (UPDLOCK, HOLDLOCK); UPDATE stock SET qty += 1; COMMIT")
    second.run("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE; SELECT id FROM stock WHERE id > 1")
    store = engine.instance.databases["lockstep"].table("dbo", "stock").store
    spaces = [store.locks, store.base.locks, *(index.locks for index in store.indexes.values())]
    assert [space.entries for space in spaces] == [{}] * len(spaces)


def test_ddl_waits_for_readers_and_readers_for_ddl(pair: Any) -> None:
    reader, definer = pair
    reader.run("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; BEGIN TRAN; SELECT id FROM stock WHERE id = 1")
    waiting = definer.start("ALTER TABLE stock ADD extra int NULL")
    assert not waiting.done
    reader.run("COMMIT")
    assert waiting.done
    definer.run("BEGIN TRAN; ALTER TABLE stock ADD more int NULL")
    blocked = reader.start("SELECT * FROM stock WHERE id = 1")
    assert not blocked.done
    definer.run("ROLLBACK")
    assert blocked.rows == [(1, 10, None, None)]


def test_two_inserts_that_want_the_whole_table_queue_for_it(engine: Any, pair: Any) -> None:
    first, second = pair
    holder = engine.client()
    holder.run("BEGIN TRAN; UPDATE stock SET qty = 0 WHERE id = 5")
    waiting = [
        client.start(f"INSERT stock WITH (TABLOCK) (id, qty) VALUES ({number}, 0)")
        for number, client in ((10, first), (11, second))
    ]
    assert not any(item.done for item in waiting)
    holder.run("COMMIT")
    assert [item.error_numbers for item in waiting if item.done] == [[], []]


def test_under_a_lock_on_the_table_rows_are_not_locked_one_by_one(pair: Any) -> None:
    first, _ = pair
    first.run(
        "BEGIN TRAN; SELECT COUNT(*) FROM stock WITH (TABLOCKX); UPDATE stock SET qty = 0; DELETE stock WHERE id = 1"
    )
    locks = "SELECT resource_type, request_mode FROM sys.dm_tran_locks WHERE resource_type <> 'DATABASE'"
    assert first.query(locks) == [("OBJECT", "X")]


@pytest.mark.parametrize("hint", ["NOLOCK", "READUNCOMMITTED"])
def test_nolock_is_refused_on_a_target_and_ignored_where_from_names_it(pair: Any, hint: str) -> None:
    first, second = pair
    for change in (
        f"UPDATE stock WITH ({hint}) SET qty = 0",
        f"DELETE stock WITH ({hint})",
        f"INSERT stock WITH ({hint}) (id, qty) VALUES (9, 9)",
    ):
        assert first.fails(change).number == 1065
    first.run("BEGIN TRAN; UPDATE stock SET qty = 11 WHERE id = 1")
    change = f"UPDATE s SET qty += 1 FROM stock AS s WITH ({hint}) JOIN (VALUES (1)) AS v (id) ON s.id = v.id"
    waiting = second.start(change)
    assert not waiting.done
    first.run("COMMIT")
    assert first.query("SELECT qty FROM stock WHERE id = 1") == [(12,)]


def test_a_statement_that_came_while_an_index_was_about_to_be_dropped_does_not_read_it(engine: Engine) -> None:
    """It waits behind the definition, and its kept plan is made anew: the old index is not maintained any more."""
    first, definer, reader = engine.clients(3)
    first.run(
        "CREATE TABLE dbo.t (id int PRIMARY KEY, v int, INDEX ix_v (v)); INSERT dbo.t VALUES (1, 1), (2, 2), (3, 3)"
    )
    query = "SELECT v FROM dbo.t WHERE v > 0"
    reader.run(query)
    first.run("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; BEGIN TRAN; SELECT v FROM dbo.t WHERE id = 3")
    dropping = definer.start("BEGIN TRAN; DROP INDEX ix_v ON dbo.t; INSERT dbo.t VALUES (4, 4); COMMIT")
    reading = reader.start(query)
    assert not dropping.done
    assert not reading.done
    first.run("COMMIT")
    assert dropping.done
    assert sorted(reading.rows) == [(1,), (2,), (3,), (4,)]


def test_a_statement_keeps_its_tables_through_a_rollback_to_a_savepoint_in_its_trigger(engine: Any) -> None:
    first, second, third = engine.clients(3)
    first.run(
        "CREATE TABLE stock (id int PRIMARY KEY); CREATE TABLE bins (bin int PRIMARY KEY); INSERT bins VALUES (1)"
    )
    first.run("CREATE TRIGGER t ON stock AFTER INSERT AS ROLLBACK TRAN before; UPDATE bins SET bin = 2")
    third.run("BEGIN TRAN; UPDATE bins SET bin = 1")
    inserting = first.start("BEGIN TRAN; SAVE TRAN before; INSERT stock VALUES (1); ROLLBACK")
    definition = second.start("ALTER TABLE stock ADD note int NULL")
    assert (inserting.done, definition.done) == (False, False)
    third.run("COMMIT")
    assert (inserting.done, definition.done) == (True, True)
    assert engine.client().query("SELECT count(*) FROM sys.dm_tran_locks WHERE resource_type <> 'DATABASE'") == [(0,)]


@pytest.mark.parametrize("order", ["", "ORDER BY id DESC"])
@pytest.mark.parametrize(("deleted", "kept"), [(2, 3), (5, 3), (7, 4)])
def test_no_range_lock_is_left_on_a_key_that_was_gone_after_a_wait(
    pair: Any, deleted: int, kept: int, order: str
) -> None:
    writer, reader = pair
    writer.run("INSERT stock (id, qty) VALUES (7, 70), (9, 90); BEGIN TRAN")
    writer.run(f"DELETE stock WHERE id = {deleted}")
    reading = reader.start(
        f"SET TRANSACTION ISOLATION LEVEL SERIALIZABLE; BEGIN TRAN; SELECT id FROM stock WHERE id <= 5 {order}"
    )
    assert not reading.done
    writer.run("COMMIT")
    assert reading.done
    modes = reader.query("SELECT request_mode FROM sys.dm_tran_locks WHERE resource_type = 'KEY'")
    assert modes == [("RangeS-S",)] * kept
    assert not writer.start("INSERT stock (id, qty) VALUES (4, 40)").done


def test_a_unique_key_that_was_gone_after_a_wait_gives_way_to_the_gap_that_it_was_in(pair: Any) -> None:
    writer, reader = pair
    writer.run("BEGIN TRAN; DELETE stock WHERE id = 2")
    reading = reader.start(
        "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE; BEGIN TRAN; SELECT id FROM stock WHERE id = 2"
    )
    writer.run("COMMIT")
    assert reading.rows == []
    assert reader.query("SELECT request_mode FROM sys.dm_tran_locks WHERE resource_type = 'KEY'") == [("RangeS-S",)]
    assert not writer.start("INSERT stock (id, qty) VALUES (2, 20)").done


def test_others_use_a_new_index_when_it_is_committed(pair: Any) -> None:
    maker, reader = pair
    maker.run("BEGIN TRAN; CREATE INDEX by_qty ON stock (qty)")
    query = "SELECT id FROM stock WITH (INDEX (by_qty)) WHERE qty = 20"
    assert reader.fails(query).number == 308
    assert maker.query(query) == [(2,)]
    assert reader.fails(query).number == 308
    maker.run("COMMIT")
    assert reader.query(query) == [(2,)]


def test_a_new_index_that_is_rolled_back_was_in_nobodys_way(engine: Any, pair: Any) -> None:
    maker, reader = pair
    other = engine.client()
    other.run("CREATE TABLE gate (id int PRIMARY KEY); INSERT gate VALUES (20); BEGIN TRAN; UPDATE gate SET id = 20")
    maker.run("BEGIN TRAN; CREATE INDEX by_qty ON stock (qty)")
    reading = reader.start("SELECT s.id FROM gate AS g JOIN stock AS s ON s.qty = g.id")
    making = engine.client().start("CREATE INDEX by_both ON stock (qty, id)")
    assert (reading.done, making.done) == (False, False)
    maker.run("ROLLBACK")
    other.run("COMMIT")
    assert (reading.rows, making.done) == ([(2,)], True)
    assert maker.query("SELECT name FROM sys.indexes WHERE object_id = OBJECT_ID('stock') AND index_id > 1") == [
        ("by_both",)
    ]


@pytest.mark.parametrize(
    "definition",
    [
        "ALTER TABLE child ADD CONSTRAINT fk FOREIGN KEY (p) REFERENCES parent (id)",
        "ALTER TABLE second_child DROP CONSTRAINT fk_second",
        "ALTER TABLE second_child NOCHECK CONSTRAINT fk_second",
        "CREATE TABLE third_child (id int PRIMARY KEY, p int REFERENCES parent (id))",
        "DROP TABLE second_child",
    ],
)
def test_a_foreign_key_that_comes_or_goes_locks_both_tables(engine: Any, definition: str) -> None:
    first, second = engine.clients(2)
    first.run("CREATE TABLE parent (id int PRIMARY KEY); CREATE TABLE child (id int PRIMARY KEY, p int)")
    first.run("CREATE TABLE second_child (id int PRIMARY KEY, p int CONSTRAINT fk_second REFERENCES parent (id))")
    first.run("BEGIN TRAN; SELECT id FROM parent WITH (HOLDLOCK)")
    changing = second.start(f"BEGIN TRAN; {definition}")
    assert not changing.done
    first.run("COMMIT")
    assert changing.done
    assert not first.start("SELECT id FROM parent WITH (NOLOCK)").done
