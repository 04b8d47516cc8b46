"""What each user means to do: an endless stream of intentions that follows from the seed and the user's name alone.

An intention is made without looking at the warehouse, so the stream is the same however the work goes. What it comes to
depends on what the user then finds, and that on the other users: positions say where in a list to choose, as a fraction
of its length, whatever the list turns out to be.

Most positions are drawn close to the front of the list, so that users meet at the same batches, lots and bins: about
two intentions of five mean one batch of two hundred.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import TypeVar
from uuid import UUID

Choice = TypeVar("Choice")

REPEATED_SHARE = 0.05
"""How many requests are sent again, as by a client that never got the answer."""
MOST_BAGS = 5


@dataclass(frozen=True, slots=True)
class PickIntention:
    """Pick `bags` of a lot for a line. `batch`, `line` and `lot` are positions from 0 to less than 1."""

    request_id: UUID
    batch: float
    line: float
    lot: float
    bags: int
    is_repeated: bool


@dataclass(frozen=True, slots=True)
class TransferIntention:
    """Move a share (above 0, up to 1) of what is free of a lot that a line needs. `batch` to `bin` are positions."""

    request_id: UUID
    batch: float
    line: float
    lot: float
    bin: float
    share: float
    is_repeated: bool


def pick_intentions(seed: int, user: str) -> Iterator[PickIntention]:
    """What this picker means to do."""
    random = Random(f"{seed} {user}")
    while True:
        yield PickIntention(
            request_id=_request_id(random),
            batch=_at_front(random),
            line=_near_front(random),
            lot=_at_front(random),
            bags=random.randint(1, MOST_BAGS),
            is_repeated=random.random() < REPEATED_SHARE,
        )


def transfer_intentions(seed: int, user: str) -> Iterator[TransferIntention]:
    """What this putaway operator means to do."""
    random = Random(f"{seed} {user}")
    while True:
        yield TransferIntention(
            request_id=_request_id(random),
            batch=_at_front(random),
            line=_near_front(random),
            lot=_at_front(random),
            bin=_near_front(random),
            share=random.choice((0.1, 0.25, 0.5, 1.0)),
            is_repeated=random.random() < REPEATED_SHARE,
        )


def choose(options: Sequence[Choice], position: float) -> Choice:
    """The option at a position from 0 to less than 1. `options` must not be empty."""
    return options[int(position * len(options))]


def _at_front(random: Random) -> float:
    return random.random() ** 6


def _near_front(random: Random) -> float:
    return random.random() ** 3


def _request_id(random: Random) -> UUID:
    return UUID(int=random.getrandbits(128), version=4)
