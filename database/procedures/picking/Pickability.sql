SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO

/*
Purpose:     Decides whether a quantity may be picked from one lot row, and where the row stands in the FEFO order.
             This is the only place that says what "pickable", "expired" and "zone" mean.
Parameters:  what is known of the lot row and of its bin; the quantity wanted (weight); today's date in the warehouse.
Result:      one row: Refusal (0 when pickable, else the number of the error that says why not), Zone (1 A, 2 I, 3 K, 4 others).
Rules:       A lot may be picked up to and including the day of its expiry date; a lot without a date never expires.
             A lot on hold (H) or blocked (B), a bin of type PARTIAL, a bin whose name ends in Variance and a bin of
             warehouse WHTIP8 are refused. A bin that BINMaster does not know has no type and no warehouse, so only
             its name counts. Stock committed to others is not available. Nettable plays no part.
Locks:       none; the caller passes what it has read, under lock if it is going to write.
*/
CREATE OR ALTER FUNCTION picking.Pickability(
    @QtyOnHand decimal(19, 6),
    @QtyCommitSales decimal(19, 6),
    @Quantity decimal(19, 6),
    @LotStatus nvarchar(10),
    @DateExpiry datetime,
    @Today datetime,
    @BinNo nvarchar(20),
    @BinType nvarchar(50),
    @Warehouse nvarchar(50)
)
RETURNS TABLE
AS
RETURN
(
    SELECT
        CASE
            WHEN @LotStatus IN (N'H', N'B') THEN 51103
            WHEN @DateExpiry < @Today THEN 51104
            WHEN @BinType = N'PARTIAL' THEN 51203
            WHEN @BinNo LIKE N'%Variance' THEN 51204
            WHEN @Warehouse = N'WHTIP8' THEN 51205
            WHEN @QtyOnHand <= 0 OR @QtyOnHand - @QtyCommitSales < @Quantity THEN 51105
            ELSE 0
        END AS Refusal,
        CASE LEFT(@BinNo, 1)
            WHEN N'A' THEN 1
            WHEN N'I' THEN 2
            WHEN N'K' THEN 3
            ELSE 4
        END AS Zone
);
GO
