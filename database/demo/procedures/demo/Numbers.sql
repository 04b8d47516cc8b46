SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO

/*
Purpose:     The whole numbers from 0 to @Count - 1, for @Count up to 1,000,000; nothing is read. The rows have no order.
Parameters:  @Count: how many
Result:      one row a number (Number)
Locks:       none
*/
CREATE OR ALTER FUNCTION demo.Numbers(
    @Count int
)
RETURNS TABLE
AS
RETURN
(
    SELECT TOP (@Count) t.Thousand * 1000 + h.Hundreds + d.Tens + u.Units AS Number
    FROM (
        -- only the thousands that are needed: joined to three digits each, they give hardly more than @Count numbers
        SELECT x.Number * 100 + y.Number * 10 + z.Number AS Thousand
        FROM (VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9)) AS x(Number)
        CROSS JOIN (VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9)) AS y(Number)
        CROSS JOIN (VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9)) AS z(Number)
        WHERE (x.Number * 100 + y.Number * 10 + z.Number) * 1000 < @Count
    ) AS t
    CROSS JOIN (VALUES (0), (100), (200), (300), (400), (500), (600), (700), (800), (900)) AS h(Hundreds)
    CROSS JOIN (VALUES (0), (10), (20), (30), (40), (50), (60), (70), (80), (90)) AS d(Tens)
    CROSS JOIN (VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9)) AS u(Units)
    WHERE t.Thousand * 1000 + h.Hundreds + d.Tens + u.Units < @Count
);
GO
