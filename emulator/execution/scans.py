"""Scans of stored tables: they put rows into their slot and lock what they read.

A scan goes through key ranges of the base index, or of a nonclustered index: then it reads only the index key when that
covers the query, else it goes on to the base row (a lookup). Whoever scans locks a key before it looks at what is under
it: after a wait the row may have changed, be a ghost, or be gone.

Order of locks: table, index key, base key. Rows that do not qualify are given back (see ``row_locks``).

Where row versions are read, all of this gives way to ``_of_snapshot``: rows as they were, in the order of that time,
without locks but for those that are to be changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from emulator.execution.current_rows import Found, Reader
from emulator.execution.key_ranges import lock_range, lock_unique_key
from emulator.execution.row_locks import IS, NL, LockPolicies, LockPolicy, S, ScanLocks, Versions
from emulator.execution.seeks import Bounds, KeyRange
from emulator.execution.snapshots import (
    refuse_new_definition,
    statement_snapshot,
    transaction_snapshot,
    update_conflict,
)
from emulator.locking.manager import WHOLE
from emulator.locking.modes import LockMode
from emulator.planning.binding import SESSION, Condition, Env
from emulator.storage.index import GHOST, IndexStore
from emulator.storage.keys import Key, Row

if TYPE_CHECKING:
    from emulator.session import Session
    from emulator.storage.table import TableStore
    from emulator.storage.versions import Snapshot

Rows = Callable[[Env], Iterator[None]]
"""An operator: yields once for each row, having put it into the slots."""
Fetch = Callable[[Env], bool]
"""An operator that finds at most one row: whether it did, having put it into the slots."""
SWITCH_INTERVAL = 1024
"""Rows that an operator makes of what it has read already between two switch points."""
StoreOf = Callable[[Env], "TableStore"]


@dataclass(frozen=True, slots=True)
class ScanPlan:
    """How one table is read.

    ``slot`` gets the row, ``key_slot`` (if any) its base key. ``index`` is the nonclustered index read, None for the
    base. ``covering``: the base row need not be locked. ``entry_filter`` is what can be tested on the index's columns,
    before a lookup, ``row_filter`` what can be on the row's, ``outer_filter`` what SQL Server tests behind the scan:
    which rows that turns down makes no difference to their locks, unless these are on the target of a change.
    ``policies`` is None for a table that is not locked. ``large``: large objects of the row are read.
    ``points``: each range is one value of a unique key.
    """

    slot: int
    store_of: StoreOf
    bounds: Bounds
    index: str | None = None
    covering: bool = False
    reverse: bool = False
    key_slot: int | None = None
    entry_filter: Condition | None = None
    row_filter: Condition | None = None
    outer_filter: Condition | None = None
    policies: LockPolicies | None = None
    large: bool = False
    points: bool = False
    condition: Condition | None = field(init=False)
    """All three filters."""
    row_condition: Condition | None = field(init=False)
    """Those behind ``entry_filter``."""

    def __post_init__(self) -> None:
        row_condition = _both(self.row_filter, self.outer_filter)
        object.__setattr__(self, "row_condition", row_condition)
        object.__setattr__(self, "condition", _both(self.entry_filter, row_condition))


def scan(plan: ScanPlan) -> Rows:
    """The operator that runs ``plan``."""
    store_of, policies = plan.store_of, plan.policies
    bounds = _backwards(plan.bounds) if plan.reverse else plan.bounds

    def rows(env: Env) -> Iterator[None]:
        store = store_of(env)
        index = store.base if plan.index is None else store.indexes[plan.index]
        if policies is None:
            for key_range in bounds(env):
                yield from _without_locks(plan, env, store, index, key_range)
            return
        session = env[SESSION]
        policy = policies.at(session.settings.isolation)
        if policy.versions is not None:
            yield from _of_snapshot(plan, env, store, index, policy, bounds)
            return
        locks = ScanLocks(
            session, store, policy, whole=bool(policy.key_range) and store.is_heap and index is store.base
        )
        current = session.current_rows
        try:
            for key_range in bounds(env):
                if locks.row is NL:
                    yield from _without_locks(plan, env, store, index, key_range)
                elif not policy.held:
                    current.rows[plan.slot] = locks
                    yield from _reading_committed(plan, env, locks, index, key_range)
                elif not locks.key_range:
                    yield from _keeping_locks(plan, env, locks, index, key_range)
                elif plan.points:
                    if key_range[0] is not None and _locked_point(plan, env, locks, index, key_range[0]):
                        yield
                else:
                    yield from _locking_ranges(plan, env, locks, index, key_range)
        finally:
            if current.rows.get(plan.slot) is locks:
                del current.rows[plan.slot]
            locks.close()

    return rows


def _backwards(bounds: Bounds) -> Bounds:
    return lambda env: bounds(env)[::-1]


def _without_locks(
    plan: ScanPlan, env: Env, store: TableStore, index: IndexStore, key_range: KeyRange
) -> Iterator[None]:
    base = store.base
    slot, key_slot, secondary = plan.slot, plan.key_slot, plan.index is not None
    condition = plan.condition
    switch_point, mask = env[SESSION].switch_point, env[SESSION].switch_mask
    for count, (key, value) in enumerate(index.scan(*key_range, plan.reverse), start=1):
        if not count & mask:
            switch_point()
            value = index.values.get(key, GHOST)
        row = base.values.get(value, GHOST) if secondary and value is not GHOST else value
        if row is GHOST:
            continue
        env[slot] = row
        if key_slot is not None:
            env[key_slot] = value if secondary else key
        if condition is None or condition(env):
            yield


# --- READ COMMITTED: locked only while read ---------------------------------------------------------------------------


def _reading_committed(
    plan: ScanPlan, env: Env, locks: ScanLocks, index: IndexStore, key_range: KeyRange
) -> Iterator[None]:
    """Locks are taken only where they have to be waited for, and where others may run: others could not be seen."""
    locks.index, locks.looks_up = index, plan.index is not None and not plan.covering
    if plan.index is not None:
        yield from _reading_committed_entries(plan, env, locks, index, key_range)
        return
    slot, key_slot, condition = plan.slot, plan.key_slot, plan.row_condition
    locked = index.locks.entries
    keep = locks.session.current_rows.kept if plan.large else None
    switch_point, mask = locks.session.switch_point, locks.session.switch_mask
    for count, (key, row) in enumerate(index.scan(*key_range, plan.reverse), start=1):
        if not count & mask:
            locks.at = None
            switch_point()
            row = index.values.get(key, GHOST)
        if locked and key in locked:
            row = _value_when_readable(locks, index, key)
        if row is not GHOST:
            env[slot] = row
            if key_slot is not None:
                env[key_slot] = key
            locks.at = key
            if condition is None or condition(env):
                if keep is not None:
                    keep.append(Found(locks.store, index, key))
                yield


def _value_when_readable(locks: ScanLocks, index: IndexStore, key: Key) -> Row | object:
    """What is under ``key`` once nobody else is changing it; ``GHOST`` when there is no row or READPAST skips it.

    A lock that protects no change is not waited for, unless the key must stay where it is for a lookup.
    """
    if locks.would_wait(index.locks, key, S) and (
        locks.looks_up or locks.session.instance.may_be_uncommitted(locks.store)
    ):
        if locks.policy.read_past:
            return GHOST
        locks.at = None
        previous = locks.lock(index.locks, key, S)
        locks.give_back(index.locks, key, S, previous)
    value: Row | object = index.values.get(key, GHOST)
    return value


def _reading_committed_entries(
    plan: ScanPlan, env: Env, locks: ScanLocks, index: IndexStore, key_range: KeyRange
) -> Iterator[None]:
    slot, key_slot, covering = plan.slot, plan.key_slot, plan.covering
    entry_filter, row_filter = plan.entry_filter, plan.row_condition
    base = locks.store.base
    locked, base_locked = index.locks.entries, base.locks.entries
    keep = locks.session.current_rows.kept if plan.large else None
    switch_point, mask = locks.session.switch_point, locks.session.switch_mask
    count = 0
    for key, base_key in index.scan(*key_range, plan.reverse):
        count += 1
        if not count & mask:
            locks.at = None
            switch_point()
            base_key = index.values.get(key, GHOST)
        if locked and key in locked:
            base_key = _value_when_readable(locks, index, key)
        row = base.values.get(base_key, GHOST) if base_key is not GHOST else GHOST
        if row is GHOST:
            continue
        env[slot] = row
        if entry_filter is not None and not entry_filter(env):
            continue
        locks.at, locks.at_row = key, None
        if not covering:
            if base_locked and base_key in base_locked:
                row = _value_when_readable_behind(locks, base, base_key)
                if row is GHOST:
                    continue
                env[slot] = row
            locks.at_row = base_key
        if key_slot is not None:
            env[key_slot] = base_key
        if row_filter is None or row_filter(env):
            if keep is not None:
                keep.append(Found(locks.store, index, key, locks.at_row))
            yield


def _value_when_readable_behind(locks: ScanLocks, base: IndexStore, base_key: Key) -> Row | object:
    """The base row of the index entry stood on once nobody else is changing it. The entry is locked during the wait,
    which is how a lookup and a writer, who goes from the row to the entry, can meet in a deadlock."""
    if locks.would_wait(base.locks, base_key, S):
        if locks.policy.read_past:
            return GHOST
        previous = locks.lock(base.locks, base_key, S)
        locks.give_back(base.locks, base_key, S, previous)
    value: Row | object = base.values.get(base_key, GHOST)
    return value


# --- Locks that are kept ----------------------------------------------------------------------------------------------


def _keeping_locks(
    plan: ScanPlan, env: Env, locks: ScanLocks, index: IndexStore, key_range: KeyRange
) -> Iterator[None]:
    switch_point, mask = locks.session.switch_point, locks.session.switch_mask
    for count, (key, _) in enumerate(index.scan(*key_range, plan.reverse), start=1):
        if not count & mask:
            switch_point()
        if locks.row is NL:
            if _unlocked_row(plan, env, locks, index, key):
                yield
        elif not (locks.policy.read_past and locks.would_wait(index.locks, key, locks.row)) and _locked_row(
            plan, env, locks, index, key
        ):
            yield


def _locked_row(plan: ScanPlan, env: Env, locks: ScanLocks, index: IndexStore, key: Key) -> bool:
    """Lock ``key``, and the base row if there is a lookup; whether the row is there and qualifies.

    What does not qualify is given back, except that what only an operator behind the scan turned down stays locked
    where the policy says so.
    """
    previous = locks.lock(index.locks, key, locks.row)
    passes, qualifies = _qualifying_row(plan, env, locks, index, key)
    if qualifies or (passes and locks.policy.keeps_rejected):
        locks.count(index)
        return qualifies
    locks.give_back(index.locks, key, locks.row, previous)
    return False


def _qualifying_row(plan: ScanPlan, env: Env, locks: ScanLocks, index: IndexStore, key: Key) -> tuple[bool, bool]:
    """Whether there is a row under ``key``, which is locked, that the scan passes on; and whether it qualifies after
    what comes behind the scan. If there is a lookup, the base row is locked. (All conditions of the scan on a covering
    index are its ``entry_filter``.)"""
    value = index.values.get(key, GHOST)
    if value is GHOST:
        return False, False
    if plan.index is None:
        passes = _qualifies(plan, env, value, key, plan.row_filter)
    else:
        row = locks.store.base.values.get(value, GHOST)
        passes = row is not GHOST and _qualifies(plan, env, row, value, plan.entry_filter)
        if not plan.covering:
            return passes, passes and _locked_lookup(plan, env, locks, value)
    return passes, passes and (plan.outer_filter is None or bool(plan.outer_filter(env)))


def _locked_lookup(plan: ScanPlan, env: Env, locks: ScanLocks, base_key: Key) -> bool:
    base = locks.store.base
    if locks.policy.read_past and locks.would_wait(base.locks, base_key, locks.row):
        return False
    previous = locks.lock(base.locks, base_key, locks.row)
    row = base.values.get(base_key, GHOST)
    passes = row is not GHOST and _qualifies(plan, env, row, base_key, plan.row_filter)
    qualifies = passes and (plan.outer_filter is None or bool(plan.outer_filter(env)))
    if qualifies or (passes and locks.policy.keeps_rejected) or (row is not GHOST and locks.key_range):
        locks.count(base)
        return qualifies
    locks.give_back(base.locks, base_key, locks.row, previous)
    return False


def _unlocked_row(plan: ScanPlan, env: Env, locks: ScanLocks, index: IndexStore, key: Key) -> bool:
    """The same when the table's lock has made those of rows needless."""
    value = index.values.get(key, GHOST)
    base_key = key if plan.index is None else value
    row = value if plan.index is None or value is GHOST else locks.store.base.values.get(value, GHOST)
    return row is not GHOST and _qualifies(plan, env, row, base_key, plan.condition)


def _qualifies(plan: ScanPlan, env: Env, row: Any, base_key: Key, condition: Condition | None) -> bool:
    env[plan.slot] = row
    if plan.key_slot is not None:
        env[plan.key_slot] = base_key
    return condition is None or bool(condition(env))


# --- Row versions -----------------------------------------------------------------------------------------------------


def _of_snapshot(
    plan: ScanPlan, env: Env, store: TableStore, index: IndexStore, policy: LockPolicy, bounds: Bounds
) -> Iterator[None]:
    session: Session = env[SESSION]
    snapshot = _snapshot(plan, session, policy)
    locks = ScanLocks(session, store, policy)
    count, mask = 0, session.switch_mask
    try:
        _refuse_new_definition(plan, store, policy, snapshot)
        for key_range in bounds(env):
            for key, value in index.scan_at(snapshot, *key_range, plan.reverse):
                count += 1
                if not count & mask:
                    session.switch_point()
                if _qualifying_version(plan, env, locks, index, snapshot, key, value):
                    yield
    finally:
        locks.close()


def _fetch_version(plan: ScanPlan, env: Env, index: IndexStore, policy: LockPolicy, key: Key) -> bool:
    session: Session = env[SESSION]
    store = plan.store_of(env)
    snapshot = _snapshot(plan, session, policy)
    locks = ScanLocks(session, store, policy)
    try:
        _refuse_new_definition(plan, store, policy, snapshot)
        value = index.value_at(key, snapshot)
        return value is not GHOST and _qualifying_version(plan, env, locks, index, snapshot, key, value)
    finally:
        locks.close()


def _snapshot(plan: ScanPlan, session: Session, policy: LockPolicy) -> Snapshot:
    if policy.versions is Versions.STATEMENT:
        return statement_snapshot(session)
    assert plan.policies is not None
    return transaction_snapshot(session, plan.policies.database)


def _refuse_new_definition(plan: ScanPlan, store: TableStore, policy: LockPolicy, snapshot: Snapshot) -> None:
    if policy.versions is Versions.TRANSACTION:
        assert plan.policies is not None
        refuse_new_definition(snapshot, store, plan.policies.database)


def _qualifying_version(
    plan: ScanPlan, env: Env, locks: ScanLocks, index: IndexStore, snapshot: Snapshot, key: Key, value: Any
) -> bool:
    """Whether the row under ``key`` qualifies as the snapshot sees it. If it is to be changed, it is locked and must be
    that still. Errors: 3960."""
    base = locks.store.base
    base_key = key if plan.index is None else value
    row = value if plan.index is None else base.value_at(base_key, snapshot)
    if not _qualifies(plan, env, row, base_key, plan.condition):
        return False
    if not locks.policy.current:
        return True
    if locks.row is not NL:
        keys = [(base, base_key)] if plan.index is None else [(index, key), (base, base_key)]
        if locks.policy.read_past and any(locks.would_wait(held.locks, at, locks.row) for held, at in keys):
            return False
        for held, at in keys:
            locks.lock(held.locks, at, locks.row)
            locks.count(held)
    if base.changed_since(base_key, snapshot):
        assert plan.policies is not None
        raise update_conflict(locks.store.name, plan.policies.database.name, heap=locks.store.is_heap)
    return True


# --- Key ranges -------------------------------------------------------------------------------------------------------


def _locking_ranges(
    plan: ScanPlan, env: Env, locks: ScanLocks, index: IndexStore, key_range: KeyRange
) -> Iterator[None]:
    for key in lock_range(locks, index, key_range, reverse=plan.reverse):
        if locks.key_range:
            if _qualifying_row(plan, env, locks, index, key)[1]:
                yield
        elif _unlocked_row(plan, env, locks, index, key):
            yield


# --- One row by its unique key ----------------------------------------------------------------------------------------


def fetch(plan: ScanPlan, make_key: Callable[[Env], Key | None]) -> Fetch:
    """The operator that finds the row of a unique key without going through a range. ``plan.bounds`` is not used."""
    if plan.policies is None:
        return _fetch_unlocked(plan, make_key)
    if plan.index is None and plan.key_slot is None and not plan.large:
        return _fetch_base_row(plan, make_key)
    return lambda env: _fetch(plan, env, make_key(env))


def _fetch_unlocked(plan: ScanPlan, make_key: Callable[[Env], Key | None]) -> Fetch:
    condition = plan.condition

    def fetch_unlocked(env: Env) -> bool:
        key: Any = make_key(env)
        store = plan.store_of(env)
        if plan.index is not None and key is not None:
            key = store.indexes[plan.index].values.get(key)
        if key is None or key is GHOST:
            return False
        row = store.base.values.get(key, GHOST)
        return row is not GHOST and _qualifies(plan, env, row, key, condition)

    return fetch_unlocked


def _fetch_base_row(plan: ScanPlan, make_key: Callable[[Env], Key | None]) -> Fetch:
    """The most frequent case, with nobody in the way of a READ COMMITTED read: three dictionary look-ups."""
    slot, store_of, condition, policies = plan.slot, plan.store_of, plan.row_condition, plan.policies
    assert policies is not None
    policy_at = policies.at

    def stand_on(rows: dict[int, Reader | Found], env: Env, store: TableStore, key: Key) -> bool:
        row = store.base.values.get(key, GHOST)
        if row is not GHOST:
            env[slot] = row
            rows[slot] = Found(store, store.base, key)
            if condition is None or condition(env):
                return True
        rows.pop(slot, None)
        return False

    def fetch_base_row(env: Env) -> bool:
        key = make_key(env)
        if key is None:
            return False
        store = store_of(env)
        base = store.base
        session = env[1]
        policy = policy_at(session.settings.isolation)
        if policy.row is S and not policy.held and key not in base.locks.entries:
            if store.locks.entries and session.instance.locks.would_wait(session.transaction, store.locks, WHOLE, IS):
                return _fetch(plan, env, key)
            return stand_on(session.current_rows.rows, env, store, key)
        if policy.versions is Versions.STATEMENT and not session.instance.locks.would_wait(
            session.transaction, store.locks, WHOLE, LockMode.SCH_S
        ):
            row = base.value_at(key, statement_snapshot(session))
        else:
            return _fetch(plan, env, key)
        if row is GHOST:
            return False
        env[slot] = row
        return condition is None or bool(condition(env))

    return fetch_base_row


def _fetch(plan: ScanPlan, env: Env, key: Key | None) -> bool:
    if key is None:
        return False
    session: Session = env[SESSION]
    store = plan.store_of(env)
    index = store.base if plan.index is None else store.indexes[plan.index]
    assert plan.policies is not None
    policy = plan.policies.at(session.settings.isolation)
    if policy.versions is not None:
        return _fetch_version(plan, env, index, policy, key)
    locks = ScanLocks(session, store, policy)
    try:
        if locks.row is NL:
            return _unlocked_row(plan, env, locks, index, key)
        if not policy.held:
            return _fetch_committed(plan, env, locks, index, key)
        return _locked_point(plan, env, locks, index, key)
    finally:
        locks.close()


def _locked_point(plan: ScanPlan, env: Env, locks: ScanLocks, index: IndexStore, key: Key) -> bool:
    """Lock a unique key, or at level SERIALIZABLE the gap where it is not; whether it is there and qualifies."""
    policy = locks.policy
    if locks.key_range:
        return lock_unique_key(locks, index, key) and _qualifying_row(plan, env, locks, index, key)[1]
    if key not in index.values or (policy.read_past and locks.would_wait(index.locks, key, locks.row)):
        return False
    found = _locked_row(plan, env, locks, index, key)
    if found and plan.index is not None and not policy.keeps_rejected:
        locks.session.current_rows.passed.append((index.locks, key))
    return found


def _fetch_committed(plan: ScanPlan, env: Env, locks: ScanLocks, index: IndexStore, key: Key) -> bool:
    rows = locks.session.current_rows.rows
    rows[plan.slot] = locks
    if any(True for _ in _reading_committed(plan, env, locks, index, (key, key, True, True))):
        rows[plan.slot] = Found(locks.store, index, key, locks.at_row)
        return True
    del rows[plan.slot]
    return False


def _both(first: Condition | None, second: Condition | None) -> Condition | None:
    if first is None or second is None:
        return first or second
    return lambda env: first(env) and second(env)
