"""The stress in process: clients on a stepper, where a seed decides who runs, who is killed and who cancels.

Checked are the history (``checker``), and that nothing is left behind: locks, waits, versions, ghosts, index entries.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from emulator.catalog.objects import Table
from emulator.instance import Instance
from emulator.stepping import Actor, Progress, Stepper
from emulator.stepping.stepper import rows_of
from emulator.storage.index import GHOST, IndexStore
from tests.emulator.histories.history import Level
from tests.emulator.histories.report import LOCKING, VERSIONED, VERSIONS_ON, Report, judge
from tests.emulator.histories.statements import FINAL, SETUP
from tests.emulator.histories.workload import ATTENTION, Answer, Client, Recorder, Script


class InProcess:
    """``sessions`` clients on a stepper; the seed decides who runs, who is killed and who cancels."""

    def __init__(
        self,
        seed: int,
        *,
        sessions: int = 20,
        versioned: bool = False,
        fine: bool = False,
        levels: list[Level] | None = None,
        hinted: bool = True,
    ) -> None:
        self.stepper = Stepper(seed=seed, stop_before_locks=fine)
        self.stepper.script(*([VERSIONS_ON] if versioned else []), SETUP)
        self.report = Report(Recorder())
        self._levels = levels or (VERSIONED if versioned else LOCKING)
        self._chance = random.Random(seed)
        self._sessions = sessions
        self._versioned = versioned
        self._hinted = hinted
        self._stopping = False
        self._scripts: dict[Actor, Script] = {}
        self._killed: set[Actor] = set()
        self._cancelled: set[Actor] = set()

    def run(self, enough: Callable[[Report], bool]) -> Report:
        """Run until ``enough``, which is asked before each step, let everybody finish, and check."""
        for _ in range(self._sessions):
            self._begin()
        report, stepper, chance = self.report, self.stepper, self._chance
        while self._scripts:
            if not self._stopping and enough(report):
                self._stopping = True
            runnable = stepper.runnable
            if not runnable:
                if not stepper.pass_time():
                    waits = [f"{wait.actor.name} for {wait.mode} on {wait.resource}" for wait in stepper.waits()]
                    report.problems.append(f"nobody can run: a wake-up was lost; waiting: {waits}")
                    return report
                continue
            report.steps += 1
            actor = chance.choice(runnable)
            if stepper.step(actor) is Progress.ANSWERED:
                self._answered(actor)
            if chance.random() < 0.002:
                self._disturb()
        self._finish()
        return report

    def _begin(self) -> None:
        client = Client(
            self.report.recorder,
            self._chance.randrange(2**32),
            self._levels,
            lambda: self._stopping,
            versioned=self._versioned,
            hinted=self._hinted,
        )
        actor = self.stepper.actor(f"client {len(self.stepper.actors)}")
        script = client.script()
        self._scripts[actor] = script
        self._send(actor, next(script, None))

    def _send(self, actor: Actor, text: str | None) -> None:
        if text is not None:
            actor.batch(text)
            return
        del self._scripts[actor]
        if not actor.session.closed:
            actor.session.close()
        self.stepper.actors.remove(actor)
        if not self._stopping:
            self._begin()

    def _answered(self, actor: Actor) -> None:
        sink = actor.answers.pop()
        error = sink.errors[0].number if sink.errors else None
        if actor in self._killed:
            answer = Answer(lost=True)
        elif actor in self._cancelled:
            self._cancelled.remove(actor)
            answer = Answer(error=ATTENTION)
        else:
            message = sink.errors[0].message if sink.errors else ""
            answer = Answer(rows_of(sink.result_sets[-1]) if sink.result_sets else [], error, message=message)
        self._reply(actor, answer)

    def _reply(self, actor: Actor, answer: Answer) -> None:
        try:
            text = self._scripts[actor].send(answer)
        except StopIteration:
            self._send(actor, None)
        else:
            self._send(actor, text)

    def _disturb(self) -> None:
        """Kill a session, or cancel its request, wherever it is."""
        actor = self._chance.choice(list(self._scripts))
        if actor in self._killed or actor in self._cancelled:
            return
        running = actor.session.task is not None
        if self._chance.random() < 0.3:
            self.report.kills += 1
            self._killed.add(actor)
            actor.kill()
            if not running:
                self._reply(actor, Answer(lost=True))
        elif running:
            self.report.attentions += 1
            self._cancelled.add(actor)
            actor.interrupt()

    def _finish(self) -> None:
        report, instance = self.report, self.stepper.instance
        statistics = instance.locks.statistics
        report.waits, report.deadlocks = sum(statistics.waits.values()), sum(statistics.deadlocks.values())
        report.problems += leaks(instance)
        report.recorder.finish(self.stepper.script(FINAL))
        judge(report)


def leaks(instance: Instance) -> list[str]:
    """What is left behind when all sessions are gone, a line for each."""
    found = [f"session {spid} is left" for spid in instance.sessions]
    found += [f"{task!r} is left" for task in instance.scheduler.tasks]
    if instance.scheduler.next_deadline() is not None:
        found.append("a deadline is left")
    if instance.versions.kept or instance.versions.snapshots:
        found.append(f"{instance.versions.kept} versions and {instance.versions.snapshots} snapshots are left")
    spaces = [instance.security.locks]
    for database in instance.databases.values():
        spaces += [database.locks, database.names, database.application_locks, database.security.locks]
        for table in database.of_kind(Table):
            store = table.store
            assert store is not None
            spaces.append(store.locks)
            for index in (store.base, *store.indexes.values()):
                spaces.append(index.locks)
                found += _faults(index)
                if index.history is not None and (index.history.chains or index.history.departed):
                    found.append(f"{index!r}: versions are left")
            rows = list(store.base.values.items())
            for index in store.indexes.values():
                entries = {index.entry_key(row, key): key for key, row in rows}
                entries.pop(None, None)
                if entries != index.values:
                    found.append(f"{index!r} does not have the entries of the rows")
    found += [f"{space!r}: {len(space.entries)} locks are left" for space in spaces if space.entries]
    return found


def _faults(index: IndexStore) -> list[str]:
    found = []
    if index.ghosts or GHOST in index.values.values():
        found.append(f"{index!r}: ghosts are left")
    if list(index.keys) != sorted(index.values):
        found.append(f"{index!r}: keys and values differ")
    return found
