SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO

/*
Purpose:     The part of ops.CheckInventory that looks at requests: numbers drawn twice, requests without exactly one outcome, and
             ledger rows that do not belong to exactly one request.
Parameters:  @LastLotTranNo: the last ledger row of the baseline; what is older is not looked at.
Result:      one row a broken invariant: CheckName, ObjectKey, Expected, Actual, Detail.
Locks:       S row by row, at the level of the session. It scans.
*/
CREATE OR ALTER FUNCTION ops.RequestFindings(
    @LastLotTranNo int
)
RETURNS TABLE
AS
RETURN
(
    SELECT
        'PalletNumber' AS CheckName,
        d.PalletId AS ObjectKey,
        N'1 draw' AS Expected,
        CONCAT(COUNT(*), N' draws') AS Actual,
        N'A pallet number was drawn more than once.' AS Detail
    FROM (
        SELECT o.PalletId
        FROM picking.PickLotOutcome AS o
        WHERE o.PalletDrawn = 1
        UNION ALL
        SELECT o.PalletId
        FROM picking.PickFefoOutcome AS o
        WHERE o.PalletDrawn = 1
    ) AS d
    GROUP BY d.PalletId
    HAVING COUNT(*) > 1
    UNION ALL
    -- Each request has one outcome.
    SELECT
        'RequestOutcome' AS CheckName,
        CONCAT(u.RequestId, N'') AS ObjectKey,
        N'1 request, 1 outcome' AS Expected,
        CONCAT(SUM(u.Requests), N' requests, ', SUM(u.Outcomes), N' outcomes') AS Actual,
        N'A request id without an outcome, or an outcome without its request.' AS Detail
    FROM (
        SELECT
            r.RequestId,
            1 AS Requests,
            0 AS Outcomes
        FROM lockstep.Request AS r
        UNION ALL
        SELECT
            o.RequestId,
            0 AS Requests,
            1 AS Outcomes
        FROM picking.PickLotOutcome AS o
        UNION ALL
        SELECT
            o.RequestId,
            0 AS Requests,
            1 AS Outcomes
        FROM picking.PickFefoOutcome AS o
        UNION ALL
        SELECT
            o.RequestId,
            0 AS Requests,
            1 AS Outcomes
        FROM picking.UnpickLotOutcome AS o
        UNION ALL
        SELECT
            o.RequestId,
            0 AS Requests,
            1 AS Outcomes
        FROM putaway.TransferLotOutcome AS o
    ) AS u
    GROUP BY u.RequestId
    HAVING SUM(u.Requests) <> 1 OR SUM(u.Outcomes) <> 1
    UNION ALL
    -- Each ledger row belongs to one request.
    SELECT
        'RequestEffect' AS CheckName,
        CONCAT(N'LotTransaction ', u.LotTranNo) AS ObjectKey,
        N'1 ledger row, 1 request' AS Expected,
        CONCAT(SUM(u.Effects), N' ledger rows, ', SUM(u.Requests), N' requests') AS Actual,
        N'A ledger row that no request answers for, or that several do.' AS Detail
    FROM (
        -- The ledger is read from the baseline on, by its key; the type needs no index.
        SELECT
            t.LotTranNo,
            1 AS Effects,
            0 AS Requests
        FROM dbo.LotTransaction AS t
        WHERE t.LotTranNo > @LastLotTranNo AND t.TransactionType IN (5, 6, 8, 9)
        UNION ALL
        SELECT
            o.LotTranNo,
            0 AS Effects,
            1 AS Requests
        FROM picking.PickLotOutcome AS o
        WHERE o.LotTranNo > @LastLotTranNo
        UNION ALL
        SELECT
            f.LotTranNo,
            0 AS Effects,
            1 AS Requests
        FROM picking.PickFefoLot AS f
        WHERE f.LotTranNo > @LastLotTranNo
        UNION ALL
        SELECT
            o.LotTranNo,
            0 AS Effects,
            1 AS Requests
        FROM picking.UnpickLotOutcome AS o
        WHERE o.LotTranNo > @LastLotTranNo
        UNION ALL
        SELECT
            o.IssueLotTranNo AS LotTranNo,
            0 AS Effects,
            1 AS Requests
        FROM putaway.TransferLotOutcome AS o
        WHERE o.IssueLotTranNo > @LastLotTranNo
        UNION ALL
        SELECT
            o.ReceiptLotTranNo AS LotTranNo,
            0 AS Effects,
            1 AS Requests
        FROM putaway.TransferLotOutcome AS o
        WHERE o.ReceiptLotTranNo > @LastLotTranNo
    ) AS u
    GROUP BY u.LotTranNo
    HAVING SUM(u.Effects) <> 1 OR SUM(u.Requests) <> 1
);
GO
