/*
Purpose:     Runs by status and number.
Running it again is harmless. The index is built online where the edition can (Enterprise and Developer, Azure SQL).
*/
IF
    NOT EXISTS (
        SELECT 1
        FROM sys.indexes AS i
        WHERE i.object_id = OBJECT_ID(N'dbo.Cust_BulkRun') AND i.name = N'IX_BulkRun_Status_RunNo'
    )
    BEGIN
        IF CAST(SERVERPROPERTY('EngineEdition') AS int) IN (3, 5, 8)
            CREATE NONCLUSTERED INDEX IX_BulkRun_Status_RunNo
                ON dbo.Cust_BulkRun (Status, RunNo)
                WITH (ONLINE = ON);
        ELSE
            CREATE NONCLUSTERED INDEX IX_BulkRun_Status_RunNo
                ON dbo.Cust_BulkRun (Status, RunNo);
    END;
GO
