"""OPENJSON. Documentation: "OPENJSON (Transact-SQL)"."""

from __future__ import annotations

import datetime
from decimal import Decimal

import pytest


def test_the_default_columns_are_key_value_and_type(db):
    text = """
        SELECT * FROM OPENJSON(N'{"n": null, "s": "a\\"b", "i": 1.50, "b": true, "a": [1, 2], "o": {"x": 1 }}')
    """
    assert db.names(text) == ["key", "value", "type"]
    assert db.rows(text) == [
        ("n", None, 0),
        ("s", 'a"b', 1),
        ("i", "1.50", 2),
        ("b", "true", 3),
        ("a", "[1, 2]", 4),
        ("o", '{"x": 1 }', 5),
    ]


def test_elements_of_an_array_are_numbered_from_zero(db):
    assert db.rows("SELECT [key], value FROM OPENJSON('[\"x\", 7]')") == [("0", "x"), ("1", "7")]


DOCUMENT = """
    DECLARE @d nvarchar(max) = N'{"orders": [
        {"id": 1, "qty": 2.5, "at": "2024-02-03T04:05:06", "who": {"name": "Ada", "tags": ["a", "b"]}, "Id": 9},
        {"id": 2, "who": null, "photo": "AQID", "open": true}
    ]}';
"""


def test_with_gives_columns_by_name_or_path_in_their_types(db):
    text = """
        SELECT * FROM OPENJSON(@d, '$.orders') WITH (
            id int, qty decimal(9, 2), at datetime2(0), name nvarchar(2) '$.who.name',
            tags nvarchar(max) '$.who.tags' AS JSON,
            photo varbinary(10), [open] bit, missing int 'lax $.nowhere')
    """
    assert db.rows(DOCUMENT + text) == [
        (1, Decimal("2.5"), datetime.datetime(2024, 2, 3, 4, 5, 6), "Ad", '["a", "b"]', None, None, None),
        (2, None, None, None, None, b"\x01\x02\x03", True, None),
    ]


def test_an_object_is_one_row(db):
    assert db.rows("SELECT a FROM OPENJSON('{\"a\": 5}') WITH (a int)") == [(5,)]


def test_scalars_of_an_array_are_read_by_the_path_of_the_whole(db):
    assert db.column("SELECT v FROM OPENJSON('[3, 4]') WITH (v int '$')") == [3, 4]


def test_apply_opens_the_json_of_each_row(db):
    text = """
        SELECT o.id, t.value FROM OPENJSON(@d, '$.orders') WITH (id int, tags nvarchar(max) '$.who.tags' AS JSON) AS o
        CROSS APPLY OPENJSON(o.tags) AS t ORDER BY t.[key]
    """
    assert db.rows(DOCUMENT + text) == [(1, "a"), (1, "b")]
    text = "SELECT id FROM t WHERE EXISTS (SELECT 1 FROM OPENJSON('[2, 5]') AS j WHERE j.value = t.id)"
    assert db.column(text) == [2, 5]


def test_null_and_what_is_not_there_give_no_rows(db):
    assert db.rows("SELECT * FROM OPENJSON(CAST(NULL AS nvarchar(max)))") == []
    assert db.rows("SELECT * FROM OPENJSON('{\"a\": 1}', '$.b')") == []
    assert db.rows("SELECT * FROM OPENJSON('{\"a\": 1}', '$.a')") == []


@pytest.mark.parametrize(
    ("source", "number"),
    [
        ("OPENJSON('{\"a\": 1}', 'strict $.b')", 13608),
        ("OPENJSON('{\"a\": 1}', 'strict $.a')", 13611),
        ("OPENJSON('{\"a\": 1}') WITH (b int 'strict $.b')", 13608),
        ("OPENJSON('{\"a\": [1]}') WITH (a int 'strict $.a')", 13623),
        ("OPENJSON('{\"a\": 1}') WITH (a nvarchar(max) 'strict $.a' AS JSON)", 13624),
        ("OPENJSON('{\"a\": 1}') WITH (a nvarchar(100) AS JSON)", 13618),
        ('OPENJSON(\'{"a": "x"}\') WITH (a int)', 245),
        ("OPENJSON('{\"a\": }')", 13609),
        ("OPENJSON('12')", 13609),
    ],
)
def test_errors(db, source, number):
    assert db.error(f"SELECT * FROM {source}").number == number
