"""Procedures, functions, views, triggers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import pytest

from emulator.errors import SqlError
from emulator.sql import nodes
from emulator.sql.parser import parse_batch

Parse: TypeAlias = Callable[[str], Any]

INT = nodes.TypeName("int")
P = nodes.ObjectName("p", "dbo")


@pytest.mark.parametrize("action", ["CREATE", "ALTER", "CREATE OR ALTER"])
def test_a_procedure_is_created_altered_or_either(parse: Parse, action: str) -> None:
    procedure = parse(f"{action} PROCEDURE dbo.p AS PRINT 1 PRINT 2")
    assert (procedure.action, procedure.name, len(procedure.body)) == (action, P, 2)


@pytest.mark.parametrize(("opening", "closing"), [("", ""), ("(", ")")])
def test_parameters_stand_with_or_without_brackets(parse: Parse, opening: str, closing: str) -> None:
    text = "@a int = -1, @b AS nvarchar(5) = NULL OUTPUT, @c dbo.t READONLY, @d varchar(9) = abc, @e CURSOR VARYING OUT"
    procedure = parse(f"CREATE PROC dbo.p {opening}{text}{closing} WITH RECOMPILE, EXECUTE AS OWNER AS RETURN 1")
    assert procedure.parameters == (
        nodes.Parameter("@a", INT, nodes.Unary("-", nodes.IntegerLiteral(1))),
        nodes.Parameter("@b", nodes.TypeName("nvarchar", None, (5,)), nodes.NullLiteral(), output=True),
        nodes.Parameter("@c", nodes.TypeName("t", "dbo"), readonly=True),
        nodes.Parameter("@d", nodes.TypeName("varchar", None, (9,)), nodes.StringLiteral("abc")),
        nodes.Parameter("@e", nodes.TypeName("cursor"), output=True, varying=True),
    )
    assert (procedure.options, procedure.execute_as) == (("RECOMPILE",), "OWNER")


def test_the_body_is_the_rest_of_the_batch_and_its_lines_count_from_there() -> None:
    text = "-- header\nCREATE PROCEDURE dbo.p\nAS\nBEGIN\n  PRINT 1\nEND\nPRINT 2 ;\n"
    (procedure,) = parse_batch(text).statements
    assert isinstance(procedure, nodes.CreateProcedure)
    assert [type(statement).__name__ for statement in procedure.body] == ["Block", "Print"]
    assert [statement.line for statement in procedure.body] == [4, 7]
    assert text[procedure.body_start :].startswith("BEGIN\n  PRINT 1")
    assert procedure.line == 2


def test_a_scalar_function_has_a_type_and_a_body(parse: Parse) -> None:
    function = parse(
        "CREATE FUNCTION dbo.f (@a int = 1) RETURNS int WITH SCHEMABINDING, RETURNS NULL ON NULL INPUT"
        " AS BEGIN RETURN @a END"
    )
    assert function.returns == INT
    assert function.body == (nodes.Return(nodes.Variable("@a")),)
    assert function.options == ("SCHEMABINDING", "RETURNS NULL ON NULL INPUT")


@pytest.mark.parametrize(
    "query",
    [
        "SELECT 1 AS a",
        "(SELECT 1 AS a)",
        "(SELECT TOP 1 a FROM t ORDER BY a)",
        "(WITH x AS (SELECT 1 AS a) SELECT a FROM x)",
        "(SELECT 1 AS a) UNION (SELECT 2)",
    ],
)
def test_an_inline_function_is_one_query(parse: Parse, query: str) -> None:
    function = parse(f"CREATE FUNCTION dbo.f () RETURNS TABLE AS RETURN {query}")
    assert isinstance(function.query, nodes.Select)
    assert (function.returns, function.table_definition, function.body) == (None, None, ())


def test_a_multi_statement_function_fills_a_table(parse: Parse) -> None:
    function = parse("CREATE FUNCTION f () RETURNS @t TABLE (a int) AS BEGIN INSERT @t VALUES (1) RETURN END")
    assert function.table_variable == "@t"
    assert function.table_definition.columns[0].name == "a"
    assert len(function.body) == 2


def test_only_functions_and_procedures_return_values(error_of: Callable[[str], SqlError]) -> None:
    assert error_of("CREATE FUNCTION f () RETURNS @t TABLE (a int) AS BEGIN RETURN 1 END").number == 178
    assert error_of("CREATE TRIGGER t ON u FOR INSERT AS RETURN 1").number == 178


def test_a_view_keeps_columns_options_and_check_option(parse: Parse) -> None:
    view = parse("CREATE VIEW v (x) WITH SCHEMABINDING AS WITH y AS (SELECT 1 AS a) SELECT a FROM y WITH CHECK OPTION;")
    assert (view.columns, view.options, view.check_option) == (("x",), ("SCHEMABINDING",), True)
    assert len(view.select.ctes) == 1


@pytest.mark.parametrize(
    ("text", "timing", "events", "scope"),
    [
        ("ON t FOR INSERT", "AFTER", ("INSERT",), "TABLE"),
        ("ON t AFTER INSERT, UPDATE, DELETE", "AFTER", ("INSERT", "UPDATE", "DELETE"), "TABLE"),
        ("ON t INSTEAD OF DELETE", "INSTEAD OF", ("DELETE",), "TABLE"),
        ("ON DATABASE FOR CREATE_TABLE", "AFTER", ("CREATE_TABLE",), "DATABASE"),
        ("ON ALL SERVER FOR LOGON", "AFTER", ("LOGON",), "ALL SERVER"),
    ],
)
def test_a_trigger_has_timing_and_events(parse: Parse, text: str, timing: str, events: Any, scope: str) -> None:
    trigger = parse(f"CREATE TRIGGER dbo.p {text} AS IF UPDATE(a) PRINT 1")
    assert (trigger.timing, trigger.events, trigger.scope) == (timing, events, scope)
    assert (trigger.table is None) == (scope != "TABLE")


def test_triggers_are_enabled_and_disabled(parse: Parse) -> None:
    assert parse("DISABLE TRIGGER a, dbo.p ON t") == nodes.ToggleTrigger(
        False, (nodes.ObjectName("a"), P), nodes.ObjectName("t")
    )
    assert parse("ENABLE TRIGGER ALL ON DATABASE") == nodes.ToggleTrigger(True, None, None)


@pytest.mark.parametrize(
    ("text", "number", "message"),
    [
        (
            "PRINT 1 CREATE PROC p AS PRINT 1",
            111,
            "'CREATE/ALTER PROCEDURE' must be the first statement in a query batch.",
        ),
        ("PRINT 1 CREATE VIEW v AS SELECT 1", 111, "'CREATE VIEW' must be the first statement in a query batch."),
        ("PRINT 1 ALTER FUNCTION f", 111, "'ALTER FUNCTION' must be the first statement in a query batch."),
        ("PRINT 1 CREATE SCHEMA s", 111, "'CREATE SCHEMA' must be the first statement in a query batch."),
        ("IF 1 = 1 CREATE PROCEDURE p AS PRINT 1", 156, "Incorrect syntax near the keyword 'PROCEDURE'."),
        ("CREATE VIEW v AS SELECT 1 AS a; SELECT 2", 156, "Incorrect syntax near the keyword 'SELECT'."),
        ("CREATE PROCEDURE p AS", 102, "Incorrect syntax near 'AS'."),
        ("CREATE PROCEDURE p AS BEGIN PRINT 1", 102, "Incorrect syntax near '1'."),
        ("CREATE FUNCTION f () RETURNS int AS RETURN 1", 156, "Incorrect syntax near the keyword 'RETURN'."),
    ],
)
def test_modules_stand_alone_in_their_batch(
    error_of: Callable[[str], SqlError], text: str, number: int, message: str
) -> None:
    error = error_of(text)
    assert (error.number, error.message) == (number, message)
