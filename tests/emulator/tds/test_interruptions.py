"""Sessions that vanish, are killed, cancel or run out of time while they wait or work: what becomes of their locks and
transactions, what their clients are told, and that those behind them go on. Runs on SQL Server too.

Documentation: "KILL (Transact-SQL)", "SET LOCK_TIMEOUT", "SET XACT_ABORT", "Connection pooling" (sp_reset_connection).
"""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pyodbc
import pytest

from harness.connection import Target, connect
from harness.scenarios.waits import lock_waits
from tests.database.concurrency.relay import Relay

PATIENCE_SECONDS = 30
LINK_FAILURE = ("08S01", "08007", "HY000")
"""What a client is told whose connection is gone; after error 596 the driver has no more to say."""
RESET_CONNECTION, YES = 116, 1
"""SQL_ATTR_RESET_CONNECTION, which the driver manager's pool sets before it hands a connection on."""
WAITING_CLIENT = """
import sys, pyodbc
connection = pyodbc.connect(sys.stdin.readline().strip(), autocommit=True)
print(connection.execute("SELECT @@SPID;").fetchval(), flush=True)
connection.execute("BEGIN TRAN; UPDATE dbo.shelf SET n = 2 WHERE id = 2; UPDATE dbo.shelf SET n = 1 WHERE id = 1;")
"""


class Player:
    """A session. ``start`` runs a batch in a thread of its own, ``end`` returns its rows or its error."""

    def __init__(self, target: Target) -> None:
        self.connection = connect(target)
        self.number: int = self.connection.execute("SELECT @@SPID;").fetchval()
        self._outcome: Any = None

    def run(self, text: str) -> Any:
        """The rows of a batch, or its error."""
        self.start(text)
        return self.end()

    def start(self, text: str) -> None:
        self.cursor = self.connection.cursor()
        self._thread = threading.Thread(target=self._play, args=(text,))
        self._thread.start()

    def end(self) -> Any:
        self._thread.join(PATIENCE_SECONDS)
        assert not self._thread.is_alive()
        return self._outcome

    def _play(self, text: str) -> None:
        try:
            self.cursor.execute(text)
            rows = None
            while True:
                rows = [tuple(row) for row in self.cursor.fetchall()] if self.cursor.description else rows
                if not self.cursor.nextset():
                    break
            self._outcome = rows
        except pyodbc.Error as error:
            self._outcome = error


class Shelf:
    """A table of three rows, the sessions that use it, and one that looks on."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self.watcher = connect(target)
        self.watcher.execute("DROP TABLE IF EXISTS dbo.shelf; CREATE TABLE dbo.shelf (id int PRIMARY KEY, n int);")
        self.watcher.execute("DROP TABLE IF EXISTS dbo.many; CREATE TABLE dbo.many (id int PRIMARY KEY);")
        self.watcher.execute(
            "INSERT dbo.many SELECT TOP (2000) ROW_NUMBER() OVER (ORDER BY object_id) FROM sys.all_columns;"
        )
        self.watcher.execute("INSERT dbo.shelf VALUES (1, 0), (2, 0), (3, 0);")
        self.players: list[Player] = []

    def player(self, target: Target | None = None) -> Player:
        made = Player(target or self.target)
        self.players.append(made)
        return made

    def await_waiting(self, number: int) -> None:
        """Return when the session waits for a lock."""
        self._until(lambda: number in lock_waits(self.watcher))

    def await_gone(self, number: int) -> None:
        """Return when there is no such session."""
        self._until(lambda: not self._shown("sys.dm_exec_sessions", "session_id", number))

    def await_running(self, number: int) -> None:
        """Return when the session runs something."""
        self._until(lambda: bool(self._shown("sys.dm_exec_requests", "session_id", number)))

    def locks(self, number: int) -> int:
        """How many locks on the table and its rows the session holds."""
        text = (
            "SELECT COUNT(*) FROM sys.dm_tran_locks WHERE request_session_id = ? AND resource_type IN ('KEY', 'OBJECT')"
        )
        return int(self.watcher.execute(text, number).fetchval())

    def rows(self) -> list[int]:
        return [n for (n,) in self.watcher.execute("SELECT n FROM dbo.shelf WITH (NOLOCK) ORDER BY id;").fetchall()]

    def _shown(self, view: str, column: str, number: int) -> int:
        return int(self.watcher.execute(f"SELECT COUNT(*) FROM {view} WHERE {column} = ?", number).fetchval())

    def _until(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not condition():
            assert time.monotonic() < deadline

    def close(self) -> None:
        for player in self.players:
            with closing(player.connection):
                pass
        self.watcher.execute("DROP TABLE dbo.shelf, dbo.many;")
        self.watcher.close()


@pytest.fixture
def shelf(target: Target) -> Iterator[Shelf]:
    with closing(Shelf(target)) as made:
        yield made


def blocked(shelf: Shelf, waiter: Player, setting: str = "SET XACT_ABORT OFF;") -> tuple[Player, Player]:
    """A holder of row 1, for which ``waiter`` waits with row 2 in its hands, and one behind, who waits for row 2."""
    holder, behind = shelf.player(), shelf.player()
    holder.run("BEGIN TRAN; UPDATE dbo.shelf SET n = 7 WHERE id = 1;")
    waiter.run(f"{setting} BEGIN TRAN; UPDATE dbo.shelf SET n = 2 WHERE id = 2;")
    waiter.start("UPDATE dbo.shelf SET n = 1 WHERE id = 1;")
    shelf.await_waiting(waiter.number)
    behind.start("UPDATE dbo.shelf SET n = 9 WHERE id = 2;")
    shelf.await_waiting(behind.number)
    return holder, behind


# --- Clients that vanish ----------------------------------------------------------------------------------------------


def test_a_client_whose_connection_breaks_while_it_waits_leaves_nothing(shelf: Shelf) -> None:
    with Relay(shelf.target) as relay:
        waiter = shelf.player(relay.target)
        holder, behind = blocked(shelf, waiter)
        relay.cut()
        assert isinstance(waiter.end(), pyodbc.Error)
        assert behind.end() is None
    shelf.await_gone(waiter.number)
    assert shelf.locks(waiter.number) == 0
    assert shelf.rows() == [7, 9, 0]
    holder.run("ROLLBACK;")
    assert shelf.rows() == [0, 9, 0]


def test_a_process_killed_while_it_waits_leaves_nothing(shelf: Shelf) -> None:
    holder, behind = shelf.player(), shelf.player()
    holder.run("BEGIN TRAN; UPDATE dbo.shelf SET n = 7 WHERE id = 1;")
    command = [sys.executable, "-c", WAITING_CLIENT]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as client:
        assert client.stdin is not None
        assert client.stdout is not None
        client.stdin.write(shelf.target.connection_string.text() + "\n")
        client.stdin.flush()
        number = int(client.stdout.readline())
        shelf.await_waiting(number)
        behind.start("UPDATE dbo.shelf SET n = 9 WHERE id = 2;")
        shelf.await_waiting(behind.number)
        client.kill()
        assert behind.end() is None
    shelf.await_gone(number)
    assert shelf.rows() == [7, 9, 0]


# --- KILL -------------------------------------------------------------------------------------------------------------


def assert_killed(shelf: Shelf, victim: Player) -> None:
    """Its client hears of it, and cannot go on; nothing is left of it on the server."""
    error = victim.end()
    assert isinstance(error, pyodbc.Error)
    assert error.args[0] in LINK_FAILURE
    again = victim.run("SELECT 1;")
    assert isinstance(again, pyodbc.Error)
    assert again.args[0] in LINK_FAILURE
    shelf.await_gone(victim.number)
    assert shelf.locks(victim.number) == 0


def test_a_session_that_waits_can_be_killed(shelf: Shelf) -> None:
    victim = shelf.player()
    holder, behind = blocked(shelf, victim)
    shelf.watcher.execute(f"KILL {victim.number};")
    assert_killed(shelf, victim)
    assert behind.end() is None
    assert shelf.rows() == [7, 9, 0]
    holder.run("ROLLBACK;")


@pytest.mark.parametrize(
    "work",
    [
        "DECLARE @n int = 0; WHILE 1 = 1 SET @n = (@n + 1) % 1000;",
        "SELECT COUNT_BIG(*) FROM dbo.many AS a CROSS JOIN dbo.many AS b CROSS JOIN dbo.many AS c;",
        "SELECT COUNT_BIG(*) FROM sys.all_columns AS a CROSS JOIN sys.all_columns AS b CROSS JOIN sys.all_columns c;",
        "SELECT COUNT_BIG(*) FROM dbo.many AS a LEFT JOIN dbo.many AS b ON a.id <> -b.id"
        " LEFT JOIN dbo.many AS c ON 1 = 1;",
        "WITH numbers AS (SELECT 1 AS n UNION ALL SELECT n % 9 + 1 FROM numbers)"
        " SELECT COUNT_BIG(*) FROM numbers OPTION (MAXRECURSION 0);",
        "WAITFOR DELAY '01:00';",
    ],
    ids=["a loop", "a scan", "a scan of a view of the system", "an outer join", "a recursion", "a delay"],
)
def test_a_session_that_works_can_be_killed(shelf: Shelf, work: str) -> None:
    victim, behind = shelf.player(), shelf.player()
    victim.run("BEGIN TRAN; UPDATE dbo.shelf SET n = 5 WHERE id = 3;")
    victim.start(work)
    shelf.await_running(victim.number)
    behind.start("UPDATE dbo.shelf SET n += 1 WHERE id = 3;")
    shelf.await_waiting(behind.number)
    shelf.watcher.execute(f"KILL {victim.number};")
    assert_killed(shelf, victim)
    assert behind.end() is None
    assert shelf.rows() == [0, 0, 1]


def test_a_session_that_does_nothing_can_be_killed(shelf: Shelf) -> None:
    victim, behind = shelf.player(), shelf.player()
    victim.run("BEGIN TRAN; UPDATE dbo.shelf SET n = 5 WHERE id = 3;")
    behind.start("UPDATE dbo.shelf SET n += 1 WHERE id = 3;")
    shelf.await_waiting(behind.number)
    shelf.watcher.execute(f"KILL {victim.number};")
    assert behind.end() is None
    error = victim.run("SELECT 1;")
    assert isinstance(error, pyodbc.Error)
    assert error.args[0] in LINK_FAILURE
    assert shelf.rows() == [0, 0, 1]


# --- Giving up --------------------------------------------------------------------------------------------------------

GIVING_UP = pytest.mark.parametrize("way", ["cancel", "query timeout"])
STATE = "SELECT @@TRANCOUNT, XACT_STATE();"


def give_up(shelf: Shelf, waiter: Player, way: str) -> None:
    """Let the waiting request end by its client's wish."""
    if way == "cancel":
        waiter.cursor.cancel()
    error = waiter.end()
    assert isinstance(error, pyodbc.Error)
    assert error.args[0] == ("HY008" if way == "cancel" else "HYT00")


@GIVING_UP
def test_a_wait_that_is_given_up_leaves_the_transaction_open(shelf: Shelf, way: str) -> None:
    """An attention ends the batch and, without XACT_ABORT, nothing else."""
    waiter = shelf.player()
    waiter.connection.timeout = 0 if way == "cancel" else 1
    holder, behind = blocked(shelf, waiter)
    give_up(shelf, waiter, way)
    assert waiter.run(STATE) == [(1, 1)]
    assert behind.number in lock_waits(shelf.watcher)
    holder.run("COMMIT;")
    waiter.run("COMMIT;")
    assert behind.end() is None
    assert shelf.rows() == [7, 9, 0]


@GIVING_UP
def test_a_wait_that_is_given_up_rolls_back_with_xact_abort(shelf: Shelf, way: str) -> None:
    waiter = shelf.player()
    waiter.connection.timeout = 0 if way == "cancel" else 1
    holder, behind = blocked(shelf, waiter, "SET XACT_ABORT ON;")
    give_up(shelf, waiter, way)
    assert behind.end() is None
    assert waiter.run(STATE) == [(0, 0)]
    assert shelf.locks(waiter.number) == 0
    assert shelf.rows() == [7, 9, 0]
    holder.run("ROLLBACK;")


@pytest.mark.parametrize(("xact_abort", "state"), [("OFF", (1, 1)), ("ON", (0, 0))])
def test_a_lock_timeout_ends_the_statement_or_with_xact_abort_the_transaction(
    shelf: Shelf, xact_abort: str, state: tuple[int, int]
) -> None:
    waiter = shelf.player()
    holder, behind = blocked(shelf, waiter, f"SET XACT_ABORT {xact_abort}; SET LOCK_TIMEOUT 2000;")
    error = waiter.end()
    assert isinstance(error, pyodbc.Error)
    assert "(1222)" in error.args[1]
    assert waiter.run(STATE) == [state]
    if xact_abort == "OFF":
        waiter.run("COMMIT;")
    assert behind.end() is None
    assert shelf.rows() == [7, 9, 0]
    holder.run("ROLLBACK;")


# --- Connections that are handed on -----------------------------------------------------------------------------------


def test_a_connection_that_a_pool_hands_on_gives_its_locks_back(shelf: Shelf) -> None:
    pooled, behind = shelf.player(), shelf.player()
    pooled.run("SET XACT_ABORT ON; SET LOCK_TIMEOUT 1000; BEGIN TRAN; UPDATE dbo.shelf SET n = 5 WHERE id = 3;")
    pooled.run("EXEC sp_getapplock 'shelf', 'Exclusive', 'Session'; CREATE TABLE #own (id int);")
    behind.start("UPDATE dbo.shelf SET n += 1 WHERE id = 3;")
    shelf.await_waiting(behind.number)
    pooled.connection.set_attr(RESET_CONNECTION, YES)
    assert pooled.run("SELECT @@TRANCOUNT, @@LOCK_TIMEOUT, OBJECT_ID('tempdb..#own'), @@SPID;") == [
        (0, -1, None, pooled.number)
    ]
    assert behind.end() is None
    assert shelf.rows() == [0, 0, 1]
    assert behind.run("DECLARE @r int; EXEC @r = sp_getapplock 'shelf', 'Exclusive', 'Session', 0; SELECT @r;") == [
        (0,)
    ]
    behind.run("EXEC sp_releaseapplock 'shelf', 'Session';")
