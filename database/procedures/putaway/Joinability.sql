SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO

/*
Purpose:     Decides whether stock of a lot may be put together with stock of the same lot in another bin. Joining two rows must
             not change what may be picked: held stock would be released, or an expiry date lost.
Parameters:  status and expiry date of the stock that comes, and of the row that is there.
Result:      one row: Refusal (0 when they may be joined, else the number of the error that says why not).
Rules:       A missing status is the same as an empty one; no date is the same only as no date.
Locks:       none; the caller passes what it has read, under lock if it is going to write.
*/
CREATE OR ALTER FUNCTION putaway.Joinability(
    @LotStatus nvarchar(10),
    @DateExpiry datetime,
    @ToLotStatus nvarchar(10),
    @ToDateExpiry datetime
)
RETURNS TABLE
AS
RETURN
(
    SELECT
        CASE
            WHEN ISNULL(@ToLotStatus, N'') <> ISNULL(@LotStatus, N'') THEN 51106
            WHEN ISNULL(@ToDateExpiry, '19000101') <> ISNULL(@DateExpiry, '19000101') THEN 51106
            ELSE 0
        END AS Refusal
);
GO
