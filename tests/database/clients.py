"""Clients that work at the same time: each a thread with a session of its own.

Waiting is seen in sys.dm_tran_locks, never assumed after some time. A call that waits for ever is cancelled in the end,
so that a failed test does not hang.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from threading import Barrier
from typing import Generic, TypeVar

from harness.connection import Session, SqlServerError, Target, open_session
from tests.database.warehouse import PATIENCE_SECONDS, Warehouse, spid_of

T = TypeVar("T")


class Pending(Generic[T]):
    """A call under way."""

    def __init__(self, spid: int, session: Session, future: "Future[T]") -> None:
        self.spid = spid
        self.session = session
        self._future = future

    def await_waiting(self, warehouse: Warehouse) -> None:
        """Return once the call waits for a lock. AssertionError, or the call's own error, if it ends without."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not warehouse.is_waiting(self.spid):
            assert not self._future.done(), f"the call did not wait but ended: {self._future.result()!r}"
            assert time.monotonic() < deadline, "the call does not wait for any lock"

    def result(self) -> T:
        """What the call returned, waiting for it. Raises what the call raised."""
        return self._future.result(PATIENCE_SECONDS)


@contextmanager
def begun(target: Target, job: Callable[[Session], T]) -> Iterator[Pending[T]]:
    """Run one job beside the test."""
    with open_session(target, query_timeout=PATIENCE_SECONDS) as session, ThreadPoolExecutor(1) as thread:
        spid = spid_of(session)
        yield Pending(spid, session, thread.submit(job, session))


def together(target: Target, jobs: Sequence[Callable[[Session], T]]) -> list[T]:
    """Run the jobs at the same time, begun at one moment; their results in their order. Raises what one raises."""
    start = Barrier(len(jobs))

    def run(job: Callable[[Session], T]) -> T:
        with open_session(target, query_timeout=PATIENCE_SECONDS) as session:
            start.wait(PATIENCE_SECONDS)
            return job(session)

    with ThreadPoolExecutor(len(jobs)) as threads:
        return [future.result() for future in [threads.submit(run, job) for job in jobs]]


def one_after_another(calls: Sequence[Callable[[Session], T]]) -> Callable[[Session], list[T | SqlServerError]]:
    """A job that makes these calls in their order and lists what each returned or failed with."""

    def work(session: Session) -> list[T | SqlServerError]:
        results: list[T | SqlServerError] = []
        for call in calls:
            try:
                results.append(call(session))
            except SqlServerError as error:
                results.append(error)
        return results

    return work
