SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO

/*
Purpose:     Does the pick of one lot for one line inside the transaction of the procedure that picks: the part between the
             request and the outcome. Not for clients: it has no request id and no retry.
Parameters:  the line and what is known of it, the lot row, the bags, the pallet, who and when
Result:      OUTPUT parameters: the rows made, and the balances of lot, line and run after the pick; RETURN 0
Locks:       1 LotMaster (U then X) and its BINMaster row (S), 2 LotTransaction (X, new row), 3 Cust_BulkRun (U then X),
             4 cust_BulkPicked (U then X; S on the run's other lines), 5 Cust_BulkLotPicked (X, new row),
             6 Cust_BulkPalletLotPicked (X)
Errors:
    51101    The lot is not in the bin.
    51102    The lot is of another item.
    51103    The lot is on hold or blocked.
    51104    The lot has expired.
    51105    Not enough is available of the lot.
    51203    The bin is for partial bags.
    51204    The bin holds variances.
    51205    The bin's warehouse is closed to picking.
    51401    The run does not exist.
    51402    The run is not open for picking.
    51404    The line needs no picking.
    51405    More bags than the line needs, tolerance included.
    51406    The line has no usable pack size.
    51407    The line was changed meanwhile.
    51903    An internal procedure was called outside of a transaction.
Idempotency: none, left to the caller
Retry:       none, left to the caller
Example:     picking.PickLot calls it.
*/
CREATE OR ALTER PROCEDURE picking.AllocateLot
    @RunNo int,                                     -- run
    @RowNum int,                                    -- batch of the run
    @LineId int,                                    -- line of the batch
    @BatchNo nvarchar(20),                          -- batch number, as the line was seen
    @LotNo varchar(30),                             -- lot to pick from
    @ItemKey varchar(30),                           -- item, as the line was seen
    @LocationKey varchar(10),                       -- location, as the line was seen
    @BinNo nvarchar(20),                            -- bin the lot lies in
    @Bags decimal(19, 6),                           -- bags to pick, whole
    @PackSize decimal(19, 6),                       -- weight of a bag, as the line was seen
    @OverPickBags decimal(19, 6),                   -- bags allowed beyond the line's need
    @PalletId nvarchar(20),                         -- pallet picked onto
    @SuggestedLotNo varchar(30),                    -- lot that the FEFO search offered; NULL: the one picked
    @UserId nvarchar(50),                           -- who picks
    @Now datetime,                                  -- warehouse time
    @LotTranNo int = NULL OUTPUT,                   -- LotTransaction row (type 5)
    @AllocationNo int = NULL OUTPUT,                -- Cust_BulkLotPicked row
    @QtyOnHand decimal(19, 6) = NULL OUTPUT,        -- lot row: on hand, weight
    @QtyCommitSales decimal(19, 6) = NULL OUTPUT,   -- lot row: committed after the pick, weight
    @PickedBulkQty decimal(19, 6) = NULL OUTPUT,    -- line: bags picked so far
    @PickedQty decimal(19, 6) = NULL OUTPUT,        -- line: weight picked so far
    @RunStatus nvarchar(10) = NULL OUTPUT           -- batch of the run: NEW, or PRINT when complete
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    SET TRANSACTION ISOLATION LEVEL REPEATABLE READ;

    DECLARE
        @User8 varchar(8) = CAST(@UserId AS varchar(8)),        -- CAST cuts the name to the column
        @User16 nvarchar(16) = CAST(@UserId AS nvarchar(16)),
        @Today datetime,
        @Weight decimal(19, 6),
        @Refusal int,
        @QtyReceived decimal(19, 6),
        @LotStatus nvarchar(10),
        @DateReceived datetime,
        @DateExpiry datetime,
        @VendorKey varchar(20),
        @VendorLotNo varchar(30),
        @ToPickedBulkQty decimal(19, 6),
        @Message nvarchar(2048);

    SELECT
        @LotTranNo = NULL,
        @AllocationNo = NULL,
        @QtyOnHand = NULL,
        @QtyCommitSales = NULL,
        @PickedBulkQty = NULL,
        @PickedQty = NULL,
        @RunStatus = NULL;

    IF @@TRANCOUNT = 0
        THROW 51903, 'picking.AllocateLot was called outside of a transaction; call picking.PickLot.', 1;

    IF @PackSize IS NULL OR @PackSize <= 0
        BEGIN
            SET @Message = CONCAT(
                'Line ', @LineId, ' of run ', @RunNo, '/', @RowNum, ' has the pack size ', @PackSize,
                '; it must be greater than zero.'
            );
            THROW 51406, @Message, 1;
        END;

    SELECT
        @Weight = CAST(@Bags * @PackSize AS decimal(19, 6)),
        @Today = CAST(CAST(@Now AS date) AS datetime);

    -- lock 1 of 6: lot row, and the bin it lies in. What is written below is spelled as the row is, whatever the caller's
    -- capitals and trailing blanks.
    SELECT
        @LotNo = l.LotNo,
        @ItemKey = l.ItemKey,
        @LocationKey = l.LocationKey,
        @BinNo = l.BinNo,
        @Refusal = e.Refusal,
        @QtyOnHand = CAST(l.QtyOnHand AS decimal(19, 6)),
        @QtyCommitSales = CAST(l.QtyCommitSales AS decimal(19, 6)),
        @QtyReceived = CAST(l.QtyReceived AS decimal(19, 6)),
        @LotStatus = l.LotStatus,
        @DateReceived = l.DateReceived,
        @DateExpiry = l.DateExpiry,
        @VendorKey = l.VendorKey,
        @VendorLotNo = l.VendorLotNo
    FROM dbo.LotMaster AS l WITH (UPDLOCK, ROWLOCK)
    LEFT JOIN dbo.BINMaster AS b ON b.Location = @LocationKey AND b.BinNo = @BinNo
    CROSS APPLY
        picking.Pickability(
            CAST(l.QtyOnHand AS decimal(19, 6)), CAST(l.QtyCommitSales AS decimal(19, 6)), @Weight,
            l.LotStatus, l.DateExpiry, @Today, l.BinNo, b.User4, b.User1
        ) AS e
    WHERE l.LotNo = @LotNo AND l.ItemKey = @ItemKey AND l.LocationKey = @LocationKey AND l.BinNo = @BinNo;

    -- May it be picked from?
    IF @Refusal IS NULL
        BEGIN
            IF
                EXISTS (
                    SELECT 1
                    FROM dbo.LotMaster AS l WITH (READCOMMITTED)
                    WHERE l.LotNo = @LotNo AND l.LocationKey = @LocationKey AND l.BinNo = @BinNo
                )
                BEGIN
                    SET @Message = CONCAT(
                        'Lot ', @LotNo, ' in bin ', @BinNo, ' is not of item ', @ItemKey, ', which line ', @LineId,
                        ' of run ', @RunNo, '/', @RowNum, ' needs.'
                    );
                    THROW 51102, @Message, 1;
                END;

            SET @Message = CONCAT(
                'Lot ', @LotNo, ' of item ', @ItemKey, ' is not in bin ', @BinNo, ' at location ', @LocationKey, '.'
            );
            THROW 51101, @Message, 1;
        END;

    IF @Refusal <> 0
        BEGIN
            SET @Message = CONCAT(
                'Lot ', @LotNo, ' of item ', @ItemKey, ' in bin ', @BinNo, ' cannot be picked: ',
                CASE @Refusal
                    WHEN 51103 THEN CONCAT('its status is ', @LotStatus, '.')
                    WHEN 51104 THEN CONCAT('it expired on ', CONVERT(char(10), @DateExpiry, 120), '.')
                    WHEN 51203 THEN 'the bin is for partial bags.'
                    WHEN 51204 THEN 'the bin holds variances.'
                    WHEN 51205 THEN 'the bin belongs to a warehouse that is closed to picking.'
                    ELSE CONCAT(
                        @Weight, ' wanted, ', @QtyOnHand - @QtyCommitSales, ' available (', @QtyOnHand, ' on hand, ',
                        @QtyCommitSales, ' committed).'
                    )
                END
            );
            THROW @Refusal, @Message, 1;
        END;

    SET @QtyCommitSales = @QtyCommitSales + @Weight;

    UPDATE dbo.LotMaster
    SET QtyCommitSales = @QtyCommitSales
    WHERE LotNo = @LotNo AND ItemKey = @ItemKey AND LocationKey = @LocationKey AND BinNo = @BinNo;

    -- lock 2 of 6: ledger
    INSERT INTO dbo.LotTransaction (
        LotNo, ItemKey, LocationKey, BinNo, DateReceived, DateExpiry, TransactionType,
        ReceiptDocNo, ReceiptDocLineNo, QtyReceived, Vendorkey, VendorlotNo,
        IssueDocNo, IssueDocLineNo, IssueDate, QtyIssued, CustomerKey,
        RecUserid, RecDate, Processed, TempQty, QtyForLotAssignment, QtyUsed
    )
    VALUES (
        @LotNo, @ItemKey, @LocationKey, @BinNo, @DateReceived, @DateExpiry, 5,
        '', 0, 0, @VendorKey, @VendorLotNo,
        CAST(@BatchNo AS varchar(20)), CAST(@LineId AS smallint), @Now, @Weight, '',
        @User8, @Now, 'N', 0, 0, 0
    );

    SET @LotTranNo = SCOPE_IDENTITY();

    -- lock 3 of 6: run, before its lines. Whoever holds it is alone with the lines and pallets below.
    SELECT @RunStatus = r.Status
    FROM dbo.Cust_BulkRun AS r WITH (UPDLOCK, ROWLOCK)
    WHERE r.RunNo = @RunNo AND r.RowNum = @RowNum;

    IF @RunStatus IS NULL
        BEGIN
            SET @Message = CONCAT('There is no run ', @RunNo, '/', @RowNum, '.');
            THROW 51401, @Message, 1;
        END;

    IF @RunStatus <> N'NEW'
        BEGIN
            SET @Message = CONCAT(
                'Run ', @RunNo, '/', @RowNum, ' has status ', @RunStatus, '; only a run with status NEW is picked.'
            );
            THROW 51402, @Message, 1;
        END;

    -- lock 4 of 6: line. It must still be the one that was looked at; a NULL in it now counts as a change.
    SELECT
        @ToPickedBulkQty = ISNULL(CAST(k.ToPickedBulkQty AS decimal(19, 6)), 0),
        @PickedBulkQty = ISNULL(CAST(k.PickedBulkQty AS decimal(19, 6)), 0),
        @PickedQty = ISNULL(CAST(k.PickedQty AS decimal(19, 6)), 0)
    FROM dbo.cust_BulkPicked AS k WITH (UPDLOCK, ROWLOCK)
    WHERE
        k.RunNo = @RunNo AND k.RowNum = @RowNum AND k.LineId = @LineId
        AND k.ItemKey = @ItemKey AND k.Location = @LocationKey
        AND k.BatchNo = @BatchNo
        AND CAST(k.PackSize AS decimal(19, 6)) = @PackSize;

    IF @PickedBulkQty IS NULL
        BEGIN
            SET @Message = CONCAT(
                'Line ', @LineId, ' of run ', @RunNo, '/', @RowNum, ' was changed while ', @Bags,
                ' bags were being picked for it. Look at the line and call again.'
            );
            THROW 51407, @Message, 1;
        END;

    IF @ToPickedBulkQty <= 0
        BEGIN
            SET @Message = CONCAT('Line ', @LineId, ' of run ', @RunNo, '/', @RowNum, ' needs no picking.');
            THROW 51404, @Message, 1;
        END;

    IF @PickedBulkQty + @Bags > @ToPickedBulkQty + @OverPickBags
        BEGIN
            SET @Message = CONCAT(
                'Line ', @LineId, ' of run ', @RunNo, '/', @RowNum, ' needs ', @ToPickedBulkQty, ' bags (tolerance ',
                @OverPickBags, ') and has ', @PickedBulkQty, '; ', @Bags, ' more are too many.'
            );
            THROW 51405, @Message, 1;
        END;

    SELECT
        @PickedBulkQty = @PickedBulkQty + @Bags,
        @PickedQty = @PickedQty + @Weight;

    UPDATE dbo.cust_BulkPicked
    SET
        PickedBulkQty = @PickedBulkQty,
        PickedQty = @PickedQty,
        PickingDate = @Now,
        ItemBatchStatus = N'Allocated',
        ModifiedBy = @User16,
        ModifiedDate = @Now
    WHERE RunNo = @RunNo AND RowNum = @RowNum AND LineId = @LineId;

    -- The last open line completes the run. A line without a quantity to pick (NULL or 0) is not needed for that.
    IF
        @PickedBulkQty >= @ToPickedBulkQty
        AND NOT EXISTS (
            SELECT 1
            FROM dbo.cust_BulkPicked AS k
            WHERE
                k.RunNo = @RunNo AND k.RowNum = @RowNum
                AND CAST(k.ToPickedBulkQty AS decimal(19, 6)) > 0
                AND ISNULL(CAST(k.PickedBulkQty AS decimal(19, 6)), 0) < CAST(k.ToPickedBulkQty AS decimal(19, 6))
        )
        BEGIN
            SET @RunStatus = N'PRINT';

            UPDATE dbo.Cust_BulkRun
            SET
                Status = @RunStatus,
                ModifiedBy = @User16,
                ModifiedDate = @Now
            WHERE RunNo = @RunNo AND RowNum = @RowNum;
        END;

    -- lock 5 of 6: allocation
    INSERT INTO dbo.Cust_BulkLotPicked (
        RunNo, RowNum, LineId, BatchNo, LotNo, SuggestedLotNo, ItemKey, LocationKey, BinNo,
        DateReceived, DateExpiry, TransactionType, QtyReceived, AllocLotQty, QtyIssued, IssueDate, CustomerKey,
        PackSize, QtyOnHand, PalletNo, PalletId, LotStatus, Processed,
        RecUserid, RecDate, ModifiedBy, ModifiedDate
    )
    VALUES (
        @RunNo, @RowNum, @LineId, @BatchNo, @LotNo, ISNULL(@SuggestedLotNo, @LotNo), @ItemKey, @LocationKey, @BinNo,
        @DateReceived, @DateExpiry, 5, @QtyReceived, @Weight, 0, NULL, '',
        @PackSize, @QtyOnHand, TRY_CAST(REPLACE(@PalletId, N'PT-', N'') AS int), @PalletId, N'Allocated', 'N',
        @User8, @Now, @User16, @Now
    );

    SET @AllocationNo = SCOPE_IDENTITY();

    -- lock 6 of 6: the line's pallet, the latest one. No HOLDLOCK is needed: the run row keeps others out.
    UPDATE dbo.Cust_BulkPalletLotPicked
    SET
        PalletID = @PalletId,
        ModifiedBy = @User16,
        ModifiedDate = @Now
    WHERE RunNo = @RunNo AND RowNum = @RowNum AND LineId = @LineId;

    IF @@ROWCOUNT = 0
        INSERT INTO dbo.Cust_BulkPalletLotPicked (
            RunNo, RowNum, LineId, BatchNo, PalletID, RecUserid, RecDate, ModifiedBy, ModifiedDate
        )
        VALUES (
            @RunNo, @RowNum, @LineId, @BatchNo, @PalletId, @User8, @Now, @User16, @Now
        );

    RETURN 0;
END;
GO
