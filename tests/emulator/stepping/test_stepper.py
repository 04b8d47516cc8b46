"""Stepping sessions: where steps end, who waits for whom, time, and the way back to a saved state."""

from __future__ import annotations

import random
from typing import Any

import pytest

from emulator.catalog.objects import Table
from emulator.instance import Instance
from emulator.scheduler import Stalled
from emulator.stepping import Actor, EventKind, Progress, Stepper
from tests.emulator.stepping.warehouse import deployed, with_calls


@pytest.fixture
def stepper() -> Stepper:
    made = Stepper()
    made.script("CREATE TABLE dbo.t (id int PRIMARY KEY, n int); INSERT dbo.t VALUES (1, 10), (2, 20), (3, 30)")
    return made


def finish(stepper: Stepper, actor: Actor) -> None:
    while stepper.step(actor) is not Progress.ANSWERED:
        pass


def test_a_step_ends_at_the_end_of_a_statement(stepper: Stepper) -> None:
    actor = stepper.actor("a").batch("SELECT 1; UPDATE dbo.t SET n = 0 WHERE id = 1; SELECT n FROM dbo.t WHERE id = 1")
    assert [stepper.step(actor) for _ in range(3)] == [Progress.SWITCH_POINT] * 3
    assert stepper.step(actor) is Progress.ANSWERED
    assert actor.rows == [(0,)]
    with pytest.raises(ValueError, match="has nothing to run"):
        stepper.step(actor)


def test_the_rows_are_those_of_the_latest_request_if_it_has_any(stepper: Stepper) -> None:
    actor = stepper.actor("a")
    assert actor.rows == []
    actor.batch("SELECT n FROM dbo.t WHERE id = 1").batch("UPDATE dbo.t SET n = 1 WHERE id = 1")
    finish(stepper, actor)
    assert actor.rows == [(10,)]
    finish(stepper, actor)
    assert actor.rows == []


def test_who_waits_for_what_is_told_with_resource_modes_and_holders(stepper: Stepper) -> None:
    writer, reader = stepper.actor("writer"), stepper.actor("reader")
    writer.batch("BEGIN TRAN; UPDATE dbo.t SET n = 0 WHERE id = 2").batch("COMMIT")
    reader.batch("SET LOCK_TIMEOUT 5000; SELECT n FROM dbo.t WHERE id = 2")
    finish(stepper, writer)
    while stepper.step(reader) is Progress.SWITCH_POINT:
        pass
    (wait,) = stepper.waits()
    assert (wait.actor, wait.resource, wait.mode) == (reader, "dbo.t.PK__t__" + wait.resource[13:], "S")
    assert wait.resource.endswith(" (2,)")
    assert wait.holders == ((writer, "X"),)
    assert wait.deadline == stepper.clock.monotonic() + 5
    assert stepper.runnable == [writer]
    with pytest.raises(ValueError, match="cannot run"):
        stepper.step(reader)
    finish(stepper, writer)
    assert stepper.waits() == []
    finish(stepper, reader)
    assert reader.rows == [(0,)]


def test_time_passes_only_when_told_or_when_nobody_can_run(stepper: Stepper) -> None:
    writer, reader = stepper.actor("writer"), stepper.actor("reader")
    writer.batch("BEGIN TRAN; UPDATE dbo.t SET n = 0 WHERE id = 2")
    reader.batch("SET LOCK_TIMEOUT 5000; SELECT n FROM dbo.t WHERE id = 2")
    stepper.run()
    assert reader.errors == [1222]
    assert stepper.clock.monotonic() == 5


def test_a_run_in_which_everybody_waits_for_ever_is_an_error(stepper: Stepper) -> None:
    writer, reader = stepper.actor("writer"), stepper.actor("reader")
    writer.batch("BEGIN TRAN; UPDATE dbo.t SET n = 0 WHERE id = 2")
    reader.batch("SELECT n FROM dbo.t WHERE id = 2")
    with pytest.raises(Stalled, match=r"reader waits for S on dbo\.t.* \(2,\), held by writer \(X\)"):
        stepper.run()


def test_stopping_before_locks_lets_others_between_a_read_and_the_write_that_follows() -> None:
    fine = Stepper(stop_before_locks=True)
    fine.script("CREATE TABLE dbo.t (id int PRIMARY KEY, n int); INSERT dbo.t VALUES (1, 10)")
    actor = fine.actor("a").batch("UPDATE dbo.t SET n = n + 1 WHERE id = 1")
    steps = 0
    while fine.step(actor) is Progress.SWITCH_POINT:
        steps += 1
    assert steps >= 3  # the table, U of the row, X of the row


@pytest.mark.parametrize("level", ["READ COMMITTED", "SERIALIZABLE"])
def test_stopping_before_locks_keeps_ranges_whole(level: str) -> None:
    """A row that comes while a scan stops before it locks a range is either seen both times or neither."""
    fine = Stepper(stop_before_locks=True)
    fine.script("CREATE TABLE dbo.t (id int PRIMARY KEY); INSERT dbo.t VALUES (10), (20), (30)")
    fine.save()
    phantoms = 0
    for seed in range(150):
        reader, writer = fine.actor("reader"), fine.actor("writer")
        reader.batch(f"SET TRANSACTION ISOLATION LEVEL {level}; BEGIN TRAN; SELECT COUNT(*) FROM dbo.t")
        reader.batch("SELECT COUNT(*) FROM dbo.t; COMMIT")
        writer.batch(f"INSERT dbo.t VALUES ({15 + seed % 3 * 10})")
        fine.run(random.Random(seed).choice)
        counts = [result.rows for answer in reader.answers for result in answer.result_sets]
        phantoms += counts[0] != counts[1]
        fine.restore()
    assert (phantoms == 0) is (level == "SERIALIZABLE")


# Saving and restoring


def everything(instance: Instance) -> dict[str, Any]:
    """All that a run can change, but for counters of the management views."""
    found: dict[str, Any] = {
        "sessions": sorted(instance.sessions),
        "random": instance.random.getstate(),
        "clock": instance.clock.monotonic(),
        "tasks": instance.scheduler.tasks,
        "transactions": instance.transactions,
        "versions": (instance.versions.kept, instance.versions.snapshots),
    }
    for database in instance.databases.values():
        found[database.name] = (
            {key: id(item) for key, item in database.objects.items()},
            database.last_rowversion,
            database.next_object_id,
            database.security.next_id,
            sorted(database.security.principals),
            sorted(database.schemas),
        )
        for table in database.of_kind(Table):
            store = table.store
            assert store is not None
            found[f"{database.name}.{table.full_name}"] = (
                [column.name for column in table.columns],
                store.counters(),
                [
                    (index.name, dict(index.values), list(index.keys), index.ghosts, len(index.locks.entries))
                    for index in (store.base, *store.indexes.values())
                ],
                len(store.locks.entries),
            )
    return found


@pytest.mark.parametrize("versioned", [False, True])
def test_a_restored_database_is_the_saved_one(versioned: bool) -> None:
    stepper = deployed()
    if versioned:
        stepper.script("ALTER DATABASE lockstep SET READ_COMMITTED_SNAPSHOT ON")
    stepper.save()
    before = everything(stepper.instance)
    changed = 0
    for seed in range(15):
        with_calls(stepper, seed)
        chance = random.Random(seed)
        stepper.run(chance.choice, steps=chance.choice([10, 40, None]))
        changed += everything(stepper.instance) != before
        stepper.restore()
        assert everything(stepper.instance) == before
    assert changed == 15


def test_definitions_temporary_tables_waits_and_open_transactions_are_restored_too(stepper: Stepper) -> None:
    stepper.script("CREATE SEQUENCE dbo.s START WITH 1; CREATE TABLE dbo.i (id int IDENTITY, v rowversion)")
    stepper.save()
    before = everything(stepper.instance)
    one, other, sleeper = stepper.actor("one"), stepper.actor("other"), stepper.actor("sleeper")
    one.batch(
        "CREATE TABLE dbo.new (a int); ALTER TABLE dbo.t ADD more int; CREATE INDEX ix ON dbo.t (n); DELETE dbo.t"
    )
    one.batch(
        "INSERT dbo.t VALUES (2, 1, 1), (4, 1, 1); TRUNCATE TABLE dbo.t; CREATE TABLE ##g (a int); DROP TABLE dbo.i"
    )
    one.batch(
        "CREATE USER u WITHOUT LOGIN; CREATE ROLE r; GRANT SELECT TO r; ALTER ROLE r ADD MEMBER u; SELECT NEWID()"
    )
    one.batch("SELECT NEXT VALUE FOR dbo.s; CREATE DATABASE d; BEGIN TRAN; INSERT dbo.t VALUES (9, 9, 9)")
    other.batch("SELECT * FROM dbo.t")
    sleeper.batch("WAITFOR DELAY '00:00:10'; SELECT 1")
    with pytest.raises(Stalled):
        stepper.run()
    assert one.errors == []
    stepper.restore()
    assert everything(stepper.instance) == before
    assert stepper.actors == []
    assert stepper.script("SELECT NEXT VALUE FOR dbo.s") == [(1,)]
    assert stepper.script("SELECT * FROM dbo.t") == [(1, 10), (2, 20), (3, 30)]


def test_a_state_is_saved_only_between_transactions(stepper: Stepper) -> None:
    with pytest.raises(ValueError, match="no state was saved"):
        stepper.restore()
    finish(stepper, actor := stepper.actor("a").batch("BEGIN TRAN"))
    with pytest.raises(ValueError, match="no transaction open"):
        stepper.save()
    finish(stepper, actor.batch("COMMIT"))
    stepper.save()


# The same seed, the same history


@pytest.mark.parametrize("stop_before_locks", [False, True])
def test_the_same_seed_gives_the_same_history(stop_before_locks: bool) -> None:
    """A hundred random runs of real procedures: every switch, lock, wait, deadlock, change of a row and answer."""
    first, second = (deployed(stop_before_locks=stop_before_locks, traced=True) for _ in range(2))
    seen: set[EventKind] = set()
    histories = set()
    for stepper in (first, second):
        stepper.save()
    runs = range(10) if stop_before_locks else range(100)
    for seed in runs:
        answers = []
        for stepper in (first, second):
            actors = with_calls(stepper, seed, calls=1)
            stepper.run(random.Random(seed).choice)
            answers.append([[answer.result_sets for answer in actor.answers] for actor in actors])
        history = [str(event) for event in first.trace]
        assert [str(event) for event in second.trace] == history
        assert repr(answers[0]) == repr(answers[1])
        seen |= {event.kind for event in first.trace}
        histories.add(tuple(history))
        first.restore()
        second.restore()
    assert seen == set(EventKind)
    assert len(histories) == len(runs)


def test_reports_of_blocked_processes_come_again_the_same_way_after_a_return(stepper: Stepper) -> None:
    read = "SELECT t.target_data FROM sys.dm_xe_session_targets t WHERE t.execution_count > 0"
    stepper.script(
        "CREATE EVENT SESSION blocked ON SERVER ADD EVENT sqlserver.blocked_process_report"
        " ADD TARGET package0.ring_buffer; ALTER EVENT SESSION blocked ON SERVER STATE = START",
        "EXEC sp_configure 'show advanced options', 1; RECONFIGURE",
        "EXEC sp_configure 'blocked process threshold', 5; RECONFIGURE",
    )
    stepper.save()

    def play() -> list[tuple[Any, ...]]:
        writer = stepper.actor("writer").batch("BEGIN TRAN; UPDATE dbo.t SET n = 0; WAITFOR DELAY '00:00:12'; COMMIT")
        stepper.actor("reader").batch("SELECT n FROM dbo.t")
        stepper.run()
        assert not writer.errors
        return stepper.script(read)

    first = play()
    assert first[0][0].count("<event ") == 2
    stepper.restore()
    assert play() == first
