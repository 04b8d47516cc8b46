"""Starts, crashes at any moment of them, checkpoints beside the server, and the directory that is left each time."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from emulator.durability import checkpoint, journal
from emulator.durability.files import DataError, path_of
from emulator.durability.journal import Journal
from emulator.durability.state import State


class Crash(Exception):
    """Stands for the death of the process."""


def counter(value: int) -> dict[str, object]:
    return {"tables": [{"table": [5, 1], "place": [0], "rows": [[0, value]], "deleted": []}]}


def value_of(state: State) -> object:
    table = state.tables.get((5, 1))
    return None if table is None else table.rows[(0,)][1]


def names(directory: Path) -> list[str]:
    return sorted(entry.name for entry in directory.iterdir())


def opened(directory: Path, limit: int = 10**9) -> Journal:
    return Journal(directory, limit)


def test_what_was_appended_is_there_after_a_crash(tmp_path: Path) -> None:
    for value in range(3):
        kept = opened(tmp_path)
        assert value_of(kept.state) == (value - 1 if value else None)
        kept.append(counter(value))
        kept.abandon()
    assert names(tmp_path) == ["lock", "log-00000001", "log-00000002", "log-00000003"]


def test_an_orderly_end_leaves_a_checkpoint_and_an_empty_log(tmp_path: Path) -> None:
    kept = opened(tmp_path)
    kept.append(counter(7))
    kept.close()
    assert names(tmp_path) == ["checkpoint-00000002", "lock", "log-00000002"]
    again = opened(tmp_path)
    assert value_of(again.state) == 7
    again.abandon()


def test_a_large_log_becomes_a_checkpoint_beside_the_server(tmp_path: Path) -> None:
    kept = opened(tmp_path, 1)
    kept.append(counter(1))
    assert kept.is_large
    kept.begin_checkpoint()
    kept.append(counter(2))
    wait_for_checkpoint(kept)
    assert names(tmp_path) == ["checkpoint-00000002", "lock", "log-00000002"]
    kept.abandon()
    again = opened(tmp_path)
    assert value_of(again.state) == 2
    again.abandon()


def wait_for_checkpoint(kept: Journal) -> None:
    running = kept._running
    assert running is not None
    running.wait()
    assert not kept.checkpoint_running


def test_a_failed_checkpoint_keeps_the_logs_and_the_next_one_takes_them_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = opened(tmp_path, 1)
    kept.append(counter(1))
    with monkeypatch.context() as patched:
        patched.setattr(journal.sys, "executable", shutil.which("false"))
        kept.begin_checkpoint()
        wait_for_checkpoint(kept)
    assert names(tmp_path) == ["lock", "log-00000001", "log-00000002"]
    kept.append(counter(2))
    kept.begin_checkpoint()
    wait_for_checkpoint(kept)
    assert names(tmp_path) == ["checkpoint-00000003", "lock", "log-00000003"]
    kept.abandon()


def test_a_checkpoint_whose_server_is_gone_changes_nothing(tmp_path: Path) -> None:
    kept = opened(tmp_path)
    kept.append(counter(1))
    kept._next_log()
    before = names(tmp_path)
    checkpoint.write(tmp_path, kept.number, lambda: False)
    assert names(tmp_path) == before
    kept.abandon()


def test_the_process_of_a_checkpoint_says_in_one_line_what_is_wrong(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "emulator.durability.checkpoint", str(tmp_path), "3"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert ended.stderr == f"emulator: checkpoint 3 failed: {tmp_path}/log-00000001 is missing\n"


@pytest.mark.parametrize("step", range(40))
def test_a_crash_at_any_step_of_start_checkpoint_and_end_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    """Every call that changes a file counts as a step; the process dies at one of them, then at the next start, too."""
    prepared = opened(tmp_path)
    prepared.append(counter(1))
    prepared.abandon()
    log = path_of(tmp_path, "log", 1)
    log.write_bytes(log.read_bytes() + b"0badbeef 2 {torn")
    left = step

    def dying(call: Callable[..., object]) -> Callable[..., object]:
        def run(*arguments: object, **options: object) -> object:
            nonlocal left
            if not left:
                raise Crash
            left -= 1
            return call(*arguments, **options)

        return run

    def live() -> None:
        kept = opened(tmp_path)
        assert value_of(kept.state) in (1, 2)
        try:
            kept.append(counter(2))
            kept._next_log()
            checkpoint.write(tmp_path, kept.number)
            kept._finish_checkpoint()
            kept.close()
        finally:
            kept.abandon()

    with monkeypatch.context() as patched:
        for owner, name in ((journal, "_write_all"), (os, "fsync"), (os, "fdatasync")):
            patched.setattr(owner, name, dying(getattr(owner, name)))
        for name in ("unlink", "rename"):
            patched.setattr(Path, name, dying(getattr(Path, name)))
        for crash_again in (3, 5, 10**9):
            try:
                live()
            except Crash:
                left = crash_again
    again = opened(tmp_path)
    assert value_of(again.state) == 2
    again.abandon()


def test_a_log_that_could_not_begin_leaves_the_one_before_it_to_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = opened(tmp_path)
    kept.append(counter(1))
    with monkeypatch.context() as patched:
        whole = os.pwrite
        patched.setattr(os, "pwrite", lambda file, data, position: whole(file, data[:10], position))
        with pytest.raises(OSError, match="No space left"):
            kept.begin_checkpoint()
    assert names(tmp_path) == ["lock", "log-00000001"]
    kept.append(counter(2))
    kept.abandon()
    again = opened(tmp_path)
    assert value_of(again.state) == 2
    again.abandon()


@pytest.mark.parametrize("begun", [b"", b"0badbeef 0 {"])
def test_a_torn_end_is_cut_off_behind_a_log_that_had_not_begun(tmp_path: Path, begun: bytes) -> None:
    kept = opened(tmp_path)
    kept.append(counter(1))
    kept.abandon()
    log = path_of(tmp_path, "log", 1)
    log.write_bytes(log.read_bytes() + b"0badbeef 2 {torn")
    path_of(tmp_path, "log", 2).write_bytes(begun)
    again = opened(tmp_path)
    assert value_of(again.state) == 1
    again.abandon()


def test_without_a_process_for_a_checkpoint_the_next_attempt_is_not_with_the_next_commit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = opened(tmp_path, 250)
    kept.append({**counter(1), "drop": [[1, 1]] * 50})
    assert kept.is_large

    def refused(*_: object, **__: object) -> None:
        raise OSError(12, "Cannot allocate memory")

    monkeypatch.setattr(journal.subprocess, "Popen", refused)
    with pytest.raises(OSError, match="memory"):
        kept.begin_checkpoint()
    kept.append(counter(2))
    assert not kept.is_large
    kept.close()
    again = opened(tmp_path)
    assert value_of(again.state) == 2
    again.abandon()


def test_a_record_that_this_version_does_not_know_is_an_error(tmp_path: Path) -> None:
    kept = opened(tmp_path)
    kept.append({"tables": [{"table": [5, 1], "rows": []}]})
    kept.abandon()
    with pytest.raises(DataError, match="log-00000001 has a record that this version does not know"):
        opened(tmp_path)


def test_a_delayed_record_is_lost_in_a_crash_until_one_that_is_not_or_a_flush_takes_it_along(tmp_path: Path) -> None:
    for value, write in enumerate((lambda _: None, Journal.flush, lambda kept: kept.append({"identity": []}))):
        kept = opened(tmp_path)
        before = value_of(kept.state)
        kept.append(counter(value), delayed=True)
        write(kept)
        kept.abandon()
        again = opened(tmp_path)
        assert value_of(again.state) == (value if value else before)
        again.abandon()


def test_delayed_records_are_written_when_the_buffer_is_full_and_before_the_next_log(tmp_path: Path) -> None:
    kept = opened(tmp_path)
    for value in range(4):
        kept.append({**counter(value), "drop": [[1, 1]] * 5000}, delayed=True)
    kept.abandon()
    again = opened(tmp_path)
    assert value_of(again.state) == 2
    again.append(counter(5), delayed=True)
    again.close()
    last = opened(tmp_path)
    assert value_of(last.state) == 5
    last.abandon()


def test_a_record_that_does_not_fit_leaves_what_waits_for_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = opened(tmp_path)
    kept.append(counter(1), delayed=True)
    with monkeypatch.context() as patched:
        patched.setattr(os, "pwrite", lambda file, data, position: 0)
        with pytest.raises(OSError, match="No space left"):
            kept.append(counter(2))
    kept.flush()
    kept.abandon()
    again = opened(tmp_path)
    assert value_of(again.state) == 1
    again.abandon()


def test_missing_logs_are_an_error(tmp_path: Path) -> None:
    for value in range(3):
        kept = opened(tmp_path)
        kept.append(counter(value))
        kept.abandon()
    path_of(tmp_path, "log", 2).unlink()
    with pytest.raises(DataError, match="log-00000002 is missing"):
        opened(tmp_path)
    path_of(tmp_path, "log", 1).unlink()
    with pytest.raises(DataError, match="log-00000001 is missing"):
        opened(tmp_path)


def test_a_damaged_directory_is_left_as_it_is_and_can_be_opened_by_others(tmp_path: Path) -> None:
    kept = opened(tmp_path)
    kept.append(counter(1))
    kept.append(counter(2))
    kept.abandon()
    log = path_of(tmp_path, "log", 1)
    whole = log.read_bytes()
    log.write_bytes(whole.replace(b"[[0,1]]", b"[[0,9]]"))
    for _ in range(2):
        with pytest.raises(DataError, match="log-00000001 is damaged at byte"):
            opened(tmp_path)
    assert names(tmp_path) == ["lock", "log-00000001"]
    log.write_bytes(whole)
    again = opened(tmp_path)
    assert value_of(again.state) == 2
    again.abandon()


def test_a_state_is_the_same_after_it_was_written_as_records() -> None:
    state = State()
    rows = [[number, "x", b"\x01", [1, 2]] for number in range(2500)]
    state.apply({"tables": [{"table": [5, 1], "place": [0], "rows": rows}], "identity": [[5, 1, 99]]})
    state.apply({"tables": [{"table": [5, 2], "place": None, "rows": [["a"], ["b"]], "ids": [9, 4]}]})
    state.apply({"tables": [{"table": [5, 1], "place": [0], "deleted": [[3]], "rows": [[7, "y", b"", None]]}]})
    state.apply({"catalog": {"[1]": {"$class": "a", "$fields": {"n": 1}}, "[2]": 3}, "set": [["[1]", "n", 5]]})
    copy = State()
    for record in state.records():
        copy.apply(record)
    assert copy.images == state.images == {"[1]": {"$class": "a", "$fields": {"n": 5}}, "[2]": 3}
    for key, table in state.tables.items():
        assert copy.tables[key].rows == table.rows
        assert copy.tables[key].identity == table.identity
    assert list(copy.tables[5, 2].with_ids()) == [(4, ("b",)), (9, ("a",))]
    assert len(copy.tables[5, 1].rows) == 2499
