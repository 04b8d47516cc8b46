/*
Purpose:     The role of pickers: the procedures of the schema picking. No right on any table: ownership chaining does the rest.
             The parts that other procedures are made of are denied, because called by themselves they know no request id.
Running it again is harmless.
*/
IF DATABASE_PRINCIPAL_ID(N'lockstep_picker') IS NULL
    CREATE ROLE lockstep_picker AUTHORIZATION dbo;
GO

GRANT EXECUTE ON SCHEMA::picking TO lockstep_picker;
DENY EXECUTE ON OBJECT::picking.AllocateLot TO lockstep_picker;
DENY EXECUTE ON OBJECT::picking.AllocateFefo TO lockstep_picker;
DENY EXECUTE ON OBJECT::picking.ReleaseLot TO lockstep_picker;
GO
