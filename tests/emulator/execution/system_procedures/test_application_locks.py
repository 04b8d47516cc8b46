from typing import Any

import pytest

GET = "DECLARE @r int; EXEC @r = sp_getapplock {}; SELECT @r"
RELEASE = "DECLARE @r int; EXEC @r = sp_releaseapplock {}; SELECT @r"


def get(client: Any, arguments: str) -> int:
    status: int = client.values(GET.format(arguments))[0][0]
    return status


def release(client: Any, arguments: str) -> int:
    status: int = client.values(RELEASE.format(arguments))[0][0]
    return status


def test_a_lock_of_the_transaction_ends_with_it(client: Any, other: Any) -> None:
    client.run("BEGIN TRANSACTION")
    assert get(client, "'dock', 'Exclusive'") == 0
    assert get(other, "'dock', 'Exclusive', 'Session', 0") == -1

    client.run("COMMIT")
    assert get(other, "'dock', 'Exclusive', 'Session', 0") == 0


def test_a_lock_of_the_session_survives_transactions_and_must_be_released_as_often_as_taken(
    client: Any, other: Any
) -> None:
    client.run("BEGIN TRANSACTION")
    assert [get(client, "'dock', 'Exclusive', 'Session'") for _ in range(2)] == [0, 0]
    client.run("ROLLBACK")

    assert release(client, "'dock', 'Session'") == 0
    assert get(other, "'dock', 'Shared', 'Session', 0") == -1
    assert release(client, "'dock', 'Session'") == 0
    assert get(other, "'dock', 'Shared', 'Session', 0") == 0


@pytest.mark.parametrize("end", ["close", "reset"])
def test_the_end_of_a_session_releases_its_locks(client: Any, other: Any, end: str) -> None:
    get(client, "'dock', 'Exclusive', 'Session'")

    if end == "close":
        client.session.close()
    else:
        client.session.reset(keep_transaction=False)

    assert get(other, "'dock', 'Exclusive', 'Session', 0") == 0


def test_a_waiter_gets_the_lock_when_it_is_released_and_learns_that_it_waited(client: Any, other: Any) -> None:
    get(client, "'dock', 'Exclusive', 'Session'")
    waiting = other.start(GET.format("'dock', 'Shared', 'Session'"))
    assert not waiting.result_sets

    release(client, "'dock', 'Session'")
    client.instance.scheduler.run()
    assert waiting.result_sets[0].rows == [(1,)]


def test_a_wait_ends_after_its_time(client: Any, other: Any) -> None:
    get(client, "'dock', 'Exclusive', 'Session'")

    assert get(other, "'dock', 'Exclusive', 'Session', 5000") == -1
    assert client.instance.clock.monotonic() == 5.0


def test_without_a_time_of_its_own_the_request_waits_as_long_as_lock_timeout(client: Any, other: Any) -> None:
    get(client, "'dock', 'Exclusive', 'Session'")
    other.run("SET LOCK_TIMEOUT 2000")

    assert get(other, "'dock', 'Exclusive', 'Session'") == -1
    assert client.instance.clock.monotonic() == 2.0


@pytest.mark.parametrize(
    ("held", "wanted", "status"),
    [
        ("Shared", "Shared", 0),
        ("Shared", "Update", 0),
        ("Update", "Update", -1),
        ("IntentExclusive", "IntentExclusive", 0),
        ("IntentShared", "Update", 0),
        ("IntentExclusive", "Shared", -1),
        ("Exclusive", "IntentShared", -1),
    ],
)
def test_modes_conflict_as_locks_do(client: Any, other: Any, held: str, wanted: str, status: int) -> None:
    get(client, f"'dock', '{held}', 'Session'")

    assert get(other, f"'dock', '{wanted}', 'Session', 0") == status


def test_names_are_case_sensitive_and_belong_to_a_principal_of_a_database(client: Any, other: Any) -> None:
    get(client, "'dock', 'Exclusive', 'Session'")

    assert get(other, "'Dock', 'Exclusive', 'Session', 0") == 0
    assert get(other, "'dock', 'Exclusive', 'Session', 0, 'dbo'") == 0
    other.run("USE master")
    assert get(other, "'dock', 'Exclusive', 'Session', 0") == 0


def test_a_deadlock_costs_the_request_and_not_the_transaction(client: Any, other: Any) -> None:
    for session, resource in ((client, "a"), (other, "b")):
        session.run("BEGIN TRANSACTION")
        assert get(session, f"'{resource}', 'Exclusive'") == 0
    client.session.locking.deadlock_priority = 5
    waiting = client.start(GET.format("'b', 'Exclusive'"))

    assert other.values(GET.format("'a', 'Exclusive'") + ", @@TRANCOUNT") == [(-3, 1)]
    other.run("ROLLBACK")
    client.instance.scheduler.run()
    assert waiting.result_sets[0].rows == [(1,)]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("'dock', 'Exclusive'", 15626),
        ("'dock', 'Total', 'Session'", 15625),
        ("'dock', 'Shared', 'Nobody'", 15625),
    ],
)
def test_a_wrong_call_is_told_by_message_and_status(client: Any, arguments: str, message: int) -> None:
    sink = client.run(GET.format(arguments))

    assert [item.number for item in sink.messages] == [message]
    assert sink.result_sets[0].rows == [(-999,)]


@pytest.mark.parametrize(
    ("call", "number"),
    [
        ("sp_getapplock NULL, 'Shared', 'Session'", 1224),
        ("sp_getapplock 'dock', 'Shared', 'Session', -2", 1227),
        ("sp_getapplock 'dock', 'Shared', 'Session', 0, 'nobody'", 1230),
        ("sp_releaseapplock 'dock', 'Session'", 1223),
    ],
)
def test_errors_of_a_call_leave_the_status_unless_they_are_caught(client: Any, call: str, number: int) -> None:
    sink = client.collect(f"DECLARE @r int; EXEC @r = {call}; SELECT @r")
    assert [error.number for error in sink.errors] == [number]
    assert sink.result_sets[0].rows == [(-999,)]

    assert client.values(f"BEGIN TRY EXEC {call} END TRY BEGIN CATCH SELECT ERROR_NUMBER() END CATCH") == [(number,)]


def test_application_locks_are_seen_among_the_locks(client: Any) -> None:
    get(client, "'dock', 'Update', 'Session'")

    assert client.values("""
        SELECT resource_type, request_mode, request_owner_type FROM sys.dm_tran_locks
        WHERE resource_type = 'APPLICATION'""") == [("APPLICATION", "U", "SESSION")]
