"""Definitions as the catalog shows them, and columns of alias types.

Documentation: "sys.default_constraints", "sys.check_constraints", "sys.computed_columns", "sys.indexes", "CREATE TYPE".
"""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("0", "((0))"),
        ("-1", "((-1))"),
        ("1.50", "((1.50))"),
        ("'it''s'", "('it''s')"),
        ("N'x'", "(N'x')"),
        ("NULL", "(NULL)"),
        ("GETDATE()", "(getdate())"),
        ("CURRENT_TIMESTAMP", "(getdate())"),
        ("(SYSUTCDATETIME())", "(sysutcdatetime())"),
        ("DATEADD(DAY, 1, GETDATE())", "(dateadd(day,(1),getdate()))"),
        ("CAST(1 AS bit)", "(CONVERT([bit],(1)))"),
        ("1 + 2 * (3 + 4)", "((1)+(2)*((3)+(4)))"),
    ],
)
def test_defaults(client, written, shown):
    client.run(f"CREATE TABLE d (a sql_variant CONSTRAINT df DEFAULT {written})")
    assert client.query("SELECT definition FROM sys.default_constraints") == [(shown,)]


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("qty >= 0", "([qty]>=(0))"),
        ("qty BETWEEN 1 AND 9 AND kind IS NOT NULL", "([qty]>=(1) AND [qty]<=(9) AND [kind] IS NOT NULL)"),
        ("kind IN ('a', 'b')", "([kind]='b' OR [kind]='a')"),
        ("(qty > 1 OR qty < 0) AND LEN(kind) = 1", "(([qty]>(1) OR [qty]<(0)) AND len([kind])=(1))"),
        ("NOT kind LIKE 'x%'", "(NOT [kind] like 'x%')"),
        (
            "qty + 1 <> (CASE WHEN kind = 'a' THEN 1 ELSE qty END)",
            "([qty]+(1)<>case when [kind]='a' then (1) else [qty] end)",
        ),
    ],
)
def test_checks(client, written, shown):
    client.run(f"CREATE TABLE c (qty int, kind varchar(5), CONSTRAINT ck CHECK ({written}))")
    assert client.query("SELECT definition FROM sys.check_constraints") == [(shown,)]


def test_computed_columns_and_filters(client):
    client.run(
        """
        CREATE TABLE p (a int, b AS a * 2 + COALESCE(a, 0), c AS CONVERT(varchar(10), a) PERSISTED);
        CREATE INDEX ix ON p (a) WHERE a IN (1, 2) AND a IS NOT NULL
        """
    )
    assert client.query("SELECT definition FROM sys.computed_columns ORDER BY column_id") == [
        ("([a]*(2)+case when [a] IS NOT NULL then [a] else (0) end)",),
        ("(CONVERT([varchar](10),[a]))",),
    ]
    assert client.query("SELECT filter_definition FROM sys.indexes WHERE name = 'ix'") == [
        ("([a] IN ((1), (2)) AND [a] IS NOT NULL)",)
    ]


def test_columns_know_their_alias_type(client):
    client.run("CREATE TYPE dbo.Quantity FROM decimal(9, 3) NOT NULL")
    client.run("CREATE TABLE q (a dbo.Quantity, b Quantity NULL, c sysname, d int)")
    text = """
        SELECT c.name, t.name, s.name, c.is_nullable FROM sys.columns AS c
        JOIN sys.types AS t ON t.user_type_id = c.user_type_id JOIN sys.types AS s ON s.user_type_id = c.system_type_id
        WHERE c.object_id = OBJECT_ID('q') ORDER BY c.column_id
    """
    assert client.query(text) == [
        ("a", "Quantity", "decimal", False),
        ("b", "Quantity", "decimal", True),
        ("c", "sysname", "nvarchar", False),
        ("d", "int", "int", True),
    ]
