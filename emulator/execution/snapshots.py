"""Which snapshot a statement reads, and what a transaction at level SNAPSHOT must not do.

- READ COMMITTED with row versions (READ_COMMITTED_SNAPSHOT): each statement sees what was committed when it began,
  those of functions and triggers that it runs what was when they began.
- SNAPSHOT: the whole transaction sees what was committed when it first accessed data. It must have begun at that level
  (error 3951), in databases that allow it (3952, 3954, 3956, 3957). A row that it would change, and that somebody has
  changed since, is an update conflict (3960); definitions have no versions (3961).

Documentation: "SET TRANSACTION ISOLATION LEVEL", "Transaction locking and row versioning guide", "ALTER DATABASE SET
options".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from emulator.catalog.database import SnapshotState
from emulator.errors import SqlError, sql_error
from emulator.execution.settings import Isolation

if TYPE_CHECKING:
    from emulator.catalog.database import Database
    from emulator.session import Session
    from emulator.storage.index import IndexStore
    from emulator.storage.keys import Key
    from emulator.storage.table import TableStore
    from emulator.storage.versions import Snapshot


def at_one_moment(session: Session, run: Callable[..., Any]) -> Callable[..., Any]:
    """``run`` as a statement with a snapshot of its own for READ COMMITTED reads, of the moment when it begins."""
    if not session.instance.versions.statement_level:
        return run

    def run_at_one_moment(*arguments: Any) -> Any:
        assert session.transaction is not None
        versions = session.instance.versions
        outer = session.statement_snapshot
        session.statement_snapshot = snapshot = versions.begin(session.transaction)
        try:
            return run(*arguments)
        finally:
            versions.end(snapshot)
            session.statement_snapshot = outer

    return run_at_one_moment


def statement_snapshot(session: Session) -> Snapshot:
    """What the running statement reads at READ COMMITTED."""
    assert session.statement_snapshot is not None
    return session.statement_snapshot


def begin_snapshot(session: Session) -> None:
    """The first access to data of a transaction at level SNAPSHOT, unless it began at another level."""
    transaction = session.transaction
    assert transaction is not None
    if transaction.snapshot is None and not (session.trancount and session.began_at is not Isolation.SNAPSHOT):
        versions = session.instance.versions
        transaction.concurrent = tuple(number for number in versions.active if number != transaction.sequence_number)
        versions.enter(transaction)
        transaction.snapshot = versions.begin(transaction)


def transaction_snapshot(session: Session, database: Database) -> Snapshot:
    """What the transaction reads of ``database`` at level SNAPSHOT.

    Errors: 3951 begun at another level; 3952 not allowed in the database, 3954 no longer, 3956 not yet, 3957 only since
    the snapshot began.
    """
    transaction = session.transaction
    assert transaction is not None
    known = transaction.snapshot is not None
    if not known:
        begin_snapshot(session)
    snapshot = transaction.snapshot
    if snapshot is None:
        raise sql_error(3951, database.name)
    match database.snapshots:
        case SnapshotState.OFF:
            raise sql_error(3952, database.name)
        case SnapshotState.TO_OFF if not known:
            raise sql_error(3954, database.name)
        case SnapshotState.TO_ON:
            raise sql_error(3956, database.name)
    if snapshot.sequence < database.snapshots_since:
        raise sql_error(3957, database.name)
    return snapshot


def refuse_new_definition(snapshot: Snapshot, store: TableStore, database: Database) -> None:
    """Errors: 3961 when the table's definition has changed since the transaction's snapshot."""
    if store.defined > snapshot.sequence:
        raise sql_error(3961, database.name)


def forbid_snapshots_from_before(session: Session, store: TableStore) -> None:
    """The transaction changes what ``store`` is made of: when that is committed, older snapshots cannot read it."""

    def note(committed: bool) -> None:
        if committed:
            store.defined = session.instance.versions.next_sequence()

    assert session.transaction is not None
    session.transaction.on_end(note)


def refuse_conflict(session: Session, index: IndexStore, key: Key, table: str, database: str) -> None:
    """For a key that a transaction at level SNAPSHOT changes, or on whose presence its changes depend, once it is
    locked. Errors: 3960 when somebody else has changed it since."""
    if session.settings.isolation is not Isolation.SNAPSHOT:
        return
    assert session.transaction is not None
    snapshot = session.transaction.snapshot
    if snapshot is not None and index.changed_since(key, snapshot):
        raise update_conflict(table, database)


def update_conflict(table: str, database: str, *, heap: bool = False) -> SqlError:
    """Error 3960; its state tells of a heap."""
    return sql_error(3960, table, database, state=6 if heap else 2)
