"""Timing: several short rounds, of which the median counts, so that one disturbed round does not."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from statistics import median
from threading import Barrier
from time import perf_counter

Action = Callable[[], object]


def seconds_for(action: Action, calls: int) -> float:
    """How long so many calls take, one after the other."""
    started = perf_counter()
    for _ in range(calls):
        action()
    return perf_counter() - started


def rate(action: Action, *, calls: int, rounds: int) -> float:
    """Calls a second; each round makes so many calls. One round goes before, unmeasured."""
    seconds_for(action, calls)
    return median(calls / seconds_for(action, calls) for _ in range(rounds))


def rate_together(actions: Sequence[Action], *, calls: int, rounds: int) -> float:
    """Calls a second of all actions together, each in a thread of its own and making so many calls a round."""
    with ThreadPoolExecutor(len(actions)) as threads:
        return median(_one_round(threads, actions, calls) for _ in range(rounds + 1))


def growth(small: Action, large: Action, *, calls: int, rounds: int) -> float:
    """How many times longer `large` takes than `small`; their rounds alternate. One round goes before, unmeasured."""
    seconds_for(small, calls)
    seconds_for(large, calls)
    pairs = [(seconds_for(small, calls), seconds_for(large, calls)) for _ in range(rounds)]
    return median(long for _, long in pairs) / median(short for short, _ in pairs)


def _one_round(threads: ThreadPoolExecutor, actions: Sequence[Action], calls: int) -> float:
    start = Barrier(len(actions) + 1)

    def run(action: Action) -> None:
        start.wait()
        seconds_for(action, calls)

    running = [threads.submit(run, action) for action in actions]
    start.wait()
    started = perf_counter()
    for ended in running:
        ended.result()
    return len(actions) * calls / (perf_counter() - started)
