"""SET STATISTICS IO and TIME. Documentation: the pages of these names."""

from __future__ import annotations

import re
from typing import Any

import pytest


@pytest.fixture
def db(client: Any) -> Any:
    client.run(
        "CREATE TABLE lot (id int PRIMARY KEY, qty int, note char(2000) DEFAULT ''); CREATE TABLE empty (id int)"
    )
    client.run("INSERT lot (id, qty) SELECT value, value FROM GENERATE_SERIES(1, 100)")
    return client


def reads(sink: Any) -> list[tuple[str, int, int]]:
    """Table, scans and logical reads of each message of STATISTICS IO."""
    found = []
    for message in sink.messages:
        if message.number == 3615:
            match = re.match(
                r"Table '(.+)'\. Scan count (\d+), logical reads (\d+), physical reads \d+,", message.message
            )
            assert match is not None
            found.append((match[1], int(match[2]), int(match[3])))
    return found


def test_a_scan_reads_the_pages_of_the_rows_and_a_seek_few(db: Any) -> None:
    db.run("SET STATISTICS IO ON")
    ((table, scans, pages),) = reads(db.run("SELECT COUNT(*) FROM lot"))
    assert (table, scans) == ("lot", 1)
    assert pages > 20
    ((_, scans, few),) = reads(db.run("SELECT qty FROM lot WHERE id = 5"))
    assert scans == 1
    assert few < 5
    assert len(reads(db.run("UPDATE lot SET qty = 0 WHERE id = 5"))) == 1


def test_each_table_of_a_statement_is_told_of_once_temporary_ones_too(db: Any) -> None:
    db.run("SELECT id INTO #copy FROM lot; SET STATISTICS IO ON")
    sink = db.run("SELECT COUNT(*) FROM #copy c JOIN lot ON lot.id = c.id CROSS JOIN empty")
    assert sorted(table for table, _, _ in reads(sink)) == ["#copy", "empty", "lot"]
    assert reads(db.run("DECLARE @n int = (SELECT COUNT(*) FROM empty)"))[0][0] == "empty"


def test_times_are_told_of_the_batch_and_of_each_statement(db: Any) -> None:
    db.run("SET STATISTICS TIME ON")
    sink = db.run("SELECT COUNT(*) FROM lot; SELECT 1")
    assert [message.number for message in sink.messages] == [3613, 3612, 3612]
    assert all(message.severity == 10 for message in sink.messages)
    assert "CPU time = 0 ms,  elapsed time = 0 ms." in sink.messages[1].message


def test_what_is_switched_off_says_nothing(db: Any) -> None:
    db.run("SET STATISTICS IO, TIME ON")
    db.run("SET STATISTICS TIME OFF")
    assert {message.number for message in db.run("SELECT COUNT(*) FROM lot").messages} == {3615}
    db.run("SET STATISTICS IO OFF")
    assert db.run("SELECT COUNT(*) FROM lot").messages == []
    assert db.fails("SET STATISTICS PROFILE ON").number == 40517
