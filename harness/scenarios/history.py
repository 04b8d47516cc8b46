"""What was observed while a permutation ran, as plain data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from harness.scenarios.specification import Step
from harness.scenarios.steps import Item


@dataclass(frozen=True, slots=True)
class Ended:
    """A step that ended without a wait worth a mark."""

    step: Step
    items: Sequence[Item]


@dataclass(frozen=True, slots=True)
class Waiting:
    """A step that waits for a lock, held or asked for before by the ``blockers``: sessions by name.

    ``heads`` are those at the head of the chain: they block it, directly or not, and wait for nobody.
    """

    step: Step
    wait_type: str
    blockers: Sequence[str]
    heads: Sequence[str]


@dataclass(frozen=True, slots=True)
class Completed:
    """A step that had been waiting and has ended now."""

    step: Step
    items: Sequence[Item]


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A step that waits still when no step is left that could end its wait."""

    step: Step
    blockers: Sequence[str]


@dataclass(frozen=True, slots=True)
class Part:
    """Output of a setup or teardown: of a session, or of the scenario where ``session`` is empty."""

    session: str
    kind: str
    items: Sequence[Item]


Event = Ended | Waiting | Completed | Unfinished | Part


@dataclass(slots=True)
class History:
    """One permutation, at one isolation level ("" where the scenario names none), and what happened, in order."""

    level: str
    steps: Sequence[Step]
    events: list[Event] = field(default_factory=list)
