"""PIVOT and UNPIVOT. Documentation: "Using PIVOT and UNPIVOT"."""

from __future__ import annotations

from decimal import Decimal

import pytest

SALES = """
    DECLARE @s TABLE (region varchar(10), quarter int, amount decimal(9, 2), note varchar(5));
    INSERT INTO @s VALUES ('north', 1, 10, 'a'), ('north', 1, 5, 'a'), ('north', 2, 7, 'a'), ('south', 2, 3, 'a'),
        ('south', 2, NULL, 'a'), ('south', NULL, 9, 'a');
"""


def test_values_of_the_pivot_column_become_columns(db):
    text = (
        "SELECT region, [1], [2], [3] FROM @s PIVOT (SUM(amount) FOR quarter IN ([1], [2], [3])) AS p ORDER BY region"
    )
    assert db.rows(SALES + text) == [
        ("north", Decimal(15), Decimal(7), None),
        ("south", None, Decimal(3), None),
    ]


def test_all_other_columns_are_grouped_by_and_come_first(db):
    assert db.names(SALES + "SELECT * FROM @s PIVOT (SUM(amount) FOR quarter IN ([1], [2])) AS p") == [
        "region",
        "note",
        "1",
        "2",
    ]


def test_count_gives_zero_where_nothing_is(db):
    text = "SELECT p.region, p.[1] FROM @s PIVOT (COUNT(amount) FOR quarter IN ([1])) p ORDER BY 1"
    assert db.rows(SALES + text) == [("north", 2), ("south", 0)]


def test_a_derived_table_leaves_only_one_row(db):
    text = """
        SELECT [x], [y] FROM (SELECT b, a FROM t) AS s PIVOT (MAX(a) FOR b IN ([x], [Y])) AS p
    """
    assert db.rows(text) == [(10, 20)]


def test_a_pivot_stands_in_a_join_and_reads_the_left_side_of_apply(db):
    text = """
        SELECT t.id, p.[1.50] FROM t JOIN (SELECT tid, v, id AS n FROM u) s
            PIVOT (COUNT(n) FOR v IN ([1.50])) AS p ON p.tid = t.id ORDER BY t.id
    """
    assert db.rows(text) == [(1, 1), (2, 0)]
    text = """
        SELECT t.id, a.n FROM t CROSS APPLY (
            SELECT p.[7.00] AS n FROM (SELECT v, id FROM u WHERE u.tid = t.id) s PIVOT (MAX(id) FOR v IN ([7.00])) AS p
        ) a WHERE t.id < 3 ORDER BY t.id
    """
    assert db.rows(text) == [(1, None), (2, 3)]


def test_names_are_checked(db):
    assert db.error(SALES + "SELECT 1 FROM @s PIVOT (SUM(x) FOR quarter IN ([1])) p").number == 207
    assert db.error(SALES + "SELECT 1 FROM @s PIVOT (SUM(amount) FOR x IN ([1])) p").number == 207
    assert db.error(SALES + "SELECT 1 FROM @s PIVOT (SUM(amount) FOR quarter IN ([1], [1])) p").number == 8156
    assert db.error(SALES + "SELECT 1 FROM @s PIVOT (SUM(amount) FOR quarter IN ([1], region)) p").number == 265
    assert db.error(SALES + "SELECT 1 FROM @s PIVOT (SUM(amount) FOR quarter IN ([one])) p").number == 8114
    assert db.error(SALES + "SELECT 1 FROM @s PIVOT (COUNT(*) FOR quarter IN ([1])) p").number == 102


WIDE = """
    DECLARE @w TABLE (vendor int, e1 int, e2 int, e3 bigint);
    INSERT INTO @w VALUES (1, 4, NULL, 3), (2, 0, 5, 6);
"""


def test_columns_become_rows_where_they_are_not_null(db):
    text = "SELECT vendor, employee, orders FROM @w UNPIVOT (orders FOR employee IN (e1, e2)) AS q ORDER BY 1, 2"
    assert db.rows(WIDE + text) == [(1, "e1", 4), (2, "e1", 0), (2, "e2", 5)]


def test_the_remaining_columns_come_first_then_value_and_name(db):
    assert db.names(WIDE + "SELECT * FROM @w UNPIVOT (orders FOR employee IN (e2, e1)) AS q") == [
        "vendor",
        "e3",
        "orders",
        "employee",
    ]


def test_unpivoted_columns_must_have_one_type(db):
    error = db.error(WIDE + "SELECT 1 FROM @w UNPIVOT (orders FOR employee IN (e1, e3)) AS q")
    assert (error.number, error.message) == (
        8167,
        'The type of column "e3" conflicts with the type of other columns specified in the UNPIVOT list.',
    )


@pytest.mark.parametrize("name", ["vendor", "E3"])
def test_an_unpivoted_name_may_not_be_taken(db, name):
    assert db.error(WIDE + f"SELECT 1 FROM @w UNPIVOT ({name} FOR employee IN (e1, e2)) AS q").number == 265


def test_unpivot_turns_a_pivot_back(db):
    text = """
        SELECT region, quarter, amount FROM @s
        PIVOT (SUM(amount) FOR quarter IN ([1], [2])) AS p UNPIVOT (amount FOR quarter IN ([1], [2])) AS q
        ORDER BY region, quarter
    """
    assert db.rows(SALES + text) == [
        ("north", "1", Decimal(15)),
        ("north", "2", Decimal(7)),
        ("south", "2", Decimal(3)),
    ]
