SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO

/*
Purpose:     Moves a quantity of a lot from one bin to another of the same location: writes the ledger, the posting and the bin
             transfer under a new document number, and the two balances.
Parameters:  @LotNo, @ItemKey, @LocationKey, @BinNoFrom name the lot row; @BinNoTo, @Quantity, @UserId, @RequestId;
             optional: @ReferenceNo, @Remarks, @Quiet
Result:      one row (RequestId, Replayed, Attempts, DocumentNo, IssueLotTranNo, ReceiptLotTranNo, InTransId, BinTranId,
             FromQtyOnHand, ToQtyOnHand), not with @Quiet = 1; the same in the OUTPUT parameters; RETURN 0
Locks:       1 Seqnum BT (X, given back at once), 2 lockstep.Request (X, new row), 3 INLOC, putaway.ClassAccount (S) and
             BINMaster (U on the destination), 4 LotMaster, both rows in the order of their keys (U then X),
             5 LotTransaction, Mintxdh, BinTransfer (X, new rows), 6 putaway.TransferLotOutcome and lockstep.Operation (X,
             new rows)
Errors:
    51001    A required parameter is missing.
    51002    The quantity must be greater than zero.
    51101    The lot is not in the bin.
    51105    Not enough is available of the lot.
    51106    The lot lies at the destination with another status or expiry date.
    51107    A physical count is in progress.
    51108    The item is not stocked at the location.
    51201    Source and destination are the same bin.
    51202    The destination bin does not exist.
    51301    The request id is missing.
    51302    The request id was used before, by another procedure or with other arguments.
    51901    The number series is not in Seqnum.
    51902    The settings row is missing.
Idempotency: the same request id with the same arguments returns the first outcome with Replayed = 1 and changes nothing
Retry:       1205, 1222, 3960 and a duplicate key, up to Settings.MaxAttempts attempts; none inside a caller's transaction: the
             error is thrown at once, the transaction can only be rolled back, and the caller repeats it
Example:     DECLARE @RequestId uniqueidentifier = NEWID();
             EXEC putaway.TransferLot @LotNo = '2510403-1', @ItemKey = 'INSAPP01', @LocationKey = 'TFC1',
                 @BinNoFrom = N'A0501-1B', @BinNoTo = N'K0802-2A', @Quantity = 75, @UserId = N'somchai',
                 @RequestId = @RequestId;
*/
CREATE OR ALTER PROCEDURE putaway.TransferLot
    @LotNo varchar(30),                             -- lot to move
    @ItemKey varchar(30),                           -- its item
    @LocationKey varchar(10),                       -- location of both bins
    @BinNoFrom nvarchar(20),                        -- bin it lies in
    @BinNoTo nvarchar(20),                          -- bin it goes to
    @Quantity decimal(19, 6),                       -- weight to move
    @UserId nvarchar(50),                           -- who moves it; cut to the ERP's columns
    @RequestId uniqueidentifier,                    -- made by the client, a new one for each transfer
    @ReferenceNo nvarchar(50) = NULL,               -- document that asked for the transfer
    @Remarks nvarchar(50) = NULL,                   -- free text
    @Quiet bit = 0,                                 -- 1: no result row
    @Replayed bit = NULL OUTPUT,                    -- 1: done before, nothing changed now
    @Attempts int = NULL OUTPUT,                    -- attempts that the first call took
    @DocumentNo varchar(20) = NULL OUTPUT,          -- BT-nnnnnnnn
    @IssueLotTranNo int = NULL OUTPUT,              -- LotTransaction row of the source (type 9)
    @ReceiptLotTranNo int = NULL OUTPUT,            -- LotTransaction row of the destination (type 8)
    @InTransId int = NULL OUTPUT,                   -- Mintxdh row
    @BinTranId int = NULL OUTPUT,                   -- BinTransfer row
    @FromQtyOnHand decimal(19, 6) = NULL OUTPUT,    -- source after the transfer, weight; 0 when its row was deleted
    @ToQtyOnHand decimal(19, 6) = NULL OUTPUT       -- destination after the transfer, weight
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
            '@LotNo=', QUOTENAME(@LotNo, ''''), ', @ItemKey=', QUOTENAME(@ItemKey, ''''),
            ', @LocationKey=', QUOTENAME(@LocationKey, ''''), ', @BinNoFrom=', QUOTENAME(@BinNoFrom, ''''),
            ', @BinNoTo=', QUOTENAME(@BinNoTo, ''''), ', @Quantity=', @Quantity, ', @UserId=', QUOTENAME(@UserId, ''''),
            ', @ReferenceNo=', QUOTENAME(@ReferenceNo, ''''), ', @Remarks=', QUOTENAME(@Remarks, '''')
        ),
        @RequestIsNew bit,
        @MaxAttempts int = 4,                       -- until the settings have been read
        @Now datetime,
        @InventoryAccount varchar(20),
        @ErrorNumber int,
        @Message nvarchar(2048);

    -- An OUTPUT parameter comes in with what the caller's variable holds.
    SELECT
        @Replayed = 0,
        @Attempts = 0,
        @DocumentNo = NULL,
        @IssueLotTranNo = NULL,
        @ReceiptLotTranNo = NULL,
        @InTransId = NULL,
        @BinTranId = NULL,
        @FromQtyOnHand = NULL,
        @ToQtyOnHand = NULL;

    WHILE 1 = 1
        BEGIN
            BEGIN TRY
                SELECT
                    @Attempts = @Attempts + 1,
                    @RequestIsNew = 0;

                -- Input: what can be refused without looking at the database.
                IF @RequestId IS NULL OR @RequestId = CAST(0x0 AS uniqueidentifier)
                    THROW 51301, 'putaway.TransferLot: @RequestId is missing or all zeros. Make a new one for each request.', 1;

                IF
                    ISNULL(@LotNo, '') = '' OR ISNULL(@ItemKey, '') = '' OR ISNULL(@LocationKey, '') = ''
                    OR @BinNoFrom IS NULL OR @BinNoTo IS NULL OR @Quantity IS NULL OR ISNULL(@UserId, N'') = N''
                    BEGIN
                        SET @Message = CONCAT('putaway.TransferLot: a required parameter is missing. Given: ', @Arguments);
                        THROW 51001, @Message, 1;
                    END;

                IF @Quantity <= 0
                    BEGIN
                        SET @Message = CONCAT('@Quantity is ', @Quantity, '; it must be greater than zero.');
                        THROW 51002, @Message, 1;
                    END;

                IF @BinNoFrom = @BinNoTo
                    BEGIN
                        SET @Message = CONCAT('@BinNoFrom and @BinNoTo are both ', @BinNoFrom, '; they must differ.');
                        THROW 51201, @Message, 1;
                    END;

                SELECT
                    @MaxAttempts = s.MaxAttempts,
                    @Now = CAST(DATEADD(MINUTE, s.UtcOffsetMinutes, SYSUTCDATETIME()) AS datetime),
                    @InventoryAccount = s.InventoryAccount
                FROM lockstep.Settings AS s WITH (READCOMMITTED)
                WHERE s.SettingsId = 1;

                IF @Now IS NULL
                    THROW 51902, 'lockstep.Settings has lost its row. Insert one with SettingsId 1.', 1;

                -- A repeated call: found by its request id before a number is drawn for nothing, before a duplicate key
                -- would spoil a caller's transaction, and after one has told us that the id is taken.
                EXEC lockstep.FindRequest
                    @RequestId = @RequestId, @ProcedureName = N'putaway.TransferLot', @Arguments = @Arguments,
                    @Found = @Replayed OUTPUT;

                IF @Replayed = 1
                    BEGIN
                        SELECT
                            @DocumentNo = o.DocumentNo,
                            @IssueLotTranNo = o.IssueLotTranNo,
                            @ReceiptLotTranNo = o.ReceiptLotTranNo,
                            @InTransId = o.InTransId,
                            @BinTranId = o.BinTranId,
                            @FromQtyOnHand = o.FromQtyOnHand,
                            @ToQtyOnHand = o.ToQtyOnHand,
                            @Attempts = o.Attempts
                        FROM putaway.TransferLotOutcome AS o
                        WHERE o.RequestId = @RequestId;

                        EXEC lockstep.LogOperation
                            @ProcedureName = N'putaway.TransferLot', @RequestId = @RequestId, @StartedAt = @StartedAt,
                            @Attempts = @Attempts, @Outcome = 'REPLAYED';

                        BREAK;
                    END;

                -- lock 1 of 6: number row, in a transaction of its own; one number serves all attempts
                IF @DocumentNo IS NULL
                    EXEC lockstep.NextNumber @SeqName = 'BT', @Quiet = 1, @DocumentNo = @DocumentNo OUTPUT;

                IF @EntryTrancount = 0
                    BEGIN TRANSACTION;

                -- lock 2 of 6: request. A second call with this id waits here for the first.
                INSERT INTO lockstep.Request (RequestId, ProcedureName, Arguments)
                VALUES (@RequestId, N'putaway.TransferLot', @Arguments);

                SET @RequestIsNew = 1;

                -- locks 3 to 5 of 6: master data, lot rows, ledger
                EXEC putaway.MoveLot
                    @LotNo = @LotNo, @ItemKey = @ItemKey, @LocationKey = @LocationKey,
                    @BinNoFrom = @BinNoFrom, @BinNoTo = @BinNoTo, @Quantity = @Quantity,
                    @DocumentNo = @DocumentNo, @ReferenceNo = @ReferenceNo, @Remarks = @Remarks,
                    @InventoryAccount = @InventoryAccount, @UserId = @UserId, @Now = @Now,
                    @IssueLotTranNo = @IssueLotTranNo OUTPUT, @ReceiptLotTranNo = @ReceiptLotTranNo OUTPUT,
                    @InTransId = @InTransId OUTPUT, @BinTranId = @BinTranId OUTPUT,
                    @FromQtyOnHand = @FromQtyOnHand OUTPUT, @ToQtyOnHand = @ToQtyOnHand OUTPUT;

                -- lock 6 of 6: outcome and record
                INSERT INTO putaway.TransferLotOutcome (
                    RequestId, Attempts, DocumentNo, IssueLotTranNo, ReceiptLotTranNo, InTransId, BinTranId,
                    FromQtyOnHand, ToQtyOnHand
                )
                VALUES (
                    @RequestId, @Attempts, @DocumentNo, @IssueLotTranNo, @ReceiptLotTranNo, @InTransId, @BinTranId,
                    @FromQtyOnHand, @ToQtyOnHand
                );

                INSERT INTO lockstep.Operation (ProcedureName, RequestId, StartedAt, DurationUs, Attempts, Outcome)
                VALUES (
                    N'putaway.TransferLot', @RequestId, @StartedAt, DATEDIFF_BIG(MICROSECOND, @StartedAt, SYSUTCDATETIME()),
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

                -- Lost to another session: wait, holding nothing, and try again. Only the owner of the transaction may.
                IF @EntryTrancount = 0 AND @Attempts < @MaxAttempts AND @ErrorNumber IN (1205, 1222, 3960, 2601, 2627)
                    BEGIN
                        EXEC lockstep.WaitBeforeRetry @Attempts = @Attempts;
                        CONTINUE;
                    END;

                EXEC lockstep.LogOperation
                    @ProcedureName = N'putaway.TransferLot', @RequestId = @RequestId, @StartedAt = @StartedAt,
                    @Attempts = @Attempts, @ErrorNumber = @ErrorNumber, @ErrorMessage = @Message;

                THROW;
            END CATCH;
        END;

    IF @Quiet = 0
        SELECT
            @RequestId AS RequestId,
            @Replayed AS Replayed,
            @Attempts AS Attempts,
            @DocumentNo AS DocumentNo,
            @IssueLotTranNo AS IssueLotTranNo,
            @ReceiptLotTranNo AS ReceiptLotTranNo,
            @InTransId AS InTransId,
            @BinTranId AS BinTranId,
            @FromQtyOnHand AS FromQtyOnHand,
            @ToQtyOnHand AS ToQtyOnHand;

    RETURN 0;
END;
GO
