from collections.abc import Callable
from decimal import Decimal
from typing import Any

from emulator.results import Collector
from emulator.session import Session

Query = Callable[[str], list[tuple[Any, ...]]]


def test_objects_have_the_type_codes_of_the_server(query: Query) -> None:
    rows = query("SELECT name, type, type_desc FROM sys.objects WHERE is_ms_shipped = 0 AND type <> 'PK' ORDER BY name")

    assert {(name, kind.strip()) for name, kind, _ in rows} >= {
        ("ck_quantity", "C"),
        ("df_quantity", "D"),
        ("fk_line", "F"),
        ("goods", "SN"),
        ("item", "U"),
        ("of_item", "IF"),
        ("pick", "P"),
        ("picks", "SO"),
        ("stocked", "V"),
        ("twice", "FN"),
        ("uq_item", "UQ"),
    }
    assert ("item", "U ", "USER_TABLE") in rows


def test_constraints_are_children_of_their_table_and_have_one_id_everywhere(query: Query) -> None:
    parents = query("SELECT OBJECT_NAME(parent_object_id) FROM sys.objects WHERE type IN ('PK', 'UQ', 'C', 'D', 'F')")
    assert {parent for (parent,) in parents} == {"item", "line"}

    for view in ("key_constraints", "default_constraints", "check_constraints", "foreign_keys"):
        orphans = query(
            f"SELECT name FROM sys.{view} AS c WHERE NOT EXISTS (SELECT 1 FROM sys.objects AS o"
            " WHERE o.object_id = c.object_id AND o.name = c.name AND o.type = c.type)"
        )
        assert not orphans


def test_columns_join_types_and_say_what_they_are(query: Query) -> None:
    rows = query("""
        SELECT c.name, t.name, c.max_length, c.precision, c.scale, c.is_nullable, c.is_identity, c.is_computed
        FROM sys.columns AS c JOIN sys.types AS t ON t.user_type_id = c.user_type_id
        WHERE c.object_id = OBJECT_ID('dbo.item') ORDER BY c.column_id""")

    assert rows == [
        ("id", "int", 4, 10, 0, False, True, False),
        ("code", "varchar", 20, 0, 0, False, False, False),
        ("quantity", "decimal", 9, 19, 6, False, False, False),
        ("note", "nvarchar", -1, 0, 0, True, False, False),
        ("doubled", "decimal", 13, 21, 6, False, False, True),
        ("stamped", "datetime2", 7, 23, 3, True, False, False),
    ]


def test_views_and_inline_functions_have_the_columns_of_their_queries(query: Query) -> None:
    rows = query("""
        SELECT OBJECT_NAME(object_id), name, TYPE_NAME(user_type_id) FROM sys.columns
        WHERE object_id IN (OBJECT_ID('dbo.stocked'), OBJECT_ID('dbo.of_item')) ORDER BY 1, column_id""")

    assert rows == [
        ("of_item", "number", "int"),
        ("stocked", "id", "int"),
        ("stocked", "name", "varchar"),
        ("stocked", "quantity", "decimal"),
    ]


def test_identity_columns_show_seed_increment_and_the_last_value(query: Query) -> None:
    rows = query(
        "SELECT name, CAST(seed_value AS int), CAST(increment_value AS int), CAST(last_value AS int)"
        " FROM sys.identity_columns WHERE object_id = OBJECT_ID('dbo.item')"
    )

    assert rows == [("id", 5, 2, 7)]


def test_default_and_computed_columns_show_their_expressions(query: Query) -> None:
    assert query("SELECT definition, COL_NAME(parent_object_id, parent_column_id) FROM sys.default_constraints") == [
        ("((0))", "quantity")
    ]
    assert query("SELECT name, definition FROM sys.computed_columns") == [("doubled", "([quantity]*(2))")]
    assert query("""
        SELECT d.name FROM sys.columns AS c JOIN sys.default_constraints AS d ON d.object_id = c.default_object_id
        """) == [("df_quantity",)]


def test_indexes_show_keys_included_columns_and_filters(query: Query) -> None:
    rows = query("""
        SELECT i.name, i.index_id, i.type_desc, i.is_unique, i.is_primary_key, i.filter_definition
        FROM sys.indexes AS i JOIN sys.tables AS t ON t.object_id = i.object_id ORDER BY t.name, i.index_id""")
    assert rows == [
        ("pk_item", 1, "CLUSTERED", True, True, None),
        ("uq_item", 2, "NONCLUSTERED", True, False, None),
        ("pk_line", 1, "CLUSTERED", True, True, None),
        ("ix_line", 2, "NONCLUSTERED", False, False, "([number]>(3))"),
        (None, 0, "HEAP", False, False, None),
    ]

    rows = query("""
        SELECT COL_NAME(object_id, column_id), key_ordinal, is_descending_key, is_included_column
        FROM sys.index_columns WHERE object_id = OBJECT_ID('wh.line') AND index_id = 2 ORDER BY index_column_id""")
    assert rows == [("item_id", 1, True, False), ("number", 0, False, True)]


def test_foreign_keys_pair_columns_and_name_their_actions(query: Query) -> None:
    rows = query("""
        SELECT f.name, OBJECT_NAME(f.referenced_object_id), f.delete_referential_action_desc,
            COL_NAME(k.parent_object_id, k.parent_column_id), COL_NAME(k.referenced_object_id, k.referenced_column_id)
        FROM sys.foreign_keys AS f
        JOIN sys.foreign_key_columns AS k ON k.constraint_object_id = f.object_id""")

    assert rows == [("fk_line", "item", "CASCADE", "item_id", "id")]


def test_partitions_count_rows(query: Query) -> None:
    assert query(
        "SELECT SUM(rows) FROM sys.partitions WHERE object_id = OBJECT_ID('dbo.item') AND index_id IN (0, 1)"
    ) == [(2,)]


def test_parameters_include_the_result_of_a_function(query: Query) -> None:
    rows = query("""
        SELECT OBJECT_NAME(object_id), name, parameter_id, TYPE_NAME(user_type_id), is_output FROM sys.parameters
        WHERE object_id IN (OBJECT_ID('dbo.pick'), OBJECT_ID('dbo.twice')) ORDER BY 1, 3""")

    assert rows == [
        ("pick", "@item", 1, "int", False),
        ("pick", "@left", 2, "decimal", True),
        ("twice", "", 0, "bigint", True),
        ("twice", "@n", 1, "int", False),
    ]


def test_modules_show_their_text(query: Query) -> None:
    assert query("SELECT definition FROM sys.sql_modules WHERE object_id = OBJECT_ID('dbo.stocked')") == [
        ("CREATE VIEW dbo.stocked AS SELECT id, code AS name, quantity FROM dbo.item WHERE quantity > 0",)
    ]


def test_sequences_and_synonyms_show_what_they_were_made_with(query: Query) -> None:
    assert query("""
        SELECT CAST(start_value AS int), CAST(increment AS int), TYPE_NAME(user_type_id), CAST(current_value AS int)
        FROM sys.sequences""") == [(10, 5, "int", 10)]
    assert query("SELECT base_object_name FROM sys.synonyms") == [("[dbo].[item]",)]


def test_table_types_are_types_with_columns(query: Query) -> None:
    assert query("""
        SELECT t.name, c.name FROM sys.table_types AS t JOIN sys.columns AS c ON c.object_id = t.type_table_object_id
        ORDER BY c.column_id""") == [("PickList", "item"), ("PickList", "amount")]
    assert query("SELECT is_table_type FROM sys.types WHERE name = 'PickList'") == [(True,)]


def test_an_uncommitted_definition_disappears_with_its_transaction(query: Query) -> None:
    assert query("""
        BEGIN TRANSACTION; CREATE TABLE dbo.gone (n int); ROLLBACK;
        SELECT COUNT(*) FROM sys.tables WHERE name = 'gone'""") == [(0,)]


def test_the_views_of_another_database_are_read_by_its_name(query: Query) -> None:
    assert query("SELECT COUNT(*) FROM master.sys.tables") == [(0,)]
    assert ("lockstep",) in query("SELECT name FROM master.sys.databases")


def test_system_views_are_objects_too(query: Query) -> None:
    assert query(
        "SELECT name FROM sys.system_views WHERE name IN ('dm_exec_sessions', 'dm_pdw_nodes_exec_sessions')"
    ) == [("dm_exec_sessions",)]
    assert query("""
        SELECT c.name FROM sys.all_objects AS o JOIN sys.all_columns AS c ON c.object_id = o.object_id
        WHERE o.name = 'extended_properties' AND c.column_id = 1""") == [("class",)]


def test_compatibility_views_need_no_schema(query: Query) -> None:
    assert query("SELECT name, usertype FROM systypes WHERE name IN ('int', 'datetime2') ORDER BY name") == [
        ("datetime2", 0),
        ("int", 7),
    ]
    assert query("SELECT COUNT(*) FROM systypes WHERE usertype >= 257") == [(1,)]
    assert query("SELECT xtype FROM sysobjects WHERE name = 'item'") == [("U ",)]


def test_there_are_no_extended_properties(query: Query) -> None:
    assert not query("SELECT * FROM sys.extended_properties")
    assert not query("""
        SELECT 1 FROM fn_listextendedproperty(DEFAULT, DEFAULT, DEFAULT, DEFAULT, DEFAULT, DEFAULT, DEFAULT)""")


def test_information_schema_describes_tables_and_columns(query: Query) -> None:
    assert query("SELECT TABLE_SCHEMA, TABLE_NAME, TABLE_TYPE FROM INFORMATION_SCHEMA.TABLES ORDER BY TABLE_NAME") == [
        ("dbo", "item", "BASE TABLE"),
        ("wh", "line", "BASE TABLE"),
        ("dbo", "pile", "BASE TABLE"),
        ("dbo", "stocked", "VIEW"),
    ]
    assert query("""
        SELECT COLUMN_NAME, DATA_TYPE, CHARACTER_MAXIMUM_LENGTH, NUMERIC_PRECISION, NUMERIC_SCALE, DATETIME_PRECISION,
            COLUMN_DEFAULT, IS_NULLABLE
        FROM INFORMATION_SCHEMA.COLUMNS WHERE TABLE_NAME = 'item' AND ORDINAL_POSITION > 1
        ORDER BY ORDINAL_POSITION""") == [
        ("code", "varchar", 20, None, None, None, None, "NO"),
        ("quantity", "decimal", None, 19, 6, None, "((0))", "NO"),
        ("note", "nvarchar", -1, None, None, None, None, "YES"),
        ("doubled", "decimal", None, 21, 6, None, None, "NO"),
        ("stamped", "datetime2", None, None, None, 3, None, "YES"),
    ]


def test_information_schema_describes_constraints(query: Query) -> None:
    assert query("""
        SELECT CONSTRAINT_NAME, CONSTRAINT_TYPE, TABLE_NAME FROM INFORMATION_SCHEMA.TABLE_CONSTRAINTS
        ORDER BY CONSTRAINT_NAME""") == [
        ("ck_quantity", "CHECK", "item"),
        ("fk_line", "FOREIGN KEY", "line"),
        ("pk_item", "PRIMARY KEY", "item"),
        ("pk_line", "PRIMARY KEY", "line"),
        ("uq_item", "UNIQUE", "item"),
    ]
    assert query("""
        SELECT COLUMN_NAME, ORDINAL_POSITION FROM INFORMATION_SCHEMA.KEY_COLUMN_USAGE
        WHERE CONSTRAINT_NAME = 'pk_line' ORDER BY ORDINAL_POSITION""") == [("number", 1), ("item_id", 2)]
    assert query("SELECT UNIQUE_CONSTRAINT_NAME, DELETE_RULE FROM INFORMATION_SCHEMA.REFERENTIAL_CONSTRAINTS") == [
        ("pk_item", "CASCADE")
    ]
    assert query("SELECT CHECK_CLAUSE FROM INFORMATION_SCHEMA.CHECK_CONSTRAINTS") == [("([quantity]>=(0))",)]
    assert (
        query("""
        SELECT COLUMN_NAME FROM INFORMATION_SCHEMA.CONSTRAINT_COLUMN_USAGE WHERE CONSTRAINT_NAME = 'ck_quantity'""")
        == [("quantity",)]
    )


def test_information_schema_describes_routines_and_sequences(query: Query) -> None:
    assert query("SELECT ROUTINE_NAME, ROUTINE_TYPE, DATA_TYPE FROM INFORMATION_SCHEMA.ROUTINES ORDER BY 1") == [
        ("of_item", "FUNCTION", "TABLE"),
        ("pick", "PROCEDURE", None),
        ("twice", "FUNCTION", "bigint"),
    ]
    assert query("""
        SELECT PARAMETER_NAME, PARAMETER_MODE, DATA_TYPE FROM INFORMATION_SCHEMA.PARAMETERS
        WHERE SPECIFIC_NAME = 'pick' ORDER BY ORDINAL_POSITION""") == [
        ("@item", "IN", "int"),
        ("@left", "INOUT", "decimal"),
    ]
    assert query("SELECT SEQUENCE_NAME, CAST(START_VALUE AS decimal(9, 0)) FROM INFORMATION_SCHEMA.SEQUENCES") == [
        ("picks", Decimal(10))
    ]


def test_a_view_whose_table_is_gone_has_no_columns(query: Query, session: Session) -> None:
    session.run_batch("CREATE VIEW dbo.piled AS SELECT n FROM dbo.pile", Collector())

    assert query("""
        DROP TABLE dbo.pile;
        SELECT COUNT(*) FROM sys.columns WHERE object_id = OBJECT_ID('dbo.piled')""") == [(0,)]


def test_metadata_functions_agree_with_the_views(query: Query) -> None:
    assert query(
        "SELECT COUNT(*) FROM sys.objects WHERE object_id <> OBJECT_ID(SCHEMA_NAME(schema_id) + '.' + name)"
    ) == [(0,)]
    assert query(
        "SELECT COUNT(*) FROM sys.objects WHERE OBJECT_ID(SCHEMA_NAME(schema_id) + '.' + name, type) IS NULL"
    ) == [(0,)]
    assert query(
        "SELECT COUNT(*) FROM sys.system_views WHERE object_id <> OBJECT_ID('sys.' + name) AND schema_id = 4"
    ) == [(0,)]
    assert query("""
        SELECT name, OBJECTPROPERTY(object_id, 'CnstIsClustKey') FROM sys.key_constraints ORDER BY name""") == [
        ("pk_item", 1),
        ("pk_line", 1),
        ("uq_item", 0),
    ]


def test_columns_of_views_pass_the_identity_property_on(query: Query) -> None:
    assert query(
        "SELECT name, is_identity FROM sys.columns WHERE object_id = OBJECT_ID('dbo.stocked') ORDER BY column_id"
    ) == [("id", True), ("name", False), ("quantity", False)]
    assert query("SELECT OBJECT_NAME(object_id), CAST(seed_value AS int) FROM sys.identity_columns ORDER BY 1") == [
        ("item", 5),
        ("stocked", None),
    ]


def test_constraints_of_temporary_tables_are_in_tempdb(query: Query) -> None:
    query("CREATE TABLE #mine (id int PRIMARY KEY, n int DEFAULT 0 CHECK (n < 9)); SELECT 1")
    query("ALTER TABLE #mine ADD UNIQUE (n); SELECT 1")

    assert query("""
        SELECT k.type, i.is_primary_key FROM tempdb.sys.key_constraints AS k
        JOIN tempdb.sys.indexes AS i ON i.object_id = k.parent_object_id AND i.index_id = k.unique_index_id
        WHERE k.parent_object_id = OBJECT_ID('tempdb..#mine') ORDER BY k.type
    """) == [("PK", True), ("UQ", False)]
    assert query("""
        SELECT type FROM tempdb.sys.objects WHERE parent_object_id = OBJECT_ID('tempdb..#mine') ORDER BY type
    """) == [("C ",), ("D ",), ("PK",), ("UQ",)]


def test_columns_are_qualified_by_database_schema_and_view(query: Query) -> None:
    assert query(
        "SELECT lockstep.sys.tables.name FROM lockstep.sys.tables WHERE lockstep.sys.tables.name = 'pile'"
    ) == [("pile",)]
    assert query("SELECT lockstep.dbo.stocked.name FROM lockstep.dbo.stocked ORDER BY dbo.stocked.name") == [
        ("a",),
        ("b",),
    ]


def test_each_database_has_a_file_of_rows_and_a_log(query: Query) -> None:
    rows = query("""
        SELECT f.name, f.type_desc, f.physical_name FROM sys.master_files AS f
        WHERE f.database_id = DB_ID() ORDER BY f.file_id
    """)

    assert rows == query("SELECT name, type_desc, physical_name FROM sys.database_files ORDER BY file_id")
    assert [(name, kind) for name, kind, _ in rows] == [("lockstep", "ROWS"), ("lockstep_log", "LOG")]
    assert query("SELECT COUNT(*) FROM sys.master_files") == query("SELECT 2 * COUNT(*) FROM sys.databases")
    assert query("SELECT name, is_default FROM sys.filegroups") == [("PRIMARY", True)]


def test_system_base_tables_are_listed_as_shipped(query: Query) -> None:
    assert query("SELECT type, is_ms_shipped, OBJECT_NAME(object_id) FROM sys.objects WHERE name = 'sysschobjs'") == [
        ("S ", True, "sysschobjs")
    ]
    assert query("SELECT COUNT(*) FROM sysobjects WHERE xtype = 'S' AND refdate IS NULL") == [(0,)]


def test_time_zones_are_listed_with_their_offsets(query: Query) -> None:
    zones = {name: (offset, summer) for name, offset, summer in query("SELECT * FROM sys.time_zone_info")}

    assert len(zones) > 130
    assert zones["UTC"] == ("+00:00", False)
    assert zones["India Standard Time"] == ("+05:30", False)
    assert zones["Newfoundland Standard Time"] in {("-03:30", False), ("-02:30", True)}
    assert query("""
        SELECT COUNT(*) FROM sys.time_zone_info
        WHERE DATENAME(tz, SYSUTCDATETIME() AT TIME ZONE 'UTC' AT TIME ZONE name) <> current_utc_offset
    """) == [(0,)]
