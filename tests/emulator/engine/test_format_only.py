"""SET FMTONLY ON: columns without rows, and no effects."""

from __future__ import annotations

import pytest

from emulator.errors import NotSupported
from tests.emulator.engine.conftest import Client


@pytest.fixture
def client(client: Client) -> Client:
    client.run("CREATE TABLE t (id int NOT NULL, name nvarchar(20)); INSERT INTO t VALUES (1, N'one');")
    return client


def shapes(client: Client, text: str) -> list[list[str]]:
    """The column names of the result sets, which must all be empty."""
    results = client.run(f"SET FMTONLY ON; {text}; SET FMTONLY OFF;").result_sets
    assert all(not result.rows for result in results)
    return [[column.name for column in result.columns] for result in results]


def test_queries_send_their_columns_and_no_rows(client: Client) -> None:
    assert shapes(client, "SELECT * FROM t; SELECT id FROM t WHERE id = 1 UNION ALL SELECT 2; SELECT 1 AS one") == [
        ["id", "name"],
        ["id"],
        ["one"],
    ]


def test_it_lasts_over_batches_until_it_is_off(client: Client) -> None:
    client.run("SET FMTONLY ON;")
    assert client.query("SELECT id FROM t;") == []
    client.run("SET FMTONLY OFF;")
    assert client.query("SELECT id FROM t;") == [(1,)]


def test_nothing_is_changed_and_nothing_is_locked(client: Client) -> None:
    shapes(
        client,
        "INSERT INTO t VALUES (2, NULL); UPDATE t SET name = N'x'; DELETE FROM t; CREATE TABLE u (i int); "
        "SELECT * INTO v FROM t; BEGIN TRAN; DROP TABLE t",
    )
    assert client.query("SELECT id, name, OBJECT_ID(N'u'), OBJECT_ID(N'v'), @@TRANCOUNT FROM t;") == [
        (1, "one", None, None, 0)
    ]


def test_both_branches_of_an_if_are_gone_through_and_loops_once(client: Client) -> None:
    text = "IF 1 / 0 = 1 SELECT 1 AS a ELSE SELECT 2 AS b; WHILE 1 = 1 SELECT 3 AS c; RETURN; SELECT 4 AS d"
    assert shapes(client, text) == [["a"], ["b"], ["c"], ["d"]]


def test_procedures_and_strings_are_entered(client: Client) -> None:
    client.run("CREATE PROCEDURE p @id int AS IF @id > 5 RAISERROR(N'no', 16, 1); SELECT name FROM t WHERE id = @id;")
    assert shapes(client, "EXEC p 9; EXEC(N'SELECT id FROM t')") == [["name"], ["id"]]


def test_a_variable_remembers_the_setting(client: Client) -> None:
    """What procedures with temporary tables do."""
    client.run(
        "CREATE PROCEDURE p AS DECLARE @on bit = 0; IF 1 = 0 SET @on = 1; SET FMTONLY OFF; "
        "CREATE TABLE #t (i int); IF @on = 1 SET FMTONLY ON; SELECT i FROM #t;"
    )
    assert shapes(client, "EXEC p") == [["i"]]
    assert client.query("EXEC p; ") == []


def test_an_output_clause_is_refused(client: Client) -> None:
    with pytest.raises(NotSupported, match="SET FMTONLY ON of an OUTPUT clause"):
        client.run("SET FMTONLY ON; DELETE FROM t OUTPUT deleted.id;")
