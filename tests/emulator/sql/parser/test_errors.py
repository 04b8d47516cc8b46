"""Syntax errors name the token and its line; nesting has an end; any text gives a tree or an error."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.errors import SqlError
from emulator.sql import nodes
from emulator.sql.keywords import RESERVED
from emulator.sql.nodes import Batch
from emulator.sql.parser import parse_batch

ErrorOf = Callable[[str], SqlError]


@pytest.mark.parametrize(
    ("text", "number", "line", "message"),
    [
        ("SELECT *\nFORM t", 102, 2, "Incorrect syntax near 'FORM'."),
        ("SELECT\n\nfrom t", 156, 3, "Incorrect syntax near the keyword 'from'."),
        ("SELECT 1\nFROM", 102, 2, "Incorrect syntax near 'FROM'."),
        ("SELECT 1 +\n\n", 102, 1, "Incorrect syntax near '+'."),
        ("SELECT a b c", 102, 1, "Incorrect syntax near 'c'."),
        ("SELECT 'a' 'b' 'c'", 102, 1, "Incorrect syntax near 'c'."),
        ("SELECT (1", 102, 1, "Incorrect syntax near '1'."),
        ("SELECT 1)", 102, 1, "Incorrect syntax near ')'."),
        ("SELECT a FROM t WHERE", 102, 1, "Incorrect syntax near 'WHERE'."),
        ("SELECT ?", 102, 1, "Incorrect syntax near '?'."),
        ("SELECT 1 AS table", 156, 1, "Incorrect syntax near the keyword 'table'."),
        ("INSERT INTO t (a) VALUE (1)", 102, 1, "Incorrect syntax near 'VALUE'."),
        ("UPDATE t a = 1", 102, 1, "Incorrect syntax near 'a'."),
        ("CREATE TABLE t (a int b int)", 102, 1, "Incorrect syntax near 'b'."),
        ("DECLARE @a", 102, 1, "Incorrect syntax near '@a'."),
    ],
)
def test_an_error_names_the_offending_token(error_of: ErrorOf, text: str, number: int, line: int, message: str) -> None:
    error = error_of(text)
    assert (error.number, error.severity, error.state, error.line) == (number, 15, 1, line)
    assert error.message == message


def test_empty_names_and_names_of_too_many_parts_are_refused(error_of: ErrorOf) -> None:
    assert error_of("SELECT 1 AS []").number == 1038
    assert error_of("SELECT 1 AS ''").number == 1038
    assert error_of("SELECT * FROM a.b.c.d.e").number == 117


@pytest.mark.parametrize("word", sorted(RESERVED))
def test_a_reserved_word_names_a_table_only_in_quotes(word: str, error_of: ErrorOf) -> None:
    assert isinstance(parse_batch(f"CREATE TABLE [{word}] ([{word}] int)").statements[0], nodes.CreateTable)
    error = error_of(f"CREATE TABLE {word} (a int)")
    assert (error.number, error.message) == (156, f"Incorrect syntax near the keyword '{word}'.")


@pytest.mark.parametrize(
    ("opening", "inside", "closing"),
    [
        ("SELECT ", "(", "1"),
        ("SELECT ", "-(", "1"),
        ("SELECT ", "- ", "1"),
        ("SELECT ", "~", "1"),
        ("SELECT ", "f(", "1"),
        ("SELECT ", "CASE WHEN 1 = 1 THEN ", "1"),
        ("SELECT ", "(SELECT ", "1"),
        ("SELECT 1 WHERE ", "NOT ", "1 = 1"),
        ("SELECT 1 WHERE a IN ", "(", "1"),
        ("SELECT * FROM ", "(", "t"),
        ("SELECT * FROM ", "(SELECT * FROM ", "t"),
        ("", "BEGIN ", "PRINT 1"),
        ("", "IF 1 = 1 ", "PRINT 1"),
        ("", "WHILE 1 = 1 ", "PRINT 1"),
        ("", "(", "SELECT 1"),
        ("SELECT 1 FROM t GROUP BY ", "GROUPING SETS (", "a"),
        ("SELECT 1 FROM t ", "JOIN t ", "ON 1 = 1"),
    ],
)
@pytest.mark.parametrize("depth", [120, 20000])
def test_what_is_nested_too_deeply_is_error_191(
    error_of: ErrorOf, opening: str, inside: str, closing: str, depth: int
) -> None:
    assert error_of(opening + inside * depth + closing).number == 191


def test_error_191_also_comes_when_the_caller_has_left_no_room() -> None:
    def deep(levels: int) -> int:
        if levels:
            return deep(levels - 1)
        with pytest.raises(SqlError) as caught:
            parse_batch("SELECT " + "(" * 60 + "1" + ")" * 60)
        return caught.value.number

    frames = len(_frames())
    assert deep(sys.getrecursionlimit() - frames - 80) == 191


def _frames() -> list[object]:
    frames: list[object] = []
    frame = sys._getframe()
    while frame is not None:
        frames.append(frame)
        frame = frame.f_back  # type: ignore[assignment]
    return frames


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("SELECT " + "+".join(["a"] * 5000), 1),
        ("SELECT 1 WHERE " + " AND ".join(["a = 1"] * 5000), 1),
        ("PRINT 1 " * 5000, 5000),
    ],
)  # fmt: skip
def test_long_is_not_deep(text: str, count: int) -> None:
    assert len(parse_batch(text).statements) == count


# --- Any text ---------------------------------------------------------------------------------------------------------

_WORDS = re.findall(
    r"\S+",
    """
    SELECT FROM WHERE GROUP BY ORDER HAVING UNION ALL INTERSECT INSERT INTO VALUES UPDATE SET DELETE MERGE USING ON WHEN
    MATCHED THEN NOT NULL IS IN LIKE BETWEEN AND OR EXISTS CASE ELSE END CAST AS int varchar ( ) ( ) , . = <> < + - * /
    % ~ @v @t 1 2.5 'x' N'x' a b t dbo [c] ; JOIN LEFT APPLY CROSS OUTER PIVOT FOR XML PATH JSON OPENJSON WITH NOLOCK
    INDEX TOP PERCENT TIES OVER PARTITION ROWS BEGIN TRY CATCH TRAN COMMIT ROLLBACK SAVE IF WHILE BREAK RETURN GOTO x
    : THROW RAISERROR PRINT DECLARE TABLE CURSOR OPEN FETCH NEXT EXEC sp_help OUTPUT DEFAULT CREATE ALTER DROP PROCEDURE
    FUNCTION RETURNS VIEW TRIGGER SCHEMA SEQUENCE TYPE INDEX UNIQUE PRIMARY KEY CONSTRAINT CHECK REFERENCES COLUMN GRANT
    TO ROLE USER LOGIN DATABASE TRUNCATE USE KILL DBCC {fn } NOCOUNT OFF LOCK_TIMEOUT TRANSACTION ISOLATION LEVEL READ
    COMMITTED QUOTED_IDENTIFIER "q" $ 0x1 GROUPING SETS ROLLUP COLLATE AT TIME ZONE OFFSET OPTION RECOMPILE $action
    inserted deleted UPDATE STATISTICS BULK VALUE :: WINDOW
    """,
)


def gives_a_tree_or_an_error(text: str) -> None:
    found: Batch | SqlError
    try:
        found = parse_batch(text)
    except SqlError as error:
        found = error
    if isinstance(found, SqlError):
        assert 1 <= found.line <= text.count("\n") + 1
        return
    position = 0
    for statement in found.statements:
        assert position <= statement.start < statement.end <= len(text)
        position = statement.end


@given(st.text(max_size=80))
def test_any_text_gives_a_tree_or_an_error(text: str) -> None:
    gives_a_tree_or_an_error(text)


@given(st.lists(st.sampled_from(_WORDS), max_size=40))
def test_any_words_give_a_tree_or_an_error(words: list[str]) -> None:
    gives_a_tree_or_an_error(" ".join(words))
