"""What the users did and what they were told: one book a user, joined when the work is done.

A book holds what was acknowledged, row numbers included, and a tally of the calls of each procedure. It is written by
one thread; others may join it meanwhile, to look at the sums.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from uuid import UUID

PERCENTILES = (50, 95, 99)


@dataclass(frozen=True, slots=True)
class LotRow:
    """A row of LotMaster by its key: a lot of an item in one bin."""

    lot_no: str
    item_key: str
    location_key: str
    bin_no: str


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a batch by its key."""

    run_no: int
    row_num: int
    line_id: int


@dataclass(frozen=True, slots=True)
class Pick:
    """An acknowledged pick: what was asked for, and the rows that the answer says it made. Weights in kg."""

    request_id: UUID
    line: Line
    lot: LotRow
    bags: Decimal
    weight: Decimal
    lot_tran_no: int
    allocation_no: int
    pallet_id: str


@dataclass(frozen=True, slots=True)
class Transfer:
    """An acknowledged transfer: what was asked for, and the document and rows that the answer says it made."""

    request_id: UUID
    lot: LotRow
    bin_to: str
    quantity: Decimal
    document_no: str
    issue_lot_tran_no: int
    receipt_lot_tran_no: int
    in_trans_id: int
    bin_tran_id: int


@dataclass(slots=True)
class Tally:
    """The calls of one procedure.

    Each call ends in one of four ways: accepted, replayed (a repeated request got its first answer), rejected by a
    rule (counted by error number), failed (counted by error number and message). `retried` counts the accepted ones for
    which the procedure needed more than one attempt, after a deadlock or the like. `seconds` has the duration of every
    call.
    """

    accepted: int = 0
    replayed: int = 0
    retried: int = 0
    rejected: Counter[int] = field(default_factory=Counter)
    failed: Counter[tuple[int, str]] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)

    @property
    def calls(self) -> int:
        """How many calls were made."""
        return len(self.seconds)

    def add(self, other: Tally) -> None:
        """Count the calls of another tally, too."""
        self.accepted += other.accepted
        self.replayed += other.replayed
        self.retried += other.retried
        self.rejected.update(dict(other.rejected))  # a copy, made at one stroke: the owner may be counting
        self.failed.update(dict(other.failed))
        self.seconds.extend(other.seconds)

    def percentiles(self) -> dict[str, float]:
        """The durations in seconds below which 50, 95 and 99 % of the calls stayed, and the longest; {} for no calls.

        Exact, by the nearest rank: each is the duration of a call that was made.
        """
        if not self.seconds:
            return {}
        ordered = sorted(self.seconds)
        ranks = {f"p{percent}": math.ceil(len(ordered) * percent / 100) for percent in PERCENTILES}
        return {**{name: ordered[rank - 1] for name, rank in ranks.items()}, "max": ordered[-1]}


@dataclass(slots=True)
class Book:
    """All that was acknowledged to a user, or to several, and the tallies by procedure."""

    picks: list[Pick] = field(default_factory=list)
    transfers: list[Transfer] = field(default_factory=list)
    tallies: dict[str, Tally] = field(default_factory=dict)

    def tally(self, procedure: str) -> Tally:
        """The tally of a procedure, a new one at its first call."""
        return self.tallies.setdefault(procedure, Tally())


def join(books: Iterable[Book]) -> Book:
    """One book with everything that is in these."""
    joined = Book()
    for book in books:
        joined.picks += book.picks
        joined.transfers += book.transfers
        for procedure, tally in list(book.tallies.items()):  # its user may be adding one
            joined.tally(procedure).add(tally)
    return joined
