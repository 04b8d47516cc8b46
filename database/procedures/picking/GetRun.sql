SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO

/*
Purpose:     One batch of a run: its header, and its lines that need picking, with what has been picked.
Parameters:  @RunNo, @RowNum
Result:      two results; RETURN 0. First one row (RunNo, RowNum, BatchNo, FormulaId, FormulaDesc, NoOfBatches, PalletsPerBatch,
             Status, RecDate, ModifiedBy, ModifiedDate). Then one row a line with bags to pick (LineId, ItemKey, Description,
             LocationKey, Unit, PackSize, ToPickedBulkQty, PickedBulkQty, OpenBags, PickedQty, PalletID, ItemBatchStatus,
             PickingDate), by LineId; a quantity that is NULL comes as 0.
Locks:       S row by row on Cust_BulkRun, then on cust_BulkPicked, INMAST and Cust_BulkPalletLotPicked, given back at once (none
             with READ_COMMITTED_SNAPSHOT)
Errors:
    51001    A required parameter is missing.
    51401    The run does not exist.
Idempotency: not needed, changes nothing
Retry:       none, it can be called again
Example:     EXEC picking.GetRun @RunNo = 6000037, @RowNum = 1;
*/
CREATE OR ALTER PROCEDURE picking.GetRun
    @RunNo int,                                     -- run
    @RowNum int                                     -- batch of the run
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    SET TRANSACTION ISOLATION LEVEL READ COMMITTED;

    DECLARE @Message nvarchar(2048);

    -- Input: what can be refused without looking at the database.
    IF @RunNo IS NULL OR @RowNum IS NULL
        BEGIN
            SET @Message = CONCAT(
                'picking.GetRun: a required parameter is missing. Given: @RunNo=', @RunNo, ', @RowNum=', @RowNum
            );
            THROW 51001, @Message, 1;
        END;

    IF
        NOT EXISTS (
            SELECT 1
            FROM dbo.Cust_BulkRun AS r
            WHERE r.RunNo = @RunNo AND r.RowNum = @RowNum
        )
        BEGIN
            SET @Message = CONCAT('There is no run ', @RunNo, '/', @RowNum, '.');
            THROW 51401, @Message, 1;
        END;

    -- The batch.
    SELECT
        r.RunNo,
        r.RowNum,
        r.BatchNo,
        r.FormulaId,
        r.FormulaDesc,
        r.NoOfBatches,
        r.PalletsPerBatch,
        r.Status,
        r.RecDate,
        r.ModifiedBy,
        r.ModifiedDate
    FROM dbo.Cust_BulkRun AS r
    WHERE r.RunNo = @RunNo AND r.RowNum = @RowNum;

    -- Its lines that need picking.
    SELECT
        l.LineId,
        l.ItemKey,
        i.Desc1 AS Description,
        l.LocationKey,
        l.Unit,
        l.PackSize,
        l.ToPickedBulkQty,
        l.PickedBulkQty,
        CASE WHEN l.PickedBulkQty < l.ToPickedBulkQty THEN l.ToPickedBulkQty - l.PickedBulkQty ELSE 0 END AS OpenBags,
        l.PickedQty,
        p.PalletID,
        l.ItemBatchStatus,
        l.PickingDate
    FROM (
        SELECT
            k.LineId,
            k.ItemKey,
            CAST(k.Location AS varchar(10)) AS LocationKey,
            k.Unit,
            ISNULL(CAST(k.PackSize AS decimal(19, 6)), 0) AS PackSize,
            ISNULL(CAST(k.ToPickedBulkQty AS decimal(19, 6)), 0) AS ToPickedBulkQty,
            ISNULL(CAST(k.PickedBulkQty AS decimal(19, 6)), 0) AS PickedBulkQty,
            ISNULL(CAST(k.PickedQty AS decimal(19, 6)), 0) AS PickedQty,
            k.ItemBatchStatus,
            k.PickingDate
        FROM dbo.cust_BulkPicked AS k
        WHERE k.RunNo = @RunNo AND k.RowNum = @RowNum
    ) AS l
    LEFT JOIN dbo.INMAST AS i ON l.ItemKey = i.ItemKey
    LEFT JOIN dbo.Cust_BulkPalletLotPicked AS p ON p.RunNo = @RunNo AND p.RowNum = @RowNum AND l.LineId = p.LineId
    WHERE l.ToPickedBulkQty > 0
    ORDER BY l.LineId ASC;

    RETURN 0;
END;
GO
