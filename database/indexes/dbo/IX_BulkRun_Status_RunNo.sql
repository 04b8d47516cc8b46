/*
Purpose:     Runs by status, newest first (picking.SearchRuns). It includes all that the search shows of a run, so that a reader
             never holds a key of the index while it waits for the row, which a picker who completes a run holds the other way
             round.
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
                INCLUDE (BatchNo, FormulaId, FormulaDesc, NoOfBatches, PalletsPerBatch, RecDate)
                WITH (ONLINE = ON);
        ELSE
            CREATE NONCLUSTERED INDEX IX_BulkRun_Status_RunNo
                ON dbo.Cust_BulkRun (Status, RunNo)
                INCLUDE (BatchNo, FormulaId, FormulaDesc, NoOfBatches, PalletsPerBatch, RecDate);
    END;
GO
