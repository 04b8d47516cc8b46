"""MIN and MAX of a column that an index sorts by: one row is looked at, and locked, as TOP (1) would.

"Transaction locking and row versioning guide", "Key-range locking"; "Aggregate functions".
"""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture
def pair(engine: Any) -> Any:
    clients = engine.clients(2)
    clients[0].run(
        "CREATE TABLE lot (id int NOT NULL PRIMARY KEY, item int NOT NULL, bin int NULL, INDEX by_item (item))"
    )
    clients[0].run("INSERT lot VALUES (1, 10, 7), (5, 20, NULL), (9, 10, 8), (12, 30, 1)")
    return clients


@pytest.mark.parametrize(
    ("query", "value"),
    [
        ("SELECT MAX(id) FROM lot", 12),
        ("SELECT MIN(id) FROM lot", 1),
        ("SELECT MAX(id) + 1 FROM lot", 13),
        ("SELECT MAX(id) FROM lot WHERE item = 10", 9),
        ("SELECT MIN(item) FROM lot WHERE item > 10", 20),
        ("SELECT MAX(id) FROM lot WHERE bin = 7", 1),
        ("SELECT MAX(id) FROM lot WHERE id > 100", None),
        ("SELECT MAX(bin) FROM lot", 8),
        ("SELECT MIN(bin) FROM lot", 1),
        ("SELECT MAX(id) FROM lot HAVING MAX(id) > 100", "no row"),
        ("SELECT MAX(a.id) FROM lot AS a JOIN lot AS b ON a.item = b.id", "null"),
        ("SELECT MIN(id) FROM (SELECT TOP (2) id FROM lot ORDER BY id DESC) AS last", 9),
        ("SELECT MAX(DISTINCT id) FROM lot", 12),
        ("SELECT MAX(id) FROM lot GROUP BY item ORDER BY item OFFSET 1 ROWS FETCH NEXT 1 ROWS ONLY", 5),
    ],
)
def test_the_value_is_that_of_all_rows(pair: Any, query: str, value: Any) -> None:
    rows = pair[0].query(query)
    assert rows == ([] if value == "no row" else [(None if value == "null" else value,)])


@pytest.mark.parametrize(
    ("query", "locked"),
    [
        ("SELECT MAX(id) FROM lot", [12]),
        ("SELECT MIN(id) FROM lot", [1]),
        ("SELECT MIN(id), MAX(id) FROM lot WITH (INDEX (1))", [1, 5, 9, 12]),
        ("SELECT COUNT(*) FROM lot WITH (INDEX (1))", [1, 5, 9, 12]),
    ],
)
def test_only_what_decides_is_locked(pair: Any, query: str, locked: list[int]) -> None:
    reader, writer = pair
    reader.run(f"SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; BEGIN TRAN; {query}")
    writer.run("SET LOCK_TIMEOUT 0")
    found = [number for number in (1, 5, 9, 12) if writer.collect(f"UPDATE lot SET bin = 0 WHERE id = {number}").errors]
    assert found == locked


def test_the_next_number_is_drawn_by_one_session_at_a_time(pair: Any) -> None:
    first, second = pair
    draw = "BEGIN TRAN; INSERT lot SELECT MAX(id) + 1, 0, 0 FROM lot WITH (UPDLOCK, HOLDLOCK)"
    first.run(draw)
    waiting = second.start(draw)
    assert not waiting.done
    first.run("COMMIT")
    second.run("COMMIT")
    assert first.query("SELECT MAX(id) FROM lot") == [(14,)]
