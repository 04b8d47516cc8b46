"""The commands that look at locking on a server: deadlocks that it has kept, locks that are held and waited for now."""

import json
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from harness.cli.deploy_options import AsJson, Config, Dsn, Name, required_target
from harness.connection import connect
from harness.deadlocks import Deadlock, parse_deadlocks, read_deadlocks
from harness.deadlocks.graphs import OWNS, Process, Request
from harness.deadlocks.picture import draw
from harness.errors import UsageFault
from harness.locks import LockRow, read_locks

_WIDTH_OF_FILES = 200


def deadlocks(
    target: Name = None,
    dsn: Dsn = None,
    config: Config = None,
    show: Annotated[
        int | None,
        typer.Option("--show", min=1, metavar="NUMBER", help="Tell all about one of them, 1 the newest."),
    ] = None,
    svg: Annotated[
        Path | None, typer.Option("--svg", metavar="FILE", help="Draw it (the newest, or that of --show) as SVG.")
    ] = None,
    xdl: Annotated[
        Path | None, typer.Option("--xdl", metavar="FILE", help="Save its graph as an .xdl file, which SSMS opens.")
    ] = None,
    files: Annotated[
        bool, typer.Option("--files", help="Read the server's event files, which go back further than its memory.")
    ] = False,
    graph: Annotated[
        Path | None,
        typer.Option("--graph", metavar="FILE", help="Read an .xdl file or saved event instead."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List the deadlocks that the server has kept, tell all about one, draw it.

    From the event session system_health, which every SQL Server has; takes VIEW SERVER STATE.
    """
    found = _read(target, dsn, config, files=files, graph=graph)
    chosen = _chosen(found, show) if show is not None or svg is not None or xdl is not None else None
    if chosen is not None:
        for path, text in ((svg, draw(chosen) if svg is not None else ""), (xdl, chosen.xml)):
            if path is not None:
                _save(path, text)
    if as_json:
        print(json.dumps([_document(one) for one in ([chosen] if chosen is not None else found)], indent=2))
    elif show is not None and chosen is not None:
        _tell(plain_console(), chosen)
    elif chosen is None:
        _list(plain_console(), found)


def locks(target: Name = None, dsn: Dsn = None, config: Config = None, as_json: AsJson = False) -> None:
    """Show who holds which locks in the database, who waits, and for whom. Takes VIEW SERVER STATE."""
    place = required_target(target, dsn, config)
    with closing(connect(place)) as connection:
        rows = read_locks(connection)
    if as_json:
        print(json.dumps([asdict(row) for row in rows], indent=2))
        return
    console = plain_console()
    _show_locks(console, rows)
    waiting = len({row.session for row in rows if row.waits})
    sessions = len({row.session for row in rows})
    console.print(f"{place}: {len(rows)} locks of {sessions} sessions, {waiting} waiting", markup=False)


# --- Deadlocks --------------------------------------------------------------------------------------------------------


def _read(
    target: str | None, dsn: str | None, config: Path | None, *, files: bool, graph: Path | None
) -> list[Deadlock]:
    if graph is None:
        with closing(connect(required_target(target, dsn, config))) as connection:
            return read_deadlocks(connection, files=files)
    try:
        return parse_deadlocks(graph.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError) as error:
        raise UsageFault(f"{graph} cannot be read: {error}") from None


def _chosen(found: Sequence[Deadlock], number: int | None) -> Deadlock:
    if not found:
        raise UsageFault("there is no deadlock to show")
    if number is not None and number > len(found):
        raise UsageFault(f"there is no deadlock {number}: there are {len(found)}")
    return found[(number or 1) - 1]


def _save(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageFault(f"{path} cannot be written: {error.strerror}") from None


def _list(console: Console, found: Sequence[Deadlock]) -> None:
    if not found:
        console.print("no deadlocks")
        return
    table = Table("number", "time (UTC)", "victim", "its statement", "against", "over", box=None, pad_edge=False)
    for number, one in enumerate(found, start=1):
        victims = one.victims or one.processes[:1]
        others = [str(process.session) for process in one.processes if process not in victims]
        table.add_row(
            *(str(number), _when(one), ", ".join(str(process.session) for process in victims)),
            *(escape(cut(victims[0].statement) if victims else ""), ", ".join(others)),
            escape(", ".join(dict.fromkeys(f"{one.kind} {one.name}" for one in one.resources))),
        )
    console.print(table)


def _tell(console: Console, deadlock: Deadlock) -> None:
    console.print(f"[bold]Deadlock[/bold] of {_when(deadlock)} UTC")
    for process in deadlock.processes:
        _tell_process(console, process)
    for resource in deadlock.resources:
        console.print(f"\n[yellow]{resource.kind}[/yellow] {escape(resource.name)} {escape(resource.detail)}".rstrip())
        for request in (*resource.owners, *resource.waiters):
            console.print(f"  {_request_text(deadlock, request)}", markup=False)


def _tell_process(console: Console, process: Process) -> None:
    role = "[red]victim[/red]" if process.victim else "[green]went on[/green]"
    who = " · ".join(filter(None, (process.login, process.host, process.application, process.database)))
    console.print(f"\n[bold]Session {process.session}[/bold] {role}  {escape(who)}")
    console.print(
        f"  {process.isolation}, priority {process.priority}, {process.log_used:,} bytes of log; "
        f"waits for {process.lock_mode} on {process.wait_resource}",
        markup=False,
    )
    for frame in process.frames:
        place = "batch" if frame.procedure in ("adhoc", "") else frame.procedure
        console.print(f"  {place}, line {frame.line}: {' '.join(frame.text.split())}", markup=False)
    if process.input_buffer:
        console.print(f"  sent: {cut(process.input_buffer)}", markup=False, style="dim")


def _request_text(deadlock: Deadlock, request: Request) -> str:
    process = deadlock.process(request.process)
    who = f"session {process.session}" if process is not None else "somebody"
    verb = {OWNS: "holds", "wait": "waits for", "convert": "holds a weaker lock and waits for"}.get(
        request.kind, request.kind
    )
    return f"{who} {verb} {request.mode}"


def _when(deadlock: Deadlock) -> str:
    return f"{deadlock.time:%Y-%m-%d %H:%M:%S}" if deadlock.time is not None else "an unknown time"


def cut(text: str, limit: int = 70) -> str:
    """A text on one line, and not longer than that."""
    flat = " ".join(text.split())
    return flat if len(flat) <= limit else f"{flat[: limit - 1]}…"


def _document(deadlock: Deadlock) -> dict[str, Any]:
    document = asdict(deadlock)
    document["time"] = deadlock.time.isoformat() if deadlock.time is not None else None
    return document


# --- Locks ------------------------------------------------------------------------------------------------------------


def _show_locks(console: Console, rows: Sequence[LockRow]) -> None:
    if not rows:
        return
    table = Table(
        "session", "login", "from", "resource", "of", "mode", "status", "ms", "blocked by", box=None, pad_edge=False
    )
    for row in rows:
        table.add_row(
            *(str(row.session), escape(row.login), escape(row.host or row.program), row.resource_type),
            *(escape(f"{row.name} {row.description}".strip()), row.mode),
            f"[red]{row.status}[/red]" if row.waits else row.status,
            str(row.waited_ms) if row.waits else "",
            ", ".join(map(str, row.blockers)),
        )
    console.print(table)


def plain_console() -> Console:
    """A console on which lines are not broken where no terminal sets the width."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=_WIDTH_OF_FILES)
