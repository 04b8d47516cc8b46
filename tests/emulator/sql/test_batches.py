"""Scripts cut at their GO lines."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from emulator.sql.batches import ScriptBatch, split_batches


def test_go_on_its_own_line_ends_a_batch_in_any_case() -> None:
    assert split_batches("SELECT 1\nGO\nSELECT 2\n  go  \r\nSELECT 3") == (
        ScriptBatch("SELECT 1\n", 1),
        ScriptBatch("SELECT 2\n", 3),
        ScriptBatch("SELECT 3", 5),
    )


def test_go_may_have_a_count_and_a_comment() -> None:
    assert split_batches("SELECT 1\nGO 5 -- five times\n") == (ScriptBatch("SELECT 1\n", 1, 5),)


def test_batches_of_nothing_are_left_out() -> None:
    assert split_batches("GO\n\nGO\nSELECT 1\nGO\nGO") == (ScriptBatch("SELECT 1\n", 4),)


def test_go_inside_strings_names_and_comments_is_text() -> None:
    script = "SELECT 'a\nGO\n'' b', [x\nGO\n], \"y\nGO\n\" /* /* \nGO\n*/\nGO\n*/ -- it's\nGO\nSELECT 2"
    first, second = split_batches(script)
    assert first.text.endswith("-- it's\n")
    assert second == ScriptBatch("SELECT 2", 13)


def test_go_as_part_of_a_line_is_text() -> None:
    assert len(split_batches("SELECT 1 AS\nGO_2\nSELECT 1 GO\nGO;\n")) == 1


@given(st.lists(st.sampled_from(["SELECT 1\n", "GO\n", "'\n", "/*", "*/", "--x\n", "go 2\n", "[", "]"]), max_size=20))
def test_only_go_lines_get_lost(pieces: list[str]) -> None:
    script = "".join(pieces)
    kept = "".join(batch.text for batch in split_batches(script)).replace(" ", "").replace("\n", "").lower()
    without_go = script.replace(" ", "").replace("\n", "").lower()
    assert len(without_go) - len(kept) <= without_go.count("go") * 3
    for batch in split_batches(script):
        assert script.split("\n", batch.line - 1)[-1].startswith(batch.text)
