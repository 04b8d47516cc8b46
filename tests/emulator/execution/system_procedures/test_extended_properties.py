"""sp_addextendedproperty and its kin, sys.extended_properties and fn_listextendedproperty."""

from typing import Any

import pytest

COLUMN = "N'schema', N'dbo', N'table', N'item', N'column', N'code'"
OTHER_CLASSES = [
    ("", "DATABASE"),
    ("N'schema', N'dbo'", "SCHEMA"),
    ("N'user', N'dbo'", "DATABASE_PRINCIPAL"),
    ("N'schema', N'dbo', N'table', N'item', N'index', N'pk_item'", "INDEX"),
    ("N'schema', N'dbo', N'table', N'item', N'constraint', N'ck_quantity'", "OBJECT_OR_COLUMN"),
]


def described(client: Any) -> list[tuple[Any, ...]]:
    return client.values("""
        SELECT ISNULL(COL_NAME(major_id, minor_id), OBJECT_NAME(major_id)), CAST(value AS nvarchar(100))
        FROM sys.extended_properties WHERE class = 1 ORDER BY major_id, minor_id
    """)


def test_a_table_and_its_columns_are_described(client: Any) -> None:
    client.run("EXEC sp_addextendedproperty N'MS_Description', N'things', N'schema', N'dbo', N'table', N'item'")
    client.run(f"EXEC sp_addextendedproperty N'MS_Description', N'its code', {COLUMN}")

    assert described(client) == [("item", "things"), ("code", "its code")]


def test_a_property_gets_another_value_and_goes(client: Any) -> None:
    client.run(f"EXEC sp_addextendedproperty N'MS_Description', N'old', {COLUMN}")

    client.run(f"EXEC sp_updateextendedproperty N'ms_description', N'new', {COLUMN}")
    assert described(client) == [("code", "new")]

    client.run(f"EXEC sp_dropextendedproperty N'MS_Description', {COLUMN}")
    assert described(client) == []


@pytest.mark.parametrize(("levels", "class_name"), OTHER_CLASSES)
def test_other_things_have_properties_too(client: Any, levels: str, class_name: str) -> None:
    client.run(f"EXEC sp_addextendedproperty N'version', 7{', ' * bool(levels)}{levels}")

    assert client.values("SELECT class_desc, CAST(value AS int) FROM sys.extended_properties") == [(class_name, 7)]


def test_parameters_and_columns_of_views_have_properties(client: Any) -> None:
    client.run("CREATE VIEW dbo.codes AS SELECT code FROM dbo.item")
    client.run("CREATE PROCEDURE dbo.find_item @code varchar(20) AS SELECT @code")
    client.run("EXEC sp_addextendedproperty N'a', 1, N'schema', N'dbo', N'view', N'codes', N'column', N'code'")
    client.run(
        "EXEC sp_addextendedproperty N'b', 2, N'schema', N'dbo', 'procedure', N'find_item', 'parameter', N'@code'"
    )

    found = client.values("SELECT name, class, OBJECT_NAME(major_id), minor_id FROM sys.extended_properties")
    assert sorted(found) == [("a", 1, "codes", 1), ("b", 2, "find_item", 1)]


@pytest.mark.parametrize(
    ("statement", "number"),
    [
        ("sp_addextendedproperty N'there', 1, N'schema', N'dbo', N'table', N'item'", 15233),
        ("sp_updateextendedproperty N'gone', 1, N'schema', N'dbo', N'table', N'item'", 15217),
        ("sp_dropextendedproperty N'gone', N'schema', N'dbo', N'table', N'item'", 15217),
        ("sp_addextendedproperty N'a', 1, N'schema', N'dbo', N'table', N'nothing'", 15135),
        ("sp_addextendedproperty N'a', 1, N'schema', N'dbo', N'view', N'item'", 15135),
        ("sp_addextendedproperty N'a', 1, N'schema', N'dbo', N'table', N'item', N'column', N'nothing'", 15135),
        ("sp_addextendedproperty N'a', 1, N'shelf', N'dbo'", 15600),
        ("sp_addextendedproperty N'a', 1, N'schema', N'dbo', N'shelf', N'item'", 15600),
        ("sp_addextendedproperty N'a', 1, N'schema', NULL", 15600),
        ("sp_addextendedproperty N'a', 1, NULL, NULL, N'table', N'item'", 15600),
    ],
)
def test_wrong_calls_are_refused(client: Any, statement: str, number: int) -> None:
    client.run("EXEC sp_addextendedproperty N'there', 1, N'schema', N'dbo', N'table', N'item'")

    assert client.fails(f"EXEC {statement}").number == number


def test_the_error_names_the_object(client: Any) -> None:
    client.run(f"EXEC sp_addextendedproperty N'MS_Description', N'old', {COLUMN}")

    error = client.fails(f"EXEC sp_addextendedproperty N'MS_Description', N'new', {COLUMN}")

    assert error.message == ("Property cannot be added. Property 'MS_Description' already exists for 'dbo.item.code'.")


def test_a_value_has_at_most_7500_bytes(client: Any) -> None:
    client.run("DECLARE @v nvarchar(4000) = REPLICATE(N'a', 3750); EXEC sp_addextendedproperty N'a', @v")

    error = client.fails("DECLARE @v nvarchar(4000) = REPLICATE(N'a', 3751); EXEC sp_addextendedproperty N'b', @v")
    assert error.number == 15097


@pytest.mark.parametrize(
    ("levels", "drop"),
    [
        ("N'schema', N'dbo', N'table', N'note', N'column', N'text'", "ALTER TABLE dbo.note DROP COLUMN text"),
        ("N'schema', N'dbo', N'table', N'note', N'column', N'text'", "DROP TABLE dbo.note"),
        ("N'schema', N'dbo', N'table', N'note', N'index', N'ix_note'", "DROP INDEX ix_note ON dbo.note"),
        ("N'schema', N'dbo', N'table', N'note', N'index', N'ix_note'", "DROP TABLE dbo.note"),
        ("N'schema', N'dbo', N'table', N'note', N'constraint', N'ck_n'", "ALTER TABLE dbo.note DROP CONSTRAINT ck_n"),
        ("N'schema', N'notes'", "DROP SCHEMA notes"),
        ("N'user', N'reader'", "DROP USER reader"),
        ("N'schema', N'dbo', N'type', N'code'", "DROP TYPE dbo.code"),
    ],
)
def test_properties_go_with_what_they_belong_to(client: Any, levels: str, drop: str) -> None:
    client.run("CREATE TABLE dbo.note (id int CONSTRAINT ck_n CHECK (id > 0), text varchar(20))")
    client.run("CREATE INDEX ix_note ON dbo.note (id); CREATE TYPE dbo.code FROM varchar(10)")
    client.run("CREATE USER reader WITHOUT LOGIN")
    client.run("CREATE SCHEMA notes")
    client.run(f"EXEC sp_addextendedproperty N'a', 1, {levels}")

    client.run(f"BEGIN TRANSACTION; {drop}; ROLLBACK")
    assert client.values("SELECT name FROM sys.extended_properties") == [("a",)]

    client.run(drop)
    assert client.values("SELECT name FROM sys.extended_properties") == []


def test_a_rollback_takes_changes_back(client: Any) -> None:
    client.run(f"EXEC sp_addextendedproperty N'MS_Description', N'kept', {COLUMN}")

    client.run(f"BEGIN TRANSACTION; EXEC sp_updateextendedproperty N'MS_Description', N'other', {COLUMN}; ROLLBACK")
    client.run(f"BEGIN TRANSACTION; EXEC sp_dropextendedproperty N'MS_Description', {COLUMN}; ROLLBACK")
    client.run("BEGIN TRANSACTION; EXEC sp_addextendedproperty N'version', 1; ROLLBACK")

    assert client.values("SELECT name, CAST(value AS nvarchar(9)) FROM sys.extended_properties") == [
        ("MS_Description", "kept")
    ]


def test_a_description_stays_when_its_column_is_renamed(client: Any) -> None:
    client.run(f"EXEC sp_addextendedproperty N'MS_Description', N'its code', {COLUMN}")

    client.run("EXEC sp_rename 'dbo.item.code', 'sku', 'COLUMN'")

    assert described(client) == [("sku", "its code")]


@pytest.mark.parametrize(
    ("arguments", "rows"),
    [
        ("NULL, N'schema', N'dbo', N'table', NULL, NULL, NULL", [("TABLE", "item", "a", 1), ("TABLE", "line", "a", 3)]),
        ("N'A', N'SCHEMA', N'dbo', N'TABLE', N'item', NULL, NULL", [("TABLE", "item", "a", 1)]),
        ("N'b', N'schema', N'dbo', N'table', NULL, NULL, NULL", []),
        ("NULL, N'schema', N'dbo', N'table', N'item', N'column', DEFAULT", [("COLUMN", "code", "a", 2)]),
        ("NULL, NULL, NULL, NULL, NULL, NULL, NULL", [(None, None, "a", 0)]),
        ("NULL, N'shelf', NULL, NULL, NULL, NULL, NULL", []),
    ],
)
def test_fn_listextendedproperty_selects_by_level(client: Any, arguments: str, rows: list[Any]) -> None:
    client.run("EXEC sp_addextendedproperty N'a', 0")
    client.run("EXEC sp_addextendedproperty N'a', 1, N'schema', N'dbo', N'table', N'item'")
    client.run(f"EXEC sp_addextendedproperty N'a', 2, {COLUMN}")
    client.run("EXEC sp_addextendedproperty N'a', 3, N'schema', N'dbo', N'table', N'line'")

    found = client.values(
        f"SELECT objtype, objname, name, CAST(value AS int) FROM sys.fn_listextendedproperty({arguments})"
    )
    assert sorted(found, key=str) == rows


def test_properties_take_the_right_to_alter_the_object(client: Any) -> None:
    client.run("CREATE USER clerk WITHOUT LOGIN")
    call = "EXEC sp_addextendedproperty N'a', 1, N'schema', N'dbo', N'table', N'item'"

    error = client.fails(f"EXECUTE AS USER = 'clerk'; {call}")
    assert error.number == 15135
    client.run("REVERT")
    client.run(f"GRANT ALTER ON dbo.item TO clerk; EXECUTE AS USER = 'clerk'; {call}; REVERT")
    assert client.values("SELECT name FROM sys.extended_properties") == [("a",)]
