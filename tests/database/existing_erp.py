"""An ERP database as the field has them: float quantities, columns of its own, other nullability.

It is made of the baseline's own definitions, so that the two cannot drift apart.
"""

import re
from pathlib import Path

from harness.connection import Session

SCRIPT = Path(__file__).resolve().parents[2] / "database" / "migrations" / "sql" / "0001_baseline" / "erp_tables.sql"

_CREATE_TABLE = re.compile(r"CREATE TABLE dbo\.(?P<name>\w+) \(.*?\n        \);", flags=re.DOTALL)

AMOUNTS = ("StdCost", "TrnAmt", "GLtrnAmt")
"""Columns that are decimal in the field, too."""
OWN_COLUMNS = (
    "User7 nvarchar(50) NULL, CUSTOM1 nvarchar(50) NULL, ESG_REASON nvarchar(50) NULL, "
    "ESG_APPROVER nvarchar(50) NOT NULL DEFAULT N'',"
)
NOT_NULL_HERE = ("Desc1 nvarchar(100)",)
"""Columns that an ERP may insist upon: lockstep gives them a value, or only reads them."""


def table_definitions() -> dict[str, str]:
    """CREATE TABLE as the baseline writes it, by table."""
    return {match["name"]: match[0] for match in _CREATE_TABLE.finditer(SCRIPT.read_text(encoding="utf-8"))}


def field_definition(text: str) -> str:
    """The same table as an ERP has it."""
    lines = []
    for line in text.splitlines():
        if not line.strip().startswith(AMOUNTS):
            line = line.replace("decimal(19, 6)", "float")
        if any(line.strip().startswith(f"{column} NULL") for column in NOT_NULL_HERE):
            line = line.replace(" NULL", " NOT NULL", 1)
        lines.append(line)
    lines.insert(2, "            " + OWN_COLUMNS)
    return "\n".join(lines)


def create(session: Session, *, without: tuple[str, ...] = ()) -> None:
    """Make the ERP's tables, but for some, with the two number series."""
    for name, text in table_definitions().items():
        if name not in without:
            session.execute(field_definition(text))
    if "Seqnum" not in without:
        session.execute("INSERT INTO dbo.Seqnum (SeqName, SeqNum) VALUES ('BT', 0), ('PT', 0), ('SO', 17);")
