"""Ten connections at once over the wire: on rows of their own nobody waits, on one row they go in the order of arrival.

"Transaction locking and row versioning guide".
"""

import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing

import pyodbc
import pytest

from harness.connection import Target, connect
from harness.scenarios.waits import lock_waits

SESSIONS = 10
ROUNDS = 20


@pytest.fixture
def crowd(target: Target) -> Iterator[list[pyodbc.Connection]]:
    """Connections, and a table with a row for each; the last one is for watching."""
    with ExitStack() as stack:
        connections = [stack.enter_context(closing(connect(target))) for _ in range(SESSIONS + 1)]
        watcher = connections[-1]
        watcher.execute("DROP TABLE IF EXISTS dbo.crowd, dbo.arrival;")
        watcher.execute("CREATE TABLE dbo.crowd (id int NOT NULL PRIMARY KEY, qty int NOT NULL);")
        watcher.execute("CREATE TABLE dbo.arrival (n int IDENTITY NOT NULL PRIMARY KEY, who int NOT NULL);")
        watcher.execute(f"INSERT dbo.crowd VALUES {', '.join(f'({number}, 0)' for number in range(SESSIONS))};")
        yield connections
        watcher.execute("DROP TABLE dbo.crowd, dbo.arrival;")


def test_nobody_waits_on_rows_of_their_own(crowd: list[pyodbc.Connection]) -> None:
    """With LOCK_TIMEOUT 0 any wait at all would be error 1222."""
    failures: list[pyodbc.Error] = []

    def work(connection: pyodbc.Connection, number: int) -> None:
        try:
            connection.execute("SET LOCK_TIMEOUT 0;")
            for _ in range(ROUNDS):
                connection.execute("BEGIN TRAN; UPDATE dbo.crowd SET qty += 1 WHERE id = ?;", number)
                connection.execute("UPDATE dbo.crowd SET qty += 1 WHERE id = ?; COMMIT;", number)
        except pyodbc.Error as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(crowd[number], number)) for number in range(SESSIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    least, most = crowd[-1].execute("SELECT MIN(qty), MAX(qty) FROM dbo.crowd;").fetchone()
    assert (least, most) == (2 * ROUNDS, 2 * ROUNDS)


def test_on_one_row_everybody_goes_in_the_order_of_arrival(crowd: list[pyodbc.Connection]) -> None:
    watcher = crowd[-1]
    watcher.execute("BEGIN TRAN; UPDATE dbo.crowd SET qty = 0 WHERE id = 5;")
    own = {connection.execute("SELECT @@SPID;").fetchval() for connection in crowd}
    threads = []
    for number in range(SESSIONS):
        text = "BEGIN TRAN; UPDATE dbo.crowd SET qty += 1 WHERE id = 5; INSERT dbo.arrival VALUES (?); COMMIT;"
        thread = threading.Thread(target=crowd[number].execute, args=(text, number))
        thread.start()
        threads.append(thread)
        while len(own & lock_waits(watcher).keys()) <= number:
            pass
    watcher.execute("COMMIT;")
    for thread in threads:
        thread.join()
    arrived = [who for (who,) in watcher.execute("SELECT who FROM dbo.arrival ORDER BY n;").fetchall()]
    assert arrived == list(range(SESSIONS))
    assert watcher.execute("SELECT qty FROM dbo.crowd WHERE id = 5;").fetchval() == SESSIONS
