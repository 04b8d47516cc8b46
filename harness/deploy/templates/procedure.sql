SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO

/*
Purpose:     What it does, in one sentence.
Parameters:  @UserId, @RequestId; optional: @Quiet
Result:      one row (RequestId, Replayed, Attempts), not with @Quiet = 1; the same in the OUTPUT parameters; RETURN 0
Locks:       1 lockstep.Request (X, new row), then the tables in the order of docs/dba.md, 2 lockstep.Operation (X, new row)
Errors:
    51001    A required parameter is missing.
    51301    The request id is missing.
    51302    The request id was used before, by another procedure or with other arguments.
    51902    The settings row is missing.
Idempotency: the same request id with the same arguments returns the first outcome with Replayed = 1 and changes nothing
Retry:       1205, 1222, 3960 and a duplicate key, up to Settings.MaxAttempts attempts; none inside a caller's transaction:
             the error is thrown at once, the transaction can only be rolled back, and the caller repeats it
Example:     DECLARE @RequestId uniqueidentifier = NEWID();
             EXEC {schema}.{name} @UserId = N'somchai', @RequestId = @RequestId;
*/
CREATE OR ALTER PROCEDURE {schema}.{name}
    @UserId nvarchar(50),                           -- who does it; cut to the ERP's columns
    @RequestId uniqueidentifier,                    -- made by the client, a new one for each request
    @Quiet bit = 0,                                 -- 1: no result row
    @Replayed bit = NULL OUTPUT,                    -- 1: done before, nothing changed now
    @Attempts int = NULL OUTPUT                     -- attempts that this call took
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    SET IMPLICIT_TRANSACTIONS OFF;
    SET TRANSACTION ISOLATION LEVEL REPEATABLE READ;

    DECLARE
        @EntryTrancount int = @@TRANCOUNT,
        @StartedAt datetime2(7) = SYSUTCDATETIME(),
        @Arguments nvarchar(1000) = CONCAT('@UserId=', QUOTENAME(@UserId, '''')),
        @RequestIsNew bit,
        @MaxAttempts int = 4,                       -- until the settings have been read
        @SettingsId tinyint,
        @ErrorNumber int,
        @Message nvarchar(2048);

    -- An OUTPUT parameter comes in with what the caller's variable holds.
    SELECT
        @Replayed = 0,
        @Attempts = 0;

    WHILE 1 = 1
        BEGIN
            BEGIN TRY
                SELECT
                    @Attempts = @Attempts + 1,
                    @RequestIsNew = 0;

                -- Input: what can be refused without looking at the database.
                IF @RequestId IS NULL
                    THROW 51301, '{schema}.{name}: @RequestId is missing. Make a new one for each request.', 1;

                IF ISNULL(@UserId, N'') = N''
                    BEGIN
                        SET @Message = CONCAT('{schema}.{name}: a required parameter is missing. Given: ', @Arguments);
                        THROW 51001, @Message, 1;
                    END;

                -- A repeated call: found by its request id before anything else is looked at. What it made is to be read
                -- from the procedure's own outcome table.
                EXEC lockstep.FindRequest
                    @RequestId = @RequestId, @ProcedureName = N'{schema}.{name}', @Arguments = @Arguments,
                    @Found = @Replayed OUTPUT;

                IF @Replayed = 1
                    BEGIN
                        EXEC lockstep.LogOperation
                            @ProcedureName = N'{schema}.{name}', @RequestId = @RequestId, @StartedAt = @StartedAt,
                            @Attempts = @Attempts, @Outcome = 'REPLAYED';

                        BREAK;
                    END;

                SELECT
                    @SettingsId = s.SettingsId,
                    @MaxAttempts = s.MaxAttempts
                FROM lockstep.Settings AS s WITH (READCOMMITTED)
                WHERE s.SettingsId = 1;

                IF @SettingsId IS NULL
                    THROW 51902, 'lockstep.Settings has lost its row. Insert one with SettingsId 1.', 1;

                IF @EntryTrancount = 0
                    BEGIN TRANSACTION;

                -- lock 1 of 2: request. A second call with this id waits here for the first.
                INSERT INTO lockstep.Request (RequestId, ProcedureName, Arguments)
                VALUES (@RequestId, N'{schema}.{name}', @Arguments);

                SET @RequestIsNew = 1;

                -- The work: lock, check what is locked, write.

                -- lock 2 of 2: record
                INSERT INTO lockstep.Operation (ProcedureName, RequestId, StartedAt, DurationUs, Attempts, Outcome)
                VALUES (
                    N'{schema}.{name}', @RequestId, @StartedAt, DATEDIFF_BIG(MICROSECOND, @StartedAt, SYSUTCDATETIME()),
                    @Attempts, 'DONE'
                );

                IF @EntryTrancount = 0
                    COMMIT TRANSACTION;

                BREAK;
            END TRY
            BEGIN CATCH
                SELECT
                    @ErrorNumber = ERROR_NUMBER(),
                    @Message = ERROR_MESSAGE();

                IF @EntryTrancount = 0 AND XACT_STATE() <> 0
                    ROLLBACK TRANSACTION;

                -- The request id is taken: the call has been made before. Not a failed attempt; go and find its outcome.
                IF @EntryTrancount = 0 AND @RequestIsNew = 0 AND @ErrorNumber IN (2601, 2627)
                    CONTINUE;

                -- Lost to another session: wait, holding nothing, and try again. Only the owner of the transaction may.
                IF @EntryTrancount = 0 AND @Attempts < @MaxAttempts AND @ErrorNumber IN (1205, 1222, 3960, 2601, 2627)
                    BEGIN
                        EXEC lockstep.WaitBeforeRetry @Attempts = @Attempts;
                        CONTINUE;
                    END;

                EXEC lockstep.LogOperation
                    @ProcedureName = N'{schema}.{name}', @RequestId = @RequestId, @StartedAt = @StartedAt,
                    @Attempts = @Attempts, @ErrorNumber = @ErrorNumber, @ErrorMessage = @Message;

                THROW;
            END CATCH;
        END;

    IF @Quiet = 0
        SELECT
            @RequestId AS RequestId,
            @Replayed AS Replayed,
            @Attempts AS Attempts;

    RETURN 0;
END;
GO
