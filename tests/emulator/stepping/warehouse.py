"""The data layer with one lot, in a stepper: enough for picks and transfers that get in each other's way."""

from __future__ import annotations

import random
from uuid import UUID

from emulator.stepping import Actor, Stepper
from harness.bench.warehouse_files import batches

LOT = """
INSERT dbo.INMAST (ItemKey, Desc1, StockUomCode) VALUES ('FLOUR', 'Flour', 'KG');
INSERT dbo.INLOC (ItemKey, Location, InClassKey, StdCost, Physinprogress) VALUES ('FLOUR', 'TFC1', 'RAW', 2.5, 0);
INSERT dbo.BINMaster (Location, BinNo, Nettable, User1, User4)
VALUES ('TFC1', 'A-01', 1, 'WHTFC1', 'BULK'), ('TFC1', 'K-01', 1, 'WHTFC1', 'BULK');
INSERT dbo.LotMaster (LotNo, ItemKey, LocationKey, BinNo, DateReceived, DateExpiry, QtyReceived, QtyOnHand,
    QtyCommitSales, TransactionType, VendorKey, VendorLotNo, RecUserId)
VALUES ('LOT-1', 'FLOUR', 'TFC1', 'A-01', '2024-05-06', '2099-12-31', 1000, 1000, 100, 1, 'MILL', 'M-77', 'loader');
INSERT dbo.Cust_BulkRun (RunNo, RowNum, BatchNo, Status) VALUES (7000001, 1, 'B7000001', 'NEW');
INSERT dbo.cust_BulkPicked (RunNo, RowNum, LineId, BatchNo, ItemKey, Location, PackSize, ToPickedBulkQty)
VALUES (7000001, 1, 1, 'B7000001', 'FLOUR', 'TFC1', 25, 4), (7000001, 1, 2, 'B7000001', 'FLOUR', 'TFC1', 25, 2);
EXEC ops.SetBaseline;
"""


def deployed(**options: bool) -> Stepper:
    """A stepper with everything deployed and the lot laid out."""
    stepper = Stepper(**options)  # type: ignore[arg-type]
    stepper.script(*batches(), LOT)
    return stepper


def with_calls(stepper: Stepper, seed: int, sessions: int = 3, calls: int = 2) -> list[Actor]:
    """New actors with random picks and transfers of the lot to make, under random request ids."""
    chance = random.Random(seed)
    actors = [stepper.actor(f"user {number}") for number in range(sessions)]
    for actor in actors:
        for _ in range(calls):
            request_id = UUID(int=chance.getrandbits(128), version=4)
            source, destination = chance.sample(["A-01", "K-01"], 2)
            if chance.random() < 0.5:
                line = chance.choice([1, 2])
                actor.call("picking.PickLot", 7000001, 1, line, "LOT-1", source, 1, "somchai", request_id)
            else:
                where = ("LOT-1", "FLOUR", "TFC1", source, destination)
                actor.call("putaway.TransferLot", *where, 5, "malee", request_id)
    return actors
