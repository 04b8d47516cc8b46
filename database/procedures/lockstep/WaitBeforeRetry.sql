SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO

/*
Purpose:     Waits before an attempt is repeated: 2 ms after the first, doubling to at most 64 ms, with jitter.
Parameters:  @Attempts
Result:      none; RETURN 0
Locks:       none; to be called outside of a transaction, because it waits.
Errors:      none
Idempotency: not needed, changes nothing
Retry:       none
Example:     The write procedures call it.
*/
CREATE OR ALTER PROCEDURE lockstep.WaitBeforeRetry
    @Attempts int                               -- attempts made so far, 1 or more
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;

    DECLARE
        @Ceiling int = CASE WHEN @Attempts < 6 THEN POWER(2, @Attempts) ELSE 64 END,
        @Milliseconds int,
        @Delay char(12);

    -- Between half and all of the ceiling, so that sessions which failed together do not come back together.
    SET @Milliseconds = @Ceiling / 2 + CAST(RAND() * (@Ceiling / 2 + 1) AS int);
    SET @Delay = CONCAT('00:00:00.', RIGHT(CONCAT('00', @Milliseconds), 3));

    WAITFOR DELAY @Delay;

    RETURN 0;
END;
GO
