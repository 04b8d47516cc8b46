"""Reading deadlock graphs: those of the emulator, those of SQL Server's documentation, those in files."""

from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree

import pytest

from harness.connection import Target, connect
from harness.deadlocks import parse_deadlocks, read_deadlocks
from harness.deadlocks.graphs import CONVERTS, OWNS, WAITS, Request, StackFrame
from harness.deadlocks.picture import draw
from harness.errors import EnvironmentFault, UsageFault
from harness.scenarios import Runner, read_scenario

SCENARIOS = Path(__file__).parents[2] / "scenarios"

EVENT = """
<event name="xml_deadlock_report" package="sqlserver" timestamp="2018-02-18T08:26:24.698Z">
  <data name="xml_report"><type name="xml" package="package0"/><value>
    <deadlock>
      <victim-list><victimProcess id="process1"/></victim-list>
      <process-list>
        <process id="process1" logused="0" waitresource="KEY: 5:72057594214350848 (1a39e6095155)" lockMode="S" spid="62"
            priority="0" clientapp="SQLCMD" hostname="host" loginname="CONTOSO\\user"
            isolationlevel="read committed (2)" currentdb="5">
          <executionStack>
            <frame procname="AdventureWorks.dbo.p1" line="3">
SELECT c2, c3 FROM t1 WHERE c2 BETWEEN @p1 AND @p1+1    </frame>
            <frame procname="adhoc" line="4">
unknown    </frame>
          </executionStack>
          <inputbuf>
WHILE (1=1) EXEC p1 4
          </inputbuf>
        </process>
        <process id="process2" logused="252" lockMode="X" spid="58" priority="-5" isolationlevel="serializable (4)">
          <executionStack><frame procname="unknown" line="1">unknown</frame></executionStack>
          <inputbuf>EXEC p2 4</inputbuf>
        </process>
      </process-list>
      <resource-list>
        <keylock hobtid="72057594214350848" dbid="5" objectname="AdventureWorks.dbo.t1" indexname="cidx" mode="X">
          <owner-list><owner id="process2" mode="X"/></owner-list>
          <waiter-list><waiter id="process1" mode="S" requestType="wait"/></waiter-list>
        </keylock>
        <pagelock fileid="1" pageid="168" dbid="5" objectname="AdventureWorks.dbo.t1" mode="S">
          <owner-list><owner id="process1" mode="S"/><owner id="process9" mode="S"/></owner-list>
          <waiter-list><waiter id="process2" mode="X" requestType="convert"/></waiter-list>
        </pagelock>
        <exchangeEvent id="Pipe1"/>
      </resource-list>
    </deadlock>
  </value></data>
</event>
"""


def test_a_graph_is_taken_apart() -> None:
    (deadlock,) = parse_deadlocks(EVENT)
    assert deadlock.time == datetime(2018, 2, 18, 8, 26, 24, 698000, tzinfo=UTC)
    first, second = deadlock.processes
    assert (first.session, first.victim, first.login, first.isolation, first.lock_mode) == (
        *(62, True, "CONTOSO\\user", "read committed", "S"),
    )
    assert first.frames[0] == StackFrame(
        "AdventureWorks.dbo.p1", 3, "SELECT c2, c3 FROM t1 WHERE c2 BETWEEN @p1 AND @p1+1"
    )
    assert (first.place, first.statement) == ("AdventureWorks.dbo.p1, line 3", first.frames[0].text)
    assert (second.victim, second.priority, second.log_used, second.statement) == (False, -5, 252, "EXEC p2 4")
    key, page, other = deadlock.resources
    assert (key.kind, key.name, key.detail) == ("KEY", "AdventureWorks.dbo.t1.cidx", "")
    assert (page.kind, page.name, page.detail) == ("PAGE", "AdventureWorks.dbo.t1", "(1:168)")
    assert (key.owners, key.waiters) == ((Request("process2", "X", OWNS),), (Request("process1", "S", WAITS),))
    assert page.waiters == (Request("process2", "X", CONVERTS),)
    assert (other.kind, other.owners) == ("EXCHANGEEVENT", ())
    assert deadlock.process("process9") is None


@pytest.mark.parametrize(
    "wrapping", ["{}", "<RingBufferTarget>{0}{0}</RingBufferTarget>", "<deadlock-list>{}</deadlock-list>"]
)
def test_graphs_are_found_wherever_they_are(wrapping: str) -> None:
    assert len(parse_deadlocks(wrapping.format(EVENT))) == wrapping.count("{")


def test_a_saved_graph_is_read_again() -> None:
    (deadlock,) = parse_deadlocks(EVENT)
    (again,) = parse_deadlocks(deadlock.xml)
    assert (again.processes, again.resources, again.time) == (deadlock.processes, deadlock.resources, None)


def test_what_is_no_xml_is_refused() -> None:
    with pytest.raises(UsageFault, match="not a deadlock graph"):
        parse_deadlocks("<deadlock>")
    assert parse_deadlocks("<html/>") == []


@pytest.mark.parametrize(
    ("scenario", "sessions", "resources"),
    [
        ("deadlock-opposite-orders", 2, 2),
        ("deadlock-three-sessions", 3, 3),
        ("deadlock-conversion", 2, 1),
        ("deadlock-through-the-queue", 3, 2),
        ("footprint-key-lookup-deadlock", 2, 2),
        ("deadlock-application-locks", 2, 2),
    ],
)
def test_a_deadlock_on_the_server_is_read_and_drawn(
    target: Target, scenario: str, sessions: int, resources: int
) -> None:
    Runner(target).run(read_scenario(SCENARIOS / f"{scenario}.spec"))
    deadlock = read_deadlocks(connect(target))[0]
    assert (len(deadlock.processes), len(deadlock.resources), len(deadlock.victims)) == (sessions, resources, 1)
    assert deadlock.time is not None
    picture = ElementTree.fromstring(draw(deadlock))
    texts = ["".join(element.itertext()) for element in picture.iter("{http://www.w3.org/2000/svg}text")]
    for process in deadlock.processes:
        assert f"Session {process.session}" in texts
    for resource in deadlock.resources:
        for owner in resource.owners:
            assert f"holds {owner.mode}" in texts or f"asked for {owner.mode} before" in texts
        for waiter in resource.waiters:
            assert f"waits for {waiter.mode}" in texts
    assert texts.count("victim") == 1


def test_boxes_do_not_overlap() -> None:
    for count in range(2, 9):
        (deadlock,) = parse_deadlocks(_ring(count))
        boxes = [
            tuple(float(element.get(name, "")) for name in ("x", "y", "width", "height"))
            for element in ElementTree.fromstring(draw(deadlock)).iter("{http://www.w3.org/2000/svg}rect")
            if element.get("rx") == "10"
        ]
        assert len(boxes) == 2 * count
        for number, (x, y, width, height) in enumerate(boxes):
            for other_x, other_y, other_width, other_height in boxes[:number]:
                apart = x >= other_x + other_width or other_x >= x + width
                assert apart or y >= other_y + other_height or other_y >= y + height


def test_special_characters_of_statements_are_kept_in_the_picture() -> None:
    text = _ring(2).replace("SELECT 0", "SELECT 'a' WHERE 1 &lt; 2 AND 3 &gt; 2")
    picture = ElementTree.fromstring(draw(parse_deadlocks(text)[0]))
    assert "SELECT 'a' WHERE 1 < 2 AND 3 > 2" in ["".join(one.itertext()) for one in picture.iter()]


def test_the_servers_files_tell_the_same(target: Target) -> None:
    Runner(target).run(read_scenario(SCENARIOS / "deadlock-conversion.spec"))
    connection = connect(target)
    assert read_deadlocks(connection, files=True)[0] == read_deadlocks(connection)[0]


def test_without_permission_there_is_one_clear_error(target: Target) -> None:
    connection = connect(target)
    connection.execute("CREATE USER nosy WITHOUT LOGIN;")
    try:
        connection.execute("EXECUTE AS USER = 'nosy';")
        with pytest.raises(EnvironmentFault, match="the server does not show its deadlocks"):
            read_deadlocks(connection)
        connection.execute("REVERT;")
    finally:
        connection.execute("DROP USER nosy;")


def _ring(count: int) -> str:
    processes = "".join(
        f'<process id="p{n}" spid="{51 + n}"><executionStack><frame procname="adhoc" line="1">SELECT {n}</frame>'
        f"</executionStack></process>"
        for n in range(count)
    )
    resources = "".join(
        f'<keylock objectname="db.dbo.t{n}"><owner-list><owner id="p{(n + 1) % count}" mode="X"/></owner-list>'
        f'<waiter-list><waiter id="p{n}" mode="X"/></waiter-list></keylock>'
        for n in range(count)
    )
    return (
        f'<deadlock victim="p0"><process-list>{processes}</process-list>'
        f"<resource-list>{resources}</resource-list></deadlock>"
    )
