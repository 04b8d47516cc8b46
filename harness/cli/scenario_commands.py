"""The command that plays isolation scenarios."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from harness.cli.deploy_options import AsJson, Config, Dsn, Name, optional_target
from harness.connection.emulator_process import target_or_emulator
from harness.errors import CheckFailed
from harness.scenarios import Runner, Scenario, read_scenario
from harness.scenarios import presentation as view

_DIFF_COLOURS = {"+": "green", "-": "red", "@": "cyan"}


def scenario(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Scenario files (.spec).", show_default=False)],
    target: Name = None,
    dsn: Dsn = None,
    config: Config = None,
    update: Annotated[bool, typer.Option("--update", help="Record what is observed as the expected output.")] = False,
    history: Annotated[
        bool, typer.Option("--history", help="Print what is observed, which is the default for a single file.")
    ] = False,
    limit: Annotated[
        float, typer.Option("--limit", min=1, metavar="SECONDS", help="How long a step may run without waiting.")
    ] = 60.0,
    as_json: AsJson = False,
) -> int:
    """Play isolation scenarios, and compare with what they expect.

    Sessions take their steps in every order, or in those that the file lists; the format is taught in
    docs/scenarios.md. Runs on an emulated SQL Server, or on the database server that is named, in scratch databases.
    Exit code 1 if an outcome is not the expected one.
    """
    scenarios = [read_scenario(file) for file in files]
    console = Console(highlight=False, soft_wrap=True)
    documents: list[dict[str, Any]] = []
    failed = 0
    with target_or_emulator(optional_target(target, dsn, config)) as place:
        runner = Runner(place, limit)
        for one in scenarios:
            try:
                outcome = _play(runner, one, update=update)
            except CheckFailed as error:
                failed += 1
                documents.append({"file": str(one.path), "as_expected": False, "error": str(error)})
                if not as_json:
                    console.print(f"[red]failed[/red]   {one.path}", end="")
                    console.print(f": {error}", markup=False)
                continue
            failed += not outcome["as_expected"]
            if not as_json:
                _show(console, one, outcome, history=history or len(files) == 1)
            documents.append({key: value for key, value in outcome.items() if key != "text"})
    if as_json:
        print(json.dumps({"scenarios": documents, "failed": failed}, indent=2))
    elif len(scenarios) > 1:
        console.print(f"{len(scenarios) - failed} of {len(scenarios)} scenarios went as expected")
    return int(failed > 0)


def _play(runner: Runner, one: Scenario, *, update: bool) -> dict[str, Any]:
    histories = runner.run(one)
    text = view.history_text(one, histories)
    changed = one.expected != text
    if update and changed:
        one.record(text)
    diff = view.difference(one, text) if one.expected is not None else []
    return {**view.document(one, histories, diff), "recorded": update and changed, "text": text}


def _show(console: Console, one: Scenario, outcome: dict[str, Any], *, history: bool) -> None:
    if history:
        console.print(outcome["text"], markup=False)
    count = len(outcome["permutations"])
    orders = f"{count} permutation{'' if count == 1 else 's'}"
    if outcome["recorded"]:
        console.print(f"[yellow]recorded[/yellow] {one.path} ({orders})")
    elif outcome["as_expected"]:
        console.print(f"[green]ok[/green]       {one.path} ({orders})")
    elif one.expected is None:
        console.print(f"[red]failed[/red]   {one.path}: it expects nothing yet; --update records what was observed")
    else:
        console.print(f"[red]failed[/red]   {one.path}: not as expected")
        _show_diff(console, outcome["diff"])


def _show_diff(console: Console, lines: Sequence[str]) -> None:
    for line in lines:
        console.print(line, style=_DIFF_COLOURS.get(line[:1]), markup=False)
