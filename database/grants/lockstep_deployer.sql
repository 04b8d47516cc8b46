/*
Purpose:     The role of deployment, after the first one (which a member of db_owner makes, because it creates schemas and roles
             in the name of dbo): lockstep's schemas with all that is in them, and indexes on the ERP's tables. It has no right
             on the ERP's rows; but who may define procedures that dbo owns can write one that has, so give it to deployers
             alone.
Running it again is harmless.
*/
IF DATABASE_PRINCIPAL_ID(N'lockstep_deployer') IS NULL
    CREATE ROLE lockstep_deployer AUTHORIZATION dbo;
GO

GRANT CREATE TABLE, CREATE VIEW, CREATE PROCEDURE, CREATE FUNCTION TO lockstep_deployer;
GRANT CONTROL ON SCHEMA::lockstep TO lockstep_deployer;
GRANT CONTROL ON SCHEMA::picking TO lockstep_deployer;
GRANT CONTROL ON SCHEMA::putaway TO lockstep_deployer;
GRANT CONTROL ON SCHEMA::bags TO lockstep_deployer;
GRANT CONTROL ON SCHEMA::operators TO lockstep_deployer;
GRANT CONTROL ON SCHEMA::ops TO lockstep_deployer;
GRANT ALTER ON SCHEMA::dbo TO lockstep_deployer;
GO
