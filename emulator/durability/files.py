"""The data directory and the form of its files.

``checkpoint-N`` holds all that was committed before log N began; ``log-N``, ``log-(N+1)``, ... what was committed
since. Both are lines of text::

    crc32 number json

``crc32`` is eight hexadecimal digits over the rest of the line, ``number`` counts the lines from 0, line 0 is the
header: ``{"emulator-data": format version, "kind": "log" or "checkpoint", "number": N}``. A checkpoint ends with the
record ``{"end": true}``. ``lock`` is locked (flock) by the emulator that uses the directory, and holds its process id.

The process can die at any moment: the last log may end within a line, a checkpoint is complete or not there (it is
written under another name). Whatever else is not as it was written is damage, and the directory is refused.
"""

from __future__ import annotations

import os
import re
import zlib
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from emulator.durability.values import from_json, to_json

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

FORMAT = 1
_NAME = re.compile(r"(checkpoint|log)-(\d{8,})")
UNFINISHED = ".new"
"""The ending of a checkpoint's name while it is being written."""


class DataError(Exception):
    """The data directory cannot be used; the message is one line and names the file."""


class Line(NamedTuple):
    """A record with where its line ends in the file."""

    record: Any
    end: int


def header(kind: str, number: int) -> dict[str, Any]:
    """The record of line 0."""
    return {"emulator-data": FORMAT, "kind": kind, "number": number}


def line(number: int, record: Any) -> bytes:
    """Line ``number`` of a file. TypeError: ``record`` holds something that cannot be kept."""
    body = f"{number} {to_json(record)}".encode("ascii")
    return b"%08x %b\n" % (zlib.crc32(body), body)


def path_of(directory: Path, kind: str, number: int) -> Path:
    """Where checkpoint or log ``number`` is."""
    return directory / f"{kind}-{number:08}"


def numbers(directory: Path, kind: str) -> list[int]:
    """The numbers of the checkpoints or logs that are there, in order."""
    found = (_NAME.fullmatch(entry.name) for entry in directory.iterdir())
    return sorted(int(match[2]) for match in found if match is not None and match[1] == kind)


def read_checkpoint(path: Path) -> Iterator[Any]:
    """The records of a checkpoint. DataError: it is damaged, or not a checkpoint."""
    ended = False
    for found in islice(_lines(path, "checkpoint", torn_end_allowed=False), 1, None):
        if ended := found.record == {"end": True}:
            break
        yield found.record
    if not ended:
        raise DataError(f"{path} is damaged: it has no end")


def read_log(path: Path) -> Iterator[Any]:
    """The records of a log. DataError: it is damaged, or not a log."""
    return (found.record for found in islice(_lines(path, "log", torn_end_allowed=False), 1, None))


def intact_size(path: Path) -> int:
    """How many bytes of a log are whole lines; what is behind them is the torn end of the last one.

    DataError: it is damaged elsewhere, or not a log.
    """
    end = 0
    for found in _lines(path, "log", torn_end_allowed=True):
        end = found.end
    return end


def _lines(path: Path, kind: str, *, torn_end_allowed: bool) -> Iterator[Line]:
    """All lines, the header first."""
    with path.open("rb") as file:
        end = expected = 0
        for raw in file:
            record = _parsed(raw, expected)
            if record is None:
                if torn_end_allowed and not raw.endswith(b"\n"):
                    return
                raise DataError(
                    f"{path} is damaged at byte {end} (line {expected + 1}): restore it from a copy, or cut it off"
                    " there and lose what follows"
                )
            end += len(raw)
            if expected == 0:
                _check_header(path, kind, record)
            yield Line(record, end)
            expected += 1
    if not expected and not torn_end_allowed:
        raise DataError(f"{path} is damaged: it is empty")


def _check_header(path: Path, kind: str, record: Any) -> None:
    version = record.get("emulator-data") if isinstance(record, dict) else None
    if version is None:
        raise DataError(f"{path} is no data of the emulator")
    if version != FORMAT:
        raise DataError(f"{path} has format {version}, and this emulator reads format {FORMAT}: use the one it is of")
    if record != header(kind, int(path.name.rpartition("-")[2])):
        raise DataError(f"{path} has another file's content ({record.get('kind')} {record.get('number')})")


def _parsed(raw: bytes, expected: int) -> Any:
    """The record of a line; None if it is not whole, not intact, or not line ``expected``."""
    if len(raw) < 12 or raw[8:9] != b" " or raw[-1:] != b"\n":
        return None
    body = raw[9:-1]
    try:
        number, _, text = body.partition(b" ")
        if raw[:8] != b"%08x" % zlib.crc32(body) or int(number) != expected:
            return None
        return from_json(text)
    except ValueError:
        return None


def sync_directory(directory: Path) -> None:
    """Make the coming and going of files in it last."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def prepare(directory: Path) -> int:
    """Make the directory if need be and lock it; the lock's file descriptor, to be closed at the end.

    DataError: it cannot be made or written, it holds other things, another emulator uses it; this is Windows.
    """
    if fcntl is None:
        raise DataError(f"cannot use {directory}: data directories need a POSIX system")
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        strange = [entry.name for entry in directory.iterdir() if not _is_ours(entry.name)]
        if strange:
            raise DataError(f"{directory} is not a data directory: it holds {strange[0]!r}; name an empty or new one")
        lock = os.open(directory / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise DataError(f"cannot use {directory}: {error.strerror}") from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        owner = os.read(lock, 32).decode("ascii", "replace").strip()
        os.close(lock)
        raise DataError(f"{directory} is in use by another emulator (process {owner or 'unknown'})") from None
    try:
        os.ftruncate(lock, 0)
        os.pwrite(lock, f"{os.getpid()}\n".encode("ascii"), 0)
    except OSError as error:
        os.close(lock)
        raise DataError(f"cannot use {directory}: {error.strerror}") from None
    return lock


def _is_ours(name: str) -> bool:
    return name == "lock" or _NAME.fullmatch(name.removesuffix(UNFINISHED)) is not None


def remove_all_before(directory: Path, number: int) -> None:
    """Remove the checkpoints and logs that checkpoint ``number`` replaces."""
    for kind in ("checkpoint", "log"):
        for old in numbers(directory, kind):
            if old < number:
                path_of(directory, kind, old).unlink(missing_ok=True)


def remove_unfinished(directory: Path) -> None:
    """Remove what an emulator was writing when it died."""
    for entry in directory.iterdir():
        if entry.name.endswith(UNFINISHED):
            entry.unlink(missing_ok=True)
