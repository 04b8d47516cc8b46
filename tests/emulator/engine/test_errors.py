"""What errors do to statement, batch and transaction.

Pages "TRY...CATCH", "SET XACT_ABORT", "THROW", "RAISERROR", "XACT_STATE", "@@TRANCOUNT" of the Transact-SQL reference.
"""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture
def stock(client: Any) -> Any:
    client.run("CREATE TABLE dbo.stock (id int NOT NULL PRIMARY KEY, qty int NOT NULL CHECK (qty >= 0))")
    client.run("INSERT INTO dbo.stock VALUES (1, 10), (2, 20)")
    return client


def test_a_failed_statement_is_undone_alone_and_the_batch_goes_on(stock: Any) -> None:
    sink = stock.collect("INSERT INTO stock VALUES (3, 1), (1, 5); SELECT COUNT(*) FROM stock")
    assert [error.number for error in sink.errors] == [2627]
    assert sink.result_sets[-1].rows == [(2,)]


def test_a_failed_statement_leaves_the_transaction_open_without_xact_abort(stock: Any) -> None:
    sink = stock.collect(
        "BEGIN TRAN; UPDATE stock SET qty = 5 WHERE id = 1; UPDATE stock SET qty = -1 WHERE id = 2;"
        "SELECT @@TRANCOUNT, XACT_STATE(); COMMIT"
    )
    assert [error.number for error in sink.errors] == [547]
    assert sink.result_sets[-1].rows == [(1, 1)]
    assert stock.query("SELECT qty FROM stock ORDER BY id") == [(5,), (20,)]


def test_xact_abort_ends_the_batch_and_rolls_back(stock: Any) -> None:
    sink = stock.collect(
        "SET XACT_ABORT ON; BEGIN TRAN; UPDATE stock SET qty = 5 WHERE id = 1; UPDATE stock SET qty = -1 WHERE id = 2;"
        "SELECT 'not reached'"
    )
    assert ([e.number for e in sink.errors], sink.result_sets) == ([547], [])
    assert stock.query("SELECT qty, @@TRANCOUNT FROM stock ORDER BY id") == [(10, 0), (20, 0)]


def test_a_conversion_error_ends_the_batch_even_without_xact_abort(stock: Any) -> None:
    sink = stock.collect("BEGIN TRAN; DECLARE @i int = CAST('x' AS int); SELECT 'not reached'")
    assert ([e.number for e in sink.errors], sink.result_sets) == ([245], [])
    assert stock.value("@@TRANCOUNT") == 0


def test_catch_sees_the_error_and_its_place(stock: Any) -> None:
    text = """BEGIN TRY
        SELECT 1/0
    END TRY
    BEGIN CATCH
        SELECT ERROR_NUMBER(), ERROR_SEVERITY(), ERROR_STATE(), ERROR_LINE(), ERROR_PROCEDURE(), ERROR_MESSAGE()
    END CATCH"""
    assert stock.query(text) == [(8134, 16, 1, 2, None, "Divide by zero error encountered.")]


def test_outside_of_catch_the_error_functions_are_null(client: Any) -> None:
    assert client.query("BEGIN TRY SELECT 1/0 END TRY BEGIN CATCH END CATCH SELECT ERROR_NUMBER()") == [(None,)]


def test_xact_abort_dooms_the_transaction_in_try(stock: Any) -> None:
    text = """SET XACT_ABORT ON
    BEGIN TRY
        BEGIN TRAN
        UPDATE stock SET qty = 1 WHERE id = 1
        INSERT INTO stock VALUES (1, 1)
    END TRY
    BEGIN CATCH
        SELECT XACT_STATE(), @@TRANCOUNT
        IF XACT_STATE() <> 0 ROLLBACK
        SELECT XACT_STATE(), @@TRANCOUNT
    END CATCH"""
    assert stock.results(text) == [[(-1, 1)], [(0, 0)]]
    assert stock.query("SELECT qty FROM stock WHERE id = 1") == [(10,)]


def test_a_doomed_transaction_refuses_writes_and_commit(stock: Any) -> None:
    text = """SET XACT_ABORT ON
    BEGIN TRY BEGIN TRAN; INSERT INTO stock VALUES (1, 1) END TRY
    BEGIN CATCH
        BEGIN TRY UPDATE stock SET qty = 3 END TRY BEGIN CATCH SELECT ERROR_NUMBER() END CATCH
        BEGIN TRY COMMIT END TRY BEGIN CATCH SELECT ERROR_NUMBER() END CATCH
        SELECT COUNT(*) FROM stock
        ROLLBACK
    END CATCH"""
    assert stock.results(text) == [[(3930,)], [(3930,)], [(2,)]]


def test_a_batch_that_ends_doomed_is_rolled_back_with_3998(stock: Any) -> None:
    sink = stock.collect(
        "SET XACT_ABORT ON; BEGIN TRY BEGIN TRAN; INSERT INTO stock VALUES (1, 1) END TRY BEGIN CATCH SELECT 1 END CATCH"
    )
    assert [error.number for error in sink.errors] == [3998]
    assert stock.value("@@TRANCOUNT") == 0


def test_throw_ends_the_batch_and_keeps_the_transaction_without_xact_abort(stock: Any) -> None:
    sink = stock.collect("BEGIN TRAN; THROW 51000, 'no', 7; SELECT 'not reached'")
    assert [(e.number, e.severity, e.state, e.message) for e in sink.errors] == [(51000, 16, 7, "no")]
    assert sink.result_sets == []
    assert stock.query("SELECT @@TRANCOUNT; ROLLBACK") == [(1,)]


def test_rethrow_keeps_number_line_and_procedure(client: Any) -> None:
    client.run("CREATE PROCEDURE dbo.fails AS\nBEGIN\n  SELECT 1/0\nEND")
    error = client.fails("BEGIN TRY\n EXEC dbo.fails\nEND TRY\nBEGIN CATCH\n THROW\nEND CATCH")
    assert (error.number, error.line, error.procedure) == (8134, 3, "fails")


def test_raiserror_goes_on_without_try_and_to_catch_with_it(client: Any) -> None:
    sink = client.collect("RAISERROR('bad %i', 16, 2, 5); SELECT 'reached'")
    assert [(e.number, e.message, e.state) for e in sink.errors] == [(50000, "bad 5", 2)]
    assert sink.result_sets[-1].rows == [("reached",)]
    assert client.query(
        "BEGIN TRY RAISERROR('bad', 16, 1); SELECT 'no' END TRY BEGIN CATCH SELECT ERROR_MESSAGE() END CATCH"
    ) == [("bad",)]


def test_raiserror_dooms_nothing_under_xact_abort(client: Any) -> None:
    text = "SET XACT_ABORT ON; BEGIN TRAN; BEGIN TRY RAISERROR('x',16,1) END TRY BEGIN CATCH SELECT XACT_STATE() END CATCH; ROLLBACK"
    assert client.query(text) == [(1,)]


def test_a_missing_table_is_found_at_its_turn_and_ends_the_batch(client: Any) -> None:
    sink = client.collect("SELECT 1; SELECT * FROM dbo.nothing; SELECT 2")
    assert [error.number for error in sink.errors] == [208]
    assert [result.rows for result in sink.result_sets] == [[(1,)]]


def test_a_missing_table_is_not_caught_in_the_same_scope_but_in_the_callers(client: Any) -> None:
    client.run("CREATE PROCEDURE p AS BEGIN TRY SELECT * FROM dbo.nothing END TRY BEGIN CATCH SELECT 'inner' END CATCH")
    assert client.query("BEGIN TRY EXEC p END TRY BEGIN CATCH SELECT 'outer', ERROR_NUMBER() END CATCH") == [
        ("outer", 208)
    ]


def test_an_unknown_column_of_an_existing_table_stops_the_batch_before_it_starts(stock: Any) -> None:
    sink = stock.collect("SELECT 1; SELECT nothing FROM stock")
    assert ([e.number for e in sink.errors], sink.result_sets) == ([207], [])


def test_commit_and_rollback_without_a_transaction(client: Any) -> None:
    assert client.fails("COMMIT").number == 3902
    assert client.fails("ROLLBACK").number == 3903


def test_error_state_of_the_statement_is_in_at_error(client: Any) -> None:
    sink = client.collect("SELECT 1/0; SELECT @@ERROR; SELECT @@ERROR")
    assert [r.rows for r in sink.result_sets[-2:]] == [[(8134,)], [(0,)]]


def test_nested_transactions_count_and_roll_back_as_one(stock: Any) -> None:
    text = """BEGIN TRAN; BEGIN TRAN; UPDATE stock SET qty = 1; COMMIT; SELECT @@TRANCOUNT; ROLLBACK;
              SELECT @@TRANCOUNT; SELECT SUM(qty) FROM stock"""
    assert stock.results(text) == [[(1,)], [(0,)], [(30,)]]


def test_a_savepoint_takes_back_what_came_after_it(stock: Any) -> None:
    text = """BEGIN TRAN; UPDATE stock SET qty = 1 WHERE id = 1; SAVE TRAN here; UPDATE stock SET qty = 2;
              ROLLBACK TRAN here; SELECT @@TRANCOUNT; COMMIT; SELECT qty FROM stock ORDER BY id"""
    assert stock.results(text) == [[(1,)], [(1,), (20,)]]


def test_rolling_back_an_unknown_savepoint_is_6401(stock: Any) -> None:
    assert stock.fails("BEGIN TRAN; ROLLBACK TRAN nothing").number == 6401


def test_unsupported_statements_say_what_they_are(client: Any) -> None:
    error = client.fails("BULK INSERT t FROM 'file'")
    assert error.number == 40517
    assert "BULK INSERT" in error.message
