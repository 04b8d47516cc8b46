SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO

/*
Purpose:     Draws the next number of a series in Seqnum, which is shared with the ERP.
Parameters:  @SeqName, @Quiet, @Number, @DocumentNo
Result:      one row (SeqName, Number, DocumentNo), not with @Quiet = 1; the same in the OUTPUT parameters; RETURN 0
Locks:       1 Seqnum (X on the one row). Given back at once, because the drawing is a transaction of its own: a number drawn
             for work that then fails is a gap. Inside a caller's transaction the row stays locked until the caller ends it.
Errors:
    51001    A required parameter is missing.
    51901    The number series is not in Seqnum.
Idempotency: none, each call draws a new number; gaps are allowed, repeats never happen
Retry:       1205, 1222 and 3960, up to Settings.MaxAttempts attempts; none inside a caller's transaction
Example:     DECLARE @DocumentNo varchar(20);
             EXEC lockstep.NextNumber @SeqName = 'BT', @Quiet = 1, @DocumentNo = @DocumentNo OUTPUT;  -- BT-00000042
*/
CREATE OR ALTER PROCEDURE lockstep.NextNumber
    @SeqName varchar(10),                       -- BT (bin transfer documents) or PT (pallets)
    @Quiet bit = 0,                             -- 1: no result row
    @Number int = NULL OUTPUT,                  -- the number drawn
    @DocumentNo varchar(20) = NULL OUTPUT       -- the same with its prefix, at least eight digits
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;
    SET IMPLICIT_TRANSACTIONS OFF;
    SET TRANSACTION ISOLATION LEVEL READ COMMITTED;

    DECLARE
        @EntryTrancount int = @@TRANCOUNT,
        @Attempts int = 0,
        @MaxAttempts int,
        @Message nvarchar(2048);

    SELECT
        @Number = NULL,
        @DocumentNo = NULL;

    IF @SeqName IS NULL OR @SeqName = ''
        THROW 51001, 'lockstep.NextNumber: @SeqName is missing.', 1;

    WHILE 1 = 1
        BEGIN
            BEGIN TRY
                SET @Attempts = @Attempts + 1;

                -- One statement outside of a transaction is a transaction of its own: lock, add, commit.
                UPDATE dbo.Seqnum WITH (ROWLOCK)
                SET @Number = SeqNum = SeqNum + 1
                WHERE SeqName = @SeqName;

                BREAK;
            END TRY
            BEGIN CATCH
                IF @EntryTrancount = 0 AND XACT_STATE() <> 0
                    ROLLBACK TRANSACTION;

                IF @EntryTrancount = 0 AND ERROR_NUMBER() IN (1205, 1222, 3960)
                    BEGIN
                        SELECT @MaxAttempts = s.MaxAttempts
                        FROM lockstep.Settings AS s
                        WHERE s.SettingsId = 1;

                        IF @Attempts < @MaxAttempts
                            BEGIN
                                EXEC lockstep.WaitBeforeRetry @Attempts = @Attempts;
                                CONTINUE;
                            END;
                    END;

                THROW;
            END CATCH;
        END;

    IF @Number IS NULL
        BEGIN
            SET @Message = CONCAT('Number series ', @SeqName, ' is not in dbo.Seqnum. Add its row.');
            THROW 51901, @Message, 1;
        END;

    -- Beyond eight digits the number grows longer; it is never cut.
    SET @DocumentNo = CONCAT(
        @SeqName, '-',
        CASE WHEN @Number < 100000000 THEN RIGHT(CONCAT('0000000', @Number), 8) ELSE CAST(@Number AS varchar(11)) END
    );

    IF @Quiet = 0
        SELECT
            @SeqName AS SeqName,
            @Number AS Number,
            @DocumentNo AS DocumentNo;

    RETURN 0;
END;
GO
