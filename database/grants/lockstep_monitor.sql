/*
Purpose:     The role of monitoring: the checks of the schema ops. No right on any table: ownership chaining does the rest. It may
             not take a new baseline, which would make what is broken the state to reckon from.
Running it again is harmless.
*/
IF DATABASE_PRINCIPAL_ID(N'lockstep_monitor') IS NULL
    CREATE ROLE lockstep_monitor AUTHORIZATION dbo;
GO

GRANT EXECUTE ON SCHEMA::ops TO lockstep_monitor;
DENY EXECUTE ON OBJECT::ops.SetBaseline TO lockstep_monitor;
GO
