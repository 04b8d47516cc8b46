"""What follows from a change when all its rows are written: checks of references, cascades, AFTER triggers.

A table without triggers to which no key refers with a cascade has none of this (``Target.after`` is None).

Documentation: "CREATE TRIGGER (Transact-SQL)"; "Primary and foreign key constraints".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from emulator.catalog.objects import Table
from emulator.execution.writing import RecordingWriter
from emulator.planning.binding import Env
from emulator.planning.changes.constraints import RowCheck
from emulator.planning.changes.referential import Actions, Cascade, Pending
from emulator.planning.changes.triggers import AfterTriggers, after_triggers


@dataclass(frozen=True, slots=True)
class AfterChange:
    """``actions`` and ``checks`` are by event: those on referring rows, and those that new rows are put to at the end.
    ``cascades`` are all that ``actions`` bring about."""

    actions: dict[str, Actions]
    checks: dict[str, list[RowCheck]]
    cascades: tuple[Cascade, ...]
    triggers: tuple[AfterTriggers, ...]

    def begin(self, env: Env) -> None:
        """Before the first row is changed."""
        for cascade in self.cascades:
            env[cascade.slot] = Pending()

    def follow(self, env: Env, writer: RecordingWriter, count: int) -> None:
        """When all rows are changed. Errors: 515, 547, 2627 and those of triggers."""
        for event, actions in self.actions.items():
            if actions.deferred:
                after: Sequence[tuple[object, ...] | None] = writer.after[event] or [None] * len(writer.before[event])
                actions.after(env, zip(writer.before[event], after, strict=True))
        for event, checks in self.checks.items():
            for check in checks:
                for row in writer.after[event]:
                    check(env, row)
        for cascade in self.cascades:
            cascade.apply(env)
        for cascade in reversed(self.cascades):
            cascade.fire(env)
        for triggers in self.triggers:
            triggers.fire(env, writer, count)


def after_change(
    table: Table,
    events: Sequence[str],
    actions: dict[str, Actions] | None = None,
    checks: dict[str, list[RowCheck]] | None = None,
    updated: frozenset[int] = frozenset(),
) -> AfterChange | None:
    """What follows from the ``events`` of one statement on ``table``; None: nothing."""
    triggers = [after_triggers(table, event, updated) for event in events]
    found = tuple(item for item in triggers if item is not None)
    actions, checks = actions or {}, checks or {}
    cascades = tuple(cascade for item in actions.values() for cascade in item.cascades)
    if found or cascades or any(item.deferred for item in actions.values()) or any(checks.values()):
        return AfterChange(actions, checks, cascades, found)
    return None
