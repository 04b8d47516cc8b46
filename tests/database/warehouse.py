"""A small warehouse to test in: its rows, laid by hand, and what the database holds afterwards.

Location TFC1 has FLOUR and SUGAR. LOT-1 is flour in bin A-01: 1000 on hand, 100 of them committed. Run 6000001/1 needs
4 bags of 25 flour on line 1, 2 bags on line 2, and nothing on line 3.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from harness.connection import Session, Target, open_session

RUN, ROW = 6000001, 1
RECEIVED, EXPIRY = datetime(2024, 5, 6), datetime(2099, 12, 31)
PATIENCE_SECONDS = 60
"""When a test gives up waiting for something that should have come long ago."""

WATCHED_TABLES = (
    "dbo.LotMaster",
    "dbo.LotTransaction",
    "dbo.Cust_BulkRun",
    "dbo.cust_BulkPicked",
    "dbo.Cust_BulkLotPicked",
    "dbo.Cust_BulkPalletLotPicked",
    "dbo.Mintxdh",
    "dbo.BinTransfer",
    "lockstep.Request",
    "picking.PickLotOutcome",
    "putaway.TransferLotOutcome",
)
"""All that a write procedure writes, but for the number rows (gaps are allowed) and the record of calls."""


class Warehouse:
    """Lays rows, changes them behind the procedures' back, and reads them; with a session of its own."""

    def __init__(self, target: Target, session: Session) -> None:
        self.target = target
        self._session = session

    def lay_out(self) -> None:
        for item, item_class in (("FLOUR", "RAW"), ("SUGAR", "SWEET")):
            self.insert("dbo.INMAST", ItemKey=item, Desc1=item.title(), StockUomCode="KG")
            self.insert(
                "dbo.INLOC",
                ItemKey=item,
                Location="TFC1",
                InClassKey=item_class,
                StdCost=Decimal("2.5"),
                Physinprogress=0,
            )
        for bin_no in ("A-01", "A-02", "I-01", "K-01", "K-02"):
            self.insert("dbo.BINMaster", Location="TFC1", BinNo=bin_no, Nettable=1, User1="WHTFC1", User4="BULK")
        self.insert("dbo.BINMaster", Location="TFC1", BinNo="P-01", Nettable=1, User1="WHTFC1", User4="PARTIAL")
        self.insert("dbo.BINMaster", Location="TFC1", BinNo="A-Variance", Nettable=1, User1="WHTFC1", User4="BULK")
        self.insert("dbo.BINMaster", Location="TFC1", BinNo="T-01", Nettable=1, User1="WHTIP8", User4="BULK")
        self.add_lot("LOT-1", "A-01", 1000, committed=100)
        self.add_run(RUN)
        self.add_line(1, bags=4)
        self.add_line(2, bags=2)
        self.add_line(3, bags=0)
        self.take_baseline()

    def add_lot(
        self, lot: str, bin_no: str, on_hand: float | Decimal, committed: float | Decimal = 0, **columns: Any
    ) -> None:
        values = {
            "ItemKey": "FLOUR",
            "LocationKey": "TFC1",
            "DateReceived": RECEIVED,
            "DateExpiry": EXPIRY,
            "QtyReceived": on_hand,
            "TransactionType": 1,
            "VendorKey": "MILL",
            "VendorLotNo": "M-77",
            "RecUserId": "loader",
        }
        self.insert(
            "dbo.LotMaster",
            LotNo=lot,
            BinNo=bin_no,
            QtyOnHand=on_hand,
            QtyCommitSales=committed,
            **{**values, **columns},
        )

    def add_run(self, run: int, row: int = ROW, status: str = "NEW") -> None:
        self.insert("dbo.Cust_BulkRun", RunNo=run, RowNum=row, BatchNo=f"B{run}", Status=status)

    def add_line(self, line: int, bags: float | None, *, run: int = RUN, row: int = ROW, **columns: Any) -> None:
        values = {"BatchNo": f"B{run}", "ItemKey": "FLOUR", "Location": "TFC1", "PackSize": 25, "ToPickedBulkQty": bags}
        self.insert("dbo.cust_BulkPicked", RunNo=run, RowNum=row, LineId=line, **{**values, **columns})

    def insert(self, table: str, **columns: Any) -> None:
        given = {name: value for name, value in columns.items() if value is not None}
        names, marks = ", ".join(given), ", ".join("?" * len(given))
        self._session.execute(f"INSERT INTO {table} ({names}) VALUES ({marks});", *given.values())

    def execute(self, text: str, *arguments: object) -> list[Any]:
        """Run any statement, and give its rows."""
        return self._session.execute(text, *arguments).rows

    def change(self, text: str, *arguments: object) -> None:
        """Change rows behind the procedures' back, and take what is there then as the state to reckon from."""
        self.execute(text, *arguments)
        self.take_baseline()

    def take_baseline(self) -> None:
        self._session.call("ops.SetBaseline")

    def rows(self, table: str, **key: Any) -> list[dict[str, Any]]:
        """The rows that have these values, in no order."""
        condition = " AND ".join(f"{name} = ?" for name in key) or "1 = 1"
        found = self._session.execute(f"SELECT * FROM {table} WHERE {condition};", *key.values()).result_sets[0]
        return [dict(zip(found.columns, row, strict=True)) for row in found.rows]

    def row(self, table: str, **key: Any) -> dict[str, Any]:
        """The one row that has these values."""
        (row,) = self.rows(table, **key)
        return row

    def lot(self, lot: str = "LOT-1", bin_no: str = "A-01") -> dict[str, Any]:
        return self.row("dbo.LotMaster", LotNo=lot, BinNo=bin_no)

    def on_hand(self, lot: str = "LOT-1") -> dict[str, Decimal]:
        """What lies where: quantity by bin."""
        return {row["BinNo"]: row["QtyOnHand"] for row in self.rows("dbo.LotMaster", LotNo=lot)}

    def contents(self) -> dict[str, list[tuple[Any, ...]]]:
        """All rows of the watched tables, in the order of their keys, so that two states can be compared."""
        return {
            name: [tuple(row) for row in self.execute(f"SELECT * FROM {name} ORDER BY 1, 2, 3, 4;")]
            for name in WATCHED_TABLES
        }

    def findings(self) -> list[tuple[Any, ...]]:
        """What ops.CheckInventory finds broken: check, object, expected, actual, detail."""
        return [tuple(row) for row in self._session.call("ops.CheckInventory").rows]

    def broken_checks(self) -> set[str]:
        return {finding[0] for finding in self.findings()}

    def last_number(self, series: str) -> int:
        return int(self.row("dbo.Seqnum", SeqName=series)["SeqNum"])

    def operations(self) -> list[dict[str, Any]]:
        """The record of calls, oldest first."""
        return sorted(self.rows("lockstep.Operation"), key=lambda row: row["OperationId"])

    def deadlocks(self) -> int:
        """How many deadlocks the server has had since its start, in all databases, retried ones included."""
        ((count,),) = self.execute(
            "SELECT c.cntr_value FROM sys.dm_os_performance_counters AS c "
            "WHERE c.counter_name = 'Number of Deadlocks/sec' AND c.instance_name = '_Total';"
        )
        return int(count)

    def now(self) -> datetime:
        """The time of the warehouse's clock."""
        ((now,),) = self.execute(
            "SELECT DATEADD(MINUTE, s.UtcOffsetMinutes, SYSUTCDATETIME()) FROM lockstep.Settings AS s;"
        )
        assert isinstance(now, datetime)
        return now

    def shift_the_day(self) -> datetime:
        """Set the warehouse to a time zone in which it is another day than in UTC, far from midnight; that day."""
        ((hour,),) = self.execute("SELECT DATEPART(HOUR, SYSUTCDATETIME());")
        self.execute("UPDATE lockstep.Settings SET UtcOffsetMinutes = ?;", 840 if hour >= 12 else -840)
        return self.now().replace(hour=0, minute=0, second=0, microsecond=0)

    def locks_of(self, spid: int) -> list[tuple[Any, ...]]:
        """The locks that a session has or waits for, but for the one on the database that every session has."""
        return [
            tuple(row)
            for row in self.execute(
                "SELECT l.resource_type, l.request_mode, l.request_status FROM sys.dm_tran_locks AS l "
                "WHERE l.request_session_id = ? AND l.resource_type <> 'DATABASE';",
                spid,
            )
        ]

    def is_waiting(self, spid: int) -> bool:
        return any(status != "GRANT" for _, _, status in self.locks_of(spid))

    def await_release(self, spid: int) -> None:
        """Return once the server has noticed that the session is gone and given back all that it held."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while locks := self.locks_of(spid):
            assert time.monotonic() < deadline, f"session {spid} still has {locks}"

    @contextmanager
    def hold(self, text: str, *arguments: object) -> Iterator[Session]:
        """Another program that has begun a transaction and run these statements; at the end it rolls back."""
        with open_session(self.target) as other:
            other.execute("BEGIN TRANSACTION;")
            other.execute(text, *arguments)
            yield other
            other.execute("IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION;")


def spid_of(session: Session) -> int:
    return int(session.execute("SELECT @@SPID;").rows[0][0])


def chosen(row: dict[str, Any], expected: dict[str, Any]) -> dict[str, Any]:
    """The columns of a row that are expected to have certain values."""
    return {name: row[name] for name in expected}


def is_between(moment: datetime, before: datetime, after: datetime) -> bool:
    """datetime rounds to 1/300 s; an error in the time zone would be far larger than this second."""
    return before - timedelta(seconds=1) <= moment <= after + timedelta(seconds=1)
