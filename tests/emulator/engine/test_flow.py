"""Control of flow: IF, WHILE, GOTO, RETURN, variables, PRINT, WAITFOR (pages of the Transact-SQL reference by those names)."""

from __future__ import annotations

from typing import Any

import pytest


def test_a_batch_runs_its_statements_in_order_and_returns_each_result(client: Any) -> None:
    assert client.results("SELECT 1; SELECT 'a', NULL") == [[(1,)], [("a", None)]]


def test_while_stops_at_break_and_skips_at_continue(client: Any) -> None:
    text = """
        DECLARE @i int = 0, @sum int = 0;
        WHILE @i < 100
        BEGIN
            SET @i += 1;
            IF @i % 2 = 0 CONTINUE;
            IF @i > 7 BREAK;
            SET @sum = @sum + @i;
        END
        SELECT @i, @sum"""
    assert client.query(text) == [(9, 16)]


def test_if_takes_unknown_for_false(client: Any) -> None:
    assert client.query("DECLARE @x int; IF @x = 1 SELECT 'yes' ELSE SELECT 'no'") == [("no",)]


def test_goto_jumps_forwards_and_backwards(client: Any) -> None:
    text = """
        DECLARE @n int = 0
        again: SET @n += 1
        IF @n < 5 GOTO again
        GOTO done
        SET @n = 100
        done: SELECT @n"""
    assert client.query(text) == [(5,)]


def test_goto_an_unknown_label_is_error_133(client: Any) -> None:
    error = client.fails("SELECT 1; GOTO nowhere")
    assert (error.number, error.message.split("'")[1]) == (133, "nowhere")


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("GOTO a; IF 1 = 0 BEGIN PRINT 'no'; a: PRINT 'in' END PRINT 'out'", ["in", "out"]),
        ("IF 1 = 1 GOTO a; BEGIN PRINT 'no'; BEGIN PRINT 'no'; a: PRINT 'in' END; PRINT 'on' END", ["in", "on"]),
        ("IF 1 = 0 PRINT 'no' ELSE BEGIN GOTO a; PRINT 'no'; a: PRINT 'in' END", ["in"]),
        (
            "DECLARE @i int = 1; GOTO a; WHILE @i < 4 BEGIN PRINT 'top'; a: PRINT @i; SET @i += 1 END; PRINT 'out'",
            ["1", "top", "2", "top", "3", "out"],
        ),
        (
            "DECLARE @i int = 1; GOTO a; WHILE 1 = 1 BEGIN PRINT 'no'; a: IF @i = 1 BREAK; PRINT 'no' END PRINT 'out'",
            ["out"],
        ),
        (
            "DECLARE @i int = 0; a: BEGIN TRY SET @i += 1; IF @i < 3 GOTO a; PRINT @i END TRY BEGIN CATCH END CATCH",
            ["3"],
        ),
    ],
)
def test_goto_enters_blocks_and_loops_and_leaves_try(client: Any, text: str, printed: list[str]) -> None:
    assert [message.message for message in client.run(text).messages] == printed


@pytest.mark.parametrize(
    "text",
    [
        "GOTO a; BEGIN TRY a: PRINT 'x' END TRY BEGIN CATCH END CATCH",
        "BEGIN TRY GOTO a END TRY BEGIN CATCH a: PRINT 'x' END CATCH",
    ],
)
def test_goto_does_not_enter_try_and_catch(client: Any, text: str) -> None:
    assert client.fails(text).number == 1026


def test_a_variable_declared_twice_is_error_134_and_nothing_runs(client: Any) -> None:
    sink = client.collect("SELECT 1; DECLARE @a int; DECLARE @A int")
    assert ([e.number for e in sink.errors], sink.result_sets) == ([134], [])


def test_an_undeclared_variable_is_error_137_with_its_line(client: Any) -> None:
    error = client.fails("SELECT 1;\nSELECT\n @nothing")
    assert (error.number, error.line) == (137, 3)


def test_declare_in_a_loop_keeps_the_value_unless_it_initialises(client: Any) -> None:
    text = """
        DECLARE @i int = 0
        WHILE @i < 3 BEGIN DECLARE @kept int; SET @kept = ISNULL(@kept, 0) + 1; SET @i += 1 END
        SELECT @kept"""
    assert client.query(text) == [(3,)]


def test_print_and_low_raiserror_are_messages_not_errors(client: Any) -> None:
    sink = client.run("PRINT 'hello'; RAISERROR('%s has %d', 10, 7, 'x', 3)")
    assert [(m.number, m.severity, m.state, m.message) for m in sink.messages] == [
        (0, 0, 1, "hello"),
        (50000, 10, 7, "x has 3"),
    ]


def test_waitfor_delay_takes_virtual_time(engine: Any) -> None:
    client = engine.client()
    before = engine.clock.monotonic()
    client.run("WAITFOR DELAY '00:00:02.500'")
    assert engine.clock.monotonic() - before == pytest.approx(2.5)


def test_return_ends_the_batch(client: Any) -> None:
    assert client.results("SELECT 1; RETURN; SELECT 2") == [[(1,)]]


def test_rowcount_is_set_by_statements_and_reset_by_if(client: Any) -> None:
    text = "DECLARE @a int; SELECT 1 UNION ALL SELECT 2; SET @a = @@ROWCOUNT; IF 1 = 1 SELECT @a, @@ROWCOUNT"
    assert client.query(text) == [(2, 0)]


def test_print_sends_up_to_8000_characters_of_a_varchar_and_4000_of_an_nvarchar(client: Any) -> None:
    sink = client.run("PRINT REPLICATE('x', 8000); PRINT REPLICATE(CAST(N'y' AS nvarchar(max)), 8000);")
    assert [len(message.message) for message in sink.messages] == [8000, 4000]


def test_use_says_so_even_when_the_database_stays_the_same(client: Any) -> None:
    sink = client.run("SELECT 1;\nUSE lockstep;")
    assert [event for event in sink.events if event[0] == "database"] == [("database", "lockstep", "lockstep")]


def test_implicit_transactions_begin_with_definitions_and_queries_of_tables_and_count_under_begin(client: Any) -> None:
    client.run("SET IMPLICIT_TRANSACTIONS ON; SELECT 1; DECLARE @a int = 1;")
    assert client.session.trancount == 0
    client.run("CREATE TABLE t (id int);")
    assert client.session.trancount == 1
    client.run("ROLLBACK;")
    assert client.session.trancount == 0
    client.run("SELECT name FROM sys.tables;")
    assert client.session.trancount == 1
    client.run("COMMIT; BEGIN TRAN;")
    assert client.session.trancount == 2


def test_textsize_cuts_the_long_values_of_results_and_nothing_else(client: Any) -> None:
    text = (
        "SET TEXTSIZE 10; SELECT REPLICATE(CAST('x' AS varchar(max)), 50), REPLICATE(CAST(N'y' AS nvarchar(max)), 50)"
    )
    assert client.query(f"{text}, REPLICATE('z', 50)") == [("x" * 10, "y" * 5, "z" * 50)]
    assert client.query("SELECT LEN(REPLICATE(CAST('x' AS varchar(max)), 50)), @@TEXTSIZE") == [(50, 10)]
    assert client.query("SET TEXTSIZE 0; SELECT @@TEXTSIZE") == [(4096,)]


def test_columns_are_not_null_by_default_with_ansi_null_dflt_on_off(client: Any) -> None:
    client.run("SET ANSI_NULL_DFLT_ON OFF; CREATE TABLE t (a int, b int NULL); ALTER TABLE t ADD c int DEFAULT 0;")
    assert client.query("SELECT name, is_nullable FROM sys.columns WHERE object_id = OBJECT_ID(N't')") == [
        ("a", False),
        ("b", True),
        ("c", False),
    ]


def test_what_datefirst_and_dateformat_chose_stays_when_the_language_changes(client: Any) -> None:
    client.run("SET LANGUAGE Deutsch")
    assert client.query("SELECT @@DATEFIRST, MONTH(CAST('02.03.2024' AS datetime))") == [(1, 3)]
    client.run("SET DATEFIRST 3; SET DATEFORMAT mdy; SET LANGUAGE us_english; SET LANGUAGE Deutsch")
    assert client.query("SELECT @@DATEFIRST, MONTH(CAST('02.03.2024' AS datetime))") == [(3, 2)]
