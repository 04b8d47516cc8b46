SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO

/*
Purpose:     Picks whole bags of one lot for one line of a run: commits the stock, writes the ledger, the allocation and the
             pallet, moves the line on, and sets the run to PRINT when this was its last open line.
Parameters:  @RunNo, @RowNum, @LineId name the line; @LotNo, @BinNo the lot row (item and location are the line's); @Bags,
             @UserId, @RequestId; optional: @PalletId, @SuggestedLotNo, @Quiet
Result:      one row (RequestId, Replayed, Attempts, LotTranNo, AllocationNo, PalletId, QtyOnHand, QtyCommitSales, PickedBulkQty,
             PickedQty, RunStatus), not with @Quiet = 1; the same in the OUTPUT parameters; RETURN 0
Locks:       1 Seqnum PT (X; only when a pallet number is drawn, given back at once), 2 lockstep.Request (X, new row),
             3 LotMaster (U then X) and its BINMaster row (S), 4 LotTransaction (X, new row), 5 Cust_BulkRun (U),
             6 cust_BulkPicked (U then X; S on the run's other lines), 7 Cust_BulkLotPicked (X, new row),
             8 Cust_BulkPalletLotPicked (X), 9 picking.PickLotOutcome and lockstep.Operation (X, new rows)
Errors:
    51001    A required parameter is missing.
    51002    The quantity must be greater than zero.
    51003    Bags must be a whole number.
    51004    A parameter is outside of its range.
    51101    The lot is not in the bin.
    51102    The lot is of another item.
    51103    The lot is on hold or blocked.
    51104    The lot has expired.
    51105    Not enough is available of the lot.
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
    51901    The number series is not in Seqnum.
    51902    The settings row is missing.
Idempotency: the same request id with the same arguments returns the first outcome with Replayed = 1 and changes nothing
Retry:       1205, 1222, 3960 and a duplicate key, up to Settings.MaxAttempts attempts; none inside a caller's transaction: the
             error is thrown at once, the transaction can only be rolled back, and the caller repeats it
Example:     DECLARE @RequestId uniqueidentifier = NEWID();
             EXEC picking.PickLot @RunNo = 6000037, @RowNum = 1, @LineId = 2, @LotNo = '2510403-1', @BinNo = N'A0501-1B',
                 @Bags = 3, @UserId = N'somchai', @RequestId = @RequestId;
*/
CREATE OR ALTER PROCEDURE picking.PickLot
    @RunNo int,                                     -- run
    @RowNum int,                                    -- batch of the run
    @LineId int,                                    -- line of the batch
    @LotNo varchar(30),                             -- lot to pick from
    @BinNo nvarchar(20),                            -- bin it lies in
    @Bags decimal(19, 6),                           -- bags to pick, whole; weight = bags x the line's pack size
    @UserId nvarchar(50),                           -- who picks; cut to the ERP's columns
    @RequestId uniqueidentifier,                    -- made by the client, a new one for each pick
    @PalletId nvarchar(20) = NULL,                  -- pallet picked onto; NULL: the line's pallet, or a new number of PT
    @SuggestedLotNo varchar(30) = NULL,             -- lot that the FEFO search offered; NULL: the one picked
    @Quiet bit = 0,                                 -- 1: no result row
    @Replayed bit = NULL OUTPUT,                    -- 1: done before, nothing changed now
    @Attempts int = NULL OUTPUT,                    -- attempts that the first call took
    @LotTranNo int = NULL OUTPUT,                   -- LotTransaction row (type 5)
    @AllocationNo int = NULL OUTPUT,                -- Cust_BulkLotPicked row
    @PickedPalletId nvarchar(20) = NULL OUTPUT,     -- pallet used
    @QtyOnHand decimal(19, 6) = NULL OUTPUT,        -- lot row: on hand, weight
    @QtyCommitSales decimal(19, 6) = NULL OUTPUT,   -- lot row: committed after the pick, weight
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
            '@RunNo=', @RunNo, ', @RowNum=', @RowNum, ', @LineId=', @LineId, ', @LotNo=', QUOTENAME(@LotNo, ''''),
            ', @BinNo=', QUOTENAME(@BinNo, ''''), ', @Bags=', @Bags, ', @UserId=', QUOTENAME(@UserId, ''''),
            ', @PalletId=', QUOTENAME(@PalletId, ''''), ', @SuggestedLotNo=', QUOTENAME(@SuggestedLotNo, '''')
        ),
        @RequestIsNew bit,
        @RequestIsTaken bit = 0,
        @MaxAttempts int = 4,                       -- until the settings have been read
        @OverPickBags decimal(19, 6),
        @Now datetime,
        @ItemKey varchar(30),
        @LocationKey varchar(10),
        @BatchNo nvarchar(20),
        @PackSize decimal(19, 6),
        @LinePalletId nvarchar(20),
        @DrawnPalletId varchar(20),
        @ErrorNumber int,
        @Message nvarchar(2048);

    -- An OUTPUT parameter comes in with what the caller's variable holds.
    SELECT
        @Replayed = 0,
        @Attempts = 0,
        @LotTranNo = NULL,
        @AllocationNo = NULL,
        @PickedPalletId = NULL,
        @QtyOnHand = NULL,
        @QtyCommitSales = NULL,
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
                    THROW 51301, 'picking.PickLot: @RequestId is missing or all zeros. Make a new one for each request.', 1;

                IF
                    @RunNo IS NULL OR @RowNum IS NULL OR @LineId IS NULL OR @BinNo IS NULL OR @Bags IS NULL
                    OR ISNULL(@LotNo, '') = '' OR ISNULL(@UserId, N'') = N''
                    BEGIN
                        SET @Message = CONCAT('picking.PickLot: a required parameter is missing. Given: ', @Arguments);
                        THROW 51001, @Message, 1;
                    END;

                IF @Bags <= 0
                    BEGIN
                        SET @Message = CONCAT('@Bags is ', @Bags, '; it must be greater than zero.');
                        THROW 51002, @Message, 1;
                    END;

                IF @Bags <> FLOOR(@Bags)
                    BEGIN
                        SET @Message = CONCAT('@Bags is ', @Bags, '; only whole bags are picked.');
                        THROW 51003, @Message, 1;
                    END;

                -- The ledger keeps the line in a smallint.
                IF @LineId NOT BETWEEN 0 AND 32767 OR @Bags > 1000000
                    BEGIN
                        SET @Message = CONCAT(
                            '@LineId is ', @LineId, ' (0 to 32767) and @Bags ', @Bags, ' (up to 1000000): out of range.'
                        );
                        THROW 51004, @Message, 1;
                    END;

                -- Look ahead, without keeping a lock: which lot row the line means, and whether it has a pallet.
                -- What decides is read again under lock.
                SELECT
                    @MaxAttempts = s.MaxAttempts,
                    @OverPickBags = CAST(s.OverPickBags AS decimal(19, 6)),
                    @Now = CAST(DATEADD(MINUTE, s.UtcOffsetMinutes, SYSUTCDATETIME()) AS datetime),
                    @ItemKey = k.ItemKey,
                    @LocationKey = CAST(k.Location AS varchar(10)),
                    @BatchNo = k.BatchNo,
                    @PackSize = CAST(k.PackSize AS decimal(19, 6)),
                    @LinePalletId = p.PalletID
                FROM lockstep.Settings AS s WITH (READCOMMITTED)
                LEFT JOIN dbo.cust_BulkPicked AS k WITH (READCOMMITTED)
                    ON k.RunNo = @RunNo AND k.RowNum = @RowNum AND k.LineId = @LineId
                LEFT JOIN dbo.Cust_BulkPalletLotPicked AS p WITH (READCOMMITTED)
                    ON p.RunNo = @RunNo AND p.RowNum = @RowNum AND p.LineId = @LineId
                WHERE s.SettingsId = 1;

                IF @Now IS NULL
                    THROW 51902, 'lockstep.Settings has lost its row. Insert one with SettingsId 1.', 1;

                SET @PickedPalletId = COALESCE(NULLIF(@PalletId, N''), @LinePalletId, @DrawnPalletId);

                -- A repeated call: found by its request id before a number is drawn for nothing, before a duplicate key
                -- would spoil a caller's transaction, and after one has told us that the id is taken.
                IF @RequestIsTaken = 1 OR @EntryTrancount > 0 OR @PickedPalletId IS NULL
                    EXEC lockstep.FindRequest
                        @RequestId = @RequestId, @ProcedureName = N'picking.PickLot', @Arguments = @Arguments,
                        @Found = @Replayed OUTPUT;

                IF @Replayed = 1
                    BEGIN
                        SELECT
                            @LotTranNo = o.LotTranNo,
                            @AllocationNo = o.AllocationNo,
                            @PickedPalletId = o.PalletId,
                            @QtyOnHand = o.QtyOnHand,
                            @QtyCommitSales = o.QtyCommitSales,
                            @PickedBulkQty = o.PickedBulkQty,
                            @PickedQty = o.PickedQty,
                            @RunStatus = o.RunStatus,
                            @Attempts = o.Attempts
                        FROM picking.PickLotOutcome AS o
                        WHERE o.RequestId = @RequestId;

                        EXEC lockstep.LogOperation
                            @ProcedureName = N'picking.PickLot', @RequestId = @RequestId, @StartedAt = @StartedAt,
                            @Attempts = @Attempts, @Outcome = 'REPLAYED';

                        BREAK;
                    END;

                -- lock 1 of 9: number row, in a transaction of its own
                IF @PickedPalletId IS NULL AND @ItemKey IS NOT NULL
                    BEGIN
                        EXEC lockstep.NextNumber @SeqName = 'PT', @Quiet = 1, @DocumentNo = @DrawnPalletId OUTPUT;
                        SET @PickedPalletId = @DrawnPalletId;
                    END;

                IF @EntryTrancount = 0
                    BEGIN TRANSACTION;

                -- lock 2 of 9: request. A second call with this id waits here for the first.
                INSERT INTO lockstep.Request (RequestId, ProcedureName, Arguments)
                VALUES (@RequestId, N'picking.PickLot', @Arguments);

                SET @RequestIsNew = 1;

                IF @ItemKey IS NULL OR @LocationKey IS NULL OR @BatchNo IS NULL
                    BEGIN
                        SET @Message = CONCAT(
                            'Run ', @RunNo, '/', @RowNum, ' has no line ', @LineId, ' that names an item, a location and a batch.'
                        );
                        THROW 51403, @Message, 1;
                    END;

                -- locks 3 to 8 of 9: lot, ledger, run, line, allocation, pallet
                EXEC picking.AllocateLot
                    @RunNo = @RunNo, @RowNum = @RowNum, @LineId = @LineId, @BatchNo = @BatchNo,
                    @LotNo = @LotNo, @ItemKey = @ItemKey, @LocationKey = @LocationKey, @BinNo = @BinNo,
                    @Bags = @Bags, @PackSize = @PackSize, @OverPickBags = @OverPickBags, @PalletId = @PickedPalletId,
                    @SuggestedLotNo = @SuggestedLotNo, @UserId = @UserId, @Now = @Now,
                    @LotTranNo = @LotTranNo OUTPUT, @AllocationNo = @AllocationNo OUTPUT,
                    @QtyOnHand = @QtyOnHand OUTPUT, @QtyCommitSales = @QtyCommitSales OUTPUT,
                    @PickedBulkQty = @PickedBulkQty OUTPUT, @PickedQty = @PickedQty OUTPUT, @RunStatus = @RunStatus OUTPUT;

                -- lock 9 of 9: outcome and record
                INSERT INTO picking.PickLotOutcome (
                    RequestId, Attempts, LotTranNo, AllocationNo, PalletId, PalletDrawn,
                    QtyOnHand, QtyCommitSales, PickedBulkQty, PickedQty, RunStatus
                )
                VALUES (
                    @RequestId, @Attempts, @LotTranNo, @AllocationNo, @PickedPalletId,
                    CASE WHEN @PickedPalletId = @DrawnPalletId THEN 1 ELSE 0 END,
                    @QtyOnHand, @QtyCommitSales, @PickedBulkQty, @PickedQty, @RunStatus
                );

                INSERT INTO lockstep.Operation (ProcedureName, RequestId, StartedAt, DurationUs, Attempts, Outcome)
                VALUES (
                    N'picking.PickLot', @RequestId, @StartedAt, DATEDIFF_BIG(MICROSECOND, @StartedAt, SYSUTCDATETIME()),
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
                    BEGIN
                        SET @RequestIsTaken = 1;
                        CONTINUE;
                    END;

                -- Lost to another session: wait, holding nothing, and try again. Only the owner of the transaction may.
                IF @EntryTrancount = 0 AND @Attempts < @MaxAttempts AND @ErrorNumber IN (1205, 1222, 3960, 2601, 2627)
                    BEGIN
                        EXEC lockstep.WaitBeforeRetry @Attempts = @Attempts;
                        CONTINUE;
                    END;

                EXEC lockstep.LogOperation
                    @ProcedureName = N'picking.PickLot', @RequestId = @RequestId, @StartedAt = @StartedAt, @Attempts = @Attempts,
                    @ErrorNumber = @ErrorNumber, @ErrorMessage = @Message;

                THROW;
            END CATCH;
        END;

    IF @Quiet = 0
        SELECT
            @RequestId AS RequestId,
            @Replayed AS Replayed,
            @Attempts AS Attempts,
            @LotTranNo AS LotTranNo,
            @AllocationNo AS AllocationNo,
            @PickedPalletId AS PalletId,
            @QtyOnHand AS QtyOnHand,
            @QtyCommitSales AS QtyCommitSales,
            @PickedBulkQty AS PickedBulkQty,
            @PickedQty AS PickedQty,
            @RunStatus AS RunStatus;

    RETURN 0;
END;
GO
