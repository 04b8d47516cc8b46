"""Back to a saved state in a fraction of a millisecond: committed changes are undone like those of a rollback.

What transactions would forget when they commit, the records that undo their changes, is kept here in the order of the
commits. X locks are held to the end, so on each entry that is the order of the changes, and undoing everything
backwards leads to the saved state. It costs as much as the changes, whatever the size of the database. What is no
transaction's (identity counters, sequences, the clock, random numbers, ids) is remembered when saving.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import TYPE_CHECKING, Any

from emulator.catalog.objects import Sequence, Table
from emulator.scheduler import VirtualClock
from emulator.storage.index import IndexStore
from emulator.storage.versions import History

if TYPE_CHECKING:
    from emulator.instance import Instance
    from emulator.storage.transaction import Transaction

Record = tuple[Any, ...]


class Rewinder:
    """Keeps how to undo what commits in ``instance`` from ``save`` on.

    Not turned back are the counters of the management views (waits, uses of indexes), and what was altered of event
    sessions.
    """

    def __init__(self, instance: Instance) -> None:
        self._instance = instance
        self._records: list[Record] = []
        self._reset: Callable[[], None] | None = None

    def keep(self, transaction: Transaction) -> None:
        """``transaction`` commits."""
        if self._reset is not None and transaction.records:
            self._records += map(_repeatable, transaction.records)

    def save(self) -> None:
        """Make the present the state to return to. ValueError: a transaction or a request is under way."""
        if self._instance.scheduler.tasks or any(item.transaction for item in self._instance.sessions.values()):
            raise ValueError("a state can be saved only between requests, with no transaction open")
        self._records.clear()
        self._reset = self._remember()

    def restore(self) -> None:
        """Return to what was saved, which stays saved: requests end, and so do sessions begun since.

        ValueError: nothing was saved, or a session of that time has a transaction open that it cannot keep.
        """
        if self._reset is None:
            raise ValueError("no state was saved")
        self._instance.scheduler.close()
        self._reset()

    def _remember(self) -> Callable[[], None]:
        instance = self._instance
        clock = instance.clock
        elapsed = clock.monotonic()
        sessions = dict(instance.sessions)
        databases, temporary = dict(instance.databases), dict(instance.global_temporary)
        transactions = instance.transactions
        sequence, numbers = instance.versions.sequence, instance.versions.numbers
        chance = instance.random.getstate()
        chances = [(session, session.chance) for session in sessions.values()]
        identifier = next(instance.sequential_ids)
        instance.sequential_ids = count(identifier)
        options = [(item, _options(item)) for item in databases.values()]
        principals = [(item.security, item.security.next_id) for item in databases.values()]
        principals.append((instance.security, instance.security.next_id))
        tables = [table for item in databases.values() for table in item.of_kind(Table)]
        stores = [(table.store, table.store.counters()) for table in tables if table.store is not None]
        sequences = [(item, item.current) for database in databases.values() for item in database.of_kind(Sequence)]
        settings = [(option, option.value, option.in_use) for option in instance.configuration.options.values()]
        event_sessions = dict(instance.event_sessions)
        targets = [target for item in event_sessions.values() for target in item.targets.values()]
        collected = [(target, target.received, list(target.events)) for target in targets]

        def reset() -> None:
            for spid, session in list(instance.sessions.items()):
                if sessions.get(spid) is not session:
                    session.close()
                elif session.trancount:
                    session.rollback()
            records = self._records
            while records:
                undo, *arguments = records.pop()
                undo(*arguments)
            for store, counters in stores:
                store.set_counters(counters)
            for drawn, current in sequences:
                drawn.current = current
            for database, values in options:
                for name, value in values.items():
                    setattr(database, name, value)
            for catalog, following in principals:
                catalog.next_id = following
            instance.databases, instance.global_temporary = dict(databases), dict(temporary)
            instance.transactions = transactions
            instance.versions.sequence, instance.versions.numbers = sequence, numbers
            instance.random.setstate(chance)
            for session, state in chances:
                session.chance = state
            instance.sequential_ids = count(identifier)
            for option, value, in_use in settings:
                option.value, option.in_use = value, in_use
            instance.event_sessions = dict(event_sessions)
            for target, received, events in collected:
                if target.received != received:
                    target.received = received
                    target.events.clear()
                    target.events.extend(events)
            if isinstance(clock, VirtualClock):
                clock.return_to(elapsed)

        return reset


def _options(database: Any) -> dict[str, Any]:
    names = ("next_object_id", "next_schema_id", "last_rowversion", "read_committed_snapshot", "snapshots")
    return {name: getattr(database, name) for name in names}


def _repeatable(record: Record) -> Record:
    """The record without what was the transaction's alone: its ghosts and versions are gone when it has committed."""
    owner = getattr(record[0], "__self__", None)
    if isinstance(owner, History):
        return (_nothing,)
    if isinstance(owner, IndexStore):
        entry = owner.entry_of(record)
        if entry is not None:
            return owner.put_back, *entry
    return record


def _nothing() -> None:
    """Versions of a committed transaction are not noted any more."""
