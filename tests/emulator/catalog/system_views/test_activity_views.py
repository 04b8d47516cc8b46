import re
from collections.abc import Callable
from typing import Any

from emulator.results import Collector
from emulator.session import Session

Query = Callable[[str], list[tuple[Any, ...]]]


def start(session: Session, text: str) -> Collector:
    """Begin a batch and let everybody run as far as they come."""
    sink = Collector()
    session.instance.scheduler.spawn("other", lambda: session.run_batch(text, sink))
    session.instance.scheduler.run()
    return sink


def test_a_session_sees_itself_and_the_others(query: Query, session: Session) -> None:
    other = session.instance.open_session("picker", host="truck", application="scanner")

    rows = query("SELECT session_id, login_name, host_name, program_name, status FROM sys.dm_exec_sessions ORDER BY 1")

    assert rows == [
        (session.spid, "sa", None, None, "running"),
        (other.spid, "picker", "truck", "scanner", "sleeping"),
    ]


def test_the_isolation_level_is_shown_by_its_number(query: Query) -> None:
    assert query("""
        SET TRANSACTION ISOLATION LEVEL SERIALIZABLE;
        SELECT transaction_isolation_level FROM sys.dm_exec_sessions WHERE session_id = @@SPID""") == [(4,)]


def test_locks_show_resource_mode_and_owner(query: Query) -> None:
    rows = query("""
        BEGIN TRANSACTION; UPDATE dbo.item SET note = N'x' WHERE id = 5;
        SELECT l.resource_type, l.request_mode, l.request_status, l.request_session_id, OBJECT_NAME(p.object_id)
        FROM sys.dm_tran_locks AS l
        LEFT JOIN sys.partitions AS p ON p.hobt_id = l.resource_associated_entity_id
        WHERE l.resource_type IN ('OBJECT', 'KEY') ORDER BY l.resource_type; COMMIT""")

    assert rows == [("KEY", "X", "GRANT", 51, "item"), ("OBJECT", "IX", "GRANT", 51, None)]


def test_a_waiting_session_shows_what_it_waits_for_and_whom(query: Query, session: Session) -> None:
    query("BEGIN TRANSACTION; UPDATE dbo.item SET note = N'x' WHERE id = 5; SELECT 1")
    other = session.instance.open_session()
    sink = start(other, "SELECT note FROM dbo.item WHERE id = 5")

    assert query("""
        SELECT session_id, blocking_session_id, wait_type, status FROM sys.dm_exec_requests
        WHERE blocking_session_id <> 0""") == [(other.spid, session.spid, "LCK_M_S", "suspended")]
    assert query("SELECT session_id, blocking_session_id, wait_type FROM sys.dm_os_waiting_tasks") == [
        (other.spid, session.spid, "LCK_M_S")
    ]
    assert query(f"""
        SELECT request_mode FROM sys.dm_tran_locks
        WHERE request_status = 'WAIT' AND request_session_id = {other.spid}""") == [("S",)]

    query("COMMIT; SELECT 1")
    session.instance.scheduler.run()
    assert sink.result_sets[0].rows == [("x",)]
    assert not query("SELECT * FROM sys.dm_os_waiting_tasks")


def test_transactions_are_shown_while_they_are_open(query: Query) -> None:
    assert query("""
        BEGIN TRANSACTION loading;
        SELECT t.name, s.session_id, s.open_transaction_count FROM sys.dm_tran_active_transactions AS t
        JOIN sys.dm_tran_session_transactions AS s ON s.transaction_id = t.transaction_id; COMMIT""") == [
        ("loading", 51, 1)
    ]
    assert not query("SELECT * FROM sys.dm_tran_session_transactions")


def counters(query: Query) -> dict[tuple[str, str, str], int]:
    """The values of the performance counters by object, counter and instance."""
    rows = query("""
        SELECT RTRIM(object_name), RTRIM(counter_name), RTRIM(instance_name), cntr_value
        FROM sys.dm_os_performance_counters""")
    return {(group.partition(":")[2], name, instance): value for group, name, instance, value in rows}


def test_a_deadlock_is_counted_once_under_what_its_victim_waited_for(query: Query, session: Session) -> None:
    other = session.instance.open_session()
    for holder, item in ((session, 5), (other, 7)):
        start(holder, f"BEGIN TRANSACTION; UPDATE dbo.item SET note = N'x' WHERE id = {item};")
    start(session, "UPDATE dbo.item SET note = N'y' WHERE id = 7;")
    closing = start(other, "UPDATE dbo.item SET note = N'y' WHERE id = 5;")

    assert [error.number for error in closing.errors] == [1205]
    counted = counters(query)
    deadlocks = {key[2]: value for key, value in counted.items() if key[1] == "Number of Deadlocks/sec" and value}
    assert deadlocks == {"_Total": 1, "Key": 1}
    assert counted["Locks", "Lock Waits/sec", "Key"] == counted["Locks", "Lock Waits/sec", "_Total"] == 2


def test_a_victim_that_catches_its_error_is_counted_all_the_same(query: Query, session: Session) -> None:
    other = session.instance.open_session()
    for holder, item in ((session, 5), (other, 7)):
        start(holder, f"BEGIN TRANSACTION; UPDATE dbo.item SET note = N'x' WHERE id = {item};")
    start(session, "UPDATE dbo.item SET note = N'y' WHERE id = 7; COMMIT TRANSACTION;")
    closing = start(
        other,
        """BEGIN TRY
            UPDATE dbo.item SET note = N'y' WHERE id = 5;
        END TRY
        BEGIN CATCH
            ROLLBACK TRANSACTION;
        END CATCH""",
    )

    assert closing.errors == []
    assert counters(query)["Locks", "Number of Deadlocks/sec", "_Total"] == 1


def test_counters_come_padded_as_their_columns_are(query: Query) -> None:
    (row,) = query("""
        SELECT DATALENGTH(counter_name), cntr_type FROM sys.dm_os_performance_counters
        WHERE counter_name = 'Number of Deadlocks/sec' AND instance_name = '_Total'""")
    assert row == (256, 272696576)


def test_users_and_the_blocked_among_them_are_counted(query: Query, session: Session) -> None:
    other = session.instance.open_session()
    start(session, "BEGIN TRANSACTION; UPDATE dbo.item SET note = N'x' WHERE id = 5;")
    start(other, "SELECT note FROM dbo.item WHERE id = 5")
    counted = counters(query)
    assert counted["General Statistics", "User Connections", ""] == 2
    assert counted["General Statistics", "Processes blocked", ""] == 1


def test_every_session_shows_the_database_that_it_is_in_by_a_shared_lock(query: Query, session: Session) -> None:
    other = session.instance.open_session()
    rows = query("""
        SELECT request_session_id, request_mode, request_owner_type FROM sys.dm_tran_locks
        WHERE resource_type = 'DATABASE' AND resource_database_id = DB_ID()""")
    assert rows == [(number, "S", "SHARED_TRANSACTION_WORKSPACE") for number in (51, other.spid)]
    start(other, "USE master")
    assert query("SELECT request_session_id FROM sys.dm_tran_locks WHERE resource_type = 'DATABASE'") == [(51,)]


def test_what_a_task_waits_for_is_described_by_the_kind_of_resource(query: Query, session: Session) -> None:
    query("CREATE TABLE dbo.heap (id int); INSERT dbo.heap VALUES (1); SELECT 1")
    query("""
        BEGIN TRANSACTION; UPDATE dbo.item SET note = N'x' WHERE id = 5; UPDATE dbo.heap SET id = 2;
        EXEC sp_getapplock 'zone', 'Exclusive'; SELECT 1""")
    for text in (
        "SELECT note FROM dbo.item WHERE id = 5",
        "SELECT id FROM dbo.heap",
        "SELECT id FROM dbo.heap WITH (TABLOCKX)",
        "EXEC sp_getapplock 'zone', 'Shared', 'Session'",
    ):
        start(session.instance.open_session(), text)
    found = query("SELECT DISTINCT session_id, resource_description FROM sys.dm_os_waiting_tasks ORDER BY session_id")
    hobts = "SELECT hobt_id FROM sys.partitions WHERE object_id = OBJECT_ID('dbo.{}') AND index_id < 2"
    item, heap = (query(hobts.format(name))[0][0] for name in ("item", "heap"))
    table = query("SELECT OBJECT_ID('dbo.heap')")[0][0]
    assert heap != table
    shown = [re.sub(r"id=lock[0-9a-f]{16}", "id=lock", description) for _, description in found]
    assert shown == [
        f"keylock hobtid={item} dbid=5 id=lock mode=X associatedObjectId={item}",
        f"ridlock fileid=1 pageid=0 dbid=5 id=lock mode=X associatedObjectId={heap}",
        f"objectlock lockPartition=0 objid={table} subresource=FULL dbid=5 id=lock mode=IX associatedObjectId={table}",
        "applicationlock hash=[zone]:(6263f06c) databasePrincipalId=0 dbid=5 id=lock mode=X associatedObjectId=0",
    ]


def test_a_test_of_a_gap_is_shown_as_what_it_is(query: Query, session: Session) -> None:
    other = session.instance.open_session()
    query("CREATE TABLE dbo.shelf (id int PRIMARY KEY); SELECT 1")
    query("BEGIN TRANSACTION; SELECT id FROM dbo.shelf WITH (HOLDLOCK) WHERE id > 1000")
    start(other, "BEGIN TRANSACTION; SELECT id FROM dbo.shelf WITH (HOLDLOCK) WHERE id > 1000")
    start(other, "INSERT dbo.shelf (id) VALUES (2000)")
    assert query("SELECT wait_type FROM sys.dm_os_waiting_tasks") == [("LCK_M_RIn_NL",)]
    assert query("SELECT request_mode FROM sys.dm_tran_locks WHERE request_status = 'CONVERT'") == [("RangeI-N",)]


def test_a_statement_of_its_own_names_its_transaction(query: Query) -> None:
    assert query("SELECT name FROM sys.dm_tran_active_transactions") == [("SELECT",)]


def test_old_scripts_find_blocking_in_sysprocesses(query: Query, session: Session) -> None:
    query("BEGIN TRANSACTION; UPDATE dbo.item SET note = N'x' WHERE id = 5; SELECT 1")
    start(session.instance.open_session(), "SELECT note FROM dbo.item WHERE id = 5")
    for name in ("sys.sysprocesses", "sysprocesses", "master..sysprocesses"):
        rows = query(f"SELECT spid, blocked, RTRIM(lastwaittype), RTRIM(cmd), open_tran FROM {name} ORDER BY spid")
        assert rows == [(51, 0, "MISCELLANEOUS", "SELECT", 1), (52, 51, "LCK_M_S", "SELECT", 0)]


def test_versions_are_shown_with_the_transactions_that_need_them(query: Query, session: Session) -> None:
    query("ALTER DATABASE CURRENT SET ALLOW_SNAPSHOT_ISOLATION ON; SELECT 1")
    reader = session.instance.open_session()
    start(session.instance.open_session(), "BEGIN TRANSACTION; UPDATE dbo.item SET note = N'z' WHERE id = 7")
    start(reader, "SET TRANSACTION ISOLATION LEVEL SNAPSHOT; BEGIN TRANSACTION; SELECT note FROM dbo.item WHERE id = 5")
    query("UPDATE dbo.item SET note = N'y' WHERE id = 5; SELECT 1")
    (version,) = query("SELECT DISTINCT database_id, rowset_id FROM sys.dm_tran_version_store")
    assert version[0] == 5
    assert query("SELECT database_id, rowset_id FROM sys.dm_tran_top_version_generators") == [version]
    assert len(query("SELECT * FROM sys.dm_tran_transactions_snapshot")) == 1
    sink = start(reader, "SELECT transaction_is_snapshot FROM sys.dm_tran_current_transaction")
    assert sink.result_sets[0].rows == [(1,)]
    start(reader, "COMMIT")
    assert len(query("SELECT * FROM sys.dm_tran_version_store")) == 1
