SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO

/*
Purpose:     Checks that not one gram has been lost or invented since ops.SetBaseline: the balances, the ledgers, the lines, the
             documents and the requests must agree.
Parameters:  none
Result:      one row a broken invariant (CheckName, ObjectKey, Expected, Actual, Detail); no rows means sound; RETURN 0
             Baseline           a baseline has been taken
             LotBalance         each lot row: 0 <= QtyCommitSales <= QtyOnHand
             LotCommitted       each lot row: QtyCommitSales since the baseline = allocations = type 5 less type 6
             LotOnHand          each lot row: QtyOnHand since the baseline = type 8 less type 9
             ItemLocation       item and location: the sum of QtyOnHand is that of the baseline
             RunLine            each line: PickedQty = PickedBulkQty x PackSize = allocations, since the baseline
             OverPick           each line changed since the baseline: PickedBulkQty <= ToPickedBulkQty + tolerance
             Allocation         each allocation that was unpicked since the baseline holds what was left of it
             RunStatus          a run with lines to pick is PRINT exactly when all of them are complete, else NEW
             TransferDocument   each BT document: one type 9, one type 8, one BinTransfer, one Mintxdh, all alike
             PalletNumber       each pallet number drawn from PT was drawn once
             RequestOutcome     each request has one outcome
             RequestEffect      each ledger row of a pick, reversal or transfer belongs to one request
Locks:       S row by row, at the level of the session: to be run while nobody picks or moves, or under SNAPSHOT. It scans.
Errors:      none of its own
Idempotency: not needed, changes nothing
Retry:       none, it can be called again
Example:     EXEC ops.CheckInventory;
*/
CREATE OR ALTER PROCEDURE ops.CheckInventory
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;

    DECLARE
        @LastLotTranNo int,
        @LastAllocationNo int,
        @LastInTransId int,
        @LastBinTranId int,
        @OverPickBags decimal(19, 6);

    DECLARE @Finding TABLE (
        CheckName varchar(20) NOT NULL,
        ObjectKey nvarchar(120) NOT NULL,
        Expected nvarchar(120) NOT NULL,
        Actual nvarchar(120) NOT NULL,
        Detail nvarchar(400) NOT NULL
    );

    -- Lot rows whose balances do not follow from the baseline and the ledgers.
    DECLARE @Drift TABLE (
        ObjectKey nvarchar(120) NOT NULL,
        CommittedChange decimal(38, 6) NOT NULL,
        Allocated decimal(38, 6) NOT NULL,
        Issued decimal(38, 6) NOT NULL,
        OnHandChange decimal(38, 6) NOT NULL,
        Moved decimal(38, 6) NOT NULL
    );

    SELECT
        @LastLotTranNo = b.LastLotTranNo,
        @LastAllocationNo = b.LastAllocationNo,
        @LastInTransId = b.LastInTransId,
        @LastBinTranId = b.LastBinTranId,
        @OverPickBags = CAST(s.OverPickBags AS decimal(19, 6))
    FROM ops.Baseline AS b
    CROSS JOIN lockstep.Settings AS s;

    IF @LastLotTranNo IS NULL
        INSERT INTO @Finding (CheckName, ObjectKey, Expected, Actual, Detail)
        VALUES ('Baseline', N'ops.Baseline', N'1 row', N'0 rows', N'Run ops.SetBaseline first.');

    -- Balances of the lot rows.
    INSERT INTO @Finding (CheckName, ObjectKey, Expected, Actual, Detail)
    SELECT
        'LotBalance' AS CheckName,
        CONCAT(l.LotNo, N' ', l.ItemKey, N' ', l.LocationKey, N' ', l.BinNo) AS ObjectKey,
        CONCAT(N'0 to ', CAST(l.QtyOnHand AS decimal(19, 6))) AS Expected,
        CONCAT(CAST(l.QtyCommitSales AS decimal(19, 6)), N'') AS Actual,
        N'QtyCommitSales is negative or more than QtyOnHand.' AS Detail
    FROM dbo.LotMaster AS l
    WHERE
        CAST(l.QtyCommitSales AS decimal(19, 6)) < 0
        OR CAST(l.QtyCommitSales AS decimal(19, 6)) > CAST(l.QtyOnHand AS decimal(19, 6));

    IF @LastLotTranNo IS NOT NULL
        INSERT INTO @Drift (ObjectKey, CommittedChange, Allocated, Issued, OnHandChange, Moved)
        SELECT
            CONCAT(u.LotNo, N' ', u.ItemKey, N' ', u.LocationKey, N' ', u.BinNo) AS ObjectKey,
            SUM(u.CommittedChange) AS CommittedChange,
            SUM(u.Allocated) AS Allocated,
            SUM(u.Issued) AS Issued,
            SUM(u.OnHandChange) AS OnHandChange,
            SUM(u.Moved) AS Moved
        FROM (
            SELECT
                l.LotNo,
                l.ItemKey,
                l.LocationKey,
                l.BinNo,
                CAST(l.QtyCommitSales AS decimal(19, 6)) AS CommittedChange,
                CAST(0 AS decimal(19, 6)) AS Allocated,
                CAST(0 AS decimal(19, 6)) AS Issued,
                CAST(l.QtyOnHand AS decimal(19, 6)) AS OnHandChange,
                CAST(0 AS decimal(19, 6)) AS Moved
            FROM dbo.LotMaster AS l
            UNION ALL
            SELECT
                b.LotNo,
                b.ItemKey,
                b.LocationKey,
                b.BinNo,
                -b.QtyCommitSales AS CommittedChange,
                0 AS Allocated,
                0 AS Issued,
                -b.QtyOnHand AS OnHandChange,
                0 AS Moved
            FROM ops.BaselineLot AS b
            UNION ALL
            SELECT
                a.LotNo,
                a.ItemKey,
                a.LocationKey,
                a.BinNo,
                0 AS CommittedChange,
                ISNULL(CAST(a.AllocLotQty AS decimal(19, 6)), 0) AS Allocated,
                0 AS Issued,
                0 AS OnHandChange,
                0 AS Moved
            FROM dbo.Cust_BulkLotPicked AS a
            WHERE a.LotTranNo > @LastAllocationNo
            UNION ALL
            -- Allocations older than the baseline count by what has been taken back of them since.
            SELECT
                a.LotNo,
                a.ItemKey,
                a.LocationKey,
                a.BinNo,
                0 AS CommittedChange,
                0 - o.Weight AS Allocated,
                0 AS Issued,
                0 AS OnHandChange,
                0 AS Moved
            FROM picking.UnpickLotOutcome AS o
            INNER JOIN dbo.Cust_BulkLotPicked AS a ON o.AllocationNo = a.LotTranNo
            WHERE o.LotTranNo > @LastLotTranNo AND o.AllocationNo <= @LastAllocationNo
            UNION ALL
            -- The ledger: picks and reversals, transfers out and in.
            SELECT
                t.LotNo,
                t.ItemKey,
                t.LocationKey,
                t.BinNo,
                0 AS CommittedChange,
                0 AS Allocated,
                CASE t.TransactionType
                    WHEN 5 THEN ISNULL(CAST(t.QtyIssued AS decimal(19, 6)), 0)
                    WHEN 6 THEN 0 - ISNULL(CAST(t.QtyReceived AS decimal(19, 6)), 0)
                    ELSE 0
                END AS Issued,
                0 AS OnHandChange,
                CASE t.TransactionType
                    WHEN 8 THEN ISNULL(CAST(t.QtyReceived AS decimal(19, 6)), 0)
                    WHEN 9 THEN 0 - ISNULL(CAST(t.QtyIssued AS decimal(19, 6)), 0)
                    ELSE 0
                END AS Moved
            FROM dbo.LotTransaction AS t
            WHERE t.LotTranNo > @LastLotTranNo
        ) AS u
        GROUP BY u.LotNo, u.ItemKey, u.LocationKey, u.BinNo
        HAVING
            SUM(u.CommittedChange) <> SUM(u.Allocated)
            OR SUM(u.Allocated) <> SUM(u.Issued)
            OR SUM(u.OnHandChange) <> SUM(u.Moved);

    -- What differs of them.
    INSERT INTO @Finding (CheckName, ObjectKey, Expected, Actual, Detail)
    SELECT
        'LotCommitted' AS CheckName,
        d.ObjectKey,
        CONCAT(d.Allocated, N' allocated') AS Expected,
        CONCAT(d.CommittedChange, N' committed, ', d.Issued, N' in the ledger') AS Actual,
        N'QtyCommitSales since the baseline, the allocations and the ledger (types 5 and 6) differ.' AS Detail
    FROM @Drift AS d
    WHERE d.CommittedChange <> d.Allocated OR d.Allocated <> d.Issued;

    INSERT INTO @Finding (CheckName, ObjectKey, Expected, Actual, Detail)
    SELECT
        'LotOnHand' AS CheckName,
        d.ObjectKey,
        CONCAT(d.Moved, N' moved in') AS Expected,
        CONCAT(d.OnHandChange, N' more on hand') AS Actual,
        N'QtyOnHand since the baseline and the ledger (types 8 and 9) differ.' AS Detail
    FROM @Drift AS d
    WHERE d.OnHandChange <> d.Moved;

    IF @LastLotTranNo IS NOT NULL
        INSERT INTO @Finding (CheckName, ObjectKey, Expected, Actual, Detail)
        SELECT
            'ItemLocation' AS CheckName,
            CONCAT(u.ItemKey, N' ', u.LocationKey) AS ObjectKey,
            CONCAT(SUM(u.AtBaseline), N'') AS Expected,
            CONCAT(SUM(u.OnHand), N'') AS Actual,
            N'The sum of QtyOnHand over the bins has changed since the baseline.' AS Detail
        FROM (
            SELECT
                l.ItemKey,
                l.LocationKey,
                CAST(l.QtyOnHand AS decimal(19, 6)) AS OnHand,
                CAST(0 AS decimal(19, 6)) AS AtBaseline
            FROM dbo.LotMaster AS l
            UNION ALL
            SELECT
                b.ItemKey,
                b.LocationKey,
                0 AS OnHand,
                b.QtyOnHand AS AtBaseline
            FROM ops.BaselineLot AS b
        ) AS u
        GROUP BY u.ItemKey, u.LocationKey
        HAVING SUM(u.OnHand) <> SUM(u.AtBaseline);

    -- Lines and runs.
    INSERT INTO @Finding (CheckName, ObjectKey, Expected, Actual, Detail)
    SELECT
        'RunLine' AS CheckName,
        CONCAT(u.RunNo, N'/', u.RowNum, N'/', u.LineId) AS ObjectKey,
        CONCAT(SUM(u.Allocated), N' allocated') AS Expected,
        CONCAT(SUM(u.PickedQty), N' picked, bags of ', SUM(u.BagWeight)) AS Actual,
        N'Weight picked, weight of the bags picked and allocations since the baseline differ.' AS Detail
    FROM (
        SELECT
            p.RunNo,
            p.RowNum,
            p.LineId,
            ISNULL(CAST(p.PickedQty AS decimal(19, 6)), 0) - ISNULL(b.PickedQty, 0) AS PickedQty,
            (ISNULL(CAST(p.PickedBulkQty AS decimal(19, 6)), 0) - ISNULL(b.PickedBulkQty, 0))
            * ISNULL(CAST(p.PackSize AS decimal(19, 6)), 0) AS BagWeight,
            CAST(0 AS decimal(19, 6)) AS Allocated
        FROM dbo.cust_BulkPicked AS p
        LEFT JOIN ops.BaselineLine AS b ON p.RunNo = b.RunNo AND p.RowNum = b.RowNum AND p.LineId = b.LineId
        UNION ALL
        SELECT
            a.RunNo,
            a.RowNum,
            a.LineId,
            0 AS PickedQty,
            0 AS BagWeight,
            ISNULL(CAST(a.AllocLotQty AS decimal(19, 6)), 0) AS Allocated
        FROM dbo.Cust_BulkLotPicked AS a
        WHERE a.LotTranNo > @LastAllocationNo
        UNION ALL
        SELECT
            a.RunNo,
            a.RowNum,
            a.LineId,
            0 AS PickedQty,
            0 AS BagWeight,
            0 - o.Weight AS Allocated
        FROM picking.UnpickLotOutcome AS o
        INNER JOIN dbo.Cust_BulkLotPicked AS a ON o.AllocationNo = a.LotTranNo
        WHERE o.LotTranNo > @LastLotTranNo AND o.AllocationNo <= @LastAllocationNo
    ) AS u
    GROUP BY u.RunNo, u.RowNum, u.LineId
    HAVING SUM(u.PickedQty) <> SUM(u.Allocated) OR SUM(u.PickedQty) <> SUM(u.BagWeight);

    -- More than was needed.
    INSERT INTO @Finding (CheckName, ObjectKey, Expected, Actual, Detail)
    SELECT
        'OverPick' AS CheckName,
        CONCAT(p.RunNo, N'/', p.RowNum, N'/', p.LineId) AS ObjectKey,
        CONCAT(N'at most ', ISNULL(CAST(p.ToPickedBulkQty AS decimal(19, 6)), 0) + @OverPickBags, N' bags') AS Expected,
        CONCAT(CAST(p.PickedBulkQty AS decimal(19, 6)), N' bags') AS Actual,
        N'More bags were picked than the line needs, tolerance included.' AS Detail
    FROM dbo.cust_BulkPicked AS p
    LEFT JOIN ops.BaselineLine AS b ON p.RunNo = b.RunNo AND p.RowNum = b.RowNum AND p.LineId = b.LineId
    WHERE
        ISNULL(CAST(p.PickedBulkQty AS decimal(19, 6)), 0) > ISNULL(b.PickedBulkQty, 0)
        AND ISNULL(CAST(p.PickedBulkQty AS decimal(19, 6)), 0)
        > ISNULL(CAST(p.ToPickedBulkQty AS decimal(19, 6)), 0) + @OverPickBags;

    INSERT INTO @Finding (CheckName, ObjectKey, Expected, Actual, Detail)
    SELECT
        'RunStatus' AS CheckName,
        CONCAT(k.RunNo, N'/', k.RowNum) AS ObjectKey,
        CASE WHEN SUM(k.IsOpen) = 0 THEN N'PRINT' ELSE N'NEW' END AS Expected,
        k.Status AS Actual,
        CONCAT(SUM(k.IsOpen), N' of ', COUNT(*), N' lines that need picking are open.') AS Detail
    FROM (
        SELECT
            r.RunNo,
            r.RowNum,
            r.Status,
            CASE
                WHEN ISNULL(CAST(p.PickedBulkQty AS decimal(19, 6)), 0) < CAST(p.ToPickedBulkQty AS decimal(19, 6)) THEN 1
                ELSE 0
            END AS IsOpen
        FROM dbo.Cust_BulkRun AS r
        INNER JOIN dbo.cust_BulkPicked AS p ON r.RunNo = p.RunNo AND r.RowNum = p.RowNum
        -- A line without a quantity to pick needs no picking.
        WHERE CAST(p.ToPickedBulkQty AS decimal(19, 6)) > 0
    ) AS k
    GROUP BY k.RunNo, k.RowNum, k.Status
    HAVING (k.Status = N'PRINT' AND SUM(k.IsOpen) > 0) OR (k.Status = N'NEW' AND SUM(k.IsOpen) = 0);

    -- Allocations of which something was taken back since the baseline: they hold what the last reversal left of them. One
    -- without a status is not Unpicked.
    INSERT INTO @Finding (CheckName, ObjectKey, Expected, Actual, Detail)
    SELECT
        'Allocation' AS CheckName,
        CONCAT(N'Cust_BulkLotPicked ', o.AllocationNo) AS ObjectKey,
        CONCAT(o.AllocLotQty, N' left') AS Expected,
        CONCAT(CAST(a.AllocLotQty AS decimal(19, 6)), N' left, status ', a.LotStatus) AS Actual,
        N'The allocation does not hold what its last reversal left of it, or is Unpicked with something left.' AS Detail
    FROM (
        SELECT
            u.AllocationNo,
            MAX(u.LotTranNo) AS LotTranNo
        FROM picking.UnpickLotOutcome AS u
        WHERE u.LotTranNo > @LastLotTranNo
        GROUP BY u.AllocationNo
    ) AS n
    INNER JOIN picking.UnpickLotOutcome AS o ON n.LotTranNo = o.LotTranNo
    LEFT JOIN dbo.Cust_BulkLotPicked AS a ON n.AllocationNo = a.LotTranNo
    WHERE
        ISNULL(CAST(a.AllocLotQty AS decimal(19, 6)), -1) <> o.AllocLotQty
        OR (o.AllocLotQty = 0 AND ISNULL(a.LotStatus, N'') <> N'Unpicked')
        OR (o.AllocLotQty > 0 AND a.LotStatus = N'Unpicked');

    -- Documents and numbers. Rows without a BT document are the ERP's own (a NULL is none either).
    INSERT INTO @Finding (CheckName, ObjectKey, Expected, Actual, Detail)
    SELECT
        'TransferDocument' AS CheckName,
        ISNULL(d.DocumentNo, N'(none)') AS ObjectKey,
        N'1 type 9, 1 type 8, 1 Mintxdh, 1 BinTransfer' AS Expected,
        CONCAT(
            SUM(d.Issues), N' type 9, ', SUM(d.Receipts), N' type 8, ', SUM(d.Postings), N' Mintxdh, ',
            SUM(d.Transfers), N' BinTransfer'
        ) AS Actual,
        CONCAT(
            N'Quantity ', MIN(d.Quantity), N' to ', MAX(d.Quantity), N', item ', MIN(d.ItemKey), N' to ', MAX(d.ItemKey),
            N', lot ', MIN(d.LotNo), N' to ', MAX(d.LotNo), N', from bin ', MIN(d.BinNoFrom), N' to ', MAX(d.BinNoFrom),
            N', into bin ', MIN(d.BinNoTo), N' to ', MAX(d.BinNoTo)
        ) AS Detail
    FROM (
        SELECT
            t.IssueDocNo AS DocumentNo,
            1 AS Issues,
            0 AS Receipts,
            0 AS Postings,
            0 AS Transfers,
            ISNULL(CAST(t.QtyIssued AS decimal(19, 6)), 0) AS Quantity,
            t.ItemKey,
            t.LotNo,
            t.BinNo AS BinNoFrom,
            CAST(NULL AS nvarchar(20)) AS BinNoTo
        FROM dbo.LotTransaction AS t
        WHERE t.LotTranNo > @LastLotTranNo AND t.TransactionType = 9 AND t.IssueDocNo LIKE 'BT-%'
        UNION ALL
        SELECT
            t.ReceiptDocNo AS DocumentNo,
            0 AS Issues,
            1 AS Receipts,
            0 AS Postings,
            0 AS Transfers,
            ISNULL(CAST(t.QtyReceived AS decimal(19, 6)), 0) AS Quantity,
            t.ItemKey,
            t.LotNo,
            NULL AS BinNoFrom,
            t.BinNo AS BinNoTo
        FROM dbo.LotTransaction AS t
        WHERE t.LotTranNo > @LastLotTranNo AND t.TransactionType = 8 AND t.ReceiptDocNo LIKE 'BT-%'
        UNION ALL
        -- Postings and bin transfers.
        SELECT
            m.DocNo AS DocumentNo,
            0 AS Issues,
            0 AS Receipts,
            1 AS Postings,
            0 AS Transfers,
            ISNULL(CAST(m.TrnQty AS decimal(19, 6)), 0) AS Quantity,
            m.ItemKey,
            NULL AS LotNo,
            NULL AS BinNoFrom,
            NULL AS BinNoTo
        FROM dbo.Mintxdh AS m
        WHERE m.InTransId > @LastInTransId AND m.DocNo LIKE 'BT-%'
        UNION ALL
        SELECT
            m.DocNo AS DocumentNo,
            0 AS Issues,
            0 AS Receipts,
            0 AS Postings,
            1 AS Transfers,
            ISNULL(CAST(b.TransferQty AS decimal(19, 6)), 0) AS Quantity,
            b.ItemKey,
            b.LotNo,
            b.BinNoFrom,
            b.BinNoTo
        FROM dbo.BinTransfer AS b
        LEFT JOIN dbo.Mintxdh AS m ON b.InTransID = m.InTransId
        WHERE b.BinTranID > @LastBinTranId
    ) AS d
    GROUP BY d.DocumentNo
    HAVING
        SUM(d.Issues) <> 1 OR SUM(d.Receipts) <> 1 OR SUM(d.Postings) <> 1 OR SUM(d.Transfers) <> 1
        OR MIN(d.Quantity) <> MAX(d.Quantity) OR MIN(d.ItemKey) <> MAX(d.ItemKey) OR MIN(d.LotNo) <> MAX(d.LotNo)
        OR MIN(d.BinNoFrom) <> MAX(d.BinNoFrom) OR MIN(d.BinNoTo) <> MAX(d.BinNoTo);

    -- Numbers drawn and requests.
    INSERT INTO @Finding (CheckName, ObjectKey, Expected, Actual, Detail)
    SELECT
        r.CheckName,
        r.ObjectKey,
        r.Expected,
        r.Actual,
        r.Detail
    FROM ops.RequestFindings(@LastLotTranNo) AS r;

    SELECT
        f.CheckName,
        f.ObjectKey,
        f.Expected,
        f.Actual,
        f.Detail
    FROM @Finding AS f
    ORDER BY f.CheckName ASC, f.ObjectKey ASC;

    RETURN 0;
END;
GO
