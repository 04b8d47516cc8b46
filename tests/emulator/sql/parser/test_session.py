"""SET options, cursors, and statements to the server."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import pytest

from emulator.errors import SqlError
from emulator.sql import nodes
from emulator.sql.parser import parse_batch

Parse: TypeAlias = Callable[[str], Any]

ONE = nodes.IntegerLiteral(1)
V = nodes.Variable("@v")
C = nodes.CursorName("c")


@pytest.mark.parametrize(
    ("text", "node"),
    [
        ("SET NOCOUNT ON", nodes.SetOption(("NOCOUNT",), True)),
        ("SET ansi_nulls, Arithabort OFF", nodes.SetOption(("ANSI_NULLS", "ARITHABORT"), False)),
        ("SET STATISTICS IO, TIME ON", nodes.SetOption(("STATISTICS IO", "STATISTICS TIME"), True)),
        ("SET LOCK_TIMEOUT -1", nodes.SetValue("LOCK_TIMEOUT", nodes.Unary("-", ONE))),
        ("SET DEADLOCK_PRIORITY LOW", nodes.SetValue("DEADLOCK_PRIORITY", nodes.StringLiteral("LOW"))),
        ("SET ROWCOUNT @v", nodes.SetValue("ROWCOUNT", V)),
        ("SET TEXTSIZE 1", nodes.SetValue("TEXTSIZE", ONE)),
        ("SET LANGUAGE us_english", nodes.SetValue("LANGUAGE", nodes.StringLiteral("us_english"))),
        ("SET CONTEXT_INFO 0x01", nodes.SetValue("CONTEXT_INFO", nodes.BinaryLiteral(b"\x01"))),
        ("SET IDENTITY_INSERT dbo.t ON", nodes.SetIdentityInsert(nodes.ObjectName("t", "dbo"), True)),
        ("SET TRANSACTION ISOLATION LEVEL READ COMMITTED", nodes.SetIsolationLevel("READ COMMITTED")),
        ("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ", nodes.SetIsolationLevel("REPEATABLE READ")),
        ("SET TRANSACTION ISOLATION LEVEL SNAPSHOT", nodes.SetIsolationLevel("SNAPSHOT")),
        ("USE [my db]", nodes.Use("my db")),
        ("KILL 52 WITH STATUSONLY", nodes.Kill(nodes.IntegerLiteral(52), "STATUSONLY")),
        ("DBCC FREEPROCCACHE", nodes.Dbcc("FREEPROCCACHE")),
        (
            "DBCC CHECKIDENT (dbo.t, 1) WITH NO_INFOMSGS",
            nodes.Dbcc("CHECKIDENT", (nodes.StringLiteral("dbo.t"), ONE), ("NO_INFOMSGS",)),
        ),
        ("OPEN c", nodes.OpenCursor(C)),
        ("CLOSE GLOBAL c", nodes.CloseCursor(nodes.CursorName("c", is_global=True))),
        ("DEALLOCATE @v", nodes.DeallocateCursor(V)),
        ("FETCH c", nodes.FetchCursor(C)),
        ("FETCH NEXT FROM c INTO @v, @w", nodes.FetchCursor(C, into=(V, nodes.Variable("@w")))),
        ("FETCH RELATIVE -1 FROM @v", nodes.FetchCursor(V, "RELATIVE", nodes.Unary("-", ONE))),
    ],
)  # fmt: skip
def test_each_statement_has_its_node(parse: Parse, text: str, node: Any) -> None:
    assert parse(text) == node


def test_unknown_options_are_named(error_of: Callable[[str], SqlError]) -> None:
    error = error_of("SET FOO ON")
    assert (error.number, error.message) == (195, "'FOO' is not a recognized SET option.")


def test_quoted_identifier_changes_how_the_rest_of_the_batch_is_read() -> None:
    text = 'SET QUOTED_IDENTIFIER OFF SELECT "x" SET QUOTED_IDENTIFIER ON SELECT "x"'
    items = [s.query.body.items[0].expression for s in parse_batch(text).statements if isinstance(s, nodes.Select)]  # type: ignore[union-attr]
    assert items == [nodes.StringLiteral("x"), nodes.ColumnRef("x")]


def test_quoted_identifier_inside_a_module_changes_nothing_for_the_parser(parse: Parse) -> None:
    procedure = parse('CREATE PROCEDURE p AS SET QUOTED_IDENTIFIER OFF SELECT "x"')
    assert procedure.body[1].query.body.items[0].expression == nodes.ColumnRef("x")


@pytest.mark.parametrize(
    ("text", "options", "update_columns", "read_only"),
    [
        ("CURSOR FOR SELECT 1", (), None, False),
        ("CURSOR LOCAL FAST_FORWARD FOR SELECT 1", ("LOCAL", "FAST_FORWARD"), None, False),
        ("INSENSITIVE SCROLL CURSOR FOR SELECT 1 FOR READ ONLY", ("INSENSITIVE", "SCROLL"), None, True),
        ("CURSOR DYNAMIC FOR SELECT 1 FOR UPDATE", ("DYNAMIC",), (), False),
        ("CURSOR FOR SELECT 1 FOR UPDATE OF a, b", (), ("a", "b"), False),
    ],
)
def test_cursors_are_declared_in_both_dialects(
    parse: Parse, text: str, options: Any, update_columns: Any, read_only: bool
) -> None:
    definition = parse(f"DECLARE c {text}").definition
    assert (definition.options, definition.update_columns, definition.read_only) == (options, update_columns, read_only)


def test_a_variable_may_hold_a_cursor(parse: Parse) -> None:
    assert parse("SET @v = CURSOR STATIC FOR SELECT 1").definition.options == ("STATIC",)
