SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO

/*
Purpose:     Tells whether a request id has been used, and refuses it when it stood for something else.
Parameters:  @RequestId, @ProcedureName, @Arguments
Result:      @Found: 1 when the same call has been made and committed (its outcome is in <Procedure>Outcome), else 0; RETURN 0
Locks:       lockstep.Request (S on the one row, given back at once; waits for a simultaneous call with the same id)
Errors:
    51302    The request id was used before, by another procedure or with other arguments.
Idempotency: not needed, changes nothing
Retry:       none, left to the caller
Example:     The write procedures call it.
*/
CREATE OR ALTER PROCEDURE lockstep.FindRequest
    @RequestId uniqueidentifier,                -- the request id of the call
    @ProcedureName nvarchar(128),               -- schema and name of the procedure that was called
    @Arguments nvarchar(1000),                  -- its arguments as one text
    @Found bit OUTPUT                           -- 1: made before
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;

    DECLARE
        @FirstProcedureName nvarchar(128),
        @FirstArguments nvarchar(1000),
        @Message nvarchar(2048);

    -- READCOMMITTEDLOCK, so that a row version never answers: an insert under way must be waited for.
    SELECT
        @FirstProcedureName = r.ProcedureName,
        @FirstArguments = r.Arguments
    FROM lockstep.Request AS r WITH (READCOMMITTEDLOCK)
    WHERE r.RequestId = @RequestId;

    SET @Found = CASE WHEN @FirstProcedureName IS NULL THEN 0 ELSE 1 END;

    IF @FirstProcedureName <> @ProcedureName OR @FirstArguments <> @Arguments
        BEGIN
            SET @Message = CONCAT(
                'Request id ', @RequestId, ' was used before: ', @FirstProcedureName, ' (', @FirstArguments,
                '). Now: ', @ProcedureName, ' (', @Arguments, '). Use a new id for a new request.'
            );
            THROW 51302, @Message, 1;
        END;

    RETURN 0;
END;
GO
