"""Views of what has been run and used: their numbers are counted.

Pages sys.dm_db_index_usage_stats, sys.dm_exec_procedure_stats, sys.dm_exec_query_stats, sys.dm_exec_sql_text,
sys.dm_exec_input_buffer, sys.dm_os_wait_stats, sys.dm_db_partition_stats of the documentation.
"""

from __future__ import annotations

from typing import Any

import pytest

USAGE = """
    SELECT index_id, user_seeks, user_scans, user_lookups, user_updates FROM sys.dm_db_index_usage_stats
    WHERE object_id = OBJECT_ID('dbo.used') ORDER BY index_id
"""


@pytest.fixture
def used(client: Any) -> Any:
    client.run("CREATE TABLE dbo.used (id int PRIMARY KEY, part int, name varchar(9))")
    client.run("CREATE INDEX part ON dbo.used (part)")
    return client


@pytest.mark.parametrize(
    ("statement", "base", "index"),
    [
        ("SELECT name FROM used WHERE id = 1", (1, 0, 0, 0), None),
        ("SELECT name FROM used", (0, 1, 0, 0), None),
        ("SELECT name FROM used WHERE part = 1", (0, 0, 1, 0), (1, 0, 0, 0)),
        ("SELECT part FROM used WHERE part = 1", None, (1, 0, 0, 0)),
        ("IF EXISTS (SELECT * FROM used WHERE id = 1) SELECT 1", (1, 0, 0, 0), None),
        ("INSERT used VALUES (7, 7, 'x'), (8, 8, 'y')", (0, 0, 0, 1), (0, 0, 0, 1)),
        ("UPDATE used SET name = 'z' WHERE id = 1", (1, 0, 0, 1), None),
        ("UPDATE used SET part = 2 WHERE id = 1", (1, 0, 0, 1), (0, 0, 0, 1)),
        ("DELETE used WHERE id = 1", (1, 0, 0, 1), (0, 0, 0, 1)),
    ],
)
def test_an_execution_counts_once_for_each_index_it_uses(
    used: Any, statement: str, base: tuple[int, ...] | None, index: tuple[int, ...] | None
) -> None:
    used.run(statement)
    expected = [(number, *counts) for number, counts in ((1, base), (2, index)) if counts is not None]
    assert used.query(USAGE) == expected


def test_the_latest_use_has_its_time(used: Any) -> None:
    used.run("SELECT name FROM used WHERE id = 1")
    times = "last_user_seek, last_user_scan FROM sys.dm_db_index_usage_stats WHERE object_id = OBJECT_ID('used')"
    assert used.query(f"SELECT {times}") == [(used.value("GETDATE()"), None)]


def test_calls_of_a_procedure_are_counted_with_the_time_they_take(client: Any) -> None:
    client.run("CREATE PROCEDURE dbo.slow AS WAITFOR DELAY '00:00:02'")
    client.run("EXEC dbo.slow")
    client.run("EXEC dbo.slow")
    columns = "execution_count, total_elapsed_time, last_elapsed_time, max_elapsed_time"
    text = f"SELECT {columns} FROM sys.dm_exec_procedure_stats WHERE object_id = OBJECT_ID('dbo.slow')"
    assert client.query(text) == [(2, 4_000_000, 2_000_000, 2_000_000)]


def test_a_batch_is_found_with_its_text_by_its_handle(client: Any) -> None:
    text = "SELECT 'to be found' AS x"
    client.run(text)
    client.run(text)
    found = client.query(
        "SELECT s.execution_count, t.text FROM sys.dm_exec_query_stats s"
        " CROSS APPLY sys.dm_exec_sql_text(s.plan_handle) t WHERE t.text LIKE 'SELECT ''to be%'"
    )
    assert found == [(2, text)]


def test_the_input_buffer_is_what_was_sent(client: Any) -> None:
    text = "SELECT event_type, event_info FROM sys.dm_exec_input_buffer(@@SPID, NULL)"
    assert client.query(text) == [("Language Event", text)]
    assert client.query("SELECT * FROM sys.dm_exec_input_buffer(999, NULL)") == []


def test_waits_are_counted_by_kind_and_session(client: Any) -> None:
    other = type(client)(client.instance.open_session())
    client.run("CREATE TABLE dbo.held (id int PRIMARY KEY); INSERT dbo.held VALUES (1)")
    client.run("BEGIN TRAN; UPDATE dbo.held SET id = 1")
    waiting = other.start("UPDATE dbo.held SET id = 1")
    client.run("WAITFOR DELAY '00:00:03'; COMMIT")
    assert waiting.task.done
    ((kind, count, longest),) = client.query(
        "SELECT wait_type, waiting_tasks_count, max_wait_time_ms FROM sys.dm_os_wait_stats"
        " WHERE wait_type LIKE 'LCK%' AND waiting_tasks_count > 0"
    )
    assert (kind, count, longest) == ("LCK_M_U", 1, 3000)
    assert client.query(
        f"SELECT wait_time_ms FROM sys.dm_exec_session_wait_stats WHERE session_id = {other.session.spid}"
    ) == [(3000,)]
    waits = "SUM(row_lock_wait_count), SUM(row_lock_wait_in_ms)"
    stats = "sys.dm_db_index_operational_stats(DB_ID(), OBJECT_ID('dbo.held'), NULL, NULL)"
    assert client.query(f"SELECT {waits} FROM {stats}") == [(1, 3000)]


def test_partitions_count_their_rows(used: Any) -> None:
    used.run("INSERT used VALUES (1, 1, 'a'), (2, 2, 'b')")
    assert used.query(
        "SELECT index_id, row_count FROM sys.dm_db_partition_stats WHERE object_id = OBJECT_ID('used') ORDER BY 1"
    ) == [(1, 2), (2, 2)]


def test_functions_of_sys_need_their_schema_unless_they_are_called_fn(client: Any) -> None:
    assert client.fails("SELECT * FROM dm_exec_sql_text(0x)").number == 208
    assert client.query("SELECT * FROM fn_get_sql(0x)") == []
    assert client.fails("SELECT * FROM sys.dm_exec_sql_text()").number == 313


def test_a_request_is_found_with_the_statement_that_it_is_at(client: Any) -> None:
    other = type(client)(client.instance.open_session())
    client.run("CREATE PROCEDURE dbo.long_one AS SELECT 1; WAITFOR DELAY '01:00'; SELECT 2")
    waiting = client.start("EXEC dbo.long_one")
    text = """SELECT OBJECT_NAME(t.objectid), SUBSTRING(t.text, r.statement_start_offset / 2 + 1,
            (r.statement_end_offset - r.statement_start_offset) / 2 + 1)
        FROM sys.dm_exec_requests r CROSS APPLY sys.dm_exec_sql_text(r.sql_handle) t WHERE r.session_id = """
    found = other.start(text + str(client.session.spid))
    assert [list(row) for row in found.sink.result_sets[0].rows] == [["long_one", "WAITFOR DELAY '01:00'"]]
    assert not waiting.task.done
