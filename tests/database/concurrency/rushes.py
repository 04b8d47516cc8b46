"""Rushes: many clients who want the same rows at the same moment, for as many calls as they are told to make.

Each rush lays what it needs into the warehouse and says what its clients do, and with which errors of the catalogue
they may be refused. Together the clients make at least `calls` calls.
"""

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from threading import Barrier
from typing import Any

from harness.connection import Session, SqlServerError
from tests.database.calls import FefoPick, Pick, Transfer, Unpick
from tests.database.warehouse import PATIENCE_SECONDS, ROW, RUN, Warehouse

Call = Callable[[Session], Any]
Client = Callable[[Session], list[Any]]

FIRST_RUN = 7_000_000
LINES_A_RUN = 10
PLENTY = 10_000_000
NUMBERS = """
    WITH Digit AS (SELECT v.D FROM (VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9)) AS v(D)),
    Number AS (
        SELECT a.D + 10 * b.D + 100 * c.D + 1000 * d.D + 10000 * e.D AS N
        FROM Digit AS a CROSS JOIN Digit AS b CROSS JOIN Digit AS c CROSS JOIN Digit AS d CROSS JOIN Digit AS e
    )
"""


@dataclass(frozen=True)
class Rush:
    """What the clients do; each lists what its calls returned or failed with."""

    clients: list[Client]
    refusals: set[int] = field(default_factory=set)


def attempt(session: Session, call: Call) -> Any:
    """What the call returns, or the error it fails with."""
    try:
        return call(session)
    except SqlServerError as error:
        return error


def client(calls: Iterable[Call], meet: Barrier | None = None) -> Client:
    """A client that makes these calls; with `meet` each at the same moment as the others make theirs."""

    def work(session: Session) -> list[Any]:
        results = []
        for call in calls:
            if meet is not None:
                meet.wait(PATIENCE_SECONDS)
            results.append(attempt(session, call))
        return results

    return work


def take_back_client(make: Callable[[], Pick | FefoPick], rounds: int) -> Client:
    """A client that picks and takes back all that it picked, over and over."""

    def work(session: Session) -> list[Any]:
        results = []
        for _ in range(rounds):
            pick = make()
            picked = attempt(session, lambda own, pick=pick: own.call(pick.procedure, *pick.arguments))
            if isinstance(picked, SqlServerError):
                results.append(picked)
                continue
            results.append(picked.outcome)
            for row in picked.result_sets[0].rows:  # PickFefo lists its lots first, PickLot has the outcome alone
                results.append(attempt(session, Unpick(allocation=row.AllocationNo)))
        return results

    return work


def share(calls: int, clients: int) -> int:
    """Calls of each client, so that together they make at least so many."""
    return -(-calls // clients)


def add_runs(warehouse: Warehouse, runs: int, lines: int) -> None:
    """Runs from FIRST_RUN on, each with lines 1, 2 ... of one bag of flour."""
    warehouse.execute(
        f"{NUMBERS} INSERT INTO dbo.Cust_BulkRun (RunNo, RowNum, BatchNo, Status) "
        "SELECT ? + n.N, 1, N'B7', N'NEW' FROM Number AS n WHERE n.N < ?;",
        *(FIRST_RUN, runs),
    )
    warehouse.execute(
        f"{NUMBERS} INSERT INTO dbo.cust_BulkPicked (RunNo, RowNum, LineId, BatchNo, ItemKey, Location, PackSize, "
        "ToPickedBulkQty) SELECT ? + n.N / ?, 1, n.N % ? + 1, N'B7', 'FLOUR', N'TFC1', 25, 1 FROM Number AS n "
        "WHERE n.N < ?;",
        *(FIRST_RUN, lines, lines, runs * lines),
    )


def add_open_lines(warehouse: Warehouse, calls: int) -> list[tuple[int, int]]:
    """So many lines of one bag, as (run, line). Each run has one more, which keeps it open."""
    add_runs(warehouse, share(calls, LINES_A_RUN), LINES_A_RUN + 1)
    return [(FIRST_RUN + number // LINES_A_RUN, number % LINES_A_RUN + 1) for number in range(calls)]


# The end of a run


def last_two_lines(warehouse: Warehouse, calls: int) -> Rush:
    """Two pickers, each with a lot of his own, finish the two lines of each run at the same moment."""
    runs = share(calls, 2)
    add_runs(warehouse, runs, lines=2)
    meet = Barrier(2)
    clients = []
    for line, lot in ((1, "L-1"), (2, "L-2")):
        warehouse.add_lot(lot, "K-01", PLENTY)
        clients.append(client([Pick(run=FIRST_RUN + n, line=line, lot=lot, bin_no="K-01") for n in range(runs)], meet))
    return Rush(clients)


def last_two_lines_by_fefo(warehouse: Warehouse, calls: int) -> Rush:
    """The same by PickFefo, for lines of different items."""
    runs = share(calls, 2)
    add_runs(warehouse, runs, lines=2)
    warehouse.execute("UPDATE dbo.cust_BulkPicked SET ItemKey = 'SUGAR' WHERE RunNo >= ? AND LineId = 2;", FIRST_RUN)
    warehouse.execute("UPDATE dbo.LotMaster SET QtyOnHand = ?;", PLENTY)
    warehouse.add_lot("L-2", "K-01", PLENTY, ItemKey="SUGAR")
    meet = Barrier(2)
    return Rush([client([FefoPick(run=FIRST_RUN + n, line=line) for n in range(runs)], meet) for line in (1, 2)])


def end_of_a_run_and_its_reopening(warehouse: Warehouse, calls: int) -> Rush:
    """Two pickers complete the two lines of one run and take it back, over and over."""
    warehouse.execute("UPDATE dbo.cust_BulkPicked SET ToPickedBulkQty = 1 WHERE LineId IN (1, 2);")
    warehouse.add_lot("L-2", "K-01", PLENTY)
    rounds = share(calls, 4)
    return Rush(
        [
            take_back_client(partial(Pick, line=1), rounds),
            take_back_client(partial(Pick, line=2, lot="L-2", bin_no="K-01"), rounds),
        ]
    )


# One lot


def one_lot(warehouse: Warehouse, calls: int) -> Rush:
    """Eight pickers pick from one lot, for lines of their own in one run."""
    warehouse.execute("UPDATE dbo.LotMaster SET QtyOnHand = ?;", PLENTY)
    for line in range(10, 18):
        warehouse.add_line(line, bags=PLENTY)
    return Rush([client([Pick(line=line) for _ in range(share(calls, 8))]) for line in range(10, 18)])


def one_lot_by_fefo(warehouse: Warehouse, calls: int) -> Rush:
    """Eight pickers want the same first lots by FEFO, whose keys lie the other way round."""
    lines = add_open_lines(warehouse, calls)
    warehouse.execute("DELETE FROM dbo.LotMaster;")
    for number in range(20):
        warehouse.add_lot(f"L-{number:02}", "K-01", 25 * share(calls, 20), DateExpiry=f"20990{9 - number // 3}01")
    return Rush([client([FefoPick(run=run, line=line) for run, line in lines[part::8]]) for part in range(8)])


def one_lot_picked_and_taken_back(warehouse: Warehouse, calls: int) -> Rush:
    """Eight pickers pick from one lot and take it back."""
    for line in range(10, 18):
        warehouse.add_line(line, bags=4)
    return Rush([take_back_client(partial(Pick, line=line), share(calls, 16)) for line in range(10, 18)])


def one_lot_picked_and_moved(warehouse: Warehouse, calls: int) -> Rush:
    """Pickers by lot and by FEFO, one who takes back, and movers, all at one lot in two bins."""
    each = share(calls, 8)
    lines = add_open_lines(warehouse, 2 * each)
    warehouse.execute("UPDATE dbo.LotMaster SET QtyOnHand = ?;", PLENTY)
    warehouse.add_lot("LOT-1", "K-01", PLENTY)
    for line in (10, 11, 12):
        warehouse.add_line(line, bags=PLENTY)
    there, back = Transfer, partial(Transfer, source="K-01", destination="A-01")
    return Rush(
        [
            client([Pick(line=10) for _ in range(each)]),
            client([Pick(line=11, bin_no="K-01") for _ in range(each)]),
            *[client([FefoPick(run=run, line=line) for run, line in lines[part::2]]) for part in range(2)],
            take_back_client(partial(Pick, line=12), share(each, 2)),
            *[client([move() for _ in range(each)]) for move in (there, back, there)],
        ]
    )


def rows_of_one_lot_by_fefo_and_moved(warehouse: Warehouse, calls: int) -> Rush:
    """FEFO picks that take both rows of a lot, the one with the higher key first, against moves between the two."""
    warehouse.execute("UPDATE dbo.LotMaster SET QtyOnHand = 500, QtyCommitSales = 0;")
    warehouse.add_lot("LOT-1", "A-02", 525)
    for line in range(10, 14):
        warehouse.add_line(line, bags=12)
    there, back = partial(Transfer, destination="A-02"), partial(Transfer, source="A-02", destination="A-01")
    return Rush(
        [
            *[take_back_client(partial(FefoPick, line=line), share(calls, 12)) for line in range(10, 14)],
            *[client([move(quantity=25) for _ in range(share(calls, 6))]) for move in (there, back)],
        ],
        refusals={51101, 51105, 51109},
    )


# One line


def one_line(warehouse: Warehouse, calls: int) -> Rush:
    """Six pickers fill one line, each from a lot of his own, and two fill it and take it back."""
    warehouse.execute("UPDATE dbo.cust_BulkPicked SET ToPickedBulkQty = ? WHERE LineId = 1;", PLENTY)
    for number in range(8):
        warehouse.add_lot(f"L-{number}", "K-01", PLENTY)
    each = share(calls, 8)
    picks = [partial(Pick, lot=f"L-{number}", bin_no="K-01") for number in range(8)]
    return Rush(
        [
            *[client([pick() for _ in range(each)]) for pick in picks[:6]],
            *[take_back_client(pick, share(each, 2)) for pick in picks[6:]],
        ]
    )


def one_line_by_fefo(warehouse: Warehouse, calls: int) -> Rush:
    """Four pickers want all that one line needs, by FEFO from several lots, and take it back.

    51109: what was taken back while a call waited was not there yet when it searched.
    """
    warehouse.execute("UPDATE dbo.LotMaster SET QtyOnHand = 125;")
    for number in range(4):
        warehouse.add_lot(f"L-{number}", "K-01", 25, DateExpiry=f"20990{9 - number}01")
    return Rush([take_back_client(FefoPick, share(calls, 4)) for _ in range(4)], refusals={51408, 51109})


# Bins


def opposite_transfers(warehouse: Warehouse, calls: int) -> Rush:
    """Two move a lot from one bin to another, two move it back."""
    warehouse.execute("UPDATE dbo.LotMaster SET QtyOnHand = ?;", PLENTY)
    warehouse.add_lot("LOT-1", "K-01", PLENTY)
    there, back = Transfer, partial(Transfer, source="K-01", destination="A-01")
    return Rush([client([move() for _ in range(share(calls, 4))]) for move in (there, back) * 2])


def new_bin(warehouse: Warehouse, calls: int) -> Rush:
    """Four make the row of a new bin at the same moment, from bins on both sides of it."""
    rounds = share(calls, 4)
    warehouse.execute(
        f"{NUMBERS} INSERT INTO dbo.BINMaster (Location, BinNo) SELECT N'TFC1', CONCAT(N'M-', n.N) FROM Number AS n "
        "WHERE n.N < ?;",
        rounds,
    )
    sources = ("A-02", "I-01", "P-01", "T-01")
    for source in sources:
        warehouse.add_lot("LOT-1", source, PLENTY)
    meet = Barrier(len(sources))
    return Rush(
        [
            client([Transfer(source=source, destination=f"M-{n}", quantity=5) for n in range(rounds)], meet)
            for source in sources
        ]
    )


def neighbouring_new_rows(warehouse: Warehouse, calls: int) -> Rush:
    """Six move lots with neighbouring keys into new rows and out of them again; each locks a gap beside the next's."""
    lots = [f"L-{letter}" for letter in "ABCDEF"]
    for lot in lots:
        warehouse.add_lot(lot, "I-01", 100)
    clients = []
    for number, lot in enumerate(lots):
        bins = random.Random(number).choices(["A-01", "K-01", "A-02", "K-02"], k=share(calls, 12))
        moves = [(("I-01", bin_no), (bin_no, "I-01")) for bin_no in bins]
        clients.append(
            client(
                [Transfer(lot=lot, source=one, destination=two, quantity=100) for both in moves for one, two in both]
            )
        )
    return Rush(clients)


def emptied_and_made_again(warehouse: Warehouse, calls: int) -> Rush:
    """Consolidation against the deletion of the source row: 20 in all, moved 10 and 20 at a time between three bins."""
    warehouse.execute("UPDATE dbo.LotMaster SET QtyOnHand = 20, QtyCommitSales = 0;")
    chance = random.Random(7)

    def move() -> Transfer:
        source, destination = chance.sample(["A-01", "I-01", "K-01"], 2)
        return Transfer(source=source, destination=destination, quantity=chance.choice([10, 20]))

    return Rush([client([move() for _ in range(share(calls, 5))]) for _ in range(5)], refusals={51101, 51105})


# Searches


def searches_against_writes(warehouse: Warehouse, calls: int) -> Rush:
    """Every search, again and again, while a run is completed and reopened, and lots are picked and moved."""
    each = share(calls, 9)
    warehouse.execute("UPDATE dbo.cust_BulkPicked SET ToPickedBulkQty = 1 WHERE LineId IN (1, 2);")
    warehouse.execute("UPDATE dbo.LotMaster SET QtyOnHand = ?;", PLENTY)
    warehouse.add_lot("LOT-1", "K-01", PLENTY)
    warehouse.add_lot("LOT-2", "K-01", PLENTY)

    def search(procedure: str, *arguments: object) -> Client:
        return client([lambda session: session.call(procedure, *arguments)] * each)

    there, back = Transfer, partial(Transfer, source="K-01", destination="A-01")
    return Rush(
        [
            take_back_client(partial(Pick, line=1), share(each, 2)),
            take_back_client(partial(Pick, line=2, lot="LOT-2", bin_no="K-01"), share(each, 2)),
            *[client([move() for _ in range(each)]) for move in (there, back)],
            search("picking.SearchRuns", "NEW"),
            search("picking.GetRun", RUN, ROW),
            search("picking.FindLots", RUN, ROW, 1),
            search("putaway.FindLots", "TFC1", "FLOUR"),
            search("putaway.FindBins", "LOT-1", "FLOUR", "TFC1", "A-01"),
        ]
    )


# Number rows


def number_rows(warehouse: Warehouse, calls: int) -> Rush:
    """Everybody draws: numbers alone, documents for transfers, pallets for picks of either kind."""
    each = share(calls, 8)
    lines = add_open_lines(warehouse, 4 * each)
    for lot in ("LOT-1", "LOT-2"):
        warehouse.execute("DELETE FROM dbo.LotMaster WHERE LotNo = ?;", lot)
        warehouse.add_lot(lot, "A-01", PLENTY)
        warehouse.add_lot(lot, "K-01", PLENTY)

    def draw(series: str) -> Call:
        return lambda session: session.call("lockstep.NextNumber", series)

    return Rush(
        [
            *[client([draw(series)] * each) for series in ("BT", "PT")],
            *[client([Transfer(lot=lot) for _ in range(each)]) for lot in ("LOT-1", "LOT-2")],
            *[client([Pick(run=run, line=line) for run, line in lines[part::4]]) for part in (0, 1)],
            *[client([FefoPick(run=run, line=line) for run, line in lines[part::4]]) for part in (2, 3)],
        ]
    )


RUSHES: dict[str, Callable[[Warehouse, int], Rush]] = {
    rush.__name__: rush
    for rush in (
        last_two_lines,
        last_two_lines_by_fefo,
        end_of_a_run_and_its_reopening,
        one_lot,
        one_lot_by_fefo,
        one_lot_picked_and_taken_back,
        one_lot_picked_and_moved,
        rows_of_one_lot_by_fefo_and_moved,
        one_line,
        one_line_by_fefo,
        opposite_transfers,
        new_bin,
        neighbouring_new_rows,
        emptied_and_made_again,
        searches_against_writes,
        number_rows,
    )
}
