SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO

/*
Purpose:     Does the reversal of a pick inside the transaction of the procedure that unpicks: the part between the request and
             the outcome. Not for clients: it has no request id and no retry.
Parameters:  the allocation and what is known of it, the bags, the reason, who and when
Result:      OUTPUT parameters: the ledger row, what was taken back, and the balances of allocation, lot, line and run after it;
             RETURN 0
Locks:       1 LotMaster (U then X), 2 Cust_BulkRun (U; X when the run is reopened), 3 cust_BulkPicked (U then X),
             4 Cust_BulkLotPicked (U then X), 5 LotTransaction (X, new row: nobody else can want it)
Errors:
    51003    Bags must be a whole number.
    51101    The lot is not in the bin.
    51111    Less is committed of the lot than was picked.
    51401    The run does not exist.
    51402    The run is not open for picking.
    51407    The line was changed meanwhile.
    51409    The allocation does not exist.
    51410    More bags than are left of the allocation.
    51411    The allocation has been issued.
    51412    The allocation was changed meanwhile.
    51903    An internal procedure was called outside of a transaction.
Idempotency: none, left to the caller
Retry:       none, left to the caller
Example:     picking.UnpickLot calls it.
*/
CREATE OR ALTER PROCEDURE picking.ReleaseLot
    @AllocationNo int,                              -- allocation to take from (Cust_BulkLotPicked row)
    @RunNo int,                                     -- its run, as it was seen
    @RowNum int,                                    -- its batch of the run, as it was seen
    @LineId int,                                    -- its line, as it was seen
    @LotNo varchar(30),                             -- its lot, as it was seen
    @ItemKey varchar(30),                           -- its item, as it was seen
    @LocationKey varchar(10),                       -- its location, as it was seen
    @BinNo nvarchar(20),                            -- its bin, as it was seen
    @PackSize decimal(19, 6),                       -- weight of a bag, as it was seen
    @SeenAllocLotQty decimal(19, 6),                -- what was left of it when it was seen, weight
    @Reason nvarchar(50),                           -- free text
    @UserId nvarchar(50),                           -- who takes back
    @Now datetime,                                  -- warehouse time
    @Bags decimal(19, 6) OUTPUT,                    -- bags to take back; NULL: all that are left
    @Weight decimal(19, 6) = NULL OUTPUT,           -- weight taken back
    @LotTranNo int = NULL OUTPUT,                   -- LotTransaction row (type 6)
    @AllocLotQty decimal(19, 6) = NULL OUTPUT,      -- allocation: weight left of it
    @QtyOnHand decimal(19, 6) = NULL OUTPUT,        -- lot row: on hand, weight
    @QtyCommitSales decimal(19, 6) = NULL OUTPUT,   -- lot row: committed afterwards, weight
    @PickedBulkQty decimal(19, 6) = NULL OUTPUT,    -- line: bags picked
    @PickedQty decimal(19, 6) = NULL OUTPUT,        -- line: weight picked
    @RunStatus nvarchar(10) = NULL OUTPUT,          -- batch of the run: NEW, or PRINT when the line is still complete
    @Reopened bit = NULL OUTPUT                     -- 1: the run went back from PRINT to NEW
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    SET TRANSACTION ISOLATION LEVEL REPEATABLE READ;

    DECLARE
        @User8 varchar(8) = CAST(@UserId AS varchar(8)),        -- CAST cuts the name to the column
        @User16 nvarchar(16) = CAST(@UserId AS nvarchar(16)),
        @DateReceived datetime,
        @DateExpiry datetime,
        @VendorKey varchar(20),
        @VendorLotNo varchar(30),
        @BatchNo nvarchar(20),
        @ToPickedBulkQty decimal(19, 6),
        @QtyIssued decimal(19, 6),
        @Message nvarchar(2048);

    SELECT
        @Weight = NULL,
        @LotTranNo = NULL,
        @AllocLotQty = NULL,
        @QtyOnHand = NULL,
        @QtyCommitSales = NULL,
        @PickedBulkQty = NULL,
        @PickedQty = NULL,
        @RunStatus = NULL,
        @Reopened = 0;

    IF @@TRANCOUNT = 0
        THROW 51903, 'picking.ReleaseLot was called outside of a transaction; call picking.UnpickLot.', 1;

    -- lock 1 of 5: lot row
    SELECT
        @QtyOnHand = CAST(l.QtyOnHand AS decimal(19, 6)),
        @QtyCommitSales = CAST(l.QtyCommitSales AS decimal(19, 6)),
        @DateReceived = l.DateReceived,
        @DateExpiry = l.DateExpiry,
        @VendorKey = l.VendorKey,
        @VendorLotNo = l.VendorLotNo
    FROM dbo.LotMaster AS l WITH (UPDLOCK, ROWLOCK)
    WHERE l.LotNo = @LotNo AND l.ItemKey = @ItemKey AND l.LocationKey = @LocationKey AND l.BinNo = @BinNo;

    -- lock 2 of 5: run, before its line
    SELECT @RunStatus = r.Status
    FROM dbo.Cust_BulkRun AS r WITH (UPDLOCK, ROWLOCK)
    WHERE r.RunNo = @RunNo AND r.RowNum = @RowNum;

    -- lock 3 of 5: line. It must still have the item and the bags that were picked; a NULL in it counts as a change.
    SELECT
        @ToPickedBulkQty = ISNULL(CAST(k.ToPickedBulkQty AS decimal(19, 6)), 0),
        @PickedBulkQty = ISNULL(CAST(k.PickedBulkQty AS decimal(19, 6)), 0),
        @PickedQty = ISNULL(CAST(k.PickedQty AS decimal(19, 6)), 0)
    FROM dbo.cust_BulkPicked AS k WITH (UPDLOCK, ROWLOCK)
    WHERE
        k.RunNo = @RunNo AND k.RowNum = @RowNum AND k.LineId = @LineId
        AND k.ItemKey = @ItemKey
        AND CAST(k.PackSize AS decimal(19, 6)) = @PackSize;

    -- lock 4 of 5: allocation
    SELECT
        @AllocLotQty = ISNULL(CAST(a.AllocLotQty AS decimal(19, 6)), 0),
        @QtyIssued = ISNULL(CAST(a.QtyIssued AS decimal(19, 6)), 0),
        @BatchNo = a.BatchNo
    FROM dbo.Cust_BulkLotPicked AS a WITH (UPDLOCK, ROWLOCK)
    WHERE a.LotTranNo = @AllocationNo AND a.RunNo = @RunNo AND a.RowNum = @RowNum AND a.LineId = @LineId;

    -- The allocation: is there as much left of it?
    IF @AllocLotQty IS NULL
        BEGIN
            SET @Message = CONCAT('There is no allocation ', @AllocationNo, '.');
            THROW 51409, @Message, 1;
        END;

    IF @AllocLotQty <> @SeenAllocLotQty
        BEGIN
            SET @Message = CONCAT(
                'Allocation ', @AllocationNo, ' was changed by others meanwhile: ', @SeenAllocLotQty, ' was left of it, now ',
                @AllocLotQty, '. Call again.'
            );
            THROW 51412, @Message, 1;
        END;

    IF @QtyIssued > 0
        BEGIN
            SET @Message = CONCAT(
                'Allocation ', @AllocationNo, ' has been issued to production (', @QtyIssued, '); it cannot be unpicked.'
            );
            THROW 51411, @Message, 1;
        END;

    SET @Bags = ISNULL(@Bags, CAST(@AllocLotQty / @PackSize AS decimal(19, 6)));
    SET @Weight = CAST(@Bags * @PackSize AS decimal(19, 6));

    IF @AllocLotQty <= 0 OR @Weight > @AllocLotQty
        BEGIN
            SET @Message = CONCAT(
                'Allocation ', @AllocationNo, ' of lot ', @LotNo, ' has ', @AllocLotQty, ' left, in bags of ', @PackSize, '; ',
                @Bags, ' bags cannot be unpicked.'
            );
            THROW 51410, @Message, 1;
        END;

    IF @Bags <> FLOOR(@Bags)
        BEGIN
            SET @Message = CONCAT(
                'Allocation ', @AllocationNo, ' has ', @AllocLotQty, ' left, in bags of ', @PackSize,
                '; only whole bags are unpicked. Say how many.'
            );
            THROW 51003, @Message, 1;
        END;

    -- Run, line and lot: can they give it back?
    IF @RunStatus IS NULL
        BEGIN
            SET @Message = CONCAT('There is no run ', @RunNo, '/', @RowNum, '.');
            THROW 51401, @Message, 1;
        END;

    IF @RunStatus NOT IN (N'NEW', N'PRINT')
        BEGIN
            SET @Message = CONCAT(
                'Run ', @RunNo, '/', @RowNum, ' has status ', @RunStatus, '; only a run with status NEW or PRINT is unpicked.'
            );
            THROW 51402, @Message, 1;
        END;

    IF @PickedBulkQty IS NULL OR @PickedBulkQty < @Bags OR @PickedQty < @Weight
        BEGIN
            SET @Message = CONCAT(
                'Line ', @LineId, ' of run ', @RunNo, '/', @RowNum, ' is not the line that allocation ', @AllocationNo,
                ' was picked for: it has ', @PickedBulkQty, ' bags picked, or another item or pack size.'
            );
            THROW 51407, @Message, 1;
        END;

    IF @QtyCommitSales IS NULL
        BEGIN
            SET @Message = CONCAT(
                'Lot ', @LotNo, ' of item ', @ItemKey, ' is not in bin ', @BinNo, ' at location ', @LocationKey, '.'
            );
            THROW 51101, @Message, 1;
        END;

    IF @QtyCommitSales < @Weight
        BEGIN
            SET @Message = CONCAT(
                'Lot ', @LotNo, ' of item ', @ItemKey, ' in bin ', @BinNo, ' has ', @QtyCommitSales, ' committed; ', @Weight,
                ' cannot be taken back from it.'
            );
            THROW 51111, @Message, 1;
        END;

    SELECT
        @QtyCommitSales = @QtyCommitSales - @Weight,
        @PickedBulkQty = @PickedBulkQty - @Bags,
        @PickedQty = @PickedQty - @Weight,
        @AllocLotQty = @AllocLotQty - @Weight;

    -- Balance and ledger: the compensating entry is a manufacturing return.
    UPDATE dbo.LotMaster
    SET QtyCommitSales = @QtyCommitSales
    WHERE LotNo = @LotNo AND ItemKey = @ItemKey AND LocationKey = @LocationKey AND BinNo = @BinNo;

    -- lock 5 of 5: ledger
    INSERT INTO dbo.LotTransaction (
        LotNo, ItemKey, LocationKey, BinNo, DateReceived, DateExpiry, TransactionType,
        ReceiptDocNo, ReceiptDocLineNo, QtyReceived, Vendorkey, VendorlotNo,
        IssueDocNo, IssueDocLineNo, IssueDate, QtyIssued, CustomerKey,
        RecUserid, RecDate, Processed, TempQty, QtyForLotAssignment, QtyUsed, User5
    )
    VALUES (
        @LotNo, @ItemKey, @LocationKey, @BinNo, @DateReceived, @DateExpiry, 6,
        CAST(@BatchNo AS varchar(20)), CAST(@LineId AS smallint), @Weight, @VendorKey, @VendorLotNo,
        '', 0, NULL, 0, '',
        @User8, @Now, 'N', 0, 0, 0, @Reason
    );

    SET @LotTranNo = SCOPE_IDENTITY();

    -- A run that is complete is opened again when the line is short of bags now; without that it stays as it is.
    IF @RunStatus = N'PRINT' AND @PickedBulkQty < @ToPickedBulkQty
        BEGIN
            SELECT
                @RunStatus = N'NEW',
                @Reopened = 1;

            UPDATE dbo.Cust_BulkRun
            SET
                Status = @RunStatus,
                ModifiedBy = @User16,
                ModifiedDate = @Now
            WHERE RunNo = @RunNo AND RowNum = @RowNum;
        END;

    UPDATE dbo.cust_BulkPicked
    SET
        PickedBulkQty = @PickedBulkQty,
        PickedQty = @PickedQty,
        ItemBatchStatus = CASE WHEN @PickedBulkQty > 0 THEN N'Allocated' ELSE N'' END,
        ModifiedBy = @User16,
        ModifiedDate = @Now
    WHERE RunNo = @RunNo AND RowNum = @RowNum AND LineId = @LineId;

    -- The allocation says what is still allocated, because production issues what it says. What was picked and what was taken
    -- back stands in the ledger.
    UPDATE dbo.Cust_BulkLotPicked
    SET
        AllocLotQty = @AllocLotQty,
        LotStatus = CASE WHEN @AllocLotQty > 0 THEN LotStatus ELSE N'Unpicked' END,
        ModifiedBy = @User16,
        ModifiedDate = @Now
    WHERE LotTranNo = @AllocationNo AND RunNo = @RunNo AND RowNum = @RowNum AND LineId = @LineId;

    RETURN 0;
END;
GO
