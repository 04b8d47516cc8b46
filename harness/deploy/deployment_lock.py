"""One deployment at a time: an application lock on the database, held by the deployer's session.

The server gives it back when the session ends, however it ends. Nobody but other deployers waits for it: calls of
procedures go on. Source: "sp_getapplock", Transact-SQL reference.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from harness.connection import Session, SqlServerError
from harness.errors import CheckFailed

RESOURCE = "lockstep.deploy"

_TAKE = """\
DECLARE @Result int;
EXEC @Result = sys.sp_getapplock
    @Resource = N'{resource}', @LockMode = 'Exclusive', @LockOwner = 'Session', @LockTimeout = {milliseconds:d};
SELECT @Result AS Result;
"""
_RELEASE = "EXEC sys.sp_releaseapplock @Resource = N'{resource}', @LockOwner = 'Session';"
_HOLDER = """\
SELECT s.session_id, s.login_name, s.host_name, s.login_time
FROM sys.dm_tran_locks AS l
INNER JOIN sys.dm_exec_sessions AS s ON l.request_session_id = s.session_id
WHERE
    l.resource_type = 'APPLICATION'
    AND l.resource_database_id = DB_ID()
    AND l.request_status = 'GRANT'
    AND l.resource_description LIKE N'%{resource}%';
"""


@contextmanager
def deployment_lock(session: Session, *, wait_seconds: int) -> Iterator[None]:
    """Hold the lock for the time of a `with` block. CheckFailed if another deployment holds it for longer than that."""
    result = session.execute(_TAKE.format(resource=RESOURCE, milliseconds=wait_seconds * 1000)).rows[0][0]
    if result < 0:
        raise CheckFailed(
            f"another deployment is at work on this database{_holder(session)}; try again when it is done"
        )
    try:
        yield
    finally:
        with suppress(SqlServerError):  # a lost session has lost the lock, too
            session.execute(_RELEASE.format(resource=RESOURCE))


def _holder(session: Session) -> str:
    """Who holds the lock, as far as the login may know that."""
    try:
        rows = session.execute(_HOLDER.format(resource=RESOURCE)).rows
    except SqlServerError:
        return ""
    return "".join(f" (session {spid}: {login} from {host}, since {time:%H:%M:%S})" for spid, login, host, time in rows)
