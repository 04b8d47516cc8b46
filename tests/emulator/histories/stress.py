"""Random transactions of many clients for a time, in process and over the wire; then the checks of their histories.

    make stress ARGS="--seconds 60 --seed 1 --sessions 20 --only in-process --versions on --json"

There are four parts: in process (``in_process``) and over the wire (``wire``), each without row versions and with them.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from tests.emulator.histories.history import Outcome
from tests.emulator.histories.in_process import InProcess
from tests.emulator.histories.report import Report
from tests.emulator.histories.wire import over_the_wire

RUN = 1500
"""Transactions in one run in process."""
WAYS = ("in-process", "wire")


@dataclass
class Part:
    """One of the ways to run, with what came of it."""

    way: str
    versioned: bool
    reports: list[Report] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def name(self) -> str:
        way = "in process" if self.way == "in-process" else "over the wire"
        return f"{way}, {'row versions' if self.versioned else 'locks alone'}"

    @property
    def problems(self) -> list[str]:
        return [problem for report in self.reports for problem in report.problems]

    def total(self, count: Callable[[Report], int]) -> int:
        return sum(map(count, self.reports))

    @property
    def document(self) -> dict[str, object]:
        """For machines."""
        runs = [report.document for report in self.reports]
        return {"way": self.way, "versions": self.versioned, "seconds": round(self.seconds, 1), "runs": runs}


def quiet() -> None:
    """Let deadlocks, which are many here, not be logged."""
    logging.getLogger("emulator").setLevel(logging.ERROR)


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status 1 when anything is wrong."""
    options = _parser().parse_args(arguments)
    quiet()
    parts = [
        Part(way, versioned)
        for versioned in (False, True)
        for way in WAYS
        if options.only in (None, way) and options.versions in (None, "on" if versioned else "off")
    ]
    with _Display(options.seconds, silent=options.json) as display:
        for part in parts:
            with display.shown(part):
                began = time.monotonic()
                _run(part, options, display)
                part.seconds = time.monotonic() - began
    if options.json:
        print(json.dumps({"seed": options.seed, "parts": [part.document for part in parts]}, indent=2))
    else:
        _summarize(parts, options)
    return int(any(part.problems for part in parts))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="make stress", description="Random transactions, and the checks of their histories."
    )
    parser.add_argument("--seconds", type=float, default=60, help="of load in each part (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="the first seed (default: %(default)s)")
    parser.add_argument("--sessions", type=int, default=20, help="(default: %(default)s)")
    parser.add_argument("--only", choices=WAYS, help="one of the two ways")
    parser.add_argument("--versions", choices=("off", "on"), help="without row versions only, or with them only")
    parser.add_argument("--json", action="store_true", help="print one document")
    return parser


def _run(part: Part, options: argparse.Namespace, display: _Display) -> None:
    end = time.monotonic() + options.seconds
    if part.way == "wire":
        report = over_the_wire(
            options.seed,
            options.seconds,
            sessions=options.sessions,
            versioned=part.versioned,
            look=lambda so_far: display.show(part, so_far),
        )
        part.reports.append(report)
        return
    seed = options.seed
    while time.monotonic() < end:
        part.reports.append(_one_in_process(seed, part, options, display, end))
        seed += 1


def _one_in_process(seed: int, part: Part, options: argparse.Namespace, display: _Display, end: float) -> Report:
    """Every second run stops before each lock."""

    def enough(so_far: Report) -> bool:
        if so_far.steps % 50:
            return False
        display.show(part, so_far)
        return len(so_far.recorder.history.transactions) >= RUN or time.monotonic() >= end

    run = InProcess(seed, sessions=options.sessions, versioned=part.versioned, fine=bool(seed % 2))
    report = run.run(enough)
    report.problems = [f"seed {seed}: {problem}" for problem in report.problems]
    return report


# --- What is seen -----------------------------------------------------------------------------------------------------


class _Display:
    """On a terminal a bar for each part, else a line when it begins; on standard error, or nothing if ``silent``."""

    def __init__(self, seconds: float, *, silent: bool) -> None:
        console = Console(stderr=True, highlight=False, quiet=silent)
        self._console = console
        self._seconds = seconds
        self._bars = Progress(
            SpinnerColumn(finished_text=" "),
            TextColumn("{task.description:<29}"),
            BarColumn(),
            TextColumn("{task.fields[what]}"),
            TimeElapsedColumn(),
            console=console,
            disable=silent or not console.is_terminal,
        )

    def __enter__(self) -> _Display:
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bars.stop()

    @contextmanager
    def shown(self, part: Part) -> Iterator[None]:
        """While ``part`` runs."""
        if self._bars.disable:
            self._console.print(f"{part.name}, {self._seconds:.0f} s ...")
        self._bar = self._bars.add_task(part.name, total=self._seconds, what="")
        self._began = time.monotonic()
        yield
        self._bars.update(self._bar, completed=self._seconds, what=_state(part, None))

    def show(self, part: Part, report: Report) -> None:
        """``report`` is of the run under way."""
        passed = time.monotonic() - self._began
        self._bars.update(self._bar, completed=min(passed, self._seconds), what=_state(part, report))


def _state(part: Part, running: Report | None) -> str:
    reports = [*part.reports, *([] if running is None else [running])]
    transactions = sum(len(report.recorder.history.transactions) for report in reports)
    problems = len(part.problems)
    return f"{transactions:,} transactions, problems: {problems or 'none'}"


def _summarize(parts: Sequence[Part], options: argparse.Namespace) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("", no_wrap=True)
    for heading in ("runs", "committed", "rolled back", "unheard", "statements", "waits", "deadlocks", "problems"):
        table.add_column(heading, justify="right")
    for part in parts:
        outcomes = Counter(item.outcome for report in part.reports for item in report.recorder.history.transactions)
        numbers = [
            len(part.reports),
            *[outcomes[outcome] for outcome in Outcome],
            part.total(lambda report: report.recorder.kinds.total()),
            part.total(lambda report: report.waits),
            part.total(lambda report: report.deadlocks),
        ]
        table.add_row(part.name, *[f"{number:,}" for number in numbers], str(len(part.problems) or "none"))
    console = Console(highlight=False, soft_wrap=True)
    console.width = max(console.width, 120)
    console.print(table)
    kinds: Counter[str] = Counter()
    errors: Counter[int] = Counter()
    for part in parts:
        for report in part.reports:
            kinds += report.recorder.kinds
            errors += report.recorder.errors
    console.print("statements: " + ", ".join(f"{kind} {times:,}" for kind, times in sorted(kinds.items())))
    console.print("errors met: " + ", ".join(f"{number} {times:,}" for number, times in sorted(errors.items())))
    problems = sum(len(part.problems) for part in parts)
    console.print(f"problems: {problems or 'none'}")
    for part in parts:
        if part.problems:
            again = f"--only {part.way} --versions {'on' if part.versioned else 'off'}"
            console.print(f'\n{part.name} (again: make stress ARGS="--seed {options.seed} {again}")')
            for problem in part.problems:
                console.print(problem, markup=False)


if __name__ == "__main__":
    sys.exit(main())
