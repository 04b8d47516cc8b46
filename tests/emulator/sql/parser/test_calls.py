"""EXECUTE and calls without it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import pytest

from emulator.errors import SqlError
from emulator.sql import nodes
from emulator.sql.parser import parse_batch

Parse: TypeAlias = Callable[[str], Any]

P = nodes.ObjectName("p")
ONE = nodes.IntegerLiteral(1)
V = nodes.Variable("@v")


def test_arguments_come_by_position_and_by_name(parse: Parse) -> None:
    call = parse(
        "EXEC @r = db.dbo.p 1, -2, abc, NULL, DEFAULT, @@SPID, @v OUTPUT, @a = @v OUT, @b = N'x' WITH RECOMPILE"
    )
    assert call == nodes.ExecuteProcedure(
        nodes.ObjectName("p", "dbo", "db"),
        (
            nodes.Argument(ONE),
            nodes.Argument(nodes.Unary("-", nodes.IntegerLiteral(2))),
            nodes.Argument(nodes.StringLiteral("abc")),
            nodes.Argument(nodes.NullLiteral()),
            nodes.Argument(nodes.DefaultValue()),
            nodes.Argument(nodes.GlobalVariable("@@SPID")),
            nodes.Argument(V, output=True),
            nodes.Argument(V, "@a", output=True),
            nodes.Argument(nodes.StringLiteral("x", True), "@b"),
        ),
        nodes.Variable("@r"),
        recompile=True,
    )


def test_the_procedure_may_be_numbered_or_named_by_a_variable(parse: Parse) -> None:
    assert parse("EXEC p;2 1") == nodes.ExecuteProcedure(P, (nodes.Argument(ONE),), number=2)
    assert parse("EXEC @v 1") == nodes.ExecuteProcedure(V, (nodes.Argument(ONE),))
    assert parse("EXEC @r = @v").procedure == V


def test_arguments_are_no_expressions(error_of: Callable[[str], SqlError]) -> None:
    assert error_of("EXEC p @v + 1").message == "Incorrect syntax near '+'."
    assert error_of("EXEC p dbo.x").message == "Incorrect syntax near '.'."


def test_the_next_statement_is_no_argument() -> None:
    first, second = parse_batch("EXEC p SELECT 1").statements
    assert first == nodes.ExecuteProcedure(P)
    assert isinstance(second, nodes.Select)


@pytest.mark.parametrize("text", ["sp_help 'x'", "; sp_help 'x'"])
def test_the_first_statement_may_be_a_call_without_exec(text: str) -> None:
    batch = parse_batch(text + " PRINT 1")
    assert batch.statements[0] == nodes.ExecuteProcedure(
        nodes.ObjectName("sp_help"), (nodes.Argument(nodes.StringLiteral("x")),)
    )
    assert len(batch.statements) == 2


def test_only_the_first_statement_may_be_one(error_of: Callable[[str], SqlError]) -> None:
    error = error_of("PRINT 1\nsp_help 'x'")
    assert (error.number, error.line, error.message) == (102, 2, "Incorrect syntax near 'sp_help'.")


def test_strings_are_joined_and_may_run_as_another_and_elsewhere(parse: Parse) -> None:
    call = parse("EXEC ('SELECT ' + @v, 1, @v OUTPUT) AS USER = 'u' AT srv")
    assert call == nodes.ExecuteString(
        nodes.Binary("+", nodes.StringLiteral("SELECT "), V),
        (nodes.Argument(ONE), nodes.Argument(V, output=True)),
        "USER",
        "u",
        "srv",
    )


def test_the_string_of_exec_has_no_calls(error_of: Callable[[str], SqlError]) -> None:
    assert error_of("EXEC ('SELECT ' + QUOTENAME(@v))").message == "Incorrect syntax near 'QUOTENAME'."


def test_result_sets_may_be_declared(parse: Parse) -> None:
    sets = parse("EXEC p WITH RESULT SETS ((a int NOT NULL, b varchar(5) COLLATE c), (d date NULL))").result_sets
    assert [[column.name for column in columns] for columns in sets.sets] == [["a", "b"], ["d"]]
    assert sets.sets[0][0].nullable is False
    assert parse("EXEC p WITH RESULT SETS NONE").result_sets.kind == "NONE"


@pytest.mark.parametrize(
    ("text", "node"),
    [
        ("EXECUTE AS USER = 'u'", nodes.ExecuteAs("USER", nodes.StringLiteral("u"))),
        ("EXEC AS LOGIN = @v WITH NO REVERT", nodes.ExecuteAs("LOGIN", V, no_revert=True)),
        ("EXECUTE AS CALLER", nodes.ExecuteAs("CALLER")),
        ("EXECUTE AS USER = 'u' WITH COOKIE INTO @v", nodes.ExecuteAs("USER", nodes.StringLiteral("u"), cookie=V)),
        ("REVERT", nodes.Revert()),
        ("REVERT WITH COOKIE = @v", nodes.Revert(V)),
    ],
)
def test_execute_as_switches_the_principal(parse: Parse, text: str, node: Any) -> None:
    assert parse(text) == node
