SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO

/*
Purpose:     How far a FEFO search has to read: up to the expiry date of the lot that completes the number wanted, read in the
             order of the index and not further. The order within one date is another than the index's, so the search itself
             (picking.FefoLots) sorts whole dates. Lots without a date are left out by the comparison.
Parameters:  item and location; the weight of a bag; today's date in the warehouse; the date after which to begin; lots wanted.
Result:      one row: LastDateExpiry (NULL when no lot is left), DatedLots (how many were found, at most @Lots).
Locks:       S row by row on the FEFO index of LotMaster and on BINMaster, given back at once at any isolation level.
*/
CREATE OR ALTER FUNCTION picking.FefoHorizon(
    @ItemKey varchar(30),
    @LocationKey varchar(10),
    @PackSize decimal(19, 6),
    @Today datetime,
    @AfterDateExpiry datetime,
    @Lots int
)
RETURNS TABLE
AS
RETURN
(
    SELECT
        MAX(d.DateExpiry) AS LastDateExpiry,
        COUNT(*) AS DatedLots
    FROM (
        SELECT TOP (@Lots) l.DateExpiry
        FROM dbo.LotMaster AS l WITH (READCOMMITTED)
        LEFT JOIN dbo.BINMaster AS b WITH (READCOMMITTED) ON b.Location = @LocationKey AND l.BinNo = b.BinNo
        CROSS APPLY
            picking.Pickability(
                CAST(l.QtyOnHand AS decimal(19, 6)), CAST(l.QtyCommitSales AS decimal(19, 6)), @PackSize,
                l.LotStatus, l.DateExpiry, @Today, l.BinNo, b.User4, b.User1
            ) AS e
        WHERE l.ItemKey = @ItemKey AND l.DateExpiry > @AfterDateExpiry AND l.LocationKey = @LocationKey AND e.Refusal = 0
        ORDER BY l.DateExpiry ASC
    ) AS d
);
GO
