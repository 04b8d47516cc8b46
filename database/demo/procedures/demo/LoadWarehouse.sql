SET ANSI_NULLS ON;
SET QUOTED_IDENTIFIER ON;
GO

/*
Purpose:     Loads a whole warehouse for a demonstration, and remembers it as the state that ops.CheckInventory reckons from. For
             a database made for the purpose: the tables must be empty, else a primary key is violated.
Parameters:  @Lots, @Bins, @Items, @Runs, @Seed
Result:      none; RETURN 0. The same parameters give the same rows, dates apart: these count from today.
Locks:       the ERP's tables, one after the other (X, whole table)
Errors:      none of its own
Idempotency: none
Retry:       none
Example:     EXEC demo.LoadWarehouse @Lots = 2000, @Bins = 500, @Items = 200, @Runs = 50, @Seed = 1;
*/
CREATE OR ALTER PROCEDURE demo.LoadWarehouse
    @Lots int,                                      -- lots to make, up to 1000000
    @Bins int,                                      -- bins to make, up to 100000
    @Items int,                                     -- items to make, up to 100000
    @Runs int,                                      -- runs of four batches to make, up to 100000
    @Seed int                                       -- makes the same warehouse again, from 0 on
AS
BEGIN
    SET NOCOUNT ON;
    SET XACT_ABORT ON;

    EXEC demo.LoadMasterData @Items = @Items, @Bins = @Bins;

    EXEC demo.LoadLots @Lots = @Lots, @Items = @Items, @Bins = @Bins, @Seed = @Seed;

    EXEC demo.LoadRuns @Runs = @Runs, @Items = @Items, @Seed = @Seed;

    EXEC ops.SetBaseline;

    RETURN 0;
END;
GO
