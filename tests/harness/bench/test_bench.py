"""The bench at a tiny size: every figure is there, and a call that fails fails the run."""

import json
from pathlib import Path

import pytest

from harness.bench.__main__ import main
from harness.bench.measuring import Job, median_rates, round_of

FIGURES = {
    "select1_rpc_1",
    "picklot_wire_1",
    "picklot_wire_10",
    "transferlot_wire_1",
    "transferlot_wire_10",
    "picklot_inprocess",
    "transferlot_inprocess",
    "growth_picklot",
    "growth_findlots",
}


def test_a_run_writes_every_figure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = tmp_path / "build" / "bench.json"
    assert main(["--lots", "1500", "--calls", "10", "--rounds", "1", "--output", str(output)]) == 0
    figures = json.loads(output.read_text())
    assert set(figures) == FIGURES
    assert all(isinstance(figure, float) and figure > 0 for figure in figures.values())
    printed = capsys.readouterr().out
    assert all(name in printed for name in FIGURES)


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
