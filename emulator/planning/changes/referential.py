"""What deleting a row, or changing its key, does to the rows that refer to it: an error, or a change of theirs.

NO ACTION raises 547 where a row refers. CASCADE, SET NULL and SET DEFAULT change the referring rows in the same
statement, behind the row itself; what that does in turn follows the same rules. Triggers of all tables fire when the
statement has done everything, those of the tables that were reached last first.

A table that refers to itself is looked at when all rows of the statement are changed.

Documentation: "Primary and foreign key constraints", sections "Cascading referential integrity" and "Triggers and
cascading referential actions".
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from emulator.catalog.objects import ForeignKey, Table
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
    for index, entry, row_of in _candidates(other, key, values):
        read_lock(session, index.locks, entry, LockMode.S)
        if index.exists(entry):
            refuse_conflict(session, index, entry, other.full_name, other.database)
        if row_of() is not None:
            return True
    return False


def _candidates(
    other: Table, key: ForeignKey, values: Sequence[Any]
) -> Iterator[tuple[IndexStore, Key, Callable[[], tuple[Key, Row] | None]]]:
    """The index entries under which a referring row may be, through an index that begins with the key's columns if
    there is one; each with a function that gives the base key and the row if, by then, it is one."""
    store = other.store
    assert store is not None
    wanted = dict(zip(key.columns, values, strict=True))
    found, low, high = store.base, None, None
    for index in other.indexes:
        leading = [part.ordinal for part in index.columns[: len(wanted)]]
        if set(leading) == set(wanted) and index.predicate is None and not index.disabled:
            found = store.base if index.clustered else store.indexes[index.name]
            low, high = prefix_range(found.encode_prefix([wanted[ordinal] for ordinal in leading]))
            break

    compared = [(ordinal, sort_key(other.columns[ordinal].type) or _itself) for ordinal in key.columns]
    keys = [make(value) for (_, make), value in zip(compared, values, strict=True)]

    def row_of(entry: Key) -> tuple[Key, Row] | None:
        base_key = entry if found is store.base else found.get(entry)
        row = None if base_key is None or base_key is GHOST else store.base.get(base_key)
        if row is None or row is GHOST:
            return None
        for (ordinal, make), value in zip(compared, keys, strict=True):
            if row[ordinal] is None or make(row[ordinal]) != value:
                return None
        return base_key, row

    for entry, _ in found.scan(low, high) if low is not None else found.scan():
        yield found, entry, lambda entry=entry: row_of(entry)  # type: ignore[misc]


def _itself(value: Any) -> Any:
    return value


# --- CASCADE, SET NULL, SET DEFAULT -----------------------------------------------------------------------------------


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
        """Find the rows that refer to ``old`` and lock them U."""
        values = _changed_key(self._key, old, new)
        if values is None:
            return
        store = self._table.store
        assert store is not None
        session: Session = env[SESSION]
        shared = not is_private(self._table)
        if shared:
            session.lock(store.locks, WHOLE, LockMode.IX)
        for index, entry, row_of in _candidates(self._table, self._key, values):
            if shared:
                session.lock(index.locks, entry, LockMode.U)
            match = row_of()
            if match is not None:
                refuse_conflict(session, store.base, match[0], self._table.full_name, self._table.database)
                env[self.slot].rows.append((*match, new))
            elif shared:
                session.unlock(index.locks, entry)

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
