"""Clients that vanish at any moment: their transaction is rolled back, their locks are released, the others go on, and
repeating their calls with the same request ids has exactly one effect.
"""

import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.connection import Outcome, Session, SqlServerError, open_session
from tests.database.calls import Call, Pick, Transfer
from tests.database.clients import begun, one_after_another
from tests.database.concurrency.relay import Relay
from tests.database.concurrency.work import seeded_calls
from tests.database.warehouse import Warehouse, spid_of

pytestmark = pytest.mark.usefixtures("no_deadlock")

ROOT = Path(__file__).parents[3]
COUNT = 60
EITHER = pytest.mark.parametrize("call", [Pick(), Transfer()], ids=["pick", "transfer"])


@pytest.fixture
def stocked(warehouse: Warehouse) -> Warehouse:
    """Enough for everybody."""
    warehouse.add_lot("LOT-1", "K-01", 10000)
    warehouse.execute("UPDATE dbo.LotMaster SET QtyOnHand = 10000;")
    warehouse.change("UPDATE dbo.cust_BulkPicked SET ToPickedBulkQty = 1000 WHERE LineId IN (1, 2);")
    return warehouse


def done_requests(warehouse: Warehouse) -> Counter[str]:
    """How often each request was done, not counting replays."""
    return Counter(str(row["RequestId"]).lower() for row in warehouse.operations() if row["Outcome"] == "DONE")


# A process killed with SIGKILL


def run_and_kill(warehouse: Warehouse, seed: int, group: int) -> tuple[int, int]:
    """Kill a client at a point that the seed chooses; how many calls it had begun, and how many it had confirmed."""
    chance = random.Random(seed)
    last_group, pause = chance.randrange(1, 30 // group), chance.uniform(0, 0.005 * group)
    command = [sys.executable, "-m", "tests.database.concurrency.killed_client", str(seed), str(COUNT), str(group)]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as client:
        assert client.stdin is not None
        assert client.stdout is not None
        client.stdin.write(warehouse.target.connection_string.text())
        client.stdin.close()
        spid = int(client.stdout.readline())
        lines: list[str] = []
        while lines.count("begun\n") < last_group:
            lines.append(client.stdout.readline())
            assert lines[-1], "the client ended by itself"
        time.sleep(pause)  # where in the call it is hit does not matter, only that it varies
        client.kill()
        lines += client.stdout.readlines()
    warehouse.await_release(spid)
    return group * lines.count("begun\n"), group * lines.count("done\n")


@pytest.mark.parametrize(("seed", "group"), [(1, 1), (2, 1), (3, 1), (4, 2), (5, 3), (6, 2)])
def test_a_process_killed_at_any_moment_leaves_whole_transactions_only(
    stocked: Warehouse, session: Session, seed: int, group: int
) -> None:
    bystander = one_after_another([Pick(line=1 + number % 2) for number in range(40)])
    with begun(stocked.target, bystander) as other:
        begun_calls, confirmed = run_and_kill(stocked, seed, group)
        assert all(isinstance(result, Outcome) for result in other.result())
    assert stocked.findings() == []

    calls = seeded_calls(seed, COUNT)[:begun_calls]
    outcomes = [call(session) for call in calls]
    assert all(outcome.replayed for outcome in outcomes[:confirmed])
    in_doubt = [outcome.replayed for outcome in outcomes[confirmed:]]
    assert len(set(in_doubt)) <= 1, "a transaction was kept in part"
    done = done_requests(stocked)
    assert [done[str(call.request_id)] for call in calls] == [1] * len(calls)
    assert max(done.values()) == 1


# A connection cut at a known point


@EITHER
def test_a_lost_answer_is_found_again_by_the_request_id(stocked: Warehouse, session: Session, call: Call) -> None:
    with Relay(stocked.target) as relay, begun(relay.target, patient(relay, call)) as lost:
        relay.await_swallowed_reply()
        relay.cut()
        with pytest.raises(SqlServerError) as caught:
            lost.result()
        assert caught.value.is_connection_lost
    stocked.await_release(lost.spid)
    assert call(session).replayed
    assert done_requests(stocked) == {str(call.request_id): 1}


def patient(relay: Relay, call: Call) -> Callable[[Session], Outcome]:
    """A job that makes its call without hearing the answer."""

    def work(session: Session) -> Outcome:
        relay.swallow_replies()
        return call(session)

    return work


WAITS = [
    *[
        (Pick(), change)
        for change in (
            "UPDATE dbo.Seqnum SET Description = Description;",
            "UPDATE dbo.LotMaster SET LotStatus = LotStatus;",
            "UPDATE dbo.BINMaster SET aisle = '1';",
            "UPDATE dbo.Cust_BulkRun SET FormulaId = N'F';",
            "UPDATE dbo.cust_BulkPicked SET Unit = N'KG';",
        )
    ],
    *[
        (Transfer(), change)
        for change in (
            "UPDATE dbo.Seqnum SET Description = Description;",
            "UPDATE dbo.INLOC SET StdCost = StdCost;",
            "UPDATE dbo.BINMaster SET aisle = '1';",
            "UPDATE dbo.LotMaster SET LotStatus = LotStatus WHERE BinNo = N'A-01';",
            "UPDATE dbo.LotMaster SET LotStatus = LotStatus WHERE BinNo = N'K-01';",
        )
    ],
]


@pytest.mark.parametrize(("call", "held"), WAITS, ids=[f"{call.procedure}-{held.split()[1]}" for call, held in WAITS])
def test_a_client_cut_off_while_it_waits_has_done_nothing(
    stocked: Warehouse, session: Session, call: Call, held: str
) -> None:
    before = stocked.contents()
    with stocked.hold(held):
        with Relay(stocked.target) as relay, begun(relay.target, call) as cut_off:
            cut_off.await_waiting(stocked)
            relay.cut()
            with pytest.raises(SqlServerError) as caught:
                cut_off.result()
            assert caught.value.is_connection_lost
        stocked.await_release(cut_off.spid)  # while the other still holds what the call was waiting for
        assert stocked.execute("SELECT COUNT(*) FROM lockstep.Request WITH (READPAST, READCOMMITTEDLOCK);")[0][0] == 0
    assert stocked.contents() == before
    assert not call(session).replayed
    assert done_requests(stocked) == {str(call.request_id): 1}


def test_those_who_wait_behind_a_vanished_client_go_on(stocked: Warehouse) -> None:
    """The one cut off is first in the queue for the lot; the others behind it get the lock when it comes free."""
    with (
        stocked.hold("UPDATE dbo.LotMaster SET LotStatus = LotStatus;") as holder,
        Relay(stocked.target) as relay,
        begun(relay.target, Pick()) as first,
    ):
        first.await_waiting(stocked)
        with begun(stocked.target, Pick(line=2)) as second, begun(stocked.target, Transfer()) as third:
            for each in (second, third):
                each.await_waiting(stocked)
            relay.cut()
            stocked.await_release(first.spid)
            holder.execute("COMMIT TRANSACTION;")
            assert [second.result().attempts, third.result().attempts] == [1, 1]
        with pytest.raises(SqlServerError):
            first.result()


@EITHER
def test_a_client_cut_off_inside_its_own_transaction_loses_all_of_it(
    stocked: Warehouse, session: Session, call: Call
) -> None:
    before = stocked.contents(), stocked.rows("dbo.Seqnum")
    with Relay(stocked.target) as relay, open_session(relay.target) as doomed:
        spid = spid_of(doomed)
        doomed.execute("BEGIN TRANSACTION;")
        calls = [call, Pick(line=2), Transfer()]
        for each in calls:
            each(doomed)
        assert stocked.locks_of(spid)
        relay.cut()
        stocked.await_release(spid)
    assert (stocked.contents(), stocked.rows("dbo.Seqnum")) == before
    assert [each(session).replayed for each in calls] == [False] * 3


def test_a_cancelled_call_has_done_nothing_and_its_session_goes_on(stocked: Warehouse) -> None:
    """A query timeout is an attention: no CATCH runs, so it is XACT_ABORT that ends the transaction."""
    for call in (Pick(), Transfer()):
        before = stocked.contents()
        with (
            stocked.hold("UPDATE dbo.LotMaster SET LotStatus = LotStatus;"),
            open_session(stocked.target, query_timeout=1) as impatient,
        ):
            with pytest.raises(SqlServerError) as caught:
                call(impatient)
            assert caught.value.is_timeout
            assert stocked.locks_of(spid_of(impatient)) == []
            assert impatient.execute("SELECT @@TRANCOUNT;").rows[0][0] == 0
        assert stocked.contents() == before


def test_a_call_cancelled_while_it_waits_for_its_request_id_has_done_nothing(stocked: Warehouse) -> None:
    pick = Pick(pallet="P-1")
    with (
        stocked.hold(
            "INSERT INTO lockstep.Request (RequestId, ProcedureName, Arguments) VALUES (?, N'another', N'');",
            pick.request_id,
        ),
        open_session(stocked.target, query_timeout=1) as impatient,
    ):
        with pytest.raises(SqlServerError) as caught:
            pick(impatient)
        assert caught.value.is_timeout
        assert impatient.execute("SELECT @@TRANCOUNT;").rows[0][0] == 0
        assert stocked.locks_of(spid_of(impatient)) == []


@pytest.mark.parametrize("seed", range(3))
def test_connections_cut_at_random_moments_of_a_storm(stocked: Warehouse, session: Session, seed: int) -> None:
    """Several clients share the work's request ids, lose their connections, and others do what they left."""
    chance = random.Random(seed)
    calls = seeded_calls(100 + seed, 24)
    for _ in range(4):
        with Relay(stocked.target) as relay, begun(relay.target, one_after_another(calls)) as stormy:
            enough = chance.randrange(len(calls))
            while len(done_requests(stocked)) < enough:
                pass
            relay.cut()
            results = stormy.result()
            assert all(isinstance(one, Outcome) or one.is_connection_lost for one in results)
        stocked.await_release(stormy.spid)
        assert stocked.findings() == []
    for call in calls:
        call(session)
    assert done_requests(stocked) == {str(call.request_id): 1 for call in calls}
