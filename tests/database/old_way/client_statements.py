"""The old way, for tests only: a program that picks and moves with statements of its own, each a transaction by itself.

It reads, decides in the client, and writes the balances it has reckoned, as the programs did that Lockstep replaces.
Each step is one statement; a generator stops after each, so that a test can let another client in, or end the program.
"""

from collections.abc import Iterator

from harness.connection import Session
from tests.database.calls import Call, Pick, Transfer
from tests.database.warehouse import ROW, RUN

WHERE_LOT = "WHERE LotNo = ? AND ItemKey = ? AND LocationKey = ? AND BinNo = ?;"
AVAILABLE = f"SELECT QtyOnHand, QtyCommitSales FROM dbo.LotMaster {WHERE_LOT}"
LEDGER = """
INSERT INTO dbo.LotTransaction (
    LotNo, ItemKey, LocationKey, BinNo, TransactionType, QtyIssued, QtyReceived, IssueDocNo, ReceiptDocNo
)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?);
"""


class TooLittle(Exception):
    """The program's own check refused: not enough available, as far as it has seen."""


def pick(session: Session, wanted: Pick) -> Iterator[str]:
    """Pick bags of 25; the name of each step after it has been done."""
    key = (wanted.lot, "FLOUR", "TFC1", wanted.bin_no)
    line = (RUN, ROW, wanted.line)
    bags = int(wanted.bags or 0)
    weight = 25 * bags

    ((on_hand, committed),) = session.execute(AVAILABLE, *key).rows
    ((picked,),) = session.execute(
        "SELECT ISNULL(PickedBulkQty, 0) FROM dbo.cust_BulkPicked WHERE RunNo = ? AND RowNum = ? AND LineId = ?;", *line
    ).rows
    yield "read"
    if on_hand - committed < weight:
        raise TooLittle
    session.execute(f"UPDATE dbo.LotMaster SET QtyCommitSales = ? {WHERE_LOT}", committed + weight, *key)
    yield "lot"
    session.execute(LEDGER, *key, 5, weight, 0, f"B{RUN}", "")
    yield "ledger"
    session.execute(
        "UPDATE dbo.cust_BulkPicked SET PickedBulkQty = ?, PickedQty = ?, ItemBatchStatus = N'Allocated' "
        "WHERE RunNo = ? AND RowNum = ? AND LineId = ?;",
        *(picked + bags, (picked + bags) * 25, *line),
    )
    yield "line"
    session.execute(
        "INSERT INTO dbo.Cust_BulkLotPicked (LotNo, ItemKey, LocationKey, BinNo, RunNo, RowNum, LineId, AllocLotQty) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?);",
        *(*key, *line, weight),
    )
    yield "allocation"


def transfer(session: Session, wanted: Transfer) -> Iterator[str]:
    """Move a quantity into a bin that has the lot already; the name of each step after it has been done."""
    source = (wanted.lot, wanted.item, wanted.location, wanted.source)
    destination = (wanted.lot, wanted.item, wanted.location, wanted.destination)
    quantity = wanted.quantity or 0

    ((on_hand, committed),) = session.execute(AVAILABLE, *source).rows
    ((there, _),) = session.execute(AVAILABLE, *destination).rows
    yield "read"
    if on_hand - committed < quantity:
        raise TooLittle
    session.execute(f"UPDATE dbo.LotMaster SET QtyOnHand = ? {WHERE_LOT}", on_hand - quantity, *source)
    yield "source"
    session.execute(f"UPDATE dbo.LotMaster SET QtyOnHand = ? {WHERE_LOT}", there + quantity, *destination)
    yield "destination"
    session.execute(LEDGER, *source, 9, quantity, 0, "OLD", "")
    yield "issue"
    session.execute(LEDGER, *destination, 8, 0, quantity, "", "OLD")
    yield "receipt"


def steps(session: Session, call: Call) -> Iterator[str]:
    return pick(session, call) if isinstance(call, Pick) else transfer(session, call)


def work(session: Session, call: Call) -> bool:
    """Do all steps. False if the program itself refused."""
    try:
        for _ in steps(session, call):
            pass
    except TooLittle:
        return False
    return True
