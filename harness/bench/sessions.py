"""Throughput of many sessions: each changes one row in a transaction, again and again.

One unit is one request with BEGIN TRAN, an UPDATE by primary key and COMMIT, as in `statements`. `disjoint`: every
session has rows of its own, and none ever waits. `contended`: all change the same row, and queue for it.
`lock_share_...` is the part of the time in process that the lock manager's work takes (see `locks`).
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from itertools import cycle
from time import process_time

from emulator.instance import Instance
from emulator.results import Collector
from emulator.scheduler import Task
from emulator.session import Session as EngineSessionState
from harness.bench.engine import checked, prepared
from harness.bench.figures import CALLS, PERCENT, Effort, Figure, Figures, Group, Show, Wanted
from harness.bench.locks import Recorder
from harness.bench.measuring import Job, Round, least, median_rates, round_of
from harness.bench.statements import DECLARATION, TABLE, UPDATE, item_session
from harness.connection import EmulatorProcess, Session, open_session

COUNTS = (1, 2, 5, 10, 20, 50)
CASES = ("disjoint", "contended")
UNITS_BY_CALLS = 10
"""Units of a round in process, all sessions together, by the calls of a procedure in a round."""
SHARE_ROUNDS = 3
CONTENDED_ROW = 1
WIRE_ITEMS = 10_000
DIGITS = "(VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9))"
FILL = f"""
INSERT INTO dbo.item (id, name, qty)
SELECT a.n * 1000 + b.n * 100 + c.n * 10 + d.n + 1, N'item', 0
FROM {DIGITS} AS a(n) CROSS JOIN {DIGITS} AS b(n) CROSS JOIN {DIGITS} AS c(n) CROSS JOIN {DIGITS} AS d(n)
"""

IN_PROCESS = tuple(Figure(f"inprocess_{case}_{count}", CALLS) for case in CASES for count in COUNTS)
SHARES = tuple(Figure(f"lock_share_{case}_{count}", PERCENT) for case in CASES for count in COUNTS)
WIRE = tuple(Figure(f"wire_{case}_{count}", CALLS) for case in CASES for count in COUNTS)


def measure_in_process(wanted: Wanted, effort: Effort, show: Show) -> Figures:
    """Units a second of time on the processor, all sessions together; shares in percent."""
    units = effort.calls * UNITS_BY_CALLS
    figures: Figures = {}
    for case in CASES:
        show(f"sessions in process, {case}")
        fleets = {count: Fleet(count, effort.items, case == "contended") for count in COUNTS}
        rounds = {f"inprocess_{case}_{count}": fleets[count].round(units) for count in COUNTS}
        figures |= median_rates(wanted.of(rounds), effort.rounds)
        for count in COUNTS:
            if (name := f"lock_share_{case}_{count}") in wanted:
                figures[name] = fleets[count].lock_share(units) * 100
    return figures


class Fleet:
    """Sessions on an instance with the table of items, each of which makes one request after the other."""

    def __init__(self, sessions: int, items: int, contended: bool) -> None:
        self._items = items
        self._contended = contended
        self._instance = Instance()
        self._sessions = self._opened(self._instance, sessions)

    def _opened(self, instance: Instance, sessions: int) -> list[EngineSessionState]:
        item_session(instance, self._items)
        return [instance.open_session() for _ in range(sessions)]

    def round(self, units: int) -> Round:
        """Rounds of so many units."""

        def one_round() -> float:
            seconds, made = self._run(self._instance, self._sessions, units)
            return made / seconds

        return one_round

    def lock_share(self, units: int) -> float:
        """What part of a run's time its lock requests take by themselves."""
        instance = Instance()
        recorder = instance.locks = Recorder()
        sessions = self._opened(instance, len(self._sessions))
        self._run(instance, sessions, units)
        recorder.requests.clear()
        self._run(instance, sessions, units)
        seconds = least(lambda: self._run(self._instance, self._sessions, units)[0], SHARE_ROUNDS)
        return least(recorder.replay, SHARE_ROUNDS) / seconds

    def _run(self, instance: Instance, sessions: Sequence[EngineSessionState], units: int) -> tuple[float, int]:
        """Seconds on the processor for the sessions' requests, and how many they were. RuntimeError: one failed."""
        each = max(units // len(sessions), 1)
        collectors: list[Collector] = []
        started = process_time()
        for place, session in enumerate(sessions):
            rows = _rows(place, len(sessions), self._items, self._contended)
            _start(instance, session, rows, each, collectors)
        while instance.scheduler.run():
            pass
        seconds = process_time() - started
        for collector in collectors:
            checked(collector)
        made = each * len(sessions)
        if len(collectors) != made:
            raise RuntimeError(f"{len(collectors)} requests of {made} came to an end")
        return seconds, made


def _start(
    instance: Instance, session: EngineSessionState, rows: Iterator[int], requests: int, collectors: list[Collector]
) -> None:
    """Make one request, and the next one when it is done."""
    parameters = prepared([UPDATE.format("@id"), DECLARATION, next(rows)])
    collector = Collector()

    def request() -> None:
        session.run_rpc("sp_executesql", parameters, collector)

    def go_on(_: Task) -> None:
        collectors.append(collector)
        if requests > 1:
            _start(instance, session, rows, requests - 1, collectors)

    instance.scheduler.spawn(f"session {session.spid}", request, go_on)


def _rows(place: int, sessions: int, items: int, contended: bool) -> Iterator[int]:
    """The keys that a session changes: all its own, or all the same."""
    return cycle((CONTENDED_ROW,) if contended else range(place + 1, items + 1, sessions))


def measure_wire(wanted: Wanted, effort: Effort, show: Show) -> Figures:
    """Units a second by the clock, through the driver, each session in a thread of its own."""
    figures: Figures = {}
    with ExitStack() as opened:
        show("sessions over the wire: starting an emulator")
        target = opened.enter_context(EmulatorProcess()).target
        sessions = [opened.enter_context(open_session(target)) for _ in range(max(COUNTS))]
        sessions[0].execute(TABLE)
        sessions[0].execute(FILL)
        for case in CASES:
            show(f"sessions over the wire, {case}")
            rounds = {
                f"wire_{case}_{count}": wire_round(sessions[:count], effort.calls, case == "contended")
                for count in COUNTS
            }
            figures |= median_rates(wanted.of(rounds), effort.rounds)
    return figures


def wire_round(sessions: Sequence[Session], calls: int, contended: bool) -> Round:
    """Rounds of so many units through open sessions, all of them together."""
    workers = []
    for place, session in enumerate(sessions):
        cursor = session.connection.cursor()

        def update(row: object, cursor: object = cursor) -> None:
            cursor.execute(UPDATE.format("?"), row)  # type: ignore[attr-defined]
            while cursor.nextset():  # type: ignore[attr-defined]
                pass

        jobs: Iterator[Job] = ((row,) for row in _rows(place, len(sessions), WIRE_ITEMS, contended))
        workers.append((update, jobs))
    return round_of(workers, max(calls // len(sessions), 10))


GROUP_IN_PROCESS = Group("Sessions in process", (*IN_PROCESS, *SHARES), measure_in_process)
GROUP_WIRE = Group("Sessions over the wire", WIRE, measure_wire)
