"""The procedures without a wire: the same files deployed, the same calls made, all in this process.

Growth is the time that a call takes with `--lots` lots, by the time with 1,000: the rounds of both alternate.
"""

import gc
from collections.abc import Iterator
from itertools import cycle, islice
from time import process_time

from emulator.instance import Instance
from harness.bench.engine import EngineSession, prepared
from harness.bench.figures import CALLS, RATIO, Effort, Figure, Figures, Group, Show, Wanted
from harness.bench.jobs import FIND_LOTS, PICK, TRANSFER, Jobs
from harness.bench.measuring import Job, Round, median_rates, round_of
from harness.bench.warehouse_files import batches
from harness.demo.warehouse import Size

SEED = 1
SMALL_SIZE = Size(lots=1000, bins=250, items=20, runs=50)
SEARCHES = 100
"""Different searches that are made in turn."""
GROWTH_ROUNDS = 4
"""Rounds of growth for one of the others: they are short."""
MOST_GROWTH = 1.3


class Engine(EngineSession):
    """An instance with the data layer deployed and a warehouse loaded, and one session on it."""

    def __init__(self, size: Size, seed: int) -> None:
        super().__init__(Instance())
        for text in batches():
            self.run(text)
        self.call("demo.LoadWarehouse", size.lots, size.bins, size.items, size.runs, seed)
        gc.collect()
        gc.freeze()  # as the server does: what has been loaded stays


class InProcess:
    """The rounds to measure on a warehouse in process."""

    def __init__(self, size: Size, seed: int) -> None:
        self._engine = Engine(size, seed)
        self._jobs = Jobs(self._engine)

    def picks(self, calls: int) -> Round:
        """PickLot."""
        return self._round(PICK, self._jobs.picks(self._jobs.layout.batches), calls)

    def transfers(self, calls: int) -> Round:
        """TransferLot."""
        return self._round(TRANSFER, self._jobs.transfers(self._jobs.layout.items), calls)

    def searches(self, calls: int) -> Round:
        """FindLots."""
        return self._round(FIND_LOTS, cycle(list(islice(self._jobs.searches(), SEARCHES))), calls)

    def _round(self, procedure: str, jobs: Iterator[Job], calls: int) -> Round:
        def call(*arguments: object) -> None:
            self._engine.call_raw(procedure, prepared(arguments))

        return round_of([(call, jobs)], calls, process_time)


def measure(wanted: Wanted, effort: Effort, show: Show) -> Figures:
    """Calls a second of time on the processor."""
    show(f"procedures in process: loading {SMALL_SIZE.lots:,} lots")
    small = InProcess(SMALL_SIZE, SEED)
    rounds = {
        "picklot_inprocess": small.picks(effort.calls),
        "transferlot_inprocess": small.transfers(effort.calls),
    }
    return median_rates(wanted.of(rounds), effort.rounds)


def measure_growth(wanted: Wanted, effort: Effort, show: Show) -> Figures:
    """Time by time."""
    show(f"growth: loading {SMALL_SIZE.lots:,} lots")
    small = InProcess(SMALL_SIZE, SEED)
    show(f"growth: loading {effort.lots:,} lots")
    large = InProcess(_large_size(effort.lots), SEED)
    show(f"growth from {SMALL_SIZE.lots:,} to {effort.lots:,} lots")
    calls, times = max(effort.calls // 4, 5), effort.rounds * GROWTH_ROUNDS
    pairs = {
        "growth_picklot": {"small": small.picks(calls), "large": large.picks(calls)},
        "growth_findlots": {"small": small.searches(calls), "large": large.searches(calls)},
    }
    rates = {name: median_rates(rounds, times) for name, rounds in pairs.items() if name in wanted}
    return {name: pair["small"] / pair["large"] for name, pair in rates.items()}


GROUP = Group(
    "Procedures in process",
    (Figure("picklot_inprocess", CALLS, at_least=800), Figure("transferlot_inprocess", CALLS)),
    measure,
)
GROUP_GROWTH = Group(
    "Growth",
    (
        Figure("growth_picklot", RATIO, at_most=MOST_GROWTH),
        Figure("growth_findlots", RATIO, at_most=MOST_GROWTH),
    ),
    measure_growth,
)


def _large_size(lots: int) -> Size:
    """More lots of more items in more bins; a search finds a full page here as in the small warehouse."""
    return Size(lots, bins=min(max(lots // 100, 250), 100_000), items=max(lots // 500, 20), runs=50)
