"""lockstep.NextNumber: numbers that never repeat, drawn without standing in anybody's way."""

import pytest

from harness.connection import Session, SqlServerError
from tests.database.clients import begun, one_after_another, together
from tests.database.warehouse import Warehouse, spid_of


def draw(session: Session, series: str = "BT") -> tuple[str, int, str]:
    (row,) = session.call("lockstep.NextNumber", series).rows
    return row[0], row[1], row[2]


def test_the_numbers_follow_each_other(warehouse: Warehouse, session: Session) -> None:
    assert [draw(session) for _ in range(2)] == [("BT", 1, "BT-00000001"), ("BT", 2, "BT-00000002")]


def test_a_series_counts_by_itself(warehouse: Warehouse, session: Session) -> None:
    draw(session)
    assert draw(session, "PT") == ("PT", 1, "PT-00000001")


@pytest.mark.parametrize(
    ("last", "document"),
    [(99999998, "BT-99999999"), (99999999, "BT-100000000"), (2147483646, "BT-2147483647")],
)
def test_a_long_number_is_never_cut(warehouse: Warehouse, session: Session, last: int, document: str) -> None:
    warehouse.execute("UPDATE dbo.Seqnum SET SeqNum = ?;", last)
    assert draw(session) == ("BT", last + 1, document)


def test_after_the_last_number_of_the_column_comes_an_error(warehouse: Warehouse, session: Session) -> None:
    warehouse.execute("UPDATE dbo.Seqnum SET SeqNum = 2147483647;")
    with pytest.raises(SqlServerError) as caught:
        draw(session)
    assert caught.value.number == 8115
    assert warehouse.last_number("BT") == 2147483647


def test_a_quiet_call_gives_its_number_by_parameters(warehouse: Warehouse, session: Session) -> None:
    result = session.execute(
        "SET NOCOUNT ON; DECLARE @Status int = 9, @Number int = 77, @DocumentNo varchar(20) = 'x'; "
        "EXEC @Status = lockstep.NextNumber @SeqName = 'BT', @Quiet = 1, @Number = @Number OUTPUT, "
        "@DocumentNo = @DocumentNo OUTPUT; SELECT @Status, @Number, @DocumentNo;"
    )
    assert [tuple(row) for row in result.rows] == [(0, 1, "BT-00000001")]
    assert len(result.result_sets) == 1


@pytest.mark.parametrize(("series", "number"), [(None, 51001), ("", 51001), ("XX", 51901)])
def test_what_it_refuses(warehouse: Warehouse, session: Session, series: str | None, number: int) -> None:
    before = warehouse.rows("dbo.Seqnum")
    with pytest.raises(SqlServerError) as caught:
        session.call("lockstep.NextNumber", series)
    assert caught.value.number == number
    assert warehouse.rows("dbo.Seqnum") == before
    assert warehouse.locks_of(spid_of(session)) == []


def test_outside_of_a_transaction_the_row_is_free_at_once(warehouse: Warehouse, session: Session) -> None:
    draw(session)
    assert warehouse.locks_of(spid_of(session)) == []


def test_inside_a_callers_transaction_the_row_is_held_and_a_rollback_gives_the_number_back(
    warehouse: Warehouse, session: Session
) -> None:
    session.execute("BEGIN TRANSACTION;")
    assert draw(session)[1] == 1
    with begun(warehouse.target, draw) as other:
        other.await_waiting(warehouse)
        session.execute("ROLLBACK TRANSACTION;")
        assert other.result()[1] == 1


def test_a_lost_lock_is_tried_again_and_then_told(warehouse: Warehouse, session: Session) -> None:
    session.execute("SET LOCK_TIMEOUT 0;")
    with warehouse.hold("UPDATE dbo.Seqnum SET Description = Description;"), pytest.raises(SqlServerError) as caught:
        draw(session)
    assert caught.value.number == 1222
    assert draw(session)[1] == 1


@pytest.mark.usefixtures("no_deadlock")
def test_many_at_once_draw_different_numbers_without_a_gap(warehouse: Warehouse) -> None:
    drawn = together(warehouse.target, [one_after_another([draw] * 25)] * 8)
    assert sorted(number for one in drawn for _, number, _ in one) == list(range(1, 201))  # type: ignore[misc]
