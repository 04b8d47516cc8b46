"""The indexes: the six of the field report by name, what the procedures need beside them, and none twice."""

import pytest

from harness.connection import Session, Target, open_session
from harness.deploy import Step, deploy
from harness.deploy.batches import split_batches
from harness.deploy.sources import SourceFile, read_sources
from tests.database import existing_erp

INDEXES = [source for source in read_sources() if source.kind == "indexes"]
KEYS = {
    "IX_LotMaster_Item_Expiry_QtyOnHand": ["ItemKey", "DateExpiry", "QtyOnHand DESC"],
    "IX_LotMaster_Lot_Item_Location_Bin": ["LotNo", "ItemKey", "LocationKey", "BinNo"],
    "IX_BulkPicked_RunNo_LineId_RowNum": ["RunNo", "LineId", "RowNum"],
    "IX_LotTransaction_Lot_Item_Date": ["LotNo", "ItemKey", "RecDate DESC"],
    "IX_BinMaster_Location_BinNo": ["Location", "BinNo"],
    "IX_BulkRun_Status_RunNo": ["Status", "RunNo"],
    "IX_BulkLotPicked_RunNo_RowNum_LineId": ["RunNo", "RowNum", "LineId"],
}
LIKE_THE_PRIMARY_KEY = {"IX_LotMaster_Lot_Item_Location_Bin", "IX_BinMaster_Location_BinNo"}
QUERY = """
    SELECT i.name, c.name + CASE WHEN k.is_descending_key = 1 THEN N' DESC' ELSE N'' END
    FROM sys.indexes AS i
    INNER JOIN sys.index_columns AS k ON i.object_id = k.object_id AND i.index_id = k.index_id
    INNER JOIN sys.columns AS c ON k.object_id = c.object_id AND k.column_id = c.column_id
    WHERE i.name LIKE N'IX[_]%' AND k.key_ordinal > 0 AND OBJECT_SCHEMA_NAME(i.object_id) = N'dbo'
    ORDER BY i.name, k.key_ordinal;
"""


def keys_of(session: Session) -> dict[str, list[str]]:
    """The key columns of each index on the ERP's tables that has such a name."""
    found: dict[str, list[str]] = {}
    for name, column in session.execute(QUERY).rows:
        found.setdefault(name, []).append(column)
    return found


def run(session: Session, source: SourceFile) -> list[str]:
    """Run a file as it is; what it says."""
    return [message for batch in split_batches(source.text) for message in session.execute(batch.text).messages]


def test_the_files_are_those_of_the_field_report_and_our_own() -> None:
    assert {source.name.removeprefix("dbo.") for source in INDEXES} == set(KEYS)


def test_what_the_primary_key_does_already_is_left_out_and_the_deployment_says_so(empty_database: Target) -> None:
    said: dict[str, tuple[str, ...]] = {}

    def note(step: Step) -> None:
        if step.said:
            said[step.name.removeprefix("dbo.")] = step.said

    deploy(empty_database, on_step=note)
    with open_session(empty_database) as session:
        assert keys_of(session) == {name: keys for name, keys in KEYS.items() if name not in LIKE_THE_PRIMARY_KEY}
    assert set(said) == LIKE_THE_PRIMARY_KEY
    assert all("begins with these columns; skipped" in message for (message,) in said.values())


def test_where_the_primary_key_is_another_all_are_made(empty_database: Target) -> None:
    with open_session(empty_database) as session:
        existing_erp.create(session)
        for table, columns in (("LotMaster", "BinNo, LotNo, ItemKey, LocationKey"), ("BINMaster", "BinNo, Location")):
            ((key,),) = session.execute(
                "SELECT k.name FROM sys.key_constraints AS k WHERE k.parent_object_id = OBJECT_ID(?);", f"dbo.{table}"
            ).rows
            session.execute(
                f"ALTER TABLE dbo.{table} DROP CONSTRAINT {key}; "
                f"ALTER TABLE dbo.{table} ADD CONSTRAINT {key} PRIMARY KEY ({columns});"
            )
    deploy(empty_database)
    with open_session(empty_database) as session:
        assert keys_of(session) == KEYS


@pytest.mark.parametrize("source", INDEXES, ids=lambda source: source.name)
def test_a_file_can_be_run_again(database: Target, session: Session, source: SourceFile) -> None:
    before = keys_of(session)
    assert bool(run(session, source)) == (source.name.removeprefix("dbo.") in LIKE_THE_PRIMARY_KEY)
    assert keys_of(session) == before
