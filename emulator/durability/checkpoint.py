"""Checkpoints: what a checkpoint and the logs after it amount to, written as one new checkpoint.

That needs the files alone, so it runs in a process of its own (``python -m emulator.durability.checkpoint``) beside the
server, whose next log has begun by then. The new file gets its name when it is complete and on the disk.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from emulator.durability.files import (
    UNFINISHED,
    DataError,
    header,
    line,
    numbers,
    path_of,
    read_checkpoint,
    read_log,
    sync_directory,
)
from emulator.durability.state import State


def load(directory: Path, before: int) -> State:
    """What the newest checkpoint and the logs after it, those before ``before``, amount to.

    DataError: something is missing or damaged.
    """
    state = State()
    checkpoints = [number for number in numbers(directory, "checkpoint") if number <= before]
    first = checkpoints[-1] if checkpoints else 1
    if checkpoints:
        path = path_of(directory, "checkpoint", first)
        _apply(state, path, read_checkpoint(path))
    for number in range(first, before):
        path = path_of(directory, "log", number)
        if not path.exists():
            raise DataError(f"{path} is missing")
        _apply(state, path, read_log(path))
    return state


def _apply(state: State, path: Path, records: Iterable[Any]) -> None:
    for record in records:
        try:
            state.apply(record)
        except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
            raise DataError(f"{path} has a record that this version does not know") from error


def write(directory: Path, number: int, wanted: Callable[[], bool] = lambda: True) -> None:
    """Write checkpoint ``number`` from what is there, unless it is not ``wanted`` any more.

    Errors: DataError, OSError; nothing has changed then.
    """
    state = load(directory, number)
    path = path_of(directory, "checkpoint", number)
    unfinished = path.with_name(path.name + UNFINISHED)
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(line(0, header("checkpoint", number)))
            count = 1
            for count, record in enumerate((*state.records(), {"end": True}), 1):
                file.write(line(count, record))
            file.flush()
            os.fsync(file.fileno())
        if wanted():
            unfinished.rename(path)
            sync_directory(directory)
    finally:
        unfinished.unlink(missing_ok=True)


def main(arguments: Sequence[str]) -> int:
    """``DIRECTORY NUMBER``: for the server that is the parent process; without it nothing is finished."""
    directory, number = Path(arguments[0]), int(arguments[1])
    server = os.getppid()
    os.nice(5)
    try:
        write(directory, number, lambda: os.getppid() == server)
    except (DataError, OSError) as error:
        print(f"emulator: checkpoint {number} failed: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
