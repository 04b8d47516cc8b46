"""The catalogue of errors: `database/errors.toml` says what each means and what to do, the headers who raises it."""

import tomllib
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from harness.deploy.sources import DATABASE_FOLDER, SourceFile
from harness.errors import CheckFailed
from harness.reference.headers import read_errors, read_header

BASELINE_CHECK = Path("migrations", "sql", "0001_baseline", "check_erp_tables.sql")
"""The one script besides the procedures that raises an error of the catalogue."""


@dataclass(frozen=True, slots=True)
class CatalogueError:
    """One number: its meaning, what the caller should do, and who raises it."""

    number: int
    meaning: str
    action: str
    raised_by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Area:
    """The numbers from `first` on that belong together."""

    first: int
    title: str
    errors: tuple[CatalogueError, ...]


def read_catalogue(procedures: Iterable[SourceFile], database: Path = DATABASE_FOLDER) -> list[Area]:
    """The areas with their errors. CheckFailed where the catalogue and the headers are not of one mind."""
    content = tomllib.loads((database / "errors.toml").read_text(encoding="utf-8"))
    entries = {int(number): entry for number, entry in content["error"].items()}
    raised_by = _raised_by(procedures, database, {number: entry["meaning"] for number, entry in entries.items()})
    if silent := sorted(entries.keys() - raised_by.keys()):
        raise CheckFailed(f"errors.toml has numbers that no header lists: {silent}")
    errors = [
        CatalogueError(number, entry["meaning"], entry["action"], tuple(raised_by[number]))
        for number, entry in sorted(entries.items())
    ]
    firsts = [area["first"] for area in content["area"]]
    return [
        Area(area["first"], area["title"], tuple(one for one in errors if area["first"] <= one.number < following))
        for area, following in zip(content["area"], [*firsts[1:], 52000], strict=True)
    ]


def _raised_by(procedures: Iterable[SourceFile], database: Path, meanings: dict[int, str]) -> dict[int, list[str]]:
    check = database / BASELINE_CHECK
    texts = [(source.path, f"`{source.name}`", source.text) for source in procedures]
    texts.append((check, "the baseline migration", check.read_text(encoding="utf-8")))
    raised_by: dict[int, list[str]] = defaultdict(list)
    for path, name, text in texts:
        for number, meaning in read_errors(read_header(path, text)):
            if meanings.get(number) != meaning:
                raise CheckFailed(f"{path}: {number} means {meanings.get(number)!r} in errors.toml, not {meaning!r}")
            raised_by[number].append(name)
    return raised_by
