SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO

/*
Purpose:     Three whole numbers from 0 to 2147483646 that look random and follow from @Number and @Seed alone, so that the same
             seed makes the same warehouse on every server.
Parameters:  @Number, @Seed: both from 0 on
Result:      one row (A, B, C)
Rules:       multiplication modulo the prime 2^31 - 1, with multipliers that generators of this kind are known to do well with
Locks:       none
*/
CREATE OR ALTER FUNCTION demo.Scatter(
    @Number int,
    @Seed int
)
RETURNS TABLE
AS
RETURN
(
    SELECT
        (CAST(@Number AS bigint) + @Seed + 1) * 950706376 % 2147483647 AS A,
        (CAST(@Number AS bigint) + @Seed + 1) * 742938285 % 2147483647 AS B,
        (CAST(@Number AS bigint) + @Seed + 1) * 1226874159 % 2147483647 AS C
);
GO
