"""The form of the files: whole lines are read, a torn end is not there, anything else that is damaged is one error."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from emulator.durability import files
from emulator.durability.files import DataError, header, intact_size, line, path_of, prepare, read_checkpoint, read_log

RECORDS = [{"a": 1}, {"b": "é\ud800\n", "c": [1.5, None, b"\x00\xff"]}, {"d": "x" * 100}]


def write_log(directory: Path, number: int = 1) -> Path:
    path = path_of(directory, "log", number)
    parts = [header("log", number), *RECORDS]
    path.write_bytes(b"".join(line(position, part) for position, part in enumerate(parts)))
    return path


def write_checkpoint(directory: Path, number: int = 1, end: object = {"end": True}) -> Path:
    path = path_of(directory, "checkpoint", number)
    parts = [header("checkpoint", number), *RECORDS, end]
    path.write_bytes(b"".join(line(position, part) for position, part in enumerate(parts)))
    return path


def test_records_are_read_as_they_were_written(tmp_path: Path) -> None:
    assert list(read_log(write_log(tmp_path))) == RECORDS
    assert list(read_checkpoint(write_checkpoint(tmp_path))) == RECORDS


def test_a_log_cut_anywhere_has_the_records_that_are_whole(tmp_path: Path) -> None:
    path = write_log(tmp_path)
    whole = path.read_bytes()
    ends = [position + 1 for position, byte in enumerate(whole) if byte == ord("\n")]
    for size in range(len(whole)):
        path.write_bytes(whole[:size])
        kept = max((end for end in ends if end <= size), default=0)
        assert intact_size(path) == kept
        if size in ends:
            assert list(read_log(path)) == RECORDS[: ends.index(size)]
        else:
            with pytest.raises(DataError, match="damaged"):
                list(read_log(path))


def test_zeros_behind_the_last_whole_record_are_a_torn_end(tmp_path: Path) -> None:
    path = write_log(tmp_path)
    whole = path.read_bytes()
    path.write_bytes(whole + bytes(4096))
    assert intact_size(path) == len(whole)


def test_a_flipped_bit_is_an_error_that_says_where(tmp_path: Path) -> None:
    path = write_log(tmp_path)
    whole = path.read_bytes()
    last = len(whole) - 1  # without the end of the last line, it is as if that were not all written
    chance = random.Random(1)
    for _ in range(300):
        position, bit = chance.randrange(last), chance.randrange(8)
        damaged = bytearray(whole)
        damaged[position] ^= 1 << bit
        path.write_bytes(damaged)
        with pytest.raises(DataError, match="is damaged at byte"):
            intact_size(path)


def test_a_record_that_is_missing_or_doubled_is_an_error(tmp_path: Path) -> None:
    path = write_log(tmp_path)
    lines = path.read_bytes().splitlines(keepends=True)
    for wrong in ([*lines[:2], *lines[3:]], [*lines[:2], lines[1], *lines[2:]]):
        path.write_bytes(b"".join(wrong))
        with pytest.raises(DataError, match="is damaged at byte"):
            intact_size(path)


def test_a_checkpoint_must_be_whole(tmp_path: Path) -> None:
    path = write_checkpoint(tmp_path)
    whole = path.read_bytes()
    for size in range(len(whole)):
        path.write_bytes(whole[:size])
        with pytest.raises(DataError, match="is damaged"):
            list(read_checkpoint(path))


@pytest.mark.parametrize(
    ("first", "problem"),
    [
        ({"emulator-data": 99, "kind": "log", "number": 1}, "has format 99, and this emulator reads format 1"),
        ({"something": "else"}, "is no data of the emulator"),
        (header("log", 2), "has another file's content"),
        (header("checkpoint", 1), "has another file's content"),
    ],
)
def test_a_file_of_another_kind_or_version_is_refused(tmp_path: Path, first: object, problem: str) -> None:
    path = path_of(tmp_path, "log", 1)
    path.write_bytes(line(0, first))
    with pytest.raises(DataError, match=problem):
        list(read_log(path))


def test_a_directory_has_one_user_at_a_time(tmp_path: Path) -> None:
    lock = prepare(tmp_path / "new" / "data")
    with pytest.raises(DataError, match=rf"is in use by another emulator \(process {os.getpid()}\)"):
        prepare(tmp_path / "new" / "data")
    os.close(lock)
    os.close(prepare(tmp_path / "new" / "data"))


def test_a_directory_of_other_things_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("mine")
    with pytest.raises(DataError, match=r"is not a data directory: it holds 'letter\.txt'"):
        prepare(tmp_path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["letter.txt"]


def test_a_file_is_no_directory(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match=r"cannot use .*file: "):
        prepare(tmp_path / "file")


def test_what_the_newest_checkpoint_replaces_is_removed(tmp_path: Path) -> None:
    for number in (1, 2, 3):
        write_log(tmp_path, number)
        write_checkpoint(tmp_path, number)
    files.remove_all_before(tmp_path, 3)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["checkpoint-00000003", "log-00000003"]
