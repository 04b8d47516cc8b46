"""The figures over the wire: an emulator as a process of its own, Microsoft's driver, one connection and several."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from itertools import repeat
from typing import Any

from harness.bench.jobs import PICK, TRANSFER, Jobs
from harness.bench.measuring import Job, Round, round_of
from harness.connection import EmulatorProcess, Session, open_session
from harness.demo.warehouse import Rows, Size, load
from harness.deploy import deploy

CONNECTIONS = 10
SELECT_ONE = "SELECT 1 WHERE 1 = ?;"


class Wire:
    """The rounds to measure, on a deployed and loaded server."""

    def __init__(self, sessions: Sequence[Session]) -> None:
        self._sessions = sessions
        self._jobs = Jobs(_Calls(sessions[0]))

    def select_one(self, calls: int) -> Round:
        """The smallest parameterised statement, by one connection."""
        cursor = self._sessions[0].connection.cursor()

        def select_one(value: int) -> Any:
            return cursor.execute(SELECT_ONE, value).fetchall()

        return round_of([(select_one, repeat((1,)))], calls)

    def picks(self, calls: int, connections: int = 1) -> Round:
        """PickLot, so many calls by each connection."""
        batches = self._jobs.layout.batches
        return self._round(PICK, [self._jobs.picks(batches[part::connections]) for part in range(connections)], calls)

    def transfers(self, calls: int, connections: int = 1) -> Round:
        """TransferLot, so many calls by each connection."""
        items = self._jobs.layout.items
        return self._round(
            TRANSFER, [self._jobs.transfers(items[part::connections]) for part in range(connections)], calls
        )

    def _round(self, procedure: str, work: Sequence[Iterator[Job]], calls: int) -> Round:
        callers = [partial(session.call, procedure) for session in self._sessions]
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
