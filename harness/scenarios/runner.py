"""Runs the permutations of a scenario, each in a scratch database and with sessions of its own.

A step is begun when the one before it has *settled*: it has ended, or the server says that its session waits for a lock
which nobody is about to give back. So nothing depends on how fast anything is:

- A session is taken to wait when ``sys.dm_os_waiting_tasks`` shows it, and all that it waits for, directly or not, are
  idle sessions of the scenario. Whoever waits in a cycle is in a deadlock that the server has yet to break (SQL
  Server looks for them every five seconds at most), so that is waited for.
- A wait under a LOCK_TIMEOUT of up to ten seconds is waited for, too: it ends by itself.
- The step of a session that waits is held back until the session can run it.

Documentation: "sys.dm_os_waiting_tasks", "Deadlocks guide" (deadlock detection), "SET LOCK_TIMEOUT".
"""

from __future__ import annotations

import re
import secrets
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace

import pyodbc

from harness.connection import Target, connect
from harness.connection.errors import parse_diagnostics
from harness.errors import CheckFailed, EnvironmentFault
from harness.scenarios.history import Completed, Ended, Event, History, Part, Unfinished, Waiting
from harness.scenarios.specification import LEVELS, Scenario, Step
from harness.scenarios.steps import Failure, Item, Message, StepSession, run_batches
from harness.scenarios.waits import LockWait, chain_heads, in_deadlock, lock_waits

POLL_SECONDS = 0.003
"""Between two looks at the server while something is under way; the end of a step is noticed at once."""
AWAITED_LOCK_TIMEOUT = 10_000
DEFAULT_LIMIT_SECONDS = 60.0
SHOWN_DATABASE = "scenario"
"""How the scratch database is called in the history, whatever its name is."""

_PROCESS = re.compile(r"\b(Process ID |SPID |spid |process )(\d+)")


@dataclass(slots=True)
class Runner:
    """Runs scenarios on the server of ``target``, whose own database is not touched.

    ``limit`` is how long, in seconds, a step may take that does not wait for a lock.
    """

    target: Target
    limit: float = DEFAULT_LIMIT_SECONDS

    def run(self, scenario: Scenario) -> list[History]:
        """The history of every permutation, at every level that the scenario names.

        Raises CheckFailed when a setup fails or a step hangs, EnvironmentFault without permission to make databases
        or to look at waits.
        """
        histories = []
        with closing(connect(self.target)) as administrator:
            for level in scenario.levels or [""]:
                for steps in scenario.permutations:
                    history = History(level, steps)
                    self._run(scenario, history, administrator)
                    histories.append(history)
        return histories

    def _run(self, scenario: Scenario, history: History, administrator: pyodbc.Connection) -> None:
        with self._scratch(administrator, history.level) as target:
            if scenario.setup:
                with closing(connect(target)) as preparation:
                    for text in scenario.setup:
                        _set_up("setup", run_batches(preparation, text))
            permutation = _Permutation(scenario, history, target, administrator, self.limit)
            try:
                permutation.run()
            finally:
                permutation.close()
            if scenario.teardown:
                with closing(connect(target)) as finishing:
                    items = [item for text in scenario.teardown for item in run_batches(finishing, text)]
                    history.events.append(Part("", "teardown", permutation.shown(items)))

    @contextmanager
    def _scratch(self, administrator: pyodbc.Connection, level: str) -> Iterator[Target]:
        """A new database, with the options that ``level`` needs, for the time of the block."""
        name = f"lockstep_scenario_{secrets.token_hex(6)}"
        _, versions, snapshots = LEVELS.get(level, ("", False, False))
        try:
            administrator.execute(f"CREATE DATABASE {name};")
        except pyodbc.Error as error:
            reason = parse_diagnostics(error)[0].message
            raise EnvironmentFault(f"the server makes no scratch database: {reason}") from error
        try:
            for option, on in (("READ_COMMITTED_SNAPSHOT", versions), ("ALLOW_SNAPSHOT_ISOLATION", snapshots)):
                administrator.execute(f"ALTER DATABASE {name} SET {option} {'ON' if on else 'OFF'};")
            yield self.target.with_database(name)
        finally:
            _drop(administrator, name)


def _drop(administrator: pyodbc.Connection, name: str) -> None:
    try:
        administrator.execute(f"ALTER DATABASE {name} SET SINGLE_USER WITH ROLLBACK IMMEDIATE;")
        administrator.execute(f"DROP DATABASE {name};")
    except pyodbc.Error as error:
        reason = parse_diagnostics(error)[0].message
        raise EnvironmentFault(f"the scratch database {name} cannot be dropped: {reason}") from error


class _Permutation:
    """One permutation under way."""

    def __init__(
        self, scenario: Scenario, history: History, target: Target, administrator: pyodbc.Connection, limit: float
    ) -> None:
        self._scenario = scenario
        self._history = history
        self._administrator = administrator
        self._limit = limit
        self._changed = threading.Event()
        self._database = target.database
        self._sessions: dict[str, StepSession] = {}
        self._running: dict[str, Step] = {}
        """The step that each busy session runs, in the order in which they began to wait."""
        for part in scenario.sessions:
            self._sessions[part.name] = StepSession(part.name, target, self._changed.set)
        self._names = {session.spid: session.name for session in self._sessions.values()}

    def run(self) -> None:
        level = LEVELS[self._history.level][0] if self._history.level else ""
        for part in self._scenario.sessions:
            if level:
                self._complete(part.name, f"SET TRANSACTION ISOLATION LEVEL {level};")
            if part.setup:
                self._part(part.name, "setup", part.setup)
        pending = list(self._history.steps)
        while pending:
            step = next((step for step in pending if not self._sessions[step.session].busy), None)
            if step is None:
                break
            pending.remove(step)
            self._begin(step)
        self._note_unfinished()
        for part in self._scenario.sessions:
            if part.teardown and not self._sessions[part.name].busy:
                self._part(part.name, "teardown", part.teardown)

    def close(self) -> None:
        """Disconnect all sessions, ending what they still run."""
        for session in self._sessions.values():
            session.close(kill=self._kill)

    def shown(self, items: Sequence[Item]) -> list[Item]:
        """The items with the names of sessions for their numbers, and one name for every scratch database."""
        return [
            replace(item, text=self._shown_text(item.text)) if isinstance(item, Failure | Message) else item
            for item in items
        ]

    def _shown_text(self, text: str) -> str:
        text = _PROCESS.sub(lambda found: found[1] + self._names.get(int(found[2]), found[2]), text)
        return text.replace(self._database, SHOWN_DATABASE)

    # -- steps -------------------------------------------------------------------------------------------------------

    def _begin(self, step: Step) -> None:
        session = self._sessions[step.session]
        self._running[step.session] = step
        session.begin(step.text)
        waits = self._settle(step)
        if session.finished:
            del self._running[step.session]
            self._note(Ended(step, self.shown(session.take())))
        else:
            wait = waits[session.spid]
            heads = self._names_of(chain_heads(session.spid, waits))
            self._note(Waiting(step, wait.wait_type, self._names_of(wait.blockers), heads))
        for name, waiting in list(self._running.items()):
            if self._sessions[name].finished:
                del self._running[name]
                self._note(Completed(waiting, self.shown(self._sessions[name].take())))

    def _settle(self, step: Step) -> Mapping[int, LockWait]:
        """Return when every session that runs something has ended it, or waits and will not go on by itself."""
        deadline = time.monotonic() + self._limit
        self._changed.wait(POLL_SECONDS)
        while True:
            self._changed.clear()
            running = [session for session in self._sessions.values() if session.busy and not session.finished]
            if not running:
                return {}
            waits = self._look()
            if all(self._is_stuck(session, waits) for session in running):
                return waits
            if time.monotonic() > deadline:
                names = ", ".join(session.name for session in running if not self._is_stuck(session, waits))
                raise CheckFailed(
                    f"after step {step.name}, {names} neither ended nor waits for a lock "
                    f"of an idle session ({self._limit:.0f} s)"
                )
            self._changed.wait(POLL_SECONDS)

    def _is_stuck(self, session: StepSession, waits: Mapping[int, LockWait]) -> bool:
        wait = waits.get(session.spid)
        return (
            wait is not None
            and not 0 <= wait.lock_timeout <= AWAITED_LOCK_TIMEOUT
            and all(blocker in self._names for blocker in wait.blockers)
            and not in_deadlock(session.spid, waits)
        )

    def _look(self) -> Mapping[int, LockWait]:
        try:
            return lock_waits(self._administrator)
        except pyodbc.Error as error:
            reason = parse_diagnostics(error)[0].message
            raise EnvironmentFault(f"the server does not show who waits for whom: {reason}") from error

    def _note_unfinished(self) -> None:
        waits = self._look() if self._running else {}
        for name, step in self._running.items():
            wait = waits.get(self._sessions[name].spid)
            self._note(Unfinished(step, self._names_of(wait.blockers) if wait is not None else ()))

    def _names_of(self, sessions: Iterable[int]) -> list[str]:
        return sorted(self._names.get(session, str(session)) for session in sessions)

    def _note(self, event: Event) -> None:
        self._history.events.append(event)

    # -- what is not a step ------------------------------------------------------------------------------------------

    def _part(self, session: str, kind: str, text: str) -> None:
        items = self._complete(session, text)
        if kind == "setup":
            _set_up(f"setup of session {session}", items)
        if items:
            self._note(Part(session, kind, self.shown(items)))

    def _complete(self, name: str, text: str) -> list[Item]:
        """Run a text that must come to an end now."""
        session = self._sessions[name]
        session.begin(text)
        deadline = time.monotonic() + self._limit
        while not session.finished:
            if time.monotonic() > deadline:
                raise CheckFailed(f"session {name} does not get through: {text}")
            self._changed.wait(POLL_SECONDS)
            self._changed.clear()
        return session.take()

    def _kill(self, spid: int) -> None:
        with suppress(pyodbc.Error):
            self._administrator.execute(f"KILL {spid};")


def _set_up(place: str, items: Sequence[Item]) -> None:
    failure = next((item for item in items if isinstance(item, Failure)), None)
    if failure is not None:
        raise CheckFailed(f"{place} failed: {failure.text} ({failure.number})")
