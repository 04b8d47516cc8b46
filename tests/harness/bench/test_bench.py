"""The bench at a tiny size: every figure is there, and a call that fails fails the run."""

import json
from pathlib import Path

import pytest

from emulator.locking.manager import LockOwner, LockSession, LockSpace, ResourceType
from emulator.locking.modes import LockMode
from harness.bench.__main__ import GROUPS, main
from harness.bench.figures import SQLITE, Figure
from harness.bench.locks import Recorder
from harness.bench.measuring import Job, median_rates, round_of

SMALL = ["--lots", "1500", "--rows", "1000", "--calls", "10", "--rounds", "1"]


def names() -> set[str]:
    return {figure.name for group in GROUPS for figure in group.figures}


def test_a_run_writes_every_figure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = tmp_path / "build" / "bench.json"
    assert main([*SMALL, "--output", str(output)]) == 0
    figures = json.loads(output.read_text())
    assert {name for name in figures if not name.endswith(SQLITE)} == names()
    assert all(isinstance(figure, float) and figure > 0 for figure in figures.values())
    printed = capsys.readouterr().out
    assert all(name in printed for name in names())


def test_only_the_figures_that_are_asked_for_are_measured(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = tmp_path / "bench.json"
    assert main([*SMALL, "--only", "point_select", "--only", "lock_acq*", "--output", str(output)]) == 0
    assert set(json.loads(output.read_text())) == {"point_select", "point_select_sqlite", "lock_acquire_release"}
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines if line.startswith("  ")] == ["point_select", "lock_acquire_release"]


def test_a_name_that_no_figure_has_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--only", "point_selects"])
    assert ended.value.code == 2
    assert "no figure is called point_selects" in capsys.readouterr().err


def test_names_can_be_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--list"]) == 0
    assert set(capsys.readouterr().out.split()) == names()


def test_a_figure_beyond_its_mark_is_pointed_out() -> None:
    rate, seconds = Figure("rate", "calls/s", at_least=10), Figure("time", "s", at_most=2)
    assert [rate.reaches_mark(9), rate.reaches_mark(10), seconds.reaches_mark(2), seconds.reaches_mark(3)] == [
        *(False, True, True, False),
    ]


def test_the_replay_of_lock_requests_ends_as_the_run_did() -> None:
    manager = Recorder()
    space = LockSpace(ResourceType.KEY, "dbo.item.pk_item")
    first, second = LockOwner(LockSession(1)), LockOwner(LockSession(2))
    manager.acquire(first, space, (1,), LockMode.X)
    manager.acquire(second, space, (1,), LockMode.X)
    manager.release(first, space, (1,))
    manager.release_all(second)
    assert manager.replay() > 0
    assert second.session.wait is not None
    assert second.session.wait.manager is not manager
    assert not space.entries


def test_a_run_that_ended_in_a_deadlock_is_not_replayed() -> None:
    manager = Recorder()
    space = LockSpace(ResourceType.KEY, "dbo.item.pk_item")
    first, second = LockOwner(LockSession(1)), LockOwner(LockSession(2))
    for owner, key in ((first, 1), (second, 2), (first, 2), (second, 1)):
        manager.acquire(owner, space, (key,), LockMode.X)
    manager.release_all(second)
    manager.release_all(first)
    with pytest.raises(RuntimeError, match="not granted"):
        manager.replay()


def test_each_figure_is_the_median_of_its_rounds_without_the_first() -> None:
    first, second = iter([99.0, 1.0, 5.0, 3.0]), iter([99.0, 7.0, 7.0, 8.0])
    assert median_rates({"a": lambda: next(first), "b": lambda: next(second)}, 3) == {"a": 3.0, "b": 7.0}


def test_every_worker_of_a_round_makes_its_calls() -> None:
    made: list[Job] = []
    jobs: list[list[Job]] = [[(worker, number) for number in range(10)] for worker in range(3)]
    one_round = round_of([(lambda *job: made.append(job), iter(some)) for some in jobs], 5)
    assert one_round() > 0
    assert sorted(made) == [(worker, number) for worker in range(3) for number in range(5)]
    assert one_round() > 0
    with pytest.raises(RuntimeError, match="no more work"):
        one_round()


def test_an_error_of_a_call_ends_the_round() -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("refused")

    with pytest.raises(RuntimeError, match="refused"):
        round_of([(fail, iter([(), ()])), (fail, iter([(), ()]))], 1)()
