/*
Purpose:     One bin by its key.
It is redundant where another index begins with the same columns, as the primary key does on most databases: then it is
skipped and says so. Running it again is harmless. It is built online where the edition can (Enterprise and Developer, Azure SQL).
*/
IF
    EXISTS (
        SELECT 1
        FROM sys.index_columns AS k
        INNER JOIN sys.columns AS c ON k.object_id = c.object_id AND k.column_id = c.column_id
        WHERE
            k.object_id = OBJECT_ID(N'dbo.BINMaster')
            AND (
                (k.key_ordinal = 1 AND c.name = N'Location')
                OR (k.key_ordinal = 2 AND c.name = N'BinNo')
            )
        GROUP BY k.index_id
        HAVING COUNT(*) = 2
    )
    PRINT 'IX_BinMaster_Location_BinNo: an index of dbo.BINMaster begins with these columns; skipped.';
ELSE
    BEGIN
        IF CAST(SERVERPROPERTY('EngineEdition') AS int) IN (3, 5, 8)
            CREATE NONCLUSTERED INDEX IX_BinMaster_Location_BinNo
                ON dbo.BINMaster (Location, BinNo)
                WITH (ONLINE = ON);
        ELSE
            CREATE NONCLUSTERED INDEX IX_BinMaster_Location_BinNo
                ON dbo.BINMaster (Location, BinNo);
    END;
GO
