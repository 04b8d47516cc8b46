"""The stress over the wire: the same clients as threads with connections, and one more that kills some of them."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from contextlib import closing, suppress

import pyodbc

from harness.connection import EmulatorProcess, Target, connect
from tests.emulator.histories.report import LOCKING, VERSIONED, VERSIONS_ON, Report, judge
from tests.emulator.histories.statements import FINAL, SETUP
from tests.emulator.histories.workload import ATTENTION, EXPECTED, Answer, Answered, Client, Recorder, Script

Look = Callable[[Report], object]
DEFECT = 3624
"""The error of a request on which the emulator itself failed."""
IMPATIENT = 0.3
"""The share of clients that cancel what takes longer than a second."""


def over_the_wire(
    seed: int,
    seconds: float,
    *,
    sessions: int = 20,
    versioned: bool = False,
    look: Look = lambda report: None,
) -> Report:
    """Run for ``seconds``, and check. ``look`` is shown the report so far now and then."""
    with EmulatorProcess(options=("--seed", str(seed))) as emulator:
        return _WireRun(emulator.target, seed, seconds, sessions, look, versioned=versioned).run()


class _WireRun:
    def __init__(
        self,
        target: Target,
        seed: int,
        seconds: float,
        sessions: int,
        look: Look,
        *,
        versioned: bool,
    ) -> None:
        self._target = target
        self._look = look
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
                time.sleep(0.2)  # how often somebody is disturbed
                self._kill_one(administrator)
                self._look(self.report)
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
                if chance.random() < IMPATIENT:
                    connection.timeout = 1
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
        report.attentions = report.recorder.errors[ATTENTION]
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
        if error.args[0] == "HYT00":
            return Answer(error=ATTENTION)
        if f"({DEFECT})" in str(error):
            return Answer(error=DEFECT, message=str(error))
        if error.args[0] in ("08S01", "08001", "HY000", "01000") or "(596)" in str(error):
            return Answer(lost=True)
        return Answer(error=-2, message=str(error))
