"""Table-valued parameters through Microsoft's driver ("Use table-valued parameters"). Runs on SQL Server too."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import pyodbc
import pytest

SET_UP = [
    """CREATE TYPE dbo.WirePick AS TABLE (
        lot int NOT NULL PRIMARY KEY, qty decimal(9, 2) NOT NULL CHECK (qty >= 0),
        note nvarchar(20) NULL, due date NULL)""",
    """CREATE PROCEDURE dbo.WirePicks @run int, @picks dbo.WirePick READONLY AS
    SET NOCOUNT ON; SELECT @run, lot, qty, note, due FROM @picks ORDER BY lot""",
]
TAKE_DOWN = ["DROP PROCEDURE IF EXISTS dbo.WirePicks", "DROP TYPE IF EXISTS dbo.WirePick"]
ROWS = [(2, Decimal("1.50"), "zwei", date(2026, 1, 2)), (1, Decimal("0.00"), None, None)]


@pytest.fixture
def picks(connection: pyodbc.Connection) -> Iterator[pyodbc.Cursor]:
    for statement in [*TAKE_DOWN, *SET_UP]:
        connection.execute(statement)
    yield connection.cursor()
    for statement in TAKE_DOWN:
        connection.execute(statement)


@pytest.mark.parametrize("statement", ["{CALL dbo.WirePicks (?, ?)}", "EXEC dbo.WirePicks @run = ?, @picks = ?"])
def test_a_procedure_gets_the_rows(picks: pyodbc.Cursor, statement: str) -> None:
    found = picks.execute(statement, 7, ROWS).fetchall()
    assert [tuple(row) for row in found] == [(7, *ROWS[1]), (7, *ROWS[0])]


def test_so_does_an_empty_table(picks: pyodbc.Cursor) -> None:
    assert picks.execute("{CALL dbo.WirePicks (?, ?)}", 7, []).fetchall() == []


def test_its_rows_obey_the_constraints_of_the_type(picks: pyodbc.Cursor) -> None:
    with pytest.raises(pyodbc.IntegrityError, match="PRIMARY KEY"):
        picks.execute("{CALL dbo.WirePicks (?, ?)}", 7, [ROWS[0], ROWS[0]])
    with pytest.raises(pyodbc.Error):
        picks.execute("{CALL dbo.WirePicks (?, ?)}", 7, [(1, Decimal(-1), None, None)])
