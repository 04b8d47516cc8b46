"""Is every acknowledged effect in the database exactly once, and nothing else?

A *state* is everything that picks and transfers may touch, as countable facts by table: each row of the ledgers, and
the sums of the balances. The state to expect is the one before the work plus what the acknowledged calls must have
added, reckoned here from what the users asked for, not from what the procedures say. Facts that are missing or in
excess of that, doubled ones included, are discrepancies.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from harness.connection import Session
from harness.demo.bookkeeping import Book, Pick, Transfer

Fact = tuple[Any, ...]
State = dict[str, Counter[Fact]]

ISSUES = "LotTransaction, type 5"
ALLOCATIONS = "Cust_BulkLotPicked"
TRANSFERS_OUT = "LotTransaction, type 9"
TRANSFERS_IN = "LotTransaction, type 8"
BIN_TRANSFERS = "BinTransfer"
POSTINGS = "Mintxdh"
REQUESTS = "lockstep.Request"
STOCK = "LotMaster by item"
LINES = "cust_BulkPicked"

QUERIES = {
    ISSUES: """\
SELECT
    t.LotTranNo, t.LotNo, t.ItemKey, t.LocationKey, t.BinNo, t.IssueDocLineNo,
    CAST(t.QtyIssued AS decimal(19, 6)) AS Weight
FROM dbo.LotTransaction AS t
WHERE t.TransactionType = 5;
""",
    ALLOCATIONS: """\
SELECT
    a.LotTranNo, a.RunNo, a.RowNum, a.LineId, a.LotNo, a.ItemKey, a.LocationKey, a.BinNo,
    CAST(a.AllocLotQty AS decimal(19, 6)) AS Weight, a.PalletId
FROM dbo.Cust_BulkLotPicked AS a;
""",
    TRANSFERS_OUT: """\
SELECT
    t.LotTranNo, t.IssueDocNo, t.LotNo, t.ItemKey, t.LocationKey, t.BinNo,
    CAST(t.QtyIssued AS decimal(19, 6)) AS Quantity
FROM dbo.LotTransaction AS t
WHERE t.TransactionType = 9;
""",
    TRANSFERS_IN: """\
SELECT
    t.LotTranNo, t.ReceiptDocNo, t.LotNo, t.ItemKey, t.LocationKey, t.BinNo,
    CAST(t.QtyReceived AS decimal(19, 6)) AS Quantity
FROM dbo.LotTransaction AS t
WHERE t.TransactionType = 8;
""",
    BIN_TRANSFERS: """\
SELECT
    b.BinTranID, b.LotTranNo, b.InTransID, b.LotNo, b.ItemKey, b.Location, b.BinNoFrom, b.BinNoTo,
    CAST(b.TransferQty AS decimal(19, 6)) AS Quantity
FROM dbo.BinTransfer AS b;
""",
    POSTINGS: """\
SELECT m.InTransId, m.DocNo, m.ItemKey, m.Location, CAST(m.TrnQty AS decimal(19, 6)) AS Quantity
FROM dbo.Mintxdh AS m;
""",
    REQUESTS: """\
SELECT CAST(r.RequestId AS char(36)) AS RequestId
FROM lockstep.Request AS r;
""",
    STOCK: """\
SELECT
    l.ItemKey, l.LocationKey,
    SUM(CAST(l.QtyOnHand AS decimal(19, 6))) AS OnHand, SUM(CAST(l.QtyCommitSales AS decimal(19, 6))) AS Committed
FROM dbo.LotMaster AS l
GROUP BY l.ItemKey, l.LocationKey;
""",
    LINES: """\
SELECT
    k.RunNo, k.RowNum, k.LineId,
    ISNULL(CAST(k.PickedBulkQty AS decimal(19, 6)), 0) AS Bags, ISNULL(CAST(k.PickedQty AS decimal(19, 6)), 0) AS Weight
FROM dbo.cust_BulkPicked AS k;
""",
}
"""The facts of each table, as one query a table whose columns make a fact."""


@dataclass(frozen=True, slots=True)
class Discrepancy:
    """A fact that is missing, or one that nothing acknowledged accounts for; `times` is how often."""

    table: str
    kind: Literal["missing", "unaccounted"]
    fact: Fact
    times: int

    def __str__(self) -> str:
        times = f" ({self.times} times)" if self.times > 1 else ""
        return f"{self.table}: {self.kind}{times}: {', '.join(str(value) for value in self.fact)}"


def read_state(session: Session) -> State:
    """The state of the database now. To be read while nobody works."""
    return {table: Counter(tuple(row) for row in session.execute(text).rows) for table, text in QUERIES.items()}


def expected_state(before: State, book: Book) -> State:
    """The state that must be reached from `before` when exactly what is in the book has happened."""
    state = {table: facts.copy() for table, facts in before.items()}
    for pick in book.picks:
        for table, fact in _rows_of_pick(pick):
            state[table][fact] += 1
    for transfer in book.transfers:
        for table, fact in _rows_of_transfer(transfer):
            state[table][fact] += 1
    state[STOCK] = _stock_after(before[STOCK], book)
    state[LINES] = _lines_after(before[LINES], book)
    return state


def find_discrepancies(expected: State, actual: State) -> list[Discrepancy]:
    """Everything in which two states differ, in a fixed order; empty when they agree."""
    found = []
    for table in expected:
        missing = expected[table] - actual[table]
        unaccounted = actual[table] - expected[table]
        found += [Discrepancy(table, "missing", fact, times) for fact, times in _in_order(missing)]
        found += [Discrepancy(table, "unaccounted", fact, times) for fact, times in _in_order(unaccounted)]
    return found


def _rows_of_pick(pick: Pick) -> Iterator[tuple[str, Fact]]:
    lot = (pick.lot.lot_no, pick.lot.item_key, pick.lot.location_key, pick.lot.bin_no)
    line = (pick.line.run_no, pick.line.row_num, pick.line.line_id)
    yield REQUESTS, (str(pick.request_id).upper(),)
    yield ISSUES, (pick.lot_tran_no, *lot, pick.line.line_id, pick.weight)
    yield ALLOCATIONS, (pick.allocation_no, *line, *lot, pick.weight, pick.pallet_id)


def _rows_of_transfer(transfer: Transfer) -> Iterator[tuple[str, Fact]]:
    lot, document_no, quantity = transfer.lot, transfer.document_no, transfer.quantity
    item = (lot.item_key, lot.location_key)
    yield REQUESTS, (str(transfer.request_id).upper(),)
    yield TRANSFERS_OUT, (transfer.issue_lot_tran_no, document_no, lot.lot_no, *item, lot.bin_no, quantity)
    yield TRANSFERS_IN, (transfer.receipt_lot_tran_no, document_no, lot.lot_no, *item, transfer.bin_to, quantity)
    yield POSTINGS, (transfer.in_trans_id, document_no, *item, quantity)
    yield (
        BIN_TRANSFERS,
        (
            *(transfer.bin_tran_id, transfer.issue_lot_tran_no, transfer.in_trans_id),
            *(lot.lot_no, *item, lot.bin_no, transfer.bin_to, quantity),
        ),
    )


def _stock_after(before: Counter[Fact], book: Book) -> Counter[Fact]:
    """Picks commit stock; nothing changes what is on hand, because transfers stay within the location."""
    picked: defaultdict[Fact, Decimal] = defaultdict(Decimal)
    for pick in book.picks:
        picked[pick.lot.item_key, pick.lot.location_key] += pick.weight
    return Counter(
        (item_key, location_key, on_hand, committed + picked[item_key, location_key])
        for item_key, location_key, on_hand, committed in before
    )


def _lines_after(before: Counter[Fact], book: Book) -> Counter[Fact]:
    bags: defaultdict[Fact, Decimal] = defaultdict(Decimal)
    weight: defaultdict[Fact, Decimal] = defaultdict(Decimal)
    for pick in book.picks:
        line = (pick.line.run_no, pick.line.row_num, pick.line.line_id)
        bags[line] += pick.bags
        weight[line] += pick.weight
    return Counter(
        (*line, bags_before + bags[tuple(line)], weight_before + weight[tuple(line)])
        for *line, bags_before, weight_before in before
    )


def _in_order(facts: Counter[Fact]) -> list[tuple[Fact, int]]:
    return sorted(facts.items(), key=lambda entry: [str(value) for value in entry[0]])
