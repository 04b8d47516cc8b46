"""The lock manager by itself: what an uncontended lock costs, and what share of a run its work is.

The share is measured without slowing the run down: `Recorder` notes every request that the engine makes of its lock
manager, in order, and `replay` makes the same requests of a lock manager alone, against the clock. So it counts
deciding, queueing and granting, not how the engine comes to ask, nor the waits, in which others run.
"""

from collections.abc import Callable, Hashable
from time import process_time
from typing import Any

from emulator.locking.manager import (
    Acquired,
    LockManager,
    LockOwner,
    LockSession,
    LockSpace,
    LockWait,
    ResourceType,
    WaitOutcome,
)
from emulator.locking.modes import LockMode
from harness.bench.figures import MICROSECONDS, Effort, Figure, Figures, Group, Show, Wanted
from harness.bench.measuring import least

PAIRS = 100_000

FIGURES = (Figure("lock_acquire_release", MICROSECONDS, at_most=2),)


def measure(wanted: Wanted, effort: Effort, show: Show) -> Figures:
    """Microseconds for an X lock on a key that nobody else holds, taken and given back: the least of the rounds."""
    show(f"{PAIRS:,} locks")
    return {"lock_acquire_release": least(_acquire_and_release, effort.rounds) / PAIRS * 1e6}


GROUP = Group("Locks", FIGURES, measure)


def _acquire_and_release() -> float:
    manager, owner = LockManager(), LockOwner(LockSession(1))
    space = LockSpace(ResourceType.KEY, "dbo.item.pk_item")
    keys = [(number,) for number in range(PAIRS)]
    started = process_time()
    for key in keys:
        manager.acquire(owner, space, key, LockMode.X)
        manager.release(owner, space, key)
    return process_time() - started


Request = tuple[Callable[..., Any], tuple[Any, ...]]


class Recorder(LockManager):
    """A lock manager that notes what is asked of it. It must be the instance's before sessions are opened."""

    def __init__(self) -> None:
        super().__init__()
        self.requests: list[Request] = []

    def acquire(self, owner: LockOwner, space: LockSpace, key: Hashable, mode: LockMode) -> Acquired:
        self.requests.append((LockManager.acquire, (owner, space, key, mode)))
        return super().acquire(owner, space, key, mode)

    def would_wait(self, owner: LockOwner, space: LockSpace, key: Hashable, mode: LockMode) -> bool:
        self.requests.append((LockManager.would_wait, (owner, space, key, mode)))
        return super().would_wait(owner, space, key, mode)

    def held_mode(self, owner: LockOwner, space: LockSpace, key: Hashable) -> LockMode:
        self.requests.append((LockManager.held_mode, (owner, space, key)))
        return super().held_mode(owner, space, key)

    def release(self, owner: LockOwner, space: LockSpace, key: Hashable) -> None:
        self.requests.append((LockManager.release, (owner, space, key)))
        super().release(owner, space, key)

    def restore(self, owner: LockOwner, space: LockSpace, key: Hashable, previous: LockMode) -> None:
        self.requests.append((LockManager.restore, (owner, space, key, previous)))
        super().restore(owner, space, key, previous)

    def release_all(self, owner: LockOwner) -> None:
        self.requests.append((LockManager.release_all, (owner,)))
        super().release_all(owner)

    def cancel(self, wait: LockWait) -> None:
        # A wait that has ended is only looked at. (None is withdrawn in these runs.)
        if wait.outcome is None:
            raise RuntimeError("a wait was withdrawn: the requests cannot be replayed")
        super().cancel(wait)

    def replay(self) -> float:
        """Seconds on the processor that the requests take. The run must be over, all its locks given back."""
        manager = LockManager()
        requests = [(getattr(manager, function.__name__), arguments) for function, arguments in self.requests]
        started = process_time()
        for request, arguments in requests:
            request(*arguments)
        seconds = process_time() - started
        self._check_that_all_was_granted()
        return seconds - _seconds_of_a_loop(len(requests))

    def _check_that_all_was_granted(self) -> None:
        for _, arguments in self.requests:
            wait = arguments[0].session.wait
            if wait is not None and wait.outcome is not WaitOutcome.GRANTED:
                raise RuntimeError("a lock request of the replay was not granted")


def _seconds_of_a_loop(count: int) -> float:
    """What the loop around so many calls costs by itself."""
    requests = [(_nothing, ())] * count
    started = process_time()
    for request, arguments in requests:
        request(*arguments)
    return process_time() - started


def _nothing() -> None:
    pass
