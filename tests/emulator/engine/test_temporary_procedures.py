"""Temporary procedures ("CREATE PROCEDURE": #procedure, ##procedure) and when global temporary objects end."""

from __future__ import annotations

from typing import Any


def test_a_local_one_is_its_sessions_alone(engine: Any) -> None:
    one, two = engine.clients(2)
    one.run("CREATE PROCEDURE #p @n int AS SELECT @n + 1")
    assert two.fails("EXEC #p 1").number == 2812
    two.run("CREATE PROCEDURE #p AS SELECT 'other'")
    assert (one.query("EXEC #p 1"), two.query("EXEC #p")) == ([(2,)], [("other",)])
    assert one.query("SELECT COUNT(*) FROM sys.procedures") == [(0,)]
    assert one.value("IIF(OBJECT_ID('tempdb..#p') IS NULL, 0, 1)") == 1


def test_one_plan_calls_the_procedure_of_each_session(engine: Any) -> None:
    one, two = engine.clients(2)
    for number, client in enumerate((one, two)):
        client.run(f"CREATE PROCEDURE #p AS SELECT {number}")
    assert [client.query("EXEC #p") for client in (one, two, one)] == [[(0,)], [(1,)], [(0,)]]


def test_it_is_altered_and_dropped(client: Any) -> None:
    assert client.fails("ALTER PROCEDURE #p AS SELECT 1").number == 208
    client.run("CREATE PROCEDURE #p AS SELECT 1")
    assert client.fails("CREATE PROCEDURE #p AS SELECT 2").number == 2714
    client.run("ALTER PROCEDURE #p AS SELECT 3")
    assert client.query("EXEC #p") == [(3,)]
    client.run("CREATE OR ALTER PROCEDURE #p AS SELECT 4")
    assert client.query("EXEC #p") == [(4,)]
    client.run("DROP PROCEDURE #p")
    assert client.fails("EXEC #p").number == 2812
    assert client.fails("DROP PROCEDURE #p").number == 3701
    client.run("DROP PROCEDURE IF EXISTS #p")


def test_a_rollback_takes_it_back(client: Any) -> None:
    client.run("BEGIN TRAN")
    client.run("CREATE PROCEDURE #p AS SELECT 1")
    client.run("ROLLBACK")
    assert client.fails("EXEC #p").number == 2812
    client.run("CREATE PROCEDURE #p AS SELECT 1")
    client.run("BEGIN TRAN; DROP PROCEDURE #p; ROLLBACK")
    assert client.query("EXEC #p") == [(1,)]


def test_it_ends_with_its_session_and_when_the_session_is_reset(client: Any) -> None:
    client.run("CREATE PROCEDURE #p AS SELECT 1")
    client.session.reset(keep_transaction=False)
    assert client.fails("EXEC #p").number == 2812


def test_a_global_one_is_for_all_until_its_session_ends(engine: Any) -> None:
    one, two = engine.clients(2)
    one.run("CREATE PROCEDURE ##p AS SELECT 1")
    assert two.query("EXEC ##p") == [(1,)]
    assert two.fails("CREATE PROCEDURE ##p AS SELECT 2").number == 2714
    one.session.close()
    assert two.fails("EXEC ##p").number == 2812


def test_a_global_table_ends_with_the_session_that_made_it(engine: Any) -> None:
    one, two = engine.clients(2)
    one.run("CREATE TABLE ##t (a int)")
    two.run("INSERT ##t VALUES (1)")
    two.session.reset(keep_transaction=False)
    assert one.query("SELECT a FROM ##t") == [(1,)]
    one.session.close()
    assert two.fails("SELECT a FROM ##t").number == 208
