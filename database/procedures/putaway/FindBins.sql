SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO

/*
Purpose:     Finds bins that a lot can be moved into, those that hold some of it first, a page at a time.
Parameters:  @LotNo, @ItemKey, @LocationKey, @BinNoFrom name the lot row that is to be moved; optional: @Text, @PageSize; for the
             next page @AfterHoldsLot and @AfterBinNo, taken from the last row of the page before
Result:      one row a bin of the location but the one the lot lies in (BinNo, Description, aisle, row, rack, Nettable,
             Warehouse, BinType, HoldsLot, QtyOnHand, Refusal): bins that hold the lot, then the others, each by number; an empty
             page is the end (while others write a page may be short); RETURN 0. QtyOnHand is what the bin holds of the lot.
             Refusal is 0, or the number of the error with which TransferLot refuses the bin (51106: the lot lies there with
             another status or expiry date).
Locks:       S row by row on LotMaster, then on BINMaster, given back at once (none with READ_COMMITTED_SNAPSHOT). It promises
             nothing: TransferLot decides again under lock.
Errors:
    51001    A required parameter is missing.
    51004    A parameter is outside of its range.
    51101    The lot is not in the bin.
Idempotency: not needed, changes nothing
Retry:       none, it can be called again
Example:     EXEC putaway.FindBins @LotNo = '2510403-1', @ItemKey = 'INSAPP01', @LocationKey = 'TFC1',
                 @BinNoFrom = N'A0501-1B', @Text = N'K08';
*/
CREATE OR ALTER PROCEDURE putaway.FindBins
    @LotNo varchar(30),                             -- lot to move
    @ItemKey varchar(30),                           -- its item
    @LocationKey varchar(10),                       -- its location
    @BinNoFrom nvarchar(20),                        -- bin it lies in
    @Text nvarchar(20) = NULL,                      -- beginning of the bin's number; NULL: any
    @PageSize int = 20,                             -- rows a page, 1 to 500
    @AfterHoldsLot bit = NULL,                      -- last row of the page before: HoldsLot
    @AfterBinNo nvarchar(20) = NULL                 -- last row of the page before: BinNo; NULL asks for the first page
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    SET TRANSACTION ISOLATION LEVEL READ COMMITTED;

    DECLARE
        @LotIsThere bit = 0,
        @Holders int,
        @LotStatus nvarchar(10),
        @DateExpiry datetime,
        @Pattern nvarchar(100),
        @AfterOtherBinNo nvarchar(20),
        @Message nvarchar(2048);

    -- The bins that hold the lot: few.
    DECLARE @Holder TABLE (
        BinNo nvarchar(20) NOT NULL PRIMARY KEY,
        QtyOnHand decimal(19, 6) NOT NULL,
        LotStatus nvarchar(10) NULL,
        DateExpiry datetime NULL,
        -- 0: BINMaster does not know it, so nothing can be moved into it.
        BinExists bit NOT NULL
    );

    IF
        ISNULL(@LotNo, '') = '' OR ISNULL(@ItemKey, '') = '' OR ISNULL(@LocationKey, '') = '' OR @BinNoFrom IS NULL
        OR (@AfterBinNo IS NOT NULL AND @AfterHoldsLot IS NULL)
        BEGIN
            SET @Message = CONCAT(
                'putaway.FindBins: a required parameter is missing. Given: @LotNo=', @LotNo, ', @ItemKey=', @ItemKey,
                ', @LocationKey=', @LocationKey, ', @BinNoFrom=', @BinNoFrom, ', @AfterHoldsLot=', @AfterHoldsLot,
                ', @AfterBinNo=', @AfterBinNo
            );
            THROW 51001, @Message, 1;
        END;

    IF @PageSize IS NULL OR @PageSize NOT BETWEEN 1 AND 500
        BEGIN
            SET @Message = CONCAT('@PageSize is ', @PageSize, '; it must be from 1 to 500.');
            THROW 51004, @Message, 1;
        END;

    INSERT INTO @Holder (BinNo, QtyOnHand, LotStatus, DateExpiry, BinExists)
    SELECT
        l.BinNo,
        CAST(l.QtyOnHand AS decimal(19, 6)) AS QtyOnHand,
        l.LotStatus,
        l.DateExpiry,
        CASE WHEN b.BinNo IS NULL THEN 0 ELSE 1 END AS BinExists
    FROM dbo.LotMaster AS l
    LEFT JOIN dbo.BINMaster AS b ON b.Location = @LocationKey AND l.BinNo = b.BinNo
    WHERE l.LotNo = @LotNo AND l.ItemKey = @ItemKey AND l.LocationKey = @LocationKey;

    SET @Holders = @@ROWCOUNT;

    SELECT
        @LotIsThere = 1,
        @LotStatus = h.LotStatus,
        @DateExpiry = h.DateExpiry
    FROM @Holder AS h
    WHERE h.BinNo = @BinNoFrom;

    IF @LotIsThere = 0
        BEGIN
            SET @Message = CONCAT(
                'Lot ', @LotNo, ' of item ', @ItemKey, ' is not in bin ', @BinNoFrom, ' at location ', @LocationKey, '.'
            );
            THROW 51101, @Message, 1;
        END;

    -- The text is taken as it is: its wildcards stand for themselves. Where the other bins go on: from their beginning while
    -- the page before ended among those that hold the lot.
    SELECT
        @Pattern = CONCAT(REPLACE(REPLACE(REPLACE(REPLACE(@Text, N'!', N'!!'), N'%', N'!%'), N'_', N'!_'), N'[', N'!['), N'%'),
        @AfterOtherBinNo = CASE WHEN @AfterHoldsLot = 0 THEN ISNULL(@AfterBinNo, N'') ELSE N'' END;

    SELECT TOP (@PageSize)
        c.BinNo,
        c.Description,
        c.aisle,
        c.[row],
        c.rack,
        c.Nettable,
        c.Warehouse,
        c.BinType,
        c.HoldsLot,
        c.QtyOnHand,
        c.Refusal
    FROM (
        SELECT
            b.BinNo,
            b.Description,
            b.aisle,
            b.[row],
            b.rack,
            b.Nettable,
            b.User1 AS Warehouse,
            b.User4 AS BinType,
            CAST(1 AS bit) AS HoldsLot,
            h.QtyOnHand,
            j.Refusal
        FROM @Holder AS h
        LEFT JOIN dbo.BINMaster AS b ON b.Location = @LocationKey AND h.BinNo = b.BinNo
        CROSS APPLY putaway.Joinability(@LotStatus, @DateExpiry, h.LotStatus, h.DateExpiry) AS j
        WHERE
            h.BinExists = 1 AND h.BinNo <> @BinNoFrom AND h.BinNo LIKE @Pattern ESCAPE N'!'
            AND (@AfterBinNo IS NULL OR (@AfterHoldsLot = 1 AND h.BinNo > @AfterBinNo))
        UNION ALL
        SELECT
            o.BinNo,
            o.Description,
            o.aisle,
            o.[row],
            o.rack,
            o.Nettable,
            o.User1 AS Warehouse,
            o.User4 AS BinType,
            CAST(0 AS bit) AS HoldsLot,
            CAST(0 AS decimal(19, 6)) AS QtyOnHand,
            0 AS Refusal
        FROM (
            -- The bins that hold the lot are left out below: as many more are read.
            SELECT TOP (@PageSize + @Holders)
                b.BinNo,
                b.Description,
                b.aisle,
                b.[row],
                b.rack,
                b.Nettable,
                b.User1,
                b.User4
            FROM dbo.BINMaster AS b
            WHERE b.Location = @LocationKey AND b.BinNo > @AfterOtherBinNo AND b.BinNo LIKE @Pattern ESCAPE N'!'
            ORDER BY b.BinNo ASC
        ) AS o
        WHERE
            NOT EXISTS (
                SELECT 1
                FROM @Holder AS h
                WHERE h.BinNo = o.BinNo
            )
    ) AS c
    ORDER BY c.HoldsLot DESC, c.BinNo ASC;

    RETURN 0;
END;
GO
