"""Temporary tables in the catalog views of tempdb."""

from __future__ import annotations

from contextlib import closing

import pyodbc

from harness.connection import Target, connect


def test_a_temporary_table_and_its_columns_are_found_by_the_id_of_its_name(connection: pyodbc.Connection) -> None:
    connection.execute("CREATE TABLE #t (id int NOT NULL PRIMARY KEY, name nvarchar(20));")
    rows = connection.execute(
        "SELECT c.name, TYPE_NAME(c.system_type_id) FROM tempdb.sys.columns AS c "
        "WHERE c.object_id = OBJECT_ID(N'tempdb..#t') ORDER BY c.column_id;"
    ).fetchall()
    assert [tuple(row) for row in rows] == [("id", "int"), ("name", "nvarchar")]


def test_tables_of_one_name_in_two_sessions_have_two_names(target: Target, connection: pyodbc.Connection) -> None:
    with closing(connect(target)) as other:
        for each in (connection, other):
            each.execute("CREATE TABLE #twin (id int);")
        rows = connection.execute("SELECT name FROM tempdb.sys.tables WHERE name LIKE N'#twin[_]%';").fetchall()
        assert len({name for (name,) in rows}) == 2
        assert all(len(name) == 128 for (name,) in rows)


def test_a_global_temporary_table_keeps_its_name(connection: pyodbc.Connection) -> None:
    connection.execute("CREATE TABLE ##shared (id int);")
    found = connection.execute("SELECT name FROM tempdb.sys.tables WHERE name = N'##shared';").fetchval()
    connection.execute("DROP TABLE ##shared;")
    assert found == "##shared"
