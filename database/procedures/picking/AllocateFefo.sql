SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO

/*
Purpose:     Does the FEFO pick of a line inside the transaction of the procedure that picks: searches, locks the lots, finds out
             how much the line needs, and allocates lot by lot. Not for clients: it has no request id and no retry.
Parameters:  the request and the line, what is known of it, all or part, the pallet, who and when
Result:      the rows of picking.PickFefoLot; OUTPUT parameters: what was picked, and line and run after it; RETURN 0
Locks:       1 LotMaster, the rows in the order of their keys (U, then X where picked) and their BINMaster rows (S),
             2 Cust_BulkRun (U), 3 cust_BulkPicked (U then X; S on the run's other lines), 4 LotTransaction,
             Cust_BulkLotPicked and picking.PickFefoLot (X, new rows: nobody else can want them, so they come lot by lot),
             5 Cust_BulkPalletLotPicked (X)
Errors:
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
    51401    The run does not exist.
    51402    The run is not open for picking.
    51404    The line needs no picking.
    51405    More bags than the line needs, tolerance included.
    51406    The line has no usable pack size.
    51407    The line was changed meanwhile.
    51408    The line has all its bags.
    51903    An internal procedure was called outside of a transaction.
Idempotency: none, left to the caller
Retry:       none, left to the caller
Example:     picking.PickFefo calls it.
*/
CREATE OR ALTER PROCEDURE picking.AllocateFefo
    @RequestId uniqueidentifier,                    -- request that the picks belong to
    @RunNo int,                                     -- run
    @RowNum int,                                    -- batch of the run
    @LineId int,                                    -- line of the batch
    @BatchNo nvarchar(20),                          -- batch number, as the line was seen
    @ItemKey varchar(30),                           -- item, as the line was seen
    @LocationKey varchar(10),                       -- location, as the line was seen
    @PackSize decimal(19, 6),                       -- weight of a bag, as the line was seen
    @SeenOpenBags decimal(19, 6),                   -- bags that the line needed when it was seen: how far to search
    @AllowPartial bit,                              -- 0: all the bags that the line needs or none; 1: as many as there are
    @OverPickBags decimal(19, 6),                   -- bags allowed beyond the line's need
    @PalletId nvarchar(20),                         -- pallet picked onto
    @UserId nvarchar(50),                           -- who picks
    @Now datetime,                                  -- warehouse time
    @Lots int = NULL OUTPUT,                        -- lot rows picked from
    @Bags decimal(19, 6) = NULL OUTPUT,             -- bags picked
    @OpenBags decimal(19, 6) = NULL OUTPUT,         -- line: bags it still needs after the pick
    @PickedBulkQty decimal(19, 6) = NULL OUTPUT,    -- line: bags picked so far
    @PickedQty decimal(19, 6) = NULL OUTPUT,        -- line: weight picked so far
    @RunStatus nvarchar(10) = NULL OUTPUT           -- batch of the run: NEW, or PRINT when complete
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    SET TRANSACTION ISOLATION LEVEL REPEATABLE READ;

    DECLARE
        @Today datetime,
        @LookFor int,                               -- lots to look for
        @FoundTooLittle bit,                        -- 1: a search has found all that there is, and it was not enough
        @LastDateExpiry datetime,
        @DatedLots int,
        @FoundLots int,
        @SeenBags decimal(38, 6),
        @LockedLots int,                            -- the first so many of those found
        @LockedBags decimal(38, 6),
        @ThereAreMore bit,
        @Rank int,
        @LotNo varchar(30),
        @BinNo nvarchar(20),
        @LotBags decimal(19, 6),
        @ToPickedBulkQty decimal(19, 6),
        @LotTranNo int,
        @AllocationNo int,
        @QtyOnHand decimal(19, 6),
        @QtyCommitSales decimal(19, 6),
        @Message nvarchar(2048);

    -- Lots in the order of FEFO, with the bags that were seen in them, and those that are there under lock.
    DECLARE @Candidate TABLE (
        FefoRank int NOT NULL PRIMARY KEY,
        LotNo varchar(30) NOT NULL,
        BinNo nvarchar(20) NOT NULL,
        DateExpiry datetime NULL,
        SeenBags decimal(19, 6) NOT NULL,
        LockedBags decimal(19, 6) NULL,
        UNIQUE (LotNo, BinNo)
    );

    SELECT
        @Lots = 0,
        @Bags = 0,
        @OpenBags = NULL,
        @PickedBulkQty = NULL,
        @PickedQty = NULL,
        @RunStatus = NULL;

    IF @@TRANCOUNT = 0
        THROW 51903, 'picking.AllocateFefo was called outside of a transaction; call picking.PickFefo.', 1;

    IF @PackSize IS NULL OR @PackSize <= 0
        BEGIN
            SET @Message = CONCAT(
                'Line ', @LineId, ' of run ', @RunNo, '/', @RowNum, ' has the pack size ', @PackSize,
                '; it must be greater than zero.'
            );
            THROW 51406, @Message, 1;
        END;

    SELECT
        @Today = CAST(CAST(@Now AS date) AS datetime),
        @LookFor = 16,
        @FoundTooLittle = 0;

    -- Search, keeping no lock: more and more lots until they have the bags, or there are no more, or it is enough. A lot that is
    -- moved to another bin meanwhile can slip past a search, so that it is believed to have found too little the second time.
    WHILE 1 = 1
        BEGIN
            DELETE FROM @Candidate;

            SELECT
                @LastDateExpiry = ISNULL(h.LastDateExpiry, DATEADD(DAY, -1, @Today)),
                @DatedLots = h.DatedLots
            FROM
                picking.FefoHorizon(
                    @ItemKey, @LocationKey, @PackSize, @Today, DATEADD(DAY, -1, @Today), @LookFor
                ) AS h;

            INSERT INTO @Candidate (FefoRank, LotNo, BinNo, DateExpiry, SeenBags)
            SELECT TOP (@LookFor)
                CAST(
                    ROW_NUMBER() OVER (
                        ORDER BY f.SortDate ASC, f.Zone ASC, f.QtyOnHand DESC, f.LotNo ASC, f.BinNo ASC
                    ) AS int
                ) AS FefoRank,
                f.LotNo,
                f.BinNo,
                f.DateExpiry,
                f.BagsAvailable
            FROM
                picking.FefoLots(
                    @ItemKey, @LocationKey, @PackSize, @Today, @Today, @LastDateExpiry,
                    CASE WHEN @DatedLots < @LookFor THEN 1 ELSE 0 END
                ) AS f
            ORDER BY f.SortDate ASC, f.Zone ASC, f.QtyOnHand DESC, f.LotNo ASC, f.BinNo ASC;

            SELECT
                @FoundLots = COUNT(*),
                @SeenBags = ISNULL(SUM(c.SeenBags), 0)
            FROM @Candidate AS c;

            IF @SeenBags >= @SeenOpenBags OR (@FoundLots < @LookFor AND @FoundTooLittle = 1) OR @LookFor = 1024
                BREAK;

            IF @FoundLots < @LookFor
                SET @FoundTooLittle = 1;
            ELSE
                SET @LookFor = @LookFor * 4;
        END;

    -- Of these the first ones that have the bags. When all that were found are wanted, there may be no others.
    SELECT
        @LockedLots = 0,
        @SeenBags = 0;

    WHILE @SeenBags < @SeenOpenBags AND @LockedLots < @FoundLots
        SELECT
            @LockedLots = c.FefoRank,
            @SeenBags = @SeenBags + c.SeenBags
        FROM @Candidate AS c
        WHERE c.FefoRank = @LockedLots + 1;

    SET @ThereAreMore = CASE
        WHEN @LockedLots < @FoundLots OR (@FoundLots = @LookFor AND @SeenBags >= @SeenOpenBags) THEN 1
        ELSE 0
    END;

    -- lock 1 of 5: lot rows, one statement each, in the order of their keys whatever the order of FEFO. Item and location
    -- are the same for all.
    SELECT
        @LotNo = '',
        @BinNo = N'';

    WHILE 1 = 1
        BEGIN
            SELECT TOP (1)
                @LotNo = c.LotNo,
                @BinNo = c.BinNo
            FROM @Candidate AS c
            WHERE c.FefoRank <= @LockedLots AND (c.LotNo > @LotNo OR (c.LotNo = @LotNo AND c.BinNo > @BinNo))
            ORDER BY c.LotNo ASC, c.BinNo ASC;

            IF @@ROWCOUNT = 0
                BREAK;

            SET @LotBags = 0;

            SELECT
                @LotBags = FLOOR(
                    (CAST(l.QtyOnHand AS decimal(19, 6)) - CAST(l.QtyCommitSales AS decimal(19, 6))) / @PackSize
                )
            FROM dbo.LotMaster AS l WITH (UPDLOCK, ROWLOCK)
            LEFT JOIN dbo.BINMaster AS b ON b.Location = @LocationKey AND b.BinNo = @BinNo
            CROSS APPLY
                picking.Pickability(
                    CAST(l.QtyOnHand AS decimal(19, 6)), CAST(l.QtyCommitSales AS decimal(19, 6)), @PackSize,
                    l.LotStatus, l.DateExpiry, @Today, l.BinNo, b.User4, b.User1
                ) AS e
            WHERE
                l.LotNo = @LotNo AND l.ItemKey = @ItemKey AND l.LocationKey = @LocationKey AND l.BinNo = @BinNo
                AND e.Refusal = 0;

            UPDATE @Candidate
            SET LockedBags = @LotBags
            WHERE LotNo = @LotNo AND BinNo = @BinNo;
        END;

    -- locks 2 and 3 of 5: run and line. Now the need is known for certain.
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

    SELECT
        @ToPickedBulkQty = ISNULL(CAST(k.ToPickedBulkQty AS decimal(19, 6)), 0),
        @PickedBulkQty = ISNULL(CAST(k.PickedBulkQty AS decimal(19, 6)), 0)
    FROM dbo.cust_BulkPicked AS k WITH (UPDLOCK, ROWLOCK)
    WHERE k.RunNo = @RunNo AND k.RowNum = @RowNum AND k.LineId = @LineId;

    SET @OpenBags = FLOOR(@ToPickedBulkQty - @PickedBulkQty);

    IF @ToPickedBulkQty <= 0
        BEGIN
            SET @Message = CONCAT('Line ', @LineId, ' of run ', @RunNo, '/', @RowNum, ' needs no picking.');
            THROW 51404, @Message, 1;
        END;

    IF @OpenBags <= 0
        BEGIN
            SET @Message = CONCAT(
                'Line ', @LineId, ' of run ', @RunNo, '/', @RowNum, ' needs ', @ToPickedBulkQty, ' bags and has ',
                @PickedBulkQty, '; no whole bag is left to pick.'
            );
            THROW 51408, @Message, 1;
        END;

    -- A lot that is gone has no bags. (A NULL in the sum would put warning 8153 before the error that may follow, and some
    -- clients report the first message of the two.)
    SELECT @LockedBags = ISNULL(SUM(ISNULL(c.LockedBags, 0)), 0)
    FROM @Candidate AS c;

    -- Too little, while there are other lots, or while less is left of these than was seen: another search may find it.
    IF @LockedBags < @OpenBags AND (@ThereAreMore = 1 OR @LockedBags < @SeenBags)
        BEGIN
            SET @Message = CONCAT(
                'The lots of item ', @ItemKey, ' that were found for line ', @LineId, ' of run ', @RunNo, '/', @RowNum,
                ' were taken by others meanwhile: ', @OpenBags, ' bags wanted, ', @LockedBags, ' left. Call again.'
            );
            THROW 51110, @Message, 1;
        END;

    IF @LockedBags < @OpenBags AND (@AllowPartial = 0 OR @LockedBags = 0)
        BEGIN
            SET @Message = CONCAT(
                'Line ', @LineId, ' of run ', @RunNo, '/', @RowNum, ' needs ', @OpenBags, ' more bags of item ',
                @ItemKey, '; ', @LockedBags, ' can be picked at location ', @LocationKey, '.'
            );
            THROW 51109, @Message, 1;
        END;

    -- locks 4 and 5 of 5: ledger, allocation and pallet, lot by lot in the order of FEFO
    SET @Rank = 0;

    WHILE @Bags < @OpenBags AND @Rank < @LockedLots
        BEGIN
            SET @Rank = @Rank + 1;

            SELECT
                @LotNo = c.LotNo,
                @BinNo = c.BinNo,
                @LotBags = CASE WHEN c.LockedBags > @OpenBags - @Bags THEN @OpenBags - @Bags ELSE c.LockedBags END
            FROM @Candidate AS c
            WHERE c.FefoRank = @Rank;

            IF @LotBags = 0
                CONTINUE;

            EXEC picking.AllocateLot
                @RunNo = @RunNo, @RowNum = @RowNum, @LineId = @LineId, @BatchNo = @BatchNo,
                @LotNo = @LotNo, @ItemKey = @ItemKey, @LocationKey = @LocationKey, @BinNo = @BinNo,
                @Bags = @LotBags, @PackSize = @PackSize, @OverPickBags = @OverPickBags,
                @PalletId = @PalletId, @SuggestedLotNo = @LotNo, @UserId = @UserId, @Now = @Now,
                @LotTranNo = @LotTranNo OUTPUT, @AllocationNo = @AllocationNo OUTPUT,
                @QtyOnHand = @QtyOnHand OUTPUT, @QtyCommitSales = @QtyCommitSales OUTPUT,
                @PickedBulkQty = @PickedBulkQty OUTPUT, @PickedQty = @PickedQty OUTPUT,
                @RunStatus = @RunStatus OUTPUT;

            SELECT
                @Lots = @Lots + 1,
                @Bags = @Bags + @LotBags;

            INSERT INTO picking.PickFefoLot (
                RequestId, FefoRank, LotNo, BinNo, DateExpiry, Bags, Weight, LotTranNo, AllocationNo,
                QtyOnHand, QtyCommitSales
            )
            SELECT
                @RequestId AS RequestId,
                @Lots AS FefoRank,
                c.LotNo,
                c.BinNo,
                c.DateExpiry,
                @LotBags AS Bags,
                CAST(@LotBags * @PackSize AS decimal(19, 6)) AS Weight,
                @LotTranNo AS LotTranNo,
                @AllocationNo AS AllocationNo,
                @QtyOnHand AS QtyOnHand,
                @QtyCommitSales AS QtyCommitSales
            FROM @Candidate AS c
            WHERE c.FefoRank = @Rank;
        END;

    SET @OpenBags = @ToPickedBulkQty - @PickedBulkQty;

    RETURN 0;
END;
GO
