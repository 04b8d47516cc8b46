"""The log that is being written, and the checkpoints that make it short again.

A record goes to the operating system when it is appended, so it survives the death of the process; ``sync`` makes it
survive that of the machine. One that may be delayed waits in memory for the next one that may not, for ``flush``, or
until the buffer is full. When the log has grown large, the next one begins, and a process beside the server turns the
finished ones into a checkpoint.
"""

from __future__ import annotations

import errno
import logging
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from emulator.durability import checkpoint
from emulator.durability.files import (
    DataError,
    header,
    intact_size,
    line,
    numbers,
    path_of,
    prepare,
    remove_all_before,
    remove_unfinished,
    sync_directory,
)
from emulator.durability.state import State

CHECKPOINT_BYTES = 16 * 2**20
"""The log is turned into a checkpoint when it has this size, or that of the last checkpoint if that is larger."""

BUFFER_BYTES = 60 * 1024
"""The most that waits in memory, as much as a log block of SQL Server holds."""

PACKAGES = Path(__file__).parents[2]
"""Where the checkpoint's process finds the package."""

log = logging.getLogger("emulator.durability")


class Journal:
    """The data directory, locked, with a log to append to. ``number`` is that log's; it grows with every start.

    DataError: the directory cannot be used, or something in it is missing or damaged.
    """

    def __init__(self, directory: Path, checkpoint_bytes: int = CHECKPOINT_BYTES) -> None:
        self.directory = directory
        self._checkpoint_bytes = checkpoint_bytes
        self._lock = prepare(directory)
        self._file = -1
        self._buffer = b""
        self._running: subprocess.Popen[bytes] | None = None
        self._synced = True
        try:
            self.state = self._recover()
        except BaseException as error:
            self.abandon()
            if isinstance(error, OSError):
                raise DataError(f"cannot use {directory}: {error.strerror}") from None
            raise

    # -- recovery ----------------------------------------------------------------------------------------------------

    def _recover(self) -> State:
        """What is there; a torn end of the last log is cut off, and a new log begun."""
        directory = self.directory
        remove_unfinished(directory)
        checkpoints = numbers(directory, "checkpoint")
        if checkpoints:
            remove_all_before(directory, checkpoints[-1])
        logs = numbers(directory, "log")
        while logs and not _cut_torn_end(path_of(directory, "log", logs[-1])):
            logs.pop()
        if checkpoints and (not logs or logs[0] != checkpoints[-1]):
            raise DataError(f"{path_of(directory, 'log', checkpoints[-1])} is missing")
        last = logs[-1] if logs else 0
        state = checkpoint.load(directory, last + 1)
        self._finished_bytes = _bytes_of(directory, logs)
        self._set_limit()
        self._begin(last + 1)
        return state

    def _begin(self, number: int) -> None:
        """Begin log ``number``."""
        path = path_of(self.directory, "log", number)
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        first = line(0, header("log", number))
        try:
            _write_all(file, first, 0)
            os.fsync(file)
            sync_directory(self.directory)
        except BaseException:
            os.close(file)
            path.unlink(missing_ok=True)  # the log before it goes on
            raise
        if self._file >= 0:
            os.close(self._file)
        self._file, self._count, self._size, self.number = file, 1, len(first), number

    # -- writing -----------------------------------------------------------------------------------------------------

    def append(self, record: dict[str, Any], *, delayed: bool = False) -> None:
        """Write a record, or if ``delayed`` keep it in memory for now.

        OSError: it cannot be written, and the log is as before. TypeError: it cannot be kept.
        """
        waiting = self._buffer + line(self._count, record)
        if delayed and len(waiting) <= BUFFER_BYTES:
            self._buffer = waiting
        else:
            self._write(waiting)
        self._count += 1

    def flush(self) -> None:
        """Write what waits in memory. OSError: it cannot be written, and waits."""
        if self._buffer:
            self._write(self._buffer)

    def _write(self, lines: bytes) -> None:
        _write_all(self._file, lines, self._size)
        self._buffer = b""
        self._size += len(lines)
        self._synced = False

    def sync(self) -> None:
        """Make all that was written survive the machine. OSError: unknown what does."""
        if not self._synced:
            os.fdatasync(self._file)
            self._synced = True

    # -- checkpoints -------------------------------------------------------------------------------------------------

    @property
    def checkpoint_running(self) -> bool:
        """Whether a checkpoint is being written. Finishes the one that has been."""
        running = self._running
        if running is None:
            return False
        status = running.poll()
        if status is None:
            return True
        self._running = None
        if status == 0:
            self._finish_checkpoint()
        else:
            self._limit += self._finished_bytes
            log.warning("the checkpoint failed; the log is kept, and the next checkpoint will take it in")
        return False

    @property
    def checkpointed(self) -> int:
        """The number of the newest checkpoint, 0 without any."""
        return max(numbers(self.directory, "checkpoint"), default=0)

    @property
    def is_large(self) -> bool:
        """Whether it is time for a checkpoint, and none is being written."""
        return self._finished_bytes + self._size >= self._limit and not self.checkpoint_running

    def begin_checkpoint(self) -> None:
        """Begin the next log, and a checkpoint of all before it beside the server, unless one is being written.

        OSError: not now; the log goes on.
        """
        if self.checkpoint_running:
            return
        self._next_log()
        self._limit += self._finished_bytes  # if there is no process now, the next attempt is not with the next commit
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(PACKAGES), os.environ.get("PYTHONPATH", "")])}
        command = [sys.executable, "-m", "emulator.durability.checkpoint", str(self.directory), str(self.number)]
        self._running = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL)
        self._limit -= self._finished_bytes

    def close(self) -> None:
        """Write a checkpoint if anything has been written since the last, and give the directory back.

        Errors: DataError, OSError; the logs are kept then, and nothing is lost.
        """
        try:
            if self._running is not None:
                self._running.wait()
            if not self.checkpoint_running and (self._count > 1 or self._finished_bytes):
                self._next_log()
                checkpoint.write(self.directory, self.number)
                self._finish_checkpoint()
        finally:
            self.abandon()

    def abandon(self) -> None:
        """Give the directory back as it is."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def _next_log(self) -> None:
        self.flush()
        self.sync()
        size = self._size
        self._limit += size  # if this fails, the next attempt is not with the next commit
        self._begin(self.number + 1)
        self._limit -= size
        self._finished_bytes += size

    def _finish_checkpoint(self) -> None:
        remove_all_before(self.directory, self.checkpointed)
        logs = [number for number in numbers(self.directory, "log") if number < self.number]
        self._finished_bytes = _bytes_of(self.directory, logs)
        self._set_limit()

    def _set_limit(self) -> None:
        checkpoints = numbers(self.directory, "checkpoint")[-1:]
        size = sum(path_of(self.directory, "checkpoint", number).stat().st_size for number in checkpoints)
        self._limit = max(self._checkpoint_bytes, size)


def _write_all(file: int, data: bytes, position: int) -> None:
    """Write ``data`` there. OSError: it cannot be written as a whole, and the file ends at ``position`` again."""
    if os.pwrite(file, data, position) != len(data):
        os.ftruncate(file, position)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _bytes_of(directory: Path, logs: list[int]) -> int:
    return sum(path_of(directory, "log", number).stat().st_size for number in logs)


def _cut_torn_end(path: Path) -> bool:
    """Cut an unfinished record off a log. False: not even its header is whole, and it is removed."""
    end = intact_size(path)
    torn = path.stat().st_size - end
    if torn:
        log.warning("%s: its last %d bytes are an unfinished record and are left out", path, torn)
    if not end:
        path.unlink()
        return False
    with path.open("r+b") as file:
        file.truncate(end)
        os.fsync(file.fileno())
    return True
