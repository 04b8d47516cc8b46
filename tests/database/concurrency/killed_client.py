"""A client process, to be killed: ``python -m tests.database.concurrency.killed_client SEED COUNT GROUP``.

Its standard input is the connection string. It prints its session's number, then "begun" before each group of calls of
the seeded work and "done" after it, when the group is committed. A group of more than one call is one transaction,
which the client repeats when it is the victim of a deadlock.
"""

import sys
from collections.abc import Sequence

from harness.connection import Session, SqlServerError, Target, open_session
from tests.database.calls import Call
from tests.database.concurrency.work import seeded_calls
from tests.database.warehouse import spid_of


def main(seed: int, count: int, group: int) -> None:
    calls = seeded_calls(seed, count)
    with open_session(Target.from_dsn(sys.stdin.read())) as session:
        say(str(spid_of(session)))
        for first in range(0, count, group):
            say("begun")
            while not committed(session, calls[first : first + group]):
                pass
            say("done")


def committed(session: Session, calls: Sequence[Call]) -> bool:
    """Make the calls. False: they were rolled back through no fault of their own."""
    try:
        if len(calls) > 1:
            session.execute("BEGIN TRANSACTION;")
        for call in calls:
            call(session)
        if len(calls) > 1:
            session.execute("COMMIT TRANSACTION;")
    except SqlServerError as error:
        session.execute("IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION;")
        if not error.is_retryable:
            raise
        return False
    return True


def say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
