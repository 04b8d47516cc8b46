"""Filtered indexes. Documentation: "Create filtered indexes", section "Filtered index design considerations"."""

from __future__ import annotations

import pytest


@pytest.fixture
def tasks(db):
    db.run(
        """
        CREATE TABLE dbo.task (
            id int NOT NULL CONSTRAINT pk_task PRIMARY KEY,
            state varchar(10) NOT NULL, worker int NULL, prio int NOT NULL
        );
        CREATE INDEX ix_open ON dbo.task (prio) INCLUDE (state) WHERE state = 'open';
        CREATE UNIQUE INDEX ix_worker ON dbo.task (worker) WHERE worker IS NOT NULL;
        CREATE INDEX ix_high ON dbo.task (prio, state) WHERE prio >= 6 AND state <> 'done';
        INSERT INTO dbo.task VALUES (1, 'open', NULL, 1), (2, 'done', NULL, 9), (3, 'open', 7, 5), (4, 'held', 8, 7)
        """
    )
    return db


def indexes(locks):
    return {lock.split()[1] for lock in locks if lock.startswith("S ")}


@pytest.mark.parametrize(
    ("where", "index", "rows"),
    [
        ("state = 'open' AND prio = 5", "dbo.task.ix_open", [3]),
        ("state = 'OPEN' AND prio > 0", "dbo.task.ix_open", [1, 3]),
        ("state IN ('open') AND prio > 0", "dbo.task.ix_open", [1, 3]),
        ("worker = 7", "dbo.task.ix_worker", [3]),
        ("worker IS NOT NULL", "dbo.task.ix_worker", [3, 4]),
        ("prio > 6 AND state <> 'done'", "dbo.task.ix_high", [4]),
        ("prio = 7 AND state = 'held'", "dbo.task.ix_high", [4]),
    ],
)
def test_an_index_is_used_when_the_query_implies_its_filter(tasks, where, index, rows):
    text = f"SELECT id FROM dbo.task WHERE {where}"
    assert sorted(tasks.column(text)) == rows
    assert index in indexes(tasks.locks(text, "REPEATABLE READ"))


@pytest.mark.parametrize(
    "where",
    [
        "prio = 5",
        "state IN ('open', 'held') AND prio = 5",
        "state = 'done' AND prio > 0",
        "worker IS NULL",
        "prio >= 5 AND state <> 'done'",
        "prio > 6 AND state <> 'held'",
    ],
)
def test_an_index_that_may_lack_rows_is_not_used(tasks, where):
    assert indexes(tasks.locks(f"SELECT id FROM dbo.task WHERE {where}", "REPEATABLE READ")) == {"dbo.task.pk_task"}


def test_a_variable_implies_no_constant(tasks):
    text = "DECLARE @s varchar(10) = 'open'; SELECT id FROM dbo.task WHERE state = @s AND prio = 5"
    assert indexes(tasks.locks(text, "REPEATABLE READ")) == {"dbo.task.pk_task"}
    text = "DECLARE @w int = 7; SELECT id FROM dbo.task WHERE worker = @w"
    assert "dbo.task.ix_worker" in indexes(tasks.locks(text, "REPEATABLE READ"))


def test_a_hint_for_a_filtered_index_needs_the_filter(tasks):
    assert tasks.column("SELECT id FROM dbo.task WITH (INDEX (ix_open)) WHERE state = 'open' ORDER BY id") == [1, 3]
    assert tasks.error("SELECT id FROM dbo.task WITH (INDEX (ix_open)) WHERE prio = 5").number == 8622


def test_rows_that_an_update_takes_out_of_the_index_are_all_found(tasks):
    tasks.run("UPDATE dbo.task SET state = 'done' WHERE state = 'open'")
    assert tasks.column("SELECT state FROM dbo.task ORDER BY id") == ["done", "done", "done", "held"]
    assert tasks.rows("SELECT id FROM dbo.task WHERE state = 'open'") == []
