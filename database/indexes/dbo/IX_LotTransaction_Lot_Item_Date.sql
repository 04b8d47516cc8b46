/*
Purpose:     The history of a lot, newest first.
Running it again is harmless. The index is built online where the edition can (Enterprise and Developer, Azure SQL).
*/
IF
    NOT EXISTS (
        SELECT 1
        FROM sys.indexes AS i
        WHERE i.object_id = OBJECT_ID(N'dbo.LotTransaction') AND i.name = N'IX_LotTransaction_Lot_Item_Date'
    )
    BEGIN
        IF CAST(SERVERPROPERTY('EngineEdition') AS int) IN (3, 5, 8)
            CREATE NONCLUSTERED INDEX IX_LotTransaction_Lot_Item_Date
                ON dbo.LotTransaction (LotNo, ItemKey, RecDate DESC)
                WITH (ONLINE = ON);
        ELSE
            CREATE NONCLUSTERED INDEX IX_LotTransaction_Lot_Item_Date
                ON dbo.LotTransaction (LotNo, ItemKey, RecDate DESC);
    END;
GO
