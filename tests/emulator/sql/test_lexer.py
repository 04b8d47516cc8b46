"""Tokens: constants, identifiers, comments, and the errors of unclosed ones."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.errors import SqlError
from emulator.sql import lexer
from emulator.sql.lexer import tokenize


def kinds_and_values(text: str, *, quoted_identifier: bool = True) -> list[tuple[str, str]]:
    return [(token.kind, token.value) for token in tokenize(text, quoted_identifier=quoted_identifier)[:-1]]


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("42", lexer.INTEGER, "42"),
        ("1.5", lexer.DECIMAL, "1.5"),
        (".5", lexer.DECIMAL, ".5"),
        ("5.", lexer.DECIMAL, "5."),
        ("1e3", lexer.FLOAT, "1e3"),
        (".5E-3", lexer.FLOAT, ".5E-3"),
        ("0xBEEF", lexer.BINARY, "0xBEEF"),
        ("0x", lexer.BINARY, "0x"),
        ("$12.50", lexer.MONEY, "$12.50"),
        ("£3", lexer.MONEY, "£3"),
        ("'it''s'", lexer.STRING, "it's"),
        ("''", lexer.STRING, ""),
        ("N'naïve'", lexer.NATIONAL_STRING, "naïve"),
        ("[a ]] b]", lexer.QUOTED, "a ] b"),
        ('"a""b"', lexer.QUOTED, 'a"b'),
        ("#temp", lexer.WORD, "#temp"),
        ("##temp", lexer.WORD, "##temp"),
        ("Straße_1$", lexer.WORD, "Straße_1$"),
        ("Select", lexer.KEYWORD, "Select"),
        ("@a#b$", lexer.VARIABLE, "@a#b$"),
        ("@@ROWCOUNT", lexer.GLOBAL, "@@ROWCOUNT"),
        ("$action", lexer.PSEUDO, "$action"),
    ],
)
def test_one_token_has_its_kind_and_its_value(text: str, kind: str, value: str) -> None:
    assert kinds_and_values(text) == [(kind, value)]


def test_double_quotes_hold_a_string_when_quoted_identifier_is_off() -> None:
    assert kinds_and_values('"it""s"', quoted_identifier=False) == [(lexer.STRING, 'it"s')]


def test_a_quoted_identifier_is_never_a_keyword() -> None:
    assert [token.key for token in tokenize('[select] "from" select')] == ["", "", "SELECT", ""]


def test_operators_may_have_space_inside_and_have_one_spelling_each() -> None:
    assert [token.key for token in tokenize("a ! = b > = c !< d !> e < > f")[1::2]] == [
        "<>",
        ">=",
        ">=",
        "<=",
        "<>",
        "",
    ]


def test_compound_assignments_are_one_token() -> None:
    operators = ["+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "::"]
    assert [token.key for token in tokenize(" ".join(operators))[:-1]] == operators


def test_block_comments_nest_and_line_comments_end_with_their_line() -> None:
    assert kinds_and_values("a /* b /* c */ d */ e -- f\n g") == [
        (lexer.WORD, "a"),
        (lexer.WORD, "e"),
        (lexer.WORD, "g"),
    ]


def test_tokens_know_their_line_behind_strings_and_comments_of_many_lines() -> None:
    text = "a\n/* x\n y */ b 'c\nd' e\n[f\ng] h"
    assert [(token.value, token.line) for token in tokenize(text)[:-1]] == [
        ("a", 1),
        ("b", 3),
        ("c\nd", 3),
        ("e", 4),
        ("f\ng", 5),
        ("h", 6),
    ]


@pytest.mark.parametrize(
    ("text", "number", "line", "message"),
    [
        ("SELECT\n'abc", 105, 2, "Unclosed quotation mark after the character string 'abc'."),
        ("SELECT [abc", 105, 1, "Unclosed quotation mark after the character string 'abc'."),
        ('SELECT "abc', 105, 1, "Unclosed quotation mark after the character string 'abc'."),
        ("SELECT N'abc", 105, 1, "Unclosed quotation mark after the character string 'abc'."),
        ("SELECT 1\n/* a\n/* b */\n", 113, 4, "Missing end comment mark '*/'."),
    ],
)
def test_what_is_not_closed_is_an_error(text: str, number: int, line: int, message: str) -> None:
    with pytest.raises(SqlError) as error:
        tokenize(text)
    assert (error.value.number, error.value.severity, error.value.line, error.value.message) == (
        number,
        15,
        line,
        message,
    )


def test_an_identifier_has_at_most_128_characters() -> None:
    assert tokenize("[" + "a" * 128 + "]")[0].value == "a" * 128
    with pytest.raises(SqlError) as error:
        tokenize("a" * 129)
    assert error.value.number == 103


@given(st.text(alphabet="ab1'\"[]@#$./*-+<>=!e \n", max_size=60))
def test_tokens_stand_in_order_and_only_space_and_comments_lie_between(text: str) -> None:
    try:
        tokens = tokenize(text)
    except SqlError:
        return
    position = 0
    for token in tokens[:-1]:
        between = text[position : token.start]
        assert not between.strip() or between.lstrip().startswith(("--", "/*"))
        assert token.start < token.end
        assert token.line == text.count("\n", 0, token.start) + 1
        position = token.end


@given(st.text(max_size=40))
def test_any_text_survives_being_quoted(text: str) -> None:
    literal = "'" + text.replace("'", "''") + "'"
    assert tokenize(literal)[0].value == text
    assert tokenize("[" + text.replace("]", "]]") + "]")[0].value == text
