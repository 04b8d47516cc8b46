"""The lock manager against a naive model: plain lists, pairwise comparisons, no tallies."""

from collections.abc import Iterator
from dataclasses import dataclass

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from emulator.locking.deadlock import Deadlock
from emulator.locking.manager import (
    Acquired,
    LockManager,
    LockOwner,
    LockSession,
    LockSpace,
    ResourceType,
    WaitOutcome,
)
from emulator.locking.modes import COMBINED, UNIT, LockMode, compatible

KEYS = [1, 2, 3]
OBJECT_MODES = [LockMode(number) for number in range(1, 13)]
KEY_MODES = [LockMode.S, LockMode.U, LockMode.X, *(LockMode(number) for number in range(13, 22))]


@dataclass
class Request:
    owner: int
    mode: LockMode
    converting: bool


class Model:
    """One resource: who holds it in which mode how often, and who waits."""

    def __init__(self) -> None:
        self.held: dict[int, tuple[LockMode, int]] = {}
        self.queue: list[Request] = []

    def free(self, owner: int, mode: LockMode) -> bool:
        return all(compatible(held, mode) for other, (held, _) in self.held.items() if other != owner)

    def grant(self, owner: int, mode: LockMode) -> None:
        self.held[owner] = (mode, self.held.get(owner, (mode, 0))[1] + 1)

    def acquire(self, owner: int, mode: LockMode) -> bool:
        """True: granted."""
        held = self.held[owner][0] if owner in self.held else LockMode.NL
        combined = COMBINED[held][mode]
        assert combined is not None
        request = Request(owner, combined, held not in (LockMode.NL, LockMode.SCH_S))
        granted = combined is held or self.passes(request, self.queue)
        if granted:
            self.grant(owner, request.mode)
        else:
            self.queue.append(request)
            self.queue.sort(key=lambda queued: not queued.converting)
        return granted

    def passes(self, request: Request, ahead: list[Request]) -> bool:
        return self.free(request.owner, request.mode) and not any(self.barring(request, ahead))

    def barring(self, request: Request, ahead: list[Request]) -> Iterator[Request]:
        """The requests in its way: who waits for Sch-M waits for everybody who holds anything."""
        for other in ahead:
            waits_for_it = request.owner in self.held and other.mode is LockMode.SCH_M
            if not (request.converting or waits_for_it or compatible(other.mode, request.mode)):
                yield other

    def serve(self) -> None:
        position = 0
        while position < len(self.queue):
            request = self.queue[position]
            if self.passes(request, self.queue[:position]):
                self.grant(request.owner, request.mode)
                del self.queue[position]
            else:
                position += 1

    def withdraw(self, owner: int) -> None:
        self.queue = [request for request in self.queue if request.owner != owner]
        self.serve()

    def release(self, owner: int, *, wholly: bool) -> None:
        mode, count = self.held.pop(owner)
        if count > 1 and not wholly:
            self.held[owner] = (mode, count - 1)
        else:
            self.serve()

    def blockers(self, owner: int) -> set[int]:
        position, request = next((n, r) for n, r in enumerate(self.queue) if r.owner == owner)
        found = {other for other, (held, _) in self.held.items() if not compatible(held, request.mode)} - {owner}
        return found | {ahead.owner for ahead in self.barring(request, self.queue[:position])}


class LockingMachine(RuleBasedStateMachine):
    modes: list[LockMode]

    @initialize(modes=st.sampled_from([OBJECT_MODES, KEY_MODES]))
    def start(self, modes: list[LockMode]) -> None:
        self.modes = modes
        self.reports: list[Deadlock] = []
        self.locks = LockManager(self.reports.append)
        self.space = LockSpace(ResourceType.KEY, "index")
        self.owners = [LockOwner(LockSession(number), number) for number in range(5)]
        self.model = {key: Model() for key in KEYS}

    def idle(self) -> list[int]:
        return [owner.owner_id for owner in self.owners if not owner.session.blocked]

    @precondition(lambda self: self.idle())
    @rule(data=st.data(), key=st.sampled_from(KEYS))
    def acquire(self, data: st.DataObject, key: int) -> None:
        number = data.draw(st.sampled_from(self.idle()))
        mode = data.draw(st.sampled_from(self.modes))
        owner = self.owners[number]
        expected_wait = self.locks.would_wait(owner, self.space, key, mode)
        held_before = self.locks.held_mode(owner, self.space, key)
        reports_before = len(self.reports)
        outcome = self.locks.acquire(owner, self.space, key, mode)
        assert self.model[key].acquire(number, mode) == (outcome is not Acquired.WAITING) == (not expected_wait)
        held_now = self.locks.held_mode(owner, self.space, key)
        if outcome is Acquired.NEW:
            assert held_before is LockMode.NL
        elif outcome is Acquired.COVERED:
            assert held_now is held_before is not LockMode.NL
        elif outcome is Acquired.CONVERTED:
            assert held_now is not held_before is not LockMode.NL
        for report in self.reports[reports_before:]:
            self.check_deadlock(report, number)

    def check_deadlock(self, report: Deadlock, requester: int) -> None:
        parts = report.participants
        assert requester in {part.session_id for part in parts}
        for part, following in zip(parts, (*parts[1:], parts[0]), strict=True):
            assert part.blocking_session_id == following.session_id
            assert following.session_id in self.model[part.key].blockers(part.session_id)
        assert parts[0].session_id == requester
        victim = min(parts, key=lambda part: (part.deadlock_priority, part.log_used))
        assert victim.session_id == report.victim_session_id
        self.model[victim.key].withdraw(victim.session_id)

    @rule(data=st.data())
    def release_one(self, data: st.DataObject) -> None:
        held = [(owner, entry.key) for owner in self.owners if not owner.session.blocked for entry in owner.locks]
        if held:
            owner, key = data.draw(st.sampled_from(held))
            assert isinstance(key, int)
            self.locks.release(owner, self.space, key)
            self.model[key].release(owner.owner_id, wholly=False)

    @precondition(lambda self: self.idle())
    @rule(data=st.data(), log_used=st.integers(0, 3), priority=st.integers(-2, 2))
    def end_transaction(self, data: st.DataObject, log_used: int, priority: int) -> None:
        number = data.draw(st.sampled_from(self.idle()))
        owner = self.owners[number]
        keys = [entry.key for entry in owner.locks]
        self.locks.release_all(owner)
        for key in keys:
            assert isinstance(key, int)
            self.model[key].release(number, wholly=True)
        owner.log_used = log_used
        owner.session.deadlock_priority = priority

    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        waiting = [owner for owner in self.owners if owner.session.blocked]
        if waiting:
            wait = data.draw(st.sampled_from(waiting)).session.wait
            assert wait is not None
            wait.cancel()
            assert wait.outcome is WaitOutcome.CANCELLED
            self.model[wait.entry.key].withdraw(wait.owner.owner_id)  # type: ignore[index]

    @invariant()
    def entries_agree_with_the_model(self) -> None:
        for key, model in self.model.items():
            entry = self.space.entries.get(key)
            if entry is None:
                assert not model.held
                assert not model.queue
                continue
            held = {owner.owner_id: (mode, owner.locks[entry]) for owner, mode in entry.granted.items()}
            assert held == model.held
            queued = [Request(wait.owner.owner_id, wait.mode, wait.converts) for wait in entry.queue or ()]
            assert queued == model.queue
            assert held or queued
            assert entry.tally == sum(UNIT[mode] for mode, _ in held.values())

    @invariant()
    def every_waiter_is_blocked_and_no_cycle_is_left(self) -> None:
        graph = self.locks.waits_for(owner.session for owner in self.owners)
        assert all(graph.values())
        while ends := [session for session, blockers in graph.items() if not any(b in graph for b in blockers)]:
            for session in ends:
                del graph[session]
        assert not graph

    def teardown(self) -> None:
        if not hasattr(self, "owners"):
            return
        while any(owner.session.blocked or owner.locks for owner in self.owners):
            for number in self.idle():
                self.locks.release_all(self.owners[number])
        assert not self.space.entries


LockingMachine.TestCase.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
TestLocking = LockingMachine.TestCase
