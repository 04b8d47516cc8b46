/*
Purpose:     The role of putaway operators: the procedures of the schema putaway. No right on any table: ownership chaining does
             the rest. The part that TransferLot is made of is denied, because called by itself it knows no request id.
Running it again is harmless.
*/
IF DATABASE_PRINCIPAL_ID(N'lockstep_putaway') IS NULL
    CREATE ROLE lockstep_putaway AUTHORIZATION dbo;
GO

GRANT EXECUTE ON SCHEMA::putaway TO lockstep_putaway;
DENY EXECUTE ON OBJECT::putaway.MoveLot TO lockstep_putaway;
GO
