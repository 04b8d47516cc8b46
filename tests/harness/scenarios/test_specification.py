"""Reading scenario files."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.scenarios.specification import (
    LEVELS,
    Scenario,
    ScenarioError,
    Step,
    count_interleavings,
    interleavings,
    read_scenario,
)

WHOLE = """
# a comment
rule "What it shows."
page "A page"
page "Another page"
levels READ COMMITTED, SNAPSHOT
show waits

setup { CREATE TABLE t (id int); }
teardown { SELECT 'over' AS x; }

session s1
setup { BEGIN TRAN; }
step a { SELECT '}' AS brace, [}] /* } /* } */ } */ FROM t; -- }
}
step b { COMMIT; }

session s2   # the other one
step c {
  SELECT 1;
    SELECT 2;
}
teardown { SELECT 3 AS x; }

permutation a c b
permutation c a b   # a comment, too

expected
starting permutation: a c b
# not a comment
"""


def read(tmp_path: Path, text: str) -> Scenario:
    file = tmp_path / "one.spec"
    file.write_text(text, encoding="utf-8")
    return read_scenario(file)


def test_everything_in_a_file_is_read(tmp_path: Path) -> None:
    scenario = read(tmp_path, WHOLE)
    assert (scenario.name, scenario.rule, scenario.pages) == ("one", "What it shows.", ["A page", "Another page"])
    assert (scenario.levels, scenario.show_waits) == (["READ COMMITTED", "SNAPSHOT"], True)
    assert (scenario.setup, scenario.teardown) == (["CREATE TABLE t (id int);"], ["SELECT 'over' AS x;"])
    first, second = scenario.sessions
    assert (first.name, first.setup, [step.name for step in first.steps]) == ("s1", "BEGIN TRAN;", ["a", "b"])
    assert first.steps[0].text == "SELECT '}' AS brace, [}] /* } /* } */ } */ FROM t; -- }"
    assert (second.teardown, second.steps) == ("SELECT 3 AS x;", [Step("c", "s2", "SELECT 1;\n  SELECT 2;")])
    assert [[step.name for step in steps] for steps in scenario.permutations] == [["a", "c", "b"], ["c", "a", "b"]]
    assert scenario.expected == "starting permutation: a c b\n# not a comment\n"


def test_all_levels_can_be_asked_for(tmp_path: Path) -> None:
    assert read(tmp_path, "levels all\nsession s\nstep a { SELECT 1; }").levels == list(LEVELS)


def test_without_a_list_every_interleaving_is_a_permutation(tmp_path: Path) -> None:
    scenario = read(tmp_path, "session s1 step a { A } step b { B } session s2 step c { C }")
    found = ["".join(step.name for step in steps) for steps in scenario.permutations]
    assert found == ["abc", "acb", "cab"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("session s\nstep a { SELECT 1;", "2: the block has no end"),
        ("session s\nstep a { /* SELECT 1; }", "2: a comment has no end"),
        ("session s\nstep a SELECT 1;", "2: expected a block in { braces }"),
        ("step a { SELECT 1; }", "1: a step belongs to a session: begin one before it"),
        ("session s\nsession s", "2: there are two sessions s"),
        ("session s\nstep a { A }\nsession t\nstep a { B }", "4: there are two steps a"),
        ("session s\nstep a { A }\npermutation a x", "3: there is no step x; there are: a"),
        ("session s\nstep a { A }\npermutation", "3: permutation is followed by the names of steps"),
        ("levels COMMITTED", "1: there is no level 'COMMITTED'; there are: READ UNCOMMITTED, "),
        ("rule What", '1: expected a text in "quotes" on one line'),
        ("show all", "1: show is followed by: waits"),
        ("whatever", "1: there is no directive whatever; there are: rule, page, "),
        ("session s", "1: there is no step"),
        ("", "1: there is no step"),
        ("}", "1: expected a directive"),
        (
            "\n".join(f"session s{n}\n" + "".join(f"step a{n}{i} {{ A }}\n" for i in range(4)) for n in range(4)),
            "63,063,000 interleavings are too many: list permutations",
        ),
    ],
)
def test_a_mistake_is_named_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ScenarioError) as caught:
        read(tmp_path, text)
    assert message in str(caught.value)
    assert str(caught.value).startswith(f"{tmp_path / 'one.spec'}:")


def test_a_file_that_is_not_there_or_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "binary.spec").write_bytes(b"\xff\xfe\x00")
    for name in ("missing.spec", "binary.spec"):
        with pytest.raises(ScenarioError, match=f"{name} cannot be read"):
            read_scenario(tmp_path / name)


@pytest.mark.parametrize("ending", ["", "\n", "\n\nexpected\nold\n"])
def test_what_is_recorded_is_read_again_and_the_rest_stays(tmp_path: Path, ending: str) -> None:
    text = "# kept\nsession s\nstep a { SELECT 1; }"
    scenario = read(tmp_path, text + ending)
    scenario.record("new\n")
    assert scenario.path.read_text() == f"{text}\n\nexpected\nnew\n"
    assert read_scenario(scenario.path).expected == scenario.expected == "new\n"


@given(st.lists(st.integers(0, 3), max_size=3))
def test_interleavings_keep_the_order_of_each_session_and_are_all_different(sizes: list[int]) -> None:
    sequences = [[Step(f"{s}{n}", f"{s}", "") for n in range(size)] for s, size in enumerate(sizes)]
    found = list(interleavings(sequences))
    assert len({tuple(step.name for step in steps) for steps in found}) == len(found) == count_interleavings(sizes)
    for steps in found:
        for number, sequence in enumerate(sequences):
            assert [step for step in steps if step.session == f"{number}"] == sequence
