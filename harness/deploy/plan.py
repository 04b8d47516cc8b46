"""What a deployment would do: the difference between the files, the records and the server. Nothing is written.

- A file is to be applied when its hash is not the recorded one, when its object is gone from the server, or when the
  server's text is not the one that the deployment left (drift). Everything else is left untouched.
- A recorded object whose file is gone is dropped only on demand, and only in schemas that still have files: what
  another folder deployed into the same database is not ours to drop. Grants are never taken back.
- An index that the server does not have is not missing if another one begins with its columns: the files skip those.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from difflib import unified_diff
from pathlib import Path

from harness.connection import Session
from harness.deploy import migrations
from harness.deploy.batches import ScriptError, split_batches
from harness.deploy.changes import Change
from harness.deploy.definitions import (
    Index,
    Module,
    comparable,
    index_of,
    module_text,
    read_indexes,
    read_modules,
)
from harness.deploy.history import Deployed, Key, read_deployed
from harness.deploy.migrations import Revision
from harness.deploy.sources import KINDS, MODULE_KINDS, SourceFile, read_sources
from harness.errors import CheckFailed


class FileFault(CheckFailed):
    """A fault in a file. The message begins with `path:line:` in the manner of compilers."""

    def __init__(self, path: Path, line: int, reason: str) -> None:
        super().__init__(f"{_short(path)}:{line}: {reason}")
        self.path = path
        self.line = line


@dataclass(frozen=True, slots=True)
class State:
    """Files, records and server side by side, as the plan and the drift check read them."""

    sources: list[SourceFile]
    deployed: dict[Key, Deployed]
    modules: dict[Key, Module]
    indexes: list[Index]
    revisions: list[Revision]
    revision: str | None

    @property
    def schemas(self) -> set[str]:
        """The schemas that have files of modules."""
        return {source.schema for source in self.sources if source.kind in MODULE_KINDS}

    def module(self, kind: str, name: str) -> Module | None:
        """The server's module of that name."""
        return self.modules.get((kind, name.lower()))

    def index(self, wanted: Index) -> Index | None:
        """The server's index of that name on that table."""
        key = (wanted.table.lower(), wanted.name.lower())
        return next((index for index in self.indexes if (index.table.lower(), index.name.lower()) == key), None)

    def lacks(self, wanted: Index) -> bool:
        """Whether neither the index nor another that makes it redundant is there."""
        return self.index(wanted) is None and not any(index.covers(wanted) for index in self.indexes)


@dataclass(frozen=True, slots=True)
class Plan:
    """What would be done, in that order; `leftovers` are recorded objects without a file that stay."""

    revision: str | None
    migrations: list[Revision]
    changes: list[Change]
    unchanged: list[SourceFile]
    leftovers: list[Change] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to do."""
        return not self.migrations and not self.changes

    @property
    def drops(self) -> list[Change]:
        """The objects that would be dropped."""
        return [change for change in self.changes if change.action == "drop"]

    @property
    def overwrites(self) -> list[Change]:
        """The objects that somebody else made or changed and that would be replaced by other code."""
        return [change for change in self.changes if change.is_drifted and change.text and diff(change)]


def read_state(session: Session, database: Path) -> State:
    """Read everything that a plan depends on. EnvironmentFault, CheckFailed, FileFault."""
    sources = read_sources(database)
    for source in sources:
        _check(source)
    revisions = migrations.read_revisions(database / "migrations")
    deployed = read_deployed(session)
    schemas = {source.schema for source in sources} | {"lockstep"}
    return State(
        sources=sources,
        deployed=deployed,
        modules=read_modules(session, schemas),
        indexes=read_indexes(session, schemas),
        revisions=revisions,
        revision=migrations.current_revision(session),
    )


def make_plan(state: State, *, prune: bool = False) -> Plan:
    """The plan for this state; with `prune`, objects without a file are dropped. CheckFailed."""
    changes: list[Change] = []
    unchanged: list[SourceFile] = []
    for source in state.sources:
        change = _change(source, state)
        if change is None:
            unchanged.append(source)
        else:
            changes.append(change)
    leftovers = list(_leftovers(state))
    return Plan(
        revision=state.revision,
        migrations=migrations.pending(state.revisions, state.revision),
        changes=[*changes, *leftovers] if prune else changes,
        unchanged=unchanged,
        leftovers=[] if prune else leftovers,
    )


def diff(change: Change) -> list[str]:
    """A unified diff from what the server has to what it will have (no line ends); empty if the code is the same."""
    old = comparable(change.before or "") if change.action != "create" else []
    new = comparable(_shown(change.kind, change.text or ""))
    return list(unified_diff(old, new, f"server/{change.name}", f"files/{change.name}", lineterm=""))


def _change(source: SourceFile, state: State) -> Change | None:
    record = state.deployed.get((source.kind, source.name))
    is_current = record is not None and record.content_hash == source.content_hash
    if source.kind in MODULE_KINDS:
        return _module_change(source, record, state.module(source.kind, source.name), is_current=is_current)
    index = index_of(source.text) if source.kind == "indexes" else None
    is_gone = index is not None and record is not None and state.lacks(index)
    if is_current and not is_gone:
        return None
    is_there = (index is not None and state.index(index) is not None) or (index is None and record is not None)
    return Change(
        "alter" if is_there else "create",
        source.kind,
        source.name,
        source.text,
        before=record.text if record is not None else None,
        path=source.path,
    )


def _module_change(
    source: SourceFile, record: Deployed | None, module: Module | None, *, is_current: bool
) -> Change | None:
    if module is None:
        return Change("create", source.kind, source.name, source.text, path=source.path)
    is_drifted = record is None or (module.text is not None and module.text != record.server_text)
    if is_current and not is_drifted:
        return None
    return Change("alter", source.kind, source.name, source.text, module.text, is_drifted, source.path)


def _leftovers(state: State) -> Iterator[Change]:
    """Drops, in the opposite order of deployment: what calls goes before what is called."""
    kept = {(source.kind, source.name) for source in state.sources}
    order = {kind: place for place, kind in enumerate(KINDS)}
    gone = [record for key, record in state.deployed.items() if key not in kept and record.kind in order]
    for record in sorted(gone, key=lambda one: (-order[one.kind], one.name)):
        schema = record.name.partition(".")[0]
        if record.kind in MODULE_KINDS and schema in state.schemas:
            module = state.module(record.kind, record.name)
            text = module.text if module is not None else None
            is_drifted = module is not None and text is not None and text != record.server_text
            yield Change("drop", record.kind, record.name, None, text, is_drifted)
        elif record.kind == "indexes" and index_of(record.text) is not None:
            yield Change("drop", record.kind, record.name, None, record.text)


def _shown(kind: str, text: str) -> str:
    """The part of a file that is compared with the server's text."""
    return (module_text(text) or text) if kind in MODULE_KINDS else text


def _check(source: SourceFile) -> None:
    try:
        split_batches(source.text)
    except ScriptError as error:
        raise FileFault(source.path, error.line, str(error)) from None
    if source.kind in MODULE_KINDS and module_text(source.text) is None:
        raise FileFault(source.path, 1, f"no batch of the file creates {source.name}")


def _short(path: Path) -> Path:
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
