SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO

/*
Purpose:     Tells the demo's users what there is to work on.
Parameters:  none
Result:      three results, all in an order that does not change: the batches (RunNo, RowNum); the items that lines need, those of
             the first batches first (ItemKey, IsBeingCounted: not to be moved now); the bins from which picking is allowed
             (BinNo). RETURN 0
Locks:       S row by row, given back at once. It scans.
Errors:      none of its own
Idempotency: not needed, changes nothing
Retry:       none, it can be called again
Example:     EXEC demo.DescribeWarehouse;
*/
CREATE OR ALTER PROCEDURE demo.DescribeWarehouse
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    SET TRANSACTION ISOLATION LEVEL READ COMMITTED;

    SELECT
        r.RunNo,
        r.RowNum
    FROM dbo.Cust_BulkRun AS r
    WHERE r.Status = N'NEW'
    ORDER BY r.RunNo ASC, r.RowNum ASC;

    SELECT
        k.ItemKey,
        MAX(CASE WHEN i.Physinprogress = 1 THEN 1 ELSE 0 END) AS IsBeingCounted
    FROM dbo.cust_BulkPicked AS k
    LEFT JOIN dbo.INLOC AS i ON k.ItemKey = i.ItemKey AND k.Location = i.Location
    WHERE CAST(k.ToPickedBulkQty AS decimal(19, 6)) > 0
    GROUP BY k.ItemKey
    ORDER BY MIN(k.RunNo * 10 + k.RowNum) ASC, k.ItemKey ASC;

    SELECT b.BinNo
    FROM dbo.BINMaster AS b
    CROSS APPLY picking.Pickability(1, 0, 1, N'', NULL, NULL, b.BinNo, b.User4, b.User1) AS e
    WHERE b.Location = N'TFC1' AND e.Refusal = 0
    ORDER BY b.BinNo ASC;

    RETURN 0;
END;
GO
