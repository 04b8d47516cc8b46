SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO

/*
Purpose:     Takes back a pick, or whole bags of it, by compensating entries: less is committed of the lot, the ledger gets a
             return (type 6), the line and the allocation go back by the bags. Nothing is deleted.
Parameters:  @AllocationNo names the pick (outcome of the pick, or picking.GetLine); @UserId, @RequestId; optional: @Bags,
             @Reason, @Quiet
Result:      one row (RequestId, Replayed, Attempts, LotTranNo, AllocationNo, Bags, Weight, AllocLotQty, QtyOnHand,
             QtyCommitSales, PickedBulkQty, PickedQty, RunStatus, Reopened), not with @Quiet = 1; the same in the OUTPUT
             parameters; RETURN 0. A run with status PRINT goes back to NEW when the line is short of bags afterwards; a line
             that still has all it needs (it was over-picked) leaves the run as it is. The line keeps its pallet.
Locks:       1 lockstep.Request (X, new row), 2 LotMaster (U then X), 3 Cust_BulkRun (U; X when it is reopened),
             4 cust_BulkPicked (U then X), 5 Cust_BulkLotPicked (U then X), 6 LotTransaction (X, new row: nobody else can want
             it), 7 picking.UnpickLotOutcome and lockstep.Operation (X, new rows)
Errors:
    51001    A required parameter is missing.
    51002    The quantity must be greater than zero.
    51003    Bags must be a whole number.
    51004    A parameter is outside of its range.
    51101    The lot is not in the bin.
    51111    Less is committed of the lot than was picked.
    51301    The request id is missing.
    51302    The request id was used before, by another procedure or with other arguments.
    51401    The run does not exist.
    51402    The run is not open for picking.
    51406    The line has no usable pack size.
    51407    The line was changed meanwhile.
    51409    The allocation does not exist.
    51410    More bags than are left of the allocation.
    51411    The allocation has been issued.
    51412    The allocation was changed meanwhile.
    51902    The settings row is missing.
Idempotency: the same request id with the same arguments returns the first outcome with Replayed = 1 and changes nothing
Retry:       1205, 1222, 3960 and a duplicate key, up to Settings.MaxAttempts attempts; 51412, up to ten times as many, because
             each time somebody else has got on; none inside a caller's transaction: the error is thrown at once, the
             transaction can only be rolled back, and the caller repeats it
Example:     DECLARE @RequestId uniqueidentifier = NEWID();
             EXEC picking.UnpickLot @AllocationNo = 52114, @UserId = N'somchai', @RequestId = @RequestId, @Bags = 1,
                 @Reason = N'Torn bag';
*/
CREATE OR ALTER PROCEDURE picking.UnpickLot
    @AllocationNo int,                              -- allocation to take from (Cust_BulkLotPicked row)
    @UserId nvarchar(50),                           -- who takes back; cut to the ERP's columns
    @RequestId uniqueidentifier,                    -- made by the client, a new one for each reversal
    @Bags decimal(19, 6) = NULL,                    -- bags to take back, whole; NULL: all that are left of the allocation
    @Reason nvarchar(50) = NULL,                    -- free text, kept in the ledger
    @Quiet bit = 0,                                 -- 1: no result row
    @Replayed bit = NULL OUTPUT,                    -- 1: done before, nothing changed now
    @Attempts int = NULL OUTPUT,                    -- attempts that the first call took
    @LotTranNo int = NULL OUTPUT,                   -- LotTransaction row (type 6)
    @UnpickedBags decimal(19, 6) = NULL OUTPUT,     -- bags taken back
    @Weight decimal(19, 6) = NULL OUTPUT,           -- weight taken back
    @AllocLotQty decimal(19, 6) = NULL OUTPUT,      -- allocation: weight left of it
    @QtyOnHand decimal(19, 6) = NULL OUTPUT,        -- lot row: on hand, weight
    @QtyCommitSales decimal(19, 6) = NULL OUTPUT,   -- lot row: committed afterwards, weight
    @PickedBulkQty decimal(19, 6) = NULL OUTPUT,    -- line: bags picked
    @PickedQty decimal(19, 6) = NULL OUTPUT,        -- line: weight picked
    @RunStatus nvarchar(10) = NULL OUTPUT,          -- batch of the run: NEW, or PRINT when the line is still complete
    @Reopened bit = NULL OUTPUT                     -- 1: this call set the run from PRINT back to NEW
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
            '@AllocationNo=', @AllocationNo, ', @UserId=', QUOTENAME(@UserId, ''''), ', @Bags=', @Bags,
            ', @Reason=', QUOTENAME(@Reason, '''')
        ),
        @RequestIsNew bit,
        @MaxAttempts int = 4,                       -- until the settings have been read
        @Now datetime,
        @RunNo int,
        @RowNum int,
        @LineId int,
        @LotNo varchar(30),
        @ItemKey varchar(30),
        @LocationKey varchar(10),
        @BinNo nvarchar(20),
        @PackSize decimal(19, 6),
        @SeenAllocLotQty decimal(19, 6),
        @ErrorNumber int,
        @Message nvarchar(2048);

    -- An OUTPUT parameter comes in with what the caller's variable holds.
    SELECT
        @Replayed = 0,
        @Attempts = 0,
        @LotTranNo = NULL,
        @UnpickedBags = NULL,
        @Weight = NULL,
        @AllocLotQty = NULL,
        @QtyOnHand = NULL,
        @QtyCommitSales = NULL,
        @PickedBulkQty = NULL,
        @PickedQty = NULL,
        @RunStatus = NULL,
        @Reopened = NULL;

    WHILE 1 = 1
        BEGIN
            BEGIN TRY
                SELECT
                    @Attempts = @Attempts + 1,
                    @RequestIsNew = 0;

                -- Input: what can be refused without looking at the database.
                IF @RequestId IS NULL OR @RequestId = CAST(0x0 AS uniqueidentifier)
                    THROW 51301, 'picking.UnpickLot: @RequestId is missing or all zeros. Make a new one for each request.', 1;

                IF @AllocationNo IS NULL OR ISNULL(@UserId, N'') = N''
                    BEGIN
                        SET @Message = CONCAT('picking.UnpickLot: a required parameter is missing. Given: ', @Arguments);
                        THROW 51001, @Message, 1;
                    END;

                IF @Bags <= 0
                    BEGIN
                        SET @Message = CONCAT('@Bags is ', @Bags, '; it must be greater than zero.');
                        THROW 51002, @Message, 1;
                    END;

                IF @Bags <> FLOOR(@Bags)
                    BEGIN
                        SET @Message = CONCAT('@Bags is ', @Bags, '; only whole bags are unpicked.');
                        THROW 51003, @Message, 1;
                    END;

                IF @Bags > 1000000
                    BEGIN
                        SET @Message = CONCAT('@Bags is ', @Bags, '; it must be up to 1000000.');
                        THROW 51004, @Message, 1;
                    END;

                -- A repeated call: found by its request id before the allocation is looked at, of which less is left now, and
                -- before a duplicate key would spoil a caller's transaction.
                EXEC lockstep.FindRequest
                    @RequestId = @RequestId, @ProcedureName = N'picking.UnpickLot', @Arguments = @Arguments,
                    @Found = @Replayed OUTPUT;

                IF @Replayed = 1
                    BEGIN
                        SELECT
                            @LotTranNo = o.LotTranNo,
                            @UnpickedBags = o.Bags,
                            @Weight = o.Weight,
                            @AllocLotQty = o.AllocLotQty,
                            @QtyOnHand = o.QtyOnHand,
                            @QtyCommitSales = o.QtyCommitSales,
                            @PickedBulkQty = o.PickedBulkQty,
                            @PickedQty = o.PickedQty,
                            @RunStatus = o.RunStatus,
                            @Reopened = o.Reopened,
                            @Attempts = o.Attempts
                        FROM picking.UnpickLotOutcome AS o
                        WHERE o.RequestId = @RequestId;

                        EXEC lockstep.LogOperation
                            @ProcedureName = N'picking.UnpickLot', @RequestId = @RequestId, @StartedAt = @StartedAt,
                            @Attempts = @Attempts, @Outcome = 'REPLAYED';

                        BREAK;
                    END;

                -- Look ahead, without keeping a lock: which lot row and which line the allocation means, and what is left of it.
                -- What decides is read again under lock.
                SELECT
                    @MaxAttempts = s.MaxAttempts,
                    @Now = CAST(DATEADD(MINUTE, s.UtcOffsetMinutes, SYSUTCDATETIME()) AS datetime),
                    @RunNo = a.RunNo,
                    @RowNum = a.RowNum,
                    @LineId = a.LineId,
                    @LotNo = a.LotNo,
                    @ItemKey = a.ItemKey,
                    @LocationKey = a.LocationKey,
                    @BinNo = a.BinNo,
                    @PackSize = CAST(a.PackSize AS decimal(19, 6)),
                    @SeenAllocLotQty = ISNULL(CAST(a.AllocLotQty AS decimal(19, 6)), 0)
                FROM lockstep.Settings AS s WITH (READCOMMITTED)
                LEFT JOIN dbo.Cust_BulkLotPicked AS a WITH (READCOMMITTED) ON a.LotTranNo = @AllocationNo
                WHERE s.SettingsId = 1;

                IF @Now IS NULL
                    THROW 51902, 'lockstep.Settings has lost its row. Insert one with SettingsId 1.', 1;

                IF @RunNo IS NULL
                    BEGIN
                        SET @Message = CONCAT('There is no allocation ', @AllocationNo, '.');
                        THROW 51409, @Message, 1;
                    END;

                IF @PackSize IS NULL OR @PackSize <= 0
                    BEGIN
                        SET @Message = CONCAT(
                            'Allocation ', @AllocationNo, ' of line ', @LineId, ' of run ', @RunNo, '/', @RowNum,
                            ' has the pack size ', @PackSize, '; it must be greater than zero.'
                        );
                        THROW 51406, @Message, 1;
                    END;

                IF @EntryTrancount = 0
                    BEGIN TRANSACTION;

                -- lock 1 of 7: request. A second call with this id waits here for the first.
                INSERT INTO lockstep.Request (RequestId, ProcedureName, Arguments)
                VALUES (@RequestId, N'picking.UnpickLot', @Arguments);

                SET @RequestIsNew = 1;

                -- locks 2 to 6 of 7: lot, run, line, allocation, ledger
                SET @UnpickedBags = @Bags;

                EXEC picking.ReleaseLot
                    @AllocationNo = @AllocationNo, @RunNo = @RunNo, @RowNum = @RowNum, @LineId = @LineId,
                    @LotNo = @LotNo, @ItemKey = @ItemKey, @LocationKey = @LocationKey, @BinNo = @BinNo,
                    @PackSize = @PackSize, @SeenAllocLotQty = @SeenAllocLotQty, @Reason = @Reason,
                    @UserId = @UserId, @Now = @Now,
                    @Bags = @UnpickedBags OUTPUT, @Weight = @Weight OUTPUT, @LotTranNo = @LotTranNo OUTPUT,
                    @AllocLotQty = @AllocLotQty OUTPUT, @QtyOnHand = @QtyOnHand OUTPUT,
                    @QtyCommitSales = @QtyCommitSales OUTPUT, @PickedBulkQty = @PickedBulkQty OUTPUT,
                    @PickedQty = @PickedQty OUTPUT, @RunStatus = @RunStatus OUTPUT, @Reopened = @Reopened OUTPUT;

                -- lock 7 of 7: outcome and record
                INSERT INTO picking.UnpickLotOutcome (
                    RequestId, Attempts, LotTranNo, AllocationNo, Bags, Weight, AllocLotQty,
                    QtyOnHand, QtyCommitSales, PickedBulkQty, PickedQty, RunStatus, Reopened
                )
                VALUES (
                    @RequestId, @Attempts, @LotTranNo, @AllocationNo, @UnpickedBags, @Weight, @AllocLotQty,
                    @QtyOnHand, @QtyCommitSales, @PickedBulkQty, @PickedQty, @RunStatus, @Reopened
                );

                INSERT INTO lockstep.Operation (ProcedureName, RequestId, StartedAt, DurationUs, Attempts, Outcome)
                VALUES (
                    N'picking.UnpickLot', @RequestId, @StartedAt, DATEDIFF_BIG(MICROSECOND, @StartedAt, SYSUTCDATETIME()),
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

                -- Others changed the allocation while this call waited for it: look again, at once. They have committed, so
                -- there is always somebody who gets on.
                IF @EntryTrancount = 0 AND @Attempts < 10 * @MaxAttempts AND @ErrorNumber = 51412
                    CONTINUE;

                -- Lost to another session: wait, holding nothing, and try again. Only the owner of the transaction may.
                IF @EntryTrancount = 0 AND @Attempts < @MaxAttempts AND @ErrorNumber IN (1205, 1222, 3960, 2601, 2627)
                    BEGIN
                        EXEC lockstep.WaitBeforeRetry @Attempts = @Attempts;
                        CONTINUE;
                    END;

                EXEC lockstep.LogOperation
                    @ProcedureName = N'picking.UnpickLot', @RequestId = @RequestId, @StartedAt = @StartedAt,
                    @Attempts = @Attempts, @ErrorNumber = @ErrorNumber, @ErrorMessage = @Message;

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
            @UnpickedBags AS Bags,
            @Weight AS Weight,
            @AllocLotQty AS AllocLotQty,
            @QtyOnHand AS QtyOnHand,
            @QtyCommitSales AS QtyCommitSales,
            @PickedBulkQty AS PickedBulkQty,
            @PickedQty AS PickedQty,
            @RunStatus AS RunStatus,
            @Reopened AS Reopened;

    RETURN 0;
END;
GO
