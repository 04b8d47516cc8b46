"""System tables of old, the rest of INFORMATION_SCHEMA, and views that there are not.

Pages "System compatibility views" and "System information schema views" of the documentation.
"""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture
def shop(client: Any) -> Any:
    client.run("CREATE TYPE dbo.code FROM varchar(5)")
    client.run("CREATE TABLE dbo.kind (id int PRIMARY KEY, name dbo.code)")
    client.run("CREATE TABLE dbo.item (id int PRIMARY KEY, kind int REFERENCES dbo.kind, qty int CHECK (qty > 0))")
    client.run("CREATE VIEW dbo.named AS SELECT id, name FROM dbo.kind")
    client.run("GRANT SELECT ON dbo.kind TO public WITH GRANT OPTION")
    return client


@pytest.mark.parametrize(
    ("query", "rows"),
    [
        (
            "OBJECT_NAME(fkeyid), OBJECT_NAME(rkeyid), fkey, rkey, keyno FROM sysforeignkeys",
            [("item", "kind", 2, 1, 1)],
        ),
        ("keycnt, fkey1, rkey1, fkey2 FROM sysreferences", [(1, 2, 1, 0)]),
        ("indid, colid, keyno FROM sysindexkeys WHERE id = OBJECT_ID('item')", [(1, 1, 1)]),
        ("OBJECT_NAME(id) FROM sysdepends WHERE depid = OBJECT_ID('kind')", [("named",)]),
        ("text FROM syscomments WHERE text LIKE '(%'", [("([qty]>(0))",)]),
        ("COUNT(*) FROM sysconstraints WHERE id = OBJECT_ID('item')", [(3,)]),
        ("RTRIM(status), dbid FROM master..sysprocesses WHERE spid = @@SPID", [("runnable", 5)]),
        ("name, sysadmin FROM master.dbo.syslogins WHERE name = 'sa'", [("sa", 1)]),
        ("TABLE_NAME FROM INFORMATION_SCHEMA.VIEW_TABLE_USAGE", [("kind",)]),
        ("COLUMN_NAME FROM INFORMATION_SCHEMA.VIEW_COLUMN_USAGE", [("id",), ("name",)]),
        ("DOMAIN_NAME, DATA_TYPE, CHARACTER_MAXIMUM_LENGTH FROM INFORMATION_SCHEMA.DOMAINS", [("code", "varchar", 5)]),
        ("TABLE_NAME, COLUMN_NAME FROM INFORMATION_SCHEMA.COLUMN_DOMAIN_USAGE", [("kind", "name")]),
        (
            "GRANTEE, TABLE_NAME, PRIVILEGE_TYPE, IS_GRANTABLE FROM INFORMATION_SCHEMA.TABLE_PRIVILEGES",
            [("public", "kind", "SELECT", "YES")],
        ),
        ("name, value FROM sys.database_scoped_configurations WHERE name = 'MAXDOP'", [("MAXDOP", 0)]),
        ("OBJECT_NAME(object_id), column_id FROM sys.column_type_usages", [("kind", 2)]),
        ("name FROM sys.user_token WHERE type = 'SQL USER'", [("dbo",)]),
    ],
)
def test_a_view_shows(shop: Any, query: str, rows: list[tuple[Any, ...]]) -> None:
    assert shop.query(f"SELECT {query}") == rows


def test_a_view_that_there_is_not_is_refused_by_name_and_one_that_never_was_is_missing(client: Any) -> None:
    error = client.fails("SELECT * FROM sys.dm_os_memory_clerks")
    assert (error.number, "sys.dm_os_memory_clerks" in error.message) == (40517, True)
    assert client.fails("SELECT * FROM sys.dm_os_nothing").number == 208
