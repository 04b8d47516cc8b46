SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO

/*
Purpose:     The lines of a batch that still need bags.
Parameters:  @RunNo, @RowNum name the batch
Result:      one row a line (LineId, ItemKey, LocationKey, PackSize, OpenBags); none when the batch is complete; RETURN 0
Locks:       S row by row on cust_BulkPicked, given back at once
Errors:      none of its own
Idempotency: not needed, changes nothing
Retry:       none, it can be called again
Example:     EXEC demo.FindOpenLines @RunNo = 6000001, @RowNum = 1;
*/
CREATE OR ALTER PROCEDURE demo.FindOpenLines
    @RunNo int,                                     -- run
    @RowNum int                                     -- batch of the run
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    SET TRANSACTION ISOLATION LEVEL READ COMMITTED;

    SELECT
        k.LineId,
        k.ItemKey,
        CAST(k.Location AS varchar(10)) AS LocationKey,
        CAST(k.PackSize AS decimal(19, 6)) AS PackSize,
        CAST(k.ToPickedBulkQty AS decimal(19, 6)) - ISNULL(CAST(k.PickedBulkQty AS decimal(19, 6)), 0) AS OpenBags
    FROM dbo.cust_BulkPicked AS k
    WHERE
        k.RunNo = @RunNo AND k.RowNum = @RowNum
        AND CAST(k.ToPickedBulkQty AS decimal(19, 6)) > ISNULL(CAST(k.PickedBulkQty AS decimal(19, 6)), 0)
    ORDER BY k.LineId ASC;

    RETURN 0;
END;
GO
