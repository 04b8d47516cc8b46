"""`python -m harness.bench`: measure, print a table, and write the figures as a flat JSON object of numbers.

Rates are units a second, the median of several rounds; times are the least of several. Beside a figure stands what
SQLite needs for the same in the same run. A figure below its mark is pointed out, but only a call that fails fails the
run.
"""

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from harness.bench import compiling, durable, in_process, locks, numbers, queries, sessions, statements, wire
from harness.bench.figures import SQLITE, Effort, Figure, Figures, Wanted
from harness.errors import HarnessError

GROUPS = (
    compiling.GROUP,
    statements.GROUP,
    queries.GROUP,
    locks.GROUP,
    sessions.GROUP_IN_PROCESS,
    sessions.GROUP_WIRE,
    wire.GROUP,
    durable.GROUP,
    numbers.GROUP,
    in_process.GROUP,
    in_process.GROUP_GROWTH,
)
DEFAULTS = Effort()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; exit code 1 if a call failed or there is no server to measure, 2 for wrong options."""
    options = _options(arguments)
    if options.list:
        _print_names()
        return 0
    wanted = Wanted(options.only)
    groups = [group for group in GROUPS if wanted.any_of(group.figures)]
    started = time.monotonic()

    def show(what: str) -> None:
        print(f"{time.monotonic() - started:6.1f} s  {what}", file=sys.stderr, flush=True)

    effort = Effort(options.lots, options.rows, options.calls, options.rounds)
    figures: Figures = {}
    try:
        for group in groups:
            figures |= group.measure(wanted, effort, show)
    except (HarnessError, RuntimeError) as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(json.dumps({name: round(figure, 4) for name, figure in figures.items()}, indent=2) + "\n")
    for group in groups:
        print(f"{group.title:30} {'':>12} {'':7} {'SQLite':>12} {'by SQLite':>10}")
        for figure in group.figures:
            if figure.name in figures:
                _print_figure(figure, figures)
        print()
    return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m harness.bench", description="Measure the emulator.")
    parser.add_argument(
        "--only",
        action="append",
        default=[],
        metavar="PATTERN",
        help="measure only figures of this name, with * and ? (may be repeated)",
    )
    parser.add_argument("--list", action="store_true", help="print the names of the figures and stop")
    parser.add_argument("--lots", type=_positive, default=DEFAULTS.lots, help="of the large warehouse (%(default)s)")
    parser.add_argument("--rows", type=_positive, default=DEFAULTS.rows, help="of the large table (%(default)s)")
    parser.add_argument("--calls", type=_positive, default=DEFAULTS.calls, help="calls a round (%(default)s)")
    parser.add_argument("--rounds", type=_positive, default=DEFAULTS.rounds, help="rounds a figure (%(default)s)")
    parser.add_argument("--output", type=Path, default=Path("build/bench.json"), help="(%(default)s)")
    options = parser.parse_args(arguments)
    for pattern in options.only:
        if not any(Wanted([pattern]).any_of(group.figures) for group in GROUPS):
            parser.error(f"no figure is called {pattern}; --list prints their names")
    return options


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


def _print_names() -> None:
    for group in GROUPS:
        for figure in group.figures:
            print(figure.name)


def _print_figure(figure: Figure, figures: Figures) -> None:
    value, sqlite = figures[figure.name], figures.get(figure.name + SQLITE)
    verdict = ("ok, " if figure.reaches_mark(value) else "TOO SLOW, ") + figure.mark if figure.mark else ""
    compared = f"{_shown(sqlite)} {value / sqlite:10.2f}" if sqlite else f"{'':12} {'':10}"
    print(f"  {figure.name:28} {_shown(value)} {figure.unit:7} {compared}  {verdict}".rstrip())


def _shown(value: float) -> str:
    return f"{value:12,.0f}" if value >= 1000 else f"{value:12,.3f}"


if __name__ == "__main__":
    sys.exit(main())
