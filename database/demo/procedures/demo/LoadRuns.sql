SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO

/*
Purpose:     Loads the production runs of the demo's warehouse, none of them begun: four batches a run, 3 to 8 lines a batch.
Parameters:  @Runs, @Items: how many there are; @Seed
Result:      none; RETURN 0
             A line needs 10 to 99 bags of one item; 1 of 13 needs no picking (never the first of a batch). What has been picked
             is NULL in some lines and 0 in the others.
Locks:       Cust_BulkRun, cust_BulkPicked (X, whole table)
Errors:      none of its own
Idempotency: none; demo.LoadWarehouse calls it once
Retry:       none
Example:     demo.LoadWarehouse calls it.
*/
CREATE OR ALTER PROCEDURE demo.LoadRuns
    @Runs int,                                      -- runs to make
    @Items int,                                     -- items that there are
    @Seed int                                       -- makes the same runs again
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;

    DECLARE @Now datetime;

    SELECT @Now = CAST(DATEADD(MINUTE, s.UtcOffsetMinutes, SYSUTCDATETIME()) AS datetime)
    FROM lockstep.Settings AS s
    WHERE s.SettingsId = 1;

    INSERT INTO dbo.Cust_BulkRun WITH (TABLOCK) (
        RunNo, RowNum, BatchNo, FormulaId, FormulaDesc, NoOfBatches, PalletsPerBatch, Status, RecUserId, RecDate
    )
    SELECT
        6000001 + n.Number / 4 AS RunNo,
        n.Number % 4 + 1 AS RowNum,
        CONCAT(N'8', RIGHT(CONCAT(N'00000', n.Number), 6)) AS BatchNo,
        CONCAT(N'F', n.Number / 4 % 20) AS FormulaId,
        CONCAT(N'Formula ', n.Number / 4 % 20) AS FormulaDesc,
        4 AS NoOfBatches,
        1 AS PalletsPerBatch,
        N'NEW' AS Status,
        N'demo' AS RecUserId,
        @Now AS RecDate
    FROM demo.Numbers(@Runs * 4) AS n;

    INSERT INTO dbo.cust_BulkPicked WITH (TABLOCK) (
        RunNo, RowNum, LineId, BatchNo, LineTyp, ItemKey, Location, Unit, StandardQty, PackSize, ToPickedBulkQty,
        PickedBulkQty, PickedQty, RecUserId, RecDate
    )
    SELECT
        6000001 + n.Number / 4 AS RunNo,
        n.Number % 4 + 1 AS RowNum,
        p.LineId,
        CONCAT(N'8', RIGHT(CONCAT(N'00000', n.Number), 6)) AS BatchNo,
        N'FI' AS LineTyp,
        i.ItemKey,
        N'TFC1' AS Location,
        N'KG' AS Unit,
        q.Bags * i.PackSize AS StandardQty,
        i.PackSize,
        q.Bags AS ToPickedBulkQty,
        CASE WHEN s.C % 2 = 0 THEN 0 END AS PickedBulkQty,
        CASE WHEN s.C % 2 = 0 THEN 0 END AS PickedQty,
        N'demo' AS RecUserId,
        @Now AS RecDate
    FROM demo.Numbers(@Runs * 4) AS n
    CROSS APPLY demo.Scatter(n.Number, @Seed) AS r
    CROSS JOIN (VALUES (1), (2), (3), (4), (5), (6), (7), (8)) AS p(LineId)
    CROSS APPLY demo.Scatter(n.Number * 8 + p.LineId, @Seed) AS s
    CROSS APPLY demo.Item(s.A % @Items) AS i
    CROSS APPLY (VALUES (CASE WHEN p.LineId > 1 AND s.B % 13 = 0 THEN 0 ELSE 10 + s.B / 13 % 90 END)) AS q(Bags)
    WHERE p.LineId <= 3 + r.A % 6;

    RETURN 0;
END;
GO
