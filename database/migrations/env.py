"""Runs Alembic's migrations over SQL Server, online or as a script (`--sql`).

A revision names T-SQL files below `sql/` and runs them with `op.run_script`. The files travel as plain text,
batch by batch: nothing in them is taken for a bind parameter, and a DBA can run the same files in SSMS.

The connection is `config.attributes["connection"]` when a program hands one over, else the environment variable
LOCKSTEP_DSN, an ODBC connection string. Each revision runs in a transaction of its own. The version table is in the
schema `lockstep`, because nothing of ours goes into the ERP's `dbo`.
"""

import os
from logging.config import fileConfig
from pathlib import Path
from typing import Any

import pyodbc
from alembic import context
from alembic.ddl.mssql import MSSQLImpl
from alembic.operations import MigrateOperation, Operations
from alembic.util import CommandError
from sqlalchemy import URL, Connection, create_engine
from sqlalchemy.pool import NullPool

from harness.connection import SqlServerError
from harness.deploy.batches import split_batches

DSN_VARIABLE = "LOCKSTEP_DSN"
SCRIPTS = Path(__file__).parent / "sql"

CREATE_VERSION_SCHEMA = "IF SCHEMA_ID(N'lockstep') IS NULL EXEC (N'CREATE SCHEMA lockstep AUTHORIZATION dbo');"


class BatchedMSSQLImpl(MSSQLImpl):
    """Alembic's own dialect, with a GO after BEGIN TRANSACTION: some statements must stand first in their batch."""

    __dialect__ = "mssql"

    def emit_begin(self) -> None:
        super().emit_begin()
        self.static_output(self.batch_separator)


@Operations.register_operation("run_script")
class RunScript(MigrateOperation):
    """Run a T-SQL file, named by its path below `sql/`, batch by batch."""

    def __init__(self, name: str) -> None:
        self.name = name

    @classmethod
    def run_script(cls, operations: Operations, name: str) -> None:
        operations.invoke(cls(name))


@Operations.implementation_for(RunScript)
def run_script(operations: Operations, operation: RunScript) -> None:
    for batch in split_batches((SCRIPTS / operation.name).read_text(encoding="utf-8")):
        run_batch(batch.text.strip())


def run_batch(text: str) -> None:
    """Send one batch as it stands, or print it with its GO."""
    migration = context.get_context()
    if migration.as_sql:
        migration.impl.static_output(text)
        migration.impl.static_output(migration.impl.batch_separator)
    else:
        execute_to_the_end(migration.connection.connection.cursor(), text)


def execute_to_the_end(cursor: Any, text: str) -> None:
    """Run one batch and read its results to the end: an error after a result shows only when the driver moves on to it.

    Raises CommandError with what the server said, and below it the rows that the batch had returned before, but for
    those that are in the message already.
    """
    rows: list[str] = []
    try:
        cursor.execute(text)
        while True:
            if cursor.description is not None:
                rows += [" ".join(str(value) for value in row) for row in cursor.fetchall()]
            if not cursor.nextset():
                break
    except pyodbc.Error as error:
        message = str(SqlServerError.from_pyodbc(error))
        raise CommandError("\n  ".join([message, *(row for row in rows if row not in message)])) from error
    finally:
        cursor.close()


def configure(**options: Any) -> None:
    context.configure(
        version_table_schema="lockstep",
        transaction_per_migration=True,
        on_version_apply=context.config.attributes.get("on_version_apply"),
        **options,
    )


def run_offline() -> None:
    configure(dialect_name="mssql", literal_binds=True)
    run_batch(CREATE_VERSION_SCHEMA)
    with context.begin_transaction():
        context.run_migrations()


def run_online(connection: Connection) -> None:
    configure(connection=connection)
    run_batch(CREATE_VERSION_SCHEMA)
    connection.commit()
    with context.begin_transaction():
        context.run_migrations()


def connect_by_dsn() -> Connection:
    dsn = os.environ.get(DSN_VARIABLE)
    if not dsn:
        raise CommandError(f"set {DSN_VARIABLE} to the ODBC connection string of the database to migrate")
    url = URL.create("mssql+pyodbc", query={"odbc_connect": dsn})
    return create_engine(url, poolclass=NullPool).connect()


if context.config.config_file_name:
    fileConfig(context.config.config_file_name, disable_existing_loggers=False)

if context.is_offline_mode():
    run_offline()
elif handed_over := context.config.attributes.get("connection"):
    run_online(handed_over)
else:
    with connect_by_dsn() as own_connection:
        run_online(own_connection)
