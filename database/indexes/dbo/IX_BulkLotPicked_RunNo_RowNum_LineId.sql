/*
Purpose:     The allocations of one line (picking.GetLine). The primary key begins with the allocation's own number.
Running it again is harmless. The index is built online where the edition can (Enterprise and Developer, Azure SQL).
*/
IF
    NOT EXISTS (
        SELECT 1
        FROM sys.indexes AS i
        WHERE i.object_id = OBJECT_ID(N'dbo.Cust_BulkLotPicked') AND i.name = N'IX_BulkLotPicked_RunNo_RowNum_LineId'
    )
    BEGIN
        IF CAST(SERVERPROPERTY('EngineEdition') AS int) IN (3, 5, 8)
            CREATE NONCLUSTERED INDEX IX_BulkLotPicked_RunNo_RowNum_LineId
                ON dbo.Cust_BulkLotPicked (RunNo, RowNum, LineId)
                WITH (ONLINE = ON);
        ELSE
            CREATE NONCLUSTERED INDEX IX_BulkLotPicked_RunNo_RowNum_LineId
                ON dbo.Cust_BulkLotPicked (RunNo, RowNum, LineId);
    END;
GO
