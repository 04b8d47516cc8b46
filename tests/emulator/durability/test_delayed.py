"""Delayed durability: a commit that need not be on the disk when it returns.

Documentation: "Control Transaction Durability", "COMMIT TRANSACTION", "sys.sp_flush_log (Transact-SQL)".
"""

from __future__ import annotations

import pytest

from tests.emulator.durability.conftest import Server

DELAYED = "INSERT dbo.t VALUES (1); COMMIT WITH (DELAYED_DURABILITY = ON)"


def prepared(server: Server, option: str) -> None:
    server.client().run(f"ALTER DATABASE lockstep SET DELAYED_DURABILITY = {option}; CREATE TABLE dbo.t (a int)")


def rows(server: Server) -> list[tuple[object, ...]]:
    return server.client().query("SELECT a FROM dbo.t")


@pytest.mark.parametrize(
    ("option", "text", "kept"),
    [
        ("DISABLED", f"BEGIN TRAN; {DELAYED}", True),
        ("ALLOWED", f"BEGIN TRAN; {DELAYED}", False),
        ("ALLOWED", "BEGIN TRAN; INSERT dbo.t VALUES (1); COMMIT WITH (DELAYED_DURABILITY = OFF)", True),
        ("ALLOWED", "BEGIN TRAN; INSERT dbo.t VALUES (1); COMMIT", True),
        ("ALLOWED", f"BEGIN TRAN; BEGIN TRAN; {DELAYED}; COMMIT", True),
        ("ALLOWED", "INSERT dbo.t VALUES (1)", True),
        ("FORCED", "INSERT dbo.t VALUES (1)", False),
        ("FORCED", "BEGIN TRAN; INSERT dbo.t VALUES (1); COMMIT WITH (DELAYED_DURABILITY = OFF)", False),
    ],
)
def test_the_database_and_the_commit_decide_whether_a_crash_may_lose_it(
    server: Server, option: str, text: str, kept: bool
) -> None:
    prepared(server, option)
    client = server.client()
    client.run(text)
    assert rows(server) == [(1,)]
    server.restart()
    assert rows(server) == ([(1,)] if kept else [])


@pytest.mark.parametrize(
    "text",
    [
        "EXEC sys.sp_flush_log",
        "CREATE TABLE dbo.durable (a int)",
        "ALTER DATABASE lockstep SET DELAYED_DURABILITY = DISABLED; INSERT dbo.t VALUES (2); DELETE dbo.t WHERE a = 2",
        "CHECKPOINT",
    ],
)
def test_what_is_written_later_takes_delayed_commits_along(server: Server, text: str) -> None:
    prepared(server, "FORCED")
    client = server.client()
    client.run("INSERT dbo.t VALUES (1)")
    client.run(text)
    server.restart()
    assert rows(server) == [(1,)]


def test_a_transaction_in_two_databases_is_durable(server: Server) -> None:
    prepared(server, "FORCED")
    client = server.client()
    client.run("CREATE TABLE master.dbo.other (a int)")
    client.run("BEGIN TRAN; INSERT dbo.t VALUES (1); INSERT master.dbo.other VALUES (1); COMMIT")
    server.restart()
    assert rows(server) == [(1,)]


def test_an_orderly_end_writes_delayed_commits(server: Server) -> None:
    prepared(server, "FORCED")
    server.client().run("INSERT dbo.t VALUES (1)")
    server.stop()
    server.start()
    assert rows(server) == [(1,)]


def test_a_flush_succeeds_with_status_1_also_where_nothing_is_kept(server: Server) -> None:
    text = "DECLARE @status int; EXEC @status = sys.sp_flush_log; SELECT @status"
    assert server.client().query(text) == [(1,)]
    server.instance.log = None
    assert server.client().query(text) == [(1,)]
