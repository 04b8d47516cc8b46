"""FOR JSON. Documentation: "Format query results as JSON with FOR JSON" and the pages below it."""

from __future__ import annotations

import json

import pytest


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("SELECT id, b FROM t WHERE id < 3 FOR JSON PATH", '[{"id":1,"b":"x"},{"id":2,"b":"y"}]'),
        ("SELECT id, b FROM t WHERE id = 5 FOR JSON PATH", '[{"id":5}]'),
        ("SELECT id, b FROM t WHERE id = 5 FOR JSON PATH, INCLUDE_NULL_VALUES", '[{"id":5,"b":null}]'),
        ("SELECT id FROM t WHERE id < 3 FOR JSON PATH, ROOT('rows')", '{"rows":[{"id":1},{"id":2}]}'),
        ("SELECT id FROM t WHERE id < 3 FOR JSON PATH, ROOT", '{"root":[{"id":1},{"id":2}]}'),
        ("SELECT id FROM t WHERE id < 3 FOR JSON PATH, WITHOUT_ARRAY_WRAPPER", '{"id":1},{"id":2}'),
        ("SELECT 1 AS [a.b], 2 AS [a.c.d], 3 AS e FOR JSON PATH", '[{"a":{"b":1,"c":{"d":2}},"e":3}]'),
        ("SELECT NULL AS [a.b], 3 AS e FOR JSON PATH", '[{"e":3}]'),
        ("SELECT NULL AS a FOR JSON PATH", "[{}]"),
        ("SELECT 1 AS a UNION ALL SELECT 2 FOR JSON PATH", '[{"a":1},{"a":2}]'),
    ],
)
def test_path_mode(db, query, text):
    assert db.rows(query) == [(text,)]


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        ("CAST(1 AS bit)", "true"),
        ("CAST(1.50 AS decimal(9, 3))", "1.500"),
        ("CAST(1.5 AS money)", "1.5000"),
        ("CAST(1.5 AS float)", "1.500000000000000e+000"),
        ("CAST('2024-02-03 04:05:06' AS datetime)", '"2024-02-03T04:05:06"'),
        ("CAST('2024-02-03 04:05:06.123' AS datetime)", '"2024-02-03T04:05:06.123"'),
        ("CAST('2024-02-03 04:05:06' AS datetime2)", '"2024-02-03T04:05:06"'),
        ("CAST('2024-02-03' AS date)", '"2024-02-03"'),
        ("CAST('04:05:06.5' AS time(1))", '"04:05:06.5"'),
        ("CAST('2024-02-03 04:05:06 +02:00' AS datetimeoffset(0))", '"2024-02-03T04:05:06+02:00"'),
        ("0x010203", '"AQID"'),
        ("N'a\"/\\' + CHAR(9) + CHAR(1)", r'"a\"\/\\\t\u0001"'),
        ("JSON_QUERY('{\"x\":1}')", '{"x":1}'),
        ("(SELECT 1 AS y FOR JSON PATH)", '[{"y":1}]'),
        ("(SELECT 1 AS y FOR JSON PATH, WITHOUT_ARRAY_WRAPPER)", r'"{\"y\":1}"'),
    ],
)
def test_values_by_type(db, expression, text):
    assert db.rows(f"SELECT {expression} AS v FOR JSON PATH, WITHOUT_ARRAY_WRAPPER") == [(f'{{"v":{text}}}',)]


def test_auto_mode_nests_joined_tables_and_joins_equal_neighbours(db):
    text = """
        SELECT t.id, u.id, u.v, t.b AS [n.b], 1 AS one
        FROM t LEFT JOIN u ON u.tid = t.id WHERE t.id < 4 ORDER BY t.id, u.id FOR JSON AUTO
    """
    ((found,),) = db.rows(text)
    assert found == (
        '[{"id":1,"n.b":"x","one":1,"u":[{"id":1,"v":1.50},{"id":2,"v":2.50}]},'
        '{"id":2,"n.b":"y","one":1,"u":[{"id":3,"v":7.00}]},{"id":3,"n.b":"z","one":1,"u":[{}]}]'
    )


def test_auto_mode_with_one_table_is_like_path_mode(db):
    assert db.rows("SELECT id, b AS [x.y] FROM t WHERE id = 1 FOR JSON AUTO") == [('[{"id":1,"x.y":"x"}]',)]
    assert db.rows("SELECT COUNT(*) AS n, b FROM t WHERE id = 1 GROUP BY b FOR JSON AUTO") == [('[{"n":1,"b":"x"}]',)]


def test_inside_a_query_the_text_is_a_value_and_null_without_rows(db):
    text = """
        SELECT id, (SELECT u.id FROM u WHERE u.tid = t.id ORDER BY u.id FOR JSON PATH) AS j FROM t WHERE id <> 2
    """
    assert db.rows(text)[:2] == [(1, '[{"id":1},{"id":2}]'), (3, None)]
    assert db.rows("DECLARE @j nvarchar(max) = (SELECT id FROM t FOR JSON PATH); SELECT JSON_VALUE(@j, '$[1].id')") == [
        ("2",)
    ]


def test_the_client_gets_pieces_of_2033_characters_under_a_fixed_name(db):
    text = "SELECT REPLICATE('x', 1500) AS a UNION ALL SELECT REPLICATE('y', 1500) FOR JSON PATH"
    assert db.names(text) == ["JSON_F52E2B61-18A1-11d1-B105-00805F49916B"]
    pieces = db.column(text)
    assert [len(piece) for piece in pieces] == [2033, 3019 - 2033]
    assert [row["a"][0] for row in json.loads("".join(pieces))] == ["x", "y"]
    assert db.rows("SELECT id FROM t WHERE 1 = 0 FOR JSON PATH") == []


@pytest.mark.parametrize(
    ("query", "number"),
    [
        ("SELECT 1 FOR JSON PATH", 13605),
        ("SELECT 1 AS a, 2 AS a FOR JSON PATH", 13601),
        ("SELECT 1 AS [a.b], 2 AS c, 3 AS [a.d] FOR JSON PATH", 13601),
        ("SELECT 1 AS a, 3 AS [a.d] FOR JSON PATH", 13601),
        ("SELECT 1 AS a FOR JSON PATH, ROOT('r'), WITHOUT_ARRAY_WRAPPER", 13620),
        ("SELECT 1 AS a FOR JSON AUTO", 13600),
        ("SELECT * FROM (SELECT 1 AS a FOR JSON PATH) AS j", 8155),
    ],
)
def test_refused(db, query, number):
    assert db.error(query).number == number
