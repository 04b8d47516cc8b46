"""What a DBA sees of blocking: three sessions in a chain, through the views, procedures and DBCC commands that show it.

Documentation: "sys.dm_tran_locks", "sys.dm_os_waiting_tasks", "sys.dm_exec_requests", "Understand and resolve SQL
Server blocking problems", "DBCC OPENTRAN", "KILL (Transact-SQL)".
"""

from __future__ import annotations

from typing import Any

import pytest

SETUP = """
CREATE TABLE dbo.stock (id int CONSTRAINT pk_stock PRIMARY KEY, name varchar(10) NOT NULL, qty int NOT NULL);
CREATE INDEX by_name ON dbo.stock (name);
INSERT dbo.stock VALUES (1, 'bolt', 10), (2, 'nut', 20), (3, 'pin', 5);
"""
TAKE = "CREATE PROCEDURE dbo.take @id int AS UPDATE dbo.stock SET qty -= 1 WHERE id = @id; SELECT 'taken';"
TEXT = """
SUBSTRING(t.text, r.statement_start_offset / 2 + 1,
    (CASE r.statement_end_offset WHEN -1 THEN DATALENGTH(t.text) ELSE r.statement_end_offset END
     - r.statement_start_offset) / 2 + 1)
"""
"""The statement that runs, as the documentation cuts it out of its batch."""


@pytest.fixture
def chain(engine: Any) -> Any:
    """Three sessions, of which the first blocks the second and that the third; and a fourth that looks on."""
    first, second, third, onlooker = engine.clients(4)
    first.run(SETUP)
    first.run(TAKE)
    first.run("BEGIN TRAN; EXEC dbo.take 1")
    second.run("BEGIN TRAN counting; EXEC dbo.take 2")
    second.start("SELECT 'second'; EXEC dbo.take 1; SELECT 'behind'")
    third.start("SELECT qty FROM dbo.stock WHERE id = 2; SELECT 'behind'")
    engine.clock.advance(1.5)
    return first, second, third, onlooker


@pytest.fixture
def onlooker(chain: Any) -> Any:
    return chain[-1]


def test_the_waiting_task_is_joined_with_its_request_for_a_lock_by_address(onlooker: Any) -> None:
    assert onlooker.query(
        "SELECT l.request_session_id, w.blocking_session_id, l.request_mode, l.request_status, OBJECT_NAME(p.object_id)"
        " FROM sys.dm_tran_locks AS l JOIN sys.dm_os_waiting_tasks AS w ON l.lock_owner_address = w.resource_address"
        " JOIN sys.partitions AS p ON p.hobt_id = l.resource_associated_entity_id ORDER BY l.request_session_id"
    ) == [(52, 51, "X", "WAIT", "stock"), (53, 52, "S", "WAIT", "stock")]
    (addresses,) = onlooker.query("SELECT COUNT(*), COUNT(DISTINCT lock_owner_address) FROM sys.dm_tran_locks")
    assert addresses[0] == addresses[1]


def test_a_conversion_that_waits_has_an_address_of_its_own(engine: Any) -> None:
    first, second, onlooker = engine.clients(3)
    first.run(SETUP)
    for client in (first, second):
        client.run("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; BEGIN TRAN; SELECT qty FROM stock WHERE id = 1")
    second.start("UPDATE stock SET qty = 0 WHERE id = 1")
    assert onlooker.query(
        "SELECT l.request_mode, l.request_status FROM sys.dm_tran_locks AS l"
        " JOIN sys.dm_os_waiting_tasks AS w ON l.lock_owner_address = w.resource_address"
    ) == [("X", "CONVERT")]


def test_tasks_have_addresses_while_they_run(onlooker: Any) -> None:
    assert onlooker.query(
        "SELECT r.session_id, b.session_id, w.blocking_exec_context_id FROM sys.dm_os_waiting_tasks AS w"
        " JOIN sys.dm_exec_requests AS r ON r.task_address = w.waiting_task_address"
        " LEFT JOIN sys.dm_os_tasks AS b ON b.task_address = w.blocking_task_address ORDER BY r.session_id"
    ) == [(52, None, None), (53, 52, 0)]
    assert onlooker.query(
        "SELECT t.session_id, t.task_state, w.last_wait_type FROM sys.dm_os_tasks AS t"
        " JOIN sys.dm_os_workers AS w ON w.worker_address = t.worker_address AND w.task_address = t.task_address"
        " JOIN sys.dm_os_threads AS h ON h.thread_address = w.thread_address ORDER BY t.session_id"
    ) == [(52, "SUSPENDED", "LCK_M_X"), (53, "SUSPENDED", "LCK_M_S"), (54, "RUNNING", "MISCELLANEOUS")]


def test_requests_show_what_they_wait_for_and_which_statement_does(onlooker: Any) -> None:
    rows = onlooker.query(
        f"SELECT r.session_id, r.status, r.command, r.blocking_session_id, r.wait_type, r.wait_time, r.last_wait_type, {TEXT}"
        " FROM sys.dm_exec_requests AS r CROSS APPLY sys.dm_exec_sql_text(r.sql_handle) AS t"
        " WHERE r.wait_type IS NOT NULL ORDER BY r.session_id"
    )
    assert rows == [
        (52, "suspended", "UPDATE", 51, "LCK_M_X", 1500, "LCK_M_X", "UPDATE dbo.stock SET qty -= 1 WHERE id = @id"),
        (53, "suspended", "SELECT", 52, "LCK_M_S", 1500, "LCK_M_S", "SELECT qty FROM dbo.stock WHERE id = 2"),
    ]


def test_the_last_wait_is_remembered(engine: Any, chain: Any) -> None:
    first, second, _, onlooker = chain
    first.run("COMMIT")
    second.start("WAITFOR DELAY '00:00:10'; SELECT 1")
    rows = "SELECT status, command, wait_type, last_wait_type, wait_resource FROM sys.dm_exec_requests WHERE session_id = 52"
    assert onlooker.query(rows) == [("suspended", "WAITFOR", "WAITFOR", "WAITFOR", "")]
    assert onlooker.query(
        "SELECT wait_type, blocking_session_id, resource_description FROM sys.dm_os_waiting_tasks WHERE session_id = 52"
    ) == [("WAITFOR", None, None)]
    waits = "SELECT wait_type, waiting_tasks_count, wait_time_ms FROM {} WHERE waiting_tasks_count > 0"
    assert onlooker.query(waits.format("sys.dm_os_wait_stats")) == [("LCK_M_X", 1, 1500)]
    assert onlooker.query(waits.format("sys.dm_exec_session_wait_stats")) == [("LCK_M_X", 1, 1500)]


def test_the_connection_leads_to_the_batch_and_the_request_to_the_procedure(onlooker: Any) -> None:
    text = "CROSS APPLY sys.dm_exec_sql_text({}) AS t WHERE session_id = 52"
    of_connection = "SELECT t.text FROM sys.dm_exec_connections " + text.format("most_recent_sql_handle")
    assert onlooker.query(of_connection) == [("SELECT 'second'; EXEC dbo.take 1; SELECT 'behind'",)]
    assert onlooker.query("SELECT t.text FROM sys.dm_exec_requests " + text.format("sql_handle")) == [(TAKE,)]


def test_the_short_handles_of_sysprocesses_lead_to_texts(onlooker: Any) -> None:
    rows = onlooker.query(
        "SELECT p.spid, p.blocked, p.waittype, t.text FROM sys.sysprocesses AS p"
        " CROSS APPLY ::fn_get_sql(p.sql_handle) AS t WHERE p.spid < 54 ORDER BY p.spid"
    )
    assert [row[:3] for row in rows] == [(51, 0, b"\0\0"), (52, 51, b"\0\5"), (53, 52, b"\0\3")]
    assert [row[3] for row in rows][:2] == ["BEGIN TRAN; EXEC dbo.take 1", TAKE]


def test_syslockinfo_shows_locks_as_numbers(onlooker: Any) -> None:
    rows = onlooker.query(
        "SELECT RTRIM(l.rsc_text), l.rsc_type, l.rsc_indid, l.req_mode, l.req_status, l.req_spid"
        " FROM master.dbo.syslockinfo AS l WHERE l.rsc_objid = OBJECT_ID('dbo.stock') AND l.req_spid = 53"
    )
    key = onlooker.value("(SELECT %%lockres%% FROM dbo.stock WITH (NOLOCK) WHERE id = 2)")
    assert rows == [("", 5, 0, 6, 1, 53), (key, 7, 1, 3, 3, 53)]


def test_lockres_finds_the_row_of_a_lock(engine: Any, chain: Any) -> None:
    first, *_, onlooker = chain
    assert onlooker.query(
        "SELECT DISTINCT s.id, l.request_session_id FROM dbo.stock AS s WITH (NOLOCK)"
        " JOIN sys.dm_tran_locks AS l ON s.%%lockres%% = l.resource_description WHERE l.resource_type = 'KEY'"
        " ORDER BY s.id, l.request_session_id"
    ) == [(1, 51), (1, 52), (2, 52), (2, 53)]
    first.run("COMMIT; CREATE TABLE heap (n int); INSERT heap VALUES (7), (8); CREATE TABLE twice (n int, m int)")
    first.run("CREATE CLUSTERED INDEX by_n ON twice (n); INSERT twice VALUES (1, 1), (1, 2)")
    first.run("BEGIN TRAN; UPDATE heap SET n = 9; UPDATE twice SET m = 9")
    for table in ("heap", "twice"):
        found = onlooker.query(
            f"SELECT t.n FROM {table} AS t WITH (NOLOCK) JOIN sys.dm_tran_locks AS l"
            f" ON l.resource_description = t.%%lockres%% WHERE l.resource_type IN ('KEY', 'RID')"
            f" AND l.resource_associated_entity_id = (SELECT hobt_id FROM sys.partitions WHERE object_id = OBJECT_ID('{table}'))"
        )
        assert len(found) == 2
    assert onlooker.fails("SELECT %%physloc%% FROM dbo.stock").number == 40517
    assert onlooker.fails("SELECT %%lockres%% FROM dbo.stock CROSS JOIN heap").number == 209


def test_open_tran_tells_of_the_oldest_transaction_that_writes(chain: Any) -> None:
    first, second, _, onlooker = chain
    first.run("COMMIT; SET IMPLICIT_TRANSACTIONS ON")
    messages = onlooker.run("DBCC OPENTRAN").messages
    assert [(one.number, one.message) for one in messages[:5]] == [
        (7968, "Transaction information for database 'lockstep'."),
        (7970, "\nOldest active transaction:"),
        (7971, "    SPID (server process ID): 52"),
        (7972, "    UID (user ID) : -1"),
        (7974, "    Name          : counting"),
    ]
    assert messages[6].message == "    Start time    : Jan  1 2026 12:00:00:000AM"
    result = onlooker.run("DBCC OPENTRAN WITH TABLERESULTS, NO_INFOMSGS").result_sets[0]
    assert [column.name for column in result.columns] == ["lockstep", "OPENTRAN"]
    assert [row[0] for row in result.rows] == [
        f"OLDACT_{what}" for what in ("SPID", "UID", "NAME", "RECOVERYUNITID", "LSN", "STARTTIME", "SID")
    ]
    second.run("COMMIT")
    assert not onlooker.run("DBCC OPENTRAN WITH TABLERESULTS, NO_INFOMSGS").result_sets
    first.run("UPDATE dbo.stock SET qty = 0 WHERE id = 99")
    assert onlooker.run("DBCC OPENTRAN").messages[4].message == "    Name          : implicit_transaction"
    assert onlooker.fails("DBCC OPENTRAN ('nowhere')").number == 2520
    assert onlooker.fails("DBCC OPENTRAN (77)").number == 2521


def test_a_transaction_is_called_by_how_it_began(chain: Any) -> None:
    first, *_, onlooker = chain
    names = "SELECT name FROM sys.dm_tran_active_transactions ORDER BY transaction_id"
    assert onlooker.query(names) == [("user_transaction",), ("counting",), ("SELECT",), ("SELECT",)]
    first.run("ROLLBACK; SET IMPLICIT_TRANSACTIONS ON; SELECT qty FROM dbo.stock WHERE id = 3")
    assert onlooker.query(names)[-2:] == [("implicit_transaction",), ("SELECT",)]


def test_what_a_transaction_has_logged_is_shown(onlooker: Any) -> None:
    rows = onlooker.query(
        "SELECT t.session_id, d.database_transaction_state, SIGN(d.database_transaction_log_bytes_used)"
        " FROM sys.dm_tran_database_transactions AS d JOIN sys.dm_tran_session_transactions AS t"
        " ON t.transaction_id = d.transaction_id ORDER BY t.session_id"
    )
    assert rows == [(51, 4, 1), (52, 4, 1)]


# --- KILL -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("statement", "number"),
    [
        ("KILL 54", 6104),
        ("KILL 7", 6107),
        ("KILL 99", 6106),
        ("KILL 99 WITH STATUSONLY", 6106),
        ("KILL 51 WITH STATUSONLY", 6120),
        ("KILL 51 WITH ROLLBACK", 6108),
        ("KILL 'D5499C66-E398-45CA-BF7E-DC9C194B48CF'", 6110),
        ("KILL 'D5499C66-E398-45CA-BF7E-DC9C194B48CF' WITH COMMIT", 6110),
        ("KILL 0", 6101),
        ("BEGIN TRAN; KILL 51", 6115),
    ],
)
def test_a_session_that_cannot_be_killed_is_an_error(onlooker: Any, statement: str, number: int) -> None:
    assert onlooker.fails(statement).number == number


def test_killing_takes_a_permission(engine: Any, onlooker: Any) -> None:
    onlooker.run("CREATE LOGIN joe WITH PASSWORD = 'Secret-1'; CREATE USER joe FOR LOGIN joe")
    assert engine.client_of("joe", "Secret-1").fails("KILL 51").number == 6102


def test_a_session_that_is_being_killed_is_reported(engine: Any, chain: Any) -> None:
    _, _, third, onlooker = chain
    third.session.killed = True  # as between KILL and the end of what it runs
    assert [one.number for one in onlooker.run("KILL 53 WITH STATUSONLY; KILL 53").messages] == [6109, 6109]
    assert onlooker.query("SELECT command FROM sys.dm_exec_requests WHERE session_id = 53") == [("KILLED/ROLLBACK",)]


# --- Versions ---------------------------------------------------------------------------------------------------------


def test_a_snapshot_knows_the_transactions_that_were_under_way_when_it_began(engine: Any) -> None:
    """The example of "sys.dm_tran_current_snapshot" and of "sys.dm_tran_transactions_snapshot"."""
    writers, readers = engine.clients(2), engine.clients(2)
    writers[0].run(SETUP)
    writers[0].run("ALTER DATABASE CURRENT SET ALLOW_SNAPSHOT_ISOLATION ON")
    for number, writer in enumerate(writers, start=1):
        writer.run(f"BEGIN TRAN; UPDATE dbo.stock SET qty = 0 WHERE id = {number}")
    for reader in readers:
        reader.run("SET TRANSACTION ISOLATION LEVEL SNAPSHOT; BEGIN TRAN; SELECT qty FROM dbo.stock WHERE id = 3")
    current = "SELECT transaction_sequence_num FROM sys.dm_tran_current_snapshot"
    assert readers[0].query(current) == [(1,), (2,)]
    assert readers[1].query(current) == [(1,), (2,), (3,)]
    assert writers[0].query(current) == []
    for writer in writers:
        writer.run("COMMIT")
    assert readers[1].query(current) == [(1,), (2,), (3,)]
    assert writers[0].query("SELECT * FROM sys.dm_tran_transactions_snapshot") == [
        *((3, 0, number) for number in (1, 2)),
        *((4, 0, number) for number in (1, 2, 3)),
    ]
    assert readers[1].query(
        "SELECT transaction_sequence_num, transaction_is_snapshot, first_snapshot_sequence_num,"
        " last_transaction_sequence_num, first_useful_sequence_num FROM sys.dm_tran_current_transaction"
    ) == [(4, True, 1, 4, 1)]
    assert writers[0].query(
        "SELECT transaction_sequence_num, first_snapshot_sequence_num FROM"
        " sys.dm_tran_active_snapshot_database_transactions ORDER BY transaction_sequence_num"
    ) == [(3, 1), (4, 1)]
    assert writers[0].query("SELECT DISTINCT transaction_sequence_num FROM sys.dm_tran_version_store ORDER BY 1") == [
        (1,),
        (2,),
    ]
