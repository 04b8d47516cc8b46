"""Adopting the database of an ERP: what fits is used as it is, what does not is told at once, nothing is changed."""

from collections.abc import Iterator
from decimal import Decimal

import pytest

from harness.connection import Session, Target, open_session
from harness.deploy import deploy
from harness.errors import CheckFailed
from tests.database import existing_erp
from tests.database.calls import FefoPick, Pick, Transfer, Unpick
from tests.database.warehouse import Warehouse

DEFINITIONS = (
    "SELECT t.name, c.name, TYPE_NAME(c.user_type_id), c.max_length, c.is_nullable, c.is_identity "
    "FROM sys.tables AS t INNER JOIN sys.columns AS c ON t.object_id = c.object_id "
    "WHERE SCHEMA_NAME(t.schema_id) = 'dbo' ORDER BY t.name, c.column_id;"
)


@pytest.fixture
def erp(empty_database: Target) -> Target:
    """The ERP's database."""
    return empty_database


@pytest.fixture
def session(erp: Target) -> Iterator[Session]:
    with open_session(erp) as opened:
        yield opened


def definitions(session: Session) -> list[tuple[object, ...]]:
    return [tuple(row) for row in session.execute(DEFINITIONS).rows]


def difference(target: Target) -> str:
    """What a deployment says against the database."""
    with pytest.raises(CheckFailed, match="51904") as caught:
        deploy(target)
    return str(caught.value)


def test_a_database_with_data_is_adopted_and_works(erp: Target, session: Session) -> None:
    existing_erp.create(session)
    warehouse = Warehouse(erp, session)
    before = definitions(session)
    session.execute(
        "INSERT INTO dbo.LotMaster (LotNo, ItemKey, LocationKey, BinNo, QtyReceived, QtyOnHand, QtyCommitSales, "
        "TransactionType, CUSTOM1) VALUES ('OLD-1', 'FLOUR', 'TFC1', N'A-02', 0.3, 0.1 + 0.2, 0, 1, N'theirs');"
    )
    deploy(erp)
    assert definitions(session) == before
    assert session.execute("SELECT COUNT(*) FROM lockstep.CreatedTable;").rows[0][0] == 0
    assert sorted(tuple(row) for row in session.execute("SELECT SeqName, SeqNum FROM dbo.Seqnum;").rows) == [
        ("BT", 0),
        ("PT", 0),
        ("SO", 17),
    ]
    assert warehouse.lot("OLD-1", "A-02")["CUSTOM1"] == "theirs"

    warehouse.lay_out()
    allocation = Pick(bags=2)(session).values["AllocationNo"]
    Unpick(allocation=allocation, bags=1)(session)
    FefoPick(line=2)(session)
    Transfer(quantity=Decimal("0.000001"))(session)
    Transfer(lot="OLD-1", source="A-02", destination="K-01", quantity=Decimal("0.3"))(session)
    assert warehouse.on_hand("OLD-1") == {"K-01": 0.3}  # the source row is gone: nothing was left, not even 5e-17
    assert warehouse.findings() == []


def test_tables_that_are_missing_are_made_and_the_others_left(erp: Target, session: Session) -> None:
    existing_erp.create(session, without=("Mintxdh", "BinTransfer"))
    deploy(erp)
    made = [name for (name,) in session.execute("SELECT TableName FROM lockstep.CreatedTable;").rows]
    assert sorted(made) == ["dbo.BinTransfer", "dbo.Mintxdh"]


def test_every_difference_is_told_at_once_and_nothing_is_changed(erp: Target, session: Session) -> None:
    existing_erp.create(session)
    for change in (
        "DROP TABLE dbo.INLOC;",
        "CREATE TABLE dbo.INLOC (ItemKey varchar(30) NOT NULL, Location varchar(10) NOT NULL, InClassKey int NULL);",
        "ALTER TABLE dbo.BINMaster ALTER COLUMN User4 int NULL;",
        "ALTER TABLE dbo.cust_BulkPicked ALTER COLUMN PackSize decimal(18, 4) NULL;",
        "ALTER TABLE dbo.Cust_BulkPalletLotPicked ADD Approver nvarchar(20) NOT NULL CONSTRAINT DF_A DEFAULT N'';",
        "ALTER TABLE dbo.Cust_BulkPalletLotPicked DROP CONSTRAINT DF_A;",
        "ALTER TABLE dbo.LotTransaction ALTER COLUMN IssueDate datetime NOT NULL;",
        "ALTER TABLE dbo.LotTransaction ALTER COLUMN Vendorkey varchar(20) NOT NULL;",
        "ALTER TABLE dbo.Seqnum ALTER COLUMN SeqNum int NULL;",
    ):
        session.execute(change)
    before = definitions(session)
    told = difference(erp)
    for words in (
        "dbo.BINMaster: User4 is int, text needed",
        "dbo.cust_BulkPicked: PackSize is decimal(18,4), quantity needed",
        "dbo.Cust_BulkPalletLotPicked: Approver allows no NULL and has no default",
        "InClassKey is int, text needed",
        "dbo.INLOC: no column Physinprogress",
        "dbo.INLOC: no column StdCost",
        "no unique key on the columns that find a row",
        "IssueDate must allow NULL",
        "Vendorkey must allow NULL",
        "dbo.Seqnum: SeqNum allows NULL",
        "10 differences",
    ):
        assert words in told
    assert definitions(session) == before
    assert session.execute("SELECT COUNT(*) FROM sys.tables WHERE SCHEMA_NAME(schema_id) <> 'dbo';").rows[0][0] <= 1


def test_a_database_of_another_kind_is_told_table_by_table(erp: Target, session: Session) -> None:
    for name in existing_erp.table_definitions():
        session.execute(f"CREATE TABLE dbo.{name} (Something int NULL);")
    told = difference(erp)
    assert told.count(": no column ") == 177
    assert told.count(": no unique key ") == 12


def test_a_number_series_that_is_missing_is_told(erp: Target, session: Session) -> None:
    existing_erp.create(session)
    session.execute("DELETE FROM dbo.Seqnum WHERE SeqName = 'PT';")
    assert "BT (bin transfers) or PT (pallets)" in difference(erp)
    session.execute("INSERT INTO dbo.Seqnum (SeqName, SeqNum) VALUES ('PT', 900);")
    deploy(erp)
    assert session.execute("SELECT SeqNum FROM dbo.Seqnum WHERE SeqName = 'PT';").rows[0][0] == 900
