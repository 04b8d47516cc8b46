"""Who runs when: turns, waits, deadlines, interruptions, and the same history for the same seed."""

import gc
from collections.abc import Callable

import pytest
from greenlet import greenlet

from emulator.locking.manager import (
    Acquired,
    LockManager,
    LockOwner,
    LockSession,
    LockSpace,
    ResourceType,
    WaitOutcome,
)
from emulator.locking.modes import LockMode
from emulator.scheduler import (
    Alarm,
    Interrupted,
    RealClock,
    Scheduler,
    Stalled,
    Task,
    TaskState,
    VirtualClock,
    seeded_choice,
)


class World:
    """A scheduler with a virtual clock, a lock space, and a trace of what happened."""

    def __init__(self, choose: Callable[..., Task] | None = None) -> None:
        self.clock = VirtualClock()
        self.scheduler = Scheduler(self.clock, choose)
        self.locks = LockManager()
        self.space = LockSpace(ResourceType.KEY, "dbo.stock.pk_stock")
        self.owners = [LockOwner(LockSession(51 + number), number) for number in range(10)]
        self.trace: list[str] = []

    def lock(self, owner: int, key: int, timeout: float | None = None) -> WaitOutcome:
        self.scheduler.lock_point()
        if self.locks.acquire(self.owners[owner], self.space, key, LockMode.X) is not Acquired.WAITING:
            return WaitOutcome.GRANTED
        wait = self.owners[owner].session.wait
        assert wait is not None
        return self.scheduler.wait_for(wait, timeout)

    def counting(self, name: str, count: int) -> Callable[[], str]:
        def body() -> str:
            for number in range(count):
                self.trace.append(f"{name}{number}")
                self.scheduler.switch_point()
            return name

        return body


@pytest.fixture
def world() -> World:
    return World()


def test_tasks_take_turns_at_switch_points(world: World) -> None:
    a = world.scheduler.spawn("a", world.counting("a", 3))
    b = world.scheduler.spawn("b", world.counting("b", 2))
    assert not world.scheduler.run()
    assert world.trace == ["a0", "b0", "a1", "b1", "a2"]
    assert (a.result(), b.result()) == ("a", "b")
    assert not world.scheduler.tasks


def test_a_run_stops_when_its_switches_are_used_up_and_goes_on_later(world: World) -> None:
    world.scheduler.spawn("a", world.counting("a", 2))
    world.scheduler.spawn("b", world.counting("b", 2))
    assert world.scheduler.run(max_switches=3)
    assert world.trace == ["a0", "b0", "a1"]
    assert not world.scheduler.run()
    assert world.trace[-1] == "b1"


def test_a_lone_task_gives_way_when_its_time_is_used_up(world: World) -> None:
    def body() -> None:
        for _ in range(5):
            world.clock.advance(1)
            world.scheduler.switch_point()

    task = world.scheduler.spawn("long", body)
    assert world.scheduler.run(seconds=2)
    assert (world.clock.monotonic(), task.state) == (2, TaskState.RUNNABLE)
    assert not world.scheduler.run()
    assert task.done


def test_a_task_waits_until_the_lock_is_released(world: World) -> None:
    def first() -> None:
        world.lock(0, 1)
        world.scheduler.sleep(5)
        world.trace.append("released")
        world.locks.release_all(world.owners[0])

    def second() -> WaitOutcome:
        outcome = world.lock(1, 1)
        world.trace.append("granted")
        return outcome

    world.scheduler.spawn("first", first)
    task = world.scheduler.spawn("second", second)
    world.scheduler.run()
    assert (task.state, task.wait) == (TaskState.WAITING, world.owners[1].session.wait)
    assert world.scheduler.run_until_done(task) is WaitOutcome.GRANTED
    assert world.trace == ["released", "granted"]


def test_ten_tasks_on_one_row_proceed_in_order(world: World) -> None:
    def body(number: int) -> None:
        world.lock(number, 1)
        world.trace.append(str(number))
        world.scheduler.switch_point()
        world.locks.release_all(world.owners[number])

    for number in range(10):
        world.scheduler.spawn(str(number), lambda number=number: body(number))  # type: ignore[misc]
    world.scheduler.run()
    assert world.trace == [str(number) for number in range(10)]
    assert not world.space.entries


def test_a_wait_ends_at_its_time_out_and_withdraws_the_request(world: World) -> None:
    world.locks.acquire(world.owners[0], world.space, 1, LockMode.X)
    task = world.scheduler.spawn("b", lambda: world.lock(1, 1, timeout=3))
    assert world.scheduler.run_until_done(task) is WaitOutcome.CANCELLED
    assert world.clock.monotonic() == 3
    assert world.space.entries[1].queue is None


def test_a_time_out_of_zero_does_not_wait(world: World) -> None:
    world.locks.acquire(world.owners[0], world.space, 1, LockMode.X)
    task = world.scheduler.spawn("b", lambda: world.lock(1, 1, timeout=0))
    world.scheduler.run(max_switches=1)
    assert task.result() is WaitOutcome.CANCELLED


def test_a_deadlock_victim_wakes_with_that_outcome(world: World) -> None:
    outcomes: dict[int, WaitOutcome] = {}

    def body(number: int) -> None:
        world.lock(number, number)
        world.scheduler.switch_point()
        outcomes[number] = world.lock(number, 1 - number)
        world.locks.release_all(world.owners[number])

    world.owners[1].log_used = 1
    tasks = [world.scheduler.spawn(str(n), lambda n=n: body(n)) for n in (0, 1)]  # type: ignore[misc]
    world.scheduler.run()
    assert all(task.done for task in tasks)
    assert outcomes == {0: WaitOutcome.VICTIM, 1: WaitOutcome.GRANTED}


def test_an_interrupted_wait_raises_and_withdraws_the_request(world: World) -> None:
    world.locks.acquire(world.owners[0], world.space, 1, LockMode.X)
    task = world.scheduler.spawn("b", lambda: world.lock(1, 1))
    world.scheduler.run()
    world.scheduler.interrupt(task, "kill")
    world.scheduler.run()
    with pytest.raises(Interrupted, match="kill"):
        task.result()
    assert world.space.entries[1].queue is None


def test_a_lock_granted_before_the_interruption_is_kept_until_the_next_switch_point(world: World) -> None:
    def body() -> None:
        assert world.lock(1, 1) is WaitOutcome.GRANTED
        world.trace.append("granted")
        world.scheduler.switch_point()
        world.trace.append("not reached")

    world.locks.acquire(world.owners[0], world.space, 1, LockMode.X)
    task = world.scheduler.spawn("b", body)
    world.scheduler.run()
    world.locks.release_all(world.owners[0])
    world.scheduler.interrupt(task)
    world.scheduler.run()
    assert isinstance(task.error, Interrupted)
    assert world.trace == ["granted"]


def test_working_and_sleeping_tasks_are_interrupted_too(world: World) -> None:
    working = world.scheduler.spawn("working", world.counting("a", 1000))
    sleeping = world.scheduler.spawn("sleeping", lambda: world.scheduler.sleep(60))
    world.scheduler.run(max_switches=3)
    for task in (working, sleeping):
        world.scheduler.interrupt(task)
    world.scheduler.run()
    assert isinstance(working.error, Interrupted)
    assert isinstance(sleeping.error, Interrupted)
    assert world.clock.monotonic() == 0


def test_sleepers_wake_in_the_order_of_their_deadlines(world: World) -> None:
    def body(seconds: float) -> None:
        world.scheduler.sleep(seconds)
        world.trace.append(f"{seconds} at {world.clock.monotonic()}")

    tasks = [world.scheduler.spawn("sleeper", lambda s=s: body(s)) for s in (3.0, 1.0, 2.0)]  # type: ignore[misc]
    world.scheduler.run()
    assert world.scheduler.next_deadline() == 1
    world.scheduler.run_until_done(tasks[0])
    assert world.trace == ["1.0 at 1.0", "2.0 at 2.0", "3.0 at 3.0"]
    assert world.scheduler.next_deadline() is None


def test_a_busy_task_gives_way_to_a_sleeper_whose_time_has_come(world: World) -> None:
    def busy() -> None:
        for number in range(4):
            world.trace.append(f"busy{number}")
            world.clock.advance(1)
            world.scheduler.switch_point()

    def sleeper() -> None:
        world.scheduler.sleep(2)
        world.trace.append("awake")

    world.scheduler.spawn("sleeper", sleeper)
    world.scheduler.spawn("busy", busy)
    world.scheduler.run()
    assert world.trace == ["busy0", "busy1", "awake", "busy2", "busy3"]


def test_outside_any_task_a_wait_runs_the_others(world: World) -> None:
    def holder() -> None:
        world.lock(0, 1)
        world.scheduler.sleep(5)
        world.locks.release_all(world.owners[0])

    world.scheduler.spawn("holder", holder)
    world.scheduler.run()
    world.scheduler.switch_point()
    assert world.lock(1, 1, timeout=2) is WaitOutcome.CANCELLED
    assert world.lock(1, 1) is WaitOutcome.GRANTED
    assert world.clock.monotonic() == 5
    world.scheduler.sleep(1)
    assert world.clock.monotonic() == 6


def test_a_wait_that_nobody_can_end_is_an_error_that_names_the_holder(world: World) -> None:
    world.locks.acquire(world.owners[0], world.space, 1, LockMode.X)
    with pytest.raises(Stalled, match=r"session 52 waits for X on dbo\.stock\.pk_stock held by 51"):
        world.lock(1, 1)
    assert world.space.entries[1].queue is None
    task = world.scheduler.spawn("c", lambda: world.lock(2, 1))
    with pytest.raises(Stalled, match="session 53 waits"):
        world.scheduler.run_until_done(task)


def test_errors_end_only_their_own_task(world: World) -> None:
    done: list[Task] = []

    def failing() -> None:
        raise LookupError("lost")

    bad = world.scheduler.spawn("bad", failing, done.append)
    good = world.scheduler.spawn("good", world.counting("g", 2), done.append)
    world.scheduler.run()
    with pytest.raises(LookupError):
        bad.result()
    assert good.result() == "g"
    assert done == [bad, good]


def test_a_task_cannot_drive_the_scheduler(world: World) -> None:
    task = world.scheduler.spawn("a", world.scheduler.run)
    world.scheduler.run()
    assert isinstance(task.error, RuntimeError)


def test_closing_runs_cleanups_and_withdraws_requests(world: World) -> None:
    def body() -> None:
        try:
            world.lock(1, 1)
        finally:
            world.trace.append("cleaned up")

    world.locks.acquire(world.owners[0], world.space, 1, LockMode.X)
    task = world.scheduler.spawn("b", body)
    never_started = world.scheduler.spawn("c", body)
    world.scheduler.run(max_switches=1)
    world.scheduler.close()
    assert task.done
    assert never_started.done
    assert world.trace == ["cleaned up"]
    assert world.space.entries[1].queue is None
    assert not world.scheduler.run()


def test_stepping_runs_one_task_to_its_next_switch_point(world: World) -> None:
    a = world.scheduler.spawn("a", world.counting("a", 2))
    b = world.scheduler.spawn("b", world.counting("b", 1))
    assert world.scheduler.step(b) is TaskState.RUNNABLE
    assert world.scheduler.step(a) is TaskState.RUNNABLE
    assert world.scheduler.step(b) is TaskState.DONE
    assert world.scheduler.runnable == [a]
    assert world.trace == ["b0", "a0"]
    with pytest.raises(ValueError, match="cannot run"):
        world.scheduler.step(b)


def test_the_explorer_can_stop_a_task_before_each_lock_request(world: World) -> None:
    world.scheduler.stop_before_locks = True
    a = world.scheduler.spawn("a", lambda: [world.lock(0, 1), world.lock(0, 2)])
    b = world.scheduler.spawn("b", lambda: world.lock(1, 1))
    for _ in range(2):
        world.scheduler.step(a)
    assert list(world.space.entries) == [1]
    world.scheduler.step(b)
    assert world.scheduler.step(b) is TaskState.WAITING
    assert world.scheduler.step(a) is TaskState.DONE
    world.locks.release_all(world.owners[0])
    assert world.scheduler.step(b) is TaskState.DONE


def history(seed: int) -> list[str]:
    world = World(seeded_choice(seed))

    def body(number: int) -> None:
        for turn in range(4):
            key = (number + turn) % 3
            outcome = world.lock(number, key, timeout=2)
            world.trace.append(f"{number} {key} {outcome.value} {world.clock.monotonic()}")
            if outcome is not WaitOutcome.GRANTED:
                break
            world.scheduler.sleep(number / 4)
        world.locks.release_all(world.owners[number])

    for number in range(5):
        world.scheduler.spawn(str(number), lambda number=number: body(number))  # type: ignore[misc]
    for task in world.scheduler.tasks:
        world.scheduler.run_until_done(task)
    assert not world.space.entries
    return world.trace


def test_the_same_seed_gives_the_same_history() -> None:
    histories = [history(seed) for seed in range(20)]
    assert histories == [history(seed) for seed in range(20)]
    assert len({tuple(trace) for trace in histories}) > 10


def test_virtual_time_stands_still_and_moves_on_demand() -> None:
    clock = VirtualClock()
    start = clock.now()
    assert clock.now() == start
    clock.advance(1.5)
    assert (clock.monotonic(), clock.now() - start) == (1.5, 1.5)
    clock.sleep_until(1)
    assert clock.monotonic() == 1.5


def test_real_time_of_day_is_unix_time() -> None:
    seconds_per_year = 365.2425 * 86_400
    assert 2024 < 1970 + RealClock().now() / seconds_per_year < 2200


# Under pressure


def test_tasks_that_settle_share_one_action_when_all_have_had_their_turn(world: World) -> None:
    actions: list[list[str]] = []
    done: list[str] = []

    def act() -> None:
        actions.append(list(world.trace))

    def commit(name: str) -> Callable[[], None]:
        def body() -> None:
            world.trace.append(name)
            world.scheduler.settle(act)
            done.append(name)

        return body

    for name in ("a", "b", "c"):
        world.scheduler.spawn(name, commit(name))
    world.scheduler.run()
    assert actions == [["a", "b", "c"]]
    assert done == ["a", "b", "c"]


def test_a_busy_task_does_not_keep_others_from_settling(world: World) -> None:
    settled: list[int] = []
    busy = world.scheduler.spawn("busy", world.counting("n", 1000))
    world.scheduler.spawn("commit", lambda: world.scheduler.settle(lambda: settled.append(len(world.trace))))
    world.scheduler.run_until_done(busy)
    assert settled
    assert settled[0] < 10


def test_an_interruption_does_not_end_settling_and_comes_at_the_next_switch_point(world: World) -> None:
    acted: list[bool] = []

    def body() -> None:
        world.scheduler.settle(lambda: acted.append(True))
        world.trace.append("settled")
        world.scheduler.switch_point()
        world.trace.append("not reached")

    def interrupting() -> None:
        world.scheduler.interrupt(task)
        world.trace.append("interrupted")

    task = world.scheduler.spawn("commit", body)
    world.scheduler.spawn("other", interrupting)
    world.scheduler.run()
    assert world.trace == ["interrupted", "settled"]
    assert acted == [True]
    assert isinstance(task.error, Interrupted)


def test_thousands_of_tasks_that_fail_wait_or_are_interrupted_leave_no_greenlets_behind(world: World) -> None:
    def alive() -> int:
        gc.collect()
        return sum(isinstance(item, greenlet) and bool(item) for item in gc.get_objects())

    def failing() -> None:
        world.scheduler.switch_point()
        raise ValueError

    def waiting(owner: int) -> Callable[[], object]:
        return lambda: world.lock(owner, 1, 5)

    before = alive()
    for _ in range(20):
        tasks = [world.scheduler.spawn("f", failing) for _ in range(90)]
        tasks += [world.scheduler.spawn("w", waiting(owner)) for owner in range(10)]
        world.scheduler.run()
        for task in tasks[::3]:
            world.scheduler.interrupt(task)
        world.scheduler.run()
        while world.scheduler.tasks:
            world.clock.advance(5)
            world.scheduler.run()
        for owner in world.owners:
            world.locks.release_all(owner)
    assert world.space.entries == {}
    assert world.scheduler.next_deadline() is None
    assert alive() - before <= 101  # those kept for the next tasks: as many as ever ran at once
    world.scheduler.close()
    assert world.scheduler.tasks == []


def test_a_request_for_everything_is_not_starved_by_readers_that_keep_coming(world: World) -> None:
    """First come, first served: readers that come after the writer wait behind it, though they could share."""
    order: list[str] = []

    def holder(owner: int, mode: LockMode, name: str) -> Callable[[], None]:
        def body() -> None:
            if world.locks.acquire(world.owners[owner], world.space, 1, mode) is Acquired.WAITING:
                wait = world.owners[owner].session.wait
                assert wait is not None
                world.scheduler.wait_for(wait)
            order.append(name)
            for _ in range(3):
                world.scheduler.switch_point()
            world.locks.release_all(world.owners[owner])

        return body

    for owner in range(3):
        world.scheduler.spawn("reader", holder(owner, LockMode.S, f"early {owner}"))
    world.scheduler.spawn("writer", holder(3, LockMode.X, "writer"))
    for owner in range(4, 10):
        world.scheduler.spawn("reader", holder(owner, LockMode.S, f"late {owner}"))
    world.scheduler.run()
    assert order == ["early 0", "early 1", "early 2", "writer", *(f"late {owner}" for owner in range(4, 10))]


def test_an_alarm_goes_off_while_time_passes(world: World) -> None:
    alarm = Alarm(lambda: world.trace.append(f"alarm at {world.clock.monotonic()}"))
    world.scheduler.set_alarm(alarm, 2.0)
    world.scheduler.set_alarm(alarm, 1.0)
    sleeper = world.scheduler.spawn("sleeper", lambda: world.scheduler.sleep(3))
    world.scheduler.run_until_done(sleeper)
    assert world.trace == ["alarm at 1.0"]
    assert alarm.deadline is None


def test_who_waits_for_an_alarm_alone_has_stalled(world: World) -> None:
    world.lock(0, 1)
    world.scheduler.set_alarm(Alarm(lambda: None), 1)
    waiting = world.scheduler.spawn("waiter", lambda: world.lock(1, 1))
    with pytest.raises(Stalled):
        world.scheduler.run_until_done(waiting)
    assert world.clock.monotonic() == 0


def test_closing_takes_alarms_back(world: World) -> None:
    alarm = Alarm(lambda: None)
    world.scheduler.set_alarm(alarm, 1.0)
    world.scheduler.close()
    assert alarm.deadline is None
    assert world.scheduler.next_deadline() is None
