"""Functions about objects (documentation: "Metadata Functions (Transact-SQL)")."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from emulator.catalog.objects import Column, Index, IndexColumn, Procedure, Table
from emulator.storage.table import Identity
from emulator.types.sqltype import INT, nvarchar


@pytest.fixture
def objects(bench: Any) -> Any:
    table = Table(
        "dbo",
        "Lot",
        columns=[Column("LotId", INT, False, 0, 1), Column("Code", nvarchar(20), True, 1, 2)],
        indexes=[Index("PK_Lot", 1, (IndexColumn(0),), unique=True, clustered=True, primary_key=True)],
    )
    table.store = SimpleNamespace(identity=Identity(1, 1))  # type: ignore[assignment]
    bench.database.add(table)
    bench.database.add(Procedure("dbo", "Pick", definition="CREATE PROCEDURE dbo.Pick AS RETURN 0"))
    temporary = Table("dbo", "#work", object_id=-7)
    bench.session.find_temporary = {"#work": temporary}.get
    return bench


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("OBJECT_NAME(OBJECT_ID('lot'))", "Lot"),
        ("OBJECT_NAME(OBJECT_ID(N'[dbo].[Lot]', 'U'))", "Lot"),
        ("OBJECT_ID('dbo.Lot', 'P')", None),
        ("OBJECT_ID('nothing')", None),
        ("OBJECT_NAME(OBJECT_ID('warehouse.dbo.Lot'))", "Lot"),
        ("OBJECT_ID('other.dbo.Lot')", None),
        ("OBJECT_ID('tempdb..#work')", -7),
        ("OBJECT_SCHEMA_NAME(OBJECT_ID('Lot'))", "dbo"),
        ("OBJECT_DEFINITION(OBJECT_ID('Pick'))", "CREATE PROCEDURE dbo.Pick AS RETURN 0"),
        ("OBJECTPROPERTY(OBJECT_ID('Lot'), 'IsTable')", 1),
        ("OBJECTPROPERTY(OBJECT_ID('Pick'), 'IsProcedure')", 1),
        ("OBJECTPROPERTY(OBJECT_ID('Lot'), 'TableHasPrimaryKey')", 1),
        ("OBJECTPROPERTY(OBJECT_ID('Lot'), 'Nonsense')", None),
        ("COL_LENGTH('dbo.Lot', 'Code')", 40),
        ("COL_LENGTH('dbo.Lot', 'LotId')", 4),
        ("COL_NAME(OBJECT_ID('Lot'), 2)", "Code"),
        ("COLUMNPROPERTY(OBJECT_ID('Lot'), 'Code', 'AllowsNull')", 1),
        ("COLUMNPROPERTY(OBJECT_ID('Lot'), 'Code', 'CharMaxLen')", 20),
        ("INDEXPROPERTY(OBJECT_ID('Lot'), 'PK_Lot', 'IsClustered')", 1),
        ("INDEX_COL('Lot', 1, 1)", "LotId"),
        ("IDENT_CURRENT('Lot')", 1),
        ("IDENT_INCR('Lot')", 1),
        ("IDENT_CURRENT('Pick')", None),
        ("DB_NAME()", "warehouse"),
        ("DB_NAME(DB_ID('WAREHOUSE'))", "warehouse"),
        ("DB_ID('other')", None),
        ("SCHEMA_NAME(SCHEMA_ID('sys'))", "sys"),
        ("TYPE_NAME(TYPE_ID('int'))", "int"),
        ("TYPE_ID('nothing')", None),
        ("CAST(DATABASEPROPERTYEX('warehouse', 'Status') AS nvarchar(20))", "ONLINE"),
    ],
)
def test_a_metadata_function_gives(objects: Any, text: str, value: Any) -> None:
    assert objects.value(text) == value
