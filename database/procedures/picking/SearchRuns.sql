SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO

/*
Purpose:     Finds batches of runs by status and text, newest first, a page at a time, with the progress of their lines.
Parameters:  optional: @Status, @Text (in the batch number, the formula or its description, or the whole run number), @PageSize;
             for the next page @AfterRunNo and @AfterRowNum, taken from the last row of the page before
Result:      one row a batch (RunNo, RowNum, BatchNo, FormulaId, FormulaDesc, NoOfBatches, PalletsPerBatch, Status, RecDate,
             LinesToPick, LinesComplete), by run and batch, descending; an empty page is the end; RETURN 0. A text is looked for
             in the 2000 newest batches (of the status) from the key on; an older one is found by picking.GetRun.
Locks:       S row by row, first on the index of Cust_BulkRun, then on cust_BulkPicked, given back at once (none with
             READ_COMMITTED_SNAPSHOT). Never on both at a time: a picker locks the line and then changes the run.
Errors:
    51001    A required parameter is missing.
    51004    A parameter is outside of its range.
Idempotency: not needed, changes nothing
Retry:       none, it can be called again
Example:     EXEC picking.SearchRuns @Status = N'NEW', @Text = N'Bread', @PageSize = 20;
*/
CREATE OR ALTER PROCEDURE picking.SearchRuns
    @Status nvarchar(10) = NULL,                    -- NEW or PRINT; NULL: any
    @Text nvarchar(100) = NULL,                     -- part of batch number, formula or description, or a run number; NULL: any
    @PageSize int = 20,                             -- rows a page, 1 to 500
    @AfterRunNo int = NULL,                         -- last row of the page before: RunNo; NULL asks for the first page
    @AfterRowNum int = NULL                         -- last row of the page before: RowNum
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    SET TRANSACTION ISOLATION LEVEL READ COMMITTED;

    DECLARE
        @LookAt int,
        @Message nvarchar(2048);

    DECLARE @Run TABLE (
        RunNo int NOT NULL,
        RowNum int NOT NULL,
        BatchNo nvarchar(20) NULL,
        FormulaId nvarchar(30) NULL,
        FormulaDesc nvarchar(100) NULL,
        NoOfBatches int NULL,
        PalletsPerBatch int NULL,
        Status nvarchar(10) NOT NULL,
        RecDate datetime NULL,
        PRIMARY KEY (RunNo, RowNum)
    );

    -- Input: what can be refused without looking at the database.
    IF @AfterRunNo IS NOT NULL AND @AfterRowNum IS NULL
        BEGIN
            SET @Message = CONCAT(
                'picking.SearchRuns: a required parameter is missing. Given: @AfterRunNo=', @AfterRunNo, ', @AfterRowNum=',
                @AfterRowNum
            );
            THROW 51001, @Message, 1;
        END;

    IF @PageSize IS NULL OR @PageSize NOT BETWEEN 1 AND 500
        BEGIN
            SET @Message = CONCAT('@PageSize is ', @PageSize, '; it must be from 1 to 500.');
            THROW 51004, @Message, 1;
        END;

    IF @AfterRunNo IS NULL
        SELECT
            @AfterRunNo = 2147483647,
            @AfterRowNum = 2147483647;

    SELECT
        @Status = NULLIF(@Status, N''),
        @Text = NULLIF(@Text, N''),
        @LookAt = CASE WHEN ISNULL(@Text, N'') = N'' THEN @PageSize ELSE 2000 END;

    -- The runs: of one status by the index, of any by the primary key, backwards from the key on. Only one of the two is read.
    INSERT INTO @Run (
        RunNo, RowNum, BatchNo, FormulaId, FormulaDesc, NoOfBatches, PalletsPerBatch, Status, RecDate
    )
    SELECT TOP (@PageSize)
        u.RunNo,
        u.RowNum,
        u.BatchNo,
        u.FormulaId,
        u.FormulaDesc,
        u.NoOfBatches,
        u.PalletsPerBatch,
        u.Status,
        u.RecDate
    FROM (
        SELECT
            s.RunNo,
            s.RowNum,
            s.BatchNo,
            s.FormulaId,
            s.FormulaDesc,
            s.NoOfBatches,
            s.PalletsPerBatch,
            s.Status,
            s.RecDate
        FROM (
            SELECT TOP (@LookAt)
                r.RunNo,
                r.RowNum,
                r.BatchNo,
                r.FormulaId,
                r.FormulaDesc,
                r.NoOfBatches,
                r.PalletsPerBatch,
                r.Status,
                r.RecDate
            FROM dbo.Cust_BulkRun AS r
            WHERE r.Status = @Status AND r.RunNo <= @AfterRunNo AND (r.RunNo < @AfterRunNo OR r.RowNum < @AfterRowNum)
            ORDER BY r.RunNo DESC, r.RowNum DESC
        ) AS s
        UNION ALL
        -- Of any status.
        SELECT
            a.RunNo,
            a.RowNum,
            a.BatchNo,
            a.FormulaId,
            a.FormulaDesc,
            a.NoOfBatches,
            a.PalletsPerBatch,
            a.Status,
            a.RecDate
        FROM (
            SELECT TOP (@LookAt)
                r.RunNo,
                r.RowNum,
                r.BatchNo,
                r.FormulaId,
                r.FormulaDesc,
                r.NoOfBatches,
                r.PalletsPerBatch,
                r.Status,
                r.RecDate
            FROM dbo.Cust_BulkRun AS r
            WHERE @Status IS NULL AND r.RunNo <= @AfterRunNo AND (r.RunNo < @AfterRunNo OR r.RowNum < @AfterRowNum)
            ORDER BY r.RunNo DESC, r.RowNum DESC
        ) AS a
    ) AS u
    -- A NULL contains no text.
    WHERE
        @Text IS NULL
        OR CAST(u.RunNo AS nvarchar(11)) = @Text
        OR CHARINDEX(@Text, u.BatchNo) > 0
        OR CHARINDEX(@Text, u.FormulaId) > 0
        OR CHARINDEX(@Text, u.FormulaDesc) > 0
    ORDER BY u.RunNo DESC, u.RowNum DESC;

    -- Their lines. One without a quantity to pick (NULL or 0) needs no picking.
    SELECT
        r.RunNo,
        r.RowNum,
        r.BatchNo,
        r.FormulaId,
        r.FormulaDesc,
        r.NoOfBatches,
        r.PalletsPerBatch,
        r.Status,
        r.RecDate,
        p.LinesToPick,
        p.LinesComplete
    FROM @Run AS r
    CROSS APPLY (
        SELECT
            COUNT(*) AS LinesToPick,
            ISNULL(
                SUM(
                    CASE
                        WHEN
                            CAST(k.PickedBulkQty AS decimal(19, 6)) >= CAST(k.ToPickedBulkQty AS decimal(19, 6)) THEN 1
                        ELSE 0
                    END
                ), 0
            ) AS LinesComplete
        FROM dbo.cust_BulkPicked AS k
        WHERE k.RunNo = r.RunNo AND k.RowNum = r.RowNum AND CAST(k.ToPickedBulkQty AS decimal(19, 6)) > 0
    ) AS p
    ORDER BY r.RunNo DESC, r.RowNum DESC;

    RETURN 0;
END;
GO
