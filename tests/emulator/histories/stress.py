"""Many clients with random transactions, in process under a seeded scheduler or over the wire; then the checks.

    python -m tests.emulator.histories.stress --seconds 60 [--seed 1] [--sessions 20] [--wire]

Checked are the history (``checker``), and that nothing is left behind: locks, waits, versions, ghosts, index entries.
"""

from __future__ import annotations

import argparse
import logging
import random
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field

import pyodbc

from emulator.catalog.objects import Table
from emulator.instance import Instance
from emulator.stepping import Actor, Progress, Stepper
from emulator.stepping.stepper import rows_of
from emulator.storage.index import GHOST, IndexStore
from harness.connection import EmulatorProcess, Target, connect
from tests.emulator.histories.checker import Violation, check
from tests.emulator.histories.history import Level, Outcome
from tests.emulator.histories.statements import FINAL, SETUP
from tests.emulator.histories.workload import ATTENTION, EXPECTED, Answer, Answered, Client, Recorder, Script

LOCKING = [Level.READ_UNCOMMITTED, Level.READ_COMMITTED, Level.REPEATABLE_READ, Level.SERIALIZABLE]
VERSIONED = [*LOCKING, Level.SNAPSHOT]
VERSIONS_ON = (
    "ALTER DATABASE lockstep SET ALLOW_SNAPSHOT_ISOLATION ON; ALTER DATABASE lockstep SET READ_COMMITTED_SNAPSHOT ON"
)


@dataclass
class Report:
    """What a run came to. ``problems`` are lines, each enough to fail."""

    recorder: Recorder
    steps: int = 0
    kills: int = 0
    attentions: int = 0
    waits: int = 0
    deadlocks: int = 0
    problems: list[str] = field(default_factory=list)

    @property
    def counts(self) -> dict[str, int]:
        outcomes = [item.outcome for item in self.recorder.history.transactions]
        return {outcome.value: outcomes.count(outcome) for outcome in Outcome}

    def __str__(self) -> str:
        errors = ", ".join(f"{number}: {times}" for number, times in sorted(self.recorder.errors.items()))
        return (
            f"{self.counts}; {self.steps} steps, {self.waits} waits, {self.deadlocks} deadlocks, {self.kills} kills,"
            f" {self.attentions} attentions; errors {errors}"
        )


# --- In process -------------------------------------------------------------------------------------------------------


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
        """Run until ``enough``, let everybody finish, and check."""
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
        spaces += [database.locks, database.application_locks, database.security.locks]
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


def judge(report: Report) -> None:
    """Add what the history shows, and errors that nothing explains."""
    violations: list[Violation] = check(report.recorder.history)
    report.problems += [str(violation) for violation in violations]
    report.problems += [f"nothing explains: {strange}" for strange in report.recorder.strange]


# --- Over the wire ----------------------------------------------------------------------------------------------------


def over_the_wire(seed: int, seconds: float, *, sessions: int = 20, versioned: bool = False) -> Report:
    """The same clients as threads with connections, and one more that kills some of them."""
    with EmulatorProcess(options=("--seed", str(seed))) as emulator:
        return _WireRun(emulator.target, seed, seconds, sessions, versioned=versioned).run()


class _WireRun:
    def __init__(self, target: Target, seed: int, seconds: float, sessions: int, *, versioned: bool) -> None:
        self._target = target
        self._chance = random.Random(seed)
        self._seconds = seconds
        self._sessions = sessions
        self._levels = VERSIONED if versioned else LOCKING
        self._versioned = versioned
        self._spids: dict[int, int] = {}
        self._stopped = threading.Event()
        self.report = Report(Recorder())

    def run(self) -> Report:
        with closing(connect(self._target)) as administrator:
            for text in (*VERSIONS_ON.split(";"), SETUP) if self._versioned else (SETUP,):
                administrator.execute(text)
            seeds = [self._chance.randrange(2**32) for _ in range(self._sessions)]
            threads = [threading.Thread(target=self._client, args=(seed,)) for seed in seeds]
            for thread in threads:
                thread.start()
            end = time.monotonic() + self._seconds
            while time.monotonic() < end:
                time.sleep(0.2)  # how often somebody is killed
                self._kill_one(administrator)
            self._stopped.set()
            for thread in threads:
                thread.join(60)
                if thread.is_alive():
                    self.report.problems.append("a client does not come to an end: a wake-up was lost")
                    return self.report
            self._finish(administrator)
        return self.report

    def _client(self, seed: int) -> None:
        chance = random.Random(seed)
        while not self._stopped.is_set():
            client = Client(
                self.report.recorder,
                chance.randrange(2**32),
                self._levels,
                self._stopped.is_set,
                versioned=self._versioned,
            )
            with closing(connect(self._target)) as connection, suppress(pyodbc.OperationalError):
                self._spids[seed] = connection.execute("SELECT @@SPID").fetchval()
                drive(client.script(), connection)

    def _kill_one(self, administrator: pyodbc.Connection) -> None:
        if not self._spids:
            return
        try:
            administrator.execute(f"KILL {self._chance.choice(list(self._spids.values()))}")
            self.report.kills += 1
        except pyodbc.Error as error:
            if "(6106)" not in str(error):
                raise

    def _finish(self, administrator: pyodbc.Connection) -> None:
        report = self.report
        report.recorder.finish([tuple(row) for row in administrator.execute(FINAL).fetchall()])
        left = administrator.execute(
            "SELECT (SELECT COUNT(*) FROM sys.dm_tran_locks WHERE resource_type <> 'DATABASE'),"
            " (SELECT COUNT(*) FROM sys.dm_os_waiting_tasks WHERE wait_type LIKE 'LCK%'),"
            " (SELECT COUNT(*) FROM sys.dm_tran_active_snapshot_database_transactions)"
        ).fetchone()
        if tuple(left) != (0, 0, 0):
            report.problems.append(f"locks, waits and snapshots are left: {tuple(left)}")
        counter = (
            "SELECT cntr_value FROM sys.dm_os_performance_counters WHERE instance_name = '_Total' AND counter_name ="
        )
        report.waits = administrator.execute(f"{counter} 'Lock Waits/sec'").fetchval()
        report.deadlocks = administrator.execute(f"{counter} 'Number of Deadlocks/sec'").fetchval()
        judge(report)


def drive(script: Script, connection: pyodbc.Connection) -> None:
    """Send what the script says, and tell it what came back, to its end."""
    answer: Answer | None = None
    while True:
        try:
            text = next(script) if answer is None else script.send(answer)
        except StopIteration:
            return
        answer = _answer(connection, text)


def _answer(connection: pyodbc.Connection, text: str) -> Answer:
    rows: list[Answered] = []
    try:
        cursor = connection.execute(text)
        while True:
            if cursor.description is not None:
                rows = [tuple(row) for row in cursor.fetchall()]
            if not cursor.nextset():
                return Answer(rows)
    except pyodbc.Error as error:
        numbers = [number for number in EXPECTED if f"({number})" in str(error)]
        if numbers:
            return Answer(error=numbers[0])
        if error.args[0] in ("08S01", "08001", "HY000", "01000") or "(596)" in str(error):
            return Answer(lost=True)
        return Answer(error=-2, message=str(error))


# --- The command ------------------------------------------------------------------------------------------------------


def quiet() -> None:
    """Let deadlocks, which are many here, not be logged."""
    logging.getLogger("emulator").setLevel(logging.ERROR)


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status 1 when anything is wrong."""
    parser = argparse.ArgumentParser(
        prog="make stress", description="Random transactions, and the checks of histories."
    )
    parser.add_argument("--seconds", type=float, default=60, help="of load in each part (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="the first seed (default: %(default)s)")
    parser.add_argument("--sessions", type=int, default=20, help="(default: %(default)s)")
    options = parser.parse_args(arguments)
    quiet()
    failed = False
    for versioned in (False, True):
        failed |= _say(f"in process, versions {versioned}", _many_in_process(options, versioned=versioned))
        wire = over_the_wire(options.seed, options.seconds, sessions=options.sessions, versioned=versioned)
        failed |= _say(f"over the wire, versions {versioned}, seed {options.seed}", [wire])
    return int(failed)


def _many_in_process(options: argparse.Namespace, *, versioned: bool) -> list[Report]:
    """Runs with one seed after the other until the time is up, half of them stopping before each lock."""
    reports: list[Report] = []
    end = time.monotonic() + options.seconds
    seed = options.seed
    while time.monotonic() < end:
        run = InProcess(seed, sessions=options.sessions, versioned=versioned, fine=bool(seed % 2))
        report = run.run(lambda so_far: len(so_far.recorder.history.transactions) >= 1500)
        report.problems = [f"seed {seed}: {problem}" for problem in report.problems]
        reports.append(report)
        seed += 1
    return reports


def _say(title: str, reports: list[Report]) -> bool:
    print(f"== {title}: {len(reports)} runs")
    for report in reports:
        print(report)
        for problem in report.problems:
            print(f"PROBLEM {problem}")
    sys.stdout.flush()
    return any(report.problems for report in reports)


if __name__ == "__main__":
    sys.exit(main())
