/*
Purpose:     One line over all batches of a run.
Running it again is harmless. The index is built online where the edition can (Enterprise and Developer, Azure SQL).
*/
IF
    NOT EXISTS (
        SELECT 1
        FROM sys.indexes AS i
        WHERE i.object_id = OBJECT_ID(N'dbo.cust_BulkPicked') AND i.name = N'IX_BulkPicked_RunNo_LineId_RowNum'
    )
    BEGIN
        IF CAST(SERVERPROPERTY('EngineEdition') AS int) IN (3, 5, 8)
            CREATE NONCLUSTERED INDEX IX_BulkPicked_RunNo_LineId_RowNum
                ON dbo.cust_BulkPicked (RunNo, LineId, RowNum)
                WITH (ONLINE = ON);
        ELSE
            CREATE NONCLUSTERED INDEX IX_BulkPicked_RunNo_LineId_RowNum
                ON dbo.cust_BulkPicked (RunNo, LineId, RowNum);
    END;
GO
