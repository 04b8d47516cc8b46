"""Calls that all succeed: picks of one bag each, transfers there and back, searches that find a full page.

What a job needs, bags of a lot and bags of a line, is set aside for it when it is made, so that jobs can run later, in
any order and by several connections at once.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Protocol
from uuid import uuid4

from harness.bench.measuring import Job
from harness.demo.warehouse import Layout, Rows

PICK, TRANSFER, FIND_LOTS, GET_RUN = "picking.PickLot", "putaway.TransferLot", "picking.FindLots", "picking.GetRun"
OPEN_BAGS = 8
"""The place of OpenBags in a line of GetRun; LineId comes first."""
PAGE_SIZE = 20
"""Lots of one FindLots call."""
BAGS_A_TURN = 5
"""So many bags are picked for a line before the next line has its turn."""
MOVES_EACH_WAY = 3
"""A lot is moved to another bin in so many parts, and back in as many: rows are inserted, updated and deleted."""
PART = Decimal(1)
ALL_BAGS = 1_000_000


class Caller(Protocol):
    """Somebody who calls procedures."""

    def call(self, procedure: str, *arguments: object) -> Sequence[Rows]:
        """Call a procedure with its leading parameters, and return the rows of each result set."""


class Jobs:
    """Makes jobs for the warehouse that `caller` reaches."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller
        self._set_aside: Counter[tuple[object, ...]] = Counter()
        self.layout = Layout.of_rows(*caller.call("demo.DescribeWarehouse"))

    def searches(self) -> Iterator[Job]:
        """FindLots calls that each find a full page."""
        for run_no, row_num in self.layout.batches:
            for line_id, _ in self._open_lines(run_no, row_num):
                search = (run_no, row_num, line_id, PAGE_SIZE)
                if len(self._caller.call(FIND_LOTS, *search)[0]) == PAGE_SIZE:
                    yield search

    def picks(self, batches: Sequence[tuple[int, int]]) -> Iterator[Job]:
        """PickLot calls of one bag each, for the lines of these batches in turn, in FEFO order."""
        while True:
            made = 0
            for run_no, row_num in batches:
                for line_id, open_bags in self._open_lines(run_no, row_num):
                    for job in self._picks_for((run_no, row_num, line_id), int(open_bags)):
                        made += 1
                        yield job
            if not made:
                return

    def transfers(self, items: Sequence[str]) -> Iterator[Job]:
        """TransferLot calls for lots of these items."""
        for item_key in items:
            if item_key in self.layout.counted:
                continue
            for lot_no, location_key, bin_no, available in self._caller.call("demo.FindMovableLots", item_key)[0]:
                if available >= MOVES_EACH_WAY * PART and not self._set_aside[lot_no, bin_no]:
                    self._set_aside[lot_no, bin_no] = ALL_BAGS
                    yield from self._there_and_back(lot_no, item_key, location_key, bin_no)

    def _open_lines(self, run_no: int, row_num: int) -> list[tuple[int, Decimal]]:
        _, lines = self._caller.call(GET_RUN, run_no, row_num)
        return [(line[0], line[OPEN_BAGS]) for line in lines if line[OPEN_BAGS] > 0]

    def _picks_for(self, line: tuple[int, int, int], open_bags: int) -> Iterator[Job]:
        wanted = min(open_bags - self._set_aside[line], BAGS_A_TURN)
        for lot_no, _, _, bin_no, *_, bags_available in self._caller.call(FIND_LOTS, *line, PAGE_SIZE)[0]:
            while wanted > 0 and self._set_aside[lot_no, bin_no] < bags_available:
                wanted -= 1
                self._set_aside[line] += 1
                self._set_aside[lot_no, bin_no] += 1
                yield (*line, lot_no, bin_no, PART, "bench", uuid4())

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
