"""The ERP's tables, examined before a deployment by the same T-SQL by which the baseline migration will examine them.

The migration compares them with `lockstep.ErpColumn`, which it has made and filled just before. Here a temporary table
takes its place, so that the question can be asked of a database that has nothing of ours, and nothing is written.
"""

from pathlib import Path

from harness.connection import Session, SqlServerError
from harness.deploy.batches import split_batches

BASELINE = Path("migrations", "sql", "0001_baseline")
SCRIPTS = ("erp_columns.sql", "check_erp_tables.sql")

_OWN_TABLE = "lockstep.ErpColumn"
_TEMPORARY_TABLE = "#ErpColumn"
_CREATE = f"""\
CREATE TABLE {_TEMPORARY_TABLE} (
    TableName nvarchar(128) COLLATE DATABASE_DEFAULT NOT NULL,
    ColumnName nvarchar(128) COLLATE DATABASE_DEFAULT NOT NULL,
    Family varchar(10) COLLATE DATABASE_DEFAULT NOT NULL,
    KeyOrder tinyint NOT NULL,
    Nulls varchar(5) COLLATE DATABASE_DEFAULT NOT NULL,
    CopiedFrom nvarchar(128) COLLATE DATABASE_DEFAULT NULL
);
"""
_RAISED_BY_TEXT = 50000
_FIRST_OF_CATALOGUE = 51000


def check_erp_tables(session: Session, database: Path) -> list[str]:
    """What the migration would say against the ERP's tables; nothing if they fit or are not there yet."""
    session.execute(f"DROP TABLE IF EXISTS {_TEMPORARY_TABLE};")
    session.execute(_CREATE)
    messages: list[str] = []
    try:
        for script in SCRIPTS:
            for batch in split_batches((database / BASELINE / script).read_text(encoding="utf-8")):
                messages += _findings(session, batch.text.replace(_OWN_TABLE, _TEMPORARY_TABLE))
                if messages:
                    return messages
    finally:
        session.execute(f"DROP TABLE IF EXISTS {_TEMPORARY_TABLE};")
    return messages


def _findings(session: Session, batch: str) -> list[str]:
    try:
        session.execute(batch)
    except SqlServerError as error:
        if error.number != _RAISED_BY_TEXT and error.number < _FIRST_OF_CATALOGUE:
            raise
        return [one.message for one in error.diagnostics if one.number]
    return []
