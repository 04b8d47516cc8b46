/*
Purpose:     One lot row by its key.
It is redundant where another index begins with the same columns, as the primary key does on most databases: then it is
skipped and says so. Running it again is harmless. It is built online where the edition can (Enterprise and Developer, Azure SQL).
*/
IF
    EXISTS (
        SELECT 1
        FROM sys.index_columns AS k
        INNER JOIN sys.columns AS c ON k.object_id = c.object_id AND k.column_id = c.column_id
        WHERE
            k.object_id = OBJECT_ID(N'dbo.LotMaster')
            AND (
                (k.key_ordinal = 1 AND c.name = N'LotNo')
                OR (k.key_ordinal = 2 AND c.name = N'ItemKey')
                OR (k.key_ordinal = 3 AND c.name = N'LocationKey')
                OR (k.key_ordinal = 4 AND c.name = N'BinNo')
            )
        GROUP BY k.index_id
        HAVING COUNT(*) = 4
    )
    PRINT 'IX_LotMaster_Lot_Item_Location_Bin: an index of dbo.LotMaster begins with these columns; skipped.';
ELSE
    BEGIN
        IF CAST(SERVERPROPERTY('EngineEdition') AS int) IN (3, 5, 8)
            CREATE NONCLUSTERED INDEX IX_LotMaster_Lot_Item_Location_Bin
                ON dbo.LotMaster (LotNo, ItemKey, LocationKey, BinNo)
                WITH (ONLINE = ON);
        ELSE
            CREATE NONCLUSTERED INDEX IX_LotMaster_Lot_Item_Location_Bin
                ON dbo.LotMaster (LotNo, ItemKey, LocationKey, BinNo);
    END;
GO
