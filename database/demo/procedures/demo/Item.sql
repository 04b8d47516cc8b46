SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO

/*
Purpose:     What is the same wherever an item of the demo's warehouse is named: its key and the weight of one bag.
Parameters:  @Number: number of the item, from 0 to 99999
Result:      one row (ItemKey, PackSize in kg)
Locks:       none
*/
CREATE OR ALTER FUNCTION demo.Item(
    @Number int
)
RETURNS TABLE
AS
RETURN
(
    SELECT
        CAST(CONCAT('ING', RIGHT(CONCAT('0000', @Number), 5)) AS varchar(30)) AS ItemKey,
        CAST(CASE @Number % 4 WHEN 0 THEN 25 WHEN 1 THEN 20 WHEN 2 THEN 12.5 ELSE 10 END AS decimal(19, 6)) AS PackSize
);
GO
