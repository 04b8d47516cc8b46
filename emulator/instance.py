"""The server as a whole: databases, logins, sessions, and what all sessions share."""

from __future__ import annotations

import logging
import random
from collections import deque
from collections.abc import Callable, Sequence
from itertools import count
from typing import Any

from emulator.catalog.configuration import Configuration
from emulator.catalog.database import Database
from emulator.catalog.event_sessions import SYSTEM_HEALTH, Event, EventFile, EventSession, system_health
from emulator.catalog.objects import Parameter, Procedure, Table, fold
from emulator.catalog.passwords import PasswordHash
from emulator.catalog.principals import SA_SID, SYSADMIN, Login, new_sid, server_principals
from emulator.errors import sql_error
from emulator.events.blocked_processes import BlockedProcessMonitor
from emulator.events.deadlocks import deadlock_graph
from emulator.execution.administration import FIRST_USER_SPID
from emulator.execution.authorization import Identity, user_in
from emulator.execution.parameterization import Shape
from emulator.execution.units import CodeUnit
from emulator.locking.deadlock import Deadlock
from emulator.locking.manager import LockManager
from emulator.locking.waits import WaitCount
from emulator.scheduler import Clock, RealClock, Scheduler
from emulator.session import Session
from emulator.sql import nodes
from emulator.storage.changes import ChangeClock
from emulator.storage.table import TableStore
from emulator.storage.transaction import CommitLog
from emulator.storage.versions import VersionStore

logger = logging.getLogger("emulator.deadlocks")

KEPT_PLANS = 2000
"""Compiled batches, those that share one with others, their shapes without constants, parameter lists and parsed names
that are kept; the oldest go first."""
KEPT_EVENT_FILES = 100
"""Files of event sessions, one for each start of a session that writes one; the oldest go first."""


class Kept(dict[Any, Any]):
    """A dictionary that forgets its oldest entries beyond ``limit``."""

    def __init__(self, limit: int) -> None:
        super().__init__()
        self.limit = limit

    def __setitem__(self, key: Any, value: Any) -> None:
        super().__setitem__(key, value)
        if len(self) > self.limit:
            del self[next(iter(self))]


class Instance:
    """One emulated server. ``logins`` are SQL logins with their passwords: all of them are made sysadmins.

    ``log``, if there is one, takes what commits; ``on_shutdown`` is called by SHUTDOWN with whether it says NOWAIT.
    ``trace_flags`` are those that DBCC TRACEON has set for all. ``connections`` counts the sessions since the start.
    ``user_messages`` are the severities and texts that sp_addmessage has added, by number.
    ``started`` is the time when it began. ``event_sessions`` are those of Extended Events, by folded name.
    ``clock`` and ``seed`` are the only sources of time and chance: with the same ones and the same schedule, every run
    gives the same results.
    """

    def __init__(
        self,
        *,
        database: str = "lockstep",
        logins: dict[str, str] | None = None,
        clock: Clock | None = None,
        seed: int = 0,
        scheduler: Scheduler | None = None,
        locks: LockManager | None = None,
        server_name: str = "LOCKSTEP-EMULATOR",
    ) -> None:
        self.clock: Clock = clock or RealClock()
        self.started = self.clock.now()
        self.scheduler = scheduler or Scheduler(self.clock)
        self.seed = seed
        self.random = random.Random(seed)
        self.event_sessions: dict[str, EventSession] = {SYSTEM_HEALTH: system_health()}
        self.event_files: deque[EventFile] = deque(maxlen=KEPT_EVENT_FILES)
        self.locks = locks or LockManager()
        self.locks.on_deadlock = self._note_deadlock
        self.versions = VersionStore()
        self.changes = ChangeClock()
        self.waits: dict[str, WaitCount] = {}
        self.configuration = Configuration()
        self.blocked_processes = BlockedProcessMonitor(self)
        self.connections = 0
        self.trace_flags: set[int] = set()
        self.user_messages: dict[int, tuple[int, str]] = {}
        self.log: CommitLog | None = None
        self.on_shutdown: Callable[[bool], None] | None = None
        self.server_name = server_name
        self.security = server_principals()
        self.databases: dict[str, Database] = {}
        self.sessions: dict[int, Session] = {}
        self.global_temporary: dict[str, Table] = {}
        self.global_procedures: dict[str, Procedure] = {}
        self.units: dict[Any, CodeUnit] = Kept(KEPT_PLANS)
        self.ad_hoc: dict[Any, tuple[CodeUnit, Sequence[Any]]] = Kept(KEPT_PLANS)
        self.shapes: dict[Any, Shape] = Kept(KEPT_PLANS)
        self.names: dict[str, nodes.ObjectName] = Kept(KEPT_PLANS)
        self.declarations: dict[Any, Sequence[Parameter]] = Kept(KEPT_PLANS)
        self.sequential_ids = count(1)
        self.transactions = 0
        self.start_event_sessions()
        for name in ("master", "tempdb", "model", "msdb", database):
            self.create_database(name)
        self.default_database = self.databases[fold(database)]
        for login, password in (logins or {}).items():
            self.add_administrator(login, PasswordHash.of(password))

    def add_administrator(self, name: str, password: PasswordHash) -> None:
        """Give the login, made if it is not there, a password, and every permission."""
        login = self.security.find(name)
        if login is None:
            number = self.security.allocate_id()
            login = Login(name, number, "SQL_LOGIN", new_sid(name, number))
            self.security.add(login)
            self.security.by_id[SYSADMIN].members.add(number)
        assert isinstance(login, Login)
        login.password = password
        login.default_database = self.default_database.name

    def create_database(self, name: str, owner_sid: bytes = SA_SID) -> Database:
        """A new, empty database. Errors: 1801 when there is one of that name."""
        if fold(name) in self.databases:
            raise sql_error(1801, name)
        taken = {item.database_id for item in self.databases.values()}
        number = next(number for number in count(1) if number not in taken)
        database = Database(name, number, owner_sid=owner_sid)
        model = self.databases.get("model")
        if model is not None and fold(name) != "msdb":
            database.read_committed_snapshot, database.snapshots = model.read_committed_snapshot, model.snapshots
        self.keep_database(database)
        return database

    def keep_database(self, database: Database) -> None:
        """Have ``database`` be there."""
        self.databases[fold(database.name)] = database
        self.versions.statement_level += database.read_committed_snapshot

    def forget_database(self, database: Database) -> None:
        """Have ``database`` not be there any more, nor any plan that knows it."""
        del self.databases[fold(database.name)]
        self.versions.statement_level -= database.read_committed_snapshot
        database.version += 1
        self.forget_plans()

    def forget_plans(self) -> None:
        """Forget all compiled batches: what they name may be gone, or may mean something else by the same name."""
        for plans in (self.units, self.ad_hoc, self.shapes, self.declarations):
            plans.clear()

    def database(self, name: str, line: int = 0) -> Database:
        """The database called ``name``. Errors: 911."""
        database = self.databases.get(fold(name))
        if database is None:
            raise sql_error(911, name, line=line)
        return database

    def login(
        self, user: str, password: str, database: str, *, host: str = "", application: str = "", language: str = ""
    ) -> Session:
        """A new session in ``database``, or in the login's default database.

        Errors: 18456 for a wrong login or password, 18470 for a disabled login; 4060 (4064 for the default one) for a
        database that is not there or that the login may not enter; 924.
        """
        login = self.security.find(user)
        if not isinstance(login, Login) or login.password is None or not login.password.matches(password):
            raise sql_error(18456, user)  # the state that tells why is for the log, clients get 1
        if not login.enabled:
            raise sql_error(18470, user)
        identity = Identity(login.principal_id, login.name)
        target = self.databases.get(fold(database or login.default_database))
        if target is None or user_in(self, identity, target) is None:
            raise sql_error(4060, database) if database else sql_error(4064)
        self.refuse_second_user(target)
        return self.open_session(login.name, target, host=host, application=application)

    def refuse_second_user(self, database: Database) -> None:
        """Errors: 924 when somebody is in a database that is for a single user."""
        if database.user_access == "SINGLE_USER" and any(item.database is database for item in self.sessions.values()):
            raise sql_error(924, database.name)

    def open_session(
        self, user: str = "sa", database: Database | None = None, *, host: str = "", application: str = ""
    ) -> Session:
        """A session without a password check, for in-process use."""
        spid = FIRST_USER_SPID
        while spid in self.sessions:
            spid += 1
        session = Session(self, spid, database or self.default_database, user, host, application)
        self.sessions[spid] = session
        self.connections += 1
        return session

    def forget(self, session: Session) -> None:
        """Take a closed session off the list."""
        self.sessions.pop(session.spid, None)

    def next_transaction_id(self) -> int:
        """Transaction ids grow; they are also the descriptors that clients see."""
        self.transactions += 1
        return self.transactions

    def may_be_uncommitted(self, store: TableStore) -> bool:
        """Whether ``store`` may have rows that are not committed (``ChangeClock``)."""
        return self.changes.may_be_uncommitted(store, [session.transaction for session in self.sessions.values()])

    def start_event_sessions(self) -> None:
        """Start those that start with the server."""
        for item in self.event_sessions.values():
            if item.on_startup:
                self.event_files.extend(item.start(self.clock.now()))

    def collect(self, event: Event) -> None:
        """Something happened that event sessions may want to know."""
        for item in self.event_sessions.values():
            item.receive(event)

    def _note_deadlock(self, deadlock: Deadlock) -> None:
        graph = deadlock_graph(self, deadlock)
        self.collect(graph.event())
        logger.warning("%s", graph.text())
