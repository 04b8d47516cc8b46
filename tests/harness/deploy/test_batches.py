"""The GO splitter against the rules that sqlcmd and SSMS follow."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.deploy.batches import Batch, ScriptError, mask, split_batches


def texts(script: str) -> list[str]:
    return [batch.text.strip() for batch in split_batches(script)]


@pytest.mark.parametrize(
    "separator", ["GO", "go", "Go", "  GO", "\tGO  ", "GO -- done", "GO--done", "go 1 -- once", "GO\r"]
)
def test_a_go_line_ends_a_batch(separator: str) -> None:
    assert texts(f"SELECT 1;\n{separator}\nSELECT 2;\n") == ["SELECT 1;", "SELECT 2;"]


def test_a_count_runs_the_batch_before_it_that_often() -> None:
    assert [batch.count for batch in split_batches("SELECT 1\nGO 5\nSELECT 2\nGO\nSELECT 3")] == [5, 1, 1]


@pytest.mark.parametrize(
    "text",
    [
        "SELECT 'one\nGO\ntwo'",
        "SELECT 'it''s\nGO\n'",
        'SELECT "a\nGO\n"',
        "SELECT [a]]\nGO\n]",
        "/* a\nGO\n*/ SELECT 1",
        "/* outer /* inner */\nGO\n*/ SELECT 1",
        "SELECT 1 /* 'not a string\nGO\n*/",
    ],
)
def test_go_inside_text_is_text(text: str) -> None:
    assert texts(f"{text}\nGO\nSELECT 2") == [text, "SELECT 2"]


@pytest.mark.parametrize(
    "text", ["SELECT 1 -- it's", "SELECT 1 -- /*", "SELECT 1 -- [", "SELECT '--' AS a", "SELECT '/*'"]
)
def test_a_quote_in_a_comment_and_a_comment_in_quotes_open_nothing(text: str) -> None:
    assert texts(f"{text}\nGO\nSELECT 2") == [text, "SELECT 2"]


@pytest.mark.parametrize("word", ["GOTO done;", "Going", "GO_ON", "go1", "@GO", "SELECT 1 AS GO", "GO#1"])
def test_other_words_are_no_separator(word: str) -> None:
    script = f"SELECT 1\n{word}\nSELECT 2"
    assert texts(script) == [script]


@pytest.mark.parametrize(
    "line", ["GO;", "GO 0", "GO -1", "GO five", "GO SELECT 1", "GO 'x'", "GO /* c */", "/* c */ GO", "GO 5 6", "GO [1]"]
)
def test_a_malformed_go_line_is_an_error_with_its_line(line: str) -> None:
    with pytest.raises(ScriptError) as caught:
        split_batches(f"SELECT 1\nGO\n\nSELECT 2\n{line}\n")
    assert caught.value.line == 5


def test_a_batch_knows_the_line_it_begins_on() -> None:
    script = "\nSELECT 1\nGO\n-- heading\nSELECT '\n\n'\nGO 2\nGO\nSELECT 3"
    assert [(batch.line, batch.text) for batch in split_batches(script)] == [
        (1, "\nSELECT 1\n"),
        (4, "-- heading\nSELECT '\n\n'\n"),
        (10, "SELECT 3"),
    ]


def test_a_script_without_text_has_no_batches() -> None:
    assert split_batches("") == split_batches("GO\n \nGO 3\n") == []


pieces = st.sampled_from(
    ["SELECT 1;", "'a''b'", "'\nGO\n'", "-- it's\n", "/* GO\n/* */ */", "[a\nGO\n]", '"\n"', "\n", " ", "x", "\r\n"]
)
batch_texts = st.lists(pieces, max_size=8).map("".join)


@given(st.lists(batch_texts, min_size=1, max_size=6), st.sampled_from(["GO", "go", " Go "]))
def test_what_was_joined_with_go_lines_comes_apart_again(parts: list[str], separator: str) -> None:
    script = "".join(f"{part}\n{separator}\n" for part in parts)
    assert [batch.text for batch in split_batches(script)] == [f"{part}\n" for part in parts if part.strip()]


@given(st.lists(batch_texts, min_size=1, max_size=6))
def test_a_batch_stands_in_the_script_where_it_says(parts: list[str]) -> None:
    script = "".join(f"{part}\nGO\n" for part in parts)
    lines = script.split("\n")
    for batch in split_batches(script):
        assert batch.text.split("\n")[0] == lines[batch.line - 1]


@given(st.text(alphabet="GO go5'\"[]-/*\n\r\t;x"))
def test_any_text_is_split_without_loss_or_refused(script: str) -> None:
    assert len(mask(script)) == len(script)
    try:
        batches = split_batches(script)
    except ScriptError:
        return
    assert all(batch.text in script for batch in batches)


def test_batches_compare_by_value() -> None:
    assert split_batches("SELECT 1\nGO 2") == [Batch("SELECT 1\n", 1, 2)]
