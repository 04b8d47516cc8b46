"""Row versions: READ_COMMITTED_SNAPSHOT and SNAPSHOT isolation, sessions side by side.

"Transaction locking and row versioning guide", "SET TRANSACTION ISOLATION LEVEL", "ALTER DATABASE SET options".
"""

from __future__ import annotations

import random
from typing import Any

import pytest

SNAPSHOT = "SET TRANSACTION ISOLATION LEVEL SNAPSHOT; "
CONFLICT = (
    "Snapshot isolation transaction aborted due to update conflict. You cannot use snapshot isolation to access table "
    "'dbo.stock' directly or indirectly in database 'lockstep' to update, delete, or insert the row that has been "
    "modified or deleted by another transaction. Retry the transaction or change the isolation level for the "
    "update/delete statement."
)


def set_up(engine: Any, option: str) -> Any:
    client = engine.client()
    client.run(f"ALTER DATABASE lockstep SET {option} ON")
    client.run(
        "CREATE TABLE dbo.stock (id int NOT NULL PRIMARY KEY, bin int NOT NULL, qty int NOT NULL); "
        "CREATE INDEX by_bin ON dbo.stock (bin); "
        "INSERT dbo.stock VALUES (1, 10, 100), (2, 20, 200), (5, 50, 500)"
    )
    return client


@pytest.fixture
def committed(engine: Any) -> Any:
    """Two sessions in a database with READ_COMMITTED_SNAPSHOT."""
    return set_up(engine, "READ_COMMITTED_SNAPSHOT"), engine.client()


@pytest.fixture
def snapshots(engine: Any) -> Any:
    """Two sessions at level SNAPSHOT."""
    pair = set_up(engine, "ALLOW_SNAPSHOT_ISOLATION"), engine.client()
    for client in pair:
        client.run(SNAPSHOT)
    return pair


def assert_nothing_is_left(engine: Any) -> None:
    versions = engine.instance.versions
    assert (versions.kept, versions.snapshots) == (0, 0)
    for database in engine.instance.databases.values():
        for table in database.by_id.values():
            store = getattr(table, "store", None)
            for index in () if store is None else (store.base, *store.indexes.values()):
                assert index.locks.entries == {}
                if index.history is not None:
                    assert (index.history.chains, list(index.history.departed)) == ({}, [])


# --- READ_COMMITTED_SNAPSHOT ------------------------------------------------------------------------------------------


def test_a_statement_reads_what_was_committed_when_it_began_and_waits_for_nobody(committed: Any, engine: Any) -> None:
    writer, reader = committed
    writer.run("BEGIN TRAN; UPDATE stock SET qty = 0, bin = 99 WHERE id = 1; DELETE stock WHERE id = 2")
    writer.run("INSERT stock VALUES (3, 5, 300)")
    for text in (
        "SELECT id, bin FROM stock ORDER BY id",
        "SELECT id, bin FROM stock WITH (INDEX(by_bin)) ORDER BY bin",
    ):
        assert reader.query(text) == [(1, 10), (2, 20), (5, 50)]
    assert reader.query("SELECT qty FROM stock WHERE id = 2") == [(200,)]
    assert reader.query("SELECT id FROM stock WHERE bin = 10") == [(1,)]
    assert writer.query("SELECT id FROM stock ORDER BY bin") == [(3,), (5,), (1,)]
    writer.run("COMMIT")
    assert reader.query("SELECT id FROM stock ORDER BY bin") == [(3,), (5,), (1,)]
    assert_nothing_is_left(engine)


def test_a_reader_holds_no_row_locks_but_keeps_the_table(committed: Any) -> None:
    reader, other = committed
    reader.run("BEGIN TRAN; SELECT * FROM stock")
    other.run("UPDATE stock SET qty = 0")
    assert reader.query("SELECT DISTINCT qty FROM stock") == [(0,)]
    assert reader.query(
        "SELECT COUNT(*) FROM sys.dm_tran_locks WHERE resource_type IN ('KEY', 'OBJECT')"
        " AND request_session_id = @@SPID"
    ) == [(0,)]


@pytest.mark.parametrize("hint", ["READCOMMITTEDLOCK", "UPDLOCK", "XLOCK", "REPEATABLEREAD", "SERIALIZABLE", "TABLOCK"])
def test_a_hint_that_asks_for_locks_gets_them(committed: Any, hint: str) -> None:
    writer, reader = committed
    writer.run("BEGIN TRAN; UPDATE stock SET qty = 0 WHERE id = 1")
    waiting = reader.start(f"SELECT qty FROM stock WITH ({hint}) WHERE id = 1")
    assert not waiting.done
    writer.run("COMMIT")
    assert waiting.rows == [(0,)]


@pytest.mark.parametrize("level", ["REPEATABLE READ", "SERIALIZABLE"])
def test_higher_levels_lock_and_read_what_is_current(committed: Any, level: str) -> None:
    writer, reader = committed
    writer.run("BEGIN TRAN; UPDATE stock SET qty = 0 WHERE id = 1")
    waiting = reader.start(f"SET TRANSACTION ISOLATION LEVEL {level}; SELECT qty FROM stock WHERE id = 1")
    assert not waiting.done
    writer.run("COMMIT")
    assert waiting.rows == [(0,)]


def test_an_update_waits_for_its_target_and_reads_the_other_tables_as_they_were_when_it_began(committed: Any) -> None:
    writer, other = committed
    writer.run("CREATE TABLE price (id int PRIMARY KEY, value int); INSERT price VALUES (1, 1), (2, 1)")
    writer.run("BEGIN TRAN; UPDATE stock SET qty = 7 WHERE id = 1; UPDATE price SET value = 9")
    waiting = other.start(
        "UPDATE s SET qty = s.qty + p.value FROM stock AS s JOIN price AS p ON p.id = s.id WHERE s.id = 1"
    )
    assert not waiting.done
    writer.run("COMMIT")
    assert other.query("SELECT qty FROM stock WHERE id = 1") == [(8,)]


def test_a_delete_examines_the_current_rows(committed: Any) -> None:
    writer, other = committed
    writer.run("BEGIN TRAN; UPDATE stock SET qty = qty + 100")
    waiting = other.start("DELETE stock WHERE qty = 200")
    assert not waiting.done
    writer.run("COMMIT")
    assert other.query("SELECT id, qty FROM stock") == [(2, 300), (5, 600)]


def test_a_foreign_key_is_checked_against_what_is_current(committed: Any) -> None:
    writer, other = committed
    writer.run("CREATE TABLE pick (id int PRIMARY KEY, stock int NOT NULL REFERENCES stock)")
    writer.run("BEGIN TRAN; DELETE stock WHERE id = 5")
    waiting = other.start("INSERT pick VALUES (1, 5)")
    assert not waiting.done
    writer.run("COMMIT")
    assert waiting.error_numbers == [547]


def test_a_statement_inside_a_function_reads_at_its_own_moment(committed: Any, engine: Any) -> None:
    writer, reader = committed
    writer.run("CREATE FUNCTION dbo.total() RETURNS int AS BEGIN RETURN (SELECT SUM(qty) FROM dbo.stock) END")
    writer.run("BEGIN TRAN; UPDATE stock SET qty = 0 WHERE id = 1")
    assert reader.query("SELECT id, dbo.total() FROM stock WHERE qty > 99") == [(1, 800), (2, 800), (5, 800)]
    writer.run("ROLLBACK")
    assert_nothing_is_left(engine)


def test_readpast_needs_locks_to_pass(committed: Any) -> None:
    writer, reader = committed
    writer.run("BEGIN TRAN; UPDATE stock SET qty = 0 WHERE id = 1")
    assert reader.fails("SELECT id FROM stock WITH (READPAST)").number == 650
    for hints in ("UPDLOCK, READPAST", "READCOMMITTEDLOCK, READPAST"):
        assert reader.query(f"SELECT id, qty FROM stock WITH ({hints})") == [(2, 200), (5, 500)]


def test_a_failed_statement_and_a_savepoint_take_their_versions_back(committed: Any, engine: Any) -> None:
    writer, reader = committed
    writer.run(
        "BEGIN TRAN; UPDATE stock SET qty = 1 WHERE id = 1; SAVE TRAN s; DELETE stock; INSERT stock VALUES (2, 2, 2)"
    )
    writer.fails("INSERT stock VALUES (8, 8, 8), (2, 2, 2)")
    assert reader.query("SELECT qty FROM stock") == [(100,), (200,), (500,)]
    writer.run("ROLLBACK TRAN s")
    assert reader.query("SELECT qty FROM stock") == [(100,), (200,), (500,)]
    writer.run("COMMIT")
    assert reader.query("SELECT qty FROM stock") == [(1,), (200,), (500,)]
    assert_nothing_is_left(engine)


# --- SNAPSHOT ---------------------------------------------------------------------------------------------------------


def test_a_snapshot_begins_with_the_first_access_to_data(snapshots: Any) -> None:
    first, second = snapshots
    first.run("BEGIN TRAN; SELECT 1")
    second.run("UPDATE stock SET qty = 1 WHERE id = 1")
    assert first.query("SELECT qty FROM stock WHERE id = 1") == [(1,)]
    second.run("UPDATE stock SET qty = 2; DELETE stock WHERE id = 2; INSERT stock VALUES (3, 3, 3)")
    assert first.query("SELECT id, qty FROM stock") == [(1, 1), (2, 200), (5, 500)]
    first.run("COMMIT")
    assert first.query("SELECT id, qty FROM stock") == [(1, 2), (3, 3), (5, 2)]


def test_a_transaction_sees_its_own_changes_in_its_snapshot(snapshots: Any, engine: Any) -> None:
    first, second = snapshots
    first.run("BEGIN TRAN; UPDATE stock SET bin = 60, qty = 0 WHERE id = 1; DELETE stock WHERE id = 2")
    second.run("INSERT stock VALUES (4, 1, 1)")
    assert first.query("SELECT id FROM stock ORDER BY bin") == [(5,), (1,)]
    first.run("UPDATE stock SET id = 9 WHERE id = 1")
    assert first.query("SELECT id, qty FROM stock") == [(5, 500), (9, 0)]
    first.run("COMMIT")
    assert first.query("SELECT id FROM stock ORDER BY bin") == [(4,), (5,), (9,)]
    assert_nothing_is_left(engine)


@pytest.mark.parametrize(
    "change",
    ["UPDATE stock SET qty += 1 WHERE id = 1", "DELETE stock WHERE bin = 10", "UPDATE stock SET id = 8 WHERE id = 1"],
)
@pytest.mark.parametrize(
    "other",
    ["UPDATE stock SET qty = 7 WHERE id = 1", "DELETE stock WHERE id = 1", "UPDATE stock SET id = 9 WHERE id = 1"],
)
def test_changing_a_row_that_somebody_has_changed_since_is_a_conflict(snapshots: Any, change: str, other: str) -> None:
    first, second = snapshots
    first.run("BEGIN TRAN; SELECT * FROM stock")
    second.run(other)
    sink = first.collect(f"{change}; SELECT 'not reached'")
    (error,) = sink.errors
    assert (error.number, error.severity, error.message) == (3960, 16, CONFLICT)
    assert sink.result_sets == []
    assert first.value("@@TRANCOUNT") == 0


def test_the_state_of_a_conflict_tells_of_a_heap(snapshots: Any) -> None:
    first, second = snapshots
    first.run("CREATE TABLE heap (id int); INSERT heap VALUES (1)")
    for table, state in (("stock", 2), ("heap", 6)):
        first.run(f"BEGIN TRAN; SELECT id FROM {table}")
        second.run(f"UPDATE {table} SET id = id + 100")
        error = first.fails(f"DELETE {table} WHERE id = 1")
        assert (error.number, error.state) == (3960, state)


def test_a_conflict_is_decided_when_the_other_one_ends(snapshots: Any) -> None:
    first, second = snapshots
    for end, errors in (("ROLLBACK", []), ("COMMIT", [3960])):
        second.run("BEGIN TRAN; UPDATE stock SET qty += 1 WHERE id = 1")
        waiting = first.start("BEGIN TRAN; UPDATE stock SET qty += 10 WHERE id = 1; IF @@TRANCOUNT > 0 ROLLBACK")
        assert not waiting.done
        second.run(end)
        assert (waiting.done, waiting.error_numbers) == (True, errors)


def test_a_caught_conflict_leaves_a_doomed_transaction(snapshots: Any) -> None:
    first, second = snapshots
    first.run("BEGIN TRAN; SELECT * FROM stock")
    second.run("UPDATE stock SET qty = 7")
    assert first.query(
        "BEGIN TRY UPDATE stock SET qty = 8 END TRY "
        "BEGIN CATCH SELECT ERROR_NUMBER(), XACT_STATE(), @@TRANCOUNT; ROLLBACK END CATCH"
    ) == [(3960, -1, 1)]


def test_rows_that_do_not_qualify_in_the_snapshot_are_neither_locked_nor_in_conflict(snapshots: Any) -> None:
    first, second = snapshots
    first.run("BEGIN TRAN; SELECT * FROM stock")
    second.run("BEGIN TRAN; UPDATE stock SET qty = 100 WHERE id = 2")
    first.run("UPDATE stock SET qty = 0 WHERE qty = 100")
    second.run("COMMIT")
    first.run("COMMIT")
    assert first.query("SELECT id, qty FROM stock") == [(1, 0), (2, 100), (5, 500)]


def test_updlock_holds_the_row_and_finds_the_conflict_early(snapshots: Any) -> None:
    first, second = snapshots
    first.run("BEGIN TRAN; SELECT qty FROM stock WITH (UPDLOCK) WHERE id = 1")
    waiting = second.start("UPDATE stock SET qty = 1 WHERE id = 1")
    assert not waiting.done
    first.run("UPDATE stock SET qty = 2 WHERE id = 1; COMMIT")
    assert waiting.error_numbers == [3960]
    second.run("BEGIN TRAN; SELECT * FROM stock")
    first.run("UPDATE stock SET qty = 3 WHERE id = 1")
    assert second.fails("SELECT qty FROM stock WITH (UPDLOCK) WHERE id = 1").number == 3960


def test_a_hint_of_another_level_reads_and_changes_what_is_current(snapshots: Any) -> None:
    first, second = snapshots
    first.run("BEGIN TRAN; SELECT * FROM stock")
    second.run("UPDATE stock SET qty = 7 WHERE id = 1")
    assert first.query("SELECT qty FROM stock WITH (READCOMMITTED) WHERE id = 1") == [(7,)]
    assert first.query("SELECT qty FROM stock WITH (NOLOCK) WHERE id = 1") == [(7,)]
    assert first.query("SELECT qty FROM stock WHERE id = 1") == [(100,)]
    first.run("UPDATE stock WITH (READCOMMITTEDLOCK) SET qty += 1 WHERE id = 1; COMMIT")
    assert first.query("SELECT qty FROM stock WHERE id = 1") == [(8,)]


def test_unique_keys_are_checked_against_what_is_current(snapshots: Any) -> None:
    first, second = snapshots
    first.run("BEGIN TRAN; SELECT * FROM stock")
    second.run("INSERT stock VALUES (3, 3, 3); DELETE stock WHERE id = 5")
    assert first.fails("INSERT stock VALUES (3, 0, 0)").number == 2627
    assert first.value("@@TRANCOUNT") == 1
    assert first.fails("INSERT stock VALUES (5, 0, 0)").number == 3960


def test_foreign_keys_read_what_is_current_and_conflict_with_what_changed_since(snapshots: Any) -> None:
    first, second = snapshots
    first.run("CREATE TABLE pick (id int PRIMARY KEY, stock int NOT NULL REFERENCES stock)")
    first.run("BEGIN TRAN; SELECT * FROM stock")
    second.run("DELETE stock WHERE id = 5; UPDATE stock SET qty = 7 WHERE id = 1")
    assert first.fails("INSERT pick VALUES (1, 5)").number == 547
    first.run("INSERT pick VALUES (2, 2)")
    assert first.fails("INSERT pick VALUES (3, 1)").number == 3960
    first.run("BEGIN TRAN; SELECT * FROM stock")
    second.run("INSERT pick VALUES (4, 2)")
    assert first.fails("DELETE stock WHERE id = 2").number == 3960


def test_a_cascade_conflicts_with_rows_that_changed_since(snapshots: Any) -> None:
    first, second = snapshots
    first.run(
        "CREATE TABLE pick (id int PRIMARY KEY, stock int NOT NULL REFERENCES stock ON DELETE CASCADE, done int);"
        "CREATE INDEX by_stock ON pick (stock); INSERT pick VALUES (1, 1, 0), (2, 2, 0)"
    )
    first.run("BEGIN TRAN; SELECT * FROM stock")
    second.run("UPDATE pick SET done = 1 WHERE id = 1")
    first.run("DELETE stock WHERE id = 2")
    error = first.fails("DELETE stock WHERE id = 1")
    assert (error.number, "'dbo.pick'" in error.message) == (3960, True)


def test_a_merge_conflicts_with_rows_that_changed_since(snapshots: Any) -> None:
    first, second = snapshots
    merge = (
        "MERGE stock AS t USING (VALUES (1, 10), (3, 30)) AS s (id, bin) ON t.id = s.id "
        "WHEN MATCHED THEN UPDATE SET bin = s.bin + 1 WHEN NOT MATCHED THEN INSERT VALUES (s.id, s.bin, 0);"
    )
    first.run("BEGIN TRAN; SELECT * FROM stock")
    second.run("UPDATE stock SET qty = 7 WHERE id = 2")
    first.run(merge)
    assert first.query("SELECT id, bin, qty FROM stock") == [(1, 11, 100), (2, 20, 200), (3, 30, 0), (5, 50, 500)]
    first.run("COMMIT; BEGIN TRAN; SELECT * FROM stock")
    second.run("UPDATE stock SET qty = 8 WHERE id = 1")
    assert first.fails(merge).number == 3960


def test_a_transaction_cannot_change_to_snapshot(snapshots: Any) -> None:
    client, _ = snapshots
    client.run("SET TRANSACTION ISOLATION LEVEL READ COMMITTED; BEGIN TRAN")
    error = client.fails(f"{SNAPSHOT} SELECT * FROM stock")
    assert (error.number, "'lockstep'" in error.message) == (3951, True)
    assert client.value("@@TRANCOUNT") == 0
    client.run("BEGIN TRAN; SET TRANSACTION ISOLATION LEVEL READ COMMITTED; SELECT * FROM stock")
    assert client.query(f"{SNAPSHOT} SELECT COUNT(*) FROM stock") == [(3,)]


def test_snapshot_must_be_allowed_in_every_database_that_is_read(engine: Any, snapshots: Any) -> None:
    client, _ = snapshots
    client.run("SET TRANSACTION ISOLATION LEVEL READ COMMITTED; CREATE DATABASE other")
    client.run("USE other; CREATE TABLE t (id int PRIMARY KEY); USE lockstep")
    for text in ("SELECT * FROM other.dbo.t", "INSERT other.dbo.t VALUES (1)", "UPDATE other.dbo.t SET id = 2"):
        error = client.fails(f"{SNAPSHOT} BEGIN TRAN; SELECT * FROM stock; {text}")
        assert (error.number, "'other'" in error.message) == (3952, True)
        assert client.value("@@TRANCOUNT") == 0
    assert client.query(f"{SNAPSHOT} SELECT COUNT(*) FROM other.dbo.t WITH (READCOMMITTED)") == [(0,)]
    assert_nothing_is_left(engine)


def test_temporary_tables_have_no_versions(snapshots: Any) -> None:
    client, _ = snapshots
    client.run("CREATE TABLE #mine (id int); CREATE TABLE ##ours (id int)")
    assert client.query("INSERT #mine VALUES (1); SELECT id FROM #mine") == [(1,)]
    error = client.fails("SELECT * FROM ##ours")
    assert (error.number, "'tempdb'" in error.message) == (3952, True)
    assert client.query("SELECT id FROM ##ours WITH (READCOMMITTED)") == []


@pytest.mark.parametrize(
    "change",
    ["ALTER TABLE stock ADD note int NULL", "CREATE INDEX by_qty ON stock (qty)", "TRUNCATE TABLE stock"],
)
def test_definitions_have_no_versions(snapshots: Any, change: str) -> None:
    first, second = snapshots
    first.run("CREATE TABLE other (id int); BEGIN TRAN; SELECT * FROM other")
    second.run(change)
    error = first.fails("SELECT id FROM stock")
    assert (error.number, error.severity) == (3961, 16)
    assert len(first.query("SELECT id FROM stock")) == (0 if change.startswith("TRUNCATE") else 3)


def test_definitions_are_refused_in_a_transaction_at_level_snapshot(snapshots: Any) -> None:
    client, _ = snapshots
    for change in (
        "ALTER TABLE stock ADD note int NULL",
        "CREATE INDEX by_qty ON stock (qty)",
        "DROP INDEX by_bin ON stock",
    ):
        assert client.fails(f"BEGIN TRAN; {change}").number == 3964
    client.run("BEGIN TRAN; CREATE TABLE fresh (id int); INSERT fresh VALUES (1); COMMIT")
    assert client.query("CREATE INDEX by_qty ON stock (qty); SELECT id FROM fresh") == [(1,)]


def test_drawn_numbers_have_no_versions(snapshots: Any) -> None:
    first, second = snapshots
    first.run("CREATE TABLE log (n int IDENTITY PRIMARY KEY, who int); BEGIN TRAN; SELECT * FROM log")
    second.run("INSERT log (who) VALUES (2)")
    first.run("INSERT log (who) VALUES (1); COMMIT")
    assert first.query("SELECT n, who FROM log") == [(1, 2), (2, 1)]


# --- The options ------------------------------------------------------------------------------------------------------


def options(client: Any) -> Any:
    return client.query(
        "SELECT is_read_committed_snapshot_on, snapshot_isolation_state, snapshot_isolation_state_desc "
        "FROM sys.databases WHERE name = 'lockstep'"
    )[0]


def test_read_committed_snapshot_waits_until_nobody_else_is_in_the_database(engine: Any) -> None:
    client, other, third = engine.clients(3)
    waiting = client.start("ALTER DATABASE lockstep SET READ_COMMITTED_SNAPSHOT ON")
    assert not waiting.done
    other.run("USE master")
    assert not waiting.done
    third.session.close()
    engine.instance.scheduler.run()
    assert (waiting.done, waiting.error_numbers) == (True, [])
    assert options(client) == (True, 0, "OFF")
    client.run("ALTER DATABASE CURRENT SET READ_COMMITTED_SNAPSHOT OFF")
    assert options(client) == (False, 0, "OFF")


def test_read_committed_snapshot_without_waiting(engine: Any) -> None:
    client, other = engine.clients(2)
    errors = client.collect("ALTER DATABASE lockstep SET READ_COMMITTED_SNAPSHOT ON WITH NO_WAIT").errors
    assert [error.number for error in errors] == [5070, 5069]
    client.run("CREATE TABLE t (id int PRIMARY KEY)")
    other.run("BEGIN TRAN; INSERT t VALUES (1)")
    client.run("ALTER DATABASE lockstep SET READ_COMMITTED_SNAPSHOT ON WITH ROLLBACK IMMEDIATE")
    assert (other.session.closed, options(client)[0]) == (True, True)
    assert client.query("SELECT * FROM t") == []


def test_rollback_ends_a_running_request_of_another_session(engine: Any) -> None:
    client, other = engine.clients(2)
    client.run("CREATE TABLE t (id int PRIMARY KEY)")
    running = other.start("BEGIN TRAN; INSERT t VALUES (1); WAITFOR DELAY '01:00:00'")
    client.run("ALTER DATABASE lockstep SET READ_COMMITTED_SNAPSHOT ON WITH ROLLBACK AFTER 5 SECONDS")
    assert (running.done, other.session.closed) == (True, True)
    assert client.query("SELECT * FROM t") == []


def test_snapshot_isolation_is_allowed_once_the_writers_have_ended(engine: Any) -> None:
    client, writer, reader = engine.clients(3)
    client.run("CREATE TABLE t (id int PRIMARY KEY)")
    writer.run("BEGIN TRAN; INSERT t VALUES (1)")
    waiting = client.start("ALTER DATABASE lockstep SET ALLOW_SNAPSHOT_ISOLATION ON")
    assert (waiting.done, options(reader)) == (False, (False, 3, "IN_TRANSITION_TO_ON"))
    assert reader.fails(f"{SNAPSHOT} SELECT * FROM t").number == 3956
    writer.run("COMMIT")
    assert (waiting.done, options(reader)) == (True, (False, 1, "ON"))
    assert reader.query("SELECT * FROM t") == [(1,)]


def test_snapshot_isolation_is_forbidden_once_the_snapshots_have_ended(engine: Any, snapshots: Any) -> None:
    client, reader = snapshots
    reader.run("BEGIN TRAN; SELECT * FROM stock")
    waiting = client.start("ALTER DATABASE lockstep SET ALLOW_SNAPSHOT_ISOLATION OFF")
    assert (waiting.done, options(reader)) == (False, (False, 2, "IN_TRANSITION_TO_OFF"))
    assert engine.client().fails(f"{SNAPSHOT} SELECT * FROM stock").number == 3954
    assert reader.query("SELECT COUNT(*) FROM stock") == [(3,)]
    reader.run("COMMIT")
    assert (waiting.done, options(reader)) == (True, (False, 0, "OFF"))
    assert reader.fails("SELECT * FROM stock").number == 3952


def test_versions_and_their_readers_are_shown(snapshots: Any) -> None:
    reader, writer = snapshots
    reader.run("BEGIN TRAN; SELECT * FROM stock")
    writer.run("UPDATE stock SET qty = 0; DELETE stock WHERE id = 1")
    assert writer.query(
        "SELECT session_id, is_snapshot, elapsed_time_seconds FROM sys.dm_tran_active_snapshot_database_transactions"
    ) == [(reader.session.spid, True, 0)]
    space = (
        "SELECT reserved_page_count, reserved_space_kb FROM sys.dm_tran_version_store_space_usage "
        "WHERE database_id = DB_ID()"
    )
    assert writer.query(space) == [(1, 8)]
    reader.run("COMMIT")
    assert writer.query(space) == [(0, 0)]


def test_a_cancelled_change_of_options_leaves_them_as_they_were(engine: Any) -> None:
    client, writer = engine.clients(2)
    client.run("CREATE TABLE t (id int PRIMARY KEY)")
    writer.run("BEGIN TRAN; INSERT t VALUES (1)")
    client.start("ALTER DATABASE lockstep SET ALLOW_SNAPSHOT_ISOLATION ON")
    assert [e.number for e in writer_alters(engine)] == [5061, 5069]
    client.session.interrupt()
    engine.instance.scheduler.run()
    writer.run("COMMIT")
    assert options(client) == (False, 0, "OFF")
    assert client.fails(f"{SNAPSHOT} SELECT * FROM t").number == 3952


def writer_alters(engine: Any) -> Any:
    return engine.client().collect("ALTER DATABASE lockstep SET READ_COMMITTED_SNAPSHOT ON").errors


def test_options_cannot_change_in_a_transaction_or_in_some_databases(client: Any) -> None:
    assert client.fails("BEGIN TRAN; ALTER DATABASE lockstep SET ALLOW_SNAPSHOT_ISOLATION ON").number == 226
    client.run("ROLLBACK")
    assert client.fails("ALTER DATABASE master SET READ_COMMITTED_SNAPSHOT ON").number == 5058
    assert client.query("SELECT name FROM sys.databases WHERE snapshot_isolation_state = 1 ORDER BY name") == [
        ("master",),
        ("msdb",),
    ]


def test_new_databases_take_the_options_of_model(engine: Any, client: Any) -> None:
    client.run("ALTER DATABASE model SET READ_COMMITTED_SNAPSHOT ON; CREATE DATABASE child")
    client.run("USE child; CREATE TABLE t (id int PRIMARY KEY); INSERT t VALUES (1)")
    other = engine.client()
    other.run("USE child")
    client.run("BEGIN TRAN; DELETE t")
    assert other.query("SELECT * FROM t") == [(1,)]


# --- Many sessions ----------------------------------------------------------------------------------------------------

LEVELS = ("READ UNCOMMITTED", "READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE", "SNAPSHOT")
STATEMENTS = (
    "SELECT COUNT(*) FROM stock",
    "SELECT id FROM stock WITH (INDEX(by_bin)) WHERE bin BETWEEN {a} AND {b}",
    "SELECT s.qty FROM stock AS s JOIN stock AS t ON t.bin = s.id WHERE t.id > {a}",
    "UPDATE stock SET qty += 1 WHERE id = {a}",
    "UPDATE stock SET bin = {b} WHERE bin = {a}",
    "UPDATE stock SET id = {b} WHERE id = {a}",
    "UPDATE stock WITH (READPAST, UPDLOCK, READCOMMITTEDLOCK) SET qty -= 1 WHERE bin > {a}",
    "DELETE stock WHERE id = {a}",
    "INSERT stock VALUES ({a}, {b}, 1)",
    "INSERT stock SELECT id + 40, bin, qty FROM stock WHERE id BETWEEN {a} AND {b}",
    "SAVE TRAN s; DELETE stock WHERE bin < {a}; ROLLBACK TRAN s",
)


def random_batch(random_: random.Random) -> str:
    statements = [
        random_.choice(STATEMENTS).format(a=random_.randint(1, 40), b=random_.randint(1, 40))
        for _ in range(random_.randint(1, 4))
    ]
    body = ";\n".join(statements)
    end = random_.choice(("COMMIT", "ROLLBACK"))
    return (
        f"SET TRANSACTION ISOLATION LEVEL {random_.choice(LEVELS)}; BEGIN TRY BEGIN TRAN;\n{body};\n"
        f"IF @@TRANCOUNT > 0 {end} END TRY BEGIN CATCH IF @@TRANCOUNT > 0 ROLLBACK END CATCH"
    )


@pytest.mark.parametrize("seed", range(6))
def test_no_version_lock_or_snapshot_is_left_when_everybody_is_done(engine: Any, seed: int) -> None:
    random_ = random.Random(seed)
    setup = set_up(engine, "ALLOW_SNAPSHOT_ISOLATION")
    setup.run("ALTER DATABASE lockstep SET READ_COMMITTED_SNAPSHOT ON")
    clients = [setup, *engine.clients(5)]
    engine.instance.scheduler.choose = random.Random(seed).choice
    for _ in range(20):
        pending = [client.spawn(random_batch(random_)) for client in clients]
        engine.instance.scheduler.run()
        assert all(item.done for item in pending)
    assert {number for item in pending for number in item.error_numbers} <= {650}
    assert_nothing_is_left(engine)
    by_id = setup.query("SELECT * FROM stock WITH (INDEX(1), READCOMMITTEDLOCK)")
    assert sorted(setup.query("SELECT * FROM stock WITH (INDEX(by_bin))")) == sorted(by_id)
