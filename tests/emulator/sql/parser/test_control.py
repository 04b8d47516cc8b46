"""Control of flow, variables, messages, transactions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import pytest

from emulator.errors import SqlError
from emulator.sql import nodes
from emulator.sql.parser import parse_batch

Parse: TypeAlias = Callable[[str], Any]

ONE, TWO = nodes.IntegerLiteral(1), nodes.IntegerLiteral(2)
V = nodes.Variable("@v")


def kinds(text: str) -> list[str]:
    return [type(statement).__name__ for statement in parse_batch(text).statements]


def test_statements_need_no_semicolons_and_bear_many() -> None:
    assert kinds(";;PRINT 1 PRINT 2;; SELECT 1 SELECT 2") == ["Print", "Print", "Select", "Select"]
    assert kinds("") == kinds(" ; -- nothing") == []


def test_a_statement_knows_its_text_and_line() -> None:
    batch = parse_batch("PRINT 1;\n\n  SELECT a,\n b FROM t ; /* x */\nBEGIN\nPRINT 2 END")
    assert [batch.text[s.start : s.end] for s in batch.statements] == [
        "PRINT 1",
        "SELECT a,\n b FROM t",
        "BEGIN\nPRINT 2 END",
    ]
    assert [s.line for s in batch.statements] == [1, 3, 5]
    block = batch.statements[2]
    assert isinstance(block, nodes.Block)
    assert block.statements[0].line == 6


def test_else_belongs_to_the_nearest_if(parse: Parse) -> None:
    node = parse("IF 1 = 1 IF 2 = 2 PRINT 1; ELSE PRINT 2")
    assert node.otherwise is None
    assert node.then.otherwise == nodes.Print(TWO)


def test_a_chain_of_else_if_may_be_longer_than_any_nesting(parse: Parse) -> None:
    node = parse("IF 1 = 1 PRINT 1 " + "ELSE IF 1 = 1 PRINT 1 " * 400 + "ELSE PRINT 2")
    length = 0
    while isinstance(node, nodes.If):
        node, length = node.otherwise, length + 1
    assert (node, length) == (nodes.Print(TWO), 401)


def test_try_and_catch_hold_statements_and_catch_may_be_empty(parse: Parse) -> None:
    node = parse("BEGIN TRY PRINT 1; PRINT 2 END TRY BEGIN CATCH THROW; END CATCH")
    assert [type(s) for s in node.body] == [nodes.Print, nodes.Print]
    assert node.handler == (nodes.Throw(),)
    assert parse("BEGIN TRY PRINT 1 END TRY BEGIN CATCH END CATCH").handler == ()


def test_throw_needs_the_semicolon_before_it(error_of: Callable[[str], SqlError]) -> None:
    assert error_of("PRINT 'x' THROW 51000, 'y', 1").message == "Incorrect syntax near 'THROW'."
    assert kinds("PRINT 'x'; THROW 51000, 'y', 1; IF 1 = 1 THROW 51000, @v, 1") == ["Print", "Throw", "If"]


@pytest.mark.parametrize(
    ("text", "number", "line"),
    [
        ("BREAK", 135, 1),
        ("IF 1 = 1\nCONTINUE", 136, 2),
        ("PRINT 1\nGOTO x", 133, 2),
        ("x: PRINT 1\nX: PRINT 2", 132, 2),
        ("PRINT 1\nRETURN 1", 178, 2),
        ("BEGIN END", 156, 1),
        ("BEGIN TRY PRINT 1 END TRY", 102, 1),
        ("PRINT 1\nEND", 156, 2),
    ],
)
def test_misplaced_statements_are_refused_before_anything_runs(
    error_of: Callable[[str], SqlError], text: str, number: int, line: int
) -> None:
    error = error_of(text)
    assert (error.number, error.line, error.severity) == (number, line, 15)


def test_loops_labels_and_returns_in_their_places() -> None:
    assert kinds("WHILE 1 = 1 BEGIN BREAK CONTINUE END again: GOTO again RETURN SELECT 1 RETURN; RETURN") == [
        "While",
        "Label",
        "Goto",
        "Return",
        "Select",
        "Return",
        "Return",
    ]


def test_declare_takes_variables_tables_and_cursors(parse: Parse) -> None:
    node = parse("DECLARE @a int = 1, @b AS nvarchar(max), @c CURSOR, @t TABLE (x int)")
    assert node.variables[:3] == (
        nodes.VariableDeclaration("@a", nodes.TypeName("int"), ONE),
        nodes.VariableDeclaration("@b", nodes.TypeName("nvarchar", is_max=True)),
        nodes.VariableDeclaration("@c", nodes.TypeName("cursor")),
    )
    assert node.variables[3].definition.columns[0].name == "x"


@pytest.mark.parametrize("operator", ["=", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^="])
def test_variables_are_set_with_every_operator(parse: Parse, operator: str) -> None:
    assert parse(f"SET @v {operator} 1") == nodes.SetVariable(V, operator, ONE)


@pytest.mark.parametrize(
    ("text", "node"),
    [
        ("BEGIN TRAN", nodes.BeginTransaction()),
        ("BEGIN TRANSACTION t WITH MARK 'm'", nodes.BeginTransaction("t", "m")),
        ("COMMIT", nodes.CommitTransaction()),
        ("COMMIT WORK", nodes.CommitTransaction()),
        ("COMMIT TRAN @v WITH (DELAYED_DURABILITY = ON)", nodes.CommitTransaction(V, True)),
        ("ROLLBACK TRANSACTION [t x]", nodes.RollbackTransaction("t x")),
        ("SAVE TRAN s", nodes.SaveTransaction("s")),
        ("WAITFOR DELAY '00:00:01'", nodes.WaitFor("DELAY", nodes.StringLiteral("00:00:01"))),
        ("WAITFOR TIME @v", nodes.WaitFor("TIME", V)),
        ("THROW @v, N'm', 1", nodes.Throw(V, nodes.StringLiteral("m", True), ONE)),
        (
            "RAISERROR (N'm %d', 16, 1, @v, @@SPID) WITH LOG, NOWAIT",
            nodes.RaiseError(
                nodes.StringLiteral("m %d", True),
                nodes.IntegerLiteral(16),
                ONE,
                (V, nodes.GlobalVariable("@@SPID")),
                ("LOG", "NOWAIT"),
            ),
        ),
    ],
)
def test_each_small_statement_has_its_node(parse: Parse, text: str, node: Any) -> None:
    assert parse(text) == node


def test_messages_take_constants_and_variables_and_no_expressions(error_of: Callable[[str], SqlError]) -> None:
    assert error_of("RAISERROR ('a' + @v, 16, 1)").message == "Incorrect syntax near '+'."
    assert error_of("; THROW 51000, 'a' + @v, 1").message == "Incorrect syntax near '+'."


def test_rollback_without_tran_takes_no_name(error_of: Callable[[str], SqlError]) -> None:
    assert error_of("ROLLBACK x").message == "Incorrect syntax near 'x'."
