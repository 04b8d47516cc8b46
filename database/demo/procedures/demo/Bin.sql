SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO

/*
Purpose:     What is the same wherever a bin of the demo's warehouse is named: where it stands, and its name.
Parameters:  @Number: number of the bin, from 0 to 99999
Result:      one row (BinNo, Zone, Aisle, Rack, Level): zone A, I, K or R, aisle and rack by number, level 1A to 4B; of 100 bins
             one is for variances
Locks:       none
*/
CREATE OR ALTER FUNCTION demo.Bin(
    @Number int
)
RETURNS TABLE
AS
RETURN
(
    SELECT
        CAST(CONCAT(
            p.Zone, RIGHT(CONCAT('00', p.Aisle), 3), RIGHT(CONCAT('0', p.Rack), 2), '-', p.Level,
            CASE WHEN @Number % 100 = 99 THEN '-Variance' ELSE '' END
        ) AS nvarchar(20)) AS BinNo,
        p.Zone,
        p.Aisle,
        p.Rack,
        p.Level
    FROM (
        SELECT
            SUBSTRING('AIKR', @Number % 4 + 1, 1) AS Zone,
            @Number / 320 + 1 AS Aisle,
            @Number / 32 % 10 + 1 AS Rack,
            CONCAT(@Number / 8 % 4 + 1, CASE @Number / 4 % 2 WHEN 0 THEN 'A' ELSE 'B' END) AS Level
    ) AS p
);
GO
