"""Reports of sessions that wait for long ("blocked process threshold", "Blocked Process Report event class")."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import pytest

from emulator.results import Collector
from emulator.scheduler import Stalled

TABLES = """
CREATE TABLE dbo.stock (id int NOT NULL CONSTRAINT pk_stock PRIMARY KEY, qty int NOT NULL);
INSERT dbo.stock VALUES (1, 10), (2, 20);
"""
PROCEDURE = "CREATE PROCEDURE dbo.take @id int AS\nUPDATE dbo.stock SET qty -= 1 WHERE id = @id"
COLLECT = """
CREATE EVENT SESSION blocked ON SERVER ADD EVENT sqlserver.blocked_process_report
    ADD TARGET package0.ring_buffer;
ALTER EVENT SESSION blocked ON SERVER STATE = START;
"""
EVENTS = """
SELECT CAST(t.target_data AS nvarchar(max))
FROM sys.dm_xe_session_targets AS t INNER JOIN sys.dm_xe_sessions AS s ON t.event_session_address = s.address
WHERE s.name = 'blocked' AND t.target_name = 'ring_buffer'
"""


def set_threshold(client: Any, seconds: int) -> None:
    client.run("EXEC sp_configure 'show advanced options', 1; RECONFIGURE")
    client.run(f"EXEC sp_configure 'blocked process threshold (s)', {seconds}; RECONFIGURE")


def events(client: Any) -> list[Element]:
    return list(ElementTree.fromstring(client.query(EVENTS)[0][0]))


def processes(event: Element) -> tuple[Element, Element]:
    """The one that waits and the one in its way."""
    report = event.find("data[@name='blocked_process']/value/blocked-process-report")
    assert report is not None
    blocked, blocking = report.find("blocked-process/process"), report.find("blocking-process/process")
    assert blocked is not None
    assert blocking is not None
    return blocked, blocking


def let_pass(engine: Any, seconds: int) -> None:
    engine.client().run(f"WAITFOR DELAY '00:{seconds // 60:02}:{seconds % 60:02}'")


@pytest.fixture
def chain(engine: Any) -> Any:
    """The first blocks the second, which blocks the third."""
    first, second, third = engine.clients(3)
    for text in (TABLES, PROCEDURE, COLLECT):
        first.run(text)
    set_threshold(first, 10)
    first.run("BEGIN TRAN; EXEC dbo.take 1")
    second.run("BEGIN TRAN; EXEC dbo.take 2")
    second.start("SELECT 'second';\nEXEC dbo.take 1")
    third.start("UPDATE dbo.stock SET qty = 0 WHERE id = 2")
    return first, second, third


def test_a_wait_is_reported_when_it_passes_the_threshold_and_each_multiple(engine: Any, chain: Any) -> None:
    let_pass(engine, 4)
    assert events(engine.client()) == []
    let_pass(engine, 30)
    found = [(event.get("timestamp"), processes(event)[0].get("spid")) for event in events(engine.client())]
    assert found == [(f"2026-01-01T00:00:{second}.000Z", spid) for second in (10, 20, 30) for spid in ("52", "53")]


def test_the_monitor_looks_every_five_seconds(engine: Any) -> None:
    first, second = engine.clients(2)
    for text in (TABLES, COLLECT):
        first.run(text)
    set_threshold(first, 6)
    first.run("WAITFOR DELAY '00:00:02'; BEGIN TRAN; UPDATE dbo.stock SET qty = 0 WHERE id = 1")
    second.start("SELECT qty FROM dbo.stock WHERE id = 1")
    let_pass(engine, 20)
    waits = [(event.get("timestamp"), processes(event)[0].get("waittime")) for event in events(first)]
    assert waits == [
        ("2026-01-01T00:00:10.000Z", "8000"),
        ("2026-01-01T00:00:15.000Z", "13000"),
        ("2026-01-01T00:00:20.000Z", "18000"),
    ]


def test_the_report_tells_of_the_waiting_session(engine: Any, chain: Any) -> None:
    let_pass(engine, 10)
    event = events(engine.client())[0]
    blocked, _ = processes(event)
    shown = (
        "spid",
        "status",
        "lockMode",
        "waittime",
        "trancount",
        "isolationlevel",
        "currentdbname",
        "transactionname",
    )
    assert [blocked.get(name) for name in shown] == [
        *("52", "suspended", "X", "10000", "1", "read committed (2)", "lockstep", "user_transaction"),
    ]
    assert blocked.get("waitresource", "").startswith("KEY: 5:")
    assert (blocked.findtext("inputbuf") or "").strip() == "SELECT 'second';\nEXEC dbo.take 1"
    data = {item.get("name"): item.findtext("text") or item.findtext("value") for item in event.findall("data")}
    assert data["duration"] == "10000000"
    assert (data["lock_mode"], data["resource_owner_type"], data["database_name"]) == ("X", "LOCK", "lockstep")
    table = engine.client().value("OBJECT_ID('dbo.stock')")
    assert (data["object_id"], data["index_id"]) == (str(table), "1")
    report = event.find("data[@name='blocked_process']/value/blocked-process-report")
    assert report is not None
    assert report.get("monitorLoop") == "2"


def test_frames_lead_to_the_statements_that_run(engine: Any, chain: Any) -> None:
    let_pass(engine, 10)
    blocked, _ = processes(events(engine.client())[0])
    found = []
    for frame in blocked.findall("executionStack/frame"):
        start, end = int(frame.get("stmtstart", "0")) // 2, int(frame.get("stmtend", "-1")) // 2 + 1
        text = engine.client().query(f"SELECT text FROM sys.dm_exec_sql_text({frame.get('sqlhandle')})")[0][0]
        found.append((frame.get("line"), text[start:end]))
    assert found == [("2", "UPDATE dbo.stock SET qty -= 1 WHERE id = @id"), ("2", "EXEC dbo.take 1")]


def test_the_report_tells_whether_the_blocker_sleeps_or_waits_itself(engine: Any, chain: Any) -> None:
    let_pass(engine, 10)
    sleeping, waiting = (processes(event)[1] for event in events(engine.client()))
    assert [sleeping.get(name) for name in ("spid", "status", "waitresource")] == ["51", "sleeping", None]
    assert sleeping.findall("executionStack/frame") == []
    assert "EXEC dbo.take 1" in (sleeping.findtext("inputbuf") or "")
    assert [waiting.get(name) for name in ("spid", "status", "waittime")] == ["52", "suspended", "10000"]
    assert (waiting.get("waitresource") or "").startswith("KEY: ")


def test_a_procedure_that_a_client_called_is_named_by_its_number(engine: Any) -> None:
    first, second = engine.clients(2)
    for text in (TABLES, "CREATE PROCEDURE dbo.take_one AS UPDATE dbo.stock SET qty -= 1 WHERE id = 1", COLLECT):
        first.run(text)
    set_threshold(first, 5)
    first.run("BEGIN TRAN; EXEC dbo.take_one")
    engine.instance.scheduler.spawn("call", lambda: second.session.run_rpc("dbo.take_one", [], Collector()))
    engine.instance.scheduler.run()
    let_pass(engine, 5)
    number = first.value("OBJECT_ID('dbo.take_one')")
    blocked, _ = processes(events(first)[0])
    assert (blocked.findtext("inputbuf") or "").strip() == f"Proc [Database Id = 5 Object Id = {number}]"


def test_waits_for_application_locks_are_reported(engine: Any) -> None:
    first, second = engine.clients(2)
    first.run(COLLECT)
    set_threshold(first, 5)
    first.run("EXEC sp_getapplock 'zone', 'Exclusive', 'Session'")
    second.start("EXEC sp_getapplock 'zone', 'Exclusive', 'Session', 7000")
    let_pass(engine, 10)
    (event,) = events(first)
    assert (processes(event)[0].get("waitresource") or "").startswith("APPLICATION: 5:0:[zone]:(")


def test_a_threshold_that_is_set_later_counts_for_those_who_wait_already(engine: Any, chain: Any) -> None:
    set_threshold(engine.client(), 0)
    let_pass(engine, 40)
    assert events(engine.client()) == []
    set_threshold(engine.client(), 5)
    let_pass(engine, 5)
    assert [processes(event)[0].get("waittime") for event in events(engine.client())] == ["45000", "45000"]


def test_nothing_is_due_while_nobody_waits_or_there_is_no_threshold(engine: Any) -> None:
    first, second = engine.clients(2)
    first.run(TABLES)
    scheduler = engine.instance.scheduler
    set_threshold(first, 5)
    assert scheduler.next_deadline() is None
    first.run("BEGIN TRAN; UPDATE dbo.stock SET qty = 0 WHERE id = 1")
    pending = second.start("SELECT qty FROM dbo.stock WHERE id = 1")
    assert scheduler.next_deadline() == 5
    first.run("COMMIT; WAITFOR DELAY '00:00:06'")
    assert pending.done
    assert scheduler.next_deadline() is None
    set_threshold(first, 0)
    first.run("BEGIN TRAN; UPDATE dbo.stock SET qty = 0 WHERE id = 1")
    second.start("SELECT qty FROM dbo.stock WHERE id = 1")
    assert scheduler.next_deadline() is None


def test_the_monitor_does_not_keep_a_hopeless_wait_going(engine: Any, chain: Any) -> None:
    with pytest.raises(Stalled):
        engine.client().run("SELECT qty FROM dbo.stock WITH (UPDLOCK) WHERE id = 1")


def test_the_log_tells_who_waits_for_whom(engine: Any, chain: Any, caplog: pytest.LogCaptureFixture) -> None:
    let_pass(engine, 10)
    lines = caplog.records[0].getMessage().splitlines()
    assert lines[0] == "blocked for 10.0 s"
    assert lines[1].startswith("  session 52 waits for X on KEY: 5:")
    assert lines[1].endswith(": SELECT 'second'; EXEC dbo.take 1")
    assert lines[2] == "  session 51 is in the way, sleeping: BEGIN TRAN; EXEC dbo.take 1"


@pytest.mark.parametrize("value", [-1, 86401])
def test_the_threshold_has_limits(client: Any, value: int) -> None:
    client.run("EXEC sp_configure 'show advanced options', 1; RECONFIGURE")
    assert client.fails(f"EXEC sp_configure 'blocked process threshold', {value}").number == 15129


def test_the_threshold_is_an_advanced_option(client: Any) -> None:
    assert client.fails("EXEC sp_configure 'blocked process threshold', 5").number == 15123
