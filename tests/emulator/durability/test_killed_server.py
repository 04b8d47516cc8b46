"""The server dies at random moments under load: what it acknowledged is there once, the rest as a whole or not at all.

LOCKSTEP_KILLS says how often (default 2).
"""

from __future__ import annotations

import os
import random
import re
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from harness.connection import EmulatorProcess, Session, SqlServerError, Target, connect, open_session
from harness.deploy import deploy
from tests.database.calls import Call
from tests.database.concurrency.work import seeded_calls
from tests.database.warehouse import Warehouse

ROOT = Path(__file__).parents[3]
KILLS = int(os.environ.get("LOCKSTEP_KILLS", "2"))
CLIENTS = 4
CALLS = 400
PASSWORD = {"LOCKSTEP_EMULATOR_PASSWORD": "Known-1"}


class Caller(threading.Thread):
    """A client that makes its calls until its server dies; how many it began, and how many were acknowledged."""

    def __init__(self, target: Target, calls: Sequence[Call], progress: threading.Semaphore) -> None:
        super().__init__()
        self.calls = calls
        self.begun = self.acknowledged = 0
        self.failure: Exception | None = None
        self._target = target
        self._progress = progress

    def run(self) -> None:
        try:
            with open_session(self._target) as session:
                for call in self.calls:
                    self.begun += 1
                    call(session)
                    self.acknowledged += 1
                    self._progress.release()
        except SqlServerError as error:
            if not error.is_connection_lost:
                self.failure = error


class Definer(threading.Thread):
    """A client that makes tables with a row each; which it began, and which were acknowledged."""

    def __init__(self, target: Target, first: int) -> None:
        super().__init__()
        self.begun: list[int] = []
        self.acknowledged: list[int] = []
        self._target = target
        self._first = first

    def run(self) -> None:
        try:
            with open_session(self._target) as session:
                for number in range(self._first, self._first + 1000):
                    self.begun.append(number)
                    session.execute(
                        f"BEGIN TRAN; CREATE TABLE dbo.made_{number} (a int PRIMARY KEY, b AS a * 2);"
                        f" INSERT dbo.made_{number} (a) VALUES ({number}); COMMIT;"
                    )
                    self.acknowledged.append(number)
        except SqlServerError:
            return


def replayed(calls: Sequence[Call], session: Session) -> list[bool]:
    return [call(session).replayed for call in calls]


@pytest.mark.timeout(120 * KILLS)
def test_a_server_killed_at_any_moment_keeps_what_it_acknowledged(tmp_path: Path) -> None:
    """Some servers die while they start, and most while a checkpoint is being written: the log is small."""
    options = ("--data", str(tmp_path / "data"), "--checkpoint-size", "0.3")
    with EmulatorProcess(options=options[:2]) as first:
        deploy(first.target)
        with open_session(first.target) as session:
            warehouse = Warehouse(first.target, session)
            warehouse.lay_out()
            warehouse.add_lot("LOT-1", "K-01", 100000)
            warehouse.execute("UPDATE dbo.LotMaster SET QtyOnHand = 100000;")
            warehouse.change("UPDATE dbo.cust_BulkPicked SET ToPickedBulkQty = 10000 WHERE LineId IN (1, 2);")
        first.kill()
    for seed in range(KILLS):
        chance = random.Random(seed)
        begun = [seeded_calls(seed * CLIENTS + number, CALLS) for number in range(CLIENTS)]
        progress = threading.Semaphore(0)
        with EmulatorProcess(options=options) as server:
            clients = [Caller(server.target, calls, progress) for calls in begun]
            definer = Definer(server.target, seed * 1000)
            for client in (*clients, definer):
                client.start()
            for _ in range(chance.randrange(5, 120)):
                progress.acquire()
            server.kill()
            for client in (*clients, definer):
                client.join()
        assert [client.failure for client in clients] == [None] * CLIENTS, f"seed {seed}"
        for _ in range(chance.randrange(3)):
            die_while_starting(options, chance.uniform(0, 1))
        check(options, clients, definer, seed)


def die_while_starting(options: Sequence[str], seconds: float) -> None:
    command = [sys.executable, "-m", "emulator", "--port", "0", *options]
    with subprocess.Popen(command, cwd=ROOT, env={**os.environ, **PASSWORD}, stderr=subprocess.DEVNULL) as process:
        time.sleep(seconds)  # where it is hit does not matter, only that it varies
        process.kill()


def check(options: Sequence[str], clients: Sequence[Caller], definer: Definer, seed: int) -> None:
    with EmulatorProcess(options=options) as server, open_session(server.target) as session:
        warehouse = Warehouse(server.target, session)
        assert warehouse.findings() == [], f"seed {seed}"
        for client in clients:
            assert all(replayed(client.calls[: client.acknowledged], session)), f"seed {seed}"
            replayed(client.calls[client.acknowledged : client.begun], session)
        done = Counter(str(row["RequestId"]).lower() for row in warehouse.operations() if row["Outcome"] == "DONE")
        for client in clients:
            assert [done[str(call.request_id)] for call in client.calls[: client.begun]] == [1] * client.begun
        assert max(done.values()) == 1
        assert warehouse.findings() == [], f"seed {seed}"
        made = {
            int(name[5:]) for (name,) in session.execute("SELECT name FROM sys.tables WHERE name LIKE 'made%'").rows
        }
        made = {number for number in made if number >= seed * 1000}
        assert set(definer.acknowledged) <= made <= set(definer.begun), f"seed {seed}"
        for number in made:
            (row,) = session.execute(f"SELECT a, b FROM dbo.made_{number}").rows
            assert tuple(row) == (number, number * 2)


# How a server starts and stops


class Server:
    """A process, with what it says."""

    def __init__(self, data: Path, *options: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "emulator", "--port", "0", "--no-tls", "--data", str(data), *options],
            cwd=ROOT,
            env={**os.environ, **PASSWORD},
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stderr is not None
        self.said = [self.process.stderr.readline(), self.process.stderr.readline()]
        found = re.search(r"127\.0\.0\.1:(\d+)", self.said[1])
        self.port = int(found[1]) if found else 0

    @property
    def target(self) -> Target:
        return Target.for_server(host="127.0.0.1", port=self.port, user="sa", password="Known-1", database="lockstep")

    def end(self, number: int = signal.SIGTERM) -> int:
        if self.process.poll() is None:
            self.process.send_signal(number)
        _, rest = self.process.communicate(timeout=30)
        self.said += rest.splitlines(keepends=True)
        return self.process.returncode


def run(target: Target, text: str) -> list[tuple[object, ...]]:
    with closing(connect(target)) as connection:
        found = connection.execute(text)
        return [tuple(row) for row in found.fetchall()] if found.description else []


def test_the_banner_says_where_data_is_kept_and_a_signal_leaves_a_checkpoint(tmp_path: Path) -> None:
    server = Server(tmp_path / "data")
    assert f"data is kept in {tmp_path / 'data'}." in server.said[0]
    run(server.target, "CREATE TABLE dbo.t (a int); INSERT dbo.t VALUES (7);")
    assert server.end() == 0
    assert sorted(entry.name[:10] for entry in (tmp_path / "data").iterdir()) == ["checkpoint", "lock", "log-000000"]
    again = Server(tmp_path / "data")
    assert run(again.target, "SELECT a FROM dbo.t") == [(7,)]
    assert again.end(signal.SIGINT) == 0


@pytest.mark.parametrize(("statement", "checkpoints"), [("SHUTDOWN", 1), ("SHUTDOWN WITH NOWAIT", 0)])
def test_shutdown_ends_the_server_with_a_checkpoint_unless_it_is_not_to_wait(
    tmp_path: Path, statement: str, checkpoints: int
) -> None:
    server = Server(tmp_path / "data")
    run(server.target, "CREATE TABLE dbo.t (a int)")
    with closing(connect(server.target)) as connection:
        connection.execute(statement)
    assert server.process.wait(30) == 0
    assert len(list((tmp_path / "data").glob("checkpoint-*"))) == checkpoints
    again = Server(tmp_path / "data")
    assert run(again.target, "SELECT OBJECT_ID('dbo.t')") != [(None,)]
    again.end()


def test_checkpoint_returns_when_one_has_been_written(tmp_path: Path) -> None:
    server = Server(tmp_path / "data")
    run(server.target, "CREATE TABLE dbo.t (a int)")
    run(server.target, "CHECKPOINT")
    assert [entry.name for entry in (tmp_path / "data").glob("checkpoint-*")] == ["checkpoint-00000002"]
    server.end()


def test_a_second_server_on_the_directory_says_who_has_it(tmp_path: Path) -> None:
    server = Server(tmp_path / "data")
    second = Server(tmp_path / "data")
    assert second.end() == 1
    assert second.said[0] == (
        f"emulator: {tmp_path / 'data'} is in use by another emulator (process {server.process.pid})\n"
    )
    server.end()


def test_damaged_data_is_one_clear_line(tmp_path: Path) -> None:
    server = Server(tmp_path / "data")
    server.end(signal.SIGKILL)
    log = tmp_path / "data" / "log-00000001"
    log.write_bytes(log.read_bytes().replace(b"lockstep", b"lockstop"))
    again = Server(tmp_path / "data")
    assert again.end() == 1
    assert re.fullmatch(rf"emulator: {log} is damaged at byte \d+ \(line 2\): restore .*\n", "".join(again.said))
