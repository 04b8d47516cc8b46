"""Sessions of an instance of their own, run one step at a time by whoever chooses the order.

A step ends at the next switch point: the end of a statement, a wait for a lock, WAITFOR, 256 rows of a scan; with
``stop_before_locks`` also before each request for the lock of a row and each row of a scan. Nothing happens between
steps, time included: the clock is virtual and moves only when it is told to, or when ``run`` finds nobody else to run.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from emulator.instance import Instance
from emulator.locking.manager import LockWait
from emulator.results import Collector
from emulator.scheduler import Scheduler, Stalled, Task, TaskState, VirtualClock
from emulator.session import Session
from emulator.stepping.rewinding import Rewinder
from emulator.stepping.tracing import ChangeTracer, Event, EventKind, ObservedLocks
from emulator.storage.transaction import Transaction
from emulator.types.external import from_python, to_python
from emulator.types.sqltype import SqlType


class Progress(Enum):
    """How a step ended."""

    SWITCH_POINT = "switch point"
    """The session could go on."""
    WAITING = "waiting"
    """It waits for a lock, or in WAITFOR."""
    ANSWERED = "answered"
    """Its request has ended."""


@dataclass(frozen=True, slots=True)
class Wait:
    """``actor`` waits for ``resource`` in ``mode``, because ``holders`` have it or come first, in their modes.

    ``resource`` is the table, or the table and index with the key: ``dbo.stock.pk_stock (3,)``. ``deadline`` is the
    clock's time at which LOCK_TIMEOUT ends the wait.
    """

    actor: Actor
    resource: str
    mode: str
    holders: tuple[tuple[Actor, str], ...]
    deadline: float | None


@dataclass(frozen=True, slots=True)
class Argument:
    """An argument of a call: what the engine asks of one that came over the wire."""

    name: str
    type: SqlType
    value: Any
    output: bool = False
    default: bool = False


class Actor:
    """A session with the requests that it is to run in turn. ``answers`` are what they produced, so far or in all."""

    def __init__(self, stepper: Stepper, name: str, session: Session) -> None:
        self.name = name
        self.session = session
        self.answers: list[Collector] = []
        self._stepper = stepper
        self._requests: deque[tuple[str, Callable[[Collector], None]]] = deque()
        self._task: Task | None = None

    def __repr__(self) -> str:
        return f"<Actor {self.name}>"

    def batch(self, text: str) -> Actor:
        """Add a batch of T-SQL to what the session is to run."""
        self._requests.append((text, lambda sink: self.session.run_batch(text, sink)))
        return self

    def call(self, procedure: str, *positional: Any, **named: Any) -> Actor:
        """Add a call of a procedure, with Python values."""
        arguments = [Argument("", *from_python(value)) for value in positional]
        arguments += [Argument(f"@{name}", *from_python(value)) for name, value in named.items()]
        self._requests.append((procedure, lambda sink: self.session.run_rpc(procedure, arguments, sink)))
        return self

    @property
    def busy(self) -> bool:
        """Whether a request is running or is yet to run."""
        return self._task is not None or bool(self._requests)

    @property
    def can_run(self) -> bool:
        """Whether ``Stepper.step`` can run it."""
        return bool(self._requests) if self._task is None else self._task.state is TaskState.RUNNABLE

    def interrupt(self) -> None:
        """Cancel the running request, as a client's attention does."""
        self.session.interrupt()

    def kill(self) -> None:
        """End the session, as KILL does."""
        self._requests.clear()
        self.session.kill()

    @property
    def rows(self) -> list[tuple[Any, ...]]:
        """The rows of the last result set of its latest request, as Python values; none if it has no result set."""
        results = self.answers[-1].result_sets if self.answers else []
        return rows_of(results[-1]) if results else []

    @property
    def errors(self) -> list[int]:
        """The numbers of the errors of all its requests so far."""
        return [error.number for answer in self.answers for error in answer.errors]

    def _begin_request(self) -> Task:
        text, request = self._requests.popleft()
        sink = Collector()
        self.answers.append(sink)
        self._stepper.note(Event(self.session.spid, EventKind.REQUEST, (text,)))
        self._task = self.session.instance.scheduler.spawn(self.name, lambda: request(sink))
        return self._task


Choice = Callable[[Sequence[Actor]], Actor]
"""Picks the next to run from those that can, in the order in which they joined."""


class Stepper:
    """A server of its own with actors to step. ``seed`` is that of the server's random numbers.

    ``traced``: keep the history in ``trace`` (it costs time). ``instance`` can be used as any other to set things up,
    while no actor has a request under way.
    """

    def __init__(
        self, *, seed: int = 0, database: str = "lockstep", stop_before_locks: bool = False, traced: bool = False
    ) -> None:
        self.clock = VirtualClock()
        self.trace: list[Event] = []
        self.actors: list[Actor] = []
        scheduler = Scheduler(self.clock)
        scheduler.stop_before_locks = stop_before_locks
        locks = ObservedLocks(self.note) if traced else None
        self.instance = Instance(clock=self.clock, seed=seed, database=database, scheduler=scheduler, locks=locks)
        self._traced = traced
        self._changes = ChangeTracer(self.note)
        self._rewinder = Rewinder(self.instance)
        self.instance.log = self

    # -- sessions ----------------------------------------------------------------------------------------------------

    def actor(self, name: str, login: str = "sa") -> Actor:
        """A new session."""
        made = Actor(self, name, self.instance.open_session(login))
        self.actors.append(made)
        return made

    def script(self, *batches: str) -> list[tuple[Any, ...]]:
        """Run batches in a session of their own, to the end, and return the rows of the last result set.

        SqlError: the first error.
        """
        session = self.instance.open_session()
        try:
            for text in batches:
                sink = Collector()
                session.run_batch(text, sink)
                if sink.errors:
                    raise sink.errors[0]
        finally:
            session.close()
        return rows_of(sink.result_sets[-1]) if batches and sink.result_sets else []

    # -- stepping ----------------------------------------------------------------------------------------------------

    @property
    def runnable(self) -> list[Actor]:
        """Those that can run now."""
        return [actor for actor in self.actors if actor.can_run]

    def step(self, actor: Actor) -> Progress:
        """Run ``actor`` to its next switch point. ValueError: it has nothing to run, or waits.

        What the engine raises beside errors of T-SQL (a defect) comes out of here.
        """
        scheduler = self.instance.scheduler
        task = actor._task
        if task is None:
            if not actor._requests:
                raise ValueError(f"{actor!r} has nothing to run")
            task = actor._begin_request()
        self.note(Event(actor.session.spid, EventKind.SWITCH))
        state = scheduler.step(task)
        if self._traced:
            self._changes.look(actor.session.transaction)
        if state is not TaskState.DONE:
            return Progress.SWITCH_POINT if state is TaskState.RUNNABLE else Progress.WAITING
        actor._task = None
        self.note(Event(actor.session.spid, EventKind.ANSWER, tuple(e.number for e in actor.answers[-1].errors)))
        task.result()
        return Progress.ANSWERED

    def run(self, choose: Choice = lambda actors: actors[0], steps: int | None = None) -> int:
        """Step whom ``choose`` picks until nobody has anything to do, or ``steps`` were made; their number.

        When all wait, time passes to the next deadline. Stalled: there is none.
        """
        made = 0
        while made != steps:
            runnable = self.runnable
            if runnable:
                self.step(choose(runnable))
                made += 1
            elif not any(actor.busy for actor in self.actors):
                break
            elif not self.pass_time():
                raise Stalled("; ".join(_described(wait) for wait in self.waits()))
        return made

    def pass_time(self) -> bool:
        """Let time pass to the next deadline: the end of a WAITFOR or of a LOCK_TIMEOUT, or an alarm before that.

        False: nobody waits for a time.
        """
        scheduler = self.instance.scheduler
        deadline = scheduler.next_deadline()
        if deadline is None or not scheduler.time_helps:
            return False
        self.clock.sleep_until(deadline)
        scheduler.expire_timers()
        return True

    # -- looking -----------------------------------------------------------------------------------------------------

    def waits(self) -> list[Wait]:
        """Who waits for which lock, and because of whom."""
        found = []
        for actor in self.actors:
            wait = None if actor._task is None else actor._task.wait
            if actor._task is not None and wait is not None and wait.outcome is None:
                found.append(self._wait(actor, wait, actor._task))
        return found

    def _wait(self, actor: Actor, wait: LockWait, task: Task) -> Wait:
        by_session = {other.session.locking: other for other in self.actors}
        blockers = self.instance.locks.blockers(wait)
        holders = tuple((by_session[owner.session], str(mode.name)) for owner, mode in blockers)
        key = f" {wait.entry.key!r}" if wait.entry.key != () else ""
        return Wait(actor, f"{wait.entry.space.name}{key}", wait.mode.name, holders, task.deadline)

    # -- saving and restoring ----------------------------------------------------------------------------------------

    def save(self) -> None:
        """Make the present the state to return to. ValueError: a request or a transaction is under way."""
        self._saved_actors = len(self.actors)
        self._rewinder.save()

    def restore(self) -> None:
        """Return to the saved state: data, counters, clock, random numbers. Actors that came since are gone.

        ValueError: nothing was saved.
        """
        self._rewinder.restore()
        del self.actors[self._saved_actors :]
        for actor in self.actors:
            actor._requests.clear()
            actor._task = None
            actor.answers.clear()
        self.trace.clear()

    # -- what the engine calls ---------------------------------------------------------------------------------------

    def commit(self, transaction: Transaction) -> None:
        """A transaction commits (``CommitLog``)."""
        if self._traced:
            self._changes.look(transaction)
        self._rewinder.keep(transaction)

    def flush(self) -> None:
        """Nothing: commits are made final as they come."""

    def checkpoint(self) -> None:
        """CHECKPOINT: nothing is kept."""

    def note(self, event: Event) -> None:
        """Add to the history."""
        if self._traced:
            self.trace.append(event)


def rows_of(result: Any) -> list[tuple[Any, ...]]:
    """The rows of a result set as Python values."""
    return list(_python_rows(result))


def _python_rows(result: Any) -> Iterator[tuple[Any, ...]]:
    types = [column.type for column in result.columns]
    for row in result.rows:
        yield tuple([None if value is None else to_python(kind, value) for kind, value in zip(types, row, strict=True)])


def _described(wait: Wait) -> str:
    holders = ", ".join(f"{actor.name} ({mode})" for actor, mode in wait.holders)
    return f"{wait.actor.name} waits for {wait.mode} on {wait.resource}, held by {holders}"
