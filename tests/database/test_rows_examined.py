"""How many rows of the indexes a call looks at: few, and not more of them in a larger warehouse.

Counted in the emulator, in process: what scans pass, while a row that is found by its whole key counts nothing. There
are 100 items, so that the small warehouse has 10 lots of each, the large one 200; LOCKSTEP_LOTS=1000000 (`make
test-rows`) adds one with 10,000. The counts go to standard output, which pytest shows with `-rP`.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import pytest

from emulator.storage.index import IndexStore
from harness.bench.in_process import Engine
from harness.demo.warehouse import Size

LOTS = sorted({1_000, 20_000, int(os.environ.get("LOCKSTEP_LOTS", "20000"))})
SIZES = [Size(lots, bins=max(lots // 5, 400), items=100, runs=max(lots // 250, 20)) for lots in LOTS]
RUN, ROW, LINE = 6000001, 1, 1


class Counter:
    """Counts the entries that scans yield."""

    def __init__(self) -> None:
        self.rows = 0

    @contextmanager
    def counting(self, patch: pytest.MonkeyPatch) -> Iterator[None]:
        scan = IndexStore.scan

        def counted(index: IndexStore, *arguments: Any) -> Iterator[Any]:
            for entry in scan(index, *arguments):
                self.rows += 1
                yield entry

        with patch.context() as patched:
            patched.setattr(IndexStore, "scan", counted)
            yield


@pytest.fixture(scope="module", params=SIZES, ids=[f"{size.lots:,} lots" for size in SIZES])
def engine(request: pytest.FixtureRequest) -> Engine:
    return Engine(request.param, 3)


def lot_of(engine: Engine) -> tuple[str, str, str]:
    """The lot that FEFO offers first: number, item and bin."""
    (page,) = engine.call("picking.FindLots", RUN, ROW, LINE, 1)
    return page[0][0], page[0][1], page[0][3]


def pick(engine: Engine, number: int) -> Any:
    lot, _, bin_no = lot_of(engine)
    (outcome,) = engine.call("picking.PickLot", RUN, ROW, LINE, lot, bin_no, 1, "somchai", UUID(int=number), "P-1")
    return outcome[0]


def find_bins(engine: Engine) -> tuple[object, ...]:
    lot, item, bin_no = lot_of(engine)
    return lot, item, "TFC1", bin_no, None, 20


def find_bins_by_text(engine: Engine) -> tuple[object, ...]:
    """Of the bins with this beginning there are few: the search must not go on to the end of the location for more."""
    lot, item, bin_no = lot_of(engine)
    (bins,) = engine.call("putaway.FindBins", lot, item, "TFC1", bin_no, "A", 20)
    return lot, item, "TFC1", bin_no, bins[-1][0], 20


def pick_lot(engine: Engine) -> tuple[object, ...]:
    lot, _, bin_no = lot_of(engine)
    return RUN, ROW, LINE, lot, bin_no, 1, "somchai", UUID(int=1), "P-1"


def picked_again(engine: Engine) -> tuple[object, ...]:
    """A pick that has been made already, with the same request id."""
    arguments = (*pick_lot(engine)[:7], UUID(int=6), "P-1")
    engine.call("picking.PickLot", *arguments)
    return arguments


def next_page(engine: Engine) -> tuple[object, ...]:
    (page,) = engine.call("picking.FindLots", RUN, ROW, LINE, 5)
    lot, _, _, bin_no, _, expiry, _, on_hand, *_ = page[-1]
    return RUN, ROW, LINE, 20, expiry, on_hand, lot, bin_no


def unpick_lot(engine: Engine) -> tuple[object, ...]:
    return pick(engine, 2)[4], "somchai", UUID(int=3), 1


def transfer_lot(engine: Engine) -> tuple[object, ...]:
    lot, item, bin_no = lot_of(engine)
    (bins,) = engine.call("putaway.FindBins", lot, item, "TFC1", bin_no, None, 1)
    return lot, item, "TFC1", bin_no, bins[0][0], 1, "malee", UUID(int=4)


CALLS: dict[str, tuple[int, Callable[[Engine], tuple[object, ...]]]] = {
    "lockstep.NextNumber": (5, lambda engine: ("BT",)),
    "picking.SearchRuns": (250, lambda engine: ("NEW", None, 20)),
    "picking.SearchRuns of any status": (250, lambda engine: (None, None, 20)),
    "picking.SearchRuns by text": (2_300, lambda engine: ("NEW", "Formula 3", 20)),
    "picking.GetRun": (40, lambda engine: (RUN, ROW)),
    "picking.GetLine": (20, lambda engine: (RUN, ROW, LINE)),
    "picking.FindLots": (160, lambda engine: (RUN, ROW, LINE, 20)),
    "picking.FindLots, next page": (160, next_page),
    "picking.PickLot": (20, pick_lot),
    "picking.PickLot, repeated": (20, picked_again),
    "picking.PickFefo": (200, lambda engine: (RUN, ROW, 2, "somchai", UUID(int=5), 1)),
    "picking.UnpickLot": (20, unpick_lot),
    "putaway.FindLots": (160, lambda engine: ("TFC1", lot_of(engine)[1], None, 20)),
    "putaway.FindLots of one lot": (20, lambda engine: ("TFC1", None, lot_of(engine)[0], 20)),
    "putaway.FindBins": (80, find_bins),
    "putaway.FindBins by text": (80, find_bins_by_text),
    "putaway.TransferLot": (20, transfer_lot),
}
"""The most rows that a call may look at, and its arguments. A search by text looks at no more than 2,000 runs."""


@pytest.mark.parametrize("name", CALLS)
def test_a_call_looks_at_few_rows_however_large_the_warehouse(
    engine: Engine, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit, arguments_for = CALLS[name]
    arguments = arguments_for(engine)
    counter = Counter()
    with counter.counting(monkeypatch):
        engine.call(name.replace(",", " ").split()[0], *arguments)
    print(f"{name}: {counter.rows} rows")
    assert counter.rows <= limit
