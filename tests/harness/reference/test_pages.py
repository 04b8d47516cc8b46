"""The reference pages: current, complete, and refused when a header and the catalogue are not of one mind."""

import ast
import re
import shutil
from pathlib import Path

import pytest

from harness.deploy.sources import DATABASE_FOLDER, read_sources
from harness.errors import CheckFailed
from harness.reference.pages import reference_pages

DOCS = DATABASE_FOLDER.parent / "docs"
PAGES = reference_pages()
OTHER_PAGES = {"procedures/README.md", "errors.md", "emulator-compatibility.md"}
CLIENT_PAGES = sorted(path for path, text in PAGES.items() if "## Examples" in text)


@pytest.mark.parametrize("path", sorted(PAGES))
def test_a_page_is_as_make_docs_writes_it(path: str) -> None:
    assert (DOCS / path).read_text(encoding="utf-8") == PAGES[path], "run make docs"


def test_there_is_no_page_of_a_procedure_that_is_gone() -> None:
    assert {f"procedures/{path.name}" for path in (DOCS / "procedures").glob("*.md")} <= set(PAGES)


def test_every_procedure_has_a_page_and_those_for_clients_have_examples() -> None:
    names = {source.name for source in read_sources() if source.kind == "procedures"}
    assert {f"procedures/{name}.md" for name in names} | OTHER_PAGES == set(PAGES)
    assert {"procedures/picking.PickFefo.md", "procedures/ops.CheckInventory.md"} <= set(CLIENT_PAGES)
    assert "procedures/picking.AllocateLot.md" not in CLIENT_PAGES


@pytest.mark.parametrize("path", CLIENT_PAGES)
def test_the_examples_are_complete(path: str) -> None:
    text = PAGES[path]
    assert re.findall(r"^```(\w+)$", text, flags=re.MULTILINE) == ["sql", "python", "csharp", "java", "js"]
    (python,) = re.findall(r"^```python\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)
    ast.parse(python)
    call = re.search(r"\{CALL (\S+?)(?: \((.*)\))?\}", python)
    assert call is not None
    marks = len(call[2].split(", ")) if call[2] else 0
    assert marks == len(re.findall(r"^    .+,  # \w+$", python, flags=re.MULTILINE))
    assert marks == len(re.findall(r"^    call\.set\w+\(", text, flags=re.MULTILINE))


@pytest.mark.parametrize("path", CLIENT_PAGES)
def test_the_examples_give_every_parameter_that_needs_a_value(path: str) -> None:
    text = PAGES[path]
    required = re.findall(r"^\| `@(\w+)` \| [^|]+ \|  \|", text, flags=re.MULTILINE)
    given = re.findall(r"^  \.input\(\"(\w+)\"", text, flags=re.MULTILINE)
    assert set(required) <= set(given)


def test_links_lead_to_pages_and_sources() -> None:
    for path, text in PAGES.items():
        for link in re.findall(r"\]\(([^)#]+\.md)\)", text):
            assert (DOCS / path).parent.joinpath(link).resolve().is_file(), f"{path}: {link}"
        for source in re.findall(r"Source: `([^`]+)`", text):
            assert (DOCS.parent / source).is_file()


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the database folder, to spoil."""
    return Path(shutil.copytree(DATABASE_FOLDER, tmp_path / "database"))


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("51103    The lot is on hold or blocked.", "51103    The lot is held.", "51103 means"),
        ("Retry:       1205", "Again:       1205", "must have the fields"),
        ("-- lot to pick from", "", "not a parameter with its meaning"),
        ("51902    The settings row is missing.", "51999    The settings row is missing.", "51999 means None"),
    ],
)
def test_what_it_refuses(copy: Path, old: str, new: str, reason: str) -> None:
    path = copy / "procedures" / "picking" / "PickLot.sql"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(CheckFailed, match=reason):
        reference_pages(copy)


def test_a_number_that_nobody_raises_is_refused(copy: Path) -> None:
    with (copy / "errors.toml").open("a", encoding="utf-8") as catalogue:
        catalogue.write('\n[error.51888]\nmeaning = "Nothing."\naction = "Nothing."\n')
    with pytest.raises(CheckFailed, match="51888"):
        reference_pages(copy)
