"""sql_variant in tables. Documentation: "sql_variant (Transact-SQL)"."""

from __future__ import annotations

from typing import Any


def test_variants_are_sorted_and_grouped_alike(client: Any) -> None:
    client.run("CREATE TABLE v (a sql_variant); CREATE INDEX i ON v (a)")
    client.run("INSERT v VALUES (1), ('b'), (N'A'), (2.5), (1e0), (CAST('2020-01-01' AS date)), (0x01), (NULL), (1.0)")
    rows = client.query("SELECT SQL_VARIANT_PROPERTY(a, 'BaseType') FROM v WHERE a IS NOT NULL ORDER BY a, 1")
    names = ["varbinary", "nvarchar", "varchar", "int", "numeric", "numeric", "float", "date"]
    assert [name for (name,) in rows] == names
    assert client.query("SELECT COUNT(*) FROM v GROUP BY a HAVING COUNT(*) > 1") == [(2,)]
    assert client.query("SELECT COUNT(*) FROM v WHERE a = 1") == [(2,)]
