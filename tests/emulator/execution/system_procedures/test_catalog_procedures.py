"""Tables, columns, keys, indexes and routines as ODBC's catalog functions ask for them."""

from typing import Any

import pytest


def test_tables_are_found_by_pattern_and_type(client: Any) -> None:
    assert client.values("EXEC sp_tables '%t%', 'dbo', NULL, \"'TABLE','VIEW'\"") == [
        ("lockstep", "dbo", "item", "TABLE", None),
        ("lockstep", "dbo", "stocked", "VIEW", None),
    ]
    assert [row["TABLE_NAME"] for row in client.rows("EXEC sp_tables @table_type = \"'TABLE'\"")] == ["item", "line"]


def test_without_fusepattern_a_name_is_a_name(client: Any) -> None:
    assert not client.rows("EXEC sp_tables 'it_m', @fUsePattern = 0")
    assert len(client.rows("EXEC sp_tables 'it_m'")) == 1


def test_a_backslash_takes_the_meaning_from_a_wildcard(client: Any) -> None:
    client.run("CREATE TABLE dbo.a_b (n int); CREATE TABLE dbo.axb (n int)")

    assert [row["TABLE_NAME"] for row in client.rows(r"EXEC sp_tables 'a\_b'")] == ["a_b"]


def test_a_percent_sign_alone_lists_databases_schemas_or_types(client: Any) -> None:
    assert {row["TABLE_QUALIFIER"] for row in client.rows("EXEC sp_tables '', '', '%'")} >= {"lockstep", "master"}
    assert {row["TABLE_OWNER"] for row in client.rows("EXEC sp_tables '', '%', ''")} >= {"dbo", "sys"}
    types = client.rows("EXEC sp_tables '', '', '', '%'")
    assert [row["TABLE_TYPE"] for row in types] == ["SYSTEM TABLE", "TABLE", "VIEW"]


def test_system_views_are_listed_as_views(client: Any) -> None:
    assert client.rows("EXEC sp_tables 'dm_tran_locks', 'sys'")[0]["TABLE_TYPE"] == "VIEW"


def test_columns_have_odbc_types_and_sizes(client: Any) -> None:
    rows = client.rows("EXEC sp_columns_100 'item', @ODBCVer = 3")

    keys = ("COLUMN_NAME", "DATA_TYPE", "TYPE_NAME", "PRECISION", "LENGTH", "SCALE", "IS_NULLABLE", "COLUMN_DEF")
    assert [tuple(row[key] for key in keys) for row in rows] == [
        ("id", 4, "int identity", 10, 4, 0, "NO", None),
        ("code", 12, "varchar", 20, 20, None, "NO", None),
        ("quantity", 3, "decimal", 19, 21, 6, "NO", "((0))"),
        ("note", -9, "nvarchar", 0, 0, None, "YES", None),
        ("stamped", 93, "datetime2", 23, 16, 3, "YES", None),
    ]
    assert [row["ORDINAL_POSITION"] for row in rows] == [1, 2, 3, 4, 5]


def test_the_older_form_shows_columns_of_new_types_as_old_ones(client: Any) -> None:
    rows = {row["COLUMN_NAME"]: row["DATA_TYPE"] for row in client.rows("EXEC sp_columns 'item'")}

    assert rows["note"] == -10
    assert rows["stamped"] == -9


def test_views_have_columns_too(client: Any) -> None:
    assert [row["COLUMN_NAME"] for row in client.rows("EXEC sp_columns_100 'stocked'")] == ["id", "code"]
    assert len(client.rows("EXEC sp_columns_100 'stocked', @column_name = 'co%'")) == 1


def test_primary_keys_come_in_key_order(client: Any) -> None:
    rows = client.rows("EXEC sp_pkeys 'line'")

    assert [(row["KEY_SEQ"], row["COLUMN_NAME"], row["PK_NAME"]) for row in rows] == [
        (1, "number", "pk_line"),
        (2, "item_id", "pk_line"),
    ]
    assert not client.rows("EXEC sp_pkeys 'nothing'")


@pytest.mark.parametrize("call", ["'item'", "@fktable_name = 'line'", "'item', @fktable_name = 'line'"])
def test_foreign_keys_are_found_from_both_sides(client: Any, call: str) -> None:
    (row,) = client.rows(f"EXEC sp_fkeys {call}")

    assert (row["PKTABLE_NAME"], row["PKCOLUMN_NAME"]) == ("item", "id")
    assert (row["FKTABLE_NAME"], row["FKCOLUMN_NAME"]) == ("line", "item_id")
    assert (row["UPDATE_RULE"], row["DELETE_RULE"], row["DEFERRABILITY"]) == (1, 0, 7)
    assert (row["FK_NAME"], row["PK_NAME"]) == ("fk_line", "pk_item")


def test_foreign_keys_of_no_table_are_an_error(client: Any) -> None:
    assert client.fails("EXEC sp_fkeys").number == 15252


def test_another_database_as_qualifier_is_an_error(client: Any) -> None:
    assert client.fails("EXEC sp_pkeys 'item', 'dbo', 'master'").number == 15250


def test_statistics_begin_with_the_table_and_go_on_with_its_indexes(client: Any) -> None:
    client.run("INSERT INTO dbo.item (code) VALUES ('a'), ('b')")
    rows = client.rows("EXEC sp_statistics_100 'item'")

    keys = ("TYPE", "INDEX_NAME", "NON_UNIQUE", "COLUMN_NAME", "CARDINALITY")
    assert [tuple(row[key] for key in keys) for row in rows] == [
        (0, None, None, None, 2),
        (1, "pk_item", 0, "id", 2),
        (3, "uq_item", 0, "code", 2),
    ]
    assert [row["COLLATION"] for row in client.rows("EXEC sp_statistics 'line', @index_name = 'ix%'")] == [None, "D"]
    assert len(client.rows("EXEC sp_statistics 'line', @is_unique = 'Y'")) == 3


def test_the_best_row_identifier_is_the_primary_key(client: Any) -> None:
    rows = client.rows("EXEC sp_special_columns_100 'line'")

    assert [(row["SCOPE"], row["COLUMN_NAME"]) for row in rows] == [(0, "number"), (0, "item_id")]


def test_the_row_version_is_the_rowversion_column(client: Any) -> None:
    client.run("CREATE TABLE dbo.versioned (n int, v rowversion)")

    assert [row["COLUMN_NAME"] for row in client.rows("EXEC sp_special_columns_100 'versioned', @col_type = 'V'")] == [
        "v"
    ]


def test_procedures_and_functions_carry_their_number(client: Any) -> None:
    names = [row["PROCEDURE_NAME"] for row in client.rows("EXEC sp_stored_procedures")]

    assert names == ["pick;1", "take;1", "twice;0"]


def test_parameters_follow_the_return_value(client: Any) -> None:
    rows = client.rows("EXEC sp_sproc_columns_100 'pick', @ODBCVer = 3")

    assert [(row["COLUMN_NAME"], row["COLUMN_TYPE"], row["DATA_TYPE"]) for row in rows] == [
        ("@RETURN_VALUE", 5, 4),
        ("@item", 1, 4),
        ("@left", 2, 3),
    ]
    table = client.rows("EXEC sp_sproc_columns_100 'take', @column_name = '@list'")[0]
    assert (table["DATA_TYPE"], table["TYPE_NAME"], table["SS_TYPE_SCHEMA_NAME"]) == (-153, "PickList", "dbo")
    assert client.rows("EXEC sp_sproc_columns 'twice'")[0]["TYPE_NAME"] == "bigint"


def test_bulk_copies_learn_the_collations_of_columns(client: Any) -> None:
    rows = client.values("EXEC sp_tablecollations_100 N'[dbo].[item]'")

    assert [(name, tds) for _, name, tds, _ in rows][:2] == [("id", None), ("code", b"\x09\x04\xd0\x00\x34")]
