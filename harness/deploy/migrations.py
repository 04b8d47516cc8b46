"""Alembic's `upgrade head`, run from Python over a target.

The revisions are in `database/migrations`, whose `env.py` takes the open connection from the configuration's attributes
and, for each revision applied, calls `on_version_apply` from there.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyodbc
from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import create_engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from harness.connection import SqlServerError, Target, connect
from harness.errors import CheckFailed


def upgrade(target: Target, folder: Path, on_revision: Callable[[str], None]) -> None:
    """Apply the pending revisions, each in its own transaction, and report each. CheckFailed, Unreachable."""
    engine = create_engine("mssql+pyodbc://", creator=lambda: connect(target, autocommit=False), poolclass=NullPool)

    def report(*, step: Any, **_: Any) -> None:
        on_revision(step.up_revision_id)

    config = Config()
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        config.attributes["on_version_apply"] = report
        try:
            command.upgrade(config, "head")
        except DBAPIError as error:
            raise CheckFailed(f"the migration failed: {_reason(error)}") from error
        except CommandError as error:
            raise CheckFailed(f"the migration failed: {error}") from error


def _reason(error: DBAPIError) -> str:
    if isinstance(error.orig, pyodbc.Error):
        return str(SqlServerError.from_pyodbc(error.orig))
    return str(error)
