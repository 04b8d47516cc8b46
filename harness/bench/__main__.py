"""`python -m harness.bench`: measure, print, and write the figures as a flat JSON object of numbers.

Rates are calls a second, the median of several rounds. Growth is the time of a call at `--lots` lots by the time at
1,000, both in this process. A figure below its mark is pointed out, but only a call that fails fails the run.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from harness.bench.in_process import InProcess
from harness.bench.measuring import median_rates
from harness.bench.wire import CONNECTIONS, wire
from harness.demo.warehouse import Size
from harness.errors import HarnessError

SEED = 1
WIRE_SIZE = Size.for_lots(2000)
SMALL_SIZE = Size(lots=1000, bins=250, items=20, runs=50)


LEAST_OF_SELECT_ONE = 0.10
LEAST_IN_PROCESS = 800
MOST_GROWTH = 1.3

Figures = dict[str, float]
Show = Callable[[str], None]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; exit code 1 if a call failed or there is no server to measure."""
    options = _options(arguments)
    started = time.monotonic()

    def show(what: str) -> None:
        print(f"{time.monotonic() - started:6.1f} s  {what}", file=sys.stderr, flush=True)

    try:
        figures = _over_the_wire(options.calls, options.rounds, show)
        figures |= _in_process(options.lots, options.calls, options.rounds, show)
    except (HarnessError, RuntimeError) as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(json.dumps({name: round(figure, 4) for name, figure in figures.items()}, indent=2) + "\n")
    _print(figures, options.lots)
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m harness.bench", description="Measure the emulator.")
    parser.add_argument(
        "--lots", type=int, default=1_000_000, help="lots of the large warehouse (default: %(default)s)"
    )
    parser.add_argument("--calls", type=int, default=200, help="calls a round (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=5, help="rounds a figure (default: %(default)s)")
    parser.add_argument("--output", type=Path, default=Path("build/bench.json"), help="default: %(default)s")
    return parser.parse_args(arguments)


def _over_the_wire(calls: int, rounds: int, show: Show) -> Figures:
    show("starting an emulator, deploying, loading")
    with wire(WIRE_SIZE, SEED) as server:
        show("over the wire")
        each = max(calls // CONNECTIONS * 2, 10)
        return median_rates(
            {
                "select1_rpc_1": server.select_one(calls * 3),
                "picklot_wire_1": server.picks(calls),
                f"picklot_wire_{CONNECTIONS}": server.picks(each, CONNECTIONS),
                "transferlot_wire_1": server.transfers(calls),
                f"transferlot_wire_{CONNECTIONS}": server.transfers(each, CONNECTIONS),
            },
            rounds,
        )


def _in_process(lots: int, calls: int, rounds: int, show: Show) -> Figures:
    show(f"loading {SMALL_SIZE.lots:,} lots in process")
    small = InProcess(SMALL_SIZE, SEED)
    show("in process")
    figures = median_rates(
        {"picklot_inprocess": small.picks(calls), "transferlot_inprocess": small.transfers(calls)}, rounds
    )
    show(f"loading {lots:,} lots in process")
    large = InProcess(_large_size(lots), SEED)
    show(f"growth from {SMALL_SIZE.lots:,} to {lots:,} lots")
    short, many = max(calls // 4, 5), rounds * 4
    picks = median_rates({"small": small.picks(short), "large": large.picks(short)}, many)
    searches = median_rates({"small": small.searches(short), "large": large.searches(short)}, many)
    return figures | {
        "growth_picklot": picks["small"] / picks["large"],
        "growth_findlots": searches["small"] / searches["large"],
    }


def _large_size(lots: int) -> Size:
    """More lots of more items in more bins; a search finds a full page here as in the small warehouse."""
    return Size(lots, bins=min(max(lots // 100, 250), 100_000), items=max(lots // 500, 20), runs=50)


def _print(figures: Figures, lots: int) -> None:
    for name, figure in figures.items():
        print(f"{name:24} {figure:10,.2f}" + ("" if name.startswith("growth") else " calls/s"))
    print()
    of_select_one = figures["picklot_wire_1"] / figures["select1_rpc_1"]
    _print_mark("PickLot over the wire by SELECT 1", of_select_one, LEAST_OF_SELECT_ONE, is_least=True)
    _print_mark("PickLot in process, calls/s", figures["picklot_inprocess"], LEAST_IN_PROCESS, is_least=True)
    for procedure in ("picklot", "findlots"):
        what = f"{procedure} at {lots:,} lots by {SMALL_SIZE.lots:,}"
        _print_mark(what, figures[f"growth_{procedure}"], MOST_GROWTH, is_least=False)


def _print_mark(what: str, figure: float, mark: float, *, is_least: bool) -> None:
    is_good = figure >= mark if is_least else figure <= mark
    bound = "at least" if is_least else "at most"
    print(f"{'ok      ' if is_good else 'TOO SLOW'}  {what}: {figure:,.2f} ({bound} {mark:,.2f})")


if __name__ == "__main__":
    sys.exit(main())
