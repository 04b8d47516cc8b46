"""Blocked process reports: read from a server, taken apart, and shown."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import closing

import pyodbc
import pytest

from harness.blocking import parse_episodes, read_episodes, read_threshold
from harness.connection import Target, connect
from harness.errors import EnvironmentFault
from tests.harness.conftest import Command

EVENT = """
<event name="blocked_process_report" package="sqlserver" timestamp="2026-04-14T04:46:{second}.248Z">
  <data name="duration"><value>16912000</value></data>
  <data name="blocked_process"><value>
    <blocked-process-report monitorLoop="2767730"><blocked-process>
      <process id="p1" waitresource="OBJECT: 7:663673412:0 " waittime="{wait}" lockMode="IX" status="suspended"
        spid="425" trancount="2" lastbatchstarted="2026-04-13T23:46:39.333" clientapp="orders" hostname="web"
        loginname="app" isolationlevel="read committed (2)" currentdb="7">
        <executionStack>
          <frame line="12" stmtstart="342" stmtend="998" sqlhandle="0x0300"/><frame line="1" sqlhandle="0x0000"/>
        </executionStack>
        <inputbuf>\n(@P1 smallint)insert into t values (@P1)   </inputbuf></process></blocked-process>
      <blocking-process><process status="sleeping" spid="315" trancount="1"><executionStack/>
        <inputbuf>\nEXECUTE nightly   </inputbuf></process></blocking-process></blocked-process-report>
  </value></data>
</event>
"""


def test_the_reports_of_one_wait_are_one_episode() -> None:
    early, late = EVENT.format(second=50, wait=6000), EVENT.format(second=56, wait=12000)
    for texts in ([early, late], [late, early], [f"<RingBufferTarget>{early}{late}</RingBufferTarget>"]):
        (episode,) = parse_episodes(texts)
        assert (episode.reports, episode.waited_ms, episode.time.second, episode.lock_mode) == (2, 12000, 56, "IX")
    assert (episode.blocked.session, episode.blocked.wait_resource) == (425, "OBJECT: 7:663673412:0")
    assert [(frame.line, frame.start, frame.end) for frame in episode.blocked.frames] == [(12, 342, 998), (1, 0, -1)]
    assert (episode.blocking.session, episode.blocking.status) == (315, "sleeping")
    assert episode.blocking.sent == "EXECUTE nightly"


def test_a_report_without_its_blocker_is_still_a_report() -> None:
    start, end = EVENT.index("<process status"), EVENT.index("</blocking-process>")
    (episode,) = parse_episodes([(EVENT[:start] + "<process/>" + EVENT[end:]).format(second=50, wait=6000)])
    assert (episode.blocking.session, episode.blocking.sent) == (0, "")


@pytest.fixture
def server(target: Target) -> Iterator[pyodbc.Connection]:
    """A connection to a server that reports waits of five seconds, into ``lockstep_blocked``."""
    with closing(connect(target)) as connection:
        for text in (
            "EXEC sp_configure 'show advanced options', 1; RECONFIGURE;",
            "EXEC sp_configure 'blocked process threshold (s)', 5; RECONFIGURE;",
            "CREATE EVENT SESSION lockstep_blocked ON SERVER ADD EVENT sqlserver.blocked_process_report"
            " ADD TARGET package0.ring_buffer WITH (MAX_DISPATCH_LATENCY = 1 SECONDS);",
            "ALTER EVENT SESSION lockstep_blocked ON SERVER STATE = START;",
            "DROP TABLE IF EXISTS dbo.shelf; CREATE TABLE dbo.shelf (id int CONSTRAINT pk_shelf PRIMARY KEY);",
            "INSERT dbo.shelf VALUES (1);",
            "CREATE OR ALTER PROCEDURE dbo.empty_shelf @id int AS DELETE dbo.shelf WHERE id = @id;",
        ):
            connection.execute(text)
        yield connection
        connection.execute("DROP EVENT SESSION lockstep_blocked ON SERVER;")
        connection.execute("EXEC sp_configure 'blocked process threshold (s)', 0; RECONFIGURE;")
        connection.execute("DROP PROCEDURE dbo.empty_shelf; DROP TABLE dbo.shelf;")


def test_a_long_wait_is_reported_listed_and_told(server: pyodbc.Connection, target: Target, command: Command) -> None:
    assert read_threshold(server) == 5
    assert read_episodes(server) == []
    with closing(connect(target)) as holder, closing(connect(target)) as waiter:
        numbers = [one.execute("SELECT @@SPID;").fetchval() for one in (holder, waiter)]
        holder.execute("BEGIN TRAN; EXEC dbo.empty_shelf 1;")
        thread = threading.Thread(target=lambda: waiter.execute("{CALL dbo.empty_shelf (?)}", 1))
        thread.start()
        while not (episodes := read_episodes(server)):
            server.execute("WAITFOR DELAY '00:00:00.2';")
        listed, told, document = command("blocked"), command("blocked", "--show", "1"), command("blocked", "--json")
        holder.execute("ROLLBACK;")
        thread.join()
    assert [episodes[0].blocking.session, episodes[0].blocked.session] == numbers
    assert (listed[0], told[0], document[0]) == (0, 0, 0)
    assert "BEGIN TRAN; EXEC dbo.empty_shelf 1;" in listed[1]
    assert "DELETE dbo.shelf WHERE id = @id" in told[1]
    assert "sent: [dbo].[empty_shelf]" in told[1]
    assert json.loads(document[1])[0]["blocked"]["session"] == numbers[1]


def test_what_is_missing_is_said_in_one_line(server: pyodbc.Connection, command: Command) -> None:
    server.execute("EXEC sp_configure 'blocked process threshold (s)', 0; RECONFIGURE;")
    assert command("blocked") == (
        0,
        "no reports\nthe server makes no new ones: the option 'blocked process threshold (s)' is 0\n",
        "",
    )
    assert command("blocked", "--show", "1")[2] == "lockstep: there is no report 1: there are 0\n"
    server.execute("ALTER EVENT SESSION lockstep_blocked ON SERVER STATE = STOP;")
    with pytest.raises(EnvironmentFault):
        read_episodes(server)
    code, _, error = command("blocked")
    assert (code, error.count("\n")) == (3, 1)
    assert error.startswith("lockstep: no event session that runs collects blocked_process_report")
