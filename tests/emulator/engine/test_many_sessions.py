"""Ten sessions at once: on rows of their own nobody waits, on one row they go in the order in which they came.

"Transaction locking and row versioning guide".
"""

from __future__ import annotations

from typing import Any

import pytest

SESSIONS = 10
LEVELS = ("READ UNCOMMITTED", "READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE")


@pytest.fixture
def crowd(engine: Any) -> Any:
    clients = engine.clients(SESSIONS)
    clients[0].run("CREATE TABLE stock (id int NOT NULL PRIMARY KEY, item int NOT NULL, qty int NOT NULL)")
    clients[0].run("CREATE INDEX by_item ON stock (item) INCLUDE (qty)")
    values = ", ".join(f"({number}, {number * 10}, 0)" for number in range(SESSIONS))
    clients[0].run(f"INSERT stock VALUES {values}")
    clients[0].run("CREATE TABLE arrival (n int IDENTITY PRIMARY KEY, who int)")
    return clients


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize(
    "work",
    [
        "UPDATE stock SET qty += 1 WHERE id = {0}",
        "UPDATE stock SET qty += 1, item += 1 WHERE id = {0}",
        "SELECT qty FROM stock WITH (UPDLOCK) WHERE id = {0}; UPDATE stock SET qty += 1 WHERE id = {0}",
        "DELETE stock WHERE id = {0}",
        "INSERT stock VALUES ({0} + 100, {0}, 0)",
        "MERGE stock AS t USING (VALUES ({0})) AS s (id) ON t.id = s.id WHEN MATCHED THEN UPDATE SET qty += 1;",
    ],
)
def test_nobody_waits_on_rows_of_their_own(engine: Any, crowd: Any, level: str, work: str) -> None:
    before = engine.instance.locks.statistics.waits.total()
    for client in crowd:
        client.run(f"SET TRANSACTION ISOLATION LEVEL {level}; BEGIN TRAN")
    pending = [client.spawn(work.format(number)) for number, client in enumerate(crowd)]
    engine.instance.scheduler.run()
    assert [item.error_numbers for item in pending if item.done] == [[]] * SESSIONS
    for client in crowd:
        client.run("COMMIT")
    assert engine.instance.locks.statistics.waits.total() == before


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize(
    "work",
    [
        "UPDATE stock SET qty += 1 WHERE id = 5",
        "UPDATE stock SET qty += 1 WHERE item = 50",
        "SELECT qty FROM stock WITH (UPDLOCK) WHERE id = 5; UPDATE stock SET qty += 1 WHERE id = 5",
    ],
)
def test_on_one_row_everybody_goes_in_the_order_of_arrival(engine: Any, crowd: Any, level: str, work: str) -> None:
    holder = engine.client()
    holder.run("BEGIN TRAN; UPDATE stock SET qty = 0 WHERE id = 5")
    order = [3, 1, 4, 0, 9, 2, 6, 5, 8, 7]
    pending = [
        crowd[number].start(
            f"SET TRANSACTION ISOLATION LEVEL {level}; BEGIN TRAN; {work}; INSERT arrival (who) VALUES ({number}); COMMIT"
        )
        for number in order
    ]
    assert not any(item.done for item in pending)
    holder.run("COMMIT")
    assert all(item.done for item in pending)
    assert [error for item in pending for error in item.error_numbers] == []
    assert [who for (who,) in holder.query("SELECT who FROM arrival ORDER BY n")] == order
    assert holder.query("SELECT qty FROM stock WHERE id = 5") == [(SESSIONS,)]
