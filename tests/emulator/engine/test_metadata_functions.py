"""Functions about files, types, index keys, application locks and passwords, and the table-valued ones of ``sys``.

Pages FILE_ID, FILEGROUP_NAME, TYPEPROPERTY, INDEXKEY_PROPERTY, APPLOCK_MODE, APPLOCK_TEST, PWDCOMPARE, LOGINPROPERTY,
sys.fn_my_permissions, sys.fn_builtin_permissions, sys.dm_exec_describe_first_result_set of the documentation.
"""

from __future__ import annotations

from typing import Any

import pytest


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("FILE_NAME(FILE_ID('lockstep_log'))", "lockstep_log"),
        ("FILE_IDEX('none')", None),
        ("FILEGROUP_NAME(1) + FILEGROUP_NAME(FILEGROUP_ID('primary'))", "PRIMARYPRIMARY"),
        ("FILEPROPERTY('lockstep', 'IsPrimaryFile')", 1),
        ("TYPEPROPERTY('decimal', 'Precision')", 18),
        ("TYPEPROPERTY('dbo.code', 'AllowsNull')", 0),
        ("TYPEPROPERTY('none', 'Precision')", None),
        ("INDEXKEY_PROPERTY(OBJECT_ID('dbo.keyed'), 2, 1, 'IsDescending')", 1),
        ("INDEXKEY_PROPERTY(OBJECT_ID('dbo.keyed'), 2, 2, 'ColumnId')", 1),
        ("INDEXKEY_PROPERTY(OBJECT_ID('dbo.keyed'), 2, 3, 'ColumnId')", None),
        ("GETANSINULL()", 1),
        ("FULLTEXTSERVICEPROPERTY('IsFullTextInstalled')", 0),
        ("PWDCOMPARE('secret', PWDENCRYPT('secret'))", 1),
        ("PWDCOMPARE('other', PWDENCRYPT('secret'))", 0),
        ("@@CONNECTIONS", 1),
    ],
)
def test_a_function_gives(client: Any, expression: str, value: Any) -> None:
    client.run("CREATE TYPE dbo.code FROM char(3) NOT NULL")
    client.run("CREATE TABLE dbo.keyed (a int PRIMARY KEY, b int); CREATE INDEX x ON dbo.keyed (b DESC, a)")
    assert client.value(expression) == value


def test_application_locks_are_seen_and_tried(client: Any) -> None:
    other = type(client)(client.instance.open_session())
    client.run("EXEC sp_getapplock 'thing', 'Shared', 'Session'")
    assert client.value("APPLOCK_MODE('public', 'thing', 'Session')") == "Shared"
    assert other.value("APPLOCK_MODE('public', 'thing', 'Session')") == "NoLock"
    assert other.value("APPLOCK_TEST('public', 'thing', 'Shared', 'Session')") == 1
    assert other.value("APPLOCK_TEST('public', 'thing', 'Exclusive', 'Session')") == 0


def test_ones_permissions_are_listed(client: Any) -> None:
    client.run(
        "CREATE TABLE dbo.secret (a int); CREATE USER reader WITHOUT LOGIN; GRANT SELECT ON dbo.secret TO reader"
    )
    text = "SELECT permission_name FROM fn_my_permissions('dbo.secret', 'OBJECT')"
    assert client.query(f"EXECUTE AS USER = 'reader'; {text}; REVERT") == [("SELECT",)]
    assert ("CONTROL",) in client.query(text)


def test_the_permissions_of_a_class_are_listed_with_what_covers_them(client: Any) -> None:
    rows = client.query(
        "SELECT type, covering_permission_name, parent_covering_permission_name FROM sys.fn_builtin_permissions('OBJECT')"
        " WHERE permission_name = 'SELECT'"
    )
    assert rows == [("SL", "CONTROL", "SELECT")]


def test_the_first_result_set_is_described_or_the_error_is(client: Any) -> None:
    columns = "name, system_type_name, error_number FROM sys.dm_exec_describe_first_result_set"
    assert client.query(f"SELECT {columns}('SELECT 1 AS a, ''x'' AS b', NULL, 0)") == [
        ("a", "int", None),
        ("b", "varchar(1)", None),
    ]
    assert client.query(f"SELECT {columns}('SELECT * FROM nothing', NULL, 0)") == [(None, None, 208)]
    client.run("CREATE PROCEDURE dbo.p AS SELECT 1.5 AS c")
    text = "name FROM sys.dm_exec_describe_first_result_set_for_object(OBJECT_ID('dbo.p'), 0)"
    assert client.query(f"SELECT {text}") == [("c",)]
