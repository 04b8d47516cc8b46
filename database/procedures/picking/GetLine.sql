SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO

/*
Purpose:     One line of a batch with what has been allocated to it.
Parameters:  @RunNo, @RowNum, @LineId
Result:      two results; RETURN 0. First one row (RunNo, RowNum, LineId, BatchNo, ItemKey, Description, LocationKey, Unit,
             PackSize, ToPickedBulkQty, PickedBulkQty, OpenBags, PickedQty, PalletID, ItemBatchStatus, PickingDate); a quantity
             that is NULL comes as 0. Then one row an allocation (AllocationNo, LotNo, SuggestedLotNo, BinNo, DateReceived,
             DateExpiry, Bags, AllocLotQty, QtyIssued, PalletId, LotStatus, RecUserid, RecDate, ModifiedBy, ModifiedDate),
             oldest first. Bags and AllocLotQty are what is left of it after picking.UnpickLot: 0 and the status Unpicked when
             nothing is.
Locks:       S row by row on cust_BulkPicked, INMAST and Cust_BulkPalletLotPicked, then on Cust_BulkLotPicked, given back at once
             (none with READ_COMMITTED_SNAPSHOT)
Errors:
    51001    A required parameter is missing.
    51403    The line does not exist.
Idempotency: not needed, changes nothing
Retry:       none, it can be called again
Example:     EXEC picking.GetLine @RunNo = 6000037, @RowNum = 1, @LineId = 2;
*/
CREATE OR ALTER PROCEDURE picking.GetLine
    @RunNo int,                                     -- run
    @RowNum int,                                    -- batch of the run
    @LineId int                                     -- line of the batch
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    SET TRANSACTION ISOLATION LEVEL READ COMMITTED;

    DECLARE @Message nvarchar(2048);

    -- Input: what can be refused without looking at the database.
    IF @RunNo IS NULL OR @RowNum IS NULL OR @LineId IS NULL
        BEGIN
            SET @Message = CONCAT(
                'picking.GetLine: a required parameter is missing. Given: @RunNo=', @RunNo, ', @RowNum=', @RowNum,
                ', @LineId=', @LineId
            );
            THROW 51001, @Message, 1;
        END;

    IF
        NOT EXISTS (
            SELECT 1
            FROM dbo.cust_BulkPicked AS k
            WHERE k.RunNo = @RunNo AND k.RowNum = @RowNum AND k.LineId = @LineId
        )
        BEGIN
            SET @Message = CONCAT('Run ', @RunNo, '/', @RowNum, ' has no line ', @LineId, '.');
            THROW 51403, @Message, 1;
        END;

    -- The line.
    SELECT
        @RunNo AS RunNo,
        @RowNum AS RowNum,
        @LineId AS LineId,
        l.BatchNo,
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
            k.BatchNo,
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
        WHERE k.RunNo = @RunNo AND k.RowNum = @RowNum AND k.LineId = @LineId
    ) AS l
    LEFT JOIN dbo.INMAST AS i ON l.ItemKey = i.ItemKey
    LEFT JOIN dbo.Cust_BulkPalletLotPicked AS p ON p.RunNo = @RunNo AND p.RowNum = @RowNum AND p.LineId = @LineId;

    -- What has been allocated to it.
    SELECT
        a.LotTranNo AS AllocationNo,
        a.LotNo,
        a.SuggestedLotNo,
        a.BinNo,
        a.DateReceived,
        a.DateExpiry,
        CASE
            WHEN CAST(a.PackSize AS decimal(19, 6)) > 0
                THEN CAST(CAST(a.AllocLotQty AS decimal(19, 6)) / CAST(a.PackSize AS decimal(19, 6)) AS decimal(19, 6))
        END AS Bags,
        CAST(a.AllocLotQty AS decimal(19, 6)) AS AllocLotQty,
        CAST(a.QtyIssued AS decimal(19, 6)) AS QtyIssued,
        a.PalletId,
        a.LotStatus,
        a.RecUserid,
        a.RecDate,
        a.ModifiedBy,
        a.ModifiedDate
    FROM dbo.Cust_BulkLotPicked AS a
    WHERE a.RunNo = @RunNo AND a.RowNum = @RowNum AND a.LineId = @LineId
    ORDER BY a.LotTranNo ASC;

    RETURN 0;
END;
GO
