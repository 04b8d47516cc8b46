"""Fixtures for tests that need a server: by default an emulator, one process for each pytest worker.

With LOCKSTEP_DSN set the same tests run on that server, each worker in a scratch database of its own, which is made at
the start and dropped at the end: the database that the DSN names is never touched.

- `target`: a database on a server, alive for the whole run.
- `session`: a new session on it. `connection`: a new plain pyodbc connection, autocommit on.
- `database`: the same target with everything deployed and, for each test, no rows but those that a deployment makes.
"""

from collections.abc import Iterator
from contextlib import closing

import pyodbc
import pytest

from harness.connection import EmulatorProcess, Session, Target, connect, open_session
from harness.deploy import deploy
from tests import variants

KEPT_TABLES = frozenset(
    f"lockstep.{name}"
    for name in ("DeployedObject", "Deployment", "DeployHistory", "CreatedTable", "ErpColumn", "alembic_version")
)
FRESH_ROWS = """
INSERT INTO lockstep.Settings (SettingsId) VALUES (1);
INSERT INTO dbo.Seqnum (SeqName, SeqNum) VALUES ('BT', 0), ('PT', 0);
"""
"""The rows that the baseline migration makes, apart from its own records."""


@pytest.fixture(scope="session")
def target(worker_id: str) -> Iterator[Target]:
    """A database to work in, shared by all tests of this worker."""
    configured = Target.from_environment()
    if configured is None:
        with EmulatorProcess() as emulator:
            yield emulator.target
        return
    name = f"lockstep_test_{worker_id}"
    with open_session(configured) as administrator:
        administrator.execute(f"IF DB_ID(N'{name}') IS NOT NULL DROP DATABASE {name};")
        administrator.execute(f"CREATE DATABASE {name};")
        yield configured.with_database(name)
        administrator.execute(f"ALTER DATABASE {name} SET SINGLE_USER WITH ROLLBACK IMMEDIATE; DROP DATABASE {name};")


@pytest.fixture
def session(target: Target) -> Iterator[Session]:
    """A session on the target; what its transaction leaves open is rolled back."""
    with open_session(target) as opened:
        yield opened


@pytest.fixture
def connection(target: Target) -> Iterator[pyodbc.Connection]:
    """A plain connection to the target, autocommit on."""
    with closing(connect(target)) as opened:
        yield opened


@pytest.fixture(scope="session")
def deployed_target(target: Target) -> Target:
    """The target, of the variant that is asked for, after a deployment; its tables may hold what earlier tests left."""
    variants.prepare(target)
    deploy(target)
    return target


@pytest.fixture
def database(deployed_target: Target) -> Target:
    """The target with everything deployed and no rows but those that a deployment makes."""
    with open_session(deployed_target) as opened:
        tables = opened.execute("SELECT SCHEMA_NAME(t.schema_id) + '.' + t.name FROM sys.tables AS t;").rows
        emptied = [name for (name,) in tables if name not in KEPT_TABLES]
        opened.execute("".join(f"TRUNCATE TABLE {name};\n" for name in emptied) + FRESH_ROWS)
    return deployed_target
