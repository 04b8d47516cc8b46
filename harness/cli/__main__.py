"""Entry point of `lockstep`: runs one command and turns every failure into one line and an exit code.

0 clean, 1 a check failed, 2 wrong usage, 3 the environment does not allow it; besides, 70 is a defect of Lockstep
itself and 130 an interruption by the user.
"""

import sys
from collections.abc import Sequence

from typer.exceptions import Abort, TyperException
from typer.main import get_command

from harness.cli.commands import app
from harness.errors import HarnessError

EXIT_DEFECT = 70
EXIT_INTERRUPTED = 130
DEBUG_FLAG = "--debug"


def run(arguments: Sequence[str]) -> int:
    """Run one command line, without the program's name, and return its exit code."""
    debug = DEBUG_FLAG in arguments
    try:
        code = get_command(app).main(
            [argument for argument in arguments if argument != DEBUG_FLAG] or ["--help"],
            prog_name="lockstep",
            standalone_mode=False,
        )
    except (KeyboardInterrupt, Abort):
        return EXIT_INTERRUPTED
    except Exception as error:
        if debug:
            raise
        print(f"lockstep: {_one_line(error)}", file=sys.stderr)
        return error.exit_code if isinstance(error, HarnessError | TyperException) else EXIT_DEFECT
    return int(code or 0)


def main() -> None:
    """The console script."""
    sys.exit(run(sys.argv[1:]))


def _one_line(error: Exception) -> str:
    if isinstance(error, TyperException):
        return f"{_flat(error.format_message())} (see lockstep --help)"
    if isinstance(error, HarnessError):
        return _flat(str(error))
    return (
        f"internal error: {type(error).__name__}: {_flat(str(error))} (run again with {DEBUG_FLAG} for the traceback)"
    )


def _flat(text: str) -> str:
    return " ".join(text.split())


if __name__ == "__main__":
    main()
