"""INSERT ... EXEC ("INSERT (Transact-SQL)", execute_statement)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest


@pytest.fixture
def db(client: Any) -> Any:
    client.run("CREATE TABLE dbo.t (a int, b varchar(5))")
    client.run("CREATE PROCEDURE dbo.p @n int AS SELECT @n, 'x'; SELECT @n + 1, 'y'")
    return client


def test_all_result_sets_of_a_procedure_are_inserted(db: Any) -> None:
    sink = db.run("INSERT t EXEC dbo.p @n = 5")
    assert (sink.result_sets, sink.counts) == ([], [2])
    assert db.query("SELECT a, b FROM t") == [(5, "x"), (6, "y")]


def test_so_are_those_of_a_string_with_conversion(db: Any) -> None:
    db.run("CREATE TABLE m (v decimal(9, 2), w varchar(10)); INSERT m (w, v) EXEC ('SELECT 12, ''3.456''')")
    assert db.query("SELECT v, w FROM m") == [(Decimal("3.46"), "12")]


def test_into_a_table_variable_from_sp_executesql(db: Any) -> None:
    text = "DECLARE @t TABLE (a int); INSERT @t EXEC sp_executesql N'SELECT @x', N'@x int', @x = 3; SELECT a FROM @t"
    assert db.query(text) == [(3,)]


def test_another_number_of_columns_is_an_error_and_undoes_everything(db: Any) -> None:
    db.run("CREATE PROCEDURE dbo.q AS INSERT t VALUES (0, 'q'); SELECT 1, 'a', 2")
    error = db.fails("INSERT t EXEC q")
    assert (error.number, error.state) == (213, 7)
    assert db.value("COUNT(*) FROM t") == 0


def test_a_value_that_does_not_fit_is_named(db: Any) -> None:
    error = db.fails("INSERT t EXEC ('SELECT 1, ''too long''')")
    assert (error.number, "column 'b'" in error.message) == (2628, True)


def test_one_inside_another_is_refused(db: Any) -> None:
    db.run("CREATE PROCEDURE dbo.inner_one AS INSERT t EXEC dbo.p 1; SELECT 1, 'z'")
    assert db.fails("INSERT t EXEC inner_one").number == 8164


def test_the_procedure_sees_an_open_transaction_that_it_cannot_end(db: Any) -> None:
    db.run("CREATE TABLE n (v int)")
    db.run("INSERT n EXEC ('SELECT @@TRANCOUNT')")
    assert db.query("SELECT v FROM n") == [(1,)]
    assert db.fails("INSERT n EXEC ('ROLLBACK')").number == 3915
    assert db.fails("INSERT n EXEC ('COMMIT')").number == 3916
    db.run("INSERT n EXEC ('BEGIN TRAN; SELECT 7; COMMIT')")
    assert db.query("SELECT v FROM n WHERE v > 1; SELECT @@TRANCOUNT") == [(0,)]


def test_messages_still_reach_the_client_and_outputs_are_refused(db: Any) -> None:
    sink = db.run("INSERT t EXEC ('PRINT ''hello''; SELECT 1, ''a''')")
    assert [message.message for message in sink.messages] == ["hello"]
    assert db.fails("INSERT t OUTPUT inserted.a EXEC p 1").number == 483


def test_an_error_in_the_procedure_leaves_the_rows_that_were_returned(db: Any) -> None:
    sink = db.collect("INSERT t EXEC ('SELECT 1, ''a''; SELECT 1 / 0, ''b''; SELECT 2, ''c''')")
    assert [error.number for error in sink.errors] == [8134]
    assert [row[0] for row in db.query("SELECT a FROM t")] == [1, 2]
