"""FOR XML EXPLICIT. Documentation: "Use EXPLICIT mode with FOR XML" and the pages of its directives."""

from __future__ import annotations

from typing import Any

import pytest

EMPLOYEES = "(VALUES (1, 'A&B', 'x'), (2, 'C', NULL)) AS e (id, n, d)"


def test_rows_are_put_under_the_open_element_of_their_parent_tag(client: Any) -> None:
    text = client.query(
        f"""SELECT 1 AS Tag, NULL AS Parent, id AS [E!1!Id], NULL AS [Name!2!First], NULL AS [Name!2!Last!ELEMENT]
            FROM {EMPLOYEES}
            UNION ALL SELECT 2, 1, id, n, d FROM {EMPLOYEES}
            ORDER BY [E!1!Id], Tag FOR XML EXPLICIT"""
    )[0][0]
    assert text == ('<E Id="1"><Name First="A&amp;B"><Last>x</Last></Name></E><E Id="2"><Name First="C"/></E>')


def test_directives(client: Any) -> None:
    text = client.query(
        f"""SELECT 1 AS Tag, 0 AS Parent, id AS [P!1!Id!hide], n AS [P!1!!cdata], d AS [P!1!D!elementxsinil],
            '<z/>' AS [P!1!X!xml], n AS [P!1], id AS [P!1!No!id] FROM {EMPLOYEES} ORDER BY id FOR XML EXPLICIT, ROOT('r')"""
    )[0][0]
    assert text == (
        '<r xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        '<P No="1"><![CDATA[A&B]]><D>x</D><X><z/></X>A&amp;B</P>'
        '<P No="2"><![CDATA[C]]><D xsi:nil="true"/><X><z/></X>C</P></r>'
    )


@pytest.mark.parametrize(
    ("columns", "number"),
    [
        ("1 AS Tag, NULL AS Parent", 6801),
        ("1 AS Tag, NULL AS Parent, id", 6802),
        ("'a' AS Tag, NULL AS Parent, id AS [P!1!I]", 6803),
        ("1 AS Tag, 'a' AS Parent, id AS [P!1!I]", 6804),
        ("2 AS Tag, NULL AS Parent, id AS [P!1!I]", 6806),
        ("1 AS Tag, 5 AS Parent, id AS [P!1!I]", 6807),
        ("1 AS Tag, 2 AS Parent, id AS [P!1!I], id AS [Q!2!I]", 6833),
        ("1 AS Tag, NULL AS Parent, id AS [P!1!I!idrefs]", 40517),
    ],
)
def test_a_query_that_is_no_universal_table_is_refused(client: Any, columns: str, number: int) -> None:
    assert client.fails(f"SELECT {columns} FROM {EMPLOYEES} FOR XML EXPLICIT").number == number
