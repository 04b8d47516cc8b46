"""SET ROWCOUNT, NOEXEC, PARSEONLY; KILL; DBCC; ALTER SEQUENCE; WITH RESULT SETS (the pages of those names)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.emulator.engine.conftest import Engine


@pytest.fixture
def db(client: Any) -> Any:
    client.run("CREATE TABLE t (id int IDENTITY PRIMARY KEY, v int); INSERT t VALUES (1), (2), (3), (4)")
    return client


def test_rowcount_limits_every_kind_of_statement(db: Any) -> None:
    db.run("SET ROWCOUNT 2")
    assert len(db.query("SELECT * FROM t")) == 2
    assert db.run("UPDATE t SET v = 9").counts == [2]
    assert db.run("INSERT t SELECT v FROM t").counts == [2]
    assert db.run("DELETE t").counts == [2]
    assert db.query("SET ROWCOUNT 0; SELECT COUNT(*) FROM t") == [(4,)]


def test_noexec_skips_up_to_off_across_batches(db: Any) -> None:
    sink = db.run("PRINT 'a'; IF 1 = 1 SET NOEXEC ON; PRINT 'b'")
    assert [m.message for m in sink.messages] == ["a"]
    assert db.run("PRINT 'c'; DELETE t").messages == []
    assert db.fails("SELECT nothing FROM t").number == 207
    assert [m.message for m in db.run("PRINT 'd'\nSET NOEXEC OFF\nPRINT 'e'").messages] == ["e"]
    assert db.value("COUNT(*) FROM t") == 4


def test_parseonly_finds_syntax_errors_alone(db: Any) -> None:
    db.run("SET PARSEONLY ON")
    assert db.run("SELECT nothing FROM nowhere").result_sets == []
    assert db.fails("SELECT FROM").number in (102, 156)
    assert db.query("SET PARSEONLY OFF; SELECT 1") == [(1,)]


def test_kill_ends_a_session_and_rolls_it_back(engine: Any) -> None:
    one, two = engine.clients(2)
    one.run("CREATE TABLE t (id int); BEGIN TRAN; INSERT t VALUES (1)")
    waiting = two.start("SELECT * FROM t")
    assert not waiting.done
    killer = engine.client()
    killer.run(f"KILL {one.session.spid}")
    assert waiting.rows == []
    assert one.session.closed
    assert killer.fails(f"KILL {killer.session.spid}").number == 6104
    assert killer.fails("KILL 9999").number == 6106
    assert killer.fails(f"BEGIN TRAN; KILL {two.session.spid}").number == 6115


def test_a_request_that_had_not_begun_when_its_session_was_killed_does_nothing(engine: Engine) -> None:
    """It must not run outside the transaction that the kill has rolled back."""
    victim, killer = engine.clients(2)
    killer.run("CREATE TABLE dbo.t (a int)")
    victim.run("BEGIN TRANSACTION")
    killing = killer.spawn(f"KILL {victim.session.spid}")
    queued = victim.spawn("INSERT dbo.t VALUES (1)")
    engine.instance.scheduler.run()
    assert killing.done
    assert queued.error_numbers == [596]
    assert killer.query("SELECT a FROM dbo.t") == []


def test_kill_interrupts_what_runs(engine: Any) -> None:
    one, two = engine.clients(2)
    one.run("CREATE TABLE t (id int); BEGIN TRAN; INSERT t VALUES (1)")
    waiting = two.start("SELECT * FROM t")
    engine.client().run(f"KILL {two.session.spid}")
    assert (waiting.done, two.session.closed) == (True, True)


def test_checkident_shows_and_sets_the_counter(db: Any) -> None:
    def say(text: str) -> str:
        return db.run(text).messages[0].message

    assert say("DBCC CHECKIDENT ('t', NORESEED)") == (
        "Checking identity information: current identity value '4', current column value '4'."
    )
    assert say("DBCC CHECKIDENT (t, RESEED, 10)") == "Checking identity information: current identity value '4'."
    db.run("INSERT t VALUES (0)")
    assert db.value("MAX(id) FROM t") == 11
    db.run(
        "CREATE TABLE fresh (id int IDENTITY, v int); DBCC CHECKIDENT ('fresh', RESEED, 7) WITH NO_INFOMSGS; INSERT fresh VALUES (1)"
    )
    assert db.query("SELECT id FROM fresh") == [(7,)]
    assert db.fails("DBCC CHECKIDENT ('nothing')").number == 2501
    assert db.fails("CREATE TABLE plain (v int); DBCC CHECKIDENT ('plain')").number == 7997


def texts(client: Any, statement: str) -> list[str]:
    """The messages of a statement."""
    return [error.message for error in client.run(statement).messages]


def test_opentran_and_inputbuffer_tell_of_sessions(engine: Any) -> None:
    one, two = engine.clients(2)
    one.run("CREATE TABLE t (id int)")
    assert two.run("DBCC OPENTRAN").messages[0].message == "No active open transactions."
    one.run("BEGIN TRAN; INSERT t VALUES (1)")
    assert f"    SPID (server process ID): {one.session.spid}" in texts(two, "DBCC OPENTRAN")
    assert two.query(f"DBCC INPUTBUFFER({one.session.spid})") == [
        ("Language Event", 0, "BEGIN TRAN; INSERT t VALUES (1)")
    ]


def test_dbcc_useroptions_lists_what_is_set(db: Any) -> None:
    db.run("SET LOCK_TIMEOUT 500; SET TRANSACTION ISOLATION LEVEL SERIALIZABLE; SET XACT_ABORT ON")
    options = dict(db.query("DBCC USEROPTIONS"))
    assert options["lock_timeout"] == "500"
    assert options["xact_abort"] == options["ansi_nulls"] == "SET"
    assert options["isolation level"] == "serializable"
    assert "nocount" not in options


def test_harmless_and_unknown_commands(db: Any) -> None:
    db.run("DBCC FREEPROCCACHE; CHECKPOINT; RECONFIGURE WITH OVERRIDE")
    assert db.fails("DBCC SHRINKDATABASE (x)").number == 911
    assert db.fails("DBCC SHOWCONTIG").number == 40517


def test_alter_sequence_restarts_and_changes(client: Any) -> None:
    client.run("CREATE SEQUENCE dbo.s AS int START WITH 5 INCREMENT BY 1 MAXVALUE 100")
    assert client.value("NEXT VALUE FOR s") == 5
    client.run("ALTER SEQUENCE dbo.s INCREMENT BY 10")
    assert client.value("NEXT VALUE FOR s") == 15
    client.run("ALTER SEQUENCE s RESTART")
    assert client.value("NEXT VALUE FOR s") == 5
    client.run("ALTER SEQUENCE s RESTART WITH 50 CYCLE; BEGIN TRAN; ALTER SEQUENCE s RESTART WITH 60; ROLLBACK")
    assert client.value("NEXT VALUE FOR s") == 50
    assert client.fails("ALTER SEQUENCE s MAXVALUE 20").number == 11703
    assert client.fails("ALTER SEQUENCE s RESTART WITH 101").number == 11703
    assert client.fails("ALTER SEQUENCE s START WITH 1").number == 11710
    assert client.fails("ALTER SEQUENCE nothing RESTART").number == 208


def test_result_sets_get_the_declared_names_and_types(client: Any) -> None:
    client.run("CREATE PROCEDURE p AS SELECT 1 AS a, 'x' AS b; SELECT NULL")
    sink = client.run("EXEC p WITH RESULT SETS ((n decimal(9,2), [the text] nvarchar(5)), (z int))")
    assert [[c.name for c in result.columns] for result in sink.result_sets] == [["n", "the text"], ["z"]]
    assert client.results("EXEC p WITH RESULT SETS ((n decimal(9,2), t nvarchar(5)), (z int))") == [
        [(Decimal("1.00"), "x")],
        [(None,)],
    ]
    assert client.query("EXEC ('SELECT 5') WITH RESULT SETS ((five varchar(3)))") == [("5",)]


@pytest.mark.parametrize(
    ("sets", "number"),
    [
        ("NONE", 11535),
        ("((a int, b varchar(5)))", 11535),
        ("((a int, b varchar(5)), (c int), (d int))", 11536),
        ("((a int), (c int))", 11537),
        ("((a int, b varchar(5)), (c int NOT NULL))", 11553),
    ],
)
def test_result_sets_that_are_not_as_declared(client: Any, sets: str, number: int) -> None:
    client.run("CREATE PROCEDURE p AS SELECT 1 AS a, 'x' AS b; SELECT NULL")
    assert client.fails(f"EXEC p WITH RESULT SETS {sets}").number == number


def test_a_database_for_a_single_user_is_cleared_and_lets_in_one(engine: Any) -> None:
    administrator = engine.client()
    administrator.run("CREATE DATABASE one")
    inside = engine.client()
    inside.run("USE one; CREATE TABLE t (id int); BEGIN TRAN; INSERT t VALUES (1)")
    assert administrator.fails("ALTER DATABASE one SET SINGLE_USER WITH NO_WAIT").number == 5070
    administrator.run("ALTER DATABASE one SET SINGLE_USER WITH ROLLBACK IMMEDIATE")
    assert inside.session.closed
    described = "SELECT user_access_desc FROM sys.databases WHERE name = 'one'"
    assert administrator.query(described) == [("SINGLE_USER",)]
    only = engine.client()
    only.run("USE one")
    assert administrator.fails("USE one").number == 924
    only.run("ALTER DATABASE one SET MULTI_USER")
    administrator.run("USE one")
    assert administrator.query(described) == [("MULTI_USER",)]


def test_database_ids_are_unique_after_a_drop(client: Any) -> None:
    client.run("CREATE DATABASE a; CREATE DATABASE b")
    client.run("DROP DATABASE a")
    client.run("CREATE DATABASE c")
    assert client.value("DB_ID('b')") != client.value("DB_ID('c')")


def test_the_oldest_transaction_is_told_with_its_session_and_login(engine: Any) -> None:
    client, other, elsewhere = engine.clients(3)
    client.run("CREATE TABLE t (id int)")
    client.run("CREATE DATABASE apart")
    elsewhere.run("USE apart; CREATE TABLE t (id int); BEGIN TRAN; INSERT t VALUES (1)")
    assert [error.number for error in client.run("DBCC OPENTRAN").messages] == [7969, 2528]
    engine.clock.advance(5)
    other.run("BEGIN TRAN loading; INSERT t VALUES (1)")
    told = texts(client, "DBCC OPENTRAN")
    assert told[:5] == [
        "Transaction information for database 'lockstep'.",
        "\nOldest active transaction:",
        f"    SPID (server process ID): {other.session.spid}",
        "    UID (user ID) : -1",
        "    Name          : loading",
    ]
    assert "    Start time    : Jan  1 2026 12:00:05:000AM" in told
    client.run("CREATE TABLE #status (what varchar(25), detail sql_variant)")
    client.run("INSERT #status EXEC ('DBCC OPENTRAN WITH TABLERESULTS, NO_INFOMSGS')")
    assert client.query("SELECT detail FROM #status WHERE what = 'OLDACT_SPID'") == [(str(other.session.spid),)]
    assert f"    SPID (server process ID): {elsewhere.session.spid}" in texts(client, "DBCC OPENTRAN (apart)")
