"""sp_table_privileges and sp_column_privileges."""

from __future__ import annotations

import pyodbc


def test_the_owner_has_all_privileges_and_others_what_was_granted(connection: pyodbc.Connection) -> None:
    connection.execute("CREATE TABLE dbo.Guarded (id int, name nvarchar(10)); CREATE ROLE Reader;")
    connection.execute("GRANT SELECT ON dbo.Guarded TO Reader;")
    found = connection.execute("EXEC sp_table_privileges N'Guarded';").fetchall()
    of_columns = connection.execute("EXEC sp_column_privileges N'Guarded', @column_name = N'na%';").fetchall()
    connection.execute("DROP TABLE dbo.Guarded; DROP ROLE Reader;")
    owned = ("DELETE", "INSERT", "REFERENCES", "SELECT", "UPDATE")
    assert [tuple(row[3:]) for row in found] == sorted(
        [("dbo", "Reader", "SELECT", "NO"), *(("dbo", "dbo", kind, "YES") for kind in owned)]
    )
    assert {row[3] for row in of_columns} == {"name"}
    assert ("dbo", "Reader", "SELECT", "NO") in [tuple(row[4:]) for row in of_columns]
