"""A deployer that kills itself: before, or right after, its Nth request to the server. Run by the tests, as a process.

Arguments: the folder to deploy from, the number of the request (0: do not die, print how many there were), `before` or
`after`. `after` leaves the server at work on a request of a client that is dead. The target is LOCKSTEP_DSN.
"""

import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any

import harness.connection.session as session_module
from harness.connection import Target
from harness.deploy import deploy


def main() -> None:
    root, last, moment = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    run = session_module._run
    count = 0

    def counting_run(*arguments: Any) -> Any:
        nonlocal count
        count += 1
        if count == last and moment == "before":
            die()
        if count == last:
            threading.Thread(target=die_in_a_moment, daemon=True).start()
        return run(*arguments)

    session_module._run = counting_run
    target = Target.from_environment()
    assert target is not None
    deploy(target, database=root)
    print(count)


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def die_in_a_moment() -> None:
    time.sleep(0.001)
    die()


if __name__ == "__main__":
    main()
