"""INSERT, UPDATE, DELETE, OUTPUT, constraints, identity, defaults, table variables (pages of those names)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest


@pytest.fixture
def lots(client: Any) -> Any:
    client.run(
        """CREATE TABLE dbo.lot (
            id int IDENTITY(10, 5) NOT NULL CONSTRAINT pk_lot PRIMARY KEY,
            code varchar(5) NOT NULL CONSTRAINT uq_code UNIQUE,
            qty decimal(9, 2) NOT NULL CONSTRAINT df_qty DEFAULT (1.5),
            made datetime NULL,
            CONSTRAINT ck_qty CHECK (qty >= 0))"""
    )
    client.run("INSERT INTO lot (code, qty) VALUES ('a', 1), ('b', 2), ('c', 3)")
    return client


def test_identity_counts_on_and_scope_identity_tells(lots: Any) -> None:
    assert lots.query("SELECT id FROM lot ORDER BY id") == [(10,), (15,), (20,)]
    assert lots.query("INSERT lot (code) VALUES ('d'); SELECT SCOPE_IDENTITY(), @@IDENTITY") == [
        (Decimal(25), Decimal(25))
    ]


def test_a_failed_insert_burns_its_identity(lots: Any) -> None:
    assert lots.fails("INSERT lot (code) VALUES ('a')").number == 2627
    assert lots.query("INSERT lot (code) OUTPUT inserted.id VALUES ('d')") == [(30,)]


def test_explicit_identity_needs_identity_insert(lots: Any) -> None:
    assert lots.fails("INSERT lot (id, code) VALUES (1, 'x')").number == 544
    lots.run("SET IDENTITY_INSERT lot ON; INSERT lot (id, code) VALUES (1, 'x'); SET IDENTITY_INSERT lot OFF")
    assert lots.query("SELECT id FROM lot WHERE code = 'x'") == [(1,)]


def test_defaults_fill_what_is_not_given(lots: Any) -> None:
    lots.run("INSERT lot (code) VALUES ('d'); INSERT lot (code, qty) VALUES ('e', DEFAULT)")
    assert lots.query("SELECT qty, made FROM lot WHERE code >= 'd'") == [(Decimal("1.50"), None)] * 2


@pytest.mark.parametrize(
    ("statement", "number", "words"),
    [
        ("INSERT lot (code) VALUES ('a')", 2627, "UNIQUE KEY constraint 'uq_code'. Cannot insert duplicate key in object 'dbo.lot'. The duplicate key value is (a)."),
        ("INSERT lot (code) VALUES (NULL)", 515, "Cannot insert the value NULL into column 'code', table 'lockstep.dbo.lot'; column does not allow nulls. INSERT fails."),
        ("INSERT lot (code, qty) VALUES ('d', -1)", 547, 'The INSERT statement conflicted with the CHECK constraint "ck_qty". The conflict occurred in database "lockstep", table "dbo.lot"'),
        ("UPDATE lot SET qty = qty - 2.5", 547, 'The UPDATE statement conflicted with the CHECK constraint "ck_qty"'),
        ("UPDATE lot SET code = NULL", 515, "UPDATE fails."),
        ("INSERT lot (code) VALUES ('toolong')", 2628, "String or binary data would be truncated in table 'lockstep.dbo.lot', column 'code'. Truncated value: 'toolo'."),
        ("INSERT lot (code, qty) VALUES ('d', 99999999.5)", 8115, "Arithmetic overflow error converting numeric to data type numeric."),
        ("INSERT lot (code, qty) VALUES ('d')", 109, "There are more columns in the INSERT statement"),
        ("INSERT lot (nothing) VALUES (1)", 207, "Invalid column name 'nothing'."),
        ("UPDATE lot SET id = 1", 8102, "id"),
    ],
)  # fmt: skip
def test_broken_rules_have_number_and_text(lots: Any, statement: str, number: int, words: str) -> None:
    error = lots.fails(statement)
    assert error.number == number
    assert words in error.message
    assert lots.query("SELECT code, qty FROM lot ORDER BY code") == [("a", 1), ("b", 2), ("c", 3)]


def test_update_sees_old_values_on_the_right_hand_side(lots: Any) -> None:
    lots.run("CREATE TABLE pair (a int, b int); INSERT pair VALUES (1, 2)")
    lots.run("UPDATE pair SET a = b, b = a")
    assert lots.query("SELECT a, b FROM pair") == [(2, 1)]


def test_an_update_may_shift_unique_keys_past_each_other(client: Any) -> None:
    client.run("CREATE TABLE n (k int PRIMARY KEY, v int); INSERT n VALUES (1, 1), (2, 2), (3, 3)")
    client.run("UPDATE n SET k = k + 1")
    assert client.query("SELECT k, v FROM n ORDER BY k") == [(2, 1), (3, 2), (4, 3)]


@pytest.mark.parametrize("key", ["UNIQUE (k)", "INDEX ux UNIQUE (k)", "INDEX ux UNIQUE (k, v)"])
@pytest.mark.parametrize("base", ["id int PRIMARY KEY", "id int"])
def test_rows_may_exchange_values_of_any_unique_key(client: Any, base: str, key: str) -> None:
    client.run(
        f"CREATE TABLE n ({base}, k int, v int NULL, {key}); INSERT n VALUES (1, 1, NULL), (2, 2, NULL), (3, 3, NULL)"
    )
    client.run("UPDATE n SET k = k + 1")
    assert client.query("UPDATE n SET k = 6 - k OUTPUT deleted.k, inserted.k") == [(2, 4), (3, 3), (4, 2)]
    assert client.query("SELECT id, k FROM n ORDER BY id") == [(1, 4), (2, 3), (3, 2)]
    assert client.fails("UPDATE n SET k = 3 WHERE id > 1").number in (2601, 2627)
    assert client.query("SELECT id, k FROM n ORDER BY id") == [(1, 4), (2, 3), (3, 2)]


def test_a_variable_takes_the_columns_new_value_in_update(client: Any) -> None:
    client.run("CREATE TABLE seq (name varchar(5) PRIMARY KEY, n int); INSERT seq VALUES ('BT', 41)")
    assert client.query("DECLARE @n int; UPDATE seq SET @n = n = n + 1 WHERE name = 'BT'; SELECT @n, n FROM seq") == [
        (42, 42)
    ]


def test_output_shows_rows_before_and_after(lots: Any) -> None:
    rows = lots.query("UPDATE lot SET qty += 1 OUTPUT deleted.qty, inserted.qty, inserted.code WHERE code = 'b'")
    assert rows == [(Decimal("2.00"), Decimal("3.00"), "b")]
    assert lots.query("DELETE lot OUTPUT deleted.* WHERE code = 'b'") == [(15, "b", Decimal("3.00"), None)]


def test_output_into_a_table_variable(lots: Any) -> None:
    text = "DECLARE @t TABLE (code varchar(5), qty decimal(9,2)); DELETE lot OUTPUT deleted.code, deleted.qty INTO @t WHERE qty > 1; SELECT * FROM @t ORDER BY code"
    assert lots.query(text) == [("b", Decimal("2.00")), ("c", Decimal("3.00"))]


def test_update_from_a_join_changes_each_row_once(lots: Any) -> None:
    lots.run("CREATE TABLE delta (code varchar(5), d int); INSERT delta VALUES ('a', 10), ('c', 30)")
    lots.run("UPDATE l SET qty = l.qty + d.d FROM lot AS l JOIN delta AS d ON d.code = l.code")
    assert lots.query("SELECT code, qty FROM lot ORDER BY code") == [("a", 11), ("b", 2), ("c", 33)]


def test_insert_select_reads_before_it_writes(lots: Any) -> None:
    lots.run("INSERT lot (code, qty) SELECT code + '2', qty FROM lot")
    assert lots.value("COUNT(*) FROM lot") == 6


def test_delete_with_top_stops_there(lots: Any) -> None:
    sink = lots.run("DELETE TOP (2) FROM lot")
    assert sink.counts == [2]
    assert lots.value("COUNT(*) FROM lot") == 1


def test_table_variables_survive_a_rollback(client: Any) -> None:
    text = "DECLARE @t TABLE (a int PRIMARY KEY); BEGIN TRAN; INSERT @t VALUES (1); ROLLBACK; SELECT a FROM @t"
    assert client.query(text) == [(1,)]


def test_a_failed_statement_on_a_table_variable_is_undone(client: Any) -> None:
    sink = client.collect(
        "DECLARE @t TABLE (a int PRIMARY KEY); INSERT @t VALUES (1); INSERT @t VALUES (2), (1); SELECT a FROM @t"
    )
    assert ([e.number for e in sink.errors], sink.result_sets[-1].rows) == ([2627], [(1,)])


def test_foreign_keys_hold_in_both_directions(client: Any) -> None:
    client.run(
        "CREATE TABLE parent (id int PRIMARY KEY); CREATE TABLE child (id int, p int CONSTRAINT fk REFERENCES parent (id))"
    )
    client.run("INSERT parent VALUES (1); INSERT child VALUES (1, 1), (2, NULL)")
    error = client.fails("INSERT child VALUES (3, 9)")
    assert (error.number, 'FOREIGN KEY constraint "fk"' in error.message) == (547, True)
    assert client.fails("DELETE parent").number == 547
    assert client.fails("UPDATE parent SET id = 2").number == 547
    client.run("DELETE child; DELETE parent")


def test_computed_columns_follow(client: Any) -> None:
    client.run("CREATE TABLE t (a int, b AS a * 2, c AS (a + 1) PERSISTED); INSERT t (a) VALUES (4)")
    assert client.query("SELECT a, b, c FROM t") == [(4, 8, 5)]
    client.run("UPDATE t SET a = 5")
    assert client.query("SELECT b, c FROM t") == [(10, 6)]


def test_sequences_count_and_are_not_rolled_back(client: Any) -> None:
    client.run("CREATE SEQUENCE dbo.s AS int START WITH 5 INCREMENT BY 2")
    assert client.value("NEXT VALUE FOR dbo.s") == 5
    client.run("BEGIN TRAN; DECLARE @x int = NEXT VALUE FOR dbo.s; ROLLBACK")
    assert client.value("NEXT VALUE FOR dbo.s") == 9


def test_truncate_resets_the_identity_and_can_be_rolled_back(lots: Any) -> None:
    lots.run("BEGIN TRAN; TRUNCATE TABLE lot; ROLLBACK")
    assert lots.value("COUNT(*) FROM lot") == 3
    lots.run("TRUNCATE TABLE lot; INSERT lot (code) VALUES ('z')")
    assert lots.query("SELECT id FROM lot") == [(10,)]


def test_select_into_makes_a_table_of_the_result(lots: Any) -> None:
    lots.run("SELECT code, qty * 2 AS twice INTO dbo.copy FROM lot")
    assert lots.query("SELECT twice FROM copy WHERE code = 'c'") == [(Decimal("6.00"),)]
    lots.run("SELECT 1 AS a INTO #t")
    assert lots.query("SELECT a FROM #t") == [(1,)]


def test_a_table_variable_is_changed_by_its_alias_in_from(client: Any) -> None:
    rows = client.query(
        """DECLARE @t TABLE (id int); INSERT @t VALUES (1), (2), (3);
           UPDATE x SET id += 10 FROM @t AS x JOIN (VALUES (2), (3)) AS v (n) ON v.n = x.id;
           DELETE x FROM @t x WHERE id = 13; SELECT id FROM @t ORDER BY id"""
    )
    assert rows == [(1,), (12,)]


def test_exists_takes_a_star_of_a_grouped_query(lots: Any) -> None:
    lots.run("CREATE TABLE part (lot varchar(5)); INSERT part VALUES ('a'), ('a'), ('b')")
    text = "SELECT code FROM lot WHERE EXISTS (SELECT * FROM part WHERE lot = code GROUP BY lot HAVING COUNT(*) > 1)"
    assert lots.query(text) == [("a",)]


@pytest.mark.parametrize(
    "query",
    [
        "SELECT 1, NULL, NULL, NULL",
        "SELECT 1, NULL, NULL, NULL UNION ALL SELECT 2, NULL, NULL, NULL",
        "SELECT value, NULL, NULL, NULL FROM GENERATE_SERIES(1, 2)",
    ],
)
def test_the_word_null_in_a_query_fits_a_column_of_any_type(client: Any, query: str) -> None:
    client.run("CREATE TABLE moment (id int, at datetime2, g uniqueidentifier, x xml)")
    client.run(f"INSERT moment {query}")
    assert client.query("SELECT at, g, x FROM moment WHERE id = 1") == [(None, None, None)]
    assert client.fails("INSERT moment (at) SELECT n FROM (SELECT NULL AS n) AS d").number == 206


@pytest.mark.parametrize("qualifier", ["lot", "dbo.lot"])
def test_set_may_name_the_table_of_its_column(lots: Any, qualifier: str) -> None:
    assert lots.query(f"UPDATE lot SET {qualifier}.qty = 7 WHERE id = 10; SELECT qty FROM lot WHERE id = 10") == [(7,)]


@pytest.mark.parametrize(
    ("statement", "number"),
    [
        ("UPDATE lot SET other.qty = 7", 4104),
        ("UPDATE l SET m.qty = 7 FROM lot AS l JOIN lot AS m ON m.id = l.id", 4104),
        ("UPDATE TOP 1 lot SET qty = 7", 102),
        ("DELETE TOP 1 FROM lot", 102),
    ],
)
def test_other_tables_in_set_and_top_without_parentheses_are_refused(lots: Any, statement: str, number: int) -> None:
    assert lots.fails(statement).number == number


@pytest.mark.parametrize(
    ("condition", "count"),
    [
        ("1 / (id - 10) = 1 OR 1 = 1", 3),
        ("1 = 1 OR 1 / (id - 10) = 1", 3),
        ("1 / (id - 10) = 1 AND 1 = 0", 0),
        ("NOT (1 / (id - 10) = 1 OR 1 = 1)", 0),
        ("qty >= 0 AND (1 / (id - 10) = 1 OR 1 = 1)", 3),
    ],
)
def test_a_constant_that_decides_a_condition_spares_the_rest(lots: Any, condition: str, count: int) -> None:
    assert lots.query(f"SELECT COUNT(*) FROM lot WHERE {condition}") == [(count,)]
