SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO

/*
Purpose:     Finds the lots from which at least one bag can be picked for a line, first expiry first (FEFO), a page at a time.
Parameters:  @RunNo, @RowNum, @LineId name the line; @PageSize; for the next page @AfterDateExpiry, @AfterQtyOnHand, @AfterLotNo
             and @AfterBinNo, taken from the last row of the page before
Result:      one row a lot row (LotNo, ItemKey, LocationKey, BinNo, DateReceived, DateExpiry, LotStatus, QtyOnHand,
             QtyCommitSales, QtyAvailable, BagsAvailable), by expiry date (none comes last), zone of the bin, quantity on hand
             (most first), lot and bin; an empty page is the end (while others write a page may be short); RETURN 0
Locks:       S row by row on cust_BulkPicked, the FEFO index of LotMaster and BINMaster, given back at once
             (none with READ_COMMITTED_SNAPSHOT). It promises nothing: PickLot decides again under lock.
Errors:
    51001    A required parameter is missing.
    51004    A parameter is outside of its range.
    51403    The line does not exist.
    51406    The line has no usable pack size.
    51902    The settings row is missing.
Idempotency: not needed, changes nothing
Retry:       none, it can be called again
Example:     EXEC picking.FindLots @RunNo = 6000037, @RowNum = 1, @LineId = 2, @PageSize = 20;
*/
CREATE OR ALTER PROCEDURE picking.FindLots
    @RunNo int,                                     -- run
    @RowNum int,                                    -- batch of the run
    @LineId int,                                    -- line of the batch
    @PageSize int = 20,                             -- rows a page, 1 to 500
    @AfterDateExpiry datetime = NULL,               -- last row of the page before: DateExpiry
    @AfterQtyOnHand decimal(19, 6) = NULL,          -- last row of the page before: QtyOnHand
    @AfterLotNo varchar(30) = NULL,                 -- last row of the page before: LotNo; NULL asks for the first page
    @AfterBinNo nvarchar(20) = NULL                 -- last row of the page before: BinNo
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    SET TRANSACTION ISOLATION LEVEL READ COMMITTED;

    DECLARE
        @Never datetime = CAST('9999-12-31T00:00:00' AS datetime),  -- sorts lots without an expiry date last
        @Today datetime,
        @ItemKey varchar(30),
        @LocationKey varchar(10),
        @PackSize decimal(19, 6),
        @AfterZone int,
        @LastDateExpiry datetime,
        @DatedLots int,
        @Message nvarchar(2048);

    -- Input: what can be refused without looking at the database.
    IF
        @RunNo IS NULL OR @RowNum IS NULL OR @LineId IS NULL
        OR (@AfterLotNo IS NOT NULL AND (@AfterQtyOnHand IS NULL OR @AfterBinNo IS NULL))
        BEGIN
            SET @Message = CONCAT(
                'picking.FindLots: a required parameter is missing. Given: @RunNo=', @RunNo, ', @RowNum=', @RowNum,
                ', @LineId=', @LineId, ', @AfterQtyOnHand=', @AfterQtyOnHand, ', @AfterLotNo=', @AfterLotNo,
                ', @AfterBinNo=', @AfterBinNo
            );
            THROW 51001, @Message, 1;
        END;

    IF @PageSize IS NULL OR @PageSize NOT BETWEEN 1 AND 500
        BEGIN
            SET @Message = CONCAT('@PageSize is ', @PageSize, '; it must be from 1 to 500.');
            THROW 51004, @Message, 1;
        END;

    -- What the line needs, and which day it is in the warehouse.
    SELECT
        @Today = CAST(CAST(DATEADD(MINUTE, s.UtcOffsetMinutes, SYSUTCDATETIME()) AS date) AS datetime),
        @ItemKey = k.ItemKey,
        @LocationKey = CAST(k.Location AS varchar(10)),
        @PackSize = CAST(k.PackSize AS decimal(19, 6))
    FROM lockstep.Settings AS s
    LEFT JOIN dbo.cust_BulkPicked AS k ON k.RunNo = @RunNo AND k.RowNum = @RowNum AND k.LineId = @LineId
    WHERE s.SettingsId = 1;

    IF @Today IS NULL
        THROW 51902, 'lockstep.Settings has lost its row. Insert one with SettingsId 1.', 1;

    IF @ItemKey IS NULL OR @LocationKey IS NULL
        BEGIN
            SET @Message = CONCAT(
                'Run ', @RunNo, '/', @RowNum, ' has no line ', @LineId, ' that names an item and a location.'
            );
            THROW 51403, @Message, 1;
        END;

    IF @PackSize IS NULL OR @PackSize <= 0
        BEGIN
            SET @Message = CONCAT(
                'Line ', @LineId, ' of run ', @RunNo, '/', @RowNum, ' has the pack size ', @PackSize,
                '; it must be greater than zero.'
            );
            THROW 51406, @Message, 1;
        END;

    -- Where to go on: the first page goes on after yesterday, which is expired.
    IF @AfterLotNo IS NULL
        SELECT
            @AfterDateExpiry = DATEADD(DAY, -1, @Today),
            @AfterQtyOnHand = 0,
            @AfterLotNo = '',
            @AfterBinNo = N'',
            @AfterZone = 0;
    ELSE
        SELECT
            @AfterDateExpiry = ISNULL(@AfterDateExpiry, @Never),
            @AfterZone = e.Zone
        FROM picking.Pickability(0, 0, 0, N'', NULL, @Today, @AfterBinNo, N'', N'') AS e;

    SELECT
        @LastDateExpiry = ISNULL(h.LastDateExpiry, @AfterDateExpiry),
        @DatedLots = h.DatedLots
    FROM picking.FefoHorizon(@ItemKey, @LocationKey, @PackSize, @Today, @AfterDateExpiry, @PageSize) AS h;

    -- The lots without a date are looked at only when the others do not fill the page.
    SELECT TOP (@PageSize)
        f.LotNo,
        @ItemKey AS ItemKey,
        @LocationKey AS LocationKey,
        f.BinNo,
        f.DateReceived,
        f.DateExpiry,
        f.LotStatus,
        f.QtyOnHand,
        f.QtyCommitSales,
        f.QtyOnHand - f.QtyCommitSales AS QtyAvailable,
        f.BagsAvailable
    FROM
        picking.FefoLots(
            @ItemKey, @LocationKey, @PackSize, @Today, @AfterDateExpiry, @LastDateExpiry,
            CASE WHEN @DatedLots < @PageSize THEN 1 ELSE 0 END
        ) AS f
    WHERE
        f.SortDate > @AfterDateExpiry
        OR (f.SortDate = @AfterDateExpiry AND f.Zone > @AfterZone)
        OR (f.SortDate = @AfterDateExpiry AND f.Zone = @AfterZone AND f.QtyOnHand < @AfterQtyOnHand)
        OR (
            f.SortDate = @AfterDateExpiry AND f.Zone = @AfterZone AND f.QtyOnHand = @AfterQtyOnHand AND f.LotNo > @AfterLotNo
        )
        OR (
            f.SortDate = @AfterDateExpiry AND f.Zone = @AfterZone AND f.QtyOnHand = @AfterQtyOnHand
            AND f.LotNo = @AfterLotNo AND f.BinNo > @AfterBinNo
        )
    ORDER BY f.SortDate ASC, f.Zone ASC, f.QtyOnHand DESC, f.LotNo ASC, f.BinNo ASC;

    RETURN 0;
END;
GO
