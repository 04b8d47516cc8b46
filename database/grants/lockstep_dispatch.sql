/*
Purpose:     The role of dispatch: the procedures of the schema bags. No right on any table: ownership chaining does the rest.
Running it again is harmless.
*/
IF DATABASE_PRINCIPAL_ID(N'lockstep_dispatch') IS NULL
    CREATE ROLE lockstep_dispatch AUTHORIZATION dbo;
GO

GRANT EXECUTE ON SCHEMA::bags TO lockstep_dispatch;
GO
