SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO

/*
Purpose:     Finds where an item or a lot lies and how much of it can be moved, first expiry first, a page at a time.
Parameters:  @LocationKey; @ItemKey or @LotNo or both; @PageSize; for the next page @AfterDateExpiry, @AfterLotNo,
             @AfterItemKey and @AfterBinNo, taken from the last row of the page before
Result:      one row a lot row of which something can be moved (LotNo, ItemKey, LocationKey, BinNo, DateReceived, DateExpiry,
             LotStatus, QtyOnHand, QtyCommitSales, QtyAvailable, IsBeingCounted), by expiry date (none comes last), lot, item and
             bin; an empty page is the end (while others write a page may be short); RETURN 0. IsBeingCounted 1: not to be
             moved until the physical count is done. Stock on hold and expired stock can be moved.
Locks:       S row by row on LotMaster (an item's FEFO index, a lot's primary key), then on INLOC, given back at once (none with
             READ_COMMITTED_SNAPSHOT). It promises nothing: TransferLot decides again under lock.
Errors:
    51001    A required parameter is missing.
    51004    A parameter is outside of its range.
Idempotency: not needed, changes nothing
Retry:       none, it can be called again
Example:     EXEC putaway.FindLots @LocationKey = 'TFC1', @ItemKey = 'INSAPP01', @PageSize = 20;
*/
CREATE OR ALTER PROCEDURE putaway.FindLots
    @LocationKey varchar(10),                       -- location
    @ItemKey varchar(30) = NULL,                    -- item; NULL: whatever item the lot is of
    @LotNo varchar(30) = NULL,                      -- lot; NULL: all lots of the item
    @PageSize int = 20,                             -- rows a page, 1 to 500
    @AfterDateExpiry datetime = NULL,               -- last row of the page before: DateExpiry
    @AfterLotNo varchar(30) = NULL,                 -- last row of the page before: LotNo; NULL asks for the first page
    @AfterItemKey varchar(30) = NULL,               -- last row of the page before: ItemKey
    @AfterBinNo nvarchar(20) = NULL                 -- last row of the page before: BinNo
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    SET TRANSACTION ISOLATION LEVEL READ COMMITTED;

    DECLARE
        @Never datetime = CAST('9999-12-31T00:00:00' AS datetime),  -- sorts lots without an expiry date last
        @LastDateExpiry datetime,
        @DatedLots int,
        @Message nvarchar(2048);

    DECLARE @Lot TABLE (
        LotNo varchar(30) NOT NULL,
        ItemKey varchar(30) NOT NULL,
        BinNo nvarchar(20) NOT NULL,
        DateReceived datetime NULL,
        DateExpiry datetime NULL,
        SortDate datetime NOT NULL,
        LotStatus nvarchar(10) NULL,
        QtyOnHand decimal(19, 6) NOT NULL,
        QtyCommitSales decimal(19, 6) NOT NULL,
        PRIMARY KEY (SortDate, LotNo, ItemKey, BinNo)
    );

    SELECT
        @ItemKey = NULLIF(@ItemKey, ''),
        @LotNo = NULLIF(@LotNo, '');

    IF
        ISNULL(@LocationKey, '') = '' OR (@ItemKey IS NULL AND @LotNo IS NULL)
        OR (@AfterLotNo IS NOT NULL AND (@AfterItemKey IS NULL OR @AfterBinNo IS NULL))
        BEGIN
            SET @Message = CONCAT(
                'putaway.FindLots: a required parameter is missing. Given: @LocationKey=', @LocationKey, ', @ItemKey=', @ItemKey,
                ', @LotNo=', @LotNo, ', @AfterLotNo=', @AfterLotNo, ', @AfterItemKey=', @AfterItemKey,
                ', @AfterBinNo=', @AfterBinNo
            );
            THROW 51001, @Message, 1;
        END;

    IF @PageSize IS NULL OR @PageSize NOT BETWEEN 1 AND 500
        BEGIN
            SET @Message = CONCAT('@PageSize is ', @PageSize, '; it must be from 1 to 500.');
            THROW 51004, @Message, 1;
        END;

    -- Where to go on: the first page goes on after the beginning of time.
    IF @AfterLotNo IS NULL
        SELECT
            @AfterDateExpiry = CAST('1753-01-01T00:00:00' AS datetime),
            @AfterLotNo = '',
            @AfterItemKey = '',
            @AfterBinNo = N'';
    ELSE
        SET @AfterDateExpiry = ISNULL(@AfterDateExpiry, @Never);

    -- How far to go in the lots of an item: to the expiry date of the lot that fills the page, read in the order of the index
    -- and not further (lots without a date are left out by the comparison). A lot lies in few bins and is read whole.
    IF @LotNo IS NULL
        SELECT
            @LastDateExpiry = ISNULL(MAX(d.DateExpiry), @AfterDateExpiry),
            @DatedLots = COUNT(*)
        FROM (
            SELECT TOP (@PageSize) l.DateExpiry
            FROM dbo.LotMaster AS l
            WHERE
                l.ItemKey = @ItemKey AND l.DateExpiry > @AfterDateExpiry AND l.LocationKey = @LocationKey
                AND CAST(l.QtyOnHand AS decimal(19, 6)) > CAST(l.QtyCommitSales AS decimal(19, 6))
            ORDER BY l.DateExpiry ASC
        ) AS d;

    -- Of the three parts one or two are read: a lot by its key; or the dated lots of an item, and those without a date when the
    -- others do not fill the page (a comparison leaves these out). The index is ordered by quantity: a row whose quantity changes
    -- can be read a second time at its new place. It counts once.
    INSERT INTO @Lot (LotNo, ItemKey, BinNo, DateReceived, DateExpiry, SortDate, LotStatus, QtyOnHand, QtyCommitSales)
    SELECT TOP (@PageSize)
        r.LotNo,
        r.ItemKey,
        r.BinNo,
        r.DateReceived,
        r.DateExpiry,
        r.SortDate,
        r.LotStatus,
        r.QtyOnHand,
        r.QtyCommitSales
    FROM (
        SELECT
            c.LotNo,
            c.ItemKey,
            c.BinNo,
            c.DateReceived,
            c.DateExpiry,
            c.SortDate,
            c.LotStatus,
            c.QtyOnHand,
            c.QtyCommitSales,
            ROW_NUMBER() OVER (PARTITION BY c.LotNo, c.ItemKey, c.BinNo ORDER BY c.QtyOnHand ASC) AS Reading
        FROM (
            SELECT
                l.LotNo,
                l.ItemKey,
                l.BinNo,
                l.DateReceived,
                l.DateExpiry,
                ISNULL(l.DateExpiry, @Never) AS SortDate,
                l.LotStatus,
                CAST(l.QtyOnHand AS decimal(19, 6)) AS QtyOnHand,
                CAST(l.QtyCommitSales AS decimal(19, 6)) AS QtyCommitSales
            FROM dbo.LotMaster AS l
            WHERE l.LotNo = @LotNo AND l.LocationKey = @LocationKey AND (@ItemKey IS NULL OR l.ItemKey = @ItemKey)
            UNION ALL
            -- The dated lots of an item.
            SELECT
                l.LotNo,
                l.ItemKey,
                l.BinNo,
                l.DateReceived,
                l.DateExpiry,
                l.DateExpiry AS SortDate,
                l.LotStatus,
                CAST(l.QtyOnHand AS decimal(19, 6)) AS QtyOnHand,
                CAST(l.QtyCommitSales AS decimal(19, 6)) AS QtyCommitSales
            FROM dbo.LotMaster AS l
            WHERE
                l.ItemKey = @ItemKey AND l.LocationKey = @LocationKey
                AND l.DateExpiry >= @AfterDateExpiry AND l.DateExpiry <= @LastDateExpiry
                AND @LotNo IS NULL
            UNION ALL
            -- Those without a date.
            SELECT
                l.LotNo,
                l.ItemKey,
                l.BinNo,
                l.DateReceived,
                l.DateExpiry,
                @Never AS SortDate,
                l.LotStatus,
                CAST(l.QtyOnHand AS decimal(19, 6)) AS QtyOnHand,
                CAST(l.QtyCommitSales AS decimal(19, 6)) AS QtyCommitSales
            FROM dbo.LotMaster AS l
            WHERE
                l.ItemKey = @ItemKey AND l.LocationKey = @LocationKey AND l.DateExpiry IS NULL
                AND @LotNo IS NULL AND @DatedLots < @PageSize
        ) AS c
        WHERE
            c.QtyOnHand > c.QtyCommitSales
            AND (
                c.SortDate > @AfterDateExpiry
                OR (c.SortDate = @AfterDateExpiry AND c.LotNo > @AfterLotNo)
                OR (c.SortDate = @AfterDateExpiry AND c.LotNo = @AfterLotNo AND c.ItemKey > @AfterItemKey)
                OR (
                    c.SortDate = @AfterDateExpiry AND c.LotNo = @AfterLotNo AND c.ItemKey = @AfterItemKey
                    AND c.BinNo > @AfterBinNo
                )
            )
    ) AS r
    WHERE r.Reading = 1
    ORDER BY r.SortDate ASC, r.LotNo ASC, r.ItemKey ASC, r.BinNo ASC;

    SELECT
        l.LotNo,
        l.ItemKey,
        @LocationKey AS LocationKey,
        l.BinNo,
        l.DateReceived,
        l.DateExpiry,
        l.LotStatus,
        l.QtyOnHand,
        l.QtyCommitSales,
        l.QtyOnHand - l.QtyCommitSales AS QtyAvailable,
        CAST(ISNULL(i.Physinprogress, 0) AS bit) AS IsBeingCounted
    FROM @Lot AS l
    LEFT JOIN dbo.INLOC AS i ON l.ItemKey = i.ItemKey AND i.Location = @LocationKey
    ORDER BY l.SortDate ASC, l.LotNo ASC, l.ItemKey ASC, l.BinNo ASC;

    RETURN 0;
END;
GO
