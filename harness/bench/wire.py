"""The procedures over the wire: an emulator as a process of its own, Microsoft's driver, one connection and several.

`picklot_by_select1` is the rate of PickLot by that of the smallest parameterised SELECT.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from itertools import repeat
from typing import Any

from harness.bench.figures import CALLS, RATIO, Effort, Figure, Figures, Group, Show, Wanted
from harness.bench.jobs import PICK, TRANSFER, Jobs
from harness.bench.measuring import Job, Round, median_rates, round_of
from harness.connection import EmulatorProcess, Session, open_session
from harness.demo.warehouse import Rows, Size, load
from harness.deploy import deploy

CONNECTIONS = 10
SELECT_ONE = "SELECT 1 WHERE 1 = ?;"
SIZE = Size.for_lots(2000)
SEED = 1


class Wire:
    """The rounds to measure, on a deployed and loaded server, with its sessions and the jobs that it can do."""

    def __init__(self, sessions: Sequence[Session]) -> None:
        self.sessions = sessions
        self.jobs = Jobs(_Calls(sessions[0]))

    def select_one(self, calls: int) -> Round:
        """The smallest parameterised statement, by one connection."""
        cursor = self.sessions[0].connection.cursor()

        def select_one(value: int) -> Any:
            return cursor.execute(SELECT_ONE, value).fetchall()

        return round_of([(select_one, repeat((1,)))], calls)

    def picks(self, calls: int, connections: int = 1) -> Round:
        """PickLot, so many calls by each connection."""
        batches = self.jobs.layout.batches
        return self._round(PICK, [self.jobs.picks(batches[part::connections]) for part in range(connections)], calls)

    def transfers(self, calls: int, connections: int = 1) -> Round:
        """TransferLot, so many calls by each connection."""
        items = self.jobs.layout.items
        return self._round(
            TRANSFER, [self.jobs.transfers(items[part::connections]) for part in range(connections)], calls
        )

    def _round(self, procedure: str, work: Sequence[Iterator[Job]], calls: int) -> Round:
        callers = [partial(session.call, procedure) for session in self.sessions]
        return round_of(list(zip(callers, work, strict=False)), calls)


@contextmanager
def wire(size: Size, seed: int) -> Iterator[Wire]:
    """An emulator with a warehouse of this size, for the time of the `with` block."""
    with ExitStack() as opened:
        target = opened.enter_context(EmulatorProcess()).target
        deploy(target)
        sessions = [opened.enter_context(open_session(target)) for _ in range(CONNECTIONS)]
        load(sessions[0], size, seed)
        yield Wire(sessions)


class _Calls:
    """Calls over one session; each result set as its rows."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def call(self, procedure: str, *arguments: object) -> Sequence[Rows]:
        return [result.rows for result in self._session.call(procedure, *arguments).result_sets]


def measure(wanted: Wanted, effort: Effort, show: Show) -> Figures:
    """Calls a second by the clock."""
    show("procedures over the wire: starting an emulator, deploying, loading")
    with wire(SIZE, SEED) as server:
        show("procedures over the wire")
        calls, each = effort.calls, max(effort.calls // CONNECTIONS * 2, 10)
        rounds = {
            "select1_rpc_1": server.select_one(calls * 3),
            "picklot_wire_1": server.picks(calls),
            f"picklot_wire_{CONNECTIONS}": server.picks(each, CONNECTIONS),
            "transferlot_wire_1": server.transfers(calls),
            f"transferlot_wire_{CONNECTIONS}": server.transfers(each, CONNECTIONS),
        }
        figures = median_rates(wanted.of(rounds), effort.rounds)
    if "select1_rpc_1" in figures and "picklot_wire_1" in figures:
        figures["picklot_by_select1"] = figures["picklot_wire_1"] / figures["select1_rpc_1"]
    return figures


GROUP = Group(
    "Procedures over the wire",
    (
        Figure("select1_rpc_1", CALLS),
        Figure("picklot_wire_1", CALLS),
        Figure(f"picklot_wire_{CONNECTIONS}", CALLS),
        Figure("transferlot_wire_1", CALLS),
        Figure(f"transferlot_wire_{CONNECTIONS}", CALLS),
        Figure("picklot_by_select1", RATIO, at_least=0.10),
    ),
    measure,
)
