"""Event sessions ("CREATE EVENT SESSION", "ALTER EVENT SESSION", "DROP EVENT SESSION", "Targets for Extended Events")."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

import pytest

CREATE = "CREATE EVENT SESSION mine ON SERVER ADD EVENT sqlserver.xml_deadlock_report"
START = "ALTER EVENT SESSION mine ON SERVER STATE = START"
STOP = "ALTER EVENT SESSION mine ON SERVER STATE = STOP"
RUNNING = "SELECT name FROM sys.dm_xe_sessions ORDER BY name"


def deadlock(engine: Any) -> None:
    first, second = engine.clients(2)
    for client, name in ((first, "a"), (second, "b")):
        client.run(f"BEGIN TRAN; EXEC sp_getapplock '{name}', 'Exclusive'")
    first.start("EXEC sp_getapplock 'b', 'Exclusive'")
    second.run("EXEC sp_getapplock 'a', 'Exclusive'")
    second.session.close()
    engine.instance.scheduler.run()
    first.session.close()


def collected(client: Any) -> list[str | None]:
    """The events in the ring buffer of ``mine``."""
    ((text,),) = client.query(
        "SELECT t.target_data FROM sys.dm_xe_session_targets t JOIN sys.dm_xe_sessions s"
        " ON s.address = t.event_session_address WHERE s.name = 'mine' AND t.target_name = 'ring_buffer'"
    )
    return [event.get("name") for event in ElementTree.fromstring(text)]


def test_a_session_collects_while_it_runs(engine: Any, client: Any) -> None:
    client.run(f"{CREATE} ADD TARGET package0.ring_buffer")
    deadlock(engine)
    assert client.query(RUNNING) == [("system_health",)]
    client.run(START)
    assert client.query(RUNNING) == [("mine",), ("system_health",)]
    assert collected(client) == []
    deadlock(engine)
    assert collected(client) == ["xml_deadlock_report"]
    client.run(STOP)
    deadlock(engine)
    client.run(START)
    assert collected(client) == []


def test_a_ring_buffer_keeps_the_latest_events_within_its_limits(engine: Any, client: Any) -> None:
    client.run(f"{CREATE} ADD TARGET package0.ring_buffer (SET max_events_limit = (2)); {START}")
    for _ in range(3):
        deadlock(engine)
    assert len(collected(client)) == 2
    client.run(
        f"DROP EVENT SESSION mine ON SERVER; {CREATE}"
        f" ADD TARGET package0.ring_buffer (SET max_events_limit = 0, max_memory = 1); {START}"
    )
    for _ in range(3):
        deadlock(engine)
    assert len(collected(client)) == 1


def test_a_file_stays_when_its_session_is_gone(engine: Any, client: Any) -> None:
    read = "SELECT object_name, file_name FROM sys.fn_xe_file_target_read_file('/tmp/mine*.xel', NULL, NULL, NULL)"
    client.run(f"{CREATE} ADD TARGET package0.event_file (SET filename = N'/tmp/mine.xel')")
    assert client.fails(read).number == 25718
    client.run(START)
    assert client.query(read) == []
    deadlock(engine)
    client.run("DROP EVENT SESSION mine ON SERVER")
    ((name, path),) = client.query(read)
    assert name == "xml_deadlock_report"
    assert path.startswith("/tmp/mine_0_")


def test_the_views_show_what_was_defined(client: Any) -> None:
    client.run(
        f"{CREATE}, ADD EVENT sqlserver.blocked_process_report"
        " ADD TARGET package0.ring_buffer (SET max_memory = (4096)), ADD TARGET package0.event_file (SET filename = N'm')"
        " WITH (MAX_MEMORY = 8 MB, EVENT_RETENTION_MODE = NO_EVENT_LOSS, MAX_DISPATCH_LATENCY = 5 SECONDS,"
        " MAX_EVENT_SIZE = 0 KB, MEMORY_PARTITION_MODE = PER_CPU, TRACK_CAUSALITY = OFF, STARTUP_STATE = ON)"
    )
    ((number, *shown),) = client.query(
        "SELECT event_session_id, event_retention_mode_desc, max_dispatch_latency, max_memory, memory_partition_mode,"
        " startup_state FROM sys.server_event_sessions WHERE name = 'mine'"
    )
    assert shown == ["NO_EVENT_LOSS", 5000, 8192, "P", True]
    of = f"WHERE event_session_id = {number}"
    assert client.query(f"SELECT package, name FROM sys.server_event_session_events {of}") == [
        ("sqlserver", "xml_deadlock_report"),
        ("sqlserver", "blocked_process_report"),
    ]
    assert client.query(
        "SELECT t.name, f.name, f.value FROM sys.server_event_session_targets t JOIN sys.server_event_session_fields f"
        f" ON f.event_session_id = t.event_session_id AND f.object_id = t.target_id WHERE t.event_session_id = {number}"
    ) == [("ring_buffer", "max_memory", "4096"), ("event_file", "filename", "m")]
    client.run(START)
    assert client.query(
        "SELECT e.event_name FROM sys.dm_xe_session_events e JOIN sys.dm_xe_sessions s"
        " ON s.address = e.event_session_address WHERE s.name = 'mine'"
    ) == [("xml_deadlock_report",), ("blocked_process_report",)]
    assert client.query(
        "SELECT column_value FROM sys.dm_xe_session_object_columns WHERE column_name = 'max_memory'"
    ) == [("4096",)]


def test_a_session_can_be_changed(engine: Any, client: Any) -> None:
    client.run(f"{CREATE} ADD TARGET package0.ring_buffer; {START}")
    client.run("ALTER EVENT SESSION mine ON SERVER DROP EVENT sqlserver.xml_deadlock_report")
    deadlock(engine)
    assert collected(client) == []
    client.run("ALTER EVENT SESSION mine ON SERVER ADD EVENT sqlserver.xml_deadlock_report")
    client.run("ALTER EVENT SESSION mine ON SERVER ADD TARGET package0.event_file (SET filename = N'mine')")
    deadlock(engine)
    assert collected(client) == ["xml_deadlock_report"]
    read = "SELECT COUNT(*) FROM sys.fn_xe_file_target_read_file('mine*.xel', NULL, NULL, NULL)"
    assert client.query(read) == [(1,)]
    client.run("ALTER EVENT SESSION mine ON SERVER DROP TARGET package0.event_file, DROP TARGET package0.ring_buffer")
    deadlock(engine)
    assert client.query(read) == [(1,)]


@pytest.mark.parametrize(
    ("statement", "number"),
    [
        (CREATE, 25631),
        (START.replace("mine", "yours"), 15151),
        ("DROP EVENT SESSION yours ON SERVER", 15151),
        (f"{START}; {START}", 25705),
        (STOP, 25704),
        ("ALTER EVENT SESSION mine ON SERVER ADD EVENT sqlserver.xml_deadlock_report", 25625),
        ("ALTER EVENT SESSION mine ON SERVER DROP EVENT sqlserver.blocked_process_report", 25706),
        ("ALTER EVENT SESSION mine ON SERVER DROP TARGET package0.event_file", 25706),
        (f"{START}; ALTER EVENT SESSION mine ON SERVER WITH (MAX_MEMORY = 8 MB)", 25707),
        ("ALTER EVENT SESSION mine ON SERVER WITH (STARTUP_STATE = MAYBE)", 25703),
        ("ALTER EVENT SESSION mine ON SERVER ADD TARGET package0.event_file", 25641),
        ("ALTER EVENT SESSION mine ON SERVER ADD TARGET package0.event_file (SET name = N'x')", 25629),
        (f"{CREATE.replace('mine', 'two')}, ADD EVENT sqlserver.xml_deadlock_report", 25626),
        (f"BEGIN TRAN; {START}", 574),
        (f"BEGIN TRAN; {CREATE}", 574),
        ("ALTER EVENT SESSION mine ON SERVER", 102),
    ],
)
def test_what_cannot_be_done_has_the_servers_error(client: Any, statement: str, number: int) -> None:
    client.run(f"{CREATE} ADD TARGET package0.ring_buffer")
    assert client.fails(statement).number == number


@pytest.mark.parametrize(
    ("statement", "construct"),
    [
        (
            CREATE.replace("xml_deadlock_report", "sql_statement_completed"),
            "the event sqlserver.sql_statement_completed",
        ),
        (f"{CREATE} (ACTION (sqlserver.sql_text))", "ACTION of an event"),
        (f"{CREATE} (WHERE duration > 5)", "WHERE of an event"),
        (f"{CREATE} ADD TARGET package0.histogram", "the target package0.histogram"),
        (f"{CREATE} WITH (TRACK_CAUSALITY = ON)", "TRACK_CAUSALITY = ON"),
        (CREATE.replace("ON SERVER", "ON DATABASE"), "event sessions of a database"),
        ("DROP EVENT SESSION system_health ON SERVER", "DROP EVENT SESSION system_health"),
        ("CREATE EVENT NOTIFICATION n ON SERVER FOR DEADLOCK_GRAPH TO SERVICE 's', 'd'", "EVENT NOTIFICATION"),
    ],
)
def test_what_is_not_supported_is_refused_by_name(client: Any, statement: str, construct: str) -> None:
    error = client.fails(statement)
    assert error.number == 40517
    assert construct in error.message


def test_it_takes_a_permission(engine: Any, client: Any) -> None:
    client.run("CREATE LOGIN joe WITH PASSWORD = 'Secret-1'; CREATE USER joe FOR LOGIN joe")
    joe = engine.client_of("joe", "Secret-1")
    assert joe.fails(CREATE).number == 15247
    client.run("USE master; GRANT ALTER ANY EVENT SESSION TO joe")
    joe.run(CREATE)
