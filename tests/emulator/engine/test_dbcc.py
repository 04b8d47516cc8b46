"""DBCC, and the options of ALTER DATABASE that are kept.

Pages "DBCC CHECKDB", "DBCC CHECKTABLE", "DBCC CHECKCONSTRAINTS", "DBCC TRACEON", "DBCC SQLPERF", "DBCC FREEPROCCACHE",
"ALTER DATABASE SET options", "ALTER DATABASE SCOPED CONFIGURATION" of the Transact-SQL reference.
"""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture
def broken(client: Any) -> Any:
    """A table with rows that its constraints would not have let in."""
    client.run("CREATE TABLE dbo.parent (id int PRIMARY KEY); INSERT dbo.parent VALUES (1)")
    client.run("CREATE TABLE dbo.child (id int CONSTRAINT fk_child REFERENCES dbo.parent, qty int)")
    client.run("ALTER TABLE dbo.child NOCHECK CONSTRAINT fk_child; INSERT dbo.child VALUES (1, 5), (7, -1), (7, -1)")
    client.run("ALTER TABLE dbo.child WITH NOCHECK ADD CONSTRAINT ck_qty CHECK (qty > 0)")
    return client


def test_constraints_are_checked_row_by_row(broken: Any) -> None:
    enabled = ("[dbo].[child]", "[ck_qty]", "[qty] = '-1'")
    disabled = ("[dbo].[child]", "[fk_child]", "[id] = '7'")
    assert broken.query("DBCC CHECKCONSTRAINTS ('dbo.child')") == [enabled]
    assert broken.query("DBCC CHECKCONSTRAINTS WITH ALL_CONSTRAINTS") == [enabled, disabled]
    assert broken.query("DBCC CHECKCONSTRAINTS (fk_child) WITH ALL_CONSTRAINTS") == [disabled]
    assert broken.fails("DBCC CHECKCONSTRAINTS ('nothing')").number == 2501


def test_sound_tables_say_so(broken: Any) -> None:
    messages = broken.run("DBCC CHECKTABLE ('dbo.child')").messages
    assert [m.number for m in messages] == [2536, 2593, 2528]
    assert messages[1].message == 'There are 3 rows in 1 pages for object "child".'
    assert [m.number for m in broken.run("DBCC CHECKDB").messages][-2:] == [8989, 2528]
    assert broken.run("DBCC CHECKDB WITH NO_INFOMSGS").messages == []
    assert broken.fails("DBCC CHECKTABLE ('nothing')").number == 2501


def test_trace_flags_are_on_for_the_session_or_for_all(client: Any) -> None:
    other = type(client)(client.instance.open_session())
    client.run("DBCC TRACEON (3604); DBCC TRACEON (1222, -1)")
    assert client.query("DBCC TRACESTATUS") == [(1222, 1, 1, 0), (3604, 1, 0, 1)]
    assert other.query("DBCC TRACESTATUS (3604, 1222)") == [(3604, 0, 0, 0), (1222, 1, 1, 0)]
    client.run("DBCC TRACEOFF (1222, -1)")
    assert other.run("DBCC TRACESTATUS").result_sets == []
    assert client.fails("DBCC TRACEON (9999)").number == 40517


@pytest.mark.parametrize("flag", ["1211", "1224, -1"])
def test_trace_flags_forbid_lock_escalation(client: Any, flag: str) -> None:
    client.run("CREATE TABLE many (id int PRIMARY KEY, qty int)")
    client.run("INSERT many SELECT value, 0 FROM GENERATE_SERIES(1, 7000)")
    update = "BEGIN TRAN; UPDATE many SET qty += 1"
    table = "SELECT request_mode FROM sys.dm_tran_locks WHERE resource_type = 'OBJECT'"
    client.run(f"DBCC TRACEON ({flag}); {update}")
    assert client.query(table) == [("IX",)]
    client.run(f"COMMIT; DBCC TRACEOFF ({flag}); {update}")
    assert client.query(table) == [("X",)]


def test_the_plan_cache_is_emptied(client: Any) -> None:
    client.run("SELECT 'kept'")
    cached = "SELECT COUNT(*) FROM sys.dm_exec_cached_plans"
    before = client.query(cached)[0][0]
    client.run("DBCC FREEPROCCACHE")
    assert client.query(cached)[0][0] < before


def test_wait_statistics_are_cleared(client: Any) -> None:
    client.run("WAITFOR DELAY '00:00:01'; DBCC SQLPERF ('sys.dm_os_wait_stats', CLEAR)")
    assert client.query("SELECT SUM(waiting_tasks_count), SUM(wait_time_ms) FROM sys.dm_os_wait_stats") == [(0, 0)]
    assert {row[0] for row in client.query("DBCC SQLPERF (LOGSPACE)")} >= {"master", "lockstep"}


@pytest.mark.parametrize("command", ["SHOW_STATISTICS ('t', 'i')", "PAGE (1, 1, 1)", "LOGINFO"])
def test_other_commands_are_refused_by_name(client: Any, command: str) -> None:
    error = client.fails(f"DBCC {command}")
    assert error.number == 40517
    assert command.split(" ", maxsplit=1)[0] in error.message


def test_options_of_a_database_are_kept_and_shown(client: Any) -> None:
    client.run("ALTER DATABASE lockstep SET RECOVERY SIMPLE, AUTO_CLOSE ON WITH NO_WAIT")
    client.run("ALTER DATABASE CURRENT SET QUERY_STORE = ON (OPERATION_MODE = READ_WRITE)")
    columns = "recovery_model, recovery_model_desc, is_auto_close_on, is_query_store_on, is_auto_shrink_on"
    text = f"SELECT {columns} FROM sys.databases WHERE name = 'lockstep'"
    assert client.query(text) == [(3, "SIMPLE", True, True, False)]
    assert client.value("DATABASEPROPERTYEX('lockstep', 'Recovery')") == "SIMPLE"


@pytest.mark.parametrize("option", ["READ_ONLY", "TRUSTWORTHY ON", "DB_CHAINING ON", "CURSOR_DEFAULT LOCAL", "OFFLINE"])
def test_options_that_would_change_something_are_refused(client: Any, option: str) -> None:
    assert client.fails(f"ALTER DATABASE lockstep SET {option}").number == 40517


def test_a_trigger_fires_by_itself_where_recursive_triggers_are_on(client: Any) -> None:
    client.run("CREATE TABLE dbo.steps (n int)")
    client.run(
        "CREATE TRIGGER again ON dbo.steps AFTER INSERT AS"
        " IF EXISTS (SELECT * FROM inserted WHERE n < 5) INSERT dbo.steps SELECT n + 1 FROM inserted"
    )
    client.run("INSERT dbo.steps VALUES (1)")
    assert client.query("SELECT MAX(n) FROM dbo.steps") == [(2,)]
    client.run("ALTER DATABASE lockstep SET RECURSIVE_TRIGGERS ON; INSERT dbo.steps VALUES (1)")
    assert client.query("SELECT MAX(n) FROM dbo.steps") == [(5,)]


def test_scoped_configurations_for_plans_are_taken(client: Any) -> None:
    client.run("ALTER DATABASE SCOPED CONFIGURATION SET MAXDOP = 4")
    client.run("ALTER DATABASE SCOPED CONFIGURATION CLEAR PROCEDURE_CACHE")
    assert client.fails("ALTER DATABASE SCOPED CONFIGURATION SET IDENTITY_CACHE = OFF").number == 40517
