"""Calling procedures: parameters, OUTPUT, defaults, status, nesting, SET options, EXEC of strings, sp_executesql, RPC.

Pages "EXECUTE", "CREATE PROCEDURE", "sp_executesql (Transact-SQL)"; MS-TDS 2.2.6.6 for the calls by RPC.
"""

from __future__ import annotations

from typing import Any

import pytest

from emulator.execution.arguments import CallArgument
from emulator.results import Collector
from emulator.types.sqltype import INT, nvarchar


@pytest.fixture
def adder(client: Any) -> Any:
    client.run(
        "CREATE PROCEDURE dbo.adder @a int, @b int = 5, @sum int = NULL OUTPUT AS SET @sum = @a + @b; SELECT @sum AS s; RETURN @a"
    )
    return client


def test_arguments_bind_by_position_by_name_and_by_default(adder: Any) -> None:
    for call, total in (("adder 1, 2", 3), ("adder @b = 1, @a = 7", 8), ("dbo.adder 1", 6), ("adder 1, DEFAULT", 6)):
        assert adder.query(f"EXEC {call}") == [(total,)]


def test_output_and_status_come_back(adder: Any) -> None:
    text = "DECLARE @s int, @r int; EXEC @r = adder 4, 6, @s OUTPUT; SELECT @s, @r"
    assert adder.query(text) == [(10, 4)]


def test_an_output_argument_without_the_word_output_stays_unchanged(adder: Any) -> None:
    assert adder.query("DECLARE @s int = 99; EXEC adder 4, 6, @s; SELECT @s") == [(99,)]


@pytest.mark.parametrize(
    ("call", "number"),
    [
        ("adder", 201),
        ("adder 1, 2, 3, 4", 8144),
        ("adder @nothing = 1", 8145),
        ("adder @a = 1, @a = 2", 8143),
        ("adder 'x'", 8114),
        ("nothing", 2812),
    ],
)
def test_wrong_calls_have_their_numbers(adder: Any, call: str, number: int) -> None:
    assert adder.fails(f"EXEC {call}").number == number


def test_output_for_an_input_parameter_is_8162(adder: Any) -> None:
    assert adder.fails("DECLARE @x int; EXEC adder @x OUTPUT").number == 8162


def test_errors_name_procedure_and_line(client: Any) -> None:
    client.run("\nCREATE PROCEDURE p AS\nSELECT 1\nSELECT 1/0")
    error = client.fails("SELECT 1\nEXEC p")
    assert (error.procedure, error.line) == ("p", 4)


def test_set_options_of_a_procedure_end_with_it(client: Any) -> None:
    client.run("CREATE PROCEDURE p AS SET XACT_ABORT ON; SET TRANSACTION ISOLATION LEVEL SERIALIZABLE; SET NOCOUNT ON")
    client.run("EXEC p")
    settings = client.session.settings
    assert (settings.xact_abort, settings.isolation.name, settings.nocount) == (False, "READ_COMMITTED", False)


def test_a_changed_transaction_count_is_error_266(client: Any) -> None:
    client.run("CREATE PROCEDURE p AS BEGIN TRAN")
    sink = client.collect("EXEC p; SELECT @@TRANCOUNT")
    assert [e.number for e in sink.errors] == [266]
    assert sink.result_sets[-1].rows == [(1,)]


def test_nesting_stops_at_32_levels(client: Any) -> None:
    client.run("CREATE PROCEDURE p AS EXEC p")
    assert client.fails("EXEC p").number == 217


def test_a_procedure_may_call_one_that_comes_later(client: Any) -> None:
    client.run("CREATE PROCEDURE first AS EXEC second")
    assert client.fails("EXEC first").number == 2812
    client.run("CREATE PROCEDURE second AS SELECT 'there'")
    assert client.query("EXEC first") == [("there",)]


def test_create_or_alter_replaces_the_body_under_the_same_id(client: Any) -> None:
    client.run("CREATE OR ALTER PROCEDURE p AS SELECT 1")
    before = client.value("OBJECT_ID('p')")
    client.run("CREATE OR ALTER PROCEDURE p AS SELECT 2")
    assert client.query("EXEC p") == [(2,)]
    assert client.value("OBJECT_ID('p')") == before
    assert client.fails("CREATE PROCEDURE p AS SELECT 3").number == 2714
    assert client.fails("ALTER PROCEDURE q AS SELECT 3").number == 208


def test_a_wrong_column_is_an_error_of_create(client: Any) -> None:
    client.run("CREATE TABLE t (a int)")
    assert client.fails("CREATE PROCEDURE p AS SELECT b FROM t").number == 207
    assert client.fails("EXEC p").number == 2812


def test_a_string_runs_as_a_batch_of_its_own(client: Any) -> None:
    assert client.query("DECLARE @t nvarchar(50) = N'SELECT 1'; EXEC (@t + N' + 1')") == [(2,)]
    assert client.fails("DECLARE @x int = 1; EXEC ('SELECT @x')").number == 137


def test_sp_executesql_takes_parameters_and_gives_outputs(client: Any) -> None:
    text = "DECLARE @o int; EXEC sp_executesql N'SET @o = @a * 2', N'@a int, @o int OUTPUT', @a = 21, @o = @o OUTPUT; SELECT @o"
    assert client.query(text) == [(42,)]


def test_sp_executesql_misses_an_argument(client: Any) -> None:
    assert client.fails("EXEC sp_executesql N'SELECT @a', N'@a int'").number == 8178


def rpc(client: Any, name: str, *arguments: CallArgument) -> Collector:
    sink = Collector()
    scheduler = client.instance.scheduler
    scheduler.run_until_done(scheduler.spawn("rpc", lambda: client.session.run_rpc(name, arguments, sink)))
    return sink


def test_a_remote_call_returns_status_and_outputs(adder: Any) -> None:
    sink = rpc(adder, "dbo.adder", CallArgument("@a", INT, 3), CallArgument("@sum", INT, None, output=True))
    assert (sink.status, sink.values, sink.result_sets[0].rows) == (3, {"@sum": 8}, [(8,)])


def test_prepared_statements_live_by_their_handle(client: Any) -> None:
    handle = CallArgument("", INT, None, output=True)
    text = [CallArgument("", nvarchar(20), "@P1 int"), CallArgument("", nvarchar(40), "SELECT @P1 + 1")]
    sink = rpc(client, "sp_prepexec", handle, *text, CallArgument("", INT, 1))
    assert sink.result_sets[0].rows == [(2,)]
    number = CallArgument("", INT, sink.values[""])
    assert rpc(client, "sp_execute", number, CallArgument("", INT, 5)).result_sets[0].rows == [(6,)]
    rpc(client, "sp_unprepare", number)
    assert [e.number for e in rpc(client, "sp_execute", number).errors] == [8179]


def test_preparing_a_wrong_statement_gives_its_error_and_8180(client: Any) -> None:
    handle = CallArgument("", INT, None, output=True)
    text = [CallArgument("", nvarchar(20), ""), CallArgument("", nvarchar(40), "SELEC 1 FROM")]
    assert [e.number for e in rpc(client, "sp_prepexec", handle, *text).errors][-1] == 8180


def test_a_scalar_function_returns_its_value(client: Any) -> None:
    client.run("CREATE FUNCTION dbo.twice (@x int) RETURNS int AS BEGIN RETURN @x * 2 END")
    assert client.value("dbo.twice(dbo.twice(3))") == 12


def test_an_inline_function_is_part_of_its_query(client: Any) -> None:
    client.run(
        "CREATE FUNCTION dbo.upto (@x int) RETURNS TABLE AS "
        "RETURN (SELECT v FROM (VALUES (1),(2),(3)) AS t (v) WHERE v <= @x)"
    )
    assert client.query("SELECT v FROM dbo.upto(2) ORDER BY v") == [(1,), (2,)]
    applied = "SELECT n, v FROM (VALUES (1), (2)) AS a (n) CROSS APPLY dbo.upto(n) AS u ORDER BY n, v"
    assert client.query(applied) == [(1, 1), (2, 1), (2, 2)]


def test_temporary_tables_of_a_procedure_end_with_it(client: Any) -> None:
    client.run("CREATE PROCEDURE p AS CREATE TABLE #t (a int); INSERT #t VALUES (1); SELECT a FROM #t")
    assert client.query("EXEC p") == [(1,)]
    assert client.query("EXEC p") == [(1,)]
    assert client.fails("SELECT * FROM #t").number == 208
    client.run("CREATE TABLE #t (a int)")
    assert client.query("SELECT * FROM #t") == []


@pytest.mark.parametrize(
    ("call", "parameter"),
    [
        ("EXEC sp_executesql 'SELECT 1'", "@statement"),
        ("DECLARE @n int = 1; EXEC sp_executesql @n", "@statement"),
        ("DECLARE @n int = 1; EXEC sp_executesql N'SELECT 1', @n", "@params"),
        ("EXEC sp_executesql N'SELECT 1', 'int'", "@params"),
    ],
)
def test_dynamic_sql_takes_unicode_text_alone(client: Any, call: str, parameter: str) -> None:
    """Documentation: "sp_executesql"."""
    error = client.fails(f"{call};")
    assert error.number == 214
    assert error.message == f"Procedure expects parameter '{parameter}' of type 'ntext/nchar/nvarchar'."
