"""FOR XML. Documentation: "FOR XML (SQL Server)" and the pages on RAW, AUTO and PATH mode below it."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("SELECT id, b FROM t WHERE id IN (1, 5) FOR XML PATH", "<row><id>1</id><b>x</b></row><row><id>5</id></row>"),
        (
            "SELECT id FROM t WHERE id < 3 FOR XML PATH('r'), ROOT('all')",
            "<all><r><id>1</id></r><r><id>2</id></r></all>",
        ),
        (
            "SELECT id AS [@n], b AS [v/@w], a AS [v/u/q], c AS [v/u/r] FROM t WHERE id = 1 FOR XML PATH",
            '<row n="1"><v w="x"><u><q>10</q><r>100</r></u></v></row>',
        ),
        ("SELECT 1 AS a, 2 AS b, 3 AS a FOR XML PATH", "<row><a>1</a><b>2</b><a>3</a></row>"),
        ("SELECT 1 AS a, 3 AS a FOR XML PATH", "<row><a>13</a></row>"),
        ("SELECT 'x' AS td, '', 'y' AS td FOR XML PATH('tr')", "<tr><td>x</td><td>y</td></tr>"),
        ("SELECT 1 AS [data()], 2 AS [data()] FOR XML PATH('')", "1 2"),
        ("SELECT ',' + b FROM t WHERE id < 4 ORDER BY id FOR XML PATH('')", ",x,y,z"),
        ("SELECT 'a' AS [text()], 'c' AS [comment()] FOR XML PATH", "<row>a<!--c--></row>"),
        ("SELECT NULL AS a, NULL AS [b/c] FOR XML PATH", "<row/>"),
        (
            "SELECT NULL AS a FOR XML PATH, ELEMENTS XSINIL",
            '<row xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><a xsi:nil="true"/></row>',
        ),
        ("SELECT '<&>\"' + CHAR(13) + CHAR(10) AS a FOR XML PATH", '<row><a>&lt;&amp;&gt;"&#x0D;\n</a></row>'),
        ("SELECT '<&>\"' + CHAR(10) AS [@a] FOR XML PATH", '<row a="&lt;&amp;&gt;&quot;&#x0A;"/>'),
        (
            "SELECT CAST(1 AS bit) AS a, CAST('2024-02-03T04:05:06' AS datetime) AS b, 0x0102 AS c FOR XML PATH",
            "<row><a>1</a><b>2024-02-03T04:05:06</b><c>AQI=</c></row>",
        ),
        ("SELECT CAST('<i>1</i>' AS xml) AS a FOR XML PATH", "<row><a><i>1</i></a></row>"),
        ("SELECT id, b FROM t WHERE id IN (1, 5) FOR XML RAW", '<row id="1" b="x"/><row id="5"/>'),
        (
            "SELECT id, b AS [my b] FROM t WHERE id = 1 FOR XML RAW('x'), ELEMENTS",
            "<x><id>1</id><my_x0020_b>x</my_x0020_b></x>",
        ),
        (
            "SELECT t.id, u.id FROM t JOIN u ON u.tid = t.id ORDER BY t.id, u.id FOR XML AUTO",
            '<t id="1"><u id="1"/><u id="2"/></t><t id="2"><u id="3"/></t>',
        ),
        (
            "SELECT o.id, i.id FROM t AS o JOIN u AS i ON i.tid = o.id WHERE o.id = 2 FOR XML AUTO, ELEMENTS",
            "<o><id>2</id><i><id>3</id></i></o>",
        ),
    ],
)
def test_modes(db, query, text):
    assert db.rows(query) == [(text,)]


def test_stuff_and_path_join_the_strings_of_a_group(db):
    text = """
        SELECT t.id, STUFF((SELECT ',' + CAST(u.id AS varchar(9)) FROM u WHERE u.tid = t.id ORDER BY u.id
            FOR XML PATH('')), 1, 1, '') FROM t ORDER BY t.id
    """
    assert db.rows(text)[:3] == [(1, "1,2"), (2, "3"), (3, None)]


def test_type_and_value_bring_special_characters_back(db):
    text = """
        SELECT STUFF((SELECT ', ' + v FROM (VALUES ('a & b'), ('<c>')) AS s(v) FOR XML PATH(''), TYPE)
            .value('.', 'nvarchar(max)'), 1, 2, N'')
    """
    assert db.rows(text) == [("a & b, <c>",)]


def test_the_client_gets_text_under_a_fixed_name_and_xml_without_one(db):
    assert db.names("SELECT 1 AS a FOR XML PATH") == ["XML_F52E2B61-18A1-11d1-B105-00805F49916B"]
    result = db.run("SELECT '' AS a FOR XML PATH, TYPE").result_sets[-1]
    assert [(column.name, column.type.name) for column in result.columns] == [("", "xml")]
    assert list(result.rows) == [("<row><a/></row>",)]
    assert db.rows("SELECT id FROM t WHERE 1 = 0 FOR XML PATH") == []
    assert db.rows("SELECT id FROM t WHERE 1 = 0 FOR XML PATH, TYPE") == [(None,)]


@pytest.mark.parametrize(
    ("query", "number"),
    [
        ("SELECT 1 FOR XML RAW", 6809),
        ("SELECT 1 AS a, 2 AS a FOR XML RAW", 6810),
        ("SELECT 1 AS a FOR XML AUTO", 6813),
        ("SELECT 0x01 AS a FOR XML RAW", 6829),
        ("SELECT 1 AS [a b] FOR XML PATH", 6850),
        ("SELECT 1 AS a, 2 AS [@b] FOR XML PATH", 6852),
        ("SELECT 2 AS [@b] FOR XML PATH('')", 6864),
        ("SELECT 1 AS Tag, NULL AS Parent FOR XML EXPLICIT", 6801),
    ],
)
def test_refused(db, query, number):
    assert db.error(query).number == number
