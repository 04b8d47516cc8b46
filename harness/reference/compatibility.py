"""The page on what T-SQL the emulator executes: made of features that the tests try, and of the emulator's own lists.

Features lie in `tests/emulator/compatibility/*.toml`, a file for each chapter. Each names the page of Microsoft's
documentation that defines it and a script. A script of a feature that is executed gives the rows of its last result; of
one that is refused, the word that the error names. The tests run every script, so the page cannot say what is not so.
"""

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from emulator.catalog.system_views import SYSTEM_VIEWS
from emulator.execution.functions.aggregates import AGGREGATES
from emulator.execution.functions.library import UNSUPPORTED, WINDOW_ONLY
from emulator.execution.functions.registry import FUNCTIONS
from emulator.execution.system_procedures import procedure_names
from harness.errors import CheckFailed

FEATURES_FOLDER = Path(__file__).parents[2] / "tests" / "emulator" / "compatibility"
DOCUMENTATION = "https://learn.microsoft.com/sql/"

CLIENTS = (
    ("Microsoft's ODBC driver with pyodbc", "test_pyodbc.py"),
    ("FreeTDS: `tsql`, `bsqldb`, `freebcp`", "test_freetds.py"),
    ("FreeTDS's ODBC driver `tdsodbc` with pyodbc", "test_tdsodbc.py"),
    ("pymssql", "test_pymssql.py"),
    ("python-tds", "test_pytds.py"),
    ("mssql-python", "test_mssql_python.py"),
    ("tedious and mssql (node.js)", "test_tedious.py"),
    ("jTDS (JDBC)", "test_jtds.py"),
    ("SQLAlchemy", "test_sqlalchemy.py"),
    ("Alembic", "test_alembic.py"),
)
"""The clients that are tried, each with its tests in `tests/clients/`."""

_KEYS = frozenset({"name", "page", "sql", "result", "refused", "note", "transaction"})


@dataclass(frozen=True, slots=True)
class Feature:
    """One feature. `page` is the path of its page below `DOCUMENTATION`; `note` says how the emulator differs.

    `sql` is a script with GO lines. Exactly one of these is given: `result`, the rows of its last result set, columns
    parted by ` | `; or `refused`, a word of the construct that error 40517 names. `transaction` is false for a script
    that cannot run inside one.
    """

    name: str
    page: str
    sql: str
    result: tuple[str, ...] | None
    refused: str | None
    note: str
    transaction: bool


@dataclass(frozen=True, slots=True)
class Chapter:
    """The features of one file, in their order."""

    title: str
    features: tuple[Feature, ...]


def read_chapters(folder: Path = FEATURES_FOLDER) -> list[Chapter]:
    """The chapters by file name. CheckFailed for a feature that is not complete."""
    return [_read_chapter(path) for path in sorted(folder.glob("*.toml"))]


def _read_chapter(path: Path) -> Chapter:
    document = tomllib.loads(path.read_text(encoding="utf-8"))
    return Chapter(document["title"], tuple(_read_feature(path, entry) for entry in document["feature"]))


def _read_feature(path: Path, entry: dict[str, object]) -> Feature:
    name = str(entry.get("name"))
    if unknown := set(entry) - _KEYS:
        raise CheckFailed(f"{path.name}: {name}: unknown key {', '.join(sorted(unknown))}")
    if missing := {"name", "page", "sql"} - set(entry):
        raise CheckFailed(f"{path.name}: {name}: {', '.join(sorted(missing))} is missing")
    result, refused = entry.get("result"), entry.get("refused")
    if (result is None) == (refused is None):
        raise CheckFailed(f"{path.name}: {name}: give either result or refused")
    return Feature(
        name,
        str(entry["page"]),
        str(entry["sql"]).strip(),
        tuple(map(str, result)) if isinstance(result, list) else None,
        None if refused is None else str(refused),
        str(entry.get("note", "")),
        bool(entry.get("transaction", True)),
    )


def built_in_functions() -> list[str]:
    """The names of all built-in functions, aggregates and system variables, in order."""
    return _ordered({*FUNCTIONS, *AGGREGATES, *WINDOW_ONLY})


def refused_functions() -> list[str]:
    """The names of the built-in functions of SQL Server that are known and refused, in order."""
    return _ordered(UNSUPPORTED)


def system_procedures() -> list[str]:
    """The names of all system procedures that are executed, in order."""
    return _ordered(procedure_names())


def system_views() -> list[str]:
    """The names of all system views with their schema, in order."""
    return _ordered(f"{view.schema}.{view.name}" for view in SYSTEM_VIEWS.values())


def _ordered(names: Iterable[str]) -> list[str]:
    return sorted(names, key=str.upper)
