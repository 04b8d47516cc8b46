SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO

/*
Purpose:     Does the move of a lot between two bins inside the transaction of the procedure that moves: the part between the
             request and the outcome. Not for clients: it has no request id and no retry.
Parameters:  the lot row, the bins, the quantity, the document number, who and when
Result:      OUTPUT parameters: the rows made and the two balances after the move; RETURN 0
Locks:       1 INLOC, putaway.ClassAccount (S, so that no count starts while the lot moves) and BINMaster (U on the
             destination, for the lot's row that may not be there yet), 2 LotMaster, both rows in the order of their keys
             (U then X), 3 LotTransaction, Mintxdh, BinTransfer (X, new rows)
Errors:
    51101    The lot is not in the bin.
    51105    Not enough is available of the lot.
    51106    The lot lies at the destination with another status or expiry date.
    51107    A physical count is in progress.
    51108    The item is not stocked at the location.
    51202    The destination bin does not exist.
    51903    An internal procedure was called outside of a transaction.
Idempotency: none, left to the caller
Retry:       none, left to the caller
Example:     putaway.TransferLot calls it.
*/
CREATE OR ALTER PROCEDURE putaway.MoveLot
    @LotNo varchar(30),                             -- lot to move
    @ItemKey varchar(30),                           -- its item
    @LocationKey varchar(10),                       -- location of both bins
    @BinNoFrom nvarchar(20),                        -- bin it lies in
    @BinNoTo nvarchar(20),                          -- bin it goes to
    @Quantity decimal(19, 6),                       -- weight to move
    @DocumentNo varchar(20),                        -- BT-nnnnnnnn
    @ReferenceNo nvarchar(50),                      -- document that asked for the transfer
    @Remarks nvarchar(50),                          -- free text
    @InventoryAccount varchar(20),                  -- account of item classes that putaway.ClassAccount does not list
    @UserId nvarchar(50),                           -- who moves it
    @Now datetime,                                  -- warehouse time
    @IssueLotTranNo int = NULL OUTPUT,              -- LotTransaction row of the source (type 9)
    @ReceiptLotTranNo int = NULL OUTPUT,            -- LotTransaction row of the destination (type 8)
    @InTransId int = NULL OUTPUT,                   -- Mintxdh row
    @BinTranId int = NULL OUTPUT,                   -- BinTransfer row
    @FromQtyOnHand decimal(19, 6) = NULL OUTPUT,    -- source after the move, weight; 0 when its row was deleted
    @ToQtyOnHand decimal(19, 6) = NULL OUTPUT       -- destination after the move, weight
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    SET TRANSACTION ISOLATION LEVEL REPEATABLE READ;

    DECLARE
        @User8 varchar(8) = CAST(@UserId AS varchar(8)),        -- CAST cuts the name to the column
        @CountInProgress bit,
        @DestinationExists bit,
        @StdCost decimal(19, 6),
        @RowIsLocked bit,
        @QtyCommitSales decimal(19, 6),
        @QtyOnOrder decimal(19, 6),
        @DateReceived datetime,
        @DateExpiry datetime,
        @DateQuarantine datetime,
        @VendorKey varchar(20),
        @VendorLotNo varchar(30),
        @LotStatus nvarchar(10),
        @ToDateExpiry datetime,
        @ToLotStatus nvarchar(10),
        @Refusal int = 0,
        @Message nvarchar(2048);

    SELECT
        @IssueLotTranNo = NULL,
        @ReceiptLotTranNo = NULL,
        @InTransId = NULL,
        @BinTranId = NULL,
        @FromQtyOnHand = NULL,
        @ToQtyOnHand = NULL;

    IF @@TRANCOUNT = 0
        THROW 51903, 'putaway.MoveLot was called outside of a transaction; call putaway.TransferLot.', 1;

    -- lock 1 of 3: item at the location, its account, the destination bin. Who makes a row of a lot in a bin holds that bin
    -- first, so one that is not found below stays away. Key ranges (HOLDLOCK) would protect it, too, but two transfers can
    -- want each other's: the gap of one ends at a key that the other locks out of turn.
    SELECT
        @CountInProgress = ISNULL(i.Physinprogress, 0),
        @StdCost = ISNULL(CAST(i.StdCost AS decimal(19, 6)), 0),
        @InventoryAccount = ISNULL(a.INAcct, @InventoryAccount),
        @DestinationExists = CASE WHEN b.BinNo IS NULL THEN 0 ELSE 1 END,
        @BinNoTo = ISNULL(b.BinNo, @BinNoTo)
    FROM dbo.INLOC AS i
    LEFT JOIN putaway.ClassAccount AS a ON i.InClassKey = a.InClassKey
    LEFT JOIN dbo.BINMaster AS b WITH (UPDLOCK, ROWLOCK) ON b.Location = @LocationKey AND b.BinNo = @BinNoTo
    WHERE i.ItemKey = @ItemKey AND i.Location = @LocationKey;

    IF @CountInProgress IS NULL
        BEGIN
            SET @Message = CONCAT('Item ', @ItemKey, ' is not stocked at location ', @LocationKey, '.');
            THROW 51108, @Message, 1;
        END;

    IF @CountInProgress = 1
        BEGIN
            SET @Message = CONCAT(
                'Item ', @ItemKey, ' is being counted at location ', @LocationKey, '; move it when the count is done.'
            );
            THROW 51107, @Message, 1;
        END;

    IF @DestinationExists = 0
        BEGIN
            SET @Message = CONCAT('There is no bin ', @BinNoTo, ' at location ', @LocationKey, '.');
            THROW 51202, @Message, 1;
        END;

    -- lock 2 of 3: lot rows in the order of their keys, which differ in the bin only. When the destination comes first its
    -- row is locked before the source is read.
    IF @BinNoTo < @BinNoFrom
        SELECT @RowIsLocked = 1
        FROM dbo.LotMaster AS l WITH (UPDLOCK, ROWLOCK)
        WHERE l.LotNo = @LotNo AND l.ItemKey = @ItemKey AND l.LocationKey = @LocationKey AND l.BinNo = @BinNoTo;

    -- What is written below is spelled as the rows are, whatever the caller's capitals and trailing blanks.
    SELECT
        @LotNo = l.LotNo,
        @ItemKey = l.ItemKey,
        @LocationKey = l.LocationKey,
        @BinNoFrom = l.BinNo,
        @FromQtyOnHand = CAST(l.QtyOnHand AS decimal(19, 6)),
        @QtyCommitSales = CAST(l.QtyCommitSales AS decimal(19, 6)),
        @QtyOnOrder = CAST(l.QtyOnOrder AS decimal(19, 6)),
        @DateReceived = l.DateReceived,
        @DateExpiry = l.DateExpiry,
        @DateQuarantine = l.DateQuarantine,
        @VendorKey = l.VendorKey,
        @VendorLotNo = l.VendorLotNo,
        @LotStatus = l.LotStatus
    FROM dbo.LotMaster AS l WITH (UPDLOCK, ROWLOCK)
    WHERE l.LotNo = @LotNo AND l.ItemKey = @ItemKey AND l.LocationKey = @LocationKey AND l.BinNo = @BinNoFrom;

    SELECT
        @ToQtyOnHand = CAST(l.QtyOnHand AS decimal(19, 6)),
        @ToDateExpiry = l.DateExpiry,
        @ToLotStatus = l.LotStatus
    FROM dbo.LotMaster AS l WITH (UPDLOCK, ROWLOCK)
    WHERE l.LotNo = @LotNo AND l.ItemKey = @ItemKey AND l.LocationKey = @LocationKey AND l.BinNo = @BinNoTo;

    IF @FromQtyOnHand IS NULL
        BEGIN
            SET @Message = CONCAT(
                'Lot ', @LotNo, ' of item ', @ItemKey, ' is not in bin ', @BinNoFrom, ' at location ', @LocationKey, '.'
            );
            THROW 51101, @Message, 1;
        END;

    IF @FromQtyOnHand - @QtyCommitSales < @Quantity
        BEGIN
            SET @Message = CONCAT(
                'Lot ', @LotNo, ' of item ', @ItemKey, ' in bin ', @BinNoFrom, ': ', @Quantity, ' wanted, ',
                @FromQtyOnHand - @QtyCommitSales, ' available (', @FromQtyOnHand, ' on hand, ', @QtyCommitSales, ' committed).'
            );
            THROW 51105, @Message, 1;
        END;

    IF @ToQtyOnHand IS NOT NULL
        SELECT @Refusal = j.Refusal
        FROM putaway.Joinability(@LotStatus, @DateExpiry, @ToLotStatus, @ToDateExpiry) AS j;

    IF @Refusal <> 0
        BEGIN
            SET @Message = CONCAT(
                'Lot ', @LotNo, ' of item ', @ItemKey, ' has status "', @LotStatus, '" and expiry ',
                CONVERT(char(10), @DateExpiry, 120), ' in bin ', @BinNoFrom, ', but "', @ToLotStatus, '" and ',
                CONVERT(char(10), @ToDateExpiry, 120), ' in bin ', @BinNoTo, '; they cannot be put together.'
            );
            THROW @Refusal, @Message, 1;
        END;

    -- lock 3 of 3: ledger, posting, bin transfer
    INSERT INTO dbo.LotTransaction (
        LotNo, ItemKey, LocationKey, BinNo, DateReceived, DateExpiry, TransactionType,
        ReceiptDocNo, ReceiptDocLineNo, QtyReceived, Vendorkey, VendorlotNo,
        IssueDocNo, IssueDocLineNo, IssueDate, QtyIssued, CustomerKey,
        RecUserid, RecDate, Processed, TempQty, QtyForLotAssignment, QtyUsed, User5
    )
    VALUES (
        @LotNo, @ItemKey, @LocationKey, @BinNoFrom, @DateReceived, @DateExpiry, 9,
        '', 0, 0, @VendorKey, @VendorLotNo,
        @DocumentNo, 1, @Now, @Quantity, '',
        @User8, @Now, 'N', 0, 0, 0, @ReferenceNo
    );

    SET @IssueLotTranNo = SCOPE_IDENTITY();

    INSERT INTO dbo.LotTransaction (
        LotNo, ItemKey, LocationKey, BinNo, DateReceived, DateExpiry, TransactionType,
        ReceiptDocNo, ReceiptDocLineNo, QtyReceived, Vendorkey, VendorlotNo,
        IssueDocNo, IssueDocLineNo, IssueDate, QtyIssued, CustomerKey,
        RecUserid, RecDate, Processed, TempQty, QtyForLotAssignment, QtyUsed, User5
    )
    VALUES (
        @LotNo, @ItemKey, @LocationKey, @BinNoTo, @DateReceived, @DateExpiry, 8,
        @DocumentNo, 1, @Quantity, @VendorKey, @VendorLotNo,
        '', 0, NULL, 0, '',
        @User8, @Now, 'N', 0, 0, 0, @ReferenceNo
    );

    SET @ReceiptLotTranNo = SCOPE_IDENTITY();

    INSERT INTO dbo.Mintxdh (
        ItemKey, Location, ToLocation, SysID, ProcessID, SysDocID, SysLinSq, TrnTyp, TrnSubTyp, DocNo, DocDate, AplDate,
        TrnDesc, TrnQty, TrnAmt, NLAcct, INAcct, CreatedSerlot, StdCost, Stdcostupdated, Updated_FinTable,
        SortField, JrnlBtchNo, GLtrnAmt, RecUserID, RecDate
    )
    VALUES (
        @ItemKey, @LocationKey, @LocationKey, '7', 'M', @DocumentNo, 1, 'A', '', @DocumentNo, @Now, @Now,
        'Bin Transfer', @Quantity, CAST(@Quantity * @StdCost AS decimal(19, 6)), '1100', @InventoryAccount, 'Y', @StdCost, 0, 0,
        '', '', 0, @User8, @Now
    );

    SET @InTransId = SCOPE_IDENTITY();

    INSERT INTO dbo.BinTransfer (
        ItemKey, Location, LotNo, BinNoFrom, BinNoTo, LotTranNo, InTransID, QtyOnHand, TransferQty, ContainerNo,
        User1, User5, RecUserID, RecDate
    )
    VALUES (
        @ItemKey, @LocationKey, @LotNo, @BinNoFrom, @BinNoTo, @IssueLotTranNo, @InTransId, @FromQtyOnHand, @Quantity, 0,
        @Remarks, @ReferenceNo, @User8, @Now
    );

    SET @BinTranId = SCOPE_IDENTITY();

    -- Balances: the destination is added to, or made; the source is reduced, or deleted when nothing at all is left of it.
    IF @ToQtyOnHand IS NULL
        BEGIN
            SET @ToQtyOnHand = @Quantity;

            INSERT INTO dbo.LotMaster (
                LotNo, ItemKey, LocationKey, BinNo, DateReceived, DateExpiry, QtyReceived, QtyIssued, QtyCommitSales, QtyOnHand,
                QtyOnOrder, DocumentNo, DocumentLineNo, TransactionType, VendorKey, VendorLotNo, LotStatus, DateQuarantine,
                RecUserId, Recdate
            )
            VALUES (
                @LotNo, @ItemKey, @LocationKey, @BinNoTo, @DateReceived, @DateExpiry, @Quantity, 0, 0, @ToQtyOnHand,
                0, @DocumentNo, 1, 8, @VendorKey, @VendorLotNo, @LotStatus, @DateQuarantine,
                @User8, @Now
            );
        END;
    ELSE
        BEGIN
            SET @ToQtyOnHand = @ToQtyOnHand + @Quantity;

            UPDATE dbo.LotMaster
            SET
                QtyReceived = CAST(QtyReceived AS decimal(19, 6)) + @Quantity,
                QtyOnHand = @ToQtyOnHand
            WHERE LotNo = @LotNo AND ItemKey = @ItemKey AND LocationKey = @LocationKey AND BinNo = @BinNoTo;
        END;

    SET @FromQtyOnHand = @FromQtyOnHand - @Quantity;

    IF @FromQtyOnHand = 0 AND @QtyCommitSales = 0 AND @QtyOnOrder = 0
        DELETE FROM dbo.LotMaster
        WHERE LotNo = @LotNo AND ItemKey = @ItemKey AND LocationKey = @LocationKey AND BinNo = @BinNoFrom;
    ELSE
        UPDATE dbo.LotMaster
        SET
            QtyIssued = CAST(QtyIssued AS decimal(19, 6)) + @Quantity,
            QtyOnHand = @FromQtyOnHand
        WHERE LotNo = @LotNo AND ItemKey = @ItemKey AND LocationKey = @LocationKey AND BinNo = @BinNoFrom;

    RETURN 0;
END;
GO
