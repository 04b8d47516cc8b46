"""A bounded pool of sessions for concurrent users.

The bounds answer a failure seen in the field, where every user opened connections of its own until the server refused
them: at most 20 are open, 5 of them are kept, a user waits at most 10 seconds for one, and none lives longer than half
an hour. A session in doubt (a cancelled call may have left its transaction open) is never handed out again.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Self, cast

from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.pool import QueuePool

from harness.connection.errors import SqlServerError
from harness.connection.session import LOGIN_TIMEOUT_SECONDS, Session, open_session
from harness.connection.target import Target
from harness.errors import EnvironmentFault

KEPT_SESSIONS = 5
MOST_SESSIONS = 20
WAIT_SECONDS = 10
RECYCLE_SECONDS = 1800


class SessionPool:
    """Hands out sessions, one user at a time each."""

    def __init__(self, target: Target, *, login_timeout: int = LOGIN_TIMEOUT_SECONDS, query_timeout: int = 0) -> None:
        def create() -> Any:  # the pool needs no more of a connection than close()
            return open_session(target, login_timeout=login_timeout, query_timeout=query_timeout)

        self._pool = QueuePool(
            create,
            pool_size=KEPT_SESSIONS,
            max_overflow=MOST_SESSIONS - KEPT_SESSIONS,
            timeout=WAIT_SECONDS,
            recycle=RECYCLE_SECONDS,
            reset_on_return=None,  # autocommit is on: there is nothing to roll back, and asking would be a round trip
        )

    @contextmanager
    def borrow(self) -> Iterator[Session]:
        """A session for the time of a `with` block. EnvironmentFault if none becomes free in time, Unreachable."""
        try:
            lease = self._pool.connect()
        except PoolTimeoutError as error:
            raise EnvironmentFault(
                f"all {MOST_SESSIONS} connections of the pool stayed in use for {WAIT_SECONDS} seconds"
            ) from error
        try:
            yield cast(Session, lease.dbapi_connection)
        except BaseException as error:
            if not _leaves_session_sound(error):
                lease.invalidate(error)
            raise
        finally:
            lease.close()

    def close(self) -> None:
        """Close the sessions that nobody uses."""
        self._pool.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _leaves_session_sound(error: BaseException) -> bool:
    return isinstance(error, SqlServerError) and not (error.is_timeout or error.is_connection_lost)
