"""The types text, ntext and image. Documentation: "ntext, text, and image (Transact-SQL)", "SUBSTRING", "LIKE"."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture
def db(client: Any) -> Any:
    client.run("CREATE TABLE doc (id int PRIMARY KEY, t text, n ntext, i image)")
    client.run("INSERT doc VALUES (1, 'Hello World', N'Nästa', 0x010203), (2, NULL, NULL, NULL)")
    return client


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("SUBSTRING(t, 1, 5)", "Hello"),
        ("SUBSTRING(n, 2, 2)", "äs"),
        ("SUBSTRING(i, 2, 1)", b"\x02"),
        ("PATINDEX('%World%', t)", 7),
        ("DATALENGTH(n)", 10),
        ("CAST(t AS varchar(5))", "Hello"),
        ("CASE WHEN t LIKE '%World' AND n LIKE N'N_sta' THEN 1 END", 1),
        ("CASE WHEN t IS NOT NULL THEN 1 END", 1),
    ],
)
def test_what_can_be_done_with_large_objects(db: Any, expression: str, value: Any) -> None:
    assert db.query(f"SELECT {expression} FROM doc WHERE id = 1") == [(value,)]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("SELECT LEN(t) FROM doc", 8116),
        ("SELECT UPPER(n) FROM doc", 8116),
        ("SELECT id FROM doc WHERE t = 'Hello World'", 402),
        ("SELECT t + 'x' FROM doc", 402),
        ("SELECT DISTINCT t FROM doc", 306),
        ("SELECT t FROM doc ORDER BY t", 306),
        ("SELECT COUNT(t) FROM doc", 8117),
        ("SELECT MAX(n) FROM doc", 8117),
        ("DECLARE @t text", 2739),
    ],
)
def test_what_cannot(db: Any, text: str, number: int) -> None:
    assert db.fails(text).number == number


def test_a_column_is_found_by_like_and_changed(db: Any) -> None:
    assert db.query("SELECT id FROM doc WHERE t LIKE 'Hello%'") == [(1,)]
    db.run("UPDATE doc SET t = 'changed' WHERE t LIKE '%World'")
    assert db.query("SELECT t FROM doc WHERE id = 1") == [("changed",)]
