"""Which session runs next: greenlets on one thread, and the only place where the engine waits.

A *task* is a greenlet that runs one request of a session. It gives up control only at a switch point: when it waits for
a lock (``wait_for``), in WAITFOR (``sleep``), at the end of a statement and every so many rows (``switch_point``), and,
when the explorer asks for it, before each lock request (``lock_point``). Between two switch points nothing else
happens.

Whoever drives the scheduler is the *hub*: the event loop of the server calls ``run`` when there is work and at
``next_deadline``; in-process callers use ``run_until_done``; the explorer picks each task itself with ``step``. Calls
made outside any task work too: a wait then runs the other tasks until it ends.

An *alarm* is a function to be called at a time. It only looks on: whoever waits for nothing but an alarm has stalled.

All time comes from the clock and all choice from ``choose``: the same seed and the same requests give the same history.
"""

from __future__ import annotations

import heapq
import random
import time
from collections import deque
from collections.abc import Callable, Sequence
from enum import Enum
from typing import Any, Protocol

from greenlet import GreenletExit, getcurrent, greenlet

from emulator.locking.manager import LockWait, WaitOutcome

VIRTUAL_START = 1_767_225_600.0
"""Where a virtual clock starts by default: 2026-01-01 00:00:00 UTC."""


class Clock(Protocol):
    """Where time comes from."""

    def monotonic(self) -> float:
        """Seconds since some fixed moment, never going back."""

    def now(self) -> float:
        """The time of day: seconds since 1970-01-01 00:00:00 UTC."""

    def sleep_until(self, deadline: float) -> None:
        """Return when ``monotonic`` has reached ``deadline``."""


class RealClock:
    """The machine's clock."""

    def monotonic(self) -> float:
        return time.monotonic()

    def now(self) -> float:
        return time.time()

    def sleep_until(self, deadline: float) -> None:
        time.sleep(max(0.0, deadline - time.monotonic()))


class VirtualClock:
    """A clock that stands still until somebody waits or ``advance`` is called. Starts at ``start`` (Unix time)."""

    def __init__(self, start: float = VIRTUAL_START) -> None:
        self._start = start
        self._seconds = 0.0

    def monotonic(self) -> float:
        return self._seconds

    def now(self) -> float:
        return self._start + self._seconds

    def sleep_until(self, deadline: float) -> None:
        self._seconds = max(self._seconds, deadline)

    def advance(self, seconds: float) -> None:
        """Let ``seconds`` pass."""
        self._seconds += seconds

    def return_to(self, seconds: float) -> None:
        """Go back to an earlier time, when nobody is left who knows a later one."""
        self._seconds = seconds


class Interrupted(Exception):
    """Raised at a switch point of an interrupted task. ``reason`` is what ``interrupt`` was given."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Stalled(RuntimeError):
    """Somebody waits for something that nothing can bring about: no task can run and no deadline is pending."""


class TaskState(Enum):
    """Where a task stands."""

    RUNNABLE = "runnable"
    RUNNING = "running"
    WAITING = "waiting"
    DONE = "done"


class Task:
    """One request under way. ``wait`` is the lock it waits for, ``deadline`` when its wait or sleep must end."""

    def __init__(self, name: str, function: Callable[[], Any], on_done: Callable[[Task], None] | None) -> None:
        self.name = name
        self.state = TaskState.RUNNABLE
        self.wait: LockWait | None = None
        self.deadline: float | None = None
        self.error: BaseException | None = None
        self._function = function
        self._on_done = on_done
        self._value: Any = None
        self._interruption: str | None = None
        self._worker: _Worker | None = None

    def __repr__(self) -> str:
        return f"<Task {self.name} {self.state.value}>"

    @property
    def done(self) -> bool:
        """Whether the request has ended."""
        return self.state is TaskState.DONE

    def result(self) -> Any:
        """What the function returned; raises what it raised. RuntimeError: not done."""
        if not self.done:
            raise RuntimeError(f"{self!r} is not done")
        if self.error is not None:
            raise self.error
        return self._value

    def _run(self) -> None:
        try:
            self._value = self._function()
        except GreenletExit:
            self.error = Interrupted("closed")
        except BaseException as error:
            self.error = error
        self.state = TaskState.DONE
        if self._on_done is not None:
            self._on_done(self)

    def _raise_if_interrupted(self) -> None:
        if self._interruption is not None:
            reason, self._interruption = self._interruption, None
            raise Interrupted(reason)


class Alarm:
    """Calls ``action`` when the clock has reached ``deadline``, between two switch points. None: it is not set."""

    def __init__(self, action: Callable[[], None]) -> None:
        self.deadline: float | None = None
        self.action = action


class _Worker(greenlet):
    """A greenlet that runs one task after the other: making a greenlet costs more than running a short request."""

    def __init__(self, idle: list[_Worker]) -> None:
        super().__init__(self._serve)
        self.task: Task | None = None
        self._idle = idle

    def _serve(self) -> None:
        while (task := self.task) is not None:
            task._run()
            task._worker = self.task = None
            del task  # an idle worker keeps no session and no result
            self._idle.append(self)
            hub = self.parent
            assert hub is not None
            hub.switch()


def _nothing() -> None:
    """What there is to settle when nobody has asked for it."""


"""``LockManager.acquire``."""
Chooser = Callable[[Sequence[Task]], Task]
"""Picks the next task to run from those that can, given in the order in which they became runnable."""


def seeded_choice(seed: int) -> Chooser:
    """A chooser that picks at random, the same way for the same seed."""
    return random.Random(seed).choice


class Scheduler:
    """Runs tasks. ``choose`` None: first come, first served."""

    def __init__(self, clock: Clock, choose: Chooser | None = None) -> None:
        self.clock = clock
        self.choose = choose
        self.stop_before_locks = False
        """Explorer: switch before every request for the lock of a row and at every row of a scan. Set it before
        sessions begin."""
        self._runnable: deque[Task] = deque()
        self._current: Task | None = None
        self._stepping = False
        self._yield_at: float | None = None
        self._timers: list[tuple[float, int, Task | Alarm]] = []
        self._timer_count = 0
        self._unfinished: dict[Task, None] = {}
        self._settling: list[Task] = []
        self._turns_until_settled = 0
        self._settle: Callable[[], None] = _nothing
        self._idle: list[_Worker] = []

    # -- tasks -------------------------------------------------------------------------------------------------------

    @property
    def current(self) -> Task | None:
        """The task that is running, None outside tasks."""
        return self._current

    @property
    def tasks(self) -> list[Task]:
        """All tasks that are not done, oldest first."""
        return list(self._unfinished)

    @property
    def runnable(self) -> list[Task]:
        """The tasks that could run now."""
        return list(self._runnable)

    def spawn(self, name: str, function: Callable[[], Any], on_done: Callable[[Task], None] | None = None) -> Task:
        """A new task that will run ``function``. ``on_done`` is called, in the task, when it has ended."""
        task = Task(name, function, on_done)
        self._unfinished[task] = None
        self._runnable.append(task)
        return task

    def interrupt(self, task: Task, reason: str = "attention") -> None:
        """Make ``task`` raise ``Interrupted(reason)`` at its next switch point, waking it out of a wait or sleep."""
        if not task.done:
            task._interruption = reason
            self._wake(task)

    def close(self) -> None:
        """End all unfinished tasks, running their ``finally`` clauses. No alarm is set any more."""
        self._check_hub()
        for task in self.tasks:
            if task._worker is not None:
                task._worker.parent = getcurrent()
                task._worker.throw(GreenletExit)
            task.state = TaskState.DONE
        self._unfinished.clear()
        self._runnable.clear()
        self._settling.clear()
        for _, _, timed in self._timers:
            timed.deadline = None
        self._timers.clear()

    # -- called by the engine ----------------------------------------------------------------------------------------

    def switch_point(self) -> None:
        """Let another task run if one can. Interrupted: the task was interrupted."""
        task = self._current
        if task is None:
            return
        if (
            self._runnable
            or self._settling
            or self._stepping
            or (self._yield_at is not None and self.clock.monotonic() >= self._yield_at)
            or (self._timers and self.clock.monotonic() >= self._timers[0][0])
        ):
            self.expire_timers()
            task.state = TaskState.RUNNABLE
            self._runnable.append(task)
            self._to_hub(task)
        if task._interruption is not None:
            task._raise_if_interrupted()

    def lock_point(self) -> None:
        """The switch point before a lock request; one only if ``stop_before_locks``."""
        if self.stop_before_locks:
            self.switch_point()

    def wait_for(self, wait: LockWait, timeout: float | None = None) -> WaitOutcome:
        """Wait until ``wait`` has ended, at most ``timeout`` seconds (None: for ever), and return how it ended.

        ``CANCELLED`` means that the time ran out (error 1222); the request is withdrawn then. Interrupted: the task was
        interrupted while waiting, the request is withdrawn. Stalled: outside a task, nobody can end the wait.
        """
        try:
            if wait.outcome is None and timeout != 0:
                wait.since = self.clock.monotonic()
                deadline = None if timeout is None else wait.since + timeout
                if self._current is None:
                    self._drive(lambda: wait.outcome is not None, deadline, wait)
                else:
                    self._wait_in_task(self._current, wait, deadline)
        finally:
            wait.cancel()
        assert wait.outcome is not None
        return wait.outcome

    def sleep(self, seconds: float) -> None:
        """Do nothing for ``seconds`` (WAITFOR). Interrupted: the task was interrupted."""
        deadline = self.clock.monotonic() + seconds
        if self._current is None:
            self._drive(lambda: False, deadline, None)
        else:
            self._suspend(self._current, deadline)
            self._current._raise_if_interrupted()

    def set_alarm(self, alarm: Alarm, deadline: float) -> None:
        """Have ``alarm`` go off at ``deadline``, which replaces one that was set before."""
        alarm.deadline = deadline
        self._add_timer(deadline, alarm)

    def block(self) -> None:
        """Wait until ``wake``: for the client to take what was sent, say. Interrupted: the task was interrupted."""
        task = self._current
        if task is None:
            raise RuntimeError("only a task can block")
        self._suspend(task, None)
        task._raise_if_interrupted()

    def settle(self, action: Callable[[], None]) -> None:
        """Return when ``action`` has been called, once for all tasks that wait for it: when every task that could run
        has had its turn. For what is dear and serves many at once, such as writing a log through to the disk.

        All tasks must give the same action, which must not raise. An interruption comes at a later switch point.
        """
        task = self._current
        if task is None or self._stepping:
            action()
            return
        if not self._settling:
            self._settle = action
            self._turns_until_settled = len(self._runnable)
        self._settling.append(task)
        task.state = TaskState.WAITING
        self._to_hub(task)

    # -- called by the hub -------------------------------------------------------------------------------------------

    def run(self, max_switches: int | None = None, seconds: float | None = None) -> bool:
        """Run tasks in turn until none can run, or until ``max_switches`` or ``seconds`` are used up.

        With ``max_switches`` every switch point counts, even when no other task can run.
        True: there is more to do at once. After False, come back when something happened or at ``next_deadline``.
        """
        self._check_hub()
        self._yield_at = None if seconds is None else self.clock.monotonic() + seconds
        self._stepping = max_switches is not None
        switches = 0
        try:
            while self._run_one():
                switches += 1
                if switches == max_switches:
                    break
                if self._yield_at is not None and self.clock.monotonic() >= self._yield_at:
                    break
        finally:
            self._yield_at = None
            self._stepping = False
        return bool(self._runnable or self._settling)

    def wake(self, task: Task) -> None:
        """Let a task that called ``block`` go on."""
        self._wake(task)

    def run_until_done(self, task: Task) -> Any:
        """Run all tasks, letting time pass where needed, until ``task`` is done, and return its result.

        Stalled: it waits and nothing can end the wait.
        """
        self._check_hub()
        self._drive(lambda: task.done, None, task.wait)
        return task.result()

    def step(self, task: Task) -> TaskState:
        """Run ``task`` alone up to its next switch point, wait or end. ValueError: it cannot run."""
        self._check_hub()
        self.expire_timers()
        if task.state is not TaskState.RUNNABLE:
            raise ValueError(f"{task!r} cannot run")
        self._runnable.remove(task)
        self._stepping = True
        try:
            self._resume(task)
        finally:
            self._stepping = False
        return task.state

    def next_deadline(self) -> float | None:
        """When, by the clock, the next wait or sleep ends at the latest or an alarm goes off; None if none does."""
        while self._timers:
            deadline, _, timed = self._timers[0]
            if timed.deadline == deadline:
                return deadline
            heapq.heappop(self._timers)
        return None

    @property
    def time_helps(self) -> bool:
        """Whether some wait or sleep has a deadline: without one nothing comes of letting time pass."""
        return any(isinstance(timed, Task) and timed.deadline == deadline for deadline, _, timed in self._timers)

    # -- inside ------------------------------------------------------------------------------------------------------

    def _check_hub(self) -> None:
        if self._current is not None:
            raise RuntimeError("tasks cannot be driven from within a task")

    def _run_one(self) -> bool:
        if self._timers:
            self.expire_timers()
        runnable = self._runnable
        if self._settling:
            if not runnable or self._turns_until_settled <= 0:
                self._end_settling()
            self._turns_until_settled -= 1
        if not runnable:
            return False
        if self.choose is None:
            task = runnable.popleft()
        else:
            task = self.choose(runnable)
            runnable.remove(task)
        self._resume(task)
        return True

    def _resume(self, task: Task) -> None:
        self._current = task
        task.state = TaskState.RUNNING
        worker = task._worker
        if worker is None:
            worker = task._worker = self._idle.pop() if self._idle else _Worker(self._idle)
            worker.task = task
        worker.parent = getcurrent()
        try:
            worker.switch()
        finally:
            self._current = None
            if task.done:
                self._unfinished.pop(task, None)

    def _wait_in_task(self, task: Task, wait: LockWait, deadline: float | None) -> None:
        wait.on_end = lambda _: self._wake(task)
        task.wait = wait
        try:
            self._suspend(task, deadline)
            if wait.outcome is None:
                task._raise_if_interrupted()
        finally:
            task.wait = None
            wait.on_end = None

    def _suspend(self, task: Task, deadline: float | None) -> None:
        """Give up control until woken or, at the latest, at ``deadline``. An interruption pending does not suspend."""
        if task._interruption is not None:
            return
        task.state = TaskState.WAITING
        task.deadline = deadline
        if deadline is not None:
            self._add_timer(deadline, task)
        self._to_hub(task)

    def _add_timer(self, deadline: float, timed: Task | Alarm) -> None:
        self._timer_count += 1
        heapq.heappush(self._timers, (deadline, self._timer_count, timed))

    def _to_hub(self, task: Task) -> None:
        assert task._worker is not None
        hub = task._worker.parent
        assert hub is not None
        hub.switch()

    def _end_settling(self) -> None:
        self._settle()
        settled, self._settling = self._settling, []
        for task in settled:
            self._wake(task)

    def _wake(self, task: Task) -> None:
        if task.state is TaskState.WAITING and task not in self._settling:
            task.state = TaskState.RUNNABLE
            task.deadline = None
            self._runnable.append(task)

    def expire_timers(self) -> None:
        """Wake those whose deadline has passed, and let alarms go off, in the order of their times."""
        deadline = self.next_deadline()
        while deadline is not None and deadline <= self.clock.monotonic():
            timed = heapq.heappop(self._timers)[2]
            if isinstance(timed, Task):
                self._wake(timed)
            else:
                timed.deadline = None
                timed.action()
            deadline = self.next_deadline()

    def _drive(self, finished: Callable[[], bool], deadline: float | None, wait: LockWait | None) -> None:
        """Run tasks from outside any task until ``finished`` or ``deadline``, letting time pass when none can run."""
        while not finished():
            if deadline is not None and self.clock.monotonic() >= deadline:
                return
            if self._run_one():
                continue
            if deadline is None and not self.time_helps:
                raise Stalled(self._describe_stall(wait))
            deadlines = [moment for moment in (deadline, self.next_deadline()) if moment is not None]
            self.clock.sleep_until(min(deadlines))

    def _describe_stall(self, wait: LockWait | None) -> str:
        waits = [task.wait for task in self._unfinished if task.wait is not None]
        if wait is not None and wait not in waits:
            waits.append(wait)
        described = [
            f"session {wait.owner.session.session_id} waits for {wait.mode} on {wait.entry.space.name}"
            f" held by {', '.join(str(owner.session.session_id) for owner, _ in wait.manager.blockers(wait))}"
            for wait in waits
        ]
        return "; ".join(described) or "no task can run and none waits for a lock"
