/*
Purpose:     The FEFO search (picking.FindLots): the lots of an item by expiry date. It includes all that the search looks at, so
             that a reader never holds a key of the index while it waits for the row, which a picker holds the other way round.
Running it again is harmless. The index is built online where the edition can (Enterprise and Developer, Azure SQL).
*/
IF
    NOT EXISTS (
        SELECT 1
        FROM sys.indexes AS i
        WHERE i.object_id = OBJECT_ID(N'dbo.LotMaster') AND i.name = N'IX_LotMaster_Item_Expiry_QtyOnHand'
    )
    BEGIN
        IF CAST(SERVERPROPERTY('EngineEdition') AS int) IN (3, 5, 8)
            CREATE NONCLUSTERED INDEX IX_LotMaster_Item_Expiry_QtyOnHand
                ON dbo.LotMaster (ItemKey, DateExpiry, QtyOnHand DESC)
                INCLUDE (LotNo, LocationKey, BinNo, QtyCommitSales, LotStatus, DateReceived)
                WITH (ONLINE = ON);
        ELSE
            CREATE NONCLUSTERED INDEX IX_LotMaster_Item_Expiry_QtyOnHand
                ON dbo.LotMaster (ItemKey, DateExpiry, QtyOnHand DESC)
                INCLUDE (LotNo, LocationKey, BinNo, QtyCommitSales, LotStatus, DateReceived);
    END;
GO
