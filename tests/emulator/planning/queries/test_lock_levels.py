"""What scans lock at each isolation level and with each hint.

"Transaction locking and row versioning guide", sections "Locking in the database engine" and "Key-range locking";
"Table hints (Transact-SQL)".
"""

from __future__ import annotations

from typing import Any

import pytest

SEEK = "SELECT b FROM t WHERE id = 3"


@pytest.mark.parametrize("level", ["READ UNCOMMITTED", "READ COMMITTED"])
def test_reads_hold_nothing_below_repeatable_read(db: Any, level: str) -> None:
    assert db.locks("SELECT * FROM t; SELECT c FROM t WHERE a = 20", level) == []


@pytest.mark.parametrize(
    ("hints", "locks"),
    [
        ("UPDLOCK", ["IX dbo.t", "U dbo.t.pk_t (3,)"]),
        ("UPDLOCK, ROWLOCK", ["IX dbo.t", "U dbo.t.pk_t (3,)"]),
        ("XLOCK", ["IX dbo.t", "X dbo.t.pk_t (3,)"]),
        ("REPEATABLEREAD", ["IS dbo.t", "S dbo.t.pk_t (3,)"]),
        ("HOLDLOCK", ["IS dbo.t", "S dbo.t.pk_t (3,)"]),
        ("UPDLOCK, HOLDLOCK", ["IX dbo.t", "U dbo.t.pk_t (3,)"]),
        ("TABLOCK, HOLDLOCK", ["S dbo.t"]),
        ("TABLOCK", []),
        ("TABLOCK, UPDLOCK", ["X dbo.t"]),
        ("TABLOCKX", ["X dbo.t"]),
        ("NOLOCK", []),
        ("READCOMMITTEDLOCK", []),
    ],
)
def test_hints_on_a_seek(db: Any, hints: str, locks: list[str]) -> None:
    assert db.locks(f"SELECT b FROM t WITH ({hints}) WHERE id = 3") == locks


def test_a_lock_for_update_on_a_heap_as_a_whole_is_exclusive(db: Any) -> None:
    """ "Table hints (Transact-SQL)", UPDLOCK: X where a table lock is taken for another reason."""
    db.run("CREATE TABLE dbo.h (x int); INSERT INTO dbo.h VALUES (1)")
    assert db.locks("SELECT x FROM h WITH (UPDLOCK, HOLDLOCK)") == ["X dbo.h"]


def test_the_first_duplicate_ends_an_insert(db: Any) -> None:
    """Indexes behind the one that has the key already are not touched, and the locks on those before it stay."""
    attempt = "BEGIN TRY INSERT t VALUES {} END TRY BEGIN CATCH END CATCH"
    assert db.locks(attempt.format("(3, 99, 'q', 999)")) == ["IX dbo.t", "X dbo.t.pk_t (3,)"]
    assert db.locks(attempt.format("(9, 99, 'q', 300)")) == ["IX dbo.t", "X dbo.t.pk_t (9,)", "X dbo.t.uq_c (300,)"]


@pytest.mark.parametrize(
    "query",
    [
        "SELECT b FROM v WITH ({}) WHERE id = 3",
        "SELECT b FROM nested WITH ({}) WHERE id = 3",
        "SELECT b FROM counted WITH ({})",
        "WITH c AS (SELECT id, b FROM t) SELECT b FROM c WITH ({}) WHERE id = 3",
        "WITH r AS (SELECT b, 1 AS n FROM t WHERE id = 3 UNION ALL SELECT b, n + 1 FROM r WHERE n < 2)"
        " SELECT b FROM r WITH ({})",
    ],
)
def test_hints_on_a_view_or_cte_are_hints_on_the_tables_in_it(db: Any, query: str) -> None:
    db.run("CREATE VIEW v AS SELECT id, b FROM t")
    db.run("CREATE VIEW nested AS SELECT id, b FROM v")
    db.run("CREATE VIEW counted AS SELECT b, COUNT(*) AS n FROM t WHERE id = 3 GROUP BY b")
    assert db.locks(query.format("UPDLOCK, HOLDLOCK")) == ["IX dbo.t", "U dbo.t.pk_t (3,)"]
    assert db.locks(query.format("TABLOCKX")) == ["X dbo.t"]
    assert db.locks(query.format("NOLOCK"), "REPEATABLE READ") == []
    assert db.error(query.format("NOLOCK, XLOCK")).number == 1047
    assert db.locks(f"{query.format('NOLOCK')}; SELECT b FROM t WHERE id = 3", "REPEATABLE READ") != []


def test_a_hint_on_a_view_and_those_in_it_must_agree(db: Any) -> None:
    db.run("CREATE VIEW dirty AS SELECT t.b, u.id FROM t WITH (NOLOCK) JOIN t AS u ON u.id = t.id")
    assert db.locks("SELECT b FROM dirty WITH (NOLOCK)", "REPEATABLE READ") == []
    assert db.error("SELECT b FROM dirty WITH (HOLDLOCK)").number == 1047
    assert db.error("SELECT b FROM dirty WITH (SNAPSHOT)").number == 40517


@pytest.mark.parametrize(
    ("statement", "locks"),
    [
        # one operator seeks and changes
        ("UPDATE t SET c = 1 WHERE id = 9", ["RangeX-X dbo.t.pk_t INFINITY"]),
        ("DELETE u WHERE id > 4", ["RangeX-X dbo.u.pk_u (5,)", "RangeX-X dbo.u.pk_u INFINITY", "X dbo.u.ix_tid"]),
        # something is tested or read between finding a row and changing it, or not all rows are wanted
        ("UPDATE t SET c = 1 WHERE id = 9 AND b = 'x'", ["RangeS-U dbo.t.pk_t INFINITY"]),
        ("UPDATE t SET c = (SELECT 1) WHERE id = 9", ["RangeS-U dbo.t.pk_t INFINITY"]),
        ("DELETE TOP (1) t WHERE id = 9", ["RangeS-U dbo.t.pk_t INFINITY"]),
        ("UPDATE t SET id = 10 WHERE id = 9", ["RangeS-U dbo.t.pk_t INFINITY"]),
        ("UPDATE t WITH (UPDLOCK) SET c = 1 WHERE id = 9", ["RangeS-U dbo.t.pk_t INFINITY"]),
    ],
)
def test_a_change_that_only_seeks_in_the_clustered_index_locks_exclusively_at_once(
    db: Any, statement: str, locks: list[str]
) -> None:
    found = [lock for lock in db.locks(statement, "SERIALIZABLE") if not lock.startswith("IX ")]
    assert len(found) == len(locks)
    assert all(lock.startswith(wanted) for lock, wanted in zip(sorted(found), sorted(locks), strict=True))


def test_a_hint_lowers_the_level_of_the_session(db: Any) -> None:
    assert db.locks("SELECT b FROM t WITH (READCOMMITTED) WHERE id = 3", "SERIALIZABLE") == []
    assert db.locks("SELECT b FROM t WITH (NOLOCK) WHERE id = 3", "SERIALIZABLE") == []


@pytest.mark.parametrize("level", ["READ COMMITTED", "REPEATABLE READ"])
def test_a_lock_is_given_back_when_the_scan_finds_that_the_row_does_not_qualify(db: Any, level: str) -> None:
    assert db.locks("SELECT c FROM t WITH (UPDLOCK) WHERE b = 'z'", level) == ["IX dbo.t", "U dbo.t.pk_t (3,)"]


def test_what_a_subquery_turns_down_stays_locked_where_the_level_or_a_hint_asked_for_it(db: Any) -> None:
    """The condition is tested behind the scan, which has passed the row on; only the target of an UPDATE at READ
    COMMITTED is given back from there (Craig Freedman, "Read Committed and Updates")."""
    condition = "EXISTS (SELECT 1 WHERE t.b = 'z')"
    assert len(db.locks(f"SELECT c FROM t WHERE {condition}", "REPEATABLE READ")) == 6
    assert len(db.locks(f"SELECT c FROM t WITH (UPDLOCK) WHERE {condition}")) == 6
    update = f"UPDATE t SET b = 'q' WHERE {condition}"
    assert db.locks(update) == ["IX dbo.t", "X dbo.t.pk_t (3,)", "X dbo.t.ix_a (20, 3)"]
    assert len(db.locks(update, "REPEATABLE READ")) == 7


def test_serializable_keeps_what_it_read_whether_it_qualifies_or_not(db: Any) -> None:
    assert db.locks("SELECT b FROM t WHERE id = 3 AND b = 'q'", "SERIALIZABLE") == ["IS dbo.t", "S dbo.t.pk_t (3,)"]


def test_a_hinted_lock_on_an_index_key_stays_when_the_looked_up_row_does_not_qualify(db: Any) -> None:
    """The key passed the seek, and only the lookup behind it turned the row down. The target's own U lock is given
    back."""
    assert db.locks("SELECT b FROM t WITH (UPDLOCK) WHERE a = 10 AND c + 0 = 1") == ["IX dbo.t", "U dbo.t.ix_a (10, 1)"]
    assert db.locks("UPDATE t SET b = 'q' WHERE a = 10 AND c + 0 = 1") == ["IX dbo.t"]


def test_a_lock_that_was_held_before_is_not_given_back(db: Any) -> None:
    db.run(
        "BEGIN TRAN; SELECT b FROM t WITH (UPDLOCK) WHERE id IN (1, 2); SELECT c FROM t WITH (UPDLOCK) WHERE b = 'y'"
    )
    assert db.held() == ["IX dbo.t", "U dbo.t.pk_t (1,)", "U dbo.t.pk_t (2,)"]


def test_a_stronger_request_is_taken_back_to_what_was_held(db: Any) -> None:
    db.run(
        "BEGIN TRAN; SELECT b FROM t WITH (REPEATABLEREAD) WHERE id = 1; SELECT c FROM t WITH (UPDLOCK) WHERE b = 'y'"
    )
    assert "S dbo.t.pk_t (1,)" in db.held()
    assert "U dbo.t.pk_t (2,)" in db.held()


@pytest.mark.parametrize(
    ("query", "locks"),
    [
        (SEEK, ["IS dbo.t", "S dbo.t.pk_t (3,)"]),
        ("SELECT b FROM t WHERE c = 300", ["IS dbo.t", "S dbo.t.uq_c (300,)", "S dbo.t.pk_t (3,)"]),
        ("SELECT b FROM t WHERE id = 0", ["IS dbo.t", "RangeS-S dbo.t.pk_t (1,)"]),
        ("SELECT b FROM t WHERE id = 9", ["IS dbo.t", "RangeS-S dbo.t.pk_t INFINITY"]),
        (
            "SELECT b FROM t WHERE id BETWEEN 2 AND 3",
            ["IS dbo.t", "RangeS-S dbo.t.pk_t (2,)", "RangeS-S dbo.t.pk_t (3,)", "RangeS-S dbo.t.pk_t (4,)"],
        ),
        ("SELECT b FROM t WHERE id > 4", ["IS dbo.t", "RangeS-S dbo.t.pk_t (5,)", "RangeS-S dbo.t.pk_t INFINITY"]),
        (
            "SELECT c FROM t WHERE a = 10",
            ["IS dbo.t", "RangeS-S dbo.t.ix_a (10, 1)", "S dbo.t.pk_t (1,)", "RangeS-S dbo.t.ix_a (20, 2)"],
        ),
        ("SELECT b FROM t WHERE a = 15", ["IS dbo.t", "RangeS-S dbo.t.ix_a (20, 2)"]),
        ("SELECT b FROM t WITH (UPDLOCK) WHERE id = 0", ["IX dbo.t", "RangeS-U dbo.t.pk_t (1,)"]),
        ("SELECT b FROM t WITH (XLOCK) WHERE id = 0", ["IX dbo.t", "RangeX-X dbo.t.pk_t (1,)"]),
        (
            "SELECT TOP (1) b FROM t WHERE id < 3 ORDER BY id DESC",
            ["IS dbo.t", "RangeS-S dbo.t.pk_t (3,)", "RangeS-S dbo.t.pk_t (2,)"],
        ),
    ],
)
def test_serializable_locks_keys_with_their_gaps(db: Any, query: str, locks: list[str]) -> None:
    assert db.locks(query, "SERIALIZABLE") == locks


def test_serializable_locks_a_heap_as_a_whole(db: Any) -> None:
    db.run("CREATE TABLE h (x int); INSERT INTO h VALUES (1)")
    assert db.locks("SELECT * FROM h", "SERIALIZABLE") == ["S dbo.h"]


def test_a_key_that_came_during_the_wait_is_locked_and_read_too(db: Any, server: Any) -> None:
    writer = server.connect()
    writer.run("BEGIN TRAN; UPDATE t SET b = 'changed' WHERE id = 3")
    reader = db.start("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE; BEGIN TRAN; SELECT id FROM t WHERE id >= 3")
    writer.run("DELETE t WHERE id = 3; INSERT INTO t (id, c) VALUES (6, 600); COMMIT")
    db.instance.scheduler.run()
    assert reader.result_sets[-1].rows == [(4,), (5,), (6,)]


@pytest.mark.parametrize(
    ("hints", "number"),
    [
        ("NOLOCK, UPDLOCK", 1047),
        ("NOLOCK, HOLDLOCK", 1047),
        ("REPEATABLEREAD, SERIALIZABLE", 1047),
        ("ROWLOCK, TABLOCK", 1047),
        ("READPAST, SERIALIZABLE", 650),
        ("PAGLOCK", 40517),
        ("SNAPSHOT", 40517),
    ],
)
def test_hints_that_do_not_go_together_are_refused(db: Any, hints: str, number: int) -> None:
    assert db.error(f"SELECT b FROM t WITH ({hints})").number == number


def test_readpast_needs_read_committed_or_repeatable_read(db: Any) -> None:
    assert db.error("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE; SELECT b FROM t WITH (READPAST)").number == 650


def test_readpast_skips_rows_that_others_hold(db: Any, server: Any) -> None:
    other = server.connect()
    other.run("BEGIN TRAN; UPDATE t SET b = 'q' WHERE id IN (2, 4)")
    assert db.column("SELECT * FROM t WITH (READPAST)") == [1, 3, 5]
    assert db.column("SELECT TOP (1) id FROM t WITH (UPDLOCK, READPAST) WHERE id > 1 ORDER BY id") == [3]
    assert db.column("SELECT id FROM t WITH (READPAST) WHERE id = 2") == []
    assert db.column("SELECT c FROM t WITH (READPAST) WHERE a = 20 ORDER BY c") == [300]


def test_a_reader_waits_for_one_row_and_reads_it_as_it_is_then(db: Any, server: Any) -> None:
    writer = server.connect()
    writer.run("BEGIN TRAN; UPDATE t SET b = 'q' WHERE id = 2; DELETE t WHERE id = 3")
    by_key = db.start("SELECT b FROM t WHERE id = 2")
    assert not by_key.result_sets[0].rows
    scan = server.connect().start("SELECT id, c FROM t WHERE b IN ('y', 'z', 'q', 'w')")
    lookup = server.connect().start("SELECT c FROM t WHERE a = 20")
    writer.run("COMMIT")
    db.instance.scheduler.run()
    assert by_key.result_sets[0].rows == [("q",)]
    assert scan.result_sets[0].rows == [(2, 200), (4, 400)]
    assert lookup.result_sets[0].rows == [(200,)]


def test_a_lookup_and_a_writer_meet_in_a_deadlock(db: Any, server: Any) -> None:
    """The reader goes from index key to row, the writer from row to index key."""
    writer = server.connect()
    writer.run("BEGIN TRAN; UPDATE t SET c = 1000 WHERE id = 1")
    reader = db.start("SELECT c FROM t WHERE a = 10")
    written = writer.start("UPDATE t SET a = 11 WHERE id = 1")
    db.instance.scheduler.run()
    assert [error.number for error in (*reader.errors, *written.errors)] == [1205]


def test_many_row_locks_become_one_table_lock(db: Any) -> None:
    db.run("CREATE TABLE many (id int NOT NULL CONSTRAINT pk_many PRIMARY KEY, v int)")
    db.session.database.table("dbo", "many").store.load((number, number) for number in range(7000))
    assert db.locks("SELECT COUNT(v) FROM many WITH (REPEATABLEREAD) WHERE id < 6248")[0] == "IS dbo.many"
    assert db.locks("SELECT COUNT(v) FROM many", "REPEATABLE READ") == ["S dbo.many"]
    assert db.locks("SELECT COUNT(v) FROM many WITH (UPDLOCK)") == ["X dbo.many"]


def test_tables_of_one_session_are_not_locked(db: Any) -> None:
    locks = db.locks(
        "DECLARE @v TABLE (x int); INSERT INTO @v VALUES (1); CREATE TABLE #l (x int);"
        "SELECT * FROM @v; SELECT * FROM #l",
        "SERIALIZABLE",
    )
    assert not [lock for lock in locks if not lock.startswith("Sch-M")]
