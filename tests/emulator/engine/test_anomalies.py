"""The isolation anomalies, each played at every level, with locks and with row versions.

The anomalies are those of Adya's thesis "Weak Consistency" and of Berenson et al., "A Critique of ANSI SQL Isolation
Levels", as schedules like those of the Hermitage test suite, which has published what SQL Server does with them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

UNCOMMITTED, COMMITTED, REPEATABLE = "READ UNCOMMITTED", "READ COMMITTED", "REPEATABLE READ"
VERSIONS, SNAPSHOT, SERIALIZABLE = "READ COMMITTED, row versions", "SNAPSHOT", "SERIALIZABLE"
LEVELS = (UNCOMMITTED, COMMITTED, VERSIONS, REPEATABLE, SNAPSHOT, SERIALIZABLE)

ALL = "SELECT id, value FROM test"
WAITS = "waits"

Step = tuple[str, int, str]
"""A name for the step, the session, and its statement. Sessions begin their transactions before the first step."""


def play(engine: Any, level: str, steps: Sequence[Step]) -> dict[str, str]:
    """What came of the named steps: ``1=10 2=20`` for rows, an error's number, after ``waits`` if the step waited.

    A session whose transaction is gone, or that is waiting still, does not take part any more.
    """
    setup = engine.client()
    if level == VERSIONS:
        setup.run("ALTER DATABASE lockstep SET READ_COMMITTED_SNAPSHOT ON")
    if level == SNAPSHOT:
        setup.run("ALTER DATABASE lockstep SET ALLOW_SNAPSHOT_ISOLATION ON")
    setup.run("CREATE TABLE test (id int PRIMARY KEY, value int); INSERT test VALUES (1, 10), (2, 20)")
    clients = {number: engine.client() for number in (1, 2, 3)}
    for client in clients.values():
        client.run(f"SET TRANSACTION ISOLATION LEVEL {level.split(',', maxsplit=1)[0]}; BEGIN TRAN")
    running: dict[int, Any] = {}
    played: list[tuple[str, bool, Any]] = []
    for name, number, text in steps:
        client = clients[number]
        if number in running and not running[number].done:
            played.append((name, False, None))
            continue
        if not client.session.trancount:
            played.append((name, False, None))
            continue
        running[number] = client.start(text)
        played.append((name, not running[number].done, running[number]))
    for client in clients.values():
        if client.session.trancount and client.session.task is None:
            client.run("COMMIT")
    played.append(("end", False, setup.start(ALL)))
    return {name: described(waited, pending) for name, waited, pending in played if name}


def described(waited: bool, pending: Any) -> str:
    if pending is None:
        return "not played"
    if not pending.done:
        return "never ends"
    outcome = [str(number) for number in pending.error_numbers]
    if not outcome and pending.sink.result_sets:
        outcome = [" ".join(f"{key}={value}" for key, value in pending.rows) or "nothing"]
    return " ".join([*([WAITS] if waited else []), *outcome])


def update(number: int, value: int | str) -> str:
    return f"UPDATE test SET value = {value} WHERE id = {number}"


def read(number: int) -> str:
    return f"{ALL} WHERE id = {number}"


SCHEDULES: dict[str, list[Step]] = {
    "G0: write cycles": [
        ("", 1, update(1, 11)),
        ("second", 2, update(1, 12)),
        ("", 1, update(2, 21)),
        ("", 1, "COMMIT"),
        ("", 2, update(2, 22)),
    ],
    "G1a: aborted reads": [
        ("", 1, update(1, 101)),
        ("before", 2, ALL),
        ("", 1, "ROLLBACK"),
        ("after", 2, ALL),
    ],
    "G1b: intermediate reads": [
        ("", 1, update(1, 101)),
        ("between", 2, ALL),
        ("", 1, update(1, 11)),
        ("", 1, "COMMIT"),
        ("after", 2, ALL),
    ],
    "G1c: circular information flow": [
        ("", 1, update(1, 11)),
        ("", 2, update(2, 22)),
        ("first", 1, read(2)),
        ("second", 2, read(1)),
    ],
    "OTV: an observed transaction vanishes": [
        ("", 1, update(1, 11)),
        ("", 1, update(2, 19)),
        ("second", 2, update(1, 12)),
        ("", 1, "COMMIT"),
        ("third", 3, ALL),
        ("", 2, update(2, 18)),
        ("again", 3, ALL),
        ("", 2, "COMMIT"),
        ("at last", 3, ALL),
    ],
    "PMP: predicate-many-preceders, reading": [
        ("before", 1, f"{ALL} WHERE value = 30"),
        ("insert", 2, "INSERT test VALUES (3, 30)"),
        ("", 2, "COMMIT"),
        ("after", 1, f"{ALL} WHERE value % 3 = 0"),
    ],
    "PMP: predicate-many-preceders, writing": [
        ("before", 2, f"{ALL} WHERE value = 20"),
        ("update", 1, "UPDATE test SET value += 10"),
        ("delete", 2, "DELETE test WHERE value = 20"),
        ("", 1, "COMMIT"),
    ],
    "P4: lost update": [
        ("", 1, read(1)),
        ("", 2, read(1)),
        ("first", 1, update(1, 11)),
        ("second", 2, update(1, 12)),
        ("", 1, "COMMIT"),
    ],
    "G-single: read skew": [
        ("before", 1, read(1)),
        ("", 2, ALL),
        ("change", 2, update(1, 12)),
        ("", 2, update(2, 18)),
        ("", 2, "COMMIT"),
        ("after", 1, read(2)),
    ],
    "G-single: read skew, reading by predicates": [
        ("before", 1, f"{ALL} WHERE value % 5 = 0"),
        ("insert", 2, "INSERT test VALUES (3, 30)"),
        ("", 2, "COMMIT"),
        ("after", 1, f"{ALL} WHERE value % 3 = 0"),
    ],
    "G-single: read skew, writing by a predicate": [
        ("before", 1, read(1)),
        ("", 2, ALL),
        ("change", 2, update(1, 12)),
        ("", 2, update(2, 18)),
        ("", 2, "COMMIT"),
        ("delete", 1, "DELETE test WHERE value = 20"),
    ],
    "G2-item: write skew": [
        ("", 1, f"{ALL} WHERE id IN (1, 2)"),
        ("", 2, f"{ALL} WHERE id IN (1, 2)"),
        ("first", 1, update(1, 11)),
        ("second", 2, update(2, 21)),
    ],
    "G2: anti-dependency cycles": [
        ("", 1, f"{ALL} WHERE value % 3 = 0"),
        ("", 2, f"{ALL} WHERE value % 3 = 0"),
        ("first", 1, "INSERT test VALUES (3, 30)"),
        ("second", 2, "INSERT test VALUES (4, 42)"),
    ],
    "G2: two anti-dependencies": [
        ("", 1, ALL),
        ("second", 2, update(2, "value + 5")),
        ("", 2, "COMMIT"),
        ("third", 3, ALL),
        ("", 3, "COMMIT"),
        ("first", 1, update(1, 0)),
    ],
}

LOCKING = (COMMITTED, REPEATABLE, SERIALIZABLE)
LOW = (UNCOMMITTED, COMMITTED, VERSIONS)
HIGH = (REPEATABLE, SERIALIZABLE)

OUTCOMES: dict[str, list[tuple[Sequence[str], dict[str, str]]]] = {
    "G0: write cycles": [
        ((UNCOMMITTED, COMMITTED, VERSIONS, REPEATABLE, SERIALIZABLE), {"second": "waits", "end": "1=12 2=22"}),
        ((SNAPSHOT,), {"second": "waits 3960", "end": "1=11 2=21"}),
    ],
    "G1a: aborted reads": [
        ((UNCOMMITTED,), {"before": "1=101 2=20", "after": "1=10 2=20", "end": "1=10 2=20"}),
        (LOCKING, {"before": "waits 1=10 2=20", "after": "1=10 2=20", "end": "1=10 2=20"}),
        ((VERSIONS, SNAPSHOT), {"before": "1=10 2=20", "after": "1=10 2=20", "end": "1=10 2=20"}),
    ],
    "G1b: intermediate reads": [
        ((UNCOMMITTED,), {"between": "1=101 2=20", "after": "1=11 2=20", "end": "1=11 2=20"}),
        (LOCKING, {"between": "waits 1=11 2=20", "after": "1=11 2=20", "end": "1=11 2=20"}),
        ((VERSIONS,), {"between": "1=10 2=20", "after": "1=11 2=20", "end": "1=11 2=20"}),
        ((SNAPSHOT,), {"between": "1=10 2=20", "after": "1=10 2=20", "end": "1=11 2=20"}),
    ],
    "G1c: circular information flow": [
        ((UNCOMMITTED,), {"first": "2=22", "second": "1=11", "end": "1=11 2=22"}),
        (LOCKING, {"first": "waits 2=20", "second": "1205", "end": "1=11 2=20"}),
        ((VERSIONS, SNAPSHOT), {"first": "2=20", "second": "1=10", "end": "1=11 2=22"}),
    ],
    "OTV: an observed transaction vanishes": [
        (
            (UNCOMMITTED,),
            {"second": "waits", "third": "1=12 2=19", "again": "1=12 2=18", "at last": "1=12 2=18", "end": "1=12 2=18"},
        ),
        (
            LOCKING,
            {
                "second": "waits",
                "third": "waits 1=12 2=18",
                "again": "not played",
                "at last": "1=12 2=18",
                "end": "1=12 2=18",
            },
        ),
        (
            (VERSIONS,),
            {"second": "waits", "third": "1=11 2=19", "again": "1=11 2=19", "at last": "1=12 2=18", "end": "1=12 2=18"},
        ),
        (
            (SNAPSHOT,),
            {
                "second": "waits 3960",
                "third": "1=11 2=19",
                "again": "1=11 2=19",
                "at last": "1=11 2=19",
                "end": "1=11 2=19",
            },
        ),
    ],
    "PMP: predicate-many-preceders, reading": [
        (
            (UNCOMMITTED, COMMITTED, VERSIONS, REPEATABLE),
            {"before": "nothing", "insert": "", "after": "3=30", "end": "1=10 2=20 3=30"},
        ),
        ((SNAPSHOT,), {"before": "nothing", "insert": "", "after": "nothing", "end": "1=10 2=20 3=30"}),
        ((SERIALIZABLE,), {"before": "nothing", "insert": "waits", "after": "nothing", "end": "1=10 2=20 3=30"}),
    ],
    "PMP: predicate-many-preceders, writing": [
        (LOW, {"before": "2=20", "update": "", "delete": "waits", "end": "2=30"}),
        (HIGH, {"before": "2=20", "update": "waits", "delete": "1205", "end": "1=20 2=30"}),
        ((SNAPSHOT,), {"before": "2=20", "update": "", "delete": "waits 3960", "end": "1=20 2=30"}),
    ],
    "P4: lost update": [
        (LOW, {"first": "", "second": "waits", "end": "1=12 2=20"}),
        (HIGH, {"first": "waits", "second": "1205", "end": "1=11 2=20"}),
        ((SNAPSHOT,), {"first": "", "second": "waits 3960", "end": "1=11 2=20"}),
    ],
    "G-single: read skew": [
        (LOW, {"before": "1=10", "change": "", "after": "2=18", "end": "1=12 2=18"}),
        (HIGH, {"before": "1=10", "change": "waits", "after": "2=20", "end": "1=12 2=20"}),
        ((SNAPSHOT,), {"before": "1=10", "change": "", "after": "2=20", "end": "1=12 2=18"}),
    ],
    "G-single: read skew, reading by predicates": [
        (
            (UNCOMMITTED, COMMITTED, VERSIONS, REPEATABLE),
            {"before": "1=10 2=20", "insert": "", "after": "3=30", "end": "1=10 2=20 3=30"},
        ),
        ((SNAPSHOT,), {"before": "1=10 2=20", "insert": "", "after": "nothing", "end": "1=10 2=20 3=30"}),
        ((SERIALIZABLE,), {"before": "1=10 2=20", "insert": "waits", "after": "nothing", "end": "1=10 2=20 3=30"}),
    ],
    "G-single: read skew, writing by a predicate": [
        (LOW, {"before": "1=10", "change": "", "delete": "", "end": "1=12 2=18"}),
        (HIGH, {"before": "1=10", "change": "waits", "delete": "1205", "end": "1=12 2=20"}),
        ((SNAPSHOT,), {"before": "1=10", "change": "", "delete": "3960", "end": "1=12 2=18"}),
    ],
    "G2-item: write skew": [
        ((UNCOMMITTED, COMMITTED, VERSIONS, SNAPSHOT), {"first": "", "second": "", "end": "1=11 2=21"}),
        (HIGH, {"first": "waits", "second": "1205", "end": "1=11 2=20"}),
    ],
    "G2: anti-dependency cycles": [
        (
            (UNCOMMITTED, COMMITTED, VERSIONS, REPEATABLE, SNAPSHOT),
            {"first": "", "second": "", "end": "1=10 2=20 3=30 4=42"},
        ),
        ((SERIALIZABLE,), {"first": "waits", "second": "1205", "end": "1=10 2=20 3=30"}),
    ],
    "G2: two anti-dependencies": [
        (
            (UNCOMMITTED, COMMITTED, VERSIONS, SNAPSHOT),
            {"second": "", "third": "1=10 2=25", "first": "", "end": "1=0 2=25"},
        ),
        (HIGH, {"second": "waits", "third": "waits 1=10 2=25", "first": "1205", "end": "1=10 2=25"}),
    ],
}
"""What each schedule comes to at which levels; ``end`` are the rows when all have committed that can."""


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("anomaly", SCHEDULES)
def test_an_anomaly_happens_where_sql_server_lets_it(engine: Any, anomaly: str, level: str) -> None:
    (expected,) = [outcome for levels, outcome in OUTCOMES[anomaly] if level in levels]
    assert play(engine, level, SCHEDULES[anomaly]) == expected
