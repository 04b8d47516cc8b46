"""Calls that all succeed, prepared before anything is timed: picks of one bag each, and transfers there and back.

What a job needs is set aside for it, so that jobs can run in any order and by several connections at once.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any, Protocol
from uuid import uuid4

from harness.demo.warehouse import Layout, Rows

PICK, TRANSFER, FIND_LOTS = "picking.PickLot", "putaway.TransferLot", "picking.FindLots"
PAGE_SIZE = 20
"""Lots of one FindLots call."""
MOVES_EACH_WAY = 3
"""A lot is moved to another bin in so many parts, and back in as many: rows are inserted, updated and deleted."""
PART = Decimal(1)
ALL_BAGS = 1_000_000

Job = tuple[object, ...]
"""The arguments of one call."""


class Caller(Protocol):
    """Somebody who calls procedures."""

    def call(self, procedure: str, *arguments: object) -> Sequence[Rows]:
        """Call a procedure with its leading parameters, and return the rows of each result set."""


class Jobs:
    """Makes jobs for the warehouse that `caller` reaches."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller
        self._set_aside: Counter[tuple[str, str]] = Counter()
        self.layout = Layout.of_rows(*caller.call("demo.DescribeWarehouse"))

    def lines(self, batches: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int, int]]:
        """The open lines of these batches, as the leading arguments of FindLots and PickLot."""
        for run_no, row_num in batches:
            for line_id, *_ in self._caller.call("demo.FindOpenLines", run_no, row_num)[0]:
                yield run_no, row_num, line_id

    def searches(self) -> Iterator[Job]:
        """FindLots calls that each find a full page."""
        for line in self.lines(self.layout.batches):
            if len(self._caller.call(FIND_LOTS, *line, PAGE_SIZE)[0]) == PAGE_SIZE:
                yield (*line, PAGE_SIZE)

    def picks(self, batches: Sequence[tuple[int, int]]) -> Iterator[Job]:
        """PickLot calls of one bag each, for the lines of these batches, in FEFO order."""
        for run_no, row_num in batches:
            for line_id, *_, open_bags in self._caller.call("demo.FindOpenLines", run_no, row_num)[0]:
                line = (run_no, row_num, line_id)
                lots = self._caller.call(FIND_LOTS, *line, PAGE_SIZE)[0]
                for lot_no, bin_no in self._take_bags(lots, int(open_bags)):
                    yield (*line, lot_no, bin_no, PART, "bench", uuid4())

    def transfers(self, items: Sequence[str]) -> Iterator[Job]:
        """TransferLot calls for lots of these items."""
        for item_key in items:
            if item_key in self.layout.counted:
                continue
            for lot_no, location_key, bin_no, available in self._caller.call("demo.FindMovableLots", item_key)[0]:
                if available >= MOVES_EACH_WAY * PART and not self._set_aside[lot_no, bin_no]:
                    self._set_aside[lot_no, bin_no] = ALL_BAGS
                    yield from self._there_and_back(lot_no, item_key, location_key, bin_no)

    def _take_bags(self, lots: Rows, wanted: int) -> Iterator[tuple[str, str]]:
        for lot_no, _, _, bin_no, *_, bags_available in lots:
            while wanted and self._set_aside[lot_no, bin_no] < bags_available:
                self._set_aside[lot_no, bin_no] += 1
                wanted -= 1
                yield lot_no, bin_no

    def _there_and_back(self, lot_no: str, item_key: str, location_key: str, bin_no: str) -> Iterator[Job]:
        there = next(other for other in self._bins_from(lot_no) if other != bin_no)
        for source, destination in ((bin_no, there), (there, bin_no)):
            for _ in range(MOVES_EACH_WAY):
                yield (lot_no, item_key, location_key, source, destination, PART, "bench", uuid4())

    def _bins_from(self, lot_no: str) -> Iterator[str]:
        """All bins, from a place that differs between lots and is always the same for one."""
        bins = self.layout.bins
        start = sum(lot_no.encode()) * 31 % len(bins)
        yield from bins[start:]
        yield from bins[:start]


def take(jobs: Iterator[Job], count: int) -> list[Job]:
    """So many jobs. RuntimeError if the warehouse is too small for them."""
    taken = [job for job, _ in zip(jobs, range(count), strict=False)]
    if len(taken) < count:
        raise RuntimeError(f"the warehouse has work for {len(taken)} calls, {count} are needed")
    return taken


def shares(options: Sequence[Any], parts: int) -> list[list[Any]]:
    """The options dealt out to so many."""
    return [list(options[part::parts]) for part in range(parts)]
