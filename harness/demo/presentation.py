"""The report at the end of a demonstration, as text for people or as one JSON document."""

import json

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from harness.demo.bookkeeping import Tally
from harness.demo.report import Report

MOST_SHOWN = 20
"""Broken invariants and discrepancies that are spelled out; the number of all of them is always told."""


def show(report: Report, *, as_json: bool, console: Console | None = None) -> None:
    """Print the report on standard output; it ends with the verdict."""
    if as_json:
        print(json.dumps(report.document(), indent=2))
        return
    console = console or Console(highlight=False, soft_wrap=True)
    console.print(
        f"\n{report.pickers} pickers and {report.putaway} putaway operators worked for {report.seconds:.1f} s "
        f"on {report.lots:,} lots ({escape(report.target)}; --seed {report.seed})\n"
    )
    console.print(_calls(report))
    console.print()
    console.print(_durations(report))
    console.print()
    _show_rejections(report, console)
    _show_checks(report, console)
    console.print(_verdict(report))


def _calls(report: Report) -> Table:
    table = _table("calls", "accepted", "rejected", "replayed", "retried", "failed")
    for name, tally in sorted(report.book.tallies.items()):
        numbers = (tally.accepted, tally.rejected.total(), tally.replayed, tally.retried, tally.failed.total())
        table.add_row(
            name,
            f"{tally.calls:,}",
            *(f"{number:,}" for number in numbers),
        )
    return table


def _durations(report: Report) -> Table:
    names = ("p50", "p95", "p99", "max")
    table = _table("calls/s", *(f"{name} ms" for name in names))
    for procedure, tally in sorted(report.book.tallies.items()):
        durations = tally.percentiles()
        a_second = f"{tally.calls / report.seconds:,.1f}"
        table.add_row(procedure, a_second, *(f"{durations[name] * 1000:,.1f}" for name in names if durations))
    return table


def _table(*headings: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("procedure", no_wrap=True)
    for heading in headings:
        table.add_column(heading, justify="right", no_wrap=True)
    return table


def _show_rejections(report: Report, console: Console) -> None:
    for name, tally in sorted(report.book.tallies.items()):
        if tally.rejected:
            console.print(f"{name}: rejected by rule: {_by_number(tally)}")
        for (number, message), count in tally.failed.most_common():
            console.print(f"[red]{name}: failed {count:,} x: {number}: {escape(message)}[/red]")


def _by_number(tally: Tally) -> str:
    return ", ".join(f"{number} {count:,} x" for number, count in sorted(tally.rejected.items()))


def _show_checks(report: Report, console: Console) -> None:
    acknowledged = f"{len(report.book.picks):,} picks and {len(report.book.transfers):,} transfers"
    _show_check(console, "ops.CheckInventory", "every invariant holds", [str(one) for one in report.findings])
    _show_check(
        console,
        "acknowledged effects",
        f"{acknowledged}, each in the database exactly once, and nothing else",
        [str(one) for one in report.discrepancies],
    )


def _show_check(console: Console, name: str, good: str, problems: list[str]) -> None:
    if not problems:
        console.print(f"{name}: {good}")
        return
    console.print(f"[red]{name}: {len(problems):,} broken[/red]")
    for problem in problems[:MOST_SHOWN]:
        console.print(f"  {escape(problem)}")
    if len(problems) > MOST_SHOWN:
        console.print(f"  ... and {len(problems) - MOST_SHOWN:,} more")


def _verdict(report: Report) -> str:
    if report.is_sound:
        return "[bold green]SOUND: nothing was lost, nothing was done twice.[/bold green]"
    counts = (
        (report.failures, "failed calls"),
        (len(report.findings), "broken invariants"),
        (len(report.discrepancies), "discrepancies"),
    )
    return f"[bold red]NOT SOUND: {', '.join(f'{count:,} {what}' for count, what in counts if count)}.[/bold red]"
