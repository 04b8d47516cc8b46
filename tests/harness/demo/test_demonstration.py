"""The demo from its command line, on a real server: a small warehouse, a few seconds of work, a sound end."""

import json
from typing import Any

import pytest

from harness.cli.__main__ import run as run_command
from harness.connection import Session, Target
from harness.connection.target import DSN_VARIABLE
from harness.demo import warehouse


@pytest.fixture
def demo_target(database: Target, monkeypatch: pytest.MonkeyPatch) -> Target:
    """The empty, deployed database, as the one that the command works on."""
    monkeypatch.setenv(DSN_VARIABLE, database.connection_string.text())
    return database


def loaded(session: Session, seed: int) -> list[tuple[Any, ...]]:
    """The lots and lines of a small warehouse."""
    warehouse.load(session, warehouse.Size.for_lots(200), seed)
    lots = "SELECT l.LotNo, l.ItemKey, l.BinNo, l.QtyOnHand, l.LotStatus, l.DateExpiry FROM dbo.LotMaster AS l"
    lines = "SELECT k.RunNo, k.RowNum, k.LineId, k.ItemKey, k.ToPickedBulkQty FROM dbo.cust_BulkPicked AS k"
    return [tuple(row) for text in (lots, lines) for row in session.execute(f"{text} ORDER BY 1, 2, 3;").rows]


def test_a_short_demo_ends_sound(demo_target: Target, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--seconds", "2", "--lots", "300", "--pickers", "3", "--putaway", "2", "--seed", "5", "--json"]
    assert run_command(["demo", *arguments]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["sound"] is True
    assert report["seed"] == 5
    assert report["failures"] == 0
    assert report["findings"] == report["discrepancies"] == []
    assert report["acknowledged"]["picks"] > 0
    assert report["acknowledged"]["transfers"] > 0
    picks = report["procedures"]["picking.PickLot"]
    assert picks["accepted"] == report["acknowledged"]["picks"]
    assert picks["calls"] == picks["accepted"] + picks["replayed"] + sum(picks["rejected"].values())
    assert 0 < picks["milliseconds"]["p50"] <= picks["milliseconds"]["max"]


def test_a_database_with_rows_is_left_alone(
    demo_target: Target, session: Session, capsys: pytest.CaptureFixture[str]
) -> None:
    session.execute("INSERT INTO dbo.INMAST (ItemKey) VALUES ('THEIRS');")
    assert run_command(["demo", "--seconds", "1"]) == 2
    error = capsys.readouterr().err
    assert "dbo.INMAST has rows" in error
    assert session.execute("SELECT COUNT(*) FROM dbo.LotMaster;").rows[0][0] == 0


def test_more_users_than_connections_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["demo", "--pickers", "16", "--putaway", "16"]) == 2
    assert "at most 20 can connect" in capsys.readouterr().err


def test_the_same_seed_makes_the_same_warehouse(database: Target, session: Session) -> None:
    first = loaded(session, 1)
    emptied = "dbo.LotMaster", "dbo.BINMaster", "dbo.INMAST", "dbo.INLOC", "dbo.Cust_BulkRun", "dbo.cust_BulkPicked"
    for again, is_same in ((1, True), (2, False)):
        session.execute("".join(f"TRUNCATE TABLE {table}; " for table in emptied))
        assert (loaded(session, again) == first) is is_same


def test_the_warehouse_has_all_kinds_of_stock(database: Target, session: Session) -> None:
    warehouse.load(session, warehouse.Size.for_lots(2000), 1)
    row = session.execute(
        """
        SELECT
            COUNT(*) AS Lots, COUNT(DISTINCT l.ItemKey) AS Items,
            SUM(CASE WHEN l.LotStatus = N'H' THEN 1 ELSE 0 END) AS Held,
            SUM(CASE WHEN l.LotStatus = N'B' THEN 1 ELSE 0 END) AS Blocked,
            SUM(CASE WHEN l.DateExpiry IS NULL THEN 1 ELSE 0 END) AS WithoutExpiry,
            SUM(CASE WHEN l.DateExpiry < DATEADD(DAY, -1, GETDATE()) THEN 1 ELSE 0 END) AS Expired,
            SUM(CASE WHEN l.QtyCommitSales > 0 THEN 1 ELSE 0 END) AS Committed,
            SUM(CASE WHEN b.User4 = N'PARTIAL' THEN 1 ELSE 0 END) AS InPartialBins,
            SUM(CASE WHEN b.BinNo LIKE N'%Variance' THEN 1 ELSE 0 END) AS InVarianceBins,
            SUM(CASE WHEN b.User1 = N'WHTIP8' THEN 1 ELSE 0 END) AS InClosedWarehouse
        FROM dbo.LotMaster AS l
        INNER JOIN dbo.BINMaster AS b ON l.LocationKey = b.Location AND l.BinNo = b.BinNo;
        """
    ).rows[0]
    assert tuple(row)[:2] == (2000, 200)
    assert all(0 < count < 500 for count in tuple(row)[2:]), row
    runs = session.execute("SELECT COUNT(DISTINCT r.RunNo), COUNT(*) FROM dbo.Cust_BulkRun AS r;").rows[0]
    assert tuple(runs) == (50, 200)
    lines = session.execute("SELECT COUNT(*) AS Lines FROM dbo.cust_BulkPicked AS k GROUP BY k.RunNo, k.RowNum;").rows
    assert {count for (count,) in lines} == {3, 4, 5, 6, 7, 8}
    assert session.call("ops.CheckInventory").rows == []
