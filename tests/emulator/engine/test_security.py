"""Logins, users, roles, permissions, ownership chains and impersonation.

Documentation: "Permissions (Database Engine)", "GRANT", "DENY", "REVOKE", "EXECUTE AS (Transact-SQL)".
"""

from __future__ import annotations

from typing import Any

import pytest

from emulator.errors import SqlError

PASSWORD = "Corr3ct-horse"


@pytest.fixture
def admin(client: Any) -> Any:
    """sa, in a database with a table, a view and procedures."""
    client.run("CREATE SCHEMA picking")
    client.run("CREATE TABLE dbo.Lot (LotNo int PRIMARY KEY, Qty int NOT NULL); INSERT dbo.Lot VALUES (1, 10), (2, 20)")
    client.run("CREATE VIEW dbo.Lots AS SELECT LotNo, Qty FROM dbo.Lot")
    client.run("CREATE PROCEDURE picking.Take @lot int AS UPDATE dbo.Lot SET Qty -= 1 WHERE LotNo = @lot")
    client.run("CREATE PROCEDURE picking.List AS SELECT LotNo FROM dbo.Lot ORDER BY LotNo")
    return client


@pytest.fixture
def open_as(engine: Any, admin: Any) -> Any:
    """Opens a session of a login that has a user of its own name."""

    def open_session(name: str) -> Any:
        if not admin.value(f"SUSER_ID('{name}')"):
            admin.run(f"CREATE LOGIN {name} WITH PASSWORD = '{PASSWORD}', DEFAULT_DATABASE = lockstep")
            admin.run(f"CREATE USER {name} FOR LOGIN {name}")
        return engine.client_of(name, PASSWORD)

    return open_session


@pytest.fixture
def ann(open_as: Any) -> Any:
    return open_as("ann")


# --- Logins -----------------------------------------------------------------------------------------------------------


def test_a_login_enters_with_its_password_only(engine: Any, open_as: Any) -> None:
    assert open_as("ann").query("SELECT SUSER_SNAME(), ORIGINAL_LOGIN(), USER_NAME(), DB_NAME()") == [
        ("ann", "ann", "ann", "lockstep")
    ]
    with pytest.raises(SqlError) as refused:
        engine.client_of("ann", "wrong")
    assert (refused.value.number, refused.value.severity) == (18456, 14)


def test_passwords_are_kept_as_salted_hashes(engine: Any, admin: Any) -> None:
    admin.run(f"CREATE LOGIN ann WITH PASSWORD = '{PASSWORD}'; CREATE LOGIN bob WITH PASSWORD = '{PASSWORD}'")
    security = engine.instance.security
    ann, bob = security.find("ann").password, security.find("bob").password
    assert ann.digest != bob.digest
    assert PASSWORD not in repr(ann)
    assert not any(PASSWORD in str(key) for key in engine.instance.units)
    assert admin.query("SELECT password_hash FROM sys.sql_logins WHERE name = 'ann'") == [(None,)]


@pytest.mark.parametrize(
    ("statement", "number"),
    [
        (f"CREATE LOGIN sa WITH PASSWORD = '{PASSWORD}'", 15025),
        ("CREATE LOGIN ann WITH PASSWORD = 'short'", 15116),
        ("CREATE LOGIN ann WITH PASSWORD = 'onlylowercase'", 15118),
        (f"CREATE LOGIN ann WITH PASSWORD = '{PASSWORD}', DEFAULT_DATABASE = nowhere", 15010),
        ("CREATE LOGIN [WAREHOUSE\\ann] FROM WINDOWS", 15401),
        ("CREATE USER ann FOR LOGIN nobody", 15007),
        ("CREATE USER ann", 15007),
        ("CREATE USER guest WITHOUT LOGIN", 15023),
        ("CREATE ROLE dbo", 15023),
        ("ALTER ROLE pickers ADD MEMBER ann", 15151),
        ("ALTER ROLE db_owner ADD MEMBER nobody", 15151),
        ("ALTER ROLE db_owner ADD MEMBER dbo", 15405),
        ("ALTER ROLE [public] ADD MEMBER guest", 15081),
        ("DROP USER nobody", 15151),
        ("DROP USER dbo", 15150),
        ("DROP ROLE db_datareader", 15150),
        ("DROP LOGIN nobody", 15151),
        ("EXEC sp_addrolemember 'pickers', 'ann'", 15014),
        ("EXEC sp_addrolemember 'db_owner', 'nobody'", 15410),
        ("EXECUTE AS USER = 'nobody'", 15517),
        ("EXECUTE AS LOGIN = 'nobody'", 15406),
        ("GRANT SELECT ON dbo.Nothing TO public", 15151),
        ("GRANT SELECT ON dbo.Lot TO nobody", 15151),
        ("GRANT SELECT ON SCHEMA::nowhere TO public", 15151),
        ("GRANT EXECUTE ON dbo.Lot TO public", 4606),
        ("GRANT SELECT ON picking.List TO public", 4606),
        ("GRANT SELECT ON dbo.Lot TO db_owner", 4617),
        ("GRANT CONNECT TO public", 4627),
        ("GRANT VIEW SERVER STATE TO sa", 4621),
        ("GRANT CREATE TABLE, VIEW SERVER STATE TO public", 4620),
        ("GRANT CREATE DATABASE TO public", 4619),
        ("GRANT FLYING TO public", 102),
        ("CREATE SCHEMA own AUTHORIZATION nobody", 15151),
    ],
)
def test_wrong_statements_have_their_numbers(admin: Any, statement: str, number: int) -> None:
    assert admin.fails(statement).number == number


def test_grants_to_dbo_change_nothing_and_say_so(admin: Any) -> None:
    sink = admin.run("GRANT SELECT ON dbo.Lot TO dbo")
    assert [message.number for message in sink.messages] == [4624]


def test_a_login_has_one_user_in_a_database(admin: Any, ann: Any) -> None:
    assert admin.fails("CREATE USER other FOR LOGIN ann").number == 15063


def test_a_disabled_login_stays_outside(engine: Any, admin: Any, ann: Any) -> None:
    admin.run("ALTER LOGIN ann DISABLE")
    with pytest.raises(SqlError) as refused:
        engine.client_of("ann", PASSWORD)
    assert refused.value.number == 18470


def test_a_login_changes_its_own_password_with_the_old_one(engine: Any, ann: Any) -> None:
    assert ann.fails("ALTER LOGIN ann WITH PASSWORD = 'N3w-password'").number == 15151
    ann.run(f"ALTER LOGIN ann WITH PASSWORD = 'N3w-password' OLD_PASSWORD = '{PASSWORD}'")
    assert engine.client_of("ann", "N3w-password").value("1") == 1


def test_a_login_in_use_or_owning_a_database_is_not_dropped(admin: Any, ann: Any) -> None:
    assert admin.fails("DROP LOGIN ann").number == 15434
    admin.run(f"CREATE DATABASE other; CREATE LOGIN bob WITH PASSWORD = '{PASSWORD}'")
    admin.run("ALTER AUTHORIZATION ON DATABASE::other TO bob")
    assert admin.fails("DROP LOGIN bob").number == 15174


def test_a_user_outlives_its_login_and_does_not_fall_to_the_next_of_that_name(
    engine: Any, admin: Any, ann: Any
) -> None:
    ann.session.close()
    admin.run(f"DROP LOGIN ann; CREATE LOGIN ann WITH PASSWORD = '{PASSWORD}', DEFAULT_DATABASE = lockstep")
    with pytest.raises(SqlError) as refused:
        engine.client_of("ann", PASSWORD)
    assert refused.value.number == 4064
    admin.run("ALTER USER ann WITH LOGIN = ann")
    assert engine.client_of("ann", PASSWORD).value("USER_NAME()") == "ann"


# --- Databases --------------------------------------------------------------------------------------------------------


def test_a_login_without_a_user_stays_out_of_the_database(engine: Any, admin: Any, ann: Any) -> None:
    admin.run("CREATE DATABASE other; CREATE TABLE other.dbo.T (Id int)")
    error = ann.fails("USE other")
    assert (error.number, error.severity) == (916, 14)
    assert error.message == (
        'The server principal "ann" is not able to access the database "other" under the current security context.'
    )
    assert ann.fails("SELECT * FROM other.dbo.T").number == 916
    with pytest.raises(SqlError) as refused:
        engine.client_of("ann", PASSWORD, "other")
    assert refused.value.number == 4060
    assert ann.query("SELECT HAS_DBACCESS('other'), HAS_DBACCESS('master'), HAS_DBACCESS('x')") == [(0, 1, None)]
    ann.run("USE master")
    assert ann.value("USER_NAME()") == "guest"


def test_who_is_denied_connect_stays_out(engine: Any, admin: Any, ann: Any) -> None:
    admin.run("DENY CONNECT TO ann")
    with pytest.raises(SqlError):
        engine.client_of("ann", PASSWORD)


def test_the_owner_of_a_database_is_dbo_there(engine: Any, admin: Any, open_as: Any) -> None:
    ann = open_as("ann")
    admin.run("CREATE DATABASE other; ALTER AUTHORIZATION ON DATABASE::other TO ann")
    ann.run("USE other; CREATE TABLE dbo.Own (Id int); INSERT Own VALUES (1)")
    assert ann.query("SELECT USER_NAME(), IS_SRVROLEMEMBER('sysadmin'), IS_MEMBER('db_owner')") == [("dbo", 0, 1)]


def test_creating_databases_takes_dbcreator(admin: Any, ann: Any) -> None:
    error = ann.fails("CREATE DATABASE other")
    assert (error.number, error.message) == (262, "CREATE DATABASE permission denied in database 'master'.")
    admin.run("ALTER SERVER ROLE dbcreator ADD MEMBER ann")
    ann.run("CREATE DATABASE other")
    ann.run("USE other")
    assert ann.value("USER_NAME()") == "dbo"


# --- Tables and views -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("permission", "statement"),
    [
        ("SELECT", "SELECT * FROM dbo.Lot"),
        ("SELECT", "DECLARE @n int = (SELECT COUNT(*) FROM dbo.Lot)"),
        ("SELECT", "IF EXISTS (SELECT * FROM dbo.Lot) PRINT 'yes'"),
        ("INSERT", "INSERT dbo.Lot VALUES (3, 30)"),
        ("UPDATE", "UPDATE dbo.Lot SET Qty = 1"),
        ("DELETE", "DELETE dbo.Lot"),
    ],
)
def test_what_is_not_granted_is_refused_and_what_is_granted_works(
    admin: Any, ann: Any, permission: str, statement: str
) -> None:
    error = ann.fails(statement)
    assert (error.number, error.severity, error.state) == (229, 14, 5)
    assert error.message == (
        f"The {permission} permission was denied on the object 'Lot', database 'lockstep', schema 'dbo'."
    )
    admin.run(f"GRANT {permission} ON dbo.Lot TO ann")
    ann.run(statement)
    admin.run(f"REVOKE {permission} ON dbo.Lot FROM ann")
    assert ann.fails(statement).number == 229


@pytest.mark.parametrize("statement", ["UPDATE dbo.Lot SET Qty = 1 WHERE LotNo = 1", "UPDATE dbo.Lot SET Qty += 1"])
def test_an_update_that_reads_columns_needs_select_too(admin: Any, ann: Any, statement: str) -> None:
    admin.run("GRANT UPDATE ON dbo.Lot TO ann")
    assert "SELECT permission" in ann.fails(statement).message
    admin.run("GRANT SELECT ON dbo.Lot TO ann")
    ann.run(statement)


def test_a_refused_statement_ends_alone_and_can_be_caught(ann: Any) -> None:
    sink = ann.collect("SELECT * FROM dbo.Lot; SELECT 7 AS Goes")
    assert [error.number for error in sink.errors] == [229]
    assert sink.result_sets[-1].rows == [(7,)]
    caught = ann.query("BEGIN TRY SELECT * FROM dbo.Lot END TRY BEGIN CATCH SELECT ERROR_NUMBER() END CATCH")
    assert caught == [(229,)]


def test_deny_beats_grant_wherever_it_stands(admin: Any, ann: Any) -> None:
    admin.run("CREATE ROLE pickers; ALTER ROLE pickers ADD MEMBER ann; GRANT SELECT ON dbo.Lot TO ann")
    assert ann.query("SELECT COUNT(*) FROM dbo.Lot") == [(2,)]
    for deny in ("DENY SELECT ON dbo.Lot TO pickers", "DENY SELECT ON SCHEMA::dbo TO public", "DENY CONTROL TO ann"):
        admin.run(deny)
        assert ann.fails("SELECT COUNT(*) FROM dbo.Lot").number == 229
        admin.run(deny.replace("DENY", "REVOKE"))
    assert ann.query("SELECT COUNT(*) FROM dbo.Lot") == [(2,)]


@pytest.mark.parametrize(
    "grant",
    ["SELECT ON dbo.Lot", "CONTROL ON dbo.Lot", "SELECT ON SCHEMA::dbo", "CONTROL ON SCHEMA::dbo", "SELECT", "CONTROL"],
)
def test_what_contains_an_object_covers_it(admin: Any, ann: Any, grant: str) -> None:
    admin.run("CREATE ROLE inner_role; CREATE ROLE outer_role; ALTER ROLE outer_role ADD MEMBER inner_role")
    admin.run("ALTER ROLE inner_role ADD MEMBER ann")
    assert ann.fails("SELECT COUNT(*) FROM dbo.Lot").number == 229
    admin.run(f"GRANT {grant} TO outer_role")
    assert ann.query("SELECT COUNT(*) FROM dbo.Lot") == [(2,)]
    admin.run("EXEC sp_droprolemember 'inner_role', 'ann'")
    assert ann.fails("SELECT COUNT(*) FROM dbo.Lot").number == 229


@pytest.mark.parametrize(
    ("role", "allowed"),
    [
        ("db_owner", {"read", "write", "execute", "define"}),
        ("db_datareader", {"read"}),
        ("db_datawriter", {"write"}),
        ("db_ddladmin", {"define"}),
        ("db_securityadmin", set()),
        ("db_backupoperator", set()),
    ],
)
def test_fixed_database_roles(admin: Any, ann: Any, role: str, allowed: set[str]) -> None:
    admin.run(f"ALTER ROLE {role} ADD MEMBER ann")
    statements = {
        "read": "SELECT * FROM dbo.Lot",
        "write": "INSERT dbo.Lot VALUES (9, 9)",
        "execute": "EXEC picking.List",
        "define": "CREATE TABLE dbo.New (Id int)",
    }
    assert {name for name, text in statements.items() if not ann.collect(text).errors} == allowed


def test_denying_roles(admin: Any, ann: Any) -> None:
    admin.run("GRANT SELECT, INSERT ON dbo.Lot TO ann; ALTER ROLE db_denydatawriter ADD MEMBER ann")
    ann.run("SELECT * FROM dbo.Lot")
    assert ann.fails("INSERT dbo.Lot VALUES (9, 9)").number == 229
    admin.run("ALTER ROLE db_denydatareader ADD MEMBER ann")
    assert ann.fails("SELECT * FROM dbo.Lot").number == 229


def test_temporary_tables_and_table_variables_are_everybodys_own(ann: Any) -> None:
    ann.run("CREATE TABLE #t (Id int); INSERT #t VALUES (1); DECLARE @t TABLE (Id int); INSERT @t SELECT Id FROM #t")
    ann.run("UPDATE #t SET Id = 2 WHERE Id = 1; DROP TABLE #t")


def test_a_sequence_takes_update(admin: Any, ann: Any) -> None:
    admin.run("CREATE SEQUENCE dbo.Numbers AS int START WITH 1")
    assert "UPDATE permission" in ann.fails("SELECT NEXT VALUE FOR dbo.Numbers").message
    admin.run("GRANT UPDATE ON dbo.Numbers TO ann")
    assert ann.query("SELECT NEXT VALUE FOR dbo.Numbers") == [(1,)]


def test_functions_take_execute_or_select(admin: Any, ann: Any) -> None:
    admin.run("CREATE FUNCTION dbo.Total() RETURNS int AS BEGIN RETURN (SELECT SUM(Qty) FROM dbo.Lot) END")
    admin.run("CREATE FUNCTION dbo.Above(@n int) RETURNS TABLE AS RETURN SELECT LotNo FROM dbo.Lot WHERE Qty > @n")
    assert "EXECUTE permission" in ann.fails("SELECT dbo.Total()").message
    assert "SELECT permission was denied on the object 'Above'" in ann.fails("SELECT * FROM dbo.Above(15)").message
    admin.run("GRANT EXECUTE ON dbo.Total TO ann; GRANT SELECT ON dbo.Above TO ann")
    assert ann.query("SELECT dbo.Total()") == [(30,)]
    assert ann.query("SELECT * FROM dbo.Above(15)") == [(2,)]


def test_expressions_of_a_table_run_for_its_owner(admin: Any, ann: Any) -> None:
    admin.run("CREATE FUNCTION dbo.Positive(@n int) RETURNS bit AS BEGIN RETURN IIF(@n > 0, 1, 0) END")
    admin.run("CREATE SEQUENCE dbo.Ids AS int START WITH 5")
    admin.run("CREATE TABLE dbo.Checked (Id int DEFAULT NEXT VALUE FOR dbo.Ids, N int CHECK (dbo.Positive(N) = 1))")
    admin.run("GRANT INSERT ON dbo.Checked TO ann")
    ann.run("INSERT dbo.Checked (N) VALUES (1)")
    assert admin.query("SELECT Id, N FROM dbo.Checked") == [(5, 1)]


# --- Ownership chains -------------------------------------------------------------------------------------------------


def test_who_may_execute_a_procedure_needs_nothing_on_its_owners_tables(admin: Any, ann: Any) -> None:
    error = ann.fails("EXEC picking.Take 1")
    assert (error.number, error.message) == (
        229,
        "The EXECUTE permission was denied on the object 'Take', database 'lockstep', schema 'picking'.",
    )
    admin.run("GRANT EXECUTE ON SCHEMA::picking TO ann; DENY UPDATE ON dbo.Lot TO ann")
    ann.run("EXEC picking.Take 1")
    assert admin.query("SELECT Qty FROM dbo.Lot WHERE LotNo = 1") == [(9,)]
    assert ann.fails("UPDATE dbo.Lot SET Qty = 0").number == 229


def test_a_view_lends_its_owners_tables(admin: Any, ann: Any) -> None:
    admin.run("GRANT SELECT ON dbo.Lots TO ann")
    assert ann.query("SELECT LotNo FROM dbo.Lots WHERE Qty = 20") == [(2,)]
    assert ann.fails("SELECT v.LotNo FROM dbo.Lots AS v JOIN dbo.Lot AS t ON t.LotNo = v.LotNo").number == 229


def test_chains_run_through_procedures_views_and_functions(admin: Any, ann: Any) -> None:
    admin.run("CREATE FUNCTION dbo.Total() RETURNS int AS BEGIN RETURN (SELECT SUM(Qty) FROM dbo.Lots) END")
    admin.run("CREATE PROCEDURE dbo.Inner_ AS SELECT dbo.Total() FROM dbo.Lots WHERE LotNo = 1")
    admin.run("CREATE PROCEDURE picking.Outer_ AS EXEC dbo.Inner_")
    admin.run("GRANT EXECUTE ON picking.Outer_ TO ann")
    assert ann.query("EXEC picking.Outer_") == [(30,)]
    assert ann.fails("EXEC dbo.Inner_").number == 229


@pytest.mark.parametrize(
    "change",
    [
        "ALTER AUTHORIZATION ON SCHEMA::picking TO bob",
        "ALTER AUTHORIZATION ON dbo.Lot TO bob",
        "ALTER AUTHORIZATION ON picking.List TO bob",
    ],
)
def test_another_owner_breaks_the_chain(admin: Any, ann: Any, change: str) -> None:
    admin.run("CREATE USER bob WITHOUT LOGIN; GRANT EXECUTE TO ann")
    assert ann.query("EXEC picking.List") == [(1,), (2,)]
    admin.run(change)
    assert "SELECT permission was denied on the object 'Lot'" in ann.fails("EXEC picking.List").message
    admin.run(change.replace("TO bob", "TO dbo"))
    assert ann.query("EXEC picking.List") == [(1,), (2,)]


@pytest.mark.parametrize(
    "call", ["EXEC ('SELECT LotNo FROM dbo.Lot')", "EXEC sp_executesql N'SELECT LotNo FROM dbo.Lot'"]
)
def test_dynamic_sql_breaks_the_chain(admin: Any, ann: Any, call: str) -> None:
    quoted = call.replace("'", "''")
    admin.run(f"EXEC ('CREATE PROCEDURE picking.Dynamic AS {quoted}'); GRANT EXECUTE ON picking.Dynamic TO ann")
    assert "SELECT permission" in ann.fails("EXEC picking.Dynamic").message
    admin.run("GRANT SELECT ON dbo.Lot TO ann")
    assert ann.query("EXEC picking.Dynamic") == [(1,), (2,)]


def test_chains_end_at_the_border_of_the_database(admin: Any, ann: Any) -> None:
    admin.run("CREATE DATABASE other")
    admin.run("CREATE TABLE other.dbo.Far (Id int)")
    admin.run("CREATE PROCEDURE picking.Far AS SELECT * FROM other.dbo.Far")
    admin.run("GRANT EXECUTE ON picking.Far TO ann")
    assert ann.fails("EXEC picking.Far").number == 916
    admin.run("USE other; CREATE USER ann FOR LOGIN ann")
    admin.run("USE lockstep")
    assert ann.fails("EXEC picking.Far").number == 229


# --- Definitions ------------------------------------------------------------------------------------------------------


def test_creating_takes_a_permission_and_alter_on_the_schema(admin: Any, ann: Any) -> None:
    statement = "CREATE TABLE picking.T (Id int)"
    error = ann.fails(statement)
    assert (error.number, error.severity) == (262, 14)
    assert error.message == "CREATE TABLE permission denied in database 'lockstep'."
    admin.run("GRANT CREATE TABLE TO ann")
    assert ann.fails(statement).number == 2760
    admin.run("GRANT ALTER ON SCHEMA::picking TO ann")
    ann.run(statement)
    assert ann.fails("SELECT * FROM picking.T").number == 229
    ann.run("ALTER TABLE picking.T ADD N int; DROP TABLE picking.T")


@pytest.mark.parametrize(
    ("statement", "number"),
    [
        ("CREATE PROCEDURE dbo.P AS RETURN", 262),
        ("CREATE VIEW dbo.V AS SELECT 1 AS x", 262),
        ("CREATE FUNCTION dbo.F() RETURNS int AS BEGIN RETURN 1 END", 262),
        ("CREATE SCHEMA own", 262),
        ("CREATE TYPE dbo.Code FROM int", 262),
        ("CREATE SEQUENCE dbo.S", 2760),
        ("SELECT 1 AS x INTO dbo.Copy", 262),
        ("ALTER TABLE dbo.Lot ADD N int", 1088),
        ("CREATE INDEX ix ON dbo.Lot (Qty)", 1088),
        ("TRUNCATE TABLE dbo.Lot", 1088),
        ("DROP TABLE dbo.Lot", 3701),
        ("DROP PROCEDURE picking.List", 3701),
        ("CREATE OR ALTER PROCEDURE picking.List AS RETURN", 3701),
        ("DROP SCHEMA picking", 15151),
        ("EXEC sp_rename 'dbo.Lot', 'Batch'", 15225),
        ("EXEC sp_rename 'dbo.Lot.Qty', 'Quantity', 'COLUMN'", 15225),
        ("CREATE LOGIN bob WITH PASSWORD = 'Corr3ct-horse'", 15247),
        ("CREATE USER bob WITHOUT LOGIN", 15247),
        ("CREATE ROLE pickers", 15247),
        ("ALTER ROLE db_owner ADD MEMBER ann", 15151),
        ("ALTER SERVER ROLE sysadmin ADD MEMBER ann", 15151),
        ("EXEC sp_addrolemember 'db_owner', 'ann'", 15247),
        ("GRANT SELECT ON dbo.Lot TO public", 15151),
        ("GRANT CREATE TABLE TO public", 4613),
        ("ALTER AUTHORIZATION ON dbo.Lot TO ann", 15151),
        ("ALTER DATABASE lockstep SET COMPATIBILITY_LEVEL = 150", 5011),
        ("EXECUTE AS USER = 'dbo'", 15517),
        ("EXECUTE AS LOGIN = 'sa'", 15406),
    ],
)
def test_who_was_granted_nothing_defines_nothing(ann: Any, statement: str, number: int) -> None:
    assert ann.fails(statement).number == number


def test_the_owner_of_a_schema_does_there_what_he_likes(admin: Any, ann: Any) -> None:
    admin.run("CREATE SCHEMA own AUTHORIZATION ann")
    admin.run("GRANT CREATE TABLE TO ann; ALTER USER ann WITH DEFAULT_SCHEMA = own")
    ann.run("CREATE TABLE T (Id int); INSERT T VALUES (1)")
    assert ann.query("SELECT Id FROM own.T") == [(1,)]
    assert ann.query("SELECT SCHEMA_NAME(schema_id) FROM sys.tables WHERE name = 'T'") == [("own",)]
    assert ann.query("SELECT name FROM sys.schemas WHERE principal_id = USER_ID()") == [("own",)]
    assert admin.fails("DROP USER ann").number == 15138


def test_one_part_names_are_looked_up_in_the_default_schema_first(admin: Any, ann: Any, open_as: Any) -> None:
    admin.run("CREATE TABLE picking.Lot (Own int); GRANT SELECT TO ann")
    assert len(ann.query("SELECT * FROM Lot")) == 2
    admin.run("ALTER USER ann WITH DEFAULT_SCHEMA = picking")
    assert ann.query("SELECT * FROM Lot") == []
    assert len(admin.query("SELECT * FROM Lot")) == 2


# --- Passing on, taking back ------------------------------------------------------------------------------------------


def test_a_grant_option_is_passed_on_and_taken_back_with_cascade(admin: Any, open_as: Any) -> None:
    ann, bob = open_as("ann"), open_as("bob")
    admin.run("GRANT SELECT ON dbo.Lot TO ann WITH GRANT OPTION")
    ann.run("GRANT SELECT ON dbo.Lot TO bob")
    assert ann.fails("GRANT INSERT ON dbo.Lot TO bob").number == 15151
    assert len(bob.query("SELECT * FROM dbo.Lot")) == 2
    assert admin.fails("REVOKE SELECT ON dbo.Lot FROM ann").number == 4611
    assert admin.fails("DROP USER ann").number == 15284
    admin.run("REVOKE SELECT ON dbo.Lot FROM ann CASCADE")
    assert bob.fails("SELECT * FROM dbo.Lot").number == 229


def test_security_admins_grant_but_do_not_read(admin: Any, open_as: Any) -> None:
    ann, bob = open_as("ann"), open_as("bob")
    admin.run("ALTER ROLE db_securityadmin ADD MEMBER ann")
    ann.run("GRANT SELECT ON dbo.Lot TO bob; CREATE ROLE pickers; ALTER ROLE pickers ADD MEMBER bob")
    assert len(bob.query("SELECT * FROM dbo.Lot")) == 2
    assert ann.fails("SELECT * FROM dbo.Lot").number == 229
    assert ann.fails("ALTER ROLE db_owner ADD MEMBER bob").number == 15151


def test_all_changes_are_undone_with_their_transaction(admin: Any, ann: Any) -> None:
    principals = "SELECT name FROM sys.database_principals ORDER BY principal_id"
    before = admin.query(principals)
    admin.run(
        "BEGIN TRAN; CREATE LOGIN eve WITH PASSWORD = 'Corr3ct-horse'; CREATE USER eve; CREATE ROLE pickers;"
        "ALTER ROLE pickers ADD MEMBER ann; GRANT SELECT ON dbo.Lot TO pickers; DENY SELECT ON dbo.Lots TO ann;"
        "ALTER USER ann WITH NAME = anna; ROLLBACK"
    )
    assert admin.query(principals) == before
    assert admin.value("SUSER_ID('eve')") is None
    assert admin.query("SELECT COUNT(*) FROM sys.database_permissions WHERE permission_name = 'SELECT'") == [(0,)]
    assert ann.value("USER_NAME()") == "ann"
    assert ann.fails("SELECT * FROM dbo.Lot").number == 229


def test_dropping_a_user_takes_what_it_was_granted(admin: Any, ann: Any) -> None:
    admin.run("GRANT SELECT ON dbo.Lot TO ann; ALTER ROLE db_datawriter ADD MEMBER ann; DROP USER ann")
    assert admin.query("SELECT COUNT(*) FROM sys.database_permissions WHERE class = 1") == [(0,)]
    assert admin.query("SELECT COUNT(*) FROM sys.database_role_members WHERE member_principal_id <> 1") == [(0,)]


def test_permissions_stay_when_a_procedure_is_altered_and_go_when_it_is_dropped(admin: Any, ann: Any) -> None:
    admin.run("GRANT EXECUTE ON picking.List TO ann")
    admin.run("CREATE OR ALTER PROCEDURE picking.List AS SELECT 5")
    assert ann.query("EXEC picking.List") == [(5,)]
    admin.run("DROP PROCEDURE picking.List")
    admin.run("CREATE PROCEDURE picking.List AS SELECT 6")
    assert ann.fails("EXEC picking.List").number == 229


def test_a_check_waits_for_a_grant_that_is_not_committed(engine: Any, admin: Any, ann: Any) -> None:
    admin.run("BEGIN TRAN; GRANT SELECT ON dbo.Lot TO ann")
    waiting = ann.start("SELECT COUNT(*) FROM dbo.Lot")
    assert not waiting.done
    admin.run("COMMIT")
    assert waiting.done
    assert waiting.rows == [(2,)]


# --- Impersonation ----------------------------------------------------------------------------------------------------

WHO = "SELECT USER_NAME(), SUSER_SNAME(), ORIGINAL_LOGIN()"


def test_execute_as_user_and_revert(admin: Any, ann: Any) -> None:
    assert admin.results(f"EXECUTE AS USER = 'ann'; {WHO}; REVERT; {WHO}") == [
        [("ann", "ann", "sa")],
        [("dbo", "sa", "sa")],
    ]
    assert admin.fails("EXECUTE AS USER = 'ann'; SELECT * FROM dbo.Lot").number == 229
    assert admin.query("REVERT; SELECT COUNT(*) FROM dbo.Lot") == [(2,)]


def test_an_impersonated_user_stays_in_its_database(admin: Any, ann: Any) -> None:
    assert admin.fails("EXECUTE AS USER = 'ann'; USE master").number == 916
    admin.run("REVERT; EXECUTE AS LOGIN = 'ann'; USE master; REVERT")
    assert admin.query(WHO) == [("dbo", "sa", "sa")]


def test_impersonation_takes_a_permission(admin: Any, open_as: Any) -> None:
    ann, _ = open_as("ann"), open_as("bob")
    assert ann.fails("EXECUTE AS USER = 'bob'").number == 15517
    admin.run("GRANT IMPERSONATE ON USER::bob TO ann")
    assert ann.query(f"EXECUTE AS USER = 'bob'; {WHO}") == [("bob", "bob", "ann")]
    assert ann.query(f"REVERT; REVERT; {WHO}") == [("ann", "ann", "ann")]
    assert ann.fails("EXECUTE AS USER = 'bob' WITH NO REVERT; REVERT").number == 15196


def test_a_reset_ends_impersonation(admin: Any, ann: Any) -> None:
    admin.run("EXECUTE AS USER = 'ann' WITH NO REVERT")
    admin.session.reset(keep_transaction=False)
    assert admin.query(WHO) == [("dbo", "sa", "sa")]


@pytest.mark.parametrize(
    ("clause", "who"),
    [("CALLER", ("ann", "ann")), ("OWNER", ("dbo", "sa")), ("SELF", ("dbo", "sa")), ("'bob'", ("bob", None))],
)
def test_modules_run_as_their_clause_says(admin: Any, ann: Any, clause: str, who: tuple[str, str | None]) -> None:
    admin.run("CREATE USER bob WITHOUT LOGIN")
    admin.run(f"CREATE PROCEDURE picking.Who WITH EXECUTE AS {clause} AS {WHO}")
    admin.run("GRANT EXECUTE ON picking.Who TO ann")
    ((user, login, original),) = ann.query("EXEC picking.Who")
    assert (user, original) == (who[0], "ann")
    assert login.startswith("S-1-9-3-") if who[1] is None else login == who[1]
    assert ann.query(WHO) == [("ann", "ann", "ann")]


def test_dynamic_sql_in_a_module_that_runs_as_its_owner(admin: Any, ann: Any) -> None:
    admin.run("CREATE PROCEDURE picking.Dyn WITH EXECUTE AS OWNER AS EXEC ('SELECT COUNT(*) FROM dbo.Lot')")
    admin.run("GRANT EXECUTE ON picking.Dyn TO ann")
    assert ann.query("EXEC picking.Dyn") == [(2,)]
    assert admin.query(
        "SELECT execute_as_principal_id FROM sys.sql_modules WHERE object_id = OBJECT_ID('picking.Dyn')"
    ) == [(-2,)]


def test_what_a_module_impersonates_ends_with_it(admin: Any, ann: Any) -> None:
    admin.run("CREATE PROCEDURE picking.Leaves AS EXECUTE AS USER = 'ann'; SELECT USER_NAME()")
    assert admin.query("EXEC picking.Leaves") == [("ann",)]
    assert admin.query(WHO) == [("dbo", "sa", "sa")]


def test_execute_as_caller_steps_back_inside_a_module(admin: Any, ann: Any) -> None:
    admin.run(
        "CREATE PROCEDURE picking.Back WITH EXECUTE AS OWNER AS "
        "SELECT USER_NAME(); EXECUTE AS CALLER; SELECT USER_NAME(); REVERT; SELECT USER_NAME()"
    )
    admin.run("GRANT EXECUTE ON picking.Back TO ann")
    assert ann.results("EXEC picking.Back") == [[("dbo",)], [("ann",)], [("dbo",)]]


def test_a_string_runs_as_somebody_else(admin: Any, ann: Any) -> None:
    assert admin.query(f"EXEC ('{WHO}') AS USER = 'ann'") == [("ann", "ann", "sa")]
    assert admin.query(WHO) == [("dbo", "sa", "sa")]


def test_a_module_that_runs_as_nobody_is_refused_and_keeps_its_user(admin: Any) -> None:
    error = admin.fails("CREATE PROCEDURE picking.Odd WITH EXECUTE AS 'nobody' AS SELECT 1")
    assert error.number == 15151
    admin.run("CREATE USER bob WITHOUT LOGIN")
    admin.run("CREATE PROCEDURE picking.AsBob WITH EXECUTE AS 'bob' AS SELECT 1")
    assert admin.fails("DROP USER bob").number == 15136


# --- Functions and views ----------------------------------------------------------------------------------------------


def test_memberships_as_functions_tell_them(admin: Any, ann: Any) -> None:
    admin.run("CREATE ROLE shift; CREATE ROLE pickers; ALTER ROLE pickers ADD MEMBER shift")
    admin.run("ALTER ROLE shift ADD MEMBER ann")
    assert ann.query("SELECT IS_MEMBER('pickers'), IS_MEMBER('db_owner'), IS_MEMBER('public'), IS_MEMBER('none')") == [
        (1, 0, 1, None)
    ]
    assert admin.query("SELECT IS_ROLEMEMBER('Pickers', 'Ann'), IS_ROLEMEMBER('pickers', 'none')") == [(1, None)]
    assert admin.query("SELECT IS_SRVROLEMEMBER('sysadmin'), IS_SRVROLEMEMBER('dbcreator', 'ann')") == [(1, 0)]
    assert admin.query("SELECT IS_MEMBER('db_owner'), IS_SRVROLEMEMBER('nonsense')") == [(1, None)]


@pytest.mark.parametrize(
    ("arguments", "before", "after"),
    [
        ("'dbo.Lot', 'OBJECT', 'SELECT'", 0, 1),
        ("'dbo.Lot', 'OBJECT', 'UPDATE'", 0, 0),
        ("'dbo.Lot', 'OBJECT', 'ANY'", 0, 1),
        ("'dbo.None', 'OBJECT', 'SELECT'", None, None),
        ("'dbo.Lot', 'OBJECT', 'FLY'", None, None),
        ("'picking', 'SCHEMA', 'EXECUTE'", 0, 1),
        ("NULL, 'DATABASE', 'CREATE TABLE'", 0, 0),
        ("NULL, NULL, 'VIEW SERVER STATE'", 0, 0),
    ],
)
def test_has_perms_by_name(admin: Any, ann: Any, arguments: str, before: int | None, after: int | None) -> None:
    question = f"SELECT HAS_PERMS_BY_NAME({arguments})"
    assert ann.query(question) == [(before,)]
    admin.run("GRANT SELECT ON dbo.Lot TO ann; GRANT EXECUTE ON SCHEMA::picking TO ann")
    assert ann.query(question) == [(after,)]
    assert admin.query(question) == [(None if before is None else 1,)]


def test_the_catalog_shows_permissions(admin: Any, ann: Any) -> None:
    admin.run("GRANT EXECUTE ON SCHEMA::picking TO ann WITH GRANT OPTION; DENY SELECT ON dbo.Lot TO ann")
    assert admin.query(
        "SELECT p.class_desc, COALESCE(OBJECT_NAME(CASE p.class WHEN 1 THEN p.major_id END), s.name), p.type,"
        " p.permission_name, p.state, p.state_desc FROM sys.database_permissions AS p"
        " LEFT JOIN sys.schemas AS s ON s.schema_id = p.major_id AND p.class = 3"
        " WHERE p.grantee_principal_id = USER_ID('ann') ORDER BY p.class"
    ) == [
        ("DATABASE", None, "CO  ", "CONNECT", "G", "GRANT"),
        ("OBJECT_OR_COLUMN", "Lot", "SL  ", "SELECT", "D", "DENY"),
        ("SCHEMA", "picking", "EX  ", "EXECUTE", "W", "GRANT_WITH_GRANT_OPTION"),
    ]


def test_the_catalog_shows_principals(admin: Any, ann: Any) -> None:
    assert admin.query(
        "SELECT type, default_database_name, is_disabled FROM sys.server_principals WHERE name = 'ann'"
    ) == [("S", "lockstep", False)]
    assert admin.query(
        "SELECT u.type, u.default_schema_name FROM sys.database_principals AS u"
        " JOIN sys.server_principals AS l ON l.sid = u.sid WHERE l.name = 'ann'"
    ) == [("S", "dbo")]
    assert admin.query("SELECT principal_id FROM sys.database_principals WHERE principal_id < 5 ORDER BY 1") == [
        (0,),
        (1,),
        (2,),
        (3,),
        (4,),
    ]


def test_a_variable_of_a_table_type_takes_execute_on_the_type(admin: Any, ann: Any) -> None:
    admin.run("CREATE TYPE dbo.Lines AS TABLE (LotNo int)")
    error = ann.fails("DECLARE @lines dbo.Lines")
    assert "The EXECUTE permission was denied on the object 'Lines'" in error.message
    admin.run("GRANT EXECUTE ON TYPE::dbo.Lines TO ann")
    ann.run("DECLARE @lines dbo.Lines; INSERT @lines VALUES (1); SELECT * FROM @lines")


def test_an_insert_that_tells_what_it_did_takes_select(admin: Any, ann: Any) -> None:
    admin.run("GRANT INSERT ON dbo.Lot TO ann")
    assert "SELECT permission" in ann.fails("INSERT dbo.Lot OUTPUT inserted.Qty VALUES (3, 30)").message
    ann.run("INSERT dbo.Lot VALUES (3, 30)")


def test_explicit_identity_values_take_alter(admin: Any, ann: Any) -> None:
    admin.run("CREATE TABLE dbo.Numbered (Id int IDENTITY, N int); GRANT INSERT ON dbo.Numbered TO ann")
    assert ann.fails("SET IDENTITY_INSERT dbo.Numbered ON").number == 1088
    admin.run("GRANT ALTER ON dbo.Numbered TO ann")
    ann.run("SET IDENTITY_INSERT dbo.Numbered ON; INSERT dbo.Numbered (Id, N) VALUES (7, 1)")


def test_the_state_of_the_server_is_shown_to_those_who_may_see_it(admin: Any, ann: Any) -> None:
    error = ann.fails("SELECT * FROM sys.dm_tran_locks")
    assert (error.number, error.severity) == (300, 14)
    assert error.message == "VIEW SERVER PERFORMANCE STATE permission was denied on object 'server', database 'master'."
    assert ann.query("SELECT login_name FROM sys.dm_exec_sessions") == [("ann",)]
    admin.run("USE master; GRANT VIEW SERVER STATE TO ann")
    ann.run("SELECT * FROM sys.dm_tran_locks")
    assert ann.query("SELECT login_name FROM sys.dm_exec_sessions ORDER BY login_name") == [("ann",), ("sa",)]
