"""Changing a table through CTEs, derived tables and views ("CREATE VIEW": updatable views; "UPDATE"; "DELETE"; "TOP")."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture
def stock(client: Any) -> Any:
    client.run(
        "CREATE TABLE dbo.stock (id int PRIMARY KEY, item varchar(9) NOT NULL, qty int NOT NULL, note varchar(9))"
    )
    client.run("INSERT stock (id, item, qty) VALUES (1, 'a', 5), (2, 'a', 7), (3, 'b', 1), (4, 'b', 9), (5, 'c', 2)")
    return client


def test_delete_through_a_cte_removes_duplicates(stock: Any) -> None:
    sink = stock.run(
        "WITH d AS (SELECT item, ROW_NUMBER() OVER (PARTITION BY item ORDER BY id) AS n FROM stock) DELETE d WHERE n > 1"
    )
    assert sink.counts == [2]
    assert stock.query("SELECT id FROM stock ORDER BY id") == [(1,), (3,), (5,)]


def test_delete_through_a_derived_table(stock: Any) -> None:
    stock.run("DELETE t FROM (SELECT *, ROW_NUMBER() OVER (ORDER BY qty DESC) AS n FROM stock) AS t WHERE t.n <= 2")
    assert stock.query("SELECT id FROM stock ORDER BY id") == [(1,), (3,), (5,)]


def test_a_queue_is_read_with_top_order_by_and_output(stock: Any) -> None:
    rows = stock.query(
        "WITH q AS (SELECT TOP (2) * FROM stock WITH (ROWLOCK, READPAST) ORDER BY qty) DELETE FROM q OUTPUT deleted.id, deleted.qty"
    )
    assert sorted(rows) == [(3, 1), (5, 2)]
    assert stock.value("COUNT(*) FROM stock") == 3


def test_rows_locked_by_another_reader_of_the_queue_are_skipped(engine: Any) -> None:
    one, two = engine.clients(2)
    one.run("CREATE TABLE q (id int PRIMARY KEY, v int); INSERT q VALUES (1, 1), (2, 2)")
    take = "WITH n AS (SELECT TOP (1) * FROM q WITH (ROWLOCK, READPAST) ORDER BY id) DELETE n OUTPUT deleted.id"
    one.run("BEGIN TRAN")
    assert one.query(take) == [(1,)]
    assert two.query(take) == [(2,)]


def test_update_through_a_cte_sets_the_tables_columns(stock: Any) -> None:
    rows = stock.query(
        "WITH c AS (SELECT id AS k, qty AS q, qty * 2 AS twice FROM stock) UPDATE c SET q = twice + 1 OUTPUT inserted.q, deleted.twice WHERE k < 3"
    )
    assert rows == [(11, 10), (15, 14)]
    assert stock.query("SELECT qty FROM stock WHERE id < 3") == [(11,), (15,)]


def test_update_through_a_cte_with_a_window_numbers_rows(stock: Any) -> None:
    stock.run(
        "WITH c AS (SELECT note, ROW_NUMBER() OVER (ORDER BY qty) AS n FROM stock) UPDATE c SET note = CONCAT('n', n)"
    )
    assert stock.query("SELECT id, note FROM stock ORDER BY id") == [
        (1, "n3"), (2, "n4"), (3, "n1"), (4, "n5"), (5, "n2"),
    ]  # fmt: skip


def test_update_through_a_cte_that_joins(stock: Any) -> None:
    stock.run("CREATE TABLE d (item varchar(9) PRIMARY KEY, add_qty int); INSERT d VALUES ('a', 100), ('c', 1)")
    stock.run(
        "WITH c AS (SELECT s.qty, d.add_qty FROM stock AS s JOIN d ON d.item = s.item) UPDATE c SET qty = qty + add_qty"
    )
    assert stock.query("SELECT qty FROM stock ORDER BY id") == [(105,), (107,), (1,), (9,), (3,)]


def test_a_hash_joined_target_is_changed_by_its_own_key(stock: Any) -> None:
    stock.run("CREATE TABLE h (item varchar(9), add_qty int); INSERT h VALUES ('c', 1), ('a', 100), ('b', 10)")
    stock.run("UPDATE s SET qty = s.qty + h.add_qty FROM h JOIN stock AS s ON s.item = h.item")
    assert stock.query("SELECT qty FROM stock ORDER BY id") == [(105,), (107,), (11,), (19,), (3,)]


def test_a_statement_does_not_read_what_it_writes(stock: Any) -> None:
    stock.run("UPDATE stock SET qty = (SELECT MAX(qty) FROM stock) + 1")
    assert stock.query("SELECT DISTINCT qty FROM stock") == [(10,)]


@pytest.fixture
def view(stock: Any) -> Any:
    stock.run("CREATE VIEW dbo.v AS SELECT id, item AS code, qty, qty * 2 AS twice FROM dbo.stock WHERE qty > 1")
    return stock


def test_a_simple_view_takes_all_changes(view: Any) -> None:
    view.run("INSERT v (id, code, qty) VALUES (6, 'd', 4)")
    view.run("UPDATE v SET code = 'z', qty += 1 WHERE id = 6")
    assert view.query("SELECT item, qty FROM stock WHERE id = 6") == [("z", 5)]
    assert view.run("DELETE FROM dbo.v").counts == [5]
    assert view.query("SELECT id FROM stock") == [(3,)]


def test_output_of_an_insert_into_a_view_has_the_views_names(view: Any) -> None:
    assert view.query("INSERT v (id, code, qty) OUTPUT inserted.code VALUES (6, 'd', 4)") == [("d",)]


@pytest.mark.parametrize(
    ("definition", "statement", "number"),
    [
        ("SELECT id, qty * 2 AS t FROM dbo.stock", "UPDATE w SET t = 1", 4406),
        ("SELECT id, qty * 2 AS t FROM dbo.stock", "INSERT w VALUES (9, 1)", 4406),
        ("SELECT item, COUNT(*) AS n FROM dbo.stock GROUP BY item", "DELETE w", 4403),
        ("SELECT DISTINCT item FROM dbo.stock", "UPDATE w SET item = 'x'", 4403),
        ("SELECT id FROM dbo.stock UNION ALL SELECT id FROM dbo.stock", "DELETE w", 4426),
        ("SELECT a.id, b.qty FROM dbo.stock AS a JOIN dbo.stock AS b ON b.id = a.id", "DELETE w", 4405),
        ("SELECT a.item, b.qty FROM dbo.stock AS a JOIN dbo.stock AS b ON b.id = a.id", "UPDATE w SET item = 'x', qty = 1", 4405),
    ],
)  # fmt: skip
def test_a_view_that_is_not_updatable(stock: Any, definition: str, statement: str, number: int) -> None:
    stock.run(f"CREATE VIEW dbo.w AS {definition}")
    assert stock.fails(statement).number == number


def test_top_percent_rounds_up(stock: Any) -> None:
    assert stock.run("DELETE TOP (50) PERCENT FROM stock").counts == [3]
    assert stock.run("UPDATE TOP (1) PERCENT stock SET qty = 0").counts == [1]


def test_insert_top_takes_the_first_rows_only(stock: Any) -> None:
    assert stock.run("INSERT TOP (2) INTO stock (id, item, qty) SELECT id + 10, item, qty FROM stock").counts == [2]
    assert stock.run("INSERT TOP (0) stock (id, item, qty) VALUES (99, 'x', 1)").counts == [0]


def test_a_target_on_the_optional_side_of_a_join_is_changed_where_it_is(stock: Any) -> None:
    stock.run("CREATE TABLE k (id int); INSERT k VALUES (1), (77)")
    assert stock.run("DELETE s FROM k LEFT JOIN stock AS s ON s.id = k.id").counts == [1]


def test_insert_takes_its_rows_from_ctes(stock: Any) -> None:
    sink = stock.run(
        "WITH a AS (SELECT v.n FROM (VALUES (1), (2), (3)) AS v(n)), b AS (SELECT x.n FROM a AS x CROSS JOIN a AS y) "
        "INSERT INTO stock (id, item, qty) SELECT 10 + n, 'z', COUNT(*) FROM b GROUP BY n"
    )
    assert sink.counts == [3]
    assert stock.query("SELECT id, qty FROM stock WHERE id > 5 ORDER BY id") == [(11, 3), (12, 3), (13, 3)]


def test_insert_from_a_cte_over_its_own_target_reads_all_rows_first(stock: Any) -> None:
    stock.run("WITH c AS (SELECT id, qty FROM stock) INSERT stock (id, item, qty) SELECT id + 10, 'z', qty FROM c")
    assert stock.query("SELECT COUNT(*), SUM(qty) FROM stock") == [(10, 48)]


def test_insert_from_a_recursive_cte(stock: Any) -> None:
    stock.run(
        "WITH n AS (SELECT 10 AS n UNION ALL SELECT n + 1 FROM n WHERE n < 14) "
        "INSERT stock (id, item, qty) SELECT n, 'z', n FROM n"
    )
    assert stock.query("SELECT COUNT(*) FROM stock WHERE item = 'z'") == [(5,)]


def test_insert_through_a_cte(stock: Any) -> None:
    stock.run("WITH c AS (SELECT id AS k, item, qty FROM stock) INSERT INTO c (k, item, qty) VALUES (6, 'd', 3)")
    assert stock.query("SELECT item, qty FROM stock WHERE id = 6") == [("d", 3)]


@pytest.fixture
def large(client: Any) -> Any:
    """Views over one another: ``large`` has the option, ``loose`` and ``strict`` are views on it."""
    client.run("CREATE TABLE dbo.sized (id int PRIMARY KEY, size int)")
    client.run("CREATE VIEW dbo.large AS SELECT id, size FROM dbo.sized WHERE size > 10 WITH CHECK OPTION")
    client.run("CREATE VIEW dbo.loose AS SELECT id, size FROM dbo.large WHERE id < 100")
    client.run("CREATE VIEW dbo.strict AS SELECT id, size FROM dbo.large WHERE id < 100 WITH CHECK OPTION")
    client.run("INSERT dbo.large VALUES (1, 50)")
    return client


@pytest.mark.parametrize(
    ("statement", "refused"),
    [
        ("INSERT dbo.large VALUES (2, 10)", True),
        ("INSERT dbo.large VALUES (2, 11)", False),
        ("INSERT dbo.large VALUES (2, NULL)", True),
        ("UPDATE dbo.large SET size = 1", True),
        ("UPDATE dbo.large SET size = 60", False),
        ("INSERT dbo.loose VALUES (200, 20)", False),
        ("INSERT dbo.loose VALUES (2, 5)", True),
        ("INSERT dbo.strict VALUES (200, 20)", True),
        ("UPDATE dbo.strict SET id = 300", True),
        ("DELETE dbo.strict", False),
    ],
)
def test_with_check_option_a_row_must_be_seen_through_the_view(large: Any, statement: str, refused: bool) -> None:
    errors = large.collect(statement).errors
    assert [error.number for error in errors] == ([550] if refused else [])


def test_the_option_is_in_the_catalog(large: Any) -> None:
    assert large.query("SELECT name FROM sys.views WHERE with_check_option = 1 ORDER BY 1") == [
        ("large",),
        ("strict",),
    ]
    text = "SELECT CHECK_OPTION FROM INFORMATION_SCHEMA.VIEWS WHERE TABLE_NAME = 'large'"
    assert large.query(text) == [("CASCADE",)]
