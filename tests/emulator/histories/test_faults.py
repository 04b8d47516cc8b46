"""The stress finds faults: each test breaks the emulator in one place, and some run must show it.

``python -m tests.emulator.histories.test_faults [WORD]`` says how many runs and how much processor time each takes.
"""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import count
from typing import Any

import pytest

from emulator.execution import row_locks, scans
from emulator.execution.row_locks import LockPolicy, ScanLocks
from emulator.execution.writing import Writer
from emulator.locking.manager import LockManager, LockWait, WaitOutcome
from emulator.locking.modes import LockMode
from emulator.planning.changes import constraints, referential
from emulator.storage.index import GHOST, IndexStore
from emulator.storage.transaction import Transaction
from emulator.storage.versions import History, Snapshot, VersionStore
from tests.emulator.histories import stress
from tests.emulator.histories.history import Level
from tests.emulator.histories.in_process import InProcess

RUNS = 12
"""Seeds that may pass without a find."""
TRANSACTIONS = 250
Patch = pytest.MonkeyPatch


@dataclass(frozen=True, slots=True)
class Fault:
    """``put_in`` breaks the emulator; ``versioned``: it can be seen only with row versions. ``levels`` show it best."""

    name: str
    put_in: Callable[[Patch], None]
    versioned: bool = False
    levels: list[Level] | None = None


FAULTS: list[Fault] = []


def fault(
    *, versioned: bool = False, levels: list[Level] | None = None
) -> Callable[[Callable[[Patch], None]], Callable[[Patch], None]]:
    """Add a fault that the function puts in."""

    def add(put_in: Callable[[Patch], None]) -> Callable[[Patch], None]:
        FAULTS.append(Fault(put_in.__name__.replace("_", " "), put_in, versioned, levels))
        return put_in

    return add


def with_policies(patch: Patch, change: Callable[[LockPolicy], LockPolicy]) -> None:
    real = row_locks.lock_policy
    patch.setattr(row_locks, "lock_policy", lambda *args, **named: change(real(*args, **named)))


# --- Locks ------------------------------------------------------------------------------------------------------------


@fault()
def gaps_are_not_locked(patch: Patch) -> None:
    with_policies(patch, lambda policy: replace(policy, key_range=LockMode.NL))


@fault()
def the_gap_of_a_missing_key_is_not_locked(patch: Patch) -> None:
    def lock(locks: ScanLocks, index: IndexStore, key: Any) -> bool:
        if key in index.values:
            locks.lock(index.locks, key, locks.row)
        return index.exists(key)

    patch.setattr(scans, "lock_unique_key", lock)


@fault()
def inserts_do_not_test_the_gap(patch: Patch) -> None:
    real = LockManager.would_wait
    test = LockMode.RANGE_I_N
    patch.setattr(LockManager, "would_wait", lambda self, *args: args[-1] is not test and real(self, *args))


@fault()
def shared_locks_are_given_back_at_repeatable_read(patch: Patch) -> None:
    def change(policy: LockPolicy) -> LockPolicy:
        shared = policy.row is LockMode.S and policy.key_range is LockMode.NL
        return replace(policy, held=policy.held and not shared)

    with_policies(patch, change)


@fault()
def update_locks_are_given_back_at_once(patch: Patch) -> None:
    with_policies(patch, lambda policy: replace(policy, held=policy.held and policy.row is not LockMode.U))


@fault()
def read_committed_does_not_wait_for_writers(patch: Patch) -> None:
    patch.setattr(scans, "_value_when_readable", lambda locks, index, key: index.values.get(key, GHOST))


@fault()
def lookups_do_not_lock_the_row(patch: Patch) -> None:
    def look_up(plan: Any, env: Any, locks: ScanLocks, base_key: Any) -> bool:
        return scans._unlocked_row(replace(plan, index=None), env, locks, locks.store.base, base_key)

    patch.setattr(scans, "_locked_lookup", look_up)


@fault()
def changed_index_keys_are_not_locked(patch: Patch) -> None:
    def lock(writer: Writer, key: Any, old: Any, new: Any) -> None:
        writer._begin()
        if writer._locked:
            writer.session.lock(writer.store.base.locks, key, LockMode.X)

    patch.setattr(Writer, "_lock_update", lock)


@fault()
def a_rollback_to_a_savepoint_gives_back_all_locks(patch: Patch) -> None:
    real = LockManager.release_since
    patch.setattr(LockManager, "release_since", lambda self, owner, before: real(self, owner, ()))


@fault()
def a_wake_up_in_fifty_is_lost(patch: Patch) -> None:
    real, numbers = LockManager._finish, count(1)

    def finish(manager: LockManager, wait: LockWait, outcome: WaitOutcome) -> None:
        if outcome is WaitOutcome.GRANTED and not next(numbers) % 50:
            wait.on_end = None
        real(manager, wait, outcome)

    patch.setattr(LockManager, "_finish", finish)


@fault(levels=[Level.READ_COMMITTED])
def foreign_keys_are_read_without_locks(patch: Patch) -> None:
    patch.setattr(constraints, "read_lock", lambda *args: None)
    patch.setattr(referential, "read_lock", lambda *args: None)


# --- What is stored ---------------------------------------------------------------------------------------------------


@fault()
def a_rollback_forgets_index_entries(patch: Patch) -> None:
    real = IndexStore.put_back

    def put_back(index: IndexStore, key: Any, previous: Any) -> None:
        if index.base_of is not None or index.unique:
            real(index, key, previous)

    patch.setattr(IndexStore, "put_back", put_back)


@fault()
def deleted_rows_that_come_back_in_a_rollback_stay_ghosts(patch: Patch) -> None:
    patch.setattr(IndexStore, "_revive", lambda self, undo, key, previous: None)


@fault()
def a_rollback_undoes_the_oldest_first(patch: Patch) -> None:
    def rollback_to(transaction: Transaction, mark: int) -> None:
        records = transaction.records[mark:]
        del transaction.records[mark:]
        for undo, *args in sorted(records, key=lambda record: record[0].__name__ == "forget"):
            undo(*args)

    patch.setattr(Transaction, "rollback_to", rollback_to)


# --- Versions ---------------------------------------------------------------------------------------------------------


@fault(versioned=True)
def snapshots_pass_over_rows_that_are_being_deleted(patch: Patch) -> None:
    real = History.value
    patch.setattr(
        History,
        "value",
        lambda self, key, current, snapshot: GHOST if current is GHOST else real(self, key, current, snapshot),
    )


@fault(versioned=True)
def snapshots_do_not_meet_keys_that_are_gone(patch: Patch) -> None:
    patch.setattr(History, "went", lambda self, key: None)
    patch.setattr(History, "recount", lambda self, present: None)


@fault(versioned=True)
def versions_are_never_dropped(patch: Patch) -> None:
    patch.setattr(VersionStore, "_clean", lambda self: None)


@fault(versioned=True)
def versions_are_dropped_while_snapshots_need_them(patch: Patch) -> None:
    patch.setattr(VersionStore, "oldest", property(lambda self: self.sequence))


@fault(versioned=True)
def snapshots_see_what_is_not_committed(patch: Patch) -> None:
    patch.setattr(Snapshot, "sees", lambda self, writer: writer.commit_sequence != self.sequence + 1)


@fault(versioned=True)
def update_conflicts_are_not_noticed(patch: Patch) -> None:
    patch.setattr(History, "changed_since", lambda self, key, snapshot: False)


@fault(versioned=True, levels=[Level.READ_COMMITTED])
def a_statement_reads_what_is_committed_by_and_by(patch: Patch) -> None:
    real = History.value

    def value(history: History, key: Any, current: Any, snapshot: Snapshot) -> Any:
        if isinstance(snapshot.owner, Transaction) and snapshot.owner.snapshot is None:
            snapshot = Snapshot(history.store.sequence, snapshot.owner)
        return real(history, key, current, snapshot)

    patch.setattr(History, "value", value)


# --- The test ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("broken", FAULTS, ids=lambda broken: broken.name)
def test_the_stress_finds_that(broken: Fault, monkeypatch: Patch, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.ERROR, "emulator")
    broken.put_in(monkeypatch)
    assert any(problems(seed, broken) for seed in range(1, RUNS + 1))


def problems(seed: int, broken: Fault) -> str:
    """What a run shows, a defect of the emulator as well."""
    run = InProcess(seed, versioned=broken.versioned, fine=bool(seed % 2), levels=broken.levels)
    try:
        report = run.run(lambda so_far: len(so_far.recorder.history.transactions) >= TRANSACTIONS)
    except Exception as defect:
        return repr(defect)
    return "\n".join(report.problems)


def main(word: str = "") -> None:
    stress.quiet()
    for broken in FAULTS:
        if word in broken.name:
            began, found, seed = time.process_time(), "", 0
            with Patch.context() as patch:
                broken.put_in(patch)
                while not found and seed < RUNS:
                    seed += 1
                    found = problems(seed, broken)
            shown = found.splitlines()[0][:60] if found else "NOT FOUND"
            print(f"{broken.name}: runs {seed}, {time.process_time() - began:.1f} s: {shown}", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
