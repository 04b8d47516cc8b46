"""The repeatable objects of the data layer: one file each, below one folder a kind, in the order they are deployed.

`database/<kind>/<schema>/<Object>.sql`. A function may lie beside the procedures that it serves: its file is of the
kind `functions` all the same. A file is known by its kind and name and compared by the hash of its content. Kinds come
in a fixed order. Within functions and views a file follows those that it names, because the server binds them when they
are created; procedures may name what is not there yet, and go by name.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Protocol, TypeVar

from harness.deploy.batches import mask
from harness.errors import CheckFailed, EnvironmentFault

DATABASE_FOLDER = Path(__file__).resolve().parents[2] / "database"
KINDS = ("functions", "views", "procedures", "indexes", "grants")
MODULE_KINDS = frozenset({"functions", "views", "procedures"})

_BOUND_WHEN_CREATED = frozenset({"functions", "views"})
_CREATES_FUNCTION = re.compile(r"\bCREATE\s+(?:OR\s+ALTER\s+)?FUNCTION\b", re.IGNORECASE)


class NamedText(Protocol):
    """What has a name and a text with code."""

    @property
    def name(self) -> str: ...

    @property
    def text(self) -> str: ...


NamedTextT = TypeVar("NamedTextT", bound=NamedText)


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One file: `name` is `schema.Object` after its place in the kind's folder."""

    kind: str
    name: str
    path: Path
    text: str

    @property
    def schema(self) -> str:
        """The schema's name, empty for a file that belongs to none."""
        return self.name.rpartition(".")[0]

    @property
    def object_name(self) -> str:
        """The object's name without its schema."""
        return self.name.rpartition(".")[2]

    @property
    def content_hash(self) -> bytes:
        """SHA-256 of the text; how a checkout ends its lines does not count."""
        return hashlib.sha256(self.text.encode()).digest()


def read_sources(database: Path = DATABASE_FOLDER) -> list[SourceFile]:
    """All files of the folders that exist, in the order of deployment. EnvironmentFault without a database folder."""
    if not database.is_dir():
        raise EnvironmentFault(f"there is no database folder at {database}")
    files = [file for folder in KINDS for file in _read_folder(database / folder, folder)]
    return [file for kind in KINDS for file in in_build_order(kind, [file for file in files if file.kind == kind])]


def _read_folder(folder: Path, kind: str) -> list[SourceFile]:
    return [_read_file(path, folder, kind) for path in sorted(folder.rglob("*.sql"))]


def _read_file(path: Path, folder: Path, kind: str) -> SourceFile:
    text = path.read_text("utf-8-sig")
    if kind == "procedures" and _CREATES_FUNCTION.search(mask(text)):
        kind = "functions"
    return SourceFile(kind, ".".join(path.relative_to(folder).with_suffix("").parts), path, text)


def in_build_order(kind: str, files: Sequence[NamedTextT]) -> list[NamedTextT]:
    """Files of one kind, each after those that it names where the server wants that. CheckFailed for a circle."""
    if kind not in _BOUND_WHEN_CREATED:
        return list(files)
    by_name = {file.name.lower(): file for file in files}
    order = TopologicalSorter({name: _names_used(file, by_name.keys() - {name}) for name, file in by_name.items()})
    try:
        return [by_name[name] for name in order.static_order()]
    except CycleError as error:
        raise CheckFailed(f"these {kind} name each other in a circle: {', '.join(error.args[1])}") from None


def _names_used(file: NamedText, candidates: set[str]) -> list[str]:
    """The other objects that the code names; sorted, so that the order of deployment is always the same."""
    code = mask(file.text).lower()
    return sorted(name for name in candidates if re.search(rf"\b{re.escape(name)}\b", code))
