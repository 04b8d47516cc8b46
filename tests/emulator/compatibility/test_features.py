"""The features of the compatibility page: each script does what the page says, on the emulator and on SQL Server alike.

What the emulator refuses is tried on the emulator alone: SQL Server has these features.
"""

from collections.abc import Iterator

import pytest

from harness.connection import Session, SqlServerError, Target
from harness.deploy.batches import split_batches
from harness.reference.compatibility import Feature, read_chapters

NOT_SUPPORTED = 40517
FEATURES = [feature for chapter in read_chapters() for feature in chapter.features]
EXECUTED = [feature for feature in FEATURES if feature.result is not None]
REFUSED = [feature for feature in FEATURES if feature.refused is not None]
ON_THE_EMULATOR = pytest.mark.skipif(Target.from_environment() is not None, reason="SQL Server has these features")


def named(features: list[Feature]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("feature", features, ids=[feature.name for feature in features])


@pytest.fixture
def caller(session: Session) -> Iterator[Session]:
    """A session with the schema `compatibility` and its empty table T."""
    remove(session)
    session.execute("CREATE SCHEMA compatibility;")
    session.execute("CREATE TABLE compatibility.T (k int NOT NULL PRIMARY KEY, b varchar(20));")
    yield session
    remove(session)


def remove(session: Session) -> None:
    """Drop the table and the schema, if they are there; everything else went with the transaction of its script."""
    session.execute(
        "IF @@TRANCOUNT > 0 ROLLBACK; DROP TABLE IF EXISTS compatibility.T; DROP SCHEMA IF EXISTS compatibility;"
    )


def last_rows(session: Session, script: str) -> tuple[str, ...]:
    """The rows of the script's last result set, columns parted by ` | `."""
    rows: tuple[str, ...] = ()
    for batch in split_batches(script):
        for result in session.execute(batch.text).result_sets:
            rows = tuple(" | ".join("NULL" if value is None else str(value) for value in row) for row in result.rows)
    return rows


@named(EXECUTED)
def test_a_feature_gives_these_rows(caller: Session, feature: Feature) -> None:
    if feature.transaction:
        caller.execute("BEGIN TRANSACTION;")
    assert last_rows(caller, feature.sql) == feature.result


def refusal(session: Session, text: str) -> SqlServerError:
    with pytest.raises(SqlServerError) as caught:
        session.execute(text)
    return caught.value


@ON_THE_EMULATOR
@named(REFUSED)
def test_one_error_names_what_is_refused(caller: Session, feature: Feature) -> None:
    error = refusal(caller, feature.sql)
    assert (error.number, len(error.diagnostics)) == (NOT_SUPPORTED, 1)
    assert error.message.startswith("not supported by the emulator: ")
    assert str(feature.refused) in error.message
    assert caller.execute("SELECT COUNT(*) FROM compatibility.T WHERE @@TRANCOUNT = 0;").rows[0][0] == 0


@ON_THE_EMULATOR
@named(REFUSED)
def test_no_catch_hides_it(caller: Session, feature: Feature) -> None:
    error = refusal(caller, f"BEGIN TRY {feature.sql} END TRY BEGIN CATCH SELECT 1 AS Hidden; END CATCH;")
    assert (error.number, str(feature.refused) in error.message) == (NOT_SUPPORTED, True)


@ON_THE_EMULATOR
@named(REFUSED)
def test_no_catch_hides_it_in_dynamic_sql(caller: Session, feature: Feature) -> None:
    quoted = feature.sql.replace("'", "''")
    error = refusal(caller, f"BEGIN TRY EXEC (N'{quoted}'); END TRY BEGIN CATCH SELECT 1 AS Hidden; END CATCH;")
    assert (error.number, str(feature.refused) in error.message) == (NOT_SUPPORTED, True)


@ON_THE_EMULATOR
def test_what_is_refused_ends_the_transaction(caller: Session) -> None:
    """What came before it in the transaction is not to be trusted either."""
    refusal(caller, "BEGIN TRANSACTION; INSERT INTO compatibility.T (k) VALUES (1); EXEC xp_cmdshell 'dir'; COMMIT;")
    assert caller.execute("SELECT COUNT(*) FROM compatibility.T WHERE @@TRANCOUNT = 0;").rows[0][0] == 0


@ON_THE_EMULATOR
def test_a_branch_that_is_never_taken_is_refused_as_well(caller: Session) -> None:
    assert refusal(caller, "IF 1 = 0 SELECT * FROM OPENQUERY(other, 'SELECT 1');").number == NOT_SUPPORTED


@ON_THE_EMULATOR
def test_a_procedure_with_what_is_refused_cannot_be_created(caller: Session) -> None:
    text = (
        "CREATE PROCEDURE compatibility.P AS BEGIN\n    SELECT 1 AS A;\n    SELECT * FROM OPENQUERY(other, 'x');\nEND;"
    )
    error = refusal(caller, text)
    assert (error.number, error.position and error.position.line) == (NOT_SUPPORTED, 3)
    assert caller.execute("SELECT OBJECT_ID(N'compatibility.P');").rows[0][0] is None
