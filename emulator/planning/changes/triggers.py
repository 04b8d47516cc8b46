"""The triggers of a table or view as the statements that fire them see them.

Documentation: "CREATE TRIGGER (Transact-SQL)".
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from emulator.catalog.objects import Table, Trigger, View
from emulator.errors import sql_error
from emulator.execution.writing import RecordingWriter
from emulator.planning.binding import SESSION, Env

PLACES = {"first": 0, "": 1, "last": 2}


@dataclass(frozen=True, slots=True)
class AfterTriggers:
    """The AFTER triggers for one event: the first and the last as they were set, the others in the order in which they
    were created. ``updated`` are the columns set."""

    event: str
    triggers: tuple[Trigger, ...]
    updated: frozenset[int]

    def fire(self, env: Env, writer: RecordingWriter, count: int) -> None:
        """Run them. ``count`` is what @@ROWCOUNT says at their beginning. Errors: 3609, 3616, 217 and theirs."""
        session = env[SESSION]
        for trigger in self.triggers:
            session.fire_trigger(trigger, writer.after[self.event], writer.before[self.event], self.updated, count)


def after_triggers(table: Table, event: str, updated: frozenset[int] = frozenset()) -> AfterTriggers | None:
    """The AFTER triggers that are to be fired; None: there are none."""
    found = tuple(t for t in table.triggers if t.enabled and not t.instead_of and event in t.events)
    if not found:
        return None
    found = tuple(sorted(found, key=lambda trigger: PLACES[trigger.order.get(event, "")]))
    if event == "INSERT":
        updated = frozenset(range(len(table.columns)))
    return AfterTriggers(event, found, updated if event != "DELETE" else frozenset())


def instead_of_trigger(item: Table | View, event: str) -> Trigger | None:
    """The INSTEAD OF trigger for ``event``. (There is at most one.)"""
    return next((t for t in item.triggers if t.enabled and t.instead_of and event in t.events), None)


def refuse_output(table: Table, outputs: Sequence[object], events: Collection[str], line: int) -> None:
    """Errors: 334 OUTPUT to the client on a table with triggers for one of the ``events``."""
    if not any(getattr(clause, "into", None) is None for clause in outputs):
        return
    if any(trigger.enabled and trigger.events & set(events) for trigger in table.triggers):
        raise sql_error(334, table.name, line=line)
