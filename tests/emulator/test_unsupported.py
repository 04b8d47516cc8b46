"""T-SQL that SQL Server knows and the emulator does not: one error that names it, and no CATCH can hide it.

On SQL Server itself these statements work, or fail in other ways, so this is not run there.
"""

from collections.abc import Iterator

import pytest

from harness.connection import Session, SqlServerError, Target

pytestmark = pytest.mark.skipif(Target.from_environment() is not None, reason="about the emulator, not SQL Server")

NOT_SUPPORTED = 40517
CONSTRUCTS = {
    "OPENQUERY": "SELECT * FROM OPENQUERY(other, 'SELECT 1');",
    "OPENROWSET": "SELECT * FROM OPENROWSET('SQLNCLI', 's', 'SELECT 1');",
    "names of four parts": "SELECT A FROM other.db.dbo.T;",
    "BULK INSERT": "BULK INSERT dbo.T FROM 'file';",
    "BACKUP": "BACKUP DATABASE lockstep TO DISK = 'file';",
    "RESTORE": "RESTORE DATABASE lockstep FROM DISK = 'file';",
    "CONTAINS": "SELECT A FROM unsupported.T WHERE CONTAINS(B, 'x');",
    "TABLESAMPLE": "SELECT A FROM unsupported.T TABLESAMPLE (10 PERCENT);",
    "geography": "CREATE TABLE unsupported.U (A geography);",
    "SPARSE": "CREATE TABLE unsupported.U (A int SPARSE);",
    "MEMORY_OPTIMIZED": "CREATE TABLE unsupported.U (A int) WITH (MEMORY_OPTIMIZED = ON);",
    "partition schemes": "CREATE TABLE unsupported.U (A int) ON ps(A);",
    "CREATE SPATIAL INDEX": "CREATE SPATIAL INDEX ix ON unsupported.T(B);",
    "CREATE ASSEMBLY": "CREATE ASSEMBLY a FROM 'file';",
    "CREATE QUEUE": "CREATE QUEUE q;",
    "CREATE CERTIFICATE": "CREATE CERTIFICATE c WITH SUBJECT = 'x';",
    "BEGIN DISTRIBUTED": "BEGIN DISTRIBUTED TRANSACTION;",
    "SNAPSHOT": "SELECT A FROM unsupported.T WITH (SNAPSHOT);",
    "ENCRYPTBYPASSPHRASE": "SELECT ENCRYPTBYPASSPHRASE('a', 'b');",
    "xp_cmdshell": "EXEC xp_cmdshell 'dir';",
    "READTEXT": "READTEXT unsupported.T.B 0 1;",
    "SET SHOWPLAN_ALL": "SET SHOWPLAN_ALL ON;",
}
EACH = pytest.mark.parametrize(("name", "text"), CONSTRUCTS.items(), ids=CONSTRUCTS)


@pytest.fixture
def caller(session: Session) -> Iterator[Session]:
    """A session on a database with a table of one row."""
    session.execute("IF SCHEMA_ID(N'unsupported') IS NULL EXEC (N'CREATE SCHEMA unsupported');")
    session.execute("CREATE TABLE unsupported.T (A int, B varchar(20)); INSERT INTO unsupported.T VALUES (1, 'x');")
    yield session
    session.execute("DROP TABLE unsupported.T; DROP PROCEDURE IF EXISTS unsupported.P;")


def refusal(session: Session, text: str) -> SqlServerError:
    with pytest.raises(SqlServerError) as caught:
        session.execute(text)
    return caught.value


@EACH
def test_one_error_names_the_construct(caller: Session, name: str, text: str) -> None:
    error = refusal(caller, text)
    assert (error.number, len(error.diagnostics)) == (NOT_SUPPORTED, 1)
    assert error.message.startswith("not supported by the emulator: ")
    assert name in error.message
    assert caller.execute("SELECT COUNT(*) FROM unsupported.T WHERE @@TRANCOUNT = 0;").rows[0][0] == 1


@EACH
def test_no_catch_hides_it(caller: Session, name: str, text: str) -> None:
    error = refusal(caller, f"BEGIN TRY {text} END TRY BEGIN CATCH SELECT 1 AS Hidden; END CATCH;")
    assert (error.number, name in error.message) == (NOT_SUPPORTED, True)


@EACH
def test_no_catch_hides_it_in_dynamic_sql(caller: Session, name: str, text: str) -> None:
    quoted = text.replace("'", "''")
    error = refusal(caller, f"BEGIN TRY EXEC (N'{quoted}'); END TRY BEGIN CATCH SELECT 1 AS Hidden; END CATCH;")
    assert (error.number, name in error.message) == (NOT_SUPPORTED, True)


@pytest.mark.parametrize("name", ["geography", "xp_cmdshell"])
def test_it_ends_the_transaction(caller: Session, name: str) -> None:
    """What came before it in the transaction is not to be trusted either."""
    refusal(caller, f"BEGIN TRANSACTION; DELETE FROM unsupported.T; {CONSTRUCTS[name]} COMMIT TRANSACTION;")
    assert caller.execute("SELECT COUNT(*) FROM unsupported.T WHERE @@TRANCOUNT = 0;").rows[0][0] == 1


def test_a_branch_that_is_never_taken_is_refused_as_well(caller: Session) -> None:
    assert refusal(caller, f"IF 1 = 0 {CONSTRUCTS['OPENQUERY']}").number == NOT_SUPPORTED


def test_a_procedure_with_it_cannot_be_created(caller: Session) -> None:
    text = f"CREATE PROCEDURE unsupported.P AS BEGIN\n    SELECT 1 AS A;\n    {CONSTRUCTS['OPENQUERY']}\nEND;"
    error = refusal(caller, text)
    assert (error.number, error.position and error.position.line) == (NOT_SUPPORTED, 3)
    assert caller.execute("SELECT OBJECT_ID(N'unsupported.P');").rows[0][0] is None
