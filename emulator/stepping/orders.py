"""Every order in which actors can take their steps, one after the other, none twice.

Depth first: each run repeats the one before it up to its last choice that has not been tried in all ways yet. So what
is run must be the same each time but for the order: begin every run with ``Stepper.restore``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from emulator.stepping.stepper import Actor, Choice


@dataclass(slots=True)
class _Decision:
    """Which of how many actors was chosen."""

    chosen: int
    actors: int


def every_order() -> Iterator[Choice]:
    """What to hand to ``Stepper.run``, for one run each, until all orders have been run.

    The number of orders grows fast: two sessions of six steps each have 924. RuntimeError, out of ``run``: other actors
    can run than did at this point of the run before.
    """
    path: list[_Decision] = []
    while True:
        depth = 0

        def choose(actors: Sequence[Actor]) -> Actor:
            nonlocal depth
            if depth == len(path):
                path.append(_Decision(0, len(actors)))
            decision = path[depth]
            if decision.actors != len(actors):
                raise RuntimeError(f"step {depth + 1} has {len(actors)} actors to choose from, not {decision.actors}")
            depth += 1
            return actors[decision.chosen]

        yield choose
        del path[depth:]
        while path and path[-1].chosen + 1 == path[-1].actors:
            path.pop()
        if not path:
            return
        path[-1].chosen += 1
