"""What deleting a row, or changing its key, does to the rows that refer to it: an error, or a change of theirs.

NO ACTION raises 547 where a row refers. CASCADE, SET NULL and SET DEFAULT change the referring rows in the same
statement, behind the row itself; what that does in turn follows the same rules. Triggers of all tables fire when the
statement has done everything, those of the tables that were reached last first.

A table that refers to itself is looked at when all rows of the statement are changed.

Rows to be changed are looked for as at level SERIALIZABLE, with key-range locks (RangeS-U, then RangeX-X), whatever
the level is ("Conor vs. Isolation Level Upgrade on UPDATE/DELETE Cascading RI", by a developer of SQL Server). They are
kept to the end of the transaction, as those on changed rows are seen to be on SQL Server ("Adventures In Foreign Keys
3", brentozar.com). For the others that is not documented; one report has them until the end of the statement.

Documentation: "Primary and foreign key constraints", sections "Cascading referential integrity" and "Triggers and
cascading referential actions".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from emulator.catalog.objects import ForeignKey, Table
from emulator.execution.key_ranges import lock_range, lock_unique_key
from emulator.execution.row_locks import LockHints, ScanLocks, lock_policy
from emulator.execution.seeks import KeyRange
from emulator.execution.settings import Isolation
from emulator.execution.snapshots import refuse_conflict
from emulator.execution.writing import RecordingWriter
from emulator.locking.manager import WHOLE
from emulator.locking.modes import LockMode
from emulator.planning.binding import SESSION, Env, PlanContext, Scalar
from emulator.planning.changes.constraints import conflict, read_lock
from emulator.planning.changes.rows import DerivedColumns, default_of, reference_checks, update_checks
from emulator.planning.changes.targets import is_private
from emulator.planning.changes.triggers import after_triggers
from emulator.planning.queries.names import note_related
from emulator.storage.index import GHOST, IndexStore
from emulator.storage.keys import Key, Row, prefix_range
from emulator.types.comparison import sort_key

if TYPE_CHECKING:
    from emulator.session import Session

Action = Callable[[Env, Row, "Row | None"], None]
"""Given the row before the change and after it (None: it is deleted)."""


@dataclass(slots=True)
class Actions:
    """``immediate``: for each row when it is changed; ``deferred``: for each row when all are. ``cascades``: the
    changes of other tables, those that others bring about behind them."""

    immediate: list[Action] = field(default_factory=list)
    deferred: list[Action] = field(default_factory=list)
    cascades: list[Cascade] = field(default_factory=list)

    def behind(self, env: Env, old: Row, new: Row | None) -> None:
        """What comes behind the change of one row. Errors: 547."""
        for act in self.immediate:
            act(env, old, new)

    def after(self, env: Env, changes: Iterable[tuple[Row, Row | None]]) -> None:
        """What comes when all rows are changed. Errors: 547."""
        for old, new in changes:
            for act in self.deferred:
                act(env, old, new)


def referential_actions(table: Table, statement: str, ctx: PlanContext, changed: set[int] | None = None) -> Actions:
    """For a row that is deleted, or whose columns ``changed`` get other values."""
    actions = Actions()
    for other, key in table.referenced_by:
        if changed is not None and not changed & set(key.referenced_columns):
            continue
        if not key.enabled:
            continue
        note_related(other, ctx)
        rule = key.on_delete if changed is None else key.on_update
        if rule == "NO_ACTION":
            check = _no_reference(other, key, statement)
            (actions.deferred if other is table else actions.immediate).append(check)
            continue
        cascade = Cascade(other, key, rule, statement, ctx)
        actions.immediate.append(cascade.collect)
        actions.cascades += [cascade, *cascade.inner.cascades]
    return actions


def _changed_key(key: ForeignKey, old: Row, new: Row | None) -> list[Any] | None:
    """The key that rows may refer to and that goes away; None: it stays, or has a NULL."""
    values = [old[ordinal] for ordinal in key.referenced_columns]
    if None in values or (new is not None and values == [new[ordinal] for ordinal in key.referenced_columns]):
        return None
    return values


# --- NO ACTION --------------------------------------------------------------------------------------------------------


def _no_reference(other: Table, key: ForeignKey, statement: str) -> Action:
    def check_no_reference(env: Env, old: Row, new: Row | None) -> None:
        values = _changed_key(key, old, new)
        if values is not None and _is_referenced(env[SESSION], other, key, values):
            raise conflict(statement, "REFERENCE", key, other, other, key.columns)

    return check_no_reference


def _is_referenced(session: Session, other: Table, key: ForeignKey, values: Sequence[Any]) -> bool:
    """Look for a referencing row, with shared locks. Errors: 3960."""
    store = other.store
    assert store is not None
    read_lock(session, store.locks, WHOLE, LockMode.IS)
    search = _search(other, key, values)
    index = search.index
    for entry, _ in index.scan(*search.key_range):
        read_lock(session, index.locks, entry, LockMode.S)
        if index.exists(entry):
            refuse_conflict(session, index, entry, other.full_name, other.database)
        if search.row_of(entry) is not None:
            return True
    return False


@dataclass(frozen=True, slots=True)
class _Search:
    """Where the rows that refer to a key are: in ``key_range`` of ``index``, which begins with the key's columns if
    there is such an index, or only under ``unique_key``. ``wanted`` are comparable values by ordinal, with the
    functions that make them."""

    base: IndexStore
    index: IndexStore
    key_range: KeyRange
    unique_key: Key | None
    wanted: Sequence[tuple[int, Callable[[Any], Any], Any]]

    def locked(self, locks: ScanLocks) -> Iterator[Key]:
        """The entries, locked as at level SERIALIZABLE."""
        if self.unique_key is None or not locks.key_range:
            yield from lock_range(locks, self.index, self.key_range)
        elif lock_unique_key(locks, self.index, self.unique_key):
            yield self.unique_key

    def base_key(self, entry: Key) -> Key | None:
        """The base key of what is under ``entry``."""
        found = entry if self.index is self.base else self.index.get(entry)
        return None if found is GHOST else found

    def row_of(self, entry: Key) -> tuple[Key, Row] | None:
        """The base key and the row under ``entry`` if it is one that refers to the key."""
        base_key = self.base_key(entry)
        row = None if base_key is None else self.base.get(base_key)
        if base_key is None or row is None or row is GHOST:
            return None
        for ordinal, make, value in self.wanted:
            if row[ordinal] is None or make(row[ordinal]) != value:
                return None
        return base_key, row


def _search(other: Table, key: ForeignKey, values: Sequence[Any]) -> _Search:
    store = other.store
    assert store is not None
    by_ordinal = dict(zip(key.columns, values, strict=True))
    found, low, high, unique_key = store.base, None, None, None
    for index in other.indexes:
        leading = [part.ordinal for part in index.columns[: len(by_ordinal)]]
        usable = index.predicate is None and not index.disabled and index.made_by is None
        if usable and set(leading) == set(by_ordinal):
            found = store.base if index.clustered else store.indexes[index.name]
            prefix = found.encode_prefix([by_ordinal[ordinal] for ordinal in leading])
            low, high = prefix_range(prefix)
            unique_key = prefix if index.unique and len(index.columns) == len(leading) else None
            break
    compared = [(ordinal, sort_key(other.columns[ordinal].type) or _itself) for ordinal in key.columns]
    wanted = [(ordinal, make, make(by_ordinal[ordinal])) for ordinal, make in compared]
    return _Search(store.base, found, (low, high, True, True), unique_key, wanted)


def _itself(value: Any) -> Any:
    return value


# --- CASCADE, SET NULL, SET DEFAULT -----------------------------------------------------------------------------------


CASCADING = lock_policy(LockHints(), Isolation.SERIALIZABLE, target=True)


@dataclass(slots=True)
class Pending:
    """The rows to be changed by a cascade in a running statement, with the new rows that they refer to; then the writer
    that changed them."""

    rows: list[tuple[Key, Row, Row | None]] = field(default_factory=list)
    writer: RecordingWriter | None = None


class Cascade:
    """The changes of ``other``'s rows that follow from ``key``; ``slot`` has what is pending in a running statement."""

    def __init__(self, other: Table, key: ForeignKey, rule: str, statement: str, ctx: PlanContext) -> None:
        self._table = other
        self._key = key
        self._deletes = statement == "DELETE" and rule == "CASCADE"
        self._takes_key = statement == "UPDATE" and rule == "CASCADE"
        self.slot = ctx.new_slot()
        event = "DELETE" if self._deletes else "UPDATE"
        self._defaults: list[Scalar] = [
            default_of(other.columns[ordinal], ctx) if rule == "SET_DEFAULT" else lambda env: None
            for ordinal in key.columns
        ]
        self._derived = DerivedColumns(other, ctx)
        changed = None if self._deletes else {*key.columns, *self._derived.ordinals}
        self._checks = (
            [] if changed is None else [*update_checks(other, changed, ctx), *reference_checks(other, changed, ctx)]
        )
        self.inner = referential_actions(other, event, ctx, changed)
        self._triggers = after_triggers(other, event, frozenset(key.columns))

    def collect(self, env: Env, old: Row, new: Row | None) -> None:
        """Find the rows that refer to ``old`` and lock them."""
        values = _changed_key(self._key, old, new)
        if values is None:
            return
        session: Session = env[SESSION]
        search = _search(self._table, self._key, values)
        for entry in self._entries(session, search):
            match = search.row_of(entry)
            if match is not None:
                refuse_conflict(session, search.base, match[0], self._table.full_name, self._table.database)
                env[self.slot].rows.append((*match, new))

    def _entries(self, session: Session, search: _Search) -> Iterator[Key]:
        """The keys of the search, locked as at level SERIALIZABLE whatever the level is: nobody can put in a row that
        refers to the key while the statement is under way. A row behind an index is locked to be changed."""
        store = self._table.store
        assert store is not None
        if is_private(self._table):
            yield from (entry for entry, _ in search.index.scan(*search.key_range))
            return
        whole = store.is_heap and search.index is store.base
        locks = ScanLocks(session, store, CASCADING, whole=whole)
        if whole:
            yield from (entry for entry, _ in search.index.scan(*search.key_range))
            return
        for entry in search.locked(locks):
            base_key = search.base_key(entry)
            if search.index is not search.base and base_key is not None and locks.row is not LockMode.NL:
                locks.lock(search.base.locks, base_key, LockMode.X)
            yield entry

    def apply(self, env: Env) -> None:
        """Change them, now that the rows that they refer to are changed. Errors: 515, 547, 2627."""
        pending: Pending = env[self.slot]
        if not pending.rows:
            return
        session: Session = env[SESSION]
        store, transaction = self._table.store, session.transaction
        assert store is not None
        assert transaction is not None
        pending.writer = writer = RecordingWriter(
            session, self._table, store, transaction, private=is_private(self._table)
        )
        changes = [(base_key, row, self._changed(env, row, parent)) for base_key, row, parent in pending.rows]
        for base_key, row, changed in changes:
            if changed is None:
                writer.delete(base_key, row)
        updates = [(base_key, row, changed) for base_key, row, changed in changes if changed is not None]
        if updates:
            writer.update_all(updates)
        for _, row, changed in changes:
            if changed is not None:
                for check in self._checks:
                    check(env, changed)
            self.inner.behind(env, row, changed)
        self.inner.after(env, [(row, changed) for _, row, changed in changes])

    def _changed(self, env: Env, row: Row, parent: Row | None) -> Row | None:
        if self._deletes:
            return None
        values = list(row)
        for place, ordinal in enumerate(self._key.columns):
            if self._takes_key and parent is not None:
                values[ordinal] = parent[self._key.referenced_columns[place]]
            else:
                values[ordinal] = self._defaults[place](env)
        return self._derived.complete(env, values)

    def fire(self, env: Env) -> None:
        """Fire the AFTER triggers for the rows that were changed."""
        writer = env[self.slot].writer
        if writer is not None and self._triggers is not None:
            self._triggers.fire(env, writer, writer.count)
