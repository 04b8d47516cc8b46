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
