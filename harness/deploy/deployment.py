"""Brings a database up to the state of the files: migrations first, then every object whose file changed.

Each file runs in a transaction of its own together with the row that records it, so that a failure leaves all files
before it deployed and recorded, and the next run continues there. Two deployments at once are not kept apart yet.

Batches travel as plain text: nothing in them is taken for a parameter, and CREATE PROCEDURE stands first in its batch.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from harness.connection import Session, SqlServerError, Target, open_session
from harness.deploy import history
from harness.deploy.batches import Batch, ScriptError, split_batches
from harness.deploy.migrations import upgrade
from harness.deploy.sources import DATABASE_FOLDER, SourceFile, read_sources
from harness.errors import CheckFailed

Action = Literal["applied", "unchanged"]


@dataclass(frozen=True, slots=True)
class Step:
    """One migration or file, and what became of it."""

    kind: str
    name: str
    action: Action


class DeployFailed(CheckFailed):
    """A file that the server refused. The message begins with `path:line:` in the manner of compilers."""

    def __init__(self, path: Path, line: int, reason: str) -> None:
        super().__init__(f"{_short(path)}:{line}: {reason}")
        self.path = path
        self.line = line


def deploy(
    target: Target, *, database: Path = DATABASE_FOLDER, on_step: Callable[[Step], None] = lambda _: None
) -> list[Step]:
    """Deploy everything, calling `on_step` after each step, and return the steps.

    Raises DeployFailed at the first file that fails, CheckFailed for a failed migration, Unreachable, EnvironmentFault.
    """
    sources = [(source, _split(source)) for source in read_sources(database)]
    steps: list[Step] = []

    def done(step: Step) -> None:
        steps.append(step)
        on_step(step)

    upgrade(target, database / "migrations", lambda revision: done(Step("migrations", revision, "applied")))
    with open_session(target) as session:
        session.execute("SET NOCOUNT ON; SET XACT_ABORT ON;")
        deployed = history.deployed_hashes(session)
        for source, batches in sources:
            there = deployed.get((source.kind, source.name))
            if there == source.content_hash:
                done(Step(source.kind, source.name, "unchanged"))
            else:
                _apply(session, source, batches, is_new=there is None)
                done(Step(source.kind, source.name, "applied"))
    return steps


def _apply(session: Session, source: SourceFile, batches: list[Batch], *, is_new: bool) -> None:
    session.execute("BEGIN TRANSACTION;")
    for batch in batches:
        try:
            for _ in range(batch.count):
                session.execute(batch.text)
        except SqlServerError as error:
            session.execute("IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION;")
            raise DeployFailed(source.path, _line_of_fault(source, batch, error), str(error)) from error
    history.record(session, source, is_new=is_new)
    session.execute("COMMIT TRANSACTION;")


def _line_of_fault(source: SourceFile, batch: Batch, error: SqlServerError) -> int:
    """The file's line of the error; the batch's first if the driver does not tell or the error is in another object."""
    at = error.position
    if at is None or at.procedure.rpartition(".")[2].lower() not in ("", source.object_name.lower()):
        return batch.line
    return batch.line + max(at.line, 1) - 1


def _split(source: SourceFile) -> list[Batch]:
    try:
        return split_batches(source.text)
    except ScriptError as error:
        raise DeployFailed(source.path, error.line, str(error)) from None


def _short(path: Path) -> Path:
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
