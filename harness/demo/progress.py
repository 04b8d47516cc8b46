"""What is seen while a demonstration runs: a live table on a terminal, else a plain line now and then.

All of it goes to standard error, so that standard output has the report alone.
"""

import time
from collections.abc import Sequence
from typing import Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.spinner import Spinner
from rich.table import Table

from harness.demo.bookkeeping import Book, join

SECONDS_BETWEEN_LINES = 2.0


class Progress:
    """Shows the stages of the demonstration and the users' work. Silent when `quiet`."""

    def __init__(self, *, quiet: bool, console: Console | None = None) -> None:
        self._console = console or Console(stderr=True, highlight=False, soft_wrap=True)
        self._console.quiet = quiet
        self._live = Live(console=self._console, transient=True, refresh_per_second=8)
        self._is_live = self._console.is_terminal and not quiet
        self._next_line = 0.0
        self._stage = ""
        self._began = time.monotonic()

    def stage(self, what: str) -> None:
        """A new stage begins; the one before is done."""
        self._end_stage()
        self._stage, self._began, self._next_line = what, time.monotonic(), SECONDS_BETWEEN_LINES
        if self._is_live:
            self._live.update(Spinner("dots", what))
        else:
            self._console.print(f"{what} ...")

    def show_work(self, passed: float, seconds: float, books: Sequence[Book]) -> None:
        """The users have worked for `passed` of `seconds`."""
        if self._is_live:
            self._live.update(_work_view(self._stage, passed, seconds, books))
        elif passed >= self._next_line:
            self._next_line = passed + SECONDS_BETWEEN_LINES
            self._console.print(_work_line(passed, seconds, books))

    def __enter__(self) -> Self:
        if self._is_live:
            self._live.start()
        return self

    def __exit__(self, failure: type[BaseException] | None, *_: object) -> None:
        if failure is None:
            self._end_stage()
        if self._is_live:
            self._live.stop()

    def _end_stage(self) -> None:
        if self._stage and self._is_live:
            self._console.print(f"[green]done[/green]  {self._stage} ({time.monotonic() - self._began:.1f} s)")


def _work_line(passed: float, seconds: float, books: Sequence[Book]) -> str:
    tallies = join(books).tallies
    calls = ", ".join(f"{name} {tally.calls}" for name, tally in sorted(tallies.items()))
    return f"  {passed:4.1f} of {seconds:.0f} s: {calls or 'connecting'}"


def _work_view(stage: str, passed: float, seconds: float, books: Sequence[Book]) -> RenderableType:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("procedure", no_wrap=True)
    for heading in ("calls", "calls/s", "rejected", "replayed", "retried", "failed"):
        table.add_column(heading, justify="right")
    for name, tally in sorted(join(books).tallies.items()):
        failed = tally.failed.total()
        table.add_row(
            name,
            f"{tally.calls:,}",
            f"{tally.calls / max(passed, 0.1):,.0f}",
            f"{tally.rejected.total():,}",
            f"{tally.replayed:,}",
            f"{tally.retried:,}",
            f"[red]{failed:,}[/red]" if failed else "0",
        )
    bar = Table.grid(padding=(0, 1))
    bar.add_row(Spinner("dots", stage), ProgressBar(seconds, passed, width=30), f"{passed:.0f} of {seconds:.0f} s")
    return Group(bar, table)
