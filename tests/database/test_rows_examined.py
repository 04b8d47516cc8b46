"""How many rows of the indexes a call looks at: few, and not more of them in a larger warehouse.

Counted in the emulator, in process: what scans pass, while a row that is found by its whole key counts nothing. The
small warehouse has 10 lots of each item, the large one 200.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import pytest

from emulator.storage.index import IndexStore
from harness.bench.in_process import Engine
from harness.demo.warehouse import Size

SMALL, LARGE = Size(lots=1_000, bins=400, items=100, runs=20), Size(lots=20_000, bins=4_000, items=100, runs=20)
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


@pytest.fixture(scope="module", params=[SMALL, LARGE], ids=["1,000 lots", "20,000 lots"])
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


def pick_lot(engine: Engine) -> tuple[object, ...]:
    lot, _, bin_no = lot_of(engine)
    return RUN, ROW, LINE, lot, bin_no, 1, "somchai", UUID(int=1), "P-1"


def unpick_lot(engine: Engine) -> tuple[object, ...]:
    return pick(engine, 2)[4], "somchai", UUID(int=3), 1


def transfer_lot(engine: Engine) -> tuple[object, ...]:
    lot, item, bin_no = lot_of(engine)
    (bins,) = engine.call("putaway.FindBins", lot, item, "TFC1", bin_no, None, 1)
    return lot, item, "TFC1", bin_no, bins[0][0], 1, "malee", UUID(int=4)


CALLS: dict[str, tuple[int, Callable[[Engine], tuple[object, ...]]]] = {
    "picking.SearchRuns": (250, lambda engine: ("NEW", None, 20)),
    "picking.GetRun": (40, lambda engine: (RUN, ROW)),
    "picking.GetLine": (20, lambda engine: (RUN, ROW, LINE)),
    "picking.FindLots": (160, lambda engine: (RUN, ROW, LINE, 20)),
    "picking.PickLot": (20, pick_lot),
    "picking.PickFefo": (200, lambda engine: (RUN, ROW, 2, "somchai", UUID(int=5), 1)),
    "picking.UnpickLot": (20, unpick_lot),
    "putaway.FindLots": (160, lambda engine: ("TFC1", lot_of(engine)[1], None, 20)),
    "putaway.FindBins": (80, find_bins),
    "putaway.TransferLot": (20, transfer_lot),
}
"""The most rows that a call may look at, and its arguments."""


@pytest.mark.parametrize("procedure", CALLS)
def test_a_call_looks_at_few_rows_however_large_the_warehouse(
    engine: Engine, procedure: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit, arguments_for = CALLS[procedure]
    arguments = arguments_for(engine)
    counter = Counter()
    with counter.counting(monkeypatch):
        engine.call(procedure, *arguments)
    assert counter.rows <= limit
