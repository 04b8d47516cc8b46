"""The command that shows sessions which waited for long, as the server has reported them."""

import json
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from harness.blocking import Episode, Process, read_episodes, read_threshold, with_texts
from harness.cli.deploy_options import AsJson, Config, Dsn, Name, required_target
from harness.cli.observation_commands import cut, plain_console
from harness.connection import connect
from harness.errors import UsageFault


def blocked(
    target: Name = None,
    dsn: Dsn = None,
    config: Config = None,
    show: Annotated[
        int | None,
        typer.Option("--show", min=1, metavar="NUMBER", help="Tell all about one of them, 1 the latest."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List the waits for locks that the server has reported because they lasted long, tell all about one.

    From the event sessions that collect blocked_process_report; takes VIEW SERVER STATE.
    """
    with closing(connect(required_target(target, dsn, config))) as connection:
        found = read_episodes(connection)
        threshold = read_threshold(connection)
        if show is not None:
            if show > len(found):
                raise UsageFault(f"there is no report {show}: there are {len(found)}")
            found = [with_texts(connection, found[show - 1])]
    if as_json:
        print(json.dumps([_document(one) for one in found], indent=2))
    elif show is not None:
        _tell(plain_console(), found[0])
    else:
        _list(plain_console(), found, threshold)


def _list(console: Console, found: Sequence[Episode], threshold: int) -> None:
    if found:
        table = Table(
            *("number", "time (UTC)", "session", "waited", "for", "sent", "blocked by", "which sent"),
            box=None,
            pad_edge=False,
        )
        for number, one in enumerate(found, start=1):
            table.add_row(
                *(str(number), f"{one.time:%Y-%m-%d %H:%M:%S}", str(one.blocked.session), _seconds(one)),
                *(escape(f"{one.lock_mode} on {one.blocked.wait_resource}"), escape(cut(one.blocked.sent, 40))),
                *(f"{one.blocking.session} {one.blocking.status}", escape(cut(one.blocking.sent, 40))),
            )
        console.print(table)
    else:
        console.print("no reports")
    if not threshold:
        console.print("the server makes no new ones: the option 'blocked process threshold (s)' is 0", markup=False)


def _tell(console: Console, episode: Episode) -> None:
    console.print(
        f"At {episode.time:%Y-%m-%d %H:%M:%S} UTC session {episode.blocked.session} had waited {_seconds(episode)}"
        f" ({episode.reports} {'report' if episode.reports == 1 else 'reports'})",
        markup=False,
    )
    _tell_process(console, episode.blocked, "[red]waits[/red]", episode.lock_mode)
    _tell_process(console, episode.blocking, "[yellow]is in the way[/yellow]")


def _tell_process(console: Console, process: Process, role: str, mode: str = "") -> None:
    who = " · ".join(filter(None, (process.login, process.host, process.application, process.database)))
    console.print(f"\n[bold]Session {process.session}[/bold] {role}, {process.status}  {escape(who)}")
    plural = "" if process.transactions == 1 else "s"
    level = f"{process.isolation}, {process.transactions} open transaction{plural}"
    waits = f"; waits for {mode or 'a lock'} on {process.wait_resource}" if process.wait_resource else ""
    console.print(f"  {level}{waits}", markup=False)
    for statement in process.statements:
        console.print(f"  {statement}", markup=False)
    if process.sent:
        console.print(f"  sent: {cut(process.sent)}", markup=False, style="dim")


def _seconds(episode: Episode) -> str:
    return f"{episode.waited_ms / 1000:.1f} s"


def _document(episode: Episode) -> dict[str, Any]:
    return asdict(episode) | {"time": episode.time.isoformat()}
