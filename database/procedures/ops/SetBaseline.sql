SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO

/*
Purpose:     Remembers the balances, the progress of the lines and the last ledger numbers as they are now: the state from which
             ops.CheckInventory reckons. To be run when stock has been loaded or changed by other programs than lockstep.
Parameters:  none
Result:      none; RETURN 0
Locks:       ops.Baseline, ops.BaselineLot, ops.BaselineLine (X); reads LotMaster, cust_BulkPicked and the ledgers at the level of
             the session. To be run while nobody picks or moves: what changes during the copy would be half in it.
Errors:      none of its own
Idempotency: repeating it takes a new baseline
Retry:       none, it can be called again
Example:     EXEC ops.SetBaseline;
*/
CREATE OR ALTER PROCEDURE ops.SetBaseline
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    SET IMPLICIT_TRANSACTIONS OFF;

    DECLARE @EntryTrancount int = @@TRANCOUNT;

    BEGIN TRY
        IF @EntryTrancount = 0
            BEGIN TRANSACTION;

        DELETE FROM ops.Baseline;
        DELETE FROM ops.BaselineLot;
        DELETE FROM ops.BaselineLine;

        INSERT INTO ops.Baseline (LastLotTranNo, LastAllocationNo, LastInTransId, LastBinTranId)
        SELECT
            ISNULL((SELECT MAX(t.LotTranNo) FROM dbo.LotTransaction AS t), 0) AS LastLotTranNo,
            ISNULL((SELECT MAX(a.LotTranNo) FROM dbo.Cust_BulkLotPicked AS a), 0) AS LastAllocationNo,
            ISNULL((SELECT MAX(m.InTransId) FROM dbo.Mintxdh AS m), 0) AS LastInTransId,
            ISNULL((SELECT MAX(b.BinTranID) FROM dbo.BinTransfer AS b), 0) AS LastBinTranId;

        INSERT INTO ops.BaselineLot (LotNo, ItemKey, LocationKey, BinNo, QtyOnHand, QtyCommitSales)
        SELECT
            l.LotNo,
            l.ItemKey,
            l.LocationKey,
            l.BinNo,
            CAST(l.QtyOnHand AS decimal(19, 6)) AS QtyOnHand,
            CAST(l.QtyCommitSales AS decimal(19, 6)) AS QtyCommitSales
        FROM dbo.LotMaster AS l;

        INSERT INTO ops.BaselineLine (RunNo, RowNum, LineId, PickedBulkQty, PickedQty)
        SELECT
            k.RunNo,
            k.RowNum,
            k.LineId,
            ISNULL(CAST(k.PickedBulkQty AS decimal(19, 6)), 0) AS PickedBulkQty,
            ISNULL(CAST(k.PickedQty AS decimal(19, 6)), 0) AS PickedQty
        FROM dbo.cust_BulkPicked AS k;

        IF @EntryTrancount = 0
            COMMIT TRANSACTION;
    END TRY
    BEGIN CATCH
        IF @EntryTrancount = 0 AND XACT_STATE() <> 0
            ROLLBACK TRANSACTION;

        THROW;
    END CATCH;

    RETURN 0;
END;
GO
