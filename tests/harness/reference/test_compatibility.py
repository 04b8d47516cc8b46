"""The features of the compatibility page: complete, or refused with one line that says what is wrong."""

from pathlib import Path

import pytest

from harness.errors import CheckFailed
from harness.reference.compatibility import CLIENTS, FEATURES_FOLDER, read_chapters

FEATURE = {"name": '"joins"', "page": '"t-sql/x"', "sql": '"SELECT 1;"', "result": '["1"]'}


def written(folder: Path, **changed: str | None) -> Path:
    entries = {key: value for key, value in (FEATURE | changed).items() if value is not None}
    lines = ['title = "Queries"', "[[feature]]", *(f"{key} = {value}" for key, value in entries.items())]
    (folder / "queries.toml").write_text("\n".join(lines), encoding="utf-8")
    return folder


def test_every_client_that_is_tried_is_named_and_no_other() -> None:
    modules = {path.name for path in (FEATURES_FOLDER.parents[1] / "clients").glob("test_*.py")}
    assert {module for _, module in CLIENTS} == modules


def test_a_feature_is_read_with_its_chapter(tmp_path: Path) -> None:
    (chapter,) = read_chapters(written(tmp_path))
    assert chapter.title == "Queries"
    assert (chapter.features[0].name, chapter.features[0].result, chapter.features[0].transaction) == (
        "joins",
        ("1",),
        True,
    )


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"sql": None}, "sql is missing"),
        ({"result": None}, "give either result or refused"),
        ({"refused": '"JOIN"'}, "give either result or refused"),
        ({"remark": '"x"'}, "unknown key remark"),
    ],
)
def test_what_is_not_complete_is_refused(tmp_path: Path, changed: dict[str, str | None], reason: str) -> None:
    with pytest.raises(CheckFailed, match=f"queries.toml: joins: {reason}"):
        read_chapters(written(tmp_path, **changed))
