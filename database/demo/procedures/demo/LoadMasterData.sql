SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO

/*
Purpose:     Loads the items and the bins of the demo's warehouse, at location TFC1.
Parameters:  @Items, @Bins: how many
Result:      none; RETURN 0
             Bins: 1 of 25 is for partial bags, 1 of 50 belongs to the closed warehouse WHTIP8, 1 of 100 holds variances.
             Items: 1 of 50 is being counted. Two classes have an inventory account of their own.
Locks:       INMAST, INLOC, BINMaster (X, whole table), putaway.ClassAccount
Errors:      none of its own
Idempotency: none; demo.LoadWarehouse calls it once
Retry:       none
Example:     demo.LoadWarehouse calls it.
*/
CREATE OR ALTER PROCEDURE demo.LoadMasterData
    @Items int,                                     -- items to make
    @Bins int                                       -- bins to make
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;

    INSERT INTO dbo.INMAST WITH (TABLOCK) (ItemKey, Desc1, StockUomCode, SerialLotFlg, MultipleBinsReq)
    SELECT
        i.ItemKey,
        CONCAT(N'Ingredient ', n.Number) AS Desc1,
        'KG' AS StockUomCode,
        'L' AS SerialLotFlg,
        'Y' AS MultipleBinsReq
    FROM demo.Numbers(@Items) AS n
    CROSS APPLY demo.Item(n.Number) AS i;

    INSERT INTO dbo.INLOC WITH (TABLOCK) (ItemKey, Location, InClassKey, StdCost, Physinprogress)
    SELECT
        i.ItemKey,
        'TFC1' AS Location,
        CASE n.Number % 3 WHEN 0 THEN 'RAW' WHEN 1 THEN 'SPICE' ELSE 'OTHER' END AS InClassKey,
        CAST(n.Number % 97 + 3 AS decimal(19, 6)) / 4 AS StdCost,
        CASE WHEN n.Number % 50 = 49 THEN 1 ELSE 0 END AS Physinprogress
    FROM demo.Numbers(@Items) AS n
    CROSS APPLY demo.Item(n.Number) AS i;

    INSERT INTO putaway.ClassAccount (InClassKey, INAcct)
    SELECT
        v.InClassKey,
        v.INAcct
    FROM (VALUES ('RAW', '1410'), ('SPICE', '1420')) AS v(InClassKey, INAcct)
    WHERE v.InClassKey NOT IN (SELECT a.InClassKey FROM putaway.ClassAccount AS a);

    INSERT INTO dbo.BINMaster WITH (TABLOCK) (Location, BinNo, Description, aisle, [row], rack, Nettable, User1, User4)
    SELECT
        N'TFC1' AS Location,
        b.BinNo,
        CONCAT(N'Zone ', b.Zone) AS Description,
        b.Aisle,
        b.Rack,
        b.Level,
        CASE WHEN n.Number % 10 = 7 THEN 0 ELSE 1 END AS Nettable,
        CASE WHEN n.Number % 50 = 13 THEN N'WHTIP8' ELSE N'WHTFC1' END AS User1,
        CASE WHEN n.Number % 25 = 24 THEN N'PARTIAL' ELSE N'' END AS User4
    FROM demo.Numbers(@Bins) AS n
    CROSS APPLY demo.Bin(n.Number) AS b;

    RETURN 0;
END;
GO
