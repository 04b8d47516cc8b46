"""The xml type and its methods. Documentation: "xml Data Type Methods", "Create instances of XML data"."""

from __future__ import annotations

import pytest

DOCUMENT = """
    DECLARE @x xml = N'<orders day="1"> <order id="7"><line qty="2.5">a &amp; b</line><line qty="1"/></order>
        <order id="8"><line qty="3">c</line></order> </orders>';
"""


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("@x.value('(/orders/order/@id)[1]', 'int')", 7),
        ("@x.value('(/orders/order)[2]/@id', 'int')", None),
        ("@x.value('(/orders/order[2]/@id)[1]', 'int')", 8),
        ("@x.value('(//line[@qty=\"3\"]/text())[1]', 'varchar(10)')", "c"),
        ("@x.value('(/orders/order[@id=\"7\"]/line)[1]', 'nvarchar(max)')", "a & b"),
        ("@x.value('(/orders/none)[1]', 'int')", None),
        ("@x.value('.', 'nvarchar(max)')", "a & bc"),
        ("@x.value('(/orders/child::order/child::line/@qty)[2]', 'int')", 1),
        ("@x.value('local-name((/orders/*)[1])', 'sysname')", "order"),
        ("@x.value('fn:local-name((//@qty)[1])', 'sysname')", "qty"),
        ("@x.value('local-name((/none)[1])', 'sysname')", ""),
        ("@x.value('local-name(.)', 'sysname')", ""),
        ("@x.value('count(//line)', 'int')", 3),
        ("@x.exist('/orders/order[@id=\"8\"]')", True),
        ("@x.exist('/orders/*/line[@qty=\"9\"]')", False),
        ("CAST(@x.query('/orders/order[2]') AS nvarchar(max))", '<order id="8"><line qty="3">c</line></order>'),
    ],
)
def test_methods_take_values_out(client, expression, value):
    if expression.startswith("@x.value('(/orders/order)[2]/"):
        assert client.fails(DOCUMENT + f"SELECT {expression}").number == 40517
    else:
        assert client.query(DOCUMENT + f"SELECT {expression}") == [(value,)]


def test_nodes_gives_a_row_for_each_node(client):
    text = """
        SELECT o.n.value('@id', 'int'), l.n.value('@qty', 'decimal(9, 1)'), l.n.value('../@id', 'int')
        FROM @x.nodes('/orders/order') AS o(n) CROSS APPLY o.n.nodes('line') AS l(n) ORDER BY 1, 2
    """
    rows = client.query(DOCUMENT + text)
    assert [(order, float(quantity), parent) for order, quantity, parent in rows] == [(7, 1, 7), (7, 2.5, 7), (8, 3, 8)]


def test_xml_split_of_a_list(client):
    text = """
        DECLARE @l varchar(100) = '1,2,30';
        SELECT n.c.value('.', 'int') FROM
            (SELECT CAST('<i>' + REPLACE(@l, ',', '</i><i>') + '</i>' AS xml) AS x) AS s CROSS APPLY s.x.nodes('/i') AS n(c)
    """
    assert client.query(text) == [(1,), (2,), (30,)]


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("<a></a>", "<a/>"),
        ("<a b='1'>  <c/> </a>", '<a b="1"><c/></a>'),
        ('<?xml version="1.0"?><a>&#65;<![CDATA[<]]></a>', "<a>A&lt;</a>"),
        ("text<b/>", "text<b/>"),
        ("", ""),
    ],
)
def test_xml_is_kept_in_one_spelling(client, text, kept):
    quoted = text.replace("'", "''")
    assert client.value(f"CAST(CAST('{quoted}' AS xml) AS nvarchar(max))") == kept


def test_style_1_keeps_white_space(client):
    assert client.value("CAST(CONVERT(xml, '<a> <b/> </a>', 1) AS nvarchar(max))") == "<a> <b/> </a>"


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("SELECT CAST('<a><b></a>' AS xml)", 9436),
        ("SELECT CAST('<a>' AS xml)", 9400),
        ("SELECT CAST('<a>&x;</a>' AS xml)", 9448),
        ('SELECT CAST(N\'<?xml version="1.0" encoding="utf-8"?><a/>\' AS xml)', 9402),
        ("DECLARE @x xml = '<a/>'; SELECT @x.value('/a/b', 'int')", 2389),
        ("DECLARE @x xml = '<a/>'; SELECT @x.value('sum(/a)', 'int')", 40517),
        ("DECLARE @x xml = '<a/>', @p varchar(9) = '.'; SELECT @x.value(@p, 'int')", 8172),
        ("DECLARE @x varchar(9) = '<a/>'; SELECT @x.value('.', 'int')", 258),
        ("DECLARE @x xml = '<a/>'; SELECT c FROM @x.nodes('/a') AS t(c)", 493),
        ("DECLARE @x xml = '<a/>'; SELECT 1 WHERE @x = '<a/>'", 305),
        ("DECLARE @x xml = '<a>x</a>'; SELECT @x.value('(/a)[1]', 'int')", 245),
    ],
)
def test_errors(client, text, number):
    assert client.fails(text).number == number
