"""Timing: several short rounds, of which the median counts, so that one disturbed round does not.

The rounds of figures that are compared with each other alternate, so that whatever slows the machine down for a while
slows down all of them. The work of a round is prepared before its clock starts.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from statistics import median
from threading import Barrier
from time import perf_counter

Job = tuple[object, ...]
"""The arguments of one call."""
Clock = Callable[[], float]
Worker = tuple[Callable[..., object], Iterator[Job]]
"""What to call, and with what."""
Round = Callable[[], float]
"""Makes some calls and returns how many it made a second."""


def round_of(workers: Sequence[Worker], calls: int, clock: Clock = perf_counter) -> Round:
    """Rounds in which each worker makes so many calls; several do so at once, each in a thread of its own. ``clock``
    times a single one.

    RuntimeError when there are not enough jobs.
    """

    def one_round() -> float:
        work = [(call, _take(jobs, calls)) for call, jobs in workers]
        seconds = _seconds_for(*work[0], clock) if len(work) == 1 else _seconds_at_once(work)
        return len(work) * calls / seconds

    return one_round


def median_rates(rounds: Mapping[str, Round], times: int) -> dict[str, float]:
    """The median calls a second of each, over so many rounds; one more goes before, unmeasured."""
    rates: dict[str, list[float]] = {name: [] for name in rounds}
    for number in range(times + 1):
        for name, one_round in rounds.items():
            rate = one_round()
            if number:
                rates[name].append(rate)
    return {name: median(measured) for name, measured in rates.items()}


def least(seconds: Callable[[], float], times: int) -> float:
    """The least of what is measured so many times: for work that is the same each time, and disturbed only upwards."""
    return min(seconds() for _ in range(times))


def _take(jobs: Iterator[Job], calls: int) -> list[Job]:
    taken = list(islice(jobs, calls))
    if len(taken) < calls:
        raise RuntimeError(f"the warehouse has no more work: {len(taken)} calls of {calls} can be made")
    return taken


def _seconds_for(call: Callable[..., object], jobs: Sequence[Job], clock: Clock) -> float:
    started = clock()
    for job in jobs:
        call(*job)
    return clock() - started


def _seconds_at_once(work: Sequence[tuple[Callable[..., object], Sequence[Job]]]) -> float:
    start = Barrier(len(work) + 1)

    def run(call: Callable[..., object], jobs: Sequence[Job]) -> None:
        start.wait()
        _seconds_for(call, jobs, perf_counter)

    with ThreadPoolExecutor(len(work)) as threads:
        running = [threads.submit(run, call, jobs) for call, jobs in work]
        start.wait()
        started = perf_counter()
        for ended in running:
            ended.result()
        return perf_counter() - started
