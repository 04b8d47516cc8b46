SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO

/*
Purpose:     The lots of an item from which at least one bag can be picked, within a range of expiry dates. This is the only
             search; its order is FEFO: SortDate, Zone, QtyOnHand (most first), LotNo, BinNo.
Parameters:  item and location; the weight of a bag; today's date in the warehouse; the first and the last expiry date;
             @WithUndated 1: also the lots without a date, which sort last.
Result:      one row a lot row: LotNo, BinNo, DateReceived, DateExpiry, LotStatus, QtyOnHand, QtyCommitSales, BagsAvailable (whole
             bags), and for the order SortDate (the expiry date, the end of time when there is none) and Zone.
Locks:       S row by row on the FEFO index of LotMaster and on BINMaster, given back at once at any isolation level.
*/
CREATE OR ALTER FUNCTION picking.FefoLots(
    @ItemKey varchar(30),
    @LocationKey varchar(10),
    @PackSize decimal(19, 6),
    @Today datetime,
    @FirstDateExpiry datetime,
    @LastDateExpiry datetime,
    @WithUndated bit
)
RETURNS TABLE
AS
RETURN
(
    -- The index is ordered by quantity: a row whose quantity changes can be read a second time at its new place. It counts once.
    SELECT
        r.LotNo,
        r.BinNo,
        r.DateReceived,
        r.DateExpiry,
        r.LotStatus,
        r.QtyOnHand,
        r.QtyCommitSales,
        r.BagsAvailable,
        r.SortDate,
        r.Zone
    FROM (
        SELECT
            c.LotNo,
            c.BinNo,
            c.DateReceived,
            c.DateExpiry,
            c.LotStatus,
            c.QtyOnHand,
            c.QtyCommitSales,
            CAST(FLOOR((c.QtyOnHand - c.QtyCommitSales) / @PackSize) AS bigint) AS BagsAvailable,
            c.SortDate,
            e.Zone,
            ROW_NUMBER() OVER (PARTITION BY c.LotNo, c.BinNo ORDER BY c.QtyOnHand ASC) AS Reading
        FROM (
            -- A comparison leaves out the lots without a date.
            SELECT
                l.LotNo,
                l.BinNo,
                l.DateReceived,
                l.DateExpiry,
                l.DateExpiry AS SortDate,
                l.LotStatus,
                CAST(l.QtyOnHand AS decimal(19, 6)) AS QtyOnHand,
                CAST(l.QtyCommitSales AS decimal(19, 6)) AS QtyCommitSales
            FROM dbo.LotMaster AS l WITH (READCOMMITTED)
            WHERE
                l.ItemKey = @ItemKey AND l.LocationKey = @LocationKey
                AND l.DateExpiry >= @FirstDateExpiry AND l.DateExpiry <= @LastDateExpiry
            UNION ALL
            SELECT
                l.LotNo,
                l.BinNo,
                l.DateReceived,
                l.DateExpiry,
                CAST('9999-12-31T00:00:00' AS datetime) AS SortDate,
                l.LotStatus,
                CAST(l.QtyOnHand AS decimal(19, 6)) AS QtyOnHand,
                CAST(l.QtyCommitSales AS decimal(19, 6)) AS QtyCommitSales
            FROM dbo.LotMaster AS l WITH (READCOMMITTED)
            WHERE l.ItemKey = @ItemKey AND l.LocationKey = @LocationKey AND l.DateExpiry IS NULL AND @WithUndated = 1
        ) AS c
        LEFT JOIN dbo.BINMaster AS b WITH (READCOMMITTED) ON b.Location = @LocationKey AND c.BinNo = b.BinNo
        CROSS APPLY
            picking.Pickability(
                c.QtyOnHand, c.QtyCommitSales, @PackSize, c.LotStatus, c.DateExpiry, @Today, c.BinNo, b.User4, b.User1
            ) AS e
        WHERE e.Refusal = 0
    ) AS r
    WHERE r.Reading = 1
);
GO
