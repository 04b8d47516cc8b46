SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO

/*
Purpose:     Lots of an item of which something can be moved, those that expire first in front: the ones that pickers want, too.
Parameters:  @ItemKey
Result:      up to 20 rows (LotNo, LocationKey, BinNo, QtyAvailable); RETURN 0
Locks:       S row by row on the FEFO index of LotMaster, given back at once
Errors:      none of its own
Idempotency: not needed, changes nothing
Retry:       none, it can be called again
Example:     EXEC demo.FindMovableLots @ItemKey = 'ING00001';
*/
CREATE OR ALTER PROCEDURE demo.FindMovableLots
    @ItemKey varchar(30)                            -- item
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    SET TRANSACTION ISOLATION LEVEL READ COMMITTED;

    SELECT TOP (20)
        l.LotNo,
        l.LocationKey,
        l.BinNo,
        CAST(l.QtyOnHand AS decimal(19, 6)) - CAST(l.QtyCommitSales AS decimal(19, 6)) AS QtyAvailable
    FROM dbo.LotMaster AS l
    WHERE
        l.ItemKey = @ItemKey
        AND l.DateExpiry > SYSUTCDATETIME()
        AND CAST(l.QtyOnHand AS decimal(19, 6)) > CAST(l.QtyCommitSales AS decimal(19, 6))
    ORDER BY l.DateExpiry ASC, l.LotNo ASC, l.BinNo ASC;

    RETURN 0;
END;
GO
