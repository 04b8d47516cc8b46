"""The users' calls: what is counted as what, and when an answer is believed."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, cast
from uuid import UUID

import pytest

from harness.connection import CallResult, Diagnostic, Outcome, ResultSet, Session, SqlServerError
from harness.demo.bookkeeping import Book
from harness.demo.work import PICK, call, request

REQUEST = UUID(int=1)
COLUMNS = ("RequestId", "Replayed", "Attempts", "LotTranNo")


class Server:
    """A session that gives prepared answers."""

    def __init__(self, *answers: CallResult | SqlServerError) -> None:
        self._answers = list(answers)

    def call(self, procedure: str, *arguments: object) -> CallResult:
        answer = self._answers.pop(0)
        if isinstance(answer, SqlServerError):
            raise answer
        return answer


def done(*, replayed: bool = False, attempts: int = 1, number: int = 5) -> CallResult:
    rows: list[Any] = [(str(REQUEST), replayed, attempts, number)]
    return CallResult((ResultSet(COLUMNS, rows),))


def error(number: int, sqlstate: str = "42000") -> SqlServerError:
    return SqlServerError((Diagnostic(sqlstate, number, "what went wrong"),))


def ask(answers: Sequence[CallResult | SqlServerError], *, is_repeated: bool = False) -> tuple[Outcome | None, Book]:
    book = Book()
    session = cast(Session, Server(*answers))
    return request(book, session, PICK, Decimal(1), REQUEST, is_repeated=is_repeated), book


def test_an_answer_is_accepted() -> None:
    outcome, book = ask([done()])
    assert outcome is not None
    assert outcome.values == {"LotTranNo": 5}
    assert (book.tallies[PICK].accepted, book.tallies[PICK].calls, book.tallies[PICK].retried) == (1, 1, 0)


def test_an_answer_after_several_attempts_counts_as_retried() -> None:
    assert ask([done(attempts=3)])[1].tallies[PICK].retried == 1


def test_a_rejection_by_rule_is_counted_by_its_number_and_is_no_failure() -> None:
    outcome, book = ask([error(51105)], is_repeated=True)
    assert outcome is None
    assert book.tallies[PICK].rejected == {51105: 1}
    assert not book.tallies[PICK].failed


@pytest.mark.parametrize("number", [1205, 2627, 547, 51901])
def test_every_other_error_is_a_failure_with_its_message(number: int) -> None:
    outcome, book = ask([error(number)])
    assert outcome is None
    assert book.tallies[PICK].failed == {(number, "what went wrong"): 1}


def test_a_repeated_request_must_get_its_first_answer() -> None:
    outcome, book = ask([done(), done(replayed=True)], is_repeated=True)
    assert outcome is not None
    assert outcome.replayed
    assert (book.tallies[PICK].accepted, book.tallies[PICK].replayed, book.tallies[PICK].calls) == (1, 1, 2)
    assert not book.tallies[PICK].failed


@pytest.mark.parametrize(
    "second", [done(number=6), done(replayed=True, number=6), done(replayed=True, attempts=2), error(51105)]
)
def test_a_repeated_request_with_another_answer_is_a_failure(second: CallResult | SqlServerError) -> None:
    assert ask([done(), second], is_repeated=True)[1].tallies[PICK].failed.total() == 1


def test_a_fresh_request_that_is_answered_by_a_replay_is_a_failure() -> None:
    outcome, book = ask([done(replayed=True)])
    assert outcome is None
    assert book.tallies[PICK].failed.total() == 1


@pytest.mark.parametrize("sqlstate", ["08S01", "HYT00"])
def test_a_session_in_doubt_is_given_up(sqlstate: str) -> None:
    book = Book()
    with pytest.raises(SqlServerError):
        call(book, cast(Session, Server(error(0, sqlstate))), "picking.FindLots", 1)
    assert book.tallies["picking.FindLots"].failed.total() == 1
    assert book.tallies["picking.FindLots"].calls == 1
