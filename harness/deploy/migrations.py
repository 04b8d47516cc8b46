"""The migrations: which there are, which a database lacks, and Alembic's `upgrade head` over a target.

The revisions are in `database/migrations`, whose `env.py` takes the open connection from the configuration's attributes
and, for each revision applied, calls `on_version_apply` from there. They form one line, without branches. What a
database is at is read without Alembic, whose import takes longer than a deployment that has nothing to do.
"""

import ast
import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyodbc

from harness.connection import Session, SqlServerError, Target, connect
from harness.deploy.batches import split_batches
from harness.errors import CheckFailed

if TYPE_CHECKING:
    from alembic.config import Config

_CURRENT = """\
IF OBJECT_ID(N'lockstep.alembic_version', N'U') IS NOT NULL
    SELECT v.version_num FROM lockstep.alembic_version AS v;
"""
_TRANSACTION_WORDS = frozenset({"BEGIN TRANSACTION", "COMMIT"})


@dataclass(frozen=True, slots=True)
class Revision:
    """One migration: its number, the one before it (None for the first), and what it says of itself."""

    number: str
    previous: str | None
    title: str


def read_revisions(folder: Path) -> list[Revision]:
    """The revisions of a folder, the oldest first. CheckFailed if they do not form one line."""
    by_previous: dict[str | None, Revision] = {}
    files = sorted((folder / "versions").glob("*.py"))
    for path in files:
        revision = _read_revision(path)
        if revision.previous in by_previous:
            raise CheckFailed(f"two migrations follow {revision.previous}: {path.name} branches off")
        by_previous[revision.previous] = revision
    line: list[Revision] = []
    while following := by_previous.get(line[-1].number if line else None):
        line.append(following)
    if len(line) != len(files):
        raise CheckFailed("a migration follows one that does not exist")
    return line


def current_revision(session: Session) -> str | None:
    """The revision that the database is at, None before the first."""
    rows = session.execute(_CURRENT).rows
    return rows[0][0] if rows else None


def pending(revisions: list[Revision], current: str | None) -> list[Revision]:
    """The revisions that are still to be applied. CheckFailed if the database is at one that is not among them."""
    if current is None:
        return revisions
    numbers = [revision.number for revision in revisions]
    if current not in numbers:
        raise CheckFailed(
            f"the database is at migration {current}, which these files do not have: a later version was deployed there"
        )
    return revisions[numbers.index(current) + 1 :]


def upgrade(target: Target, folder: Path, on_revision: Callable[[str], None]) -> None:
    """Apply the pending revisions, each in its own transaction, and report each. CheckFailed, Unreachable."""
    from alembic import command  # noqa: PLC0415 - see above
    from alembic.util import CommandError  # noqa: PLC0415
    from sqlalchemy import create_engine  # noqa: PLC0415
    from sqlalchemy.exc import DBAPIError  # noqa: PLC0415
    from sqlalchemy.pool import NullPool  # noqa: PLC0415

    engine = create_engine("mssql+pyodbc://", creator=lambda: connect(target, autocommit=False), poolclass=NullPool)

    def report(*, step: Any, **_: Any) -> None:
        on_revision(step.up_revision_id)

    config = _configuration(folder)
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        config.attributes["on_version_apply"] = report
        try:
            command.upgrade(config, "head")
        except DBAPIError as error:
            raise CheckFailed(f"the migration failed: {_reason(error.orig) or error}") from error
        except CommandError as error:
            raise CheckFailed(f"the migration failed: {error}") from error


def upgrade_batches(folder: Path, revision: Revision) -> list[str]:
    """The batches of one revision, its entry in the version table included, without BEGIN TRANSACTION and COMMIT."""
    from alembic import command  # noqa: PLC0415 - see above

    output = io.StringIO()
    config = _configuration(folder, output)
    command.upgrade(config, f"{revision.previous or 'base'}:{revision.number}", sql=True)
    texts = (batch.text.strip() for batch in split_batches(output.getvalue()))
    return [text for text in texts if text.rstrip(";").upper() not in _TRANSACTION_WORDS]


def _configuration(folder: Path, output: io.StringIO | None = None) -> "Config":
    from alembic.config import Config  # noqa: PLC0415 - see above

    config = Config() if output is None else Config(output_buffer=output)
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    return config


def _read_revision(path: Path) -> Revision:
    module = ast.parse(path.read_text(encoding="utf-8"))
    constants = {
        target.id: statement.value.value
        for statement in module.body
        if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Constant)
        for target in statement.targets
        if isinstance(target, ast.Name)
    }
    title = (ast.get_docstring(module) or path.stem).partition("\n")[0]
    return Revision(str(constants["revision"]), _text_or_none(constants.get("down_revision")), title)


def _text_or_none(value: object) -> str | None:
    return None if value is None else str(value)


def _reason(error: BaseException | None) -> str | None:
    return str(SqlServerError.from_pyodbc(error)) if isinstance(error, pyodbc.Error) else None
