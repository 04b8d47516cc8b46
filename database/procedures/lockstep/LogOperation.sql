SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO

/*
Purpose:     Writes the row in lockstep.Operation of a call that failed, was refused or was replayed. A call that did its work
             writes its row itself, in its own transaction, so that work and record cannot part.
Parameters:  @ProcedureName, @RequestId, @StartedAt, @Attempts, @Outcome, @ErrorNumber, @ErrorMessage
Result:      none; RETURN 0
Locks:       lockstep.Operation (insert)
Errors:      none: the record is never a reason to fail a call, or to hide the error that is being recorded. In a transaction
             that can only be rolled back nothing can be written, so the row is left out.
Idempotency: none, each call writes one row
Retry:       none
Example:     The write procedures call it.
*/
CREATE OR ALTER PROCEDURE lockstep.LogOperation
    @ProcedureName nvarchar(128),               -- schema and name of the procedure that was called
    @RequestId uniqueidentifier,                -- NULL when the call came without one
    @StartedAt datetime2(7),                    -- start of the call, UTC
    @Attempts int,                              -- attempts made, 1 or more
    @Outcome varchar(10) = NULL,                -- REPLAYED; NULL: REJECTED or FAILED, by the error number
    @ErrorNumber int = NULL,                    -- error that ended the call
    @ErrorMessage nvarchar(2048) = NULL         -- its text
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;

    IF XACT_STATE() = -1
        RETURN 0;

    BEGIN TRY
        INSERT INTO lockstep.Operation (
            ProcedureName, RequestId, StartedAt, DurationUs, Attempts, Outcome, ErrorNumber, ErrorMessage
        )
        VALUES (
            @ProcedureName,
            @RequestId,
            @StartedAt,
            DATEDIFF_BIG(MICROSECOND, @StartedAt, SYSUTCDATETIME()),
            @Attempts,
            COALESCE(@Outcome, CASE WHEN @ErrorNumber BETWEEN 51000 AND 51999 THEN 'REJECTED' ELSE 'FAILED' END),
            @ErrorNumber,
            @ErrorMessage
        );
    END TRY
    BEGIN CATCH
        RETURN 0;
    END CATCH;

    RETURN 0;
END;
GO
