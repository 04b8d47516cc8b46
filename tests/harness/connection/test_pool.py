"""The pool: sessions come back, doubtful ones do not, and it has an upper bound."""

from contextlib import ExitStack

import pytest

from harness.connection import Session, SessionPool, SqlServerError, Target, Unreachable, pool
from harness.errors import EnvironmentFault


def spid(session: Session) -> int:
    return int(session.execute("SELECT @@SPID;").rows[0][0])


def test_a_returned_session_is_used_again(target: Target) -> None:
    with SessionPool(target) as sessions:
        with sessions.borrow() as first:
            used = spid(first)
        with sessions.borrow() as again:
            assert again is first
            assert spid(again) == used


def test_users_at_the_same_time_have_sessions_of_their_own(target: Target) -> None:
    with SessionPool(target) as sessions, sessions.borrow() as one, sessions.borrow() as other:
        assert spid(one) != spid(other)


def test_a_rejected_call_leaves_its_session_usable(target: Target) -> None:
    with SessionPool(target) as sessions:
        with pytest.raises(SqlServerError), sessions.borrow() as first:
            first.execute("THROW 51001, N'no', 1;")
        with sessions.borrow() as again:
            assert again is first


def test_a_session_whose_call_was_cancelled_is_not_handed_out_again(target: Target) -> None:
    with SessionPool(target, query_timeout=1) as sessions:
        with pytest.raises(SqlServerError), sessions.borrow() as cancelled:
            cancelled.execute("BEGIN TRANSACTION; WAITFOR DELAY '00:01:00';")
        with sessions.borrow() as other:
            assert other is not cancelled
            assert other.execute("SELECT @@TRANCOUNT;").rows[0][0] == 0


def test_any_other_exception_also_retires_the_session(target: Target) -> None:
    with SessionPool(target) as sessions:
        with pytest.raises(ZeroDivisionError), sessions.borrow() as interrupted:
            raise ZeroDivisionError
        with sessions.borrow() as other:
            assert other is not interrupted


def test_beyond_the_bound_a_user_is_told_after_the_wait(target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "WAIT_SECONDS", 0)
    with SessionPool(target) as sessions, ExitStack() as users:
        for _ in range(pool.MOST_SESSIONS):
            users.enter_context(sessions.borrow())
        with pytest.raises(EnvironmentFault, match="all 20 connections"), sessions.borrow():
            pass


def test_an_unreachable_server_is_not_a_pool_problem() -> None:
    nobody = Target.for_server(host="127.0.0.1", port=1, user="u", password="p", database="d")
    with SessionPool(nobody, login_timeout=1) as sessions, pytest.raises(Unreachable), sessions.borrow():
        pass
