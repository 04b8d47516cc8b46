SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO

/*
Purpose:     Loads the lots of the demo's warehouse, each in one bin.
Parameters:  @Lots, @Items, @Bins: how many there are; @Seed
Result:      none; RETURN 0
             A lot has 20 to 199 bags, 1 of 9 lots an opened bag besides. 1 of 5 is committed to sales by a quarter, 1 of 40 on
             hold (H), 1 of 40 blocked (B), 1 of 12 has no expiry date, 1 of 14 of the others has expired.
Locks:       LotMaster (X, whole table)
Errors:      none of its own
Idempotency: none; demo.LoadWarehouse calls it once
Retry:       none
Example:     demo.LoadWarehouse calls it.
*/
CREATE OR ALTER PROCEDURE demo.LoadLots
    @Lots int,                                      -- lots to make
    @Items int,                                     -- items that there are
    @Bins int,                                      -- bins that there are
    @Seed int                                       -- makes the same lots again
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;

    DECLARE @Today datetime;

    SELECT @Today = CAST(CAST(DATEADD(MINUTE, s.UtcOffsetMinutes, SYSUTCDATETIME()) AS date) AS datetime)
    FROM lockstep.Settings AS s
    WHERE s.SettingsId = 1;

    INSERT INTO dbo.LotMaster WITH (TABLOCK) (
        LotNo, ItemKey, LocationKey, BinNo, DateReceived, DateExpiry, QtyReceived, QtyIssued, QtyCommitSales, QtyOnHand,
        QtyOnOrder, DocumentNo, DocumentLineNo, TransactionType, VendorKey, VendorLotNo, LotStatus, RecUserId, Recdate
    )
    SELECT
        l.LotNo,
        i.ItemKey,
        'TFC1' AS LocationKey,
        b.BinNo,
        DATEADD(DAY, 0 - s.A % 300, @Today) AS DateReceived,
        CASE WHEN s.B % 12 = 0 THEN NULL ELSE DATEADD(DAY, s.C % 700 - 50, @Today) END AS DateExpiry,
        l.Bags * i.PackSize AS QtyReceived,
        0 AS QtyIssued,
        CASE WHEN s.A % 5 = 0 THEN l.Bags / 4 * i.PackSize ELSE 0 END AS QtyCommitSales,
        l.Bags * i.PackSize + CASE WHEN s.C % 9 = 0 THEN i.PackSize / 2 ELSE 0 END AS QtyOnHand,
        0 AS QtyOnOrder,
        'PO-1' AS DocumentNo,
        1 AS DocumentLineNo,
        1 AS TransactionType,
        'V01' AS VendorKey,
        l.LotNo AS VendorLotNo,
        CASE s.A / 5 % 40 WHEN 7 THEN N'H' WHEN 23 THEN N'B' ELSE N'' END AS LotStatus,
        'demo' AS RecUserId,
        @Today AS Recdate
    FROM demo.Numbers(@Lots) AS n
    CROSS APPLY demo.Scatter(n.Number, @Seed) AS s
    CROSS APPLY (VALUES (CONCAT('25', RIGHT(CONCAT('000000', n.Number), 7), '-1'), 20 + s.B / 12 % 180)) AS l(LotNo, Bags)
    CROSS APPLY demo.Item(n.Number % @Items) AS i
    CROSS APPLY demo.Bin(s.A / 200 % @Bins) AS b;

    RETURN 0;
END;
GO
