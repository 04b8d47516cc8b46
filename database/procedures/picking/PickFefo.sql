SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO

/*
Purpose:     Picks the bags that a line still needs from as many lots as it takes, first expiry first (FEFO): all of them or none,
             or as many as there are.
Parameters:  @RunNo, @RowNum, @LineId name the line (item and location are the line's); @UserId, @RequestId; optional:
             @AllowPartial, @PalletId, @Quiet
Result:      two results, not with @Quiet = 1. First one row a lot row picked from, in the order of FEFO (LotNo, BinNo,
             DateExpiry, Bags, Weight, LotTranNo, AllocationNo, QtyOnHand, QtyCommitSales); then one row (RequestId, Replayed,
             Attempts, PalletId, Lots, Bags, Weight, OpenBags, PickedBulkQty, PickedQty, RunStatus), this also in the OUTPUT
             parameters; RETURN 0. OpenBags is more than 0 after a partial pick, or when the need is no whole number of bags.
Locks:       1 Seqnum PT (X; only when a pallet number is drawn, given back at once), 2 lockstep.Request (X, new row),
             3 LotMaster, the rows in the order of their keys (U, then X where picked) and their BINMaster rows (S),
             4 Cust_BulkRun (U), 5 cust_BulkPicked (U then X; S on the run's other lines), 6 LotTransaction and
             Cust_BulkLotPicked (X, new rows: nobody else can want them, so they come lot by lot),
             7 Cust_BulkPalletLotPicked (X), 8 picking.PickFefoLot, picking.PickFefoOutcome and lockstep.Operation (X, new rows)
Errors:
    51001    A required parameter is missing.
    51004    A parameter is outside of its range.
    51101    The lot is not in the bin.
    51102    The lot is of another item.
    51103    The lot is on hold or blocked.
    51104    The lot has expired.
    51105    Not enough is available of the lot.
    51109    Not enough is available of the item.
    51110    The lots found were taken meanwhile.
    51203    The bin is for partial bags.
    51204    The bin holds variances.
    51205    The bin's warehouse is closed to picking.
    51301    The request id is missing.
    51302    The request id was used before, by another procedure or with other arguments.
    51401    The run does not exist.
    51402    The run is not open for picking.
    51403    The line does not exist.
    51404    The line needs no picking.
    51405    More bags than the line needs, tolerance included.
    51406    The line has no usable pack size.
    51407    The line was changed meanwhile.
    51408    The line has all its bags.
    51901    The number series is not in Seqnum.
    51902    The settings row is missing.
Idempotency: the same request id with the same arguments returns the first outcome with Replayed = 1 and changes nothing
Retry:       1205, 1222, 3960 and a duplicate key, up to Settings.MaxAttempts attempts; 51110, up to ten times as many, because
             each time somebody else has got what was found; none inside a caller's transaction: the error is thrown at
             once, the transaction can only be rolled back, and the caller repeats it
Example:     DECLARE @RequestId uniqueidentifier = NEWID();
             EXEC picking.PickFefo @RunNo = 6000037, @RowNum = 1, @LineId = 2, @UserId = N'somchai', @RequestId = @RequestId,
                 @AllowPartial = 1;
*/
CREATE OR ALTER PROCEDURE picking.PickFefo
    @RunNo int,                                     -- run
    @RowNum int,                                    -- batch of the run
    @LineId int,                                    -- line of the batch
    @UserId nvarchar(50),                           -- who picks; cut to the ERP's columns
    @RequestId uniqueidentifier,                    -- made by the client, a new one for each pick
    @AllowPartial bit = 0,                          -- 0: all the bags that the line needs or none; 1: as many as there are
    @PalletId nvarchar(20) = NULL,                  -- pallet picked onto; NULL: the line's pallet, or a new number of PT
    @Quiet bit = 0,                                 -- 1: no results
    @Replayed bit = NULL OUTPUT,                    -- 1: done before, nothing changed now
    @Attempts int = NULL OUTPUT,                    -- attempts that the first call took
    @PickedPalletId nvarchar(20) = NULL OUTPUT,     -- pallet used
    @Lots int = NULL OUTPUT,                        -- lot rows picked from
    @Bags decimal(19, 6) = NULL OUTPUT,             -- bags picked by this call
    @Weight decimal(19, 6) = NULL OUTPUT,           -- weight picked by this call
    @OpenBags decimal(19, 6) = NULL OUTPUT,         -- line: bags it still needs
    @PickedBulkQty decimal(19, 6) = NULL OUTPUT,    -- line: bags picked so far
    @PickedQty decimal(19, 6) = NULL OUTPUT,        -- line: weight picked so far
    @RunStatus nvarchar(10) = NULL OUTPUT           -- batch of the run: NEW, or PRINT when complete
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    SET IMPLICIT_TRANSACTIONS OFF;
    SET TRANSACTION ISOLATION LEVEL REPEATABLE READ;

    DECLARE
        @EntryTrancount int = @@TRANCOUNT,
        @StartedAt datetime2(7) = SYSUTCDATETIME(),
        @Arguments nvarchar(1000) = CONCAT(
            '@RunNo=', @RunNo, ', @RowNum=', @RowNum, ', @LineId=', @LineId, ', @UserId=', QUOTENAME(@UserId, ''''),
            ', @AllowPartial=', @AllowPartial, ', @PalletId=', QUOTENAME(@PalletId, '''')
        ),
        @RequestIsNew bit,
        @MaxAttempts int = 4,                       -- until the settings have been read
        @OverPickBags decimal(19, 6),
        @Now datetime,
        @ItemKey varchar(30),
        @LocationKey varchar(10),
        @BatchNo nvarchar(20),
        @PackSize decimal(19, 6),
        @SeenOpenBags decimal(19, 6),
        @LinePalletId nvarchar(20),
        @DrawnPalletId varchar(20),
        @ErrorNumber int,
        @Message nvarchar(2048);

    -- An OUTPUT parameter comes in with what the caller's variable holds.
    SELECT
        @Replayed = 0,
        @Attempts = 0,
        @PickedPalletId = NULL,
        @Lots = NULL,
        @Bags = NULL,
        @Weight = NULL,
        @OpenBags = NULL,
        @PickedBulkQty = NULL,
        @PickedQty = NULL,
        @RunStatus = NULL;

    WHILE 1 = 1
        BEGIN
            BEGIN TRY
                SELECT
                    @Attempts = @Attempts + 1,
                    @RequestIsNew = 0;

                -- Input: what can be refused without looking at the database.
                IF @RequestId IS NULL OR @RequestId = CAST(0x0 AS uniqueidentifier)
                    THROW 51301, 'picking.PickFefo: @RequestId is missing or all zeros. Make a new one for each request.', 1;

                IF
                    @RunNo IS NULL OR @RowNum IS NULL OR @LineId IS NULL OR @AllowPartial IS NULL
                    OR ISNULL(@UserId, N'') = N''
                    BEGIN
                        SET @Message = CONCAT('picking.PickFefo: a required parameter is missing. Given: ', @Arguments);
                        THROW 51001, @Message, 1;
                    END;

                -- The ledger keeps the line in a smallint.
                IF @LineId NOT BETWEEN 0 AND 32767
                    BEGIN
                        SET @Message = CONCAT('@LineId is ', @LineId, '; it must be from 0 to 32767.');
                        THROW 51004, @Message, 1;
                    END;

                -- A repeated call: found by its request id before anything is looked for, and before a duplicate key would
                -- spoil a caller's transaction.
                EXEC lockstep.FindRequest
                    @RequestId = @RequestId, @ProcedureName = N'picking.PickFefo', @Arguments = @Arguments,
                    @Found = @Replayed OUTPUT;

                IF @Replayed = 1
                    BEGIN
                        SELECT
                            @PickedPalletId = o.PalletId,
                            @Lots = o.Lots,
                            @Bags = o.Bags,
                            @Weight = o.Weight,
                            @OpenBags = o.OpenBags,
                            @PickedBulkQty = o.PickedBulkQty,
                            @PickedQty = o.PickedQty,
                            @RunStatus = o.RunStatus,
                            @Attempts = o.Attempts
                        FROM picking.PickFefoOutcome AS o
                        WHERE o.RequestId = @RequestId;

                        EXEC lockstep.LogOperation
                            @ProcedureName = N'picking.PickFefo', @RequestId = @RequestId, @StartedAt = @StartedAt,
                            @Attempts = @Attempts, @Outcome = 'REPLAYED';

                        BREAK;
                    END;

                -- Look ahead, without keeping a lock: what the line is, about how much it needs, and whether it has a pallet.
                -- What decides is read again under lock.
                SELECT
                    @MaxAttempts = s.MaxAttempts,
                    @OverPickBags = CAST(s.OverPickBags AS decimal(19, 6)),
                    @Now = CAST(DATEADD(MINUTE, s.UtcOffsetMinutes, SYSUTCDATETIME()) AS datetime),
                    @ItemKey = k.ItemKey,
                    @LocationKey = CAST(k.Location AS varchar(10)),
                    @BatchNo = k.BatchNo,
                    @PackSize = CAST(k.PackSize AS decimal(19, 6)),
                    @SeenOpenBags = ISNULL(CAST(k.ToPickedBulkQty AS decimal(19, 6)), 0)
                    - ISNULL(CAST(k.PickedBulkQty AS decimal(19, 6)), 0),
                    @LinePalletId = p.PalletID
                FROM lockstep.Settings AS s WITH (READCOMMITTED)
                LEFT JOIN dbo.cust_BulkPicked AS k WITH (READCOMMITTED)
                    ON k.RunNo = @RunNo AND k.RowNum = @RowNum AND k.LineId = @LineId
                LEFT JOIN dbo.Cust_BulkPalletLotPicked AS p WITH (READCOMMITTED)
                    ON p.RunNo = @RunNo AND p.RowNum = @RowNum AND p.LineId = @LineId
                WHERE s.SettingsId = 1;

                IF @Now IS NULL
                    THROW 51902, 'lockstep.Settings has lost its row. Insert one with SettingsId 1.', 1;

                IF @ItemKey IS NULL OR @LocationKey IS NULL OR @BatchNo IS NULL
                    BEGIN
                        SET @Message = CONCAT(
                            'Run ', @RunNo, '/', @RowNum, ' has no line ', @LineId, ' that names an item, a location and a batch.'
                        );
                        THROW 51403, @Message, 1;
                    END;

                SET @PickedPalletId = COALESCE(NULLIF(@PalletId, N''), @LinePalletId, @DrawnPalletId);

                -- lock 1 of 8: number row, in a transaction of its own
                IF @PickedPalletId IS NULL
                    BEGIN
                        EXEC lockstep.NextNumber @SeqName = 'PT', @Quiet = 1, @DocumentNo = @DrawnPalletId OUTPUT;
                        SET @PickedPalletId = @DrawnPalletId;
                    END;

                IF @EntryTrancount = 0
                    BEGIN TRANSACTION;

                -- lock 2 of 8: request. A second call with this id waits here for the first.
                INSERT INTO lockstep.Request (RequestId, ProcedureName, Arguments)
                VALUES (@RequestId, N'picking.PickFefo', @Arguments);

                SET @RequestIsNew = 1;

                -- locks 3 to 7 of 8: lots, run, line; ledger, allocation and pallet lot by lot
                EXEC picking.AllocateFefo
                    @RequestId = @RequestId, @RunNo = @RunNo, @RowNum = @RowNum, @LineId = @LineId, @BatchNo = @BatchNo,
                    @ItemKey = @ItemKey, @LocationKey = @LocationKey, @PackSize = @PackSize,
                    @SeenOpenBags = @SeenOpenBags, @AllowPartial = @AllowPartial, @OverPickBags = @OverPickBags,
                    @PalletId = @PickedPalletId, @UserId = @UserId, @Now = @Now,
                    @Lots = @Lots OUTPUT, @Bags = @Bags OUTPUT, @OpenBags = @OpenBags OUTPUT,
                    @PickedBulkQty = @PickedBulkQty OUTPUT, @PickedQty = @PickedQty OUTPUT, @RunStatus = @RunStatus OUTPUT;

                SET @Weight = CAST(@Bags * @PackSize AS decimal(19, 6));

                -- lock 8 of 8: outcome and record
                INSERT INTO picking.PickFefoOutcome (
                    RequestId, Attempts, PalletId, PalletDrawn, Lots, Bags, Weight, OpenBags,
                    PickedBulkQty, PickedQty, RunStatus
                )
                VALUES (
                    @RequestId, @Attempts, @PickedPalletId, CASE WHEN @PickedPalletId = @DrawnPalletId THEN 1 ELSE 0 END,
                    @Lots, @Bags, @Weight, @OpenBags, @PickedBulkQty, @PickedQty, @RunStatus
                );

                INSERT INTO lockstep.Operation (ProcedureName, RequestId, StartedAt, DurationUs, Attempts, Outcome)
                VALUES (
                    N'picking.PickFefo', @RequestId, @StartedAt, DATEDIFF_BIG(MICROSECOND, @StartedAt, SYSUTCDATETIME()),
                    @Attempts, 'DONE'
                );

                IF @EntryTrancount = 0
                    COMMIT TRANSACTION;

                BREAK;
            END TRY
            BEGIN CATCH
                SELECT
                    @ErrorNumber = ERROR_NUMBER(),
                    @Message = ERROR_MESSAGE();

                IF @EntryTrancount = 0 AND XACT_STATE() <> 0
                    ROLLBACK TRANSACTION;

                -- The request id is taken: the call has been made before. Not a failed attempt; go and find its outcome.
                IF @EntryTrancount = 0 AND @RequestIsNew = 0 AND @ErrorNumber IN (2601, 2627)
                    CONTINUE;

                -- Others got the lots while this call waited for them: search again, at once. They have committed, so there is
                -- always somebody who gets on.
                IF @EntryTrancount = 0 AND @Attempts < 10 * @MaxAttempts AND @ErrorNumber = 51110
                    CONTINUE;

                -- Lost to another session: wait, holding nothing, and try again. Only the owner of the transaction may.
                IF @EntryTrancount = 0 AND @Attempts < @MaxAttempts AND @ErrorNumber IN (1205, 1222, 3960, 2601, 2627)
                    BEGIN
                        EXEC lockstep.WaitBeforeRetry @Attempts = @Attempts;
                        CONTINUE;
                    END;

                EXEC lockstep.LogOperation
                    @ProcedureName = N'picking.PickFefo', @RequestId = @RequestId, @StartedAt = @StartedAt,
                    @Attempts = @Attempts, @ErrorNumber = @ErrorNumber, @ErrorMessage = @Message;

                THROW;
            END CATCH;
        END;

    IF @Quiet = 0
        BEGIN
            SELECT
                l.LotNo,
                l.BinNo,
                l.DateExpiry,
                l.Bags,
                l.Weight,
                l.LotTranNo,
                l.AllocationNo,
                l.QtyOnHand,
                l.QtyCommitSales
            FROM picking.PickFefoLot AS l
            WHERE l.RequestId = @RequestId
            ORDER BY l.FefoRank ASC;

            SELECT
                @RequestId AS RequestId,
                @Replayed AS Replayed,
                @Attempts AS Attempts,
                @PickedPalletId AS PalletId,
                @Lots AS Lots,
                @Bags AS Bags,
                @Weight AS Weight,
                @OpenBags AS OpenBags,
                @PickedBulkQty AS PickedBulkQty,
                @PickedQty AS PickedQty,
                @RunStatus AS RunStatus;
        END;

    RETURN 0;
END;
GO
