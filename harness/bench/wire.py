"""The figures over the wire: an emulator as a process of its own, Microsoft's driver, one connection and several."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager

from harness.bench.jobs import PICK, TRANSFER, Job, Jobs, shares, take
from harness.bench.measuring import Action, rate, rate_together
from harness.connection import EmulatorProcess, Session, Target, open_session
from harness.demo.warehouse import Rows, Size, load
from harness.deploy import deploy

CONNECTIONS = 10
SELECT_ONE = "SELECT 1 WHERE 1 = ?;"


class Wire:
    """A deployed and loaded emulator, reached through the driver."""

    def __init__(self, target: Target, sessions: Sequence[Session]) -> None:
        self._target = target
        self._sessions = sessions
        self._jobs = Jobs(_Calls(sessions[0]))

    def select_one(self, *, calls: int, rounds: int) -> float:
        """Round trips a second of the smallest parameterised statement, on one connection."""
        cursor = self._sessions[0].connection.cursor()
        return rate(lambda: cursor.execute(SELECT_ONE, 1).fetchall(), calls=calls, rounds=rounds)

    def picks(self, connections: int, *, calls: int, rounds: int) -> float:
        """PickLot calls a second."""
        batches = shares(self._jobs.layout.batches, connections)
        return self._rate(PICK, [self._jobs.picks(some) for some in batches], calls, rounds)

    def transfers(self, connections: int, *, calls: int, rounds: int) -> float:
        """TransferLot calls a second."""
        items = shares(self._jobs.layout.items, connections)
        return self._rate(TRANSFER, [self._jobs.transfers(some) for some in items], calls, rounds)

    def _rate(self, procedure: str, work: Sequence[Iterator[Job]], calls: int, rounds: int) -> float:
        actions = [
            _action(session, procedure, take(jobs, calls * (rounds + 1)))
            for session, jobs in zip(self._sessions, work, strict=False)
        ]
        if len(actions) == 1:
            return rate(actions[0], calls=calls, rounds=rounds)
        return rate_together(actions, calls=calls, rounds=rounds)


@contextmanager
def wire(size: Size, seed: int, show: Callable[[str], None]) -> Iterator[Wire]:
    """An emulator with a warehouse of this size, for the time of the `with` block."""
    with ExitStack() as opened:
        show("starting an emulator, deploying, loading")
        target = opened.enter_context(EmulatorProcess()).target
        deploy(target)
        sessions = [opened.enter_context(open_session(target)) for _ in range(CONNECTIONS)]
        load(sessions[0], size, seed)
        yield Wire(target, sessions)


class _Calls:
    def __init__(self, session: Session) -> None:
        self._session = session

    def call(self, procedure: str, *arguments: object) -> Sequence[Rows]:
        return [result.rows for result in self._session.call(procedure, *arguments).result_sets]


def _action(session: Session, procedure: str, jobs: Sequence[Job]) -> Action:
    waiting = iter(jobs)
    return lambda: session.call(procedure, *next(waiting))
