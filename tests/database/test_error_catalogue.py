"""The headers of the T-SQL files are the source of the error catalogue: complete, and of one mind."""

import re
from collections import defaultdict
from pathlib import Path

import pytest

from harness.deploy.sources import read_sources

ROOT = Path(__file__).resolve().parents[2]
PROCEDURES = sorted(source.path for source in read_sources() if source.kind == "procedures")
RAISING = [*PROCEDURES, ROOT / "database" / "migrations" / "sql" / "0001_baseline" / "check_erp_tables.sql"]
FIELDS = ["Purpose", "Parameters", "Result", "Locks", "Errors", "Idempotency", "Retry", "Example"]

LISTED = re.compile(r"^    (51\d{3})    (\S.*)$", flags=re.MULTILINE)
THROWN = re.compile(r"\bTHROW (51\d{3}),")


def path_id(path: Path) -> str:
    return f"{path.parent.name}.{path.stem}"


@pytest.mark.parametrize("path", PROCEDURES, ids=path_id)
def test_a_header_has_all_fields_in_their_order(path: Path) -> None:
    header = path.read_text(encoding="utf-8").split("/*\n", 1)[1].split("*/", 1)[0]
    assert re.findall(r"^([A-Z]\w+):", header, flags=re.MULTILINE) == FIELDS


@pytest.mark.parametrize("path", PROCEDURES, ids=path_id)
def test_a_procedure_lists_every_error_that_it_throws(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert set(THROWN.findall(text)) <= {number for number, _ in LISTED.findall(text)}


@pytest.mark.parametrize("path", PROCEDURES, ids=path_id)
def test_a_procedure_lists_the_errors_of_the_procedures_that_it_calls(path: Path) -> None:
    by_name = {path_id(other): other.read_text(encoding="utf-8") for other in PROCEDURES}
    text = by_name[path_id(path)]
    called = re.findall(r"^\s+EXEC (\w+\.\w+)", text.split("*/", 1)[1], flags=re.MULTILINE)
    # 51903 says that a part was called by itself; within its caller it cannot occur.
    passed_on = {number for name in called for number, _ in LISTED.findall(by_name[name])} - {"51903"}
    assert passed_on <= {number for number, _ in LISTED.findall(text)}


def test_a_number_has_one_meaning() -> None:
    meanings: dict[str, set[str]] = defaultdict(set)
    for path in PROCEDURES:
        for number, meaning in LISTED.findall(path.read_text(encoding="utf-8")):
            meanings[number].add(meaning)
    assert {number: found for number, found in meanings.items() if len(found) > 1} == {}


def test_the_error_page_lists_every_number_with_its_meaning() -> None:
    page = (ROOT / "docs" / "errors.md").read_text(encoding="utf-8")
    on_page = set(re.findall(r"^\| (51\d{3}) \| (.*?) \|", page, flags=re.MULTILINE))
    in_headers = {entry for path in RAISING for entry in LISTED.findall(path.read_text(encoding="utf-8"))}
    assert on_page == in_headers
