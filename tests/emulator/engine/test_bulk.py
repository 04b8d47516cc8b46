"""Bulk loads ("BULK INSERT"; MS-TDS "Bulk Load BCP")."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from emulator.results import Collector
from emulator.types.sqltype import INT, nvarchar


@pytest.fixture
def db(client: Any) -> Any:
    client.run(
        "CREATE TABLE t (id int IDENTITY PRIMARY KEY, v decimal(9, 2) NOT NULL CHECK (v > 0), w varchar(5) DEFAULT 'd')"
    )
    return client


def load(client: Any, statement: str, types: list[Any], rows: list[tuple[Any, ...]]) -> Collector:
    client.run(statement)
    sink = Collector()
    task = client.instance.scheduler.spawn("bulk", lambda: client.session.bulk_load(types, rows, sink))
    client.instance.scheduler.run_until_done(task)
    return sink


def test_rows_are_converted_and_defaults_filled_in(db: Any) -> None:
    sink = load(
        db, "INSERT BULK t (v decimal(9,2), w varchar(5)) WITH (TABLOCK)", [INT, nvarchar(5)], [(5, None), (6, "x")]
    )
    assert (sink.errors, sink.counts) == ([], [2])
    assert db.query("SELECT id, v, w FROM t") == [(1, Decimal(5), "d"), (2, Decimal(6), "x")]


def test_identity_values_that_come_are_kept(db: Any) -> None:
    load(
        db,
        "INSERT BULK t (id int, v decimal(9,2), w varchar(5)) WITH (KEEP_NULLS)",
        [INT, INT, nvarchar(5)],
        [(9, 1, None)],
    )
    assert db.query("SELECT id, w FROM t") == [(9, None)]


def test_constraints_are_checked_and_triggers_fire_only_when_asked(db: Any) -> None:
    db.run("CREATE TABLE log (n int)")
    db.run("CREATE TRIGGER tr ON t AFTER INSERT AS INSERT log SELECT COUNT(*) FROM inserted")
    load(db, "INSERT BULK t (v decimal(9,2))", [INT], [(-1,)])
    assert db.query("SELECT COUNT(*), (SELECT COUNT(*) FROM log) FROM t") == [(1, 0)]
    sink = load(db, "INSERT BULK t (v decimal(9,2)) WITH (CHECK_CONSTRAINTS)", [INT], [(-1,)])
    assert [error.number for error in sink.errors] == [547]
    load(db, "INSERT BULK t (v decimal(9,2)) WITH (FIRE_TRIGGERS)", [INT], [(1,), (2,)])
    assert db.query("SELECT n FROM log") == [(2,)]


def test_a_failed_load_leaves_nothing(db: Any) -> None:
    sink = load(db, "INSERT BULK t (id int, v decimal(9,2))", [INT, INT], [(1, 1), (1, 2)])
    assert [error.number for error in sink.errors] == [2627]
    assert db.value("COUNT(*) FROM t") == 0


def test_rows_that_nobody_announced_are_refused(db: Any) -> None:
    assert [e.number for e in load(db, "SELECT 1", [INT], [(1,)]).errors] == [4804]
    assert [e.number for e in load(db, "INSERT BULK t (v int)", [INT, INT], [(1, 2)]).errors] == [4804]


def test_several_may_load_a_heap_under_tablock_and_nobody_else_is_let_in(engine: Any) -> None:
    first, second, reader = engine.clients(3)
    first.run("CREATE TABLE heap (id int)")
    for client in (first, second):
        client.run("BEGIN TRAN")
        assert load(client, "INSERT BULK heap (id int) WITH (TABLOCK)", [INT], [(1,)]).counts == [1]
    modes = "SELECT request_mode FROM sys.dm_tran_locks WHERE resource_type IN ('OBJECT', 'RID')"
    assert reader.query(modes) == [("BU",), ("BU",)]
    waiting = reader.start("SELECT COUNT(*) FROM heap")
    first.run("COMMIT")
    assert not waiting.done
    second.run("COMMIT")
    assert waiting.rows == [(2,)]


def test_a_load_under_tablock_into_an_index_is_alone(db: Any, engine: Any) -> None:
    db.run("BEGIN TRAN")
    load(db, "INSERT BULK t (v decimal(9,2)) WITH (TABLOCK)", [INT], [(1,)])
    modes = "SELECT request_mode FROM sys.dm_tran_locks WHERE resource_type IN ('OBJECT', 'KEY')"
    assert engine.client().query(modes) == [("X",)]


def test_columns_that_the_table_has_not_fail_without_a_message(client: Any) -> None:
    client.run("CREATE TABLE t (id int);")
    sink = client.collect("INSERT BULK t ([x] int)")
    assert (sink.errors, sink.events) == ([], [("failed",)])
    assert client.collect("INSERT BULK missing ([x] int)").errors[0].number == 208


@pytest.mark.parametrize(
    ("key", "order", "ids", "number"),
    [
        ("PRIMARY KEY", "id ASC", (1, 5, 6), None),
        ("PRIMARY KEY", "id", (1, 6, 5), 4819),
        ("PRIMARY KEY", "[ID] ASC", (1, 1), 4819),
        ("PRIMARY KEY", "id DESC", (1, 6, 5), None),  # not the order of the index: without effect
        ("PRIMARY KEY NONCLUSTERED", "id ASC", (1, 6, 5), None),
        ("INDEX c CLUSTERED (id DESC)", "id DESC", (6, 6, 5), None),
        ("INDEX c CLUSTERED (id DESC)", "id DESC", (5, 6), 4819),
    ],
)
def test_rows_that_are_said_to_be_sorted_are(
    client: Any, key: str, order: str, ids: tuple[int, ...], number: int | None
) -> None:
    client.run(f"CREATE TABLE s (id int NOT NULL {key})")
    sink = load(client, f"INSERT BULK s (id int) WITH (ORDER ({order}))", [INT], [(id,) for id in ids])
    assert [error.number for error in sink.errors] == ([] if number is None else [number])
    assert client.query("SELECT COUNT(*) FROM s") == [(0 if number else len(ids),)]


def test_the_message_names_the_rows_that_are_not_sorted(client: Any) -> None:
    client.run("CREATE TABLE s (a int, b varchar(3), PRIMARY KEY (a, b))")
    rows = [(1, "x"), (2, "b"), (2, "a")]
    statement = "INSERT BULK s (a int, b varchar(3)) WITH (ORDER (a, b))"
    (error,) = load(client, statement, [INT, nvarchar(3)], rows).errors
    assert (error.severity, error.message.split(" rows: ")[1]) == (
        16,
        "primary key of first row: (2, b), primary key of second row: (2, a).",
    )
