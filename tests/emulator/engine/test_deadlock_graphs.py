"""What is kept of a deadlock: the event in the ring buffer of system_health, and the log ("Deadlocks guide")."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

import pytest

RING_BUFFER = """
SELECT xdr.value('@timestamp', 'datetime') AS [Date], xdr.query('.') AS [Event_Data]
FROM (
    SELECT CAST([target_data] AS XML) AS Target_Data
    FROM sys.dm_xe_session_targets AS xt
        INNER JOIN sys.dm_xe_sessions AS xs ON xs.address = xt.event_session_address
    WHERE xs.name = N'system_health' AND xt.target_name = N'ring_buffer'
) AS XML_Data
CROSS APPLY Target_Data.nodes('RingBufferTarget/event[@name="xml_deadlock_report"]') AS XEventData (xdr)
ORDER BY [Date] DESC
"""
"""The query of the documentation."""

TABLES = """
CREATE TABLE dbo.stock (id int NOT NULL CONSTRAINT pk_stock PRIMARY KEY, name varchar(10) NOT NULL, qty int NOT NULL);
CREATE INDEX by_name ON dbo.stock (name);
INSERT dbo.stock VALUES (1, 'bolt', 10), (2, 'nut', 20);
"""
PROCEDURE = """
CREATE PROCEDURE dbo.take @id int AS
BEGIN
    SET NOCOUNT ON;
    UPDATE dbo.stock
    SET qty -= 1
    WHERE id = @id;
END
"""


@pytest.fixture
def pair(engine: Any) -> Any:
    first, second = engine.clients(2)
    first.run(TABLES)
    first.run(PROCEDURE)
    return first, second


def opposite_orders(first: Any, second: Any) -> None:
    first.run("BEGIN TRAN; EXEC dbo.take 1")
    second.run("SET DEADLOCK_PRIORITY LOW; BEGIN TRAN; EXEC dbo.take 2")
    first.start("SELECT 'first';\nEXEC dbo.take 2")
    assert second.fails("EXEC dbo.take @id = 1").number == 1205


def latest(client: Any) -> ElementTree.Element:
    """Of those found at the same moment, for the clock stands still."""
    found = ElementTree.fromstring(client.query(RING_BUFFER)[-1][1]).find("data/value/deadlock")
    assert found is not None
    return found


def test_the_documented_query_finds_the_deadlocks(engine: Any, pair: Any) -> None:
    assert engine.client().query(RING_BUFFER) == []
    opposite_orders(*pair)
    (row,) = engine.client().query(RING_BUFFER)
    assert row[0].isoformat(sep=" ", timespec="seconds") == "2026-01-01 00:00:00"


def test_processes_are_shown_with_the_statements_they_run_and_who_called_them(engine: Any, pair: Any) -> None:
    opposite_orders(*pair)
    deadlock = latest(engine.client())
    victim, survivor = deadlock.findall("process-list/process")
    assert [one.get("id") for one in deadlock.findall("victim-list/victimProcess")] == [victim.get("id")]
    shown = ("spid", "priority", "trancount", "lockMode", "isolationlevel", "currentdbname", "status")
    assert [victim.get(name) for name in shown] == [
        *("52", "-5", "1", "X", "read committed (2)", "lockstep", "suspended"),
    ]
    assert victim.get("waitresource", "").startswith("KEY: ")
    assert int(victim.get("logused", "")) > 0
    frames = survivor.findall("executionStack/frame")
    assert [(frame.get("procname"), frame.get("line")) for frame in frames] == [
        ("lockstep.dbo.take", "5"),
        ("adhoc", "2"),
    ]
    assert [" ".join((frame.text or "").split()) for frame in frames] == [
        "UPDATE dbo.stock SET qty -= 1 WHERE id = @id",
        "EXEC dbo.take 2",
    ]
    assert "SELECT 'first';" in (survivor.findtext("inputbuf") or "")


def test_resources_are_shown_with_key_values_owners_and_waiters(engine: Any, pair: Any) -> None:
    opposite_orders(*pair)
    deadlock = latest(engine.client())
    victim, survivor = (process.get("id") for process in deadlock.findall("process-list/process"))
    found = [
        (
            resource.tag,
            *(resource.get(name) for name in ("objectname", "indexname", "keyvalue", "mode")),
            [(owner.get("id"), owner.get("mode")) for owner in resource.iter("owner")],
            [(waiter.get("id"), waiter.get("mode"), waiter.get("requestType")) for waiter in resource.iter("waiter")],
        )
        for resource in deadlock.find("resource-list") or ()
    ]
    place = ("keylock", "lockstep.dbo.stock", "pk_stock")
    assert found == [
        (*place, "(1)", "X", [(survivor, "X")], [(victim, "X", "wait")]),
        (*place, "(2)", "X", [(victim, "X")], [(survivor, "X", "wait")]),
    ]


def test_a_conversion_deadlock_has_one_resource_that_both_own_and_convert(engine: Any, pair: Any) -> None:
    for client in pair:
        client.run("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; BEGIN TRAN; SELECT qty FROM stock WHERE id = 1")
    pair[0].start("UPDATE stock SET qty = 1 WHERE id = 1")
    pair[1].fails("UPDATE stock SET qty = 2 WHERE id = 1")
    (resource,) = latest(engine.client()).findall("resource-list/*")
    assert sorted(owner.get("mode") or "" for owner in resource.iter("owner")) == ["S", "S"]
    assert {waiter.get("requestType") for waiter in resource.iter("waiter")} == {"convert"}


def test_a_conversion_is_shown_with_the_mode_that_was_asked_for(engine: Any, pair: Any) -> None:
    for client in pair:
        client.run("BEGIN TRAN; SELECT id FROM stock WITH (TABLOCK, HOLDLOCK)")
    pair[0].start("INSERT stock VALUES (3, 'washer', 30)")
    requests = "SELECT request_mode, request_status FROM sys.dm_tran_locks WHERE request_status <> 'GRANT'"
    assert engine.client().query(requests) == [("IX", "CONVERT")]
    pair[1].fails("INSERT stock VALUES (4, 'screw', 40)")
    deadlock = latest(engine.client())
    (resource,) = deadlock.findall("resource-list/*")
    assert [owner.get("mode") for owner in resource.iter("owner")] == ["S", "S"]
    assert [waiter.get("mode") for waiter in resource.iter("waiter")] == ["IX", "IX"]
    assert [process.get("lockMode") for process in deadlock.iter("process")] == ["IX", "IX"]


def test_a_statement_that_runs_with_parameters_is_shown_as_it_was_written_too(engine: Any, pair: Any) -> None:
    first, second = pair
    first.run("BEGIN TRAN; UPDATE stock SET qty = 0 WHERE id = 1")
    second.run("SET DEADLOCK_PRIORITY LOW; BEGIN TRAN; UPDATE stock SET qty = 0 WHERE id = 2")
    first.start("UPDATE stock SET qty = 0 WHERE id = 2")
    statement = "UPDATE stock SET qty = 6789 WHERE id = 1"
    batch = f"UPDATE stock SET qty = 12345 WHERE name = 'other';\n  {statement} -- the second one"
    second.fails(batch)
    frames = latest(engine.client()).findall("process-list/process[1]/executionStack/frame")
    assert [(frame.get("procname"), frame.get("line"), (frame.text or "").strip()) for frame in frames] == [
        ("adhoc", "2", "UPDATE stock SET qty = @3 WHERE id = @4"),
        ("adhoc", "2", statement),
    ]
    start = batch.index(statement)
    last = start + len(statement) - 1
    assert (frames[1].get("stmtstart"), frames[1].get("stmtend")) == (str(2 * start), str(2 * last))


def test_scripts_that_take_graphs_apart_find_processes_and_resources(engine: Any, pair: Any) -> None:
    opposite_orders(*pair)
    graphs = """
        WITH graphs AS (
            SELECT CAST(event_data AS xml).query('/event/data/value/child::*') AS graph
            FROM sys.fn_xe_file_target_read_file(N'system_health*.xel', NULL, NULL, NULL)
        )
    """
    processes = """
        SELECT p.value('@spid', 'int'), p.value('(executionStack/frame/@procname)[1]', 'sysname'),
            g.graph.value('count(//victim-list/victimProcess)', 'int')
        FROM graphs AS g CROSS APPLY g.graph.nodes('//deadlock/process-list/process') AS r(p) ORDER BY 1
    """
    assert engine.client().query(graphs + processes) == [(51, "lockstep.dbo.take", 1), (52, "lockstep.dbo.take", 1)]
    resources = """
        SELECT REPLACE(r.value('local-name(.)', 'varchar(100)'), 'lock', ''), r.value('@indexname', 'sysname'),
            o.value('@mode', 'varchar(10)'), w.value('@mode', 'varchar(10)')
        FROM graphs AS g CROSS APPLY g.graph.nodes('//deadlock/resource-list') AS a(l) CROSS APPLY l.nodes('*') AS b(r)
            CROSS APPLY r.nodes('owner-list/owner') AS c(o) CROSS APPLY r.nodes('waiter-list/waiter') AS d(w)
    """
    assert engine.client().query(graphs + resources) == [("key", "pk_stock", "X", "X")] * 2


def test_other_resources_have_elements_of_their_own(engine: Any, pair: Any) -> None:
    first, second = pair
    first.run("CREATE TABLE heap (id int); INSERT heap VALUES (1)")
    first.run("BEGIN TRAN; EXEC sp_getapplock 'zone', 'Exclusive', 'Transaction'")
    second.run("SET DEADLOCK_PRIORITY LOW; BEGIN TRAN; UPDATE heap SET id = 2")
    first.start("SELECT id FROM heap")
    second.run("EXEC sp_getapplock 'zone', 'Exclusive', 'Transaction'")
    tags = {resource.tag for resource in latest(engine.client()).findall("resource-list/*")}
    assert tags == {"applicationlock", "ridlock"}
    first.run("ROLLBACK")
    second.run("ROLLBACK; BEGIN TRAN; SELECT id FROM stock WITH (TABLOCKX)")
    first.run("BEGIN TRAN; SELECT id FROM heap WITH (TABLOCKX)")
    first.start("SELECT id FROM stock")
    second.fails("SELECT id FROM heap")
    resources = latest(engine.client()).findall("resource-list/*")
    assert [(one.tag, one.get("objectname"), one.get("mode")) for one in resources] == [
        ("objectlock", "lockstep.dbo.heap", "X"),
        ("objectlock", "lockstep.dbo.stock", "X"),
    ]


def test_a_range_at_the_end_and_a_key_of_text_are_named(engine: Any, pair: Any) -> None:
    first, second = pair
    for client in pair:
        client.run("BEGIN TRAN; SELECT id FROM stock WITH (HOLDLOCK) WHERE id > 5")
    first.start("INSERT stock VALUES (7, 'seven', 1)")
    second.fails("INSERT stock VALUES (8, 'eight', 1)")
    (resource,) = latest(engine.client()).findall("resource-list/*")
    assert resource.get("keyvalue") == "(end of index)"
    assert [waiter.get("mode") for waiter in resource.iter("waiter")] == ["RangeI-N", "RangeI-N"]
    for client in pair:
        client.run("IF @@TRANCOUNT > 0 ROLLBACK")
    first.run("BEGIN TRAN; UPDATE stock SET qty = 0 WHERE id = 1")
    reader = "SET DEADLOCK_PRIORITY LOW; SELECT qty FROM stock WITH (INDEX (by_name)) WHERE name = 'bolt'"
    waiting = second.start(reader)
    first.run("UPDATE stock SET name = 'rivet' WHERE id = 1")
    assert waiting.error_numbers == [1205]
    found = {one.get("indexname"): one.get("keyvalue") for one in latest(engine.client()).findall("resource-list/*")}
    assert found == {"pk_stock": "(1)", "by_name": "(bolt)"}


def test_the_log_tells_it_in_a_few_lines(pair: Any, caplog: pytest.LogCaptureFixture) -> None:
    opposite_orders(*pair)
    (record,) = caplog.records
    lines = record.getMessage().splitlines()
    assert lines[0] == "deadlock"
    assert lines[1].startswith("  session 52, the victim: waits for X on KEY: ")
    assert lines[1].endswith("in lockstep.dbo.take line 5: UPDATE dbo.stock SET qty -= 1 WHERE id = @id")
    assert lines[3:] == [
        "  keylock lockstep.dbo.stock.pk_stock (1): owners 51 X; waiters 52 X",
        "  keylock lockstep.dbo.stock.pk_stock (2): owners 52 X; waiters 51 X",
    ]


def test_only_who_may_see_the_servers_state_sees_deadlocks(engine: Any, client: Any) -> None:
    client.run("CREATE LOGIN joe WITH PASSWORD = 'Secret-1'; CREATE USER joe FOR LOGIN joe")
    assert engine.client_of("joe", "Secret-1").fails("SELECT name FROM sys.dm_xe_sessions").number == 300


def test_scripts_that_read_the_event_files_find_them_too(engine: Any, pair: Any) -> None:
    client = engine.client()
    read = "SELECT object_name, CAST(event_data AS xml) FROM sys.fn_xe_file_target_read_file({}, NULL, NULL, NULL)"
    assert client.query(read.format("N'system_health*.xel'")) == []
    opposite_orders(*pair)
    for path in ("N'system_health*.xel'", "N'C:\\log\\system_health*.xel'", "N'/var/opt/mssql/log/system_health*.xel'"):
        ((name, event),) = client.query(read.format(path))
        assert name == "xml_deadlock_report"
        assert ElementTree.fromstring(event).find("data/value/deadlock") is not None
    assert client.fails(read.format("N'mine*.xel'")).number == 25718
    file = "SELECT CAST(target_data AS xml).value('(/EventFileTarget/File/@name)[1]', 'nvarchar(260)')"
    ((name,),) = client.query(f"{file} FROM sys.dm_xe_session_targets WHERE target_name = 'event_file'")
    assert len(client.query(read.format(f"N'{name}'"))) == 1


def test_a_batch_that_is_being_compiled_stands_in_the_graph_as_a_whole(engine: Any) -> None:
    first, second = engine.clients(2)
    first.run("CREATE TABLE stock (id int PRIMARY KEY); CREATE TABLE bins (bin int PRIMARY KEY)")
    first.run("BEGIN TRAN; ALTER TABLE bins ADD note int NULL")
    second.start("SELECT s.id FROM stock AS s CROSS JOIN bins AS b")
    assert first.fails("SET DEADLOCK_PRIORITY LOW; ALTER TABLE stock ADD note int NULL").number == 1205
    processes = latest(engine.client()).findall("process-list/process")
    assert [process.get("lockMode") for process in processes] == ["Sch-M", "Sch-S"]
    frame = processes[1].find("executionStack/frame")
    assert frame is not None
    assert (frame.get("procname"), (frame.text or "").strip()) == (
        "adhoc",
        "SELECT s.id FROM stock AS s CROSS JOIN bins AS b",
    )
