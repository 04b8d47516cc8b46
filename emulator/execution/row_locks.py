"""Which locks a scan takes: from the isolation level, the table hints and what the rows are read for.

Rules (documentation: "Transaction locking and row versioning guide", "Table hints (Transact-SQL)", "SET TRANSACTION
ISOLATION LEVEL"):

=====================  ==============================  ==========================================
level                  rows read                       rows read to be changed, or with UPDLOCK
=====================  ==============================  ==========================================
READ UNCOMMITTED       none (Sch-S on the table)       U, given back when the row does not qualify
READ COMMITTED         S, while the row is read        the same
REPEATABLE READ        S, held when the row qualifies  U, the same
SERIALIZABLE           RangeS-S on keys and next key   RangeS-U; a unique key that is found: S or U
=====================  ==============================  ==========================================

Whether a row qualifies is for the scan to say, with the conditions that it can test itself. What an operator behind the
scan turns down (a subquery; a lookup, of the index key that led there) stays locked from REPEATABLE READ on and where a
hint asked for the lock; the target of a change is given back at READ COMMITTED. Seen so on SQL Server with trace flag
1200 (stackoverflow.com/q/13726685) and by Craig Freedman ("Read Committed and Updates"), where the documentation only
says that all data read stays locked.

With READ_COMMITTED_SNAPSHOT on, READ COMMITTED reads versions without locks, unless a hint asks for locks
(READCOMMITTEDLOCK, UPDLOCK, XLOCK, TABLOCK); what is read to be changed is locked as ever. At level SNAPSHOT
everything is read from versions, and what is to be changed is locked only when it qualifies (see ``snapshots``).

XLOCK takes X (RangeX-X) in place of U. So does a change that seeks its rows in the clustered index and has nothing else
to test: that is one operator on SQL Server, with nothing between finding a row and changing it (Dmitri Korotkevitch,
"Pro SQL Server Internals", chapter 17; RyanLamansky/sql-server-simulator, "Locking").

An S lock that would be granted at once and given back before anybody else runs cannot be observed, so READ COMMITTED
reads take a lock only where they must wait. Tables that only one session can see (table variables, local temporary
tables) are not locked.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from emulator.errors import sql_error
from emulator.execution.settings import Isolation
from emulator.locking.escalation import EscalationWatch
from emulator.locking.manager import WHOLE, LockSpace
from emulator.locking.modes import COMBINED, LockMode, covers_rows, intent

if TYPE_CHECKING:
    from collections.abc import Hashable

    from emulator.catalog.database import Database
    from emulator.session import Session
    from emulator.storage.index import IndexStore
    from emulator.storage.keys import Key
    from emulator.storage.table import TableStore
    from emulator.storage.transaction import Transaction

NL, IS, S, U, X = LockMode.NL, LockMode.IS, LockMode.S, LockMode.U, LockMode.X

_RANGES = {S: LockMode.RANGE_S_S, U: LockMode.RANGE_S_U, X: LockMode.RANGE_X_X}


@dataclass(frozen=True, slots=True)
class LockHints:
    """What the table hints say about locking.

    ``isolation`` replaces the session's level. ``mode`` is U (UPDLOCK) or X (XLOCK, TABLOCKX), else NL.
    ``whole_table``: TABLOCK or TABLOCKX. ``reads_locked``: READCOMMITTEDLOCK.
    """

    isolation: Isolation | None = None
    mode: LockMode = NL
    whole_table: bool = False
    read_past: bool = False
    no_wait: bool = False
    reads_locked: bool = False


def _whole(row: LockMode) -> LockMode:
    """The mode of a table that is locked in place of its rows: X instead of U ("Table hints", UPDLOCK)."""
    return X if row is U else row


class Versions(Enum):
    """Whose snapshot a scan reads."""

    STATEMENT = "statement"
    TRANSACTION = "transaction"


@dataclass(frozen=True, slots=True)
class LockPolicy:
    """How one scan locks. ``table`` is taken first and kept to the end of the transaction if ``table_held``.

    ``row``: on rows and keys, NL for none. ``key_range``: in its place on the keys of an index, NL unless SERIALIZABLE.
    ``held``: rows stay locked; if not, each is locked only while it is read. ``keeps_rejected``: so do those that pass
    the scan and are turned down behind it: the lock of a level or hint belongs to the scan, only those on the target of
    a change are given back by what comes behind it.

    ``versions``: rows are read from a snapshot; then ``row`` is taken on those that qualify alone, and ``current`` says
    that they must not have changed since.
    """

    table: LockMode
    table_held: bool
    row: LockMode = NL
    key_range: LockMode = NL
    held: bool = False
    keeps_rejected: bool = False
    read_past: bool = False
    no_wait: bool = False
    versions: Versions | None = None
    current: bool = False


def lock_policy(
    hints: LockHints,
    session_level: Isolation,
    *,
    target: bool,
    at_once: bool = False,
    read_committed_snapshot: bool = False,
) -> LockPolicy:
    """The policy of a scan. ``target``: the table is the target of the statement, which, ``at_once``, finds and changes
    its rows in one operator.

    Errors: 650 READPAST at another level than READ COMMITTED and REPEATABLE READ, or without locks to pass.
    """
    level = hints.isolation or session_level
    row = hints.mode or (X if at_once else U if target else S)
    if level is Isolation.SNAPSHOT:
        return _snapshot_policy(hints, row)
    reads_versions = level is Isolation.READ_COMMITTED and read_committed_snapshot
    if reads_versions and row is S and not hints.whole_table and not hints.reads_locked:
        if hints.read_past:
            raise sql_error(650)
        return LockPolicy(LockMode.SCH_S, table_held=False, no_wait=hints.no_wait, versions=Versions.STATEMENT)
    if hints.read_past and level not in (Isolation.READ_COMMITTED, Isolation.REPEATABLE_READ):
        raise sql_error(650)
    held = row is not S or level >= Isolation.REPEATABLE_READ
    if hints.whole_table:
        return LockPolicy(table=_whole(row), table_held=held, no_wait=hints.no_wait)
    if level is Isolation.READ_UNCOMMITTED and row is S:
        return LockPolicy(table=LockMode.SCH_S, table_held=False, no_wait=hints.no_wait)
    return LockPolicy(
        table=intent(row),
        table_held=held,
        row=row,
        key_range=_RANGES[row] if level is Isolation.SERIALIZABLE else NL,
        held=held,
        keeps_rejected=not target or level >= Isolation.REPEATABLE_READ,
        read_past=hints.read_past,
        no_wait=hints.no_wait,
    )


def _snapshot_policy(hints: LockHints, row: LockMode) -> LockPolicy:
    if row is S:
        if hints.read_past:
            raise sql_error(650)
        table = S if hints.whole_table else LockMode.SCH_S
        return LockPolicy(table, table_held=False, no_wait=hints.no_wait, versions=Versions.TRANSACTION)
    return LockPolicy(
        table=_whole(row) if hints.whole_table else intent(row),
        table_held=True,
        row=NL if hints.whole_table else row,
        held=True,
        read_past=hints.read_past,
        no_wait=hints.no_wait,
        versions=Versions.TRANSACTION,
        current=True,
    )


def escalate(session: Session, transaction: Transaction, store: TableStore, mode: LockMode) -> bool:
    """Lock the table in place of its rows, unless that is forbidden or would have to wait: whether it was done."""
    if not session.escalates(store):
        return False
    rows = [store.base.locks, *(index.locks for index in store.indexes.values())]
    return session.instance.locks.escalate(transaction, store.locks, rows, mode)


class LockPolicies:
    """The policies of one scan by the session's isolation level, worked out when first needed."""

    __slots__ = ("_at_once", "_by_level", "_hints", "_target", "database")

    def __init__(self, hints: LockHints, database: Database, *, target: bool = False, at_once: bool = False) -> None:
        self._hints = hints
        self.database = database
        self._target = target
        self._at_once = at_once
        self._by_level: dict[Isolation, LockPolicy] = {}

    def at(self, level: Isolation) -> LockPolicy:
        """The policy in a session at ``level``. Errors: 650."""
        policy = self._by_level.get(level)
        if policy is None:
            versions = self.database.read_committed_snapshot
            policy = lock_policy(
                self._hints, level, target=self._target, at_once=self._at_once, read_committed_snapshot=versions
            )
            self._by_level[level] = policy
        return policy


class ScanLocks:
    """The locks of one running scan: the table's, then those of rows, on behalf of the session's transaction.

    ``whole``: the table is locked in place of its rows, as at level SERIALIZABLE where no index has ranges to lock.
    ``row`` and ``key_range`` are the policy's modes, NL where the table's lock makes them needless. ``at`` and
    ``at_row`` are where in ``index`` a READ COMMITTED read stands, ``looks_up`` that it goes on from there to the base
    row (see ``current_rows``).
    """

    __slots__ = (
        "_watch",
        "at",
        "at_row",
        "index",
        "key_range",
        "looks_up",
        "manager",
        "policy",
        "row",
        "session",
        "store",
        "transaction",
    )

    def __init__(self, session: Session, store: TableStore, policy: LockPolicy, *, whole: bool = False) -> None:
        self.session = session
        self.store = store
        self.policy = policy
        self.manager = session.instance.locks
        transaction = session.transaction
        assert transaction is not None
        self.transaction: Transaction = transaction
        self.index: IndexStore | None = None
        self.at: Key | None = None
        self.at_row: Key | None = None
        self.looks_up = False
        self._watch = EscalationWatch(transaction)
        self.lock(store.locks, WHOLE, _whole(policy.row) if whole else policy.table)
        self.row = policy.row
        self.key_range = policy.key_range
        if policy.row is not NL and covers_rows(self._table_mode(), policy.key_range or policy.row):
            self.row = self.key_range = NL

    def close(self) -> None:
        """The scan has ended: give back the table's lock unless it is held to the end of the transaction."""
        if not self.policy.table_held and not self.transaction.ended:
            self.manager.release(self.transaction, self.store.locks, WHOLE)

    def lock(self, space: LockSpace, key: Hashable, mode: LockMode) -> LockMode:
        """Take a lock, waiting if need be; returns what was held before. Errors: 1205; 1222 (at once with NOWAIT)."""
        previous = self.manager.held_mode(self.transaction, space, key)
        if self.policy.no_wait:
            self.session.refuse_to_wait(self.transaction, space, key, mode)
        self.session.lock(space, key, mode)
        return previous

    def would_wait(self, space: LockSpace, key: Hashable, mode: LockMode) -> bool:
        """Whether another session's lock is in the way."""
        return self.manager.would_wait(self.transaction, space, key, mode)

    def give_back(self, space: LockSpace, key: Hashable, mode: LockMode, previous: LockMode) -> None:
        """Undo ``lock``, given what it returned."""
        if previous is NL or COMBINED[previous][mode] is previous:
            self.manager.release(self.transaction, space, key)
        else:
            self.manager.restore(self.transaction, space, key, previous)

    def count(self, index: IndexStore) -> None:
        """Note a row lock on ``index`` that is held. When they are many they give way to one lock on the table."""
        if self.row is NL or not self._watch.is_due(index.locks):
            return
        if escalate(self.session, self.transaction, self.store, S if self.row is S else X):
            self.row = self.key_range = NL

    def _table_mode(self) -> LockMode:
        return self.manager.held_mode(self.transaction, self.store.locks, WHOLE)
