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
    assert (error.number, error.line, error.procedure) == (8134, 3, "dbo.fails")


def test_raiserror_goes_on_without_try_and_to_catch_with_it(client: Any) -> None:
    sink = client.collect("RAISERROR('bad %i', 16, 2, 5); SELECT 'reached'")
    assert [(e.number, e.message, e.state) for e in sink.errors] == [(50000, "bad 5", 2)]
    assert sink.result_sets[-1].rows == [("reached",)]
    assert client.query(
        "BEGIN TRY RAISERROR('bad', 16, 1); SELECT 'no' END TRY BEGIN CATCH SELECT ERROR_MESSAGE() END CATCH"
    ) == [("bad",)]


def test_raiserror_under_xact_abort_goes_on_uncaught_and_dooms_the_transaction_caught(client: Any) -> None:
    uncaught = client.collect("SET XACT_ABORT ON; BEGIN TRAN; RAISERROR('x',16,1); SELECT XACT_STATE()")
    assert [result.rows for result in uncaught.result_sets] == [[(1,)]]
    text = "BEGIN TRY RAISERROR('x',16,1) END TRY BEGIN CATCH SELECT XACT_STATE() END CATCH; ROLLBACK"
    assert client.query(text) == [(-1,)]


def test_a_missing_object_to_drop_is_no_error_that_xact_abort_promotes(client: Any) -> None:
    sink = client.collect("SET XACT_ABORT ON; BEGIN TRAN; DROP TABLE dbo.nothing; SELECT @@TRANCOUNT; ROLLBACK")
    assert [error.number for error in sink.errors] == [3701]
    assert sink.result_sets[-1].rows == [(1,)]


@pytest.mark.parametrize(
    ("statement", "number"),
    [
        ("CREATE TABLE dbo.stock (id int)", 2714),
        ("CREATE UNIQUE INDEX ux ON dbo.stock (same)", 1505),
        ("DROP TABLE dbo.parent", 3726),
        ("TRUNCATE TABLE dbo.parent", 4712),
        ("SELECT DATEFROMPARTS(2024, 13, 1)", 289),
        ("SELECT JSON_VALUE('{', '$.a')", 13609),
    ],
)
def test_some_errors_end_batch_and_transaction_without_xact_abort(stock: Any, statement: str, number: int) -> None:
    stock.run("ALTER TABLE stock ADD same int NOT NULL DEFAULT 0; CREATE TABLE dbo.parent (id int PRIMARY KEY)")
    stock.run("CREATE TABLE dbo.child (id int REFERENCES dbo.parent)")
    sink = stock.collect(f"BEGIN TRAN; {statement}; SELECT 'not reached'")
    assert ([error.number for error in sink.errors], stock.value("@@TRANCOUNT")) == ([number], 0)


@pytest.mark.parametrize("expression", ["CAST('20241399' AS datetime)", "CAST(300 AS tinyint)", "1/0"])
def test_values_out_of_range_end_their_statement_alone(client: Any, expression: str) -> None:
    sink = client.collect(f"BEGIN TRAN; SELECT {expression}; SELECT @@TRANCOUNT; ROLLBACK")
    assert len(sink.errors) == 1
    assert sink.result_sets[-1].rows == [(1,)]


def test_altering_a_missing_table_ends_the_batch_and_keeps_the_transaction(client: Any) -> None:
    sink = client.collect("BEGIN TRAN; ALTER TABLE dbo.nothing ADD x int; SELECT 'not reached'")
    assert ([error.number for error in sink.errors], sink.result_sets) == ([4902], [])
    assert client.query("SELECT @@TRANCOUNT; ROLLBACK") == [(1,)]


def test_a_write_in_a_doomed_transaction_ends_the_batch(stock: Any) -> None:
    sink = stock.collect(
        "SET XACT_ABORT ON; BEGIN TRY BEGIN TRAN; SELECT 1/0 END TRY BEGIN CATCH UPDATE stock SET qty = 1 END CATCH;"
        "SELECT 'not reached'"
    )
    assert [error.number for error in sink.errors] == [3930]
    assert stock.value("@@TRANCOUNT") == 0


def test_a_terminated_write_is_reported_behind_its_error(stock: Any) -> None:
    sink = stock.collect("INSERT INTO stock VALUES (1, 1)")
    assert [(m.number, m.severity, m.state) for m in sink.messages] == [(2627, 14, 1), (3621, 0, 0)]


@pytest.mark.parametrize(
    "text",
    [
        "SELECT 1/0",
        "SET XACT_ABORT ON; INSERT INTO stock VALUES (1, 1)",
        "BEGIN TRY INSERT INTO stock VALUES (1, 1) END TRY BEGIN CATCH END CATCH",
        "INSERT INTO stock VALUES (1)",
    ],
)
def test_reads_caught_errors_and_errors_of_the_batch_are_not_reported_as_terminated(stock: Any, text: str) -> None:
    assert 3621 not in [message.number for message in stock.collect(text).messages]


def test_an_error_in_a_function_is_its_callers(client: Any) -> None:
    client.run("CREATE FUNCTION dbo.part (@n int) RETURNS int AS BEGIN\nDECLARE @x int = 1 / @n\nRETURN 7 END")
    client.run(
        "CREATE FUNCTION dbo.parts (@n int) RETURNS @t TABLE (v int) AS BEGIN INSERT @t VALUES (1/@n) RETURN END"
    )
    for query in ("SELECT dbo.part(0)", "SELECT v FROM dbo.parts(0)"):
        sink = client.collect(f"{query}; SELECT 'reached'")
        assert [(e.number, e.line, e.procedure) for e in sink.messages] == [(8134, 1, "")]
        assert [len(result.rows) for result in sink.result_sets] == [0, 1]


@pytest.mark.parametrize(("call", "number"), [("", 201), ("1, 2", 8144), ("@z = 1", 8145), ("'x'", 8114)])
def test_arguments_that_do_not_bind_are_errors_at_line_0_of_the_procedure(client: Any, call: str, number: int) -> None:
    client.run("CREATE PROCEDURE dbo.Takes @a int AS SELECT @a")
    sink = client.collect(f"\nEXEC DBO.takes {call}; SELECT 'reached'")
    assert [(e.number, e.line, e.procedure) for e in sink.errors] == [(number, 0, "DBO.takes")]
    assert [result.rows for result in sink.result_sets] == [[("reached",)]]


def test_throw_without_arguments_outside_of_catch_is_an_error_of_the_batch(client: Any) -> None:
    sink = client.collect("SELECT 1; BEGIN TRY THROW END TRY BEGIN CATCH SELECT 2 END CATCH")
    assert ([error.number for error in sink.errors], sink.result_sets) == ([10704], [])


def test_raiserror_above_18_takes_with_log(client: Any) -> None:
    sink = client.collect("RAISERROR('x', 19, 1); RAISERROR('y', 19, 1) WITH LOG; SELECT 1")
    assert [(error.number, error.severity) for error in sink.errors] == [(2754, 16), (50000, 19)]
    assert len(sink.result_sets) == 1


def test_raiserror_from_severity_20_on_ends_the_session(client: Any) -> None:
    sink = client.collect("RAISERROR('end', 20, 1) WITH LOG; SELECT 'not reached'")
    assert [(error.number, error.severity) for error in sink.errors] == [(50000, 20), (2745, 20)]
    assert (sink.result_sets, client.session.closed) == ([], True)


def test_a_negative_state_is_1(client: Any) -> None:
    assert client.fails("RAISERROR('x', 16, -5)").state == 1


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


def test_all_statements_of_a_batch_that_cannot_be_bound_are_reported(client: Any) -> None:
    errors = client.collect("SELECT 1;\nSELECT a;\nIF 1 = 1 SELECT b;").errors
    assert [(error.number, error.message, error.line) for error in errors] == [
        (207, "Invalid column name 'a'.", 2),
        (207, "Invalid column name 'b'.", 3),
    ]
