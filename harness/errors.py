"""What the user is told when something goes wrong, sorted by whose turn it is to act.

Each class carries the exit code of the `lockstep` command: 0 is a clean run, 1 a failed check, 2 wrong usage, 3 an
environment that does not allow the work. Messages are one line and name what to do where that is known.
"""


class HarnessError(Exception):
    """Base of every error that the command line shows as one line instead of a traceback."""

    exit_code = 1


class CheckFailed(HarnessError):
    """The work was done or tried, and its result is not what it must be."""

    exit_code = 1


class UsageFault(HarnessError):
    """The caller asked for something that makes no sense as given."""

    exit_code = 2


class EnvironmentFault(HarnessError):
    """Something around the harness is missing: a driver, a server, a permission, a running process."""

    exit_code = 3
